//! A recorded market: `DIR/<SYMBOL>.csv` or `.csv.gz` with one-minute bars, checked row by row.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use trader_contract::{Bar, Price, Symbol, Timestamp};

const HEADER: &str = "timestamp,open,high,low,close,volume";

/// Why a recorded market cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RecordedError {
    #[error("cannot read {}: {reason}; check the path and its permissions", path.display())]
    Unreadable { path: PathBuf, reason: String },
    #[error("{}:{line}: {reason}; correct the row or take it out", path.display())]
    Row {
        path: PathBuf,
        line: usize,
        reason: String,
    },
    #[error(
        "{} has no <SYMBOL>.csv or <SYMBOL>.csv.gz; name a folder of one-minute bars, or use --market seeded",
        .0.display()
    )]
    Empty(PathBuf),
}

/// Every symbol of a folder, in order, with its bars.
pub(super) fn read_all(directory: &Path) -> Result<Vec<(Symbol, Vec<Bar>)>, RecordedError> {
    let unreadable = |error: std::io::Error| RecordedError::Unreadable {
        path: directory.to_owned(),
        reason: error.to_string(),
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let stem = name.strip_suffix(".gz").unwrap_or(&name);
        let symbol = stem.strip_suffix(".csv").and_then(|s| s.parse().ok());
        if let Some(symbol) = symbol {
            found.push((symbol, read(&path)?));
        }
    }
    found.sort_by_key(|(symbol, _): &(Symbol, _)| *symbol);
    found.dedup_by_key(|(symbol, _)| *symbol);
    if found.is_empty() {
        return Err(RecordedError::Empty(directory.to_owned()));
    }
    Ok(found)
}

fn read(path: &Path) -> Result<Vec<Bar>, RecordedError> {
    let unreadable = |error: std::io::Error| RecordedError::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let file = File::open(path).map_err(unreadable)?;
    let packed = path.extension().is_some_and(|extension| extension == "gz");
    let source: Box<dyn Read> = if packed {
        Box::new(flate2::read::MultiGzDecoder::new(file))
    } else {
        Box::new(file)
    };
    let mut bars: Vec<Bar> = Vec::new();
    for (line, row) in (1_usize..).zip(BufReader::new(source).lines()) {
        let row = row.map_err(unreadable)?;
        let wrong = |reason: String| RecordedError::Row {
            path: path.to_owned(),
            line,
            reason,
        };
        if line == 1 {
            if row.trim_end() != HEADER {
                return Err(wrong(format!("the header must be {HEADER}")));
            }
            continue;
        }
        let bar = parse(row.trim_end()).map_err(wrong)?;
        if bars.last().is_some_and(|last| last.start >= bar.start) {
            return Err(wrong("it does not come after the row before".to_owned()));
        }
        bars.push(bar);
    }
    Ok(bars)
}

fn parse(row: &str) -> Result<Bar, String> {
    let fields: Vec<&str> = row.split(',').collect();
    let &[time, open, high, low, close, volume] = fields.as_slice() else {
        return Err(format!("it has {} fields, not 6", fields.len()));
    };
    let start: Timestamp = time
        .parse()
        .map_err(|_| format!("{time:?} is no time like 2013-10-07T13:30:00Z"))?;
    if start.nanos().rem_euclid(Timestamp::MINUTE) != 0 {
        return Err(format!("{start} is not the start of a minute"));
    }
    let price = |text: &str| text.parse::<Price>().map_err(|error| error.to_string());
    let prices = [price(open)?, price(high)?, price(low)?, price(close)?];
    let volume = volume
        .parse()
        .map_err(|_| format!("{volume:?} is no number of shares"))?;
    Bar::new(start, prices, volume).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_row_is_named_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("AAPL.csv");
        let good = "2026-09-14T13:30:00Z,1,2,1,2,5";
        std::fs::write(&path, format!("{HEADER}\n{good}\n{good}\n")).unwrap();
        let error = read_all(folder.path()).unwrap_err().to_string();
        assert!(error.contains("AAPL.csv:3"), "{error}");
        std::fs::write(&path, format!("{HEADER}\n{good}\n")).unwrap();
        assert_eq!(read_all(folder.path()).unwrap()[0].1.len(), 1);
    }
}
