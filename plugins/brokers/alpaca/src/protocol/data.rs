//! The session of a stream of market data: greeting, subscribing, signs of life, and making it anew with
//! the same subscriptions. What was missed is named when it is up again, for the history to bring.

use std::collections::BTreeMap;

use secrecy::ExposeSecret;
use trader_contract::{Symbol, Timestamp};

use super::keys::Keys;
use super::link::{CROWDED, HOPELESS, Line, Stage, StreamAction, StreamInput};
use crate::wire::stream::{self, Change, DataChannel, DataMessage, Subscriptions};
use crate::wire::{Format, Reader};

/// What the session tells.
#[derive(Debug, PartialEq)]
pub enum DataNews {
    /// The socket is to do this.
    Do(StreamAction),
    /// All that was asked for comes from now on. What it may have missed: of each symbol the bars from
    /// this moment on.
    Up {
        /// Symbols whose bars may be missing, each with the start of the first that may be.
        missing: Vec<(Symbol, Timestamp)>,
    },
    /// Nothing comes any more.
    Down(Box<str>),
    /// It lives.
    Alive,
    /// Something came.
    Message(DataMessage),
    /// Something that could not be read.
    Bad(Box<str>),
    /// Some of what was asked for is not given, and is not asked for again.
    Refused(Box<str>),
}

/// The session.
#[derive(Debug)]
pub struct DataStream {
    keys: Keys,
    format: Format,
    line: Line,
    reader: Reader,
    wanted: Subscriptions,
    /// What was acknowledged on this connection.
    standing: Subscriptions,
    /// The newest bar of each symbol that ever came.
    newest: BTreeMap<Symbol, Timestamp>,
}

impl DataStream {
    /// A session that will want `wanted`.
    #[must_use]
    pub const fn new(
        keys: Keys,
        format: Format,
        wanted: Subscriptions,
        (now, seed): (Timestamp, u64),
    ) -> Self {
        Self {
            keys,
            format,
            line: Line::new(now, seed),
            reader: Reader::new(),
            wanted,
            standing: Subscriptions::NONE,
            newest: BTreeMap::new(),
        }
    }

    /// When something is next due.
    #[must_use]
    pub const fn due(&self) -> Timestamp {
        self.line.due()
    }

