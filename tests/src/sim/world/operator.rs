//! What a person does: calls through the handlers that serve RPC, each of them perhaps sent twice.

use std::sync::{Arc, Mutex};

use trader_contract::OrderRole;
use trader_core::record::Scope;
use trader_core::{Event, OperatorCommand};
use trader_kernel::{Asked, Call, Kernel, Peer, Reply};
use trader_rpc::{
    Accepted, CancelParams, ChangeParams, CloseParams, Failure, OrdersParams, RequestId, Role,
    StopParams,
};

use super::World;
use crate::sim::invariants::Called;
use crate::sim::plan::{Action, Deed};

/// Where an answer is put.
pub(super) type Slot<T> = Arc<Mutex<Option<Result<T, Failure>>>>;

impl World<'_> {
    /// A person does something.
    pub(super) fn act(&mut self, index: usize) {
        let plan = self.plan;
        let Some(action) = plan.actions.get(index) else {
            return;
        };
        if let Deed::Rest(symbol) | Deed::Withdraw(symbol) = action.deed {
            return self.by_hand(symbol, action.deed);
        }
        if self.kernel.is_none() || self.asleep {
            return;
        }
        *self.deeds.entry(action.deed.name()).or_default() += 1;
        let times = if action.twice { 2 } else { 1 };
        self.early = false;
        let mut answers = Vec::new();
        for _ in 0..times {
            answers.extend(self.call(index, action));
        }
        let called = Called {
            deed: action.deed.name(),
            answers: &answers,
            early: std::mem::take(&mut self.early),
        };
        if !answers.is_empty() {
            self.ask(|watcher, view| watcher.called(&called, view));
        }
    }

    /// Kills or arms: the engine is asked as the handlers ask it.
    fn command(&mut self, index: usize, scope: Scope, lifts: bool) {
        let command = match lifts {
            true => OperatorCommand::Arm {
                scope: scope.clone(),
                account: None,
            },
            false => OperatorCommand::Kill {
                scope: scope.clone(),
                flatten: false,
            },
        };
        if lifts {
            // From the asking on nobody can say: the answer may be lost.
            self.ask(|watcher, view| watcher.killed(&scope, true, view));
        }
        let event = Event::Operator {
            command,
            uid: 1_000,
            request: format!("deed-{index}").into(),
        };
        self.feed(&event);
        let acknowledged = self.kernel.is_some() && !self.deaths.is_dead();
        if acknowledged && !lifts && !self.around.journal_failed {
            self.ask(|watcher, view| watcher.killed(&scope, false, view));
        }
    }

    fn scope(&self, symbol: Option<usize>) -> Scope {
        let symbol = symbol.and_then(|symbol| self.plan.symbols.get(symbol));
        symbol.map_or(Scope::All, |symbol| Scope::Symbol(symbol.symbol))
    }

    fn call(&mut self, index: usize, action: &Action) -> Option<Result<Accepted, Failure>> {
        let id = RequestId::try_from(format!("deed-{index}")).ok()?;
        let answer: Slot<Accepted> = Arc::default();
        let change = || ChangeParams {
            request_id: id.clone(),
        };
        let call = match action.deed {
            Deed::Pause => Call::Pause(change(), reply(&answer)),
            Deed::Resume => Call::Resume(change(), reply(&answer)),
            Deed::Flatten => Call::Flatten(change(), reply(&answer)),
            Deed::Close(symbol) => {
                let symbol = self.plan.symbols.get(symbol)?;
                let params = CloseParams {
                    request_id: id,
                    symbol: symbol.symbol,
                };
                Call::Close(params, reply(&answer))
            }
            Deed::Cancel => {
                let order = self.oldest_order()?;
                let params = CancelParams {
                    request_id: id,
                    order,
                };
                Call::Cancel(params, reply(&answer))
            }
            Deed::Stop { flatten, down } => {
                self.stays_down = down;
                let params = StopParams {
                    request_id: id,
                    flatten: Some(flatten),
                };
                Call::Stop(params, reply(&answer))
            }
            Deed::Kill(symbol) | Deed::Arm(symbol) => {
                let scope = self.scope(symbol);
                self.command(index, scope, matches!(action.deed, Deed::Arm(_)));
                return None;
            }
            Deed::Disarm => {
                self.disarm(index);
                return None;
            }
            Deed::Rest(_) | Deed::Withdraw(_) => return None,
            Deed::Look => {
                self.look();
                return None;
            }
        };
        self.asking = Some(Arc::clone(&answer));
        self.ask_kernel(call);
        self.asking = None;
        let answer = answer.lock().ok()?.clone()?;
        let words = match &answer {
            Ok(accepted) => accepted.message.clone(),
            Err(failure) => format!("{failure:?}"),
        };
        self.log.data("answer", &(action.deed.name(), words));
        // Nobody hears a process that has died.
        (!self.deaths.is_dead()).then_some(answer)
    }

    /// Everything that can be looked at is looked at.
    fn look(&mut self) {
        let status = Arc::default();
        self.ask_kernel(Call::Status(reply(&status)));
        let positions = Arc::default();
        self.ask_kernel(Call::Positions(reply(&positions)));
        let orders = Arc::default();
        let open = OrdersParams::default();
        self.ask_kernel(Call::OpenOrders(open, reply(&orders)));
        let strategies = Arc::default();
        self.ask_kernel(Call::Strategies(reply(&strategies)));
        self.write_answer("status", &status);
        self.write_answer("positions", &positions);
        self.write_answer("orders", &orders);
        self.write_answer("routes", &strategies);
    }

    fn write_answer<T: serde::Serialize>(&mut self, tag: &'static str, answer: &Slot<T>) {
        if let Ok(answer) = answer.lock()
            && let Some(Ok(answer)) = &*answer
        {
            self.log.data(tag, answer);
        }
    }

    fn ask_kernel(&mut self, call: Call) {
        let now = self.daemon_now();
        let peer = Peer {
            uid: 1_000,
            pid: None,
            role: Role::Control,
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
}

fn reply<T: Send + 'static>(answer: &Slot<T>) -> Reply<T> {
    let answer = Arc::clone(answer);
    Reply::new(move |given| {
        if let Ok(mut answer) = answer.lock() {
            *answer = Some(given);
        }
    })
}
