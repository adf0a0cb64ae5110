//! How many messages went to the broker lately, those that take back or change included.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use trader_contract::Timestamp;

/// What kind of message it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    /// A new order.
    Order,
    /// A change of one.
    Replacement,
    /// A cancel.
    Cancel,
}

/// Messages of one minute, by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sent {
    /// New orders.
    pub orders: u32,
    /// Changes.
    pub replacements: u32,
    /// Cancels.
    pub cancels: u32,
}

impl Sent {
    /// All together.
    #[must_use]
    pub const fn total(self) -> u32 {
        self.orders
            .saturating_add(self.replacements)
            .saturating_add(self.cancels)
    }
}

/// The messages of the last minute, oldest first. No more are kept than it takes to know that there
/// are too many.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Traffic(VecDeque<(Timestamp, Message)>);

impl Traffic {
    /// How many are kept: more than the highest cap.
    const KEPT: usize = 1_024;

    /// Counts a message.
    pub(super) fn note(&mut self, at: Timestamp, message: Message) {
        while self
            .0
            .front()
            .is_some_and(|(sent, _)| !is_recent(at, *sent))
            || self.0.len() >= Self::KEPT
        {
            self.0.pop_front();
        }
        self.0.push_back((at, message));
    }

    /// How many messages there were in the minute up to `at`.
    pub(super) fn total_in_a_minute(&self, at: Timestamp) -> u32 {
        let before = self.0.partition_point(|(sent, _)| !is_recent(at, *sent));
        u32::try_from(self.0.len().saturating_sub(before)).unwrap_or(u32::MAX)
    }

    /// The messages of the minute up to `at`, by kind.
    pub(super) fn in_a_minute(&self, at: Timestamp) -> Sent {
        let mut sum = Sent::default();
        for (_, message) in self.0.iter().filter(|(sent, _)| is_recent(at, *sent)) {
            let count = match message {
                Message::Order => &mut sum.orders,
                Message::Replacement => &mut sum.replacements,
                Message::Cancel => &mut sum.cancels,
            };
            *count = count.saturating_add(1);
        }
        sum
    }
}

fn is_recent(at: Timestamp, sent: Timestamp) -> bool {
    at.since(sent) < Timestamp::MINUTE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_is_counted_by_kind_and_forgotten_after_it() {
        let mut traffic = Traffic::default();
        let at = |seconds| Timestamp::from_nanos(0).plus_seconds(seconds);
        traffic.note(at(0), Message::Order);
        traffic.note(at(30), Message::Cancel);
        traffic.note(at(59), Message::Replacement);
        let all = Sent {
            orders: 1,
            replacements: 1,
            cancels: 1,
        };
        assert_eq!(traffic.in_a_minute(at(59)), all);
        assert_eq!(traffic.in_a_minute(at(60)), Sent { orders: 0, ..all });
        for second in 0..125 {
            let (total, kinds) = (
                traffic.total_in_a_minute(at(second)),
                traffic.in_a_minute(at(second)),
            );
            assert_eq!(total, kinds.total(), "{second}");
        }
        assert_eq!(traffic.in_a_minute(at(119)).total(), 0);
    }

    #[test]
    fn no_flood_makes_it_grow_without_end() {
        let mut traffic = Traffic::default();
        for _ in 0..5_000 {
            traffic.note(Timestamp::from_nanos(0), Message::Cancel);
        }
        let counted = traffic.in_a_minute(Timestamp::from_nanos(0)).total();
        assert_eq!(counted, 1_024);
    }
}
