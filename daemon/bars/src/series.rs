//! What a stored series is called: a symbol and a kind of rows.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use trader_contract::{Symbol, Timestamp};

/// The name is none of a kind of rows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no kind of data; there are: 1s, 1min, 1hour, 1day, quotes-1s, quotes-1min, \
     quotes-1hour, quotes-1day, trades, quotes"
)]
pub struct SeriesError(pub String);

/// The length of stored bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resolution {
    /// One second.
    Second,
    /// One minute.
    Minute,
    /// One clock hour in New York; the bar of 9 o'clock starts with the open at 9:30.
    Hour,
    /// One session, stamped with midnight in New York.
    Day,
}

impl Resolution {
    /// Every length, the shortest first.
    pub const ALL: [Self; 4] = [Self::Second, Self::Minute, Self::Hour, Self::Day];

    /// Its name: `1s`, `1min`, `1hour` or `1day`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Second => "1s",
            Self::Minute => "1min",
            Self::Hour => "1hour",
            Self::Day => "1day",
        }
    }

    /// The nominal length in nanoseconds; a day's is 24 hours.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        match self {
            Self::Second => Timestamp::SECOND,
            Self::Minute => Timestamp::MINUTE,
            Self::Hour => Timestamp::MINUTE.saturating_mul(60),
            Self::Day => Timestamp::MINUTE.saturating_mul(24 * 60),
        }
    }
}

impl fmt::Display for Resolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What the rows of a series are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Open, high, low, close, volume of trades.
    Bars(Resolution),
    /// The same of bid and ask.
    Quotes(Resolution),
    /// Single trades.
    Trades,
    /// Single quotes, one side a row.
    QuoteTicks,
}

impl Kind {
    /// Its name on the command line, in the catalogue and as a folder: `1min`, `quotes-1min`,
    /// `trades`, `quotes`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bars(resolution) => resolution.name(),
            Self::Quotes(Resolution::Second) => "quotes-1s",
            Self::Quotes(Resolution::Minute) => "quotes-1min",
            Self::Quotes(Resolution::Hour) => "quotes-1hour",
            Self::Quotes(Resolution::Day) => "quotes-1day",
            Self::Trades => "trades",
            Self::QuoteTicks => "quotes",
        }
    }

    /// The length of its bars, if it has bars.
    #[must_use]
    pub const fn resolution(self) -> Option<Resolution> {
        match self {
            Self::Bars(resolution) | Self::Quotes(resolution) => Some(resolution),
            Self::Trades | Self::QuoteTicks => None,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Kind {
    type Err = SeriesError;
    fn from_str(text: &str) -> Result<Self, SeriesError> {
        let bars = Resolution::ALL.map(Self::Bars);
        let quotes = Resolution::ALL.map(Self::Quotes);
        bars.into_iter()
            .chain(quotes)
            .chain([Self::Trades, Self::QuoteTicks])
            .find(|kind| kind.name() == text)
            .ok_or_else(|| SeriesError(text.to_owned()))
    }
}

impl Serialize for Kind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A symbol's rows of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Series {
    /// Whose.
    pub symbol: Symbol,
    /// What they are.
    pub kind: Kind,
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.symbol, self.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_back_from_its_name() {
        for name in [
            "1s",
            "1min",
            "1hour",
            "1day",
            "quotes-1s",
            "quotes-1min",
            "trades",
            "quotes",
        ] {
            let kind: Kind = name.parse().unwrap();
            assert_eq!(kind.to_string(), name);
            let json = serde_json::to_string(&kind).unwrap();
            assert_eq!(serde_json::from_str::<Kind>(&json).unwrap(), kind);
        }
        assert!(
            "2min"
                .parse::<Kind>()
                .unwrap_err()
                .to_string()
                .contains("1min")
        );
    }
}
