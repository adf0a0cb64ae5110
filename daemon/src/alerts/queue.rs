//! Notices that wait to be sent, at most [`CAPACITY`]. When one more comes, the least grave one goes, of
//! equal ones the oldest, and is counted.

use std::collections::VecDeque;

use super::notice::Notice;

/// Notices that wait at most.
pub(super) const CAPACITY: usize = 100;

/// Notices in the order of their numbers.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: VecDeque<Notice>,
    dropped: u64,
}

impl Queue {
    /// Adds a notice; gives the one that had to go for it.
    pub(super) fn push(&mut self, notice: Notice) -> Option<Notice> {
        self.waiting.push_back(notice);
        if self.waiting.len() <= CAPACITY {
            return None;
        }
        // The first of the smallest.
        let least = self.waiting.iter().enumerate();
        let (place, _) = least.min_by_key(|(_, notice)| notice.severity)?;
        self.dropped = self.dropped.saturating_add(1);
        self.waiting.remove(place)
    }

    /// Takes the oldest.
    pub(super) fn pop(&mut self) -> Option<Notice> {
        self.waiting.pop_front()
    }

    /// How many had to go.
    #[must_use]
    pub(super) const fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use trader_contract::Timestamp;
    use trader_core::record::Severity;

    use super::*;

    fn notice(number: u64, severity: Severity) -> Notice {
        Notice {
            number,
            severity,
            ..Notice::test(Timestamp::from_seconds(0), "simulated")
        }
    }

    #[test]
    fn a_full_queue_loses_its_oldest_least_grave_notice_and_counts_it() {
        let mut queue = Queue::default();
        assert_eq!(queue.push(notice(1, Severity::Critical)), None);
        assert_eq!(queue.push(notice(2, Severity::Notice)), None);
        assert_eq!(queue.push(notice(3, Severity::Notice)), None);
        for number in 4..=100 {
            assert_eq!(queue.push(notice(number, Severity::Warning)), None);
        }
        let mut gone = Vec::new();
        for number in 101..=104 {
            gone.extend(queue.push(notice(number, Severity::Critical)));
        }
        let gone: Vec<u64> = gone.iter().map(|notice| notice.number).collect();
        assert_eq!(gone, [2, 3, 4, 5]);
        assert_eq!((queue.waiting.len(), queue.dropped()), (CAPACITY, 4));
        // One that is less grave than all that wait does not get in.
        let gone = queue.push(notice(105, Severity::Notice)).unwrap();
        assert_eq!(gone.number, 105);
        assert_eq!(queue.pop().unwrap().number, 1);
        assert_eq!(queue.pop().unwrap().number, 6);
    }
}
