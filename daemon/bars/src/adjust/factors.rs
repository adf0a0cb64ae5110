//! From corporate actions to factors, and from raw bars to adjusted ones.

use std::fmt;
use std::str::FromStr;

use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};
use trader_calendar::new_york;
use trader_contract::{Bar, Price, Timestamp};

use super::actions::{Action, Actions};
use super::ratio::Ratio;

/// Which corporate actions change the bars that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Adjustment {
    /// None: prices as they were traded.
    Raw,
    /// Splits: prices and volumes.
    Split,
    /// Splits, and dividends, which change prices alone.
    All,
}

/// A text is no adjustment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no adjustment; there are: raw, split, all")]
pub struct AdjustmentError(pub String);

impl Adjustment {
    /// Its name: `raw`, `split` or `all`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Split => "split",
            Self::All => "all",
        }
    }
}

impl fmt::Display for Adjustment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Adjustment {
    type Err = AdjustmentError;
    fn from_str(text: &str) -> Result<Self, AdjustmentError> {
        [Self::Raw, Self::Split, Self::All]
            .into_iter()
            .find(|adjustment| adjustment.name() == text)
            .ok_or_else(|| AdjustmentError(text.to_owned()))
    }
}

/// Why bars cannot be adjusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdjustError {
    /// A dividend whose factor cannot be computed.
    #[error(
        "the dividend of {0} has no reference close, so prices cannot be adjusted for it; import \
         the corporate actions with a column reference_close, or adjust for splits alone"
    )]
    NoReferenceClose(NaiveDate),
    /// A result that no bar can hold.
    #[error(
        "adjusted, {value} at {at} would be outside of what a bar can hold; read the bars raw, or \
         up to an earlier date"
    )]
    OutOfRange {
        /// The bar's start.
        at: Timestamp,
        /// The raw value in words.
        value: String,
    },
}

/// What the bars of a date are multiplied by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Factor {
    price: Ratio,
    split: Ratio,
    /// Their product, which every price needs.
    both: Ratio,
}

impl Factor {
    /// Changes nothing.
    pub const ONE: Self = Self {
        price: Ratio::ONE,
        split: Ratio::ONE,
        both: Ratio::ONE,
    };

    fn new(price: Ratio, split: Ratio) -> Self {
        Self {
            price,
            split,
            both: price.times(split),
        }
    }

    /// The adjusted price: raw x price factor x split factor, rounded to a millionth of a
    /// dollar, halves to the even one. `None` if that is no price, such as zero.
    #[must_use]
    pub fn price(&self, raw: Price) -> Option<Price> {
        let adjusted = self.both.of(raw.micros().unsigned_abs())?;
        Price::from_micros(i64::try_from(adjusted).ok()?)
    }

    /// The adjusted volume: raw / split factor, rounded to whole shares, halves to the even number.
    /// `None` if it does not fit.
    #[must_use]
    pub fn volume(&self, raw: u64) -> Option<u64> {
        u64::try_from(self.split.inverse().of(raw)?).ok()
    }
}

impl Actions {
    /// The factor for the bars of a date under an adjustment. Only actions with an ex-date after it
    /// and not after `as_of` count; with `as_of` `None`, all known ones after it.
    ///
    /// # Errors
    /// [`AdjustError::NoReferenceClose`].
    pub fn factor(
        &self,
        date: NaiveDate,
        as_of: Option<NaiveDate>,
        adjustment: Adjustment,
    ) -> Result<Factor, AdjustError> {
        if adjustment == Adjustment::Raw {
            return Ok(Factor::ONE);
        }
        let dividends = adjustment == Adjustment::All;
        let mut price = Ratio::ONE;
        let mut split = Ratio::ONE;
        if self.has_factors() {
            let early = self.printed(as_of.map_or(date, |as_of| date.min(as_of)));
            let late = as_of.map_or((Ratio::ONE, Ratio::ONE), |as_of| self.printed(as_of));
            split = early.1.times(late.1.inverse());
            if dividends {
                price = early.0.times(late.0.inverse());
            }
            return Ok(Factor::new(price, split));
        }
        for action in self.between(date, as_of) {
            split = split.times(action.split_step());
            if dividends {
                let step = action.price_step();
                price = price.times(step.ok_or(AdjustError::NoReferenceClose(action.ex_date))?);
            }
        }
        Ok(Factor::new(price, split))
    }

    /// The source's factors of price and split for a date: those of the first action after it.
    fn printed(&self, date: NaiveDate) -> (Ratio, Ratio) {
        let next = self.between(date, None).next();
        next.and_then(|action| action.cumulative)
            .map_or((Ratio::ONE, Ratio::ONE), |factors| {
                (factors.price.into(), factors.split.into())
            })
    }

    /// The actions after a date and not after `as_of`, in order.
    pub(super) fn between(
        &self,
        date: NaiveDate,
        as_of: Option<NaiveDate>,
    ) -> impl Iterator<Item = &Action> {
        self.rows()
            .iter()
            .skip_while(move |action| action.ex_date <= date)
            .take_while(move |action| as_of.is_none_or(|as_of| action.ex_date <= as_of))
    }
}

/// The bars of a symbol, in order of time, adjusted for its corporate actions. Costs nothing where
/// none of them applies.
///
/// # Errors
/// [`AdjustError`]: a dividend without a factor, or a result that no bar can hold.
pub fn adjust(
    mut bars: Vec<Bar>,
    actions: &Actions,
    adjustment: Adjustment,
    as_of: Option<NaiveDate>,
) -> Result<Vec<Bar>, AdjustError> {
    if adjustment == Adjustment::Raw {
        return Ok(bars);
    }
    let mut rest = bars.as_mut_slice();
    for action in actions.between(NaiveDate::MIN, as_of) {
        let boundary = midnight(action.ex_date);
        let earlier = rest.partition_point(|bar| bar.start < boundary);
        if earlier == 0 {
            continue;
        }
        let Some((old, new)) = std::mem::take(&mut rest).split_at_mut_checked(earlier) else {
            break;
        };
        let day_before = action.ex_date.pred_opt().unwrap_or(action.ex_date);
        let factor = actions.factor(day_before, as_of, adjustment)?;
        apply(old, factor)?;
        rest = new;
    }
    Ok(bars)
}

/// The point in time from which bars are on an ex-date's terms.
pub(super) fn midnight(date: NaiveDate) -> Timestamp {
    new_york::timestamp(date.and_time(NaiveTime::MIN)).unwrap_or(Timestamp::MIN)
}

/// Rounding keeps the order of prices, so high and low stay the extremes.
fn apply(bars: &mut [Bar], factor: Factor) -> Result<(), AdjustError> {
    if factor == Factor::ONE {
        return Ok(());
    }
    for bar in bars {
        for price in [&mut bar.open, &mut bar.high, &mut bar.low, &mut bar.close] {
            *price = factor
                .price(*price)
                .ok_or_else(|| AdjustError::OutOfRange {
                    at: bar.start,
                    value: format!("price {price}"),
                })?;
        }
        bar.volume = factor
            .volume(bar.volume)
            .ok_or_else(|| AdjustError::OutOfRange {
                at: bar.start,
                value: format!("volume {}", bar.volume),
            })?;
    }
    Ok(())
}
