//! The account and its exchange: what the trading API reads and changes. A state machine without
//! clock, sockets and disk: time comes in as an argument, and what has happened waits in an outbox.

mod account;
mod activities;
mod agenda;
mod books;
mod change;
mod day_trades;
mod dividends;
mod draft;
mod history;
mod order;
mod place;
mod positions;
mod settle;
mod splits;
mod trades;
mod views;
mod watchlists;

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde_json::Value;
use trader_broker_sim::{Latency, SimBroker, SimConfig, Slippage, Split};
use trader_contract::{
    Broker as _, ClientOrderId, Epoch, IntentNo, Money, OrderRole, Ratio, Symbol, Timestamp,
};

use super::ids::IdMaker;
use super::market::{HALF_SPREAD_MICROS, Market};
pub(crate) use account::Settings;
pub(crate) use activities::Activity;
use agenda::Agenda;
pub(crate) use agenda::in_new_york;
use books::Books;
use dividends::Owed;
pub(crate) use order::Order;
pub(crate) use positions::Holding;
use trades::Trade;
use watchlists::Watchlists;
pub(crate) use watchlists::Which;

/// What the account starts with, in dollars.
pub(crate) const OPENING_CASH: i64 = 100_000;
const MICROSECOND: i64 = 1_000;
/// How long the way to the exchange takes, until the admin interface says otherwise: less than a
/// client on this machine needs for its next request, as Alpaca's takes less than one on the network.
const TO_VENUE: i64 = 50 * MICROSECOND;

/// Something that a stream may have to tell.
#[derive(Debug, Clone)]
pub(crate) enum Notice {
    /// The data of a message of `trade_updates`.
    Trade(Value),
    /// A message of a market data stream, for a channel and an asset.
    Market {
        channel: &'static str,
        asset: usize,
        message: Value,
    },
}

/// Behaviour that the reference leaves open.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Switches {
    /// Whether the cancel that falls on the other exit of a group is kept from the stream.
    pub(crate) silent_sibling_cancel: bool,
    /// Whether the made-up dividends are paid; Alpaca's paper accounts are paid none.
    pub(crate) dividends: bool,
}

/// What the account was worth at a moment.
#[derive(Debug, Clone, Copy)]
struct Worth {
    at: Timestamp,
    equity: Decimal,
    /// What its owner had paid in by then.
    paid_in: Decimal,
}

/// The account and its exchange.
pub(crate) struct World {
    pub(crate) market: Market,
    sim: SimBroker,
    ids: IdMaker,
    now: Timestamp,
    agenda: Agenda,
    orders: Vec<Order>,
    /// The places of those that are open.
    open: BTreeSet<usize>,
    by_id: BTreeMap<String, usize>,
    by_client: BTreeMap<String, usize>,
    by_sim: BTreeMap<ClientOrderId, usize>,
    holdings: BTreeMap<usize, Holding>,
    activities: Vec<Activity>,
    /// Every execution that stands.
    trades: Vec<Trade>,
    /// What splits have left of assets: what traded before them is none of `trades` any more.
    carried: BTreeMap<usize, Holding>,
    pub(crate) settings: Settings,
    /// The worth of the account at each minute of each session.
    worth_by_minute: Vec<Worth>,
    books: Books,
    /// What the owner has paid in, less what was paid out.
    paid_in: Decimal,
    /// Dividends that are to be paid.
    owed: Vec<Owed>,
    /// What executions have been charged with since the last close.
    pending_fees: Decimal,
    pub(crate) account_id: String,
    pub(crate) created_at: Timestamp,
    /// Halted assets, and their last prices before it.
    halted: BTreeMap<usize, Option<Decimal>>,
    pub(crate) switches: Switches,
    /// Why the account may open nothing.
    blocked: Option<String>,
    pub(crate) watchlists: Watchlists,
    outbox: Vec<Notice>,
    /// What the streams are to tell at a moment to come, in the order of the moments.
    to_tell: Vec<(Timestamp, Notice)>,
    sim_ids: u32,
    /// When the last order was made, and when the last event of one was.
    last_made: Timestamp,
    last_event: Timestamp,
}

