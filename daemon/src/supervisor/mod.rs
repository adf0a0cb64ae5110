//! Putting the daemon together and running it: store, engine, broker, market, sockets and signals
//! around the thread that turns the crank.

#[cfg(feature = "broker-alpaca")]
mod alpaca;
mod balance;
mod crank;
mod facts;
mod files;
#[cfg(feature = "broker-alpaca")]
mod hearing;
mod inbox;
mod market;
#[cfg(feature = "broker-alpaca")]
mod network;
mod opening;
mod outside;
mod pacing;
pub(crate) mod probe;
mod runtime;
mod signals;
mod tally;
mod venue;
mod wall;

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::watch;
use trader_broker_sim::market::SyntheticMarket;
use trader_contract::{Symbol, Timestamp};
use trader_core::book::Book;
use trader_core::{Engine, Event};
use trader_kernel::{Kernel, Surroundings};
use trader_rpc::JournalLine;
use trader_store::{Reader, Readers, Recovery, Store, Writer};

pub use balance::Balance;
pub use crank::{Ended, Horizon, Stage};
pub use market::{Source, walks};
pub use pacing::Pacing;
pub use tally::Tally;
pub(crate) use venue::FILE as BROKER_FILE;

use crate::alerts::{Delivery, Opened};
use crate::archive::StoreArchive;
use crate::audit::herald::{self, Herald};
#[cfg(feature = "broker-alpaca")]
use crate::config::BrokerKind;
use crate::config::{ClockKind, Config, MarketSource, StopPositions};
use crate::doctor::{self, Doctor};
use crate::events::Ring;
use crate::exit::{self, Failure};
use crate::jobs::{self, Jobs};
use crate::journal_log::JournalLog;
use crate::logging::message_id;
use crate::recording::Recorder;
use crate::reload::Reloader;
use crate::server::{Server, Services, Sockets};
use crate::start::Prepared;
use crate::state::STORE_FILE;
use crate::systemd::{self, Heart};
use crate::{assemble, clock, epoch, schedule};
use crank::Crank;
use facts::{facts, strategy_facts};
use inbox::{Inbox, Slot};
use market::{Gaps, Market};
use outside::Outside;
use runtime::EngineRuntime;
use venue::{Inside, Venue};

/// Connections that read the store for RPC.
const STORE_READERS: usize = 2;

/// What a run is to do beyond its configuration.
pub struct Plan {
    /// Where bars come from.
    pub source: Source,
    /// When it is over.
    pub horizon: Horizon,
    /// Hears every line of the journal once it is on the disk.
    pub witness: Option<Witness>,
    /// What a bench puts in and hears.
    pub(crate) probe: Option<probe::Probe>,
}

/// Somebody who hears the journal on the engine's thread, and must not block it.
pub type Witness = Box<dyn FnMut(&JournalLine) + Send>;

/// Trades until it is told to stop.
///
/// # Errors
/// What ended it.
pub fn run(prepared: Prepared) -> Result<(), Failure> {
    let market = &prepared.config.market;
    let symbols = assemble::symbols(&prepared.config);
    let source = match (market.source, &market.directory) {
        (MarketSource::Recorded, Some(directory)) => Source::Recorded(directory.clone()),
        (MarketSource::Alpaca, _) => {
            let alpaca = &prepared.config.alpaca;
            Source::Alpaca(alpaca.endpoint, alpaca.feed)
        }
        _ => Source::Synthetic(SyntheticMarket::new(market.seed, walks(&symbols))),
    };
    let ended = run_plan(
        prepared,
        Plan {
            source,
            horizon: Horizon::Open,
            witness: None,
            probe: None,
        },
        |_| {},
    )?;
    match ended.journal_failure {
        Some(why) => Err(Failure::new(
            exit::FAILED,
            format!("the journal could not be written: {why}"),
        )),
        None => Ok(()),
    }
}

