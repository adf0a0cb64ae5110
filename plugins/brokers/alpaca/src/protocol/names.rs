//! Which of Alpaca's orders is which of ours. An order of ours bears its name, but for those that Alpaca
//! makes by itself: the exits that go out with an order, and the order that takes a shrunken exit's
//! place. Those follow from the order that they belong to.

use std::collections::{BTreeMap, BTreeSet};

use trader_contract::{
    BrokerOrderId, ClientOrderId, Execution, OrderReport, OrderRequest, OrderRole, Qty, Timestamp,
};

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

/// An execution that the stream has told.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    /// What the stream called it.
    pub(super) streamed: Option<Box<str>>,
    /// What the order had filled with it.
    pub(super) cumulative: Qty,
    /// As it was told.
    pub(super) execution: Execution,
}

/// What is known of one of our orders.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    /// Alpaca's id, once heard.
    pub(super) broker_id: Option<Box<str>>,
    parent: Option<ClientOrderId>,
    /// What was last said of it.
    pub(super) last: Option<OrderReport>,
    /// How much of it has been handed on as executions, one after the other without a gap.
    pub(super) told: Option<Qty>,
    /// The executions that the stream told and that stand.
    pub(super) standing: Vec<Standing>,
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

/// The names. Few orders of a day are alive, and few belong to one: both are found without a look at all.
#[derive(Debug, Default)]
pub(super) struct Names {
    orders: BTreeMap<ClientOrderId, Known>,
    by_broker: BTreeMap<Box<str>, ClientOrderId>,
    /// Those that may still be alive.
    live: BTreeSet<ClientOrderId>,
    /// The orders that went out with an order, in the order of their ids.
    exits: BTreeMap<ClientOrderId, BTreeSet<ClientOrderId>>,
}

impl Known {
    /// The order that it went out with.
    pub(super) const fn parent(&self) -> Option<ClientOrderId> {
        self.parent
    }
}

