//! What the daemon uses. A [`Trading`] takes requests of the contract and gives events of the contract;
//! a [`MarketData`] gives what a stream of market data brings; a [`History`] answers questions about the
//! past, an [`Inquiry`] those of who only looks at an account. Which account they are of is in their type: see [`endpoint`].
//!
//! ```no_run
//! # use trader_broker_alpaca::face::*;
//! # use trader_contract::*;
//! # enum Message { Broker(BrokerEvent), Feed(FeedItem) }
//! # fn clock() -> Timestamp { Timestamp::MIN }
//! # async fn start(queue: std::sync::mpsc::SyncSender<Message>) -> Result<(), Box<dyn std::error::Error>> {
//! let keys = credentials::load("alpaca", None)?;
//! let settings = TradingSettings::new(keys.clone(), clock);
//! let unwrap = |message| match message { Message::Broker(event) => Some(event), _ => None };
//! let events = outlet(queue.clone(), Message::Broker, unwrap);
//! let trading = Trading::start(&Paper::new(), settings, &[], events)?;
//! trading.request(BrokerRequest::Snapshot { number: 1, since: clock() }).ok();
//! # Ok(())
//! # }
//! ```

mod account;
pub mod credentials;
pub mod endpoint;
pub mod history;
mod inquiry;
mod market_data;
mod trading;

pub use account::AskError;
pub use endpoint::{Endpoint, EndpointError, Live, Paper, Simulator};
pub use history::{Adjustment, Feed, History, HistoryError};
pub use inquiry::Inquiry;
pub use market_data::{MarketData, MarketDataSettings};
pub use trading::{StartError, Trading, TradingSettings};

pub use crate::protocol::keys::Keys;
pub use crate::protocol::{Counts, KnownOrder};
pub use crate::sockets::{FeedCounts, FeedItem, Outlet, Put, init, outlet};
pub use crate::wire::stream::{DataChannel, Subscriptions};
