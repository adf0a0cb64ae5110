//! A scene: an engine with scripted strategies and the small broker, a clock, and a transcript.

use trader_contract::{
    Bar, BrokerEvent, BrokerRequest, ClientOrderId, Direction, EntryPrice, EntrySize, Epoch,
    Intent, IntentNo, Level, OrderRole, Price, Qty, Reason, ReportStatus, RequestFailure, Symbol,
    Timestamp,
};
use trader_core::book::Book;
use trader_core::record::{JournalEntry, Record};
use trader_core::{Command, Engine, Event, OperatorCommand, Rows};

use crate::say::Mirror;
pub(crate) use crate::setup::Setup;
use crate::setup::{Wishes, engine, warm_up};
use crate::venue::Venue;

/// A scene on SPY and QQQ with the routes `a` and `b` on both.
pub(crate) struct Scene {
    pub(crate) engine: Engine,
    pub(crate) venue: Venue,
    pub(crate) journal: Vec<JournalEntry>,
    /// What went in, for playing it again.
    pub(crate) events: Vec<(Timestamp, Event)>,
    /// What came out.
    pub(crate) commands: Vec<Command>,
    pub(crate) mirror: Mirror,
    pub(crate) at: Timestamp,
    pub(crate) setup: Setup,
    wishes: Wishes,
    transcript: String,
}

pub(crate) fn symbol(text: &str) -> Symbol {
    text.parse().unwrap()
}

/// Runs a scenario long and short; the transcript, which must be the same.
pub(crate) fn both(play: impl Fn(&mut Scene)) -> String {
    both_with(&Setup::default(), play)
}

/// The same with other limits or on another day.
pub(crate) fn both_with(setup: &Setup, play: impl Fn(&mut Scene)) -> String {
    let run = |direction| {
        let mut scene = Scene::new(direction, setup.clone());
        play(&mut scene);
        scene.transcript().to_owned()
    };
    let (long, short) = (run(Direction::Long), run(Direction::Short));
    assert_eq!(
        long, short,
        "the sides differ; long:\n{long}\nshort:\n{short}"
    );
    long
}

impl Scene {
    /// Reconciled and at the open of the session; the transcript is empty.
    pub(crate) fn new(direction: Direction, setup: Setup) -> Self {
        let wishes = Wishes::default();
        let mut scene = Self {
            engine: engine(&setup, direction, &wishes, Book::default(), 1),
            venue: Venue::new(),
            journal: Vec::new(),
            events: Vec::new(),
            commands: Vec::new(),
            mirror: Mirror(direction),
            at: setup.open.parse::<Timestamp>().unwrap().plus_minutes(-60),
            setup,
            wishes,
            transcript: String::new(),
        };
        scene.input(Event::Start);
        scene.snapshot();
        scene.pass(3600);
        if scene.setup.rows == Rows::Minutes {
            scene.quote("100");
        }
        scene.forget();
        scene
    }

    /// What happened so far, as text.
    pub(crate) fn transcript(&self) -> &str {
        self.transcript.trim_end()
    }

    /// Empties the transcript.
    pub(crate) fn forget(&mut self) {
        self.transcript.clear();
    }

    /// One event.
    pub(crate) fn input(&mut self, event: Event) {
        self.events.push((self.at, event.clone()));
        for command in self.engine.step(self.at, &event) {
            self.output(command);
        }
    }

    fn output(&mut self, command: Command) {
        if let Some(line) = self.mirror.command(&command) {
            self.transcript.push_str(&format!("  {line}\n"));
        }
        match &command {
            Command::Persist(entry) => {
                if let Record::SubmitRepeated { client_id } = &entry.record {
                    self.venue.repeated.insert(*client_id);
                }
                self.journal.push(JournalEntry::clone(entry));
            }
            Command::Send(approved) => self.venue.take(approved.request(), self.at),
            Command::Cancel(id) => self.venue.take(&BrokerRequest::Cancel(*id), self.at),
            Command::RequestSnapshot { number, since } => {
                let (number, since) = (*number, *since);
                let request = BrokerRequest::Snapshot { number, since };
                self.venue.take(&request, self.at);
            }
            _ => {}
        }
        self.commands.push(command);
    }

