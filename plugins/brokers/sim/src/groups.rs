//! What orders do to each other: exits that wait for their entry, and exits of which one ends the
//! other. Also the one place where an order ends.

use trader_contract::{Execution, Qty, ReportStatus, TimeInForce, Timestamp};

use crate::broker::SimBroker;
use crate::config::Profile;
use crate::order::{Group, Order, OrderNumber, Part};

impl SimBroker {
    /// Ends an order and whatever falls with it.
    pub(crate) fn end(
        &mut self,
        number: OrderNumber,
        status: ReportStatus,
        reason: Option<&str>,
        at: Timestamp,
    ) {
        if self.close_order(number, status).is_some() {
            self.report(number, None, reason, at);
            self.after_end(number, status, at);
        }
    }

    /// Ends an order with its last execution.
    pub(crate) fn end_filled(&mut self, number: OrderNumber, execution: Execution, at: Timestamp) {
        if self.close_order(number, ReportStatus::Filled).is_some() {
            self.report(number, Some(execution), None, at);
            self.after_end(number, ReportStatus::Filled, at);
        }
    }

    fn close_order(&mut self, number: OrderNumber, status: ReportStatus) -> Option<()> {
        let order = self
            .orders
            .get_mut(&number)
            .filter(|order| order.is_open())?;
        order.status = status;
        order.at_venue = false;
        let book = self.books.get_mut(order.book)?;
        book.open.retain(|&other| other != number);
        Some(())
    }

    fn after_end(&mut self, number: OrderNumber, status: ReportStatus, at: Timestamp) {
        let Some((part, group)) = self.place_in_group(number) else {
            return;
        };
        let exits = [group.target, group.stop];
        match (part, status) {
            (Part::Single, _) | (_, ReportStatus::Replaced) => {}
            (Part::Entry, ReportStatus::Filled) => {
                for exit in exits.into_iter().flatten() {
                    self.activate(exit, at);
                }
            }
            (Part::Entry, _) => {
                let bare = self
                    .orders
                    .get(&number)
                    .is_some_and(|entry| !entry.filled.is_zero());
                let reason = if bare {
                    "the entry ended after a partial fill: what it filled has no exit"
                } else {
                    "the entry ended without a fill"
                };
                self.cancel_all(exits.into_iter().flatten(), reason, at);
            }
            // Its partner has the same time in force.
            (Part::Target | Part::Stop, ReportStatus::Expired) => {}
            (Part::Target | Part::Stop, ReportStatus::Filled) => {
                self.cancel_all(exits.into_iter().flatten(), "the other exit filled", at);
            }
            (Part::Target | Part::Stop, _) => {
                self.cancel_all(group.members(), "another order of its group ended", at);
            }
        }
    }

    /// What an order is to its group now; `None` if it has none or another took its place there.
    fn place_in_group(&self, number: OrderNumber) -> Option<(Part, Group)> {
        let order = self.orders.get(&number)?;
        let group = *self.groups.get(&order.group?)?;
        group
            .members()
            .any(|member| member == number)
            .then_some((order.part, group))
    }

    fn cancel_all(
        &mut self,
        numbers: impl Iterator<Item = OrderNumber>,
        reason: &str,
        at: Timestamp,
    ) {
        for number in numbers {
            // Whoever asks has seen to the rest of the group: nothing falls with these.
            if self.close_order(number, ReportStatus::Cancelled).is_some() {
                self.report(number, None, Some(reason), at);
            }
        }
    }

    /// An order filled in part: a stop never covers more than what its target has left.
    pub(crate) fn partly_filled(&mut self, number: OrderNumber, qty: Qty, at: Timestamp) {
        let Some((Part::Target, group)) = self.place_in_group(number) else {
            return;
        };
        let Some(stop) = group.stop.and_then(|stop| self.orders.get_mut(&stop)) else {
            return;
        };
        if let Some(left) = stop.qty.checked_sub(qty)
            && stop.is_open()
            && left > stop.filled
        {
            stop.qty = left;
            let stop = stop.number;
            let reason = "the target filled in part";
            self.report(stop, None, Some(reason), at);
        }
    }

    /// A stop has been reached: its target makes way for it, and a hidden stop shows itself.
    pub(crate) fn stop_elected(&mut self, number: OrderNumber, at: Timestamp) {
        if let Some((Part::Stop, group)) = self.place_in_group(number) {
            self.cancel_all(group.target.into_iter(), "the stop was reached", at);
        }
        let Some(order) = self.orders.get_mut(&number) else {
            return;
        };
        let shows = order.status == ReportStatus::Held;
        if shows {
            order.status = ReportStatus::New;
        }
        // A collar is news too: it is the limit that the order has from now on.
        if shows || (order.collar.is_some() && !order.is_changing()) {
            self.report(number, None, None, at);
        }
    }

    /// Puts an order to work, or queues it while the exchange is closed. One for the opening auction
    /// is queued in the session as well.
    pub(crate) fn activate(&mut self, number: OrderNumber, at: Timestamp) {
        let goes = |order: &Order| order.time_in_force != TimeInForce::Opg && self.may_trade(order);
        let goes = self.orders.get(&number).is_some_and(goes);
        self.place(number, goes, at);
    }

    /// Puts an order to work if it `goes`, or else queues it.
    pub(crate) fn place(&mut self, number: OrderNumber, goes: bool, at: Timestamp) {
        let Some(order) = self.orders.get_mut(&number).filter(|order| order.is_open()) else {
            return;
        };
        let index = order.book;
        let before = order.status;
        if goes {
            order.at_venue = true;
            order.live_from = at;
        } else if order.is_immediate() {
            let reason = Some("there is no session to fill in at once");
            return self.end(number, ReportStatus::Cancelled, reason, at);
        }
        let (changing, trails, once) = (
            order.is_changing(),
            order.is_trailing(),
            order.ends_at_once(),
        );
        if trails {
            self.begin_to_trail(number, at);
        }
        let status = self.standing(number);
        if let Some(order) = self.orders.get_mut(&number)
            && !changing
            && status != before
        {
            order.status = status;
            self.report(number, None, None, at);
        }
        if goes {
            if let Some((
                Part::Target,
                Group {
                    entry: None,
                    stop: Some(stop),
                    ..
                },
            )) = self.place_in_group(number)
            {
                self.activate(stop, at);
            }
            self.arm(index);
            if once {
                self.bound(number, at);
            }
        }
    }

    /// The status of an open order to which nothing is being done.
    pub(crate) fn standing(&self, number: OrderNumber) -> ReportStatus {
        let Some(order) = self.orders.get(&number) else {
            return ReportStatus::Rejected;
        };
        let group = order.group.and_then(|group| self.groups.get(&group));
        let is_alive = |number: Option<OrderNumber>| {
            number
                .and_then(|number| self.orders.get(&number))
                .is_some_and(Order::is_open)
        };
        match (order.part, group) {
            (Part::Stop, _) if !order.at_venue => ReportStatus::Held,
            (Part::Target, Some(group)) if !order.at_venue && group.entry.is_some() => {
                ReportStatus::Held
            }
            // Alpaca shows a bracket's stop as held for as long as the target works.
            (Part::Stop, Some(group))
                if self.config.profile == Profile::Alpaca
                    && !order.elected
                    && is_alive(group.target) =>
            {
                ReportStatus::Held
            }
            _ if order.at_venue => order.working_status(),
            _ => ReportStatus::Accepted,
        }
    }
}
