//! `traderctl backtest show`: the report of one that is done.

use super::super::Setting;
use super::report::{Printing, print_result};
use crate::exit::Failed;
use crate::work::{Line, Patience, find_backtest, went_well};

/// Show the report of a backtest
///
/// With --json the result as it is stored, byte for byte.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Its number, as in traderctl backtest list
    id: u64,
    #[command(flatten)]
    printing: Printing,
    #[command(flatten)]
    patience: Patience,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    args.printing.check()?;
    let mut line = Line::to_look(setting, args.patience)?;
    let job = find_backtest(&mut line, args.id)?;
    went_well(&job)?;
    print_result(&mut line, &job, &args.printing, setting.output)
}
