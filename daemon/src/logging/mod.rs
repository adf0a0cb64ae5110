//! The log: every event goes to a ring in memory and, through a thread of its own, to the journal or
//! to stderr. Nobody who logs ever waits; what does not fit is counted.

mod brake;
mod entry;
pub mod message_id;
mod sink;

use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::reload;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{LogLevel, LogSettings};
use crate::events::Ring;

use brake::Brake;
pub use entry::Entry;
use sink::Sink;

/// Lines that wait for the journal or for stderr.
const QUEUE_LINES: usize = 8_192;
/// How long an ending daemon waits for its last lines to be written.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// Why the log cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The journal was asked for and is not there.
    #[error("cannot log to the journal: {0}; set log.format to \"auto\" or \"text\"")]
    NoJournal(#[source] std::io::Error),
    /// The writing thread cannot be started.
    #[error("cannot start the thread that writes the log: {0}")]
    Thread(#[source] std::io::Error),
    /// There is a log already.
    #[error("the log was begun twice: {0}")]
    Twice(#[from] tracing_subscriber::util::TryInitError),
}

/// The log while it runs. Dropping it writes what is left, for at most a second.
#[derive(Debug)]
pub struct Logging {
    ring: Ring<Entry>,
    writer: Writer,
    set_level: LevelSetter,
}

/// Changes what is logged from now on.
#[derive(Clone)]
struct LevelSetter(Arc<dyn Fn(LogLevel) + Send + Sync>);

impl std::fmt::Debug for LevelSetter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LevelSetter")
    }
}

impl Logging {
    /// The recent events.
    #[must_use]
    pub fn recent(&self) -> Ring<Entry> {
        self.ring.clone()
    }

    /// Changes what is logged from now on, for as long as the log runs.
    #[must_use]
    pub fn level_setter(&self) -> Box<dyn Fn(LogLevel) + Send + Sync> {
        let LevelSetter(set) = self.set_level.clone();
        Box::new(move |level| set(level))
    }

    /// Lines that were not written because the journal or stderr did not take them in time.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.writer.dropped.load(Ordering::Relaxed)
    }
}

/// Begins the log for the whole process.
///
/// # Errors
/// The journal is asked for and not there, or there is a log already.
pub fn begin(settings: &LogSettings) -> Result<Logging, LogError> {
    // systemd sets it for services whose stderr is the journal; a terminal gets text.
    let journal_reads_stderr = env::var_os("JOURNAL_STREAM").is_some();
    let sink = Sink::open(settings.format, journal_reads_stderr).map_err(LogError::NoJournal)?;
    let (layer, logging) = assemble(settings, sink)?;
    tracing_subscriber::registry().with(layer).try_init()?;
    Ok(logging)
}

fn assemble<S>(settings: &LogSettings, sink: Sink) -> Result<(impl Layer<S>, Logging), LogError>
where
    S: Subscriber + for<'s> LookupSpan<'s> + 'static,
{
    let capacity = usize::try_from(settings.keep_events).unwrap_or(usize::MAX);
    let ring = Ring::new(capacity);
    let writer = Writer::start(sink)?;
    let layer = EntryLayer {
        ring: ring.clone(),
        brake: Brake::default(),
        lines: writer.lines.clone(),
        dropped: Arc::clone(&writer.dropped),
    };
    let (filter, handle) = reload::Layer::new(targets(settings.level));
    let set = move |level| {
        if let Err(error) = handle.reload(targets(level)) {
            tracing::error!(%error, "the level of the log was not changed");
        }
    };
    let logging = Logging {
        ring,
        writer,
        set_level: LevelSetter(Arc::new(set)),
    };
    Ok((layer.with_filter(filter), logging))
}

/// What is logged at a level.
fn targets(level: LogLevel) -> Targets {
    let own = level_filter(level);
    // Libraries speak of their own affairs; from warnings on they may matter.
    Targets::new()
        .with_default(own.min(LevelFilter::WARN))
        .with_target("trader", own)
}

const fn level_filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}

struct EntryLayer {
    ring: Ring<Entry>,
    brake: Brake,
    lines: SyncSender<Work>,
    dropped: Arc<AtomicU64>,
}

impl<S: Subscriber> Layer<S> for EntryLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut entry = Entry::of(event, crate::clock::now());
        if !self.brake.lets_pass(&mut entry) {
            return;
        }
        if self
            .lines
            .try_send(Work::Line(Box::new(entry.clone())))
            .is_err()
        {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        self.ring.push(entry);
    }
}

