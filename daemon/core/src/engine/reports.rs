//! What the broker says: cumulative reports that count once, refusals, and halts.

use trader_contract::{
    BrokerEvent, ClientOrderId, OrderReport, OrderRole, OrderState, Outcome, RequestFailure,
    SymbolId, Timestamp,
};

use super::Engine;
use crate::book::Order;
use crate::command::Commands;
use crate::lane::Surroundings;
use crate::planted::{Bug, is};
use crate::record::{Block, Origin, Record, Severity, TradingState};

/// The alert that the broker has another order under an id of ours.
pub(super) const CONTRADICTED: &str = "contradicting_report";

impl Engine {
    pub(super) fn on_broker(&mut self, at: Timestamp, event: &BrokerEvent, out: &mut Commands) {
        self.hear_broker(at, event, out);
        if self.is_of_another_account(event) {
            return;
        }
        match event {
            BrokerEvent::Order(_)
                if is(Bug::SubscribeAfterSnapshot) && !self.reconciling.is_done() => {}
            BrokerEvent::Order(report) => self.on_report(at, report, out),
            BrokerEvent::SubmitFailed { client_id, failure } => {
                self.on_submit_failed(at, *client_id, failure, out);
            }
            BrokerEvent::CancelFailed { client_id, failure } => {
                let record = Record::CancelFailed {
                    client_id: *client_id,
                    failure: failure.clone(),
                };
                self.on_request_failed(at, *client_id, record, out);
            }
            BrokerEvent::ReplaceFailed {
                client_id,
                new_client_id,
                failure,
            } => {
                self.on_replace_failed(at, (*client_id, *new_client_id), failure, out);
            }
            BrokerEvent::Snapshot(snapshot) => {
                self.take_account(at, snapshot, out);
                if self.is_at_another_account() {
                    return self.refuse_snapshot(at, snapshot.number);
                }
                self.on_snapshot(at, snapshot, out);
            }
            BrokerEvent::SnapshotFailed { number, message } => {
                self.on_snapshot_failed(at, *number, message, out);
            }
            BrokerEvent::Link { up, why } => {
                if *up {
                    // What is on its way may have been taken before the stream stood.
                    self.reconciling.ask_again();
                }
                self.on_broker_link(at, *up, why, out);
            }
            BrokerEvent::Alive => {}
            BrokerEvent::Foreign(order) => self.on_foreign_order(at, order, out),
            BrokerEvent::Corrected {
                client_id,
                execution,
                now,
            } => self.on_corrected(at, (*client_id, execution, now.as_ref()), out),
            BrokerEvent::Asset {
                symbol,
                tradable,
                shortable,
            } => self.on_asset(at, *symbol, (*tradable, *shortable), out),
            BrokerEvent::Halt { symbol, halted } => self.on_halt(at, *symbol, *halted, out),
        }
    }

    /// Takes a report. One that says nothing new changes nothing and is not written.
    pub(super) fn on_report(&mut self, at: Timestamp, report: &OrderReport, out: &mut Commands) {
        self.look_for_taken_back(report, out);
        let Some(order) = self.book.orders.get(&report.client_id) else {
            return match self.recover(at, report, &[], out) {
                true => self.on_report(at, report, out),
                false => self.on_foreign(at, report, out),
            };
        };
        if order.contradicts(report) {
            return self.on_contradiction(at, report, out);
        }
        if !order.is_news(report) {
            return;
        }
        let known = order.executions.len();
        let was_live = order.is_live();
        let late = order.is_late();
        let unheard = order.is_unheard();
        let asked = order.cancel_asked;
        let was_over = !self.book.holdings.contains_key(&report.symbol);
        // A replacement that was given up has come to be.
        let replaced_by = report.replaced_by.filter(|new| {
            let new = self.book.orders.get(new);
            new.is_some_and(Order::is_late)
        });
        self.ladder.heard(self.reconciling);
        self.write(
            at,
            Record::OrderReported {
                report: report.clone(),
            },
            out,
        );
        if was_over && self.book.holdings.contains_key(&report.symbol) {
            self.reopen(report.symbol, out);
        }
        self.doubts.remove(&report.client_id);
        if late {
            self.on_late(at, report.client_id, out);
        } else if unheard && report.client_id.attempt > 1 {
            self.on_acknowledged(report.client_id);
        }
        if let Some(new) = replaced_by {
            self.on_late(at, new, out);
        }
        let Some(id) = self.by_ticker.get(&report.symbol).copied() else {
            return;
        };
        let Some(order) = self.book.orders.get(&report.client_id) else {
            return;
        };
        let fresh = order.executions.len() > known;
        let parent = order.planned.parent;
        let entry = parent.and_then(|parent| self.book.orders.get(&parent));
        let missing = report.filled > order.filled || entry.is_some_and(Order::misses_fills);
        if was_live && is_turned_away(order, asked) {
            self.on_turned_away(at, id, report.client_id, out);
        }
        if missing {
            // The broker has filled more than the executions that we heard of: ask for the rest.
            self.request_snapshot(out);
        }
        if fresh {
            self.after_fill(at, id, report, out);
        }
        self.tend(at, id, out);
    }

