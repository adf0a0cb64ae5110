//! INV-1: every open position has a stop at the broker, or is being closed, within seconds.

use std::collections::BTreeMap;

use trader_contract::{BrokerRequest, NetQty, OrderRole, Symbol, Timestamp};

use super::{Checked, Sent, View, Watcher};
use crate::sim::truth::remaining;

/// What the daemon may take to protect a position or to begin to close it.
const PROTECT_WITHIN: i64 = 5 * Timestamp::SECOND;
/// What it may take beyond that: a message on its way, a commit, a request on its way.
const REACTION: i64 = 1_500_000_000;
/// How long closing may take before the closing order is at work: cancels are confirmed first.
const CLOSE_WITHIN: i64 = 45 * Timestamp::SECOND;
/// How long a position may be naked whatever fails in between, as long as the daemon runs, the
/// exchange trades and the broker takes orders.
const AT_ALL: i64 = 150 * Timestamp::SECOND;

/// One symbol's time without protection, whatever fails.
#[derive(Debug, Clone, Copy)]
struct Naked {
    since: Timestamp,
    /// Time that counts.
    counted: i64,
    looked_at: Timestamp,
}

/// The watcher.
#[derive(Debug, Default)]
pub(super) struct Protected {
    naked: BTreeMap<Symbol, Naked>,
}

impl Watcher for Protected {
    fn invariant(&self) -> &'static str {
        "INV-1"
    }

    fn sent(&mut self, sent: &Sent<'_>, view: &View<'_>) -> Checked {
        let BrokerRequest::Cancel(id) = sent.request else {
            return Ok(0);
        };
        let stop = view
            .truth
            .open
            .get(id)
            .filter(|_| id.role == OrderRole::Stop);
        let (Some(stop), Some(engine)) = (stop, view.engine) else {
            return Ok(0);
        };
        let book = engine.book();
        let holding = book.holdings.get(&stop.symbol);
        // Beside a target no quantity can be changed: a wrong one makes way for another pair.
        let is_wrong = |net: NetQty| {
            let order = book.orders.get(id);
            order.is_some_and(|order| order.remaining() != net.magnitude())
        };
        let stays =
            holding.is_some_and(|h| h.exit.is_none() && !h.net.is_flat() && !is_wrong(h.net));
        // One for another quantity must make way where the broker allows no change of it.
        let held = view.truth.held.get(&stop.symbol);
        let fits = held.is_some_and(|held| held.net.magnitude() == remaining(stop));
        if stays && fits {
            return Err(format!(
                "{id} is cancelled, and nothing closes what it protects"
            ));
        }
        Ok(1)
    }

    fn after(&mut self, view: &View<'_>) -> Checked {
        let held = &view.truth.held;
        let naked = |symbol: &Symbol| held.get(symbol).is_some_and(|h| h.naked_since.is_some());
        self.naked.retain(|symbol, _| naked(symbol));
        let mut checks = 0;
        for (symbol, held) in held {
            checks += 1;
            if let Some(since) = held.naked_since {
                self.look(*symbol, since, view)?;
            }
        }
        Ok(checks)
    }
}

impl Protected {
    fn look(&mut self, symbol: Symbol, since: Timestamp, view: &View<'_>) -> Result<(), String> {
        let now = view.now;
        let stretch = self.naked.entry(symbol).or_insert(Naked {
            since,
            counted: 0,
            looked_at: now,
        });
        let around = view.around;
        let trades = around.open_since.is_some() && !around.halted.contains(&symbol);
        let runs = around.up_since.is_some() && !around.asleep;
        let counts = trades && !around.shut_out && runs;
        if counts {
            stretch.counted += now.since(stretch.looked_at);
        }
        stretch.looked_at = now;
        let held = view.truth.held.get(&symbol);
        let bare = held.map_or(0, |held| held.bare.whole_shares());
        if stretch.counted > AT_ALL {
            return Err(format!(
                "{bare} shares of {symbol} have been naked since {}, {} s of it with the daemon up \
                 and the market open",
                stretch.since,
                stretch.counted / Timestamp::SECOND
            ));
        }
        let (Some(engine), true) = (view.engine, counts) else {
            return Ok(());
        };
        let open_since = around.open_since.unwrap_or(now);
        let calm = around.calm_from.max(around.awake_since).max(open_since);
        let owner = view.truth.unknown_until(symbol, calm);
        let known = now.since(since.max(calm).max(owner));
        let holding = engine.book().holdings.get(&symbol);
        let exiting = holding.is_some_and(|holding| holding.exit.is_some());
        let allowed = if exiting {
            CLOSE_WITHIN
        } else {
            PROTECT_WITHIN
        };
        if known > allowed + REACTION {
            return Err(format!(
                "{bare} shares of {symbol} have been naked since {since} on a calm day, {} s by \
                 now; the daemon is {}closing them",
                known / Timestamp::SECOND,
                if exiting { "" } else { "not " }
            ));
        }
        Ok(())
    }
}