    /// Whether it stands.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.line.stage() == Stage::Up
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Timestamp, news: &mut Vec<DataNews>) {
        match self.line.tick(now) {
            Ok(Some(action)) => news.push(DataNews::Do(action)),
            Ok(None) => {}
            Err(why) => self.give_up(why, 0, now, news),
        }
    }

    /// Wants other subscriptions from now on.
    pub fn want(&mut self, wanted: Subscriptions, now: Timestamp, news: &mut Vec<DataNews>) {
        self.wanted = wanted;
        if self.is_up() {
            self.line.opened(now);
            self.subscribe(now, news);
        }
    }

    /// Closes it and makes it anew: it stands and does not bring what it should.
    pub fn renew(&mut self, why: &str, now: Timestamp, news: &mut Vec<DataNews>) {
        if self.line.stage() != Stage::Down {
            self.give_up(why, 0, now, news);
        }
    }

    fn give_up(&mut self, why: &str, least: i64, now: Timestamp, news: &mut Vec<DataNews>) {
        if self.line.stage() != Stage::Down {
            news.push(DataNews::Do(StreamAction::Close));
        }
        self.fall(why, least, now, news);
    }

    fn fall(&mut self, why: &str, least: i64, now: Timestamp, news: &mut Vec<DataNews>) {
        self.standing = Subscriptions::NONE;
        self.line.lost(now, least);
        news.push(DataNews::Down(why.into()));
    }

    /// Hears the socket.
    pub fn hear(&mut self, input: &StreamInput<'_>, now: Timestamp, news: &mut Vec<DataNews>) {
        match input {
            StreamInput::Opened if self.line.stage() == Stage::Opening => self.line.opened(now),
            StreamInput::Opened => {}
            StreamInput::Closed { why, crowded } if self.line.stage() != Stage::Down => {
                self.fall(why, if *crowded { CROWDED } else { 0 }, now, news);
            }
            StreamInput::Closed { .. } => {}
            StreamInput::Pong => self.alive(now, news),
            StreamInput::Message(bytes) => {
                self.alive(now, news);
                // Taken out, so that what is read may change the session.
                let mut reader = std::mem::take(&mut self.reader);
                match reader.read(self.format, bytes) {
                    Ok(list) => {
                        let alone = (!list.is_list()).then_some(list);
                        for item in list.items().chain(alone) {
                            match DataMessage::read(item) {
                                Ok(message) => self.obey(message, now, news),
                                Err(error) => news.push(DataNews::Bad(error.to_string().into())),
                            }
                        }
                    }
                    Err(error) => news.push(DataNews::Bad(error.to_string().into())),
                }
                self.reader = reader;
            }
        }
    }

    fn alive(&mut self, now: Timestamp, news: &mut Vec<DataNews>) {
        self.line.heard(now);
        if self.is_up() {
            news.push(DataNews::Alive);
        }
    }

    fn say(&self, said: Vec<u8>) -> DataNews {
        DataNews::Do(match self.format {
            Format::Json => StreamAction::Text(String::from_utf8(said).unwrap_or_default().into()),
            Format::MessagePack => StreamAction::Binary(said),
        })
    }

    fn obey(&mut self, message: DataMessage, now: Timestamp, news: &mut Vec<DataNews>) {
        match message {
            DataMessage::Connected => {
                self.line.step(now);
                let (id, secret) = self.keys.expose();
                let keys = (id.expose_secret(), secret.expose_secret());
                let greeting = stream::authenticate(self.format, keys.0, keys.1);
                let said = self.say(greeting);
                news.push(said);
            }
            DataMessage::Authenticated => {
                self.line.step(now);
                self.subscribe(now, news);
            }
            DataMessage::Subscribed(standing) => {
                self.standing = standing;
                self.check(now, news);
            }
            DataMessage::Error { code, message } => self.trouble(code, &message, now, news),
            DataMessage::Bar(symbol, bar) => {
                let newest = self.newest.entry(symbol).or_insert(bar.start);
                *newest = bar.start.max(*newest);
                news.push(DataNews::Message(DataMessage::Bar(symbol, bar)));
            }
            other => news.push(DataNews::Message(other)),
        }
    }

    /// Asks for what is wanted and does not stand, and gives back what is not wanted any more.
    fn subscribe(&mut self, now: Timestamp, news: &mut Vec<DataNews>) {
        let (more, less) = (
            self.wanted.without(&self.standing),
            self.standing.without(&self.wanted),
        );
        if !less.is_empty() {
            news.push(self.say(stream::subscribe(self.format, &less, Change::Remove)));
        }
        if !more.is_empty() {
            news.push(self.say(stream::subscribe(self.format, &more, Change::Add)));
        }
        if less.is_empty() && more.is_empty() {
            self.check(now, news);
        }
    }

    /// It is up once all that is wanted was acknowledged.
    fn check(&mut self, now: Timestamp, news: &mut Vec<DataNews>) {
        let lacks = !self.wanted.without(&self.standing).is_empty();
        if lacks || self.is_up() || self.line.stage() != Stage::Greeting {
            return;
        }
        self.line.up(now);
        let after = |(symbol, newest): (&Symbol, &Timestamp)| (*symbol, newest.plus_minutes(1));
        let missing = self.newest.iter().map(after).collect();
        news.push(DataNews::Up { missing });
    }

    /// What an error means for the connection.
    fn trouble(&mut self, code: u32, message: &str, now: Timestamp, news: &mut Vec<DataNews>) {
        let why = format!("Alpaca's stream of market data: {code} {message}");
        match code {
            // Authenticated already: no harm.
            403 => {}
            // Too many symbols, or a channel that this feed lacks: bars alone are asked for once more.
            400 | 405 | 410 if self.wanted.counted() > 0 => {
                news.push(DataNews::Refused(why.into()));
                self.wanted = self.wanted.only(DataChannel::Bars);
                self.subscribe(now, news);
            }
            // Wrong keys, no right to this feed: only a person can help.
            400 | 402 | 405 | 408..=413 => self.give_up(&why, HOPELESS, now, news),
            // Another connection is alive, or not yet taken for dead.
            406 => self.give_up(&why, CROWDED, now, news),
            _ => self.give_up(&why, 0, now, news),
        }
    }

    /// The symbols whose bars are wanted.
    pub fn barred(&self) -> impl Iterator<Item = Symbol> {
        let symbols = self.wanted.symbols(DataChannel::Bars);
        symbols.filter_map(|symbol| symbol.parse().ok())
    }
}
