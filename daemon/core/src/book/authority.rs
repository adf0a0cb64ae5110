//! What the book keeps of who may trade what, of alerts that stand, and of the program's starts.

use serde::{Deserialize, Serialize};
use trader_contract::{Symbol, Timestamp};

use super::Book;
use crate::record::{Alert, Block, Origin, Record, Scope, TradingState};

/// The kind of the alert that stands while an account is too far below its peak.
pub const DRAWDOWN: &str = "drawdown";
/// The kind of the alert that stands while the session is not recorded.
pub const RECORDING_OFF: &str = "recording_off";

/// A kill that holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kill {
    /// Since when.
    pub at: Timestamp,
    /// Who said so.
    pub origin: Origin,
}

/// A symbol that is not entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocked {
    /// Since when.
    pub at: Timestamp,
    /// Why.
    pub block: Block,
}

/// An alert whose cause has not gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingAlert {
    /// Since when.
    pub at: Timestamp,
    /// The alert. No two that stand have the same kind and symbol.
    pub alert: Alert,
}

/// The starts of the program that a crash loop is told by.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Starts {
    /// Whether a run began and has not ended in good order.
    pub running: bool,
    /// When runs began after one that had not ended in good order; the newest [`Starts::KEPT`].
    pub unclean: Vec<Timestamp>,
}

impl Starts {
    /// How many unclean starts are remembered.
    pub const KEPT: usize = 8;

    /// Unclean starts at or after `since`.
    #[must_use]
    pub fn unclean_since(&self, since: Timestamp) -> usize {
        self.unclean.iter().filter(|at| **at >= since).count()
    }
}

/// Kills as pairs: JSON has no other keys than text.
pub(super) mod kills {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Kill;
    use crate::record::Scope;

    pub(in crate::book) fn serialize<S: Serializer>(
        kills: &BTreeMap<Scope, Kill>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        kills.iter().collect::<Vec<_>>().serialize(serializer)
    }

    pub(in crate::book) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<Scope, Kill>, D::Error> {
        Ok(Vec::deserialize(deserializer)?.into_iter().collect())
    }
}

impl Book {
    /// The records of who may trade what, of alerts, and of the program's runs.
    pub(super) fn apply_authority(&mut self, at: Timestamp, record: &Record) {
        match record {
            Record::Alerted { alert } => {
                if let Some(day) = self.day.as_mut().filter(|day| !day.closed) {
                    day.alerts = day.alerts.saturating_add(1);
                }
                self.raise(at, alert);
            }
            Record::AlertCleared { kind, symbol } => self.clear_alert(kind, *symbol),
            Record::AlertAcknowledged { .. } => {}
            Record::RunStarted { .. } => self.start_run(at),
            Record::RunEnded => self.starts.running = false,
            Record::Killed { scope, origin } => self.kill(at, scope, origin),
            Record::KillLifted { scope, .. } => self.lift_kill(at, scope),
            Record::Armed { arming, .. } => self.arming = Some(arming.clone()),
            Record::Disarmed { .. } => self.arming = None,
            Record::SymbolBlocked { symbol, block, .. } => {
                let block = block.clone();
                self.blocks.insert(*symbol, Blocked { at, block });
            }
            Record::SymbolFreed { symbol, .. } => {
                self.blocks.remove(symbol);
            }
            Record::ForeignSeen { order } => {
                self.foreign.insert(order.broker_id.clone(), order.clone());
            }
            Record::ForeignGone { broker_id } => {
                self.foreign.remove(broker_id);
            }
            Record::FlattenBegan { origin } => self.flatten = Some(origin.clone()),
            Record::FlattenEnded { .. } => self.flatten = None,
            _ => {}
        }
    }

    pub(super) fn start_run(&mut self, at: Timestamp) {
        let starts = &mut self.starts;
        if starts.running {
            starts.unclean.push(at);
            let over = starts.unclean.len().saturating_sub(Starts::KEPT);
            starts.unclean.drain(..over);
        }
        starts.running = true;
    }

