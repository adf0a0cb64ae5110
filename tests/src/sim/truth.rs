//! What is true at the broker, and what is bare there: the oracle. It never asks the daemon.

use std::collections::{BTreeMap, BTreeSet};

use trader_broker_sim::SimBroker;
use trader_contract::{
    BrokerOrderId, ClientOrderId, Direction, Money, NetQty, OrderReport, OrderRole, Qty,
    ReportStatus, Side, Symbol, Timestamp,
};
use trader_core::record::{Override, OverrideEnd, Record};
use trader_core::risk::waiver::Waivable;

use super::owner::{Owner, UNKNOWN};

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
    /// What last happened at the broker before that.
    pub naked_after: &'static str,
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
    /// What the owner has traded by hand, and what of the positions is the owner's.
    pub owner: Owner,
    /// Positions as executions and the owner's trades have made them so far.
    traded: BTreeMap<Symbol, NetQty>,
    /// What last happened in a symbol.
    happened: BTreeMap<Symbol, &'static str>,
    /// When the broker last took an execution back in a symbol.
    corrected_at: BTreeMap<Symbol, Timestamp>,
    /// The start of the last minute in which a symbol had a price.
    priced_at: BTreeMap<Symbol, Timestamp>,
    /// Cash.
    pub cash: Money,
    /// How often it has changed.
    pub version: u64,
    /// Stops that have filled in part, and since when.
    struck: BTreeMap<ClientOrderId, Timestamp>,
    /// Symbols that were adopted by what is on the disk, while the daemon was told that it is not.
    adopted_unheard: BTreeSet<Symbol>,
    /// The override that was shown and waits.
    shown: Option<Override>,
    /// What a person has overridden: the symbol of an order, and the limits.
    overridden: BTreeMap<ClientOrderId, (Symbol, Vec<Waivable>)>,
}

impl Default for Truth {
    fn default() -> Self {
        Self {
            held: BTreeMap::new(),
            open: BTreeMap::new(),
            by_hand: BTreeMap::new(),
            owner: Owner::default(),
            traded: BTreeMap::new(),
            happened: BTreeMap::new(),
            corrected_at: BTreeMap::new(),
            priced_at: BTreeMap::new(),
            cash: Money::ZERO,
            version: 0,
            struck: BTreeMap::new(),
            adopted_unheard: BTreeSet::new(),
            shown: None,
            overridden: BTreeMap::new(),
        }
    }
}

