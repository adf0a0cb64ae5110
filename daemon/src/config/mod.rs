//! The configuration: layers of TOML checked against a typed schema, everything wrong told at once,
//! with file, line, key and what to do. Plain structs come out; who acts on them is the supervisor.

mod alerts;
mod alpaca;
mod jobs;
mod layers;
mod limits;
mod market;
mod problem;
mod recording;
mod route;
mod section;
mod shell;
mod watch;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Serialize;
use sha2::{Digest, Sha256};
use trader_contract::{Money, Ratio, StrategyPlugin, Symbol};

use crate::feeds::recorded::{self, FeedError};
use crate::plugins;

pub use alerts::{AlertSettings, MinimumSeverity, WebAddress};
#[cfg(all(feature = "broker-sim", feature = "broker-alpaca"))]
pub(crate) use alpaca::has_room;
pub use alpaca::{AlpacaEndpoint, AlpacaFeed, AlpacaSettings};
pub use jobs::JobsSettings;
pub use layers::Layer;
pub use limits::{EndOfDay, OrderRules, Risk, SessionRules, StopPositions, StopRules};
pub use market::{
    Account, BrokerKind, BrokerProfile, BrokerSettings, ClockKind, MarginRules, Market,
    MarketSource, Pace,
};
pub use problem::{Place, Problem, Problems};
pub use recording::RecordingSettings;
pub use route::{Route, Sides};
pub use shell::{
    CalendarFileError, CalendarSettings, LogFormat, LogLevel, LogSettings, RpcSettings,
};
pub use watch::{ForeignPolicy, ForeignRules, Trading, WatchRules};

use section::{Section, choice};

/// Where the configuration is looked for when no file is named.
pub const SYSTEM_FILE: &str = "/etc/traderd/traderd.toml";

/// The commented sample: complete, valid, and equal to the defaults.
pub const SAMPLE: &str = include_str!("../../../packaging/traderd.toml");

choice! {
    /// How the daemon trades.
    Mode {
        /// At the exchange inside this program.
        Simulated = "simulated",
        /// At the broker's paper account.
        Paper = "paper",
        /// With money.
        Live = "live",
    }
}

/// The whole configuration, checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Config {
    /// How the daemon trades.
    pub mode: Mode,
    /// Whether anything is sent.
    pub trading: Trading,
    /// The account, where there is no broker to ask.
    pub account: Account,
    /// Where bars come from.
    pub market: Market,
    /// Where orders go.
    pub broker: BrokerSettings,
    /// How Alpaca is reached, where orders go there.
    pub alpaca: AlpacaSettings,
    /// The limits of the risk gate.
    pub risk: Risk,
    /// Deadlines of a session.
    pub session: SessionRules,
    /// How long the order manager waits.
    pub orders: OrderRules,
    /// What is checked again and again, and how old what is known may be.
    pub watch: WatchRules,
    /// What becomes of what this daemon did not make.
    pub foreign: ForeignRules,
    /// What `stop` and SIGTERM do.
    pub stop: StopRules,
    /// The exchange calendar.
    pub calendar: CalendarSettings,
    /// The log.
    pub log: LogSettings,
    /// Who is told of alerts.
    pub alerts: AlertSettings,
    /// Recordings of sessions.
    pub recording: RecordingSettings,
    /// The RPC sockets.
    pub rpc: RpcSettings,
    /// Work apart from trading.
    pub jobs: JobsSettings,
    /// Who trades what, in the order of the files.
    #[serde(rename = "route")]
    pub routes: Vec<Route>,
}

impl Config {
    /// The configuration that no file gives: simulated, no routes.
    #[must_use]
    pub fn defaults() -> Self {
        let mut ignored = Problems::default();
        Self::read(Section::root(layers::Entries::new(), &mut ignored), &[])
    }

    /// The effective configuration as TOML, every default written out. Reading it back gives the
    /// same configuration.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string(self).unwrap_or_default()
    }

    /// The same for those who look at it: what may be a secret is hidden. It reads back as a
    /// configuration, which sends alerts nowhere.
    #[must_use]
    pub fn to_shown_toml(&self) -> String {
        let alerts = self.alerts.hidden();
        Self {
            alerts,
            ..self.clone()
        }
        .to_toml()
    }

    /// SHA-256 over the effective configuration, as 64 hexadecimal digits.
    #[must_use]
    pub fn hash(&self) -> String {
        crate::jobs::stream::hex(&Sha256::digest(self.to_toml().as_bytes()))
    }

    /// This configuration, if it may trade: what is for backtests only is refused.
    ///
    /// # Errors
    /// Positions would be held over the night.
    pub fn for_trading(self) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        self.check_trading(&mut problems);
        problems.or(self)
    }

    fn check_trading(&self, problems: &mut Problems) {
        if self.session.end_of_day == EndOfDay::Hold {
            let message = "\"hold\" is for backtests only, since the daemon ends every day flat; \
                           set end_of_day = \"flat\"";
            problems.push(None, "session.end_of_day", message);
        }
    }

    fn read(mut root: Section<'_>, strategies: &[&'static StrategyPlugin]) -> Self {
        let mode = root.word("mode", Mode::Simulated);
        let mut routes = Vec::new();
        let config = Self {
            mode,
            trading: Trading::read(root.section("trading")),
            account: Account::read(root.section("account")),
            market: Market::read(root.section("market")),
            broker: BrokerSettings::read(root.section("broker")),
            alpaca: AlpacaSettings::read(root.section("alpaca")),
            risk: Risk::read(root.section("risk")),
            session: SessionRules::read(root.section("session")),
            orders: OrderRules::read(root.section("orders")),
            watch: WatchRules::read(root.section("watch")),
            foreign: ForeignRules::read(root.section("foreign")),
            stop: StopRules::read(root.section("stop")),
            calendar: CalendarSettings::read(root.section("calendar")),
            log: LogSettings::read(root.section("log")),
            alerts: AlertSettings::read(root.section("alerts")),
            recording: RecordingSettings::read(root.section("recording")),
            rpc: RpcSettings::read(root.section("rpc")),
            jobs: JobsSettings::read(root.section("jobs")),
            routes: Vec::new(),
        };
        root.sections("route", |section| {
            routes.extend(Route::read(section, strategies))
        });
        route::refuse_clashes(&routes, root.problems());
        root.finish();
        Self {
            routes: routes.into_iter().map(|(_, route)| route).collect(),
            ..config
        }
    }
}

