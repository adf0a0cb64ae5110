//! Which days have been asked for and stored, so that they are not asked for again: by symbol and kind of
//! data, in a file beside the jobs. Rows alone do not tell: a day without trades has none. What the file
//! lacks is asked for once more and found to be stored, so that a lost one does no harm.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use trader_contract::Symbol;

use super::super::disk;

/// Days in ranges, both ends included: in order, apart from each other.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Days(Vec<(NaiveDate, NaiveDate)>);

impl Days {
    /// The ranges from `first` to `last` that are not among them.
    pub(super) fn missing(&self, first: NaiveDate, last: NaiveDate) -> Vec<(NaiveDate, NaiveDate)> {
        let mut missing = Vec::new();
        let mut from = Some(first);
        for (begin, end) in &self.0 {
            let Some(day) = from else { break };
            if *end < day {
                continue;
            }
            if *begin > last {
                break;
            }
            if day < *begin
                && let Some(before) = begin.pred_opt()
            {
                missing.push((day, before));
            }
            from = end.succ_opt();
        }
        missing.extend(from.filter(|day| *day <= last).map(|day| (day, last)));
        missing
    }

    fn add(&mut self, first: NaiveDate, last: NaiveDate) {
        self.0.push((first, last));
        self.0.sort_unstable();
        let mut joined: Vec<(NaiveDate, NaiveDate)> = Vec::new();
        for (begin, end) in self.0.drain(..) {
            match joined.last_mut() {
                Some((_, until)) if until.succ_opt().is_none_or(|next| begin <= next) => {
                    *until = end.max(*until);
                }
                _ => joined.push((begin, end)),
            }
        }
        self.0 = joined;
    }

    fn forget_year(&mut self, year: i32) {
        let Some(first) = NaiveDate::from_ymd_opt(year, 1, 1) else {
            return;
        };
        let Some(last) = NaiveDate::from_ymd_opt(year, 12, 31) else {
            return;
        };
        let kept = self.0.drain(..).flat_map(|(begin, end)| {
            let before = first.pred_opt().map(|until| (begin, end.min(until)));
            let after = last.succ_opt().map(|from| (begin.max(from), end));
            [before, after]
        });
        let kept = kept.flatten().filter(|(begin, end)| begin <= end).collect();
        self.0 = kept;
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The days of one kind of data of a symbol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    feed: String,
    days: Days,
}

type Entries = BTreeMap<Symbol, BTreeMap<String, Entry>>;

/// What has been asked for and stored.
#[derive(Debug)]
pub(in super::super) struct Covered {
    path: PathBuf,
    entries: Mutex<Entries>,
}

impl Covered {
    /// Reads the file. One that cannot be read is as good as none.
    pub(in super::super) fn open(path: PathBuf) -> Self {
        let entries = match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).unwrap_or_else(|error| {
                tracing::warn!(path = %path.display(), %error, "which days were downloaded is forgotten: they are asked for again");
                Entries::new()
            }),
            Err(_) => Entries::new(),
        };
        Self {
            path,
            entries: Mutex::new(entries),
        }
    }

    /// The days of `data` of a symbol that came from this feed.
    pub(super) fn days(&self, symbol: Symbol, data: &str, feed: &str) -> Days {
        let entries = self.hold();
        let entry = entries.get(&symbol).and_then(|kinds| kinds.get(data));
        let entry = entry.filter(|entry| entry.feed == feed);
        entry.map(|entry| entry.days.clone()).unwrap_or_default()
    }

    /// Whether any `data` of a symbol came from a download.
    pub(in super::super) fn has(&self, symbol: Symbol, data: &str) -> bool {
        let entries = self.hold();
        let entry = entries.get(&symbol).and_then(|kinds| kinds.get(data));
        entry.is_some_and(|entry| !entry.days.is_empty())
    }

    /// Remembers that these days are stored.
    ///
    /// # Errors
    /// It cannot be written; then they are asked for again.
    pub(super) fn add(
        &self,
        (symbol, data, feed): (Symbol, &str, &str),
        (first, last): (NaiveDate, NaiveDate),
    ) -> io::Result<()> {
        let mut entries = self.hold();
        let entry = entries
            .entry(symbol)
            .or_default()
            .entry(data.to_owned())
            .or_insert_with(|| Entry {
                feed: feed.to_owned(),
                days: Days::default(),
            });
        if entry.feed != feed {
            feed.clone_into(&mut entry.feed);
            entry.days = Days::default();
        }
        entry.days.add(first, last);
        self.write(&entries)
    }

    /// Forgets what is removed from the store: a kind of data or all of a symbol, of a year or of all.
    ///
    /// # Errors
    /// It cannot be written: then nothing may be removed.
    pub(in super::super) fn forget(
        &self,
        symbol: Symbol,
        data: Option<&str>,
        year: Option<i32>,
    ) -> io::Result<()> {
        let mut entries = self.hold();
        let Some(kinds) = entries.get_mut(&symbol) else {
            return Ok(());
        };
        kinds.retain(|kind, entry| {
            let meant = data.is_none_or(|data| data == kind);
            match (meant, year) {
                (false, _) => true,
                (true, None) => false,
                (true, Some(year)) => {
                    entry.days.forget_year(year);
                    !entry.days.is_empty()
                }
            }
        });
        self.write(&entries)
    }

    fn hold(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, entries: &Entries) -> io::Result<()> {
        disk::write_bytes(&self.path, &serde_json::to_vec(entries)?)
    }
}

