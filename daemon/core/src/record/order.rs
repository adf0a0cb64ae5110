//! An order as it was planned, before anything is sent.

use serde::{Deserialize, Serialize};
use trader_contract::{
    ClientOrderId, OrderKind, OrderRequest, OrderRole, Price, Timeframe, Timestamp,
};

use super::ExitReason;

/// An order as it was planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedOrder {
    /// What goes to the broker.
    pub request: OrderRequest,
    /// The route it serves.
    pub route: Box<str>,
    /// The entry it is attached to, for exits that go out with one.
    pub parent: Option<ClientOrderId>,
    /// The order it takes the place of, for replacements.
    pub replaces: Option<ClientOrderId>,
    /// Why a closing order closes.
    pub exit_reason: Option<ExitReason>,
    /// For entries: cancel at this many later bars of the lane.
    pub expires_after_bars: Option<u16>,
    /// For entries: the bar it was decided on, timeframe and start.
    pub decided_on: Option<(Timeframe, Timestamp)>,
    /// The symbol's last price at that moment: what a fill of a market order is compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Price>,
}

impl PlannedOrder {
    /// What the order is for.
    #[must_use]
    pub const fn role(&self) -> OrderRole {
        self.request.client_id.role
    }

    /// The price that its fills are held against, where it has one: see [`super::Slippage`].
    #[must_use]
    pub fn plan(&self) -> Option<Price> {
        let kind = self.request.kind;
        match self.role() {
            OrderRole::Entry if kind == OrderKind::Market => self.last,
            OrderRole::Entry => kind.stop().or(kind.limit()),
            OrderRole::Stop => kind.stop(),
            OrderRole::Target | OrderRole::Exit => None,
        }
    }
}
