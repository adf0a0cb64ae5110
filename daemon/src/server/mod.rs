//! The RPC server: two Unix sockets, who may do what through them, and the methods. What a method
//! does to trading is the engine's, behind [`Desk`]; what was written is the store's, behind
//! [`Archive`]; work apart from trading is behind [`Workshop`].

mod accept;
mod archive;
mod desk;
mod gate;
mod methods;
mod peer;
mod socket;
mod workshop;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jsonrpsee::server::{Methods, ServerHandle, stop_channel};
use tokio_util::task::TaskTracker;
use trader_calendar::Calendar;
use trader_rpc::{Job, JournalLine, Mode, Role, SocketInfo};

use crate::alerts::Delivery;
use crate::claim::Claim;
use crate::config::RpcSettings;
use crate::descriptors::Handed;
use crate::doctor::Doctor;
use crate::events::Ring;
use crate::logging::Entry;
use crate::reload::Reloader;

pub use archive::Archive;
pub use desk::{Desk, Turned};
pub use peer::Allowance;
pub use socket::SocketError;
pub use workshop::Workshop;

use accept::Door;
use socket::Bound;

/// How long open connections may take to end when the server stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(2);

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// A socket cannot be opened.
    #[error(transparent)]
    Socket(#[from] SocketError),
    /// Two methods have one name.
    #[error("the table of methods contradicts itself: {0}; this is a bug")]
    Methods(#[from] jsonrpsee::core::RegisterMethodError),
}

/// What the methods answer from.
#[derive(Clone)]
pub struct Services {
    /// The engine's inbox.
    pub desk: Arc<dyn Desk>,
    /// What was written.
    pub archive: Arc<dyn Archive>,
    /// Work apart from trading.
    pub workshop: Arc<dyn Workshop>,
    /// Recent log events.
    pub logs: Ring<Entry>,
    /// Recent journal entries, under their numbers in the journal.
    pub journal: Ring<JournalLine>,
    /// Recent changes of jobs.
    pub jobs: Ring<Job>,
    /// The ways that alerts go.
    pub alerts: Arc<Delivery>,
    /// The exchange calendar.
    pub calendar: Calendar,
    /// How the daemon trades.
    pub mode: Mode,
    /// How it calls itself in every header, like `SIMULATED`.
    pub label: String,
    /// The configuration in force, and how it is read again.
    pub reloader: Arc<Reloader>,
    /// What looks at everything around the daemon.
    pub doctor: Doctor,
}

/// Both sockets of a runtime folder, which nobody else can open meanwhile. Who calls waits until a server
/// answers.
#[derive(Debug)]
pub struct Sockets {
    bound: Vec<(Role, PathBuf, Bound)>,
    claim: Claim,
}

impl Sockets {
    /// Opens both sockets below `runtime`, or takes over those that were handed over.
    ///
    /// # Errors
    /// A socket cannot be opened, or another daemon has them or answers on one.
    pub fn open(runtime: &Path, mut handed: Handed) -> Result<Self, ServerError> {
        let claim = socket::claim(runtime)?;
        let paths = [
            (Role::Control, trader_rpc::socket::control(runtime)),
            (Role::Read, trader_rpc::socket::read(runtime)),
        ];
        let mut bound = Vec::new();
        for (role, path) in paths {
            let socket = socket::open(&path, &mut handed)?;
            bound.push((role, path, socket));
        }
        Ok(Self { bound, claim })
    }
}

/// The server while it runs.
#[derive(Debug)]
pub struct Server {
    handle: ServerHandle,
    tasks: TaskTracker,
    sockets: Vec<SocketInfo>,
    /// Held until the sockets' files are gone.
    _claim: Claim,
}

impl Server {
    /// Begins to answer on both sockets, which systemd is asked to keep. Must be called inside a tokio
    /// runtime.
    ///
    /// # Errors
    /// The methods cannot be registered.
    pub fn start(
        sockets: Sockets,
        settings: &RpcSettings,
        services: Services,
    ) -> Result<Self, ServerError> {
        let alerts = Arc::clone(&services.alerts);
        let call_timeout = Duration::from_millis(settings.call_timeout_ms.into());
        let methods: Methods = methods::register(services, call_timeout)?.into();
        let (stop, handle) = stop_channel();
        let tasks = TaskTracker::new();
        let mut opened = Vec::new();
        for (role, path, mut bound) in sockets.bound {
            bound.keep(role.name());
            opened.push(SocketInfo {
                role,
                path: path.display().to_string(),
            });
            tasks.spawn(accept::accept_all(Door {
                bound,
                role,
                methods: methods.clone(),
                stop: stop.clone(),
                alerts: Arc::clone(&alerts),
                tasks: tasks.clone(),
                allowance: Allowance {
                    per_second: settings.requests_per_second,
                    burst: settings.request_burst,
                },
                connections_max: settings.max_connections,
                header_timeout: Duration::from_millis(settings.header_timeout_ms.into()),
            }));
        }
        Ok(Self {
            handle,
            tasks,
            sockets: opened,
            _claim: sockets.claim,
        })
    }

    /// The sockets, for `status`.
    #[must_use]
    pub fn sockets(&self) -> &[SocketInfo] {
        &self.sockets
    }

    /// Takes no more connections, lets running calls end, closes the rest and takes the sockets' files
    /// away, unless systemd keeps the sockets for the next daemon.
    pub async fn stop(self) {
        // An error says that it has stopped already.
        let _ = self.handle.stop();
        self.tasks.close();
        if tokio::time::timeout(STOP_TIMEOUT, self.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!(
                connections = self.tasks.len(),
                "connections were cut: they did not end in time"
            );
        }
    }
}

#[cfg(test)]
mod tests;
