//! INV-6: a live account is entered only after a person has armed it, for the configuration that runs,
//! and only if it is the account that the broker speaks of.

use trader_contract::Timestamp;
use trader_core::record::{JournalEntry, Record, Scope};
use trader_core::{Event, OperatorCommand};

use super::trading::entry;
use super::{Checked, Sent, View, Watcher};
use crate::sim::plan::ACCOUNT;

/// How long an arming may hold.
const HOLDS: i64 = 30 * 24 * 60 * Timestamp::MINUTE;

/// An arming as it is on the disk.
#[derive(Debug, Clone, Copy)]
struct Armed {
    configuration: u32,
    until: Timestamp,
}

/// The watcher.
#[derive(Debug, Default)]
pub(super) struct TwoKeys {
    life: Option<Timestamp>,
    /// Of the life that runs.
    configuration: u32,
    /// When a person last armed everything, and when one last took that back.
    asked_at: Option<Timestamp>,
    taken_back_at: Option<Timestamp>,
    armed: Option<Armed>,
}

impl Watcher for TwoKeys {
    fn invariant(&self) -> &'static str {
        "INV-6"
    }

    fn told(&mut self, event: &Event, _at: Timestamp, view: &View<'_>) -> Checked {
        if self.life != view.around.up_since {
            self.life = view.around.up_since;
            let started = self.life.unwrap_or(view.now);
            self.configuration = view.plan.configuration(started);
        }
        let Event::Operator { command, .. } = event else {
            return Ok(0);
        };
        match command {
            OperatorCommand::Arm {
                scope: Scope::All, ..
            } => self.asked_at = Some(view.now),
            OperatorCommand::Disarm
            | OperatorCommand::Kill {
                scope: Scope::All, ..
            } => self.taken_back_at = Some(view.now),
            _ => {}
        }
        Ok(0)
    }

    fn wrote(&mut self, entry: &JournalEntry, durable: bool, view: &View<'_>) -> Checked {
        match &entry.record {
            Record::Armed { .. } => {
                if self.asked_at != Some(view.now) {
                    return Err("the account was armed by nobody".to_owned());
                }
                if durable {
                    self.armed = Some(Armed {
                        configuration: self.configuration,
                        until: view.now.plus_nanos(HOLDS),
                    });
                }
                Ok(1)
            }
            Record::Disarmed { .. }
            | Record::Killed {
                scope: Scope::All, ..
            } if durable => {
                self.armed = None;
                Ok(0)
            }
            _ => Ok(0),
        }
    }

    fn sent(&mut self, sent: &Sent<'_>, view: &View<'_>) -> Checked {
        let Some(request) = entry(sent) else {
            return Ok(0);
        };
        let started = self.life.unwrap_or(view.now);
        let Some(account) = view.plan.live_account(started) else {
            return Ok(0);
        };
        let id = request.client_id;
        if account != ACCOUNT {
            return Err(format!("{id} left for an account that is not {ACCOUNT}"));
        }
        match self.armed {
            None => Err(format!("{id} left while nothing was armed")),
            Some(armed) if armed.configuration != self.configuration => Err(format!(
                "{id} left under configuration {}, and {} was armed",
                self.configuration, armed.configuration
            )),
            Some(armed) if view.now >= armed.until => {
                Err(format!("{id} left after the arming had ended"))
            }
            Some(_) => Ok(3),
        }
    }

    fn after(&mut self, view: &View<'_>) -> Checked {
        let Some(at) = self.taken_back_at.take() else {
            return Ok(0);
        };
        let lives_on = view.around.up_since == self.life && view.engine.is_some();
        let stands = self.armed.is_some() && at == view.now;
        if stands && lives_on && !view.around.journal_failed && view.plan.live.is_some() {
            return Err("the leave was taken back, and no record says so".to_owned());
        }
        Ok(1)
    }
}
