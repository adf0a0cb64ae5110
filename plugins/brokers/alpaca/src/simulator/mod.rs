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
//! - An order for extended hours works from 04:00 to 20:00 in New York (17:00 on half days, of which the
//!   older calendar says 20:00 all the same, as Alpaca's does), and fills where the market has minutes
//!   then: a recorded one that has them in its files, the made-up one of `--market seeded-extended`, with
//!   the spread of the session. There is no overnight session, and no asset that trades in one. A day
//!   order for extended hours ends at their end; one that is made after it works on the next session's
//!   date.
//! - Before 2026-06-04 the rules about pattern day traders hold, for small accounts; what the API said
//!   of day trades it says until 2026-07-06. An account of less than $25,000 may hold twice its equity
//!   then, and four times since. What it is worth for that is seen at the close before.
//! - Dividends are paid where the admin interface says so, since a paper account is paid none: to who
//!   holds shares at midnight before the ex-date, on the first session's midnight from the day of payment
//!   on. Prices do not fall for them.
//! - The option streams have their dialogue and no data, since no contract is listed. Who does not speak
//!   `MessagePack` there is refused when subscribing. `v2 not enabled`, `insufficient scope` and
//!   `internal error` come by a fault's order only: there is no such plan, token or failure here.
//! - A second connection to the trading stream displaces the first, or is refused, or both go on, as the
//!   admin interface says.
//! - `qty` of a replacement is the new total; the new order is for what the old one has not filled. Once
//!   the old one has ended by itself, the new one is `rejected`, also where its cancel was taken.
//! - Where a target fills in part, an order for the rest takes the stop's place, `held` as that was. A stop
//!   that is being cancelled or replaced meanwhile keeps its id, and is told as `restated`.
//! - What an ioc leaves is `canceled`; what a day order leaves at the close is `expired`. A gtc order whose
//!   `expires_at` lies on a day without a session ends at 16:15 of the next day that has one.
//! - The exchange counts in finer prices than it prints, also for what orders may cost. What the account
//!   and its positions are worth is counted at the printed ones, and in a halt at the last one before it.
//! - A share that is hard to borrow is not sold short. A short position is not covered in fractions.
//! - Whoever does not pay may have trades and quotes of thirty symbols on a connection, and no `*`.
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
