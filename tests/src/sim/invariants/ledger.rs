//! INV-4 and INV-11: when nothing is under way the ledger is the broker's, and each execution counts
//! once.

use std::collections::{BTreeMap, BTreeSet};

use trader_contract::{
    BrokerEvent, ClientOrderId, Execution, ExecutionId, Money, NetQty, OrderReport, Qty, Symbol,
    Timestamp,
};
use trader_core::Engine;
use trader_core::record::{JournalEntry, Record};

use super::{Checked, View, Watcher};
use crate::sim::plan::{ACCOUNT, Plan, Protocol};

/// How long after the last disturbance everything must have been compared.
const SETTLED_AFTER: i64 = 75 * Timestamp::SECOND;

/// INV-4 on calm days.
#[derive(Debug, Default)]
pub(super) struct LedgerIsBroker {
    changed_at: Option<Timestamp>,
    version: u64,
}

impl Watcher for LedgerIsBroker {
    fn invariant(&self) -> &'static str {
        "INV-4"
    }

    fn wrote(&mut self, entry: &JournalEntry, _durable: bool, view: &View<'_>) -> Checked {
        let owner = &view.truth.owner;
        match &entry.record {
            // Nothing comes in or goes out without a report unless the owner trades: the ledger was
            // wrong.
            Record::CashAdopted { ours, broker, .. }
                if view.around.calm_from < view.now
                    && owner.has_never_traded()
                    && !is_after_a_split(view) =>
            {
                Err(format!(
                    "the ledger had {ours} in cash where the broker had {broker}"
                ))
            }
            Record::Discrepancy { symbol, .. } if may_differ(view, *symbol) => Ok(1),
            // What a split leaves of a share is paid out.
            Record::Discrepancy { ours, broker, .. }
                if is_after_a_split(view) && is_fraction(*ours, *broker) =>
            {
                Ok(1)
            }
            Record::Discrepancy { symbol, .. } if !loses_its_journal(view.plan) => Err(format!(
                "{symbol} is taken for different, and nobody but the daemon trades in it"
            )),
            Record::Discrepancy { symbol, broker, .. } if *broker != view.truth.net(*symbol) => {
                let net = view.truth.net(*symbol);
                Err(format!(
                    "{broker} {symbol} are taken for the truth, which is {net}"
                ))
            }
            _ => Ok(0),
        }
    }

    fn after(&mut self, view: &View<'_>) -> Checked {
        if self.version != view.truth.version {
            self.version = view.truth.version;
            self.changed_at = Some(view.now);
        }
        let around = view.around;
        let Some(engine) = view.engine.filter(|_| around.under_way == 0) else {
            return Ok(0);
        };
        let since = around
            .calm_from
            .max(around.awake_since)
            .max(self.changed_at.unwrap_or(view.now));
        if view.now.since(since) < SETTLED_AFTER || around.shut_out || is_another_account(view) {
            return Ok(0);
        }
        if let Some(difference) = difference(view, engine) {
            return Err(difference);
        }
        // Cash is compared once positions are.
        let compared = view.now.since(since) >= 2 * SETTLED_AFTER;
        uncounted(view, engine)
            .filter(|_| compared)
            .map_or(Ok(1), Err)
    }
}

/// Cash of the broker that the ledger neither has nor knows to be the owner's.
fn uncounted(view: &View<'_>, engine: &Engine) -> Option<String> {
    let (ours, broker) = (engine.book().cash, view.truth.cash);
    let apart = engine.book().apart.amount;
    let all = ours + apart == broker && (apart == Money::ZERO || !view.truth.owner.has_nothing());
    (!all).then(|| format!("the ledger has {ours} in cash and {apart} apart, the broker {broker}"))
}

/// Whether the client of this life may not trade the broker's account, and hands on nothing of it.
fn is_another_account(view: &View<'_>) -> bool {
    let named = |up: Timestamp| view.plan.live_account(up);
    let named = view.around.up_since.and_then(named);
    view.plan.protocol == Protocol::Alpaca && named.is_some_and(|account| account != ACCOUNT)
}

/// Whether a life may end without all that it knew on the disk.
fn loses_its_journal(plan: &Plan) -> bool {
    plan.faults
        .iter()
        .any(|fault| fault.kind.stops_the_journal())
}

/// Whether shares were split in the night before.
pub(super) fn is_after_a_split(view: &View<'_>) -> bool {
    let mut symbols = 0..view.plan.symbols.len();
    view.now >= view.plan.splits_at() && symbols.any(|index| view.plan.split(index).is_some())
}

