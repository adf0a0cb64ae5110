//! INV-15: no position is turned by an order that was to close it, no two reducing orders together are
//! for more than the position, and no orders of ours can trade with each other.

use std::collections::BTreeSet;

use trader_contract::{
    BrokerRequest, ClientOrderId, OrderReport, OrderRole, Qty, ReportStatus, Side, Symbol,
};

use super::{Checked, Sent, View, Watcher};
use crate::sim::truth::remaining;

/// The watcher.
#[derive(Debug, Default)]
pub(super) struct NoCross {
    looked_at: u64,
    sent: BTreeSet<ClientOrderId>,
}

impl Watcher for NoCross {
    fn invariant(&self) -> &'static str {
        "INV-15"
    }

    fn reported(&mut self, report: &OrderReport, view: &View<'_>) -> Checked {
        let Some(execution) = &report.execution else {
            return Ok(0);
        };
        let truth = view.truth;
        let after = truth.traded(report.symbol);
        let change = report.side.signed(execution.qty);
        let before = after.checked_add(-change).unwrap_or(after);
        let grown = after.magnitude() > before.magnitude();
        let turned = before.nanos().signum() * after.nanos().signum() < 0;
        let entry = report.client_id.role == OrderRole::Entry;
        if (turned || (grown && !entry)) && !is_the_owners(view, report.symbol) {
            return Err(format!(
                "{} took {} from {before} to {after}",
                report.client_id, report.symbol
            ));
        }
        Ok(1)
    }

    fn sent(&mut self, sent: &Sent<'_>, view: &View<'_>) -> Checked {
        let BrokerRequest::Submit(request) = sent.request else {
            return Ok(0);
        };
        let id = request.client_id;
        let position = view.truth.net(request.symbol).magnitude();
        // What is sent once more may have filled meanwhile.
        let first = id.role.is_reducing() && self.sent.insert(id);
        if first && request.qty > position && !is_the_owners(view, request.symbol) {
            let qty = request.qty;
            return Err(format!(
                "{id} is for {qty} shares, and there are {position}"
            ));
        }
        if request.client_id.role != OrderRole::Exit {
            return Ok(0);
        }
        let mut open = view.truth.orders_in(request.symbol);
        let rests = |report: &&OrderReport| {
            report.client_id.role.is_reducing() && report.client_id != request.client_id
        };
        match open.find(rests) {
            Some(report) => Err(format!(
                "{} left while {} rests",
                request.client_id, report.client_id
            )),
            None => Ok(1),
        }
    }

    fn after(&mut self, view: &View<'_>) -> Checked {
        if self.looked_at == view.truth.version {
            return Ok(0);
        }
        self.looked_at = view.truth.version;
        let mut checks = 0;
        for (symbol, held) in &view.truth.held {
            checks += 1;
            let total = reducing(view, *symbol);
            if total > held.net.magnitude() && !is_the_owners(view, *symbol) {
                return Err(format!(
                    "orders for {total} shares would close {} of {symbol}",
                    held.net
                ));
            }
        }
        for report in view.truth.open.values() {
            checks += 1;
            if report.side != Side::Buy || waits(report) {
                continue;
            }
            let meets = |other: &&OrderReport| other.side == Side::Sell && !waits(other);
            if let Some(other) = view.truth.orders_in(report.symbol).find(meets) {
                return Err(format!(
                    "{} and {} are at work on both sides",
                    report.client_id, other.client_id
                ));
            }
        }
        Ok(checks)
    }
}

/// Whether the daemon need not know yet what the owner has done in a symbol, or nobody can say whose
/// its shares are.
fn is_the_owners(view: &View<'_>, symbol: Symbol) -> bool {
    let owner = &view.truth.owner;
    owner.hand(symbol).is_some_and(|hand| hand.unclear)
        || view.now < view.truth.unknown_until(symbol, view.clear_from())
}

/// For how many shares orders at work would close a position. A target and a stop may be two legs of
/// one pair, of which the broker fills one; and of an order and the one that is to take its place, the
/// broker fills the first until the second is there.
fn reducing(view: &View<'_>, symbol: Symbol) -> Qty {
    let sum = |role: OrderRole| {
        let of_role = || {
            let orders = view.truth.orders_in(symbol);
            orders.filter(move |report| report.client_id.role == role && !waits(report))
        };
        let changing = |report: &&OrderReport| report.status == ReportStatus::PendingReplace;
        let total = |orders: &mut dyn Iterator<Item = &OrderReport>| {
            orders.fold(Qty::ZERO, |sum, report| {
                sum.checked_add(remaining(report)).unwrap_or(sum)
            })
        };
        if of_role().any(|report| changing(&report)) {
            total(&mut of_role().filter(changing))
        } else {
            total(&mut of_role())
        }
    };
    let resting = sum(OrderRole::Stop).max(sum(OrderRole::Target));
    resting.checked_add(sum(OrderRole::Exit)).unwrap_or(resting)
}

/// Whether an order waits for another one.
fn waits(report: &OrderReport) -> bool {
    report.status == ReportStatus::Held
}
