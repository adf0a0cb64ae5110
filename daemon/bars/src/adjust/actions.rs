//! Splits and dividends of a symbol and their CSV file. What they do to prices is `factors`.
//!
//! The header is one of three; a file has one of them throughout:
//! - `ex_date,type,value,factor_valid_through,reference_close,cum_price_factor,cum_split_factor`:
//!   the factors of the source are used, as printed;
//! - `ex_date,type,value,reference_close`: factors are computed;
//! - `ex_date,type,value`: so, but dividends have no factor without a close to compare with.
//!
//! `split` has new shares per old one, `dividend` cash per share in the share unit of the day before,
//! and the reference close is the raw close of that day.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use serde::Serialize;

use super::ratio::{Decimal, DecimalError, Ratio};

const HEADER: &str =
    "ex_date,type,value,factor_valid_through,reference_close,cum_price_factor,cum_split_factor";
const HEADER_WITH_CLOSE: &str = "ex_date,type,value,reference_close";
const HEADER_SHORT: &str = "ex_date,type,value";

/// How far a printed factor may be from its action's own, of a split as a fraction of it.
const TOLERANCE: f64 = 1e-4;
/// How far a printed dividend may be from the true one, in dollars.
const CASH_TOLERANCE: f64 = 0.001;
/// The most days from the last session on old terms to the first on new ones.
const PAUSE_DAYS_MAX: i64 = 14;

/// What a company did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionKind {
    /// Old shares became new ones; 7 is 7 for 1, 0.125 is 1 for 8.
    Split,
    /// Cash, or something worth it, was paid.
    Dividend,
}

/// The factors of a source for every session before an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Cumulative {
    /// The last session that they apply to.
    pub valid_through: NaiveDate,
    /// For dividends, all that follow together.
    pub price: Decimal,
    /// For splits, all that follow together.
    pub split: Decimal,
}

/// One split or dividend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Action {
    /// The first session on the new terms.
    pub ex_date: NaiveDate,
    /// Split or dividend.
    pub kind: ActionKind,
    /// New shares per old one, or dollars per share.
    pub value: Decimal,
    /// The raw close of the session before, in dollars, if the file has it.
    pub reference_close: Option<Decimal>,
    /// The source's factors, if the file has them.
    pub cumulative: Option<Cumulative>,
}

/// The splits and dividends of a symbol in order of their dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actions {
    header: &'static str,
    rows: Vec<Action>,
}

/// Why a file of corporate actions was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActionsError {
    /// Not one of the three headers.
    #[error("the first line is {0:?}, not {HEADER:?}, {HEADER_WITH_CLOSE:?} or {HEADER_SHORT:?}")]
    Header(String),
    /// A line that cannot be read.
    #[error("line {line}: {problem}; correct it, the file was refused whole")]
    Line {
        /// The line, counted from 1, the header's.
        line: usize,
        /// What is wrong with it.
        problem: LineProblem,
    },
}

/// What is wrong with a line of corporate actions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineProblem {
    /// Not as many fields as columns.
    #[error("it has {found} fields instead of {expected}")]
    Fields {
        /// As many as columns.
        expected: usize,
        /// As many as there are.
        found: usize,
    },
    /// Not a date.
    #[error("{column} {text:?} is no date such as 2020-08-31")]
    Date {
        /// Which column.
        column: &'static str,
        /// What stands there.
        text: String,
    },
    /// Not a number.
    #[error("{column}: {why}")]
    Number {
        /// Which column.
        column: &'static str,
        /// Why not.
        why: DecimalError,
    },
    /// Neither split nor dividend.
    #[error("type {0:?} is neither split nor dividend")]
    Kind(String),
    /// An earlier date than the line before.
    #[error("{0} comes after {1}; sort the file by ex_date")]
    Order(NaiveDate, NaiveDate),
    /// The factors do not end on the session before the ex-date.
    #[error("its factors are valid through {0}, which is not the session before {1}")]
    ValidThrough(NaiveDate, NaiveDate),
    /// A dividend of the whole price or more.
    #[error("a dividend of {value} leaves nothing of a close of {close}")]
    Dividend {
        /// Dollars per share.
        value: Decimal,
        /// The close before.
        close: Decimal,
    },
    /// Two actions of one date have different factors.
    #[error("two lines of {0} have different factors")]
    Unequal(NaiveDate),
    /// An action stands there twice.
    #[error(
        "{0} has the same action twice, or two splits; keep one line, and add up what was paid or \
         split together"
    )]
    Twice(NaiveDate),
    /// The factors are not what the action makes of those of the next line, or of 1 at the end.
    #[error(
        "from its factors to those that follow, price and split change by {found}, its value makes \
         that {expected}: lines after it are missing or changed"
    )]
    Factors {
        /// By the printed factors.
        found: String,
        /// By the value.
        expected: String,
    },
}

