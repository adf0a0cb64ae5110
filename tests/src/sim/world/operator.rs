//! What operators do: calls through the handlers that serve RPC, each of them perhaps sent twice, some of
//! them by who may not, and sent again where no answer came.

use std::sync::{Arc, Mutex};

use trader_contract::{IntentNo, OrderRole, Symbol, Timestamp};
use trader_core::book::Book;
use trader_core::record::{IntentId, Scope};
use trader_core::{Event, OperatorCommand};
use trader_kernel::{Asked, Call, Kernel, Peer, Reply};
use trader_rpc::{
    self as rpc, Accepted, AckAlertParams, AdoptParams, ArmParams, CancelParams, ChangeParams,
    CloseParams, ConfirmOverrideParams, Failure, IgnoreParams, IntentName, KillParams,
    OrdersParams, OverrideParams, RequestId, Role, StopParams, method,
};

use super::World;
use super::queue::Due;
use crate::sim::invariants::{Called, Question};
use crate::sim::plan::{Action, Deed, Reach};
use crate::sim::setup;

/// Where an answer is put.
pub(super) type Slot<T> = Arc<Mutex<Option<Result<T, Failure>>>>;

/// A call whose answer does not come is sent again after this,
const AGAIN: i64 = 20 * Timestamp::SECOND;
/// and so often at most.
const TIMES: u32 = 6;

