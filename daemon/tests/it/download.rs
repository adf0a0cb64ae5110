//! `data download` at a simulator that speaks Alpaca's language: everything, what a cut left over, nothing
//! twice; and what is said where it cannot be.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};
use trader_rpc::method::call;
use trader_rpc::{
    CallError, Client, DataSeries, DownloadResult, Job, JobState, RemoveDataParams, RequestId,
};

use crate::exchange::{Exchange, KEYS};
use crate::shop::{cancel, data, look, over, result, submit, work};

/// Four months, in which AAPL and MSFT pay twice.
fn months(change: &[(&str, Value)]) -> Value {
    let mut spec = json!({
        "symbols": ["AAPL", "MSFT"], "data": "1min",
        "start_date": "2026-05-04", "end_date": "2026-08-28",
    });
    for (key, value) in change {
        spec[key] = value.clone();
    }
    spec
}

fn download(client: &Client, spec: &Value) -> Result<Job, CallError> {
    submit(client, work(json!({ "download": spec })))
}

fn done(client: &Client, spec: &Value) -> DownloadResult {
    let job = download(client, spec).unwrap();
    let job = over(client, job.id);
    assert_eq!(job.state, JobState::Done, "{job:#?}");
    result(client, job.id)
}

fn failed(client: &Client, spec: &Value) -> String {
    let job = download(client, spec).unwrap();
    let job = over(client, job.id);
    assert_eq!(job.state, JobState::Failed, "{job:#?}");
    assert!(data(client).is_empty(), "nothing may have been stored");
    job.message.unwrap()
}

fn new(result: &DownloadResult) -> Vec<u64> {
    result.symbols.iter().map(|symbol| symbol.new).collect()
}

/// What a store holds, by its checksums.
fn sums(client: &Client) -> Vec<(String, Vec<String>)> {
    let sum = |series: &DataSeries| {
        let files = series.files.iter().map(|file| file.sha256.clone());
        (
            format!("{} {}", series.symbol, series.data),
            files.collect(),
        )
    };
    data(client).iter().map(sum).collect()
}

/// Waits until a part of a download is in the store.
fn begun(client: &Client, id: u64) {
    for _ in 0..3_000 {
        let job = look(client, id);
        assert!(!job.state.is_over(), "it ended too early: {job:#?}");
        if job.progress.is_some_and(|progress| progress.done > 0) {
            return;
        }
        client.wait(std::time::Duration::from_millis(10));
    }
    panic!("it never began: {:#?}", look(client, id));
}

#[test]
fn everything_is_stored_and_nothing_is_asked_for_twice() {
    let exchange = Exchange::open(&[]);
    let place = exchange.quiet(KEYS);
    let _daemon = place.start();
    let client = place.client();

    let first = done(&client, &months(&[]));
    // 82 sessions of 390 minutes each, two dividends each.
    assert_eq!(new(&first), [31_980, 31_980]);
    assert!(first.symbols.iter().all(|symbol| symbol.sessions == 82));
    assert!(
        first.symbols.iter().all(|symbol| symbol.actions == 2),
        "{first:#?}"
    );
    assert!(first.pages > 8);
    let stored = data(&client);
    let minutes = stored.iter().find(|series| series.data == "1min").unwrap();
    assert_eq!(
        (minutes.source.as_str(), minutes.feed.as_str()),
        ("alpaca", "sip")
    );
    assert_eq!(minutes.adjustment, "raw");
    assert_eq!(minutes.first.to_string(), "2026-05-04");
    assert_eq!(minutes.last.to_string(), "2026-08-28");
    assert_eq!(stored.len(), 4);
    assert!(
        stored.iter().all(|series| series.source == "alpaca"),
        "{stored:#?}"
    );
    let before = sums(&client);

    // A week more: only that is asked for.
    let more = done(&client, &months(&[("end_date", json!("2026-09-04"))]));
    assert_eq!(new(&more), [1_950, 1_950]);
    assert_eq!(
        more.pages, 7,
        "days, and of each two months and what it did"
    );
    assert!(more.symbols.iter().all(|symbol| symbol.sessions == 5));

    // All of it is there: nobody needs to answer.
    drop(exchange);
    let again = done(&client, &months(&[]));
    assert_eq!((again.pages, new(&again)), (0, vec![0, 0]));
    assert_ne!(sums(&client), before, "the week is in it");
}

