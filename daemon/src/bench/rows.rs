//! The benchmark's rows: a file, or a seeded random walk on the cent grid.

use std::path::PathBuf;

use trader_contract::{Bar, Price, Timestamp};

use super::Options;
use crate::feeds::recorded::{self, FeedError};

/// Why there are no rows.
#[derive(Debug, thiserror::Error)]
pub enum RowsError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] FeedError),
    /// The file is empty, or no rows were asked for.
    #[error("{} has no rows to run over", .0.as_ref().map_or_else(|| "--bars 0".to_owned(), |p| p.display().to_string()))]
    Empty(Option<PathBuf>),
}

/// The rows to run over.
pub(super) fn load(options: &Options) -> Result<Vec<Bar>, RowsError> {
    let rows = match &options.csv {
        Some(path) => {
            let rows = recorded::read(path)?;
            let count = options.bars.unwrap_or(rows.len());
            repeat(&rows, count)
        }
        None => walk(options.bars.unwrap_or(super::BARS)),
    };
    if rows.is_empty() {
        Err(RowsError::Empty(options.csv.clone()))
    } else {
        Ok(rows)
    }
}

/// The rows over and over, each later than the one before it.
fn repeat(rows: &[Bar], count: usize) -> Vec<Bar> {
    let first = rows
        .first()
        .map_or(Timestamp::from_seconds(0), |bar| bar.start);
    let at = |index: usize| first.plus_minutes(i64::try_from(index).unwrap_or(i64::MAX));
    rows.iter()
        .cycle()
        .take(count)
        .enumerate()
        .map(|(index, bar)| Bar {
            start: at(index),
            ..*bar
        })
        .collect()
}

/// A random walk: the same rows on every machine.
pub(super) fn walk(count: usize) -> Vec<Bar> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut draw = |below: i64| {
        // SplitMix64, by its published constants.
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        i64::try_from((z ^ (z >> 31)) >> 1)
            .unwrap_or(0)
            .checked_rem(below)
            .unwrap_or(0)
    };
    let start = Timestamp::from_seconds(1_294_000_200);
    let mut cents = 10_000_i64;
    let mut bars = Vec::with_capacity(count);
    for index in 0..count {
        let open = cents;
        let close = (open.wrapping_add(draw(21)).wrapping_sub(10)).clamp(1_000, 100_000);
        let high = open.max(close).wrapping_add(draw(4));
        let low = open.min(close).wrapping_sub(draw(4));
        cents = close;
        let prices = [open, high, low, close].map(Price::from_cents);
        let [Some(open), Some(high), Some(low), Some(close)] = prices else {
            continue;
        };
        let at = start.plus_minutes(i64::try_from(index).unwrap_or(i64::MAX));
        let volume = u64::try_from(draw(10_000)).unwrap_or(0);
        if let Ok(bar) = Bar::new(at, [open, high, low, close], volume) {
            bars.push(bar);
        }
    }
    bars
}
