//! What both streams have in common: when to connect, when to ask for a sign of life, when to give a
//! connection up, and how long to wait before the next one.

use trader_contract::Timestamp;

use super::backoff::Backoff;

/// How long connecting and each step of the greeting may take.
const STEP: i64 = 10 * Timestamp::SECOND;
/// How often a sign of life is asked for.
const PING: i64 = 10 * Timestamp::SECOND;
/// How long a connection that gives no sign of life is believed in.
const SILENCE: i64 = 25 * Timestamp::SECOND;
/// The first wait before connecting anew, and the longest.
const AGAIN: i64 = Timestamp::SECOND;
const AGAIN_MAX: i64 = Timestamp::MINUTE;
/// The least wait where another connection of ours may still be counted, or too many were tried.
pub(super) const CROWDED: i64 = 5 * Timestamp::SECOND;
/// The least wait where only a person can help: wrong keys, no right to the data.
pub(super) const HOPELESS: i64 = 5 * Timestamp::MINUTE;

/// What the socket of a stream is to do.
#[derive(Clone, PartialEq, Eq)]
pub enum StreamAction {
    /// Connect.
    Open,
    /// Send this as text. May hold the keys.
    Text(Box<str>),
    /// Send this as bytes. May hold the keys.
    Binary(Vec<u8>),
    /// Ask for a sign of life.
    Ping,
    /// Close, and forget what is still to come.
    Close,
}

impl std::fmt::Debug for StreamAction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // What is sent may hold the keys.
        f.write_str(match self {
            Self::Open => "Open",
            Self::Text(_) => "Text(..)",
            Self::Binary(_) => "Binary(..)",
            Self::Ping => "Ping",
            Self::Close => "Close",
        })
    }
}

/// What the socket of a stream tells.
#[derive(Debug)]
pub enum StreamInput<'a> {
    /// It is connected.
    Opened,
    /// A message came.
    Message(&'a [u8]),
    /// An answer to a ping, or a ping.
    Pong,
    /// It is closed, or could not be opened.
    Closed {
        /// Why.
        why: &'a str,
        /// Whether too many connections or attempts were the reason: an HTTP status of 429.
        crowded: bool,
    },
}

/// Where a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Waiting to connect.
    Down,
    /// Connecting.
    Opening,
    /// Connected: who we are, and what is wanted, is being settled.
    Greeting,
    /// It stands.
    Up,
}

/// A connection that is made anew for as long as it takes.
#[derive(Debug)]
pub(super) struct Line {
    stage: Stage,
    /// When the next thing is due: to connect, to give up a step, to ping.
    due: Timestamp,
    heard_at: Timestamp,
    backoff: Backoff,
    since: Timestamp,
}

impl Line {
    pub(super) const fn new(now: Timestamp, seed: u64) -> Self {
        Self {
            stage: Stage::Down,
            due: now,
            heard_at: now,
            backoff: Backoff::new(AGAIN, AGAIN_MAX, seed),
            since: now,
        }
    }

    pub(super) const fn stage(&self) -> Stage {
        self.stage
    }

    pub(super) const fn due(&self) -> Timestamp {
        self.due
    }

    /// Since when it is where it is.
    pub(super) const fn since(&self) -> Timestamp {
        self.since
    }

    fn go(&mut self, stage: Stage, now: Timestamp, due: Timestamp) {
        self.stage = stage;
        self.since = now;
        self.due = due;
    }

    /// It is connected: the greeting begins.
    pub(super) fn opened(&mut self, now: Timestamp) {
        self.heard_at = now;
        self.go(Stage::Greeting, now, now.plus_nanos(STEP));
    }

    /// The next step of the greeting begins.
    pub(super) fn step(&mut self, now: Timestamp) {
        if self.stage == Stage::Greeting {
            self.due = now.plus_nanos(STEP);
        }
    }

    /// It stands.
    pub(super) fn up(&mut self, now: Timestamp) {
        self.go(Stage::Up, now, now.plus_nanos(PING));
    }

    /// A sign of life.
    pub(super) fn heard(&mut self, now: Timestamp) {
        self.heard_at = now;
        // One that has stood for a while was no accident: the next wait is a short one again.
        if self.stage == Stage::Up && now.since(self.since) >= AGAIN_MAX {
            self.backoff.reset();
        }
    }

    /// It is lost: it will be made anew after a wait.
    pub(super) fn lost(&mut self, now: Timestamp, least: i64) {
        let wait = self.backoff.wait_at_least(least);
        self.go(Stage::Down, now, now.plus_nanos(wait));
    }

    /// What is due at `now`.
    ///
    /// # Errors
    /// It is to be given up: says why.
    pub(super) fn tick(&mut self, now: Timestamp) -> Result<Option<StreamAction>, &'static str> {
        if now < self.due {
            return Ok(None);
        }
        match self.stage {
            Stage::Down => {
                self.go(Stage::Opening, now, now.plus_nanos(STEP));
                Ok(Some(StreamAction::Open))
            }
            Stage::Opening => Err("it could not be opened in time"),
            Stage::Greeting => Err("the greeting was not answered in time"),
            Stage::Up if now.since(self.heard_at) >= SILENCE => Err("it gives no sign of life"),
            Stage::Up => {
                self.due = now.plus_nanos(PING);
                Ok(Some(StreamAction::Ping))
            }
        }
    }
}
