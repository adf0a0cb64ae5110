//! `traderctl doctor`: whether everything around the daemon is as trading needs it. A running daemon looks
//! at itself; beside one that does not run, `traderd doctor` is run in its place.

use std::path::PathBuf;
use std::process::Command as Program;

use trader_rpc::{Check, ConnectError, Diagnosis, NoParams, Outcome, call};

use super::Setting;
use super::config::beside_us;
use crate::connection;
use crate::exit::Failed;
use crate::output::Output;
use crate::output::Style;
use crate::table::{Column, Plain};

/// Check keys, account, clock, calendar, streams, files and disk, and say what to put right
///
/// A running daemon looks at itself, with the keys and connections that it has: the keys are never
/// needed here, and no stream of it is disturbed. Without a daemon that is told first, and traderd doctor
/// looks, with your rights: as root it finds the keys in /etc/traderd/credentials. Ends with exit code 1 if
/// something has to be put right.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Without a daemon: the configuration file, if it is not the installed one
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Without a daemon: the state folder
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// Without a daemon: open no stream at the broker, since another program with the same keys may have
    /// it
    #[arg(long)]
    no_streams: bool,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let diagnosis = match connection::to_look(setting.socket) {
        Ok(client) => client.call::<call::Doctor>(&NoParams {})?,
        Err(error @ (ConnectError::Missing { .. } | ConnectError::NobodyListens { .. })) => {
            let mut diagnosis = beside(args)?;
            diagnosis
                .checks
                .insert(0, nobody(&error, setting.socket.is_some()));
            diagnosis
        }
        Err(error) => return Err(error.into()),
    };
    setting
        .output
        .result(&diagnosis, || text(&diagnosis, setting.output))?;
    if diagnosis.is_bad() {
        let bad = diagnosis
            .checks
            .iter()
            .filter(|c| c.outcome == Outcome::Bad);
        return Err(Failed::refused(
            "something has to be put right",
            bad.map(|check| check.name.as_str())
                .collect::<Vec<_>>()
                .join(", "),
            "do what stands beside it, and look again",
        ));
    }
    Ok(())
}

/// That no daemon answers. Where one was named, or has left its socket's file behind, one should.
fn nobody(error: &ConnectError, named: bool) -> Check {
    let died = matches!(error, ConnectError::NobodyListens { .. });
    let told = error.detail();
    Check {
        name: "daemon".to_owned(),
        outcome: match died || named {
            true => Outcome::Bad,
            false => Outcome::LeftOut,
        },
        finding: format!("{}: {}", told.what, told.why),
        next: Some(told.next),
    }
}

/// What `traderd doctor` finds.
fn beside(args: &Args) -> Result<Diagnosis, Failed> {
    let program = beside_us().unwrap_or_else(|| PathBuf::from("traderd"));
    let mut command = Program::new(&program);
    command.args(["doctor", "--json"]);
    for (option, path) in [("--config", &args.config), ("--state-dir", &args.state_dir)] {
        if let Some(path) = path {
            command.arg(option).arg(path);
        }
    }
    if args.no_streams {
        command.arg("--no-streams");
    }
    let ran = command.output().map_err(|error| {
        Failed::refused(
            "nothing was looked at: no daemon answers",
            format!("{} cannot be run: {error}", program.display()),
            "install traderd beside traderctl, or put it into the PATH",
        )
    })?;
    serde_json::from_slice(&ran.stdout).map_err(|_| {
        Failed::refused(
            "nothing was looked at: no daemon answers",
            String::from_utf8_lossy(&ran.stderr).trim().to_owned(),
            "name what it lacks: traderctl doctor --help",
        )
    })
}

const COLUMNS: [Column; 3] = [
    Column::Left("CHECK"),
    Column::Left("STATE"),
    Column::Left("FOUND"),
];

/// A table, and below it what to do.
fn text(diagnosis: &Diagnosis, output: &Output) -> String {
    let who = if diagnosis.running {
        "the daemon looked at itself"
    } else {
        "no daemon runs; looked at from beside it"
    };
    let mut table = Plain::new(output, &COLUMNS);
    for check in &diagnosis.checks {
        let cells = vec![
            check.name.clone(),
            check.outcome.to_string(),
            check.finding.clone(),
        ];
        match check.outcome {
            Outcome::Good => table.row(cells),
            Outcome::LeftOut => table.styled_row(cells, Style::Faint),
            Outcome::Warning => table.styled_row(cells, Style::Caution),
            Outcome::Bad => table.styled_row(cells, Style::Alarm),
        }
    }
    let to_do: Vec<&Check> = diagnosis
        .checks
        .iter()
        .filter(|c| c.next.is_some())
        .collect();
    let mode = output.mode(diagnosis.mode, "");
    let mut text = format!("{mode}  {who}\n\n{}\n", table.write(""));
    for check in to_do {
        let next = check.next.as_deref().unwrap_or_default();
        text.push_str(&format!("\n{}: {next}", check.name));
    }
    text
}
