//! Decisions and fills of two runs over the same bars, side by side.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use trader_calendar::new_york;
use trader_contract::{Money, Price, Qty, Side, Symbol, Timestamp};
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

impl<T> Pair<T> {
    /// The first, or the second where there is no first.
    fn any(&self) -> Option<&T> {
        self.first.as_ref().or(self.second.as_ref())
    }
}

/// A fill that is another in the second run, and why.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct FillDifference {
    /// The two fills.
    #[serde(flatten)]
    pub(super) pair: Pair<Filled>,
    /// Where the difference comes from.
    pub(super) why: String,
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
    pub(super) fills: Vec<FillDifference>,
}

impl Comparison {
    /// What is about one symbol.
    pub(super) fn narrowed(mut self, symbol: Option<Symbol>) -> Self {
        if let Some(symbol) = symbol {
            let about = |found: Option<Symbol>| found == Some(symbol);
            self.decisions
                .retain(|pair| about(pair.any().map(|d| d.symbol)));
            self.fills
                .retain(|difference| about(difference.pair.any().map(|f| f.symbol)));
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
    let explained = fills.into_iter().map(|pair| FillDifference {
        why: why(&pair, &decisions, first, second),
        pair,
    });
    Comparison {
        same_decisions,
        fills: explained.collect(),
        decisions,
        same_fills,
    }
}

/// Where a difference of fills comes from: another decision before it in the symbol, another division of
/// the same shares, another price, or another moment.
fn why(pair: &Pair<Filled>, decisions: &[Pair<Decided>], first: &Run, second: &Run) -> String {
    let Some(any) = pair.any() else {
        return String::new();
    };
    let decided = decisions.iter().filter_map(Pair::any);
    let mut before = decided.filter(|d| d.symbol == any.symbol && d.at <= any.at);
    if let Some(decided) = before.next() {
        let at = new_york::wall_clock(decided.at).format("%H:%M:%S");
        return format!("it follows from another decision, first at {at}");
    }
    match (&pair.first, &pair.second) {
        (Some(one), Some(other)) if one.qty != other.qty => {
            "the brokers filled the order in other parts".to_owned()
        }
        (Some(one), Some(other)) if one.price != other.price => {
            let apart = other.price.micros().saturating_sub(one.price.micros());
            format!(
                "{} a share: each is what its broker's market had at that moment",
                Money::from_micros(apart)
            )
        }
        (Some(one), Some(other)) => {
            let later = other.at.since(one.at);
            format!(
                "the same fill, heard of {} ms {}",
                later.saturating_abs().checked_div(1_000_000).unwrap_or(0),
                if later < 0 { "earlier" } else { "later" }
            )
        }
        _ if shares(first, any) == shares(second, any) => {
            "the brokers filled the same shares in other parts".to_owned()
        }
        _ => "the order filled in one of them only, or further: its price was reached there"
            .to_owned(),
    }
}

/// Shares that a run filled in the symbol, on the side and for the purpose of a fill.
fn shares(run: &Run, like: &Filled) -> i64 {
    let alike = (run.fills.iter())
        .filter(|f| (f.symbol, f.side, &f.role) == (like.symbol, like.side, &like.role));
    alike.fold(0, |sum, fill| sum.saturating_add(fill.qty.nanos()))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn fill(seconds: i64, qty: &str, price: &str, role: &str) -> Filled {
        Filled {
            at: at(seconds),
            symbol: "SPY".parse().unwrap(),
            side: Side::Buy,
            qty: qty.parse().unwrap(),
            price: price.parse().unwrap(),
            role: role.to_owned(),
        }
    }

    fn decided(seconds: i64, outcome: &str) -> Decided {
        Decided {
            at: at(seconds),
            route: "r".into(),
            symbol: "SPY".parse().unwrap(),
            intent: Value::Null,
            outcome: outcome.to_owned(),
        }
    }

    /// Why fills differ, in their order.
    fn whys(first: &[Filled], second: &[Filled], decisions: [&str; 2]) -> Vec<String> {
        let run = |fills: &[Filled], outcome: &str| Run {
            decisions: vec![decided(5, outcome)],
            fills: fills.to_vec(),
        };
        let compared = compare(&run(first, decisions[0]), &run(second, decisions[1]));
        let whys = compared.fills.into_iter().map(|difference| difference.why);
        whys.collect()
    }

    #[test]
    fn each_fill_that_differs_says_why() {
        let alike = ["accepted", "accepted"];
        let one = [fill(10, "100", "50", "entry")];
        assert_eq!(whys(&one, &one, alike), [""; 0]);
        for (other, words) in [
            (fill(10, "60", "50", "entry"), "in other parts"),
            (fill(10, "100", "50.02", "entry"), "0.02 a share"),
            (fill(12, "100", "50", "entry"), "heard of 2000 ms later"),
        ] {
            let whys = whys(&one, &[other], alike);
            assert!(whys[0].contains(words), "{whys:?}");
        }
        let parts = [fill(10, "60", "50", "entry"), fill(11, "40", "50", "entry")];
        let divided = whys(&one, &parts, alike);
        assert!(
            divided[1].contains("the same shares in other parts"),
            "{divided:?}"
        );
        let lone = whys(&one, &[], alike);
        assert!(lone[0].contains("in one of them only"), "{lone:?}");
        let followed = whys(&one, &[], ["accepted", "refused: session"]);
        assert!(followed[0].contains("another decision"), "{followed:?}");
    }
}
