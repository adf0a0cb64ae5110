//! The account's day in figures, while it runs and after it.

use trader_core::Engine;
use trader_core::record::DaySummary;
use trader_rpc::{self as rpc, convert};

/// The session that is open, or the last one that was, as it stands now; `None` before the first.
#[must_use]
pub fn day(engine: &Engine) -> Option<rpc::DaySummary> {
    let day = engine.book().day.as_ref()?;
    Some(day_summary(&engine.summary(day)))
}

/// A day's figures on the wire.
#[must_use]
pub fn day_summary(summary: &DaySummary) -> rpc::DaySummary {
    rpc::DaySummary {
        date: summary.date,
        equity_at_open: convert::money(summary.equity_at_open),
        equity_at_close: convert::money(summary.equity_at_close),
        cash: convert::money(summary.cash),
        realised: convert::money(summary.realised),
        fees: convert::money(summary.fees),
        trades: summary.trades,
        winners: summary.winners,
        losers: summary.losers,
        refusals: summary.refusals,
        orders: summary.orders,
        fills: summary.fills,
        residue: summary.residue.clone(),
        unprotected_share_seconds: summary.unprotected_share_seconds,
    }
}
