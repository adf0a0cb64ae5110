//! The runtime on the engine's own thread, in which it waits and in which a broker's connections live. What
//! they bring is taken by the thread that waits for it, and an order leaves by the thread that decided on
//! it: nobody has to be woken in between. While the engine is at work they stand still, which is why it
//! never works for long at a time; while it waits for the disk they go on.

use std::future::Future;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use crate::exit::{self, Failure};

/// The runtime.
#[derive(Debug)]
pub(super) struct EngineRuntime(Runtime);

impl EngineRuntime {
    /// One in which nothing happens yet.
    ///
    /// # Errors
    /// The system has no descriptors left.
    pub(super) fn new() -> Result<Self, Failure> {
        let runtime = Builder::new_current_thread().enable_all().build();
        runtime.map(Self).map_err(|error| {
            let message = format!("cannot start the engine's runtime: {error}");
            Failure::new(exit::FAILED, message)
        })
    }

    /// As long as this is held, tasks are begun here.
    #[cfg(any(test, feature = "broker-alpaca"))]
    pub(super) fn enter(&self) -> tokio::runtime::EnterGuard<'_> {
        self.0.enter()
    }

    /// Waits for something, for so long at most.
    pub(super) fn wait<T>(&self, what: impl Future<Output = T>, longest: Duration) -> Option<T> {
        self.0.block_on(async {
            // What is there at once would else keep the connections from ever going on.
            tokio::task::yield_now().await;
            tokio::time::timeout(longest, what).await.ok()
        })
    }

    /// Waits for something that comes.
    pub(super) fn until<T>(&self, what: impl Future<Output = T>) -> T {
        self.0.block_on(what)
    }

    /// Lets the connections do what they can without waiting.
    pub(super) fn go_on(&self) {
        self.hand_over(|| {});
    }

    /// Hands something over to the connections and lets them do what they can with it without waiting: a
    /// request leaves. Handed over in here, since what comes from outside has to wake the runtime first.
    pub(super) fn hand_over(&self, what: impl FnOnce()) {
        if self.0.metrics().num_alive_tasks() == 0 {
            return what();
        }
        self.0.block_on(async {
            what();
            tokio::task::yield_now().await;
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use tokio::sync::mpsc;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    /// A task that hands on, through another one, what it is given.
    fn relay(runtime: &EngineRuntime) -> (mpsc::Sender<u32>, Arc<AtomicBool>) {
        let _inside = runtime.enter();
        let (first, mut given) = mpsc::channel(1);
        let (second, mut handed) = mpsc::channel(1);
        let arrived = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&arrived);
        tokio::spawn(async move {
            while let Some(number) = given.recv().await {
                second.send(number).await.unwrap();
            }
        });
        tokio::spawn(async move {
            while handed.recv().await.is_some() {
                seen.store(true, Ordering::Relaxed);
            }
        });
        runtime.go_on();
        (first, arrived)
    }

    #[test]
    fn what_is_handed_over_has_gone_its_way_afterwards() {
        let runtime = EngineRuntime::new().unwrap();
        let (first, arrived) = relay(&runtime);
        runtime.hand_over(|| first.try_send(1).unwrap());
        assert!(arrived.load(Ordering::Relaxed));
    }

    #[test]
    fn what_came_from_outside_has_gone_its_way_once_the_tasks_were_let_go_on() {
        let runtime = EngineRuntime::new().unwrap();
        let (first, arrived) = relay(&runtime);
        first.try_send(1).unwrap();
        assert!(!arrived.load(Ordering::Relaxed));
        runtime.go_on();
        assert!(arrived.load(Ordering::Relaxed));
    }

    #[test]
    fn something_is_handed_over_even_where_there_is_no_connection() {
        let runtime = EngineRuntime::new().unwrap();
        let mut done = false;
        runtime.hand_over(|| done = true);
        assert!(done);
    }

    #[test]
    fn tasks_go_on_even_if_nothing_is_waited_for() {
        let runtime = EngineRuntime::new().unwrap();
        let (first, arrived) = relay(&runtime);
        first.try_send(1).unwrap();
        assert_eq!(runtime.wait(std::future::ready(7), LONG), Some(7));
        assert!(arrived.load(Ordering::Relaxed));
    }

    #[test]
    fn what_does_not_come_is_waited_for_no_longer_than_wanted() {
        let runtime = EngineRuntime::new().unwrap();
        let never = std::future::pending::<()>();
        assert_eq!(runtime.wait(never, Duration::from_millis(1)), None);
    }
}
