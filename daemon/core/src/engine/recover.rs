//! What the broker holds and the journal does not explain: orders of ours whose records were lost are
//! taken up again, and where positions still differ the broker's are the facts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use trader_contract::{
    Attached, BrokerOrderId, BrokerSnapshot, ClientOrderId, Direction, Money, NetQty, OrderKind,
    OrderReport, OrderRequest, OrderRole, Qty, Reason, ReportStatus, Side, Symbol, TimeInForce,
    Timestamp,
};

use super::Engine;
use super::unknown::Answer;
use crate::book::Order;
use crate::command::Commands;
use crate::planted::{Bug, is};
use crate::record::{Block, ExitReason, IntentId, Origin, PlannedOrder, Record, Severity};

impl Engine {
    /// Takes up orders that close or protect an open trade and that the journal lacks, as after a
    /// disk that was full: their ids say which trade they belong to.
    pub(super) fn recover_lost(
        &mut self,
        at: Timestamp,
        held: &BrokerSnapshot,
        out: &mut Commands,
    ) {
        let by_executions = self.told_by_executions(held);
        let mut recovered = false;
        for report in held.orders.iter().chain(&by_executions) {
            recovered |= self.recover(at, report, &held.orders, out);
        }
        if recovered {
            // Of what was lost with its order nothing must count later that is void by now.
            self.catch_up_corrections(at, held, out);
        }
    }

    /// Takes up an order of which the broker speaks and that the journal lacks; whether the journal has
    /// it now. What the broker `listed` with it tells whose place it has taken.
    pub(super) fn recover(
        &mut self,
        at: Timestamp,
        report: &OrderReport,
        listed: &[OrderReport],
        out: &mut Commands,
    ) -> bool {
        let (id, symbol) = (report.client_id, report.symbol);
        if id.epoch != self.epoch || self.book.orders.contains_key(&id) {
            return false;
        }
        let Some(trade) = self.trade_of(id).filter(|trade| trade.symbol == symbol) else {
            return false;
        };
        let is_open = trade.is_open;
        let parent = self.parent_of_lost(id, listed);
        let Some(order) = replan(&trade, report, parent) else {
            return false;
        };
        if let Some(why) = order.exit_reason.filter(|_| is_open) {
            let origin = Origin::Engine;
            let record = Record::ExitPlanned {
                symbol,
                why,
                origin,
                reason: Some(Reason::new("order_recovered")),
                decided: None,
            };
            self.write(at, record, out);
        }
        self.write(at, Record::OrderPlanned { order }, out);
        self.alert(
            at,
            (Severity::Warning, "order_recovered", Some(symbol)),
            (
                format!(
                    "the broker has our order {id}, which the journal lacks; it is taken up again"
                ),
                "find out why the journal could not be written",
            ),
            out,
        );
        true
    }

    /// The order in whose group an order belongs that the journal lacks: that of the order whose place it
    /// has taken, directly or after others that were lost, too. In a group the broker changes no quantity.
    fn parent_of_lost(&self, id: ClientOrderId, listed: &[OrderReport]) -> Option<ClientOrderId> {
        let mut last = id;
        for _ in listed {
            let Some(before) = listed.iter().find(|r| r.replaced_by == Some(last)) else {
                break;
            };
            last = before.client_id;
            if let Some(order) = self.book.orders.get(&last) {
                return order.planned.parent;
            }
        }
        None
    }

