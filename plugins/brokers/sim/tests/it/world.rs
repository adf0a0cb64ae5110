//! Random lives of a broker: sequences of requests, bars and events of the day, and everything that
//! the broker says about them. The same life can be led upside down.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "small numbers; an overflow would panic"
)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use trader_broker_sim::{Fees, Latency, Margin, Profile, SimBroker, SimConfig, Slippage, Split};
use trader_contract::{
    Attached, Bar, Broker, BrokerEvent, BrokerRequest, ClientOrderId, Epoch, IntentNo, Money,
    OrderKind, OrderRequest, OrderRole, Price, Qty, Ratio, Replacement, Side, Symbol, SymbolId,
    TimeInForce, Timestamp, Trail,
};

use crate::scenario::{MINUTE, open_at, symbol};

const SECOND: i64 = 1_000_000_000;
/// Prices are turned around this one, in cents.
const MIDDLE: i64 = 10_000;

/// One step of a life. Prices are cents above or below the middle.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Submit {
        buy: bool,
        shares: u32,
        kind: u8,
        near: i64,
        far: i64,
        time_in_force: TimeInForce,
        legs: u8,
    },
    /// Counted back from the newest id.
    Cancel(usize),
    Replace {
        which: usize,
        price: i64,
        shares: Option<u32>,
    },
    Wait(i64),
    Bar {
        prices: [i64; 4],
        volume: u64,
    },
    Halt(bool),
    /// The close, after a last bar but for the shortest, the announcement of the next session, and
    /// so many minutes of the time between.
    Night(i64),
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let near = -300_i64..300;
    prop_oneof![
        6 => (any::<bool>(), 1_u32..300, 0_u8..6, near.clone(), 0_i64..200, times(), 0_u8..6)
            .prop_map(|(buy, shares, kind, near, far, time_in_force, legs)| Step::Submit {
                buy, shares, kind, near, far, time_in_force, legs,
            }),
        2 => (0_usize..6).prop_map(Step::Cancel),
        6 => (0_usize..6, near, prop::option::of(1_u32..300))
            .prop_map(|(which, price, shares)| Step::Replace { which, price, shares }),
        3 => (0..30 * SECOND).prop_map(Step::Wait),
        8 => (prop::array::uniform4(-300_i64..300), 0_u64..3_000)
            .prop_map(|(prices, volume)| Step::Bar { prices, volume }),
        1 => any::<bool>().prop_map(Step::Halt),
        2 => prop::sample::select(vec![1_i64, 200, 1_040]).prop_map(Step::Night),
    ]
}

fn times() -> impl Strategy<Value = TimeInForce> {
    prop_oneof![
        3 => Just(TimeInForce::Day),
        3 => Just(TimeInForce::Gtc),
        6 => prop::sample::select(TimeInForce::ALL.to_vec()),
    ]
}

/// Settings without anything that treats the sides differently.
pub(crate) fn fair_config() -> impl Strategy<Value = SimConfig> {
    let latency = prop::array::uniform5(prop_oneof![Just(0), 0..20 * SECOND]);
    let share = prop::option::of(10_000_000_i64..500_000_000);
    (
        latency,
        prop_oneof![Just(0), 0..5 * SECOND],
        share,
        prop_oneof![Just(0), Just(300_000_000_i64)],
        0_u32..30_000,
        prop_oneof![Just(0_u32), Just(10_000)],
        any::<u64>(),
    )
        .prop_map(
            |(times, jitter, share, split, slip, half_spread_micros, seed)| {
                let [request, submit, cancel, replace, report] = times;
                SimConfig {
                    seed,
                    latency: Latency {
                        request,
                        submit,
                        cancel,
                        replace,
                        report,
                        jitter,
                    },
                    slippage: Slippage {
                        per_share_micros: slip,
                        basis_points: 0,
                    },
                    half_spread_micros,
                    fees: Fees {
                        per_share: Money::from_micros(3_500),
                        per_order: Money::from_micros(350_000),
                        regulatory: false,
                    },
                    participation: share.map(Ratio::from_billionths),
                    split: Split {
                        probability: Ratio::from_billionths(split),
                        retry: SECOND,
                    },
                    ..SimConfig::plain(Money::dollars(1_000_000))
                }
            },
        )
}

