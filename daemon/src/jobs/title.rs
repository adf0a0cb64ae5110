//! A job in one line, and what is refused before it becomes one.

use std::fmt::Display;

use chrono::NaiveDate;
use trader_contract::Symbol;
use trader_rpc::{BacktestSpec, DownloadSpec, Failure, ImportSpec, ReplaySpec, TraceSpec, Work};
use trader_store::KeptHead;

/// The most bytes of a job's description.
const WORK_BYTES_MAX: usize = 64 << 10;
/// The years that can be exported.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=2200;
/// The most characters of a file's name.
const NAME_MAX: usize = 255;
/// The most symbols of a download.
const SYMBOLS_MAX: usize = 200;
/// What can be downloaded. Alpaca's hours begin at the full hour, the store's first one with the session.
const DOWNLOADED: [&str; 2] = ["1min", "1day"];
/// The feeds of a download.
const FEEDS: [&str; 2] = ["sip", "iex"];
/// What can be imported beside the kinds of rows.
pub(super) const ACTIONS: &str = "actions";

/// The job in one line.
pub(super) fn title(work: &Work) -> String {
    match work {
        Work::Backtest(spec) => backtest(spec),
        Work::Import(spec) => format!("import {} as {} {}", spec.file_name, spec.symbol, spec.data),
        Work::Download(spec) => {
            let days = days(Some(spec.start_date), spec.end_date);
            format!("download {} {}{days}", names(&spec.symbols), spec.data)
        }
        Work::Export(spec) => {
            let days = days(spec.start_date, spec.end_date);
            format!("export {} {}{days}", spec.symbol, spec.data)
        }
        Work::Replay(spec) => replay(spec),
        Work::Trace(spec) => trace(spec),
        Work::SessionExport(spec) => format!("export the recording of {}", spec.session),
        Work::Verify(filter) | Work::Gaps(filter) => {
            let verb = match work {
                Work::Verify(_) => "verify",
                _ => "find gaps in",
            };
            let symbol = filter.symbol.map(|symbol| format!(" {symbol}"));
            let data = filter.data.as_ref().map(|data| format!(" {data}"));
            let all = if symbol.is_none() && data.is_none() {
                " everything"
            } else {
                ""
            };
            let days = days(filter.start_date, filter.end_date);
            format!("{verb}{all}{}{}{days}", plain(symbol), plain(data))
        }
        Work::Audit(_) => "check the journal".to_owned(),
        Work::AuditExport(spec) => format!("export the account's records of {}", spec.year),
    }
}

fn replay(spec: &ReplaySpec) -> String {
    let until = spec.until.as_ref().map(|until| format!(", until {until}"));
    let symbol = spec.symbol.map(|symbol| format!(", {symbol}"));
    let with = match spec.with.as_slice() {
        [] => None,
        with => Some(format!(", with {}", short(with))),
    };
    let parts = [until, symbol, with].map(plain).concat();
    format!("replay {}{parts}", spec.session)
}

fn trace(spec: &TraceSpec) -> String {
    let session = spec.session.map(|session| format!("{session}T"));
    let time = spec.time.format("%H:%M:%S");
    format!("look at {}@{}{time}", spec.symbol, plain(session))
}

fn plain(part: Option<String>) -> String {
    part.unwrap_or_default()
}

fn backtest(spec: &BacktestSpec) -> String {
    let mut strategies: Vec<&str> = spec.routes.iter().map(|r| r.strategy.as_str()).collect();
    strategies.extend(spec.configured_routes.iter().map(String::as_str));
    strategies.dedup();
    let symbols = spec.routes.iter().flat_map(|route| &route.symbols);
    let mut symbols: Vec<String> = symbols.map(ToString::to_string).collect();
    symbols.sort();
    symbols.dedup();
    let on = if symbols.is_empty() {
        String::new()
    } else {
        format!(" on {}", short(&symbols))
    };
    let what = if strategies.is_empty() {
        "backtest".to_owned()
    } else {
        short(&strategies)
    };
    let days = days(Some(spec.start_date), Some(spec.end_date));
    match &spec.label {
        Some(label) => format!("{label}: {what}{on}{days}"),
        None => format!("{what}{on}{days}"),
    }
}

