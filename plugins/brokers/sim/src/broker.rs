//! The machine itself: its queues, the order in which things happen, and the broker's face. What
//! happens at each step is in the files beside this one.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};
use trader_contract::{
    Bar, Broker, BrokerEvent, BrokerRequest, ClientOrderId, Execution, ExecutionId, ForeignOrder,
    Money, Price, Ratio, Symbol, SymbolId, Timestamp,
};

use crate::ahead::Ahead;
use crate::book::Book;
use crate::config::SimConfig;
use crate::dice::Dice;
use crate::faults::{FaultKind, Faults};
use crate::fees::Charges;
use crate::margin::DayTrades;
use crate::order::{Group, Order, OrderNumber, broker_id};
use crate::session::Session;

/// What the venue does with an order once it gets there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum VenueAction {
    /// Puts it to work.
    Activate(OrderNumber),
    /// Takes it out.
    Cancel(OrderNumber),
    /// Takes it out because its moment has passed.
    Lapse(OrderNumber),
    /// Takes it out because its last day is over.
    Expire(OrderNumber),
    /// Puts another one in its place.
    Replace { old: OrderNumber, new: OrderNumber },
}

/// What happens next.
enum Happening {
    Edge,
    Market(usize),
    Venue,
    Request,
}

/// A simulated broker with its exchange: see the crate's description for its rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimBroker {
    /// Not part of what is saved: a broker is restored under the configuration of the day.
    #[serde(skip, default = "unset")]
    pub(crate) config: SimConfig,
    pub(crate) books: Vec<Book>,
    #[serde(skip)]
    pub(crate) places: BTreeMap<Symbol, usize>,
    /// Orders that are open, and those that ended since the session before opened.
    pub(crate) orders: BTreeMap<OrderNumber, Order>,
    /// Every client id ever taken.
    pub(crate) ids: BTreeMap<ClientOrderId, OrderNumber>,
    pub(crate) groups: BTreeMap<u64, Group>,
    pub(crate) last_number: u64,
    pub(crate) last_execution: u64,
    pub(crate) last_group: u64,
    pub(crate) cash: Money,
    pub(crate) fees: Money,
    #[serde(default)]
    pub(crate) charges: Box<Charges>,
    #[serde(default)]
    pub(crate) day_trades: DayTrades,
    /// Executions since the session before opened.
    pub(crate) executions: Vec<(ClientOrderId, Execution)>,
    pub(crate) session: Option<Session>,
    pub(crate) clock: Timestamp,
    /// When the exchange acts next; the latest time if only a request can make it.
    #[serde(skip, default = "never")]
    next: Timestamp,
    inbound: VecDeque<(Timestamp, BrokerRequest)>,
    venue: VecDeque<(Timestamp, VenueAction)>,
    pub(crate) wakes: BTreeSet<(Timestamp, usize)>,
    outbound: VecDeque<(Timestamp, BrokerEvent)>,
    last_inbound: Timestamp,
    last_outbound: Timestamp,
    pub(crate) dice: Dice,
    pub(crate) faults: Faults,
    /// What its owner rests by hand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) by_hand: Vec<ForeignOrder>,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) last_by_hand: u64,
    /// Executions that were taken back since the session before opened.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) corrected: Vec<(ClientOrderId, ExecutionId, Option<Execution>)>,
    /// Why the account may open nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) blocked: Option<Box<str>>,
    /// What has been said in advance of orders to come.
    #[serde(default, skip_serializing_if = "Ahead::is_empty")]
    pub(crate) ahead: Ahead,
}

const fn unset() -> SimConfig {
    SimConfig::plain(Money::ZERO)
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature is that of serde"
)]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

fn never() -> Timestamp {
    Timestamp::MAX
}

