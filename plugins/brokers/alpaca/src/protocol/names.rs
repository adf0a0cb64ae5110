//! Which of Alpaca's orders is which of ours. An order of ours bears its name, but for those that Alpaca
//! makes by itself: the exits that go out with an order, and the order that takes a shrunken exit's
//! place. Those follow from the order that they belong to.

use std::collections::BTreeMap;

use trader_contract::{BrokerOrderId, ClientOrderId, OrderReport, OrderRequest, OrderRole, Qty};

use crate::wire::order::Order;
use crate::wire::words::OrderType;

/// An order that the daemon knows from before: what its journal says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownOrder {
    /// Our id.
    pub client_id: ClientOrderId,
    /// Alpaca's id, where it was heard.
    pub broker_id: Option<BrokerOrderId>,
    /// The order that it went out with.
    pub parent: Option<ClientOrderId>,
    /// Whether it may still be alive.
    pub live: bool,
}

/// What is known of one of our orders.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    /// Alpaca's id, once heard.
    pub(super) broker_id: Option<Box<str>>,
    /// The order that it went out with.
    pub(super) parent: Option<ClientOrderId>,
    /// Whether it may still be alive.
    pub(super) live: bool,
    /// What was last said of it.
    pub(super) last: Option<OrderReport>,
    /// How much of it has been handed on as executions, one after the other without a gap.
    pub(super) told: Option<Qty>,
    /// How often Alpaca has taken back an execution of it.
    pub(super) taken_back: u32,
    /// The order that is to take its place.
    pub(super) successor: Option<ClientOrderId>,
}

/// Whose order one of Alpaca's is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// Ours, under this name.
    Ours(ClientOrderId),
    /// It bears no name of ours, and nothing says that it belongs to one that does.
    Nobodys,
}

/// The names.
#[derive(Debug, Default)]
pub(super) struct Names {
    orders: BTreeMap<ClientOrderId, Known>,
    by_broker: BTreeMap<Box<str>, ClientOrderId>,
}

impl Names {
    /// The names of the orders that the daemon knows from before.
    pub(super) fn new(known: &[KnownOrder]) -> Self {
        let mut names = Self::default();
        for order in known {
            let entry = names.orders.entry(order.client_id).or_default();
            entry.parent = order.parent;
            entry.live = order.live;
            if let Some(broker_id) = &order.broker_id {
                names.bind(order.client_id, &broker_id.0);
            }
        }
        names
    }

    /// What is known of an order.
    pub(super) fn get(&self, name: ClientOrderId) -> Option<&Known> {
        self.orders.get(&name)
    }

    /// What is known of an order, to add to it.
    pub(super) fn known(&mut self, name: ClientOrderId) -> &mut Known {
        self.orders.entry(name).or_default()
    }

    /// Alpaca's id of an order.
    pub(super) fn broker_id(&self, name: ClientOrderId) -> Option<&str> {
        self.orders.get(&name)?.broker_id.as_deref()
    }

    /// Our name of one of Alpaca's ids.
    pub(super) fn name(&self, broker_id: &str) -> Option<ClientOrderId> {
        self.by_broker.get(broker_id).copied()
    }

    /// An order is about to be sent, with the orders that go out with it.
    pub(super) fn sent(&mut self, request: &OrderRequest) {
        self.known(request.client_id).live = true;
        let exits = [
            request.oco_stop,
            request.attached.stop,
            request.attached.target,
        ];
        for (name, _) in exits.into_iter().flatten() {
            let exit = self.known(name);
            exit.live = true;
            exit.parent = Some(request.client_id);
        }
    }

    /// An order and what would have gone out with it will never be.
    pub(super) fn never(&mut self, name: ClientOrderId) {
        let orders = self.orders.iter_mut();
        for (_, known) in orders.filter(|(id, known)| **id == name || known.parent == Some(name)) {
            if known.broker_id.is_none() {
                known.live = false;
            }
        }
    }

    /// Ties a name to one of Alpaca's ids. A later id counts: the order that took the place.
    pub(super) fn bind(&mut self, name: ClientOrderId, broker_id: &str) {
        self.known(name).broker_id = Some(broker_id.into());
        self.by_broker.insert(broker_id.into(), name);
    }

    /// Whose order it is, and remembers it. `parent` is the order that it was found in.
    pub(super) fn resolve(&mut self, order: &Order, parent: Option<ClientOrderId>) -> Whose {
        if let Some(name) = self.by_broker.get(&order.id) {
            return Whose::Ours(*name);
        }
        let named = || order.client_id.parse::<ClientOrderId>().ok();
        let replaced = |names: &Self| names.name(order.replaces.as_deref()?);
        let exit = |names: &Self| names.exit_of(parent?, order);
        let Some(name) = named().or_else(|| replaced(self)).or_else(|| exit(self)) else {
            return Whose::Nobodys;
        };
        if let Some(parent) = parent {
            self.known(name).parent = Some(parent);
        }
        self.bind(name, &order.id);
        Whose::Ours(name)
    }

