//! Whether the journal explains every order: a decision with what it saw, how it was sized and what the
//! gate checked; then the order, the broker's word of it, and for what closes a position who asked for it.
//! A pure look at records, for tests, simulations and whoever wants to be sure of a store.

use std::collections::{BTreeMap, BTreeSet};

use trader_contract::{ClientOrderId, ExecutionId, OrderRole, Qty, Symbol};

use crate::record::{
    Decision, ExitReason, IntentId, JournalEntry, Origin, PlannedOrder, Record, Trade,
};

/// What was looked at, and found complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Complete {
    /// Decisions.
    pub intents: u32,
    /// Orders.
    pub orders: u32,
    /// Trades that ended.
    pub trades: u32,
}

/// A link that is missing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("journal entry {seq}: {what}")]
pub struct Missing {
    /// The journal entry that should have it.
    pub seq: u64,
    /// What is missing.
    pub what: String,
}

/// Goes through the whole journal, or through all that belongs to one trade, in order.
///
/// # Errors
/// Everything that is missing, in the order of the journal.
pub fn complete(rows: &[JournalEntry]) -> Result<Complete, Vec<Missing>> {
    let mut chains = Chains::default();
    for row in rows {
        chains.take(row);
    }
    if chains.missing.is_empty() {
        Ok(chains.complete)
    } else {
        Err(chains.missing)
    }
}

/// The links so far. It can be fed row by row.
#[derive(Debug, Default)]
pub struct Chains {
    complete: Complete,
    missing: Vec<Missing>,
    /// What opened a trade: an accepted entry, or an adoption.
    roots: BTreeMap<IntentId, Root>,
    orders: BTreeMap<ClientOrderId, Order>,
    /// Symbols whose open trade is to be closed.
    closing: BTreeSet<Symbol>,
}

#[derive(Debug, Default)]
struct Root {
    ended: bool,
    /// Whether something executed after the end: what it left is closed again without a plan.
    late: bool,
    /// Whether what the fills add up to was changed by somebody else.
    corrected: bool,
    entered: BTreeMap<ExecutionId, Qty>,
}

#[derive(Debug)]
struct Order {
    seq: u64,
    parent: Option<ClientOrderId>,
    /// Whether anything was heard of it.
    heard: bool,
}

impl Chains {
    /// Every link that is missing so far, in the order of the journal.
    #[must_use]
    pub fn missing(&self) -> &[Missing] {
        &self.missing
    }

    /// What was found complete so far.
    ///
    /// # Errors
    /// The first link that is missing.
    pub fn so_far(&self) -> Result<Complete, Missing> {
        match self.missing.first() {
            None => Ok(self.complete),
            Some(missing) => Err(missing.clone()),
        }
    }

    /// Takes the journal's next entry.
    pub fn take(&mut self, row: &JournalEntry) {
        match &row.record {
            Record::IntentTaken { .. } => self.intent(row),
            Record::OrderPlanned { order } => self.planned(row.seq, order),
            Record::OrderReported { report } => {
                self.heard(report.client_id);
                self.executed(
                    report.client_id,
                    report.execution.as_ref().map(|e| (&e.id, e.qty)),
                );
            }
            Record::SubmitFailed { client_id, .. } | Record::OrderDropped { client_id } => {
                self.heard(*client_id);
            }
            Record::ReplaceFailed { new_client_id, .. } => self.heard(*new_client_id),
            Record::ExitPlanned { symbol, .. } => {
                self.exit(row);
                self.closing.insert(*symbol);
            }
            // A person had a refused decision sent all the same.
            Record::OverrideAsked { asked } => {
                self.roots.insert(asked.intent, Root::default());
            }
            Record::PositionAdopted { client_id, .. } => {
                self.roots
                    .insert(IntentId::from(*client_id), Root::default());
            }
            Record::FillCorrected { client_id, .. } => {
                if let Some(root) = self.roots.get_mut(&IntentId::from(*client_id)) {
                    root.corrected = true;
                }
            }
            Record::SplitApplied { .. } | Record::Discrepancy { .. } => {
                self.roots
                    .values_mut()
                    .for_each(|root| root.corrected = true);
            }
            Record::TradeClosed { trade } => {
                self.traded(row.seq, trade);
                self.ended(row.seq, trade.symbol, trade.intent);
            }
            Record::TradeVoided { symbol, client_id }
            | Record::EntryLapsed { symbol, client_id } => {
                self.ended(row.seq, *symbol, IntentId::from(*client_id));
            }
            _ => {}
        }
    }

    fn miss(&mut self, seq: u64, what: String) {
        self.missing.push(Missing { seq, what });
    }