impl SimBroker {
    /// Makes a broker for `symbols`: the id of each is its place in the list. It is closed until a
    /// session opens.
    #[must_use]
    pub fn new(config: SimConfig, symbols: &[Symbol]) -> Self {
        let mut broker = Self {
            books: symbols.iter().copied().map(Book::new).collect(),
            places: BTreeMap::new(),
            orders: BTreeMap::new(),
            ids: BTreeMap::new(),
            groups: BTreeMap::new(),
            last_number: 0,
            last_execution: 0,
            last_group: 0,
            cash: config.cash,
            fees: Money::ZERO,
            charges: Box::default(),
            day_trades: DayTrades::default(),
            executions: Vec::new(),
            session: None,
            clock: Timestamp::MIN,
            next: Timestamp::MAX,
            inbound: VecDeque::new(),
            venue: VecDeque::new(),
            wakes: BTreeSet::new(),
            outbound: VecDeque::new(),
            last_inbound: Timestamp::MIN,
            last_outbound: Timestamp::MIN,
            dice: Dice::new(config.seed),
            faults: Faults::default(),
            by_hand: Vec::new(),
            last_by_hand: 0,
            corrected: Vec::new(),
            blocked: None,
            ahead: Ahead::default(),
            config,
        };
        broker.rebuild();
        broker
    }

    /// Makes what is derived from the rest.
    pub(crate) fn rebuild(&mut self) {
        let named = self.books.iter().enumerate();
        self.places = named.map(|(place, book)| (book.symbol, place)).collect();
        for order in self.orders.values_mut() {
            order.broker_id = broker_id(order.number);
        }
        self.refresh();
    }

    /// Hands over the true bar of the `length_nanos` nanoseconds from its start on, at its start. A
    /// bar that comes late plays only from now on; a symbol that is not in the table is ignored.
    #[inline]
    pub fn load_bar(&mut self, symbol: SymbolId, bar: &Bar, length_nanos: i64) {
        if self.next <= bar.start {
            self.advance(bar.start);
        }
        if self.clock < bar.start {
            self.clock = bar.start;
        }
        let Some(book) = self.books.get_mut(symbol.index()) else {
            return;
        };
        book.bar = Some(*bar);
        book.length = length_nanos;
        book.live_from = self.clock;
        book.taken_shares = 0;
        if book.wake.is_some() || book.wakes(bar) {
            self.arm(symbol.index());
        }
    }

    /// The last price of a symbol: on the path inside its bar, the close after it.
    #[must_use]
    pub fn last_price(&self, symbol: SymbolId) -> Option<Price> {
        self.mark(symbol.index())
    }

    /// Orders a failure in advance.
    pub fn fail_next(&mut self, kind: FaultKind) {
        self.faults.add(kind);
    }

    /// Stops or resumes trading in a symbol, and says so. Where it resumes, the price may jump.
    pub fn set_halted(&mut self, symbol: SymbolId, halted: bool, now: Timestamp) {
        self.advance(now);
        let Some(book) = self.books.get_mut(symbol.index()) else {
            return;
        };
        if book.halted == halted {
            return;
        }
        self.follow_all(symbol.index(), now);
        let Some(book) = self.books.get_mut(symbol.index()) else {
            return;
        };
        book.halted = halted;
        book.live_from = book.live_from.max(now);
        let symbol_name = book.symbol;
        self.arm(symbol.index());
        let event = BrokerEvent::Halt {
            symbol: symbol_name,
            halted,
        };
        self.emit(self.clock, event);
    }

    /// Says whether shares of a symbol can be borrowed; they can until told otherwise.
    pub fn set_shortable(&mut self, symbol: SymbolId, shortable: bool) {
        if let Some(book) = self.books.get_mut(symbol.index()) {
            book.shortable = shortable;
        }
    }

    /// Says why the account may open nothing, or that it may.
    pub fn set_blocked(&mut self, why: Option<&str>) {
        self.blocked = why.map(Into::into);
    }

    /// Says what borrowing shares of a symbol costs in a year from now on; the configuration's rate
    /// until told otherwise.
    pub fn set_borrow_rate(&mut self, symbol: SymbolId, rate: Ratio) {
        if let Some(book) = self.books.get(symbol.index()) {
            self.charges.borrow_rates.insert(book.symbol, rate);
        }
    }