    /// Where a report tells of fewer shares than were heard of, an execution was taken back: the broker's
    /// records say which.
    fn look_for_taken_back(&mut self, report: &OrderReport, out: &mut Commands) {
        // An answer that is being compared is the records already.
        if self.comparing {
            return;
        }
        let known = self.book.orders.get(&report.client_id);
        if known.is_some_and(|order| order.has_more_than(report)) {
            self.request_snapshot(out);
        }
    }

    fn after_fill(
        &mut self,
        at: Timestamp,
        id: SymbolId,
        report: &OrderReport,
        out: &mut Commands,
    ) {
        self.value_account();
        let Some(execution) = &report.execution else {
            return;
        };
        let Some(state) = self.symbols.get(id.index()) else {
            return;
        };
        let Some(owner) = state.owner else { return };
        let (position, age) = (
            state.position,
            self.lanes.get(owner).map_or(0, |l| l.entry_age),
        );
        let around = Surroundings {
            session: self.session_view(),
            position,
            pending: state.pending_view(age),
        };
        let mut intents = std::mem::take(&mut self.intents);
        if let Some(lane) = self.lanes.get_mut(owner) {
            lane.filled(at, around, execution, &mut intents);
        }
        self.carry_out(at, owner, None, &mut intents, out);
        self.intents = intents;
        self.save_strategy(at, owner, out);
    }

    /// The broker's order under an id of ours is not what was sent: the symbol is not entered until a
    /// person has looked at it. Nothing of the report counts.
    fn on_contradiction(&mut self, at: Timestamp, report: &OrderReport, out: &mut Commands) {
        let id = report.client_id;
        let ours = self.book.orders.get(&id).map(Order::symbol);
        for symbol in ours.into_iter().chain([report.symbol]) {
            if self.book.standing(CONTRADICTED, Some(symbol)).is_some() {
                continue;
            }
            let message = format!(
                "the broker's order {id} has another symbol, side or quantity than ours; {symbol} is not entered"
            );
            self.raise_standing(
                at,
                (Severity::Critical, CONTRADICTED, Some(symbol)),
                (
                    message,
                    "compare it with the broker's records, then `traderctl arm --symbol`",
                ),
                out,
            );
            self.block(at, symbol, Block::Contradicted, out);
        }
    }

    fn on_submit_failed(
        &mut self,
        at: Timestamp,
        client_id: ClientOrderId,
        failure: &RequestFailure,
        out: &mut Commands,
    ) {
        let Some(order) = self.book.orders.get(&client_id).cloned() else {
            return;
        };
        if order.state.is_acknowledged() || order.state.is_terminal() {
            // A report overtook the failed reply: the order is what the report says.
            return;
        }
        let record = Record::SubmitFailed {
            client_id,
            failure: failure.clone(),
        };
        self.write(at, record, out);
        let open = self.book.orders.get(&client_id).is_some_and(Order::is_live);
        match failure {
            RequestFailure::Refused { .. } if open => {
                self.on_repeat_refused(at, client_id, failure, out);
            }
            RequestFailure::Refused { code, message } => {
                self.on_refused(at, &order, *code, message, out);
            }
            RequestFailure::Ambiguous { .. } => self.doubt(at, client_id, out),
        }
        if let Some(id) = self.by_ticker.get(&order.symbol()).copied() {
            self.tend(at, id, out);
        }
    }

