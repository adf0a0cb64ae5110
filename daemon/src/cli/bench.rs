//! `traderd bench`: what can be measured, and how its figures are printed.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

#[cfg(feature = "broker-sim")]
use super::print;
#[cfg(feature = "broker-sim")]
use crate::exit;
use crate::exit::Failure;

#[derive(Debug, Subcommand)]
pub(super) enum BenchCommand {
    /// Bars a second through engine, risk gate and simulated broker, on one core
    Engine(BenchArgs),
    /// What it costs to record a session of many symbols, its size, and seconds until it is replayed
    Recording {
        /// How many symbols
        #[arg(long, value_name = "COUNT")]
        symbols: Option<u32>,
    },
    /// Seconds from a CSV file to the bar store, and from there to a stored result
    Backtest(BenchBacktestArgs),
    /// Milliseconds from execution to ready, on a state folder with much history
    Start {
        /// How many orders of history
        #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
        orders: Option<u64>,
        /// Make the history in this folder, which must have none, and leave it there with the
        /// configuration that goes on with it, traderd.toml [default: a folder for this run]
        #[arg(long, value_name = "DIR")]
        state_dir: Option<PathBuf>,
    },
    /// Microseconds from a message of market data to its order, beside a bare client; bursts, quotes
    TickToOrder {
        /// How many messages
        #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
        messages: Option<u32>,
        /// The rest before each message: the engine has had nothing to do for so many microseconds. A
        /// longer one adds what the machine takes to wake up [default: 250]
        #[arg(long, value_name = "MICROSECONDS", value_parser = clap::value_parser!(u64).range(1..=100_000))]
        apart_us: Option<u64>,
    },
    /// Seconds for a check of a whole journal
    Audit {
        /// How many rows
        #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
        rows: Option<u64>,
    },
}

/// What `traderd bench backtest` is asked for.
#[derive(Debug, Clone, Args)]
pub(super) struct BenchBacktestArgs {
    /// How many minutes of one symbol
    #[arg(long, value_name = "COUNT")]
    bars: Option<usize>,
    /// The strategy [default: the first of this build]
    #[arg(long, value_name = "NAME")]
    strategy: Option<String>,
    /// The length of its bars [default: 5min]
    #[arg(long, value_name = "LENGTH")]
    timeframe: Option<String>,
}

/// What `traderd bench engine` is asked for.
#[derive(Debug, Clone, Args)]
pub(super) struct BenchArgs {
    /// Rows from this file (timestamp,open,high,low,close,volume) instead of a random walk
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// How many rows
    #[arg(long, value_name = "COUNT")]
    bars: Option<usize>,
}

impl BenchCommand {
    /// Measures, and prints a line that a program can read last.
    ///
    /// # Errors
    /// It cannot be measured, or this build has no part of it.
    pub(super) fn run(&self) -> Result<(), Failure> {
        match self {
            Self::Engine(options) => bench(options),
            Self::Recording { symbols } => bench_recording(*symbols),
            Self::Backtest(options) => bench_backtest(options),
            Self::Start { orders, state_dir } => bench_start(*orders, state_dir.as_deref()),
            Self::TickToOrder { messages, apart_us } => bench_tick_to_order(*messages, *apart_us),
            Self::Audit { rows } => bench_audit(*rows),
        }
    }
}

#[cfg(feature = "broker-sim")]
fn bench(options: &BenchArgs) -> Result<(), Failure> {
    let options = crate::bench::Options {
        csv: options.csv.clone(),
        bars: options.bars,
    };
    let report =
        crate::bench::engine(&options).map_err(|error| Failure::new(exit::FAILED, error))?;
    let json = serde_json::to_string(&report).map_err(|error| Failure::new(exit::BUG, error))?;
    print(&format!("{report}\nRESULT {json}\n"))
}

#[cfg(not(feature = "broker-sim"))]
fn bench(_: &BenchArgs) -> Result<(), Failure> {
    Ok(crate::plugins::require_broker("sim")?)
}

#[cfg(feature = "broker-sim")]
fn bench_recording(symbols: Option<u32>) -> Result<(), Failure> {
    let report = crate::bench::recording::recording(symbols)?;
    let json = serde_json::to_string(&report).map_err(|error| Failure::new(exit::BUG, error))?;
    print(&format!("{report}\nRESULT {json}\n"))
}

#[cfg(not(feature = "broker-sim"))]
fn bench_recording(_: Option<u32>) -> Result<(), Failure> {
    Ok(crate::plugins::require_broker("sim")?)
}

#[cfg(feature = "broker-sim")]
fn bench_start(orders: Option<u64>, state_dir: Option<&Path>) -> Result<(), Failure> {
    let report = crate::bench::start::start(orders, state_dir)?;
    let json = serde_json::to_string(&report).map_err(|error| Failure::new(exit::BUG, error))?;
    print(&format!("{report}\nRESULT {json}\n"))
}

#[cfg(not(feature = "broker-sim"))]
fn bench_start(_: Option<u64>, _: Option<&Path>) -> Result<(), Failure> {
    Ok(crate::plugins::require_broker("sim")?)
}

#[cfg(all(feature = "broker-sim", feature = "broker-alpaca"))]
fn bench_tick_to_order(messages: Option<u32>, apart_us: Option<u64>) -> Result<(), Failure> {
    let apart = apart_us.map(std::time::Duration::from_micros);
    let report = crate::bench::tick::tick_to_order(messages, apart)?;
    let json = serde_json::to_string(&report).map_err(|error| Failure::new(exit::BUG, error))?;
    print(&format!("{report}\nRESULT {json}\n"))
}

#[cfg(not(all(feature = "broker-sim", feature = "broker-alpaca")))]
fn bench_tick_to_order(_: Option<u32>, _: Option<u64>) -> Result<(), Failure> {
    crate::plugins::require_broker("sim")?;
    Ok(crate::plugins::require_broker("alpaca")?)
}

#[cfg(feature = "backtest")]
fn bench_backtest(options: &BenchBacktestArgs) -> Result<(), Failure> {
    let report = crate::bench::backtest::backtest(&crate::bench::backtest::Options {
        bars: options.bars,
        strategy: options.strategy.clone(),
        timeframe: options.timeframe.clone(),
    })?;
    let json = serde_json::to_string(&report).map_err(|error| Failure::new(exit::BUG, error))?;
    print(&format!("{report}\nRESULT {json}\n"))
}

#[cfg(not(feature = "backtest"))]
fn bench_backtest(_: &BenchBacktestArgs) -> Result<(), Failure> {
    Ok(crate::plugins::require_backtest()?)
}

#[cfg(feature = "broker-sim")]
fn bench_audit(rows: Option<u64>) -> Result<(), Failure> {
    let report = crate::audit::bench::audit(rows)?;
    let json = serde_json::to_string(&report).map_err(|error| Failure::new(exit::BUG, error))?;
    print(&format!("{report}\nRESULT {json}\n"))
}

#[cfg(not(feature = "broker-sim"))]
fn bench_audit(_: Option<u64>) -> Result<(), Failure> {
    Ok(crate::plugins::require_broker("sim")?)
}