    fn intent(&mut self, row: &JournalEntry) {
        let Record::IntentTaken {
            id,
            origin,
            bar,
            seen,
            decision,
            ..
        } = &row.record
        else {
            return;
        };
        self.complete.intents = self.complete.intents.saturating_add(1);
        if bar.is_some() != seen.is_some() {
            self.miss(
                row.seq,
                format!("intent {id} does not say what it saw at its bar"),
            );
        }
        let Decision::Accepted {
            order: Some(order),
            checks,
            sizing,
        } = decision
        else {
            return;
        };
        if matches!(origin, Origin::Strategy { .. }) && bar.is_none() {
            self.miss(row.seq, format!("entry {order} does not name its bar"));
        }
        if sizing.is_none() {
            self.miss(
                row.seq,
                format!("entry {order} does not say how it was sized"),
            );
        }
        if checks.is_empty() || checks.iter().any(|check| !check.holds) {
            self.miss(
                row.seq,
                format!("entry {order} lacks a check of the gate that it passed"),
            );
        }
        self.roots.insert(*id, Root::default());
    }

    fn planned(&mut self, seq: u64, order: &PlannedOrder) {
        self.complete.orders = self.complete.orders.saturating_add(1);
        let id = order.request.client_id;
        let root = self.roots.get(&IntentId::from(id));
        // What an execution or a correction leaves after the end is closed again without a plan.
        let explained = root.is_some_and(|root| root.late || root.corrected);
        if root.is_none() {
            let what = format!("order {id} comes of no decision and of no adoption");
            self.miss(seq, what);
        }
        for before in order.parent.into_iter().chain(order.replaces) {
            if !self.orders.contains_key(&before) {
                self.miss(
                    seq,
                    format!("order {id} goes with {before}, which was never planned"),
                );
            }
        }
        let closes = order.role() == OrderRole::Exit;
        if closes && !explained && !self.closing.contains(&order.request.symbol) {
            self.miss(
                seq,
                format!("exit {id} was sent without anybody asking for it"),
            );
        }
        if closes && order.exit_reason.is_none() {
            self.miss(seq, format!("exit {id} does not say why it closes"));
        }
        let parent = order.parent;
        let heard = false;
        self.orders.insert(id, Order { seq, parent, heard });
    }

    fn exit(&mut self, row: &JournalEntry) {
        let Record::ExitPlanned {
            symbol,
            why,
            origin,
            reason,
            decided,
        } = &row.record
        else {
            return;
        };
        let told = match origin {
            Origin::Engine => reason.is_some(),
            Origin::Strategy { .. } => decided.is_some() || *why != ExitReason::Strategy,
            Origin::Operator { .. } => true,
        };
        if !told {
            let what = format!("the exit of {symbol} ({why}) does not name its rule");
            self.miss(row.seq, what);
        }
    }

    /// Something was heard of an order. What was attached to it went the same way.
    fn heard(&mut self, id: ClientOrderId) {
        if let Some(order) = self.orders.get_mut(&id) {
            order.heard = true;
        }
    }

    fn executed(&mut self, id: ClientOrderId, execution: Option<(&ExecutionId, Qty)>) {
        let (Some((execution, qty)), Some(root)) =
            (execution, self.roots.get_mut(&IntentId::from(id)))
        else {
            return;
        };
        root.late |= root.ended;
        if id.role == OrderRole::Entry {
            root.entered.insert(execution.clone(), qty);
        }
    }

    fn traded(&mut self, seq: u64, trade: &Trade) {
        self.complete.trades = self.complete.trades.saturating_add(1);
        let Some(root) = self.roots.get(&trade.intent) else {
            let what = format!("trade {} comes of no decision", trade.intent);
            return self.miss(seq, what);
        };
        let entered = (root.entered.values()).try_fold(Qty::ZERO, |sum, qty| sum.checked_add(*qty));
        if !root.corrected && entered != Some(trade.qty) {
            let what = format!(
                "trade {} has {} shares, its entry's fills do not add up to them",
                trade.intent, trade.qty
            );
            self.miss(seq, what);
        }
    }

    /// A trade is over: of each of its orders something was heard.
    fn ended(&mut self, seq: u64, symbol: Symbol, intent: IntentId) {
        self.closing.remove(&symbol);
        if let Some(root) = self.roots.get_mut(&intent) {
            root.ended = true;
        }
        let of_trade: Vec<ClientOrderId> = (self.orders.keys().copied())
            .filter(|id| IntentId::from(*id) == intent)
            .collect();
        for id in of_trade {
            if !self.was_heard(id) {
                let planned = self.orders.get(&id).map_or(seq, |order| order.seq);
                let what = format!("nothing was heard of order {id} before its trade was over");
                self.miss(planned, what);
            }
        }
    }

    fn was_heard(&self, id: ClientOrderId) -> bool {
        let Some(order) = self.orders.get(&id) else {
            return false;
        };
        let parent = order.parent.and_then(|parent| self.orders.get(&parent));
        order.heard || parent.is_some_and(|parent| parent.heard)
    }
}
