//! What a person is told of the session's recording. Trading does not depend on it.

use trader_contract::Timestamp;

use super::Engine;
use crate::command::Commands;
use crate::record::Severity;

use crate::book::RECORDING_OFF as KIND;

impl Engine {
    /// The recording was given up, or goes on again.
    pub(super) fn on_recording(&mut self, at: Timestamp, failed: Option<&str>, out: &mut Commands) {
        let Some(why) = failed else {
            return self.clear_standing(at, KIND, None, out);
        };
        self.raise_standing(
            at,
            (Severity::Warning, KIND, None),
            (
                format!("the session is not recorded and cannot be replayed: {why}"),
                "make room or mend the disk; entries, stops and exits go on, and the next session is \
                 recorded again",
            ),
            out,
        );
    }
}
