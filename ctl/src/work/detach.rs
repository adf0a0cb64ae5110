//! Ctrl-C while a job is watched: we go, the job stays.

use std::io::{self, Write};
use std::process;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use trader_rpc::Job;

use crate::exit::{DONE, INTERRUPTED};
use crate::output::Output;

/// The job that goes on when we are interrupted; before and after it an interrupt just ends us.
#[derive(Debug, Clone)]
pub(crate) struct Detachable {
    job: Arc<Mutex<Option<Job>>>,
}

impl Detachable {
    /// Listens for interrupts from here on. Where that cannot be had, they end us as they always do.
    pub(crate) fn new(output: &Output) -> Self {
        let detachable = Self {
            job: Arc::new(Mutex::new(None)),
        };
        let (theirs, json) = (detachable.clone(), output.is_json());
        if let Some(interrupts) = interrupts() {
            thread::spawn(move || {
                if interrupts() {
                    theirs.leave(json);
                }
            });
        }
        detachable
    }

    /// Remembers the job as it is now; one that is over can no longer be left alone.
    pub(crate) fn set(&self, job: &Job) {
        let open = (!job.state.is_over()).then(|| job.clone());
        *self.job.lock().unwrap_or_else(PoisonError::into_inner) = open;
    }

    /// Says how to go on and ends the program.
    fn leave(&self, json: bool) {
        // Held to the end, so that nothing is printed about a job that is over by then.
        let job = self.job.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(job) = job.as_ref() else {
            process::exit(i32::from(INTERRUPTED));
        };
        let id = job.id;
        if json {
            let text = serde_json::to_string_pretty(job).unwrap_or_default();
            let _ = writeln!(io::stdout().lock(), "{text}");
        } else {
            let _ = writeln!(
                io::stderr().lock(),
                "\ndetached; job {id} goes on\n  watch:  traderctl jobs watch {id}\n  \
                 cancel: traderctl jobs cancel {id}"
            );
        }
        process::exit(i32::from(DONE));
    }
}

/// A function that waits for one interrupt; the handler is in place when it is handed back.
fn interrupts() -> Option<impl FnOnce() -> bool + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .ok()?;
    let mut interrupts = {
        let _entered = runtime.enter();
        signal(SignalKind::interrupt()).ok()?
    };
    Some(move || runtime.block_on(interrupts.recv()).is_some())
}
