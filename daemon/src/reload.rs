//! Reading the configuration again while the daemon runs: what is wrong is refused and everything stays
//! as it was; of what is right, the log's settings apply at once, and the rest is named as waiting for a
//! restart. Limits, routes and the broker never change under an engine that trades.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use trader_rpc::{EffectiveConfig, Failure, Reloaded, RequestId};

use crate::config::{self, Config, LogLevel};
use crate::logging::message_id;
use crate::plugins;

/// What applies without a restart.
const APPLY: [&str; 2] = ["log.journal_head_minutes", "log.level"];

/// How other keys are named among what needs a restart.
const OTHER_KEYS: &str = "the keys of the broker";

/// Calls that are remembered.
const KEPT: usize = 32;

/// Sets the level of the log.
pub type SetLevel = Box<dyn Fn(LogLevel) + Send + Sync>;

/// Reads the configuration again.
pub struct Reloader {
    file: Option<PathBuf>,
    set_level: SetLevel,
    minutes: watch::Sender<u32>,
    state: Mutex<State>,
}

struct State {
    /// What is in force.
    config: Config,
    keys: BrokerKeys,
    effective: EffectiveConfig,
    /// What came of the newest calls, so that one that is sent again reads nothing again.
    done: Vec<Reloaded>,
}

impl std::fmt::Debug for Reloader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reloader")
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

impl Reloader {
    /// Will read `file` again, against what is in force now.
    #[must_use]
    pub fn new(
        file: Option<&Path>,
        (config, effective): (&Config, &EffectiveConfig),
        set_level: SetLevel,
    ) -> Self {
        Self {
            file: file.map(Path::to_owned),
            set_level,
            minutes: watch::Sender::new(config.log.journal_head_minutes),
            state: Mutex::new(State {
                config: config.clone(),
                // Without any that can be read the daemon does not come to trade.
                keys: broker_keys(config).unwrap_or_default(),
                effective: effective.clone(),
                done: Vec::new(),
            }),
        }
    }

    /// The configuration in force, as RPC tells it.
    #[must_use]
    pub fn effective(&self) -> EffectiveConfig {
        self.state().effective.clone()
    }

    /// The minutes between two entries with the journal's head, whenever they change.
    #[must_use]
    pub fn journal_head_minutes(&self) -> watch::Receiver<u32> {
        self.minutes.subscribe()
    }

