//! Asking the broker what it holds, again and again: when it is due, and what becomes of an answer
//! that does not come. What an answer means is in the file of reconciling.

use trader_contract::Timestamp;

use super::Engine;
use crate::command::Commands;
use crate::record::Severity;

impl Engine {
    /// A snapshot could not be taken.
    pub(super) fn on_snapshot_failed(
        &mut self,
        at: Timestamp,
        _number: u32,
        message: &str,
        out: &mut Commands,
    ) {
        self.raise_standing(
            at,
            (Severity::Warning, "broker_unheard", None),
            (
                format!("the broker does not say what it holds: {message}"),
                "nothing, if it clears within a minute; else look at the broker's status page",
            ),
            out,
        );
    }

    /// A person wants a comparison now.
    pub(super) fn reconcile_now(&mut self, _at: Timestamp, out: &mut Commands) -> String {
        self.request_snapshot(out);
        "asking the broker what it holds".to_owned()
    }
}
