//! The keys of live trading: the configuration says live, the environment names the account, and the
//! broker says that it is this one. The third, a person's arming, is the engine's to hold.

use crate::config::Mode;

/// The variable that names the live account.
pub const VARIABLE: &str = "TRADERD_LIVE_ACCOUNT";
/// The longest number of an account.
const NUMBER_MAX: usize = 64;

/// Why nothing live is traded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The configuration says live, and nobody named the account.
    #[error(
        "mode = \"live\" needs the account's number in {VARIABLE}; set it, or set another mode"
    )]
    NoAccount,
    /// What was named is no account number.
    #[error("{VARIABLE} holds {0:?}, which is no account number; it has letters and digits only")]
    NoNumber(String),
    /// The broker says that it is another account.
    #[error("{VARIABLE} names account {named}, the broker's is {broker}; correct one of them")]
    OtherAccount {
        /// What was named.
        named: Box<str>,
        /// What the broker says.
        broker: Box<str>,
    },
}

/// The account that may be traded with real money, `None` if none may. `named` is what the environment
/// holds, `broker` is the broker's own word once it has been heard.
///
/// # Errors
/// The configuration says live, and the other keys do not agree with it.
pub fn live_account(
    mode: Mode,
    named: Option<&str>,
    broker: Option<&str>,
) -> Result<Option<Box<str>>, KeyError> {
    if mode != Mode::Live {
        return Ok(None);
    }
    let named = named.filter(|named| !named.is_empty());
    let named = named.ok_or(KeyError::NoAccount)?;
    let legal = named.chars().all(|c| c.is_ascii_alphanumeric());
    if !legal || named.len() > NUMBER_MAX {
        return Err(KeyError::NoNumber(named.to_owned()));
    }
    match broker.filter(|broker| *broker != named) {
        Some(broker) => Err(KeyError::OtherAccount {
            named: named.into(),
            broker: broker.into(),
        }),
        None => Ok(Some(named.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_live_is_traded_unless_every_key_says_so() {
        let account = || Ok(Some("123456789".into()));
        let named = Some("123456789");
        assert_eq!(live_account(Mode::Live, named, named), account());
        assert_eq!(live_account(Mode::Live, named, None), account());
        for mode in [Mode::Simulated, Mode::Paper] {
            assert_eq!(live_account(mode, named, named), Ok(None));
            assert_eq!(live_account(mode, None, named), Ok(None));
        }
        let missing = Err(KeyError::NoAccount);
        assert_eq!(live_account(Mode::Live, None, named), missing);
        assert_eq!(live_account(Mode::Live, Some(""), None), missing);
    }

    #[test]
    fn another_account_than_the_brokers_is_refused_in_words() {
        let refused = live_account(Mode::Live, Some("123"), Some("456")).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "TRADERD_LIVE_ACCOUNT names account 123, the broker's is 456; correct one of them"
        );
        for odd in ["1 2", "12\n", "a-b", &"1".repeat(65)] {
            let refused = live_account(Mode::Live, Some(odd), None).unwrap_err();
            assert_eq!(refused, KeyError::NoNumber(odd.to_owned()));
        }
    }
}
