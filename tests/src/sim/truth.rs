//! What is true at the broker, and what is bare there: the oracle. It never asks the daemon.

use std::collections::{BTreeMap, BTreeSet};

use trader_broker_sim::SimBroker;
use trader_contract::{
    BrokerOrderId, ClientOrderId, Direction, Money, NetQty, OrderReport, OrderRole, Qty,
    ReportStatus, Side, Symbol, Timestamp,
};

/// A stop that has filled in part protects for so long: what it is given, and what the
/// daemon may take to begin to close.
const STRUCK_MOST: i64 = 10 * Timestamp::SECOND;

/// One position at the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// How much.
    pub net: NetQty,
    /// How much of it no resting stop covers.
    pub bare: Qty,
    /// Whether an order that closes it is at work.
    pub closing: bool,
    /// Since when something is bare and nothing closes it.
    pub naked_since: Option<Timestamp>,
}

/// An order that the owner rests by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByHand {
    /// In which symbol.
    pub symbol: Symbol,
    /// Since when.
    pub since: Timestamp,
}

impl ByHand {
    const fn of(symbol: Symbol, since: Timestamp) -> Self {
        Self { symbol, since }
    }
}

/// What is true at the broker.
#[derive(Debug)]
pub struct Truth {
    /// Positions that are not flat.
    pub held: BTreeMap<Symbol, Held>,
    /// Orders that have not ended.
    pub open: BTreeMap<ClientOrderId, OrderReport>,
    /// Orders that the owner rests by hand.
    pub by_hand: BTreeMap<BrokerOrderId, ByHand>,
    /// Cash.
    pub cash: Money,
    /// How often it has changed.
    pub version: u64,
    /// Stops that have filled in part, and since when.
    struck: BTreeMap<ClientOrderId, Timestamp>,
}

impl Default for Truth {
    fn default() -> Self {
        Self {
            held: BTreeMap::new(),
            open: BTreeMap::new(),
            by_hand: BTreeMap::new(),
            cash: Money::ZERO,
            version: 0,
            struck: BTreeMap::new(),
        }
    }
}

impl Truth {
    /// Asks the broker.
    pub fn refresh(&mut self, broker: &SimBroker, now: Timestamp) {
        let account = broker.account();
        self.cash = account.cash;
        self.open = account
            .open_orders
            .into_iter()
            .map(|report| (report.client_id, report))
            .collect();
        let by_hand = broker.by_hand().iter();
        self.by_hand = by_hand
            .map(|order| (order.broker_id.clone(), ByHand::of(order.symbol, order.at)))
            .collect();
        let spent = self.spent_stops(now);
        let before = std::mem::take(&mut self.held);
        for (symbol, net, _) in account.positions {
            let bare = bare(net, symbol, &self.open, &spent);
            let closing = is_closing(net, symbol, &self.open);
            let since = before.get(&symbol).and_then(|held| held.naked_since);
            let naked = !bare.is_zero() && !closing;
            let held = Held {
                net,
                bare,
                closing,
                naked_since: naked.then(|| since.unwrap_or(now)),
            };
            self.held.insert(symbol, held);
        }
        self.version += 1;
    }

    /// Stops that the market has reached, and that have not filled completely for too long: they protect
    /// nothing any more.
    fn spent_stops(&mut self, now: Timestamp) -> BTreeSet<ClientOrderId> {
        let open = &self.open;
        self.struck.retain(|id, _| open.contains_key(id));
        let mut spent = BTreeSet::new();
        for (id, report) in open {
            if id.role != OrderRole::Stop || report.filled.is_zero() {
                continue;
            }
            let since = *self.struck.entry(*id).or_insert(now);
            if now.since(since) > STRUCK_MOST {
                spent.insert(*id);
            }
        }
        spent
    }

    /// Time that does not count passes: the market is closed, or the machine sleeps.
    pub fn skip_to(&mut self, now: Timestamp) {
        for held in self.held.values_mut() {
            held.naked_since = held.naked_since.map(|_| now);
        }
    }

    /// The net position in a symbol.
    #[must_use]
    pub fn net(&self, symbol: Symbol) -> NetQty {
        self.held.get(&symbol).map_or(NetQty::ZERO, |held| held.net)
    }

    /// The open orders of a symbol.
    pub fn orders_in(&self, symbol: Symbol) -> impl Iterator<Item = &OrderReport> {
        self.open
            .values()
            .filter(move |report| report.symbol == symbol)
    }
}

/// The side that makes a position smaller.
fn closing_side(net: NetQty) -> Option<Side> {
    Direction::of(net).map(Direction::exit_side)
}

/// What has not filled.
#[must_use]
pub fn remaining(report: &OrderReport) -> Qty {
    report.qty.checked_sub(report.filled).unwrap_or(Qty::ZERO)
}

/// Whether an order is a stop that the market can reach: a held one waits for its entry, unless it is
/// the second leg of a pair whose first one works.
fn rests(report: &OrderReport, open: &BTreeMap<ClientOrderId, OrderReport>) -> bool {
    if report.client_id.role != OrderRole::Stop {
        return false;
    }
    match report.status {
        ReportStatus::Held => open.values().any(|other| {
            other.client_id.role == OrderRole::Target
                && other.symbol == report.symbol
                && other.side == report.side
                && other.status != ReportStatus::Held
        }),
        _ => true,
    }
}

/// How much of a position no resting stop covers.
fn bare(
    net: NetQty,
    symbol: Symbol,
    open: &BTreeMap<ClientOrderId, OrderReport>,
    spent: &BTreeSet<ClientOrderId>,
) -> Qty {
    let side = closing_side(net);
    let covered = open
        .values()
        .filter(|report| report.symbol == symbol && Some(report.side) == side)
        .filter(|report| rests(report, open) && !spent.contains(&report.client_id))
        .fold(Qty::ZERO, |sum, report| {
            sum.checked_add(remaining(report)).unwrap_or(sum)
        });
    net.magnitude().checked_sub(covered).unwrap_or(Qty::ZERO)
}

/// Whether an order that closes a position at once is at work.
fn is_closing(net: NetQty, symbol: Symbol, open: &BTreeMap<ClientOrderId, OrderReport>) -> bool {
    let side = closing_side(net);
    open.values().any(|report| {
        report.symbol == symbol
            && Some(report.side) == side
            && report.client_id.role == OrderRole::Exit
    })
}
