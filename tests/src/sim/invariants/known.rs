//! INV-12, INV-14 and INV-17 by what the daemon was told: no entry leaves on silence, off the tick, far
//! from the last price, or while the clocks are known to differ.

use std::collections::BTreeMap;

use trader_contract::{
    BrokerEvent, BrokerRequest, Channel, FeedEvent, Level, Price, Symbol, TickRule, Timestamp,
};
use trader_core::Event;
use trader_core::risk::waiver::Waivable;

use super::prices::Prices;
use super::trading::entry;
use super::{Checked, Sent, View, Watcher};
use crate::sim::plan::{FaultKind, Plan};

/// The order stream and the feed may be silent for so long.
const STREAMS: i64 = 30 * Timestamp::SECOND;
/// What the broker has said of the account may be so old.
const ACCOUNT: i64 = 90 * Timestamp::SECOND;
/// A bar that the provider has may come so late after its end.
const BAR_LATE: i64 = 10 * Timestamp::SECOND;
/// Our clock may be so far from the broker's.
const SKEW: u64 = Timestamp::SECOND.unsigned_abs();
/// How far a clock that is set back may make silence seem shorter.
const CLOCK_SET: i64 = 20 * Timestamp::SECOND;

/// One stream as the daemon was told of it.
#[derive(Debug, Clone, Copy)]
struct Heard {
    up: bool,
    at: Timestamp,
}

impl Default for Heard {
    fn default() -> Self {
        Self {
            up: true,
            at: Timestamp::MIN,
        }
    }
}

impl Heard {
    fn link(&mut self, up: bool, at: Timestamp) {
        self.up = up;
        if up {
            self.at = at;
        }
    }
}

/// INV-12: by its own clock the daemon was told something within the bounds of each source.
#[derive(Debug)]
pub(super) struct ToldLately {
    life: Option<Timestamp>,
    started_at: Timestamp,
    /// The daemon's clock.
    now: Timestamp,
    orders: Heard,
    bars: Heard,
    account_at: Option<Timestamp>,
    /// The newest minute that was brought, and the newest that the provider is known to have.
    minutes: BTreeMap<Symbol, (Timestamp, Timestamp)>,
}

impl Default for ToldLately {
    fn default() -> Self {
        Self {
            life: None,
            started_at: Timestamp::MIN,
            now: Timestamp::MIN,
            orders: Heard::default(),
            bars: Heard::default(),
            account_at: None,
            minutes: BTreeMap::new(),
        }
    }
}

impl ToldLately {
    fn begin_life(&mut self, at: Timestamp, view: &View<'_>) {
        if self.life != view.around.up_since {
            *self = Self {
                life: view.around.up_since,
                started_at: at,
                ..Self::default()
            };
        }
        self.now = at;
    }

    fn minute(&mut self, symbol: Symbol) -> &mut (Timestamp, Timestamp) {
        let none = (Timestamp::MIN, Timestamp::MIN);
        self.minutes.entry(symbol).or_insert(none)
    }

    /// What is too old for an entry in a symbol.
    fn stale(&self, symbol: Symbol, plan: &Plan) -> Option<String> {
        let sessions = [plan.next, plan.session];
        let session = sessions.into_iter().find(|s| s.open <= self.now)?;
        let from = self.started_at.max(session.open);
        let slack = if sets_the_clock(plan) { CLOCK_SET } else { 0 };
        let silent = |heard: Timestamp, most: i64| self.now.since(heard.max(from)) > most + slack;
        if !self.orders.up || silent(self.orders.at, STREAMS) {
            return Some("the order stream is lost or silent".to_owned());
        }
        if !self.bars.up || silent(self.bars.at, STREAMS) {
            return Some("the feed is lost or silent".to_owned());
        }
        if silent(self.account_at.unwrap_or(Timestamp::MIN), ACCOUNT) {
            return Some("the broker has not said for too long what it holds".to_owned());
        }
        let (brought, newest) = self.minutes.get(&symbol)?;
        let end = newest.plus_minutes(1);
        let late = session.contains(*newest) && newest > brought && end > self.started_at;
        let lacks = late && self.now.since(end) > BAR_LATE + slack;
        lacks.then(|| format!("the provider has the minute of {newest}, which never came"))
    }
}

