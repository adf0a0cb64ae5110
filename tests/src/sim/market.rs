//! The true market: minutes that follow from the seed, symbol by symbol, and what has gone before them.

use std::sync::Arc;

use trader_calendar::{Calendar, Session};
use trader_contract::{Bar, Price, Timestamp};

use super::draw::Draw;
use super::plan::{FaultKind, Plan, SymbolPlan};

/// Minutes before the session that strategies are warmed up with.
const PAST_MINUTES: i64 = 230;
const CENT: i64 = 10_000;
/// Prices stay above this: below it the tick is finer.
const LOWEST_CENTS: i64 = 300;

/// The minutes of one symbol.
#[derive(Debug)]
pub struct Tape {
    /// The end of the session before, for warming up.
    pub past: Vec<Bar>,
    /// The session, one for each minute in which somebody traded, oldest first.
    pub today: Vec<Bar>,
    /// The first minutes of the session after it.
    pub tomorrow: Vec<Bar>,
    /// How many shares there are for how many, and from when on: what went before is told in prices of
    /// the new share from then on.
    split: Option<(Timestamp, (u32, u32))>,
}

impl Tape {
    /// Everything that had ended by `now`.
    #[must_use]
    pub fn ended_by(&self, now: Timestamp) -> Arc<[Bar]> {
        let ended = |bar: &&Bar| bar.start.plus_minutes(1) <= now;
        let split = self.split.filter(|(at, _)| *at <= now);
        let before = self.past.iter().chain(&self.today);
        let before = before.map(|bar| match split {
            Some((_, (new, old))) => adjusted(bar, (new, old)),
            None => *bar,
        });
        let before: Vec<Bar> = before.collect();
        let all = before.iter().chain(&self.tomorrow);
        let bars: Vec<Bar> = all.take_while(ended).copied().collect();
        let from = bars
            .len()
            .saturating_sub(usize::try_from(PAST_MINUTES).unwrap_or(0));
        Arc::from(bars.get(from..).unwrap_or_default())
    }

    /// The bar that starts at `start`, if anybody traded then.
    #[must_use]
    pub fn bar_at(&self, start: Timestamp) -> Option<Bar> {
        let find = |bars: &[Bar]| {
            let place = bars.binary_search_by_key(&start, |bar| bar.start).ok()?;
            bars.get(place).copied()
        };
        find(&self.today).or_else(|| find(&self.tomorrow))
    }
}

/// The tapes of a plan, in the order of its symbols.
#[must_use]
pub fn tapes(plan: &Plan) -> Vec<Tape> {
    (0..plan.symbols.len())
        .filter_map(|index| Some(tape(plan, index, plan.symbols.get(index)?)))
        .collect()
}

fn tape(plan: &Plan, index: usize, symbol: &SymbolPlan) -> Tape {
    let mut walk = Walk {
        draw: Draw::of(plan.seed, SymbolPlan::root(&symbol.symbol)),
        cents: (symbol.price.micros() / CENT).max(LOWEST_CENTS),
        noise: symbol.noise_ppm,
        drift: 0,
        volume: symbol.volume,
    };
    let before = Calendar::nyse()
        .previous_session(plan.session.date)
        .unwrap_or(plan.session);
    let past_from = before.close.plus_minutes(-PAST_MINUTES).max(before.open);
    let past = walk.minutes(past_from, before.close, |_| None);
    walk.jump(600);
    let jumps = gaps(plan, index);
    let jump_at = |start: Timestamp| {
        let found = jumps.iter().find(|(at, _)| *at == start);
        found.map(|(_, ppm)| *ppm)
    };
    let today = walk.minutes(plan.session.open, plan.session.close, jump_at);
    walk.jump(600);
    let split = plan.split(index);
    if let Some((new, old)) = split {
        walk.cents = (walk.cents * i64::from(old) / i64::from(new)).max(LOWEST_CENTS);
    }
    walk.move_by(plan.jump(index).unwrap_or(0));
    let morning = plan.next.open.plus_minutes(15).min(plan.next.close);
    let tomorrow = walk.minutes(plan.next.open, morning, |_| None);
    Tape {
        past,
        today: slept_through(plan, today, &plan.session),
        tomorrow,
        split: split.map(|split| (plan.splits_at(), split)),
    }
}