impl Actions {
    /// No actions.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            header: HEADER,
            rows: Vec::new(),
        }
    }

    /// All of them, in order.
    #[must_use]
    pub fn rows(&self) -> &[Action] {
        &self.rows
    }

    /// Whether the source's factors are there.
    pub(super) fn has_factors(&self) -> bool {
        self.header == HEADER
    }

    fn check(&self) -> Result<(), ActionsError> {
        let mut first = 0_usize;
        for group in self.rows.chunk_by(|a, b| a.ex_date == b.ex_date) {
            let next = self.rows.get(first.saturating_add(group.len()));
            check_group(group, next).map_err(|problem| ActionsError::Line {
                line: first.saturating_add(2),
                problem,
            })?;
            first = first.saturating_add(group.len());
        }
        Ok(())
    }
}

impl Action {
    /// What it multiplies earlier prices by, for a dividend; `None` if that cannot be known.
    pub(super) fn price_step(&self) -> Option<Ratio> {
        match (self.kind, self.reference_close) {
            (ActionKind::Split, _) => Some(Ratio::ONE),
            (ActionKind::Dividend, Some(close)) => Ratio::from(self.value)
                .times(Ratio::from(close).inverse())
                .complement(),
            (ActionKind::Dividend, None) => None,
        }
    }

    /// What it multiplies earlier prices by, for a split.
    pub(super) fn split_step(&self) -> Ratio {
        match self.kind {
            ActionKind::Split => Ratio::from(self.value).inverse(),
            ActionKind::Dividend => Ratio::ONE,
        }
    }
}

/// Checks the actions of one date: that closes leave room for dividends, and that printed factors
/// are those of the values. The factors after the last line are 1.
fn check_group(group: &[Action], next: Option<&Action>) -> Result<(), LineProblem> {
    let mut price = Ratio::ONE;
    let mut split = Ratio::ONE;
    let mut slack = TOLERANCE;
    for (i, action) in group.iter().enumerate() {
        let same = |other: &Action| {
            other.kind == action.kind
                && (other.kind == ActionKind::Split || other.value == action.value)
        };
        if group.iter().skip(i.saturating_add(1)).any(same) {
            return Err(LineProblem::Twice(action.ex_date));
        }
        if let Some(close) = action.reference_close {
            price = price.times(action.price_step().ok_or(LineProblem::Dividend {
                value: action.value,
                close,
            })?);
            slack += CASH_TOLERANCE / Ratio::from(close).nearly();
        }
        split = split.times(action.split_step());
    }
    let Some((date, before)) = group.first().and_then(|a| Some((a.ex_date, a.cumulative?))) else {
        return Ok(());
    };
    if group.iter().any(|action| action.cumulative != Some(before)) {
        return Err(LineProblem::Unequal(date));
    }
    let pause = date.signed_duration_since(before.valid_through).num_days();
    if !(1..=PAUSE_DAYS_MAX).contains(&pause) {
        return Err(LineProblem::ValidThrough(before.valid_through, date));
    }
    let after = next.and_then(|action| action.cumulative);
    let step = |before: Decimal, after: Option<Decimal>| {
        let after = after.map_or(Ratio::ONE, Ratio::from);
        Ratio::from(before).times(after.inverse()).nearly()
    };
    let found = (
        step(before.price, after.map(|after| after.price)),
        step(before.split, after.map(|after| after.split)),
    );
    let wanted = (price.nearly(), split.nearly());
    let price_fits = (found.0 - wanted.0).abs() <= slack;
    let split_fits = (found.1 / wanted.1 - 1.0).abs() <= TOLERANCE;
    if price_fits && split_fits {
        return Ok(());
    }
    let words = |(price, split): (f64, f64)| format!("{price:.6} and {split:.6}");
    Err(LineProblem::Factors {
        found: words(found),
        expected: words(wanted),
    })
}

