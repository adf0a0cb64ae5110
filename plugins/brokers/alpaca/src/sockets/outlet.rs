//! Where what comes from Alpaca is put: a bounded queue of the daemon's. A full one is waited for, so
//! that nothing of an order is lost; the wait holds up the socket, and in the end Alpaca.

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::time::Duration;

/// How long a full queue is left alone.
const PAUSE: Duration = Duration::from_millis(1);

/// What became of something that was put into a queue.
#[derive(Debug)]
pub enum Put<T> {
    /// It is in.
    Taken,
    /// There is no room now.
    Full(T),
    /// Nobody takes anything any more.
    Gone,
}

/// Puts something into a queue, without waiting.
pub type Outlet<T> = Arc<dyn Fn(T) -> Put<T> + Send + Sync>;

/// An outlet into a bounded queue of messages, each made of what comes.
pub fn outlet<T: 'static, M: Send + 'static>(
    queue: SyncSender<M>,
    wrap: fn(T) -> M,
    unwrap: fn(M) -> Option<T>,
) -> Outlet<T> {
    Arc::new(move |item| match queue.try_send(wrap(item)) {
        Ok(()) => Put::Taken,
        Err(TrySendError::Full(message)) => match unwrap(message) {
            Some(item) => Put::Full(item),
            None => Put::Gone,
        },
        Err(TrySendError::Disconnected(_)) => Put::Gone,
    })
}

/// Puts something in, however long that takes; `false` where nobody takes it any more.
pub(super) async fn deliver<T>(outlet: &Outlet<T>, mut item: T) -> bool {
    loop {
        match outlet(item) {
            Put::Taken => return true,
            Put::Gone => return false,
            Put::Full(back) => item = back,
        }
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_queue_is_waited_for_and_nothing_is_lost() {
        let (queue, waiting) = std::sync::mpsc::sync_channel::<u32>(1);
        let outlet: Outlet<u32> = outlet(queue, |n| n, Some);
        let feeding = tokio::spawn(async move {
            for number in 0..5 {
                assert!(deliver(&outlet, number).await);
            }
        });
        let mut taken = Vec::new();
        while taken.len() < 5 {
            match waiting.try_recv() {
                Ok(number) => taken.push(number),
                Err(_) => tokio::task::yield_now().await,
            }
        }
        feeding.await.unwrap();
        assert_eq!(taken, [0, 1, 2, 3, 4]);
    }

    #[tokio::test]
    async fn a_queue_that_is_gone_says_so() {
        let (queue, waiting) = std::sync::mpsc::sync_channel::<u32>(1);
        drop(waiting);
        let outlet: Outlet<u32> = outlet(queue, |n| n, Some);
        assert!(!deliver(&outlet, 1).await);
    }
}
