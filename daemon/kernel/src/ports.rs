//! The edges of the kernel: what it needs of a store, a broker and those who read along.

use trader_contract::{BrokerRequest, Timestamp};
use trader_core::record::JournalEntry;
use trader_core::{Command, Commands, Event};
use trader_store::{Batch, OperatorRequest};

/// What the kernel asks of the world. The daemon's is made of threads and sockets, the simulation's of
/// memory and faults.
pub trait Ports {
    /// Records what the engine is about to take, at once and in order. What cannot be recorded is lost:
    /// no order waits for it.
    fn record(&mut self, at: Timestamp, event: &Event);

    /// Makes sure that everything recorded so far outlives the program before anything more is sent.
    fn secure(&mut self);

    /// Records what came of the event before, which is taken out.
    fn record_commands(&mut self, commands: &mut Commands);

    /// Writes a batch, all of it or nothing; `Ok` says that it is durable. Nothing is written after the
    /// first failure. `leaving` is what goes out once it is, and not before; where any of that
    /// [changes what the broker holds](changes_the_broker), what was recorded is secured beside the batch:
    /// see [`Ports::secure`].
    ///
    /// # Errors
    /// Why it could not be written, in words.
    fn commit(&mut self, batch: Batch, leaving: &[Command]) -> Result<(), Box<str>>;

    /// The call with this id, if it was answered before, in this run or an earlier one.
    fn find_request(&mut self, id: &str) -> Option<OperatorRequest>;

    /// Hands a request to the broker.
    fn send(&mut self, request: BrokerRequest, now: Timestamp);

    /// Makes the stream of market data anew: it stands and does not bring what it should.
    fn renew_feed(&mut self, why: &str);

    /// Hears an entry of the journal once it is on the disk, and what was to be sent with it has been.
    fn written(&mut self, entry: &JournalEntry);

    /// Hears an alert that the journal does not take any more. It reaches people all the same; the next
    /// start knows nothing of it.
    fn unwritten(&mut self, entry: &JournalEntry);
}

/// Whether a command asks the broker for more than what it holds.
#[must_use]
pub const fn changes_the_broker(command: &Command) -> bool {
    matches!(command, Command::Send(_) | Command::Cancel(_))
}
