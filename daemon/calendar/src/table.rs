//! The text form of the calendar: the table in the crate and the operator's overrides. Turns TOML
//! into dated entries that know their line; what they mean for a day is decided in `plan`.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{NaiveDate, NaiveTime};
use serde::de::{self, Deserializer};
use serde::{Deserialize, de::DeserializeOwned};
use toml::Spanned;

use crate::error::CalendarError;

/// The table that ships with the crate.
pub(crate) const NYSE: &str = include_str!("nyse.toml");

/// Entries by date; the span leads back to the line.
type Dated<T> = BTreeMap<Date, Spanned<T>>;

/// The whole of the shipped table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    pub(crate) coverage: Years,
    pub(crate) hours: Hours,
    pub(crate) closed: Dated<String>,
    pub(crate) early_close: Dated<Moved>,
}

/// What an operator may change.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Overrides {
    pub(crate) coverage: Option<Spanned<Extension>>,
    pub(crate) closed: Dated<String>,
    pub(crate) extra_session: Dated<Extra>,
    pub(crate) early_close: Dated<Moved>,
    pub(crate) late_open: Dated<Moved>,
}

/// The years that a table covers, whole.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Years {
    pub(crate) first_year: i32,
    pub(crate) last_year: i32,
}

/// A promise that the overrides list every closure up to a later year.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Extension {
    pub(crate) last_year: i32,
}

/// The hours of a usual day, New York time.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hours {
    pub(crate) open: TimeOfDay,
    pub(crate) close: TimeOfDay,
    pub(crate) extended_open: TimeOfDay,
    pub(crate) extended_close: TimeOfDay,
    pub(crate) extended_close_half_day: TimeOfDay,
}

/// An open or a close at another time than usual.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Moved {
    pub(crate) at: TimeOfDay,
    pub(crate) reason: String,
}

/// A session on a day that would have none.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Extra {
    pub(crate) open: TimeOfDay,
    pub(crate) close: TimeOfDay,
    pub(crate) reason: String,
}

/// A date written `2026-11-27`, and in no other way, so that one day cannot hide behind two keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Date(pub(crate) NaiveDate);

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.parse::<NaiveDate>() {
            Ok(date) if date.to_string() == text => Ok(Self(date)),
            _ => Err(de::Error::custom(format!(
                "{text:?} is no date; write it as 2026-11-27"
            ))),
        }
    }
}

/// A time of day to the minute, written `13:00`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TimeOfDay(pub(crate) NaiveTime);

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%H:%M"))
    }
}

impl fmt::Debug for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match NaiveTime::parse_from_str(&text, "%H:%M") {
            Ok(time) if Self(time).to_string() == text => Ok(Self(time)),
            _ => Err(de::Error::custom(format!(
                "{text:?} is no time of day; write it as 13:00, New York time"
            ))),
        }
    }
}

/// Reads a table or overrides.
///
/// # Errors
/// [`CalendarError::Override`] with the line: not TOML, an unknown key, a bad date or time.
pub(crate) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, CalendarError> {
    toml::from_str(text).map_err(|error| CalendarError::Override {
        line: line_at(text, error.span().map_or(0, |span| span.start)),
        problem: error.message().to_owned(),
    })
}

/// The line, counted from 1, that byte `offset` of `text` lies on.
pub(crate) fn line_at(text: &str, offset: usize) -> usize {
    let before = text.bytes().take(offset);
    before.filter(|&b| b == b'\n').count().saturating_add(1)
}