/// Whether two positions are less than a share apart.
fn is_fraction(ours: NetQty, broker: NetQty) -> bool {
    let share = Qty::NANOS_PER_SHARE.unsigned_abs();
    ours.nanos().abs_diff(broker.nanos()) < share
}

/// Whether the owner has traded in a symbol so that its position may differ from the ledger's, and the
/// daemon has not written so yet; or something of the owner's stands apart, which each life finds anew,
/// or was cancelled out by what is the daemon's.
fn may_differ(view: &View<'_>, symbol: Symbol) -> bool {
    let hand = view.truth.owner.hand(symbol);
    // What is on the disk is told before the watchers hear of it.
    let just = |at: Timestamp| view.now.since(at) < 4 * SETTLED_AFTER;
    hand.is_some_and(|hand| {
        let just = just(hand.traded_at) || hand.cancelled_out_at.is_some_and(just);
        hand.unclear || !hand.apart.is_flat() || !hand.told || just
    })
}

/// What the ledger has and the broker has not, or the other way round. What is the owner's is in no
/// ledger, nor is the cash that it was paid with.
pub(super) fn difference(view: &View<'_>, engine: &Engine) -> Option<String> {
    let book = engine.book();
    let owner = &view.truth.owner;
    let is_clear = |symbol: Symbol| owner.hand(symbol).is_none_or(|hand| !hand.unclear);
    let ours = book.holdings.values();
    let ours = ours.filter(|h| !h.net.is_flat() && is_clear(h.symbol));
    let ours: BTreeMap<Symbol, NetQty> = ours.map(|h| (h.symbol, h.net)).collect();
    let held = view.truth.held_by_daemon();
    let theirs: BTreeMap<Symbol, NetQty> = held
        .map(|(symbol, _)| (*symbol, view.truth.daemons(*symbol)))
        .collect();
    if ours != theirs {
        return Some(format!("the ledger holds {ours:?}, the broker {theirs:?}"));
    }
    if book.cash != view.truth.cash && owner.has_nothing() {
        return Some(format!(
            "the ledger has {} in cash, the broker {}",
            book.cash, view.truth.cash
        ));
    }
    None
}

/// INV-11: no execution counts twice, and none that the broker did not make.
#[derive(Debug, Default)]
pub(super) struct EachFillOnce {
    made: BTreeSet<(ClientOrderId, ExecutionId)>,
    /// Orders that something was written about: the others are as they were.
    touched: Vec<ClientOrderId>,
}

impl Watcher for EachFillOnce {
    fn invariant(&self) -> &'static str {
        "INV-11"
    }

    fn reported(&mut self, report: &OrderReport, _view: &View<'_>) -> Checked {
        let Some(execution) = &report.execution else {
            return Ok(0);
        };
        let id = execution.id.clone();
        if self.made.insert((report.client_id, id)) {
            return Ok(1);
        }
        Err(format!("the broker made {:?} twice", execution.id))
    }

    fn corrected(
        &mut self,
        (id, _): (ClientOrderId, Symbol),
        (_, now): (&Execution, Option<&Execution>),
        _view: &View<'_>,
    ) -> Checked {
        self.made.extend(now.map(|now| (id, now.id.clone())));
        Ok(0)
    }

    fn wrote(&mut self, entry: &JournalEntry, _durable: bool, _view: &View<'_>) -> Checked {
        self.touched.extend(entry.record.client_id());
        Ok(0)
    }

    fn heard(&mut self, event: &BrokerEvent, view: &View<'_>) -> Checked {
        let BrokerEvent::Order(report) = event else {
            return Ok(0);
        };
        let (Some(execution), Some(engine)) = (&report.execution, view.engine) else {
            return Ok(0);
        };
        let order = engine.book().orders.get(&report.client_id);
        match order.is_none_or(|order| order.executions.contains(&execution.id)) {
            true => Ok(1),
            false => Err(format!("{:?} was heard and does not count", execution.id)),
        }
    }

    fn after(&mut self, view: &View<'_>) -> Checked {
        let Some(engine) = view.engine else {
            self.touched.clear();
            return Ok(0);
        };
        let mut checks = 0;
        for id in self.touched.drain(..) {
            let Some(order) = engine.book().orders.get(&id) else {
                continue;
            };
            for (place, execution) in order.executions.iter().enumerate() {
                checks += 1;
                let later = &order.executions[place + 1..];
                if later.contains(execution) {
                    return Err(format!("{} counts {execution:?} twice", order.id()));
                }
                if !self.made.contains(&(order.id(), execution.clone())) {
                    return Err(format!(
                        "{} counts {execution:?}, which the broker never made",
                        order.id()
                    ));
                }
            }
        }
        Ok(checks)
    }
}
