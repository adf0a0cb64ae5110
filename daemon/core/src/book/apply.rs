//! The fold: what each record changes in the book.

use trader_contract::{
    ClientOrderId, Direction, Execution, Intent, Money, NetQty, OrderReport, OrderRole, OrderState,
    Outcome, Qty, RequestFailure, Side, Symbol, Timestamp,
};

use super::{Blocked, Book, Day, Holding, Order};
use crate::record::{Decision, ExitReason, IntentId, PlannedOrder, Record, Trade};

impl Book {
    /// Takes a record that was written at `at`. The same records in the same order give the same
    /// book, on the first run and on every restart.
    pub fn apply(&mut self, at: Timestamp, record: &Record) {
        match record {
            Record::AccountOpened { cash } => {
                self.cash = *cash;
                self.opened = true;
            }
            Record::SessionOpened { date, equity } => self.open_session(at, *date, *equity),
            Record::SessionClosed { summary } => self.close_session(summary.equity_at_close),
            Record::IntentTaken {
                decision, intent, ..
            } => self.count_intent(intent, decision),
            Record::OrderPlanned { order } => self.plan_order(order, at),
            Record::OrderReported { report } => self.take_report(report, at),
            Record::SubmitFailed { client_id, failure } => {
                self.submit_failed(*client_id, failure, at)
            }
            Record::CancelAsked { client_id, .. } => self.change(*client_id, at, |order| {
                order.cancel_asked = true;
            }),
            Record::ReplaceAsked { replacement, .. } => {
                self.change(replacement.client_id, at, |order| {
                    order.replace_asked = true
                });
            }
            Record::CancelFailed { client_id, .. } => self.change(*client_id, at, |order| {
                order.cancel_asked = false;
            }),
            Record::ReplaceFailed {
                client_id,
                new_client_id,
                ..
            } => {
                self.change(*client_id, at, |order| order.replace_asked = false);
                self.end(*new_client_id, Outcome::Rejected, at);
            }
            Record::OrderDropped { client_id } => self.drop_order(*client_id, at),
            Record::StopPlanned { symbol, stop, .. } => {
                self.change_holding(*symbol, |holding| holding.stop = Some(*stop));
            }
            Record::ExitPlanned { symbol, why, .. } => self.change_holding(*symbol, |holding| {
                holding.exit.get_or_insert(*why);
            }),
            Record::EntryLapsed { symbol, .. } | Record::TradeVoided { symbol, .. } => {
                self.free_symbol(*symbol);
            }
            Record::TradeClosed { trade } => self.close_trade(trade),
            Record::TradingStateSet { state, .. } => self.set_trading(at, state),
            Record::StrategySaved {
                route,
                symbol,
                state,
            } => self.save_strategy(route, *symbol, state),
            Record::Discrepancy { symbol, broker, .. } => {
                self.change_holding(*symbol, |holding| holding.adopt(*broker));
            }
            Record::CashAdopted { broker, .. } => self.cash = *broker,
            Record::Alerted { alert } => self.raise(at, alert),
            Record::AlertCleared { kind, symbol } => self.clear_alert(kind, *symbol),
            Record::AlertAcknowledged { .. } => {}
            Record::RunStarted { .. } => self.start_run(at),
            Record::RunEnded => self.starts.running = false,
            Record::SubmitRepeated { client_id } => self.change(*client_id, at, |_| {}),
            Record::Killed { scope, origin } => self.kill(at, scope, origin),
            Record::KillLifted { scope, .. } => self.lift_kill(at, scope),
            Record::Armed { arming, .. } => self.arming = Some(arming.clone()),
            Record::Disarmed { .. } => self.arming = None,
            Record::SymbolBlocked { symbol, block, .. } => {
                let block = block.clone();
                self.blocks.insert(*symbol, Blocked { at, block });
            }
            Record::SymbolFreed { symbol, .. } => {
                self.blocks.remove(symbol);
            }
            Record::ForeignSeen { order } => {
                self.foreign.insert(order.broker_id.clone(), order.clone());
            }
            Record::ForeignGone { broker_id } => {
                self.foreign.remove(broker_id);
            }
            Record::FlattenBegan { origin } => self.flatten = Some(origin.clone()),
            Record::FlattenEnded { .. } => self.flatten = None,
            Record::Exposed { share_micros, .. } => {
                if let Some(day) = &mut self.day {
                    day.exposed = day.exposed.saturating_add(*share_micros);
                }
            }
            Record::SplitApplied { symbol, new, old } => self.split(*symbol, *new, *old),
            Record::PositionAdopted { .. } | Record::FillCorrected { .. } => {}
            Record::Checkpoint { book } => {
                // A checkpoint that does not read back is refused when the journal is loaded.
                if let Ok(book) = serde_json::from_str(book) {
                    *self = book;
                }
            }
        }
    }

