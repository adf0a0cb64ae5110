//! The orders of a book, with those at hand that something may still happen to: a day has thousands of
//! orders that ended, and every answer of the broker asks after those that have not.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Deref, DerefMut};

use serde::{Deserialize, Serialize, Serializer};
use trader_contract::ClientOrderId;

use super::Order;

/// Orders by id. It reads as the map that it is; what changes an order goes through here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "BTreeMap<ClientOrderId, Order>")]
pub struct Orders {
    all: BTreeMap<ClientOrderId, Order>,
    /// Those that are live or miss fills.
    unsettled: BTreeSet<ClientOrderId>,
}

fn is_unsettled(order: &Order) -> bool {
    order.is_live() || order.misses_fills()
}

/// Notes whether an order is unsettled now.
fn file(unsettled: &mut BTreeSet<ClientOrderId>, order: &Order, id: ClientOrderId) {
    if is_unsettled(order) {
        unsettled.insert(id);
    } else {
        unsettled.remove(&id);
    }
}

impl Orders {
    /// Orders that may still fill, or of whose fills not all were heard of; by id.
    pub fn unsettled(&self) -> impl Iterator<Item = &Order> {
        self.unsettled.iter().filter_map(|id| self.all.get(id))
    }

    /// Adds an order, in place of any that has its id.
    pub fn insert(&mut self, id: ClientOrderId, order: Order) {
        file(&mut self.unsettled, &order, id);
        self.all.insert(id, order);
    }

    /// Takes an order out.
    pub fn remove(&mut self, id: &ClientOrderId) -> Option<Order> {
        self.unsettled.remove(id);
        self.all.remove(id)
    }

    /// Keeps the orders of which `keep` says so.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(&ClientOrderId, &Order) -> bool) {
        let unsettled = &mut self.unsettled;
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
            unsettled: &mut self.unsettled,
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
        let unsettled = all.iter().filter(|(_, order)| is_unsettled(order));
        let unsettled = unsettled.map(|(id, _)| *id).collect();
        Self { all, unsettled }
    }
}

impl Serialize for Orders {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.all.serialize(serializer)
    }
}

/// An order that is being changed; whether it is settled is looked at once this is dropped.
#[derive(Debug)]
pub struct Changing<'a> {
    id: ClientOrderId,
    order: &'a mut Order,
    unsettled: &'a mut BTreeSet<ClientOrderId>,
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
        file(self.unsettled, self.order, self.id);
    }
}
