//! The bars of a case, as the seed's loader lets them through, merged in the order of its loop.

use std::fs::File;
use std::path::Path;

use chrono::NaiveTime;
use flate2::read::GzDecoder;
use trader_calendar::new_york;
use trader_contract::{Bar, Price, Timestamp};

use super::case::{BarFilter, Case};
use super::error::SeedError;

/// One bar of the merged stream.
#[derive(Debug, Clone, Copy)]
pub struct Feed {
    /// Place of its symbol in the case's list.
    pub symbol: usize,
    /// The bar.
    pub bar: Bar,
}

/// A csv reader over a plain or a packed file.
///
/// # Errors
/// The file cannot be opened.
pub fn open_csv(path: &Path) -> Result<csv::Reader<Box<dyn std::io::Read>>, SeedError> {
    let file = File::open(path).map_err(|source| SeedError::Read {
        path: path.to_owned(),
        source,
    })?;
    let plain: Box<dyn std::io::Read> = if path.extension().is_some_and(|end| end == "gz") {
        Box::new(GzDecoder::new(file))
    } else {
        Box::new(file)
    };
    Ok(csv::Reader::from_reader(plain))
}

/// All bars of a case, sorted by time, then symbol.
///
/// # Errors
/// A bar file is missing or holds what is no bar.
pub fn bars(case: &Case, shared: &Path) -> Result<Vec<Feed>, SeedError> {
    let mut feeds = Vec::new();
    for file in &case.data_files {
        let path = shared.join(file);
        let name = path.file_name().and_then(|name| name.to_str());
        let stem = name.and_then(|name| name.split('.').next());
        let symbol = case
            .symbols
            .iter()
            .position(|symbol| Some(symbol.as_str()) == stem);
        let symbol = symbol.ok_or_else(|| SeedError::Content {
            path: path.clone(),
            what: "it is named after none of the case's symbols".to_owned(),
        })?;
        read_file(case, symbol, &path, &mut feeds)?;
    }
    feeds.sort_by(|a, b| {
        let name = |feed: &Feed| case.symbols.get(feed.symbol);
        (a.bar.start, name(a)).cmp(&(b.bar.start, name(b)))
    });
    Ok(feeds)
}

fn read_file(
    case: &Case,
    symbol: usize,
    path: &Path,
    feeds: &mut Vec<Feed>,
) -> Result<(), SeedError> {
    let opening = NaiveTime::from_hms_opt(9, 30, 0).unwrap_or_default();
    let closing = NaiveTime::from_hms_opt(16, 0, 0).unwrap_or_default();
    let range = case.start_date.and_time(opening)..=case.end_date.and_time(closing);
    for record in open_csv(path)?.records() {
        let bad = |what: String| SeedError::Content {
            path: path.to_owned(),
            what,
        };
        let record = record.map_err(|error| bad(error.to_string()))?;
        let bar = parse_bar(&record).ok_or_else(|| bad(format!("no bar: {record:?}")))?;
        let wall_clock = new_york::wall_clock(bar.start);
        let regular = opening <= wall_clock.time() && wall_clock.time() < closing;
        if range.contains(&wall_clock) && (regular || case.bar_filter == BarFilter::None) {
            feeds.push(Feed { symbol, bar });
        }
    }
    Ok(())
}

fn parse_bar(record: &csv::StringRecord) -> Option<Bar> {
    let start: Timestamp = record.get(0)?.parse().ok()?;
    let price = |column| record.get(column)?.parse::<Price>().ok();
    let prices = [price(1)?, price(2)?, price(3)?, price(4)?];
    Bar::new(start, prices, record.get(5)?.parse().ok()?).ok()
}