    /// Time passes, and the engine gets the timers it asked for.
    pub(crate) fn pass(&mut self, seconds: i64) {
        let until = self.at.plus_seconds(seconds);
        while let Some(due) = self.engine.next_timer().filter(|due| *due <= until) {
            let late = due.max(self.at);
            self.at = late;
            self.say("timer");
            self.input(Event::Timer);
            assert_ne!(
                self.engine.next_timer(),
                Some(due),
                "a timer that changes nothing"
            );
        }
        self.at = until;
    }

    /// Time passes up to so many seconds before the close.
    pub(crate) fn pass_to_close(&mut self, seconds_before: i64) {
        let close = self.engine.session().unwrap().close;
        let left = close.since(self.at) / Timestamp::SECOND - seconds_before;
        self.pass(left);
    }

    fn say(&mut self, what: &str) {
        let time = self.at.to_utc().format("%H:%M:%S");
        self.transcript.push_str(&format!("{time} {what}\n"));
    }

    /// A price of the long scene in this one.
    pub(crate) fn price(&self, long: &str) -> Price {
        self.mirror.price(long.parse().unwrap())
    }

    fn level(&self, long: &str) -> Level {
        Level::from(self.price(long))
    }

    /// A flat minute bar of SPY that ends now.
    pub(crate) fn bar(&mut self, close: &str) {
        self.bar_of("SPY", close);
    }

    /// The same of another symbol.
    pub(crate) fn bar_of(&mut self, ticker: &str, close: &str) {
        self.pass(60);
        self.say(&format!("bar {ticker} {close}"));
        self.one_bar(ticker, close);
    }

    /// A row of SPY over so many minutes, handed over before the timers of its end.
    pub(crate) fn row(&mut self, minutes: i64, close: &str) {
        self.pass(minutes * 60 - 1);
        self.at = self.at.plus_seconds(1);
        self.say(&format!("row {close}"));
        self.bar_from(self.at.plus_minutes(-minutes), "SPY", close);
        self.pass(0);
    }

    /// Time passes up to a minute before the close, and a bar of SPY ends with the session.
    pub(crate) fn last_bar(&mut self, close: &str) {
        self.pass_to_close(60);
        self.row(1, close);
    }

    /// A first price of both symbols.
    fn quote(&mut self, close: &str) {
        self.pass(60);
        self.one_bar("SPY", close);
        self.one_bar("QQQ", close);
    }

    /// The same, before the timers of its instant.
    pub(crate) fn one_bar(&mut self, ticker: &str, close: &str) {
        self.bar_from(self.at.plus_minutes(-1), ticker, close);
    }

    /// The same, started when the scenario says.
    pub(crate) fn bar_from(&mut self, start: Timestamp, ticker: &str, close: &str) {
        let close = self.price(close);
        let id = self.engine.symbol_id(symbol(ticker)).unwrap();
        let bar = Bar::new(start, [close; 4], 100).unwrap();
        self.input(Event::Bar { symbol: id, bar });
    }

    /// At its next bar the strategy of a route wants this.
    pub(crate) fn wants(&mut self, route: &'static str, ticker: &str, intent: Intent) {
        let key = (route, symbol(ticker));
        self.wishes
            .lock()
            .unwrap()
            .entry(key)
            .or_default()
            .push(intent);
    }

    /// An entry of 100 shares: buy at a break of 100.10, stop at 99.50; or the mirror image.
    pub(crate) fn entry(&self) -> Intent {
        self.entry_of(100, EntryPrice::Stop(self.level("100.10")))
    }

    /// An entry with a size and a price of its own.
    pub(crate) fn entry_of(&self, shares: u32, entry: EntryPrice) -> Intent {
        Intent::Enter {
            direction: self.mirror.0,
            entry,
            stop: Some(self.level("99.50")),
            target: None,
            size: EntrySize::Shares(Qty::shares(shares).unwrap()),
            expires_after_bars: None,
            reason: Reason::new("test"),
        }
    }

    /// The entry of `entry()` with a target at 101.
    pub(crate) fn bracket(&self) -> Intent {
        let mut entry = self.entry();
        if let Intent::Enter { target, .. } = &mut entry {
            *target = Some(self.level("101"));
        }
        entry
    }

