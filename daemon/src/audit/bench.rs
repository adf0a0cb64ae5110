//! How long a check of a whole journal takes.

use std::fmt;

use serde::Serialize;
use trader_contract::{Money, Timestamp};
use trader_core::record::{JournalEntry, Record};
use trader_store::Store;

use crate::clock;
use crate::exit::{self, Failure};
use crate::scratch::Scratch;

/// Rows without `--rows`.
const ROWS: u64 = 1_000_000;
/// Rows that are written by one commit.
const COMMIT: u64 = 10_000;
/// What a strategy keeps: of the length that a real one has.
const STATE: &str = r#"{"range":{"high":"126.415","low":"125.97","bars":6},"taken":["long"],"averages":{"fast":"2523.105/20","slow":"25187.44/200"},"last":"2011-01-10T15:00:00Z"}"#;

/// What was measured.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Report {
    rows: u64,
    database_mb: u64,
    seconds: f64,
    rows_per_second: f64,
    cpu: String,
    cores: usize,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} rows of a journal, {} MB, checked in {:.2} s: {:.0} rows/s\n{} cores of {}",
            self.rows, self.database_mb, self.seconds, self.rows_per_second, self.cores, self.cpu
        )
    }
}

/// Writes a journal of so many rows and checks it.
///
/// # Errors
/// It cannot be written or read, or is not what was written.
pub(crate) fn audit(rows: Option<u64>) -> Result<Report, Failure> {
    let failed = |error: &dyn fmt::Display| Failure::new(exit::FAILED, error);
    let rows = rows.unwrap_or(ROWS);
    let scratch = Scratch::new("bench", None)?;
    let path = scratch.path.join(crate::state::STORE_FILE);
    let mut store = Store::open(&path, clock::now(), 1).map_err(|error| failed(&error))?;
    let mut next = 1_u64;
    while next <= rows {
        let last = next.saturating_add(COMMIT).saturating_sub(1).min(rows);
        let entries: Vec<JournalEntry> = (next..=last).map(entry).collect::<Result<_, _>>()?;
        store.append(&entries).map_err(|error| failed(&error))?;
        next = last.saturating_add(1);
    }
    drop(store);
    let begun = clock::elapsed();
    let result = super::verify(&path, None, &mut |_, _| {}).map_err(|error| failed(&error))?;
    let seconds = clock::elapsed().saturating_sub(begun).as_secs_f64();
    if result.rows != rows || !result.faults.is_empty() {
        return Err(failed(&format!(
            "the check of a sound journal found {result:?}"
        )));
    }
    let bytes = std::fs::metadata(&path).map_or(0, |file| file.len());
    Ok(Report {
        rows,
        database_mb: bytes >> 20,
        seconds,
        rows_per_second: (as_float(rows) / seconds.max(1e-9)).round(),
        cpu: cpu(),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
    })
}

/// What a journal is made of in the main: what strategies keep, and small facts between.
fn entry(seq: u64) -> Result<JournalEntry, Failure> {
    let symbol = "SPY"
        .parse()
        .map_err(|error| Failure::new(exit::BUG, error))?;
    let record = match seq.checked_rem(4) {
        Some(0) => Record::Exposed {
            symbol,
            share_micros: seq,
        },
        Some(1) => Record::AccountOpened {
            cash: Money::dollars(25_000),
        },
        _ => Record::StrategySaved {
            route: "opening-range-spy".into(),
            symbol,
            state: STATE.into(),
        },
    };
    let at = Timestamp::from_seconds(1_294_669_800).plus_nanos(i64::try_from(seq).unwrap_or(0));
    Ok(JournalEntry { seq, at, record })
}

/// What the machine calls its processor.
fn cpu() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let name = name.map(|name| name.trim_start_matches([' ', '\t', ':']).trim());
    name.unwrap_or("an unknown processor").to_owned()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a count far below 2^53, for a report"
)]
const fn as_float(count: u64) -> f64 {
    count as f64
}
