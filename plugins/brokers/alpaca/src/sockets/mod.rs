//! The sockets: HTTP and WebSocket connections that move bytes between Alpaca and the protocol. All
//! that is decided is decided there.

mod data;
mod feed;
mod http;
mod nap;
mod outlet;
mod socket;
mod trading;

pub(crate) use data::{Orders as DataOrders, Parts as DataParts, spawn as spawn_data};
pub use feed::{FeedCounts, FeedItem};
pub use http::{Http, HttpError};
pub use outlet::{Outlet, Put, outlet};
pub(crate) use socket::config as socket_config;
pub(crate) use trading::{Ask, Parts as TradingParts, ToDo, spawn as spawn_trading};

/// Makes TLS work: to be called once, before anything is connected. May be called again.
pub fn init() {
    // A second call finds it done.
    let _done = rustls::crypto::ring::default_provider().install_default();
}
