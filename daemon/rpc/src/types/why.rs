//! Why something was done, or was not: the chain from a bar to the last fill.

use std::fmt;
use std::str::FromStr;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use serde::{Deserialize, Serialize};
use trader_contract::{ClientOrderId, Direction, Symbol, Timestamp};

use super::order::Trade;

/// What is asked about, as a person writes it: `0000002a-20110110-17-e1`, `20110110-17`, `SPY@10:35` or
/// `SPY@2011-01-10T10:35`, New York's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhySubject {
    /// An order, by our id of it.
    Order(ClientOrderId),
    /// A decision, and the trade that it opened: session and number.
    Intent {
        /// The session as a number, `yyyymmdd`.
        session: u32,
        /// The decision within it.
        number: u32,
    },
    /// A symbol at a time in New York.
    At {
        /// The symbol.
        symbol: Symbol,
        /// The day; the newest session if it is left out.
        date: Option<NaiveDate>,
        /// The time of day.
        time: NaiveTime,
    },
}

impl FromStr for WhySubject {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some((symbol, at)) = text.split_once('@') {
            let symbol: Symbol = (symbol.parse()).map_err(|error| format!("{text:?}: {error}"))?;
            let (date, time) = moment(at).ok_or_else(|| {
                format!("{at:?} is no time: 10:35, 10:35:30 or 2011-01-10T10:35, New York's")
            })?;
            return Ok(Self::At { symbol, date, time });
        }
        if let Ok(order) = text.parse() {
            return Ok(Self::Order(order));
        }
        let intent = || {
            let (session, number) = text.split_once('-')?;
            let whole = session.len() == 8;
            Some((session.parse().ok()?, number.parse().ok()?)).filter(|_| whole)
        };
        match intent() {
            Some((session, number)) => Ok(Self::Intent { session, number }),
            None => Err(format!(
                "{text:?} is no order (0000002a-20110110-17-e1), no intent or trade (20110110-17) \
                 and no symbol at a time (SPY@10:35)"
            )),
        }
    }
}

fn moment(text: &str) -> Option<(Option<NaiveDate>, NaiveTime)> {
    let time = |text: &str| {
        let formats = ["%H:%M", "%H:%M:%S"];
        formats
            .iter()
            .find_map(|format| NaiveTime::parse_from_str(text, format).ok())
    };
    if let Some(time) = time(text) {
        return Some((None, time));
    }
    let both: NaiveDateTime = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())?;
    Some((Some(both.date()), both.time()))
}

impl fmt::Display for WhySubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Order(order) => order.fmt(f),
            Self::Intent { session, number } => write!(f, "{session:08}-{number}"),
            Self::At { symbol, date, time } => {
                let date = date.map_or_else(String::new, |date| format!("{date}T"));
                write!(f, "{symbol}@{date}{}", time.format("%H:%M:%S"))
            }
        }
    }
}

impl Serialize for WhySubject {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for WhySubject {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A number or word that a step rests on, with what it was held against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhyFact {
    /// Its name, `snake_case`.
    pub name: String,
    /// The side that it is about, where it is about one.
    pub direction: Option<Direction>,
    /// What was found.
    pub value: String,
    /// How it is held against the bound, in words: `above`, `at most`.
    pub comparison: Option<String>,
    /// What it is held against.
    pub bound: Option<String>,
    /// Whether it was met, for checks and conditions.
    pub holds: Option<bool>,
}

/// One step of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhyStep {
    /// The journal entry that tells it.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What kind: `bar`, `indicators`, `signal`, `refused`, `sizing`, `gate`, `order`, `report`, `fill`,
    /// `stop`, `exit`, `cancel`, `problem`, `end`.
    pub kind: String,
    /// The order that it is about.
    pub order: Option<ClientOrderId>,
    /// Whether it is about what was asked for.
    pub asked: bool,
    /// What happened, in one line.
    pub text: String,
    /// The numbers.
    pub facts: Vec<WhyFact>,
}

/// A lane at a bar: what its strategy looked at, and what would have kept an entry out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhyBar {
    /// When the bar was taken.
    pub at: Timestamp,
    /// The lane's route.
    pub route: String,
    /// The strategy behind it.
    pub strategy: String,
    /// The bar, in one line.
    pub bar: String,
    /// The indicators, in one line.
    pub indicators: String,
    /// What came of it, in one line: a decision, or the condition that was not met.
    pub verdict: String,
    /// The conditions that the strategy looked at, in its order.
    pub conditions: Vec<WhyFact>,
    /// The rules that would have kept an entry out, each with its side.
    pub shut: Vec<WhyFact>,
    /// The decisions that came of the bar.
    pub intents: Vec<String>,
}

/// Why something was done, or was not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Why {
    /// What was asked about.
    pub subject: String,
    /// The symbol.
    pub symbol: Symbol,
    /// The decision that the chain begins with; `null` where nothing was decided.
    pub intent: Option<String>,
    /// The route that it belongs to.
    pub route: Option<String>,
    /// The trade, once it has ended.
    pub trade: Option<Trade>,
    /// The chain, in the order in which it happened.
    pub steps: Vec<WhyStep>,
    /// What the chain lacks, in words; nothing where it is complete.
    pub missing: Vec<String>,
    /// For a symbol at a time: what its lanes made of the bars there, from the session's recording.
    pub bars: Vec<WhyBar>,
    /// What else is to be known: why there are no bars, for example.
    pub note: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_reads_as_it_is_written() {
        for text in [
            "0000002a-20110110-17-e1",
            "20110110-17",
            "SPY@10:35:00",
            "SPY@2011-01-10T10:35:30",
        ] {
            let subject: WhySubject = text.parse().unwrap();
            assert_eq!(subject.to_string(), text);
        }
        let short: WhySubject = "SPY@10:35".parse().unwrap();
        assert_eq!(short.to_string(), "SPY@10:35:00");
    }

    #[test]
    fn what_is_no_subject_is_told_with_what_would_be_one() {
        let why = |text: &str| text.parse::<WhySubject>().unwrap_err();
        assert!(why("SPY").contains("SPY@10:35"), "{}", why("SPY"));
        assert!(
            why("SPY@noon").contains("is no time"),
            "{}",
            why("SPY@noon")
        );
        assert!(why("2011-17").contains("20110110-17"), "{}", why("2011-17"));
    }
}
