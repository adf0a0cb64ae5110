//! What comes to the engine's thread from outside: calls and signals wait in a bounded inbox, and what
//! is urgent goes before them through a slot of its own that is never full. What a broker and a feed say
//! over the network has a bounded queue each, so that no flood of prices keeps a fill or a call waiting.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
#[cfg(feature = "broker-alpaca")]
use trader_broker_alpaca::face::{FeedItem, Outlet};
#[cfg(feature = "broker-alpaca")]
use trader_contract::{BrokerEvent, Symbol};
#[cfg(feature = "broker-alpaca")]
use trader_core::BrokerDay;
use trader_kernel::Asked;

#[cfg(feature = "broker-alpaca")]
use super::network::{self, Network, NetworkSlot};
use super::runtime::EngineRuntime;
use crate::server::Turned;

/// Messages that wait for the engine's thread at most; a full inbox refuses calls.
const CAPACITY: usize = 256;

/// What comes from outside.
#[derive(Debug)]
pub(super) enum Message {
    /// A call of a client.
    Asked(Asked),
    /// A signal asked for the end.
    Stop,
    /// The files of the journal are no longer there, and why that is known.
    JournalLost(Box<str>),
    /// Something has come that waits elsewhere.
    Wake,
    /// How far our clock is ahead of the broker's, in nanoseconds.
    #[cfg(feature = "broker-alpaca")]
    Skew(i64),
    /// Of which days the broker's calendar says otherwise than ours.
    #[cfg(feature = "broker-alpaca")]
    Calendar(Box<[BrokerDay]>),
    /// A company has split its shares: see [`trader_core::Event::Split`].
    #[cfg(feature = "broker-alpaca")]
    Split {
        /// Whose.
        symbol: Symbol,
        /// Shares after it.
        new: u32,
        /// Shares before it.
        old: u32,
    },
}

/// Where messages are put.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    usual: mpsc::Sender<Message>,
    urgent: Sender<Message>,
    #[cfg(feature = "broker-alpaca")]
    network: NetworkSlot,
}

/// Where they are taken out.
#[derive(Debug)]
pub(super) struct Inbox {
    usual: mpsc::Receiver<Message>,
    /// As many as there are connections: each has one urgent call at a time, more cost its allowance.
    urgent: Receiver<Message>,
    #[cfg(feature = "broker-alpaca")]
    network: Network,
}

/// An empty inbox.
pub(super) fn inbox() -> (Slot, Inbox) {
    let (usual, waiting) = mpsc::channel(CAPACITY);
    let (urgent, first) = channel();
    #[cfg(feature = "broker-alpaca")]
    let (slot, network) = network::queues();
    let inbox = Inbox {
        usual: waiting,
        urgent: first,
        #[cfg(feature = "broker-alpaca")]
        network,
    };
    let slot = Slot {
        usual,
        urgent,
        #[cfg(feature = "broker-alpaca")]
        network: slot,
    };
    (slot, inbox)
}

impl Slot {
    /// Puts a call in, an urgent one before all that wait.
    ///
    /// # Errors
    /// The inbox is full, which it never is for an urgent call, or gone.
    pub(super) fn put(&self, asked: Asked) -> Result<(), Turned> {
        if asked.call.is_urgent() {
            return self.hurry(Message::Asked(asked));
        }
        self.usual
            .try_send(Message::Asked(asked))
            .map_err(|error| match error {
                TrySendError::Full(_) => Turned::Full,
                TrySendError::Closed(_) => Turned::Gone,
            })
    }

    /// Asks for the end, before all that wait.
    ///
    /// # Errors
    /// The inbox is gone.
    pub(super) fn stop(&self) -> Result<(), Turned> {
        self.hurry(Message::Stop)
    }

    /// Tells that the files of the journal were lost, before all that wait.
    ///
    /// # Errors
    /// The inbox is gone.
    pub(super) fn lose_journal(&self, why: &str) -> Result<(), Turned> {
        self.hurry(Message::JournalLost(why.into()))
    }

    /// Tells how far our clock is ahead; there is a next time where there is no room.
    #[cfg(feature = "broker-alpaca")]
    pub(super) fn tell_skew(&self, nanos: i64) {
        if self.usual.try_send(Message::Skew(nanos)).is_err() {
            tracing::debug!(nanos, "the inbox had no room for the clock's difference");
        }
    }

    /// Tells of which days the broker's calendar says otherwise; whether there was room.
    #[cfg(feature = "broker-alpaca")]
    pub(super) fn tell_calendar(&self, differing: &[BrokerDay]) -> bool {
        let message = Message::Calendar(differing.into());
        self.usual.try_send(message).is_ok()
    }