    pub(super) fn kill(&mut self, at: Timestamp, scope: &Scope, origin: &Origin) {
        if *scope == Scope::All {
            let why = match origin {
                Origin::Operator { uid, .. } => format!("uid {uid} killed it"),
                Origin::Strategy { .. } | Origin::Engine => "the engine killed it".to_owned(),
            };
            if self.beneath.is_none() {
                self.beneath = Some(std::mem::replace(
                    &mut self.trading,
                    TradingState::Killed(why.into()),
                ));
                self.trading_since = Some(at);
            }
            self.arming = None;
            return;
        }
        let kill = Kill {
            at,
            origin: origin.clone(),
        };
        self.kills.entry(scope.clone()).or_insert(kill);
    }

    pub(super) fn lift_kill(&mut self, at: Timestamp, scope: &Scope) {
        self.kills.remove(scope);
        if *scope == Scope::All && matches!(self.trading, TradingState::Killed(_)) {
            self.trading = self.beneath.take().unwrap_or(TradingState::Active);
            self.trading_since = Some(at);
        }
    }

    /// What holds beside a kill of everything.
    #[must_use]
    pub fn trading_beneath(&self) -> &TradingState {
        self.beneath.as_ref().unwrap_or(&self.trading)
    }

    /// Sets whether entries are allowed. A kill stays, and what is set holds once it is lifted; so does
    /// what a person must undo when a breaker trips beside it.
    pub(super) fn set_trading(&mut self, at: Timestamp, state: &TradingState) {
        if let Some(day) = &mut self.day {
            match state {
                TradingState::Tripped(why) => day.tripped = Some(why.clone()),
                TradingState::Active => day.tripped = None,
                _ => {}
            }
        }
        let trips = matches!(state, TradingState::Tripped(_));
        let current = self.beneath.as_mut().unwrap_or(&mut self.trading);
        if trips && matches!(current, TradingState::Reducing | TradingState::Halted(_)) {
            return;
        }
        *current = state.clone();
        if self.beneath.is_none() {
            self.trading_since = Some(at);
        }
    }

    /// A new session begins: a breaker of the last one holds no longer.
    pub(super) fn forget_trip(&mut self, at: Timestamp) {
        let current = self.beneath.as_mut().unwrap_or(&mut self.trading);
        if matches!(current, TradingState::Tripped(_)) {
            *current = TradingState::Active;
            if self.beneath.is_none() {
                self.trading_since = Some(at);
            }
        }
    }

    pub(super) fn raise(&mut self, at: Timestamp, alert: &Alert) {
        if !alert.standing {
            return;
        }
        let alert = alert.clone();
        match self.standing_mut(&alert.kind, alert.symbol) {
            Some(standing) => standing.alert = alert,
            None => self.alerts.push(StandingAlert { at, alert }),
        }
    }

    pub(super) fn clear_alert(&mut self, kind: &str, symbol: Option<Symbol>) {
        self.alerts
            .retain(|standing| &*standing.alert.kind != kind || standing.alert.symbol != symbol);
        if kind == DRAWDOWN {
            // Whoever clears it knows of the loss: the peak is counted anew.
            self.peak = None;
        }
    }

    fn standing_mut(&mut self, kind: &str, symbol: Option<Symbol>) -> Option<&mut StandingAlert> {
        self.alerts
            .iter_mut()
            .find(|standing| &*standing.alert.kind == kind && standing.alert.symbol == symbol)
    }

    /// The alert of a kind and symbol that stands, if one does.
    #[must_use]
    pub fn standing(&self, kind: &str, symbol: Option<Symbol>) -> Option<&StandingAlert> {
        self.alerts
            .iter()
            .find(|standing| &*standing.alert.kind == kind && standing.alert.symbol == symbol)
    }

    /// The kill that an entry of a route in a symbol meets, beside the account's.
    #[must_use]
    pub fn kill_on(&self, symbol: Symbol, route: &str, strategy: &str) -> Option<(&Scope, &Kill)> {
        self.kills.iter().find(|(scope, _)| match scope {
            Scope::All => true,
            Scope::Symbol(killed) => *killed == symbol,
            Scope::Strategy(name) => **name == *route || **name == *strategy,
        })
    }
}
