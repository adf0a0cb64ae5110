//! Working the orders of an open trade: carries out the planned steps until there is nothing left to
//! do but wait.

use trader_contract::{
    Attached, ClientOrderId, Direction, OrderKind, OrderRequest, OrderRole, Price, Reason,
    Replacement, SymbolId, TimeInForce, Timestamp, TradeSummary,
};

use super::Engine;
use super::cause::Cause;
use super::sending::Leaving;
use crate::book::{Holding, TradeOrders};
use crate::command::Commands;
use crate::orders::{Ground, Step, is_settled, next_step};
use crate::record::{ExitReason, PlannedOrder, Record, Severity, Trade};
use crate::risk::gate::Refusal;

/// Steps that one look may take; more would mean that a step changes nothing.
const STEPS_MAX: usize = 8;
/// How long an answer is waited for before it is asked for again, and an exit before another one
/// follows, in nanoseconds.
pub(super) const CHASE: i64 = 5 * Timestamp::SECOND;

/// An order that protects or closes a whole position.
#[derive(Clone, Copy)]
struct Reducing {
    client_id: ClientOrderId,
    kind: OrderKind,
    /// The stop that goes with a target, each ending the other.
    oco_stop: Option<(ClientOrderId, Price)>,
    /// Why it closes, if it does.
    exit_reason: Option<ExitReason>,
}

impl Engine {
    /// Looks at the open trade of a symbol and does what is to be done. At another account nothing is
    /// planned: what becomes of our orders is not heard there.
    pub(super) fn tend(&mut self, at: Timestamp, id: SymbolId, out: &mut Commands) {
        if !self.reconciling.is_done() || self.comparing || self.is_at_another_account() {
            return;
        }
        if !self.strays.is_empty() {
            self.cancel_strays(at, id, out);
        }
        self.measure_protection(at, id, out);
        if !self.book.splits.is_empty() && self.awaits_fraction(id) {
            return self.wake(id, None);
        }
        for _ in 0..STEPS_MAX {
            let Some((step, settled)) = self.next_step(at, id) else {
                return self.wake(id, None);
            };
            match step {
                Step::Wait { until } => {
                    self.settle(id, settled);
                    return self.wake(id, until);
                }
                Step::Cancel(order, why) => self.cancel_step(at, id, (order, why), out),
                Step::CancelAgain(order, why) => {
                    self.cancel_step(at, id, (order, why), out);
                    self.request_snapshot(out);
                }
                Step::AskBroker => {
                    self.request_snapshot(out);
                    self.not_before(id, at.plus_nanos(CHASE));
                }
                Step::PlaceStop => self.place_stop(at, id, out),
                Step::MoveStop(order) => {
                    if let Some(when) = self.stop_move_waits(at, id, order) {
                        return self.wake(id, Some(when));
                    }
                    self.replace_stop(at, id, order, out);
                }
                Step::GiveUp => self.give_up(at, id, out),
                Step::CloseOut => self.close_out(at, id, out),
                Step::Lapse => self.lapse(at, id, out),
                Step::Finish => self.finish_trade(at, id, out),
            }
            self.measure_protection(at, id, out);
        }
        self.wake(id, Some(at.plus_nanos(self.rules.retry_nanos)));
    }

    /// Notes whether only the broker can bring more to do. What is written about the symbol undoes it.
    fn settle(&mut self, id: SymbolId, settled: bool) {
        if let Some(state) = self.symbols.get_mut(id.index()) {
            state.settled = settled && state.bare_since.is_none() && !state.reached.is_seen();
        }
    }

    /// Whether a look at the symbol would find nothing to do, and nothing to wait for but the broker.
    pub(super) fn has_nothing_to_do(&self, at: Timestamp, id: SymbolId) -> bool {
        self.next_step(at, id)
            .is_some_and(|(step, _)| step == Step::Wait { until: None })
    }

