//! The feed of bars: true minutes go to the exchange at their start, and to the daemon after their end,
//! as far as nothing happens to them on the way.

use trader_contract::{Bar, Channel, FeedEvent, Price, SymbolId, Timestamp};

use super::World;
use super::queue::Due;
use crate::sim::plan::FaultKind;

const MILLISECOND: i64 = 1_000_000;
/// Minutes between two questions for the newest bar of a symbol whose bars come.
const NEWEST_EVERY: i64 = 15;

/// The feed of the life that runs.
#[derive(Debug)]
pub(super) struct Feed {
    pub(super) up: bool,
    /// How many faults keep it down.
    pub(super) kept_down: u32,
    /// How many faults keep it silent.
    pub(super) muted: u32,
    /// The same for each symbol.
    pub(super) muted_symbols: Vec<u32>,
    /// How many faults keep quotes back.
    pub(super) muted_quotes: u32,
    /// Since when each symbol is halted, while it is.
    pub(super) halted_at: Vec<Option<Timestamp>>,
    /// A bar of each symbol that waits for the one after it.
    held_back: Vec<Option<Bar>>,
}

impl Feed {
    /// Of so many symbols.
    pub(super) fn of(symbols: usize) -> Self {
        Self {
            up: false,
            kept_down: 0,
            muted: 0,
            muted_symbols: vec![0; symbols],
            muted_quotes: 0,
            halted_at: vec![None; symbols],
            held_back: vec![None; symbols],
        }
    }

    /// Whether anything comes of it.
    pub(super) const fn speaks(&self) -> bool {
        self.up && self.kept_down == 0 && self.muted == 0
    }
}

impl World<'_> {
    /// A minute begins.
    pub(super) fn minute(&mut self) {
        let edge = self.now;
        // What happened up to now happened before the minute.
        self.hear_broker();
        for symbol in 0..self.tapes.len() {
            let over = edge.plus_minutes(-1);
            if let Some(bar) = self.tapes[symbol].bar_at(over) {
                self.bring(symbol, bar);
            }
            self.quote(symbol);
        }
        for symbol in 0..self.tapes.len() {
            let Some(bar) = self.tapes[symbol].bar_at(edge) else {
                continue;
            };
            // Where the venue is closed to a symbol nobody makes a price.
            if !self
                .around
                .halted
                .contains(&self.plan.symbols[symbol].symbol)
            {
                self.log.bar("market", symbol, &bar);
                self.broker.load_bar(id(symbol), &bar, Timestamp::MINUTE);
                self.truth.priced(self.plan.symbols[symbol].symbol, edge);
                self.changed = true;
            }
        }
        let over = [self.plan.session.close, self.plan.next.close];
        if !over.contains(&edge) && edge < self.plan.end {
            self.queue.push(edge.plus_minutes(1), Due::Minute);
        }
    }

    /// A finished minute goes to the daemon.
    fn bring(&mut self, symbol: usize, bar: Bar) {
        if self.kernel.is_none() || self.asleep {
            return;
        }
        // The minute in which the halt began is brought: somebody traded in it.
        if self.feed.halted_at[symbol].is_some_and(|at| at <= bar.start) {
            return;
        }
        let now = self.now;
        let comes = self.feed.speaks()
            && self.feed.muted_symbols[symbol] == 0
            && !self.hits(FaultKind::BarDropped, symbol);
        let minute = bar.start.seconds() / 60;
        if !comes || minute % NEWEST_EVERY == 0 {
            // The provider's own records are asked as well; what the stream has brought is no news.
            let newest = FeedEvent::Newest {
                symbol: self.plan.symbols[symbol].symbol,
                start: bar.start,
            };
            self.queue
                .push(now.plus_seconds(4), Due::FeedSays(self.life, newest));
        }
        if !comes {
            return;
        }
        let mut bar = bar;
        let some = Some(symbol);
        if let Some(mut draw) = self.faults.strike_in(FaultKind::WildPrice, some, now) {
            self.log.note("fault", 0, || "wild_price".to_owned());
            bar = wild(&bar, draw.between(-600, 1_500));
        }
        let mut at = now.plus_nanos(self.wire.between(60, 900) * MILLISECOND);
        if let Some(mut draw) = self.faults.strike_in(FaultKind::BarDelayed, some, now) {
            self.log.note("fault", 0, || "bar_delayed".to_owned());
            at = now.plus_nanos(draw.between(2_500, 90_000) * MILLISECOND);
        }
        if self.feed.held_back[symbol].is_none() && self.hits(FaultKind::BarReordered, symbol) {
            self.feed.held_back[symbol] = Some(bar);
            return;
        }
        let life = self.life;
        let mut push = |bar| self.queue.push(at, Due::Bar { life, symbol, bar });
        push(bar);
        if let Some(late) = self.feed.held_back[symbol].take() {
            push(late);
        }
        if self.hits(FaultKind::BarDuplicated, symbol) {
            let at = at.plus_nanos(100 * MILLISECOND);
            self.queue.push(at, Due::Bar { life, symbol, bar });
        }
    }

    pub(super) fn hits(&mut self, kind: FaultKind, symbol: usize) -> bool {
        let now = self.now;
        let strikes = self.faults.strike_in(kind, Some(symbol), now).is_some();
        if strikes {
            let number = i64::try_from(kind.index()).unwrap_or(0);
            self.log.note("fault", number, || kind.name().to_owned());
        }
        strikes
    }

    /// The feed tells of itself after a moment.
    pub(super) fn feed_link(&mut self, up: bool, why: &str) {
        self.feed.up = up;
        if self.kernel.is_none() {
            return;
        }
        let event = FeedEvent::Link {
            channel: Channel::Bars,
            up,
            why: why.into(),
        };
        let wire = self.wire();
        let at = self.now.plus_nanos(wire);
        self.queue.push(at, Due::FeedSays(self.life, event));
    }

    /// The daemon wants the feed anew: a new connection has what was silent in the old one.
    pub(super) fn renew_feed(&mut self) {
        if self.feed.kept_down > 0 || self.kernel.is_none() {
            return;
        }
        self.feed.muted = 0;
        self.feed.muted_symbols.fill(0);
        self.feed_link(false, "made anew");
        self.feed_link(true, "");
    }
}

/// The id of a symbol by its place.
pub(super) fn id(symbol: usize) -> SymbolId {
    SymbolId::new(u32::try_from(symbol).unwrap_or(u32::MAX))
}

/// A bar whose high or low lies so many parts per thousand away from where it was.
fn wild(bar: &Bar, parts: i64) -> Bar {
    let moved = |price: Price| {
        let micros = price.micros() + price.micros() / 1_000 * parts;
        Price::from_micros(micros.max(10_000)).unwrap_or(price)
    };
    let close = moved(bar.close);
    Bar {
        high: bar.high.max(close),
        low: bar.low.min(close),
        close,
        ..*bar
    }
}
