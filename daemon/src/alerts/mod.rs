//! Alerts that reach somebody: every alert that is grave enough goes from the journal to a program or to a
//! webhook, after it is on the disk and without anybody waiting for it; of one that stands its end is told
//! the same way. What it is about is the engine's.

mod command;
mod dead_man;
mod http;
mod notice;
mod queue;
mod unit_failed;
mod unsent;
mod way;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use trader_contract::{Symbol, Timestamp};
use trader_core::record::{Alert, Severity};
use trader_rpc::{AlertTest, AlertWay, RequestId, Severity as Grave};
use trader_store::{MAX_ROWS, Reader, Store, StoreError, Writer};

use crate::clock;
use crate::config::{AlertSettings, MinimumSeverity, WebAddress};
use crate::credentials;
use crate::systemd::Heart;

use dead_man::DeadMan;
use http::Endpoint;
use notice::Notice;
use way::{Patience, Port, Way};

pub use notice::name as severity_name;
pub use unit_failed::tell as tell_unit_failed;

/// How long an ending daemon waits for its last alerts to arrive; what did not comes after the next start.
const FAREWELL: Duration = Duration::from_secs(2);
/// How long a test may take, waiting for its turn included.
const TEST_PATIENCE: Duration = Duration::from_secs(12);
/// Tests that are remembered.
const TESTS_KEPT: usize = 32;

/// Alerts that stand, by kind and symbol.
type Standing = BTreeMap<(Box<str>, Option<Symbol>), Alert>;

/// The ways that alerts go. Without any, raising one costs nothing.
#[derive(Debug)]
pub struct Delivery {
    ways: Vec<Arc<Way>>,
    minimum: Severity,
    mode: String,
    /// What stands, and was told: of that the end is told too.
    told: Mutex<Standing>,
    dead_man: Option<Arc<DeadMan>>,
    /// A switch that cannot be held.
    unheld: Option<(Timestamp, String)>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    /// What came of the newest tests, so that a call that is sent again tests nothing again.
    tested: tokio::sync::Mutex<VecDeque<AlertTest>>,
}