    /// The next step for the open trade of a symbol, and whether the trade is settled with it.
    fn next_step(&self, at: Timestamp, id: SymbolId) -> Option<(Step, bool)> {
        let state = self.symbols.get(id.index())?;
        let holding = self.book.holdings.get(&state.instrument.symbol)?;
        if holding.was_found_at(at) {
            let until = Some(at.plus_nanos(1));
            return Some((Step::Wait { until }, false));
        }
        let orders: TradeOrders<'_> = self.book.orders_for(holding).collect();
        let ground = Ground {
            at,
            rules: &self.rules,
            last: state.last,
            bare_since: self.bare_too_long_from(state),
            retry_at: state.retry_at,
            entries_wanted: self.wants_entry(holding),
            disputed: self.is_disputed(holding.symbol),
            venue: self.venue(state, at),
            chase_nanos: self.chase(),
        };
        let step = next_step(holding, &orders, &ground);
        let settled = step == Step::Wait { until: None } && is_settled(holding, &orders);
        Some((step, settled))
    }

    pub(super) fn holding(&self, id: SymbolId) -> Option<&Holding> {
        self.book
            .holdings
            .get(&self.symbols.get(id.index())?.instrument.symbol)
    }

    /// Asks the broker to cancel an order.
    ///
    /// # Errors
    /// Nothing may be sent now.
    pub(super) fn ask_cancel(
        &mut self,
        at: Timestamp,
        order: ClientOrderId,
        why: &str,
        out: &mut Commands,
    ) -> Result<(), Refusal> {
        let record = Record::CancelAsked {
            client_id: order,
            why: why.into(),
        };
        self.dispatch(at, [record], Leaving::Cancel(order), out)
    }

    /// The same as a step of a trade: what may not be sent now is tried again later.
    pub(super) fn cancel_step(
        &mut self,
        at: Timestamp,
        id: SymbolId,
        (order, why): (ClientOrderId, &str),
        out: &mut Commands,
    ) {
        if self.ask_cancel(at, order, why, out).is_err() {
            self.back_off(at, id);
        }
    }

    /// Cancels the waiting entry of a symbol.
    pub(super) fn cancel_entry(
        &mut self,
        at: Timestamp,
        id: SymbolId,
        why: &str,
        out: &mut Commands,
    ) {
        let entry = self.holding(id).map(|h| h.entry);
        let order = entry.and_then(|entry| self.book.orders.get(&entry));
        let Some(order) = order.filter(|o| o.is_live() && !o.cancel_asked) else {
            return;
        };
        let (client_id, can, unwanted) = (order.id(), order.may_be_cancelled(), order.unwanted);
        let sent = can && self.ask_cancel(at, client_id, why, out).is_ok();
        if !sent && (can || !unwanted) {
            // Nothing to cancel yet, or nobody to ask: it is done once the broker has acknowledged the
            // entry, or is the store's own again. Until then it is a cancel that nobody has answered.
            let why = why.into();
            self.write(at, Record::CancelAsked { client_id, why }, out);
        }
    }

    /// The next unused id of a role for the trade of a symbol.
    fn next_id(&self, holding: &Holding, role: OrderRole) -> ClientOrderId {
        self.book
            .orders_for(holding)
            .filter(|o| o.role() == role)
            .map(|o| o.id().next_attempt())
            .max()
            .unwrap_or_else(|| holding.entry.with_role(role))
    }

    fn place_stop(&mut self, at: Timestamp, id: SymbolId, out: &mut Commands) {
        let Some(holding) = self.holding(id) else {
            return;
        };
        let Some(stop) = holding.stop else { return };
        let stop_id = self.next_id(holding, OrderRole::Stop);
        let order = match holding.target {
            Some(limit) => Reducing {
                client_id: self.next_id(holding, OrderRole::Target),
                kind: OrderKind::Limit { limit },
                oco_stop: Some((stop_id, stop)),
                exit_reason: None,
            },
            None => Reducing {
                client_id: stop_id,
                kind: OrderKind::Stop { stop },
                oco_stop: None,
                exit_reason: None,
            },
        };
        let taken = self.stop_taken_out(id);
        self.send_reducing(at, id, order, out);
        if let Some(taken) = taken {
            self.tell_stop_taken_out(at, taken, stop_id, out);
        }
    }

    fn close_out(&mut self, at: Timestamp, id: SymbolId, out: &mut Commands) {
        let Some(holding) = self.holding(id) else {
            return;
        };
        let order = Reducing {
            client_id: self.next_id(holding, OrderRole::Exit),
            kind: OrderKind::Market,
            oco_stop: None,
            exit_reason: holding.exit,
        };
        self.send_reducing(at, id, order, out);
    }

