//! What a fill lost against the price that its order was made for.

use rust_decimal::Decimal;
use trader_contract::{OrderReport, Price, Side};
use trader_core::record::PlannedOrder;
use trader_rpc::{self as rpc, convert};

use super::facts::plain;

/// The slippage of an execution: against the stop or the limit of its order, or for a market order
/// against the last price when it was made. Positive is worse.
pub(super) fn of(report: &OrderReport, planned: Option<&&PlannedOrder>) -> Vec<rpc::WhyFact> {
    let (Some(execution), Some(planned)) = (&report.execution, planned) else {
        return Vec::new();
    };
    let kind = planned.request.kind;
    // A stop that was moved by a replacement is another order, with a plan of its own.
    let reference = (report.stop.or(kind.stop()))
        .or(kind.limit())
        .or(planned.last);
    let Some(reference) = reference else {
        return Vec::new();
    };
    let worse = worse_by(report.side, execution.price, reference);
    vec![
        plain("against", convert::price(reference)),
        plain("slippage_per_share", signed(worse)),
        plain(
            "slippage",
            signed(worse.saturating_mul(convert::qty(execution.qty))),
        ),
    ]
}

fn worse_by(side: Side, paid: Price, reference: Price) -> Decimal {
    let (paid, reference) = (convert::price(paid), convert::price(reference));
    match side {
        Side::Buy => paid.saturating_sub(reference),
        Side::Sell => reference.saturating_sub(paid),
    }
}

fn signed(amount: Decimal) -> String {
    let amount = amount.normalize();
    if amount > Decimal::ZERO {
        format!("+{amount}")
    } else {
        amount.to_string()
    }
}
