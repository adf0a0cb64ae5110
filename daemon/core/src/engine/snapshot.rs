//! Everything that an engine knows beside its configuration, as plain data: a recording that begins
//! while the engine runs opens with it. An engine that takes it up decides what the first one decides.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use trader_contract::{ClientOrderId, Money, Symbol, SymbolId, Timestamp};

use super::authority::Heard;
use super::cash::{CashBeyond, CashDispute};
use super::ladder::Ladder;
use super::liveness::Links;
use super::recover::Dispute;
use super::session::Schedule;
use super::starts::Unreadable;
use super::sweep::Reconciling;
use super::unknown::Doubt;
use super::{Engine, EngineError, SymbolState};
use crate::book::Book;
use crate::config::EngineConfig;
use crate::event::BrokerDay;
use crate::lane::LaneState;
use crate::risk::gate::Counted;

/// What an engine knows between two events.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Snapshot {
    heard: Heard,
    counted: Counted,
    symbols: Vec<SymbolState>,
    lanes: Vec<LaneSnapshot>,
    book: Book,
    next_seq: u64,
    now: Timestamp,
    equity: Money,
    loss_floor: Money,
    schedule: Schedule,
    #[serde(default)]
    broker_days: Box<[BrokerDay]>,
    window_due: Timestamp,
    wakes: BTreeSet<(Timestamp, SymbolId)>,
    due: Timestamp,
    reconciling: Reconciling,
    doubts: BTreeMap<ClientOrderId, Doubt>,
    strays: BTreeSet<ClientOrderId>,
    disputed: BTreeMap<Symbol, Dispute>,
    #[serde(default)]
    reopened: BTreeMap<Symbol, u32>,
    cash_dispute: Option<CashDispute>,
    cash_beyond: Option<CashBeyond>,
    ladder: Ladder,
    links: Links,
    unreadable: Vec<Unreadable>,
    stopping: Option<bool>,
    finished: bool,
    checkpoints: bool,
}

/// One lane, by the names that a configuration knows it by.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct LaneSnapshot {
    route: Box<str>,
    symbol: Symbol,
    state: LaneState,
}

/// Why a snapshot was not taken up.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RestoreError {
    /// No engine can be made of the configuration.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The configuration has other symbols, or other lanes, than the engine had.
    #[error("the configuration has other {0} than the engine whose state this is")]
    Unlike(&'static str),
    /// A lane does not read its state.
    #[error("route {route}, {symbol}: {why}")]
    Lane {
        /// The route.
        route: Box<str>,
        /// The symbol.
        symbol: Symbol,
        /// Why.
        why: String,
    },
}

impl Engine {
    /// What it knows.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            heard: self.heard.clone(),
            counted: self.gate.snapshot(),
            symbols: self.symbols.clone(),
            lanes: (0..self.lanes.len())
                .filter_map(|index| {
                    let lane = self.lanes.get(index)?;
                    Some(LaneSnapshot {
                        route: self.route_name(index),
                        symbol: lane.ticker,
                        state: lane.snapshot(),
                    })
                })
                .collect(),
            book: self.book.clone(),
            next_seq: self.next_seq,
            now: self.now,
            equity: self.equity,
            loss_floor: self.loss_floor,
            schedule: self.schedule,
            broker_days: self.broker_days.clone(),
            window_due: self.window_due,
            wakes: self.wakes.clone(),
            due: self.due,
            reconciling: self.reconciling,
            doubts: self.doubts.clone(),
            strays: self.strays.clone(),
            disputed: self.disputed.clone(),
            reopened: self.reopened.clone(),
            cash_dispute: self.cash_dispute.clone(),
            cash_beyond: self.cash_beyond,
            ladder: self.ladder,
            links: self.links.clone(),
            unreadable: self.unreadable.clone(),
            stopping: self.stopping,
            finished: self.finished,
            checkpoints: self.checkpoints,
        }
    }

    /// An engine that knows what another one knew.
    ///
    /// # Errors
    /// No engine can be made of the configuration, it has other symbols or lanes than that one had, or
    /// a strategy does not read the state that it gave.
    pub fn restore(config: EngineConfig, snapshot: Snapshot) -> Result<Self, RestoreError> {
        let mut engine = Self::new(config, snapshot.book.clone(), snapshot.next_seq)?;
        let tickers = |symbols: &[SymbolState]| -> Vec<Symbol> {
            symbols.iter().map(|s| s.instrument.symbol).collect()
        };
        if tickers(&engine.symbols) != tickers(&snapshot.symbols) {
            return Err(RestoreError::Unlike("symbols"));
        }
        if engine.lanes.len() != snapshot.lanes.len() {
            return Err(RestoreError::Unlike("lanes"));
        }
        for (index, saved) in snapshot.lanes.into_iter().enumerate() {
            let route = engine.route_name(index);
            let Some(lane) = engine.lanes.get_mut(index) else {
                return Err(RestoreError::Unlike("lanes"));
            };
            if route != saved.route || lane.ticker != saved.symbol {
                return Err(RestoreError::Unlike("lanes"));
            }
            let (symbol, state) = (saved.symbol, saved.state);
            lane.resume(state)
                .map_err(|why| RestoreError::Lane { route, symbol, why })?;
        }
        engine.gate.resume(snapshot.counted);
        Ok(Self {
            heard: snapshot.heard,
            symbols: snapshot.symbols,
            book: snapshot.book,
            now: snapshot.now,
            equity: snapshot.equity,
            loss_floor: snapshot.loss_floor,
            schedule: snapshot.schedule,
            broker_days: snapshot.broker_days,
            window_due: snapshot.window_due,
            wakes: snapshot.wakes,
            due: snapshot.due,
            reconciling: snapshot.reconciling,
            doubts: snapshot.doubts,
            strays: snapshot.strays,
            disputed: snapshot.disputed,
            reopened: snapshot.reopened,
            cash_dispute: snapshot.cash_dispute,
            cash_beyond: snapshot.cash_beyond,
            ladder: snapshot.ladder,
            links: snapshot.links,
            unreadable: snapshot.unreadable,
            stopping: snapshot.stopping,
            finished: snapshot.finished,
            checkpoints: snapshot.checkpoints,
            ..engine
        })
    }
}