    /// Gates, writes down and sends an order that closes or protects the whole position.
    fn send_reducing(&mut self, at: Timestamp, id: SymbolId, order: Reducing, out: &mut Commands) {
        let Some(tick) = self.symbols.get(id.index()).map(|s| s.instrument.tick) else {
            return;
        };
        let Some(holding) = self.holding(id).cloned() else {
            return;
        };
        let request = OrderRequest {
            client_id: order.client_id,
            symbol: holding.symbol,
            side: Direction::of(holding.net)
                .unwrap_or(holding.direction)
                .exit_side(),
            qty: crate::planted::stop_qty(&self.book, &holding, order.client_id.role),
            kind: order.kind,
            time_in_force: if order.kind == OrderKind::Market {
                TimeInForce::Day
            } else {
                TimeInForce::Gtc
            },
            attached: Attached::NONE,
            oco_stop: order.oco_stop,
        };
        match (self.gate).reducing(&self.book, &holding, tick, request) {
            Ok(approved) => {
                let records = self.planned_reducing(request, &holding.route, order.exit_reason);
                let sent = self.dispatch(at, records, Leaving::Approved(approved), out);
                if sent.is_err() {
                    self.back_off(at, id);
                }
            }
            Err(refusal) => {
                self.back_off(at, id);
                self.alert(
                    at,
                    (Severity::Critical, "reducing_refused", Some(holding.symbol)),
                    (
                        format!("the gate refused {}: {}", order.client_id, refusal.detail),
                        "compare the position with the broker's; `traderctl positions`",
                    ),
                    out,
                );
            }
        }
    }

    /// A reducing order as it is written down, and the stop that goes with it as an order of its own.
    fn planned_reducing(
        &self,
        request: OrderRequest,
        route: &str,
        exit_reason: Option<ExitReason>,
    ) -> Vec<Record> {
        let state =
            (self.by_ticker.get(&request.symbol)).and_then(|id| self.symbols.get(id.index()));
        let last = state.and_then(|state| state.last);
        let plan = |request, parent| Record::OrderPlanned {
            order: PlannedOrder {
                request,
                route: route.into(),
                parent,
                replaces: None,
                exit_reason,
                expires_after_bars: None,
                decided_on: None,
                last,
            },
        };
        let leg = request.oco_stop.map(|(client_id, stop)| OrderRequest {
            client_id,
            kind: OrderKind::Stop { stop },
            oco_stop: None,
            ..request
        });
        let leg = leg.map(|leg| plan(leg, Some(request.client_id)));
        std::iter::once(plan(request, None)).chain(leg).collect()
    }

    fn replace_stop(
        &mut self,
        at: Timestamp,
        id: SymbolId,
        old: ClientOrderId,
        out: &mut Commands,
    ) {
        let Some(tick) = self.symbols.get(id.index()).map(|s| s.instrument.tick) else {
            return;
        };
        let Some(holding) = self.holding(id).cloned() else {
            return;
        };
        let Some(order) = self.book.orders.get(&old).cloned() else {
            return;
        };
        let Some(stop) = holding.stop else { return };
        let wanted = order.filled.checked_add(holding.net.magnitude());
        let replacement = Replacement {
            client_id: old,
            new_client_id: self.next_id(&holding, OrderRole::Stop),
            qty: wanted.filter(|wanted| *wanted != order.qty),
            stop: (order.stop != Some(stop)).then_some(stop),
            limit: None,
            trail: None,
        };
        let qty = holding.net.magnitude();
        let Ok(approved) = (self.gate).replacement(&self.book, &holding, qty, tick, replacement)
        else {
            return self.back_off(at, id);
        };
        let request = OrderRequest {
            client_id: replacement.new_client_id,
            qty: holding.net.magnitude(),
            kind: OrderKind::Stop { stop },
            ..order.planned.request
        };
        let planned = PlannedOrder {
            last: self.symbols.get(id.index()).and_then(|state| state.last),
            request,
            replaces: Some(old),
            ..order.planned
        };
        let records = [
            Record::OrderPlanned { order: planned },
            Record::ReplaceAsked {
                replacement,
                reason: Reason::new("stop_planned"),
            },
        ];
        let sent = self.dispatch(at, records, Leaving::Approved(approved), out);
        if sent.is_err() {
            self.back_off(at, id);
        }
    }

