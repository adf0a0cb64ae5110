//! Every shared file comes back byte for byte after it was read.

use std::io::Read;

use flate2::read::GzDecoder;
use trader_bars::Series;
use trader_bars::csv::{ExtendedHours, ReadRows, Rules, read, write};
use trader_calendar::Calendar;

use crate::shared;

/// Folders of rows and the kinds of what lies in them.
const FOLDERS: [(&str, &str); 9] = [
    ("data/bars/1s", "1s"),
    ("data/bars/1min", "1min"),
    ("data/bars/1hour", "1hour"),
    ("data/bars/1day", "1day"),
    ("data/quotes/1s", "quotes-1s"),
    ("data/quotes/1min", "quotes-1min"),
    ("data/ticks/trades", "trades"),
    ("data/ticks/quotes", "quotes"),
    ("data/synthetic/bars/1min", "1min"),
];

pub(crate) fn read_shared(folder: &str, kind: &str, name: &str) -> Option<ReadRows> {
    let series = Series {
        symbol: name.split('.').next().unwrap().parse().unwrap(),
        kind: kind.parse().unwrap(),
    };
    let file = std::fs::File::open(shared::path(&format!("{folder}/{name}"))?).unwrap();
    let rules = Rules::new(Calendar::nyse());
    match read(file, series, &rules, &mut |_| ()) {
        Ok(rows) => Some(rows),
        Err(error) => panic!("{folder}/{name}: {error}"),
    }
}

#[test]
fn every_shared_file_is_canonical_and_comes_back_byte_for_byte() {
    for (folder, kind) in FOLDERS {
        for name in shared::names(folder) {
            let rows = read_shared(folder, kind, &name).unwrap();
            let mut written = Vec::new();
            write(&mut written, kind.parse().unwrap(), &rows.rows).unwrap();
            let packed = std::fs::read(shared::path(&format!("{folder}/{name}")).unwrap()).unwrap();
            let mut original = Vec::new();
            GzDecoder::new(&packed[..])
                .read_to_end(&mut original)
                .unwrap();
            assert!(written == original, "{folder}/{name} differs");
            let all = rows.counts.regular + rows.counts.extended;
            assert_eq!(all, rows.rows.len() as u64, "{folder}/{name}");
            assert_eq!(rows.counts.bytes, packed.len() as u64, "{folder}/{name}");
        }
    }
}

#[test]
fn every_hour_and_day_of_the_shared_files_counts_as_regular() {
    for (folder, kind) in [("data/bars/1hour", "1hour"), ("data/bars/1day", "1day")] {
        for name in shared::names(folder) {
            let counts = read_shared(folder, kind, &name).unwrap().counts;
            assert_eq!(counts.extended, 0, "{folder}/{name}");
        }
    }
}

#[test]
fn extended_hours_are_refused_where_they_are_not_wanted() {
    let Some(path) = shared::path("data/bars/1min/AAPL.csv.gz") else {
        return;
    };
    let mut rules = Rules::new(Calendar::nyse());
    rules.extended_hours = ExtendedHours::Refused;
    let series = Series {
        symbol: "AAPL".parse().unwrap(),
        kind: "1min".parse().unwrap(),
    };
    let file = std::fs::File::open(path).unwrap();
    let error = read(file, series, &rules, &mut |_| ())
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("line 2: 2014-06-05T08:15:00Z is in extended hours"),
        "{error}"
    );
    assert!(error.contains("1133 of 2303 rows are wrong"), "{error}");
}
