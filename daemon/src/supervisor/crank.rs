//! The engine's thread: decides what happens next, hands it to the engine, and carries out what the
//! engine wants, in order. Ties go broker, market, timer.
//!
//! Time is simulated in lock-step: it goes on only when engine, writer and broker have nothing left
//! to do; a pace only sleeps.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use tokio::sync::watch;
use trader_contract::{BrokerRequest, Timestamp};
use trader_core::record::TradingState;
use trader_core::{Command, Commands, Engine, Event, OperatorCommand, Phase};
use trader_rpc::JournalLine;
use trader_store::{Batch, OperatorRequest, Writer};

use super::calls::{Asking, Memory};
use super::market::Market;
use super::pacing::{Pacing, Until};
use super::tally::Tally;
use super::venue::Venue;
use crate::events::Ring;
use crate::journal_log::JournalLog;
use crate::server::Asked;
use crate::systemd::Heart;
use crate::views::{self, StatusFacts, StrategyFacts};

/// The longest sleep between two looks at the inbox.
const NAP: Duration = Duration::from_millis(500);
/// How long after the close what is under way at the broker may end before the next session.
const AFTERMATH: i64 = 6 * 60 * Timestamp::MINUTE;

/// What the engine says to a call.
type Answer = Result<Box<str>, trader_core::Refused>;

/// What comes into the engine's thread from outside.
#[derive(Debug)]
pub(super) enum Message {
    /// A call of a client.
    Asked(Asked),
    /// A signal asked for the end.
    Stop,
}

/// When a run is over by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Horizon {
    /// Never: one session after the other until somebody stops it.
    Open,
    /// After the first session.
    OneSession,
}

/// How far a run has come, for the thread that speaks to systemd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// Whether the broker has been heard and the journal can be written.
    pub ready: bool,
    /// One line for `systemctl status`.
    pub line: String,
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// What it came to.
    pub tally: Tally,
    /// The ledger at the end.
    pub ledger: super::Balance,
    /// The broker's own truth at the end.
    pub broker: super::Balance,
    /// Whether somebody stopped it.
    pub stopped: bool,
    /// Why the journal could no longer be written.
    pub journal_failure: Option<String>,
}

/// Where the next event comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Broker,
    Market,
    Timer,
}

/// Everything that the engine's thread owns.
pub(super) struct Crank {
    pub(super) engine: Engine,
    pub(super) venue: Venue,
    pub(super) market: Market,
    pub(super) writer: Writer,
    pub(super) memory: Memory,
    pub(super) inbox: Receiver<Message>,
    pub(super) pacing: Pacing,
    pub(super) horizon: Horizon,
    pub(super) heart: Heart,
    pub(super) journal: Ring<JournalLine>,
    pub(super) journal_log: JournalLog,
    pub(super) witness: Option<super::Witness>,
    pub(super) stage: watch::Sender<Stage>,
    pub(super) facts: StatusFacts,
    pub(super) flatten_on_stop: bool,
    pub(super) strategies: StrategyFacts,
    pub(super) now: Timestamp,
    pub(super) tally: Tally,
    pub(super) waiting: BTreeMap<Box<str>, Asking>,
    pub(super) journal_failure: Option<String>,
    pub(super) commands: Commands,
    /// There are no more bars: what is left is to serve calls until somebody stops the daemon.
    pub(super) exhausted: bool,
    pub(super) finished: bool,
    pub(super) stopped: bool,
}

impl Crank {
    /// Turns until the run is over.
    pub(super) fn run(mut self) -> Ended {
        self.feed(&Event::Start);
        loop {
            self.heart.engine.beat();
            self.tell_stage();
            if self.finished {
                break;
            }
            let next = self.next();
            match self.message(next) {
                Some(Message::Asked(asked)) => self.answer(asked),
                Some(Message::Stop) => self.stop_by_signal(),
                None => match next {
                    Some((at, source)) if self.is_time(at) => self.turn(at, source),
                    Some(_) => {}
                    None if self.exhausted => {}
                    None => self.between_sessions(),
                },
            }
        }
        self.end()
    }

    /// What happens next, and when. With the session's tape at its end, what is under way may end,
    /// and the engine's next timer is the next morning's, as in a backtest.
    fn next(&self) -> Option<(Timestamp, Source)> {
        let market = self.market.due();
        let close = match (market, self.market.session()) {
            (None, Some(session)) => session.close,
            _ => Timestamp::MAX,
        };
        let end = close.plus_nanos(AFTERMATH);
        let candidates = [
            (self.venue.due().filter(|at| *at <= end), Source::Broker),
            (market, Source::Market),
            (
                self.engine.next_timer().filter(|at| *at <= close),
                Source::Timer,
            ),
        ];
        candidates
            .into_iter()
            .filter_map(|(at, source)| Some((at?, source)))
            .min()
    }

