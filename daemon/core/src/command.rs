//! What the engine wants done, in order. The shell commits what is to be persisted before it sends
//! what comes after it.

use std::sync::Arc;

use serde::Serialize;
use trader_contract::{BrokerRequest, ClientOrderId, Timestamp};

use crate::record::JournalEntry;
use crate::risk::gate::Approved;

/// One output.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Write this to the journal, durably, before any command after it is carried out. Who writes it,
    /// records it and shows it share it.
    Persist(Arc<JournalEntry>),
    /// Send this order or replacement.
    Send(Approved),
    /// Cancel this order. It needs no leave of the gate, since it adds nothing; what it takes away is
    /// the planner's to mind, and an operator may not cancel the stop or the exit of a position. The
    /// stop of one is cancelled only for an exit that follows once the cancel is confirmed, or for a
    /// stop that takes its place; until then the position counts as without protection, which ends
    /// with an exit if it lasts.
    Cancel(ClientOrderId),
    /// Ask the broker what it holds.
    RequestSnapshot {
        /// Counted by the engine; the answer repeats it.
        number: u32,
        /// Executions from here on are wanted.
        since: Timestamp,
    },
    /// Make the stream of market data anew: it stands and does not bring what it should.
    RenewFeed {
        /// Why, in words.
        why: Box<str>,
    },
    /// Tell the caller of an operator request what became of it.
    Answer {
        /// The id of the call.
        request: Box<str>,
        /// What was accepted, or why it was refused, in words.
        outcome: Result<Box<str>, Refused>,
    },
    /// The engine is ready to end, after [`crate::OperatorCommand::Stop`].
    Finished,
}

impl Command {
    /// What goes to the broker, if anything does.
    #[must_use]
    pub fn into_broker_request(self) -> Option<BrokerRequest> {
        match self {
            Self::Send(approved) => Some(approved.into_request()),
            Self::Cancel(client_id) => Some(BrokerRequest::Cancel(client_id)),
            Self::RequestSnapshot { number, since } => {
                Some(BrokerRequest::Snapshot { number, since })
            }
            Self::Persist(_) | Self::RenewFeed { .. } | Self::Answer { .. } | Self::Finished => {
                None
            }
        }
    }
}

/// Why an operator's request was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Refused {
    /// The engine trades no such symbol.
    #[error("no route trades {0}")]
    UnknownSymbol(Box<str>),
    /// There is no such order, or it has ended.
    #[error("order {0} is not open")]
    UnknownOrder(ClientOrderId),
    /// Nothing to do, or not now.
    #[error("{0}")]
    NotNow(Box<str>),
}

/// Commands in order; emptied and reused by the shell.
#[derive(Debug, Default)]
pub struct Commands(Vec<Command>);

impl Commands {
    /// Adds a command.
    pub fn push(&mut self, command: Command) {
        self.0.push(command);
    }

    /// Takes the commands out, in order.
    pub fn drain(&mut self) -> std::vec::Drain<'_, Command> {
        self.0.drain(..)
    }

    /// The commands, in order.
    #[must_use]
    pub fn as_slice(&self) -> &[Command] {
        &self.0
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
