//! The orders of a book, with those at hand that something may still happen to: a day has thousands of
//! orders that ended, and every answer of the broker asks after those that have not.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Deref, DerefMut};

use serde::{Deserialize, Serialize, Serializer};
use trader_contract::{ClientOrderId, Timestamp};

use super::Order;

/// Orders by id. It reads as the map that it is; what changes an order goes through here.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(from = "BTreeMap<ClientOrderId, Order>")]
pub struct Orders {
    all: BTreeMap<ClientOrderId, Order>,
    kept: Kept,
}

/// What is known of all orders without looking at each.
#[derive(Debug, Clone, Default)]
struct Kept {
    /// Those that are live or miss fills.
    unsettled: BTreeSet<ClientOrderId>,
    /// No order has changed after this.
    changed_at: Option<Timestamp>,
}

impl Kept {
    /// Notes what an order is like now.
    fn file(&mut self, order: &Order, id: ClientOrderId) {
        self.changed_at = self.changed_at.max(Some(order.updated_at));
        if is_unsettled(order) {
            self.unsettled.insert(id);
        } else {
            self.unsettled.remove(&id);
        }
    }
}

impl PartialEq for Orders {
    fn eq(&self, other: &Self) -> bool {
        self.all == other.all
    }
}

impl Eq for Orders {}

fn is_unsettled(order: &Order) -> bool {
    order.is_live() || order.misses_fills()
}

impl Orders {
    /// Orders that may still fill, or of whose fills not all were heard of; by id.
    pub fn unsettled(&self) -> impl Iterator<Item = &Order> {
        self.kept.unsettled.iter().filter_map(|id| self.all.get(id))
    }

    /// Orders among which all are that are unsettled or have changed after a time; by id. Mostly these are few.
    pub fn moving(&self, since: Timestamp) -> impl Iterator<Item = &Order> {
        let all = (self.kept.changed_at > Some(since)).then(|| self.all.values());
        let few = all.is_none().then(|| self.unsettled());
        all.into_iter().flatten().chain(few.into_iter().flatten())
    }

    /// Adds an order, in place of any that has its id.
    pub fn insert(&mut self, id: ClientOrderId, order: Order) {
        self.kept.file(&order, id);
        self.all.insert(id, order);
    }

    /// Takes an order out.
    pub fn remove(&mut self, id: &ClientOrderId) -> Option<Order> {
        self.kept.unsettled.remove(id);
        self.all.remove(id)
    }

    /// Keeps the orders of which `keep` says so.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(&ClientOrderId, &Order) -> bool) {
        let unsettled = &mut self.kept.unsettled;
        self.all.retain(|id, order| {
            let kept = keep(id, order);
            if !kept {
                unsettled.remove(id);
            }
            kept
        });
    }

    /// An order to be changed.
    pub fn get_mut(&mut self, id: &ClientOrderId) -> Option<Changing<'_>> {
        let order = self.all.get_mut(id)?;
        Some(Changing {
            id: *id,
            order,
            kept: &mut self.kept,
        })
    }
}

impl Deref for Orders {
    type Target = BTreeMap<ClientOrderId, Order>;

    fn deref(&self) -> &Self::Target {
        &self.all
    }
}

impl From<BTreeMap<ClientOrderId, Order>> for Orders {
    fn from(all: BTreeMap<ClientOrderId, Order>) -> Self {
        let mut kept = Kept::default();
        for (id, order) in &all {
            kept.file(order, *id);
        }
        Self { all, kept }
    }
}

impl Serialize for Orders {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.all.serialize(serializer)
    }
}

/// An order that is being changed; what it is like now is noted once this is dropped.
#[derive(Debug)]
pub struct Changing<'a> {
    id: ClientOrderId,
    order: &'a mut Order,
    kept: &'a mut Kept,
}

impl Deref for Changing<'_> {
    type Target = Order;

    fn deref(&self) -> &Order {
        self.order
    }
}

impl DerefMut for Changing<'_> {
    fn deref_mut(&mut self) -> &mut Order {
        self.order
    }
}

impl Drop for Changing<'_> {
    fn drop(&mut self) {
        self.kept.file(self.order, self.id);
    }
}

#[cfg(test)]
mod tests {
    use trader_contract::{
        Attached, OrderKind, OrderRequest, OrderState, Outcome, Qty, Side, TimeInForce,
    };

    use super::*;
    use crate::record::PlannedOrder;

    fn id(number: u32) -> ClientOrderId {
        format!("0000002a-20261120-{number}-e1").parse().unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    /// Orders with these numbers, planned at that many seconds.
    fn orders(numbers: std::ops::RangeInclusive<u32>) -> Orders {
        let mut orders = Orders::default();
        for number in numbers {
            let planned = PlannedOrder {
                request: OrderRequest {
                    client_id: id(number),
                    symbol: "AAPL".parse().unwrap(),
                    side: Side::Buy,
                    qty: Qty::shares(1).unwrap(),
                    kind: OrderKind::Market,
                    time_in_force: TimeInForce::Day,
                    attached: Attached::NONE,
                    oco_stop: None,
                },
                route: "route".into(),
                parent: None,
                replaces: None,
                exit_reason: None,
                expires_after_bars: None,
                decided_on: None,
                last: None,
            };
            orders.insert(id(number), Order::new(planned, at(number.into())));
        }
        orders
    }

    fn end(orders: &mut Orders, number: u32, seconds: i64) {
        let mut order = orders.get_mut(&id(number)).unwrap();
        order.state = OrderState::Done(Outcome::Cancelled);
        order.updated_at = at(seconds);
    }

    fn ids<'a>(orders: impl Iterator<Item = &'a Order>) -> Vec<ClientOrderId> {
        orders.map(Order::id).collect()
    }

    #[test]
    fn an_order_that_ended_is_unsettled_no_more_and_one_that_came_back_is_again() {
        let mut orders = orders(1..=3);
        end(&mut orders, 2, 10);
        assert_eq!(ids(orders.unsettled()), [id(1), id(3)]);
        orders.get_mut(&id(2)).unwrap().state = OrderState::Unknown;
        assert_eq!(ids(orders.unsettled()), [id(1), id(2), id(3)]);
        orders.remove(&id(1));
        orders.retain(|order, _| *order != id(3));
        assert_eq!(ids(orders.unsettled()), [id(2)]);
    }

    #[test]
    fn all_are_looked_at_where_any_has_changed_since_and_the_unsettled_where_none_has() {
        let mut orders = orders(1..=3);
        end(&mut orders, 1, 10);
        end(&mut orders, 3, 20);
        assert_eq!(ids(orders.moving(at(19))), [id(1), id(2), id(3)]);
        assert_eq!(ids(orders.moving(at(20))), [id(2)]);
        // What a snapshot of the engine brings back knows the same.
        let again = Orders::from(BTreeMap::clone(&orders));
        assert_eq!(ids(again.moving(at(19))), [id(1), id(2), id(3)]);
        assert_eq!(ids(again.moving(at(20))), [id(2)]);
    }
}