enum Work {
    Line(Box<Entry>),
    /// Answers once everything before it is written.
    Flush(SyncSender<()>),
}

#[derive(Debug)]
struct Writer {
    lines: SyncSender<Work>,
    dropped: Arc<AtomicU64>,
}

impl Writer {
    fn start(sink: Sink) -> Result<Self, LogError> {
        let (lines, work) = sync_channel(QUEUE_LINES);
        let dropped = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&dropped);
        std::thread::Builder::new()
            .name("log-writer".to_owned())
            .spawn(move || write_all(&work, sink, &counter))
            .map_err(LogError::Thread)?;
        Ok(Self { lines, dropped })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let (done, written) = sync_channel(1);
        if let Err(TrySendError::Full(_)) = self.lines.try_send(Work::Flush(done)) {
            return;
        }
        // A pipe that nobody reads must not keep the daemon from ending.
        if written.recv_timeout(FLUSH_TIMEOUT) == Err(RecvTimeoutError::Timeout) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn write_all(work: &Receiver<Work>, mut sink: Sink, dropped: &AtomicU64) {
    let mut told = 0;
    for item in work {
        match item {
            Work::Line(entry) => {
                if sink.write(&entry).is_err() {
                    dropped.fetch_add(1, Ordering::Relaxed);
                }
            }
            Work::Flush(done) => {
                // Whoever asked may have gone on without us.
                let _ = done.try_send(());
            }
        }
        let count = dropped.load(Ordering::Relaxed);
        if count > told
            && sink
                .write(&Entry::about_dropped(count, crate::clock::now()))
                .is_ok()
        {
            told = count;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::Mutex;

    use super::*;
    use crate::config::LogFormat;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A pipe that nobody reads: its writer waits until the test lets go.
    struct FullPipe(Arc<Mutex<()>>);

    impl Write for FullPipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            drop(self.0.lock().unwrap());
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn settings(level: LogLevel) -> LogSettings {
        LogSettings {
            level,
            format: LogFormat::Text,
            keep_events: 100,
            journal_head_minutes: 0,
        }
    }

    #[test]
    fn an_event_stands_in_the_ring_with_its_fields_and_on_the_page() {
        let page = Page::default();
        let sink = Sink::Text(Box::new(page.clone()));
        let (layer, logging) = assemble(&settings(LogLevel::Info), sink).unwrap();
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(symbol = "SPY", order_id = %"0000002a-20110110-17-e1", shares = 30, "order sent");
            tracing::debug!("not wanted");
            tracing::info!(target: "hyper", "not ours");
            (logging.level_setter())(LogLevel::Debug);
            tracing::debug!("wanted now");
            (logging.level_setter())(LogLevel::Info);
            tracing::debug!("not wanted again");
            tracing::warn!(target: "hyper", "odd\nline");
        });
        let entries = logging.recent().after(0, 10).events;
        let first = &entries[0].1;
        assert_eq!(first.message, "order sent");
        assert_eq!(first.fields["symbol"], "SPY");
        assert_eq!(first.fields["order_id"], "0000002a-20110110-17-e1");
        assert_eq!(first.fields["shares"], "30");
        assert_eq!(entries.len(), 3);
        drop(logging);
        let text = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert!(
            lines[0]
                .ends_with("INFO order sent order_id=0000002a-20110110-17-e1 shares=30 symbol=SPY"),
            "{text}"
        );
        assert!(lines[2].ends_with("WARN odd\\nline"), "{text}");
    }

    #[test]
    fn a_log_that_nobody_reads_stops_nobody_and_is_counted() {
        let gate = Arc::new(Mutex::new(()));
        let shut = gate.lock().unwrap();
        let sink = Sink::Text(Box::new(FullPipe(Arc::clone(&gate))));
        let (layer, logging) = assemble(&settings(LogLevel::Info), sink).unwrap();
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::with_default(subscriber, || {
            for number in 0..QUEUE_LINES.saturating_mul(2) {
                tracing::info!(target: crate::journal_log::TARGET, number, "flood");
            }
        });
        assert!(logging.dropped() >= 8_000, "{}", logging.dropped());
        assert_eq!(logging.recent().after(0, 1_000).events.len(), 100);
        drop(shut);
    }
}
