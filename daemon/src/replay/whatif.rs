//! The recorded market through an engine and a simulated broker: what would have come of a session
//! without what the recorded broker said of orders that were never sent. Time goes as in a backtest; ties
//! go broker, market, timer.

use std::collections::BTreeMap;

use trader_broker_sim::{SimBroker, SimConfig};
use trader_calendar::Session;
use trader_contract::{Bar, Broker, Symbol, SymbolId, Timestamp};
use trader_core::{Command, Commands, Engine, Event, OperatorCommand};
use trader_recording::{Beginning, Item, Opening, Scope, Segment};

use super::decisions::Run;
use super::request::Change;
use super::{Source, calendar_of, config_of, engine_with};
use crate::assemble;

/// How long after the close what is under way may end.
const AFTERMATH: i64 = 6 * 60 * Timestamp::MINUTE;

/// What the engine takes at one moment, and what the exchange learns.
#[derive(Debug, Default)]
struct Edge {
    taken: Vec<Event>,
    began: Vec<(SymbolId, Bar)>,
}

/// The market of a recorded session, and what was decided in it.
pub(super) struct Tape {
    opening: Opening,
    session: Session,
    history: Vec<(Timestamp, Event)>,
    edges: BTreeMap<Timestamp, Edge>,
    /// What was recorded.
    pub(super) recorded: Run,
    restarts: u32,
    left_out: u32,
    scope: Scope,
}

impl Tape {
    /// Reads it.
    ///
    /// # Errors
    /// The recording cannot be read, or begins with open positions.
    pub(super) fn read(source: &Source, scope: Scope) -> Result<Self, String> {
        let opening = source.opening().map_err(|error| error.to_string())?;
        let calendar = calendar_of(&opening)?;
        let session = calendar
            .session(opening.session)
            .map_err(|error| error.to_string())?
            .ok_or("its session is none of the calendar's")?;
        if let Beginning::Start { book, .. } = &opening.begins
            && book.holdings.values().any(|held| !held.net.is_flat())
        {
            return Err(
                "it begins with open positions, of which no simulated broker knows".to_owned(),
            );
        }
        let mut tape = Self {
            opening,
            session,
            history: Vec::new(),
            edges: BTreeMap::new(),
            recorded: Run::default(),
            restarts: 0,
            left_out: 0,
            scope,
        };
        let mut newest: BTreeMap<Symbol, Timestamp> = BTreeMap::new();
        let mut first = true;
        for bytes in source.segments() {
            let segment = Segment::open(bytes).map_err(|error| error.to_string())?;
            if !first && segment.opening().begins_a_life() {
                tape.restarts = tape.restarts.saturating_add(1);
            }
            for item in segment {
                match item.map_err(|error| error.to_string())? {
                    Item::Event { at, event } => tape.take(at, event, &mut newest),
                    Item::Commands(commands) => tape.recorded_commands(&commands),
                    Item::End => {}
                }
            }
            first = false;
        }
        Ok(tape)
    }

    /// What a person should know of what was left out.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = vec![
            "simulated fills are made on the recorded bars: the path within a minute is assumed, and \
             spread, slippage and latency are the configuration's; recorded fills are the broker's word"
                .to_owned(),
        ];
        if self.restarts > 0 {
            notes.push(format!(
                "the simulated run has no restarts; the recorded one had {}",
                self.restarts
            ));
        }
        if self.left_out > 0 {
            notes.push(format!(
                "{} requests of operators about orders or the daemon's end are left out of it",
                self.left_out
            ));
        }
        notes
    }

    fn take(&mut self, at: Timestamp, event: Event, newest: &mut BTreeMap<Symbol, Timestamp>) {
        if self.scope.until.is_some_and(|until| at > until) {
            return;
        }
        match event {
            Event::History { symbol, bars } if self.restarts == 0 => {
                self.history.push((at, Event::History { symbol, bars }));
            }
            // What a restart read of the session and nobody had handed over before.
            Event::History { symbol, bars } => {
                let session = self.session;
                for bar in bars.iter().filter(|bar| session.contains(bar.start)) {
                    self.bar(
                        bar.start.plus_nanos(Timestamp::MINUTE),
                        symbol,
                        *bar,
                        newest,
                    );
                }
            }
            Event::Bar { symbol, bar } => self.bar(at, symbol, bar, newest),
            Event::Start if self.restarts > 0 => {}
            Event::Operator {
                command: OperatorCommand::Cancel(_) | OperatorCommand::Stop { .. },
                ..
            } => self.left_out = self.left_out.saturating_add(1),
            Event::Start
            | Event::Quote { .. }
            | Event::Feed(_)
            | Event::Split { .. }
            | Event::Operator { .. } => self.edge(at).taken.push(event),
            // The simulated broker speaks for itself, and nothing fails.
            Event::Broker(_)
            | Event::Skew { .. }
            | Event::Calendar { .. }
            | Event::Timer
            | Event::JournalFailed { .. }
            | Event::AuditFailed { .. }
            | Event::Recording { .. } => {}
        }
    }

    fn bar(
        &mut self,
        at: Timestamp,
        symbol: SymbolId,
        bar: Bar,
        newest: &mut BTreeMap<Symbol, Timestamp>,
    ) {
        let Some(ticker) = self.opening.symbols.get(symbol.index()).copied() else {
            return;
        };
        if newest.get(&ticker).is_some_and(|start| *start >= bar.start) {
            return;
        }
        newest.insert(ticker, bar.start);
        self.edge(at).taken.push(Event::Bar { symbol, bar });
        self.edge(bar.start).began.push((symbol, bar));
    }

    fn edge(&mut self, at: Timestamp) -> &mut Edge {
        self.edges.entry(at).or_default()
    }

    /// What the journal was given, as it stands among recorded commands.
    fn recorded_commands(&mut self, commands: &[u8]) {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum Recorded {
            Persist(trader_core::record::JournalEntry),
        }
        let Ok(commands) = serde_json::from_slice::<Vec<serde_json::Value>>(commands) else {
            return;
        };
        for command in commands {
            if let Ok(Recorded::Persist(entry)) = serde_json::from_value(command)
                && self.scope.until.is_none_or(|until| entry.at <= until)
            {
                self.recorded.take(&entry);
            }
        }
    }
}