    pub(crate) fn move_stop(&self, to: &str) -> Intent {
        Intent::MoveStop {
            stop: self.level(to),
            reason: Reason::new("test"),
        }
    }

    /// The entry of `entry()` on SPY, sent and working.
    pub(crate) fn with_waiting_entry(&mut self) {
        self.wants("a", "SPY", self.entry());
        self.bar("100");
        self.working("1-e1");
        self.report_of("1-s1");
    }

    /// 100 shares of SPY at 100.10, the stop at 99.50 working; the transcript is empty.
    pub(crate) fn with_position(&mut self) {
        self.with_waiting_entry();
        self.fill("1-e1", 100, "100.10");
        self.forget();
    }

    /// The id of an order by its short form, `1-s2`: of this session, or of the last one in which the
    /// venue was sent it.
    pub(crate) fn id(&self, short: &str) -> ClientOrderId {
        let (intent, rest) = short.split_once('-').unwrap();
        let role = match rest.chars().next().unwrap() {
            'e' => OrderRole::Entry,
            's' => OrderRole::Stop,
            't' => OrderRole::Target,
            _ => OrderRole::Exit,
        };
        let of_today = ClientOrderId {
            epoch: Epoch(42),
            session: self.engine.book().session_number(),
            intent: IntentNo(intent.parse().unwrap()),
            role,
            attempt: rest[1..].parse().unwrap(),
        };
        let is_same = |id: &ClientOrderId| {
            let session = of_today.session;
            ClientOrderId { session, ..*id } == of_today
        };
        let sent = self.venue.orders.keys().copied().filter(is_same).max();
        sent.unwrap_or(of_today)
    }

    /// What the broker says.
    pub(crate) fn hear(&mut self, what: &str, events: Vec<BrokerEvent>) {
        self.say(what);
        for event in events {
            self.input(Event::Broker(event));
        }
    }

    /// An order is at work at the venue.
    pub(crate) fn working(&mut self, order: &str) {
        let events = self.venue.set(self.id(order), ReportStatus::New, self.at);
        self.hear(&format!("{order} works"), events);
    }

    /// An order is queued at the venue until the next open.
    pub(crate) fn accepted(&mut self, order: &str) {
        let events = self
            .venue
            .set(self.id(order), ReportStatus::Accepted, self.at);
        self.hear(&format!("{order} accepted"), events);
    }

    /// The report of an order as it stands.
    pub(crate) fn report_of(&mut self, order: &str) {
        let report = self.venue.orders[&self.id(order)].clone();
        self.hear(
            &format!("{order} reported"),
            vec![BrokerEvent::Order(report)],
        );
    }

    /// An order fills, in part or whole.
    pub(crate) fn fill(&mut self, order: &str, shares: u32, price: &str) {
        let qty = Qty::shares(shares).unwrap();
        let price_here = self.price(price);
        let events = self.venue.fill(self.id(order), qty, price_here, self.at);
        self.hear(&format!("{order} fills {shares} at {price}"), events);
    }

    /// An order is cancelled.
    pub(crate) fn cancelled(&mut self, order: &str) {
        let events = self
            .venue
            .set(self.id(order), ReportStatus::Cancelled, self.at);
        self.hear(&format!("{order} cancelled"), events);
    }

    /// The replacement of an order is confirmed.
    pub(crate) fn replaced(&mut self, order: &str) {
        let events = self.venue.replaced(self.id(order), self.at);
        self.hear(&format!("{order} replaced"), events);
    }

    /// The broker refuses to take an order.
    pub(crate) fn refused(&mut self, order: &str) {
        let client_id = self.id(order);
        self.venue.lose(client_id);
        let failure = refusal();
        self.hear(
            &format!("{order} refused"),
            vec![BrokerEvent::SubmitFailed { client_id, failure }],
        );
    }

    /// Nobody knows whether an order arrived.
    pub(crate) fn unanswered(&mut self, order: &str) {
        let client_id = self.id(order);
        let failure = no_answer();
        self.hear(
            &format!("no answer to {order}"),
            vec![BrokerEvent::SubmitFailed { client_id, failure }],
        );
    }

