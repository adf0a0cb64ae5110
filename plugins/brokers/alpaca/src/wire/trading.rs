//! The trading stream: what is said on it, and what comes. Its messages are objects; paper sends them
//! in binary frames and live in text frames, and they are read alike.

use serde::Serialize;
use trader_contract::Timestamp;

use super::number::Number;
use super::order::Order;
use super::tape::{Malformed, View};
use super::words::UpdateKind;

/// The one stream that is listened to.
pub const TRADE_UPDATES: &str = "trade_updates";

#[derive(Serialize)]
struct Said<T> {
    action: &'static str,
    data: T,
}

#[derive(Serialize)]
struct KeyPair<'a> {
    key_id: &'a str,
    secret_key: &'a str,
}

#[derive(Serialize)]
struct Streams {
    streams: [&'static str; 1],
}

/// The message that proves who we are. It holds the keys: it must not be logged.
#[must_use]
pub fn authenticate(key_id: &str, secret_key: &str) -> String {
    let data = KeyPair { key_id, secret_key };
    text(&Said {
        action: "authenticate",
        data,
    })
}

/// The message that asks for the updates of orders. The list is absolute.
#[must_use]
pub fn listen() -> String {
    let streams = [TRADE_UPDATES];
    text(&Said {
        action: "listen",
        data: Streams { streams },
    })
}

fn text<T: Serialize>(said: &T) -> String {
    // Text of texts: nothing in it can fail to be written.
    serde_json::to_string(said).unwrap_or_default()
}

/// What comes on the trading stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TradingMessage {
    /// The answer to the keys; also comes where something was asked for before them.
    Authorization {
        /// Whether they are right.
        authorized: bool,
        /// What was asked for.
        action: Box<str>,
    },
    /// What is listened to now.
    Listening {
        /// The streams.
        streams: Vec<Box<str>>,
    },
    /// Something happened to an order.
    Update(Box<OrderUpdate>),
    /// Something of a stream that is not known here.
    Other {
        /// The stream.
        stream: Box<str>,
    },
}

/// Something happened to an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderUpdate {
    /// What.
    pub kind: UpdateKind,
    /// The order as it is since.
    pub order: Order,
    /// When it happened.
    pub at: Option<Timestamp>,
    /// The event's own id; the same update sent twice has it twice.
    pub execution: Option<Box<str>>,
    /// The execution that this one takes back or changes.
    pub previous: Option<Box<str>>,
    /// The price of this execution.
    pub price: Option<Number>,
    /// The shares of this execution.
    pub qty: Option<Number>,
    /// The position since.
    pub position: Option<Number>,
}

impl TradingMessage {
    /// Reads one message.
    ///
    /// # Errors
    /// It names no stream, or an update has no order.
    pub fn read(view: View<'_>) -> Result<Self, Malformed> {
        let stream = view.needs_text("stream")?;
        let data = view.get("data");
        let of = |key: &str| data.and_then(|data| data.boxed(key)).unwrap_or_default();
        Ok(match &*stream {
            "authorization" => Self::Authorization {
                authorized: &*of("status") == "authorized",
                action: of("action"),
            },
            "listening" => Self::Listening {
                streams: data.map(|data| data.texts("streams")).unwrap_or_default(),
            },
            TRADE_UPDATES => {
                let update = data.ok_or(Malformed::Field {
                    field: "data",
                    wanted: "an object",
                })?;
                Self::Update(Box::new(OrderUpdate::read(update)?))
            }
            other => Self::Other {
                stream: other.into(),
            },
        })
    }
}

impl OrderUpdate {
    /// Reads what happened.
    ///
    /// # Errors
    /// It names no event or has no order.
    pub fn read(view: View<'_>) -> Result<Self, Malformed> {
        let order = view.get("order").ok_or(Malformed::Field {
            field: "order",
            wanted: "an order",
        })?;
        let previous = view.boxed("previous_execution_id");
        Ok(Self {
            kind: UpdateKind::read(&view.needs_text("event")?),
            order: Order::read(order)?,
            at: view.time("timestamp")?.or(view.time("at")?),
            execution: view.boxed("execution_id"),
            previous: previous.or_else(|| view.boxed("previous_id")),
            price: view.number("price")?,
            qty: view.number("qty")?,
            position: view.number("position_qty")?,
        })
    }

    /// Whether it tells of an execution.
    #[must_use]
    pub const fn is_execution(&self) -> bool {
        matches!(self.kind, UpdateKind::Fill | UpdateKind::PartialFill)
    }
}
