//! What `traderd job` does, in a process of its own: reads the order, keeps to its limits, does the
//! one thing and says what came of it. It reads the bar store or the journal and writes below its
//! staging folder at most; what it makes goes to the daemon through its output.

mod actions;
mod audit;
mod export;
mod gaps;
mod import;
mod limits;
mod reporter;
mod selection;
mod sessions;
mod verify;

use std::io::{self, BufRead};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU8, Ordering};

use trader_bars::store::Prepared;
use trader_rpc::{ErrorDetail, Work};

use crate::exit;
use crate::jobs::stream::{self, Order};

#[cfg(feature = "broker-sim")]
pub(crate) use limits::peak_memory_mb;
pub use reporter::Reporter;

/// What the process ends with if its input ends now.
static CODE: AtomicU8 = AtomicU8::new(exit::FAILED);

/// What came of a job's work.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// In a sentence.
    pub message: String,
    /// What the daemon is to take into the bar store.
    pub staged: Option<Prepared>,
}

impl Outcome {
    /// Nothing is left to do but to say this.
    #[must_use]
    pub fn said(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            staged: None,
        }
    }
}

/// Why a job's work was not done.
#[must_use]
pub fn trouble(
    what: impl Into<String>,
    why: impl ToString,
    next: impl Into<String>,
) -> ErrorDetail {
    ErrorDetail {
        what: what.into(),
        why: why.to_string(),
        next: next.into(),
    }
}

/// Does the job that the standard input orders.
#[must_use]
pub fn main() -> ExitCode {
    let mut input = io::BufReader::new(io::stdin());
    let mut reporter = Reporter::new(Box::new(io::stdout()));
    let done = Order::read(&mut input)
        .map_err(|error| not_ordered(&error))
        .and_then(|order| {
            limits::keep(order.memory_mb)?;
            if limits::hangs_up(&io::stdin()) {
                end_with(input)?;
            }
            perform(&order, &mut reporter)
        });
    let ok = done.is_ok();
    if ok {
        // The daemon may hang up as soon as it has heard the last word.
        CODE.store(exit::DONE, Ordering::Release);
    }
    if reporter.end(done, limits::peak_memory_mb()) && ok {
        ExitCode::from(exit::DONE)
    } else {
        ExitCode::from(exit::FAILED)
    }
}

fn not_ordered(error: &stream::StreamError) -> ErrorDetail {
    trouble(
        "no work was done",
        error,
        "the daemon starts this program by itself: traderctl backtest and traderctl data ask it to; \
         after an upgrade, restart the daemon",
    )
}

/// Ends the process as soon as the input does: the job is cancelled, or the daemon is gone.
fn end_with(mut input: impl BufRead + Send + 'static) -> Result<(), ErrorDetail> {
    let watch = move || {
        let mut byte = [0];
        loop {
            match input.read(&mut byte) {
                Ok(1..) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => std::process::exit(CODE.load(Ordering::Acquire).into()),
            }
        }
    };
    std::thread::Builder::new()
        .name("watch".to_owned())
        .stack_size(64 << 10)
        .spawn(watch)
        .map(drop)
        .map_err(|error| {
            trouble(
                "no work was done",
                format!("no thread can be started: {error}"),
                "raise jobs.memory_mb, or look at the limits of the daemon's unit",
            )
        })
}

fn perform(order: &Order, reporter: &mut Reporter) -> Result<Outcome, ErrorDetail> {
    match &order.work {
        Work::Backtest(spec) => crate::backtest::run(order, spec, reporter),
        Work::Import(spec) => import::run(order, spec, reporter),
        Work::Download(_) => Err(trouble(
            "nothing was downloaded",
            "a job's process has no network: the daemon asks",
            "this is a bug: please report it",
        )),
        Work::Export(spec) => export::run(order, spec, reporter),
        Work::Verify(filter) => verify::run(order, filter, reporter),
        Work::Gaps(filter) => gaps::run(order, filter, reporter),
        Work::Replay(spec) => sessions::replay(order, spec, reporter),
        Work::Trace(spec) => sessions::trace(order, spec, reporter),
        Work::SessionExport(spec) => sessions::export(order, spec, reporter),
        Work::Audit(spec) => audit::verify(order, spec, reporter),
        Work::AuditExport(spec) => audit::export(order, *spec, reporter),
    }
}
