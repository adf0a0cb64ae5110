//! Recorded bars: what is read, and what is refused with file, line and reason.

use std::io::Write;

use super::*;

const DAY: &str = "timestamp,open,high,low,close,volume\n\
    2011-01-07T20:59:00Z,10,10.5,9.5,10,100\n\
    2011-01-10T14:29:00Z,11,11,11,11,100\n\
    2011-01-10T14:30:00Z,10,10.2,9.9,10.1,200\n\
    2011-01-10T20:59:00Z,10,10.2,9.9,10.1,300\n\
    2011-01-10T21:00:00Z,12,12,12,12,100\n\
    2011-01-11T14:30:00Z,10,10.2,9.9,10.1,200\n";

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        if name.ends_with(".gz") {
            let file = File::create(path).unwrap();
            let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
            packed.write_all(text.as_bytes()).unwrap();
            packed.finish().unwrap();
        } else {
            std::fs::write(path, text).unwrap();
        }
    }
    folder
}

fn symbol(text: &str) -> Symbol {
    text.parse().unwrap()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn load_spy(folder: &Path, day: &str) -> Result<RecordedBars, String> {
    load(folder, &[symbol("SPY")], date(day), &Calendar::nyse())
        .map(|mut all| all.remove(0))
        .map_err(|error| {
            error
                .to_string()
                .replace(&folder.display().to_string(), "DIR")
        })
}

#[test]
fn a_session_has_its_regular_bars_and_the_sessions_before_as_history() {
    for name in ["SPY.csv", "SPY.csv.gz"] {
        let folder = folder(&[(name, DAY)]);
        let bars = load_spy(folder.path(), "2011-01-10").unwrap();
        let volumes = |bars: &[Bar]| bars.iter().map(|bar| bar.volume).collect::<Vec<_>>();
        assert_eq!(volumes(&bars.session), [200, 300]);
        assert_eq!(volumes(&bars.history), [100]);
        let dates = dates(folder.path(), symbol("SPY"), &Calendar::nyse()).unwrap();
        assert_eq!(dates, ["2011-01-07", "2011-01-10", "2011-01-11"].map(date));
    }
}

#[test]
fn a_missing_symbol_or_date_is_told_with_what_there_is() {
    let folder = folder(&[("SPY.csv", DAY), ("IBM.csv.gz", DAY)]);
    assert_eq!(
        load_spy(folder.path(), "2011-01-12").unwrap_err(),
        "DIR/SPY.csv has no bars of SPY in the session of 2011-01-12; it has: 2011-01-07 to 2011-01-11"
    );
    let closed = load_spy(folder.path(), "2011-01-08").unwrap_err();
    assert_eq!(closed, "2011-01-08 is no trading day; choose another date");
    let error = load(
        folder.path(),
        &[symbol("GE")],
        date("2011-01-10"),
        &Calendar::nyse(),
    );
    let error = error.unwrap_err().to_string();
    assert!(
        error.ends_with("has no bars of GE, neither GE.csv nor GE.csv.gz; it has: IBM, SPY"),
        "{error}"
    );
}

#[test]
fn a_wrong_row_is_refused_with_file_and_line() {
    let header = "timestamp,open,high,low,close,volume\n";
    let good = "2011-01-10T14:30:00Z,10,11,9,10,1\n";
    let table = [
        ("2011-01-10 14:31,10,11,9,10,1", "is no time like"),
        (
            "2011-01-10T14:31:30Z,10,11,9,10,1",
            "2011-01-10T14:31:30Z is not the start of a minute",
        ),
        (
            "2011-01-10T14:31:00Z,NaN,11,9,10,1",
            "open: \"NaN\" is not a plain decimal number",
        ),
        (
            "2011-01-10T14:31:00Z,10,11,-9,10,1",
            "low: -9 is outside the prices",
        ),
        (
            "2011-01-10T14:31:00Z,10,11,9,0,1",
            "close: 0 is outside the prices",
        ),
        (
            "2011-01-10T14:31:00Z,10,9.5,9,10,1",
            "high 9.5 is below open 10",
        ),
        (
            "2011-01-10T14:31:00Z,10,11,10.5,10,1",
            "low 10.5 is above open 10",
        ),
        (
            "2011-01-10T14:31:00Z,10,11,9,10,-1",
            "volume: \"-1\" is no whole number of shares",
        ),
        ("2011-01-10T14:31:00Z,10,11,9,10", "it has 5 fields, not 6"),
        (
            "2011-01-10T14:30:00Z,10,11,9,10,1",
            "does not come after 2011-01-10T14:30:00Z",
        ),
    ];
    for (row, expected) in table {
        let folder = folder(&[("SPY.csv", &format!("{header}{good}{row}\n"))]);
        let error = load_spy(folder.path(), "2011-01-10").unwrap_err();
        assert!(error.starts_with("DIR/SPY.csv:3: "), "{row}: {error}");
        assert!(error.contains(expected), "{row}: {error}");
    }
}

#[test]
fn a_file_of_something_else_is_refused() {
    let quotes = folder(&[("SPY.csv", "timestamp,bid_open\n")]);
    let error = load_spy(quotes.path(), "2011-01-10").unwrap_err();
    assert!(
        error.starts_with("DIR/SPY.csv:1: the header must be timestamp,open"),
        "{error}"
    );
    let broken = folder(&[]);
    std::fs::write(broken.path().join("SPY.csv.gz"), "not packed").unwrap();
    let error = load_spy(broken.path(), "2011-01-10").unwrap_err();
    assert!(error.starts_with("cannot read DIR/SPY.csv.gz"), "{error}");
}

#[test]
fn the_recorded_sessions_of_the_test_data_are_complete() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let data = std::env::var("TRADER_DATA").unwrap_or_else(|_| "../shared".to_owned());
    let bars = root.join(data).join("data/bars/1min");
    if !bars.is_dir() {
        eprintln!("skipped: there is no {}; set TRADER_DATA", bars.display());
        return;
    }
    let half_day = load(
        &bars,
        &[symbol("GOOG")],
        date("2015-12-24"),
        &Calendar::nyse(),
    )
    .unwrap();
    assert_eq!(half_day[0].session.len(), 210);
    assert_eq!(half_day[0].history.len(), 390);
    let spy = load_spy(&bars, "2011-01-10").unwrap();
    assert_eq!(spy.session.len(), 390);
    assert_eq!(spy.history.len(), 5 * 390);
}
