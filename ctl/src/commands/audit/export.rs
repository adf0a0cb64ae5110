//! `traderctl audit export`: a year of the account's records as CSV.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use trader_rpc::{AuditExportSpec, Job, JobChangeParams, Work, call};

use super::super::Setting;
use super::super::change::Request;
use super::super::market_data::{PATIENCE, carry_out};
use crate::exit::Failed;
use crate::show;
use crate::work::{Line, fetch};

/// Write a year's orders, fills, fees and trades to a folder
///
/// As CSV for taxes and for a look at the broker's statement, with totals in summary.csv and every
/// column explained in about.txt. The journal is checked first. Dates are New York's; numbers are exact.
/// Wash sales are not worked out.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The year
    #[arg(long, value_name = "YEAR", value_parser = clap::value_parser!(i32).range(1970..=2200))]
    year: i32,
    /// Write to this folder, which is made if it is missing
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// A file that was written, for those who read JSON.
#[derive(Debug, Serialize)]
struct Written {
    file: String,
    bytes: u64,
    sha256: String,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    fs::create_dir_all(&args.out).map_err(|error| not_written(&args.out, &error))?;
    let mut line = Line::to_change(setting, PATIENCE)?;
    let spec = AuditExportSpec { year: args.year };
    // Without us nobody would fetch the files, so an interrupt just ends us.
    let job = carry_out(&mut line, Work::AuditExport(spec), None)?;
    let written = write(&mut line, &job, &args.out);
    // The records are in the journal; the daemon need not keep them a second time.
    if let Ok(request_id) = Request::drawn() {
        let _ = line.client().call::<call::DeleteJob>(&JobChangeParams {
            request_id,
            id: job.id,
        });
    }
    let written = written?;
    setting.output.result(&written, || text(&job, &written))
}

fn text(job: &Job, written: &[Written]) -> String {
    let files = written
        .iter()
        .map(|written| format!("{}: {}", written.file, show::size(written.bytes)));
    let mut lines: Vec<String> = files.collect();
    lines.extend(job.message.clone());
    lines.join("\n")
}

/// Fetches every file beside its place and puts it there once it is whole.
fn write(line: &mut Line<'_>, job: &Job, folder: &Path) -> Result<Vec<Written>, Failed> {
    let mut written = Vec::new();
    for file in &job.files {
        // The daemon names them; a name that leads elsewhere is none.
        let name = Path::new(&file.name)
            .file_name()
            .ok_or_else(|| not_written(folder, &io::Error::other("a file has no name")))?;
        let path = folder.join(name);
        let beside = folder.join(format!(".{}.new", name.to_string_lossy()));
        let mut open = File::create(&beside).map_err(|error| not_written(&beside, &error))?;
        let placed = fetch(line, job, &file.name, &mut open)
            .and_then(|()| Ok(open.sync_all()?))
            .and_then(|()| fs::rename(&beside, &path).map_err(|error| not_written(&path, &error)));
        if let Err(failed) = placed {
            // What was begun is of no use; why it failed is what matters.
            let _ = fs::remove_file(&beside);
            return Err(failed);
        }
        written.push(Written {
            file: path.display().to_string(),
            bytes: file.bytes,
            sha256: file.sha256.clone(),
        });
    }
    Ok(written)
}

fn not_written(path: &Path, error: &io::Error) -> Failed {
    Failed::refused(
        format!("{} was not written", path.display()),
        error.to_string(),
        "name a folder that you may write to",
    )
}
