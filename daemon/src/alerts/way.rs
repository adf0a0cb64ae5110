//! One way on which alerts reach somebody: its queue, its worker and how it has gone. Nobody who raises
//! an alert ever waits for it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use trader_contract::Timestamp;

use super::command;
use super::http::Endpoint;
use super::notice::Notice;
use super::queue::Queue;
use crate::clock;

/// Where a way leads.
#[derive(Debug)]
pub(super) enum Port {
    /// A program with its arguments.
    Command(Vec<String>),
    /// An address that alerts are posted to.
    Webhook(Endpoint),
    /// Nowhere, since it could not be opened: what waits stays undelivered until the next start.
    Shut(String),
}

/// How long is waited, and how often is tried.
#[derive(Debug, Clone)]
pub(super) struct Patience {
    /// For one try.
    pub(super) attempt: Duration,
    /// Between the tries of a webhook. A program is tried once.
    pub(super) waits: Vec<Duration>,
}

impl Default for Patience {
    /// Ten seconds for a try; nine tries within five minutes, even if each takes all of its time.
    fn default() -> Self {
        Self {
            attempt: Duration::from_secs(10),
            waits: [1, 2, 4, 8, 15, 30, 60, 60]
                .map(Duration::from_secs)
                .to_vec(),
        }
    }
}

/// How a way has gone.
#[derive(Debug, Clone, Default)]
pub(super) struct Health {
    /// Since when it is in trouble, and why; nothing once an alert has passed again.
    pub(super) trouble: Option<(Timestamp, String)>,
    /// Alerts that arrived.
    pub(super) delivered: u64,
    /// Alerts that did not, however often they were tried.
    pub(super) given_up: u64,
}

/// Remembers durably that everything up to this number is done with.
pub(super) type Save = Box<dyn Fn(u64) + Send + Sync>;

/// One way on which alerts reach somebody.
pub(super) struct Way {
    name: &'static str,
    port: Port,
    patience: Patience,
    queue: Mutex<Queue>,
    wake: Notify,
    /// Notices that wait or are on their way.
    pending: watch::Sender<usize>,
    health: Mutex<Health>,
    /// A program runs once at a time.
    turn: tokio::sync::Mutex<()>,
    save: Save,
}

impl std::fmt::Debug for Way {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Way")
            .field("name", &self.name)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Way {
    /// A way that nothing has gone yet.
    #[must_use]
    pub(super) fn new(name: &'static str, port: Port, patience: Patience, save: Save) -> Self {
        let mut health = Health::default();
        if let Port::Shut(why) = &port {
            tracing::error!(way = name, error = why, "alerts cannot be sent this way");
            health.trouble = Some((clock::now(), why.clone()));
        }
        Self {
            name,
            port,
            patience,
            queue: Mutex::default(),
            wake: Notify::new(),
            pending: watch::Sender::new(0),
            health: Mutex::new(health),
            turn: tokio::sync::Mutex::new(()),
            save,
        }
    }

    /// Its name: `command` or `webhook`.
    #[must_use]
    pub(super) const fn name(&self) -> &'static str {
        self.name
    }

    /// Where it leads, without secrets.
    #[must_use]
    pub(super) fn target(&self) -> &str {
        match &self.port {
            Port::Command(command) => command.first().map_or("", String::as_str),
            Port::Webhook(endpoint) => endpoint.name(),
            Port::Shut(_) => "",
        }
    }

    /// How it has gone.
    #[must_use]
    pub(super) fn health(&self) -> Health {
        lock(&self.health).clone()
    }

    /// Notices that had to go for others.
    #[must_use]
    pub(super) fn dropped(&self) -> u64 {
        lock(&self.queue).dropped()
    }

    /// Puts a notice into the queue. Never waits.
    pub(super) fn raise(&self, notice: Notice) {
        // Before it can be taken, so that the count never falls behind.
        self.pending
            .send_modify(|count| *count = count.saturating_add(1));
        let gone = lock(&self.queue).push(notice);
        match gone {
            None => {}
            Some(gone) => {
                self.pending
                    .send_modify(|count| *count = count.saturating_sub(1));
                let dropped = self.dropped();
                let why =
                    format!("the queue is full: {dropped} alerts were dropped since the start");
                tracing::error!(
                    way = self.name,
                    alert_number = gone.number,
                    alert_kind = &*gone.kind,
                    dropped,
                    "an alert was dropped: more wait than the queue holds"
                );
                self.trouble(why);
            }
        }
        self.wake.notify_one();
    }

    fn trouble(&self, why: String) {
        let mut health = lock(&self.health);
        let since = health.trouble.take().map_or_else(clock::now, |(at, _)| at);
        health.trouble = Some((since, why));
    }

    /// Sends what comes, one after the other, for as long as it is polled.
    pub(super) async fn work(&self) {
        if matches!(self.port, Port::Shut(_)) {
            return;
        }
        loop {
            let notice = lock(&self.queue).pop();
            let Some(notice) = notice else {
                self.wake.notified().await;
                continue;
            };
            self.deliver(&notice).await;
            // One that could not be written down has no number.
            if notice.number > 0 {
                (self.save)(notice.number);
            }
            self.pending
                .send_modify(|count| *count = count.saturating_sub(1));
        }
    }

    /// Waits until nothing waits or is on its way.
    pub(super) async fn drained(&self) {
        // The sender is ours, so that this cannot fail.
        let _ = self.pending.subscribe().wait_for(|count| *count == 0).await;
    }

    async fn deliver(&self, notice: &Notice) {
        match self.persist(notice).await {
            Ok(()) => {
                let mut health = lock(&self.health);
                health.delivered = health.delivered.saturating_add(1);
                if health.trouble.take().is_some() {
                    tracing::info!(way = self.name, "alerts are sent again");
                }
            }
            Err(why) => {
                tracing::error!(
                    way = self.name,
                    alert_number = notice.number,
                    alert_kind = &*notice.kind,
                    error = why,
                    "an alert was not delivered and is given up; it stays in the journal"
                );
                self.trouble(why);
                let mut health = lock(&self.health);
                health.given_up = health.given_up.saturating_add(1);
            }
        }
    }

    /// Tries as often as it may.
    async fn persist(&self, notice: &Notice) -> Result<(), String> {
        let waits: &[Duration] = match &self.port {
            Port::Webhook(_) => &self.patience.waits,
            Port::Command(_) | Port::Shut(_) => &[],
        };
        let mut outcome = self.attempt(notice).await;
        for wait in waits {
            let Err(why) = &outcome else { break };
            self.trouble(format!("{why}; it is tried again"));
            tokio::time::sleep(*wait).await;
            outcome = self.attempt(notice).await;
        }
        outcome
    }

    /// Tries once.
    ///
    /// # Errors
    /// Why it did not arrive, without secrets.
    pub(super) async fn attempt(&self, notice: &Notice) -> Result<(), String> {
        match &self.port {
            Port::Command(line) => {
                let _turn = self.turn.lock().await;
                command::run(line, notice, self.patience.attempt)
                    .await
                    .map_err(|error| error.to_string())
            }
            Port::Webhook(endpoint) => endpoint
                .post(notice.json())
                .await
                .map_err(|error| error.to_string()),
            Port::Shut(why) => Err(why.clone()),
        }
    }
}
