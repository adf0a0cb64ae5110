//! Tests over real sockets on loopback: of `alpaca-sim`, whose clock stands still and moves when a test
//! says so, and of the client against it. Nothing sleeps.

#[cfg(test)]
mod harness;

#[cfg(test)]
mod account;
#[cfg(test)]
mod client;
#[cfg(test)]
mod data_stream;
#[cfg(test)]
mod day_trades;
#[cfg(test)]
mod dividends;
#[cfg(test)]
mod errors_403;
#[cfg(test)]
mod errors_422;
#[cfg(test)]
mod errors_other;
#[cfg(test)]
mod extended_hours;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod findings;
#[cfg(test)]
mod findings_data;
#[cfg(test)]
mod groups;
#[cfg(test)]
mod market_data;
#[cfg(test)]
mod orders;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod replaces;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod splits;
#[cfg(test)]
mod state;
#[cfg(test)]
mod trading_stream;
