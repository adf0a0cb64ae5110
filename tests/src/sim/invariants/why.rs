//! WHY: the journal explains every order, from the bar that made it to the last word of the broker.

use trader_core::chain::Chains;
use trader_core::record::JournalEntry;

use super::{Checked, View, Watcher};

/// The watcher.
#[derive(Debug, Default)]
pub(super) struct Explained {
    chains: Chains,
    /// Whether something was written that never reached the disk: what comes of it is lost with it.
    torn: bool,
}

impl Watcher for Explained {
    fn invariant(&self) -> &'static str {
        "WHY"
    }

    fn wrote(&mut self, entry: &JournalEntry, durable: bool, _view: &View<'_>) -> Checked {
        self.torn |= !durable;
        if durable {
            self.chains.take(entry);
        }
        Ok(0)
    }

    fn at_the_end(&mut self, _view: &View<'_>) -> Checked {
        if self.torn {
            return Ok(0);
        }
        let complete = self
            .chains
            .so_far()
            .map_err(|missing| missing.to_string())?;
        Ok(complete.orders)
    }
}
