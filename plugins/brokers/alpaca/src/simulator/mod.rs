//! A server that speaks Alpaca's language on loopback, in front of the simulated exchange.
//!
//! `world/` is the account and its exchange, a state machine; `market/` what prices follow from;
//! `rest/` and `streams/` what is asked and told; `shell.rs` puts a clock and a lock around them,
//! `server.rs` the sockets. Its encoding is its own and shares nothing with the client's, so that no
//! mistake in one is hidden by the same mistake in the other.
//!
//! # Where the reference is silent or in doubt
//! - The exchange is `trader-broker-sim` under Alpaca's rules; what it assumes is said there. The path
//!   inside each minute is the market: prints and quotes lie on it, and orders fill on it.
//! - The made-up market trades in the core session only. An order for extended hours is checked as at
//!   Alpaca and waits for the core session.
//! - A second connection to the trading stream displaces the first, or is refused, or both go on, as the
//!   admin interface says.
//! - `qty` of a replacement is the new total; the new order is for what the old one has not filled.
//! - What an ioc leaves is `canceled`; what a day order leaves at the close is `expired`.
//! - The free feed carries trades and quotes of thirty symbols for every subscription.
//! - Limits count in minutes of the simulated time; `Retry-After` is in the machine's seconds.
//! - Deciding is the credentials' only use: nothing depends on who asks.

mod admin;
mod assets;
mod clock;
mod decimal;
mod faults;
mod ids;
mod journal;
mod limits;
mod market;
mod options;
mod request;
mod rest;
mod server;
mod shell;
mod streams;
mod times;
mod world;

pub use options::{Options, Pace};
pub use rest::data::Plan;
pub use server::{Books, Server};
pub use shell::StartError;
