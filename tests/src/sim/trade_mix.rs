//! What kinds of trading a run had: a watcher that finds nothing wrong and counts, so that a run whose
//! meaning rests on partial fills, moved stops or targets can be told from one that had none.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use trader_contract::{BrokerRequest, OrderReport, OrderRole, ReportStatus};

use super::invariants::{self, Checked, Sent, View, Watcher};

/// What is counted.
const KINDS: [&str; 6] = [
    "entry_fills",
    "partial_fills",
    "stops_moved",
    "targets",
    "stop_fills",
    "exits",
];

/// Counts of one run or of several.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    counts: BTreeMap<&'static str, u64>,
    both_sides: u64,
}

impl Seen {
    /// Adds a run.
    pub fn add(&mut self, counts: &Shared, both_sides: bool) {
        for (kind, count) in counts.borrow().iter() {
            *self.counts.entry(kind).or_default() += count;
        }
        self.both_sides += u64::from(both_sides);
    }

    /// What no run had.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        let none = |kind: &&str| self.counts.get(kind).is_none_or(|count| *count == 0);
        let mut missing: Vec<&'static str> = KINDS.into_iter().filter(none).collect();
        if self.both_sides == 0 {
            missing.push("both sides");
        }
        missing
    }

    /// The counts by name.
    #[must_use]
    pub const fn counts(&self) -> &BTreeMap<&'static str, u64> {
        &self.counts
    }
}

/// Counts that are read after the run.
pub type Shared = Rc<RefCell<BTreeMap<&'static str, u64>>>;

/// Every watcher, and one that counts.
#[must_use]
pub fn watchers_that_count() -> (Vec<Box<dyn Watcher>>, Shared) {
    let counts = Shared::default();
    let mut watchers = invariants::all();
    watchers.push(Box::new(Counter(Rc::clone(&counts))));
    (watchers, counts)
}

struct Counter(Shared);

impl Counter {
    fn count(&self, kind: &'static str) {
        *self.0.borrow_mut().entry(kind).or_default() += 1;
    }
}

impl Watcher for Counter {
    fn invariant(&self) -> &'static str {
        "counted"
    }

    fn sent(&mut self, sent: &Sent<'_>, _view: &View<'_>) -> Checked {
        match sent.request {
            BrokerRequest::Replace(_) => self.count("stops_moved"),
            BrokerRequest::Submit(request) => {
                if request.attached.target.is_some() || request.oco_stop.is_some() {
                    self.count("targets");
                }
                if request.client_id.role == OrderRole::Exit {
                    self.count("exits");
                }
            }
            BrokerRequest::Cancel(_) | BrokerRequest::Snapshot { .. } => {}
        }
        Ok(0)
    }

    fn reported(&mut self, report: &OrderReport, _view: &View<'_>) -> Checked {
        if report.execution.is_none() {
            return Ok(0);
        }
        match report.client_id.role {
            OrderRole::Entry => self.count("entry_fills"),
            OrderRole::Stop => self.count("stop_fills"),
            OrderRole::Target | OrderRole::Exit => {}
        }
        if report.status == ReportStatus::PartiallyFilled {
            self.count("partial_fills");
        }
        Ok(0)
    }
}
