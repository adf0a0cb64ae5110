//! What a person does: calls through the handlers that serve RPC, each of them perhaps sent twice.

use std::sync::{Arc, Mutex};

use trader_contract::OrderRole;
use trader_kernel::{Asked, Call, Kernel, Peer, Reply};
use trader_rpc::{
    Accepted, CancelParams, ChangeParams, CloseParams, Failure, OrdersParams, RequestId, Role,
    StopParams,
};

use super::World;
use crate::sim::plan::{Action, Deed};

/// Where an answer is put.
type Slot<T> = Arc<Mutex<Option<Result<T, Failure>>>>;

impl World<'_> {
    /// A person does something.
    pub(super) fn act(&mut self, index: usize) {
        let plan = self.plan;
        let Some(action) = plan.actions.get(index) else {
            return;
        };
        if self.kernel.is_none() || self.asleep {
            return;
        }
        *self.deeds.entry(action.deed.name()).or_default() += 1;
        let times = if action.twice { 2 } else { 1 };
        for _ in 0..times {
            self.call(index, action);
        }
    }

    fn call(&mut self, index: usize, action: &Action) {
        let Some(id) = RequestId::try_from(format!("deed-{index}")).ok() else {
            return;
        };
        let answer: Slot<Accepted> = Arc::default();
        let change = || ChangeParams {
            request_id: id.clone(),
        };
        let call = match action.deed {
            Deed::Pause => Call::Pause(change(), reply(&answer)),
            Deed::Resume => Call::Resume(change(), reply(&answer)),
            Deed::Flatten => Call::Flatten(change(), reply(&answer)),
            Deed::Close(symbol) => {
                let Some(symbol) = self.plan.symbols.get(symbol) else {
                    return;
                };
                let params = CloseParams {
                    request_id: id,
                    symbol: symbol.symbol,
                };
                Call::Close(params, reply(&answer))
            }
            Deed::Cancel => {
                let Some(order) = self.oldest_order() else {
                    return;
                };
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
            Deed::Look => return self.look(),
        };
        self.ask_kernel(call);
        let answer = answer.lock().map(|answer| answer.clone());
        if let Ok(Some(answer)) = answer {
            let words = match answer {
                Ok(accepted) => accepted.message,
                Err(failure) => format!("{failure:?}"),
            };
            self.log.data("answer", &(action.deed.name(), words));
        }
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
