//! Recent events in memory, with rising numbers: a writer never waits, a reader comes back with the
//! number it has seen. What is no longer kept is told as missed.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};

use tokio::sync::Notify;

/// Events that wait while somebody reads; more are dropped and counted.
const WAITING_MAX: usize = 4_096;

/// What a reader gets.
#[derive(Debug)]
pub struct Batch<T> {
    /// The number that the first event here would have if none were missed.
    pub expected: u64,
    /// The events with their numbers, oldest first.
    pub events: Vec<(u64, Arc<T>)>,
}

impl<T> Batch<T> {
    /// The number of the first event, where some before it were missed.
    #[must_use]
    pub fn missed_before(&self) -> Option<u64> {
        self.events
            .first()
            .map(|(seq, _)| *seq)
            .filter(|seq| *seq > self.expected)
    }
}

/// Recent events. Cheap to clone; all clones are the same ring.
#[derive(Debug)]
pub struct Ring<T>(Arc<Inner<T>>);

impl<T> Clone for Ring<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

#[derive(Debug)]
struct Inner<T> {
    waiting: SyncSender<(Option<u64>, T)>,
    dropped: AtomicU64,
    kept: Mutex<Kept<T>>,
    news: Notify,
}

#[derive(Debug)]
struct Kept<T> {
    arriving: Receiver<(Option<u64>, T)>,
    events: VecDeque<(u64, Arc<T>)>,
    capacity: usize,
    /// The number of the newest event.
    last: u64,
}

impl<T> Kept<T> {
    fn take_in(&mut self) {
        while let Ok((number, event)) = self.arriving.try_recv() {
            let next = self.last.saturating_add(1);
            // Numbers rise, whatever the writer says: readers search by them.
            let seq = number.map_or(next, |number| number.max(next));
            if self.events.len() >= self.capacity {
                self.events.pop_front();
            }
            self.events.push_back((seq, Arc::new(event)));
            self.last = seq;
        }
    }
}

