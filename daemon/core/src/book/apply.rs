//! The fold: what each record changes in the book.

use trader_contract::{
    ClientOrderId, Intent, Money, OrderRole, OrderState, Outcome, RequestFailure, Symbol, Timestamp,
};

use super::{Book, CashApart, Day, Holding, Order};
use crate::planted::{Bug, is};
use crate::record::{Decision, IntentId, PlannedOrder, Record, Trade};

/// How long an order is remembered that the broker's records lacked: it may turn up after all.
const GIVEN_UP_KEPT: i64 = 7 * 24 * 60 * Timestamp::MINUTE;

impl Book {
    /// Takes a record that was written at `at`. The same records in the same order give the same
    /// book, on the first run and on every restart.
    pub fn apply(&mut self, at: Timestamp, record: &Record) {
        match record {
            Record::StopPlanned { .. }
            | Record::ExitPlanned { .. }
            | Record::EntryLapsed { .. }
            | Record::TradeVoided { .. }
            | Record::TradeClosed { .. }
            | Record::Discrepancy { .. }
            | Record::PositionAdopted { .. }
            | Record::SplitApplied { .. } => self.apply_to_trades(at, record),
            Record::OrderPlanned { .. }
            | Record::OrderReported { .. }
            | Record::SubmitFailed { .. }
            | Record::CancelAsked { .. }
            | Record::ReplaceAsked { .. }
            | Record::CancelFailed { .. }
            | Record::ReplaceFailed { .. }
            | Record::OrderDropped { .. }
            | Record::SubmitRepeated { .. }
            | Record::FillCorrected { .. } => self.apply_to_orders(at, record),
            Record::Alerted { .. }
            | Record::AlertCleared { .. }
            | Record::AlertAcknowledged { .. }
            | Record::RunStarted { .. }
            | Record::RunEnded
            | Record::Killed { .. }
            | Record::KillLifted { .. }
            | Record::Armed { .. }
            | Record::Disarmed { .. }
            | Record::SymbolBlocked { .. }
            | Record::SymbolFreed { .. }
            | Record::ForeignSeen { .. }
            | Record::ForeignGone { .. }
            | Record::FlattenBegan { .. }
            | Record::FlattenEnded { .. } => self.apply_authority(at, record),
            Record::OverrideAsked { .. }
            | Record::OverrideMissed { .. }
            | Record::OverrideEnded { .. } => self.apply_override(record),
            Record::AccountOpened { .. }
            | Record::AccountNamed { .. }
            | Record::SessionOpened { .. }
            | Record::SessionClosed { .. }
            | Record::CashAdopted { .. }
            | Record::CashSetApart { .. }
            | Record::Exposed { .. } => self.apply_to_account(at, record),
            Record::IntentTaken {
                decision, intent, ..
            } => {
                self.count_intent(intent, decision);
                self.keep_refused(at, record);
            }
            Record::TradingStateSet { state, .. } => self.set_trading(at, state),
            Record::StrategySaved {
                route,
                symbol,
                state,
            } => self.save_strategy(route, *symbol, state),
            Record::Checkpoint { book } => {
                // A checkpoint that does not read back is refused when the journal is loaded.
                if let Ok(book) = serde_json::from_str(book) {
                    *self = book;
                }
            }
        }
    }

    /// The records that are about the account and its days.
    fn apply_to_account(&mut self, at: Timestamp, record: &Record) {
        match record {
            Record::AccountOpened { cash } => {
                self.cash = *cash;
                self.opened = true;
            }
            Record::AccountNamed { account } => self.account = Some(account.clone()),
            Record::SessionOpened { date, equity } => self.open_session(at, *date, *equity),
            Record::SessionClosed { summary } => self.close_session(summary.equity_at_close),
            Record::CashAdopted {
                ours,
                broker,
                transfer,
            } => {
                self.cash = *broker;
                if *transfer {
                    self.move_marks(*broker - *ours);
                }
            }
            Record::CashSetApart { amount, positions } => {
                self.apart = CashApart {
                    amount: *amount,
                    positions: positions.clone(),
                };
            }
            Record::Exposed { share_micros, .. } => {
                if let Some(day) = &mut self.day {
                    day.exposed = day.exposed.saturating_add(*share_micros);
                }
            }
            _ => {}
        }
    }

    /// The records that are about an open trade.
    fn apply_to_trades(&mut self, at: Timestamp, record: &Record) {
        match record {
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
            Record::Discrepancy {
                symbol,
                broker,
                price,
                ..
            } => {
                self.change_holding(*symbol, |holding| holding.adopt(*broker, *price));
            }
            Record::PositionAdopted {
                symbol,
                net,
                client_id,
                stop,
                price,
                ..
            } => self.adopt_position(*symbol, (*net, *price), *client_id, *stop, at),
            Record::SplitApplied { symbol, new, old } => self.split(*symbol, *new, *old),
            _ => {}
        }
    }

