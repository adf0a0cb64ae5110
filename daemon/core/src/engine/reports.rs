//! What the broker says: cumulative reports that count once, refusals, and halts.

use trader_contract::{
    BrokerEvent, ClientOrderId, OrderReport, OrderRole, OrderState, Outcome, RequestFailure,
    SymbolId, Timestamp,
};

use super::Engine;
use crate::book::Order;
use crate::command::{Command, Commands};
use crate::lane::Surroundings;
use crate::record::{Origin, Record, Severity, TradingState};

impl Engine {
    pub(super) fn on_broker(&mut self, at: Timestamp, event: &BrokerEvent, out: &mut Commands) {
        self.hear_broker(at, event, out);
        match event {
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
                let record = Record::ReplaceFailed {
                    client_id: *client_id,
                    new_client_id: *new_client_id,
                    failure: failure.clone(),
                };
                self.on_request_failed(at, *client_id, record, out);
            }
            BrokerEvent::Snapshot(snapshot) => {
                self.take_account(at, snapshot, out);
                self.on_snapshot(at, snapshot, out);
            }
            BrokerEvent::SnapshotFailed { number, message } => {
                self.on_snapshot_failed(at, *number, message, out);
            }
            BrokerEvent::Link { up, why } => self.on_broker_link(at, *up, why, out),
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
        let Some(order) = self.book.orders.get(&report.client_id) else {
            return self.on_foreign(at, report, out);
        };
        if order.contradicts(report) {
            return self.on_contradiction(at, report, out);
        }
        if !order.is_news(report) {
            return;
        }
        let known = order.executions.len();
        let was_live = order.is_live();
        let asked = order.cancel_asked;
        self.ladder.heard(self.reconciling);
        self.write(
            at,
            Record::OrderReported {
                report: report.clone(),
            },
            out,
        );
        let Some(id) = self.by_ticker.get(&report.symbol).copied() else {
            return;
        };
        let Some(order) = self.book.orders.get(&report.client_id) else {
            return;
        };
        let fresh = order.executions.len() > known;
        let missing = report.filled > order.filled;
        let ended = matches!(
            order.state,
            OrderState::Done(Outcome::Cancelled | Outcome::Expired)
        );
        let given_back = order.role() == OrderRole::Exit && !asked && ended;
        let refused = was_live && (order.was_refused() && order.role().is_reducing() || given_back);
        let on_its_own = order.planned.parent.is_none() || order.planned.replaces.is_some();
        if refused && on_its_own {
            self.back_off(at, id);
        }
        if missing {
            // The broker has filled more than the executions that we heard of: ask for the rest.
            self.request_snapshot(out);
        }
        let known_trade = self.book.holdings.contains_key(&report.symbol);
        if fresh && !known_trade {
            // A fill of a trade that was over: whatever it left is for the broker to say.
            self.request_snapshot(out);
        }
        if fresh {
            self.after_fill(at, id, report, out);
        }
        self.tend(at, id, out);
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

    /// An order at the broker that our journal does not know. It is left alone: it may be somebody's
    /// stop.
    fn on_foreign(&mut self, at: Timestamp, report: &OrderReport, out: &mut Commands) {
        if report.status.state().is_terminal() && report.client_id.epoch == self.epoch {
            // Ended in an earlier session, and cleared away since.
            return;
        }
        if !self.foreign.insert(report.client_id) {
            return;
        }
        self.alert(
            at,
            (Severity::Critical, "foreign_order", Some(report.symbol)),
            (
                format!(
                    "the broker reports order {}, which this store did not make",
                    report.client_id
                ),
                "look at it at the broker; entries in the symbol stay off while it is open",
            ),
            out,
        );
        let why = format!("foreign order {}", report.client_id);
        self.halt(at, &why, out);
    }

    fn on_contradiction(&mut self, at: Timestamp, report: &OrderReport, out: &mut Commands) {
        let id = report.client_id;
        self.alert(
            at,
            (
                Severity::Critical,
                "contradicting_report",
                Some(report.symbol),
            ),
            (
                format!("the broker's order {id} has another symbol, side or quantity than ours"),
                "compare it with the broker's records before resuming",
            ),
            out,
        );
        self.halt(
            at,
            &format!("order {id} at the broker is not what was sent"),
            out,
        );
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
        match failure {
            RequestFailure::Refused { code, message } => {
                self.on_refused(at, &order, *code, message, out);
            }
            RequestFailure::Ambiguous { .. } => self.request_snapshot(out),
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
        let severity = match order.role() {
            OrderRole::Entry => Severity::Notice,
            _ => Severity::Warning,
        };
        if let (true, Some(id)) = (
            order.role().is_reducing(),
            self.by_ticker.get(&order.symbol()),
        ) {
            self.back_off(at, *id);
        }
        self.alert(
            at,
            (severity, "order_refused", Some(order.symbol())),
            (
                format!(
                    "the broker refused {} order {}: {message} ({code})",
                    order.role(),
                    order.id()
                ),
                "nothing for an entry; a stop or an exit is tried again by itself",
            ),
            out,
        );
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
        self.write(at, record, out);
        let Some(id) = self.by_ticker.get(&symbol).copied() else {
            return;
        };
        if was_live {
            self.back_off(at, id);
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
        self.write(
            at,
            Record::TradingStateSet {
                state,
                origin: Origin::Engine,
            },
            out,
        );
        self.tend_all(at, out);
    }

    /// Asks the broker what it holds, once until it answers.
    pub(super) fn request_snapshot(&mut self, out: &mut Commands) {
        if let Some(number) = self.reconciling.ask(self.now) {
            let since = Timestamp::MIN;
            out.push(Command::RequestSnapshot { number, since });
        }
    }

    /// Ends what the broker's records prove to be gone.
    pub(super) fn drop_order(
        &mut self,
        at: Timestamp,
        client_id: ClientOrderId,
        out: &mut Commands,
    ) {
        let live = self.book.orders.get(&client_id).is_some_and(Order::is_live);
        if live {
            self.write(at, Record::OrderDropped { client_id }, out);
        }
    }
}