impl<T> Ring<T> {
    /// A ring that keeps the newest `capacity` events, at least one.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        let (waiting, arriving) = sync_channel(WAITING_MAX);
        Self(Arc::new(Inner {
            waiting,
            dropped: AtomicU64::new(0),
            kept: Mutex::new(Kept {
                arriving,
                events: VecDeque::new(),
                capacity: capacity.max(1),
                last: 0,
            }),
            news: Notify::new(),
        }))
    }

    /// Adds an event under the next number. Never waits: while a reader holds the ring, events queue
    /// up, and past a few thousand they are dropped and counted.
    pub fn push(&self, event: T) {
        self.add(None, event);
    }

    /// Adds an event that has a number of its own, higher than those before. Never waits either.
    pub fn push_numbered(&self, seq: u64, event: T) {
        self.add(Some(seq), event);
    }

    fn add(&self, number: Option<u64>, event: T) {
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) =
            self.0.waiting.try_send((number, event))
        {
            self.0.dropped.fetch_add(1, Ordering::Relaxed);
        }
        match self.0.kept.try_lock() {
            Ok(mut kept) => kept.take_in(),
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner().take_in(),
            Err(TryLockError::WouldBlock) => {}
        }
        self.0.news.notify_waiters();
    }

    /// How many events were dropped because the ring was held for too long.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }

    /// The number of the newest event; 0 before the first.
    #[must_use]
    pub fn last_seq(&self) -> u64 {
        self.hold().last
    }

    /// At most `limit` events after number `after`, the oldest first.
    #[must_use]
    pub fn after(&self, after: u64, limit: usize) -> Batch<T> {
        let kept = self.hold();
        let start = kept.events.partition_point(|(seq, _)| *seq <= after);
        let events = kept
            .events
            .iter()
            .skip(start)
            .take(limit)
            .cloned()
            .collect();
        let expected = after.saturating_add(1);
        Batch { expected, events }
    }

    /// The newest events for which `wanted` holds, at most `limit`, the oldest first.
    pub fn newest(
        &self,
        limit: usize,
        mut wanted: impl FnMut(u64, &T) -> bool,
    ) -> Vec<(u64, Arc<T>)> {
        let all: Vec<(u64, Arc<T>)> = self.hold().events.iter().cloned().collect();
        let mut found: Vec<(u64, Arc<T>)> = all
            .into_iter()
            .rev()
            .filter(|(seq, event)| wanted(*seq, event))
            .take(limit)
            .collect();
        found.reverse();
        found
    }

    /// Waits until there is an event after number `after`.
    pub async fn wait_after(&self, after: u64) {
        loop {
            // Registered before the look, so that an event in between wakes it.
            let news = self.0.news.notified();
            let mut news = std::pin::pin!(news);
            news.as_mut().enable();
            if self.last_seq() > after {
                return;
            }
            news.await;
        }
    }

    fn hold(&self) -> MutexGuard<'_, Kept<T>> {
        let mut kept = self
            .0
            .kept
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        kept.take_in();
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(capacity: usize, events: u32) -> Ring<u32> {
        let ring = Ring::new(capacity);
        (1..=events).for_each(|event| ring.push(event));
        ring
    }

    fn events(batch: &Batch<u32>) -> Vec<u32> {
        batch.events.iter().map(|(_, event)| **event).collect()
    }

    #[test]
    fn the_oldest_make_room_and_numbers_go_on() {
        let ring = ring(3, 5);
        let batch = ring.after(0, 10);
        assert_eq!(events(&batch), [3, 4, 5]);
        assert_eq!(batch.events[0].0, 3);
        assert_eq!(ring.last_seq(), 5);
    }

    #[test]
    fn a_reader_goes_on_where_it_was_and_hears_what_it_missed() {
        let ring = ring(3, 5);
        assert_eq!(events(&ring.after(3, 1)), [4]);
        assert_eq!(ring.after(3, 1).missed_before(), None);
        assert_eq!(ring.after(1, 9).missed_before(), Some(3));
        assert!(ring.after(5, 9).events.is_empty());
        assert!(ring.after(99, 9).events.is_empty());
    }

    #[test]
    fn an_event_may_bring_its_own_number() {
        let ring = ring(10, 0);
        ring.push_numbered(41, 1);
        ring.push_numbered(44, 2);
        ring.push_numbered(7, 3);
        let batch = ring.after(41, 10);
        let numbers: Vec<u64> = batch.events.iter().map(|(seq, _)| *seq).collect();
        assert_eq!(numbers, [44, 45]);
        assert_eq!(batch.missed_before(), Some(44));
    }

    #[test]
    fn the_newest_that_match_come_oldest_first() {
        let ring = ring(10, 8);
        let even = ring.newest(2, |_, event| event % 2 == 0);
        assert_eq!(even.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), [6, 8]);
    }

    #[test]
    fn a_writer_does_not_wait_while_the_ring_is_held_and_nothing_is_lost() {
        let ring = ring(10, 1);
        let held = ring.0.kept.lock().unwrap();
        ring.push(2);
        drop(held);
        assert_eq!(events(&ring.after(0, 10)), [1, 2]);
        assert_eq!(ring.dropped(), 0);
    }

    #[test]
    fn what_does_not_fit_while_the_ring_is_held_is_counted() {
        let ring = ring(10, 0);
        let held = ring.0.kept.lock().unwrap();
        (0..5_000).for_each(|event| ring.push(event));
        drop(held);
        assert_eq!(ring.dropped(), 904);
    }

    #[tokio::test]
    async fn a_waiting_reader_wakes_with_the_next_event() {
        let ring = ring(10, 1);
        let waiting = tokio::spawn({
            let ring = ring.clone();
            async move {
                ring.wait_after(1).await;
                ring.last_seq()
            }
        });
        tokio::task::yield_now().await;
        ring.push(7);
        assert_eq!(waiting.await.unwrap(), 2);
    }
}
