//! Calls of clients: what only looks is answered from the engine as it stands; what changes something
//! becomes an event, is remembered with its answer, and acts once however often it is sent.

use std::collections::BTreeMap;

use trader_contract::Timestamp;
use trader_core::{Event, OperatorCommand, Refused};
use trader_rpc::{Accepted, Failure, RequestId};
use trader_store::OperatorRequest;

use crate::asked::{Asked, Call, Reply};
use crate::kernel::Kernel;
use crate::ports::Ports;
use crate::views;

/// Calls that are remembered without asking the store.
const RECENT_MAX: usize = 1_000;

/// What the engine says to a call.
pub(crate) type Answer = Result<Box<str>, Refused>;

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

    /// What became of a call with this id, if there was one.
    fn find(&self, id: &str, ports: &mut impl Ports) -> Option<OperatorRequest> {
        let recent = self.0.get(id).cloned();
        recent.or_else(|| ports.find_request(id))
    }
}

/// A call that waits for the engine's answer.
#[derive(Debug)]
pub(crate) struct Asking {
    id: RequestId,
    method: &'static str,
    params: String,
    uid: u32,
    reply: Reply<Accepted>,
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

    /// Answers the caller.
    pub(crate) fn reply(self, outcome: Answer) {
        let answer = match outcome {
            Ok(message) => Ok(Accepted {
                request_id: self.id,
                message: message.into(),
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
    /// Answers a call, or gives it to the engine.
    pub fn answer(&mut self, now: Timestamp, asked: Asked, ports: &mut impl Ports) {
        let uid = asked.peer.uid;
        match asked.call {
            Call::Status(reply) => {
                reply.send(Ok(views::status(&self.engine, &self.facts)));
            }
            Call::Positions(reply) => reply.send(Ok(views::positions(&self.engine))),
            Call::OpenOrders(params, reply) => reply.send(Ok(views::orders(&self.engine, &params))),
            Call::Strategies(reply) => {
                reply.send(Ok(views::strategies(&self.engine, &self.strategies)));
            }
            Call::Pause(params, reply) => {
                let asking = asking("pause", params.request_id.clone(), &params, uid, reply);
                self.operate(now, ports, asking, OperatorCommand::Pause);
            }
            Call::Resume(params, reply) => {
                let asking = asking("resume", params.request_id.clone(), &params, uid, reply);
                self.operate(now, ports, asking, OperatorCommand::Resume);
            }
            Call::Close(params, reply) => {
                let command = OperatorCommand::Close(params.symbol);
                let asking = asking("close", params.request_id.clone(), &params, uid, reply);
                self.operate(now, ports, asking, command);
            }
            Call::Cancel(params, reply) => {
                let command = OperatorCommand::Cancel(params.order);
                let asking = asking("cancel", params.request_id.clone(), &params, uid, reply);
                self.operate(now, ports, asking, command);
            }
            Call::Flatten(params, reply) => {
                let asking = asking("flatten", params.request_id.clone(), &params, uid, reply);
                self.operate(now, ports, asking, OperatorCommand::Flatten);
            }
            Call::Stop(params, reply) => {
                let flatten = params.flatten.unwrap_or(self.flatten_on_stop);
                let asking = asking("stop", params.request_id.clone(), &params, uid, reply);
                self.operate(now, ports, asking, OperatorCommand::Stop { flatten });
            }
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
        if let Some(before) = self.memory.find(&id, ports) {
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
    fn repeat(self, before: OperatorRequest) {
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

fn asking<P: serde::Serialize>(
    method: &'static str,
    id: RequestId,
    params: &P,
    uid: u32,
    reply: Reply<Accepted>,
) -> Asking {
    let params = serde_json::to_string(params).unwrap_or_default();
    Asking {
        id,
        method,
        params,
        uid,
        reply,
    }
}
