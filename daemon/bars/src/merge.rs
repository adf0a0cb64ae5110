//! Brings new rows together with stored ones: what is there already, what is new, what contradicts.

use serde::{Deserialize, Serialize};
use trader_contract::Timestamp;

use crate::dates;
use crate::row::{Row, repeats};
use crate::rows::Rows;
use crate::series::Kind;

/// What to do with a row that contradicts a stored one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnConflict {
    /// Refuse the whole import.
    Refuse,
    /// Take the new one. Of ticks, the whole day.
    Replace,
}

/// What became of the rows of an import.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportCounts {
    /// Rows where there was none.
    pub new: u64,
    /// Rows that were stored already, with the same content.
    pub already: u64,
    /// Rows that took the place of others.
    pub replaced: u64,
}

impl ImportCounts {
    pub(crate) fn add(&mut self, other: Self) {
        self.new = self.new.saturating_add(other.new);
        self.already = self.already.saturating_add(other.already);
        self.replaced = self.replaced.saturating_add(other.replaced);
    }
}

/// New rows that contradict stored ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The time of the first.
    pub at: Timestamp,
    /// What is stored there.
    pub stored: String,
    /// What was to be imported.
    pub given: String,
    /// How many rows, or days of ticks, contradict.
    pub count: u64,
    /// Which of the two is counted.
    pub unit: &'static str,
}

impl std::fmt::Display for Conflict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} {} contradict what is stored, first at {}: stored is {}, to import is {}",
            self.count, self.unit, self.at, self.stored, self.given
        )
    }
}

/// Collects conflicts: keeps the first, counts all.
fn note(found: &mut Option<Conflict>, conflict: impl FnOnce() -> Conflict) {
    match found {
        Some(first) => first.count = first.count.saturating_add(1),
        None => *found = Some(conflict()),
    }
}

/// Rows in order, and what became of the new ones; or what they contradict.
pub(crate) type Merged<T> = Result<(Vec<T>, ImportCounts), Conflict>;

/// Merges rows of the same kind; both lists are in order.
///
/// # Errors
/// A row contradicts a stored one, and that was to be refused.
pub(crate) fn merge(
    kind: Kind,
    stored: Rows,
    given: Rows,
    rule: OnConflict,
) -> Result<(Rows, ImportCounts), Conflict> {
    fn lists<T: Row>(
        kind: Kind,
        (stored, given): (Vec<T>, Vec<T>),
        rule: OnConflict,
        rows: fn(Vec<T>) -> Rows,
    ) -> Result<(Rows, ImportCounts), Conflict> {
        let merged = if repeats(kind) {
            by_day(stored, given, rule)
        } else {
            by_time(stored, given, rule)
        };
        merged.map(|(list, counts)| (rows(list), counts))
    }
    match (stored, given) {
        (Rows::Bars(s), Rows::Bars(g)) => lists(kind, (s, g), rule, Rows::Bars),
        (Rows::Quotes(s), Rows::Quotes(g)) => lists(kind, (s, g), rule, Rows::Quotes),
        (Rows::Trades(s), Rows::Trades(g)) => lists(kind, (s, g), rule, Rows::Trades),
        (Rows::QuoteTicks(s), Rows::QuoteTicks(g)) => lists(kind, (s, g), rule, Rows::QuoteTicks),
        // The caller has read the stored rows as the kind of the given ones.
        (_, given) => {
            let new = as_count(given.len());
            let counts = ImportCounts {
                new,
                ..ImportCounts::default()
            };
            Ok((given, counts))
        }
    }
}

fn as_count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// Rows whose times are their keys.
fn by_time<T: Row>(stored: Vec<T>, given: Vec<T>, rule: OnConflict) -> Merged<T> {
    let mut rows = Vec::with_capacity(stored.len().saturating_add(given.len()));
    let mut counts = ImportCounts::default();
    let mut conflict = None;
    let mut stored = stored.into_iter().peekable();
    for row in given {
        while let Some(earlier) = stored.next_if(|old| old.at() < row.at()) {
            rows.push(earlier);
        }
        match stored.next_if(|old| old.at() == row.at()) {
            None => counts.new = counts.new.saturating_add(1),
            Some(old) if old == row => counts.already = counts.already.saturating_add(1),
            Some(old) => {
                counts.replaced = counts.replaced.saturating_add(1);
                note(&mut conflict, || Conflict {
                    at: row.at(),
                    stored: old.describe(),
                    given: row.describe(),
                    count: 1,
                    unit: "rows",
                });
            }
        }
        rows.push(row);
    }
    rows.extend(stored);
    match conflict {
        Some(conflict) if rule == OnConflict::Refuse => Err(conflict),
        _ => Ok((rows, counts)),
    }
}

/// Rows of which whole days in New York are compared, since times repeat.
fn by_day<T: Row>(stored: Vec<T>, given: Vec<T>, rule: OnConflict) -> Merged<T> {
    let mut rows = Vec::with_capacity(stored.len().saturating_add(given.len()));
    let mut counts = ImportCounts::default();
    let mut conflict = None;
    let mut stored = stored.as_slice();
    let mut given = given.as_slice();
    while let Some(first) = given.first() {
        let midnight = dates::next_day(first.at());
        let day = split_before(&mut given, |row| row.at() < midnight);
        let date = trader_calendar::new_york::date(first.at());
        let start = dates::midnight(date);
        rows.extend_from_slice(split_before(&mut stored, |row| row.at() < start));
        let old = split_before(&mut stored, |row| row.at() < midnight);
        let count = as_count(day.len());
        if old.is_empty() {
            counts.new = counts.new.saturating_add(count);
        } else if old == day {
            counts.already = counts.already.saturating_add(count);
        } else {
            counts.replaced = counts.replaced.saturating_add(count);
            note(&mut conflict, || first_difference(old, day));
        }
        rows.extend_from_slice(day);
    }
    rows.extend_from_slice(stored);
    match conflict {
        Some(conflict) if rule == OnConflict::Refuse => Err(conflict),
        _ => Ok((rows, counts)),
    }
}

