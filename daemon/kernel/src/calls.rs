//! Calls of clients: what only looks is answered from the engine as it stands; what changes something
//! becomes an event, is remembered with its answer, and acts once however often it is sent.

use std::collections::BTreeMap;

use trader_contract::{IntentNo, Timestamp};
use trader_core::planted::{Bug, is};
use trader_core::record::{IntentId, Scope};
use trader_core::{Event, OperatorCommand, Refused};
use trader_rpc::{self as rpc, Accepted, Failure, Method, RequestId};
use trader_store::OperatorRequest;

use crate::asked::{Asked, Call, Reply};
use crate::authority::may_call;
use crate::kernel::Kernel;
use crate::ports::Ports;
use crate::views;

/// Calls that are remembered without asking the store.
const RECENT_MAX: usize = 1_000;

/// What the engine says to a call.
pub(crate) type Answer = Result<Box<str>, Refused>;

/// Within how many seconds an override is confirmed if nobody says.
const CONFIRM_SECONDS: i64 = 300;

/// What an answer ends with when the journal takes nothing.
const NOT_ON_DISK: &str = "the journal cannot be written, so a restart forgets this";

/// The newest calls that were answered in this run; the store has the others.
#[derive(Debug, Default)]
pub(crate) struct Memory(BTreeMap<Box<str>, OperatorRequest>);

impl Memory {
    /// Keeps an answered call.
    pub(crate) fn keep(&mut self, request: &OperatorRequest) {
        if self.0.len() >= RECENT_MAX {
            self.0.pop_first();
        }
        self.0.insert(request.id.clone(), request.clone());
    }

    /// Forgets a call of which nothing came.
    pub(crate) fn forget(&mut self, id: &RequestId) {
        self.0.remove(&*id.to_string());
    }

    /// What became of a call with this id, if there was one.
    pub(crate) fn find(&self, id: &str, ports: &mut impl Ports) -> Option<OperatorRequest> {
        let recent = self.0.get(id).cloned();
        recent.or_else(|| ports.find_request(id))
    }
}

/// A call that waits for the engine's answer.
#[derive(Debug)]
pub(crate) struct Asking {
    pub(crate) id: RequestId,
    pub(crate) method: &'static str,
    params: String,
    pub(crate) uid: u32,
    pub(crate) reply: Reply<Accepted>,
}

impl Asking {
    /// As the store keeps it, with its answer.
    #[must_use]
    pub(crate) fn remember(&self, message: &str, at: Timestamp) -> OperatorRequest {
        OperatorRequest {
            id: self.id.to_string().into(),
            method: self.method.into(),
            params: self.params.as_str().into(),
            uid: self.uid,
            at,
            result: Some(message.into()),
        }
    }

    /// Whether the engine takes back what came of it where the journal cannot be written.
    pub(crate) fn needs_the_journal(&self) -> bool {
        self.method == rpc::call::Adopt::NAME
    }

    /// Answers the caller, who must know if what was done is not on the disk.
    pub(crate) fn reply(self, outcome: Answer, committed: bool) {
        let answer = match outcome {
            // The engine takes it back.
            Ok(_) if !committed && self.needs_the_journal() => Err(Failure::refused(
                format!("{} was not done", self.method),
                "the journal cannot be written, and a restart would not know that it is looked after",
                "look at the disk, then try again; `traderctl status` shows why",
            )),
            Ok(message) => Ok(Accepted {
                request_id: self.id,
                message: if committed {
                    message.into()
                } else {
                    format!("{message}; {NOT_ON_DISK}")
                },
                repeated: false,
            }),
            Err(Refused::UnknownSymbol(symbol)) => Err(Failure::unknown_symbol(&symbol)),
            Err(Refused::UnknownOrder(order)) => Err(Failure::unknown_order(&order.to_string())),
            Err(Refused::NotNow(why)) => Err(Failure::refused(
                format!("{} was not done", self.method),
                why,
                "traderctl status shows the present state",
            )),
        };
        self.reply.send(answer);
    }
}

impl Kernel {
    /// Answers a call, or gives it to the engine. One that its peer may not make is refused here too,
    /// whatever came before.
    pub fn answer(&mut self, now: Timestamp, asked: Asked, ports: &mut impl Ports) {
        let (method, role) = (asked.call.method(), asked.peer.role);
        if let Err(denied) = may_call(role, method) {
            let unknown = || Failure::internal(format!("{method} was not done"), "no table has it");
            let failure = denied.failure(method, role).unwrap_or_else(unknown);
            return asked.call.refuse(failure);
        }
        let engine = &self.engine;
        match asked.call {
            Call::Status(reply) => {
                let status = views::status(engine, &self.facts, self.reconciled_at);
                reply.send(Ok(status));
            }
            Call::Positions(reply) => reply.send(Ok(views::positions(engine))),
            Call::OpenOrders(params, reply) => reply.send(Ok(views::orders(engine, &params))),
            Call::Strategies(reply) => {
                reply.send(Ok(views::strategies(engine, &self.strategies)));
            }
            Call::WhyHalted(reply) => {
                let found = views::obstacles(engine, &self.facts, &self.strategies);
                reply.send(Ok(found));
            }
            Call::Day(reply) => reply.send(Ok(views::day(engine))),
            Call::NoteTrade(trade, params, reply) => {
                let asking = asking(
                    &params.request_id,
                    "note_trade",
                    &params,
                    asked.peer.uid,
                    reply,
                );
                self.note_trade(now, ports, asking, trade, params);
            }
            Call::TagTrade(trade, params, reply) => {
                let asking = asking(
                    &params.request_id,
                    "tag_trade",
                    &params,
                    asked.peer.uid,
                    reply,
                );
                self.tag_trade(now, ports, asking, trade, &params);
            }
            call => {
                if let Some((asking, command)) = self.change(asked.peer.uid, call) {
                    self.operate(now, ports, asking, command);
                }
            }
        }
    }

