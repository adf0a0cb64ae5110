//! `traderctl completions`: scripts for shells.

use clap_complete::{Shell, generate};

use super::Setting;
use crate::cli;
use crate::exit::Failed;

/// Print a completion script for a shell
///
/// For example: traderctl completions bash > /etc/bash_completion.d/traderctl
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: Kind,
}

/// The shells that are served.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Kind {
    Bash,
    Zsh,
    Fish,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let shell = match args.shell {
        Kind::Bash => Shell::Bash,
        Kind::Zsh => Shell::Zsh,
        Kind::Fish => Shell::Fish,
    };
    let mut script = Vec::new();
    generate(shell, &mut cli::command(), "traderctl", &mut script);
    setting.output.text(&String::from_utf8_lossy(&script))
}
