//! How long an order may stand: which kinds of order fit which time in force, and when the broker
//! takes orders for the auctions.
//!
//! The hours are worked out from the session that was announced, since there is no calendar here: an
//! opening order is taken until two minutes before the open, a closing order until ten minutes before
//! the close (on half days too, where the reference is silent), and both again from nine and a half
//! hours after the open, which is 19:00 in New York on every day.

use trader_contract::{Attached, OrderKind, OrderRequest, TimeInForce, Timestamp, Trail};

use super::Refusal;
use crate::broker::SimBroker;
use crate::session::Session;

fn invalid(message: impl Into<Box<str>>) -> Refusal {
    Refusal::new(Refusal::INVALID, message)
}

fn unprocessable(message: &str) -> Refusal {
    Refusal::new(Refusal::UNPROCESSABLE, message)
}

/// What makes no sense at any broker: a stop or an exit that waits in an order that cannot wait, and
/// a trail that is none.
pub(super) fn check_fit(request: &OrderRequest) -> Result<(), Refusal> {
    let kind = request.kind;
    if !kind.trail().is_none_or(Trail::is_valid) {
        return Err(invalid(
            "trail_percent must be greater than or equal to 0.1",
        ));
    }
    if request.time_in_force.rests() {
        return Ok(());
    }
    if kind.stop().is_some() || kind.trail().is_some() {
        return Err(invalid(format!(
            "invalid time_in_force ({} orders are day or gtc, not {})",
            kind.name(),
            request.time_in_force
        )));
    }
    if request.attached != Attached::NONE || request.oco_stop.is_some() {
        let class = request.oco_stop.map_or(request.attached.class(), |_| "oco");
        return Err(invalid(format!(
            "invalid time_in_force ({class} orders are day or gtc, not {})",
            request.time_in_force
        )));
    }
    Ok(())
}

/// What Alpaca refuses besides: trailing stops in groups and of fractions, and auction orders out of
/// hours.
pub(super) fn check_alpaca(
    broker: &SimBroker,
    request: &OrderRequest,
    at: Timestamp,
) -> Result<(), Refusal> {
    if matches!(request.kind, OrderKind::TrailingStop { .. }) {
        if !request.qty.is_whole() {
            return Err(unprocessable(
                "fractional orders must be market, limit, stop, or stop_limit orders",
            ));
        }
        if request.attached != Attached::NONE {
            return Err(unprocessable("trailing stop orders must be simple orders"));
        }
    }
    let hours = |session: &Session| match request.time_in_force {
        TimeInForce::Opg => session.takes_opening_orders(at),
        TimeInForce::Cls => session.takes_closing_orders(at),
        _ => true,
    };
    if broker.session.as_ref().is_none_or(hours) {
        return Ok(());
    }
    Err(Refusal::new(
        Refusal::FORBIDDEN,
        if request.time_in_force == TimeInForce::Opg {
            "opg orders must be submitted after 7:00pm and before 9:28am"
        } else {
            "cls orders must be submitted after 7:00pm and before 3:50pm"
        },
    ))
}