    /// Whether a moment has come, without sleeping.
    fn is_time(&mut self, at: Timestamp) -> bool {
        match self.pacing.until(at) {
            Until::Now(now) => {
                self.now = self.now.max(now);
                true
            }
            Until::After(_) => false,
        }
    }

    /// Waits until `next` or until a message comes.
    fn message(&mut self, next: Option<(Timestamp, Source)>) -> Option<Message> {
        let wait = match next {
            Some((at, _)) => match self.pacing.until(at) {
                Until::Now(_) => Duration::ZERO,
                Until::After(left) => left.min(NAP),
            },
            None if self.exhausted => NAP,
            None => Duration::ZERO,
        };
        if wait.is_zero() {
            return self.inbox.try_recv().ok();
        }
        self.heart.engine.rest();
        let message = match self.inbox.recv_timeout(wait) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Message::Stop),
        };
        self.now = self.pacing.now(self.now, next.map(|(at, _)| at));
        message
    }

    /// Lets one thing happen.
    fn turn(&mut self, at: Timestamp, source: Source) {
        match source {
            Source::Broker => {
                self.heart.broker.beat();
                let (event, saved) = self.venue.take(self.now);
                self.heart.broker.rest();
                if let Err(error) = saved {
                    tracing::error!(%error, "the simulated broker's state was not saved");
                }
                if let Some(event) = event {
                    self.feed(&Event::Broker(event));
                }
            }
            Source::Market => {
                let edge = self.market.take();
                for (symbol, bar) in edge.ended {
                    self.feed(&Event::Bar { symbol, bar });
                }
                for (symbol, bar) in &edge.began {
                    self.venue.begin(*symbol, bar);
                }
            }
            Source::Timer => self.feed(&Event::Timer),
        }
        debug_assert!(self.now >= at, "time never runs ahead of the clock");
    }

    /// Hands an event to the engine and carries out what comes of it.
    pub(super) fn feed(&mut self, event: &Event) {
        let mut commands = std::mem::take(&mut self.commands);
        self.engine.step_into(self.now, event, &mut commands);
        if !commands.is_empty() {
            self.carry_out(&mut commands);
        }
        self.commands = commands;
    }

    /// Commits what is to be persisted, then sends what is to be sent.
    fn carry_out(&mut self, commands: &mut Commands) {
        let mut batch = Batch::default();
        let mut rest = Vec::new();
        let mut answers = Vec::new();
        for command in commands.drain() {
            match command {
                Command::Persist(entry) => batch.entries.push(entry),
                Command::Answer { request, outcome } => answers.push((request, outcome)),
                command => rest.push(command),
            }
        }
        let answers = self.settle(answers, &mut batch);
        let could = self.journal_failure.is_none();
        let committed = self.commit(batch);
        for command in rest {
            match command {
                Command::Finished => self.finished = true,
                command => {
                    if let Some(request) = command.into_broker_request() {
                        self.send(request, committed);
                    }
                }
            }
        }
        for (asking, answer) in answers {
            asking.reply(answer);
        }
        // Told last, so that what the engine makes of it comes after what it wanted before.
        if could && let Some(why) = &self.journal_failure {
            let why = why.as_str().into();
            self.feed(&Event::JournalFailed { why });
        }
    }

    /// Writes a batch durably; the journal's line goes out once it is on the disk.
    fn commit(&mut self, batch: Batch) -> bool {
        if batch.is_empty() {
            return self.journal_failure.is_none();
        }
        if self.journal_failure.is_some() {
            return false;
        }
        let entries = batch.entries.clone();
        self.heart.writer.beat();
        let outcome = self.writer.submit(batch).wait();
        self.heart.writer.rest();
        match outcome {
            Ok(()) => {
                for entry in entries {
                    self.tally.take(&entry.record);
                    self.facts.store.seq = entry.seq;
                    self.strategies.signals.take(&entry);
                    self.journal_log.write(&entry);
                    let line = views::journal_line(&entry);
                    if let Some(witness) = &mut self.witness {
                        witness(&line);
                    }
                    self.journal.push_numbered(entry.seq, line);
                }
                true
            }
            Err(error) => {
                tracing::error!(%error, "the journal cannot be written; entries are halted, protecting and reducing go on from memory");
                self.journal_failure = Some(error.to_string());
                self.facts.journal_failure = Some((self.now, error.to_string()));
                self.facts.store.writable = false;
                false
            }
        }
    }

    /// Sends a request to the broker. What would open a position is not sent unless the record that
    /// explains it is on the disk.
    fn send(&mut self, request: BrokerRequest, committed: bool) {
        if let (false, BrokerRequest::Submit(order)) = (committed, &request)
            && !order.client_id.role.is_reducing()
        {
            let failure = trader_contract::RequestFailure::Refused {
                code: 0,
                message: "not sent: the journal cannot be written".into(),
            };
            let event = trader_contract::BrokerEvent::SubmitFailed {
                client_id: order.client_id,
                failure,
            };
            return self.feed(&Event::Broker(event));
        }
        self.venue.request(request, self.now);
    }

    /// Nothing is due: the session is over. Goes to the next one, or ends.
    fn between_sessions(&mut self) {
        if self.horizon == Horizon::OneSession {
            self.finished = true;
            return;
        }
        match self.market.next_session() {
            Ok(Some(session)) => {
                let after = session.open.plus_nanos(-1);
                if let Err(error) = self.market.enter(session, after) {
                    tracing::warn!(%error, "there are no more bars; idle until stopped");
                    self.exhausted = true;
                    return;
                }
                self.venue.open_session(session);
                if !self.pacing.is_wall() {
                    self.pacing.skip_to(session.open);
                }
                tracing::info!(date = %session.date, open = %session.open, "the next session");
            }
            Ok(None) => self.exhausted = true,
            Err(error) => {
                tracing::warn!(%error, "there is no next session; idle until stopped");
                self.exhausted = true;
            }
        }
    }

    fn stop_by_signal(&mut self) {
        self.stopped = true;
        if self.engine.is_stopping() {
            return;
        }
        tracing::info!(flatten = self.flatten_on_stop, "a signal asked for the end");
        self.feed(&Event::Operator {
            command: OperatorCommand::Stop {
                flatten: self.flatten_on_stop,
            },
            uid: rustix::process::geteuid().as_raw(),
            request: "signal".into(),
        });
    }

    /// Tells the outside how far we are, if that has changed.
    fn tell_stage(&mut self) {
        let stage = Stage {
            ready: self.engine.is_reconciled(),
            line: stage_line(&self.engine),
        };
        self.stage.send_if_modified(|told| {
            let news = *told != stage;
            if news {
                *told = stage;
            }
            news
        });
    }

    fn end(mut self) -> Ended {
        if let Err(error) = self.venue.save() {
            tracing::error!(%error, "the simulated broker's state was not saved");
        }
        let ledger = super::Balance::of_engine(&self.engine);
        let broker = super::Balance::of_broker(&self.venue.account());
        Ended {
            tally: self.tally,
            ledger,
            broker,
            stopped: self.stopped,
            journal_failure: self.journal_failure,
        }
    }

    /// Remembers the answers of calls that changed something, in the transaction of what they did.
    fn settle(
        &mut self,
        answers: Vec<(Box<str>, Answer)>,
        batch: &mut Batch,
    ) -> Vec<(Asking, Answer)> {
        let mut settled = Vec::new();
        for (request, outcome) in answers {
            let Some(asking) = self.waiting.remove(&request) else {
                continue;
            };
            if let Ok(message) = &outcome {
                let remembered: OperatorRequest = asking.remember(message, self.now);
                self.memory.keep(&remembered);
                batch.requests.push(remembered);
            }
            settled.push((asking, outcome));
        }
        settled
    }
}

/// One line for `systemctl status`: state, session, positions and what is unprotected.
fn stage_line(engine: &Engine) -> String {
    let book = engine.book();
    let positions = book.holdings.values().filter(|h| !h.net.is_flat()).count();
    let bare = book
        .holdings
        .values()
        .filter(|h| !h.net.is_flat() && !engine.protection(h).is_protected())
        .count();
    let session = match (engine.phase(), engine.session()) {
        (Phase::Closed, Some(next)) => format!("closed until {}", next.open),
        (Phase::Closed, None) => "closed".to_owned(),
        (_, Some(session)) => format!("session {}", session.date),
        (_, None) => "open".to_owned(),
    };
    let trading = match &book.trading {
        TradingState::Tripped(why) | TradingState::Halted(why) => format!("halted: {why}"),
        state => state.to_string(),
    };
    format!("simulated, {trading}, {session}, {positions} positions, {bare} unprotected")
}
