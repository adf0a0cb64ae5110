//! Backtests by the real daemon and its `traderd job`: bars go in through RPC, the document comes
//! out through RPC, and is held against what the daemon itself trades over the same bars.

mod desk;
mod figures;
mod hours;
mod market;
mod options;
mod parity;
mod refusals;
mod repeats;