    /// The trade that an order of ours serves: an open one, or one of this session that is over and was
    /// open again for a while in a run whose journal failed.
    fn trade_of(&self, id: ClientOrderId) -> Option<TradeOf<'_>> {
        let intent = IntentId::from(id);
        let mut holdings = self.book.holdings.values();
        if let Some(holding) = holdings.find(|h| h.intent() == intent) {
            return Some(TradeOf {
                symbol: holding.symbol,
                route: &holding.route,
                exit_side: Some(holding.direction.exit_side()),
                exit: holding.exit,
                is_open: true,
            });
        }
        // Of earlier sessions the book has not every order any more: one that it lacks was not lost.
        let is_todays = id.session == self.book.session_number() && self.book.day.is_some();
        let order = self.book.orders_of(self.epoch, intent).next();
        order.filter(|_| is_todays).map(|order| TradeOf {
            symbol: order.symbol(),
            route: &order.planned.route,
            // It closed what had opened the trade again: nobody can tell the side where nothing is left.
            exit_side: Direction::of(self.book.net(order.symbol())).map(Direction::exit_side),
            exit: None,
            is_open: false,
        })
    }

    /// Orders that the broker lists no longer, and of which only executions tell.
    fn told_by_executions(&self, held: &BrokerSnapshot) -> Vec<OrderReport> {
        let mut told: BTreeMap<ClientOrderId, OrderReport> = BTreeMap::new();
        for (id, execution) in &held.executions {
            let known = self.book.orders.contains_key(id)
                || held.orders.iter().any(|report| report.client_id == *id);
            if known || id.epoch != self.epoch {
                continue;
            }
            let Some(trade) = self.trade_of(*id) else {
                continue;
            };
            let Some(side) = trade.exit_side else {
                continue;
            };
            let report = told.entry(*id).or_insert_with(|| OrderReport {
                client_id: *id,
                broker_id: BrokerOrderId("unlisted".into()),
                symbol: trade.symbol,
                side,
                status: ReportStatus::Filled,
                qty: Qty::ZERO,
                filled: Qty::ZERO,
                execution: None,
                stop: Some(execution.price),
                limit: Some(execution.price),
                replaced_by: None,
                at: execution.at,
                reason: None,
            });
            let qty = report.qty.checked_add(execution.qty);
            report.qty = qty.unwrap_or(report.qty);
        }
        told.into_values().collect()
    }

    /// Compares net positions. A difference counts once two snapshots that were asked for one after the
    /// other agree on it, and nothing happened in the symbol meanwhile: the parts of a snapshot may
    /// have been read one after the other, and what has filled may still be on its way to us.
    pub(super) fn compare_positions(&mut self, answer: Answer<'_>, out: &mut Commands) {
        let mut found: BTreeMap<Symbol, (NetQty, NetQty)> = BTreeMap::new();
        for symbol in self.disputed.keys() {
            found.insert(*symbol, (self.book.net(*symbol), NetQty::ZERO));
        }
        for (symbol, holding) in &self.book.holdings {
            found.insert(*symbol, (holding.net, NetQty::ZERO));
        }
        for (symbol, net) in &answer.held.positions {
            found.insert(*symbol, (self.book.net(*symbol), *net));
        }
        let mut taken = Taken {
            any: false,
            worth: Money::ZERO,
        };
        for (symbol, (ours, broker)) in found {
            let split =
                ours != broker && self.explains_by_split(answer.at, symbol, (ours, broker), out);
            if ours == broker || split || self.is_in_flux(symbol, answer) {
                self.disputed.remove(&symbol);
                continue;
            }
            let asked_at = answer.asked_at;
            let before = self.disputed.get(&symbol).copied();
            let same = before.filter(|d| (d.ours, d.broker) == (ours, broker));
            let Some(dispute) = same.filter(|d| !self.has_changed(symbol, d.asked_at)) else {
                self.reconciling.reopen();
                let dispute = Dispute {
                    ours,
                    broker,
                    asked_at,
                    settled: false,
                };
                self.disputed.insert(symbol, dispute);
                if is(Bug::AdoptOnOneSnapshot) {
                    self.settle_difference(answer, symbol, dispute, &mut taken, out);
                }
                continue;
            };
            let ready = dispute.asked_at < asked_at && !self.has_unheard(symbol);
            if !dispute.settled && ready {
                self.settle_difference(answer, symbol, dispute, &mut taken, out);
            }
        }
        if taken.any {
            self.adopt_cash(answer, taken.worth, out);
        }
    }

    /// Whether the position that a snapshot shows may be without what an order of a symbol has filled:
    /// we have not heard of it, or have since the snapshot was asked for. What the snapshot itself brought
    /// is in its position.
    fn is_in_flux(&self, symbol: Symbol, answer: Answer<'_>) -> bool {
        let mut orders = self.book.orders.moving(answer.asked_at);
        orders.any(|order| {
            let sent = order.is_live() && order.is_unheard() && order.role() == OrderRole::Entry;
            let late = order.updated_at > answer.asked_at && !answer.has_all_fills(order);
            order.symbol() == symbol && (sent || order.misses_fills() || late)
        })
    }

    /// Whether an order of a symbol may be at the broker unheard: what it has filled may be the
    /// difference.
    fn has_unheard(&self, symbol: Symbol) -> bool {
        let mut orders = self.book.orders.unsettled();
        orders.any(|order| order.symbol() == symbol && order.is_unheard())
    }

    /// Whether our position in a symbol is in doubt: nothing is placed that counts its shares.
    pub(super) fn is_disputed(&self, symbol: Symbol) -> bool {
        (!self.disputed.is_empty() && self.disputed.get(&symbol).is_some_and(Dispute::is_open))
            || (!self.reopened.is_empty() && self.reopened.contains_key(&symbol))
    }

    /// A trade that was over is open again. The run before may have closed it already, by orders that
    /// its journal lost: those count, and their ids are used, so nothing is placed before the broker
    /// has said what it has of the whole trade.
    pub(super) fn reopen(&mut self, symbol: Symbol, out: &mut Commands) {
        self.reopened.insert(symbol, self.reconciling.number());
        // A question that is on its way reaches not as far back.
        self.reconciling.ask_again();
        self.request_snapshot(out);
    }

    /// A question has been answered: of what was open again before it was asked all is known.
    pub(super) fn forget_reopened(&mut self, number: u32) {
        self.reopened.retain(|_, before| *before >= number);
    }

    /// Whether an order of a symbol has changed since.
    fn has_changed(&self, symbol: Symbol, since: Timestamp) -> bool {
        let mut orders = self.book.orders.moving(since);
        orders.any(|order| order.symbol() == symbol && order.updated_at > since)
    }

    /// Takes the broker's position where two snapshots agree on it: an exit for shares that are not
    /// there would open a position.
    fn settle_difference(
        &mut self,
        answer: Answer<'_>,
        symbol: Symbol,
        dispute: Dispute,
        taken: &mut Taken,
        out: &mut Commands,
    ) {
        let Dispute { ours, broker, .. } = dispute;
        if is(Bug::OwnersWordIgnored) && self.book.holdings.contains_key(&symbol) {
            return;
        }
        let price = self.book.holdings.get(&symbol);
        let price = price.and_then(|holding| self.price_of(holding));
        self.lapse_given_up(answer.at, symbol, out);
        let record = Record::Discrepancy {
            symbol,
            ours,
            broker,
            price,
        };
        self.write(answer.at, record, out);
        let settled = Dispute {
            settled: true,
            ..dispute
        };
        self.disputed.insert(symbol, settled);
        if !self.book.holdings.contains_key(&symbol) {
            // Somebody else's: see the file of what is foreign.
            return;
        }
        let does = if broker.is_flat() {
            "somebody else has closed it, and it is not opened again"
        } else {
            "the broker's is taken, and protected as ours"
        };
        self.alert(
            answer.at,
            (Severity::Critical, "position_differs", Some(symbol)),
            (
                format!("{symbol}: the ledger holds {ours} shares, the broker {broker}; {does}"),
                "compare the day's fills with the broker's, and trade the account by hand no more",
            ),
            out,
        );
        taken.any = true;
        let came = self.book.net(symbol).checked_add(-ours);
        if let (Some(price), Some(came)) = (price, came) {
            taken.worth += price.times_net(came);
        }
        if self.book.net(symbol) == broker {
            self.disputed.remove(&symbol);
        } else {
            let ours = self.book.net(symbol);
            self.disputed.insert(symbol, Dispute { ours, ..settled });
        }
        if !broker.is_flat() {
            self.block(answer.at, symbol, Block::Foreign, out);
        }
    }

    /// Frees a symbol whose entry was given up without a fill, which a difference kept from being freed: the
    /// broker's records lack the order, so the shares are no fill of it.
    fn lapse_given_up(&mut self, at: Timestamp, symbol: Symbol, out: &mut Commands) {
        let Some(holding) = self.book.holdings.get(&symbol) else {
            return;
        };
        let never_held = holding.entry_qty.is_zero() && holding.net.is_flat();
        if never_held && !self.book.orders_for(holding).any(Order::is_live) {
            let client_id = holding.entry;
            self.write(at, Record::EntryLapsed { symbol, client_id }, out);
        }
    }
}

