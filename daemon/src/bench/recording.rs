//! `traderd bench recording`: what it costs the engine to have a session of many symbols recorded, how
//! large the recording is, and how long its replay takes.
//!
//! The session is played once against the simulated broker; then the very same events go through fresh
//! kernels, without a recorder and with one, so that neither the broker nor the market is timed. That is
//! done twice. As a daemon runs, each commit of the journal is waited for, and so is the recording before
//! an order would leave: timed by the clock on the wall. And bare, without a journal, where the cost
//! cannot hide behind the disk: timed is what the engine's thread works, since another one writes.

use std::time::Duration;

use serde::Serialize;
use trader_broker_sim::market::SyntheticMarket;
use trader_calendar::Session;
use trader_contract::{Bar, Epoch, SymbolId, Timestamp};
use trader_core::Event;
use trader_kernel::Kernel;
use trader_recording::{Beginning, FORMAT, Item, Opening, Scope, Segment, replay};
use trader_store::{Recovery, Store, Writer};

use super::edges::{Edges, Journal};
use super::stage::Stage;
use crate::clock;
use crate::exit::{self, Failure};
use crate::recording::{Keep, Recorder, Recordings};
use crate::scratch::Scratch;

/// Symbols without `--symbols`.
const SYMBOLS: u32 = 500;
/// Sessions before the recorded one that warm the indicators up.
const WARM_UP: u32 = 5;
/// The account that trades, and what its gate allows.
const ACCOUNT: &str = "[account]\ninitial_cash = 250000\n[risk]\nmax_open_positions = 50\n\
                       consecutive_losses = 20\nposition_fraction = 0.01\nentries_per_route_per_day = 100\n";
/// Rounds of each kind; the best counts.
const ROUNDS: u32 = 7;

/// What was measured.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    symbols: u32,
    bars: usize,
    warm_up_bars: usize,
    events: usize,
    commands: u64,
    /// Milliseconds of the whole session as a daemon runs, without a recorder and with one.
    plain_ms: f64,
    recorded_ms: f64,
    /// By how many percent the second is more.
    cost_percent: f64,
    /// The same of the engine's thread alone, without a journal.
    bare_plain_ms: f64,
    bare_recorded_ms: f64,
    bare_cost_percent: f64,
    recording_mb: f64,
    replay_ms: f64,
    differences: u64,
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "One session of {} symbols, made up: {} bars, {} events, {} commands; {} bars to warm up",
            self.symbols, self.bars, self.events, self.commands, self.warm_up_bars
        )?;
        writeln!(
            f,
            "engine     {:.1} ms for the session with its journal, {:.1} ms recorded: {:+.1} %",
            self.plain_ms, self.recorded_ms, self.cost_percent
        )?;
        writeln!(
            f,
            "bare       {:.1} ms of work without a journal, {:.1} ms recorded: {:+.1} %",
            self.bare_plain_ms, self.bare_recorded_ms, self.bare_cost_percent
        )?;
        writeln!(
            f,
            "recording  {:.1} MB on the disk, packed",
            self.recording_mb
        )?;
        write!(
            f,
            "replay     {:.0} ms from the disk to the verdict: {} differences",
            self.replay_ms, self.differences
        )
    }
}

/// What a session took.
#[derive(Debug, Clone, Copy)]
struct Spent {
    worked: Duration,
    wall: Duration,
}

impl Spent {
    const MAX: Self = Self {
        worked: Duration::MAX,
        wall: Duration::MAX,
    };

    fn best(self, other: Self) -> Self {
        Self {
            worked: self.worked.min(other.worked),
            wall: self.wall.min(other.wall),
        }
    }
}