/// The ranges cut at the ends of months, in order.
pub(super) fn by_month(ranges: &[(NaiveDate, NaiveDate)]) -> Vec<(NaiveDate, NaiveDate)> {
    let mut parts = Vec::new();
    for (first, last) in ranges {
        let mut from = *first;
        loop {
            let next = from
                .with_day(1)
                .and_then(|day| day.checked_add_months(chrono::Months::new(1)));
            match next.filter(|next| next <= last) {
                Some(next) => {
                    parts.extend(next.pred_opt().map(|until| (from, until)));
                    from = next;
                }
                None => {
                    parts.push((from, *last));
                    break;
                }
            }
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn ranges(text: &[(&str, &str)]) -> Vec<(NaiveDate, NaiveDate)> {
        text.iter().map(|(a, b)| (day(a), day(b))).collect()
    }

    #[test]
    fn what_is_missing_is_what_was_not_added() {
        let mut days = Days::default();
        let (first, last) = (day("2024-01-01"), day("2024-12-31"));
        assert_eq!(days.missing(first, last), [(first, last)]);
        days.add(day("2024-03-01"), day("2024-03-31"));
        days.add(day("2024-05-01"), day("2024-05-31"));
        days.add(day("2024-04-01"), day("2024-04-30"));
        assert_eq!(days.0.len(), 1);
        assert_eq!(
            days.missing(first, last),
            ranges(&[("2024-01-01", "2024-02-29"), ("2024-06-01", "2024-12-31")])
        );
        assert!(
            days.missing(day("2024-03-01"), day("2024-05-31"))
                .is_empty()
        );
        assert_eq!(
            days.missing(day("2024-05-31"), day("2024-06-01")),
            ranges(&[("2024-06-01", "2024-06-01")])
        );
        days.add(first, last);
        assert!(days.missing(first, last).is_empty());
        assert_eq!(days.0.len(), 1);
    }

    #[test]
    fn a_year_that_is_removed_is_missing_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("downloaded.json");
        let spy: Symbol = "SPY".parse().unwrap();
        let covered = Covered::open(path.clone());
        let range = (day("2022-06-01"), day("2024-06-30"));
        covered.add((spy, "1min", "sip"), range).unwrap();
        covered.add((spy, "actions", "sip"), range).unwrap();
        covered.forget(spy, Some("1min"), Some(2023)).unwrap();
        let covered = Covered::open(path.clone());
        assert_eq!(
            covered.days(spy, "1min", "sip").missing(range.0, range.1),
            ranges(&[("2023-01-01", "2023-12-31")])
        );
        let other = covered.days(spy, "1min", "iex");
        assert_eq!(other.missing(range.0, range.1), [range]);
        assert!(covered.has(spy, "actions"));
        covered.forget(spy, None, None).unwrap();
        assert!(!Covered::open(path.clone()).has(spy, "actions"));
        fs::write(&path, "{").unwrap();
        assert!(!Covered::open(path).has(spy, "1min"));
    }

    #[test]
    fn another_feed_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let covered = Covered::open(folder.path().join("downloaded.json"));
        let spy: Symbol = "SPY".parse().unwrap();
        let range = (day("2024-01-01"), day("2024-01-31"));
        covered.add((spy, "1day", "sip"), range).unwrap();
        let later = (day("2024-02-01"), day("2024-02-29"));
        covered.add((spy, "1day", "iex"), later).unwrap();
        assert_eq!(covered.days(spy, "1day", "sip"), Days::default());
        let missing = covered.days(spy, "1day", "iex").missing(range.0, later.1);
        assert_eq!(missing, [range]);
    }

    #[test]
    fn ranges_are_cut_at_the_ends_of_months() {
        let cut = by_month(&ranges(&[
            ("2023-12-15", "2024-02-29"),
            ("2024-05-31", "2024-05-31"),
        ]));
        assert_eq!(
            cut,
            ranges(&[
                ("2023-12-15", "2023-12-31"),
                ("2024-01-01", "2024-01-31"),
                ("2024-02-01", "2024-02-29"),
                ("2024-05-31", "2024-05-31"),
            ])
        );
        assert!(by_month(&[]).is_empty());
    }
}