    /// Reads the configuration again for a call; a call that was made before gets what came of it then.
    /// Waits for the disk.
    ///
    /// # Errors
    /// The new configuration is refused, and the old one stays.
    pub fn reload(&self, request_id: &RequestId) -> Result<Reloaded, Failure> {
        let mut state = self.state();
        if let Some(known) = state
            .done
            .iter()
            .find(|done| done.request_id == *request_id)
        {
            return Ok(known.clone());
        }
        let file = self.file.as_deref();
        let new = config::load(file, plugins::strategies()).map_err(|problems| {
            tracing::error!(
                message_id = message_id::of("reload", "refused"),
                "the new configuration is refused and the old one kept: {problems}"
            );
            Failure::refused(
                "the configuration was not reloaded; the old one stays in force",
                problems.to_string(),
                "correct it, see traderd config check, and reload again",
            )
        })?;
        let keys = broker_keys(&new).map_err(|why| {
            Failure::refused(
                "the configuration was not reloaded; the old one stays in force",
                why,
                "put it right and reload again; a restart would end without them",
            )
        })?;
        let (applied, mut needs_restart) = changed(&state.config, &new);
        if keys != state.keys {
            needs_restart.push(OTHER_KEYS.to_owned());
        }
        state.config.log.level = new.log.level;
        state.config.log.journal_head_minutes = new.log.journal_head_minutes;
        (self.set_level)(new.log.level);
        self.minutes.send_replace(new.log.journal_head_minutes);
        state.effective = EffectiveConfig {
            hash: state.config.hash(),
            files: config::files(file),
            toml: state.config.to_shown_toml(),
        };
        let reloaded = Reloaded {
            request_id: request_id.clone(),
            hash: state.effective.hash.clone(),
            applied,
            needs_restart,
        };
        tracing::info!(
            message_id = message_id::of("reload", "accepted"),
            config_hash = reloaded.hash,
            "the new configuration is accepted: {}",
            reloaded.summary()
        );
        if state.done.len() >= KEPT {
            state.done.remove(0);
        }
        state.done.push(reloaded.clone());
        Ok(reloaded)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The keys that a broker wants, where it wants any.
#[cfg(feature = "broker-alpaca")]
type BrokerKeys = Option<trader_broker_alpaca::face::Keys>;
#[cfg(not(feature = "broker-alpaca"))]
type BrokerKeys = Option<std::convert::Infallible>;

#[cfg(feature = "broker-alpaca")]
fn broker_keys(config: &Config) -> Result<BrokerKeys, String> {
    if config.broker.kind != config::BrokerKind::Alpaca {
        return Ok(None);
    }
    let keys = crate::alpaca::keys(&config.alpaca);
    keys.map(Some).map_err(|error| error.to_string())
}

#[cfg(not(feature = "broker-alpaca"))]
fn broker_keys(_: &Config) -> Result<BrokerKeys, String> {
    Ok(None)
}

/// The keys whose values differ: those that apply at once, and those that need a restart. Routes are told
/// by their names.
fn changed(old: &Config, new: &Config) -> (Vec<String>, Vec<String>) {
    let (old, new) = (keys(old), keys(new));
    let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
    names.sort();
    names.dedup();
    let differ = names
        .into_iter()
        .filter(|name| old.get(*name) != new.get(*name));
    differ
        .cloned()
        .partition(|name| APPLY.contains(&name.as_str()))
}

/// Every value under its dotted key.
fn keys(config: &Config) -> std::collections::BTreeMap<String, String> {
    let mut found = std::collections::BTreeMap::new();
    let table: toml::Table = toml::from_str(&config.to_toml()).unwrap_or_default();
    for (name, value) in table {
        match value {
            toml::Value::Table(section) => {
                let section = section.into_iter();
                found.extend(
                    section.map(|(key, value)| (format!("{name}.{key}"), value.to_string())),
                );
            }
            toml::Value::Array(routes) => {
                found.extend(routes.into_iter().map(|route| {
                    let title = route.get("name").and_then(toml::Value::as_str);
                    let title = title.unwrap_or_default().to_owned();
                    (format!("{name} {title}"), route.to_string())
                }));
            }
            value => {
                found.insert(name, value.to_string());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    struct Bench {
        folder: tempfile::TempDir,
        levels: Arc<Mutex<Vec<LogLevel>>>,
        reloader: Reloader,
    }

    impl Bench {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let levels = Arc::new(Mutex::new(Vec::new()));
            let heard = Arc::clone(&levels);
            let config = Config::defaults();
            let effective = EffectiveConfig {
                hash: config.hash(),
                files: Vec::new(),
                toml: config.to_shown_toml(),
            };
            let file = folder.path().join("traderd.toml");
            let set_level = Box::new(move |level| heard.lock().unwrap().push(level));
            Self {
                reloader: Reloader::new(Some(&file), (&config, &effective), set_level),
                folder,
                levels,
            }
        }

        fn reload(&self, id: &str, text: &str) -> Result<Reloaded, Failure> {
            std::fs::write(self.folder.path().join("traderd.toml"), text).unwrap();
            self.reloader.reload(&id.parse().unwrap())
        }
    }

    #[test]
    fn what_can_applies_at_once_and_the_rest_is_named() {
        let bench = Bench::new();
        let minutes = bench.reloader.journal_head_minutes();
        let text = "[log]\nlevel = \"debug\"\njournal_head_minutes = 9\nkeep_events = 500\n\
                    [risk]\nmax_open_positions = 2\n";
        let done = bench.reload("r-1", text).unwrap();
        assert_eq!(done.applied, ["log.journal_head_minutes", "log.level"]);
        assert_eq!(
            done.needs_restart,
            ["log.keep_events", "risk.max_open_positions"]
        );
        assert_eq!(*bench.levels.lock().unwrap(), [LogLevel::Debug]);
        assert_eq!(*minutes.borrow(), 9);
        let toml = bench.reloader.effective().toml;
        assert!(toml.contains("level = \"debug\""), "{toml}");
        assert!(
            toml.contains("max_open_positions = 5"),
            "not in force: {toml}"
        );
        assert_eq!(done.hash, bench.reloader.effective().hash);

        let again = bench.reload("r-2", text).unwrap();
        assert!(again.applied.is_empty(), "{again:?}");
        assert_eq!(again.needs_restart, done.needs_restart);
    }

    #[test]
    fn a_wrong_configuration_changes_nothing_and_says_everything_that_is_wrong() {
        let bench = Bench::new();
        let before = bench.reloader.effective();
        let refused = bench
            .reload(
                "r-1",
                "[log]\nlevel = \"debug\"\n[risk]\nmax_open_position = 2\nrisk_per_trade = 7\n",
            )
            .unwrap_err();
        for part in ["max_open_position", "risk_per_trade"] {
            assert!(refused.detail.why.contains(part), "{refused:?}");
        }
        assert!(bench.levels.lock().unwrap().is_empty());
        assert_eq!(bench.reloader.effective(), before);
    }

    #[cfg(feature = "broker-alpaca")]
    #[test]
    fn other_keys_of_the_broker_are_named_as_waiting_for_a_restart() {
        use std::os::unix::fs::PermissionsExt;
        let bench = Bench::new();
        let file = bench.folder.path().join("keys");
        let put = |text: &str, mode| {
            std::fs::write(&file, text).unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        put("key-of-the-account\nhidden-part-of-it\n", 0o600);
        let mut config = Config::defaults();
        config.broker.kind = config::BrokerKind::Alpaca;
        config.alpaca.keys_file = Some(file.clone());
        let (before, keys) = (broker_keys(&config).unwrap(), || broker_keys(&config));
        assert_eq!(keys().unwrap(), before);
        put("key-of-the-account\nanother-part-of-it\n", 0o600);
        assert_ne!(keys().unwrap(), before);
        put("key-of-the-account\nhidden-part-of-it\n", 0o644);
        let why = keys().unwrap_err();
        assert!(why.contains("keys") && !why.contains("hidden"), "{why}");
        config.broker.kind = config::BrokerKind::Sim;
        assert_eq!(broker_keys(&config).unwrap(), None);
    }

    #[test]
    fn a_call_acts_once_however_often_it_is_sent() {
        let bench = Bench::new();
        let first = bench.reload("r-1", "[log]\nlevel = \"warn\"\n").unwrap();
        let second = bench.reload("r-1", "[log]\nlevel = \"error\"\n").unwrap();
        assert_eq!(first, second);
        assert_eq!(*bench.levels.lock().unwrap(), [LogLevel::Warn]);
    }
}
