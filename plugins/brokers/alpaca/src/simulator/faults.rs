//! Failures that are ordered in advance: what the next requests meet, and what happens to the next
//! events on their way. They look at the request and never at who sends it.

use serde::Deserialize;
use serde_json::Value;
use trader_contract::Timestamp;

use super::request::{Method, Request};

/// One failure to come, and how often.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Order {
    pub(crate) fault: Kind,
    #[serde(default = "once")]
    count: u32,
    /// Which requests: all of them, where nothing is said.
    method: Option<Method>,
    path: Option<String>,
    /// Which events, or which messages to a data stream: all of them, where nothing is said.
    event: Option<String>,
    /// What is answered, for faults that answer.
    status: Option<u16>,
    /// Whether the body is HTML instead of JSON.
    #[serde(default)]
    pub(crate) html: bool,
    /// Whether the headers of the limit are left out.
    #[serde(default)]
    pub(crate) without_headers: bool,
    #[serde(default)]
    pub(crate) milliseconds: u64,
}

const fn once() -> u32 {
    1
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// The answer comes late.
    DelayResponse,
    /// An error, and nothing was done.
    ErrorBefore,
    /// An error, and yet everything was done.
    ErrorAfter,
    /// Too many requests.
    RateLimit,
    /// It is done, and the connection breaks in the answer.
    CutResponse,
    /// It is done, and no answer ever comes.
    HalfOpen,
    /// An event is never told.
    DropEvent,
    /// An event is told twice.
    DuplicateEvent,
    /// An event is told late, in simulated milliseconds.
    DelayEvent,
    /// An event is told after the one that follows it.
    SwapEvents,
    /// A handshake of a stream is refused.
    RefuseHandshake,
    /// A message to a market data stream is answered with an error.
    StreamError,
}

impl Kind {
    const fn is_about_events(self) -> bool {
        matches!(
            self,
            Self::DropEvent | Self::DuplicateEvent | Self::DelayEvent | Self::SwapEvents
        )
    }
}

impl Order {
    /// What is answered.
    pub(crate) fn status(&self) -> u16 {
        self.status.unwrap_or(match self.fault {
            Kind::RateLimit | Kind::RefuseHandshake => 429,
            Kind::ErrorAfter => 504,
            _ => 500,
        })
    }

    fn is_for(&self, request: &Request) -> bool {
        !self.fault.is_about_events()
            && !matches!(self.fault, Kind::RefuseHandshake | Kind::StreamError)
            && self.method.is_none_or(|method| method == request.method)
            && (self.path.as_ref()).is_none_or(|path| request.path.starts_with(path.as_str()))
    }
}

/// Everything that is to go wrong.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    orders: Vec<Order>,
    /// An event that waits for the one after it.
    held: Option<Value>,
    late: Vec<(Timestamp, Value)>,
}

impl Faults {
    pub(crate) fn add(&mut self, order: Order) {
        self.orders.push(order);
    }

    /// Takes everything back; an event that was held is lost.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) const fn pending(&self) -> usize {
        self.orders.len()
    }

    fn take(&mut self, fits: impl Fn(&Order) -> bool) -> Option<Order> {
        let place = self.orders.iter().position(fits)?;
        let order = self.orders.get_mut(place)?;
        order.count = order.count.saturating_sub(1);
        let met = order.clone();
        if met.count == 0 {
            self.orders.remove(place);
        }
        Some(met)
    }

    /// What a request meets.
    pub(crate) fn meet_request(&mut self, request: &Request) -> Option<Order> {
        self.take(|order| order.is_for(request))
    }

    /// The status with which a handshake is refused.
    pub(crate) fn meet_handshake(&mut self, path: &str) -> Option<u16> {
        let fits = |order: &Order| {
            order.fault == Kind::RefuseHandshake
                && order
                    .path
                    .as_ref()
                    .is_none_or(|wanted| path.starts_with(wanted.as_str()))
        };
        self.take(fits).map(|order| order.status())
    }

    /// The code of the error that answers a message to a data stream.
    pub(crate) fn meet_message(&mut self, path: &str, action: &str) -> Option<u16> {
        let fits = |order: &Order| {
            let is_for = |wanted: &Option<String>, met: &str| {
                wanted.as_ref().is_none_or(|wanted| wanted == met)
            };
            order.fault == Kind::StreamError
                && is_for(&order.path, path)
                && is_for(&order.event, action)
        };
        self.take(fits).map(|order| order.status())
    }

    /// What is told in place of an event, in order.
    pub(crate) fn meet_event(&mut self, data: Value, now: Timestamp) -> Vec<Value> {
        if let Some(held) = self.held.take() {
            return vec![data, held];
        }
        let name = data
            .get("event")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let fits = |order: &Order| {
            order.fault.is_about_events()
                && order.event.as_ref().is_none_or(|wanted| wanted == name)
        };
        let Some(order) = self.take(fits) else {
            return vec![data];
        };
        match order.fault {
            Kind::DropEvent => Vec::new(),
            Kind::DuplicateEvent => vec![data.clone(), data],
            Kind::SwapEvents => {
                self.held = Some(data);
                Vec::new()
            }
            Kind::DelayEvent => {
                let nanos = i64::try_from(order.milliseconds).unwrap_or(i64::MAX);
                let due = now.plus_nanos(nanos.saturating_mul(1_000_000));
                self.late.push((due, data));
                Vec::new()
            }
            _ => vec![data],
        }
    }

    /// The events whose delay is over.
    pub(crate) fn late_events(&mut self, now: Timestamp) -> Vec<Value> {
        let (due, late) = std::mem::take(&mut self.late)
            .into_iter()
            .partition(|(at, _)| *at <= now);
        self.late = late;
        let due: Vec<(Timestamp, Value)> = due;
        due.into_iter().map(|(_, data)| data).collect()
    }

    /// When the next delay is over.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        self.late.iter().map(|(at, _)| *at).min()
    }
}
