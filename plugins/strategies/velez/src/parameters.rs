//! What can be set, with ranges and defaults, and the settings as plain fields.

use trader_contract::{BuildError, Direction, Level, Parameter, ParameterKind, Ratio, Settings};

/// A decimal default or bound in thousandths.
const fn thousandths(thousandths: i64) -> Ratio {
    Ratio::from_billionths(thousandths.wrapping_mul(1_000_000))
}

const fn integer(
    name: &'static str,
    help: &'static str,
    [default, min, max]: [i64; 3],
) -> Parameter {
    Parameter {
        name,
        help,
        kind: ParameterKind::Integer { default, min, max },
    }
}

const fn decimal(
    name: &'static str,
    help: &'static str,
    [default, min, max]: [i64; 3],
) -> Parameter {
    Parameter {
        name,
        help,
        kind: ParameterKind::Decimal {
            default: thousandths(default),
            min: thousandths(min),
            max: thousandths(max),
        },
    }
}

const fn flag(name: &'static str, help: &'static str) -> Parameter {
    Parameter {
        name,
        help,
        kind: ParameterKind::Flag { default: false },
    }
}

/// The declared parameters.
pub const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "sides",
        help: "Which way to trade: long, short or both.",
        kind: ParameterKind::Choice {
            default: "long",
            options: &["long", "short", "both"],
        },
    },
    integer(
        "sma_fast",
        "Bars in the fast average; fewer than in the slow one.",
        [20, 1, 9_999],
    ),
    integer("sma_slow", "Bars in the slow average.", [200, 2, 10_000]),
    decimal(
        "tightness_pct",
        "The averages must lie closer than this, in percent of the close.",
        [2_000, 0, 100_000],
    ),
    decimal(
        "strong_body_pct",
        "A strong candle's body, in percent of its range, at least.",
        [50_000, 0, 100_000],
    ),
    decimal(
        "doji_body_pct",
        "A doji's body stays below this, in percent of its range.",
        [10_000, 0, 100_000],
    ),
    integer(
        "entry_offset_ticks",
        "Ticks (cents from one dollar up) that the entry lies beyond the candle's extreme.",
        [1, 0, 1_000],
    ),
    integer(
        "entry_expiry_bars",
        "Bars after which an entry that has not filled is cancelled.",
        [1, 1, 1_000],
    ),
    decimal(
        "stop_buffer_pct",
        "Distance of the first stop from the candle's other extreme, in percent of it.",
        [100, 0, 50_000],
    ),
    decimal(
        "stop_buffer_min",
        "The least such distance, in dollars.",
        [20, 0, 1_000_000],
    ),
    integer(
        "run_bars_max",
        "Strong candles in a row, while trailing, that close the position.",
        [3, 1, 1_000],
    ),
    flag(
        "stop_may_loosen",
        "Original rule: take each new pullback's extreme as the stop even if it gives room back.",
    ),
    flag(
        "red_ends_trailing_only",
        "Original rule: the counter-candle that ends trailing does not start the next pullback.",
    ),
];

/// Which way a lane may trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sides {
    /// Buys first.
    Long,
    /// Sells first.
    Short,
    /// Either.
    Both,
}

impl Sides {
    /// Whether entries in `direction` are allowed.
    #[must_use]
    pub const fn allow(self, direction: Direction) -> bool {
        matches!(
            (self, direction),
            (Self::Both, _) | (Self::Long, Direction::Long) | (Self::Short, Direction::Short)
        )
    }
}

/// The settings of one instance; what they mean stands at their declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameters {
    /// Which way to trade.
    pub sides: Sides,
    /// Bars in the fast average.
    pub sma_fast: u32,
    /// Bars in the slow average.
    pub sma_slow: u32,
    /// Percent of the close.
    pub tightness_pct: Ratio,
    /// Percent of the candle's range.
    pub strong_body_pct: Ratio,
    /// Percent of the candle's range.
    pub doji_body_pct: Ratio,
    /// Ticks beyond the candle's extreme.
    pub entry_offset_ticks: i64,
    /// Bars until an entry is cancelled.
    pub entry_expiry_bars: u16,
    /// As a plain share of the price: the setting's hundredth.
    pub stop_buffer: Ratio,
    /// Dollars.
    pub stop_buffer_min: Level,
    /// Strong candles in a row.
    pub run_bars_max: u16,
    /// Original rule.
    pub stop_may_loosen: bool,
    /// Original rule.
    pub red_ends_trailing_only: bool,
}

impl Parameters {
    /// Takes checked settings.
    ///
    /// # Errors
    /// The fast average is not faster than the slow one.
    pub fn from_settings(settings: &Settings) -> Result<Self, BuildError> {
        // Every range fits its type, so nothing is ever cut off here.
        let bars = |name| u32::try_from(settings.integer(name)).unwrap_or(1);
        let count = |name| u16::try_from(settings.integer(name)).unwrap_or(1);
        let (sma_fast, sma_slow) = (bars("sma_fast"), bars("sma_slow"));
        if sma_fast >= sma_slow {
            return Err(BuildError(format!(
                "sma_fast = {sma_fast} is not below sma_slow = {sma_slow}"
            )));
        }
        Ok(Self {
            sides: match settings.word("sides") {
                "both" => Sides::Both,
                "short" => Sides::Short,
                _ => Sides::Long,
            },
            sma_fast,
            sma_slow,
            tightness_pct: settings.decimal("tightness_pct"),
            strong_body_pct: settings.decimal("strong_body_pct"),
            doji_body_pct: settings.decimal("doji_body_pct"),
            entry_offset_ticks: settings.integer("entry_offset_ticks"),
            entry_expiry_bars: count("entry_expiry_bars"),
            stop_buffer: settings.decimal("stop_buffer_pct").percent(),
            stop_buffer_min: settings.decimal("stop_buffer_min").as_dollars(),
            run_bars_max: count("run_bars_max"),
            stop_may_loosen: settings.flag("stop_may_loosen"),
            red_ends_trailing_only: settings.flag("red_ends_trailing_only"),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use trader_contract::SettingValue;

    fn from(given: &[(&str, i64)]) -> Result<Parameters, BuildError> {
        let given: BTreeMap<_, _> = given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), SettingValue::Integer(*value)))
            .collect();
        Parameters::from_settings(&Settings::resolve(PARAMETERS, &given).unwrap())
    }

    #[test]
    fn the_defaults_are_the_strategys_own() {
        let parameters = from(&[]).unwrap();
        assert_eq!((parameters.sma_fast, parameters.sma_slow), (20, 200));
        assert_eq!(parameters.stop_buffer, "0.001".parse().unwrap());
        assert_eq!(parameters.stop_buffer_min, "0.02".parse().unwrap());
        assert_eq!(parameters.strong_body_pct, "50".parse().unwrap());
        assert_eq!(parameters.entry_offset_ticks, 1);
        assert!(!parameters.stop_may_loosen && !parameters.red_ends_trailing_only);
    }

    #[test]
    fn averages_that_cannot_part_are_refused() {
        let error = from(&[("sma_fast", 200)]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "sma_fast = 200 is not below sma_slow = 200"
        );
    }
}
