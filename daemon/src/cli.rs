//! The command line of `traderd`: what can be asked for, and the commands that need no daemon.

mod bench;
mod db;
mod doctor;
mod documents;

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::NaiveDate;
use clap::{Args, CommandFactory, Parser, Subcommand};
use rustix::process::DumpableBehavior;
use trader_contract::Symbol;

use crate::audit::command;
use crate::config::{self, Config, Layer, Pace};
use crate::exit::{self, Failure};
use crate::start::Places;
use crate::state::{Folders, Surroundings};
use crate::{alerts, logging, plugins, start, work};

/// Trade US equities unattended
///
/// The daemon itself. What is asked of a running one goes through traderctl.
#[derive(Debug, Parser)]
#[command(name = "traderd", version, after_long_help = exit::HELP, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the daemon
    #[command(after_long_help = exit::HELP)]
    Run(RunArgs),
    /// Trade one day at a simulated exchange, and show what came of it
    #[command(after_long_help = exit::HELP)]
    Demo(DemoArgs),
    /// Run a recorded session through a fresh engine, and compare what comes of it with what was
    /// recorded; no daemon is needed
    #[command(after_long_help = exit::HELP)]
    Replay(ReplayArgs),
    /// Tell what strategies made of the bars of a symbol at a moment, from the session's recording:
    /// which conditions were met, which were not, and what would have kept an entry out
    Why(WhyArgs),
    /// Do one job that the daemon hands over on standard input, and say on standard output how far
    /// it is and what came of it
    Job,
    /// Measure how fast parts of this program are
    #[command(subcommand)]
    Bench(bench::BenchCommand),
    /// Write, check or show the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Check the journal without a daemon
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Look at everything around a daemon that does not run, and say what to put right
    ///
    /// Keys, account, clock, calendar, streams, files and disk. A running one is asked with traderctl
    /// doctor, which runs this where there is none. Ends with 1 if something has to be put right.
    #[command(after_long_help = exit::HELP)]
    Doctor(doctor::DoctorArgs),
    /// Look after the store while no daemon runs
    #[command(subcommand)]
    Db(db::DbCommand),
    /// Tell people that a unit has failed, on the ways of the configuration's section alerts
    ///
    /// systemd runs it through traderd-alert@.service when the daemon stays down. Also works when the rest
    /// of the configuration is wrong.
    #[command(after_long_help = exit::HELP)]
    Alert(AlertArgs),
    /// Print the manual page, or write all of them
    #[command(hide = true)]
    Man(documents::ManArgs),
    /// Print a completion script for a shell
    #[command(hide = true)]
    Completions(documents::CompletionsArgs),
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Check every row of the journal against its hash and the row before it; a daemon may run
    ///
    /// Finds every row that was changed, removed, added or moved, and an end that was cut off. Who can
    /// write the database can write a whole new journal too: only a head that was kept elsewhere shows
    /// that, and the daemon writes one to the log every few minutes. Ends with 1 if anything is wrong.
    #[command(after_long_help = exit::HELP)]
    Verify(AuditArgs),
}