/// A difference between our position in a symbol and the broker's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Dispute {
    pub(super) ours: NetQty,
    pub(super) broker: NetQty,
    /// When the first snapshot was asked for that shows it.
    pub(super) asked_at: Timestamp,
    /// Whether a second one has shown it too.
    pub(super) settled: bool,
}

impl Dispute {
    /// Whether another snapshot must show it.
    pub(super) const fn is_open(&self) -> bool {
        !self.settled
    }
}

/// What one answer made the book take from the broker.
struct Taken {
    any: bool,
    /// What the shares are worth that came, less those that went.
    worth: Money,
}

/// What a lost order served.
struct TradeOf<'a> {
    symbol: Symbol,
    route: &'a str,
    exit_side: Option<Side>,
    /// Why it is to be closed, if it is.
    exit: Option<ExitReason>,
    is_open: bool,
}

/// The plan of an order that closes or protects a trade, as far as the broker's report tells it.
fn replan(
    trade: &TradeOf<'_>,
    report: &OrderReport,
    parent: Option<ClientOrderId>,
) -> Option<PlannedOrder> {
    let kind = match report.client_id.role {
        OrderRole::Entry => return None,
        OrderRole::Exit => OrderKind::Market,
        OrderRole::Stop => OrderKind::Stop { stop: report.stop? },
        OrderRole::Target => OrderKind::Limit {
            limit: report.limit?,
        },
    };
    let market = kind == OrderKind::Market;
    Some(PlannedOrder {
        request: OrderRequest {
            client_id: report.client_id,
            symbol: report.symbol,
            side: report.side,
            qty: report.qty,
            kind,
            time_in_force: if market {
                TimeInForce::Day
            } else {
                TimeInForce::Gtc
            },
            attached: Attached::NONE,
            oco_stop: None,
        },
        route: trade.route.into(),
        parent,
        replaces: None,
        exit_reason: market.then(|| trade.exit.unwrap_or(ExitReason::Operator)),
        expires_after_bars: None,
        decided_on: None,
        last: None,
    })
}
