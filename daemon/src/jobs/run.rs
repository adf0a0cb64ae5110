//! One run of a job's process: hands it the order, hears what it says, stores what it makes, and
//! judges how it ended.

use std::io::{self, BufReader, Read, Write};
use std::sync::Arc;

use trader_rpc::{ErrorDetail, JobFile, JobProgress};

use super::folder::Folder;
use super::launch::{Launcher, Leash};
use super::stream::{self, Order, Said, StreamError};
use super::verdict::{self, Verdict};

/// What is heard of a job while its process runs.
pub(super) enum Heard {
    /// The process has begun; it can be ended by its leash.
    Begun(Arc<dyn Leash>),
    /// How far it is.
    Progress(JobProgress),
    /// What it made, stored.
    Stored(JobFile),
}

/// What a run needs.
pub(super) struct Run<'a> {
    pub(super) launcher: &'a dyn Launcher,
    pub(super) folder: &'a Folder,
    pub(super) order: &'a Order,
    /// The largest file that is taken from it.
    pub(super) bytes_max: u64,
}

impl Run<'_> {
    /// Runs the process to its end.
    pub(super) fn conduct(&self, hear: &mut dyn FnMut(Heard)) -> Verdict {
        let mut launched = match self.launcher.launch() {
            Ok(launched) => launched,
            Err(error) => return Verdict::failed(self.not_started(&error)),
        };
        hear(Heard::Begun(Arc::clone(&launched.leash)));
        if let Err(error) = give(&mut launched.input, self.order) {
            // The process has ended; how, is told below.
            tracing::debug!(job = self.order.job, %error, "the order was not taken");
        }
        let heard = self.listen(launched.output, hear);
        let (last, broken) = match heard {
            Ok(last) => (last, None),
            Err(error) => {
                launched.leash.cut();
                (None, Some(error))
            }
        };
        // Whatever it does after its last word is of no use: its input ends, and so does it.
        drop(launched.input);
        let ended = launched.leash.ended();
        verdict::judge(last, broken.as_ref(), &ended, self.order.memory_mb)
    }

    fn listen(
        &self,
        output: impl Read,
        hear: &mut dyn FnMut(Heard),
    ) -> Result<Option<Said>, StreamError> {
        let mut output = BufReader::with_capacity(1 << 16, output);
        loop {
            match stream::hear(&mut output)? {
                Some(Said::Progress(progress)) => hear(Heard::Progress(progress)),
                Some(Said::File(file)) => {
                    self.folder
                        .take(self.order.job, &file, self.bytes_max, &mut output)?;
                    hear(Heard::Stored(file));
                }
                last => return Ok(last),
            }
        }
    }

    fn not_started(&self, error: &io::Error) -> ErrorDetail {
        ErrorDetail {
            what: "its process could not be started".to_owned(),
            why: format!("{}: {error}", self.launcher.describe()),
            next:
                "look at systemctl status traderd-jobs.socket if jobs.socket is set, else at the \
                   limits of the daemon's unit, and submit it again"
                    .to_owned(),
        }
    }
}

fn give(input: &mut dyn Write, order: &Order) -> io::Result<()> {
    let mut line = serde_json::to_vec(order)?;
    line.push(b'\n');
    input.write_all(&line)?;
    input.flush()
}
