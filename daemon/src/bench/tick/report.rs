//! The figures of `traderd bench tick-to-order`.

use std::time::Duration;

use serde::Serialize;

use super::{Answered, failed};
use crate::exit::Failure;
use crate::supervisor::probe::Span;

/// A message to the bare client, one to the daemon, and what became of that inside.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    pub(super) bare: Answered,
    pub(super) whole: Answered,
    pub(super) span: Span,
}

/// What became of the quotes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Feed {
    pub(super) quotes: u64,
    pub(super) taken: u64,
    pub(super) took: Duration,
    /// What all threads but the sender's worked.
    pub(super) worked: Duration,
    /// How late the sender was at most.
    pub(super) late: Duration,
    /// From the message after the last quote to its order.
    pub(super) order_after: Duration,
}

/// What was measured. Microseconds unless the name says otherwise.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Report {
    messages: usize,
    /// Messages that no order came of, and that were followed by others.
    unanswered: u32,
    /// The rest before each message.
    apart_us: f64,
    /// From message to order by the daemon, without the commit.
    p50_us: f64,
    p99_us: f64,
    /// From message to order by the bare client.
    floor_p50_us: f64,
    floor_p99_us: f64,
    /// The synced commit: the journal's, and what the recording's takes longer beside it.
    commit_p50_us: f64,
    commit_p99_us: f64,
    /// By how much the daemon is above the bare client.
    above_p50_us: f64,
    above_p99_us: f64,
    /// With the commit.
    whole_p50_us: f64,
    whole_p99_us: f64,
    /// The parts: message to engine, engine to commit, commit to what only waits for the recording, the wait
    /// for that, which counts as the commit's, request to its first byte.
    taken_p50_us: f64,
    taken_p99_us: f64,
    decided_p50_us: f64,
    decided_p99_us: f64,
    handed_p50_us: f64,
    handed_p99_us: f64,
    recorded_p50_us: f64,
    recorded_p99_us: f64,
    written_p50_us: f64,
    written_p99_us: f64,
    /// The minutes of so many symbols in one message, in milliseconds until all were processed: the one in
    /// the middle and the slowest, the last order's commit included.
    burst_symbols: usize,
    burst_p50_ms: f64,
    burst_max_ms: f64,
    quotes: u64,
    quotes_per_second: f64,
    quotes_taken: u64,
    /// Cores that the daemon and the peer's threads were at work on, together.
    quotes_cores: f64,
    quotes_sender_late_ms: f64,
    order_after_quotes_ms: f64,
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// The value below which so many percent lie.
fn percentile(times: impl Iterator<Item = Duration>, percent: usize) -> f64 {
    let mut times: Vec<Duration> = times.collect();
    times.sort_unstable();
    let last = times.len().saturating_sub(1);
    let at = last.saturating_mul(percent).div_euclid(100);
    (micros(times.get(at).copied().unwrap_or_default()) * 10.0).round() / 10.0
}

impl Sample {
    fn bare(&self) -> Duration {
        self.bare.order.saturating_sub(self.bare.sent)
    }
    fn whole(&self) -> Duration {
        self.whole.order.saturating_sub(self.whole.sent)
    }
    fn commit(&self) -> Duration {
        let journal = self.span.committed.saturating_sub(self.span.decided);
        journal.saturating_add(self.recorded())
    }
    fn without_commit(&self) -> Duration {
        self.whole().saturating_sub(self.commit())
    }
    fn taken(&self) -> Duration {
        self.span.taken.saturating_sub(self.whole.sent)
    }
    fn decided(&self) -> Duration {
        self.span.decided.saturating_sub(self.span.taken)
    }
    fn handed(&self) -> Duration {
        self.span.ready.saturating_sub(self.span.committed)
    }
    fn recorded(&self) -> Duration {
        self.span.sent.saturating_sub(self.span.ready)
    }
    fn written(&self) -> Duration {
        self.whole.order.saturating_sub(self.span.sent)
    }
}

