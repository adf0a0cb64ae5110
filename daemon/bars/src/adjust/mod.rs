//! Adjustment of raw bars for splits and dividends, when they are read; what is stored stays raw.
//!
//! # Which actions count
//! Those with an ex-date after a bar's date and not after the as-of date, usually the last session
//! of the range asked for: what happened later never changes the bars of an earlier range. Without
//! an as-of date all known actions count.
//!
//! # How exact it is
//! Adjusted price = raw x price factor x split factor, rounded to a millionth of a dollar; volume =
//! raw / split factor, rounded to whole shares; halves go to the even number, as in the published
//! series that this was compared with. Factors are fractions, and nothing is rounded before the end.
//!
//! A file with its source's cumulative factors is taken at its word: the factor of a date is the
//! printed one, and with an as-of date the exact quotient of two printed ones. Sources print about
//! seven digits, so a 7-for-1 split may come out as 0.1428572, relative errors up to some 5e-7, and
//! a later issue of the file, scaled anew, can move results by as much. Files without factors give
//! exact splits, and dividends as exact as their reference close.

mod actions;
mod factors;
mod ratio;
mod suspicious;

pub use actions::{Action, ActionKind, Actions, ActionsError, Cumulative, LineProblem};
pub use factors::{AdjustError, Adjustment, AdjustmentError, Factor, adjust};
pub use ratio::{Decimal, DecimalError};
pub use suspicious::{Cause, Suspicion, suspicious};
