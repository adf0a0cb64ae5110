//! A day with several times the messages of an ordinary one, and several times those of its busiest
//! minute: each symbol is there many times over, all of its copies moving and traded at the same moments,
//! with the account and the limits on counts as much larger. Every watcher watches, the one of what is
//! bounded among them.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use trader_contract::{BrokerRequest, Money, Symbol, Timestamp};
use trader_core::risk::limits::Limits;
use trader_core::risk::waiver::ceilings;

use super::invariants::{self, Checked, Sent, View, Watcher};
use super::plan::{Plan, SymbolPlan, Without};

/// Nothing fails, nobody dies, and nobody interferes: an ordinary day.
const ORDINARY: Without = Without {
    faults: Vec::new(),
    all_faults: true,
    crashes: true,
    actions: true,
    calm: false,
    contract: false,
};

/// Copies of a symbol for each time that the load is asked for: what one copy does, not every other does
/// in the same minute, since each has its own fills.
const COPIES: u16 = 2;

/// What went to the broker in a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    /// Orders, changes and cancels.
    pub messages: u64,
    /// Most of them within a minute.
    pub peak: u64,
}

/// The ordinary day of a seed.
#[must_use]
pub fn ordinary(seed: u64) -> Plan {
    let mut plan = Plan::of(seed, &ORDINARY);
    plan.limits = wide(plan.limits);
    plan
}

/// The same day with so many times its messages, or more.
#[must_use]
pub fn stressed(seed: u64, times: u16) -> Plan {
    let mut plan = ordinary(seed);
    let copies = times.saturating_mul(COPIES);
    let symbols = std::mem::take(&mut plan.symbols);
    plan.symbols = (0..copies)
        .flat_map(|copy| symbols.iter().map(move |symbol| (copy, symbol)))
        .filter_map(|(copy, symbol)| {
            Some(SymbolPlan {
                symbol: ticker(symbol.symbol, copy)?,
                ..symbol.clone()
            })
        })
        .collect();
    plan.cash = Money::from_femtos(plan.cash.femtos().saturating_mul(i128::from(copies)));
    let more = |count: u32| count.saturating_mul(u32::from(copies));
    plan.limits = Limits {
        open_positions: more(plan.limits.open_positions),
        entries_per_route: more(plan.limits.entries_per_route),
        entries_per_minute: more(plan.limits.entries_per_minute),
        entries_per_minute_symbol: more(plan.limits.entries_per_minute_symbol),
        ..plan.limits
    };
    plan
}

/// Limits under which neither day ends early: what is measured is the load, and not what stops it. The
/// cap on messages is the hard ceiling.
fn wide(limits: Limits) -> Limits {
    Limits {
        daily_loss: ceilings::DRAWDOWN,
        drawdown: ceilings::DRAWDOWN,
        consecutive_losses: 0,
        messages_per_minute: ceilings::MESSAGES_PER_MINUTE,
        ..limits
    }
}

/// The ticker of a copy: the first keeps its own.
fn ticker(symbol: Symbol, copy: u16) -> Option<Symbol> {
    if copy == 0 {
        return Some(symbol);
    }
    let letter = char::from_u32(u32::from(b'A') + u32::from(copy - 1))?;
    format!("{symbol}.{letter}").parse().ok()
}

/// What is measured in a run, read after it.
pub type Measured = Rc<RefCell<Load>>;

/// Every watcher, and one that measures.
#[must_use]
pub fn watchers_that_measure() -> (Vec<Box<dyn Watcher>>, Measured) {
    let load = Measured::default();
    let mut watchers = invariants::all();
    watchers.push(Box::new(Meter {
        load: Rc::clone(&load),
        minute: VecDeque::new(),
    }));
    (watchers, load)
}

struct Meter {
    load: Measured,
    minute: VecDeque<Timestamp>,
}

impl Watcher for Meter {
    fn invariant(&self) -> &'static str {
        "measured"
    }

    fn sent(&mut self, sent: &Sent<'_>, view: &View<'_>) -> Checked {
        if matches!(sent.request, BrokerRequest::Snapshot { .. }) {
            return Ok(0);
        }
        let old = |at: &Timestamp| view.now.since(*at) >= Timestamp::MINUTE;
        while self.minute.front().is_some_and(old) {
            self.minute.pop_front();
        }
        self.minute.push_back(view.now);
        let mut load = self.load.borrow_mut();
        load.messages += 1;
        load.peak = load
            .peak
            .max(u64::try_from(self.minute.len()).unwrap_or(u64::MAX));
        Ok(0)
    }
}