    fn on_refused(
        &mut self,
        at: Timestamp,
        order: &Order,
        code: u32,
        message: &str,
        out: &mut Commands,
    ) {
        if let (true, Some(id)) = (
            order.role().is_reducing(),
            self.by_ticker.get(&order.symbol()),
        ) {
            self.back_off(at, *id);
        }
        self.tell_refused(at, order, &format!("{message} ({code})"), out);
    }

    /// A replacement failed. A refused one never comes to be; of one that nobody answered, the broker's
    /// records tell whether it did.
    fn on_replace_failed(
        &mut self,
        at: Timestamp,
        (client_id, new_client_id): (ClientOrderId, ClientOrderId),
        failure: &RequestFailure,
        out: &mut Commands,
    ) {
        let new = self.book.orders.get(&new_client_id);
        if new.is_none_or(|new| !new.is_unheard()) {
            // A report overtook the failed reply: the order is what the report says.
            return;
        }
        let failure = failure.clone();
        match failure {
            RequestFailure::Refused { .. } => {
                self.doubts.remove(&new_client_id);
                let record = Record::ReplaceFailed {
                    client_id,
                    new_client_id,
                    failure,
                };
                self.on_request_failed(at, client_id, record, out);
            }
            RequestFailure::Ambiguous { .. } => {
                let record = Record::SubmitFailed {
                    client_id: new_client_id,
                    failure,
                };
                self.write(at, record, out);
                self.doubt(at, new_client_id, out);
                if let Some(id) = self.traded_by(client_id) {
                    self.tend(at, id, out);
                }
            }
        }
    }

    fn traded_by(&self, order: ClientOrderId) -> Option<SymbolId> {
        let symbol = self.book.orders.get(&order)?.symbol();
        self.by_ticker.get(&symbol).copied()
    }

    fn on_request_failed(
        &mut self,
        at: Timestamp,
        client_id: ClientOrderId,
        record: Record,
        out: &mut Commands,
    ) {
        let Some(order) = self.book.orders.get(&client_id) else {
            return;
        };
        let (symbol, was_live) = (order.symbol(), order.is_live());
        let cancel = match &record {
            Record::CancelFailed { failure, .. } => Some(failure.clone()),
            _ => None,
        };
        self.write(at, record, out);
        let Some(id) = self.by_ticker.get(&symbol).copied() else {
            return;
        };
        if was_live {
            self.back_off(at, id);
            if let Some(failure) = cancel {
                self.tell_cancel_failed(at, id, (client_id, &failure), out);
            }
            // What became of the order meanwhile is the broker's to say.
            self.request_snapshot(out);
        }
        self.tend(at, id, out);
    }

    /// Stops entries until an operator resumes.
    pub(super) fn halt(&mut self, at: Timestamp, why: &str, out: &mut Commands) {
        if matches!(self.book.trading_beneath(), TradingState::Halted(_)) {
            return;
        }
        let state = TradingState::Halted(why.into());
        self.set_trading(at, state, Origin::Engine, out);
    }
}

/// Whether the broker did not do what a closing or protecting order was for, and nobody asked it to end:
/// it is not sent again at once.
fn is_turned_away(order: &Order, asked: bool) -> bool {
    let ended = matches!(
        order.state,
        OrderState::Done(Outcome::Cancelled | Outcome::Expired)
    );
    let given_back = order.role() == OrderRole::Exit && !asked && ended;
    let refused = order.was_refused() && order.role().is_reducing();
    let on_its_own = order.planned.parent.is_none() || order.planned.replaces.is_some();
    (refused || given_back) && on_its_own
}
