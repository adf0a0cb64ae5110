//! `traderctl sessions export`: the recording of a session as one file, which `traderd replay` reads.

use std::fs::{self, File};
use std::path::PathBuf;

use chrono::NaiveDate;
use serde::Serialize;
use trader_rpc::{JobChangeParams, SessionExportSpec, Work, call};

use super::super::Setting;
use super::super::change::Request;
use crate::exit::Failed;
use crate::progress::{self, Progress};
use crate::show;
use crate::work::{Line, Patience, done, fetch, submit};

/// The file of an export.
const EXPORT: &str = "session.rec.gz";

/// Write the recording of a session to a file
///
/// The file is packed with gzip and is there only once it is whole. traderd replay FILE reads it.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The session
    #[arg(value_name = "DATE")]
    session: NaiveDate,
    /// Write to this file
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    patience: Patience,
}

/// A file that was written, for those who read JSON.
#[derive(Debug, Serialize)]
struct Written {
    file: String,
    bytes: u64,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let mut line = Line::to_change(setting, args.patience)?;
    let spec = SessionExportSpec {
        session: args.session,
    };
    // Without us nobody would fetch the file, so an interrupt just ends us.
    let job = submit(&mut line, Request::drawn()?, Work::SessionExport(spec))?;
    let mut shown = Progress::new();
    let job = done(&mut line, job.id, |job| {
        shown.show(&progress::line(job));
        Ok(())
    })?;
    shown.clear();
    let mut beside = args.out.clone().into_os_string();
    beside.push(".new");
    let written = File::create(&beside)
        .map_err(Failed::from)
        .and_then(|mut file| {
            fetch(&mut line, &job, EXPORT, &mut file)?;
            file.sync_all()?;
            Ok(fs::rename(&beside, &args.out)?)
        });
    if written.is_err() {
        // What was begun is of no use; why it failed is what matters.
        let _ = fs::remove_file(&beside);
    }
    // The recording is still there; the daemon need not keep it a second time.
    if let Ok(request_id) = Request::drawn() {
        let _ = line.client().call::<call::DeleteJob>(&JobChangeParams {
            request_id,
            id: job.id,
        });
    }
    written?;
    let made = job.files.iter().find(|file| file.name == EXPORT);
    let written = Written {
        file: args.out.display().to_string(),
        bytes: made.map_or(0, |file| file.bytes),
    };
    setting.output.result(&written, || {
        format!("{}: {}", written.file, show::size(written.bytes))
    })
}
