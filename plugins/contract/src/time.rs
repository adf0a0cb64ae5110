//! A point in time as an argument: nanoseconds since 1970 in UTC. Nothing here reads a clock.

use std::fmt::{self, Write};
use std::str::FromStr;

use chrono::{DateTime, Datelike, Timelike, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::text::ShortText;

/// A point in time, in nanoseconds since 1970-01-01 UTC (1677 to 2262).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Nanoseconds in a second.
    pub const SECOND: i64 = 1_000_000_000;
    /// Nanoseconds in a minute.
    pub const MINUTE: i64 = 60 * Self::SECOND;
    /// The earliest point in time.
    pub const MIN: Self = Self(i64::MIN);
    /// The latest point in time.
    pub const MAX: Self = Self(i64::MAX);

    /// Takes nanoseconds since 1970.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Takes whole seconds since 1970; the ends of the range hold.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(Self::SECOND))
    }

    /// Takes a calendar time; the ends of the range hold.
    #[must_use]
    pub fn from_utc(time: DateTime<Utc>) -> Self {
        Self(
            time.timestamp_nanos_opt()
                .unwrap_or(if time.timestamp() < 0 {
                    i64::MIN
                } else {
                    i64::MAX
                }),
        )
    }

    /// The same point as a calendar time.
    #[must_use]
    pub const fn to_utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_nanos(self.0)
    }

    /// Nanoseconds since 1970.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, rounded down.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(Self::SECOND)
    }

    /// This point moved by `nanos`; the ends of the range hold.
    #[must_use]
    pub const fn plus_nanos(self, nanos: i64) -> Self {
        Self(self.0.saturating_add(nanos))
    }

    /// This point moved by `seconds`; the ends of the range hold.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        self.plus_nanos(seconds.saturating_mul(Self::SECOND))
    }

    /// This point moved by `minutes`; the ends of the range hold.
    #[must_use]
    pub const fn plus_minutes(self, minutes: i64) -> Self {
        self.plus_nanos(minutes.saturating_mul(Self::MINUTE))
    }

    /// Nanoseconds from `earlier` to this point, negative if it is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl Timestamp {
    /// RFC 3339 in UTC, to the second, thousandth, millionth or billionth: the first that is exact.
    fn text(self) -> Result<ShortText, fmt::Error> {
        let utc = self.to_utc();
        let mut text = ShortText::new();
        text.write_number(utc.year().unsigned_abs().into(), 4)?;
        let parts = [
            ("-", utc.month()),
            ("-", utc.day()),
            ("T", utc.hour()),
            (":", utc.minute()),
            (":", utc.second()),
        ];
        for (before, number) in parts {
            text.write_str(before)?;
            text.write_number(number.into(), 2)?;
        }
        let (fraction, width) = match utc.nanosecond() {
            n if n.is_multiple_of(1_000_000) => (n.div_euclid(1_000_000), 3),
            n if n.is_multiple_of(1_000) => (n.div_euclid(1_000), 6),
            n => (n, 9),
        };
        if fraction != 0 {
            text.write_str(".")?;
            text.write_number(fraction.into(), width)?;
        }
        text.write_str("Z")?;
        Ok(text)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text()?.as_str())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = chrono::ParseError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        DateTime::parse_from_rfc3339(text).map(|time| Self::from_utc(time.with_timezone(&Utc)))
    }
}

// Text where somebody may read it, a number where nobody does.
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return self.0.serialize(serializer);
        }
        let text = self.text().map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(text.as_str())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return i64::deserialize(deserializer).map(Self);
        }
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::SecondsFormat;
    use proptest::prelude::*;

    #[test]
    fn the_text_form_is_rfc_3339_in_utc_and_reads_back() {
        let at: Timestamp = "2011-01-10T14:30:00Z".parse().unwrap();
        assert_eq!(at.to_string(), "2011-01-10T14:30:00Z");
        assert_eq!(
            at.plus_nanos(1).to_string(),
            "2011-01-10T14:30:00.000000001Z"
        );
        assert_eq!(at.plus_minutes(-1).since(at), -Timestamp::MINUTE);
        assert_eq!(
            "2011-01-10T09:30:00-05:00".parse::<Timestamp>().unwrap(),
            at
        );
        assert_eq!(format!("{at:>22}|"), "  2011-01-10T14:30:00Z|");
    }

    proptest! {
        #[test]
        fn every_time_reads_as_chrono_writes_it(
            nanos: i64,
            unit in prop::sample::select(vec![1, 1_000, 1_000_000, Timestamp::SECOND]),
        ) {
            let at = Timestamp::from_nanos(nanos.div_euclid(unit).saturating_mul(unit));
            let expected = at.to_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true);
            prop_assert_eq!(at.to_string(), expected);
            let bytes = postcard::to_stdvec(&at).unwrap();
            prop_assert_eq!(postcard::from_bytes::<Timestamp>(&bytes).unwrap(), at);
        }
    }
}
