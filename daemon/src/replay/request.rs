//! What a replay is asked for, from the command line or by a job.

use std::path::PathBuf;
use std::str::FromStr;

use chrono::{NaiveDate, NaiveTime};
use trader_calendar::new_york;
use trader_contract::{Symbol, Timestamp};
use trader_rpc::ReplaySpec;

use crate::exit::{self, Failure};

/// Which recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SessionName {
    /// The newest one.
    Latest,
    /// That of a session.
    Date(NaiveDate),
    /// One in a file of its own: see `traderctl sessions export`.
    File(PathBuf),
}

impl FromStr for SessionName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "latest" {
            return Ok(Self::Latest);
        }
        if let Ok(date) = text.parse() {
            return Ok(Self::Date(date));
        }
        let path = PathBuf::from(text);
        if path.is_file() {
            return Ok(Self::File(path));
        }
        Err(format!(
            "{text:?} is no session: name a date (2024-03-15), latest, or the file of an export"
        ))
    }
}

/// One setting that is to be another: `strategy.key=value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// The strategy, or one route by its name.
    pub(crate) strategy: String,
    /// The setting.
    pub(crate) key: String,
    /// Its value.
    pub(crate) value: String,
}

impl FromStr for Change {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = || {
            let (place, value) = text.split_once('=')?;
            let (strategy, key) = place.split_once('.')?;
            let all = [strategy, key, value].map(|part| part.trim().to_owned());
            all.iter().all(|part| !part.is_empty()).then_some(all)
        };
        let [strategy, key, value] = parts()
            .ok_or_else(|| format!("{text:?} is no change of a setting; write velez.sma_fast=8"))?;
        Ok(Self {
            strategy,
            key,
            value,
        })
    }
}

/// What a replay is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) session: SessionName,
    /// A moment, or a time of the session in New York.
    pub(crate) until: Option<String>,
    pub(crate) symbol: Option<Symbol>,
    pub(crate) with: Vec<Change>,
    pub(crate) against_backtest: bool,
}

impl Request {
    /// The moment up to which is replayed, in a session.
    ///
    /// # Errors
    /// What was named is no moment.
    pub(crate) fn until_of(&self, session: NaiveDate) -> Result<Option<Timestamp>, Failure> {
        let Some(text) = &self.until else {
            return Ok(None);
        };
        let time = NaiveTime::parse_from_str(text, "%H:%M:%S")
            .or_else(|_| NaiveTime::parse_from_str(text, "%H:%M"));
        let at = match time {
            Ok(time) => new_york::timestamp(session.and_time(time)),
            Err(_) => text.parse().ok(),
        };
        at.map(Some).ok_or_else(|| {
            let message = format!(
                "{text:?} is no moment: write a time in New York (14:30, 14:30:05) or RFC 3339"
            );
            Failure::new(exit::USAGE, message)
        })
    }

    /// As a job is asked.
    ///
    /// # Errors
    /// A part of it makes no sense.
    pub(crate) fn of_spec(spec: &ReplaySpec) -> Result<Self, String> {
        let session = match spec.session.parse()? {
            // A client names no file of the daemon's machine.
            SessionName::File(_) => return Err("a job replays sessions, and no files".to_owned()),
            session => session,
        };
        Ok(Self {
            session,
            until: spec.until.clone(),
            symbol: spec.symbol,
            with: spec
                .with
                .iter()
                .map(|text| text.parse())
                .collect::<Result<_, _>>()?,
            against_backtest: spec.against_backtest,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_a_date_or_the_latest_and_nothing_else() {
        assert_eq!("latest".parse(), Ok(SessionName::Latest));
        let date = "2024-03-15".parse::<SessionName>();
        assert_eq!(date, Ok(SessionName::Date("2024-03-15".parse().unwrap())));
        assert!("yesterday".parse::<SessionName>().is_err());
    }

    #[test]
    fn a_change_names_strategy_key_and_value() {
        let change: Change = "velez.sma_fast=8".parse().unwrap();
        assert_eq!(
            (&*change.strategy, &*change.key, &*change.value),
            ("velez", "sma_fast", "8")
        );
        for bad in ["velez", "velez.sma_fast", "velez=8", ".a=1", "a.=1", "a.b="] {
            assert!(bad.parse::<Change>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_moment_is_a_time_in_new_york_or_a_point_in_time() {
        let request = |until: &str| Request {
            session: SessionName::Latest,
            until: Some(until.to_owned()),
            symbol: None,
            with: Vec::new(),
            against_backtest: false,
        };
        let of = |until: &str| request(until).until_of("2025-01-03".parse().unwrap());
        let expected = "2025-01-03T19:30:00Z".parse().unwrap();
        assert_eq!(of("14:30").unwrap(), Some(expected));
        assert_eq!(of("14:30:00").unwrap(), Some(expected));
        assert_eq!(of("2025-01-03T14:30:00-05:00").unwrap(), Some(expected));
        assert!(of("noon").is_err());
    }
}