    /// Plays everything that happens up to `now`.
    pub(crate) fn advance(&mut self, now: Timestamp) {
        while let Some((at, what)) = self.happening() {
            if at > now {
                break;
            }
            self.clock = self.clock.max(at);
            match what {
                Happening::Edge => self.cross_edge(),
                Happening::Market(index) => self.play(index, at),
                Happening::Venue => {
                    if let Some((_, action)) = self.venue.pop_front() {
                        self.act_at_venue(action, at);
                    }
                }
                Happening::Request => {
                    if let Some((_, request)) = self.inbound.pop_front() {
                        self.handle(request, at);
                    }
                }
            }
        }
        self.clock = self.clock.max(now);
        self.refresh();
    }

    /// What comes first. On one instant: the session's edge, the market, the venue, requests.
    fn happening(&self) -> Option<(Timestamp, Happening)> {
        let edge = self.session.as_ref().and_then(Session::next_edge);
        let market = self.wakes.first();
        let venue = self.venue.front();
        let request = self.inbound.front();
        [
            edge.map(|at| (at, Happening::Edge)),
            market.map(|&(at, index)| (at, Happening::Market(index))),
            venue.map(|&(at, _)| (at, Happening::Venue)),
            request.map(|&(at, _)| (at, Happening::Request)),
        ]
        .into_iter()
        .flatten()
        .reduce(|first, other| if other.0 < first.0 { other } else { first })
    }

    pub(crate) fn refresh(&mut self) {
        self.next = self.happening().map_or(Timestamp::MAX, |(at, _)| at);
    }

    /// Sends something to the venue, where it arrives after `delay` nanoseconds.
    pub(crate) fn send_to_venue(&mut self, at: Timestamp, delay: i64, action: VenueAction) {
        let at = at.plus_nanos(delay.max(0));
        let place = self.venue.partition_point(|&(other, _)| other <= at);
        self.venue.insert(place, (at, action));
    }

    /// Sends an event to the client. `at` is when it happened.
    pub(crate) fn emit(&mut self, at: Timestamp, event: BrokerEvent) {
        let events = if matches!(event, BrokerEvent::Order(_)) && self.faults.touch_reports() {
            self.faults.meet_report(event)
        } else {
            let due = self.report_due(at);
            self.outbound.push_back((due, event));
            return;
        };
        for event in events {
            let due = self.report_due(at);
            self.outbound.push_back((due, event));
        }
    }

    fn report_due(&mut self, at: Timestamp) -> Timestamp {
        let latency = self.config.latency;
        let jitter = self.dice.below(latency.jitter.saturating_add(1));
        let due = at
            .plus_nanos(latency.report.max(0))
            .plus_nanos(jitter)
            .max(self.last_outbound);
        self.last_outbound = due;
        due
    }

    /// Reports where an order is now.
    pub(crate) fn report(
        &mut self,
        number: OrderNumber,
        execution: Option<Execution>,
        reason: Option<&str>,
        at: Timestamp,
    ) {
        let Some(mut order) = self.orders.get_mut(&number) else {
            return;
        };
        if order.is_trailing() {
            self.follow(number, at);
            let Some(followed) = self.orders.get_mut(&number) else {
                return;
            };
            order = followed;
        }
        if execution.is_none() {
            order.stamp = order.next_stamp(at);
        }
        let report = order.report(execution, reason.map(Into::into));
        self.emit(at, BrokerEvent::Order(report));
    }
}

impl Broker for SimBroker {
    fn request(&mut self, request: BrokerRequest, now: Timestamp) {
        self.advance(now);
        let latency = self.config.latency;
        let jitter = self.dice.below(latency.jitter.saturating_add(1));
        let arrival = now
            .plus_nanos(latency.request.max(0))
            .plus_nanos(jitter)
            .max(self.last_inbound);
        self.last_inbound = arrival;
        self.inbound.push_back((arrival, request));
        self.advance(now);
    }

    #[inline]
    fn due(&self) -> Option<Timestamp> {
        let out = self.outbound.front().map_or(Timestamp::MAX, |&(at, _)| at);
        let due = out.min(self.next);
        (due < Timestamp::MAX).then_some(due)
    }

    #[inline]
    fn take(&mut self, now: Timestamp) -> Option<BrokerEvent> {
        if self.next <= now {
            self.advance(now);
        }
        if self.outbound.front().is_none_or(|&(due, _)| due > now) {
            return None;
        }
        self.outbound.pop_front().map(|(_, event)| event)
    }
}