impl Names {
    /// The names of the orders that the daemon knows from before.
    pub(super) fn new(known: &[KnownOrder]) -> Self {
        let mut names = Self::default();
        for order in known {
            names.known(order.client_id);
            names.set_parent(order.client_id, order.parent);
            names.set_live(order.client_id, order.live);
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

    /// Says whether an order may still be alive.
    pub(super) fn set_live(&mut self, name: ClientOrderId, live: bool) {
        match live {
            true => self.live.insert(name),
            false => self.live.remove(&name),
        };
    }

    /// Says which order another one went out with.
    pub(super) fn set_parent(&mut self, name: ClientOrderId, parent: Option<ClientOrderId>) {
        let before = std::mem::replace(&mut self.known(name).parent, parent);
        if before == parent {
            return;
        }
        if let Some(exits) = before.and_then(|before| self.exits.get_mut(&before)) {
            exits.remove(&name);
        }
        if let Some(parent) = parent {
            self.exits.entry(parent).or_default().insert(name);
        }
    }

    /// The orders that went out with this one.
    fn exits(&self, parent: ClientOrderId) -> impl Iterator<Item = ClientOrderId> {
        self.exits.get(&parent).into_iter().flatten().copied()
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
        self.known(request.client_id);
        self.set_live(request.client_id, true);
        let exits = [
            request.oco_stop,
            request.attached.stop,
            request.attached.target,
        ];
        for (name, _) in exits.into_iter().flatten() {
            self.set_parent(name, Some(request.client_id));
            self.set_live(name, true);
        }
    }

    /// An order and what would have gone out with it will never be.
    pub(super) fn never(&mut self, name: ClientOrderId) {
        let all: Vec<ClientOrderId> = std::iter::once(name).chain(self.exits(name)).collect();
        for name in all {
            if self.broker_id(name).is_none() {
                self.set_live(name, false);
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
            self.set_parent(name, Some(parent));
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
        let mut exits = self.exits(parent);
        let said = exits.find(|exit| exit.role == role && self.broker_id(*exit).is_none());
        // The exits of an entry are its first; those of an exit pair are counted on their own.
        let follows = (parent.role == OrderRole::Entry).then(|| parent.with_role(role));
        said.or(follows)
    }

    /// Every order that may still be alive.
    pub(super) fn live(&self) -> impl Iterator<Item = (ClientOrderId, &Known)> {
        let live = self.live.iter();
        live.filter_map(|name| Some((*name, self.orders.get(name)?)))
    }

    /// Forgets orders that were over before a moment, with all that belong to them: an order of ours that
    /// turns up again bears its name.
    pub(super) fn forget_before(&mut self, moment: Timestamp) {
        let live = &self.live;
        let is_over = |name: &ClientOrderId, known: &Known| {
            let told = known.last.as_ref();
            !live.contains(name) && told.is_some_and(|last| last.at < moment)
        };
        let kept: BTreeSet<ClientOrderId> = self
            .orders
            .iter()
            .filter(|(name, known)| !is_over(name, known))
            .map(|(name, known)| known.parent.unwrap_or(*name))
            .collect();
        self.orders.retain(|name, known| {
            let head = known.parent.unwrap_or(*name);
            kept.contains(&head) || !is_over(name, known)
        });
        let orders = &self.orders;
        self.exits.retain(|_, exits| {
            exits.retain(|exit| orders.contains_key(exit));
            !exits.is_empty()
        });
        self.by_broker.retain(|_, name| orders.contains_key(name));
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
        self.exits(head).next().is_some()
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

    #[test]
    fn an_order_that_was_never_taken_ends_with_the_exits_that_nobody_has_heard_of() {
        let (entry, stop, target, other) = (
            name("0000002a-20261120-17-e1"),
            name("0000002a-20261120-17-s1"),
            name("0000002a-20261120-17-t1"),
            name("0000002a-20261120-18-e1"),
        );
        let known = |client_id, parent| KnownOrder {
            client_id,
            broker_id: None,
            parent,
            live: true,
        };
        let mut names = Names::new(&[
            known(entry, None),
            known(stop, Some(entry)),
            known(target, Some(entry)),
            known(other, None),
        ]);
        names.bind(target, "b3");
        names.never(entry);
        let live: Vec<ClientOrderId> = names.live().map(|(name, _)| name).collect();
        assert_eq!(live, [target, other]);
    }

    #[test]
    fn a_group_is_forgotten_as_a_whole_once_it_was_over_long_ago() {
        let report = |name: ClientOrderId, seconds| OrderReport {
            client_id: name,
            broker_id: BrokerOrderId("b".into()),
            symbol: "AAPL".parse().unwrap(),
            side: trader_contract::Side::Buy,
            status: trader_contract::ReportStatus::Filled,
            qty: Qty::ZERO,
            filled: Qty::ZERO,
            execution: None,
            stop: None,
            limit: None,
            replaced_by: None,
            at: Timestamp::from_seconds(seconds),
            reason: None,
        };
        let (entry, stop) = (
            name("0000002a-20261120-17-e1"),
            name("0000002a-20261120-17-s1"),
        );
        let mut names = Names::default();
        names.bind(entry, "b1");
        names.bind(stop, "b2");
        names.set_parent(stop, Some(entry));
        names.known(entry).last = Some(report(entry, 10));
        names.known(stop).last = Some(report(stop, 90));
        names.forget_before(Timestamp::from_seconds(50));
        assert!(names.name("b1").is_some() && names.name("b2").is_some());
        names.set_live(stop, true);
        names.forget_before(Timestamp::from_seconds(100));
        assert!(names.name("b1").is_some() && names.name("b2").is_some());
        names.set_live(stop, false);
        names.forget_before(Timestamp::from_seconds(100));
        assert!(names.name("b1").is_none() && names.get(stop).is_none());
        assert!(!names.is_in_group(entry));
    }
}
