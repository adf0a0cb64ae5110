//! What happens to symbols and executions beside prices: quotes, what can be borrowed, splits over the
//! night, and executions that the broker takes back.

use trader_contract::{BrokerEvent, Quote, Timestamp};
use trader_core::Event;

use super::World;
use super::feed::id;
use super::queue::Due;
use crate::sim::draw::Draw;
use crate::sim::invariants::Question;
use crate::sim::plan::FaultKind;

const MILLISECOND: i64 = 1_000_000;
/// The newest executions of which one may be taken back.
const RECENT: u64 = 4;

impl World<'_> {
    /// Something of the market reaches the daemon, if it lives and is awake.
    pub(super) fn tell(&mut self, life: u32, event: &Event) {
        if life != self.life || self.asleep || self.kernel.is_none() {
            return;
        }
        self.log.note("told", 0, || format!("{event:?}"));
        self.feed(event);
    }

    fn tell_soon(&mut self, event: Event) {
        let wire = self.wire();
        let at = self.now.plus_nanos(wire);
        self.queue.push(at, Due::Tell(self.life, Box::new(event)));
    }

    /// The best bid and offer of a symbol, after a minute of it.
    pub(super) fn quote(&mut self, symbol: usize) {
        let over = self.now.plus_minutes(-1);
        if !self.plan.quotes || self.feed.muted_quotes > 0 || !self.feed.speaks() {
            return;
        }
        let Some(bar) = self.tapes[symbol].bar_at(over) else {
            return;
        };
        let half = i64::from(self.plan.broker.half_spread_micros);
        let away = |micros: i64| bar.close.offset(micros);
        let (mut bid, mut ask) = (away(-half.max(10_000)), away(half.max(10_000)));
        let wide = bar.close.micros() / 20;
        if self.hits(FaultKind::QuoteCrossed, symbol) {
            std::mem::swap(&mut bid, &mut ask);
        }
        if self.hits(FaultKind::QuoteWide, symbol) {
            (bid, ask) = (away(-wide), away(wide));
        }
        if self.hits(FaultKind::QuoteHalf, symbol) {
            bid = None;
        }
        let quote = Quote {
            at: self.now,
            bid,
            ask,
            bid_size: 100,
            ask_size: 100,
        };
        let at = self.now.plus_nanos(self.wire.between(5, 50) * MILLISECOND);
        let symbol = id(symbol);
        let event = Event::Quote { symbol, quote };
        self.queue.push(at, Due::Tell(self.life, Box::new(event)));
    }

    /// Shares of a symbol can be borrowed, or not.
    pub(super) fn may_borrow(&mut self, symbol: usize, shortable: bool) {
        self.broker.set_shortable(id(symbol), shortable);
        let changes = match shortable {
            true => self.not_shortable.remove(&symbol),
            false => self.not_shortable.insert(symbol),
        };
        if changes {
            self.tell_asset(symbol);
        }
    }

    fn tell_asset(&mut self, symbol: usize) {
        let Some(plan) = self.plan.symbols.get(symbol) else {
            return;
        };
        let event = BrokerEvent::Asset {
            symbol: plan.symbol,
            tradable: true,
            shortable: !self.not_shortable.contains(&symbol),
        };
        self.tell_soon(Event::Broker(event));
    }

    /// Whoever starts is told what cannot be borrowed, and what was split in the night.
    pub(super) fn tell_at_start(&mut self) {
        let symbols: Vec<usize> = self.not_shortable.iter().copied().collect();
        for symbol in symbols {
            self.tell_asset(symbol);
        }
        self.tell_splits();
    }

    /// Shares are split in the night.
    pub(super) fn split_shares(&mut self) {
        for symbol in 0..self.plan.symbols.len() {
            let name = self.plan.symbols[symbol].symbol;
            if self.plan.jump(symbol).is_some() {
                self.faults.note(FaultKind::Jump, self.now);
            }
            let Some(ratio) = self.plan.split(symbol) else {
                continue;
            };
            let kind = match ratio.0 > ratio.1 {
                true => FaultKind::SplitForward,
                false => FaultKind::SplitReverse,
            };
            self.faults.note(kind, self.now);
            self.log.data("split", &(name, ratio));
            self.broker.apply_split(id(symbol), ratio, self.now);
            self.hear_broker();
            let account = self.broker.account();
            let mut held = account.positions.iter();
            let net = held.find(|(symbol, ..)| *symbol == name);
            let net = net.map_or(trader_contract::NetQty::ZERO, |(_, net, _)| *net);
            self.truth.split(name, net, ratio);
            self.changed = true;
        }
        self.tell_splits();
    }

    /// The provider says what was split, to whoever hears it before the open.
    pub(super) fn tell_splits(&mut self) {
        let told = self.plan.splits_at()..self.plan.next.open;
        if !told.contains(&self.now) || self.kernel.is_none() || self.asleep {
            return;
        }
        for symbol in 0..self.plan.symbols.len() {
            if let Some((new, old)) = self.plan.split(symbol) {
                let symbol = self.plan.symbols[symbol].symbol;
                self.tell_soon(Event::Split { symbol, new, old });
            }
        }
    }

    /// The broker takes one of the newest executions back, or changes it.
    pub(super) fn correct(&mut self, kind: FaultKind, seed: u64) {
        self.hear_broker();
        let mut draw = Draw::of(seed, "correction");
        let back = usize::try_from(draw.below(RECENT)).unwrap_or(0);
        let today = |at: Timestamp| self.plan.session.contains(at);
        let mut newest = self.executions.iter().rev();
        let found = newest.by_ref().filter(|(_, e)| today(e.at)).nth(back);
        let Some((_, execution)) = found.cloned() else {
            return;
        };
        let now = match kind {
            FaultKind::FillCorrected => {
                let whole = execution.qty.whole_shares();
                let shares = u32::try_from(draw.between(1, whole.max(1))).unwrap_or(1);
                let cents = draw.between(-30, 30) * 10_000;
                let price = execution.price.offset(cents).unwrap_or(execution.price);
                let qty = trader_contract::Qty::shares(shares).unwrap_or(execution.qty);
                Some((qty.min(execution.qty), price))
            }
            _ => None,
        };
        let id = match &self.alpaca {
            Some(alpaca) => alpaca.venue.original(&execution.id),
            None => execution.id.clone(),
        };
        let Some(mut done) = self.broker.correct(&id, now, self.now) else {
            return;
        };
        if let Some(alpaca) = &mut self.alpaca {
            let taken_back = (&done.void, done.now.as_ref());
            (done.void, done.now) = alpaca.venue.correct(done.client_id, taken_back, self.now);
        }
        self.faults.note(kind, self.now);
        self.log.note("fault", 0, || kind.name().to_owned());
        self.executions.retain(|(_, e)| e.id != done.void.id);
        if let Some(now) = &done.now {
            self.executions.push((done.client_id, now.clone()));
        }
        let told = (done.client_id, done.void.id.clone(), done.now.clone());
        self.corrections.push(told);
        let (symbol, side) = done.traded;
        let change = side.opposite().signed(done.void.qty);
        let put = done.now.as_ref().map(|now| side.signed(now.qty));
        let change = put
            .and_then(|put| change.checked_add(put))
            .unwrap_or(change);
        self.truth.corrected(symbol, change, self.now);
        let order = (done.client_id, symbol);
        self.ask(Question::Corrected, |watcher, view| {
            watcher.corrected(order, (&done.void, done.now.as_ref()), view)
        });
        self.hear_broker();
        self.changed = true;
    }
}
