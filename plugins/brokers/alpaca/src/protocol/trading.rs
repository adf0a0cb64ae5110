//! The session of the trading stream: greeting, listening, signs of life, and making it anew. What was
//! missed while it was down is for the snapshots that follow on its being up.

use std::collections::VecDeque;

use secrecy::ExposeSecret;
use trader_contract::{Timestamp, advice};

use super::keys::Keys;
use super::link::{CROWDED, HOPELESS, Line, Stage, StreamAction, StreamInput};
use super::outcome::PUT_RIGHT_KEYS;
use crate::wire::trading::{self, OrderUpdate, TradingMessage};
use crate::wire::{Format, Reader};

/// Within which time a stream that stood is closed again and again, and how often that is.
const AGAIN_AND_AGAIN: i64 = 5 * Timestamp::MINUTE;
const TIMES: usize = 3;
/// What helps where somebody else may be taking it.
const STOP_THE_OTHER: &str = "stop the other program that uses these keys (a daemon on another host, a notebook); if \
                              there is none, look at the network";

/// What the session tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TradingNews {
    /// The socket is to do this.
    Do(StreamAction),
    /// Updates come from now on.
    Up,
    /// None come any more.
    Down(Box<str>),
    /// It lives.
    Alive,
    /// Something happened to an order.
    Update(Box<OrderUpdate>),
    /// A message that could not be read.
    Bad(Box<str>),
}

/// The session.
#[derive(Debug)]
pub(super) struct TradingStream {
    keys: Keys,
    line: Line,
    reader: Reader,
    authorized: bool,
    /// When it was closed lately although it stood.
    closed: VecDeque<Timestamp>,
}

impl TradingStream {
    pub(super) const fn new(keys: Keys, now: Timestamp, seed: u64) -> Self {
        Self {
            keys,
            line: Line::new(now, seed),
            reader: Reader::new(),
            authorized: false,
            closed: VecDeque::new(),
        }
    }

    pub(super) fn is_up(&self) -> bool {
        self.line.stage() == Stage::Up
    }

    pub(super) const fn due(&self) -> Timestamp {
        self.line.due()
    }

    /// Since when it is up, or down.
    pub(super) const fn since(&self) -> Timestamp {
        self.line.since()
    }

    pub(super) fn tick(&mut self, now: Timestamp, news: &mut Vec<TradingNews>) {
        match self.line.tick(now) {
            Ok(Some(action)) => news.push(TradingNews::Do(action)),
            Ok(None) => {}
            Err(why) => self.give_up(why, 0, now, news),
        }
    }

    /// Closes it and makes it anew after a wait.
    pub(super) fn give_up(
        &mut self,
        why: &str,
        least: i64,
        now: Timestamp,
        news: &mut Vec<TradingNews>,
    ) {
        if self.line.stage() != Stage::Down {
            news.push(TradingNews::Do(StreamAction::Close));
        }
        self.fall(why, least, now, news);
    }

    fn fall(&mut self, why: &str, least: i64, now: Timestamp, news: &mut Vec<TradingNews>) {
        self.authorized = false;
        self.line.lost(now, least);
        news.push(TradingNews::Down(why.into()));
    }

    pub(super) fn hear(
        &mut self,
        input: &StreamInput<'_>,
        now: Timestamp,
        news: &mut Vec<TradingNews>,
    ) {
        match input {
            StreamInput::Opened if self.line.stage() == Stage::Opening => {
                self.line.opened(now);
                let (id, secret) = self.keys.expose();
                let greeting = trading::authenticate(id.expose_secret(), secret.expose_secret());
                news.push(TradingNews::Do(StreamAction::Text(greeting.into())));
            }
            StreamInput::Opened => {}
            StreamInput::Closed { why, crowded } if self.line.stage() != Stage::Down => {
                let least = if *crowded { CROWDED } else { 0 };
                let why = match self.is_up() && self.is_closed_often(now) {
                    true => contested(why),
                    false => (*why).to_owned(),
                };
                self.fall(&why, least, now, news);
            }
            StreamInput::Closed { .. } => {}
            StreamInput::Pong => self.alive(now, news),
            StreamInput::Message(bytes) => {
                self.alive(now, news);
                let message = self
                    .reader
                    .read(Format::Json, bytes)
                    .and_then(TradingMessage::read);
                match message {
                    Ok(message) => self.obey(message, now, news),
                    Err(error) => news.push(TradingNews::Bad(error.to_string().into())),
                }
            }
        }
    }