/// Runs a plan to its end. `begun` hears where the sockets are.
///
/// # Errors
/// What kept it from starting.
pub fn run_plan(
    mut prepared: Prepared,
    plan: Plan,
    begun: impl FnOnce(&Begun),
) -> Result<Ended, Failure> {
    let runtime = rpc_runtime()?;
    let _inside = runtime.enter();
    let signals = signals::Signals::catch()?;
    // Claimed before a broker hears of us: it ends the stream of orders of whoever was there before.
    let sockets = files::claim(&mut prepared)?;
    let (inbox, messages) = inbox::inbox();
    let heart = Heart::default();
    // Neither has anything to do until the engine gives it something.
    heart.writer.rest();
    heart.broker.rest();
    let kept = prepared.config.rpc.event_buffer;
    let journal = Ring::new(usize::try_from(kept).unwrap_or(usize::MAX));
    let (told, stage) = watch::channel(Stage::starting());
    let label = plan.source.label().to_owned();
    let store_path = prepared.folders.state.join(STORE_FILE);
    let mut crank = crank(
        &prepared,
        plan,
        (&inbox, messages),
        (heart.clone(), journal.clone(), told),
    )?;
    let readers = Readers::open(&store_path, STORE_READERS).map_err(store_failure)?;
    let herald = Herald::open(&store_path).map_err(store_failure)?;
    let archive = StoreArchive::new(readers);
    let jobs = open_jobs(&prepared);
    let delivery = Arc::clone(&crank.outside.delivery);
    let reloader = Arc::new(prepared.reloader());
    let desk = (inbox.clone(), archive, Arc::clone(&delivery));
    let server = serve(
        (&prepared, sockets),
        desk,
        &jobs,
        (journal, label.clone(), Arc::clone(&reloader)),
    )?;
    crank.kernel.facts_mut().sockets = server.sockets().to_vec();
    begun(&Begun {
        sockets: server.sockets().to_vec(),
        label,
        now: crank.now,
    });
    tracing::info!(at = %crank.now, "the engine runs");
    runtime.spawn(files::watch(&crank.outside.writer, &inbox));
    let engine = spawn(crank)?;
    let minutes = reloader.journal_head_minutes();
    runtime.spawn(herald::tell_at_intervals(Arc::clone(&herald), minutes));
    runtime.spawn(signals::listen(signals, inbox, reloader));
    runtime.spawn(systemd::feed_watchdog(heart.clone()));
    runtime.spawn(signals::tell_systemd(stage.clone(), heart.clone()));
    delivery.hold_switch(heart, move || stage.borrow().ready);
    let ended = engine
        .join()
        .map_err(|_| Failure::new(exit::BUG, "the engine's thread ended by a bug; see the log"))?;
    systemd::stopping("stopping");
    runtime.block_on(delivery.stop());
    runtime.block_on(server.stop());
    jobs.into_iter().for_each(Jobs::stop);
    herald::tell(&herald);
    tracing::info!(
        stopped = ended.stopped,
        message_id = message_id::of("daemon", "stops"),
        "traderd ends"
    );
    drop((prepared.logging, prepared.lock));
    Ok(ended)
}

/// One thread that serves RPC, delivers alerts and speaks to systemd. The broker's connections live on the
/// engine's.
fn rpc_runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| {
            let message = format!("cannot start the RPC runtime: {error}");
            Failure::new(exit::FAILED, message)
        })
}

/// What is known once a run has begun.
#[derive(Debug, Clone)]
pub struct Begun {
    /// Where it listens.
    pub sockets: Vec<trader_rpc::SocketInfo>,
    /// What the data is.
    pub label: String,
    /// The engine's time.
    pub now: Timestamp,
}

fn spawn(crank: Crank) -> Result<JoinHandle<Ended>, Failure> {
    std::thread::Builder::new()
        .name("engine".to_owned())
        .spawn(move || {
            schedule::before_all_others();
            crank.run()
        })
        .map_err(|error| Failure::new(exit::FAILED, format!("cannot start the engine: {error}")))
}

/// Trading goes on without jobs.
fn open_jobs(prepared: &Prepared) -> Result<Jobs, jobs::JobsError> {
    Jobs::open(&prepared.folders.state, &prepared.config)
        .inspect_err(|error| tracing::error!(%error, "there will be no jobs and no bar store"))
}