/// Symbols as far as a line has room for them.
pub(super) fn names(symbols: &[Symbol]) -> String {
    let names: Vec<&str> = symbols.iter().map(Symbol::as_str).collect();
    short(&names)
}

/// Names as far as a line has room for them.
fn short<T: AsRef<str>>(names: &[T]) -> String {
    let shown: Vec<&str> = names.iter().take(5).map(AsRef::as_ref).collect();
    match names.len().saturating_sub(shown.len()) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn days(first: Option<NaiveDate>, last: Option<NaiveDate>) -> String {
    match (first, last) {
        (None, None) => String::new(),
        (Some(first), None) => format!(", from {first}"),
        (None, Some(last)) => format!(", to {last}"),
        (Some(first), Some(last)) => format!(", {first} to {last}"),
    }
}

/// Refuses what no process need be started for.
pub(super) fn check(work: &Work) -> Result<(), Failure> {
    let size = serde_json::to_vec(work).map_or(usize::MAX, |text| text.len());
    if size > WORK_BYTES_MAX {
        let why = format!("its description has {size} bytes, more than {WORK_BYTES_MAX}");
        return Err(refused(why, "shorten the configuration that it carries"));
    }
    match work {
        Work::Backtest(spec) => order(Some(spec.start_date), Some(spec.end_date)),
        Work::Import(spec) => import(spec),
        Work::Download(spec) => download(spec),
        Work::Export(spec) => {
            kind(&spec.data)?;
            order(spec.start_date, spec.end_date)
        }
        Work::Replay(spec) => super::sessions::check(spec),
        Work::SessionExport(_) | Work::Trace(_) => Ok(()),
        Work::Verify(filter) | Work::Gaps(filter) => {
            if let Some(data) = &filter.data {
                kind(data)?;
            }
            order(filter.start_date, filter.end_date)
        }
        Work::Audit(spec) => {
            let against = spec.against.as_deref().map(str::parse::<KeptHead>);
            against.transpose().map(drop).map_err(|error| {
                refused(
                    error.to_string(),
                    "the log has one: TRADER_JOURNAL_SEQ and TRADER_JOURNAL_HASH",
                )
            })
        }
        Work::AuditExport(spec) if YEARS.contains(&spec.year) => Ok(()),
        Work::AuditExport(spec) => Err(refused(
            format!("{} is no year of an account", spec.year),
            "name one from 1970 to 2200",
        )),
    }
}

fn import(spec: &ImportSpec) -> Result<(), Failure> {
    kind(&spec.data)?;
    let name = &spec.file_name;
    if name.is_empty() || name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
        let why = format!("{name:?} is no name of a file");
        return Err(refused(why, "give the file a plain name"));
    }
    if spec.bytes == 0 {
        return Err(refused(
            format!("{name} is empty"),
            "a file needs a header line and rows",
        ));
    }
    let digits = spec.sha256.bytes();
    if spec.sha256.len() != 64
        || !digits
            .into_iter()
            .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    {
        let why = format!("{:?} is no SHA-256", spec.sha256);
        return Err(refused(why, "give 64 hexadecimal digits, in small letters"));
    }
    Ok(())
}

fn download(spec: &DownloadSpec) -> Result<(), Failure> {
    let symbols = spec.symbols.len();
    if symbols == 0 || symbols > SYMBOLS_MAX {
        let why = format!("it names {symbols} symbols");
        return Err(refused(why, "name 1 to 200 of them"));
    }
    if !DOWNLOADED.contains(&spec.data.as_str()) {
        let why = format!("{:?} is nothing that can be downloaded", spec.data);
        return Err(refused(why, "choose 1min or 1day"));
    }
    if let Some(feed) = spec.feed.as_deref().filter(|feed| !FEEDS.contains(feed)) {
        let why = format!("{feed:?} is no feed of bars that are over");
        return Err(refused(why, "choose sip or iex"));
    }
    order(Some(spec.start_date), spec.end_date)
}

fn kind(data: &str) -> Result<(), Failure> {
    if data == ACTIONS {
        return Ok(());
    }
    data.parse::<trader_bars::Kind>()
        .map(drop)
        .map_err(|error| refused(error.to_string(), "choose one of them, or actions"))
}

