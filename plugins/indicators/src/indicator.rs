//! One type for every indicator, so that a lane holds them side by side without indirection.

use serde::{Deserialize, Serialize};
use trader_contract::{Bar, IndicatorSpec, Reading};

use crate::{Atr, Ema, Rsi, SessionVwap, Sma, StdDev};

/// The longest period.
const PERIOD_MAX: u32 = 10_000;

/// Why an indicator was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IndicatorError {
    /// The period lies outside what the indicator can be computed over.
    #[error("the period of {indicator} is {period}; it takes {min} to {PERIOD_MAX}")]
    Period {
        /// The indicator, as its specification is written.
        indicator: &'static str,
        /// What was asked for.
        period: u32,
        /// The shortest period it takes.
        min: u32,
    },
}

/// An indicator that is fed bar by bar.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Indicator {
    /// Simple moving average.
    Sma(Sma),
    /// Exponential moving average.
    Ema(Ema),
    /// Standard deviation.
    StdDev(StdDev),
    /// Average true range.
    Atr(Atr),
    /// Relative strength index.
    Rsi(Rsi),
    /// Volume-weighted average price of the session.
    SessionVwap(SessionVwap),
}

impl Indicator {
    /// Makes the indicator that `spec` describes, with all its memory: feeding it allocates nothing.
    ///
    /// # Errors
    /// The period is out of range.
    pub fn from_spec(spec: &IndicatorSpec) -> Result<Self, IndicatorError> {
        let checked = |indicator, period: u32, min| {
            if (min..=PERIOD_MAX).contains(&period) {
                Ok(period)
            } else {
                Err(IndicatorError::Period {
                    indicator,
                    period,
                    min,
                })
            }
        };
        Ok(match *spec {
            IndicatorSpec::Sma { period } => Self::Sma(Sma::new(checked("sma", period, 1)?)),
            IndicatorSpec::Ema { period } => Self::Ema(Ema::new(checked("ema", period, 1)?)),
            IndicatorSpec::StdDev { period } => {
                Self::StdDev(StdDev::new(checked("std_dev", period, 2)?))
            }
            IndicatorSpec::Atr { period } => Self::Atr(Atr::new(checked("atr", period, 1)?)),
            IndicatorSpec::Rsi { period } => Self::Rsi(Rsi::new(checked("rsi", period, 1)?)),
            IndicatorSpec::SessionVwap => Self::SessionVwap(SessionVwap::default()),
        })
    }

    /// Takes the next finished bar; `new_session` says that it is the first of its session.
    #[inline]
    pub fn update(&mut self, bar: &Bar, new_session: bool) {
        match self {
            Self::Sma(sma) => sma.update(bar.close),
            Self::Ema(ema) => ema.update(bar.close),
            Self::StdDev(std_dev) => std_dev.update(bar.close),
            Self::Atr(atr) => atr.update(bar),
            Self::Rsi(rsi) => rsi.update(bar.close),
            Self::SessionVwap(vwap) => vwap.update(bar, new_session),
        }
    }

    /// What it says after the last bar; `None` until it is warm, and never NaN or infinite.
    #[inline]
    #[must_use]
    pub fn reading(&self) -> Option<Reading> {
        match self {
            Self::Sma(sma) => sma.reading(),
            Self::Ema(ema) => ema.reading(),
            Self::StdDev(std_dev) => std_dev.reading(),
            Self::Atr(atr) => atr.reading(),
            Self::Rsi(rsi) => rsi.reading(),
            Self::SessionVwap(vwap) => vwap.reading(),
        }
    }

    /// What it was made from.
    #[must_use]
    pub const fn spec(&self) -> IndicatorSpec {
        let period = self.warm_up();
        // Average range and strength compare with the bar before, so their first reading is a bar late.
        let after_one = period.saturating_sub(1);
        match self {
            Self::Sma(_) => IndicatorSpec::Sma { period },
            Self::Ema(_) => IndicatorSpec::Ema { period },
            Self::StdDev(_) => IndicatorSpec::StdDev { period },
            Self::Atr(_) => IndicatorSpec::Atr { period: after_one },
            Self::Rsi(_) => IndicatorSpec::Rsi { period: after_one },
            Self::SessionVwap(_) => IndicatorSpec::SessionVwap,
        }
    }