    /// The broker refuses to take an order, because it has one under that id.
    pub(crate) fn id_used(&mut self, order: &str) {
        let client_id = self.id(order);
        let failure = RequestFailure::Refused {
            code: RequestFailure::INVALID,
            message: "client_order_id must be unique".into(),
        };
        self.hear(
            &format!("{order}: its id is used"),
            vec![BrokerEvent::SubmitFailed { client_id, failure }],
        );
    }

    /// The order never arrived.
    pub(crate) fn lose(&mut self, order: &str) {
        let id = self.id(order);
        self.venue.lose(id);
    }

    /// The broker refuses a cancel.
    pub(crate) fn cancel_refused(&mut self, order: &str) {
        let client_id = self.id(order);
        self.venue.cancels.retain(|asked| *asked != client_id);
        let failure = refusal();
        self.hear(
            &format!("cancel of {order} refused"),
            vec![BrokerEvent::CancelFailed { client_id, failure }],
        );
    }

    /// The broker refuses a replacement.
    pub(crate) fn replace_refused(&mut self, order: &str) {
        let client_id = self.id(order);
        let asked = &mut self.venue.replaces;
        let place = asked.iter().position(|(old, _)| *old == client_id).unwrap();
        let (_, new_client_id) = asked.remove(place);
        self.venue.lose(new_client_id);
        let failure = refusal();
        self.hear(
            &format!("replacement of {order} refused"),
            vec![BrokerEvent::ReplaceFailed {
                client_id,
                new_client_id,
                failure,
            }],
        );
    }

    /// The broker says what it holds.
    pub(crate) fn snapshot(&mut self) {
        let event = self.venue.snapshot(self.at);
        self.hear("snapshot", vec![event]);
    }

    /// A person asks for something.
    pub(crate) fn operator(&mut self, command: OperatorCommand) {
        self.operator_as(1000, "r", command);
    }

    /// The same by another user, or in another call.
    pub(crate) fn operator_as(&mut self, uid: u32, request: &str, command: OperatorCommand) {
        self.say(&format!("operator {command:?}"));
        self.input(Event::Operator {
            command,
            uid,
            request: request.into(),
        });
    }

    /// The book as the journal gives it, through the text that is stored.
    pub(crate) fn book_from_journal(&self) -> Book {
        let mut book = Book::default();
        for entry in &self.journal {
            let text = serde_json::to_string(entry).unwrap();
            let entry: JournalEntry = serde_json::from_str(&text).unwrap();
            book.apply(entry.at, &entry.record);
        }
        book
    }

    /// What the engine knows goes through a text into a new one, which takes its place.
    pub(crate) fn go_over_a_snapshot(&mut self) {
        let text = serde_json::to_string(&self.engine.snapshot()).unwrap();
        let config = crate::setup::config(&self.setup, self.mirror.0, &self.wishes);
        self.engine = Engine::restore(config, serde_json::from_str(&text).unwrap()).unwrap();
        let again = serde_json::to_string(&self.engine.snapshot()).unwrap();
        assert_eq!(text, again);
    }

    /// The process ends here and a new one begins: the book from the journal, nothing else.
    pub(crate) fn restart(&mut self) {
        let book = self.book_from_journal();
        self.rebuild(book);
    }

    /// The same with a book of another making.
    pub(crate) fn rebuild(&mut self, book: Book) {
        let next = self.journal.last().map_or(1, |entry| entry.seq + 1);
        self.engine = engine(&self.setup, self.mirror.0, &self.wishes, book, next);
        warm_up(&mut self.engine, self.at);
        // What was on its way is lost with the process.
        self.venue.cancels.clear();
        for (_, new) in std::mem::take(&mut self.venue.replaces) {
            self.venue.lose(new);
        }
        self.say("restart");
        self.input(Event::Start);
    }
}

/// No word from the broker.
pub(crate) fn no_answer() -> RequestFailure {
    RequestFailure::Ambiguous {
        message: "timeout".into(),
    }
}

/// A broker's no.
pub(crate) fn refusal() -> RequestFailure {
    RequestFailure::Refused {
        code: 42_210_000,
        message: "no".into(),
    }
}

impl Drop for Scene {
    /// What happened up to a test's failure.
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.transcript());
        }
    }
}
