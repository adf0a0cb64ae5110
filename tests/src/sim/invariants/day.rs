//! INV-8: flat by the deadline, or a critical alert is standing.

use std::collections::BTreeMap;

use trader_contract::{OrderReport, OrderRole, ReportStatus, Symbol, Timestamp};
use trader_core::record::{Alert, JournalEntry, Record, Severity};

use super::{Checked, View, Watcher};

/// What the daemon may take to say so.
const REACTION: i64 = 2 * Timestamp::SECOND;
/// A market that has filled an exit in part since then has given what it had.
const THIN: i64 = Timestamp::MINUTE;
/// What closing what has just come to be takes: an answer, and an exit after it.
const CLOSING: i64 = 10 * Timestamp::SECOND;
/// How long before the deadline the daemon must have been up and undisturbed to be held to it.
const CLEAR: i64 = 4 * Timestamp::MINUTE;

/// The watcher.
#[derive(Debug, Default)]
pub(super) struct FlatByDeadline {
    /// The last critical alert of this session's end.
    alerted_at: Option<Timestamp>,
    looked: bool,
    /// Since when there has been a position, as far as the session's end has seen: an execution may be
    /// taken back at its very end.
    held_since: BTreeMap<Symbol, Timestamp>,
    /// When an exit last filled in part.
    thin_at: BTreeMap<Symbol, Timestamp>,
}

impl Watcher for FlatByDeadline {
    fn invariant(&self) -> &'static str {
        "INV-8"
    }

    fn wrote(&mut self, entry: &JournalEntry, durable: bool, view: &View<'_>) -> Checked {
        // What is on the disk reaches people after the next start, if not before.
        if let (Record::Alerted { alert }, true) = (&entry.record, durable) {
            self.hear(alert, view);
        }
        Ok(0)
    }

    fn raised(&mut self, alert: &Alert, view: &View<'_>) -> Checked {
        self.hear(alert, view);
        Ok(0)
    }

    fn reported(&mut self, report: &OrderReport, view: &View<'_>) -> Checked {
        let closes = report.client_id.role == OrderRole::Exit;
        if closes && report.status == ReportStatus::PartiallyFilled {
            self.thin_at.insert(report.symbol, view.now);
        }
        Ok(0)
    }

    fn after(&mut self, view: &View<'_>) -> Checked {
        // By a clock that is behind it comes later.
        let deadline = view.plan.deadline();
        let deadline = deadline.plus_nanos(view.around.clock_behind);
        self.follow(view);
        if view.now < deadline.plus_nanos(REACTION) || view.now >= view.plan.session.close {
            return Ok(0);
        }
        let truth = view.truth;
        // What the owner or the broker has just brought about is looked at when it can be over.
        let late = view.plan.session.close.plus_nanos(-REACTION);
        if !self.looked && view.now < late && is_news(view) {
            return Ok(0);
        }
        let first = !std::mem::replace(&mut self.looked, true);
        if truth.held_by_daemon().next().is_none() && truth.open.is_empty() {
            return Ok(1);
        }
        let around = view.around;
        let Some(up_since) = around.up_since else {
            return Ok(0);
        };
        let held = truth.held_by_daemon();
        let held: Vec<String> = held.map(|(s, held)| format!("{} {s}", held.net)).collect();
        let orders: Vec<String> = truth.open.keys().map(ToString::to_string).collect();
        let left = format!("[{}] and [{}]", held.join(", "), orders.join(", "));
        let clear_since = around.calm_from.max(up_since).max(around.awake_since);
        let clear = deadline.since(clear_since) > CLEAR && around.halted.is_empty();
        let clear = clear && !self.is_thin(view) && !is_news(view);
        if first && clear {
            return Err(format!(
                "past the deadline there are {left}, and nothing was in the way"
            ));
        }
        let since = self.held_since.values().min().copied();
        let told_by = since
            .unwrap_or(view.now)
            .max(up_since)
            .plus_minutes(1)
            .max(around.awake_since.plus_nanos(REACTION));
        if self.alerted_at.is_none()
            && view.now > told_by
            && truth.held_by_daemon().next().is_some()
        {
            return Err(format!(
                "past the deadline there are {left}, and nobody was told"
            ));
        }
        Ok(1)
    }
}

/// Whether the owner or the broker has just done something in a symbol that is held, or whose orders are open.
fn is_news(view: &View<'_>) -> bool {
    let truth = view.truth;
    let clear = view.clear_from();
    let held = truth.held_by_daemon().map(|(symbol, _)| *symbol);
    let mut symbols = held.chain(truth.open.values().map(|order| order.symbol));
    symbols.any(|symbol| {
        let known = truth.unknown_until(symbol, clear);
        known > Timestamp::MIN && view.now <= known.plus_nanos(CLOSING)
    })
}

impl FlatByDeadline {
    /// Whether the market gives what is left bit by bit, or nothing at all: nobody can be quicker than it.
    fn is_thin(&self, view: &View<'_>) -> bool {
        let just = |at: &Timestamp| view.now.since(*at) < THIN;
        let truth = view.truth;
        let is_thin = |symbol: &Symbol| {
            let minute = view.now.plus_nanos(-THIN);
            let since = self
                .held_since
                .get(symbol)
                .map_or(minute, |since| minute.max(*since));
            self.thin_at.get(symbol).is_some_and(just) || truth.is_quiet(*symbol, since)
        };
        let mut held = truth.held_by_daemon().peekable();
        held.peek().is_some() && held.all(|(symbol, _)| is_thin(symbol))
    }

    /// Notes the positions of the session's last minutes.
    fn follow(&mut self, view: &View<'_>) {
        if view.now < view.plan.session.close.plus_minutes(-5) {
            return;
        }
        let before = std::mem::take(&mut self.held_since);
        for (symbol, _) in view.truth.held_by_daemon() {
            let since = before.get(symbol).copied().unwrap_or(view.now);
            self.held_since.insert(*symbol, since);
        }
    }

    fn hear(&mut self, alert: &Alert, view: &View<'_>) {
        let flatten = view.plan.session.close.plus_minutes(-5);
        if alert.severity == Severity::Critical && view.now >= flatten {
            self.alerted_at = Some(view.now);
        }
    }
}
