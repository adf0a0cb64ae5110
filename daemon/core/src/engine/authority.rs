//! Kills and armings: what nobody but a person may undo, and the keys of a live account.

use trader_contract::Timestamp;

use super::Engine;
use crate::command::{Commands, Refused};
use crate::record::{Origin, Record, Scope};

impl Engine {
    /// No new positions in a scope until somebody arms again.
    pub(super) fn kill(
        &mut self,
        at: Timestamp,
        scope: &Scope,
        _flatten: bool,
        origin: Origin,
        out: &mut Commands,
    ) -> String {
        let scope = scope.clone();
        let message = format!("{scope} is killed");
        self.write(at, Record::Killed { scope, origin }, out);
        self.tend_all(at, out);
        message
    }

    /// Lifts a kill, and gives the leave to trade a live account.
    pub(super) fn arm(
        &mut self,
        at: Timestamp,
        scope: &Scope,
        _account: Option<&str>,
        origin: Origin,
        out: &mut Commands,
    ) -> Result<String, Refused> {
        let scope = scope.clone();
        let message = format!("{scope} may be traded again");
        self.write(at, Record::KillLifted { scope, origin }, out);
        Ok(message)
    }

    /// Takes the leave to trade a live account back.
    pub(super) fn disarm(&mut self, at: Timestamp, origin: Origin, out: &mut Commands) -> String {
        let why = "asked for".into();
        self.write(at, Record::Disarmed { why, origin }, out);
        "disarmed".to_owned()
    }
}
