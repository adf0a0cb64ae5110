//! Looks at everything around the daemon that trading needs, and says of each what to put right: a running
//! daemon at itself, through RPC, or `traderd doctor` from beside one that does not run. Changes nothing;
//! opens no stream that a running daemon has already.

#[cfg(feature = "broker-alpaca")]
mod alpaca;
mod files;

use std::path::{Path, PathBuf};

use trader_calendar::Calendar;
use trader_rpc::{Check, Diagnosis, Mode, Outcome};

use crate::config::{self, Config};
use crate::exit::{self, Failure};
use crate::plugins;
use crate::state::{self, Folders, Surroundings};

/// The connections of the daemon that looks at itself.
#[derive(Debug, Clone, Copy)]
pub enum Streams<'a> {
    /// It has its own, and this is how they are: orders, prices.
    Own(&'a trader_rpc::Link, &'a trader_rpc::Link),
    /// Nobody here has any: they may be opened to see whether that works.
    None,
    /// They are left alone, for this reason.
    LeftAlone(&'a str),
}

/// What is looked at.
#[derive(Debug, Clone)]
pub struct Doctor {
    config: Config,
    calendar: Calendar,
    folders: Folders,
    file: Option<PathBuf>,
}

impl Doctor {
    /// Of a daemon with this configuration.
    #[must_use]
    pub const fn new(
        config: Config,
        calendar: Calendar,
        folders: Folders,
        file: Option<PathBuf>,
    ) -> Self {
        Self {
            config,
            calendar,
            folders,
            file,
        }
    }

    /// Of a daemon with the defaults and without a folder.
    #[cfg(test)]
    pub(crate) fn of_nobody() -> Self {
        let nowhere = PathBuf::from("/nonexistent");
        let folders = Folders {
            state: nowhere.clone(),
            runtime: nowhere,
        };
        Self::new(Config::defaults(), Calendar::nyse(), folders, None)
    }

    /// Looks at everything, on the runtime of the caller; takes ten seconds at most.
    pub async fn examine(&self, streams: Streams<'_>) -> Diagnosis {
        let running = matches!(streams, Streams::Own(..));
        let said = match &self.file {
            Some(file) => format!("{} is valid", file.display()),
            None => "there is no file: every setting is at its default".to_owned(),
        };
        let ends = self.calendar.last_covered();
        let mut checks = vec![good(
            "configuration",
            format!("{said}; the calendar goes to {ends}"),
        )];
        checks.extend(files::checks(self, running));
        checks.extend(self.venue(streams).await);
        Diagnosis {
            running,
            mode: mode(&self.config),
            checks,
        }
    }

    #[cfg(feature = "broker-alpaca")]
    async fn venue(&self, streams: Streams<'_>) -> Vec<Check> {
        alpaca::checks(self, streams).await
    }

    #[cfg(not(feature = "broker-alpaca"))]
    #[expect(clippy::unused_async, reason = "with Alpaca it asks")]
    async fn venue(&self, _: Streams<'_>) -> Vec<Check> {
        vec![left_out("alpaca", "this build has no Alpaca")]
    }
}

/// What `traderd doctor` is asked for.
#[derive(Debug, Clone, Default)]
pub struct Beside {
    /// The configuration file.
    pub config: Option<PathBuf>,
    /// The state folder.
    pub state: Option<PathBuf>,
    /// Whether no stream is opened.
    pub no_streams: bool,
}

/// Looks from beside a daemon that does not run, with the rights of whoever asks.
///
/// # Errors
/// There is no place for the state folder, or no runtime. That the configuration is wrong is a finding.
pub fn beside(asked: &Beside) -> Result<Diagnosis, Failure> {
    let file = config::file_to_read(asked.config.as_deref());
    let folders = Folders::choose(asked.state.as_deref(), None, &Surroundings::read())?;
    let read = config::load(file.as_deref(), plugins::strategies()).map_err(|why| why.to_string());
    let read = read.and_then(|config| match config.calendar.calendar() {
        Ok(calendar) => Ok((config, calendar)),
        Err(why) => Err(why.to_string()),
    });
    let (config, calendar) = match read {
        Ok(read) => read,
        Err(why) => return Ok(unconfigured(&why)),
    };
    let holder = state::holder(&folders.state);
    let doctor = Doctor::new(config, calendar, folders, file);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(exit::FAILED, error))?;
    let held = holder.map(|pid| {
        let pid = pid.map_or_else(String::new, |pid| format!(" (pid {pid})"));
        format!("a traderd{pid} runs on this state folder and has them; traderctl doctor asks it")
    });
    let streams = match &held {
        Some(why) => Streams::LeftAlone(why),
        None if asked.no_streams => Streams::LeftAlone("--no-streams was given"),
        None => Streams::None,
    };
    Ok(runtime.block_on(doctor.examine(streams)))
}

/// Without a configuration nothing else can be looked at.
fn unconfigured(why: &str) -> Diagnosis {
    Diagnosis {
        running: false,
        mode: Mode::Simulated,
        checks: vec![bad(
            "configuration",
            why.to_owned(),
            "correct it; traderd config check says the same",
        )],
    }
}

/// The mode as RPC tells it.
#[must_use]
pub const fn mode(config: &Config) -> Mode {
    match config.mode {
        config::Mode::Simulated => Mode::Simulated,
        config::Mode::Paper => Mode::Paper,
        config::Mode::Live => Mode::Live,
    }
}

fn check(name: &str, outcome: Outcome, finding: impl Into<String>, next: Option<String>) -> Check {
    Check {
        name: name.to_owned(),
        outcome,
        finding: finding.into(),
        next,
    }
}

fn good(name: &str, finding: impl Into<String>) -> Check {
    check(name, Outcome::Good, finding, None)
}

fn left_out(name: &str, finding: impl Into<String>) -> Check {
    check(name, Outcome::LeftOut, finding, None)
}

fn warning(name: &str, finding: impl Into<String>, next: impl Into<String>) -> Check {
    check(name, Outcome::Warning, finding, Some(next.into()))
}

fn bad(name: &str, finding: impl Into<String>, next: impl Into<String>) -> Check {
    check(name, Outcome::Bad, finding, Some(next.into()))
}

/// A path as it is shown.
fn shown(path: &Path) -> String {
    path.display().to_string()
}
