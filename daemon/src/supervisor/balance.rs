//! The account as one side sees it, to be compared with the other's.

use trader_broker_sim::AccountView;
use trader_contract::{Money, NetQty, Symbol};
use trader_core::Engine;

/// Positions and cash, as one side sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// Cash.
    pub cash: Money,
    /// Every position that is not flat.
    pub positions: Vec<(Symbol, NetQty)>,
}

impl Balance {
    pub(super) fn of_engine(engine: &Engine) -> Self {
        let book = engine.book();
        let held = book.holdings.values().filter(|h| !h.net.is_flat());
        Self {
            cash: book.cash,
            positions: held.map(|h| (h.symbol, h.net)).collect(),
        }
    }

    #[cfg(feature = "broker-alpaca")]
    pub(super) fn of_snapshot(snapshot: &trader_contract::BrokerSnapshot) -> Self {
        let mut positions = snapshot.positions.clone();
        positions.sort_by_key(|(symbol, _)| *symbol);
        Self {
            cash: snapshot.cash,
            positions,
        }
    }

    /// What the simulated exchange itself has.
    pub(crate) fn of_broker(account: &AccountView) -> Self {
        let mut positions: Vec<(Symbol, NetQty)> = account
            .positions
            .iter()
            .map(|(symbol, net, _)| (*symbol, *net))
            .collect();
        positions.sort_by_key(|(symbol, _)| *symbol);
        Self {
            cash: account.cash,
            positions,
        }
    }
}
