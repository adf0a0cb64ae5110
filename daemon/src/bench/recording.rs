//! `traderd bench recording`: what it costs the engine to have a session of many symbols recorded, how
//! large the recording is, and how long its replay takes.
//!
//! The session is played once against the simulated broker; then the very same events go through fresh
//! kernels, without a recorder and with one, so that neither the broker nor the market is timed. The
//! journal is not written in either: beside its commit, of which a recording's sync is a part, any cost
//! would look small. Timed is what the engine's thread works, since another one writes: where the
//! machine is busy the two stand in each other's way, and the clock on the wall shows the machine.

use std::time::Duration;

use serde::Serialize;
use trader_broker_sim::SimBroker;
use trader_broker_sim::market::SyntheticMarket;
use trader_calendar::{Calendar, Session};
use trader_contract::{Bar, Broker, BrokerRequest, Epoch, Symbol, SymbolId, Timestamp};
use trader_core::record::JournalEntry;
use trader_core::{Commands, Event};
use trader_kernel::views::{StatusFacts, StrategyFacts};
use trader_kernel::{Kernel, Ports, Surroundings};
use trader_recording::{Beginning, FORMAT, Item, Opening, Scope, Segment, replay};
use trader_rpc::{Link, LinkState, Mode, RecordingInfo, StoreInfo};
use trader_store::{Batch, OperatorRequest, Recovery};

use crate::assemble;
use crate::clock;
use crate::config::{self, Config, Layer};
use crate::exit::{self, Failure};
use crate::plugins;
use crate::recording::{Keep, Recorder, Recordings};
use crate::scratch::Scratch;
use crate::supervisor::walks;

/// Symbols without `--symbols`.
const SYMBOLS: u32 = 500;
/// Sessions before the recorded one that warm the indicators up.
const WARM_UP: u32 = 5;
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
    /// Milliseconds that the engine's thread works for the whole session, without a recorder and with one.
    plain_ms: f64,
    recorded_ms: f64,
    /// The same by the clock on the wall.
    plain_wall_ms: f64,
    recorded_wall_ms: f64,
    /// By how many percent the second is more.
    cost_percent: f64,
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
            "engine     {:.1} ms of work for the session, {:.1} ms with a recorder: {:+.1} %; on the wall \
             {:.1} and {:.1} ms",
            self.plain_ms,
            self.recorded_ms,
            self.cost_percent,
            self.plain_wall_ms,
            self.recorded_wall_ms
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
    let stage = Stage::new(symbols).map_err(failed)?;
    let scratch = Scratch::new("bench", None)?;
    let recordings = Recordings::below(&scratch.path);
    stage.play(&recordings).map_err(failed)?;
    let recorded = Recorded::read(&recordings, &stage).map_err(failed)?;
    let (mut plain, mut with) = (Spent::MAX, Spent::MAX);
    for _ in 0..ROUNDS {
        let spent = recorded.drive(&stage, Recorder::off());
        plain = plain.best(spent.map_err(failed)?);
        let other = Scratch::new("bench", None)?;
        let recorder = start(&Recordings::below(&other.path));
        with = with.best(recorded.drive(&stage, recorder).map_err(failed)?);
    }
    let begun = clock::elapsed();
    let outcome = stage.replay(&recordings).map_err(failed)?;
    let replayed = clock::elapsed().saturating_sub(begun);
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
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
        plain_ms: ms(plain.worked),
        recorded_ms: ms(with.worked),
        plain_wall_ms: ms(plain.wall),
        recorded_wall_ms: ms(with.wall),
        cost_percent: (ms(with.worked) / ms(plain.worked).max(1e-9) - 1.0) * 100.0,
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

/// Everything that is the same in each run.
struct Stage {
    config: Config,
    calendar: Calendar,
    symbols: Vec<Symbol>,
    session: Session,
    eve: Timestamp,
}

impl Stage {
    fn new(count: u32) -> Result<Self, String> {
        let names: Vec<String> = (0..count).map(|n| format!("\"S{n:03}\"")).collect();
        let strategies = plugins::strategies().iter().map(|plugin| plugin.name);
        let mut routes = String::new();
        for (names, strategy) in names
            .chunks(names.len().div_ceil(3).max(1))
            .zip(strategies.cycle())
        {
            routes.push_str(&format!(
                "[[route]]\nname = \"r{}\"\nstrategy = {strategy:?}\nsymbols = [{}]\ntimeframe_minutes = 5\n",
                routes.len(),
                names.join(", ")
            ));
        }
        let text = format!(
            "[account]\ninitial_cash = 250000\n[risk]\nmax_open_positions = 50\nconsecutive_losses = 20\n\
             position_fraction = 0.01\nentries_per_route_per_day = 100\n{routes}"
        );
        let layer = Layer::file("the bench".to_owned(), text);
        let config = config::parse(&[layer], plugins::strategies())
            .map_err(|problems| problems.to_string())?;
        let calendar = Calendar::nyse();
        let date = chrono::NaiveDate::from_ymd_opt(2025, 1, 15).ok_or("no such day")?;
        let session = calendar.session(date).map_err(|error| error.to_string())?;
        let session = session.ok_or("no session")?;
        Ok(Self {
            symbols: assemble::symbols(&config),
            config,
            calendar,
            session,
            eve: session.open.plus_minutes(-1),
        })
    }

