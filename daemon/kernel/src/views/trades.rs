//! Trades that have ended, with what people wrote about them.

use trader_core::record::ExitReason;
use trader_rpc::{self as rpc, EditKind, Note, Tag, convert};
use trader_store::{ClosedTrade, DiaryChange, DiaryPage, PastEdit};

/// A trade on the wire.
#[must_use]
pub fn trade(closed: &ClosedTrade, written: &DiaryPage) -> rpc::Trade {
    let trade = &closed.trade;
    rpc::Trade {
        number: closed.id,
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
        note: note(written.note.as_deref()),
        tags: tags(&written.tags),
    }
}

/// An edit of what is written about a trade, on the wire; `None` for one that no call of this wire made.
#[must_use]
pub fn trade_edit(past: &PastEdit) -> Option<rpc::TradeEdit> {
    let edit = &past.edit;
    let (what, note, added, removed) = match &edit.change {
        DiaryChange::Note(text) => (
            EditKind::Note,
            note(text.as_deref()),
            Vec::new(),
            Vec::new(),
        ),
        DiaryChange::Tags { add, remove } => (EditKind::Tags, None, tags(add), tags(remove)),
    };
    Some(rpc::TradeEdit {
        number: past.number,
        trade: edit.trade,
        at: edit.at,
        uid: edit.uid,
        request_id: edit.request.parse().ok()?,
        what,
        note,
        added,
        removed,
    })
}

/// A note as it was taken off the wire.
fn note(text: Option<&str>) -> Option<Note> {
    text.and_then(|text| text.parse().ok())
}

fn tags(texts: &[Box<str>]) -> Vec<Tag> {
    texts.iter().filter_map(|text| text.parse().ok()).collect()
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