/// Measures.
///
/// # Errors
/// The configuration or the disk refuses.
pub(crate) fn recording(symbols: Option<u32>) -> Result<Report, Failure> {
    let symbols = symbols.unwrap_or(SYMBOLS);
    let failed = |why: String| Failure::new(exit::FAILED, why);
    let stage = Recordable::new(symbols).map_err(failed)?;
    let scratch = Scratch::new("bench", None)?;
    let recordings = Recordings::below(&scratch.path);
    stage.play(&recordings).map_err(failed)?;
    let recorded = Recorded::read(&recordings, &stage).map_err(failed)?;
    // Bare and with a journal, each without a recorder and with one.
    let mut best = [[Spent::MAX; 2]; 2];
    for _ in 0..ROUNDS {
        for (kept, best) in [false, true].into_iter().zip(&mut best) {
            for (taped, best) in [false, true].into_iter().zip(best) {
                *best = best.best(recorded.round(&stage, kept, taped)?);
            }
        }
    }
    let [[bare, bare_taped], [plain, taped]] = best;
    let begun = clock::elapsed();
    let outcome = stage.replay(&recordings).map_err(failed)?;
    let replayed = clock::elapsed().saturating_sub(begun);
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let more = |less: Duration, more: Duration| (ms(more) / ms(less).max(1e-9) - 1.0) * 100.0;
    let bytes = recordings
        .bytes(stage.session.date)
        .map_err(|error| failed(error.to_string()))?;
    let mega = u32::try_from(bytes >> 10).map_or(f64::INFINITY, |kilo| f64::from(kilo) / 1024.0);
    Ok(Report {
        symbols,
        bars: recorded.bars,
        warm_up_bars: recorded.warm_up_bars,
        events: recorded.events.len(),
        commands: outcome.commands,
        plain_ms: ms(plain.wall),
        recorded_ms: ms(taped.wall),
        cost_percent: more(plain.wall, taped.wall),
        bare_plain_ms: ms(bare.worked),
        bare_recorded_ms: ms(bare_taped.worked),
        bare_cost_percent: more(bare.worked, bare_taped.worked),
        recording_mb: mega,
        replay_ms: ms(replayed),
        differences: outcome.differences,
    })
}

fn start(recordings: &Recordings) -> Recorder {
    let keep = Keep {
        days: 1,
        bytes: u64::MAX,
    };
    Recorder::start(recordings.clone(), keep)
}

/// The session that is recorded, and everything that is the same in each run.
struct Recordable {
    stage: Stage,
    session: Session,
    eve: Timestamp,
}

impl Recordable {
    fn new(symbols: u32) -> Result<Self, String> {
        let stage = Stage::new(symbols, ACCOUNT)?;
        let date = chrono::NaiveDate::from_ymd_opt(2025, 1, 15).ok_or("no such day")?;
        let session = stage.calendar.session(date);
        let session = session.map_err(|error| error.to_string())?;
        let session = session.ok_or("no session")?;
        Ok(Self {
            stage,
            session,
            eve: session.open.plus_minutes(-1),
        })
    }

    fn kernel(&self) -> Result<Kernel, String> {
        self.stage.kernel(&Recovery {
            epoch: Epoch(1),
            next_seq: 1,
            entries: Vec::new(),
        })
    }

    fn opening(&self, kernel: &Kernel) -> Opening {
        let engine = kernel.engine();
        Opening {
            format: FORMAT,
            session: self.session.date,
            segment: 0,
            at: self.eve,
            mode: "simulated".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            binary: Box::default(),
            config: self.stage.config.to_shown_toml().into(),
            config_hash: engine.authority().config.clone(),
            program: engine.authority().program.clone(),
            live: None,
            calendar: None,
            epoch: engine.epoch(),
            symbols: self.stage.symbols.clone(),
            begins: Beginning::Start {
                book: Box::new(engine.book().clone()),
                next_seq: 1,
            },
        }
    }

    /// Plays the session against the simulated broker, recorded.
    fn play(&self, recordings: &Recordings) -> Result<(), String> {
        let mut market = self.stage.market();
        let mut kernel = self.kernel()?;
        let mut edges = Edges::new(start(recordings), Journal::None);
        edges.broker = Some(self.stage.broker());
        edges.recorder.begin(self.opening(&kernel));
        self.warm_up(&mut market, &mut edges, &mut kernel)?;
        kernel.feed(self.eve, &Event::Start, &mut edges);
        self.stage
            .play(self.session, &mut market, &mut edges, &mut kernel);
        Ok(())
    }

