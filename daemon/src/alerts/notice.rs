//! An alert as it leaves the house: JSON for programs, a sentence for people, variables for scripts.

use serde::Serialize;
use trader_contract::{Symbol, Timestamp};
use trader_core::record::{Alert, Severity};

/// An alert on its way to somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Notice {
    /// Who speaks: always `traderd`.
    pub(super) program: &'static str,
    /// How the daemon trades.
    pub(super) mode: String,
    /// The alert's number, which is its journal entry's; 0 for a test and for one
    /// that could not be written down. Another may come twice: the number tells.
    pub(super) number: u64,
    /// When it was raised.
    pub(super) at: Timestamp,
    /// How much it matters.
    pub(super) severity: Severity,
    /// What kind, `snake_case`.
    pub(super) kind: Box<str>,
    /// The symbol it is about.
    pub(super) symbol: Option<Symbol>,
    /// What happened and why.
    pub(super) message: Box<str>,
    /// What to do next.
    pub(super) action: Box<str>,
    /// Whether it stands until its cause has gone.
    pub(super) standing: bool,
    /// Whether this says that the cause of one that stood has gone; `message` says of which.
    pub(super) over: bool,
    /// All of it in a sentence, under the names that chats look for.
    pub(super) text: String,
    /// The same.
    pub(super) content: String,
}

/// The longest sentence, in bytes: what chats take.
const SENTENCE_MAX: usize = 1_900;

impl Notice {
    /// An alert that was raised as journal entry `number`.
    #[must_use]
    pub(super) fn new(number: u64, at: Timestamp, alert: &Alert, mode: &str) -> Self {
        let sentence = sentence(alert, mode);
        Self {
            program: "traderd",
            mode: mode.to_owned(),
            number,
            at,
            severity: alert.severity,
            kind: alert.kind.clone(),
            symbol: alert.symbol,
            message: alert.message.clone(),
            action: alert.action.clone(),
            standing: alert.standing,
            over: false,
            content: sentence.clone(),
            text: sentence,
        }
    }

    /// Word that the cause of an alert that stood has gone, written down as journal entry `number`.
    #[must_use]
    pub(super) fn over(number: u64, at: Timestamp, alert: &Alert, mode: &str) -> Self {
        let over = Alert {
            action: "nothing".into(),
            standing: false,
            ..alert.clone()
        };
        let sentence = cut(format!("OVER, {mode}: {}", over.message));
        Self {
            over: true,
            content: sentence.clone(),
            text: sentence,
            ..Self::new(number, at, &over, mode)
        }
    }

    /// One to see whether it arrives.
    #[must_use]
    pub(super) fn test(at: Timestamp, mode: &str) -> Self {
        let alert = Alert {
            severity: Severity::Notice,
            kind: "test".into(),
            symbol: None,
            message: "this is a test: alerts reach you this way".into(),
            action: "nothing".into(),
            standing: false,
        };
        Self::new(0, at, &alert, mode)
    }

    /// As one line of JSON.
    #[must_use]
    pub(super) fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// As variables of an environment.
    #[must_use]
    pub(super) fn variables(&self) -> Vec<(&'static str, String)> {
        // A variable ends at a NUL.
        let clean = |text: &str| text.replace('\0', " ");
        vec![
            ("TRADER_ALERT_MODE", clean(&self.mode)),
            ("TRADER_ALERT_NUMBER", self.number.to_string()),
            ("TRADER_ALERT_AT", self.at.to_string()),
            ("TRADER_ALERT_SEVERITY", name(self.severity).to_owned()),
            ("TRADER_ALERT_KIND", clean(&self.kind)),
            (
                "TRADER_ALERT_SYMBOL",
                self.symbol.map_or_else(String::new, |s| s.to_string()),
            ),
            ("TRADER_ALERT_MESSAGE", clean(&self.message)),
            ("TRADER_ALERT_ACTION", clean(&self.action)),
            ("TRADER_ALERT_OVER", self.over.to_string()),
            ("TRADER_ALERT_TEXT", clean(&self.text)),
        ]
    }
}

/// A severity in a word.
#[must_use]
pub const fn name(severity: Severity) -> &'static str {
    match severity {
        Severity::Notice => "notice",
        Severity::Warning => "warning",
        Severity::Critical => "critical",
    }
}

/// "CRITICAL, simulated: not flat at the deadline: SPY. To do: close the positions …".
fn sentence(alert: &Alert, mode: &str) -> String {
    let severity = name(alert.severity).to_uppercase();
    let mut sentence = format!("{severity}, {mode}: {}", alert.message);
    if &*alert.action != "nothing" {
        sentence.push_str(&format!(". To do: {}", alert.action));
    }
    cut(sentence)
}

/// As much of a sentence as chats take.
fn cut(mut sentence: String) -> String {
    if sentence.len() > SENTENCE_MAX {
        sentence.truncate(sentence.floor_char_boundary(SENTENCE_MAX));
        sentence.push('…');
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_says_the_same_to_programs_people_and_scripts() {
        let alert = Alert {
            severity: Severity::Critical,
            kind: "not_flat".into(),
            symbol: Some("SPY".parse().unwrap()),
            message: "SPY is held\0still".into(),
            action: "close it".into(),
            standing: true,
        };
        let notice = Notice::new(17, Timestamp::from_seconds(0), &alert, "live");
        assert_eq!(
            notice.text,
            "CRITICAL, live: SPY is held\0still. To do: close it"
        );
        let json: serde_json::Value = serde_json::from_str(&notice.json()).unwrap();
        assert_eq!(json["number"], 17);
        assert_eq!(json["severity"], "critical");
        assert_eq!(json["content"], json["text"]);
        let variables = notice.variables();
        assert!(variables.contains(&("TRADER_ALERT_SYMBOL", "SPY".to_owned())));
        assert!(variables.contains(&("TRADER_ALERT_MESSAGE", "SPY is held still".to_owned())));
        assert!(variables.iter().all(|(_, value)| !value.contains('\0')));
    }

    #[test]
    fn word_of_an_end_says_what_is_over_and_wants_nothing() {
        let alert = Alert {
            severity: Severity::Critical,
            kind: "broker_unheard".into(),
            symbol: None,
            message: "the broker does not say what it holds".into(),
            action: "look at the broker's status page".into(),
            standing: true,
        };
        let notice = Notice::over(18, Timestamp::from_seconds(0), &alert, "live");
        let sentence = "OVER, live: the broker does not say what it holds";
        assert_eq!(notice.text, sentence);
        let json: serde_json::Value = serde_json::from_str(&notice.json()).unwrap();
        assert_eq!(json["content"], sentence);
        assert_eq!(
            (&json["over"], &json["standing"]),
            (&true.into(), &false.into())
        );
        assert_eq!(json["severity"], "critical", "it goes where the alert went");
        assert_eq!(json["action"], "nothing");
        let variables = notice.variables();
        assert!(variables.contains(&("TRADER_ALERT_OVER", "true".to_owned())));
    }

    #[test]
    fn a_sentence_is_cut_where_a_chat_would_refuse_it() {
        let mut alert = Notice::test(Timestamp::from_seconds(0), "live");
        alert.message = "ü".repeat(5_000).into();
        let alert = Alert {
            severity: Severity::Notice,
            kind: "test".into(),
            symbol: None,
            message: alert.message,
            action: "nothing".into(),
            standing: false,
        };
        let notice = Notice::new(1, Timestamp::from_seconds(0), &alert, "live");
        assert!(notice.text.len() <= SENTENCE_MAX + 3 && notice.text.ends_with('…'));
    }
}
