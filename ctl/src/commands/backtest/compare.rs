//! `traderctl backtest compare`: what differs between backtests, and their figures side by side.

use serde::Serialize;
use trader_rpc::{BacktestInputs, BacktestResult, BuyAndHold, Metrics};

use super::super::Setting;
use super::differences::{self, Difference};
use super::figures::{self, Figure};
use super::report::fetch_result;
use crate::exit::Failed;
use crate::output::{Output, Style};
use crate::screen::{Screen, cut, wrapped};
use crate::show;
use crate::table::printable;
use crate::work::{Line, Patience, find_backtest, went_well};

/// Compare backtests side by side
///
/// Settings and inputs that differ come first. JSON has differences, a warning or null, and the
/// metrics of each.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Their numbers, as in traderctl backtest list
    #[arg(required = true, num_args = 2.., value_name = "ID")]
    ids: Vec<u64>,
    #[command(flatten)]
    patience: Patience,
}

/// The comparison for those who read JSON.
#[derive(Debug, Serialize)]
struct Comparison<'a> {
    warning: Option<&'a str>,
    differences: &'a [Difference],
    backtests: Vec<Side<'a>>,
}

#[derive(Debug, Serialize)]
struct Side<'a> {
    id: u64,
    label: Option<&'a str>,
    metrics: &'a Metrics,
    buy_and_hold: &'a BuyAndHold,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let mut line = Line::to_look(setting, args.patience)?;
    let mut results: Vec<(u64, BacktestResult)> = Vec::new();
    for id in &args.ids {
        let job = find_backtest(&mut line, *id)?;
        went_well(&job)?;
        results.push((*id, fetch_result(&mut line, &job)?.1));
    }
    let inputs: Vec<&BacktestInputs> = results.iter().map(|(_, result)| &result.inputs).collect();
    let differences = differences::between(&inputs);
    let warning = differences::in_bars(&inputs);
    let comparison = Comparison {
        warning,
        differences: &differences,
        backtests: results
            .iter()
            .map(|(id, result)| Side {
                id: *id,
                label: result.inputs.spec.label.as_deref(),
                metrics: &result.metrics,
                buy_and_hold: &result.buy_and_hold,
            })
            .collect(),
    };
    setting.output.result(&comparison, || {
        text(&results, &differences, warning, setting.output)
    })
}

const NAMES_WIDE: usize = 18;
const VALUES_WIDE: usize = 14;

fn text(
    results: &[(u64, BacktestResult)],
    differences: &[Difference],
    warning: Option<&str>,
    output: &Output,
) -> String {
    let screen = Screen::of_stdout();
    let mut blocks = Vec::new();
    if let Some(warning) = warning {
        let lines = wrapped(&format!("WARNING: {warning}"), screen.width);
        blocks.push(output.paint(Style::Caution, &lines.join("\n")));
    }
    // Those that have no room beside the others come below them.
    let room = screen.width.saturating_sub(NAMES_WIDE) / (VALUES_WIDE + 1);
    let room = room.max(1);
    for (number, some) in results.chunks(room).enumerate() {
        let first = number.saturating_mul(room);
        blocks.push(block(some, first, differences, output));
    }
    blocks.join("\n\n")
}

fn block(
    results: &[(u64, BacktestResult)],
    first: usize,
    differences: &[Difference],
    output: &Output,
) -> String {
    let mut lines = vec![row(
        "",
        results.iter().map(|(id, _)| format!("#{id}")),
        Some(Style::Strong),
        output,
    )];
    let labels = results
        .iter()
        .map(|(_, result)| result.inputs.spec.label.as_ref());
    if labels.clone().any(|label| label.is_some()) {
        let labels = labels.map(|label| label.cloned().unwrap_or_default());
        lines.push(row("", labels, None, output));
    }
    lines.push(output.paint(Style::Strong, "DIFFERENT INPUTS"));
    if differences.is_empty() {
        lines.push("none".to_owned());
    }
    for difference in differences {
        let values = difference.values.iter().skip(first).take(results.len());
        let values: Vec<String> = values
            .map(|value| value.clone().unwrap_or_else(show::dash))
            .collect();
        let ids: Vec<u64> = results.iter().map(|(id, _)| *id).collect();
        lines.push(setting_row(&difference.key, &values, &ids, output));
    }
    lines.push(output.paint(Style::Strong, "FIGURES"));
    let columns: Vec<Vec<Figure>> = results
        .iter()
        .map(|(_, result)| all_figures(result))
        .collect();
    for (place, (name, _)) in columns.first().into_iter().flatten().enumerate() {
        let values = columns.iter().map(|column| {
            column
                .get(place)
                .map_or_else(show::dash, |(_, value)| value.clone())
        });
        lines.push(row(name, values, None, output));
    }
    lines.join("\n")
}

fn all_figures(result: &BacktestResult) -> Vec<Figure> {
    let mut all = vec![("Final equity", show::dollars(result.metrics.final_equity))];
    all.extend(figures::of_curve(&result.metrics.curve));
    all.push((
        "Buy and hold",
        show::change(result.buy_and_hold.curve.total_return),
    ));
    all.extend(figures::of_trades(&result.metrics.trades));
    all.extend(figures::of_use(&result.metrics));
    all
}

/// A long key or long values take lines of their own rather than being cut.
fn setting_row(key: &str, values: &[String], ids: &[u64], output: &Output) -> String {
    let fits = key.chars().count() <= NAMES_WIDE
        && values
            .iter()
            .all(|value| value.chars().count() <= VALUES_WIDE);
    if fits {
        return row(key, values.iter().cloned(), None, output);
    }
    if values
        .iter()
        .all(|value| value.chars().count() <= VALUES_WIDE)
    {
        return format!(
            "{}\n{}",
            printable(key),
            row("", values.iter().cloned(), None, output)
        );
    }
    let each = ids.iter().zip(values);
    let each = each.map(|(id, value)| {
        format!(
            "
  #{id}: {}",
            printable(value)
        )
    });
    format!("{}{}", printable(key), each.collect::<String>())
}

fn row(
    name: &str,
    values: impl Iterator<Item = String>,
    style: Option<Style>,
    output: &Output,
) -> String {
    let values = values.map(|value| {
        let value = format!("{:>VALUES_WIDE$}", cut(&printable(&value), VALUES_WIDE));
        let style = style.or_else(|| figures::style(name, value.trim()));
        let text = style.map_or_else(|| value.clone(), |style| output.paint(style, &value));
        format!(" {text}")
    });
    format!("{name:<NAMES_WIDE$}{}", values.collect::<String>())
        .trim_end()
        .to_owned()
}