    /// What a call that changes something asks of the engine; `None` for those that look.
    fn change(&self, uid: u32, call: Call) -> Option<(Asking, OperatorCommand)> {
        use OperatorCommand as Do;
        let method = call.method();
        macro_rules! ask {
            ($params:ident, $reply:ident, $command:expr) => {{
                let asking = asking(&$params.request_id, method, &$params, uid, $reply);
                Some((asking, $command))
            }};
        }
        match call {
            Call::Pause(params, reply) => ask!(params, reply, Do::Pause),
            Call::Resume(params, reply) => ask!(params, reply, Do::Resume),
            Call::Close(params, reply) => ask!(params, reply, Do::Close(params.symbol)),
            Call::Cancel(params, reply) => ask!(params, reply, Do::Cancel(params.order)),
            Call::Flatten(params, reply) => ask!(params, reply, Do::Flatten),
            Call::Kill(params, reply) => {
                let scope = scope(&params.scope);
                let flatten = params.flatten;
                ask!(params, reply, Do::Kill { scope, flatten })
            }
            Call::Arm(params, reply) => {
                let scope = scope(&params.scope);
                let account = params.account.as_deref().map(Into::into);
                ask!(params, reply, Do::Arm { scope, account })
            }
            Call::Disarm(params, reply) => ask!(params, reply, Do::Disarm),
            Call::Override(params, reply) => {
                let within = params.expires_seconds.map_or(CONFIRM_SECONDS, i64::from);
                let command = Do::Override {
                    intent: intent(params.intent),
                    within_nanos: within.saturating_mul(Timestamp::SECOND),
                };
                ask!(params, reply, command)
            }
            Call::ConfirmOverride(params, reply) => {
                let (intent, code) = (intent(params.intent), params.code.as_str().into());
                ask!(params, reply, Do::ConfirmOverride { intent, code })
            }
            Call::Reconcile(params, reply) => ask!(params, reply, Do::Reconcile),
            Call::Adopt(params, reply) => {
                let (symbol, stop) = (params.symbol, params.stop);
                ask!(params, reply, Do::Adopt { symbol, stop })
            }
            Call::Ignore(params, reply) => ask!(params, reply, Do::Ignore(params.symbol)),
            Call::AckAlert(params, reply) => {
                let number = params.alert;
                ask!(params, reply, Do::AckAlert { number })
            }
            Call::Stop(params, reply) => {
                let flatten = params.flatten.unwrap_or(self.flatten_on_stop);
                ask!(params, reply, Do::Stop { flatten })
            }
            Call::Status(_)
            | Call::Positions(_)
            | Call::OpenOrders(..)
            | Call::Strategies(_)
            | Call::WhyHalted(_)
            | Call::Day(_)
            | Call::NoteTrade(..)
            | Call::TagTrade(..) => None,
        }
    }

    /// Gives a call to the engine, unless one with its id was answered before.
    fn operate(
        &mut self,
        now: Timestamp,
        ports: &mut impl Ports,
        asking: Asking,
        command: OperatorCommand,
    ) {
        let id: Box<str> = asking.id.to_string().into();
        if let Some(before) = self.memory.find(&id, ports)
            && !is(Bug::RequestActsTwice)
        {
            return asking.repeat(before);
        }
        let event = Event::Operator {
            command,
            uid: asking.uid,
            request: id.clone(),
        };
        self.waiting.insert(id, asking);
        self.feed(now, &event, ports);
    }
}

impl Asking {
    /// Answers a call whose id was used before: the same call with the same answer, another call
    /// with a refusal.
    pub(crate) fn repeat(self, before: OperatorRequest) {
        let answer = if *before.method == *self.method && *before.params == *self.params {
            Ok(Accepted {
                request_id: self.id,
                message: before.result.map(String::from).unwrap_or_default(),
                repeated: true,
            })
        } else {
            let why = format!(
                "request id {} was used by another call ({})",
                self.id, before.method
            );
            Err(Failure::refused(
                format!("{} was not done", self.method),
                why,
                "draw a new request id",
            ))
        };
        self.reply.send(answer);
    }
}

/// A call that waits for its answer.
fn asking(
    id: &RequestId,
    method: &'static str,
    params: &impl serde::Serialize,
    uid: u32,
    reply: Reply<Accepted>,
) -> Asking {
    Asking {
        id: id.clone(),
        method,
        params: serde_json::to_string(params).unwrap_or_default(),
        uid,
        reply,
    }
}

/// An intent as the engine knows it.
const fn intent(name: rpc::IntentName) -> IntentId {
    IntentId {
        session: name.session,
        number: IntentNo(name.number),
    }
}

/// A scope as the engine knows it.
fn scope(scope: &rpc::Scope) -> Scope {
    match scope {
        rpc::Scope::All => Scope::All,
        rpc::Scope::Symbol(symbol) => Scope::Symbol(*symbol),
        rpc::Scope::Strategy(name) => Scope::Strategy(name.as_str().into()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn an_adoption_that_is_not_on_the_disk_is_not_said_to_be_done() {
        for (method, done) in [("adopt", false), ("kill", true)] {
            let (answer, heard) = channel();
            let asking = Asking {
                id: "r-1".parse().unwrap(),
                method,
                params: String::new(),
                uid: 1_000,
                reply: Reply::new(move |outcome| answer.send(outcome).unwrap()),
            };
            asking.reply(Ok("it is done".into()), false);
            let heard: Result<Accepted, Failure> = heard.recv().unwrap();
            assert_eq!(heard.is_ok(), done, "{heard:?}");
        }
    }
}
