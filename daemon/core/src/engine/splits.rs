//! Splits: what they do to positions, stops and prices that were planned before.

use trader_contract::{Symbol, Timestamp};

use super::Engine;
use crate::command::Commands;

impl Engine {
    /// Who held `old` shares holds `new` from now on.
    pub(super) fn on_split(
        &mut self,
        _at: Timestamp,
        _symbol: Symbol,
        (_new, _old): (u32, u32),
        _out: &mut Commands,
    ) {
    }
}