/// The ways that were opened, with what each has still to send from before.
#[derive(Debug)]
pub struct Opened {
    ways: Vec<(&'static str, Port, Vec<Notice>)>,
    told: Standing,
    settings: AlertSettings,
    mode: String,
}

impl Opened {
    /// Opens the ways of the settings, and finds what did not arrive before this start.
    ///
    /// # Errors
    /// The store cannot be read or written.
    pub fn open(
        settings: &AlertSettings,
        mode: &str,
        store: &mut Store,
    ) -> Result<Self, StoreError> {
        let ports = [
            ("command", command_port(settings)),
            ("webhook", webhook_port(settings)),
        ];
        let minimum = severity(settings.minimum);
        let mut ways = Vec::new();
        for (name, port) in ports {
            let unsent = unsent::resume(store, name, port.is_some(), minimum, clock::now())?;
            let Some(port) = port else { continue };
            let notices = unsent.iter().map(|unsent| {
                let make = if unsent.over {
                    Notice::over
                } else {
                    Notice::new
                };
                make(unsent.number, unsent.at, &unsent.alert, mode)
            });
            ways.push((name, port, notices.collect()));
        }
        Ok(Self {
            ways,
            told: standing(store, minimum)?,
            settings: settings.clone(),
            mode: mode.to_owned(),
        })
    }
}

/// What stands at a start, as far as it is grave enough to have been told.
fn standing(store: &Store, minimum: Severity) -> Result<Standing, StoreError> {
    let open = Reader::open(store.path())?.open_alerts(MAX_ROWS)?;
    let told = open.into_iter();
    let told = told.filter(|raised| raised.stands() && raised.alert.severity >= minimum);
    Ok(told
        .map(|raised| {
            (
                (raised.alert.kind.clone(), raised.alert.symbol),
                raised.alert,
            )
        })
        .collect())
}

fn command_port(settings: &AlertSettings) -> Option<Port> {
    let command = settings.command.clone();
    (!command.is_empty()).then_some(Port::Command(command))
}

fn webhook_port(settings: &AlertSettings) -> Option<Port> {
    let address = settings.webhook.as_ref()?;
    let opened = endpoint(address, settings.webhook_token_file.as_deref());
    Some(opened.map_or_else(Port::Shut, Port::Webhook))
}

fn endpoint(address: &WebAddress, file: Option<&std::path::Path>) -> Result<Endpoint, String> {
    let token = file.map(credentials::read).transpose();
    let token = token.map_err(|error| error.to_string())?;
    let limit = Patience::default().attempt;
    Endpoint::new(address, token.as_ref(), limit).map_err(|error| format!("{address}: {error}"))
}

/// The id of a kind of alert in the journal of systemd.
#[must_use]
pub fn message_id(kind: &str) -> String {
    crate::logging::message_id::of("alert", kind)
}

const fn severity(minimum: MinimumSeverity) -> Severity {
    match minimum {
        MinimumSeverity::Notice => Severity::Notice,
        MinimumSeverity::Warning => Severity::Warning,
        MinimumSeverity::Critical => Severity::Critical,
    }
}

impl Delivery {
    /// No way: nobody is told.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            ways: Vec::new(),
            minimum: Severity::Critical,
            mode: String::new(),
            told: Mutex::new(Standing::new()),
            dead_man: None,
            unheld: None,
            tasks: Mutex::new(Vec::new()),
            tested: tokio::sync::Mutex::const_new(VecDeque::new()),
        }
    }

    /// Begins to send, with what did not arrive before. How far each way is goes into the store through
    /// `writer`, behind whatever trading writes. Must be called inside a tokio runtime.
    #[must_use]
    pub fn start(opened: Opened, writer: &Arc<Writer>) -> Self {
        let mut delivery = Self {
            minimum: severity(opened.settings.minimum),
            mode: opened.mode,
            told: Mutex::new(opened.told),
            ..Self::none()
        };
        let mut tasks = Vec::new();
        for (name, port, unsent) in opened.ways {
            let writer = Arc::clone(writer);
            let save = Box::new(move |number| {
                // A writer that has failed says so to the engine; the alert then comes once more.
                writer.submit_then(unsent::done(name, number, clock::now()), drop);
            });
            let way = Arc::new(Way::new(name, port, Patience::default(), save));
            if !unsent.is_empty() {
                tracing::info!(
                    way = name,
                    count = unsent.len(),
                    "alerts of before are sent now"
                );
            }
            for notice in unsent {
                way.raise(notice);
            }
            let worker = Arc::clone(&way);
            tasks.push(tokio::spawn(async move { worker.work().await }));
            delivery.ways.push(way);
        }
        if let Some(address) = &opened.settings.dead_man {
            let file = opened.settings.dead_man_token_file.as_deref();
            match endpoint(address, file) {
                Ok(endpoint) => {
                    let every = Duration::from_secs(opened.settings.dead_man_seconds.into());
                    delivery.dead_man = Some(Arc::new(DeadMan::new(endpoint, every)));
                }
                Err(error) => {
                    tracing::error!(error, "the dead man's switch cannot be held");
                    delivery.unheld = Some((clock::now(), error));
                }
            }
        }
        delivery.tasks = Mutex::new(tasks);
        delivery
    }

    /// Holds the dead man's switch, if there is one, for as long as the loops get on and `ready` says so.
    /// Must be called inside a tokio runtime.
    pub fn hold_switch(&self, heart: Heart, ready: impl Fn() -> bool + Send + Sync + 'static) {
        let Some(dead_man) = self.dead_man.clone() else {
            return;
        };
        let task = tokio::spawn(async move { dead_man.hold(&heart, ready).await });
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.push(task);
    }

    /// Sends an alert that is on the disk as entry `number`, if it is grave enough. Never waits.
    pub fn raise(&self, number: u64, at: Timestamp, alert: &Alert) {
        if alert.severity < self.minimum {
            return;
        }
        if alert.standing {
            let of = (alert.kind.clone(), alert.symbol);
            self.told().insert(of, alert.clone());
        }
        for way in &self.ways {
            way.raise(Notice::new(number, at, alert, &self.mode));
        }
    }

    /// Tells those who were told of an alert that its cause has gone, as entry `number` says. Never waits.
    pub fn clear(&self, number: u64, at: Timestamp, kind: &str, symbol: Option<Symbol>) {
        let Some(alert) = self.told().remove(&(kind.into(), symbol)) else {
            return;
        };
        for way in &self.ways {
            way.raise(Notice::over(number, at, &alert, &self.mode));
        }
    }

    fn told(&self) -> MutexGuard<'_, Standing> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends word that nothing can be written down any more: what is told from now on, no restart knows.
    pub fn raise_journal_failure(&self, why: &str) {
        let alert = Alert {
            severity: Severity::Critical,
            kind: "journal".into(),
            symbol: None,
            message: format!(
                "the journal takes no entries: {why}; entries are halted, and alerts that do not \
                 arrive are not sent again after a restart"
            )
            .into(),
            action: "free the disk or mend it, then restart the daemon; stops rest at the broker \
                     meanwhile"
                .into(),
            standing: true,
        };
        self.raise(0, clock::now(), &alert);
    }

    /// What is in trouble here, as alerts to look at. They are sent to nobody, since they could not be.
    #[must_use]
    pub fn standing(&self) -> Vec<trader_rpc::Alert> {
        let mut standing = Vec::new();
        for way in &self.ways {
            if let Some((at, why)) = way.health().trouble {
                let message = format!("alerts do not arrive by {}: {why}", way.name());
                standing.push(trouble(at, "alerts_undelivered", message));
            }
        }
        let switch = self.dead_man.as_ref().and_then(|switch| switch.trouble());
        if let Some((at, why)) = switch.or_else(|| self.unheld.clone()) {
            let message = format!("the dead man's switch cannot be held: {why}");
            standing.push(trouble(at, "dead_man_unheld", message));
        }
        standing
    }

    /// Sends a test on every way, whatever the minimum is, and tells what came of it; for a call that was
    /// made before, what came of it then.
    pub async fn test(&self, request_id: &RequestId) -> AlertTest {
        let mut tested = self.tested.lock().await;
        if let Some(known) = tested.iter().find(|test| test.request_id == *request_id) {
            return known.clone();
        }
        let test = AlertTest {
            request_id: request_id.clone(),
            ways: self.test_ways().await,
        };
        if tested.len() >= TESTS_KEPT {
            tested.pop_front();
        }
        tested.push_back(test.clone());
        test
    }

    async fn test_ways(&self) -> Vec<AlertWay> {
        let notice = Notice::test(clock::now(), &self.mode);
        let tests = self.ways.iter().map(|way| async {
            let outcome = tokio::time::timeout(TEST_PATIENCE, way.attempt(&notice)).await;
            let outcome =
                outcome.unwrap_or_else(|_| Err("it is busy with another alert".to_owned()));
            AlertWay {
                name: way.name().to_owned(),
                target: way.target().to_owned(),
                delivered: outcome.is_ok(),
                detail: outcome.err(),
            }
        });
        futures::future::join_all(tests).await
    }

    /// Gives the last alerts a moment to arrive, then ends.
    pub async fn stop(&self) {
        let drained = futures::future::join_all(self.ways.iter().map(|way| way.drained()));
        if tokio::time::timeout(FAREWELL, drained).await.is_err() {
            tracing::warn!("alerts are not delivered yet; they are sent after the next start");
        }
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            task.abort();
            // It was told to end.
            let _ = task.await;
        }
    }
}

fn trouble(at: Timestamp, kind: &str, message: String) -> trader_rpc::Alert {
    trader_rpc::Alert {
        at,
        severity: Grave::Warning,
        kind: kind.to_owned(),
        symbol: None,
        message,
        action: "try it with `traderctl alerts test`; the journal has every alert".to_owned(),
    }
}
