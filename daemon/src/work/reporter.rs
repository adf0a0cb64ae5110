//! How a job's work tells the daemon how far it is and what it made.

use std::io::{self, Write};
use std::time::Duration;

use trader_rpc::{ErrorDetail, JobProgress};

use super::Outcome;
use crate::clock;
use crate::jobs::stream::{self, Done, Failed, Said};

/// Progress is told at most so often, the first and the last of a phase apart.
const EVERY: Duration = Duration::from_millis(200);

/// The way to the daemon.
pub struct Reporter {
    out: Box<dyn Write + Send>,
    phase: Option<Phase>,
    /// The first failure to write: then nobody listens, and nothing more is said.
    broken: Option<io::Error>,
}

struct Phase {
    name: String,
    began_at: Duration,
    /// What was done when it began.
    began_with: u64,
    told_at: Duration,
}

impl std::fmt::Debug for Reporter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reporter")
            .field("broken", &self.broken)
            .finish_non_exhaustive()
    }
}

impl Reporter {
    /// A reporter that writes the stream to `out`.
    #[must_use]
    pub fn new(out: Box<dyn Write + Send>) -> Self {
        Self {
            out,
            phase: None,
            broken: None,
        }
    }

    /// Tells how far a phase is: `done` of `total` `unit`; a total of 0 is not known. Cheap enough to
    /// be called every thousand rows: what comes too soon after the last is not sent.
    pub fn progress(&mut self, phase: &str, done: u64, total: u64, unit: &str) {
        let progress = self.at(clock::elapsed(), phase, done, total, unit);
        if let Some(progress) = progress {
            self.say(&Said::Progress(progress));
        }
    }

    fn at(
        &mut self,
        now: Duration,
        name: &str,
        done: u64,
        total: u64,
        unit: &str,
    ) -> Option<JobProgress> {
        let phase = match &mut self.phase {
            Some(phase) if phase.name == name => {
                if now.saturating_sub(phase.told_at) < EVERY && done != total {
                    return None;
                }
                phase.told_at = now;
                phase
            }
            other => other.insert(Phase {
                name: name.to_owned(),
                began_at: now,
                began_with: done,
                told_at: now,
            }),
        };
        let seconds = now.saturating_sub(phase.began_at).as_secs_f64();
        let advanced = float(done.saturating_sub(phase.began_with));
        let per_second = if seconds > 0.0 {
            advanced / seconds
        } else {
            0.0
        };
        let known = total >= done && per_second > 0.0;
        Some(JobProgress {
            phase: name.to_owned(),
            done,
            total,
            unit: unit.to_owned(),
            per_second: tenths(per_second),
            seconds_left: known.then(|| tenths(float(total.saturating_sub(done)) / per_second)),
        })
    }

    /// Hands a file over: `result.json`, or `rows.csv` of an export.
    pub fn file(&mut self, name: &str, content: &[u8]) {
        self.say(&Said::File(stream::announce(name, content)));
        if self.broken.is_none() {
            self.broken = self.out.write_all(content).err();
        }
    }

    /// Says the last word. False if nobody listened.
    pub(super) fn end(
        mut self,
        done: Result<Outcome, ErrorDetail>,
        peak_memory_mb: Option<u32>,
    ) -> bool {
        let last = match done {
            Ok(outcome) => Said::Done(Done {
                message: outcome.message,
                staged: outcome.staged,
                peak_memory_mb,
            }),
            Err(detail) => Said::Failed(Failed {
                detail,
                peak_memory_mb,
            }),
        };
        self.say(&last);
        self.broken.is_none()
    }

    fn say(&mut self, said: &Said) {
        if self.broken.is_none() {
            self.broken = stream::say(&mut self.out, said).err();
        }
    }
}

/// Counts of rows are far below 2^53.
#[expect(clippy::cast_precision_loss, reason = "shown to people, rounded")]
const fn float(count: u64) -> f64 {
    count as f64
}

fn tenths(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_told_five_times_a_second_with_rate_and_time_left() {
        let mut reporter = Reporter::new(Box::new(io::sink()));
        let mut at =
            |ms, done| reporter.at(Duration::from_millis(ms), "running", done, 1_000, "bars");
        assert_eq!(at(0, 0).unwrap().seconds_left, None);
        assert_eq!(at(199, 50), None);
        let told = at(200, 100).unwrap();
        assert!((told.per_second - 500.0).abs() < 1e-9);
        assert!((told.seconds_left.unwrap() - 1.8).abs() < 1e-9);
        assert_eq!(at(250, 120), None);
        assert_eq!(at(260, 1_000).unwrap().seconds_left, Some(0.0));
        let next = reporter.at(Duration::from_millis(270), "writing", 1, 0, "files");
        assert_eq!(next.unwrap().phase, "writing");
    }

    #[test]
    fn an_unknown_total_leaves_the_time_open() {
        let mut reporter = Reporter::new(Box::new(io::sink()));
        let mut at = |ms, done| reporter.at(Duration::from_millis(ms), "reading", done, 0, "rows");
        assert!(at(0, 5).is_some());
        assert_eq!(at(1_000, 105).unwrap().seconds_left, None);
    }

    #[test]
    fn what_nobody_hears_is_noticed_at_the_end() {
        let (reader, writer) = io::pipe().unwrap();
        let mut reporter = Reporter::new(Box::new(writer));
        reporter.file("rows.csv", b"a\n");
        drop(reader);
        assert!(!reporter.end(Ok(Outcome::said("done")), None));
    }
}
