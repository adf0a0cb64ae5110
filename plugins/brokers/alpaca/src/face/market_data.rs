//! Market data as it comes.

use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use trader_contract::Timestamp;

use super::endpoint::Endpoint;
use super::history::{Feed, History};
use super::trading::StartError;
use crate::protocol::data::DataStream;
use crate::protocol::keys::Keys;
use crate::sockets::{DataOrders, DataParts, FeedCounts, FeedItem, Outlet, spawn_data};
use crate::wire::Format;
use crate::wire::stream::Subscriptions;

/// Orders to the task that wait at most.
const ORDERS: usize = 16;

/// How market data is set up.
#[derive(Debug, Clone)]
pub struct MarketDataSettings {
    /// The keys of any account.
    pub keys: Keys,
    /// The daemon's clock.
    pub clock: fn() -> Timestamp,
    /// How many of that clock's seconds pass in a second of the machine: 1, but before a simulator.
    pub pace: u32,
    /// Which feed.
    pub feed: Feed,
    /// How its messages are written; MessagePack is what most clients take.
    pub format: Format,
    /// Requests for the past allowed in a minute.
    pub requests_per_minute: u32,
    /// For the waits before connecting again.
    pub seed: u64,
    /// Where requests for the past are carried out, so that reading a long answer holds up nobody; the
    /// stream's own runtime where this is none.
    pub beside: Option<Handle>,
}

impl MarketDataSettings {
    /// The usual settings for a feed.
    #[must_use]
    pub const fn new(keys: Keys, feed: Feed, clock: fn() -> Timestamp) -> Self {
        Self {
            keys,
            clock,
            pace: 1,
            feed,
            format: Format::MessagePack,
            requests_per_minute: feed.requests_per_minute(),
            seed: 0x0a1b_acaa,
            beside: None,
        }
    }
}

/// A connection for market data. Dropped, it stops.
#[derive(Debug)]
pub struct MarketData {
    orders: mpsc::Sender<DataOrders>,
    counts: watch::Receiver<FeedCounts>,
    history: History,
    stop: CancellationToken,
    task: Option<tokio::task::JoinHandle<()>>,
}

impl MarketData {
    /// Starts on the runtime of the caller.
    ///
    /// # Errors
    /// The keys are none, or TLS could not be set up.
    pub fn start<E: Endpoint>(
        endpoint: &E,
        settings: MarketDataSettings,
        wanted: Subscriptions,
        items: Outlet<FeedItem>,
    ) -> Result<Self, StartError> {
        let addresses = endpoint.addresses();
        let url = format!("{}{}", addresses.data_stream, settings.feed.stream_path());
        let history = History::new(endpoint, &settings)?;
        let started = ((settings.clock)(), settings.seed);
        let (orders, to_do) = mpsc::channel(ORDERS);
        let (told, counts) = watch::channel(FeedCounts::default());
        let stop = CancellationToken::new();
        let parts = DataParts {
            session: DataStream::new(settings.keys, settings.format, wanted, started),
            url,
            format: settings.format,
            history: history.clone(),
            orders: to_do,
            items,
            counts: told,
            clock: settings.clock,
            pace: settings.pace,
            stop: stop.clone(),
            beside: settings.beside.unwrap_or_else(Handle::current),
        };
        Ok(Self {
            orders,
            counts,
            history,
            stop,
            task: Some(spawn_data(parts)),
        })
    }

    /// Wants other subscriptions from now on; `false` where it cannot be told so now.
    pub fn want(&self, wanted: Subscriptions) -> bool {
        self.orders.try_send(DataOrders::Want(wanted)).is_ok()
    }

    /// Wants a new connection, since this one stands and does not bring what it should; `false` where it
    /// cannot be told so now.
    pub fn renew(&self, why: &str) -> bool {
        self.orders.try_send(DataOrders::Renew(why.into())).is_ok()
    }

    /// The past, from the same provider and within the same limit.
    #[must_use]
    pub const fn history(&self) -> &History {
        &self.history
    }

    /// What was out of the ordinary so far.
    #[must_use]
    pub fn counts(&self) -> FeedCounts {
        *self.counts.borrow()
    }

    /// Closes the stream in good order and waits for that.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if let Some(task) = self.task.take() {
            // One that failed has stopped too.
            let _stopped = task.await;
        }
    }
}

impl Drop for MarketData {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
