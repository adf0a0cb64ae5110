//! Whether what is known is fresh: links to the broker and to the feed, signs of life, and clocks.

use trader_contract::{FeedEvent, Symbol, Timestamp};

use super::Engine;
use crate::command::Commands;

impl Engine {
    /// The stream of order reports was made or lost.
    pub(super) fn on_broker_link(
        &mut self,
        _at: Timestamp,
        up: bool,
        _why: &str,
        out: &mut Commands,
    ) {
        if up {
            self.request_snapshot(out);
        }
    }

    /// The stream of order reports gave a sign of life.
    pub(super) fn on_broker_alive(&mut self, _at: Timestamp, _out: &mut Commands) {}

    /// The feed said something of itself.
    pub(super) fn on_feed(&mut self, _at: Timestamp, _event: &FeedEvent, _out: &mut Commands) {}

    /// Our clock was compared with the broker's.
    pub(super) fn on_skew(&mut self, _at: Timestamp, _nanos: i64, _out: &mut Commands) {}

    /// What may be done with a symbol has changed.
    pub(super) fn on_asset(
        &mut self,
        _at: Timestamp,
        _symbol: Symbol,
        (_tradable, _shortable): (bool, bool),
        _out: &mut Commands,
    ) {
    }
}