impl Report {
    pub(super) fn of(
        samples: &[Sample],
        bursts: &[Sample],
        feed: Feed,
        (apart, burst_symbols, unanswered): (Duration, usize, u32),
    ) -> Result<Self, Failure> {
        if samples.is_empty() || bursts.is_empty() {
            return Err(failed("nothing was timed"));
        }
        let of =
            |part: fn(&Sample) -> Duration, percent| percentile(samples.iter().map(part), percent);
        let burst = |percent| percentile(bursts.iter().map(Sample::whole), percent) / 1e3;
        let (p50, p99) = (
            of(Sample::without_commit, 50),
            of(Sample::without_commit, 99),
        );
        let (floor_p50, floor_p99) = (of(Sample::bare, 50), of(Sample::bare, 99));
        let tenth = |value: f64| (value * 10.0).round() / 10.0;
        Ok(Self {
            messages: samples.len(),
            unanswered,
            apart_us: micros(apart),
            p50_us: p50,
            p99_us: p99,
            floor_p50_us: floor_p50,
            floor_p99_us: floor_p99,
            commit_p50_us: of(Sample::commit, 50),
            commit_p99_us: of(Sample::commit, 99),
            above_p50_us: tenth(p50 - floor_p50),
            above_p99_us: tenth(p99 - floor_p99),
            whole_p50_us: of(Sample::whole, 50),
            whole_p99_us: of(Sample::whole, 99),
            taken_p50_us: of(Sample::taken, 50),
            taken_p99_us: of(Sample::taken, 99),
            decided_p50_us: of(Sample::decided, 50),
            decided_p99_us: of(Sample::decided, 99),
            handed_p50_us: of(Sample::handed, 50),
            handed_p99_us: of(Sample::handed, 99),
            recorded_p50_us: of(Sample::recorded, 50),
            recorded_p99_us: of(Sample::recorded, 99),
            written_p50_us: of(Sample::written, 50),
            written_p99_us: of(Sample::written, 99),
            burst_symbols,
            burst_p50_ms: burst(50),
            burst_max_ms: burst(100),
            quotes: feed.quotes,
            quotes_per_second: (per_second(feed.quotes, feed.took)).round(),
            quotes_taken: feed.taken,
            quotes_cores: (feed.worked.as_secs_f64() / feed.took.as_secs_f64().max(1e-9) * 100.0)
                .round()
                / 100.0,
            quotes_sender_late_ms: tenth(micros(feed.late) / 1e3),
            order_after_quotes_ms: tenth(micros(feed.order_after) / 1e3),
        })
    }

    fn parts(&self) -> [(&'static str, f64, f64); 5] {
        [
            ("message to engine", self.taken_p50_us, self.taken_p99_us),
            ("engine to commit", self.decided_p50_us, self.decided_p99_us),
            ("commit to request", self.handed_p50_us, self.handed_p99_us),
            (
                "wait for the recording",
                self.recorded_p50_us,
                self.recorded_p99_us,
            ),
            (
                "request to its first byte",
                self.written_p50_us,
                self.written_p99_us,
            ),
        ]
    }
}

fn per_second(count: u64, time: Duration) -> f64 {
    let count = u32::try_from(count).map_or(f64::INFINITY, f64::from);
    count / time.as_secs_f64().max(1e-9)
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "{} messages, each a minute that a strategy enters on; loopback, each by the daemon and by a bare \
             client in turn, after a rest of {} us",
            self.messages, self.apart_us
        )?;
        writeln!(
            f,
            "daemon       p50 {:7.1} us   p99 {:7.1} us   without the commit",
            self.p50_us, self.p99_us
        )?;
        writeln!(
            f,
            "bare client  p50 {:7.1} us   p99 {:7.1} us   the daemon is {:+.1} and {:+.1} us above it",
            self.floor_p50_us, self.floor_p99_us, self.above_p50_us, self.above_p99_us
        )?;
        writeln!(
            f,
            "commit       p50 {:7.1} us   p99 {:7.1} us   synced",
            self.commit_p50_us, self.commit_p99_us
        )?;
        writeln!(
            f,
            "with it      p50 {:7.1} us   p99 {:7.1} us",
            self.whole_p50_us, self.whole_p99_us
        )?;
        for (what, p50, p99) in self.parts() {
            writeln!(f, "  {what:32} p50 {p50:7.1} us   p99 {p99:7.1} us")?;
        }
        writeln!(
            f,
            "burst        the minutes of {} symbols in one message: all processed, and an order out, after {:.1} \
             ms, at most {:.1} ms",
            self.burst_symbols, self.burst_p50_ms, self.burst_max_ms
        )?;
        write!(
            f,
            "quotes       {} at {:.0} a second: {} taken, {:.2} cores; an order right after them {:.1} ms",
            self.quotes,
            self.quotes_per_second,
            self.quotes_taken,
            self.quotes_cores,
            self.order_after_quotes_ms
        )
    }
}