    /// It is closed although it stood: whether that happens again and again.
    fn is_closed_often(&mut self, now: Timestamp) -> bool {
        self.closed.push_back(now);
        self.closed
            .retain(|closed| now.since(*closed) <= AGAIN_AND_AGAIN);
        self.closed.len() >= TIMES
    }

    fn alive(&mut self, now: Timestamp, news: &mut Vec<TradingNews>) {
        self.line.heard(now);
        if self.is_up() {
            news.push(TradingNews::Alive);
        }
    }

    fn obey(&mut self, message: TradingMessage, now: Timestamp, news: &mut Vec<TradingNews>) {
        match message {
            TradingMessage::Authorization {
                authorized: true, ..
            } if self.line.stage() == Stage::Greeting => {
                self.authorized = true;
                self.line.step(now);
                news.push(TradingNews::Do(StreamAction::Text(
                    trading::listen().into(),
                )));
            }
            TradingMessage::Authorization {
                authorized: true, ..
            } => {}
            TradingMessage::Authorization { action, .. } => {
                let why = format!("Alpaca refused the keys of the trading stream ({action})");
                let why = advice::with_next(&why, PUT_RIGHT_KEYS);
                self.give_up(&why, HOPELESS, now, news);
            }
            TradingMessage::Listening { streams } => {
                let listens = streams.iter().any(|s| &**s == trading::TRADE_UPDATES);
                if listens && self.authorized && !self.is_up() {
                    self.line.up(now);
                    news.push(TradingNews::Up);
                } else if !listens {
                    let why = "Alpaca does not send the updates of orders";
                    self.give_up(why, CROWDED, now, news);
                }
            }
            // What comes is taken, whatever was acknowledged before it.
            TradingMessage::Update(update) => news.push(TradingNews::Update(update)),
            TradingMessage::Other { stream } => {
                let why = format!("a message of the stream {stream}, which nobody asked for");
                news.push(TradingNews::Bad(why.into()));
            }
        }
    }
}