    fn change_holding(&mut self, symbol: Symbol, change: impl FnOnce(&mut Holding)) {
        if let Some(holding) = self.holdings.get_mut(&symbol) {
            change(holding);
        }
    }

    fn save_strategy(&mut self, route: &str, symbol: Symbol, state: &str) {
        let states = self.strategies.entry(route.into()).or_default();
        states.insert(symbol, state.into());
    }

    fn open_session(&mut self, at: Timestamp, date: chrono::NaiveDate, equity: Money) {
        self.day = Some(Day::open(date, equity));
        self.intents = 0;
        self.use_splits();
        self.forget_trip(at);
        let open: Vec<IntentId> = self.holdings.values().map(Holding::intent).collect();
        self.orders
            .retain(|id, order| order.is_live() || open.contains(&IntentId::from(*id)));
    }

    fn close_session(&mut self, equity: Money) {
        self.peak = Some(self.peak.map_or(equity, |peak| peak.max(equity)));
        if let Some(day) = &mut self.day {
            day.closed = true;
        }
    }

    fn count_intent(&mut self, intent: &Intent, decision: &Decision) {
        self.intents = self.intents.saturating_add(1);
        let Some(day) = &mut self.day else { return };
        if matches!(decision, Decision::Refused { .. }) && matches!(intent, Intent::Enter { .. }) {
            day.refusals = day.refusals.saturating_add(1);
        }
    }

    fn plan_order(&mut self, planned: &PlannedOrder, at: Timestamp) {
        if let Some(day) = &mut self.day {
            day.orders = day.orders.saturating_add(1);
            if planned.role() == OrderRole::Entry {
                let count = day.entries.entry(planned.route.clone()).or_default();
                *count = count.saturating_add(1);
            }
        }
        let request = &planned.request;
        if planned.role() == OrderRole::Entry {
            let direction = match request.side {
                Side::Buy => Direction::Long,
                Side::Sell => Direction::Short,
            };
            let stop = request.attached.stop.map(|(_, price)| price);
            self.holdings
                .entry(request.symbol)
                .or_insert_with(|| Holding {
                    symbol: request.symbol,
                    route: planned.route.clone(),
                    entry: request.client_id,
                    direction,
                    net: NetQty::ZERO,
                    entry_qty: Qty::ZERO,
                    entry_value: Money::ZERO,
                    exit_qty: Qty::ZERO,
                    exit_value: Money::ZERO,
                    fees: Money::ZERO,
                    entered_at: None,
                    last_fill_at: None,
                    initial_stop: stop,
                    stop,
                    target: request.attached.target.map(|(_, price)| price),
                    expires_after_bars: planned.expires_after_bars,
                    decided_on: planned.decided_on,
                    exit: None,
                    last_exit: None,
                    adopted: false,
                });
        }
        self.orders
            .insert(request.client_id, Order::new(planned.clone(), at));
    }

    fn change(&mut self, id: ClientOrderId, at: Timestamp, change: impl FnOnce(&mut Order)) {
        if let Some(order) = self.orders.get_mut(&id) {
            change(order);
            order.updated_at = at;
        }
    }

    fn end(&mut self, id: ClientOrderId, outcome: Outcome, at: Timestamp) {
        self.change(id, at, |order| {
            if let Ok(state) = order.state.transition(OrderState::Done(outcome)) {
                order.state = state;
            }
        });
    }

    /// What the broker had accepted and no longer knows has ended there, we do not know how.
    fn drop_order(&mut self, id: ClientOrderId, at: Timestamp) {
        let accepted = self
            .orders
            .get(&id)
            .is_some_and(|order| order.state.is_acknowledged());
        let outcome = if accepted {
            Outcome::Cancelled
        } else {
            Outcome::Dropped
        };
        self.end(id, outcome, at);
    }

