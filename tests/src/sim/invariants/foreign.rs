//! INV-9: what the owner does by hand is seen, told and left alone, and its symbol is not entered. What
//! the owner has closed is not opened again, and what stands apart is not touched.

use std::collections::BTreeSet;

use trader_contract::{BrokerOrderId, BrokerRequest, Symbol, Timestamp};
use trader_core::record::{Block, JournalEntry, Record};

use super::trading::entry;
use super::{Checked, Sent, View, Watcher};

/// One comparison with the broker, and its answer.
const SEEN_WITHIN: i64 = 75 * Timestamp::SECOND;
/// The kind of the alert.
const ALERT: &str = "foreign";

/// The watcher.
#[derive(Debug, Default)]
pub(super) struct ForeignSurfaced {
    /// The orders that the journal has as somebody else's.
    seen: BTreeSet<BrokerOrderId>,
    /// The symbols of which a person is told.
    alerted: BTreeSet<Symbol>,
    /// The symbols that are kept from being entered, and those of them that are left to the owner.
    blocked: BTreeSet<Symbol>,
    ignored: BTreeSet<Symbol>,
}

impl ForeignSurfaced {
    /// Whether somebody was told of what is in a symbol, or has said to be told no more.
    fn is_told(&self, symbol: Symbol) -> bool {
        self.alerted.contains(&symbol) || self.ignored.contains(&symbol)
    }

    /// Whether the daemon has seen, for all that it can, what the owner holds.
    fn look_at_positions(&self, clear: Timestamp, view: &View<'_>) -> Checked {
        let mut checks = 0;
        for (symbol, hand) in view.truth.owner.hands() {
            if hand.apart.is_flat() || hand.unclear {
                continue;
            }
            let since = hand.traded_at.max(clear);
            if view.now.since(since) <= SEEN_WITHIN {
                continue;
            }
            checks += 1;
            if !self.blocked.contains(&symbol) {
                return Err(format!(
                    "{} {symbol} are the owner's since {}, and the symbol may be entered",
                    hand.apart, hand.apart_since
                ));
            }
            if !self.is_told(symbol) {
                return Err(format!(
                    "{} {symbol} are the owner's since {}, and nobody was told",
                    hand.apart, hand.apart_since
                ));
            }
        }
        Ok(checks)
    }
}

impl Watcher for ForeignSurfaced {
    fn invariant(&self) -> &'static str {
        "INV-9"
    }

    fn wrote(&mut self, entry: &JournalEntry, durable: bool, _view: &View<'_>) -> Checked {
        if !durable {
            return Ok(0);
        }
        match &entry.record {
            Record::ForeignSeen { order } => {
                self.seen.insert(order.broker_id.clone());
            }
            Record::ForeignGone { broker_id } => {
                self.seen.remove(broker_id);
            }
            Record::Alerted { alert } if &*alert.kind == ALERT => {
                self.alerted.extend(alert.symbol);
            }
            Record::SymbolBlocked { symbol, block, .. } => {
                self.blocked.insert(*symbol);
                match block {
                    Block::Ignored { .. } => self.ignored.insert(*symbol),
                    _ => self.ignored.remove(symbol),
                };
            }
            Record::SymbolFreed { symbol, .. } => {
                self.blocked.remove(symbol);
                self.ignored.remove(symbol);
            }
            Record::AlertCleared {
                kind,
                symbol: Some(symbol),
            } if &**kind == ALERT => {
                self.alerted.remove(symbol);
            }
            _ => {}
        }
        Ok(0)
    }

    fn sent(&mut self, sent: &Sent<'_>, view: &View<'_>) -> Checked {
        if let BrokerRequest::Submit(request) = sent.request {
            let symbol = request.symbol;
            let hand = view.truth.owner.hand(symbol);
            let alone = hand.is_some_and(|hand| !hand.unclear && !hand.apart.is_flat());
            let known = view.now >= view.truth.unknown_until(symbol, view.clear_from());
            if alone && known && view.truth.daemons(symbol).is_flat() {
                return Err(format!(
                    "{} left for {symbol}, where everything is the owner's",
                    request.client_id
                ));
            }
        }
        let Some(request) = entry(sent) else {
            return Ok(0);
        };
        let mut checks = 0;
        for (id, by_hand) in &view.truth.by_hand {
            checks += 1;
            if by_hand.symbol == request.symbol && self.seen.contains(id) {
                return Err(format!(
                    "{} left while its owner has {id} in {}",
                    request.client_id, request.symbol
                ));
            }
        }
        Ok(checks)
    }

    fn after(&mut self, view: &View<'_>) -> Checked {
        let around = view.around;
        let Some(up_since) = around.up_since else {
            return Ok(0);
        };
        if around.shut_out || around.journal_failed {
            return Ok(0);
        }
        let clear = around.calm_from.max(around.awake_since).max(up_since);
        let mut checks = self.look_at_positions(clear, view)?;
        for (id, by_hand) in &view.truth.by_hand {
            if view.now.since(by_hand.since.max(clear)) <= SEEN_WITHIN {
                continue;
            }
            checks += 1;
            let symbol = by_hand.symbol;
            if !self.seen.contains(id) {
                return Err(format!(
                    "{id} in {symbol} is at the broker since {}, and nobody has seen it",
                    by_hand.since
                ));
            }
            if !self.is_told(symbol) {
                return Err(format!("{id} in {symbol} was seen, and nobody was told"));
            }
        }
        Ok(checks)
    }
}
