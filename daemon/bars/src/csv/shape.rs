//! What the spacing of rows says about the length of their bars, since a file of hours passes every
//! check of a file of minutes.

use trader_contract::Timestamp;

use super::error::CsvError;
use crate::series::{Kind, Resolution, Series};

/// From how many rows on a common spacing is taken for a rule. That as many thin minutes all fall
/// on even ones by chance happens less than once in 500 million files.
const ROWS_MIN: u64 = 30;
const HOUR: i64 = 60 * Timestamp::MINUTE;
const DAY: i64 = 24 * HOUR;

/// The spacing of the rows seen so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Shape {
    rows: u64,
    /// The greatest common divisor of all distances, in nanoseconds; 0 before there is one.
    common: i64,
    /// The shortest distance, in nanoseconds; 0 before there is one.
    shortest: i64,
}

impl Shape {
    /// Takes the distance of a row from the one before; negative where time goes back.
    pub(super) fn add(&mut self, distance: i64) {
        self.rows = self.rows.saturating_add(1);
        if distance <= 0 {
            return;
        }
        if self.shortest == 0 || distance < self.shortest {
            self.shortest = distance;
        }
        if distance != self.common {
            self.common = divisor(self.common, distance);
        }
    }

    /// Refuses rows that pass for those of a series only because theirs are longer.
    pub(super) fn check(&self, series: Series, rows: u64) -> Result<(), CsvError> {
        let Some(resolution) = series.kind.resolution() else {
            return Ok(());
        };
        let (spacing, longest) = match resolution {
            // Days differ by an hour where the clocks change, and by four over long weekends.
            Resolution::Day => (self.shortest, 5 * DAY),
            _ => (self.common, resolution.nanos()),
        };
        if rows < ROWS_MIN || spacing <= longest {
            return Ok(());
        }
        let fits = Resolution::ALL
            .into_iter()
            .find(|fit| fit.nanos() == spacing)
            .map(|fit| match series.kind {
                Kind::Quotes(_) => Kind::Quotes(fit),
                _ => Kind::Bars(fit),
            });
        Err(CsvError::Spacing {
            series,
            rows,
            spacing: words(spacing),
            fits,
        })
    }

    /// Which timeframe rows have that do not start where they should.
    pub(super) fn looks_like(&self, kind: Kind) -> Option<&'static str> {
        let quotes = matches!(kind, Kind::Quotes(_));
        let named = |resolution: Resolution| match quotes {
            true => Kind::Quotes(resolution).name(),
            false => Kind::Bars(resolution).name(),
        };
        let guess = match self.shortest {
            0 => return None,
            short if short < Timestamp::SECOND && quotes => Kind::QuoteTicks.name(),
            short if short < Timestamp::SECOND => Kind::Trades.name(),
            short if short < Timestamp::MINUTE => named(Resolution::Second),
            short if short < HOUR => named(Resolution::Minute),
            short if short < 20 * HOUR => named(Resolution::Hour),
            _ => named(Resolution::Day),
        };
        (guess != kind.name()).then_some(guess)
    }
}

fn divisor(a: i64, b: i64) -> i64 {
    let (mut a, mut b) = (a, b);
    while let Some(rest) = a.checked_rem(b) {
        (a, b) = (b, rest);
    }
    a
}

fn words(nanos: i64) -> String {
    let units = [
        (DAY, "day"),
        (HOUR, "hour"),
        (Timestamp::MINUTE, "minute"),
        (Timestamp::SECOND, "second"),
    ];
    for (unit, name) in units {
        if nanos.checked_rem(unit) == Some(0) {
            return match nanos.checked_div(unit) {
                Some(1) => format!("1 {name}"),
                count => format!("{} {name}s", count.unwrap_or_default()),
            };
        }
    }
    format!("{nanos} nanoseconds")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(kind: &str, spacings_minutes: &[i64]) -> String {
        let mut shape = Shape::default();
        let series = Series {
            symbol: "SPY".parse().unwrap(),
            kind: kind.parse().unwrap(),
        };
        for minutes in spacings_minutes.iter().cycle().take(40) {
            shape.add(minutes.saturating_mul(Timestamp::MINUTE));
        }
        match shape.check(series, 41) {
            Ok(()) => "fine".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn rows_of_a_longer_timeframe_are_recognized() {
        assert_eq!(verdict("1min", &[1]), "fine");
        assert_eq!(verdict("1min", &[2, 3]), "fine");
        assert!(
            verdict("1min", &[60, 120]).contains("these look like 1hour: use --timeframe 1hour")
        );
        assert!(verdict("1s", &[1, 3]).contains("these look like 1min"));
        assert!(verdict("quotes-1s", &[1]).contains("--timeframe quotes-1min"));
        assert!(verdict("1min", &[5, 10]).contains("multiples of 5 minutes"));
        assert_eq!(verdict("1day", &[24 * 60, 23 * 60, 4 * 24 * 60]), "fine");
        assert!(verdict("1day", &[7 * 24 * 60]).contains("no such timeframe"));
    }
}
