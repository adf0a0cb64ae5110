//! The commands, one file each.

mod adopt;
mod alert_test;
mod alerts;
mod arm;
mod audit;
mod backtest;
mod calendar;
mod cancel;
mod change;
mod close;
mod completions;
mod config;
mod day;
mod disarm;
mod doctor;
mod flatten;
mod ignore;
mod jobs;
mod kill;
mod logs;
mod man;
mod market_data;
mod orders;
mod overrule;
mod pause;
mod positions;
mod reconcile;
mod reload;
mod replay;
mod resume;
mod sessions;
mod status;
mod stop;
mod strategies;
mod trades;
mod why;
mod why_halted;

use std::path::Path;

use clap::Subcommand;

use crate::cli::Cli;
use crate::exit::Failed;
use crate::output::Output;

/// What every command is given.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting<'a> {
    /// The socket or runtime folder that was named.
    pub(crate) socket: Option<&'a Path>,
    /// Where words go.
    pub(crate) output: &'a Output,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Status(status::Args),
    Positions(positions::Args),
    Orders(orders::Args),
    Trades(trades::Args),
    Day(day::Args),
    Strategies(strategies::Args),
    WhyHalted(why_halted::Args),
    Alerts(alerts::Args),
    Pause(pause::Args),
    Resume(resume::Args),
    Close(close::Args),
    Cancel(cancel::Args),
    Flatten(flatten::Args),
    Kill(kill::Args),
    Arm(arm::Args),
    Disarm(disarm::Args),
    Override(overrule::Args),
    Reconcile(reconcile::Args),
    Adopt(adopt::Args),
    Ignore(ignore::Args),
    Stop(stop::Args),
    Reload(reload::Args),
    Logs(logs::Args),
    Why(why::Args),
    Backtest(Box<backtest::Args>),
    Jobs(jobs::Args),
    Data(market_data::Args),
    Sessions(sessions::Args),
    Replay(replay::Args),
    Audit(audit::Args),
    Calendar(calendar::Args),
    Doctor(doctor::Args),
    Config(config::Args),
    Completions(completions::Args),
    Man(man::Args),
}

/// Runs the command that was asked for.
///
/// # Errors
/// See [`Failed`].
pub(crate) fn run(cli: &Cli, output: &Output) -> Result<(), Failed> {
    let setting = Setting {
        socket: cli.global.socket.as_deref(),
        output,
    };
    match &cli.command {
        Command::Status(args) => status::run(args, setting),
        Command::Positions(args) => positions::run(args, setting),
        Command::Orders(args) => orders::run(args, setting),
        Command::Trades(args) => trades::run(args, setting),
        Command::Day(args) => day::run(args, setting),
        Command::Strategies(args) => strategies::run(args, setting),
        Command::WhyHalted(args) => why_halted::run(args, setting),
        Command::Alerts(args) => alerts::run(args, setting),
        Command::Pause(args) => pause::run(args, setting),
        Command::Resume(args) => resume::run(args, setting),
        Command::Close(args) => close::run(args, setting),
        Command::Cancel(args) => cancel::run(args, setting),
        Command::Flatten(args) => flatten::run(args, setting),
        Command::Kill(args) => kill::run(args, setting),
        Command::Arm(args) => arm::run(args, setting),
        Command::Disarm(args) => disarm::run(args, setting),
        Command::Override(args) => overrule::run(args, setting),
        Command::Reconcile(args) => reconcile::run(args, setting),
        Command::Adopt(args) => adopt::run(args, setting),
        Command::Ignore(args) => ignore::run(args, setting),
        Command::Stop(args) => stop::run(args, setting),
        Command::Reload(args) => reload::run(args, setting),
        Command::Logs(args) => logs::run(args, setting),
        Command::Why(args) => why::run(args, setting),
        Command::Backtest(args) => backtest::run(args, setting),
        Command::Jobs(args) => jobs::run(args, setting),
        Command::Data(args) => market_data::run(args, setting),
        Command::Sessions(args) => sessions::run(args, setting),
        Command::Replay(args) => replay::run(args, setting),
        Command::Audit(args) => audit::run(args, setting),
        Command::Calendar(args) => calendar::run(args, setting),
        Command::Doctor(args) => doctor::run(args, setting),
        Command::Config(args) => config::run(args, setting),
        Command::Completions(args) => completions::run(args, setting),
        Command::Man(args) => man::run(args, setting),
    }
}