/// Takes the rows off the front for which `before` holds.
fn split_before<'a, T>(rows: &mut &'a [T], before: impl Fn(&T) -> bool) -> &'a [T] {
    let end = rows.partition_point(before);
    let (front, rest) = rows.split_at_checked(end).unwrap_or((rows, &[]));
    *rows = rest;
    front
}

/// Where two different days differ first.
fn first_difference<T: Row>(stored: &[T], given: &[T]) -> Conflict {
    let equal = stored.iter().zip(given).take_while(|(a, b)| a == b).count();
    let (stored, given) = (stored.get(equal), given.get(equal));
    let text = |row: Option<&T>| row.map_or_else(|| "no row".to_owned(), Row::describe);
    Conflict {
        at: given.or(stored).map_or(Timestamp::MIN, Row::at),
        stored: text(stored),
        given: text(given),
        count: 1,
        unit: "days of ticks",
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::arithmetic_side_effects, reason = "small numbers of a test")]

    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use trader_contract::Bar;

    use super::*;
    use crate::rows::TradeTick;
    use crate::samples;

    fn bars(rows: &BTreeMap<i64, i64>) -> Vec<Bar> {
        let bar = |(minute, cents): (&i64, &i64)| {
            samples::bar(samples::START.plus_minutes(*minute), *cents)
        };
        rows.iter().map(bar).collect()
    }

    /// Few minutes and few prices, so that rows meet and differ.
    fn table() -> impl Strategy<Value = BTreeMap<i64, i64>> {
        prop::collection::btree_map(0..30_i64, 100..103_i64, 0..20)
    }

    fn trade(seconds: i64, size: u64) -> TradeTick {
        TradeTick {
            at: samples::START.plus_seconds(seconds),
            price: trader_contract::Price::from_cents(100).unwrap(),
            size,
            exchange: "N".into(),
            condition: "".into(),
            suspicious: false,
        }
    }

    const DAY: i64 = 24 * 60 * 60;

    proptest! {
        #[test]
        fn merged_bars_are_those_of_a_map(stored in table(), given in table()) {
            let differing = |(minute, cents): &(&i64, &i64)| {
                stored.get(minute).is_some_and(|old| old != *cents)
            };
            let conflicts = given.iter().filter(differing).count();
            let shared = given.keys().filter(|minute| stored.contains_key(minute)).count();
            let mut both = stored.clone();
            both.extend(&given);
            let (rows, counts) = by_time(bars(&stored), bars(&given), OnConflict::Replace).unwrap();
            prop_assert_eq!(rows, bars(&both));
            prop_assert_eq!(counts, ImportCounts {
                new: as_count(given.len() - shared),
                already: as_count(shared - conflicts),
                replaced: as_count(conflicts),
            });
            match by_time(bars(&stored), bars(&given), OnConflict::Refuse) {
                Ok((rows, _)) => prop_assert!(conflicts == 0 && rows == bars(&both)),
                Err(conflict) => {
                    let (minute, _) = given.iter().find(differing).unwrap();
                    prop_assert_eq!(conflict.count, as_count(conflicts));
                    prop_assert_eq!(conflict.at, samples::START.plus_minutes(*minute));
                }
            }
        }

        #[test]
        fn merged_ticks_are_those_of_a_map_of_days(
            stored in prop::collection::btree_map(0..6_i64, 1..3_u64, 0..5),
            given in prop::collection::btree_map(0..6_i64, 1..3_u64, 0..5),
        ) {
            // A day has as many ticks as its number says, all at the same time.
            let ticks = |days: &BTreeMap<i64, u64>| {
                let day = |(day, count): (&i64, &u64)| vec![trade(day * DAY, *count); usize::try_from(*count).unwrap()];
                days.iter().flat_map(day).collect::<Vec<_>>()
            };
            let mut both = stored.clone();
            both.extend(&given);
            let (rows, _) = by_day(ticks(&stored), ticks(&given), OnConflict::Replace).unwrap();
            prop_assert_eq!(rows, ticks(&both));
            let conflicts = given.iter().filter(|(day, n)| stored.get(day).is_some_and(|o| o != *n));
            let conflicts = as_count(conflicts.count());
            match by_day(ticks(&stored), ticks(&given), OnConflict::Refuse) {
                Ok((rows, counts)) => {
                    prop_assert!(conflicts == 0 && rows == ticks(&both) && counts.replaced == 0);
                }
                Err(conflict) => prop_assert_eq!(conflict.count, conflicts),
            }
        }
    }

    #[test]
    fn a_conflict_shows_both_rows() {
        let old = vec![samples::bar(samples::START, 100)];
        let new = vec![samples::bar(samples::START, 200)];
        let conflict = by_time(old, new, OnConflict::Refuse).unwrap_err();
        assert_eq!(
            conflict.to_string(),
            "1 rows contradict what is stored, first at 2013-10-07T13:30:00Z: \
             stored is open 1 high 1.02 low 0.98 close 1.01 volume 100, \
             to import is open 2 high 2.02 low 1.98 close 2.01 volume 200"
        );
        let conflict = by_day(
            vec![trade(0, 1)],
            vec![trade(0, 1), trade(9, 2)],
            OnConflict::Refuse,
        );
        let conflict = conflict.unwrap_err();
        assert_eq!(
            (conflict.stored.as_str(), conflict.at),
            ("no row", trade(9, 2).at)
        );
    }
}