fn order(first: Option<NaiveDate>, last: Option<NaiveDate>) -> Result<(), Failure> {
    match (first, last) {
        (Some(first), Some(last)) if last < first => Err(refused(
            format!("it would end on {last}, before it starts on {first}"),
            "swap the two dates",
        )),
        _ => Ok(()),
    }
}

/// Work that does not become a job.
pub(super) fn refused(why: impl Display, next: &str) -> Failure {
    Failure::refused("the job was not taken", why.to_string(), next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn work(json: Value) -> Work {
        serde_json::from_value(json).unwrap()
    }

    fn import_of(change: (&str, Value)) -> Work {
        let mut spec: Value = trader_rpc::sample::of("ImportSpec").unwrap();
        spec[change.0] = change.1;
        work(json!({ "import": spec }))
    }

    fn download_of(change: (&str, Value)) -> Work {
        let mut spec: Value = trader_rpc::sample::of("DownloadSpec").unwrap();
        spec[change.0] = change.1;
        work(json!({ "download": spec }))
    }

    #[test]
    fn a_title_says_what_is_done_with_what_and_for_which_days() {
        let rows = [
            (json!({"gaps": {}}), "find gaps in everything"),
            (
                json!({"verify": {"symbol": "SPY", "start_date": "2011-01-03"}}),
                "verify SPY, from 2011-01-03",
            ),
            (
                json!({"trace": {"symbol": "SPY", "time": "10:35:00", "session": "2011-01-10"}}),
                "look at SPY@2011-01-10T10:35:00",
            ),
            (
                json!({"export": {"symbol": "SPY", "data": "1min", "end_date": "2011-01-31"}}),
                "export SPY 1min, to 2011-01-31",
            ),
            (
                json!({"backtest": {
                    "start_date": "2011-01-03", "end_date": "2011-01-31", "label": "more slippage",
                    "routes": [{"strategy": "velez", "symbols": ["SPY", "AAPL"], "timeframe": "2min"}],
                }}),
                "more slippage: velez on AAPL, SPY, 2011-01-03 to 2011-01-31",
            ),
            (
                json!({"backtest": {
                    "start_date": "2011-01-03", "end_date": "2011-01-31",
                    "configured_routes": ["a", "b", "c", "d", "e", "f"],
                }}),
                "a, b, c, d, e and 1 more, 2011-01-03 to 2011-01-31",
            ),
        ];
        for (json, expected) in rows {
            assert_eq!(title(&work(json)), expected);
        }
        let import = import_of(("data", json!("1min")));
        assert_eq!(title(&import), "import SPY.csv.gz as SPY 1min");
        let download = download_of(("data", json!("1min")));
        let expected = "download AAPL, SPY 1min, 2024-01-02 to 2024-06-28";
        assert_eq!(title(&download), expected);
    }

    #[test]
    fn what_can_be_seen_to_be_wrong_becomes_no_job() {
        let backwards = json!({"start_date": "2011-01-31", "end_date": "2011-01-03"});
        let long = json!({"start_date": "2011-01-03", "end_date": "2011-01-31", "config": "#".repeat(70_000)});
        let rows = [
            (
                work(json!({ "backtest": backwards })),
                "before it starts on 2011-01-31",
            ),
            (work(json!({ "gaps": backwards })), "before it starts"),
            (work(json!({ "backtest": long })), "more than 65536"),
            (
                work(json!({"verify": {"data": "2min"}})),
                "\"2min\" is no kind of data",
            ),
            (import_of(("data", json!("bars"))), "is no kind of data"),
            (import_of(("sha256", json!("ABC"))), "is no SHA-256"),
            (
                import_of(("file_name", json!("a\nb"))),
                "is no name of a file",
            ),
            (import_of(("bytes", json!(0))), "SPY.csv.gz is empty"),
            (download_of(("symbols", json!([]))), "names 0 symbols"),
            (
                download_of(("data", json!("1hour"))),
                "is nothing that can be downloaded",
            ),
            (download_of(("feed", json!("boats"))), "is no feed"),
            (
                download_of(("end_date", json!("2024-01-01"))),
                "before it starts on 2024-01-02",
            ),
        ];
        for (work, words) in rows {
            let failure = check(&work).unwrap_err();
            assert!(failure.detail.why.contains(words), "{failure:?}");
        }
        check(&import_of(("data", json!("actions")))).unwrap();
    }
}