impl World<'_> {
    /// A person does something.
    pub(super) fn act(&mut self, index: usize) {
        let plan = self.plan;
        let Some(action) = plan.actions.get(index) else {
            return;
        };
        if action.deed.is_by_hand() {
            return self.by_hand(action.deed);
        }
        if self.asleep {
            return;
        }
        if self.kernel.is_none() {
            // Nobody listens; whoever calls finds that out.
            return self.act_again(index);
        }
        if action.deed == Deed::Look {
            self.count_deed(action.deed.name());
            return self.look(action.role);
        }
        if self.waits_for_its_cause(action.deed) {
            return self.act_again(index);
        }
        let times = if action.twice { 2 } else { 1 };
        for _ in 0..times {
            self.call(index, action);
        }
    }

    /// Whether there is nothing yet that a person could override, or confirm.
    fn waits_for_its_cause(&self, deed: Deed) -> bool {
        let Some(book) = self.kernel.as_ref().map(|kernel| kernel.engine().book()) else {
            return false;
        };
        match deed {
            Deed::Override { .. } => book.refused.is_empty(),
            Deed::Confirm { .. } => book.asked.is_none(),
            _ => false,
        }
    }

    fn act_again(&mut self, index: usize) {
        let times = self.attempts.entry(index).or_default();
        *times += 1;
        if *times <= TIMES {
            let at = self.now.plus_nanos(AGAIN);
            self.queue.push(at, Due::Act(index));
        }
    }

    /// A person looks whether anything is traded on both sides, and lets entries in again if not: by
    /// chance everything may have been stopped before the first of one side.
    pub(super) fn remind(&mut self, number: usize) {
        if self.sides == [true; 2] || self.kernel.is_none() || self.asleep {
            return;
        }
        let first = self.plan.actions.len() + 2 * number;
        let deeds = [Deed::Arm(Reach::All), Deed::Resume];
        for (index, deed) in (first..).zip(deeds) {
            self.call(index, &Action::of(self.now, deed));
        }
    }

    pub(super) fn count_deed(&mut self, name: &'static str) {
        *self.deeds.entry(name).or_default() += 1;
    }

    /// Makes a call, and looks at what comes of it.
    fn call(&mut self, index: usize, action: &Action) {
        let Ok(id) = RequestId::try_from(format!("deed-{index}")) else {
            return;
        };
        let answer: Slot<Accepted> = Arc::default();
        let Some((call, event)) = self.call_of(action.deed, id.clone(), &answer) else {
            return;
        };
        let method = call.method();
        let may = method::required_role(method).is_some_and(|role| action.role >= role);
        let remembered = self.disk.request(&id.to_string()).is_some();
        let before = self.calls_effects();
        self.count_deed(if may { action.deed.name() } else { "denied" });
        if may && !remembered {
            self.ask_for(&event);
        }
        self.early = false;
        self.asking = Some(Arc::clone(&answer));
        self.ask_kernel(call, action.role);
        self.asking = None;
        let early = std::mem::take(&mut self.early);
        let answered = answer.lock().ok().and_then(|answer| answer.clone());
        let words = match &answered {
            Some(Ok(accepted)) => accepted.message.clone(),
            Some(Err(failure)) => failure.to_string(),
            None => String::new(),
        };
        self.log.data("answer", &(action.deed.name(), words));
        // Nobody hears a process that has died.
        let heard = answered.filter(|_| !self.deaths.is_dead());
        let Some(heard) = heard else {
            self.count_deed("answer_lost");
            return self.act_again(index);
        };
        let acted = may || before != self.calls_effects();
        let called = Called {
            deed: action.deed.name(),
            answer: &heard,
            may,
            acted,
            remembered,
            early,
        };
        self.ask(Question::Called, |watcher, view| {
            watcher.called(&called, view)
        });
        if let (Ok(accepted), Event::Operator { command, .. }) = (&heard, &event) {
            if accepted.repeated {
                self.count_deed("repeated");
            } else {
                self.acknowledged(command);
            }
        }
    }

    /// What a call may have changed: the book, and what was written and sent.
    fn calls_effects(&self) -> (usize, Option<Book>) {
        let book = self
            .kernel
            .as_ref()
            .map(|kernel| kernel.engine().book().clone());
        (self.did.len(), book)
    }

    /// A call that will reach the engine is about to be made.
    fn ask_for(&mut self, event: &Event) {
        let now = self.daemon_now();
        if let Event::Operator {
            command: OperatorCommand::Arm { scope, .. },
            ..
        } = event
        {
            // From the asking on nobody can say: the answer may be lost.
            self.ask(Question::Killed, |watcher, view| {
                watcher.killed(scope, true, view)
            });
        }
        self.ask(Question::Told, |watcher, view| {
            watcher.told(event, now, view)
        });
    }

    /// A call was answered: a kill holds from here on.
    fn acknowledged(&mut self, command: &OperatorCommand) {
        if let OperatorCommand::Kill { scope, .. } = command
            && !self.around.journal_failed
        {
            self.ask(Question::Killed, |watcher, view| {
                watcher.killed(scope, false, view)
            });
        }
    }

    /// The call of a deed, and what the engine will be told if it is let through.
    fn call_of(
        &mut self,
        deed: Deed,
        request_id: RequestId,
        answer: &Slot<Accepted>,
    ) -> Option<(Call, Event)> {
        use OperatorCommand as Do;
        let request = request_id.to_string().into();
        let change = || ChangeParams {
            request_id: request_id.clone(),
        };
        let (call, command) = match deed {
            Deed::Pause => (Call::Pause(change(), reply(answer)), Do::Pause),
            Deed::Resume => (Call::Resume(change(), reply(answer)), Do::Resume),
            Deed::Flatten => (Call::Flatten(change(), reply(answer)), Do::Flatten),
            Deed::Disarm => (Call::Disarm(change(), reply(answer)), Do::Disarm),
            Deed::Reconcile => (Call::Reconcile(change(), reply(answer)), Do::Reconcile),
            Deed::Cancel => {
                let order = self.oldest_order()?;
                let params = CancelParams { request_id, order };
                (Call::Cancel(params, reply(answer)), Do::Cancel(order))
            }
            Deed::AckAlert => {
                let number = self.newest_alert();
                let params = AckAlertParams {
                    request_id,
                    alert: number,
                };
                let call = Call::AckAlert(params, reply(answer));
                (call, Do::AckAlert { number })
            }
            Deed::Stop { flatten, down } => {
                self.stays_down = down;
                let params = StopParams {
                    request_id,
                    flatten: Some(flatten),
                };
                (Call::Stop(params, reply(answer)), Do::Stop { flatten })
            }
            Deed::Close(place) | Deed::Adopt(place) | Deed::Ignore(place) => {
                let symbol = self.plan.symbols.get(place)?.symbol;
                about(deed, symbol, request_id, answer)?
            }
            Deed::Kill { reach, .. } | Deed::Arm(reach) => {
                let scope = setup::scope(self.plan, reach);
                within(deed, scope, request_id, answer)?
            }
            Deed::Override { .. } | Deed::Confirm { .. } => {
                let book = self.kernel.as_ref().map(Kernel::engine)?.book();
                overriding(deed, book, request_id, answer)?
            }
            Deed::Rest(_) | Deed::Withdraw(_) | Deed::Trade { .. } | Deed::Look => return None,
        };
        let uid = 1_000;
        let event = Event::Operator {
            command,
            uid,
            request,
        };
        Some((call, event))
    }

    /// Everything that can be looked at is looked at.
    fn look(&mut self, role: Role) {
        let status = Arc::default();
        self.ask_kernel(Call::Status(reply(&status)), role);
        let positions = Arc::default();
        self.ask_kernel(Call::Positions(reply(&positions)), role);
        let orders = Arc::default();
        let open = OrdersParams::default();
        self.ask_kernel(Call::OpenOrders(open, reply(&orders)), role);
        let strategies = Arc::default();
        self.ask_kernel(Call::Strategies(reply(&strategies)), role);
        let obstacles = Arc::default();
        self.ask_kernel(Call::WhyHalted(reply(&obstacles)), role);
        self.write_answer("status", &status);
        self.write_answer("positions", &positions);
        self.write_answer("orders", &orders);
        self.write_answer("routes", &strategies);
        self.write_answer("obstacles", &obstacles);
    }

    fn write_answer<T: serde::Serialize>(&mut self, tag: &'static str, answer: &Slot<T>) {
        if let Ok(answer) = answer.lock()
            && let Some(Ok(answer)) = &*answer
        {
            self.log.data(tag, answer);
        }
    }

    fn ask_kernel(&mut self, call: Call, role: Role) {
        let now = self.daemon_now();
        let peer = Peer {
            uid: 1_000,
            pid: None,
            role,
            connection: 1,
        };
        let asked = Asked { call, peer };
        self.with_kernel(|kernel, edges| kernel.answer(now, asked, edges));
    }

    /// An order that a person might want to cancel: an entry rather than an exit.
    fn oldest_order(&self) -> Option<trader_contract::ClientOrderId> {
        let book = self.kernel.as_ref().map(Kernel::engine)?.book();
        let live = || book.orders.values().filter(|order| order.is_live());
        let entry = live().find(|order| order.role() == OrderRole::Entry);
        entry.or_else(|| live().next()).map(|order| order.id())
    }

    /// The number of the alert that was raised last of those that stand; one that there is not, else.
    fn newest_alert(&self) -> u64 {
        let written = self.disk.head().seq;
        let standing = self
            .kernel
            .as_ref()
            .map_or(0, |kernel| kernel.engine().book().alerts.len());
        if standing > 0 { written } else { u64::MAX }
    }
}

