//! `traderctl data export`: stored rows as CSV.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;
use trader_contract::Symbol;
use trader_rpc::{Adjustment, ExportSpec, Job, JobChangeParams, JobFile, Work, call};

use super::super::Setting;
use super::super::backtest::adjustment;
use super::super::change::{Request, in_order, symbol};
use super::carry_out;
use super::kind::kind;
use crate::exit::Failed;
use crate::output::Output;
use crate::show;
use crate::work::{Line, Patience, fetch};

/// The file of an export.
const ROWS: &str = "rows.csv";

/// Write stored rows as CSV
///
/// To stdout, or to a file, which is packed with gzip if its name ends in .gz and which is there
/// only once it is whole. A canonical file that was imported comes out as it went in, byte for byte.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Whose rows
    #[arg(value_parser = symbol)]
    symbol: Symbol,
    /// Which rows
    #[arg(long, value_name = "WHAT", value_parser = kind())]
    timeframe: String,
    /// Begin with this day; else with the first that is stored
    #[arg(long, value_name = "DATE")]
    start_date: Option<NaiveDate>,
    /// End with this day; else with the last that is stored
    #[arg(long, value_name = "DATE")]
    end_date: Option<NaiveDate>,
    /// Write to this file
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Adjust prices for nothing, for splits, or for splits and dividends
    #[arg(long, value_name = "HOW", value_parser = adjustment())]
    adjustment: Option<Adjustment>,
    /// Leave out rows outside regular trading
    #[arg(long)]
    regular_only: bool,
    #[command(flatten)]
    patience: Patience,
}

/// A file that was written, for those who read JSON.
#[derive(Debug, Serialize)]
struct Written<'a> {
    file: String,
    csv_bytes: u64,
    csv_sha256: &'a str,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    if let (Some(start), Some(end)) = (args.start_date, args.end_date) {
        in_order("--start-date", start, "--end-date", end)?;
    }
    let mut line = Line::to_change(setting, args.patience)?;
    let spec = ExportSpec {
        symbol: args.symbol,
        data: args.timeframe.clone(),
        start_date: args.start_date,
        end_date: args.end_date,
        adjustment: args.adjustment,
        regular_only: args.regular_only,
    };
    // Without us nobody would fetch the rows, so an interrupt just ends us.
    let job = carry_out(&mut line, Work::Export(spec), None)?;
    let written = match &args.output {
        None => {
            let mut stdout = io::stdout().lock();
            let fetched = fetch(&mut line, &job, ROWS, &mut stdout);
            fetched.and_then(|()| Ok(stdout.flush()?))
        }
        Some(path) => to_file(&mut line, &job, path, setting.output),
    };
    // The rows are in the store; the daemon need not keep them a second time.
    if let Ok(request_id) = Request::drawn() {
        let _ = line.client().call::<call::DeleteJob>(&JobChangeParams {
            request_id,
            id: job.id,
        });
    }
    written
}

/// Writes beside the file and puts it in place once it is whole.
fn to_file(line: &mut Line<'_>, job: &Job, path: &Path, output: &Output) -> Result<(), Failed> {
    let not_written = |error: &io::Error| {
        Failed::refused(
            format!("{} was not written", path.display()),
            error.to_string(),
            "name a file in a folder that you may write to",
        )
    };
    let name = path
        .file_name()
        .ok_or_else(|| not_written(&io::Error::other("it has no name")))?;
    let beside = path.with_file_name(format!(".{}.new", name.to_string_lossy()));
    let file = File::create(&beside).map_err(|error| not_written(&error))?;
    let packed = name.to_string_lossy().ends_with(".gz");
    let filled = if packed {
        fill_packed(line, job, file)
    } else {
        fill(line, job, file)
    };
    let placed =
        filled.and_then(|()| fs::rename(&beside, path).map_err(|error| not_written(&error)));
    if let Err(failed) = placed {
        // What was begun is of no use; why it failed is what matters.
        let _ = fs::remove_file(&beside);
        return Err(failed);
    }
    let rows = job.files.iter().find(|file| file.name == ROWS);
    let (csv_bytes, csv_sha256) = rows.map_or((0, ""), |file: &JobFile| (file.bytes, &file.sha256));
    let written = Written {
        file: path.display().to_string(),
        csv_bytes,
        csv_sha256,
    };
    output.result(&written, || {
        format!("{}: {} of CSV", path.display(), show::size(csv_bytes))
    })
}

fn fill(line: &mut Line<'_>, job: &Job, mut file: File) -> Result<(), Failed> {
    fetch(line, job, ROWS, &mut file)?;
    Ok(file.sync_all()?)
}

/// Packed without a time in it, so that the same rows give the same file.
fn fill_packed(line: &mut Line<'_>, job: &Job, file: File) -> Result<(), Failed> {
    let mut packer = GzEncoder::new(file, Compression::default());
    fetch(line, job, ROWS, &mut packer)?;
    Ok(packer.finish()?.sync_all()?)
}
