//! One run: a daemon's kernel, a broker with its exchange, a market and whatever fails between them, in
//! virtual time and on one thread. The next thing that happens is always the earliest one; on one
//! instant the broker comes first, then the market, then the engine's timer.

mod alpaca;
mod death;
mod edges;
mod feed;
mod moments;
mod operator;
mod owner;
mod process;
mod queue;
mod recording;
mod stream;
mod street;
mod transport;

use std::collections::{BTreeMap, BTreeSet};

use trader_broker_sim::SimBroker;
use trader_contract::{
    Broker, BrokerEvent, ClientOrderId, Execution, ExecutionId, Symbol, Timestamp,
};
use trader_core::Event;
use trader_core::book::Book;
use trader_core::record::{OverrideEnd, Record};
use trader_kernel::Kernel;
use trader_rpc::Accepted;

pub use death::{DEATH_NAMES, DeathCounts};
pub use edges::Did;
pub use recording::Recording;

use super::disk::{Disk, Medium};
use super::draw::Draw;
use super::faults::Faults;
use super::invariants::{Broken, Circumstances, Question, Sent, View, Watch, Watcher};
use super::log::Log;
use super::market::{Tape, tapes};
use super::naked::Meter;
use super::outcome::{Outcome, Violation};
use super::plan::{Plan, Protocol};
use super::setup;
use super::truth::Truth;
use alpaca::Alpaca;
use death::Deaths;
use feed::Feed;
use operator::Slot;
use queue::Queue;
use stream::Stream;
use transport::Flight;

/// Timers of one instant at most: more would never end.
const TIMERS_AT_ONCE: u32 = 1_000;

/// Everything in a run.
pub struct World<'p> {
    plan: &'p Plan,
    now: Timestamp,
    queue: Queue,
    broker: SimBroker,
    truth: Truth,
    meter: Meter,
    /// Whether the broker has changed since the truth was last asked for.
    changed: bool,
    disk: Disk,
    faults: Faults,
    log: Log,
    /// How long messages take.
    wire: Draw,
    flights: BTreeMap<u64, Flight>,
    last_flight: u64,
    stream: Stream,
    feed: Feed,
    tapes: Vec<Tape>,
    kernel: Option<Kernel>,
    /// Counts starts of the daemon.
    life: u32,
    deaths: Deaths,
    did: Vec<Did>,
    around: Circumstances,
    /// How far the daemon's clock is ahead of the true one.
    clock_ahead: i64,
    /// How far the broker's clock is ahead of the true one.
    broker_ahead: i64,
    asleep: bool,
    /// How long the daemon stays down after a clean end.
    stays_down: i64,
    watch: Watch,
    broken: Option<Broken>,
    timers: (Timestamp, u32),
    sides: [bool; 2],
    /// Every execution that the broker has made, oldest first: its records go back for years.
    executions: Vec<(ClientOrderId, Execution)>,
    /// Every execution that it has taken back, and what stands in its place.
    corrections: Vec<(ClientOrderId, ExecutionId, Option<Execution>)>,
    deeds: BTreeMap<&'static str, u64>,
    /// How often a call was made whose answer did not come.
    attempts: BTreeMap<usize, u32>,
    /// The symbols that cannot be borrowed.
    not_shortable: BTreeSet<usize>,
    /// The book of a life that ended with everything it knew on the disk.
    knew: Option<Book>,
    /// Where the answer of the call that is being made is put.
    asking: Option<Slot<Accepted>>,
    /// Whether a call was answered before what it did was on the disk.
    early: bool,
    recording: Recording,
    /// Alpaca's protocol between the daemon and the broker, where the plan wants it.
    alpaca: Option<Alpaca>,
}

impl<'p> World<'p> {
    /// A run before its first event.
    #[must_use]
    pub fn new(plan: &'p Plan, log: Log, watchers: Vec<Box<dyn Watcher>>) -> Self {
        let traded = plan.symbols.iter().map(|symbol| symbol.symbol);
        let untraded = setup::UNTRADED.0.parse::<Symbol>();
        let symbols: Vec<Symbol> = traded.chain(untraded).collect();
        let mut world = Self {
            plan,
            now: plan.start.plus_minutes(-1),
            queue: Queue::default(),
            broker: SimBroker::new(setup::broker(plan), &symbols),
            truth: Truth::default(),
            meter: Meter::default(),
            changed: true,
            disk: Disk::new(setup::EPOCH, plan.medium),
            faults: Faults::of(plan),
            log,
            wire: Draw::of(plan.seed, "wire"),
            flights: BTreeMap::new(),
            last_flight: 0,
            stream: Stream::default(),
            feed: Feed::of(plan.symbols.len()),
            tapes: tapes(plan),
            kernel: None,
            life: 0,
            deaths: Deaths::of(plan),
            did: Vec::new(),
            around: Circumstances {
                healed_at: None,
                up_since: None,
                calm_from: Timestamp::MIN,
                halted: BTreeSet::new(),
                open_since: None,
                shut_out: false,
                journal_failed: false,
                under_way: 0,
                awake_since: Timestamp::MIN,
                asleep: false,
                silent_since: None,
                clock_behind: 0,
            },
            knew: None,
            asking: None,
            early: false,
            recording: Recording::default(),
            clock_ahead: 0,
            broker_ahead: 0,
            asleep: false,
            stays_down: Timestamp::SECOND,
            watch: Watch::of(watchers),
            broken: None,
            timers: (Timestamp::MIN, 0),
            sides: [false; 2],
            executions: Vec::new(),
            corrections: Vec::new(),
            deeds: BTreeMap::new(),
            attempts: BTreeMap::new(),
            not_shortable: BTreeSet::new(),
            alpaca: (plan.protocol == Protocol::Alpaca).then(Alpaca::default),
        };
        world.schedule();
        world
    }

