//! `traderctl data gaps`: what stored series lack, by the exchange's calendar.

use chrono::NaiveDate;
use trader_contract::{Symbol, Timestamp};
use trader_rpc::{GapsResult, Job, SeriesFilter, SeriesGaps, SessionGaps, Work};

use super::super::Setting;
use super::super::change::{in_order, symbol};
use super::kind::kind;
use super::{PATIENCE, carry_out, print};
use crate::exit::Failed;
use crate::output::{Output, Style};
use crate::screen::{Screen, wrapped};
use crate::show;
use crate::work::{Detachable, Line};

/// So many incomplete sessions of a series are listed, unless all are wanted.
const LISTED: usize = 20;

/// List sessions and minutes that are missing
///
/// Compares what is stored with the sessions of the exchange. A minute without a trade has no row
/// either, so a gap need not be a fault.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Look only at this symbol
    #[arg(value_parser = symbol)]
    symbol: Option<Symbol>,
    /// Look only at such rows
    #[arg(long, value_name = "WHAT", value_parser = kind(), hide_possible_values = true)]
    timeframe: Option<String>,
    /// Begin with this day; else with the first that is stored
    #[arg(long, value_name = "DATE")]
    start_date: Option<NaiveDate>,
    /// End with this day; else with the last that is stored
    #[arg(long, value_name = "DATE")]
    end_date: Option<NaiveDate>,
    /// List every incomplete session
    #[arg(long)]
    all: bool,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    if let (Some(start), Some(end)) = (args.start_date, args.end_date) {
        in_order("--start-date", start, "--end-date", end)?;
    }
    let mut line = Line::to_change(setting, PATIENCE)?;
    let filter = SeriesFilter {
        symbol: args.symbol,
        data: args.timeframe.clone(),
        start_date: args.start_date,
        end_date: args.end_date,
    };
    let detachable = Detachable::new(setting.output);
    let job = carry_out(&mut line, Work::Gaps(filter), Some(&detachable))?;
    print_result(&mut line, &job, args.all, setting.output)
}

/// Prints what was found.
pub(super) fn print_result(
    line: &mut Line<'_>,
    job: &Job,
    all: bool,
    output: &Output,
) -> Result<(), Failed> {
    print(line, job, output, |result: &GapsResult, output| {
        let blocks = result
            .series
            .iter()
            .map(|series| block(series, all, output));
        let text = blocks.collect::<Vec<_>>().join("\n\n");
        if text.is_empty() {
            "nothing is stored there".to_owned()
        } else {
            text
        }
    })
    .map(drop)
}

fn block(series: &SeriesGaps, all: bool, output: &Output) -> String {
    let share = (series.expected > 0).then(|| series.present as f64 / series.expected as f64);
    let name = format!("{} {}", series.symbol, series.data);
    let mut lines = vec![format!(
        "{}  {} to {}, {} sessions, {} of {} rows ({})",
        output.paint(Style::Strong, &name),
        series.first,
        series.last,
        show::whole(series.sessions),
        show::whole(series.present),
        show::whole(series.expected),
        show::percent(share),
    )];
    for (first, last) in &series.missing_sessions {
        let days = if first == last {
            show::day(*first)
        } else {
            format!("{} to {}", show::day(*first), show::day(*last))
        };
        lines.push(output.paint(Style::Caution, &format!("  {days}: no rows")));
    }
    let listed = if all { series.incomplete.len() } else { LISTED };
    for session in series.incomplete.iter().take(listed) {
        lines.extend(incomplete(session));
    }
    let rest = series.incomplete.len().saturating_sub(listed);
    if rest > 0 {
        lines.push(format!(
            "  and {rest} more incomplete sessions; --all lists them"
        ));
    }
    if series.missing_sessions.is_empty() && series.incomplete.is_empty() {
        lines.push(format!(
            "  {}",
            output.paint(Style::Good, "nothing is missing")
        ));
    }
    lines.join("\n")
}

/// `  Mon 2011-01-10  5 missing: 10:05 to 10:08, 15:59`.
fn incomplete(session: &SessionGaps) -> Vec<String> {
    let ranges = session.ranges.iter().map(|(first, last)| {
        if first == last {
            time(*first)
        } else {
            format!("{} to {}", time(*first), time(*last))
        }
    });
    let ranges = ranges.collect::<Vec<_>>().join(", ");
    let head = format!(
        "  {}  {:>4} missing: ",
        show::day(session.date),
        session.missing
    );
    let room = Screen::of_stdout().width.saturating_sub(head.len());
    let heads = std::iter::once(head.clone()).chain(std::iter::repeat(" ".repeat(head.len())));
    heads
        .zip(wrapped(&ranges, room))
        .map(|(head, line)| format!("{head}{line}"))
        .collect()
}

/// Seconds only where there are some.
fn time(at: Timestamp) -> String {
    let text = show::time(at);
    text.strip_suffix(":00").unwrap_or(&text).to_owned()
}
