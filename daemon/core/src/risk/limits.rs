//! The limits that the gate holds, all in one place.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use trader_contract::{Level, Money, Qty, Ratio, Symbol};

/// The limits of an account. Ratios are of equity, one being all of it, unless they say otherwise.
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
    /// Most that one side may outweigh the other by, waiting entries filled, as a multiple of equity.
    pub net_exposure: Ratio,
    /// Most in the positions and waiting entries of one route, as a multiple of equity.
    pub route_exposure: Ratio,
    /// The share of the broker's buying power that entries leave alone.
    pub buying_power_reserve: Ratio,
    /// Most positions and waiting entries at a time.
    pub open_positions: u32,
    /// Most shares in one order.
    pub order_shares: Qty,
    /// Most value in one order.
    pub order_value: Money,
    /// Most shares in one order, as a share of the symbol's average daily volume; unchecked where that
    /// is not known.
    pub volume_share: Ratio,
    /// A day that loses this share of its opening equity, realised and open, takes no more entries.
    pub daily_loss: Ratio,
    /// An account that is this share below its highest equity at a session's close takes no more
    /// entries until a person resumes.
    pub drawdown: Ratio,
    /// A day takes no more entries after this many losing trades in a row; 0 turns it off.
    pub consecutive_losses: u32,
    /// Most entries of one route in a session.
    pub entries_per_route: u32,
    /// Most entries in any minute.
    pub entries_per_minute: u32,
    /// Most entries of one symbol in any minute.
    pub entries_per_minute_symbol: u32,
    /// Messages to the broker in any minute, cancels and changes included: beyond it entries halt.
    /// What closes or protects leaves all the same.
    pub messages_per_minute: u32,
    /// Moves of one symbol's stop in any minute: beyond it a move waits, and the newest level holds.
    pub stop_moves_per_minute: u32,
    /// Cancels of a session for each fill of it: beyond it a person is told; 0 turns it off.
    pub cancels_per_fill: u32,
    /// An entry with the symbol, side and quantity of one that was sent less long ago than this, in
    /// nanoseconds, is a mistake; 0 turns it off.
    pub duplicate_nanos: i64,
    /// How far a priced entry may lie from the last price, as a share of it.
    pub price_collar: Ratio,
    /// How far beyond its trigger, or beyond the last price, an entry without a limit may still fill,
    /// as a share of it: the venue's own collar. What waits is counted there.
    pub fill_collar: Ratio,
    /// The widest spread that is entered at the market, as a share of the bid.
    pub spread: Ratio,
    /// The oldest quote that is entered on at the market, in nanoseconds.
    pub quote_age_nanos: i64,
    /// Symbols that are never entered.
    pub restricted: BTreeSet<Symbol>,
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
            net_exposure: far,
            route_exposure: far,
            buying_power_reserve: Ratio::ZERO,
            open_positions: u32::MAX,
            order_shares: match Qty::from_nanos(Qty::MAX_NANOS) {
                Some(most) => most,
                None => Qty::ZERO,
            },
            order_value: all,
            volume_share: far,
            daily_loss: far,
            drawdown: far,
            consecutive_losses: 0,
            entries_per_route: u32::MAX,
            entries_per_minute: u32::MAX,
            entries_per_minute_symbol: u32::MAX,
            messages_per_minute: u32::MAX,
            stop_moves_per_minute: u32::MAX,
            cancels_per_fill: 0,
            duplicate_nanos: 0,
            price_collar: far,
            fill_collar: Ratio::ZERO,
            spread: far,
            quote_age_nanos: i64::MAX,
            restricted: BTreeSet::new(),
            slippage_allowance: Level::ZERO,
        }
    }
}