impl FromStr for Actions {
    type Err = ActionsError;
    fn from_str(text: &str) -> Result<Self, ActionsError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut lines = text.lines().enumerate();
        let first = lines.next().map_or("", |(_, line)| line);
        let header = [HEADER, HEADER_WITH_CLOSE, HEADER_SHORT]
            .into_iter()
            .find(|header| *header == first)
            .ok_or_else(|| ActionsError::Header(first.chars().take(120).collect()))?;
        let mut rows: Vec<Action> = Vec::new();
        for (i, line) in lines.filter(|(_, line)| !line.is_empty()) {
            let row = action(header, line).and_then(|row| match rows.last() {
                Some(last) if last.ex_date > row.ex_date => {
                    Err(LineProblem::Order(row.ex_date, last.ex_date))
                }
                _ => Ok(row),
            });
            rows.push(row.map_err(|problem| ActionsError::Line {
                line: i.saturating_add(1),
                problem,
            })?);
        }
        let actions = Self { header, rows };
        actions.check()?;
        Ok(actions)
    }
}

fn action(header: &'static str, line: &str) -> Result<Action, LineProblem> {
    let fields: Vec<&str> = line.split(',').collect();
    let (start, cumulative, close) = match (header, fields.as_slice()) {
        (HEADER, [date, kind, value, through, close, price, split]) => {
            let cumulative = Cumulative {
                valid_through: day("factor_valid_through", through)?,
                price: number("cum_price_factor", price)?,
                split: number("cum_split_factor", split)?,
            };
            ([date, kind, value], Some(cumulative), Some(close))
        }
        (HEADER_WITH_CLOSE, [date, kind, value, close]) => (
            [date, kind, value],
            None,
            Some(close).filter(|close| !close.is_empty()),
        ),
        (HEADER_SHORT, [date, kind, value]) => ([date, kind, value], None, None),
        _ => {
            return Err(LineProblem::Fields {
                expected: header.split(',').count(),
                found: fields.len(),
            });
        }
    };
    let [date, kind, value] = start;
    Ok(Action {
        ex_date: day("ex_date", date)?,
        kind: match *kind {
            "split" => ActionKind::Split,
            "dividend" => ActionKind::Dividend,
            other => return Err(LineProblem::Kind(other.chars().take(40).collect())),
        },
        value: number("value", value)?,
        reference_close: close
            .map(|close| number("reference_close", close))
            .transpose()?,
        cumulative,
    })
}

fn day(column: &'static str, text: &str) -> Result<NaiveDate, LineProblem> {
    text.parse().map_err(|_| LineProblem::Date {
        column,
        text: text.chars().take(40).collect(),
    })
}

fn number(column: &'static str, text: &str) -> Result<Decimal, LineProblem> {
    text.parse()
        .map_err(|why| LineProblem::Number { column, why })
}

/// The file that they were read from: canonical if it has no quotes, marks or empty lines.
impl fmt::Display for Actions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.header)?;
        for row in &self.rows {
            let kind = match row.kind {
                ActionKind::Split => "split",
                ActionKind::Dividend => "dividend",
            };
            write!(f, "{},{kind},{}", row.ex_date, row.value)?;
            if let Some(factors) = row.cumulative {
                write!(f, ",{}", factors.valid_through)?;
            }
            match row.reference_close {
                Some(close) => write!(f, ",{close}")?,
                None if self.header == HEADER_WITH_CLOSE => f.write_str(",")?,
                None => {}
            }
            if let Some(factors) = row.cumulative {
                write!(f, ",{},{}", factors.price, factors.split)?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
