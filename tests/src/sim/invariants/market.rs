//! INV-12 and INV-14 by what the daemon was told of quotes, symbols and the account: the market is
//! entered only on a quote that is fresh, whole and narrow, nothing is entered short that cannot be
//! borrowed, and nothing at all while the broker blocks the account.

use std::collections::{BTreeMap, BTreeSet};

use trader_contract::{
    BrokerEvent, Channel, FeedEvent, Level, OrderKind, Price, Quote, Side, Symbol, Timestamp,
};
use trader_core::risk::waiver::Waivable;
use trader_core::{Event, OperatorCommand};

use super::known::sets_the_clock;
use super::prices::Prices;
use super::trading::entry;
use super::{Checked, Sent, View, Watcher};

/// What a message of the same instant may be late.
const REACTION: i64 = Timestamp::SECOND / 10;

/// INV-14.
#[derive(Debug, Default)]
pub(super) struct SaneQuote {
    life: Option<Timestamp>,
    quotes: BTreeMap<Symbol, Quote>,
    alive_at: Option<Timestamp>,
    /// The daemon's clock.
    now: Option<Timestamp>,
}

impl Watcher for SaneQuote {
    fn invariant(&self) -> &'static str {
        "INV-14"
    }

    fn told(&mut self, event: &Event, at: Timestamp, view: &View<'_>) -> Checked {
        if self.life != view.around.up_since {
            *self = Self {
                life: view.around.up_since,
                ..Self::default()
            };
        }
        self.now = Some(at);
        match event {
            Event::Quote { symbol, quote } => {
                if let Some(symbol) = view.plan.symbols.get(symbol.index()) {
                    self.quotes.insert(symbol.symbol, *quote);
                }
                // Whoever's it is, the channel lives.
                self.alive_at = Some(at);
            }
            Event::Feed(
                FeedEvent::Alive {
                    channel: Channel::Quotes,
                }
                | FeedEvent::Link {
                    channel: Channel::Quotes,
                    ..
                },
            ) => self.alive_at = Some(at),
            _ => {}
        }
        Ok(0)
    }

    fn sent(&mut self, sent: &Sent<'_>, view: &View<'_>) -> Checked {
        let Some(request) = entry(sent).filter(|request| request.kind == OrderKind::Market) else {
            return Ok(0);
        };
        let (id, symbol) = (request.client_id, request.symbol);
        let (Some(quote), Some(now)) = (self.quotes.get(&symbol), self.now) else {
            return Ok(0);
        };
        let (Some(bid), Some(ask)) = (quote.bid, quote.ask) else {
            return Err(format!("{id} left at the market on half a quote"));
        };
        if bid >= ask {
            return Err(format!("{id} left at the market on {bid} to {ask}"));
        }
        let spread = Level::from(ask) - Level::from(bid);
        let waived = view.truth.waives(id, Waivable::Spread);
        if spread > Level::from(ask).scaled_down(view.plan.limits.spread) && !waived {
            return Err(format!(
                "{id} left at the market on a quote from {bid} to {ask}"
            ));
        }
        let heard = quote.at.max(self.alive_at.unwrap_or(Timestamp::MIN));
        let age = now.since(heard);
        if age > view.plan.limits.quote_age_nanos + REACTION && !sets_the_clock(view.plan) {
            let seconds = age / Timestamp::SECOND;
            return Err(format!(
                "{id} left at the market on a quote of {seconds} s ago"
            ));
        }
        Ok(3)
    }
}

/// INV-12: what may not be traded is not entered.
#[derive(Debug, Default)]
pub(super) struct MayTrade {
    life: Option<Timestamp>,
    not_shortable: BTreeMap<Symbol, Timestamp>,
    blocked: Option<Timestamp>,
}

impl Watcher for MayTrade {
    fn invariant(&self) -> &'static str {
        "INV-12"
    }

    fn told(&mut self, event: &Event, _at: Timestamp, view: &View<'_>) -> Checked {
        if self.life != view.around.up_since {
            *self = Self {
                life: view.around.up_since,
                ..Self::default()
            };
        }
        match event {
            Event::Broker(BrokerEvent::Asset {
                symbol, shortable, ..
            }) => {
                if *shortable {
                    self.not_shortable.remove(symbol);
                } else {
                    self.not_shortable.entry(*symbol).or_insert(view.now);
                }
            }
            Event::Broker(BrokerEvent::Snapshot(held)) => {
                self.blocked = held.account.blocked.is_some().then_some(view.now);
            }
            _ => {}
        }
        Ok(0)
    }

    fn sent(&mut self, sent: &Sent<'_>, _view: &View<'_>) -> Checked {
        let Some(request) = entry(sent) else {
            return Ok(0);
        };
        let (id, symbol) = (request.client_id, request.symbol);
        if let Some(since) = self.blocked {
            return Err(format!(
                "{id} left although the account is blocked, known since {since}"
            ));
        }
        match self.not_shortable.get(&symbol) {
            Some(since) if request.side == Side::Sell => Err(format!(
                "{id} sells {symbol} short, which cannot be borrowed, known since {since}"
            )),
            _ => Ok(2),
        }
    }
}

/// INV-14: a symbol that opens far from where it closed, and of which nobody says why, is not entered
/// until a person has said so.
#[derive(Debug, Default)]
pub(super) struct JumpStops {
    freed: bool,
    prices: Prices,
    /// Symbols whose close was told wrong, so that nobody could see the jump.
    hidden: BTreeSet<Symbol>,
}

impl Watcher for JumpStops {
    fn invariant(&self) -> &'static str {
        "INV-14"
    }

    fn told(&mut self, event: &Event, _at: Timestamp, view: &View<'_>) -> Checked {
        if let Event::Operator {
            command: OperatorCommand::Arm { .. },
            ..
        } = event
        {
            self.freed |= view.now >= view.plan.next.open;
        }
        if let Event::Bar { symbol, bar } = event
            && view.plan.next.contains(bar.start)
            && let Some(symbol) = view.plan.symbols.get(symbol.index())
            && let Some(before) = self.prices.newest(symbol.symbol)
            && !view.plan.next.contains(before.start)
            && !is_jump(before.close, bar.open)
        {
            self.hidden.insert(symbol.symbol);
        }
        self.prices.told(event, view);
        Ok(0)
    }

    fn sent(&mut self, sent: &Sent<'_>, view: &View<'_>) -> Checked {
        let Some(request) = entry(sent).filter(|_| view.now >= view.plan.next.open) else {
            return Ok(0);
        };
        let mut symbols = view.plan.symbols.iter();
        let place = symbols.position(|symbol| symbol.symbol == request.symbol);
        match place.and_then(|place| view.plan.jump(place)) {
            Some(ppm) if !self.freed && !self.hidden.contains(&request.symbol) => Err(format!(
                "{} left for {}, which has jumped by {} %",
                request.client_id,
                request.symbol,
                ppm / 10_000
            )),
            _ => Ok(1),
        }
    }
}

/// Whether two prices are more than two fifths of the first apart.
fn is_jump(before: Price, now: Price) -> bool {
    let (before, now) = (Level::from(before), Level::from(now));
    let apart = (now - before).abs();
    apart + apart + apart + apart + apart > before + before
}