    /// Tells that who held `old` shares holds `new` from now on; whether there was room.
    #[cfg(feature = "broker-alpaca")]
    pub(super) fn tell_split(&self, symbol: Symbol, (new, old): (u32, u32)) -> bool {
        let message = Message::Split { symbol, new, old };
        self.usual.try_send(message).is_ok()
    }

    /// Where a broker's events are put.
    #[cfg(feature = "broker-alpaca")]
    pub(super) fn broker(&self) -> Outlet<BrokerEvent> {
        self.network.broker(self.waker())
    }

    /// Where market data is put.
    #[cfg(feature = "broker-alpaca")]
    pub(super) fn feed(&self) -> Outlet<FeedItem> {
        self.network.feed(self.waker())
    }

    /// Wakes who waits at the inbox; a full one wakes nobody, and nobody sleeps before a full one.
    #[cfg(feature = "broker-alpaca")]
    fn waker(&self) -> impl Fn() + Send + Sync + 'static {
        let usual = self.usual.clone();
        move || drop(usual.try_send(Message::Wake))
    }

    fn hurry(&self, message: Message) -> Result<(), Turned> {
        self.urgent.send(message).map_err(|_| Turned::Gone)?;
        // A full inbox wakes nobody, and nobody sleeps before a full inbox.
        match self.usual.try_send(Message::Wake) {
            Ok(()) | Err(TrySendError::Full(_)) => Ok(()),
            Err(TrySendError::Closed(_)) => Err(Turned::Gone),
        }
    }
}

impl Inbox {
    /// Takes what is urgent, if anything is.
    pub(super) fn urgent(&self) -> Option<Message> {
        self.urgent.try_recv().ok()
    }

    /// What has come over the network.
    #[cfg(feature = "broker-alpaca")]
    pub(super) const fn network(&self) -> &Network {
        &self.network
    }

    /// Takes the next message that is there.
    pub(super) fn next(&mut self) -> Option<Message> {
        self.usual.try_recv().ok()
    }

    /// Waits for the next message, while the connections go on. That nobody can put one in any more is a
    /// message too: to stop.
    pub(super) fn wait(&mut self, runtime: &EngineRuntime, wait: Duration) -> Option<Message> {
        let message = runtime.wait(self.usual.recv(), wait)?;
        Some(message.unwrap_or(Message::Stop))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trader_kernel::{Call, Peer, Reply};
    use trader_rpc::{KillParams, Role, Scope};

    fn runtime() -> EngineRuntime {
        EngineRuntime::new().unwrap()
    }

    fn asked(call: Call) -> Asked {
        let peer = Peer {
            uid: 0,
            pid: None,
            role: Role::Admin,
            connection: 1,
        };
        Asked { call, peer }
    }

    fn look() -> Asked {
        asked(Call::Positions(Reply::new(drop)))
    }

    fn kill() -> Asked {
        let params = KillParams {
            request_id: "k-1".parse().unwrap(),
            scope: Scope::All,
            flatten: false,
        };
        asked(Call::Kill(params, Reply::new(drop)))
    }

    #[test]
    fn a_kill_and_a_signal_find_room_in_a_full_inbox_and_come_first() {
        let (slot, mut inbox) = inbox();
        while slot.put(look()).is_ok() {}
        assert_eq!(slot.put(look()), Err(Turned::Full));
        assert_eq!(slot.put(kill()), Ok(()));
        assert_eq!(slot.stop(), Ok(()));
        let first = inbox.urgent();
        assert!(
            matches!(&first, Some(Message::Asked(asked)) if asked.call.method() == "kill"),
            "{first:?}"
        );
        assert!(matches!(inbox.urgent(), Some(Message::Stop)));
        assert!(inbox.urgent().is_none());
        let waiting = std::iter::from_fn(|| inbox.next()).count();
        assert_eq!(waiting, CAPACITY);
    }

    #[test]
    fn something_urgent_wakes_who_waits() {
        let (slot, mut inbox) = inbox();
        slot.put(kill()).unwrap();
        let woken = inbox.wait(&runtime(), Duration::from_secs(60));
        assert!(matches!(woken, Some(Message::Wake)), "{woken:?}");
        assert!(inbox.urgent().is_some());
    }

    #[test]
    fn an_inbox_that_is_gone_says_so_and_one_that_nobody_fills_stops() {
        let (slot, receiving) = inbox();
        drop(receiving);
        assert_eq!(slot.put(kill()), Err(Turned::Gone));
        assert_eq!(slot.put(look()), Err(Turned::Gone));
        let (slot, mut receiving) = inbox();
        drop(slot);
        let end = receiving.wait(&runtime(), Duration::from_secs(60));
        assert!(matches!(end, Some(Message::Stop)), "{end:?}");
    }
}