impl World {
    /// An account on a market, at `start`.
    pub(crate) fn new(market: Market, seed: u64, start: Timestamp) -> Self {
        let symbols: Vec<Symbol> = market.assets().iter().map(|asset| asset.symbol).collect();
        let config = SimConfig {
            seed,
            latency: Latency {
                submit: TO_VENUE,
                cancel: TO_VENUE,
                replace: TO_VENUE,
                ..Latency::NONE
            },
            half_spread_micros: HALF_SPREAD_MICROS,
            slippage: Slippage::NONE,
            split: Split {
                probability: Ratio::from_billionths(100_000_000),
                retry: Timestamp::SECOND,
            },
            ..SimConfig::alpaca(Money::dollars(OPENING_CASH))
        };
        let mut ids = IdMaker::new(seed);
        let account_id = ids.uuid();
        let mut world = Self {
            sim: SimBroker::new(config, &symbols),
            agenda: Agenda::at(&market, start),
            market,
            ids,
            now: start,
            orders: Vec::new(),
            open: BTreeSet::new(),
            by_id: BTreeMap::new(),
            by_client: BTreeMap::new(),
            by_sim: BTreeMap::new(),
            holdings: BTreeMap::new(),
            activities: Vec::new(),
            trades: Vec::new(),
            carried: BTreeMap::new(),
            settings: Settings::default(),
            worth_by_minute: Vec::new(),
            books: Books::new(),
            paid_in: Decimal::from(OPENING_CASH),
            owed: Vec::new(),
            pending_fees: Decimal::ZERO,
            account_id,
            created_at: start,
            halted: BTreeMap::new(),
            switches: Switches::default(),
            blocked: None,
            watchlists: Watchlists::default(),
            outbox: Vec::new(),
            to_tell: Vec::new(),
            sim_ids: 0,
            last_made: Timestamp::MIN,
            last_event: Timestamp::MIN,
        };
        world.begin(start);
        world.record_deposit();
        world
    }

    /// The time now.
    pub(crate) const fn now(&self) -> Timestamp {
        self.now
    }

    /// Plays everything up to `to`.
    pub(crate) fn advance(&mut self, to: Timestamp) {
        while self.step(to) {}
        self.now = self.now.max(to);
        self.sim.move_to(self.now);
    }

    /// When something happens next.
    pub(crate) fn due(&self) -> Timestamp {
        let due = self.sim.due().unwrap_or(Timestamp::MAX);
        due.min(self.agenda.next()).min(self.tells_at())
    }

    fn tells_at(&self) -> Timestamp {
        self.to_tell.first().map_or(Timestamp::MAX, |(at, _)| *at)
    }

    /// Lets the next thing happen, if it is due. The market comes before what the broker says.
    fn step(&mut self, to: Timestamp) -> bool {
        let due = self.sim.due().unwrap_or(Timestamp::MAX);
        let turn = self.agenda.next();
        let next = due.min(turn).min(self.tells_at());
        if next > to {
            return false;
        }
        self.now = self.now.max(next);
        if next < due.min(turn) {
            let (_, notice) = self.to_tell.remove(0);
            self.outbox.push(notice);
        } else if turn <= due {
            self.turn(turn);
        } else {
            self.take_reports();
        }
        true
    }

    fn take_reports(&mut self) {
        while let Some(event) = self.sim.take(self.now) {
            self.settle(event);
        }
    }

    /// What has happened since the last call.
    pub(crate) fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.outbox)
    }

    /// Puts a message of a market data stream into the outbox.
    pub(crate) fn tell_market(&mut self, channel: &'static str, asset: usize, message: Value) {
        self.tell_market_at(self.now, channel, asset, message);
    }

    /// Puts a message of a market data stream into the outbox once it is `at`.
    pub(crate) fn tell_market_at(
        &mut self,
        at: Timestamp,
        channel: &'static str,
        asset: usize,
        message: Value,
    ) {
        let notice = Notice::Market {
            channel,
            asset,
            message,
        };
        if at <= self.now {
            self.outbox.push(notice);
        } else {
            let place = self.to_tell.partition_point(|(other, _)| *other <= at);
            self.to_tell.insert(place, (at, notice));
        }
    }

    /// Says why the account may open nothing, or that it may.
    pub(crate) fn set_blocked(&mut self, why: Option<&str>) {
        self.blocked = why.map(str::to_owned);
        self.sim.set_blocked(why);
    }

    /// Whether an asset is halted.
    pub(crate) fn is_halted(&self, asset: usize) -> bool {
        self.halted.contains_key(&asset)
    }

    /// The exchange itself, for the admin interface.
    pub(crate) const fn exchange(&mut self) -> &mut SimBroker {
        &mut self.sim
    }

    /// An id for something that the account keeps.
    fn next_id(&mut self) -> String {
        self.ids.uuid()
    }

    /// The moment at which an order is made: on the microsecond, which is as fine as most clients can
    /// say it back, and later than any before, so that a page may begin behind any order.
    fn made_at(&mut self) -> Timestamp {
        let over = self.now.nanos().rem_euclid(MICROSECOND);
        let now = self.now.plus_nanos(over.saturating_neg());
        self.last_made = now.max(self.last_made.plus_nanos(MICROSECOND));
        self.last_made
    }

    /// The moment of an event of an order: after that of every event before it.
    fn event_at(&mut self, at: Timestamp) -> Timestamp {
        self.last_event = at.max(self.last_event.plus_nanos(1));
        self.last_event
    }

    /// The next id under which the exchange knows an order.
    fn next_sim_id(&mut self) -> ClientOrderId {
        self.sim_ids = self.sim_ids.saturating_add(1);
        ClientOrderId {
            epoch: Epoch(1),
            session: 0,
            intent: IntentNo(self.sim_ids),
            role: OrderRole::Entry,
            attempt: 1,
        }
    }
}