impl Watcher for ToldLately {
    fn invariant(&self) -> &'static str {
        "INV-12"
    }

    fn told(&mut self, event: &Event, at: Timestamp, view: &View<'_>) -> Checked {
        self.begin_life(at, view);
        match event {
            Event::Broker(BrokerEvent::Link { up, .. }) => self.orders.link(*up, at),
            Event::Broker(
                BrokerEvent::Order(_)
                | BrokerEvent::Alive
                | BrokerEvent::Foreign(_)
                | BrokerEvent::Corrected { .. }
                | BrokerEvent::Halt { .. },
            ) => self.orders.at = at,
            Event::Broker(BrokerEvent::Snapshot(_)) => self.account_at = Some(at),
            Event::Feed(FeedEvent::Link {
                channel: Channel::Bars,
                up,
                ..
            }) => self.bars.link(*up, at),
            Event::Feed(FeedEvent::Alive {
                channel: Channel::Bars,
            }) => self.bars.at = at,
            Event::Feed(FeedEvent::Newest { symbol, start }) => {
                let (_, newest) = self.minute(*symbol);
                *newest = (*newest).max(*start);
            }
            Event::Bar { symbol, bar } => {
                self.bars.at = at;
                if let Some(symbol) = view.plan.symbols.get(symbol.index()) {
                    let (brought, _) = self.minute(symbol.symbol);
                    *brought = (*brought).max(bar.start);
                }
            }
            _ => {}
        }
        Ok(0)
    }

    fn sent(&mut self, sent: &Sent<'_>, view: &View<'_>) -> Checked {
        let Some(request) = entry(sent) else {
            return Ok(0);
        };
        match self.stale(request.symbol, view.plan) {
            Some(why) => Err(format!("{} left while {why}", request.client_id)),
            None => Ok(4),
        }
    }
}

/// INV-14: each price is on the tick, and those of entries are near the last price of this life.
#[derive(Debug, Default)]
pub(super) struct SanePrice {
    prices: Prices,
}

impl Watcher for SanePrice {
    fn invariant(&self) -> &'static str {
        "INV-14"
    }

    fn told(&mut self, event: &Event, _at: Timestamp, view: &View<'_>) -> Checked {
        self.prices.told(event, view);
        Ok(0)
    }

    fn sent(&mut self, sent: &Sent<'_>, view: &View<'_>) -> Checked {
        let mut checks = 0;
        for price in prices(sent.request) {
            checks += 1;
            if !TickRule::Rule612.allows(price) {
                return Err(format!("{price} is not on the tick: {:?}", sent.request));
            }
        }
        let Some(request) = entry(sent) else {
            return Ok(checks);
        };
        let Some(last) = self.prices.last(request.symbol) else {
            return Ok(checks);
        };
        let reference = Level::from(last);
        let collar = Waivable::PriceCollar;
        if view.truth.waives(request.client_id, collar) {
            return Ok(checks);
        }
        let most = reference.scaled_down(view.plan.limits.price_collar);
        for price in request.kind.stop().into_iter().chain(request.kind.limit()) {
            checks += 1;
            if (Level::from(price) - reference).abs() > most {
                return Err(format!(
                    "{} left at {price}, farther from {reference} than {most}",
                    request.client_id
                ));
            }
        }
        Ok(checks)
    }
}

/// Every price of a request.
fn prices(request: &BrokerRequest) -> Vec<Price> {
    match request {
        BrokerRequest::Submit(order) => {
            let legs = [order.attached.stop, order.attached.target, order.oco_stop];
            let legs = legs.into_iter().flatten().map(|(_, price)| price);
            let own = order.kind.stop().into_iter().chain(order.kind.limit());
            own.chain(legs).collect()
        }
        BrokerRequest::Replace(change) => change.stop.into_iter().chain(change.limit).collect(),
        BrokerRequest::Cancel(_) | BrokerRequest::Snapshot { .. } => Vec::new(),
    }
}

/// INV-17: a difference of the clocks that was measured in this life stops entries.
#[derive(Debug, Default)]
pub(super) struct ClockBounded {
    life: Option<Timestamp>,
    skew: Option<i64>,
}

impl Watcher for ClockBounded {
    fn invariant(&self) -> &'static str {
        "INV-17"
    }

    fn told(&mut self, event: &Event, _at: Timestamp, view: &View<'_>) -> Checked {
        if self.life != view.around.up_since {
            self.life = view.around.up_since;
            self.skew = None;
        }
        if let Event::Skew { nanos } = event {
            self.skew = Some(*nanos);
        }
        Ok(0)
    }

    fn sent(&mut self, sent: &Sent<'_>, _view: &View<'_>) -> Checked {
        let Some(request) = entry(sent) else {
            return Ok(0);
        };
        match self.skew {
            Some(nanos) if nanos.unsigned_abs() > SKEW => Err(format!(
                "{} left while the clocks were known to differ by {} ms",
                request.client_id,
                nanos / 1_000_000
            )),
            Some(_) => Ok(1),
            None => Ok(0),
        }
    }
}

/// Whether somebody sets the daemon's clock.
pub(super) fn sets_the_clock(plan: &Plan) -> bool {
    let mut faults = plan.faults.iter();
    faults.any(|fault| fault.kind == FaultKind::WallStep)
}