    /// Runs to the end, or to the first invariant that does not hold.
    #[must_use]
    pub fn run(mut self) -> Outcome {
        while self.broken.is_none() && self.turn() {}
        self.finish()
    }

    /// The same, recorded.
    #[must_use]
    pub fn run_recorded(mut self) -> (Outcome, Recording) {
        self.recording = Recording::on();
        while self.broken.is_none() && self.turn() {}
        let recording = std::mem::take(&mut self.recording);
        (self.finish(), recording)
    }

    /// Lets the next thing happen; false at the end.
    fn turn(&mut self) -> bool {
        let broker = self.broker.due();
        let queued = self.queue.next_at();
        let client = self.client_due();
        let timer = self.timer();
        let Some(at) = [broker, queued, client, timer].into_iter().flatten().min() else {
            return false;
        };
        if at > self.plan.end {
            return false;
        }
        self.now = self.now.max(at);
        self.log.next(self.now);
        self.meter.pass(&self.truth.held, &self.around, self.now);
        if broker == Some(at) {
            self.hear_broker();
        } else if queued == Some(at) {
            if let Some((_, due)) = self.queue.pop() {
                self.happen(due);
            }
        } else if client == Some(at) {
            self.count_timer();
            self.tick_client();
        } else {
            self.count_timer();
            self.feed(&Event::Timer);
        }
        self.after_event();
        true
    }

    /// When the engine's timer is due, by the true clock.
    fn timer(&self) -> Option<Timestamp> {
        let kernel = self.kernel.as_ref().filter(|_| !self.asleep)?;
        let due = kernel.engine().next_timer()?;
        Some(due.plus_nanos(self.clock_ahead.saturating_neg()))
    }

    fn count_timer(&mut self) {
        let (at, count) = &mut self.timers;
        if *at != self.now {
            (*at, *count) = (self.now, 0);
        }
        *count += 1;
        if *count > TIMERS_AT_ONCE {
            self.broken = Some(Broken {
                invariant: "INV-23",
                detail: "a timer that is due again and again on one instant".to_owned(),
            });
        }
    }

    /// The daemon's clock.
    const fn daemon_now(&self) -> Timestamp {
        self.now.plus_nanos(self.clock_ahead)
    }

    /// How long a message takes.
    fn wire(&mut self) -> i64 {
        let (least, most) = self.plan.broker.wire;
        self.wire.between(least, most)
    }

    /// Takes what has happened at the broker; it goes out on the stream.
    fn hear_broker(&mut self) {
        while let Some(event) = self.take_from_broker() {
            self.note_broker(&event);
            match event {
                BrokerEvent::Halt { .. } => self.tell_halt(event),
                event => self.stream_out(event),
            }
            if self.broken.is_some() {
                return;
            }
        }
    }

    /// The next thing that the broker says.
    fn take_from_broker(&mut self) -> Option<BrokerEvent> {
        let event = self.broker.take(self.now)?;
        Some(match &mut self.alpaca {
            Some(alpaca) => alpaca.venue.hear(event),
            None => event,
        })
    }

    /// Something has happened at the broker, whoever hears of it.
    fn note_broker(&mut self, event: &BrokerEvent) {
        self.changed = true;
        self.log.said("broker", event);
        let BrokerEvent::Order(report) = event else {
            return;
        };
        self.truth.executed(report, self.now);
        if let Some(execution) = &report.execution {
            self.executions.push((report.client_id, execution.clone()));
        }
        if report.execution.is_some() && !report.client_id.role.is_reducing() {
            let side = match report.side {
                trader_contract::Side::Buy => 0,
                trader_contract::Side::Sell => 1,
            };
            self.sides[side] = true;
        }
        self.ask(Question::Reported, |watcher, view| {
            watcher.reported(report, view)
        });
    }

