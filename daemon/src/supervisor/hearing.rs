//! What comes to the crank over a network, stamped at the door: what the broker says goes before prices.

use trader_broker_alpaca::face::FeedItem;
use trader_contract::{Bar, BrokerEvent, Channel, FeedEvent, RequestFailure, Symbol};
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
        if is_a_word(&event) {
            link.last_heard_at = Some(now);
        }
        if let BrokerEvent::Link { up, why } = &event {
            show(link, *up, why);
        }
        self.feed(&Event::Broker(event));
    }

    fn hear_item(&mut self, item: FeedItem) {
        let now = self.now;
        let link = &mut self.kernel.facts_mut().feed;
        let lost = matches!(&item, FeedItem::Feed(FeedEvent::Link { up: false, .. }));
        if !lost {
            link.last_heard_at = Some(now);
        }
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

/// Whether an event is a word of the broker, and not what is said here of its silence.
const fn is_a_word(event: &BrokerEvent) -> bool {
    match event {
        BrokerEvent::Link { up, .. } => *up,
        BrokerEvent::SnapshotFailed { .. } => false,
        BrokerEvent::SubmitFailed { failure, .. }
        | BrokerEvent::CancelFailed { failure, .. }
        | BrokerEvent::ReplaceFailed { failure, .. } => {
            matches!(failure, RequestFailure::Refused { code, .. } if *code != 0)
        }
        _ => true,
    }
}

fn show(link: &mut Link, up: bool, why: &str) {
    link.state = if up { LinkState::Up } else { LinkState::Down };
    link.detail = Some(why.to_owned()).filter(|why| !why.is_empty());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_here_of_a_silent_broker_is_no_word_of_its() {
        let client_id = "00000001-20250115-1-e1".parse().unwrap();
        let refused = |code| BrokerEvent::SubmitFailed {
            client_id,
            failure: RequestFailure::Refused {
                code,
                message: "no".into(),
            },
        };
        let link = |up| BrokerEvent::Link { up, why: "".into() };
        let failed = BrokerEvent::SnapshotFailed {
            number: 1,
            message: "no answer in time".into(),
        };
        for (event, is_one) in [
            (link(true), true),
            (link(false), false),
            (failed, false),
            (refused(0), false),
            (refused(403), true),
            (BrokerEvent::Alive, true),
        ] {
            assert_eq!(is_a_word(&event), is_one, "{event:?}");
        }
    }
}