/// Why a stream is lost that is closed again and again.
fn contested(why: &str) -> String {
    let minutes = AGAIN_AND_AGAIN.div_euclid(Timestamp::MINUTE);
    let why = format!(
        "{why}, {TIMES} times or more in {minutes} minutes: another client with the same keys may be taking it"
    );
    advice::with_next(&why, STOP_THE_OTHER)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_seconds(1_795_000_000);

    fn stream() -> TradingStream {
        TradingStream::new(Keys::new("the-key", "the-secret"), START, 1)
    }

    fn hear(
        stream: &mut TradingStream,
        input: StreamInput<'_>,
        now: Timestamp,
    ) -> Vec<TradingNews> {
        let mut news = Vec::new();
        stream.hear(&input, now, &mut news);
        news
    }

    fn tick(stream: &mut TradingStream, now: Timestamp) -> Vec<TradingNews> {
        let mut news = Vec::new();
        stream.tick(now, &mut news);
        news
    }

    fn message(stream: &mut TradingStream, text: &str, now: Timestamp) -> Vec<TradingNews> {
        hear(stream, StreamInput::Message(text.as_bytes()), now)
    }

    const AUTHORIZED: &str =
        r#"{"stream":"authorization","data":{"status":"authorized","action":"authenticate"}}"#;
    const LISTENING: &str = r#"{"stream":"listening","data":{"streams":["trade_updates"]}}"#;

    fn up() -> TradingStream {
        let mut stream = stream();
        assert_eq!(
            tick(&mut stream, START),
            [TradingNews::Do(StreamAction::Open)]
        );
        let greeting = hear(&mut stream, StreamInput::Opened, START);
        assert!(
            matches!(&greeting[..], [TradingNews::Do(StreamAction::Text(text))] if text.contains("the-secret"))
        );
        let listen = message(&mut stream, AUTHORIZED, START);
        assert!(
            matches!(&listen[..], [TradingNews::Do(StreamAction::Text(text))] if text.contains("trade_updates"))
        );
        assert_eq!(message(&mut stream, LISTENING, START), [TradingNews::Up]);
        stream
    }

    #[test]
    fn it_greets_listens_and_is_up_only_then() {
        assert!(up().is_up());
    }

    #[test]
    fn a_stream_without_a_sign_of_life_is_given_up_and_made_anew() {
        let mut stream = up();
        let pinged = tick(&mut stream, START.plus_seconds(10));
        assert_eq!(pinged, [TradingNews::Do(StreamAction::Ping)]);
        assert_eq!(
            hear(&mut stream, StreamInput::Pong, START.plus_seconds(11)),
            [TradingNews::Alive]
        );
        tick(&mut stream, START.plus_seconds(20));
        tick(&mut stream, START.plus_seconds(30));
        let given_up = tick(&mut stream, START.plus_seconds(40));
        assert!(matches!(
            &given_up[..],
            [TradingNews::Do(StreamAction::Close), TradingNews::Down(_)]
        ));
        let due = stream.due();
        assert!(due > START.plus_seconds(40) && due <= START.plus_seconds(41));
        assert_eq!(
            tick(&mut stream, due),
            [TradingNews::Do(StreamAction::Open)]
        );
    }

    /// Why a stream that stood is lost when it is closed at `at`.
    fn closed(stream: &mut TradingStream, at: Timestamp) -> Box<str> {
        let gone = StreamInput::Closed {
            why: "Alpaca closed it",
            crowded: false,
        };
        let news = hear(stream, gone, at);
        let [TradingNews::Down(why)] = &news[..] else {
            panic!("{news:?}");
        };
        why.clone()
    }

    fn made_anew(stream: &mut TradingStream, at: Timestamp) {
        tick(stream, at);
        hear(stream, StreamInput::Opened, at);
        message(stream, AUTHORIZED, at);
        assert_eq!(message(stream, LISTENING, at), [TradingNews::Up]);
    }

    #[test]
    fn a_stream_that_is_closed_again_and_again_may_be_taken_by_another_client() {
        let mut stream = up();
        let mut at = START.plus_seconds(20);
        for _ in 0..2 {
            assert_eq!(&*closed(&mut stream, at), "Alpaca closed it");
            at = at.plus_seconds(70);
            made_anew(&mut stream, at);
            at = at.plus_seconds(20);
        }
        let said = closed(&mut stream, at);
        let (why, next) = advice::split(&said);
        assert!(
            why.starts_with("Alpaca closed it, ")
                && why.contains("another client with the same keys"),
            "{why}"
        );
        assert_eq!(next, Some(STOP_THE_OTHER));
        // One that has stood for long since then was lost by accident.
        at = at.plus_seconds(70);
        made_anew(&mut stream, at);
        at = at.plus_seconds(600);
        assert_eq!(&*closed(&mut stream, at), "Alpaca closed it");
    }

    #[test]
    fn wrong_keys_are_not_tried_again_and_again() {
        let mut stream = stream();
        tick(&mut stream, START);
        hear(&mut stream, StreamInput::Opened, START);
        let refused = AUTHORIZED.replace("\"authorized\"", "\"unauthorized\"");
        let news = message(&mut stream, &refused, START);
        assert!(matches!(
            &news[..],
            [TradingNews::Do(StreamAction::Close), TradingNews::Down(_)]
        ));
        assert!(stream.due() >= START.plus_seconds(300));
    }

    #[test]
    fn a_handshake_refused_for_too_many_waits_five_seconds_at_least() {
        let mut stream = stream();
        for _ in 0..4 {
            let at = stream.due();
            tick(&mut stream, at);
            hear(
                &mut stream,
                StreamInput::Closed {
                    why: "429",
                    crowded: true,
                },
                at,
            );
            assert!(stream.due() >= at.plus_seconds(5));
        }
    }

    #[test]
    fn a_greeting_that_nobody_answers_is_given_up() {
        let mut stream = stream();
        tick(&mut stream, START);
        hear(&mut stream, StreamInput::Opened, START);
        let news = tick(&mut stream, START.plus_seconds(10));
        assert!(matches!(
            &news[..],
            [TradingNews::Do(StreamAction::Close), TradingNews::Down(_)]
        ));
    }

    #[test]
    fn what_cannot_be_read_is_told_and_the_stream_goes_on() {
        let mut stream = up();
        for bad in [
            "",
            "{",
            "[]",
            "\u{0}",
            r#"{"stream":"trade_updates","data":{"event":"fill"}}"#,
        ] {
            let news = message(&mut stream, bad, START);
            assert!(
                matches!(&news[..], [TradingNews::Alive, TradingNews::Bad(_)]),
                "{bad}: {news:?}"
            );
        }
        assert!(stream.is_up());
    }

    #[test]
    fn nothing_that_it_shows_of_itself_has_the_keys_in_it() {
        let mut stream = stream();
        tick(&mut stream, START);
        let news = hear(&mut stream, StreamInput::Opened, START);
        assert!(!format!("{news:?} {stream:?}").contains("the-"));
    }
}
