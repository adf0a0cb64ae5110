//! The name of a decision on the wire, as logs and `orders` show it: `20240315-17`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a text names no intent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no intent; one looks like 20240315-17, as `traderctl logs` shows it")]
pub struct IntentNameError(String);

/// The name of one decision to trade: its session and its number in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IntentName {
    /// The session as a number, `yyyymmdd`.
    pub session: u32,
    /// The intent within it.
    pub number: u32,
}

impl FromStr for IntentName {
    type Err = IntentNameError;
    fn from_str(text: &str) -> Result<Self, IntentNameError> {
        let wrong = || IntentNameError(text.to_owned());
        let (session, number) = text.split_once('-').ok_or_else(wrong)?;
        let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if session.len() != 8 || !is_number(session) || !is_number(number) {
            return Err(wrong());
        }
        Ok(Self {
            session: session.parse().map_err(|_| wrong())?,
            number: number.parse().map_err(|_| wrong())?,
        })
    }
}

impl TryFrom<String> for IntentName {
    type Error = IntentNameError;
    fn try_from(text: String) -> Result<Self, IntentNameError> {
        text.parse()
    }
}

impl From<IntentName> for String {
    fn from(name: IntentName) -> Self {
        name.to_string()
    }
}

impl fmt::Display for IntentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:08}-{}", self.session, self.number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_session_and_a_number_and_nothing_else() {
        let name: IntentName = "20240315-17".parse().unwrap();
        assert_eq!((name.session, name.number), (20_240_315, 17));
        assert_eq!(name.to_string(), "20240315-17");
        for bad in [
            "",
            "17",
            "-",
            "20240315-",
            "20240315",
            "2024031-17",
            "20240315-+1",
            "20240315-1-2",
            "20240315-99999999999",
            "2024-03-15",
        ] {
            assert!(bad.parse::<IntentName>().is_err(), "{bad:?}");
        }
    }
}
