//! What the broker holds and the journal does not explain: orders of ours whose records were lost are
//! taken up again, and where positions still differ the broker's are the facts.

use std::collections::BTreeMap;

use trader_contract::{
    Attached, BrokerSnapshot, NetQty, OrderKind, OrderReport, OrderRequest, OrderRole, Symbol,
    TimeInForce, Timestamp,
};

use super::Engine;
use crate::book::Holding;
use crate::command::Commands;
use crate::record::{ExitReason, IntentId, Origin, PlannedOrder, Record, Severity};

impl Engine {
    /// Takes up orders that close or protect an open trade and that the journal lacks, as after a
    /// disk that was full: their ids say which trade they belong to.
    pub(super) fn recover_lost(
        &mut self,
        at: Timestamp,
        held: &BrokerSnapshot,
        out: &mut Commands,
    ) {
        for report in &held.orders {
            let id = report.client_id;
            if id.epoch != self.epoch || self.book.orders.contains_key(&id) {
                continue;
            }
            let holding = self.book.holdings.get(&report.symbol);
            let Some(holding) = holding.filter(|h| h.intent() == IntentId::from(id)) else {
                continue;
            };
            let Some(order) = replan(holding, report) else {
                continue;
            };
            if let Some(why) = order.exit_reason {
                let origin = Origin::Engine;
                let symbol = report.symbol;
                self.write(
                    at,
                    Record::ExitPlanned {
                        symbol,
                        why,
                        origin,
                    },
                    out,
                );
            }
            self.write(at, Record::OrderPlanned { order }, out);
            self.alert(
                at,
                (Severity::Warning, "order_recovered", Some(report.symbol)),
                (
                    format!("the broker has our order {id}, which the journal lacks; it is taken up again"),
                    "find out why the journal could not be written",
                ),
                out,
            );
        }
    }

    /// Compares net positions, and takes the broker's where they differ: an exit for shares that are
    /// not there would open a position. While an order may still be filling, a difference is none.
    pub(super) fn adopt_positions(
        &mut self,
        at: Timestamp,
        held: &BrokerSnapshot,
        out: &mut Commands,
    ) {
        let mut found: BTreeMap<Symbol, (NetQty, NetQty)> = BTreeMap::new();
        for (symbol, net) in &held.positions {
            found.insert(*symbol, (self.book.net(*symbol), *net));
        }
        for (symbol, holding) in &self.book.holdings {
            found.entry(*symbol).or_insert((holding.net, NetQty::ZERO));
        }
        let mut adopted = false;
        for (symbol, (ours, broker)) in found {
            if ours == broker || self.explains_by_split(at, symbol, (ours, broker), out) {
                self.disputed.remove(&symbol);
            } else if !self.may_be_filling(symbol, held.at)
                && self.disputed.insert(symbol, broker) != Some(broker)
            {
                self.adopt_position(at, symbol, (ours, broker), out);
                adopted = true;
            }
        }
        if adopted && self.book.cash != held.cash {
            let record = Record::CashAdopted {
                ours: self.book.cash,
                broker: held.cash,
            };
            self.write(at, record, out);
        }
        if adopted {
            self.value_account();
        }
    }

    fn adopt_position(
        &mut self,
        at: Timestamp,
        symbol: Symbol,
        (ours, broker): (NetQty, NetQty),
        out: &mut Commands,
    ) {
        self.write(
            at,
            Record::Discrepancy {
                symbol,
                ours,
                broker,
            },
            out,
        );
        self.alert(
            at,
            (Severity::Critical, "position_differs", Some(symbol)),
            (
                format!("{symbol}: the ledger holds {ours} shares, the broker {broker}"),
                "compare the day's fills with the broker's, then `traderctl resume`",
            ),
            out,
        );
        self.halt(
            at,
            &format!("{symbol}: ledger {ours}, broker {broker}"),
            out,
        );
    }
}

/// The plan of an order that closes or protects `holding`, as far as the broker's report tells it.
fn replan(holding: &Holding, report: &OrderReport) -> Option<PlannedOrder> {
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
        route: holding.route.clone(),
        parent: None,
        replaces: None,
        exit_reason: market.then(|| holding.exit.unwrap_or(ExitReason::Operator)),
        expires_after_bars: None,
        decided_on: None,
    })
}
