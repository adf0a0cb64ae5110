//! The commands of `trader-sim`. Each ends with one line `RESULT {json}`, and with exit code 1 where
//! anything failed.

mod crashes;
mod eod;
mod many;
mod planted;
mod replay;
mod shrink;
mod stress;

use std::io::Write;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use serde_json::{Map, Value};

use super::plan::{FaultKind, Without};

/// Simulates the whole daemon, deterministically, with everything that can fail
#[derive(Debug, Parser)]
#[command(name = "trader-sim", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run many seeds on all cores
    Run(many::Many),
    /// Run one seed, or the plan in a file, and print its whole log
    Replay(replay::Replay),
    /// Write the least plan that fails as a seed does into a file
    Shrink(shrink::Shrink),
    /// Run every session of some years, a short day each
    Eod(eod::Eod),
    /// Put bugs in, one at a time, and run seeds until an invariant notices
    Planted(planted::Planted),
    /// Crash at every call to the store and the broker, before, during and after it
    Crashes(crashes::Crashes),
    /// Run ordinary days and the same days with several times their messages
    Stress(stress::Stress),
}

/// What is left out of every plan.
#[derive(Debug, Clone, Args)]
struct Leave {
    /// Leave these kinds of fault out, separated by commas; `all` for every kind
    #[arg(long, value_delimiter = ',', value_name = "KIND")]
    without: Vec<String>,
    /// Leave crashes out
    #[arg(long)]
    no_crashes: bool,
    /// Leave out what a person does
    #[arg(long)]
    no_actions: bool,
    /// Let far more fail, and trade far more often
    #[arg(long)]
    storm: bool,
    /// Speak Alpaca's protocol between the daemon and the broker, through the client that is shipped
    #[arg(long)]
    alpaca: bool,
}

impl Leave {
    /// Whether anything is left out: what a run then lacks is no failure.
    const fn leaves_anything(&self) -> bool {
        !self.without.is_empty() || self.no_crashes || self.no_actions
    }

    /// The same as the generator takes it.
    fn without(&self) -> Result<Without, String> {
        let all = self.without.iter().any(|name| name == "all");
        let named = self.without.iter().filter(|name| *name != "all");
        let faults = named.map(|name| {
            FaultKind::named(name).ok_or_else(|| {
                let known: Vec<&str> = FaultKind::ALL.iter().map(|kind| kind.name()).collect();
                format!(
                    "there is no kind of fault {name}; there are {}",
                    known.join(", ")
                )
            })
        });
        Ok(Without {
            faults: faults.collect::<Result<_, _>>()?,
            all_faults: all,
            crashes: self.no_crashes,
            actions: self.no_actions,
            calm: self.storm,
            contract: self.alpaca,
        })
    }
}

/// What a command came to.
struct Done {
    failed: bool,
    figures: Map<String, Value>,
}

/// Runs the command line.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut out = std::io::stdout().lock();
    let done = match &cli.command {
        Command::Run(many) => many.run(&mut out),
        Command::Replay(replay) => replay.run(&mut out),
        Command::Shrink(shrink) => shrink.run(&mut out),
        Command::Eod(eod) => eod.run(&mut out),
        Command::Planted(planted) => planted.run(&mut out),
        Command::Crashes(crashes) => crashes.run(&mut out),
        Command::Stress(stress) => stress.run(&mut out),
    };
    let done = match done {
        Ok(done) => done,
        Err(why) => {
            // Nobody is left to tell if standard error is closed.
            let _ = writeln!(std::io::stderr(), "trader-sim: {why}");
            return ExitCode::from(2);
        }
    };
    let line = Value::Object(done.figures);
    let told = writeln!(out, "RESULT {line}").and_then(|()| out.flush());
    match (told, done.failed) {
        (Ok(()), false) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// What went wrong with standard output.
fn unwritable(error: std::io::Error) -> String {
    format!("standard output cannot be written: {error}")
}
