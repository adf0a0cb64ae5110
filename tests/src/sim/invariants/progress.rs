//! INV-24: once every fault has ended, and without a person, everything is compared within a minute
//! and every position is protected or flat within a minute and a half.

use trader_contract::Timestamp;

use super::ledger::difference;
use super::{Checked, View, Watcher};

/// Until when the ledger must be the broker's.
const RECONCILED: i64 = 60 * Timestamp::SECOND;
/// Until when everything must be protected or flat.
const PROTECTED: i64 = 90 * Timestamp::SECOND;
/// A grace beside both: a message on its way, a commit, a request on its way.
const REACTION: i64 = 2 * Timestamp::SECOND;

/// The watcher.
#[derive(Debug, Default)]
pub(super) struct Progress {
    changed_at: Option<Timestamp>,
    version: u64,
}

impl Watcher for Progress {
    fn invariant(&self) -> &'static str {
        "INV-24"
    }

    fn after(&mut self, view: &View<'_>) -> Checked {
        if self.version != view.truth.version {
            self.version = view.truth.version;
            self.changed_at = Some(view.now);
        }
        let Some(healed_at) = view.around.healed_at else {
            return Ok(0);
        };
        let since = healed_at.max(view.around.awake_since);
        let passed = view.now.since(since);
        if passed < RECONCILED + REACTION {
            return Ok(0);
        }
        let Some(engine) = view.engine else {
            return Err("a minute after everything healed the daemon is not up".to_owned());
        };
        if !engine.is_reconciled() {
            return Err("a minute after everything healed the broker is not heard".to_owned());
        }
        let settled = |at: Timestamp| view.now.since(at) > REACTION;
        let owner = &view.truth.owner;
        let known = |at: Timestamp| view.now.since(at) > RECONCILED;
        let quiet = view.around.under_way == 0
            && self.changed_at.is_none_or(settled)
            && owner.last_traded_at().is_none_or(known);
        if quiet && let Some(why) = difference(view, engine) {
            return Err(format!("a minute after everything healed {why}"));
        }
        if passed < PROTECTED + REACTION {
            return Ok(1);
        }
        for (symbol, held) in &view.truth.held {
            let Some(naked_since) = held.naked_since else {
                continue;
            };
            if view.now.since(naked_since.max(since)) > PROTECTED + REACTION {
                return Err(format!(
                    "a minute and a half after everything healed {} of {} {symbol} are bare",
                    held.bare, held.net
                ));
            }
        }
        Ok(2)
    }
}
