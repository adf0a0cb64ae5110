//! What both streams have in common: when to connect, when to ask for a sign of life, when to give a
//! connection up, and how long to wait before the next one.

use trader_contract::{Timestamp, advice};

use super::backoff::Backoff;
use super::outcome::PUT_RIGHT_KEYS;
use crate::wire::refusal::ErrorBody;

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

/// What helps where a connection was answered with a status instead of being made.
const LOOK_THERE: &str =
    "look at https://status.alpaca.markets; the stream is tried again by itself";
const STOP_ANOTHER: &str = "stop the other program that uses these keys (a daemon on another host, a notebook); the \
                            stream is tried again by itself";
const LOOK_BETWEEN: &str = "look at what is between this host and Alpaca (a proxy, a firewall) and at the addresses in \
                            the configuration; the stream is tried again by itself";

/// Why a stream was not opened that was answered with an HTTP status, and what to do about it. The same at
/// every try: it is told once, so that nothing that counts or tells the time may be in it.
#[must_use]
pub fn refused(status: u16, reason: &str, body: &[u8]) -> String {
    let said = ErrorBody::read(body);
    let said = said.message.trim_end_matches('.');
    // A page of some server on the way has no words of Alpaca's.
    let is_alpacas = body.first() == Some(&b'{') && !said.is_empty() && !said.starts_with('{');
    let moves = said.bytes().any(|byte| byte.is_ascii_digit());
    let words = if is_alpacas && !moves { said } else { reason };
    let why = format!("Alpaca refused to open the stream: {status} {words}");
    let next = match status {
        401 | 403 => PUT_RIGHT_KEYS,
        429 => STOP_ANOTHER,
        500.. => LOOK_THERE,
        _ => LOOK_BETWEEN,
    };
    advice::with_next(why.trim_end(), next)
}

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

#[cfg(test)]
mod tests {
    use super::*;

    fn told(status: u16, reason: &str, body: &str) -> (String, String) {
        let told = refused(status, reason, body.as_bytes());
        let (why, next) = advice::split(&told);
        (why.to_owned(), next.unwrap().to_owned())
    }

    #[test]
    fn a_refused_stream_is_told_with_status_words_and_what_to_do() {
        let body = r#"{"code":50310000,"message":"service unavailable."}"#;
        let (why, next) = told(503, "Service Unavailable", body);
        assert_eq!(
            why,
            "Alpaca refused to open the stream: 503 service unavailable"
        );
        assert_eq!(next, LOOK_THERE);
        let forbidden = r#"{"code":40310000,"message":"forbidden."}"#;
        let (why, next) = told(403, "Forbidden", forbidden);
        assert_eq!(why, "Alpaca refused to open the stream: 403 forbidden");
        assert_eq!(next, PUT_RIGHT_KEYS);
        assert_eq!(told(429, "Too Many Requests", "").1, STOP_ANOTHER);
        assert_eq!(told(404, "Not Found", "").1, LOOK_BETWEEN);
    }

    #[test]
    fn nothing_that_moves_from_try_to_try_is_told() {
        let page = |ray: u32| format!("<html><h1>503</h1>Ray ID: {ray}</html>");
        let (one, two) = (page(1), page(2));
        let plain = "Alpaca refused to open the stream: 503 Service Unavailable";
        for body in ["", &one, &two, r#"{"message":"retry in 13s"}"#, "{", "{}"] {
            assert_eq!(told(503, "Service Unavailable", body).0, plain, "{body}");
        }
        assert_eq!(
            told(599, "", "").0,
            "Alpaca refused to open the stream: 599"
        );
    }
}
