//! Trading: requests of the contract in, events of the contract out.

use std::marker::PhantomData;

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use trader_contract::{BrokerEvent, BrokerRequest, OrderRequest, RequestFailure, Timestamp};

use super::endpoint::Endpoint;
use crate::protocol::KnownOrder;
use crate::protocol::budget::Budget;
use crate::protocol::keys::Keys;
use crate::protocol::machine::{Counts, Machine, MachineSettings};
use crate::sockets::{self, Ask, Http, HttpError, Outlet, ToDo};

/// Requests that wait for the connection's task at most.
const REQUESTS: usize = 1_024;
/// Questions beside trading that wait at most.
const ASKS: usize = 64;

/// How trading is set up.
#[derive(Debug, Clone)]
pub struct TradingSettings {
    /// The account's keys.
    pub keys: Keys,
    /// The daemon's clock.
    pub clock: fn() -> Timestamp,
    /// How many of that clock's seconds pass in a second of the machine: 1, but before a simulator.
    pub pace: u32,
    /// Requests allowed in a minute, until Alpaca says otherwise.
    pub requests_per_minute: u32,
    /// For the waits before trying again.
    pub seed: u64,
}

impl TradingSettings {
    /// The usual settings.
    #[must_use]
    pub const fn new(keys: Keys, clock: fn() -> Timestamp) -> Self {
        Self {
            keys,
            clock,
            pace: 1,
            requests_per_minute: Budget::PER_MINUTE,
            seed: 0x0a1b_acaa,
        }
    }
}

/// Why trading could not be started. That Alpaca cannot be reached is none: it is told as an event.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// HTTP could not be set up.
    #[error(transparent)]
    Http(#[from] HttpError),
}

/// A connection for trading with an account of `E`. Dropped, it stops; what was sent stays sent.
#[derive(Debug)]
pub struct Trading<E> {
    requests: mpsc::Sender<ToDo>,
    pub(super) asks: mpsc::Sender<Ask>,
    counts: watch::Receiver<Counts>,
    stop: CancellationToken,
    clock: fn() -> Timestamp,
    task: Option<tokio::task::JoinHandle<()>>,
    endpoint: PhantomData<E>,
}

impl<E: Endpoint> Trading<E> {
    /// Starts on the runtime of the caller. `known` are the orders of the journal that may matter still:
    /// those that may be alive, with Alpaca's ids as far as they were heard, and what they went out
    /// with.
    ///
    /// # Errors
    /// The keys are none, or TLS could not be set up.
    pub fn start(
        endpoint: &E,
        settings: TradingSettings,
        known: &[KnownOrder],
        events: Outlet<BrokerEvent>,
    ) -> Result<Self, StartError> {
        let addresses = endpoint.addresses();
        let http = Http::new(&addresses.trading, &settings.keys)?;
        let machine = MachineSettings {
            keys: settings.keys,
            requests_per_minute: settings.requests_per_minute,
            account: endpoint.account().map(Into::into),
            seed: settings.seed,
        };
        let (requests, to_do) = mpsc::channel(REQUESTS);
        let (asks, to_ask) = mpsc::channel(ASKS);
        let (told, counts) = watch::channel(Counts::default());
        let stop = CancellationToken::new();
        let parts = sockets::TradingParts {
            machine: Machine::new(machine, known, (settings.clock)()),
            http,
            stream_url: addresses.trading_stream,
            requests: to_do,
            asks: to_ask,
            events,
            counts: told,
            clock: settings.clock,
            pace: settings.pace,
            stop: stop.clone(),
        };
        tracing::info!(endpoint = E::NAME, "connecting to Alpaca");
        Ok(Self {
            requests,
            asks,
            counts,
            stop,
            clock: settings.clock,
            task: Some(sockets::spawn_trading(parts)),
            endpoint: PhantomData,
        })
    }

    /// Makes an order ready that may be handed over soon, and sends nothing: what takes time of its making
    /// is done when [`Trading::request`] wants it sent.
    pub fn prepare(&self, order: &OrderRequest) {
        // The other half of the room is for what is to be sent. One that is left out is made when it is sent.
        if self.requests.capacity() > REQUESTS / 2 {
            let _left_out = self.requests.try_send(ToDo::Prepare(*order));
        }
    }

    /// Hands a request over, without waiting. What comes of it arrives as events.
    ///
    /// # Errors
    /// There is no room, or the connection has stopped: nothing was sent, and this is the event that says
    /// so. None for a snapshot of a connection that has stopped for good, which nobody waits for.
    pub fn request(&self, request: BrokerRequest) -> Result<(), Box<BrokerEvent>> {
        let why = match self.requests.try_reserve() {
            Ok(room) => {
                room.send(ToDo::Send(request));
                return Ok(());
            }
            Err(mpsc::error::TrySendError::Full(())) => "too many requests wait to be sent",
            Err(mpsc::error::TrySendError::Closed(())) => {
                "the connection to Alpaca has been stopped"
            }
        };
        let failure = RequestFailure::Refused {
            code: 0,
            message: format!("it was not sent: {why}").into(),
        };
        Err(Box::new(match request {
            BrokerRequest::Submit(order) => BrokerEvent::SubmitFailed {
                client_id: order.client_id,
                failure,
            },
            BrokerRequest::Cancel(client_id) => BrokerEvent::CancelFailed { client_id, failure },
            BrokerRequest::Replace(change) => BrokerEvent::ReplaceFailed {
                client_id: change.client_id,
                new_client_id: change.new_client_id,
                failure,
            },
            BrokerRequest::Snapshot { number, .. } => BrokerEvent::SnapshotFailed {
                number,
                message: why.into(),
            },
        }))
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// What was out of the ordinary so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        *self.counts.borrow()
    }

    /// What it is connected to, for headers and logs.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        E::NAME
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

impl<E> Drop for Trading<E> {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
