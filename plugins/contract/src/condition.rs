//! Conditions as data: while somebody traces, what a strategy compared, and with what outcome. The rule
//! itself stands once, in the strategy; what is kept here is only what it found.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::intent::Fact;
use crate::side::Direction;

/// How a value is held against its bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// The value must be greater.
    Above,
    /// The value must be greater or equal.
    AtLeast,
    /// The value must be less.
    Below,
    /// The value must be less or equal.
    AtMost,
    /// The value must be the same.
    Equal,
}

impl Comparison {
    /// Between value and bound in a sentence.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Above => "above",
            Self::AtLeast => "at least",
            Self::Below => "below",
            Self::AtMost => "at most",
            Self::Equal => "equal to",
        }
    }
}

/// One condition that a strategy looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// Its name, `snake_case`.
    pub name: Cow<'static, str>,
    /// The side that it was asked for; `None` for what holds for both.
    pub direction: Option<Direction>,
    /// What was found.
    pub value: Fact,
    /// How it is held against the bound.
    pub comparison: Comparison,
    /// What it is held against.
    pub bound: Fact,
    /// Whether it was met.
    pub holds: bool,
}

/// Where a strategy states its conditions. Nobody keeps them unless the host has asked for it.
#[derive(Debug, Default)]
pub struct Conditions {
    kept: Option<Vec<Condition>>,
    side: Option<Direction>,
}

impl Conditions {
    /// Keeps what is stated from now on; what was kept before is gone.
    pub fn keep(&mut self) {
        self.kept = Some(Vec::new());
        self.side = None;
    }

    /// Gives what was kept, in the order in which it was stated, and keeps no more.
    pub fn take(&mut self) -> Vec<Condition> {
        self.kept.take().unwrap_or_default()
    }

    /// What is stated from now on is about this side; `None` for both.
    #[inline]
    pub const fn of_side(&mut self, side: Option<Direction>) {
        self.side = side;
    }

    /// States a condition with its outcome, which it returns. Value, comparison and bound are asked for
    /// only where somebody keeps them.
    #[inline]
    pub fn check(
        &mut self,
        name: &'static str,
        holds: bool,
        numbers: impl FnOnce() -> (Fact, Comparison, Fact),
    ) -> bool {
        if self.kept.is_some() {
            self.note(name, holds, numbers());
        }
        holds
    }

    /// States a condition that is met or not, without numbers, and returns whether it is.
    #[inline]
    pub fn that(&mut self, name: &'static str, holds: bool) -> bool {
        self.check(name, holds, || {
            let word = |holds| Fact::Word(if holds { "yes" } else { "no" }.into());
            (word(holds), Comparison::Equal, word(true))
        })
    }

    #[cold]
    fn note(
        &mut self,
        name: &'static str,
        holds: bool,
        (value, comparison, bound): (Fact, Comparison, Fact),
    ) {
        let direction = self.side;
        if let Some(kept) = &mut self.kept {
            kept.push(Condition {
                name: Cow::Borrowed(name),
                direction,
                value: value.storable(),
                comparison,
                bound: bound.storable(),
                holds,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn above(value: f64) -> (Fact, Comparison, Fact) {
        (Fact::Float(value), Comparison::Above, Fact::Count(2))
    }

    #[test]
    fn nothing_is_computed_unless_somebody_keeps_it() {
        let mut conditions = Conditions::default();
        assert!(conditions.check("far", true, || unreachable!("nobody asked")));
        assert!(!conditions.check("near", false, || unreachable!("nobody asked")));
        assert!(conditions.take().is_empty());
    }

    #[test]
    fn what_was_stated_comes_out_in_order_with_its_side() {
        let mut conditions = Conditions::default();
        conditions.keep();
        assert!(conditions.check("far", true, || above(3.0)));
        conditions.of_side(Some(Direction::Short));
        assert!(!conditions.check("near", false, || above(f64::NAN)));
        let kept = conditions.take();
        let read = |c: &Condition| (c.name.to_string(), c.direction, c.value.clone(), c.holds);
        assert_eq!(
            kept.iter().map(read).collect::<Vec<_>>(),
            [
                ("far".to_owned(), None, Fact::Float(3.0), true),
                // No record could hold what is no number.
                (
                    "near".to_owned(),
                    Some(Direction::Short),
                    Fact::Word("NaN".into()),
                    false
                ),
            ]
        );
        let json = serde_json::to_string(&kept).unwrap();
        assert_eq!(serde_json::from_str::<Vec<Condition>>(&json).unwrap(), kept);
        assert!(conditions.take().is_empty());
    }
}
