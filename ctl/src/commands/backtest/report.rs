//! The report of a backtest: what was run and on what, the figures, the curve, and the trades taken
//! apart.

use std::fs;
use std::path::PathBuf;

use rust_decimal::prelude::ToPrimitive;
use trader_rpc::{BacktestPosition, BacktestResult, Job};

use super::{csv, figures, groups, head};
use crate::chart::{Cell, Chart};
use crate::exit::Failed;
use crate::output::{Output, Style};
use crate::screen::Screen;
use crate::show;
use crate::table::{Column, Plain};
use crate::work::{Line, fetch, fetch_document, result_file};

/// The form of results that this program knows.
const FORMAT: u32 = 1;

/// How to tell about a result.
#[derive(Debug, Default, clap::Args)]
#[group(skip)]
pub(crate) struct Printing {
    /// Leave out the chart
    #[arg(long)]
    no_chart: bool,
    /// Show also those tables that have one row, and every month of many
    #[arg(long)]
    all: bool,
    /// Write trades.csv, equity.csv and daily.csv into this folder, which is made if need be
    #[arg(long, value_name = "DIR")]
    csv: Option<PathBuf>,
}

impl Printing {
    /// Makes the folder, so that a long backtest does not end with nowhere to go.
    ///
    /// # Errors
    /// It cannot be made.
    pub(crate) fn check(&self) -> Result<(), Failed> {
        let Some(folder) = &self.csv else {
            return Ok(());
        };
        fs::create_dir_all(folder).map_err(|error| csv::not_written(folder, &error))
    }
}

/// Fetches the result of a backtest that is done, writes the files that are wanted and prints it.
///
/// # Errors
/// It cannot be had or written.
pub(crate) fn print_result(
    line: &mut Line<'_>,
    job: &Job,
    printing: &Printing,
    output: &Output,
) -> Result<(), Failed> {
    if output.is_json() && printing.csv.is_none() {
        let mut bytes = Vec::new();
        fetch(line, job, &result_file(job)?.name, &mut bytes)?;
        return output.bytes(&bytes);
    }
    let (bytes, result) = fetch_result(line, job)?;
    if let Some(folder) = &printing.csv {
        csv::write(&result, folder)?;
    }
    if output.is_json() {
        output.bytes(&bytes)
    } else {
        output.text(&text(job.id, &result, printing, output))
    }
}

/// The result of a backtest that is done, as it is stored and as it is read.
///
/// # Errors
/// It cannot be had, or is of another form.
pub(super) fn fetch_result(
    line: &mut Line<'_>,
    job: &Job,
) -> Result<(Vec<u8>, BacktestResult), Failed> {
    let (bytes, result) = fetch_document::<BacktestResult>(line, job)?;
    if result.format == FORMAT {
        return Ok((bytes, result));
    }
    Err(Failed::refused(
        format!("the result of backtest {} is of another form", job.id),
        format!(
            "it is of form {}, this program knows {FORMAT}",
            result.format
        ),
        format!(
            "install the traderctl of that release, or: traderctl backtest show {} --json",
            job.id
        ),
    ))
}

fn text(id: u64, result: &BacktestResult, printing: &Printing, output: &Output) -> String {
    let screen = Screen::of_stdout();
    let mut blocks = vec![head::title(id, result, output)];
    blocks.extend(head::warnings(result, screen, output));
    blocks.push(head::facts(result, screen, output));
    blocks.push(figures::table(result, screen, output));
    if !printing.no_chart {
        blocks.extend(chart(result, screen, output));
    }
    blocks.extend(groups::tables(
        &result.breakdown,
        printing.all,
        screen,
        output,
    ));
    if !result.open_positions.is_empty() {
        blocks.push(positions(&result.open_positions, output));
    }
    blocks.join("\n\n")
}

const POSITIONS: &[Column] = &[
    Column::Left("STILL HELD"),
    Column::Right("SHARES"),
    Column::Right("ENTRY"),
    Column::Right("LAST"),
    Column::Right("PROFIT"),
    Column::Left("ROUTE"),
];

fn positions(positions: &[BacktestPosition], output: &Output) -> String {
    let mut table = Plain::new(output, POSITIONS);
    for position in positions {
        table.styled_row(
            vec![
                position.symbol.to_string(),
                show::shares(position.qty),
                show::price(position.entry_average),
                show::price(position.last),
                show::gain(position.profit),
                position.route.clone(),
            ],
            Style::Caution,
        );
    }
    table.write("")
}

/// The chart is not wider than this: longer lines are harder to read, not richer.
const CHART_WIDEST: usize = 115;

