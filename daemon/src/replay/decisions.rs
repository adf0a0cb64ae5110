//! Decisions and fills of two runs over the same bars, side by side.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use trader_contract::{Price, Qty, Side, Symbol, Timestamp};
use trader_core::record::{Decision, JournalEntry, Origin, Record};

/// What strategies decided and what was filled in one run.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Run {
    pub(super) decisions: Vec<Decided>,
    pub(super) fills: Vec<Filled>,
}

/// One decision of a strategy.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Decided {
    /// When.
    pub(super) at: Timestamp,
    /// The route.
    pub(super) route: Box<str>,
    /// The symbol.
    pub(super) symbol: Symbol,
    /// What was wanted, with its reason.
    pub(super) intent: Value,
    /// What became of it: `accepted`, or the rule that refused it.
    pub(super) outcome: String,
}

/// One execution.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Filled {
    /// When the engine heard of it.
    pub(super) at: Timestamp,
    /// The symbol.
    pub(super) symbol: Symbol,
    /// Bought or sold.
    pub(super) side: Side,
    /// How many shares.
    pub(super) qty: Qty,
    /// At which price.
    pub(super) price: Price,
    /// What the order was for.
    pub(super) role: String,
}

impl Run {
    /// Takes what an entry of the journal says of decisions and fills.
    pub(super) fn take(&mut self, entry: &JournalEntry) {
        match &entry.record {
            Record::IntentTaken {
                origin: Origin::Strategy { route },
                symbol,
                intent,
                decision,
                ..
            } => self.decisions.push(Decided {
                at: entry.at,
                route: route.clone(),
                symbol: *symbol,
                intent: serde_json::to_value(intent).unwrap_or(Value::Null),
                outcome: match decision {
                    Decision::Accepted { .. } => "accepted".to_owned(),
                    Decision::Refused { rule, .. } => format!("refused: {rule}"),
                },
            }),
            Record::OrderReported { report } => {
                if let Some(execution) = &report.execution {
                    self.fills.push(Filled {
                        at: entry.at,
                        symbol: report.symbol,
                        side: report.side,
                        qty: execution.qty,
                        price: execution.price,
                        role: report.client_id.role.to_string(),
                    });
                }
            }
            _ => {}
        }
    }
}

/// Something of one run beside its counterpart of the other; one of them may be missing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Pair<T> {
    /// In the first run.
    pub(super) first: Option<T>,
    /// In the second one.
    pub(super) second: Option<T>,
}

/// Two runs side by side.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Comparison {
    /// Decisions that are the same in both.
    pub(super) same_decisions: usize,
    /// Decisions that differ, or that only one has.
    pub(super) decisions: Vec<Pair<Decided>>,
    /// Fills that are the same in both.
    pub(super) same_fills: usize,
    /// Fills that differ, or that only one has.
    pub(super) fills: Vec<Pair<Filled>>,
}

impl Comparison {
    /// What is about one symbol.
    pub(super) fn narrowed(mut self, symbol: Option<Symbol>) -> Self {
        if let Some(symbol) = symbol {
            let about = |found: Option<Symbol>| found == Some(symbol);
            self.decisions.retain(|pair| {
                about(
                    pair.first
                        .as_ref()
                        .or(pair.second.as_ref())
                        .map(|d| d.symbol),
                )
            });
            self.fills.retain(|pair| {
                about(
                    pair.first
                        .as_ref()
                        .or(pair.second.as_ref())
                        .map(|f| f.symbol),
                )
            });
        }
        self
    }
}

/// Puts the runs side by side: decisions by their moment, route and symbol, fills by symbol, side and what
/// the order was for, each in their order.
pub(super) fn compare(first: &Run, second: &Run) -> Comparison {
    let (same_decisions, decisions) = pairs(
        (&first.decisions, &second.decisions),
        |d| (d.symbol, d.route.clone(), d.at, String::new()),
        |d| d.at,
    );
    let (same_fills, fills) = pairs(
        (&first.fills, &second.fills),
        |f| {
            (
                f.symbol,
                f.side.to_string().into(),
                Timestamp::MIN,
                f.role.clone(),
            )
        },
        |f| f.at,
    );
    Comparison {
        same_decisions,
        decisions,
        same_fills,
        fills,
    }
}

type Key = (Symbol, Box<str>, Timestamp, String);

/// What has the same key is paired in its order; pairs of equals are counted.
fn pairs<T: Clone + PartialEq>(
    (first, second): (&[T], &[T]),
    key: impl Fn(&T) -> Key,
    at: impl Fn(&T) -> Timestamp,
) -> (usize, Vec<Pair<T>>) {
    let mut groups: BTreeMap<Key, (Vec<&T>, Vec<&T>)> = BTreeMap::new();
    for item in first {
        groups.entry(key(item)).or_default().0.push(item);
    }
    for item in second {
        groups.entry(key(item)).or_default().1.push(item);
    }
    let mut same = 0_usize;
    let mut differing = Vec::new();
    for (one, other) in groups.into_values() {
        for place in 0..one.len().max(other.len()) {
            let pair = (one.get(place).copied(), other.get(place).copied());
            if pair.0 == pair.1 {
                same = same.saturating_add(1);
            } else {
                differing.push(Pair {
                    first: pair.0.cloned(),
                    second: pair.1.cloned(),
                });
            }
        }
    }
    differing.sort_by_key(|pair| pair.first.as_ref().or(pair.second.as_ref()).map(&at));
    (same, differing)
}
