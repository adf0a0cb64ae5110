//! What comes to the crank over a network, stamped at the door: what the broker says goes before prices.

use trader_broker_alpaca::face::FeedItem;
use trader_contract::{Bar, BrokerEvent, Channel, FeedEvent, Symbol};
use trader_core::Event;
use trader_rpc::{Link, LinkState};

use super::crank::Crank;
use super::venue::Venue;

impl Crank {
    /// Takes everything that has come.
    pub(super) fn hear_network(&mut self) {
        for _ in 0..self.inbox.network().begin() {
            if let Some(event) = self.inbox.network().event() {
                self.stamp();
                self.hear_broker(event);
            } else if let Some(item) = self.inbox.network().item() {
                self.stamp();
                self.hear_item(item);
            } else {
                return;
            }
        }
    }

    /// The time goes on, but not past what is due before.
    fn stamp(&mut self) {
        let next = self.next().map(|(at, _)| at);
        self.now = self.pacing.now(self.now, next);
    }

    fn hear_broker(&mut self, event: BrokerEvent) {
        let now = self.now;
        if let Venue::Alpaca(alpaca) = &mut self.outside.venue {
            alpaca.hear(&event);
        }
        let link = &mut self.kernel.facts_mut().broker;
        link.last_heard_at = Some(now);
        if let BrokerEvent::Link { up, why } = &event {
            show(link, *up, why);
        }
        self.feed(&Event::Broker(event));
    }

    fn hear_item(&mut self, item: FeedItem) {
        let now = self.now;
        let link = &mut self.kernel.facts_mut().feed;
        link.last_heard_at = Some(now);
        match item {
            FeedItem::Feed(event) => {
                if let FeedEvent::Link {
                    channel: Channel::Bars,
                    up,
                    why,
                } = &event
                {
                    show(link, *up, why);
                }
                self.feed(&Event::Feed(event));
            }
            FeedItem::Bar { symbol, bar } | FeedItem::Revised { symbol, bar } => {
                self.hear_bars(symbol, &[bar]);
            }
            FeedItem::Missed { symbol, bars } => self.hear_bars(symbol, &bars),
            FeedItem::Quote { symbol, quote } => {
                if let Some(symbol) = self.id(symbol) {
                    self.feed(&Event::Quote { symbol, quote });
                }
            }
            FeedItem::Halt {
                symbol,
                halted,
                why,
            } => {
                tracing::warn!(%symbol, halted, %why, "the exchange says whether a symbol trades");
                self.feed(&Event::Broker(BrokerEvent::Halt { symbol, halted }));
            }
            FeedItem::ShortsRestricted { symbol } => {
                tracing::warn!(%symbol, "short sales are restricted today and tomorrow");
            }
            // Nothing subscribes to these.
            FeedItem::Day { .. }
            | FeedItem::Trade { .. }
            | FeedItem::Corrected { .. }
            | FeedItem::Bands { .. }
            | FeedItem::News(_) => {}
        }
    }

    fn hear_bars(&mut self, symbol: Symbol, bars: &[Bar]) {
        let Some(symbol) = self.id(symbol) else {
            return;
        };
        for bar in bars {
            self.feed(&Event::Bar { symbol, bar: *bar });
        }
    }

    fn id(&self, symbol: Symbol) -> Option<trader_contract::SymbolId> {
        match &self.outside.venue {
            Venue::Alpaca(alpaca) => alpaca.id(symbol),
            Venue::Inside(_) => None,
        }
    }
}

fn show(link: &mut Link, up: bool, why: &str) {
    link.state = if up { LinkState::Up } else { LinkState::Down };
    link.detail = Some(why.to_owned()).filter(|why| !why.is_empty());
}