    /// The records that are about one order.
    fn apply_to_orders(&mut self, at: Timestamp, record: &Record) {
        match record {
            Record::OrderPlanned { order } => self.plan_order(order, at),
            Record::OrderReported { report } => self.take_report(report, at),
            Record::SubmitFailed { client_id, failure } => {
                self.submit_failed(*client_id, failure, at)
            }
            Record::CancelAsked { client_id, .. } => self.ask_cancel(*client_id, at),
            Record::ReplaceAsked { replacement, .. } => {
                self.change(replacement.client_id, at, |order| {
                    order.replace_asked = true;
                    order.asked_at = Some(at);
                });
            }
            Record::CancelFailed { client_id, .. } => {
                self.change(*client_id, at, |order| order.cancel_asked = false);
                if is(Bug::CancelTimeoutIsDone) {
                    self.end(*client_id, Outcome::Cancelled, at);
                }
            }
            Record::ReplaceFailed {
                client_id,
                new_client_id,
                failure,
            } => {
                self.change(*client_id, at, |order| order.replace_asked = false);
                let outcome = match failure {
                    RequestFailure::Refused { .. } => Outcome::Rejected,
                    RequestFailure::Ambiguous { .. } => Outcome::Dropped,
                };
                self.end(*new_client_id, outcome, at);
            }
            Record::OrderDropped { client_id } => self.end(*client_id, Outcome::Dropped, at),
            Record::SubmitRepeated { client_id } => self.change(*client_id, at, |order| {
                if let Ok(state) = order.state.transition(OrderState::Unknown) {
                    order.state = state;
                }
            }),
            Record::FillCorrected {
                client_id,
                execution,
                now,
            } => self.correct_fill(*client_id, execution, now.as_ref(), at),
            _ => {}
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
        self.refused.clear();
        self.use_splits();
        self.forget_trip(at);
        let open: Vec<IntentId> = self.holdings.values().map(Holding::intent).collect();
        self.orders.retain(|id, order| {
            let given_up = order.state == OrderState::Done(Outcome::Dropped)
                && at.since(order.updated_at) < GIVEN_UP_KEPT;
            let open = open.contains(&IntentId::from(*id));
            order.is_live() || open || order.misses_fills() || given_up
        });
    }

    /// What was paid in or out is neither won nor lost: the marks that equity is measured by move with it.
    fn move_marks(&mut self, paid_in: Money) {
        if let Some(day) = self.day.as_mut().filter(|day| !day.closed) {
            day.equity_at_open += paid_in;
        }
        self.peak = self.peak.map(|peak| peak + paid_in);
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
            self.holdings
                .entry(request.symbol)
                .or_insert_with(|| Holding::planned(planned));
        }
        self.orders
            .insert(request.client_id, Order::new(planned.clone(), at));
    }

    /// A cancel is wanted; it is sent, and counts, only where the broker may have the order.
    fn ask_cancel(&mut self, id: ClientOrderId, at: Timestamp) {
        let mut is_sent = false;
        self.change(id, at, |order| {
            order.unwanted = true;
            order.cancel_asked = order.may_be_cancelled();
            order.asked_at = Some(at);
            is_sent = order.cancel_asked;
        });
        if let Some(day) = self.day.as_mut().filter(|_| is_sent) {
            day.cancels = day.cancels.saturating_add(1);
        }
    }

    pub(super) fn change(
        &mut self,
        id: ClientOrderId,
        at: Timestamp,
        change: impl FnOnce(&mut Order),
    ) {
        if let Some(mut order) = self.orders.get_mut(&id) {
            change(&mut order);
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

    /// A refused submit ends the order and the exits that went with it; an ambiguous one is unknown,
    /// and so is one that is refused because its id is used: something has arrived under it.
    fn submit_failed(&mut self, id: ClientOrderId, failure: &RequestFailure, at: Timestamp) {
        let is_unknown = |order: &Order| order.state == OrderState::Unknown;
        if self.orders.get(&id).is_some_and(is_unknown) {
            // No answer to one sending tells what became of another, nor of what went out with it.
            return self.change(id, at, |_| ());
        }
        let exits = self.orders.unsettled();
        let exits = exits.filter(|order| order.planned.parent == Some(id) && order.is_live());
        let legs: Vec<ClientOrderId> = std::iter::once(id).chain(exits.map(Order::id)).collect();
        let refused = matches!(failure, RequestFailure::Refused { .. });
        let known = refused && !failure.says_id_is_used();
        let to = if known || is(Bug::TimeoutIsRejected) {
            OrderState::Done(Outcome::Rejected)
        } else {
            OrderState::Unknown
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
        self.forget_unknown(id);
    }

    /// What a bug makes of an entry of unknown fate: its symbol is free.
    fn forget_unknown(&mut self, id: ClientOrderId) {
        let unknown =
            |order: &&Order| order.role() == OrderRole::Entry && order.state == OrderState::Unknown;
        if let Some(symbol) = self.orders.get(&id).filter(unknown).map(Order::symbol)
            && is(Bug::EnterableWhileUnknown)
        {
            self.free_symbol(symbol);
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
        } else if trade.profit < Money::ZERO && !is(Bug::LossesNotCounted) {
            day.losers = day.losers.saturating_add(1);
            day.losses_in_a_row = day.losses_in_a_row.saturating_add(1);
        }
    }
}