    fn warm_up(
        &self,
        market: &mut SyntheticMarket,
        edges: &mut Edges,
        kernel: &mut Kernel,
    ) -> Result<(), String> {
        let mut sessions = Vec::new();
        let mut date = self.session.date;
        for _ in 0..WARM_UP {
            let before = self.stage.calendar.previous_session(date);
            let before = before.map_err(|error| error.to_string())?;
            date = before.date;
            sessions.push(before);
        }
        sessions.reverse();
        for (index, symbol) in (0..self.stage.symbols.len()).zip((0..).map(SymbolId::new)) {
            let mut past = Vec::new();
            for session in &sessions {
                let minutes = u32::try_from(session.minutes()).unwrap_or(0);
                past.extend(market.bars(index, session.date, session.open, minutes));
            }
            let bars: std::sync::Arc<[Bar]> = past.into();
            let event = Event::History {
                symbol,
                bars: std::sync::Arc::clone(&bars),
            };
            edges.recorder.record(self.eve, &event);
            kernel.warm_up(self.eve, symbol, bars);
        }
        Ok(())
    }

    fn replay(&self, recordings: &Recordings) -> Result<trader_recording::Outcome, String> {
        let segments = read(recordings, self.session)?;
        let outcome = replay(
            segments.iter().map(Vec::as_slice),
            crate::replay::engine_of,
            Scope::default(),
            &mut (),
        );
        outcome.map_err(|error| error.to_string())
    }
}

fn read(recordings: &Recordings, session: Session) -> Result<Vec<Vec<u8>>, String> {
    let segments = recordings.segments(session.date);
    let segments = segments.map_err(|error| error.to_string())?;
    let read = segments.iter().map(|segment| segment.read());
    read.collect::<Result<_, _>>()
        .map_err(|error| error.to_string())
}

/// The events of a recording, in memory.
struct Recorded {
    history: Vec<(Timestamp, Event)>,
    events: Vec<(Timestamp, Event)>,
    bars: usize,
    warm_up_bars: usize,
}

impl Recorded {
    fn read(recordings: &Recordings, stage: &Recordable) -> Result<Self, String> {
        let mut recorded = Self {
            history: Vec::new(),
            events: Vec::new(),
            bars: 0,
            warm_up_bars: 0,
        };
        for bytes in read(recordings, stage.session)? {
            let segment = Segment::open(&bytes).map_err(|error| error.to_string())?;
            for item in segment {
                let Item::Event { at, event } = item.map_err(|error| error.to_string())? else {
                    continue;
                };
                match &event {
                    Event::History { bars, .. } => {
                        recorded.warm_up_bars = recorded.warm_up_bars.saturating_add(bars.len());
                        recorded.history.push((at, event));
                        continue;
                    }
                    Event::Bar { .. } => recorded.bars = recorded.bars.saturating_add(1),
                    _ => {}
                }
                recorded.events.push((at, event));
            }
        }
        Ok(recorded)
    }

    /// Plays the session once, with a journal if it is `kept` and with a recorder if it is `taped`.
    fn round(&self, stage: &Recordable, kept: bool, taped: bool) -> Result<Spent, Failure> {
        let failed = |why: String| Failure::new(exit::FAILED, why);
        let scratch = Scratch::new("bench", None)?;
        let recorder = match taped {
            true => start(&Recordings::below(&scratch.path)),
            false => Recorder::off(),
        };
        let journal = || {
            let store = Store::open(&scratch.path.join("traderd.db"), stage.eve, 1)?;
            Writer::spawn(store).map(Journal::Awaited)
        };
        let journal = kept.then(journal).transpose();
        let journal = journal.map_err(|error| failed(error.to_string()))?;
        let journal = journal.unwrap_or(Journal::None);
        self.drive(stage, recorder, journal).map_err(failed)
    }

    /// Feeds a fresh kernel, and returns what the session took.
    fn drive(
        &self,
        stage: &Recordable,
        recorder: Recorder,
        journal: Journal,
    ) -> Result<Spent, String> {
        let mut kernel = stage.kernel()?;
        let mut edges = Edges::new(recorder, journal);
        edges.recorder.begin(stage.opening(&kernel));
        for (at, event) in &self.history {
            if let Event::History { symbol, bars } = event {
                kernel.warm_up(*at, *symbol, std::sync::Arc::clone(bars));
            }
        }
        // The writer sums the program up as the daemon starts, which is no part of a session.
        edges.recorder.secure();
        edges.recorder.wait();
        let (begun, worked) = (clock::elapsed(), clock::worked());
        for (at, event) in &self.events {
            kernel.feed(*at, event, &mut edges);
        }
        Ok(Spent {
            worked: clock::worked().saturating_sub(worked),
            wall: clock::elapsed().saturating_sub(begun),
        })
    }
}