#[derive(Debug, Args)]
struct AuditArgs {
    #[command(flatten)]
    state: StateArg,
    /// A head that the journal must still hold: SEQ:HASH, or the hash alone
    #[arg(long, value_name = "HEAD")]
    against: Option<trader_store::KeptHead>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct StateArg {
    /// Folder of the store [default: as for run]
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
}

impl StateArg {
    fn folder(&self) -> Result<PathBuf, Failure> {
        let around = Surroundings::read();
        Ok(Folders::choose(self.state_dir.as_deref(), None, &around)?.state)
    }
}

#[derive(Debug, Args)]
struct AlertArgs {
    /// The unit, for example traderd.service
    unit: String,
    /// Configuration file [default: as for run]
    #[arg(long, value_name = "FILE", env = "TRADERD_CONFIG")]
    config: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct RunArgs {
    /// Configuration file [default: /etc/traderd/traderd.toml if it exists, else the defaults]
    #[arg(long, value_name = "FILE", env = "TRADERD_CONFIG")]
    config: Option<PathBuf>,
    /// Folder of the store [default: $STATE_DIRECTORY, else /var/lib/traderd for root, else
    /// $XDG_STATE_HOME/traderd, else ~/.local/state/traderd]
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// Folder of the sockets [default: $RUNTIME_DIRECTORY, else DIR/run with --state-dir, else
    /// /run/traderd for root, else $XDG_RUNTIME_DIR/traderd]
    #[arg(long, value_name = "DIR")]
    runtime_dir: Option<PathBuf>,
}

/// What `traderd demo` is asked for.
#[derive(Debug, Clone, Args)]
pub struct DemoArgs {
    /// What the market and the broker draw from; the same seed gives the same day
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Seconds of the market in a second, or "max" with the venue sim; 390 makes a full session last a
    /// minute
    #[arg(long, default_value = "390")]
    pub pace: Pace,
    /// Which exchange takes the orders
    #[arg(long, value_enum, default_value_t = DemoVenue::Sim)]
    pub venue: DemoVenue,
    /// Folder of the store [default: a new one for this run]
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// Folder with recorded one-minute bars instead of a synthetic market
    #[arg(long, value_name = "DIR", requires = "symbols", requires = "date")]
    pub bars: Option<PathBuf>,
    /// Symbols to trade, separated by commas
    #[arg(long, value_name = "SYMBOLS", value_delimiter = ',')]
    pub symbols: Vec<Symbol>,
    /// The session to trade
    #[arg(long, value_name = "DATE")]
    pub date: Option<NaiveDate>,
}

/// Which exchange takes the orders of a demo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum DemoVenue {
    /// The one inside this program
    Sim,
    /// A server on this machine that speaks Alpaca's language, over its sockets
    AlpacaSim,
}

/// Which moment to explain.
#[derive(Debug, Args)]
pub struct WhyArgs {
    /// A symbol at a time in New York: SPY@10:35 of the newest session, or SPY@2011-01-10T10:35
    #[arg(value_name = "SYMBOL@TIME")]
    pub subject: String,
    /// Folder of the store [default: as traderd run finds it]
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// What `traderd replay` is asked for.
#[derive(Debug, Clone, Args)]
pub struct ReplayArgs {
    /// The session's date, latest, or the file that traderctl sessions export made
    #[arg(value_name = "SESSION")]
    pub session: String,
    /// Folder of the store [default: as traderd run finds it]
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// Stop after this moment: a time in New York (14:30), or RFC 3339
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Compare only what is about this symbol
    #[arg(long, value_name = "SYMBOL")]
    pub symbol: Option<Symbol>,
    /// Tell what would have been decided with another setting, for example velez.sma_fast=8; can be
    /// given more than once
    #[arg(long, value_name = "STRATEGY.KEY=VALUE")]
    pub with: Vec<String>,
    /// Put the recorded decisions and fills beside those of a backtest over the recorded bars
    #[arg(long)]
    pub against_backtest: bool,
    /// Print JSON: details line by line, the figures in the last line
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Print a commented configuration with every key at its default
    Init,
    /// Check a configuration with its conf.d, and tell everything that is wrong
    #[command(after_long_help = exit::HELP)]
    Check(FileArg),
    /// Print the configuration that would be in force, every default written out
    #[command(after_long_help = exit::HELP)]
    Show(FileArg),
}

#[derive(Debug, Args)]
struct FileArg {
    /// The file, or - for standard input [default: /etc/traderd/traderd.toml if it exists, else the
    /// defaults]
    #[arg(env = "TRADERD_CONFIG")]
    file: Option<PathBuf>,
}

impl FileArg {
    fn load(&self) -> Result<(String, Config), Failure> {
        let strategies = plugins::strategies();
        if self.file.as_deref() == Some(Path::new("-")) {
            let mut text = String::new();
            io::stdin().read_to_string(&mut text).map_err(|error| {
                Failure::new(exit::FAILED, format!("cannot read standard input: {error}"))
            })?;
            let name = "standard input".to_owned();
            let layer = Layer::file(name.clone(), text);
            return Ok((name, config::parse(&[layer], strategies)?.for_trading()?));
        }
        let file = config::file_to_read(self.file.as_deref());
        let config = config::load(file.as_deref(), strategies)?;
        let name = file.map_or_else(
            || "the defaults".to_owned(),
            |file| file.display().to_string(),
        );
        Ok((name, config))
    }
}

/// Reads the command line, does what it asks for, and tells how it ended.
#[must_use]
pub fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        // The log may be what broke, so the last words go straight to stderr.
        let _ = writeln!(io::stderr(), "traderd has a bug and ends: {panic}");
        std::process::exit(exit::BUG.into());
    }));
    let cli: Cli = match trader_rpc::usage::read(Cli::command()) {
        Ok(cli) => cli,
        Err(told) => {
            // Without stderr there is nobody to tell.
            let _ = writeln!(io::stderr(), "{}", told.to_json(exit::USAGE));
            return ExitCode::from(exit::USAGE);
        }
    };
    if let Command::Job = cli.command {
        return work::main();
    }
    match cli.run() {
        Ok(()) => ExitCode::from(exit::DONE),
        Err(failure) => {
            // Without stderr there is nobody to tell.
            let _ = writeln!(io::stderr(), "{failure}");
            failure.code()
        }
    }
}