/// A call about one symbol.
fn about(
    deed: Deed,
    symbol: Symbol,
    request_id: RequestId,
    answer: &Slot<Accepted>,
) -> Option<(Call, OperatorCommand)> {
    use OperatorCommand as Do;
    Some(match deed {
        Deed::Close(_) => {
            let params = CloseParams { request_id, symbol };
            (Call::Close(params, reply(answer)), Do::Close(symbol))
        }
        Deed::Adopt(_) => {
            let stop = None;
            let params = AdoptParams {
                request_id,
                symbol,
                stop,
            };
            let call = Call::Adopt(params, reply(answer));
            (call, Do::Adopt { symbol, stop })
        }
        Deed::Ignore(_) => {
            let params = IgnoreParams { request_id, symbol };
            (Call::Ignore(params, reply(answer)), Do::Ignore(symbol))
        }
        _ => return None,
    })
}

/// A kill or an arming.
fn within(
    deed: Deed,
    scope: Scope,
    request_id: RequestId,
    answer: &Slot<Accepted>,
) -> Option<(Call, OperatorCommand)> {
    use OperatorCommand as Do;
    let told = on_the_wire(&scope);
    Some(match deed {
        Deed::Kill { flatten, .. } => {
            let params = KillParams {
                request_id,
                scope: told,
                flatten,
            };
            let call = Call::Kill(params, reply(answer));
            (call, Do::Kill { scope, flatten })
        }
        Deed::Arm(_) => {
            let params = ArmParams {
                request_id,
                scope: told,
                account: None,
            };
            let call = Call::Arm(params, reply(answer));
            let account = None;
            (call, Do::Arm { scope, account })
        }
        _ => return None,
    })
}

fn on_the_wire(scope: &Scope) -> rpc::Scope {
    match scope {
        Scope::All => rpc::Scope::All,
        Scope::Symbol(symbol) => rpc::Scope::Symbol(*symbol),
        Scope::Strategy(name) => rpc::Scope::Strategy(name.to_string()),
    }
}

fn reply<T: Send + 'static>(answer: &Slot<T>) -> Reply<T> {
    let answer = Arc::clone(answer);
    Reply::new(move |given| {
        if let Ok(mut answer) = answer.lock() {
            *answer = Some(given);
        }
    })
}

/// An override of the entry that was refused last, or the confirmation of the one that waits: who is to
/// confirm has the code from the answer. Where there is none, one of an entry that nobody knows.
fn overriding(
    deed: Deed,
    book: &Book,
    request_id: RequestId,
    answer: &Slot<Accepted>,
) -> Option<(Call, OperatorCommand)> {
    use OperatorCommand as Do;
    let waits = book.asked.as_ref().map(|asked| &asked.what);
    let none = IntentId {
        session: book.session_number(),
        number: IntentNo(0),
    };
    Some(match deed {
        Deed::Override { within } => {
            let newest = book.refused.last().map(|refused| refused.intent);
            let id = newest.unwrap_or(none);
            let params = OverrideParams {
                request_id,
                intent: name(id),
                expires_seconds: Some(within),
            };
            let within_nanos = i64::from(within) * Timestamp::SECOND;
            let call = Call::Override(params, reply(answer));
            let intent = id;
            (
                call,
                Do::Override {
                    intent,
                    within_nanos,
                },
            )
        }
        Deed::Confirm { right } => {
            let intent = waits.map_or(none, |what| what.intent);
            let code = waits.filter(|_| right).map(|what| what.code());
            let code = code.unwrap_or_else(|| "wrong".to_owned());
            let params = ConfirmOverrideParams {
                request_id,
                intent: name(intent),
                code: code.clone(),
            };
            let call = Call::ConfirmOverride(params, reply(answer));
            let code = code.into();
            (call, Do::ConfirmOverride { intent, code })
        }
        _ => return None,
    })
}

const fn name(intent: IntentId) -> IntentName {
    IntentName {
        session: intent.session,
        number: intent.number.0,
    }
}
