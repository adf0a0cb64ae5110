//! One line on stderr that is written over and over while something takes its time; nothing where
//! stderr is no terminal.

use std::io::{self, IsTerminal, Write};

use trader_rpc::{Job, JobProgress, JobState};

use crate::screen::cut;
use crate::show;
use crate::table::printable;

/// The line.
#[derive(Debug)]
pub(crate) struct Progress {
    width: Option<usize>,
    written: bool,
}

impl Progress {
    /// Looks whether stderr is a terminal.
    pub(crate) fn new() -> Self {
        let size = terminal_size::terminal_size_of(io::stderr());
        let width = size.map_or(80, |(width, _)| usize::from(width.0));
        let moves = std::env::var_os("TERM").is_some_and(|term| term != "dumb");
        Self {
            width: (moves && io::stderr().is_terminal()).then_some(width),
            written: false,
        }
    }

    /// Whether anybody sees it.
    pub(crate) const fn is_seen(&self) -> bool {
        self.width.is_some()
    }

    /// Writes the line anew.
    pub(crate) fn show(&mut self, text: &str) {
        if let Some(width) = self.width {
            let text = cut(&printable(text), width.saturating_sub(1));
            self.written = true;
            write(&format!("\r{text}\u{1b}[K"));
        }
    }

    /// Takes it away.
    pub(crate) fn clear(&mut self) {
        if std::mem::take(&mut self.written) {
            write("\r\u{1b}[K");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Writes to stderr; a line that nobody can see is no reason to fail.
fn write(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes());
    let _ = stderr.flush();
}

/// How far a job is, in one line.
pub(crate) fn line(job: &Job) -> String {
    let begin = format!("job {} {}", job.id, job.state);
    match (job.state, job.ahead, &job.progress) {
        (JobState::Queued, Some(ahead @ 1..), _) => {
            let others = show::count(ahead, "job comes before it", "jobs come before it");
            format!("{begin}, {others}")
        }
        (JobState::Running, _, Some(progress)) => format!("job {} {}", job.id, steps(progress)),
        _ => begin,
    }
}

/// `running  1,500,000 of 7,800,000 bars  19%  5.2 M bars/s  1 s left`.
pub(crate) fn steps(progress: &JobProgress) -> String {
    let mut parts = vec![progress.phase.clone()];
    let unit = &progress.unit;
    let is_bytes = unit == "bytes";
    let amount = |number: u64| {
        if is_bytes {
            show::size(number)
        } else {
            show::whole(number)
        }
    };
    let unit_after = if is_bytes {
        String::new()
    } else {
        format!(" {unit}")
    };
    if progress.total > 0 {
        let (done, total) = (amount(progress.done), amount(progress.total));
        parts.push(format!("{done} of {total}{unit_after}"));
        let share = progress.done as f64 / progress.total as f64 * 100.0;
        parts.push(format!("{:.0}%", share.clamp(0.0, 100.0).floor()));
    } else if progress.done > 0 {
        parts.push(format!("{}{unit_after}", amount(progress.done)));
    }
    if progress.per_second >= 1.0 {
        let rate = show::rough(progress.per_second);
        let rate = match (is_bytes, rate.contains(' ')) {
            (true, true) => format!("{rate}B"),
            (true, false) => format!("{rate} B"),
            (false, _) => format!("{rate} {unit}"),
        };
        parts.push(format!("{rate}/s"));
    }
    if progress.seconds_left.is_some() {
        parts.push(format!(
            "{} left",
            show::duration_or_dash(progress.seconds_left)
        ));
    }
    parts.join("  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(done: u64, total: u64, unit: &str, per_second: f64, left: Option<f64>) -> String {
        steps(&JobProgress {
            phase: "running".to_owned(),
            done,
            total,
            unit: unit.to_owned(),
            per_second,
            seconds_left: left,
        })
    }

    #[test]
    fn progress_tells_how_much_how_fast_and_how_long() {
        assert_eq!(
            at(1_500_000, 7_800_000, "bars", 5.24e6, Some(1.2)),
            "running  1,500,000 of 7,800,000 bars  19%  5.2 M bars/s  1 s left"
        );
        assert_eq!(
            at(524_288, 60_000_000, "bytes", 2.5e7, None),
            "running  524 kB of 60 MB  0%  25 MB/s"
        );
        assert_eq!(at(7, 0, "files", 0.2, None), "running  7 files");
        assert_eq!(at(0, 0, "rows", 0.0, None), "running");
        assert_eq!(
            at(9, 8, "rows", 0.0, None),
            "running  9 of 8 rows  100%",
            "never beyond 100"
        );
    }
}
