//! The engine's thread: decides what happens next and hands it to the kernel, which carries out what
//! comes of it. Ties go broker, market, timer.
//!
//! Time is simulated in lock-step: it goes on only when engine, writer and broker have nothing left
//! to do; a pace only sleeps.

use std::time::Duration;

use chrono::NaiveDate;
use tokio::sync::watch;
use trader_contract::Timestamp;
use trader_core::book::RECORDING_OFF;
use trader_core::{Engine, Event, OperatorCommand, Phase};
use trader_kernel::{Asked, Kernel};
use trader_recording::{Beginning, Opening};
use trader_rpc::Mode;

use super::inbox::{Inbox, Message};
use super::market::Market;
use super::outside::Outside;
use super::pacing::{Pacing, Until};
use super::tally::Tally;
use crate::clock;
use crate::recording::News;

/// The longest sleep between two looks at the inbox.
const NAP: Duration = Duration::from_millis(500);
/// How long after the close what is under way at the broker may end before the next session.
const AFTERMATH: i64 = 6 * 60 * Timestamp::MINUTE;

/// How long the broker's connections may take to close.
const CLOSING: Duration = Duration::from_secs(2);

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
    /// Whether the broker has been heard, or was waited for in vain for a minute, and the journal can be
    /// written.
    pub ready: bool,
    /// Whether it was asked to end.
    pub stopping: bool,
    /// One line for `systemctl status`.
    pub line: String,
}

impl Stage {
    /// What is told before the engine runs.
    pub(super) fn starting() -> Self {
        Self {
            ready: false,
            stopping: false,
            line: "starting".to_owned(),
        }
    }
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// What it came to.
    pub tally: Tally,
    /// The ledger at the end.
    pub ledger: super::Balance,
    /// The broker's own truth at the end.
    /// `None` where an outside broker has not said it.
    pub broker: Option<super::Balance>,
    /// Whether somebody stopped it.
    pub stopped: bool,
    /// Why the journal could no longer be written.
    pub journal_failure: Option<String>,
}

/// Where the next event comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    Broker,
    Market,
    Timer,
}

/// Everything that the engine's thread owns.
pub(super) struct Crank {
    pub(super) kernel: Kernel,
    pub(super) outside: Outside,
    pub(super) market: Market,
    pub(super) inbox: Inbox,
    pub(super) pacing: Pacing,
    pub(super) horizon: Horizon,
    pub(super) stage: watch::Sender<Stage>,
    /// What a recording of this life opens with.
    pub(super) opening: Opening,
    pub(super) flatten_on_stop: bool,
    pub(super) now: Timestamp,
    /// There are no more bars: what is left is to serve calls until somebody stops the daemon.
    pub(super) exhausted: bool,
    /// The session of a run for one session is over.
    pub(super) over: bool,
    pub(super) stopped: bool,
}