impl Truth {
    /// Asks the broker.
    pub fn refresh(&mut self, broker: &SimBroker, now: Timestamp) {
        self.cash = broker.cash();
        let open = broker.open_orders().into_iter();
        self.open = open.map(|report| (report.client_id, report)).collect();
        let by_hand = broker.by_hand().iter();
        self.by_hand = by_hand
            .map(|order| (order.broker_id.clone(), ByHand::of(order.symbol, order.at)))
            .collect();
        let spent = self.spent_stops(now);
        let before = std::mem::take(&mut self.held);
        for (symbol, net) in broker.positions() {
            let bare = bare(net, symbol, &self.open, &spent);
            let closing = is_closing(net, symbol, &self.open);
            let known = before.get(&symbol).filter(|h| h.naked_since.is_some());
            let since = known.and_then(|held| held.naked_since);
            let last = self.happened.get(&symbol).copied().unwrap_or_default();
            let daemons = self.owner.daemons(symbol, net);
            let naked = !bare.is_zero() && !closing && daemons.is_some_and(|net| !net.is_flat());
            let held = Held {
                net,
                bare,
                closing,
                naked_since: naked.then(|| since.unwrap_or(now)),
                naked_after: known.map_or(last, |held| held.naked_after),
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

    /// The position in a symbol as executions and the owner's trades have made it so far.
    #[must_use]
    pub fn traded(&self, symbol: Symbol) -> NetQty {
        self.traded.get(&symbol).copied().unwrap_or(NetQty::ZERO)
    }

    /// The broker has said something about an order.
    pub fn executed(&mut self, report: &OrderReport, now: Timestamp) {
        self.happened.insert(report.symbol, happened(report));
        let Some(execution) = &report.execution else {
            return;
        };
        let change = report.side.signed(execution.qty);
        let moved = self.change(report.symbol, change);
        self.owner.filled(report.symbol, moved, now);
    }

    /// The owner has traded by hand.
    pub fn traded_by_hand(&mut self, symbol: Symbol, change: NetQty, now: Timestamp) {
        self.happened.insert(symbol, "its owner traded");
        let moved = self.change(symbol, change);
        self.owner.traded(symbol, moved, now);
    }

    /// The broker has taken an execution back.
    pub fn corrected(&mut self, symbol: Symbol, change: NetQty, now: Timestamp) {
        self.happened.insert(symbol, "an execution was taken back");
        let moved = self.change(symbol, change);
        self.owner.filled(symbol, moved, now);
        self.corrected_at.insert(symbol, now);
    }

    /// Shares were split, and the broker holds `net` since.
    pub fn split(&mut self, symbol: Symbol, net: NetQty, (new, old): (u32, u32)) {
        self.happened.insert(symbol, "its shares were split");
        let before = self.traded.insert(symbol, net).unwrap_or(NetQty::ZERO);
        let share = i128::from(Qty::NANOS_PER_SHARE);
        self.owner.split(symbol, |apart| {
            if apart == before {
                return net;
            }
            let nanos = i128::from(apart.nanos()) * i128::from(new) / i128::from(old.max(1));
            let whole = i64::try_from(nanos - nanos % share).ok();
            whole.and_then(NetQty::from_nanos).unwrap_or(apart)
        });
    }

    /// The minute that begins has prices of a symbol.
    pub fn priced(&mut self, symbol: Symbol, minute: Timestamp) {
        self.priced_at.insert(symbol, minute);
    }

    /// Whether a symbol has had no price since then: nothing of it can have been traded.
    #[must_use]
    pub fn is_quiet(&self, symbol: Symbol, since: Timestamp) -> bool {
        let priced = self.priced_at.get(&symbol);
        priced.is_none_or(|minute| minute.plus_minutes(1) <= since)
    }

    /// Whether nobody but the daemon has had a hand in a symbol: neither its owner, nor the broker that
    /// took an execution back.
    #[must_use]
    pub fn is_alone(&self, symbol: Symbol) -> bool {
        self.owner.hand(symbol).is_none() && !self.corrected_at.contains_key(&symbol)
    }

    /// Until when the daemon need not know of what others have done in a symbol, if nothing disturbs
    /// it from `clear` on: its owner, or the broker that takes executions back.
    #[must_use]
    pub fn unknown_until(&self, symbol: Symbol, clear: Timestamp) -> Timestamp {
        let corrected = self.corrected_at.get(&symbol);
        let corrected = corrected.map(|at| (*at).max(clear).plus_nanos(UNKNOWN));
        let owner = self.owner.unknown_until(symbol, clear);
        owner.max(corrected.unwrap_or(Timestamp::MIN))
    }

    /// Positions before and after a change.
    fn change(&mut self, symbol: Symbol, change: NetQty) -> (NetQty, NetQty) {
        let net = self.traded.entry(symbol).or_insert(NetQty::ZERO);
        let before = *net;
        *net = before.checked_add(change).unwrap_or(before);
        (before, *net)
    }

    /// The daemon has something on its disk about whose a position is, `heard` by it or not: what it takes
    /// for lost counts from its next start on.
    pub fn written(&mut self, record: &Record, heard: bool) {
        match record {
            Record::PositionAdopted { symbol, .. } if !heard => {
                self.adopted_unheard.insert(*symbol);
            }
            Record::PositionAdopted { symbol, .. } => self.owner.adopted(*symbol),
            Record::Discrepancy { symbol, broker, .. } if *broker == self.traded(*symbol) => {
                self.owner.told(*symbol);
            }
            Record::OverrideAsked { asked } => self.shown = Some(asked.clone()),
            Record::OverrideEnded { end, .. } => {
                let shown = self.shown.take();
                if let Some(shown) = shown.filter(|_| *end == OverrideEnd::Used) {
                    let limits = (shown.order.symbol, shown.limits());
                    self.overridden.insert(shown.order.client_id, limits);
                }
            }
            _ => {}
        }
    }

    /// The daemon has read its disk.
    pub fn started(&mut self) {
        for symbol in std::mem::take(&mut self.adopted_unheard) {
            self.owner.adopted(symbol);
        }
        let held = &self.held;
        let net = |symbol| held.get(&symbol).map_or(NetQty::ZERO, |held| held.net);
        self.owner.started(net);
    }

    /// Whether a person has had an order sent past limits.
    #[must_use]
    pub fn is_overridden(&self, id: ClientOrderId) -> bool {
        self.overridden.contains_key(&id)
    }

    /// Whether a person has had an order sent past this limit.
    #[must_use]
    pub fn waives(&self, id: ClientOrderId, limit: Waivable) -> bool {
        let overridden = self.overridden.get(&id);
        overridden.is_some_and(|(_, limits)| limits.contains(&limit))
    }

    /// Whether this limit was overridden for an entry in a symbol.
    #[must_use]
    pub fn waives_in(&self, symbol: Symbol, limit: Waivable) -> bool {
        let mut overridden = self.overridden.values();
        overridden.any(|(of, limits)| *of == symbol && limits.contains(&limit))
    }

    /// What of a symbol's position is the daemon's: all of it where the owner never traded, nothing of
    /// what stands apart or is unclear.
    #[must_use]
    pub fn daemons(&self, symbol: Symbol) -> NetQty {
        let net = self.net(symbol);
        self.owner.daemons(symbol, net).unwrap_or(NetQty::ZERO)
    }

    /// The positions of which something is the daemon's.
    pub fn held_by_daemon(&self) -> impl Iterator<Item = (&Symbol, &Held)> {
        let is_daemons = |symbol: Symbol| !self.daemons(symbol).is_flat();
        self.held
            .iter()
            .filter(move |(symbol, _)| is_daemons(**symbol))
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

/// What a report says, in words.
fn happened(report: &OrderReport) -> &'static str {
    let ended = report.status.state().is_terminal();
    match report.client_id.role {
        OrderRole::Entry if report.execution.is_some() => "an entry filled",
        _ if report.execution.is_some() => "an exit filled",
        OrderRole::Entry if ended => "an entry ended",
        OrderRole::Stop if ended => "a stop ended",
        OrderRole::Target if ended => "a target ended",
        OrderRole::Exit if ended => "an exit ended",
        _ => "an order changed",
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