#[test]
fn a_download_that_is_cut_goes_on_where_it_was_and_makes_the_same_store() {
    let exchange = Exchange::open(&[]);
    let whole = exchange.quiet(KEYS);
    let _daemon = whole.start();
    let reference = whole.client();
    let at_once = done(&reference, &months(&[]));

    let place = exchange.quiet(KEYS);
    let daemon = place.start();
    let client = place.client();
    let job = download(&client, &months(&[])).unwrap();
    begun(&client, job.id);
    daemon.kill();
    drop(client);

    let _daemon = place.start();
    let client = place.client();
    let cut = over(&client, job.id);
    assert_eq!(cut.state, JobState::Interrupted, "{cut:#?}");

    let job = download(&client, &months(&[])).unwrap();
    begun(&client, job.id);
    let removed = client.call::<call::RemoveData>(&RemoveDataParams {
        request_id: RequestId::draw().unwrap(),
        symbol: "AAPL".parse().unwrap(),
        data: None,
        year: None,
    });
    let refused = removed.unwrap_err().to_string();
    assert!(refused.contains("downloads it"), "{refused}");
    let cancelled = cancel(&client, job.id).unwrap();
    assert_eq!(cancelled.state, JobState::Cancelled, "{cancelled:#?}");
    let message = cancelled.message.unwrap();
    assert!(message.contains("goes on from there"), "{message}");

    let rest = done(&client, &months(&[]));
    assert!(
        rest.pages < at_once.pages,
        "{} of {}",
        rest.pages,
        at_once.pages
    );
    assert!(new(&rest).iter().sum::<u64>() < new(&at_once).iter().sum());
    assert_eq!(sums(&client), sums(&reference));
}

#[cfg(feature = "backtest")]
#[test]
fn a_backtest_runs_over_what_was_downloaded() {
    let exchange = Exchange::open(&[]);
    let place = exchange.quiet(KEYS);
    let _daemon = place.start();
    let client = place.client();
    done(&client, &months(&[]));
    let job = submit(
        &client,
        work(json!({ "backtest": {
            "start_date": "2026-06-01", "end_date": "2026-08-28",
            "routes": [{ "strategy": "velez", "symbols": ["AAPL"], "timeframe": "5min" }],
        } })),
    );
    let job = over(&client, job.unwrap().id);
    assert_eq!(job.state, JobState::Done, "{job:#?}");
    let report: Value = result(&client, job.id);
    let data = &report["inputs"]["data"][0];
    assert_eq!(data["source"], "alpaca", "{data:#}");
    assert_eq!(data["feed"], "sip", "{data:#}");
}

#[test]
fn what_is_removed_is_asked_for_again_and_replacing_asks_for_all() {
    let exchange = Exchange::open(&[]);
    let place = exchange.quiet(KEYS);
    let _daemon = place.start();
    let client = place.client();
    let days = json!({
        "symbols": ["SPY"], "data": "1day", "feed": "iex",
        "start_date": "2025-06-02", "end_date": "2026-06-30",
    });
    let first = done(&client, &days);
    assert_eq!(new(&first), [271]);
    let stored = data(&client);
    let days_stored = stored.iter().find(|series| series.data == "1day").unwrap();
    assert_eq!(days_stored.feed, "iex");
    let before = sums(&client);
    let year = RemoveDataParams {
        request_id: RequestId::draw().unwrap(),
        symbol: "SPY".parse().unwrap(),
        data: Some("1day".to_owned()),
        year: Some(2026),
    };
    client.call::<call::RemoveData>(&year).unwrap();
    assert_eq!(new(&done(&client, &days)), [123]);
    assert_eq!(sums(&client), before);

    let mut again = days;
    again["replace"] = json!(true);
    let again = done(&client, &again);
    assert_eq!(again.symbols[0].already, 271, "{again:#?}");
    assert_eq!(sums(&client), before);
}

