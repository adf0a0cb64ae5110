//! `traderd bench`: what can be measured, and how its figures are printed.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::print;
use crate::exit::{self, Failure};

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