fn serve(
    (prepared, sockets): (&Prepared, Sockets),
    (inbox, archive, alerts): (Slot, StoreArchive, Arc<Delivery>),
    jobs: &Result<Jobs, jobs::JobsError>,
    (journal, label, reloader): (Ring<JournalLine>, String, Arc<Reloader>),
) -> Result<Server, Failure> {
    let desk = move |asked| inbox.put(asked);
    let services = Services {
        desk: Arc::new(desk),
        archive: Arc::new(archive),
        workshop: match jobs {
            Ok(jobs) => jobs.workshop(),
            Err(why) => Arc::new(jobs::Closed::because(why)),
        },
        jobs: jobs.as_ref().map_or_else(|_| Ring::new(1), Jobs::ring),
        logs: prepared.logging.recent(),
        journal,
        alerts,
        calendar: prepared.calendar.clone(),
        mode: doctor::mode(&prepared.config),
        label,
        reloader,
        doctor: Doctor::new(
            prepared.config.clone(),
            prepared.calendar.clone(),
            prepared.folders.clone(),
            prepared.file.clone(),
        ),
    };
    Ok(Server::start(sockets, &prepared.config.rpc, services)?)
}

fn store_failure(error: impl std::fmt::Display) -> Failure {
    Failure::new(exit::STATE, error)
}

/// Opens the store and the broker, and builds the engine where they left off.
fn crank(
    prepared: &Prepared,
    plan: Plan,
    (slot, inbox): (&Slot, Inbox),
    (heart, journal, stage): (Heart, Ring<JournalLine>, watch::Sender<Stage>),
) -> Result<Crank, Failure> {
    let config = &prepared.config;
    let path = prepared.folders.state.join(STORE_FILE);
    let mut store = Store::open(&path, clock::now(), epoch::draw()).map_err(store_failure)?;
    let recovery = store.load().map_err(store_failure)?;
    #[cfg(feature = "broker-alpaca")]
    alpaca::follow_clock(config)?;
    let gaps = match plan.horizon {
        Horizon::OneSession => Gaps::Refused,
        Horizon::Open => Gaps::Pass,
    };
    let mut pacing = pacing(prepared);
    let last = recovery.entries.last().map(|entry| entry.at);
    let label = plan.source.label();
    let mut kernel = boot(prepared, &recovery, (&path, label), plan.probe.as_ref())?;
    let symbols = table(kernel.engine());
    let source = plan.source.reaching(config.market.seed, &symbols);
    let mut market = Market::new((source, gaps), prepared.calendar.clone(), symbols);
    let runtime = EngineRuntime::new()?;
    let mut venue = venue(prepared, kernel.engine(), (slot, &runtime))?;
    let failed = |error: market::MarketError| Failure::new(exit::CONFIG, error);
    let book = kernel.engine().book();
    let session = first_session(&market, prepared, book, last, &pacing).map_err(failed)?;
    let now = begin_at(session, last, &pacing);
    let mut recorder = opening::recorder(prepared);
    let opening = opening::opening(prepared, kernel.engine(), session.date, now);
    recorder.begin(opening.clone());
    let past = past(prepared, &kernel, (&venue, &mut market), (session, now)).map_err(failed)?;
    warm_up(&mut kernel, &mut recorder, past, now);
    market.enter(session, now).map_err(failed)?;
    // A broker that knows the session already only hears of it again.
    venue.open_session(session);
    pacing.skip_to(now);
    let (writer, delivery) = writing(config, store)?;
    let outside = Outside {
        venue,
        runtime,
        delivery,
        writer,
        reader: Reader::open(&path).map_err(store_failure)?,
        heart,
        tally: Tally::default(),
        journal,
        journal_log: JournalLog::new(kernel.engine().book()),
        witness: plan.witness,
        recorder,
        probe: plan.probe,
    };
    Ok(Crank {
        kernel,
        outside,
        market,
        inbox,
        pacing,
        horizon: plan.horizon,
        stage,
        opening,
        flatten_on_stop: flattens_on_stop(config),
        now,
        exhausted: false,
        over: false,
        stopped: false,
    })
}

/// The kernel where the journal left off.
fn boot(
    prepared: &Prepared,
    recovery: &Recovery,
    (path, label): (&Path, &str),
    probe: Option<&probe::Probe>,
) -> Result<Kernel, Failure> {
    let around = Surroundings {
        facts: facts(prepared, path, label),
        strategies: strategy_facts(&prepared.config),
        flatten_on_stop: flattens_on_stop(&prepared.config),
    };
    let mut engine = opening::engine(prepared, recovery.epoch)?;
    if let Some(probe) = probe {
        (probe.engine)(&mut engine);
    }
    let kernel = Kernel::boot(engine, recovery, around)
        .map_err(|error| Failure::new(exit::CONFIG, error))?;
    opening::is_of_this_broker(prepared, kernel.engine().book())?;
    Ok(kernel)
}

