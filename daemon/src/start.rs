//! What happens before trading begins: configuration, state folder, log, plugins. Each step fails
//! with what is wrong and an exit code; what trades is the supervisor's.

use std::path::{Path, PathBuf};

use trader_calendar::Calendar;
use trader_rpc::EffectiveConfig;

use crate::backup;
use crate::config::{self, Config};
use crate::descriptors::Handed;
use crate::exit::{self, Failure};
use crate::logging::{self, Logging};
use crate::plugins;
use crate::reload::Reloader;
use crate::schedule;
use crate::state::{self, Folders, StateLock, Surroundings};

/// Where `traderd run` looks; what is not named is found: see [`config::file_to_read`] and
/// [`Folders::choose`].
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// The configuration file.
    pub config: Option<PathBuf>,
    /// The state folder.
    pub state: Option<PathBuf>,
    /// The runtime folder.
    pub runtime: Option<PathBuf>,
}

/// Everything that the supervisor starts from.
#[derive(Debug)]
pub struct Prepared {
    /// The configuration in force.
    pub config: Config,
    /// The same as RPC tells it, with the files it came from.
    pub effective: EffectiveConfig,
    /// The exchange calendar with the configuration's overrides.
    pub calendar: Calendar,
    /// The file that it came from, to be read again.
    pub file: Option<PathBuf>,
    /// Where state and sockets are.
    pub folders: Folders,
    /// The log, which ends when this is dropped: keep it to the end.
    pub logging: Logging,
    /// The right to the state folder: keep it to the end.
    pub lock: StateLock,
    /// Sockets that systemd kept over a restart.
    pub handed: Handed,
}

impl Prepared {
    /// Who reads the configuration again.
    #[must_use]
    pub fn reloader(&self) -> Reloader {
        Reloader::new(
            self.file.as_deref(),
            (&self.config, &self.effective),
            self.logging.level_setter(),
        )
    }
}

/// Reads and checks everything, takes the state folder's lock and begins the log.
///
/// # Errors
/// The first step that fails, with its exit code.
pub fn prepare(places: &Places) -> Result<Prepared, Failure> {
    let handed = Handed::take();
    let file = config::file_to_read(places.config.as_deref());
    let config = config::load(file.as_deref(), plugins::strategies())?;
    let folders = Folders::choose(
        places.state.as_deref(),
        places.runtime.as_deref(),
        &Surroundings::read(),
    )?;
    let prepared = prepare_with(config, file.as_deref(), folders)?;
    Ok(Prepared { handed, ..prepared })
}

/// The same with a configuration that is already there: for `traderd demo`.
///
/// # Errors
/// The first step that fails, with its exit code.
pub fn prepare_with(
    config: Config,
    file: Option<&Path>,
    folders: Folders,
) -> Result<Prepared, Failure> {
    let config = config.for_trading()?;
    plugins::require_broker(&config.broker.kind.to_string())?;
    let calendar = config
        .calendar
        .calendar()
        .map_err(|error| Failure::new(exit::CONFIG, error))?;
    let lock = state::prepare(&folders.state)?;
    schedule::behind_the_engine();
    let logging = logging::begin(&config.log)?;
    let effective = EffectiveConfig {
        hash: config.hash(),
        files: config::files(file),
        toml: config.to_shown_toml(),
    };
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        mode = %config.mode,
        config_hash = effective.hash,
        state = %folders.state.display(),
        message_id = logging::message_id::of("daemon", "starts"),
        routes = config.routes.len(),
        "traderd starts"
    );
    for warning in config.alerts.warnings() {
        tracing::warn!("{warning}");
    }
    if let Some(found) = backup::left_without_store(&folders.state) {
        tracing::warn!(
            found = %found.display(),
            "the state folder has recordings or copies of an earlier store and no store: a new one begins, \
             which knows no order and no trade; if that is not meant, stop the daemon and put the last copy \
             back with traderd db restore"
        );
    }
    if config.routes.is_empty() {
        tracing::warn!("no route is configured, so nothing will be traded");
    }
    Ok(Prepared {
        config,
        effective,
        calendar,
        file: file.map(Path::to_owned),
        folders,
        logging,
        lock,
        handed: Handed::default(),
    })
}
