//! Turns the crank: virtual time goes from event to event, never faster than engine and broker have
//! nothing left to do. Ties go broker, market, timer, as in the daemon.

use std::sync::Arc;

use trader_broker_sim::{SimBroker, SimConfig};
use trader_calendar::Session;
use trader_contract::{Bar, Broker, Symbol, SymbolId, Timestamp};
use trader_core::book::Book;
use trader_core::{Command, Commands, Engine, EngineConfig, EngineError, Event};

use crate::observer::{Observer, Outcome};
use crate::tape::{RowLength, Tape};

/// The journal's first number.
const FIRST_SEQ: u64 = 1;
/// How long after the last close what is under way may end.
const AFTERMATH: i64 = 6 * 60 * Timestamp::MINUTE;
/// Rows between two reports of progress.
const REPORT_EVERY: u64 = 1 << 16;

/// What a run is made of.
pub struct Setup {
    /// The engine; its symbol table is the run's.
    pub engine: EngineConfig,
    /// The simulated exchange.
    pub broker: SimConfig,
    /// How long the rows are.
    pub rows: RowLength,
    /// The sessions, in order.
    pub sessions: Vec<Session>,
    /// How many sessions are loaded at a time; at least one.
    pub sessions_at_once: usize,
    /// Rows before the first session, symbol by symbol, which warm the indicators up.
    pub history: Vec<Vec<Bar>>,
}

/// Why a run ended early.
#[derive(Debug, thiserror::Error)]
pub enum RunError<E> {
    /// The routes do not fit the symbols.
    #[error(transparent)]
    Engine(EngineError),
    /// The bars could not be had.
    #[error("{0}")]
    Feed(E),
    /// Nothing to run over.
    #[error("there is no session in the range")]
    NoSessions,
}

/// Runs over the sessions. `feed` gives the rows of a stretch of sessions, symbol by symbol, as
/// [`crate::fit`] leaves them; `watch` hears how many rows the engine has taken.
///
/// # Errors
/// The routes do not fit the symbols, or the feed fails.
pub fn run<E>(
    setup: Setup,
    mut feed: impl FnMut(&[Session]) -> Result<Vec<Vec<Bar>>, E>,
    mut watch: impl FnMut(u64),
) -> Result<Outcome, RunError<E>> {
    let sessions = setup.sessions;
    let first = sessions.first().ok_or(RunError::NoSessions)?;
    let symbols: Vec<Symbol> = setup.engine.symbols.iter().map(|i| i.symbol).collect();
    let cash = setup.broker.cash;
    let engine = Engine::new(setup.engine, Book::default(), FIRST_SEQ).map_err(RunError::Engine)?;
    let mut crank = Crank {
        engine: engine.without_checkpoints(),
        broker: SimBroker::new(setup.broker, &symbols),
        tape: Tape::new(setup.rows),
        observer: Observer::new(&symbols, &sessions, cash),
        commands: Commands::default(),
        rows: 0,
        now: Timestamp::MIN,
    };
    let eve = first.open.plus_minutes(-1);
    for (index, bars) in setup.history.into_iter().enumerate() {
        let symbol = SymbolId::new(u32::try_from(index).unwrap_or(u32::MAX));
        let bars: Arc<[Bar]> = bars.into();
        crank.feed(eve, &Event::History { symbol, bars });
    }
    crank.broker.open_session(first.open, first.close);
    crank.feed(eve, &Event::Start);
    let mut reported = 0_u64;
    for stretch in sessions.chunks(setup.sessions_at_once.max(1)) {
        crank.tape.load(feed(stretch).map_err(RunError::Feed)?);
        for session in stretch {
            crank.session(session);
            if crank.rows.saturating_sub(reported) >= REPORT_EVERY {
                reported = crank.rows;
                watch(reported);
            }
        }
    }
    watch(crank.rows);
    Ok(crank.observer.finish(&crank.engine, crank.rows))
}

/// Where the next event comes from. The order decides ties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Broker,
    Market,
    Timer,
}

struct Crank {
    engine: Engine,
    broker: SimBroker,
    tape: Tape,
    observer: Observer,
    commands: Commands,
    rows: u64,
    now: Timestamp,
}

impl Crank {
    /// Plays one session, and what comes of it before the next one opens.
    fn session(&mut self, session: &Session) {
        self.broker.open_session(session.open, session.close);
        self.tape.enter(session);
        self.observer.begin_session(session);
        let end = session.close.plus_nanos(AFTERMATH);
        while let Some((at, source)) = self.next(session.close) {
            if at > end {
                break;
            }
            // A timer of the evening that was passed over comes in the morning, not before what came.
            self.now = self.now.max(at);
            let at = self.now;
            match source {
                Source::Broker => {
                    if let Some(event) = self.broker.take(at) {
                        self.feed(at, &Event::Broker(event));
                    }
                }
                Source::Market => self.edge(at),
                Source::Timer => self.feed(at, &Event::Timer),
            }
        }
        self.observer.end_session(session, self.engine.equity());
    }

    /// What happens next, and when. After the close the engine's next timer is the next morning's.
    #[inline]
    fn next(&self, close: Timestamp) -> Option<(Timestamp, Source)> {
        let never = Timestamp::MAX;
        let market = self.tape.due().unwrap_or(never);
        let mut next = (market, Source::Market);
        if let Some(broker) = self.broker.due()
            && broker <= market
        {
            next = (broker, Source::Broker);
        }
        if let Some(timer) = self.engine.next_timer()
            && timer < next.0
            && (market < never || timer <= close)
        {
            next = (timer, Source::Timer);
        }
        (next.0 < never).then_some(next)
    }

    /// Rows that end go to the engine, then rows that begin to the exchange.
    #[inline]
    fn edge(&mut self, at: Timestamp) {
        let mut from = 0;
        while let Some((index, symbol, bar)) = self.tape.ended(at, from) {
            from = index;
            self.rows = self.rows.wrapping_add(1);
            self.observer.row(index, &bar, at);
            self.feed(at, &Event::Bar { symbol, bar });
        }
        self.observer.edge(at, self.engine.equity());
        from = 0;
        while let Some((index, symbol, bar, length)) = self.tape.began(at, from) {
            from = index;
            self.broker.load_bar(symbol, &bar, length);
        }
    }

    #[inline]
    fn feed(&mut self, at: Timestamp, event: &Event) {
        self.engine.step_into(at, event, &mut self.commands);
        if !self.commands.is_empty() {
            self.carry_out(at);
        }
    }

    #[cold]
    fn carry_out(&mut self, at: Timestamp) {
        for command in self.commands.drain() {
            match command {
                Command::Persist(entry) => self.observer.record(&entry),
                command => {
                    if let Some(request) = command.into_broker_request() {
                        self.broker.request(request, at);
                    }
                }
            }
        }
    }
}
