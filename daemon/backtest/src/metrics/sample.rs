//! Trades for the tests of this module: a plain one, and what it is changed by.

use rust_decimal::Decimal;
use trader_contract::{Direction, Timestamp};
use trader_rpc::{BacktestTrade, ExitReason};

/// Reads a decimal.
pub(super) fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// Ten shares of SPY bought at 100 with the stop at 99, Monday 2011-01-10 09:35 in New York, sold
/// half an hour later.
pub(super) fn trade(profit: &str) -> BacktestTrade {
    let entered_at: Timestamp = "2011-01-10T14:35:00Z".parse().unwrap();
    BacktestTrade {
        number: 1,
        intent: "a-1".to_owned(),
        route: "first".to_owned(),
        strategy: "velez".to_owned(),
        symbol: "SPY".parse().unwrap(),
        direction: Direction::Long,
        qty: decimal("10"),
        entered_at,
        entry_average: decimal("100"),
        exited_at: entered_at.plus_minutes(30),
        exit_average: decimal("100"),
        initial_stop: Some(decimal("99")),
        exit_reason: ExitReason::StopLoss,
        profit: decimal(profit),
        fees: Decimal::ZERO,
        mae: Decimal::ZERO,
        mfe: Decimal::ZERO,
    }
}
