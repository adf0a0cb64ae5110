//! The session of a stream of market data: greeting, subscribing, signs of life, and making it anew with
//! the same subscriptions. What was missed is named when it is up again, for the history to bring.

use std::collections::BTreeMap;

use secrecy::ExposeSecret;
use trader_contract::{Symbol, Timestamp, advice};

use super::keys::Keys;
use super::link::{CROWDED, HOPELESS, Line, Stage, StreamAction, StreamInput};
use super::outcome::PUT_RIGHT_KEYS;
use crate::wire::stream::{self, Change, DataChannel, DataMessage, Subscriptions};
use crate::wire::{Format, Reader};

/// What helps where Alpaca counts another connection.
const STOP_THE_OTHER: &str = "stop the other program that uses these keys (a daemon on another host, a notebook); one \
                              of our own that was cut is soon forgotten";

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
        // One that is being made has its own time.
        if self.is_up() {
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
            // Only a person can help.
            402 => {
                let why = format!("Alpaca refused the keys: {message} ({code})");
                self.give_up(
                    &advice::with_next(&why, PUT_RIGHT_KEYS),
                    HOPELESS,
                    now,
                    news,
                );
            }
            // No right to this feed: neither.
            400 | 405 | 408..=413 => self.give_up(&why, HOPELESS, now, news),
            // Another connection is alive, or not yet taken for dead.
            406 => {
                let why = format!(
                    "another client uses the same keys, and Alpaca takes one connection for prices an account \
                     ({code} {message})"
                );
                self.give_up(&advice::with_next(&why, STOP_THE_OTHER), CROWDED, now, news);
            }
            _ => self.give_up(&why, 0, now, news),
        }
    }

    /// The symbols whose bars are wanted.
    pub fn barred(&self) -> impl Iterator<Item = Symbol> {
        let symbols = self.wanted.symbols(DataChannel::Bars);
        symbols.filter_map(|symbol| symbol.parse().ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const START: Timestamp = Timestamp::from_seconds(1_795_189_280);

    struct Bench {
        stream: DataStream,
        now: Timestamp,
    }

    impl Bench {
        fn new(wanted: Subscriptions) -> Self {
            let keys = Keys::new("the-key", "the-secret");
            let stream = DataStream::new(keys, Format::Json, wanted, (START, 1));
            Self { stream, now: START }
        }

        fn up(wanted: Subscriptions) -> Self {
            let mut bench = Self::new(wanted);
            bench.connect();
            assert!(bench.stream.is_up());
            bench
        }

        /// Connects as Alpaca does, and returns what was told last.
        fn connect(&mut self) -> Vec<DataNews> {
            self.now = self.now.max(self.stream.due());
            let opened = self.tick();
            assert_eq!(opened, [DataNews::Do(StreamAction::Open)]);
            self.hear(StreamInput::Opened);
            let greeting = self.message(r#"[{"T":"success","msg":"connected"}]"#);
            assert!(
                matches!(&greeting[..], [DataNews::Do(StreamAction::Text(text))] if text.contains("the-secret"))
            );
            let asked = self.message(r#"[{"T":"success","msg":"authenticated"}]"#);
            assert!(
                matches!(&asked[..], [DataNews::Do(StreamAction::Text(text))] if text.contains("subscribe"))
            );
            self.message(r#"[{"T":"subscription","bars":["AAPL"],"quotes":["AAPL"],"trades":[]}]"#)
        }

        fn hear(&mut self, input: StreamInput<'_>) -> Vec<DataNews> {
            let mut news = Vec::new();
            self.stream.hear(&input, self.now, &mut news);
            news
        }

        fn message(&mut self, text: &str) -> Vec<DataNews> {
            self.hear(StreamInput::Message(text.as_bytes()))
        }

        fn tick(&mut self) -> Vec<DataNews> {
            let mut news = Vec::new();
            self.stream.tick(self.now, &mut news);
            news
        }
    }

    fn both() -> Subscriptions {
        Subscriptions::NONE
            .with(DataChannel::Bars, "AAPL")
            .with(DataChannel::Quotes, "AAPL")
    }

    fn error(code: u32) -> String {
        format!(r#"[{{"T":"error","code":{code},"msg":"x"}}]"#)
    }

    #[test]
    fn it_is_up_once_all_that_is_wanted_was_acknowledged() {
        let mut bench = Bench::new(both());
        let last = bench.connect();
        assert_eq!(last, [DataNews::Up { missing: vec![] }]);
        let mut bench = Bench::new(both().with(DataChannel::Statuses, "*"));
        assert_eq!(bench.connect(), []);
        assert!(!bench.stream.is_up());
    }

    #[test]
    fn after_a_loss_it_subscribes_anew_and_names_what_is_missing() {
        let mut bench = Bench::up(both());
        let bar =
            r#"[{"T":"b","S":"AAPL","o":1,"h":1,"l":1,"c":1,"v":1,"t":"2026-11-20T15:40:00Z"}]"#;
        bench.message(bar);
        let closed = StreamInput::Closed {
            why: "gone",
            crowded: false,
        };
        assert!(matches!(&bench.hear(closed)[..], [DataNews::Down(_)]));
        let up = bench.connect();
        let from = "2026-11-20T15:41:00Z".parse().unwrap();
        assert_eq!(
            up,
            [DataNews::Up {
                missing: vec![("AAPL".parse().unwrap(), from)]
            }]
        );
    }

    #[test]
    fn error_406_another_connection_is_waited_for() {
        let mut bench = Bench::up(both());
        let news = bench.message(&error(406));
        let [_, DataNews::Do(StreamAction::Close), DataNews::Down(why)] = &news[..] else {
            panic!("{news:?}");
        };
        let (why, next) = advice::split(why);
        assert!(
            why.contains("another client uses the same keys") && why.contains("406"),
            "{why}"
        );
        assert_eq!(next, Some(STOP_THE_OTHER));
        assert!(bench.stream.due() >= bench.now.plus_seconds(5));
    }

    #[test]
    fn one_that_is_being_made_is_not_made_anew() {
        let mut bench = Bench::new(both());
        bench.tick();
        bench.hear(StreamInput::Opened);
        let mut news = Vec::new();
        bench.stream.renew("nothing comes", bench.now, &mut news);
        assert_eq!(news, []);
    }

    #[test]
    fn errors_402_408_409_411_412_413_are_for_a_person() {
        for code in [402, 408, 409, 411, 412, 413] {
            let mut bench = Bench::up(both());
            bench.message(&error(code));
            assert!(bench.stream.due() >= bench.now.plus_seconds(300), "{code}");
        }
    }

    #[test]
    fn error_403_authenticated_already_does_no_harm() {
        let mut bench = Bench::up(both());
        assert_eq!(bench.message(&error(403)), [DataNews::Alive]);
        assert!(bench.stream.is_up());
    }

    #[test]
    fn errors_401_404_407_500_make_it_anew_soon() {
        for code in [401, 404, 407, 500, 999] {
            let mut bench = Bench::up(both());
            bench.message(&error(code));
            let due = bench.stream.due();
            assert!(
                due > bench.now && due <= bench.now.plus_seconds(1),
                "{code}"
            );
        }
    }

    #[test]
    fn errors_400_405_410_leave_the_bars() {
        for code in [400, 405, 410] {
            let mut bench = Bench::up(both());
            let news = bench.message(&error(code));
            assert!(
                news.iter().any(|news| matches!(news, DataNews::Refused(_))),
                "{code}"
            );
            assert_eq!(bench.stream.barred().count(), 1);
            assert!(bench.stream.is_up());
            // Where even those are refused, only a person can help.
            bench.message(&error(code));
            assert!(bench.stream.due() >= bench.now.plus_seconds(300), "{code}");
        }
    }

    #[test]
    fn other_subscriptions_are_asked_for_as_a_difference() {
        let mut bench = Bench::up(both());
        let mut news = Vec::new();
        let other = Subscriptions::NONE
            .with(DataChannel::Bars, "AAPL")
            .with(DataChannel::Bars, "MSFT");
        bench.stream.want(other, bench.now, &mut news);
        let said: Vec<&str> = news
            .iter()
            .map(|news| match news {
                DataNews::Do(StreamAction::Text(text)) => &**text,
                other => panic!("{other:?}"),
            })
            .collect();
        assert!(
            said[0].contains("unsubscribe")
                && said[0].contains("quotes")
                && !said[0].contains("bars")
        );
        assert!(said[1].contains("MSFT") && !said[1].contains("AAPL"));
    }

    #[test]
    fn one_bad_message_of_a_list_does_not_spoil_the_others() {
        let mut bench = Bench::up(both());
        let list = r#"[{"T":"q","S":"AAPL","bp":"x","t":"2026-11-20T15:40:00Z"},{"T":"q","S":"AAPL","bp":1,"t":"2026-11-20T15:40:00Z"}]"#;
        let news = bench.message(list);
        assert!(matches!(
            &news[..],
            [
                DataNews::Alive,
                DataNews::Bad(_),
                DataNews::Message(DataMessage::Quote(..))
            ]
        ));
    }

    proptest! {
        #[test]
        fn no_message_makes_it_panic(messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..20), codes in prop::collection::vec(0_u32..600, 0..6)) {
            let mut bench = Bench::up(both());
            for bytes in &messages {
                bench.hear(StreamInput::Message(bytes));
            }
            for code in codes {
                bench.message(&error(code));
                bench.now = bench.stream.due();
                bench.tick();
                bench.hear(StreamInput::Opened);
            }
        }
    }
}