/// Runs the tape through an engine with these changes and a simulated broker.
pub(super) fn simulate(tape: &Tape, with: &[Change]) -> Result<Run, String> {
    let opening = &tape.opening;
    let config = config_of(opening, with)?;
    let made_of = engine_with(opening, with)?;
    let engine = match &opening.begins {
        Beginning::Start { book, next_seq } => {
            Engine::new(made_of, (**book).clone(), *next_seq).map_err(|error| error.to_string())
        }
        Beginning::Running { snapshot } => Engine::restore(made_of, (**snapshot).clone())
            .map_err(|error| format!("{error}; choose a session in which the program was started")),
        Beginning::Continues => Err("its first segment is missing".to_owned()),
    }?;
    let book = engine.book();
    let settings = assemble::sim_broker(&config);
    let cash = if book.opened {
        book.cash
    } else {
        settings.cash
    };
    let mut broker = SimBroker::new(SimConfig { cash, ..settings }, &opening.symbols);
    broker.open_session(tape.session.open, tape.session.close);
    let mut crank = Crank {
        engine,
        broker,
        commands: Commands::default(),
        run: Run::default(),
        now: opening.at,
    };
    for (at, event) in &tape.history {
        crank.feed(*at, event);
    }
    crank.turn(tape);
    Ok(crank.run)
}

struct Crank {
    engine: Engine,
    broker: SimBroker,
    commands: Commands,
    run: Run,
    now: Timestamp,
}

/// Where the next thing comes from. The order decides ties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum From {
    Broker,
    Market,
    Timer,
}

impl Crank {
    fn turn(&mut self, tape: &Tape) {
        let mut edges = tape.edges.iter().peekable();
        let close = tape.scope.until.unwrap_or(tape.session.close);
        let end = close.plus_nanos(AFTERMATH);
        loop {
            let market = edges.peek().map(|(at, _)| **at);
            let timers_until = market.map_or(close, |_| Timestamp::MAX);
            let timer = self.engine.next_timer().filter(|at| *at <= timers_until);
            let next = [
                (self.broker.due().filter(|at| *at <= end), From::Broker),
                (market, From::Market),
                (timer, From::Timer),
            ];
            let next = next.into_iter().filter_map(|(at, from)| Some((at?, from)));
            let Some((at, from)) = next.min() else {
                break;
            };
            self.now = self.now.max(at);
            match from {
                From::Broker => {
                    if let Some(event) = self.broker.take(self.now) {
                        self.feed(self.now, &Event::Broker(event));
                    }
                }
                From::Timer => self.feed(self.now, &Event::Timer),
                From::Market => {
                    if let Some((_, edge)) = edges.next() {
                        for event in &edge.taken {
                            self.feed(self.now, event);
                        }
                        for (symbol, bar) in &edge.began {
                            self.broker.load_bar(*symbol, bar, Timestamp::MINUTE);
                        }
                    }
                }
            }
        }
    }

    fn feed(&mut self, at: Timestamp, event: &Event) {
        self.engine.step_into(at, event, &mut self.commands);
        for command in self.commands.drain() {
            match command {
                Command::Persist(entry) => self.run.take(&entry),
                command => {
                    if let Some(request) = command.into_broker_request() {
                        self.broker.request(request, at);
                    }
                }
            }
        }
    }
}
