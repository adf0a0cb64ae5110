//! What is going to happen, in order of time; on one instant the broker's side comes first, then the
//! market, then whatever befalls the machine.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use trader_contract::{Bar, BrokerEvent, FeedEvent, Timestamp};
use trader_core::Event;

use super::alpaca::Input;
use crate::sim::plan::FaultKind;

/// Something that is going to happen.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Due {
    /// A session is announced to the exchange.
    Announce,
    /// A request reaches the broker.
    Arrive(u64),
    /// The broker reads the next part of a torn snapshot.
    Part(u64),
    /// The broker's words reach the daemon.
    Hear {
        /// The connection or the life that they are for; others never hear them.
        of: Of,
        /// What it says.
        event: Box<BrokerEvent>,
    },
    /// Something reaches the machine of Alpaca's client.
    Client {
        /// The connection or the life that it is for.
        of: Of,
        /// What.
        input: Box<Input>,
    },
    /// A minute of the session begins, and the one before it ends.
    Minute,
    /// The feed's words reach a life of the daemon.
    FeedSays(u32, FeedEvent),
    /// Something else of the market reaches a life of the daemon.
    Tell(u32, Box<Event>),
    /// A bar reaches the daemon.
    Bar {
        /// For this life.
        life: u32,
        /// The symbol's place.
        symbol: usize,
        /// The bar.
        bar: Bar,
    },
    /// Streams give signs of life, and clocks are compared.
    Beat,
    /// A fault that lasts begins.
    Begin(FaultKind, usize, u64),
    /// A fault that lasts ends.
    End(FaultKind, usize, u64),
    /// The order stream is made anew, if nothing keeps it down.
    Reconnect,
    /// A person does something.
    Act(usize),
    /// Shares are split.
    Split,
    /// A person looks whether both sides are traded; which time it is.
    Remind(usize),
    /// The process dies.
    Die(usize),
    /// The process dies, if it never has.
    DieOnce,
    /// The daemon is started.
    Boot,
    /// The machine falls asleep until then.
    Sleep(Timestamp),
    /// The machine wakes up.
    Wake,
    /// Nothing fails any more.
    Heal,
    /// The oracle looks at what is due by now.
    Look,
}

/// Whom a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// A life of the daemon: the answer to one of its requests.
    Life(u32),
    /// A connection of the order stream.
    Stream(u32),
}

impl Due {
    const fn class(&self) -> u8 {
        match self {
            Self::Announce => 0,
            Self::Arrive(_) | Self::Part(_) => 1,
            Self::Hear { .. } | Self::Client { .. } => 2,
            Self::Minute => 3,
            Self::Bar { .. } | Self::FeedSays(..) | Self::Tell(..) => 4,
            _ => 5,
        }
    }
}

/// Where something lies that waits, in the order in which it comes: time, class, number, place.
type Place = (Timestamp, u8, u64, usize);

/// What is going to happen, soonest first; of one class and instant, what was put in first.
#[derive(Debug, Default)]
pub(super) struct Queue {
    order: BinaryHeap<Reverse<Place>>,
    waiting: Vec<Option<Due>>,
    /// Places in `waiting` that are free again.
    free: Vec<usize>,
    last: u64,
}

impl Queue {
    /// Adds something.
    pub(super) fn push(&mut self, at: Timestamp, due: Due) {
        self.last += 1;
        let class = due.class();
        let free = self.free.pop();
        let place = free.unwrap_or(self.waiting.len());
        match self.waiting.get_mut(place) {
            Some(free) => *free = Some(due),
            None => self.waiting.push(Some(due)),
        }
        self.order.push(Reverse((at, class, self.last, place)));
    }

    /// When the first one is due.
    #[must_use]
    pub(super) fn next_at(&self) -> Option<Timestamp> {
        self.order.peek().map(|Reverse((at, ..))| *at)
    }

    /// Takes the first one.
    pub(super) fn pop(&mut self) -> Option<(Timestamp, Due)> {
        let Reverse((at, .., place)) = self.order.pop()?;
        self.free.push(place);
        let due = self.waiting.get_mut(place)?.take()?;
        Some((at, due))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_one_instant_the_brokers_side_comes_first_and_then_what_was_put_in_first() {
        let mut queue = Queue::default();
        let at = Timestamp::from_seconds(5);
        let mixed = [
            Due::Look,
            Due::Minute,
            Due::Boot,
            Due::Arrive(1),
            Due::Announce,
        ];
        for due in mixed {
            queue.push(at, due);
        }
        queue.push(Timestamp::from_seconds(4), Due::Heal);
        let taken = std::iter::from_fn(|| queue.pop()).map(|(_, due)| due);
        let expected = [
            Due::Heal,
            Due::Announce,
            Due::Arrive(1),
            Due::Minute,
            Due::Look,
            Due::Boot,
        ];
        assert_eq!(taken.collect::<Vec<Due>>(), expected);
    }
}
