//! The task of the broker: turns the machine, carries its calls, and hands on its events.

use std::task::Poll;
use std::time::Duration;

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use trader_contract::{BrokerEvent, BrokerRequest, OrderRequest, Timestamp};

use super::http::Http;
use super::nap::Nap;
use super::outlet::{Outlet, deliver};
use super::socket::{Socket, Told};
use crate::protocol::budget::Urgency;
use crate::protocol::link::StreamInput;
use crate::protocol::machine::{Counts, Effect, Machine, Method};
use crate::protocol::outcome::HttpResult;
use crate::wire::Format;

/// The longest sleep between two looks at what is due: the wall clock may jump.
const NAP: Duration = Duration::from_millis(500);

/// How often connections are used that would else grow cold, and how many: an order must not wait for
/// one to be made because another request is under way on the only one.
const WARM_EVERY: i64 = 45 * Timestamp::SECOND;
const WARM: usize = 3;

/// Something that is asked beside trading.
pub(crate) struct Ask {
    pub(crate) urgency: Urgency,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) answer: oneshot::Sender<HttpResult>,
}

/// What the daemon wants done, in the order in which it comes.
#[derive(Debug)]
pub(crate) enum ToDo {
    /// To make an order ready that may be wanted next.
    Prepare(OrderRequest),
    /// To send a request.
    Send(BrokerRequest),
}

/// What the task is made of.
pub(crate) struct Parts {
    pub(crate) machine: Machine,
    pub(crate) http: Http,
    pub(crate) stream_url: String,
    pub(crate) requests: mpsc::Receiver<ToDo>,
    pub(crate) asks: mpsc::Receiver<Ask>,
    pub(crate) events: Outlet<BrokerEvent>,
    pub(crate) counts: watch::Sender<Counts>,
    pub(crate) clock: fn() -> Timestamp,
    pub(crate) pace: u32,
    pub(crate) stop: CancellationToken,
}

struct Task {
    parts: Parts,
    socket: Socket,
    nap: Nap,
    calls: FuturesUnordered<BoxFuture<'static, (u64, HttpResult)>>,
    asked: std::collections::BTreeMap<u64, oneshot::Sender<HttpResult>>,
    last_token: u64,
    warm_due: Timestamp,
}

/// Starts the task on the runtime of the caller.
pub(crate) fn spawn(parts: Parts) -> tokio::task::JoinHandle<()> {
    let socket = Socket::new(&parts.stream_url, Format::Json);
    let task = Task {
        parts,
        socket,
        nap: Nap::new(),
        calls: FuturesUnordered::new(),
        asked: std::collections::BTreeMap::new(),
        last_token: 0,
        warm_due: Timestamp::MIN,
    };
    tokio::spawn(task.run())
}

impl Task {
    async fn run(mut self) {
        let stop = self.parts.stop.clone();
        loop {
            if !self.carry_out().await {
                break;
            }
            let now = (self.parts.clock)();
            let nap = until(self.due(), now, self.parts.pace);
            // What the daemon asks goes before what it is told, and that before looking.
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                request = self.parts.requests.recv() => match request {
                    Some(ToDo::Send(request)) => {
                        let now = (self.parts.clock)();
                        self.parts.machine.request(request, now);
                    }
                    Some(ToDo::Prepare(order)) => self.prepare(order),
                    None => break,
                },
                Some((id, result)) = self.calls.next() => {
                    let now = (self.parts.clock)();
                    self.parts.machine.answered(id, result, now);
                }
                told = self.socket.next() => self.hear(&told),
                Some(ask) = self.parts.asks.recv() => self.ask(ask),
                () = self.nap.at_most(nap) => {}
            }
            let now = (self.parts.clock)();
            if now >= self.parts.machine.due() {
                self.parts.machine.tick(now);
            }
            if self.parts.machine.is_up() && now >= self.warm_due {
                self.warm(now);
            }
        }
        self.socket
            .act(crate::protocol::link::StreamAction::Close)
            .await;
    }

    /// Makes an order ready, and sends nothing.
    fn prepare(&mut self, order: OrderRequest) {
        if let Some((method, path, body)) = self.parts.machine.prepare(order) {
            self.parts.http.draft(method, path, body);
        }
    }

    fn hear(&mut self, told: &Told) {
        let input = match told {
            Told::Opened => StreamInput::Opened,
            Told::Message(bytes) => StreamInput::Message(bytes),
            Told::Pong => StreamInput::Pong,
            Told::Closed { why, crowded } => StreamInput::Closed {
                why,
                crowded: *crowded,
            },
        };
        let now = (self.parts.clock)();
        self.parts.machine.stream(&input, now);
    }

    fn ask(&mut self, ask: Ask) {
        self.last_token = self.last_token.saturating_add(1);
        self.asked.insert(self.last_token, ask.answer);
        let now = (self.parts.clock)();
        let call = (ask.method, ask.path, ask.body);
        self.parts
            .machine
            .ask(self.last_token, ask.urgency, call, now);
    }

    /// When something is next due.
    fn due(&self) -> Timestamp {
        let due = self.parts.machine.due();
        match self.parts.machine.is_up() {
            true => due.min(self.warm_due),
            false => due,
        }
    }

    /// Uses several connections at once.
    fn warm(&mut self, now: Timestamp) {
        self.warm_due = now.plus_nanos(WARM_EVERY);
        for _ in 0..WARM {
            self.last_token = self.last_token.saturating_add(1);
            let call = (Method::Get, "/v2/clock".to_owned(), None);
            self.parts
                .machine
                .ask(self.last_token, Urgency::Reading, call, now);
        }
    }

    /// Does all that the machine wants done; `false` where nobody hears its events any more.
    async fn carry_out(&mut self) -> bool {
        // Before the events that they count are heard.
        let counts = self.parts.machine.counts();
        self.parts.counts.send_if_modified(|told| {
            let news = *told != counts;
            *told = counts;
            news
        });
        loop {
            let mut called = false;
            while let Some(effect) = self.parts.machine.take() {
                called |= matches!(effect, Effect::Http(_));
                if !self.effect(effect).await {
                    return false;
                }
            }
            if !called {
                return true;
            }
            // What is called leaves before anything else is looked at.
            if let Poll::Ready(Some((id, result))) = futures::poll!(self.calls.next()) {
                let now = (self.parts.clock)();
                self.parts.machine.answered(id, result, now);
            } else {
                tokio::task::yield_now().await;
            }
        }
    }

    /// Does one thing; `false` where nobody hears events any more.
    async fn effect(&mut self, effect: Effect) -> bool {
        match effect {
            Effect::Http(call) => {
                let http = self.parts.http.clone();
                self.calls.push(Box::pin(async move {
                    let result = http.call(call.method, &call.path, call.body).await;
                    (call.id, result)
                }));
            }
            Effect::Stream(action) => self.socket.act(action).await,
            Effect::Event(event) => return deliver(&self.parts.events, event).await,
            Effect::Answer { token, result } => {
                if let Some(answer) = self.asked.remove(&token) {
                    // Whoever asked may have gone.
                    let _gone = answer.send(result);
                }
            }
        }
        true
    }
}

/// How long to sleep until a moment of a clock that runs at a pace.
pub(super) fn until(due: Timestamp, now: Timestamp, pace: u32) -> Duration {
    let nanos = u64::try_from(due.since(now)).unwrap_or(0);
    let nanos = nanos.checked_div(u64::from(pace)).unwrap_or(nanos);
    Duration::from_nanos(nanos).min(NAP)
}