/// Settings of both profiles.
pub(crate) fn any_config() -> impl Strategy<Value = SimConfig> {
    let costs = (any::<bool>(), 1_i64..900_000_000, any::<bool>());
    (fair_config(), any::<bool>(), 0_u32..20, costs).prop_map(
        |(config, alpaca, basis_points, costs)| {
            let (regulatory, borrow_rate, by_date) = costs;
            let slippage = Slippage {
                basis_points,
                ..config.slippage
            };
            let config = SimConfig {
                fees: Fees {
                    regulatory,
                    ..config.fees
                },
                borrow_rate: Ratio::from_billionths(borrow_rate),
                margin: by_date.then_some(Margin::ByDate),
                ..config
            };
            if alpaca {
                let rules = SimConfig::alpaca(config.cash);
                SimConfig {
                    profile: Profile::Alpaca,
                    margin: config.margin.or(rules.margin),
                    slippage,
                    ..config
                }
            } else {
                SimConfig { slippage, ..config }
            }
        },
    )
}

/// A broker that lives through steps.
pub(crate) struct World {
    pub(crate) broker: SimBroker,
    pub(crate) now: Timestamp,
    pub(crate) events: Vec<(Timestamp, BrokerEvent)>,
    pub(crate) bars: Vec<Bar>,
    /// Every open and close.
    pub(crate) sessions: Vec<(Timestamp, Timestamp)>,
    /// How long each order may stand.
    pub(crate) times: BTreeMap<ClientOrderId, TimeInForce>,
    upside_down: bool,
    percent: bool,
    bar_end: Timestamp,
    close: Timestamp,
    ids: Vec<ClientOrderId>,
    pub(crate) trailing: Vec<ClientOrderId>,
    counter: u32,
}

impl World {
    pub(crate) fn new(config: SimConfig, upside_down: bool) -> Self {
        let symbols: [Symbol; 2] = [symbol(), "OTHER".parse().unwrap()];
        let percent = config.borrow_rate != Ratio::ZERO;
        // Where fees are charged, at a time that has some.
        let open = if config.fees.regulatory {
            "2026-09-15T13:30:00Z".parse().unwrap()
        } else {
            open_at()
        };
        let mut broker = SimBroker::new(config, &symbols);
        let close = open.plus_minutes(390);
        broker.open_session(open, close);
        Self {
            broker,
            now: open,
            sessions: vec![(open, close)],
            times: BTreeMap::new(),
            events: Vec::new(),
            bars: Vec::new(),
            upside_down,
            percent,
            bar_end: open,
            close,
            ids: Vec::new(),
            trailing: Vec::new(),
            counter: 0,
        }
    }

    fn price(&self, cents: i64) -> Price {
        let offset = if self.upside_down { -cents } else { cents };
        Price::from_cents(MIDDLE + offset).unwrap()
    }

    /// In dollars, or in percent where the two sides need not be alike.
    fn trail(&self, cents: i64) -> Trail {
        if self.percent && self.counter.is_multiple_of(2) {
            Trail::Percent(Ratio::from_billionths((cents + 9) * 10_000_000))
        } else {
            Trail::Price(Price::from_cents(cents).unwrap())
        }
    }

    fn next_id(&mut self, role: OrderRole) -> ClientOrderId {
        let id = ClientOrderId {
            epoch: Epoch(1),
            session: 20_110_110,
            intent: IntentNo(self.counter),
            role,
            attempt: 1,
        };
        self.ids.push(id);
        id
    }

    /// One of the last ids: the older ones are terminal most of the time.
    fn recent(&self, which: usize) -> Option<ClientOrderId> {
        self.ids.iter().rev().nth(which).copied()
    }

    /// Takes every event up to `until`, each when it is due.
    pub(crate) fn run_to(&mut self, until: Timestamp) {
        while let Some(due) = self.broker.due()
            && due <= until
        {
            while let Some(event) = self.broker.take(due) {
                self.events.push((due, event));
            }
            assert!(self.broker.due().is_none_or(|next| next > due), "stuck");
        }
        self.now = self.now.max(until);
    }

