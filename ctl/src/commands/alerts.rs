//! `traderctl alerts`: what a person should know, and whether it would reach one.

use super::Setting;
use super::alert_test;
use crate::exit::Failed;

/// See whether alerts reach anybody
///
/// Every alert is in the journal, and says what to do. Who else is told is set in [alerts] of the
/// configuration.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true, subcommand_required = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Test(alert_test::Args),
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    match &args.command {
        Verb::Test(test) => alert_test::run(test, setting),
    }
}
