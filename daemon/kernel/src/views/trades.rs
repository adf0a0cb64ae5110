//! Trades that have ended.

use trader_core::record::{ExitReason, Trade};
use trader_rpc::{self as rpc, convert};

/// A trade on the wire.
#[must_use]
pub fn trade(trade: &Trade) -> rpc::Trade {
    rpc::Trade {
        intent: trade.intent.to_string(),
        route: trade.route.to_string(),
        strategy: trade.strategy.to_string(),
        symbol: trade.symbol,
        direction: trade.direction,
        qty: convert::qty(trade.qty),
        entered_at: trade.entered_at,
        entry_average: convert::mean(trade.entry_average),
        exited_at: trade.exited_at,
        exit_average: convert::mean(trade.exit_average),
        initial_stop: trade.initial_stop.map(convert::price),
        exit_reason: exit_reason(trade.exit_reason),
        profit: convert::money(trade.profit),
        fees: convert::money(trade.fees),
    }
}

/// Why a position was closed, on the wire.
#[must_use]
pub const fn exit_reason(reason: ExitReason) -> rpc::ExitReason {
    match reason {
        ExitReason::StopLoss => rpc::ExitReason::StopLoss,
        ExitReason::Target => rpc::ExitReason::Target,
        ExitReason::Strategy => rpc::ExitReason::Strategy,
        ExitReason::EndOfDay => rpc::ExitReason::EndOfDay,
        ExitReason::Operator => rpc::ExitReason::Operator,
        ExitReason::Unprotected => rpc::ExitReason::Unprotected,
        ExitReason::Foreign => rpc::ExitReason::Foreign,
    }
}