/// A market in which AAPL trades for three minutes, twice.
fn recorded(last: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut rows = "timestamp,open,high,low,close,volume\n".to_owned();
    for date in ["2026-11-24", "2026-11-25"] {
        for (minute, close) in ["100", "101", last].into_iter().enumerate() {
            rows += &format!("{date}T14:{}:00Z,100,110,90,{close},500\n", 30 + minute);
        }
    }
    std::fs::write(folder.path().join("AAPL.csv"), rows).unwrap();
    folder
}

#[test]
fn what_alpaca_has_corrected_takes_its_place_where_that_is_wanted() {
    let before = recorded("102");
    let exchange = Exchange::open(&["--market", before.path().to_str().unwrap()]);
    let place = exchange.quiet(KEYS);
    let daemon = place.start();
    let mut spec = json!({
        "symbols": ["AAPL"], "data": "1min", "start_date": "2026-11-24", "end_date": "2026-11-24",
    });
    assert_eq!(new(&done(&place.client(), &spec)), [3]);
    daemon.kill();

    let after = recorded("103");
    let exchange = Exchange::open(&["--market", after.path().to_str().unwrap()]);
    let config = std::fs::read_to_string(place.config()).unwrap();
    let (rest, _) = config.split_once("[alpaca]").unwrap();
    let section = exchange.section(&place, KEYS);
    place.configure(&format!("{rest}{section}"));
    let _daemon = place.start();
    let client = place.client();
    assert_eq!(done(&client, &spec).pages, 0);
    spec["replace"] = json!(true);
    let again = done(&client, &spec);
    let symbol = &again.symbols[0];
    assert_eq!((symbol.new, symbol.already, symbol.replaced), (0, 2, 1));
}

#[test]
fn what_cannot_be_downloaded_is_told_and_leaves_nothing() {
    let exchange = Exchange::open(&[]);
    let place = exchange.quiet(KEYS);
    let _daemon = place.start();
    let client = place.client();
    let refused = [
        (
            months(&[("symbols", json!(["AAPL", "QQZZ"]))]),
            "no bars of QQZZ on the feed sip",
        ),
        (
            months(&[
                ("start_date", json!("2089-01-03")),
                ("end_date", Value::Null),
            ]),
            "none is over",
        ),
        (months(&[("start_date", json!("1950-01-03"))]), "1950"),
    ];
    for (spec, words) in refused {
        let message = failed(&client, &spec);
        assert!(message.contains(words), "{message}");
    }
    let backwards = months(&[("end_date", json!("2026-05-01"))]);
    let error = download(&client, &backwards).unwrap_err().to_string();
    assert!(error.contains("before it starts on 2026-05-04"), "{error}");
}

#[test]
fn wrong_keys_and_none_are_told_with_what_to_do() {
    let exchange = Exchange::open(&[]);
    let place = exchange.quiet("sim-key\nwrong-secret\n");
    let _daemon = place.start();
    let client = place.client();
    let message = failed(&client, &months(&[]));
    assert!(
        message.contains("unauthorized") && message.contains("traderctl doctor"),
        "{message}"
    );
    let path = place.path().join("alpaca.keys");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let message = failed(&client, &months(&[]));
    assert!(
        message.contains("mode 0644") && message.contains("chmod 0600"),
        "{message}"
    );
    assert!(!message.contains("wrong-secret"), "{message}");
}

#[test]
fn too_many_requests_are_waited_out() {
    let exchange = Exchange::open(&[]);
    let place = exchange.quiet(KEYS);
    let _daemon = place.start();
    let client = place.client();
    exchange.admin(
        "faults",
        &json!({ "fault": "rate_limit", "path": "/v2/stocks/bars" }),
    );
    exchange.admin(
        "faults",
        &json!({ "fault": "cut_response", "path": "/v1/corporate-actions" }),
    );
    let days = months(&[
        ("end_date", json!("2026-05-29")),
        ("symbols", json!(["AAPL"])),
    ]);
    assert_eq!(new(&done(&client, &days)), [7_410]);
}