    fn give_up(&mut self, at: Timestamp, id: SymbolId, out: &mut Commands) {
        let Some(holding) = self.holding(id) else {
            return;
        };
        let symbol = holding.symbol;
        let net = holding.net;
        let failed = self.has_failed_stop(symbol);
        let (kind, message) = if holding.is_turned() {
            let message =
                format!("{symbol}: its exits filled more than was entered; closing {net}");
            ("turned", message)
        } else {
            let stop = holding.stop.map_or("?".to_owned(), |stop| stop.to_string());
            let message = if failed {
                format!(
                    "{symbol}: the stop at {stop} was reached and has not filled; closing {net} shares"
                )
            } else {
                format!("{symbol}: no stop at {stop} protects {net} shares; closing them")
            };
            ("unprotected", message)
        };
        self.alert(
            at,
            (Severity::Critical, kind, Some(symbol)),
            (
                message,
                "nothing, if `traderctl positions` shows the symbol flat soon",
            ),
            out,
        );
        let Some(holding) = self.holding(id) else {
            return;
        };
        let state = self.symbols.get(id.index());
        let since = state.and_then(|state| self.bare_too_long_from(state));
        let kind = if failed { "stop_failed" } else { kind };
        let cause = Cause::unprotected(kind, holding, since, at);
        self.forget_back_off(id);
        self.write(at, cause.record(symbol), out);
        // What was asked for may have been answered unheard.
        self.request_snapshot(out);
    }

    fn lapse(&mut self, at: Timestamp, id: SymbolId, out: &mut Commands) {
        let Some(holding) = self.holding(id) else {
            return;
        };
        let (symbol, client_id) = (holding.symbol, holding.entry);
        self.write(at, Record::EntryLapsed { symbol, client_id }, out);
        self.forget_refused(at, symbol, out);
    }

    /// The trade is over: counts it, tells its strategy, and looks at the breakers.
    fn finish_trade(&mut self, at: Timestamp, id: SymbolId, out: &mut Commands) {
        let Some(holding) = self.holding(id) else {
            return;
        };
        let owner = self.symbols.get(id.index()).and_then(|s| s.owner);
        let summary = TradeSummary {
            symbol: holding.symbol,
            direction: holding.direction,
            qty: holding.entry_qty,
            profit: holding.cash_flow(),
            entered_at: holding.entered_at.unwrap_or(at),
            exited_at: holding.last_fill_at.unwrap_or(at),
        };
        let known = (!holding.adopted).then(|| self.summarise(at, holding));
        let (symbol, client_id) = (holding.symbol, holding.entry);
        let record = match known.flatten() {
            Some(trade) => Record::TradeClosed { trade },
            None => Record::TradeVoided { symbol, client_id },
        };
        self.write(at, record, out);
        self.forget_refused(at, symbol, out);
        self.value_account();
        if let Some(lane) = owner.and_then(|lane| self.lanes.get_mut(lane)) {
            lane.closed(&summary);
        }
        self.forget_back_off(id);
        self.trip_consecutive_losses(at, out);
    }

    fn summarise(&self, at: Timestamp, holding: &Holding) -> Option<Trade> {
        let strategy = self
            .routes
            .iter()
            .find(|route| route.name == holding.route)
            .map_or_else(Box::default, |route| route.strategy.clone());
        Some(Trade {
            intent: holding.intent(),
            route: holding.route.clone(),
            strategy,
            symbol: holding.symbol,
            direction: holding.direction,
            qty: holding.entry_qty,
            entered_at: holding.entered_at.unwrap_or(at),
            entry_average: holding.entry_average()?,
            exited_at: holding.last_fill_at.unwrap_or(at),
            exit_average: holding.exit_average()?,
            initial_stop: holding.initial_stop,
            exit_reason: holding.last_exit.unwrap_or(ExitReason::Foreign),
            profit: holding.cash_flow(),
            fees: holding.fees,
        })
    }
}
