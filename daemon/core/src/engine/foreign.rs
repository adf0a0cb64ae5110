//! What the broker has and this store did not make: orders and positions of somebody else, and
//! executions that the broker takes back.

use trader_contract::{
    ClientOrderId, Execution, ExecutionId, ForeignOrder, Price, Symbol, Timestamp,
};

use super::Engine;
use crate::command::{Commands, Refused};
use crate::record::Origin;

impl Engine {
    /// The broker has an order without an id of ours.
    pub(super) fn on_foreign_order(
        &mut self,
        _at: Timestamp,
        _order: &ForeignOrder,
        _out: &mut Commands,
    ) {
    }

    /// The broker has cancelled or changed an execution.
    pub(super) fn on_corrected(
        &mut self,
        _at: Timestamp,
        (_order, _execution, _now): (ClientOrderId, &ExecutionId, Option<&Execution>),
        _out: &mut Commands,
    ) {
    }

    /// Takes a position of somebody else's making under protection.
    pub(super) fn adopt(
        &mut self,
        _at: Timestamp,
        symbol: Symbol,
        _stop: Option<Price>,
        _origin: Origin,
        _out: &mut Commands,
    ) -> Result<String, Refused> {
        Err(Refused::NotNow(
            format!("{symbol} has nothing to adopt").into(),
        ))
    }

    /// Leaves what is in a symbol to its owner.
    pub(super) fn ignore(
        &mut self,
        _at: Timestamp,
        symbol: Symbol,
        _origin: Origin,
        _out: &mut Commands,
    ) -> Result<String, Refused> {
        Err(Refused::NotNow(
            format!("{symbol} has nothing to ignore").into(),
        ))
    }
}