/// A bar of the old share in prices of the new one.
fn adjusted(bar: &Bar, (new, old): (u32, u32)) -> Bar {
    let price = |price: Price| {
        let micros = price.micros() * i64::from(old) / i64::from(new);
        Price::from_micros(micros).unwrap_or(price)
    };
    Bar {
        open: price(bar.open),
        high: price(bar.high),
        low: price(bar.low),
        close: price(bar.close),
        ..*bar
    }
}

/// The minutes at which a symbol jumps, and how far.
fn gaps(plan: &Plan, index: usize) -> Vec<(Timestamp, i64)> {
    let faults = plan.faults.iter();
    let gaps = faults.filter(|fault| fault.kind == FaultKind::Gap && fault.symbol == index);
    gaps.map(|fault| {
        let mut draw = Draw::of(fault.seed, "gap");
        let minute = fault.from.since(plan.session.open).max(0) / Timestamp::MINUTE;
        let ppm = draw.between(6_000, 45_000);
        let ppm = if draw.coin() { ppm } else { -ppm };
        (
            plan.session.open.plus_minutes(minute.saturating_add(1)),
            ppm,
        )
    })
    .collect()
}

/// A machine that sleeps through the middle of a short day has no use for its minutes.
fn slept_through(plan: &Plan, bars: Vec<Bar>, session: &Session) -> Vec<Bar> {
    let inside =
        |(from, to): &&(Timestamp, Timestamp)| session.contains(*from) && *to < session.close;
    let Some((from, to)) = plan.sleeps.iter().find(inside) else {
        return bars;
    };
    let kept = |bar: &Bar| bar.start < *from || bar.start >= *to;
    bars.into_iter().filter(kept).collect()
}

struct Walk {
    draw: Draw,
    cents: i64,
    noise: i64,
    /// Parts per million a minute.
    drift: i64,
    volume: u64,
}

impl Walk {
    fn minutes(
        &mut self,
        from: Timestamp,
        to: Timestamp,
        jump: impl Fn(Timestamp) -> Option<i64>,
    ) -> Vec<Bar> {
        let mut bars = Vec::with_capacity(400);
        let mut start = from;
        while start < to {
            if let Some(ppm) = jump(start) {
                self.move_by(ppm);
            }
            let bar = self.minute(start);
            // Now and then nobody trades; never in a session's first minute.
            if start == from || !self.draw.once_in(60) {
                bars.push(bar);
            }
            start = start.plus_minutes(1);
        }
        bars
    }

    fn jump(&mut self, most_ppm: i64) {
        let ppm = self.draw.between(-most_ppm, most_ppm);
        self.move_by(ppm);
    }

    fn move_by(&mut self, ppm: i64) {
        let moved = self.cents + self.cents * ppm / 1_000_000;
        self.cents = moved.max(LOWEST_CENTS);
    }

    fn minute(&mut self, start: Timestamp) -> Bar {
        if self.draw.once_in(25) {
            self.drift = self.draw.between(-self.noise / 2, self.noise / 2);
        }
        let step = self.draw.between(-2, 2).clamp(-1, 1);
        let open = (self.cents + step).max(LOWEST_CENTS);
        self.cents = open;
        let noise = self.draw.between(-self.noise, self.noise);
        self.move_by(noise + self.drift);
        let close = self.cents;
        let wick = |draw: &mut Draw, noise: i64| close * draw.between(0, noise / 2) / 1_000_000;
        let high = open.max(close) + wick(&mut self.draw, self.noise);
        let low = (open.min(close) - wick(&mut self.draw, self.noise)).max(1);
        let price = |cents: i64| Price::from_cents(cents).unwrap_or(FALLBACK);
        Bar {
            start,
            open: price(open),
            high: price(high),
            low: price(low),
            close: price(close),
            volume: self.volume / 2 + self.draw.below(self.volume.max(1)),
        }
    }
}

/// What a price of no cents becomes; no walk gets there.
pub const FALLBACK: Price = match Price::from_cents(1) {
    Some(price) => price,
    None => unreachable!(),
};