    /// A refused submit ends the order and the exits that went with it; an ambiguous one is unknown.
    fn submit_failed(&mut self, id: ClientOrderId, failure: &RequestFailure, at: Timestamp) {
        let legs: Vec<ClientOrderId> = self
            .orders
            .values()
            .filter(|order| order.planned.parent == Some(id) || order.id() == id)
            .map(Order::id)
            .collect();
        let to = match failure {
            RequestFailure::Refused { .. } => OrderState::Done(Outcome::Rejected),
            RequestFailure::Ambiguous { .. } => OrderState::Unknown,
        };
        let message = match failure {
            RequestFailure::Refused { message, .. } | RequestFailure::Ambiguous { message } => {
                message
            }
        };
        for leg in legs {
            self.change(leg, at, |order| {
                if let Ok(state) = order.state.transition(to) {
                    order.state = state;
                    order.reason = Some(message.clone());
                }
            });
        }
    }

    fn take_report(&mut self, report: &OrderReport, at: Timestamp) {
        let Some(order) = self.orders.get_mut(&report.client_id) else {
            return;
        };
        order.updated_at = at;
        order.reported_filled = order.reported_filled.max(report.filled);
        order
            .broker_id
            .get_or_insert_with(|| report.broker_id.clone());
        if order.is_current(report) {
            order.move_to(report);
        }
        if report.reason.is_some() {
            order.reason.clone_from(&report.reason);
        }
        if order.state.is_terminal() {
            order.cancel_asked = false;
            order.replace_asked = false;
        }
        let kept = order.planned.replaces.filter(|_| order.was_refused());
        if let Some(old) = kept {
            self.change(old, at, |order| order.replace_asked = false);
        }
        let Some(execution) = &report.execution else {
            return;
        };
        let Some(order) = self.orders.get_mut(&report.client_id) else {
            return;
        };
        if order.executions.contains(&execution.id) {
            return;
        }
        order.executions.push(execution.id.clone());
        order.first_fill_at.get_or_insert(at);
        order.filled = order
            .filled
            .checked_add(execution.qty)
            .unwrap_or(order.filled);
        order.filled_value += execution.price.times(execution.qty);
        let exit = match order.role() {
            OrderRole::Entry => None,
            OrderRole::Stop => Some(ExitReason::StopLoss),
            OrderRole::Target => Some(ExitReason::Target),
            OrderRole::Exit => order.planned.exit_reason,
        };
        let (symbol, side) = (order.symbol(), order.side());
        self.take_fill(symbol, side, execution, exit);
    }

    fn take_fill(
        &mut self,
        symbol: Symbol,
        side: Side,
        fill: &Execution,
        exit: Option<ExitReason>,
    ) {
        let value = fill.price.times(fill.qty);
        match side {
            Side::Buy => self.cash -= value,
            Side::Sell => self.cash += value,
        }
        self.cash -= fill.fee;
        self.fees += fill.fee;
        if let Some(day) = &mut self.day {
            day.fills = day.fills.saturating_add(1);
            day.fees += fill.fee;
        }
        if let Some(holding) = self.holdings.get_mut(&symbol) {
            holding.take_fill(side, fill, exit);
        }
    }

    /// Ends the open trade of a symbol in the book.
    fn free_symbol(&mut self, symbol: Symbol) {
        let Some(holding) = self.holdings.remove(&symbol) else {
            return;
        };
        if let Some(states) = self.strategies.get_mut(&holding.route) {
            states.remove(&symbol);
        }
        if self.day.is_none() {
            // Without sessions nothing else would ever clear the ended orders away.
            let intent = holding.intent();
            self.orders.retain(|id, _| IntentId::from(*id) != intent);
        }
    }

    fn close_trade(&mut self, trade: &Trade) {
        self.free_symbol(trade.symbol);
        let Some(day) = &mut self.day else { return };
        day.trades = day.trades.saturating_add(1);
        day.realised += trade.profit;
        if trade.profit > Money::ZERO {
            day.winners = day.winners.saturating_add(1);
            day.losses_in_a_row = 0;
        } else if trade.profit < Money::ZERO {
            day.losers = day.losers.saturating_add(1);
            day.losses_in_a_row = day.losses_in_a_row.saturating_add(1);
        }
    }
}
