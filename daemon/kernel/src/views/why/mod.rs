//! Why something was done: the journal's rows of a trade as a chain from the bar to the last fill. A pure
//! function; which rows belong to a trade the store knows.

mod bar;
mod decision;
mod facts;
mod slippage;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use trader_contract::{ClientOrderId, Intent, Symbol};
use trader_core::chain::Chains;
use trader_core::record::{IntentId, JournalEntry, Origin, PlannedOrder, Record};
use trader_rpc as rpc;
use trader_store::{ClosedTrade, DiaryPage};

pub use self::bar::why_bar;
use super::journal_line;

/// What was asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marked {
    /// An order.
    Order(ClientOrderId),
    /// A decision; the first of a chain marks the whole of it, so nothing is.
    Intent(IntentId),
}

/// The chain of the decision `root`, from the rows that are about it and its symbol, oldest first,
/// with what is written about its trade.
#[must_use]
pub fn why(
    subject: String,
    symbol: Symbol,
    root: IntentId,
    marked: Marked,
    rows: &[JournalEntry],
    written: &DiaryPage,
) -> rpc::Why {
    let rows: Vec<&JournalEntry> = rows.iter().filter(|row| belongs(row, root)).collect();
    let mut chains = Chains::default();
    let mut planned: BTreeMap<ClientOrderId, &PlannedOrder> = BTreeMap::new();
    let mut steps = Vec::new();
    let mut trade = None;
    for row in &rows {
        chains.take(row);
        let asked = is_asked(row, root, marked);
        if let Record::OrderPlanned { order } = &row.record {
            planned.insert(order.request.client_id, order);
        }
        if let Record::TradeClosed { trade: closed } = &row.record {
            let closed = ClosedTrade {
                id: row.seq,
                trade: closed.clone(),
            };
            trade = Some(super::trade(&closed, written));
        }
        let before = steps.len();
        match &row.record {
            Record::IntentTaken { .. } => decision::steps(row, &mut steps),
            _ => steps.extend(step(row, &planned)),
        }
        for step in steps.iter_mut().skip(before) {
            step.asked = asked;
        }
    }
    rpc::Why {
        subject,
        symbol,
        intent: Some(root.to_string()),
        route: route(&rows, root),
        trade,
        steps,
        missing: chains.missing().iter().map(ToString::to_string).collect(),
        bars: Vec::new(),
        note: None,
    }
}

/// Whether a row about the symbol is about the trade.
fn belongs(row: &JournalEntry, root: IntentId) -> bool {
    if row.record.intent() == Some(root) {
        return true;
    }
    match &row.record {
        // What another route wanted in the same symbol meanwhile is another chain.
        Record::IntentTaken { intent, .. } => !matches!(intent, Intent::Enter { .. }),
        Record::StopPlanned { .. }
        | Record::ExitPlanned { .. }
        | Record::Exposed { .. }
        | Record::Discrepancy { .. }
        | Record::SplitApplied { .. }
        | Record::SymbolBlocked { .. }
        | Record::Alerted { .. } => true,
        _ => false,
    }
}

fn is_asked(row: &JournalEntry, root: IntentId, marked: Marked) -> bool {
    match marked {
        Marked::Order(order) => row.record.client_id() == Some(order),
        Marked::Intent(intent) if intent == root => false,
        Marked::Intent(intent) => match &row.record {
            Record::StopPlanned { decided, .. } | Record::ExitPlanned { decided, .. } => {
                *decided == Some(intent)
            }
            record => record.intent() == Some(intent),
        },
    }
}

fn route(rows: &[&JournalEntry], root: IntentId) -> Option<String> {
    rows.iter().find_map(|row| match &row.record {
        Record::IntentTaken {
            id,
            origin: Origin::Strategy { route },
            ..
        } if *id == root => Some(route.to_string()),
        Record::OrderPlanned { order } => Some(order.route.to_string()),
        _ => None,
    })
}

/// A step of one line.
fn step(
    row: &JournalEntry,
    planned: &BTreeMap<ClientOrderId, &PlannedOrder>,
) -> Option<rpc::WhyStep> {
    let kind = match &row.record {
        Record::OrderPlanned { .. } | Record::SubmitRepeated { .. } => "order",
        Record::OrderReported { report } if report.execution.is_some() => "fill",
        Record::OrderReported { .. } => "report",
        Record::StopPlanned { .. } | Record::ReplaceAsked { .. } => "stop",
        Record::ExitPlanned { .. } => "exit",
        Record::CancelAsked { .. } => "cancel",
        Record::SubmitFailed { .. }
        | Record::CancelFailed { .. }
        | Record::ReplaceFailed { .. }
        | Record::OrderDropped { .. }
        | Record::Exposed { .. }
        | Record::Discrepancy { .. }
        | Record::SymbolBlocked { .. }
        | Record::FillCorrected { .. }
        | Record::SplitApplied { .. }
        | Record::Alerted { .. } => "problem",
        Record::PositionAdopted { .. } => "adopted",
        Record::TradeClosed { .. } | Record::TradeVoided { .. } | Record::EntryLapsed { .. } => {
            "end"
        }
        _ => return None,
    };
    let facts = match &row.record {
        Record::OrderReported { report } => slippage::of(report, planned.get(&report.client_id)),
        _ => Vec::new(),
    };
    Some(rpc::WhyStep {
        seq: row.seq,
        at: row.at,
        kind: kind.to_owned(),
        order: row.record.client_id(),
        asked: false,
        text: journal_line(row).text,
        facts,
    })
}
