//! Queues between the connections to a broker and the engine's thread: one of what concerns orders, one
//! of prices. A full one is waited for at the sockets, so that nothing is lost but outdated quotes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use trader_broker_alpaca::face::{FeedItem, Outlet, Put};
use trader_contract::BrokerEvent;

/// Events of the broker that wait at most.
const EVENTS: usize = 1_024;
/// Items of market data that wait at most.
const ITEMS: usize = 4_096;

/// Where they are put.
#[derive(Debug, Clone)]
pub(super) struct NetworkSlot {
    events: SyncSender<BrokerEvent>,
    items: SyncSender<FeedItem>,
    woken: Arc<AtomicBool>,
}

/// Where they are taken out.
#[derive(Debug)]
pub(super) struct Network {
    events: Receiver<BrokerEvent>,
    items: Receiver<FeedItem>,
    woken: Arc<AtomicBool>,
}

/// Empty queues.
pub(super) fn queues() -> (NetworkSlot, Network) {
    let (events, events_out) = sync_channel(EVENTS);
    let (items, items_out) = sync_channel(ITEMS);
    let woken = Arc::new(AtomicBool::new(false));
    let slot = NetworkSlot {
        events,
        items,
        woken: Arc::clone(&woken),
    };
    let network = Network {
        events: events_out,
        items: items_out,
        woken,
    };
    (slot, network)
}

impl NetworkSlot {
    pub(super) fn broker(&self, wake: impl Fn() + Send + Sync + 'static) -> Outlet<BrokerEvent> {
        into(self.events.clone(), Arc::clone(&self.woken), wake)
    }

    pub(super) fn feed(&self, wake: impl Fn() + Send + Sync + 'static) -> Outlet<FeedItem> {
        into(self.items.clone(), Arc::clone(&self.woken), wake)
    }
}

/// One call to wake up is enough for whatever comes until it is heard.
fn into<T: Send + 'static>(
    queue: SyncSender<T>,
    woken: Arc<AtomicBool>,
    wake: impl Fn() + Send + Sync + 'static,
) -> Outlet<T> {
    Arc::new(move |item| match queue.try_send(item) {
        Ok(()) => {
            if !woken.swap(true, Ordering::AcqRel) {
                wake();
            }
            Put::Taken
        }
        Err(TrySendError::Full(item)) => Put::Full(item),
        Err(TrySendError::Disconnected(_)) => Put::Gone,
    })
}

impl Network {
    /// Before everything is taken: what comes from now on calls anew. As much has to be taken as was
    /// there at most.
    pub(super) fn begin(&self) -> usize {
        self.woken.store(false, Ordering::Release);
        EVENTS.saturating_add(ITEMS)
    }

    /// The next event of the broker.
    pub(super) fn event(&self) -> Option<BrokerEvent> {
        self.events.try_recv().ok()
    }

    /// The next item of market data.
    pub(super) fn item(&self) -> Option<FeedItem> {
        self.items.try_recv().ok()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use trader_contract::{Channel, FeedEvent};

    use super::*;

    fn alive() -> FeedItem {
        FeedItem::Feed(FeedEvent::Alive {
            channel: Channel::Bars,
        })
    }

    #[test]
    fn a_flood_of_prices_wakes_once_and_leaves_room_for_what_the_broker_says() {
        let (slot, network) = queues();
        let calls = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&calls);
        let feed = slot.feed(move || {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        let broker = slot.broker(|| {});
        let taken = (0..).take_while(|_| matches!(feed(alive()), Put::Taken));
        assert_eq!(taken.count(), ITEMS);
        assert_eq!(calls.load(Ordering::Relaxed), 1);
        assert!(matches!(broker(BrokerEvent::Alive), Put::Taken));
        assert!(network.begin() >= ITEMS);
        assert_eq!(network.event(), Some(BrokerEvent::Alive));
        assert!(network.item().is_some());
        assert!(matches!(feed(alive()), Put::Taken));
        assert_eq!(calls.load(Ordering::Relaxed), 2);
    }
}