    /// Asks every watcher something.
    fn ask(
        &mut self,
        question: Question,
        mut put: impl FnMut(&mut dyn Watcher, &View<'_>) -> super::invariants::Checked,
    ) {
        if self.broken.is_some() {
            return;
        }
        let view = View {
            now: self.now,
            plan: self.plan,
            truth: &self.truth,
            engine: self.kernel.as_ref().map(Kernel::engine),
            around: &self.around,
        };
        let asked = self.watch.ask(question, |watcher| put(watcher, &view));
        self.broken = asked.err();
    }

    /// What an event has left is looked at.
    fn after_event(&mut self) {
        self.bury_the_dead();
        if std::mem::take(&mut self.changed) {
            self.truth.refresh(&self.broker, self.now);
            self.tell_what_was_naked();
        }
        if self.around.open_since.is_none() || self.asleep {
            self.truth.skip_to(self.now);
        }
        self.around.calm_from = self.faults.calm_from();
        self.around.asleep = self.asleep;
        self.around.clock_behind = self.clock_ahead.saturating_neg().max(0);
        let silent = self.kernel.is_some() && (!self.stream.up || self.stream.muted > 0);
        let since = self.around.silent_since.unwrap_or(self.now);
        self.around.silent_since = silent.then_some(since);
        self.tell_what_it_did();
        self.ask(Question::After, |watcher, view| watcher.after(view));
    }

    /// Says for how long what is naked no longer was so, and why.
    fn tell_what_was_naked(&mut self) {
        for stretch in self.meter.end(&self.truth.held) {
            let seconds = stretch.seconds();
            let number = i64::try_from(seconds).unwrap_or(i64::MAX);
            self.log.note("naked", number, || {
                let (symbol, why) = (stretch.symbol, stretch.reason());
                format!("{symbol} was naked for {seconds} s: {why}")
            });
        }
    }

    /// Shows the watchers what the daemon has written and sent.
    fn tell_what_it_did(&mut self) {
        let mut did = std::mem::take(&mut self.did);
        for deed in did.drain(..) {
            match &deed {
                Did::Wrote { entry, durable } => {
                    if *durable {
                        self.truth
                            .written(&entry.record, !self.around.journal_failed);
                        if is_override(&entry.record) {
                            self.count_deed("overridden");
                        }
                    }
                    self.ask(Question::Wrote, |watcher, view| {
                        watcher.wrote(entry, *durable, view)
                    });
                }
                Did::Sent {
                    request,
                    explained,
                    journal_failed,
                } => {
                    let sent = Sent {
                        request,
                        explained: *explained,
                        journal_failed: *journal_failed,
                    };
                    self.ask(Question::Sent, |watcher, view| watcher.sent(&sent, view));
                }
                Did::Raised(alert) => self.ask(Question::Raised, |watcher, view| {
                    watcher.raised(alert, view)
                }),
                Did::WantsFeed => {}
            }
        }
        self.did = did;
    }

    fn finish(mut self) -> Outcome {
        self.ask(Question::AtTheEnd, |watcher, view| watcher.at_the_end(view));
        if self.broken.is_none() {
            self.compare_journal();
        }
        let violation = self.broken.take().map(|broken| Violation {
            invariant: broken.invariant,
            detail: broken.detail,
            event: self.log.events(),
            at: self.now,
        });
        Outcome {
            seed: self.plan.seed,
            hash: self.log.hash(),
            events: self.log.events(),
            faults: *self.faults.struck(),
            deaths: self.deaths.counts(),
            deepest: self.deaths.deepest(),
            calls: self.deaths.calls(),
            lives: self.life,
            deeds: self.deeds,
            checks: self.watch.checks(),
            naked: self.meter.naked(),
            symbols: self.plan.symbols.len(),
            both_sides: self.sides == [true; 2],
            flat: self.truth.held.is_empty(),
            violation,
            tail: self.log.tail(),
        }
    }

    /// The book is what the journal adds up to, and a database would say the same.
    fn compare_journal(&mut self) {
        let folded = self.disk.fold();
        let ours = self.kernel.as_ref().filter(|_| !self.around.journal_failed);
        let why = match (folded, ours) {
            (Err(why), _) => Some(why),
            (Ok(book), Some(kernel)) if book != *kernel.engine().book() => {
                Some("the book is not what the journal adds up to".to_owned())
            }
            _ => None,
        };
        let why = why.or_else(|| {
            let database = self.plan.medium == Medium::Database;
            let compared = database.then(|| self.disk.compare_with_a_database());
            compared.and_then(Result::err)
        });
        self.broken = why.map(|detail| Broken {
            invariant: "INV-11",
            detail,
        });
    }
}

/// Whether an entry was sent past limits, as a person has confirmed.
const fn is_override(record: &Record) -> bool {
    matches!(
        record,
        Record::OverrideEnded {
            end: OverrideEnd::Used,
            ..
        }
    )
}