impl Cli {
    fn run(self) -> Result<(), Failure> {
        match self.command {
            Command::Run(places) => run(places),
            Command::Demo(options) => demo(&options),
            Command::Replay(options) => replay(&options),
            Command::Why(options) => why(&options),
            Command::Job => Ok(()),
            Command::Bench(command) => command.run(),
            Command::Audit(AuditCommand::Verify(args)) => {
                let state = args.state.folder()?;
                found(
                    command::verify(&state, args.against.as_ref(), args.json)?,
                    "the journal is not sound",
                )
            }
            Command::Doctor(args) => args.run(),
            Command::Db(command) => command.run(),
            Command::Alert(args) => alert(&args),
            Command::Man(args) => args.run(),
            Command::Completions(args) => args.run(),
            Command::Config(ConfigCommand::Init) => print(config::SAMPLE),
            Command::Config(ConfigCommand::Check(file)) => {
                let (name, config) = file.load()?;
                for warning in config.alerts.warnings() {
                    // Without stderr there is nobody to tell.
                    let _ = writeln!(io::stderr(), "warning: {warning}");
                }
                let routes = config.routes.len();
                print(&format!(
                    "{name} is valid: {routes} routes, hash {}\n",
                    config.hash()
                ))
            }
            Command::Config(ConfigCommand::Show(file)) => print(&file.load()?.1.to_toml()),
        }
    }
}

/// Nobody but root may look into this process, or leave an image of it behind: it holds secrets.
fn close_to_others() {
    let set = rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable);
    if let Err(error) = set {
        // What keeps core dumps away otherwise is the unit's LimitCORE=0.
        let _ = writeln!(io::stderr(), "core dumps cannot be turned off: {error}");
    }
}

fn alert(args: &AlertArgs) -> Result<(), Failure> {
    close_to_others();
    let (mode, settings) = config::alert_settings(args.config.as_deref());
    let _logging = logging::begin(&Config::defaults().log)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(exit::FAILED, error))?;
    let mode = mode.to_string();
    let lost = runtime.block_on(alerts::tell_unit_failed(&args.unit, &settings, &mode));
    if lost.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        exit::FAILED,
        format!("nobody was told: {}", lost.join("; ")),
    ))
}

fn run(places: RunArgs) -> Result<(), Failure> {
    close_to_others();
    let prepared = start::prepare(&Places {
        config: places.config,
        state: places.state_dir,
        runtime: places.runtime_dir,
    })?;
    trade(prepared)
}

#[cfg(feature = "broker-sim")]
fn trade(prepared: start::Prepared) -> Result<(), Failure> {
    crate::supervisor::run(prepared)
}

/// Without a broker [`start::prepare`] has refused before.
#[cfg(not(feature = "broker-sim"))]
fn trade(_: start::Prepared) -> Result<(), Failure> {
    Ok(plugins::require_broker("sim")?)
}

#[cfg(feature = "broker-sim")]
fn demo(options: &DemoArgs) -> Result<(), Failure> {
    crate::demo::run(options)
}

#[cfg(not(feature = "broker-sim"))]
fn demo(_: &DemoArgs) -> Result<(), Failure> {
    Ok(plugins::require_broker("sim")?)
}

#[cfg(feature = "broker-sim")]
fn why(options: &WhyArgs) -> Result<(), Failure> {
    print(&crate::why::offline(options)?)
}

#[cfg(not(feature = "broker-sim"))]
fn why(_: &WhyArgs) -> Result<(), Failure> {
    Ok(plugins::require_broker("sim")?)
}

#[cfg(feature = "broker-sim")]
fn replay(options: &ReplayArgs) -> Result<(), Failure> {
    let report = crate::replay::offline(options)?;
    let text = if options.json {
        report
            .json()
            .iter()
            .map(|line| format!("{line}\n"))
            .collect()
    } else {
        report.text()
    };
    print(&text)?;
    if report.is_alike() {
        return Ok(());
    }
    let message = "what comes of the recorded session now is not what was recorded";
    Err(Failure::new(exit::FAILED, message))
}

#[cfg(not(feature = "broker-sim"))]
fn replay(_: &ReplayArgs) -> Result<(), Failure> {
    Ok(plugins::require_broker("sim")?)
}

/// Prints what was found; what is not as it should be is a failure that has then been told.
fn found((text, good): (String, bool), failure: &str) -> Result<(), Failure> {
    print(&text)?;
    if good {
        Ok(())
    } else {
        Err(Failure::new(exit::FAILED, failure))
    }
}

/// Prints a result. A reader that has gone away is no failure of ours.
fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::new(
            exit::FAILED,
            format!("cannot print the result: {error}"),
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn recorded_bars_need_symbols_and_a_date() {
        let parse = |line: &str| Cli::try_parse_from(line.split(' '));
        assert!(parse("traderd demo --bars d --symbols SPY,IBM --date 2013-10-07").is_ok());
        assert!(parse("traderd demo --pace 60 --seed 7").is_ok());
        assert!(parse("traderd demo --bars d").is_err());
        assert!(parse("traderd demo --pace 0").is_err());
        assert!(parse("traderd demo --symbols spy").is_err());
        assert!(parse("traderd").is_err());
    }
}
