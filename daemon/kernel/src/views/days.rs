//! The account's day in figures, while it runs and after it.

use rust_decimal::Decimal;
use trader_core::Engine;
use trader_core::record::{DataGaps, DaySummary, MissingMinutes, Slippage};
use trader_rpc::{self as rpc, convert};
use trader_store::ClosedDay;

/// The session that is open, or the last one that was, as it stands now; `None` before the first.
#[must_use]
pub fn day(engine: &Engine) -> Option<rpc::DaySummary> {
    let day = engine.book().day.as_ref()?;
    let mut summary = day_figures(&engine.summary(day));
    summary.open = !day.closed;
    Some(summary)
}

/// A day that is over, on the wire.
#[must_use]
pub fn day_summary(day: &ClosedDay) -> rpc::DaySummary {
    let mut summary = day_figures(&day.summary);
    summary.head = Some(format!("{}:{}", day.head.seq, day.head.hash));
    summary
}

/// A day's figures on the wire.
fn day_figures(summary: &DaySummary) -> rpc::DaySummary {
    rpc::DaySummary {
        date: summary.date,
        open: false,
        equity_at_open: convert::money(summary.equity_at_open),
        equity_at_close: convert::money(summary.equity_at_close),
        cash: convert::money(summary.cash),
        realised: convert::money(summary.realised),
        fees: convert::money(summary.fees),
        trades: summary.trades,
        winners: summary.winners,
        losers: summary.losers,
        refusals: summary.refusals,
        alerts: summary.alerts,
        orders: summary.orders,
        fills: summary.fills,
        entry_slippage: slippage(&summary.entry_slippage),
        stop_slippage: slippage(&summary.stop_slippage),
        residue: summary.residue.clone(),
        unprotected_share_seconds: summary.unprotected_share_seconds,
        gaps: summary.gaps.as_ref().map(gaps),
        head: None,
    }
}

fn slippage(slippage: &Slippage) -> rpc::Slippage {
    let cost = convert::money(slippage.cost);
    let planned = convert::money(slippage.planned);
    let points = cost
        .checked_mul(Decimal::from(10_000))
        .and_then(|scaled| scaled.checked_div(planned));
    rpc::Slippage {
        fills: slippage.fills,
        cost,
        basis_points: points.map(|points| points.round_dp(2).normalize()),
    }
}

fn gaps(gaps: &DataGaps) -> rpc::DataGaps {
    let missing = |missing: &MissingMinutes| rpc::MissingMinutes {
        symbol: missing.symbol,
        minutes: missing.minutes,
    };
    rpc::DataGaps {
        minutes: gaps.minutes,
        symbols: gaps.symbols,
        missing: gaps.missing.iter().map(missing).collect(),
    }
}