    pub(crate) fn live(&mut self, step: &Step) {
        self.counter += 1;
        match *step {
            Step::Submit { .. } => self.submit(step),
            Step::Cancel(which) => {
                if let Some(id) = self.recent(which) {
                    self.broker.request(BrokerRequest::Cancel(id), self.now);
                }
            }
            Step::Replace {
                which,
                price,
                shares,
            } => {
                if let Some(id) = self.recent(which) {
                    let price = self.price(price);
                    let stop = id.role == OrderRole::Stop;
                    let trails = self.trailing.contains(&id);
                    let replacement = Replacement {
                        client_id: id,
                        new_client_id: self.next_id(OrderRole::Exit),
                        qty: shares.and_then(Qty::shares),
                        stop: stop.then_some(price),
                        limit: (!stop && !trails).then_some(price),
                        trail: trails.then(|| self.trail(i64::from(shares.unwrap_or(30)))),
                    };
                    if let Some(time) = self.times.get(&id).copied() {
                        self.times.insert(replacement.new_client_id, time);
                    }
                    if trails {
                        self.trailing.push(replacement.new_client_id);
                    }
                    self.broker
                        .request(BrokerRequest::Replace(replacement), self.now);
                }
            }
            Step::Wait(nanos) => {
                let until = self.now.plus_nanos(nanos).min(self.bar_end);
                self.run_to(until.max(self.now));
            }
            Step::Bar { prices, volume } => self.bar(prices, volume),
            Step::Halt(halted) => self.broker.set_halted(SymbolId::new(0), halted, self.now),
            Step::Night(minutes) => {
                let last = self.close.plus_minutes(-1);
                if minutes > 1 && self.bar_end <= last && self.now <= last {
                    self.run_to(last);
                    self.bar_end = last;
                    self.bar([20, -30, 110, -90], 3_000);
                }
                self.run_to(self.close.plus_minutes(1));
                let open = self.close.plus_minutes(17 * 60 + 30);
                self.close = open.plus_minutes(390);
                self.broker.open_session(open, self.close);
                self.sessions.push((open, self.close));
                self.bar_end = open;
                let later = self.now.plus_minutes(minutes);
                self.run_to(later);
            }
        }
        self.run_to(self.now);
    }

    fn bar(&mut self, prices: [i64; 4], volume: u64) {
        let start = self.bar_end.max(self.now);
        if start.plus_nanos(MINUTE) > self.close {
            return;
        }
        self.run_to(start);
        let [open, mut close, a, b] = prices;
        let (top, bottom) = (open.max(a).max(b), open.min(a).min(b));
        if top - open == open - bottom && open == close {
            // The one shape that is its own mirror image and yet has to go one way first.
            close += 1;
        }
        let high = top.max(close);
        let low = bottom.min(close);
        if high - open == open - low && open == close {
            return;
        }
        let [high, low] = if self.upside_down {
            [low, high]
        } else {
            [high, low]
        };
        let prices = [open, high, low, close].map(|cents| self.price(cents));
        let bar = Bar::new(start, prices, volume).unwrap();
        self.broker.load_bar(SymbolId::new(0), &bar, MINUTE);
        self.bars.push(bar);
        self.bar_end = start.plus_nanos(MINUTE);
        if volume.is_multiple_of(2) {
            self.run_to(self.bar_end);
        }
    }

    fn submit(&mut self, step: &Step) {
        let Step::Submit {
            buy,
            shares,
            kind,
            near,
            far,
            time_in_force,
            legs,
        } = *step
        else {
            return;
        };
        let up = if buy { 1 } else { -1 };
        // Most of those that may not rest are of a kind that may be so.
        let sound = time_in_force.rests() || shares.is_multiple_of(8);
        let (kind, legs) = if sound { (kind, legs) } else { (kind % 2, 0) };
        let kind = match kind {
            0 => OrderKind::Market,
            1 => OrderKind::Limit {
                limit: self.price(near),
            },
            2 => OrderKind::Stop {
                stop: self.price(near),
            },
            3 => OrderKind::TrailingStop {
                trail: self.trail(far + 1),
            },
            _ => OrderKind::StopLimit {
                stop: self.price(near),
                limit: self.price(near + up * (far - 50)),
            },
        };
        let client_id = self.next_id(OrderRole::Entry);
        self.times.insert(client_id, time_in_force);
        if kind.trail().is_some() {
            self.trailing.push(client_id);
        }
        let below = self.price(near - up * (far + 1));
        let above = self.price(near + up * (far + 1));
        let mut attached = Attached::NONE;
        let mut oco_stop = None;
        match legs {
            1 => attached.stop = Some((self.next_id(OrderRole::Stop), below)),
            2 => attached.target = Some((self.next_id(OrderRole::Target), above)),
            3 => {
                attached.stop = Some((self.next_id(OrderRole::Stop), below));
                attached.target = Some((self.next_id(OrderRole::Target), above));
            }
            4 => oco_stop = Some((self.next_id(OrderRole::Stop), above)),
            _ => {}
        }
        let request = OrderRequest {
            client_id,
            symbol: symbol(),
            side: if buy == self.upside_down {
                Side::Sell
            } else {
                Side::Buy
            },
            qty: Qty::shares(shares).unwrap(),
            kind,
            time_in_force,
            attached,
            oco_stop,
        };
        self.broker
            .request(BrokerRequest::Submit(request), self.now);
    }
}
