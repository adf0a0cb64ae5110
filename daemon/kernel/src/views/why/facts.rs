//! Numbers and words of a step, as a trader reads them.

use rust_decimal::Decimal;
use trader_contract::{Condition, Fact};
use trader_core::record::GateCheck;
use trader_rpc::{self as rpc, convert};

use crate::views::journal::words;

/// A plain number.
pub(super) fn plain(name: &str, value: impl ToString) -> rpc::WhyFact {
    rpc::WhyFact {
        name: name.to_owned(),
        direction: None,
        value: value.to_string(),
        comparison: None,
        bound: None,
        holds: None,
    }
}

/// A fact of a reason.
pub(super) fn fact(name: &str, fact: &Fact) -> rpc::WhyFact {
    plain(name, words::number(fact))
}

/// A check of the gate.
pub(super) fn check(check: &GateCheck) -> rpc::WhyFact {
    rpc::WhyFact {
        comparison: Some("allowed".to_owned()),
        bound: Some(amount(&check.allowed)),
        holds: Some(check.holds),
        ..plain(&check.limit, amount(&check.value))
    }
}

/// A condition of a strategy.
pub(super) fn condition(condition: &Condition) -> rpc::WhyFact {
    rpc::WhyFact {
        direction: condition.direction,
        comparison: Some(condition.comparison.words().to_owned()),
        bound: Some(words::number(&condition.bound)),
        holds: Some(condition.holds),
        ..plain(&condition.name, words::number(&condition.value))
    }
}

/// Money in cents: the exact product of a price and a ratio has many more decimals.
fn amount(fact: &Fact) -> String {
    match fact {
        Fact::Money(money) => money_of(convert::money(*money)).to_string(),
        fact => words::number(fact),
    }
}

pub(super) fn money_of(amount: Decimal) -> Decimal {
    amount.round_dp(2).normalize()
}