    /// Bars until the first reading. The volume-weighted average needs one with volume.
    #[must_use]
    pub const fn warm_up(&self) -> u32 {
        match self {
            Self::Sma(sma) => sma.warm_up(),
            Self::Ema(ema) => ema.warm_up(),
            Self::StdDev(std_dev) => std_dev.warm_up(),
            Self::Atr(atr) => atr.warm_up(),
            Self::Rsi(rsi) => rsi.warm_up(),
            Self::SessionVwap(_) => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use trader_contract::{Mean, Price, Timestamp};

    fn bar(micros: i64, volume: u64) -> Bar {
        let price = Price::from_micros(micros).unwrap();
        Bar::new(Timestamp::from_seconds(0), [price; 4], volume).unwrap()
    }

    const SPECS: [IndicatorSpec; 6] = [
        IndicatorSpec::Sma { period: 5 },
        IndicatorSpec::Ema { period: 5 },
        IndicatorSpec::StdDev { period: 5 },
        IndicatorSpec::Atr { period: 5 },
        IndicatorSpec::Rsi { period: 5 },
        IndicatorSpec::SessionVwap,
    ];

    #[test]
    fn an_indicator_knows_what_it_was_made_from() {
        for spec in SPECS {
            assert_eq!(Indicator::from_spec(&spec).unwrap().spec(), spec);
        }
    }

    #[test]
    fn a_period_out_of_range_is_refused() {
        for spec in [
            IndicatorSpec::Sma { period: 0 },
            IndicatorSpec::StdDev { period: 1 },
            IndicatorSpec::Atr { period: 10_001 },
        ] {
            assert!(Indicator::from_spec(&spec).is_err(), "{spec:?}");
        }
        let error = Indicator::from_spec(&IndicatorSpec::StdDev { period: 1 }).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the period of std_dev is 1; it takes 2 to 10000"
        );
    }

    #[test]
    fn the_first_reading_comes_with_the_bar_that_warm_up_names() {
        for spec in SPECS {
            let mut indicator = Indicator::from_spec(&spec).unwrap();
            for seen in 1..=20 {
                indicator.update(&bar(10_000_000, 100), seen == 1);
                let warm = seen >= indicator.warm_up();
                assert_eq!(
                    indicator.reading().is_some(),
                    warm,
                    "{spec:?} at bar {seen}"
                );
            }
        }
    }

    #[test]
    fn a_session_without_volume_has_no_volume_weighted_price() {
        let mut vwap = Indicator::from_spec(&IndicatorSpec::SessionVwap).unwrap();
        vwap.update(&bar(10_000_000, 0), true);
        assert_eq!(vwap.reading(), None);
        vwap.update(&bar(10_000_000, 5), false);
        assert_eq!(vwap.reading(), Some(Reading::Float(10.0)));
        vwap.update(&bar(20_000_000, 1), true);
        assert_eq!(vwap.reading(), Some(Reading::Float(20.0)));
    }

    proptest! {
        #[test]
        fn no_series_of_prices_makes_anything_but_a_number(
            series in prop::collection::vec((1..=Price::MAX_MICROS, any::<u64>()), 1..60),
        ) {
            for spec in SPECS {
                let mut indicator = Indicator::from_spec(&spec).unwrap();
                for (index, &(micros, volume)) in series.iter().enumerate() {
                    indicator.update(&bar(micros, volume), index % 20 == 0);
                    if let Some(Reading::Float(value)) = indicator.reading() {
                        prop_assert!(value.is_finite() && value >= 0.0, "{:?} gave {}", spec, value);
                    }
                }
            }
        }

        #[test]
        fn the_running_sum_is_the_sum_of_the_window(
            prices in prop::collection::vec(1..=Price::MAX_MICROS, 1..300), period in 1_u32..50,
        ) {
            let mut sma = Indicator::from_spec(&IndicatorSpec::Sma { period }).unwrap();
            for (index, &micros) in prices.iter().enumerate() {
                sma.update(&bar(micros, 1), false);
                let window = prices[..=index].rchunks(period as usize).next().unwrap();
                let sum: i128 = window.iter().map(|&p| i128::from(p)).sum();
                let expected = (window.len() == period as usize)
                    .then(|| Reading::Mean(Mean::new(sum, i64::from(period)).unwrap()));
                prop_assert_eq!(sma.reading(), expected);
            }
        }
    }
}
