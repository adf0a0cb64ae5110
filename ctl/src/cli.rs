//! The command line as clap sees it: what is common to all commands. Each command's own arguments
//! stand in its file.

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Command as Clap, CommandFactory, Parser};

use crate::commands::Command;
use crate::exit::{self, Failed};
use crate::output::Colour;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold());

const EXAMPLES: &str = "\
Examples:
  traderctl status                      the whole picture on one screen
  traderctl positions                   what is open, and how it is protected
  traderctl day                         what came of the day, when it is over
  traderctl pause                       no new positions; protecting goes on
  traderctl flatten --wait              close everything, and wait until it is
  traderctl kill                        no new positions until somebody arms again
  traderctl why-halted                  everything that stops new positions now
  traderctl logs --follow --symbol SPY  what happens in one symbol
  traderctl why 20110110-17             one trade from its bar to its last fill
  traderctl backtest --strategy velez --symbols SPY \\
      --start-date 2011-01-01 --end-date 2011-01-31
  traderctl data import SPY.csv.gz --symbol SPY --timeframe 1min
  traderctl orders --json | jq '.[0]'   every view as JSON";

/// Watch and control traderd
///
/// traderctl talks to the daemon through a Unix socket. Looking needs the group traderd-ro, changing
/// something the group traderd-ctl. Times are shown in New York's time; JSON has them in UTC.
#[derive(Debug, Parser)]
#[command(
    name = "traderctl",
    version,
    styles = STYLES,
    after_help = "Exit codes: 0 done, 1 refused, 2 usage, 3 traderd unreachable, 70 bug. More with --help.",
    after_long_help = format!("{EXAMPLES}\n\n{}", exit::HELP),
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true
)]
pub(crate) struct Cli {
    /// What is common to all commands.
    #[command(flatten)]
    pub(crate) global: Global,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The command line with the exit codes in every full help.
pub(crate) fn command() -> Clap {
    fn explained(command: Clap) -> Clap {
        let command = command.mut_subcommands(explained);
        if command.get_after_long_help().is_some() {
            command
        } else {
            command.after_long_help(exit::HELP)
        }
    }
    explained(Cli::command())
}

/// Reads the command line. Asked for help, it prints that and ends the program.
///
/// # Errors
/// The command line makes no sense; where JSON is asked for, what is to be printed as that.
pub(crate) fn read() -> Result<Cli, Failed> {
    trader_rpc::usage::read(command()).map_err(Failed::Usage)
}

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Talk to this socket
    ///
    /// Either a socket or the folder with control/sock and read/sock in it. Without it
    /// /run/traderd, or where nothing is there $XDG_RUNTIME_DIR/traderd, of a daemon started by
    /// hand. Commands that only look fall back to the read socket where the control socket is
    /// closed to you.
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        env = trader_rpc::socket::SOCKET_VARIABLE,
        hide_env_values = true
    )]
    pub(crate) socket: Option<PathBuf>,
    /// Print JSON
    ///
    /// In the shape of the RPC answers: names in snake_case, money, prices and quantities as decimal
    /// strings, times RFC 3339 in UTC. Errors are JSON on stderr then.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Use colour
    #[arg(
        long,
        alias = "color",
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value_t = Colour::Auto
    )]
    pub(crate) colour: Colour,
}
