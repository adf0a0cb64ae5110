//! `traderctl data verify`: whether what is stored is whole.

use trader_contract::Symbol;
use trader_rpc::{DataFault, Job, SeriesFilter, VerifyResult, Work};

use super::super::Setting;
use super::super::change::symbol;
use super::kind::kind;
use super::{PATIENCE, carry_out, print};
use crate::exit::{Failed, REFUSED};
use crate::output::{Output, Style};
use crate::show;
use crate::table::printable;
use crate::work::{Detachable, Line};

/// Check stored files
///
/// Reads every file whole, checks its checksum against the catalogue and every row as an import
/// would. Ends with 1 if something is wrong. Rows that look like bad prints are listed and are no
/// fault.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Check only this symbol's
    #[arg(value_parser = symbol)]
    symbol: Option<Symbol>,
    /// Check only such rows
    #[arg(long, value_name = "WHAT", value_parser = kind(), hide_possible_values = true)]
    timeframe: Option<String>,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let mut line = Line::to_change(setting, PATIENCE)?;
    let filter = SeriesFilter {
        symbol: args.symbol,
        data: args.timeframe.clone(),
        ..SeriesFilter::default()
    };
    let detachable = Detachable::new(setting.output);
    let job = carry_out(&mut line, Work::Verify(filter), Some(&detachable))?;
    print_result(&mut line, &job, setting.output)
}

/// Prints what was found; faults are a failure that has then been told.
pub(super) fn print_result(line: &mut Line<'_>, job: &Job, output: &Output) -> Result<(), Failed> {
    let result: VerifyResult = print(line, job, output, text)?;
    if result.faults.is_empty() {
        Ok(())
    } else {
        Err(Failed::Passed(REFUSED))
    }
}

fn text(result: &VerifyResult, output: &Output) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut list = |faults: &[DataFault], word: &str, style: Style| {
        for fault in faults {
            let word = output.paint(style, word);
            lines.push(format!(
                "{word}  {}: {}",
                printable(&fault.place),
                printable(&fault.what)
            ));
            if !fault.next.is_empty() {
                lines.push(format!("  next: {}", printable(&fault.next)));
            }
        }
    };
    list(&result.faults, "FAULT", Style::Alarm);
    list(&result.suspicious, "SUSPICIOUS", Style::Caution);
    let number =
        |faults: &[DataFault]| show::whole(u64::try_from(faults.len()).unwrap_or(u64::MAX));
    let verdict = match (result.faults.is_empty(), result.suspicious.is_empty()) {
        (true, true) => output.paint(Style::Good, "all is well"),
        (true, false) => format!("no faults, {} suspicious", number(&result.suspicious)),
        (false, true) => output.paint(Style::Alarm, &format!("{} wrong", number(&result.faults))),
        (false, false) => format!(
            "{}, {} suspicious",
            output.paint(Style::Alarm, &format!("{} wrong", number(&result.faults))),
            number(&result.suspicious)
        ),
    };
    lines.push(format!(
        "{} files, {} rows: {verdict}",
        show::whole(result.files),
        show::whole(result.rows)
    ));
    lines.join("\n")
}