    fn kernel(&self) -> Result<Kernel, String> {
        let epoch = Epoch(1);
        let engine = assemble::engine(&self.config, &self.calendar, epoch, (None, "bench"))
            .map_err(|error| error.to_string())?;
        let recovery = Recovery {
            epoch,
            next_seq: 1,
            entries: Vec::new(),
        };
        Kernel::boot(engine, &recovery, surroundings()).map_err(|error| error.to_string())
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
            config: self.config.to_shown_toml().into(),
            config_hash: engine.authority().config.clone(),
            program: engine.authority().program.clone(),
            live: None,
            calendar: None,
            epoch: engine.epoch(),
            symbols: self.symbols.clone(),
            begins: Beginning::Start {
                book: Box::new(engine.book().clone()),
                next_seq: 1,
            },
        }
    }

    /// Plays the session against the simulated broker, recorded.
    fn play(&self, recordings: &Recordings) -> Result<(), String> {
        let mut market = SyntheticMarket::new(1, walks(&self.symbols));
        let mut kernel = self.kernel()?;
        let mut edges = Edges::new(start(recordings));
        let mut broker = SimBroker::new(assemble::sim_broker(&self.config), &self.symbols);
        broker.open_session(self.session.open, self.session.close);
        edges.broker = Some(broker);
        edges.recorder.begin(self.opening(&kernel));
        self.warm_up(&mut market, &mut edges, &mut kernel)?;
        kernel.feed(self.eve, &Event::Start, &mut edges);
        let bars: Vec<Vec<Bar>> = (0..self.symbols.len())
            .map(|index| market.bars(index, self.session.date, self.session.open, 390))
            .collect();
        for minute in 0..=390_usize {
            let edge = i64::try_from(minute).unwrap_or(i64::MAX);
            let edge = self.session.open.plus_minutes(edge);
            edges.settle(&mut kernel, edge);
            for (bars, symbol) in bars.iter().zip((0..).map(SymbolId::new)) {
                if let Some(bar) = minute.checked_sub(1).and_then(|before| bars.get(before)) {
                    kernel.feed(edge, &Event::Bar { symbol, bar: *bar }, &mut edges);
                }
                if let (Some(bar), Some(broker)) = (bars.get(minute), &mut edges.broker) {
                    broker.load_bar(symbol, bar, Timestamp::MINUTE);
                }
            }
        }
        edges.settle(&mut kernel, self.session.close);
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
            let before = self.calendar.previous_session(date);
            let before = before.map_err(|error| error.to_string())?;
            date = before.date;
            sessions.push(before);
        }
        sessions.reverse();
        for (index, symbol) in (0..self.symbols.len()).zip((0..).map(SymbolId::new)) {
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
    fn read(recordings: &Recordings, stage: &Stage) -> Result<Self, String> {
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

    /// Feeds a fresh kernel, and returns what the session took.
    fn drive(&self, stage: &Stage, recorder: Recorder) -> Result<Spent, String> {
        let mut kernel = stage.kernel()?;
        let mut edges = Edges::new(recorder);
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

/// A kernel's edges without a journal.
struct Edges {
    broker: Option<SimBroker>,
    recorder: Recorder,
}

impl Edges {
    const fn new(recorder: Recorder) -> Self {
        Self {
            broker: None,
            recorder,
        }
    }

    /// What broker and timer have to say before an edge of the market; the broker also at it.
    fn settle(&mut self, kernel: &mut Kernel, edge: Timestamp) {
        loop {
            let broker = self.broker.as_ref().and_then(Broker::due);
            let broker = broker.filter(|at| *at <= edge);
            let timer = kernel.engine().next_timer().filter(|at| *at < edge);
            match (broker, timer) {
                (Some(at), timer) if timer.is_none_or(|timer| at <= timer) => {
                    let event = self.broker.as_mut().and_then(|broker| broker.take(at));
                    if let Some(event) = event {
                        kernel.feed(at, &Event::Broker(event), self);
                    }
                }
                (_, Some(at)) => kernel.feed(at, &Event::Timer, self),
                _ => break,
            }
        }
    }
}

impl Ports for Edges {
    fn record(&mut self, at: Timestamp, event: &Event) {
        self.recorder.record(at, event);
    }
    fn secure(&mut self) {
        self.recorder.secure();
    }
    fn record_commands(&mut self, commands: &mut Commands) {
        self.recorder.record_commands(commands);
    }
    fn commit(&mut self, _: Batch) -> Result<(), Box<str>> {
        Ok(())
    }
    fn find_request(&mut self, _: &str) -> Option<OperatorRequest> {
        None
    }
    fn send(&mut self, request: BrokerRequest, now: Timestamp) {
        if let Some(broker) = &mut self.broker {
            broker.request(request, now);
        }
    }
    fn renew_feed(&mut self, _: &str) {}
    fn written(&mut self, _: &JournalEntry) {}
    fn unwritten(&mut self, _: &JournalEntry) {}
}

fn surroundings() -> Surroundings {
    let up = || Link {
        name: "bench".to_owned(),
        state: LinkState::Up,
        detail: None,
        last_heard_at: None,
    };
    Surroundings {
        facts: StatusFacts {
            mode: Mode::Simulated,
            label: String::new(),
            version: String::new(),
            pid: 0,
            started_at: Timestamp::MIN,
            uptime_seconds: 0,
            feed: up(),
            broker: up(),
            store: StoreInfo {
                seq: 0,
                path: None,
                writable: true,
            },
            recording: RecordingInfo {
                enabled: true,
                session: None,
                failure: None,
            },
            sockets: Vec::new(),
            config_hash: String::new(),
            journal_failure: None,
        },
        strategies: StrategyFacts::default(),
        flatten_on_stop: false,
    }
}