impl Crank {
    /// Turns until the run is over.
    pub(super) fn run(mut self) -> Ended {
        self.feed(&Event::Start);
        // Before the broker is heard, which counts in new shares.
        for split in self.outside.venue.take_splits() {
            self.feed(&split);
        }
        loop {
            self.outside.heart.engine.beat();
            // First, since an order may come of it; what is told of us can wait.
            #[cfg(feature = "broker-alpaca")]
            self.hear_network();
            self.tell_stage();
            self.hear_recorder();
            self.hear_clock();
            if self.over || self.kernel.is_finished() {
                break;
            }
            let next = self.next();
            let message = self.message(next);
            let hurried = self.hear_urgent();
            match message {
                Some(message) => self.hear(message),
                // What was to be next may no longer be.
                None if hurried => {}
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

    /// Does what is urgent, before anything that waited longer; whether anything was.
    fn hear_urgent(&mut self) -> bool {
        let mut any = false;
        while let Some(message) = self.inbox.urgent() {
            self.hear(message);
            any = true;
        }
        any
    }

    fn hear(&mut self, message: Message) {
        match message {
            Message::Asked(asked) => self.answer(asked),
            Message::Stop => self.stop_by_signal(),
            Message::JournalLost(why) => self.lose_journal(why),
            Message::Wake => {}
            #[cfg(feature = "broker-alpaca")]
            Message::Skew(nanos) => self.feed(&Event::Skew { nanos }),
            #[cfg(feature = "broker-alpaca")]
            Message::Calendar(differing) => self.feed(&Event::Calendar { differing }),
            #[cfg(feature = "broker-alpaca")]
            Message::Split { symbol, new, old } => self.feed(&Event::Split { symbol, new, old }),
        }
    }

    /// What happens next, and when. With the session's tape at its end, what is under way may end,
    /// and the engine's next timer is the next morning's, as in a backtest.
    pub(super) fn next(&self) -> Option<(Timestamp, Source)> {
        let market = self.market.due();
        let close = match (market, self.market.session()) {
            (None, Some(session)) => session.close,
            _ => Timestamp::MAX,
        };
        let end = close.plus_nanos(AFTERMATH);
        let candidates = [
            (
                self.outside.venue.due().filter(|at| *at <= end),
                Source::Broker,
            ),
            (market, Source::Market),
            (
                self.kernel.engine().next_timer().filter(|at| *at <= close),
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
            self.outside.runtime.go_on();
            return self.inbox.next();
        }
        self.outside.recorder.pass_on();
        self.outside.heart.engine.rest();
        if let Some(probe) = &self.outside.probe {
            probe.rests();
        }
        let message = self.inbox.wait(&self.outside.runtime, wait);
        self.now = self.pacing.now(self.now, next.map(|(at, _)| at));
        message
    }

    /// Lets one thing happen.
    fn turn(&mut self, at: Timestamp, source: Source) {
        match source {
            Source::Broker => {
                self.outside.heart.broker.beat();
                let (event, saved) = self.outside.venue.take(self.now);
                self.outside.heart.broker.rest();
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
                    self.outside.venue.begin(*symbol, bar);
                }
            }
            Source::Timer => self.feed(&Event::Timer),
        }
        debug_assert!(self.now >= at, "time never runs ahead of the clock");
    }

    /// Hands an event to the kernel.
    pub(super) fn feed(&mut self, event: &Event) {
        self.kernel.feed(self.now, event, &mut self.outside);
    }

    /// Answers a call.
    fn answer(&mut self, asked: Asked) {
        let facts = self.kernel.facts_mut();
        let nanos = clock::now().since(facts.started_at);
        facts.uptime_seconds = u64::try_from(nanos.div_euclid(Timestamp::SECOND)).unwrap_or(0);
        self.kernel.answer(self.now, asked, &mut self.outside);
        self.stopped |= self.kernel.engine().is_stopping();
    }

    /// Nothing is due: the session is over. Goes to the next one, or ends.
    fn between_sessions(&mut self) {
        if self.horizon == Horizon::OneSession {
            self.over = true;
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
                self.outside.venue.open_session(session);
                self.record_session(session.date);
                if self.pacing.given().is_none() {
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

    /// Begins the recording of the next session with everything that the engine knows.
    fn record_session(&mut self, session: NaiveDate) {
        let snapshot = Box::new(self.kernel.engine().snapshot());
        self.outside.recorder.begin(Opening {
            session,
            at: self.now,
            begins: Beginning::Running { snapshot },
            ..self.opening.clone()
        });
    }

    /// What has become of the recording is shown, and told where somebody should know.
    fn hear_recorder(&mut self) {
        while let Some(news) = self.outside.recorder.news() {
            let shown = &mut self.kernel.facts_mut().recording;
            let failed = match news {
                News::Begun(session) => {
                    shown.session = Some(session);
                    shown.failure = None;
                    None
                }
                News::Failed(why) => {
                    shown.session = None;
                    shown.failure = Some(why.to_string());
                    Some(why)
                }
            };
            // That all is well is news only where it was not.
            let book = self.kernel.engine().book();
            let stands = book.standing(RECORDING_OFF, None).is_some();
            if failed.is_some() || stands {
                self.feed(&Event::Recording { failed });
            }
        }
    }

    fn stop_by_signal(&mut self) {
        self.stopped = true;
        if self.kernel.engine().is_stopping() {
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

    /// The journal's files are gone: as if it could not be written, which it could be, to no purpose.
    fn lose_journal(&mut self, why: Box<str>) {
        if self.kernel.journal_failure().is_none() {
            self.outside.tell_of_failure(&why);
            self.kernel.lose_journal(self.now, why, &mut self.outside);
        }
    }

    /// The machine's clock was set: what was known before may be older than it looks.
    fn hear_clock(&mut self) {
        let Some(nanos) = self.pacing.take_jump() else {
            return;
        };
        tracing::warn!(
            nanos,
            "the machine's clock has jumped; comparing with the broker"
        );
        self.feed(&Event::Operator {
            command: OperatorCommand::Reconcile,
            uid: rustix::process::geteuid().as_raw(),
            request: "clock".into(),
        });
    }

    /// Tells the outside how far we are, if that has changed.
    fn tell_stage(&mut self) {
        let stage = Stage {
            ready: self.kernel.engine().is_ready() && self.kernel.journal_failure().is_none(),
            stopping: self.kernel.engine().is_stopping(),
            line: stage_line(self.kernel.facts().mode, self.kernel.engine()),
        };
        self.stage.send_if_modified(|told| {
            let news = *told != stage;
            if news {
                *told = stage;
            }
            news
        });
    }

    /// Looks at the journal's files for the last time, when no entry can be halted any more.
    fn find_journal_lost(&self) -> Option<String> {
        let why = self.outside.writer.check_files().err()?.to_string();
        self.outside.tell_of_failure(&why);
        Some(why)
    }

    fn end(mut self) -> Ended {
        if let Err(error) = self.outside.venue.save() {
            tracing::error!(%error, "the simulated broker's state was not saved");
        }
        let known = self.kernel.journal_failure().map(str::to_owned);
        let journal_failure = known.or_else(|| self.find_journal_lost());
        let ledger = super::Balance::of_engine(self.kernel.engine());
        let broker = self.outside.venue.balance();
        let closed = self.outside.venue.close();
        if self.outside.runtime.wait(closed, CLOSING).is_none() {
            tracing::warn!("the connections to the broker did not close in time");
        }
        Ended {
            tally: self.outside.tally,
            ledger,
            broker,
            stopped: self.stopped,
            journal_failure,
        }
    }
}

/// One line for `systemctl status`: state, session, positions and what is unprotected.
fn stage_line(mode: Mode, engine: &Engine) -> String {
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
    let trading = match book.trading.why() {
        Some(why) => format!("{}: {why}", book.trading),
        None => book.trading.to_string(),
    };
    let stopping = if engine.is_stopping() {
        "stopping, "
    } else {
        ""
    };
    format!("{mode}, {stopping}{trading}, {session}, {positions} positions, {bare} unprotected")
}
