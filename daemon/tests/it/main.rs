//! The real binary, driven from outside as people and systemd drive it: command line, sockets,
//! signals, files. What needs no process is tested in the library.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that cannot reach its process has failed, and counts here are small"
)]

mod program;

#[cfg(all(feature = "broker-alpaca", feature = "broker-sim"))]
mod account;
#[cfg(feature = "broker-sim")]
mod alerts;
#[cfg(all(feature = "broker-alpaca", feature = "broker-sim"))]
mod alpaca;
#[cfg(feature = "broker-sim")]
mod audit;
#[cfg(feature = "broker-sim")]
mod authority;
#[cfg(feature = "backtest")]
mod backtest;
#[cfg(feature = "broker-sim")]
mod bars;
#[cfg(feature = "broker-sim")]
mod bench;
#[cfg(feature = "broker-sim")]
mod books;
#[cfg(feature = "broker-sim")]
mod crash;
#[cfg(feature = "broker-sim")]
mod daemon;
#[cfg(feature = "broker-sim")]
mod day;
#[cfg(feature = "broker-sim")]
mod demo;
#[cfg(feature = "broker-sim")]
mod diary;
#[cfg(all(feature = "broker-alpaca", feature = "broker-sim"))]
mod doctor;
#[cfg(all(feature = "broker-alpaca", feature = "broker-sim"))]
mod download;
#[cfg(feature = "broker-sim")]
mod ending;
#[cfg(all(feature = "broker-alpaca", feature = "broker-sim"))]
mod exchange;
#[cfg(feature = "broker-sim")]
mod jobs;
#[cfg(feature = "broker-sim")]
mod jobs_trouble;
#[cfg(feature = "broker-sim")]
mod left_behind;
#[cfg(all(feature = "broker-alpaca", feature = "broker-sim"))]
mod past;
#[cfg(all(feature = "broker-alpaca", feature = "broker-sim"))]
mod queued;
#[cfg(feature = "broker-sim")]
mod replay;
#[cfg(feature = "broker-sim")]
mod shop;
#[cfg(all(feature = "broker-alpaca", feature = "broker-sim"))]
mod simulator;
#[cfg(all(feature = "broker-alpaca", feature = "broker-sim"))]
mod splits;
#[cfg(all(feature = "broker-alpaca", feature = "broker-sim"))]
mod stops;
#[cfg(feature = "broker-sim")]
mod trouble;
#[cfg(feature = "broker-sim")]
mod why;
#[cfg(feature = "broker-sim")]
mod wire;
#[cfg(all(feature = "broker-alpaca", feature = "broker-sim"))]
mod written;
