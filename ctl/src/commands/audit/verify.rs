//! `traderctl audit verify`: whether every row of the journal is as it was written.

use trader_rpc::{AuditResult, AuditSpec, Job, Work};

use super::super::Setting;
use super::super::market_data::{PATIENCE, carry_out, print};
use crate::exit::{Failed, REFUSED};
use crate::output::{Output, Style};
use crate::show;
use crate::table::printable;
use crate::work::{Detachable, Line};

/// Check every row of the journal
///
/// Finds every row that was changed, removed, added or moved, and an end that was cut off. Ends with 1
/// if anything is wrong. Who can write the database can write a whole new journal too: only a head that
/// was kept elsewhere shows that, and the daemon writes one to the log every few minutes
/// (TRADER_JOURNAL_SEQ, TRADER_JOURNAL_HASH).
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A head that the journal must still hold: SEQ:HASH, or the hash alone
    #[arg(long, value_name = "HEAD")]
    against: Option<String>,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let mut line = Line::to_change(setting, PATIENCE)?;
    let spec = AuditSpec {
        against: args.against.clone(),
    };
    let detachable = Detachable::new(setting.output);
    let job = carry_out(&mut line, Work::Audit(spec), Some(&detachable))?;
    print_result(&mut line, &job, setting.output)
}

/// Prints what was found; faults are a failure that has then been told.
pub(super) fn print_result(line: &mut Line<'_>, job: &Job, output: &Output) -> Result<(), Failed> {
    let result: AuditResult = print(line, job, output, text)?;
    if result.faults.is_empty() {
        Ok(())
    } else {
        Err(Failed::Passed(REFUSED))
    }
}

fn text(result: &AuditResult, output: &Output) -> String {
    let mut lines = Vec::new();
    for fault in &result.faults {
        let word = output.paint(Style::Alarm, "FAULT");
        let (place, what) = (printable(&fault.place), printable(&fault.what));
        lines.push(format!("{word}  {place}: {what}"));
        lines.push(format!("  next: {}", printable(&fault.next)));
    }
    let verdict = if result.faults.is_empty() {
        output.paint(Style::Good, "all is well")
    } else {
        output.paint(Style::Alarm, "the journal is not what was written")
    };
    lines.push(format!(
        "{} rows are as they were written: {verdict}",
        show::whole(result.rows)
    ));
    lines.push(format!(
        "head {}:{}",
        result.head.seq,
        printable(&result.head.hash)
    ));
    if let (Some(kept), true) = (&result.against, result.faults.is_empty()) {
        lines.push(format!("it holds {}", printable(kept)));
    }
    lines.join("\n")
}