fn chart(result: &BacktestResult, screen: Screen, output: &Output) -> Option<String> {
    let number = |value: rust_decimal::Decimal| value.to_f64().unwrap_or(f64::NAN);
    let daily = result.daily.iter().map(|day| number(day.equity));
    let fine = result.equity.iter().map(|point| number(point.equity));
    let main: Vec<f64> = if result.equity.len() < 2 {
        daily.collect()
    } else {
        fine.collect()
    };
    let other: Vec<f64> = result
        .daily
        .iter()
        .map(|day| number(day.buy_and_hold))
        .collect();
    let width = screen.width.min(CHART_WIDEST);
    // The widest label is that of the largest amount.
    let labels = main.iter().chain(&other).map(|value| amount(*value).len());
    let labels = labels.max().unwrap_or(0);
    let drawing = Chart {
        main: &main,
        other: &other,
        width: width.saturating_sub(labels.saturating_add(2)),
        height: if width >= figures::WIDE { 15 } else { 11 },
        unicode: screen.unicode,
    }
    .draw()?;
    let glyphs = Glyphs::of(screen.unicode);
    let mut lines = vec![format!(
        "{}  {} this test  {} buy and hold",
        output.paint(Style::Strong, "EQUITY"),
        output.paint(Style::Good, glyphs.main),
        output.paint(Style::Faint, glyphs.other),
    )];
    let last = drawing.rows.len().saturating_sub(1);
    for (number, row) in drawing.rows.iter().enumerate() {
        let is_labelled = number == last || number.checked_rem(5) == Some(0);
        let share = number as f64 / last.max(1) as f64;
        let value = drawing.top + (drawing.bottom - drawing.top) * share;
        let label = if is_labelled {
            amount(value)
        } else {
            String::new()
        };
        let axis = if is_labelled {
            glyphs.tick
        } else {
            glyphs.axis
        };
        let cells = painted(row, output);
        lines.push(
            format!("{label:>labels$} {axis}{cells}")
                .trim_end()
                .to_owned(),
        );
    }
    let wide = drawing.rows.first().map_or(0, Vec::len);
    let blank = " ".repeat(labels.saturating_add(1));
    lines.push(format!(
        "{blank}{}{}",
        glyphs.corner,
        glyphs.floor.repeat(wide)
    ));
    lines.push(format!("{blank} {}", dates(result, wide)));
    Some(lines.join("\n"))
}

/// What a chart is made of beside its lines.
struct Glyphs {
    main: &'static str,
    other: &'static str,
    axis: &'static str,
    tick: &'static str,
    corner: &'static str,
    floor: &'static str,
}

impl Glyphs {
    const fn of(unicode: bool) -> Self {
        if unicode {
            Self {
                main: "⠤⠤⠤",
                other: "⠄⠠⠄",
                axis: "│",
                tick: "┤",
                corner: "└",
                floor: "─",
            }
        } else {
            Self {
                main: "***",
                other: "...",
                axis: "|",
                tick: "+",
                corner: "+",
                floor: "-",
            }
        }
    }
}

/// Dollars without cents.
fn amount(value: f64) -> String {
    let text = show::dollars_or_dash(Some(value.round()));
    text.trim_end_matches(".00").to_owned()
}

/// A row of the chart; neighbours of one line are coloured together.
fn painted(row: &[Cell], output: &Output) -> String {
    let kind = |cell: &Cell| match cell {
        Cell::Empty => None,
        Cell::Main(_) => Some(Style::Good),
        Cell::Other(_) => Some(Style::Faint),
    };
    let runs = row.chunk_by(|one, next| kind(one) == kind(next));
    let runs = runs.map(|run| {
        let text: String = run.iter().map(|cell| cell.letter()).collect();
        match run.first().and_then(kind) {
            Some(style) => output.paint(style, &text),
            None => text,
        }
    });
    runs.collect()
}

/// The first day at the left, the last at the right, and one between them if there is room.
fn dates(result: &BacktestResult, wide: usize) -> String {
    let sessions = result.daily.get(1..).unwrap_or_default();
    let day = |place: usize| sessions.get(place).map(|day| day.date.to_string());
    let last = sessions.len().saturating_sub(1);
    let middle = if last >= 2 && wide >= 40 {
        day(last / 2)
    } else {
        None
    };
    let left = day(0).unwrap_or_default();
    let right = if last > 0 {
        day(last).unwrap_or_default()
    } else {
        String::new()
    };
    let room = wide.saturating_sub(left.len()).saturating_sub(right.len());
    format!("{left}{:^room$}{right}", middle.unwrap_or_default())
        .trim_end()
        .to_owned()
}