    /// The name of an exit: what was said when its order went out, or what always follows from it.
    fn exit_of(&self, parent: ClientOrderId, order: &Order) -> Option<ClientOrderId> {
        let role = match order.kind {
            OrderType::Limit => OrderRole::Target,
            OrderType::Stop | OrderType::StopLimit | OrderType::TrailingStop => OrderRole::Stop,
            OrderType::Market | OrderType::Unknown(_) => return None,
        };
        let said = self.orders.iter().find_map(|(name, known)| {
            let free = known.broker_id.is_none();
            (known.parent == Some(parent) && name.role == role && free).then_some(*name)
        });
        // The exits of an entry are its first; those of an exit pair are counted on their own.
        let follows = (parent.role == OrderRole::Entry).then(|| parent.with_role(role));
        said.or(follows)
    }

    /// Every order that may still be alive.
    pub(super) fn live(&self) -> impl Iterator<Item = (ClientOrderId, &Known)> {
        let orders = self.orders.iter().filter(|(_, known)| known.live);
        orders.map(|(name, known)| (*name, known))
    }

    /// The head of the group that an order belongs to: itself where it belongs to none.
    pub(super) fn head(&self, name: ClientOrderId) -> ClientOrderId {
        let parent = self.orders.get(&name).and_then(|known| known.parent);
        parent.unwrap_or(name)
    }

    /// Whether Alpaca's id is the one that a name stands for now: not that of an order whose place
    /// another one took under the same name.
    pub(super) fn is_current(&self, name: ClientOrderId, broker_id: &str) -> bool {
        self.broker_id(name) == Some(broker_id)
    }

    /// Whether an order has others that live and die with it.
    pub(super) fn is_in_group(&self, name: ClientOrderId) -> bool {
        let head = self.head(name);
        self.orders.values().any(|known| known.parent == Some(head))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Format, Reader};

    fn name(text: &str) -> ClientOrderId {
        text.parse().unwrap()
    }

    fn order(id: &str, client_id: &str, kind: &str, replaces: &str) -> Order {
        let text = format!(
            r#"{{"id":"{id}","client_order_id":"{client_id}","type":"{kind}","replaces":"{replaces}","status":"held","symbol":"AAPL"}}"#
        );
        Order::read(Reader::new().read(Format::Json, text.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn an_order_of_ours_bears_its_name() {
        let mut names = Names::default();
        let ours = order("b1", "0000002a-20261120-17-e1", "limit", "");
        assert_eq!(
            names.resolve(&ours, None),
            Whose::Ours(name("0000002a-20261120-17-e1"))
        );
        assert_eq!(
            names.resolve(&order("b2", "by-hand", "limit", ""), None),
            Whose::Nobodys
        );
        assert_eq!(names.name("b1"), Some(name("0000002a-20261120-17-e1")));
    }

    #[test]
    fn the_exits_of_an_entry_follow_from_it_even_after_a_restart() {
        let entry = name("0000002a-20261120-17-e1");
        let mut names = Names::new(&[]);
        let stop = order("b2", "made-up-1", "stop", "");
        let target = order("b3", "made-up-2", "limit", "");
        assert_eq!(
            names.resolve(&stop, Some(entry)),
            Whose::Ours(name("0000002a-20261120-17-s1"))
        );
        assert_eq!(
            names.resolve(&target, Some(entry)),
            Whose::Ours(name("0000002a-20261120-17-t1"))
        );
        // From then on they are known without the entry.
        assert_eq!(
            names.resolve(&stop, None),
            Whose::Ours(name("0000002a-20261120-17-s1"))
        );
        assert!(names.is_in_group(name("0000002a-20261120-17-s1")));
    }

    #[test]
    fn the_stop_of_an_exit_pair_has_the_name_that_was_given_to_it() {
        let (target, stop) = (
            name("0000002a-20261120-17-t2"),
            name("0000002a-20261120-17-s4"),
        );
        let known = |client_id, parent| KnownOrder {
            client_id,
            broker_id: None,
            parent,
            live: true,
        };
        let mut names = Names::new(&[known(target, None), known(stop, Some(target))]);
        assert_eq!(
            names.resolve(&order("b9", "made-up", "stop", ""), Some(target)),
            Whose::Ours(stop)
        );
        let mut forgotten = Names::default();
        assert_eq!(
            forgotten.resolve(&order("b9", "made-up", "stop", ""), Some(target)),
            Whose::Nobodys
        );
    }

    #[test]
    fn what_alpaca_puts_in_an_orders_place_by_itself_keeps_its_name() {
        let stop = name("0000002a-20261120-17-s1");
        let mut names = Names::default();
        names.bind(stop, "b2");
        assert_eq!(
            names.resolve(&order("b7", "made-up", "stop", "b2"), None),
            Whose::Ours(stop)
        );
        assert_eq!(names.broker_id(stop), Some("b7"));
        // A replacement that we asked for has a name of its own.
        let ours = order("b8", "0000002a-20261120-17-s2", "stop", "b7");
        assert_eq!(
            names.resolve(&ours, None),
            Whose::Ours(name("0000002a-20261120-17-s2"))
        );
    }
}