fn flattens_on_stop(config: &Config) -> bool {
    config.stop.open_positions == StopPositions::Flatten
}

/// Who writes to the store, and who tells people of alerts that are in it.
fn writing(config: &Config, mut store: Store) -> Result<(Arc<Writer>, Arc<Delivery>), Failure> {
    let mode = config.mode.to_string();
    let opened = Opened::open(&config.alerts, &mode, &mut store).map_err(store_failure)?;
    let writer = Arc::new(Writer::spawn(store).map_err(store_failure)?);
    let delivery = Arc::new(Delivery::start(opened, &writer));
    Ok((writer, delivery))
}

fn pacing(prepared: &Prepared) -> Pacing {
    match prepared.config.market.clock {
        ClockKind::Wall => Pacing::Wall(wall::WallClock::default()),
        ClockKind::Venue => Pacing::Venue,
        ClockKind::Virtual => Pacing::Virtual {
            pace: prepared.config.market.pace,
            anchor: None,
        },
    }
}

/// The symbols of the engine's table: those of the routes, and those of what is still held.
fn table(engine: &Engine) -> Vec<Symbol> {
    let symbols = engine.symbols().iter();
    symbols.map(|state| state.instrument.symbol).collect()
}

/// Where to begin: in the session that was left open, in the one after the last one that ended, or
/// in the first one.
fn first_session(
    market: &Market,
    prepared: &Prepared,
    book: &Book,
    last: Option<Timestamp>,
    pacing: &Pacing,
) -> Result<trader_calendar::Session, market::MarketError> {
    if let Some(now) = pacing.given() {
        return market.first_session(None, now);
    }
    match (&book.day, last) {
        (Some(day), _) if !day.closed => market.first_session(Some(day.date), clock::now()),
        (Some(_), Some(last)) => market.first_session(None, last),
        _ => market.first_session(prepared.config.market.start_date, clock::now()),
    }
}

/// The engine's first moment: where the journal ends, but not before the session's eve.
fn begin_at(
    session: trader_calendar::Session,
    last: Option<Timestamp>,
    pacing: &Pacing,
) -> Timestamp {
    let eve = session.open.plus_minutes(-1);
    let begin = pacing.given().unwrap_or(eve);
    last.map_or(begin, |last| last.max(begin))
}

/// Where orders go.
fn venue(
    prepared: &Prepared,
    engine: &Engine,
    around: (&Slot, &EngineRuntime),
) -> Result<Venue, Failure> {
    let config = &prepared.config;
    #[cfg(feature = "broker-alpaca")]
    if config.broker.kind == BrokerKind::Alpaca {
        return alpaca::Alpaca::open(prepared, engine, around)
            .map(Box::new)
            .map(Venue::Alpaca);
    }
    #[cfg(not(feature = "broker-alpaca"))]
    let _unused = around;
    let broker = assemble::sim_broker(config);
    let inside = Inside::open(&prepared.folders.state, broker, &table(engine));
    inside
        .map(Box::new)
        .map(Venue::Inside)
        .map_err(store_failure)
}

/// The bars of the past that the engine's indicators need.
fn past(
    prepared: &Prepared,
    kernel: &Kernel,
    (venue, market): (&Venue, &mut Market),
    (session, now): (trader_calendar::Session, Timestamp),
) -> Result<Vec<market::Past>, market::MarketError> {
    let minutes = kernel.engine().lanes().iter().map(|lane| {
        let (_, need) = lane.warm_up();
        usize::try_from(need)
            .unwrap_or(0)
            .saturating_mul(lane.timeframe.as_minutes().into())
    });
    let minutes = minutes.max().unwrap_or(0);
    #[cfg(not(feature = "broker-alpaca"))]
    let _unused = prepared;
    match venue {
        Venue::Inside(_) => market.history(session, now, minutes),
        #[cfg(feature = "broker-alpaca")]
        Venue::Alpaca(alpaca) => Ok(alpaca.past(prepared, session, minutes)),
    }
}

/// Shows the engine the bars of the past.
fn warm_up(kernel: &mut Kernel, recorder: &mut Recorder, past: Vec<market::Past>, now: Timestamp) {
    for (symbol, bars) in past {
        let bars_of = Arc::clone(&bars);
        recorder.record(
            now,
            &Event::History {
                symbol,
                bars: bars_of,
            },
        );
        kernel.warm_up(now, symbol, bars);
    }
}
