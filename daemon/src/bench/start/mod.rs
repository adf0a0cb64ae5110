//! `traderd bench start`: how long the program takes from its execution until it says that it is ready, on
//! a state folder with thousands of orders of history.

mod history;
mod launch;

use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use self::history::History;
use super::stage::Stage;
use crate::clock;
use crate::exit::{self, Failure};
use crate::scratch::Scratch;

/// Orders without `--orders`.
const ORDERS: u64 = 10_000;
/// Symbols of the market in which the history is made.
const SYMBOLS: u32 = 100;
/// Starts that are timed.
const ROUNDS: usize = 5;
/// The configuration in the folder, for a daemon that goes on with the history.
const CONFIG_FILE: &str = "traderd.toml";

/// What was measured.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Report {
    orders: u64,
    journal_entries: u64,
    sessions: u64,
    database_mb: f64,
    broker_file_mb: f64,
    /// Seconds that making the history took.
    made_seconds: f64,
    /// Milliseconds from execution to READY, of the starts in the middle.
    ready_ms: f64,
    /// The same of the slowest start.
    ready_ms_max: f64,
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "{} orders in {} sessions: {} rows of the journal, a store of {:.1} MB, {:.1} MB of the \
             simulated broker, made in {:.1} s",
            self.orders,
            self.sessions,
            self.journal_entries,
            self.database_mb,
            self.broker_file_mb,
            self.made_seconds
        )?;
        write!(
            f,
            "ready {:.0} ms after its execution, the slowest of {ROUNDS} starts {:.0} ms",
            self.ready_ms, self.ready_ms_max
        )
    }
}

/// Makes the history, in a folder that is named and has none or in one that goes away, and starts this
/// program on it.
///
/// # Errors
/// The folder cannot be used or has a history already; the program does not get ready.
pub(crate) fn start(orders: Option<u64>, state: Option<&Path>) -> Result<Report, Failure> {
    let failed = |why: String| Failure::new(exit::FAILED, why);
    let scratch = Scratch::new("bench", state)?;
    let stage = Stage::new(SYMBOLS, history::HEAD).map_err(failed)?;
    let begun = clock::elapsed();
    let history = History::make(&stage, &scratch.path, orders.unwrap_or(ORDERS))?;
    let made = clock::elapsed().saturating_sub(begun);
    let config = scratch.path.join(CONFIG_FILE);
    std::fs::write(&config, &stage.text).map_err(|error| failed(error.to_string()))?;
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| launch::until_ready(&config, &scratch.path))
        .collect::<Result<_, _>>()?;
    times.sort();
    let ms = |at: usize| {
        let time = times.get(at).copied().unwrap_or_default();
        time.as_secs_f64() * 1e3
    };
    Ok(Report {
        orders: history.orders,
        journal_entries: history.entries,
        sessions: history.sessions,
        database_mb: history.store_mb,
        broker_file_mb: history.broker_mb,
        made_seconds: made.as_secs_f64(),
        ready_ms: ms(ROUNDS / 2),
        ready_ms_max: ms(ROUNDS.saturating_sub(1)),
    })
}
