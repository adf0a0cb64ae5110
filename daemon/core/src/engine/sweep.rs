//! Asking the broker what it holds, again and again: when it is due, and what becomes of an answer
//! that does not come. What an answer means is in the file of reconciling.

use trader_contract::Timestamp;

use super::Engine;
use crate::command::Commands;

impl Engine {
    /// A snapshot could not be taken.
    pub(super) fn on_snapshot_failed(
        &mut self,
        _at: Timestamp,
        _number: u32,
        _message: &str,
        _out: &mut Commands,
    ) {
    }

    /// A person wants a comparison now.
    pub(super) fn reconcile_now(&mut self, _at: Timestamp, out: &mut Commands) -> String {
        self.request_snapshot(out);
        "asking the broker what it holds".to_owned()
    }
}
