//! The limits that the gate holds, all in one place.

use serde::{Deserialize, Serialize};
use trader_contract::{Level, Money, Qty, Ratio};

/// The limits of an account. Ratios are of equity, one being all of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Most that one trade may lose at its stop, as a share of equity.
    pub risk_per_trade: Ratio,
    /// Most that one trade may lose at its stop.
    pub risk_per_trade_max: Money,
    /// Most of the equity in one position.
    pub position_fraction: Ratio,
    /// Most in one position.
    pub position_value_max: Money,
    /// Most in all positions and waiting entries together, as a multiple of equity.
    pub gross_exposure: Ratio,
    /// Most positions and waiting entries at a time.
    pub open_positions: u32,
    /// Most shares in one order.
    pub order_shares: Qty,
    /// Most value in one order.
    pub order_value: Money,
    /// A day that loses this share of its opening equity, realised and open, takes no more entries.
    pub daily_loss: Ratio,
    /// A day takes no more entries after this many losing trades in a row; 0 turns it off.
    pub consecutive_losses: u32,
    /// Most entries of one route in a session.
    pub entries_per_route: u32,
    /// Most entries in any minute.
    pub entries_per_minute: u32,
    /// How far a priced entry may lie from the last price, as a share of it.
    pub price_collar: Ratio,
    /// What a stop is expected to slip, per share: added to the distance that is sized on.
    pub slippage_allowance: Level,
}

impl Limits {
    /// Limits that never bind, for benchmarks: the gate runs and finds nothing to say.
    #[must_use]
    pub const fn unbounded() -> Self {
        let far = Ratio::from_billionths(i64::MAX);
        let all = Money::dollars(1_000_000_000_000);
        Self {
            risk_per_trade: far,
            risk_per_trade_max: all,
            position_fraction: far,
            position_value_max: all,
            gross_exposure: far,
            open_positions: u32::MAX,
            order_shares: match Qty::from_nanos(Qty::MAX_NANOS) {
                Some(most) => most,
                None => Qty::ZERO,
            },
            order_value: all,
            daily_loss: far,
            consecutive_losses: 0,
            entries_per_route: u32::MAX,
            entries_per_minute: u32::MAX,
            price_collar: far,
            slippage_allowance: Level::ZERO,
        }
    }
}
