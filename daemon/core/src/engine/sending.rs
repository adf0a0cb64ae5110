//! Where requests leave that change something at the broker: the one place that makes them commands, and
//! the one that asks whose account it is. Questions change nothing there, and go out all the same.

use trader_contract::{BrokerRequest, ClientOrderId, Timestamp};

use super::Engine;
use crate::command::{Command, Commands};
use crate::record::Record;
use crate::risk::gate::{Approved, Refusal};
use crate::risk::traffic::Message;

/// A request that changes something at the broker.
pub(super) enum Leaving {
    /// An order or a replacement, which the gate has approved.
    Approved(Approved),
    /// The cancel of an order.
    Cancel(ClientOrderId),
}

impl Leaving {
    /// What it counts as.
    const fn message(&self) -> Message {
        match self {
            Self::Cancel(_) => Message::Cancel,
            Self::Approved(approved) => match approved.request() {
                BrokerRequest::Replace(_) => Message::Replacement,
                _ => Message::Order,
            },
        }
    }

    fn command(self) -> Command {
        match self {
            Self::Approved(approved) => Command::Send(approved),
            Self::Cancel(order) => Command::Cancel(order),
        }
    }
}

impl Engine {
    /// Writes down what is to be known of a request before it leaves, sends it, and counts it.
    ///
    /// # Errors
    /// The broker's account is not the store's, or nobody knows yet whether it is: nothing is written.
    pub(super) fn dispatch(
        &mut self,
        at: Timestamp,
        records: impl IntoIterator<Item = Record>,
        leaving: Leaving,
        out: &mut Commands,
    ) -> Result<(), Refusal> {
        self.may_send()?;
        for record in records {
            self.write(at, record, out);
        }
        let message = leaving.message();
        out.push(leaving.command());
        self.count_message(at, message, out);
        Ok(())
    }
}
