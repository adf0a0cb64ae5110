//! What became of what a scene asked for: the last entry's verdict and the last answer.

use trader_contract::Intent;
use trader_core::Command;
use trader_core::record::{Decision, Record};

use crate::scene::Scene;

impl Scene {
    /// The rule by which the last entry that was wanted was refused; `None` if it was sent.
    pub(crate) fn verdict(&self) -> Option<String> {
        let decisions = self.journal.iter().rev().filter_map(|e| match &e.record {
            Record::IntentTaken { decision, .. } => Some(decision),
            _ => None,
        });
        match decisions.into_iter().next().unwrap() {
            Decision::Accepted { .. } => None,
            Decision::Refused { rule, .. } => Some(rule.to_string()),
        }
    }

    /// Wants an entry, and tells the rule by which it was refused; `None` if it was sent.
    pub(crate) fn asks(&mut self, ticker: &str, entry: Intent) -> Option<String> {
        self.wants("a", ticker, entry);
        self.bar_of(ticker, "100");
        self.verdict()
    }

    /// What was answered last.
    pub(crate) fn answer(&self) -> Result<String, String> {
        let answers = self.commands.iter().rev().filter_map(|c| match c {
            Command::Answer { outcome, .. } => Some(outcome),
            _ => None,
        });
        match answers.into_iter().next().unwrap() {
            Ok(done) => Ok(done.to_string()),
            Err(no) => Err(no.to_string()),
        }
    }
}
