//! Trades as CSV (RFC 4180), for spreadsheets and scripts: the figures as the wire has them, times in
//! UTC.

use trader_rpc::Trade;

use super::joined;
use crate::csv::quoted;

const HEADINGS: &str = "number,intent,route,strategy,symbol,direction,qty,entered_at,entry_average,exited_at,\
exit_average,initial_stop,exit_reason,profit,fees,tags,note\r\n";

/// The trades, one row each below the headings.
pub(super) fn csv(trades: &[Trade]) -> String {
    let mut text = HEADINGS.to_owned();
    for trade in trades {
        let stop = trade.initial_stop.map(|stop| stop.to_string());
        let note = trade.note.as_ref().map(ToString::to_string);
        let cells = [
            trade.number.to_string(),
            trade.intent.clone(),
            trade.route.clone(),
            trade.strategy.clone(),
            trade.symbol.to_string(),
            trade.direction.to_string(),
            trade.qty.to_string(),
            trade.entered_at.to_string(),
            trade.entry_average.to_string(),
            trade.exited_at.to_string(),
            trade.exit_average.to_string(),
            stop.unwrap_or_default(),
            trade.exit_reason.to_string(),
            trade.profit.to_string(),
            trade.fees.to_string(),
            joined(&trade.tags),
            note.as_deref().map(as_words).unwrap_or_default(),
        ];
        text.push_str(&cells.map(|cell| quoted(&cell)).join(","));
        text.push_str("\r\n");
    }
    text
}

/// What a person wrote, so that no spreadsheet takes it for a formula.
fn as_words(note: &str) -> String {
    if note.starts_with(['=', '+', '-', '@']) {
        format!("'{note}")
    } else {
        note.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_never_a_formula() {
        assert_eq!(as_words("=1+1"), "'=1+1");
        assert_eq!(as_words("fine"), "fine");
    }
}
