//! `traderctl data import`: files on their way into the bar store.

use std::path::{Path, PathBuf};

use serde::Serialize;
use trader_contract::Symbol;
use trader_rpc::{ErrorDetail, ImportResult, ImportSpec, Work};

use super::super::Setting;
use super::super::change::{Request, symbol};
use super::carry_out;
use super::kind::kind;
use crate::exit::{Failed, REFUSED};
use crate::output::Output;
use crate::show;
use crate::work::{Detachable, Line, Patience, fetch_document, upload};

/// Take files of market data into the store
///
/// Every row is checked; a file with a bad one is refused whole, with its line, and changes nothing.
/// Rows that are stored already are passed over; ones that differ from stored rows of the same time
/// are refused unless --replace is given. Of several files each stands for itself: others are taken
/// though one is refused, and the exit code is 1 then. With --json one object per file.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The files: CSV, or CSV packed with gzip
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Whose rows they are; without it the files say so: SPY.csv.gz has SPY's
    #[arg(long, value_name = "SYMBOL", value_parser = symbol)]
    symbol: Option<Symbol>,
    /// What the rows are: bars by their length, quotes-1min and so on, trades, quotes, or actions for
    /// splits and dividends
    #[arg(long, value_name = "WHAT", value_parser = kind())]
    timeframe: String,
    /// Note where they come from; else the file's name
    #[arg(long, value_name = "TEXT")]
    source: Option<String>,
    /// Note which feed they are of, as sip or iex
    #[arg(long, value_name = "TEXT")]
    feed: Option<String>,
    /// Refuse rows outside regular trading; else those from 4:00 to 20:00 of a trading day are taken,
    /// marked as extended
    #[arg(long)]
    regular_only: bool,
    /// Let rows take the place of stored ones that differ
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    patience: Patience,
}

/// A file, for those who read JSON.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Told<'a> {
    Taken {
        file: String,
        job: u64,
        result: &'a ImportResult,
    },
    Refused {
        file: String,
        error: ErrorDetail,
    },
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    // All names are looked at before the first file goes.
    let mut files = Vec::new();
    for file in &args.files {
        files.push((file, of_whom(args, file)?));
    }
    let mut line = Line::to_change(setting, args.patience)?;
    let single = files.len() == 1;
    // Of several files none can be left to the daemon: nobody would send the ones after it.
    let detachable = single.then(|| Detachable::new(setting.output));
    let mut refused: usize = 0;
    for (file, symbol) in &files {
        match take(args, file, *symbol, &mut line, detachable.as_ref()) {
            Ok((job, result)) => {
                let told = Told::Taken {
                    file: file.display().to_string(),
                    job,
                    result: &result,
                };
                setting
                    .output
                    .line(&told, || text(&result, setting.output))?;
            }
            Err(failed @ (Failed::Refused(_) | Failed::Call(_)))
                if !single && !is_lost(&failed) =>
            {
                refused = refused.saturating_add(1);
                tell(file, &failed, setting.output)?;
            }
            Err(failed) => return Err(failed),
        }
    }
    if refused == 0 {
        return Ok(());
    }
    if !setting.output.is_json() {
        setting.output.note(&format!(
            "{refused} of {} files were not imported",
            files.len()
        ));
    }
    Err(Failed::Passed(REFUSED))
}

fn is_lost(failed: &Failed) -> bool {
    matches!(failed, Failed::Call(error) if error.is_unreachable())
}

fn tell(file: &Path, failed: &Failed, output: &Output) -> Result<(), Failed> {
    match failed.detail() {
        Some(error) if output.is_json() => {
            let told = Told::Refused {
                file: file.display().to_string(),
                error,
            };
            output.line(&told, String::new)
        }
        _ => {
            output.note(&format!("{}:", file.display()));
            output.error(failed);
            Ok(())
        }
    }
}

/// Whose rows a file has: what was said, or what its name says and nothing else.
fn of_whom(args: &Args, file: &Path) -> Result<Symbol, Failed> {
    if let Some(symbol) = args.symbol {
        return Ok(symbol);
    }
    let name = file
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let stem = name.strip_suffix(".gz").unwrap_or(name);
    let stem = stem.strip_suffix(".csv");
    stem.and_then(|stem| stem.parse().ok()).ok_or_else(|| {
        Failed::usage(
            format!("whose rows {} has is not known", file.display()),
            "its name is not a symbol with .csv or .csv.gz behind it, as SPY.csv.gz is",
            "name the symbol with --symbol, or rename the file",
        )
    })
}

fn take(
    args: &Args,
    file: &Path,
    symbol: Symbol,
    line: &mut Line<'_>,
    detachable: Option<&Detachable>,
) -> Result<(u64, ImportResult), Failed> {
    let sent = upload(line, Request::drawn()?, file)?;
    let name = file.file_name().unwrap_or(file.as_os_str());
    let spec = ImportSpec {
        upload: sent.upload,
        file_name: name.to_string_lossy().into_owned(),
        bytes: sent.bytes,
        sha256: sent.sha256,
        symbol,
        data: args.timeframe.clone(),
        source: args.source.clone(),
        feed: args.feed.clone(),
        regular_only: args.regular_only,
        replace: args.replace,
    };
    let job = carry_out(line, Work::Import(spec), detachable)?;
    let (_, result) = fetch_document::<ImportResult>(line, &job)?;
    Ok((job.id, result))
}

/// What an import did, in one line.
pub(super) fn text(result: &ImportResult, _output: &Output) -> String {
    if result.rows == 0 {
        return format!("{} {}: no rows", result.symbol, result.data);
    }
    let mut text = format!(
        "{} {}: {} rows from {} to {}, {} new",
        result.symbol,
        result.data,
        show::whole(result.rows),
        result.first,
        result.last,
        show::whole(result.new)
    );
    for (count, words) in [
        (result.already, "stored already"),
        (result.replaced, "replaced"),
        (result.extended_rows, "outside regular trading"),
    ] {
        if count > 0 {
            text.push_str(&format!(", {} {words}", show::whole(count)));
        }
    }
    text
}
