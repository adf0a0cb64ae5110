//! The shell around the engine: configuration, plugins, feeds, sockets, logs and systemd. It reads
//! the clock, touches disks and opens sockets, so that the engine need not.

pub mod alerts;
#[cfg(feature = "broker-alpaca")]
mod alpaca;
pub mod archive;
pub mod assemble;
pub mod audit;
pub(crate) mod backtest;
pub mod backup;
#[cfg(feature = "broker-sim")]
pub mod bench;
mod claim;
pub mod cli;
pub mod clock;
pub mod config;
pub mod credentials;
#[cfg(feature = "broker-sim")]
pub mod demo;
pub mod descriptors;
pub mod doctor;
pub mod epoch;
pub mod events;
pub mod exit;
pub mod feeds;
pub mod jobs;
pub mod journal_log;
pub mod keys;
pub mod logging;
pub mod plugins;
#[cfg(feature = "broker-sim")]
pub(crate) mod recording;
pub mod reload;
#[cfg(feature = "broker-sim")]
pub(crate) mod replay;
mod schedule;
#[cfg(feature = "broker-sim")]
mod scratch;
pub mod server;
pub mod start;
pub mod state;
#[cfg(feature = "broker-sim")]
pub mod supervisor;
pub mod systemd;
#[cfg(feature = "broker-sim")]
mod warm_up;
#[cfg(feature = "broker-sim")]
mod why;
pub mod work;

/// A daemon that trades never carries the bugs that the simulation puts in: with them it is not built in
/// release. `cargo build --release --workspace` would, since cargo unites the features of what it builds
/// together; without `trader-tests` it does not.
const _: () = assert!(
    !trader_core::planted::COMPILED || cfg!(debug_assertions),
    "traderd was to be built in release together with trader-tests, which carries bugs put in on \
     purpose: build them apart (`cargo build --release -p traderd`)"
);
