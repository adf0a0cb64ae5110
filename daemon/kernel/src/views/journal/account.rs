//! Trades, sessions, alerts, and whether entries are allowed.

use std::collections::BTreeMap;

use trader_contract::{ClientOrderId, Money, NetQty, Symbol};
use trader_core::record::{Alert, DaySummary, Origin, Trade, TradingState};

use super::words;

/// "SPY is free again: the trade of entry 0000002a-20110110-1-e1 is over, but …".
pub(super) fn trade_voided(symbol: Symbol, entry: ClientOrderId) -> String {
    format!(
        "{symbol} is free again: the trade of {} is over, but not all of its fills are known",
        words::order(entry)
    )
}

/// "cash is 99872.5, as the broker says; the ledger had 100000".
pub(super) fn cash_adopted(ours: Money, broker: Money) -> String {
    format!("cash is {broker}, as the broker says; the ledger had {ours}")
}

/// "this store belongs to account PA1B4BB728D5".
pub(super) fn account_named(account: &str) -> String {
    format!("this store belongs to account {account}")
}

/// "of the broker's cash -1000 belongs to 10 SPY of somebody else".
pub(super) fn cash_set_apart(amount: Money, positions: &BTreeMap<Symbol, NetQty>) -> String {
    if positions.is_empty() {
        return "all of the broker's cash is the ledger's: it holds nothing of somebody else"
            .to_owned();
    }
    let held = positions
        .iter()
        .map(|(symbol, net)| format!("{net} {symbol}"));
    let held: Vec<String> = held.collect();
    format!(
        "of the broker's cash {amount} belongs to {} of somebody else",
        held.join(", ")
    )
}

/// "SPY long closed: stop_loss, -5.92, 148 shares from 168.82 to 168.78, 8 min".
pub(super) fn trade_closed(trade: &Trade) -> String {
    let mut sentence = format!(
        "{} {} closed: {}, {}, {} shares from {} to {}, {}",
        trade.symbol,
        trade.direction,
        trade.exit_reason,
        signed(trade.profit),
        trade.qty,
        words::mean(trade.entry_average),
        words::mean(trade.exit_average),
        words::span(trade.entered_at, trade.exited_at),
    );
    if trade.fees != Money::ZERO {
        sentence.push_str(&format!(", fees {}", trade.fees));
    }
    sentence
}

fn signed(amount: Money) -> String {
    if amount > Money::ZERO {
        format!("+{amount}")
    } else {
        amount.to_string()
    }
}

/// "session 2011-01-10 closed: +234.5 to 100234.5, 3 trades (2 won, 1 lost), fees 2".
pub(super) fn session_closed(summary: &DaySummary) -> String {
    let change = summary.equity_at_close - summary.equity_at_open;
    let mut sentence = format!(
        "session {} closed: {} to an equity of {}, {} trades ({} won, {} lost), fees {}",
        summary.date,
        signed(change),
        summary.equity_at_close,
        summary.trades,
        summary.winners,
        summary.losers,
        summary.fees,
    );
    if !summary.residue.is_empty() {
        let symbols: Vec<&str> = summary.residue.iter().map(Symbol::as_str).collect();
        sentence.push_str(&format!("; not flat: {}", symbols.join(", ")));
    }
    if summary.unprotected_share_seconds > 0 {
        sentence.push_str(&format!(
            "; {} share-seconds without a stop",
            summary.unprotected_share_seconds
        ));
    }
    for (count, what) in [(summary.refusals, "refused"), (summary.alerts, "alerts")] {
        if count > 0 {
            sentence.push_str(&format!("; {count} {what}"));
        }
    }
    for (slippage, what) in [
        (&summary.entry_slippage, "entries"),
        (&summary.stop_slippage, "stops"),
    ] {
        if slippage.fills > 0 {
            let (cost, fills) = (slippage.cost, slippage.fills);
            sentence.push_str(&format!("; slippage of {what} {cost} in {fills} fills"));
        }
    }
    let missing = summary.gaps.iter().flat_map(|gaps| &gaps.missing);
    let missing: Vec<String> = missing
        .map(|missing| format!("{} {}", missing.symbol, missing.minutes))
        .collect();
    if !missing.is_empty() {
        sentence.push_str(&format!("; minutes without data: {}", missing.join(", ")));
    }
    sentence
}

/// "entries are halted: daily loss: 500 of at most 500".
pub(super) fn trading_state(state: &TradingState, origin: &Origin) -> String {
    let by = words::asked_by(origin);
    match state {
        TradingState::Active => format!("entries are allowed{by}"),
        TradingState::Reducing => format!("entries are paused{by}"),
        TradingState::Killed(why) => format!("entries are killed{by}: {why}"),
        TradingState::Tripped(_) | TradingState::Halted(_) | TradingState::Unheard => {
            let why = state.why().unwrap_or_default();
            format!("entries are halted{by}: {why}")
        }
    }
}

/// What happened, and what to do if there is something to do.
pub(super) fn alerted(alert: &Alert) -> String {
    if &*alert.action == "nothing" {
        alert.message.to_string()
    } else {
        format!("{}; to do: {}", alert.message, alert.action)
    }
}