/// The file to read: the one that was named, else [`SYSTEM_FILE`] where it exists, else none.
#[must_use]
pub fn file_to_read(named: Option<&Path>) -> Option<PathBuf> {
    match named {
        Some(file) => Some(file.to_owned()),
        None => Some(PathBuf::from(SYSTEM_FILE)).filter(|file| file.exists()),
    }
}

/// The files that [`load`] reads for FILE, in their order.
#[must_use]
pub fn files(file: Option<&Path>) -> Vec<String> {
    file.map(layers::paths)
        .unwrap_or_default()
        .iter()
        .map(|path| path.display().to_string())
        .collect()
}

/// Reads and checks FILE with the `conf.d/*.toml` beside it, for trading; the defaults if there is no
/// file.
///
/// # Errors
/// Everything that is wrong.
pub fn load(
    file: Option<&Path>,
    strategies: &[&'static StrategyPlugin],
) -> Result<Config, Problems> {
    let Some(file) = file else {
        return Ok(Config::defaults());
    };
    let (config, entries) = parse_located(&layers::read(file)?, strategies)?;
    let mut problems = Problems::default();
    config.check_trading(&mut problems);
    check_surroundings(&config, &mut problems);
    problems.locate(|key| layers::place_of(&entries, key));
    problems.or(config)
}

/// What the configuration says of alerts and of the mode, for telling people that the daemon is down:
/// what else is wrong with it does not matter, and where nothing can be read nobody is told.
#[must_use]
pub fn alert_settings(named: Option<&Path>) -> (Mode, AlertSettings) {
    let file = file_to_read(named);
    let layers = file.as_deref().and_then(|file| layers::read(file).ok());
    let mut problems = Problems::default();
    let entries = layers::merge(&layers.unwrap_or_default(), &mut problems);
    let config = Config::read(Section::root(entries, &mut problems), plugins::strategies());
    (config.mode, config.alerts)
}

/// Checks layers of TOML against the schema; later layers override earlier ones. What is for backtests
/// only is taken: [`Config::for_trading`] refuses it.
///
/// # Errors
/// Everything that is wrong.
pub fn parse(layers: &[Layer], strategies: &[&'static StrategyPlugin]) -> Result<Config, Problems> {
    parse_located(layers, strategies).map(|(config, _)| config)
}

/// The same, with everything that was said and where.
fn parse_located(
    layers: &[Layer],
    strategies: &[&'static StrategyPlugin],
) -> Result<(Config, layers::Entries), Problems> {
    let mut problems = Problems::default();
    let entries = layers::merge(layers, &mut problems);
    if problems.count() > 0 {
        // What could not be parsed is missing, which would look like other mistakes.
        return Err(problems);
    }
    let config = Config::read(Section::root(entries.clone(), &mut problems), strategies);
    alpaca::check(&config, &mut problems);
    problems.locate(|key| layers::place_of(&entries, key));
    problems.or((config, entries))
}

/// Checks what the configuration points at: the calendar's file, the first session, the bars.
fn check_surroundings(config: &Config, problems: &mut Problems) {
    match config.calendar.calendar() {
        Err(error) => problems.push(None, "calendar.overrides", error.to_string()),
        Ok(calendar) => {
            if let Some(date) = config.market.start_date {
                match calendar.session(date) {
                    Ok(Some(_)) => {}
                    Ok(None) => {
                        let error = FeedError::closed(date, &calendar);
                        problems.push(None, "market.start_date", error.to_string());
                    }
                    Err(error) => problems.push(None, "market.start_date", error.to_string()),
                }
            }
        }
    }
    let Some(directory) = &config.market.directory else {
        return;
    };
    let symbols: BTreeSet<Symbol> = config
        .routes
        .iter()
        .filter(|route| route.enabled)
        .flat_map(|route| route.symbols.iter().copied())
        .collect();
    for symbol in symbols {
        if let Err(error) = recorded::file_of(directory, symbol) {
            problems.push(None, "market.directory", error.to_string());
        }
    }
}

const fn dollars(dollars: i64) -> Money {
    Money::dollars(dollars)
}

/// Thousandths.
const fn ratio(thousandths: i64) -> Ratio {
    Ratio::from_billionths(thousandths.saturating_mul(1_000_000))
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
