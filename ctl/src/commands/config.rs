//! `traderctl config`: write, check and show configurations. Checking is the daemon's own code: it is
//! run, not repeated here.

use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command as Program, ExitStatus};

use clap::Subcommand;
use serde::Serialize;
use trader_rpc::{NoParams, call};

use super::Setting;
use crate::connection;
use crate::exit::{DONE, Failed, REFUSED};
use crate::output::Output;

/// The configuration that the packages install, with every setting at its default.
const TEMPLATE: &str = include_str!("../../../packaging/traderd.toml");

/// Write, check and show configurations
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true, subcommand_required = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print a commented configuration with every default
    ///
    /// For example: traderctl config init > /etc/traderd/traderd.toml
    Init,
    /// Check a configuration as traderd would at its start
    ///
    /// Runs traderd config check. Ends with exit code 78 when the configuration is bad; every mistake is
    /// printed with its place.
    Check {
        /// The file; without it the one that traderd would read
        file: Option<PathBuf>,
    },
    /// Show the configuration in force, or what a file amounts to
    ///
    /// Without a file asks the running daemon, with one runs traderd config show. Secrets are never
    /// shown.
    Show {
        /// The file
        file: Option<PathBuf>,
    },
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    match &args.action {
        Action::Init => setting.output.text(TEMPLATE),
        Action::Check { file } => traderd("check", file.as_deref(), setting.output),
        Action::Show { file: Some(file) } => traderd("show", Some(file), setting.output),
        Action::Show { file: None } => in_force(setting),
    }
}

fn in_force(setting: Setting<'_>) -> Result<(), Failed> {
    let client = connection::to_look(setting.socket)?;
    let config = client.call::<call::Config>(&NoParams {})?;
    setting.output.result(&config, || {
        let mode = setting.output.header(client.hello());
        format!(
            "# {mode}\n# configuration {} of {}\n{}",
            config.hash,
            config.files.join(", "),
            config.toml
        )
    })
}

/// What `traderd config` said, for those who read JSON.
#[derive(Debug, Serialize)]
struct Said {
    exit_code: u8,
    output: String,
    messages: Vec<String>,
}

/// Runs `traderd config ACTION [FILE]` in our place.
fn traderd(action: &str, file: Option<&Path>, output: &Output) -> Result<(), Failed> {
    let program = beside_us().unwrap_or_else(|| PathBuf::from("traderd"));
    let mut command = Program::new(&program);
    command.args(["config", action]).args(file);
    let not_run = |error: io::Error| {
        Failed::refused(
            "the configuration was not looked at",
            format!("{} cannot be run: {error}", program.display()),
            "install traderd beside traderctl, or put it into the PATH",
        )
    };
    let code = if output.is_json() {
        let ran = command.output().map_err(not_run)?;
        let said = Said {
            exit_code: code(ran.status),
            output: String::from_utf8_lossy(&ran.stdout).into_owned(),
            messages: String::from_utf8_lossy(&ran.stderr)
                .lines()
                .map(str::to_owned)
                .collect(),
        };
        output.result(&said, String::new)?;
        said.exit_code
    } else {
        code(command.status().map_err(not_run)?)
    };
    if code == DONE {
        Ok(())
    } else {
        Err(Failed::Passed(code))
    }
}

/// Its exit code; a program that a signal ended has none.
fn code(status: ExitStatus) -> u8 {
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    code.unwrap_or(REFUSED)
}

/// The `traderd` that lies beside this program.
pub(super) fn beside_us() -> Option<PathBuf> {
    let path = env::current_exe().ok()?.parent()?.join("traderd");
    path.is_file().then_some(path)
}
