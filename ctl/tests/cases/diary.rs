//! Notes and tags: what is sent, what a person and a spreadsheet read, what is refused before it is
//! sent.

use insta::assert_snapshot;
use serde_json::json;
use trader_rpc::{Role, sample};

use super::fake::Fake;
use super::program::run_at;

#[test]
fn a_note_and_tags_are_sent_with_the_calls_id() {
    let fake = Fake::start();
    let at = fake.runtime_dir();
    let run = run_at(
        at,
        &[
            "trades",
            "note",
            "--request-id",
            "n-1",
            "20110110-12",
            "too early",
        ],
    );
    assert!(
        run.text().ends_with("note_trade was accepted\n"),
        "{}",
        run.stdout
    );
    run_at(
        at,
        &["trades", "note", "--request-id", "n-2", "812", "--remove"],
    )
    .text();
    assert_eq!(
        fake.calls("note_trade"),
        [
            json!({ "request_id": "n-1", "trade": "20110110-12", "note": "too early" }),
            json!({ "request_id": "n-2", "trade": "812", "note": null }),
        ]
    );
    let args = [
        "--json",
        "trades",
        "tag",
        "--request-id",
        "t-1",
        "20110110-12",
        "+Setup",
        "-late",
        "+trend",
    ];
    assert_eq!(run_at(at, &args).json()["request_id"], "t-1");
    assert_eq!(
        fake.calls("tag_trade"),
        [
            json!({ "request_id": "t-1", "trade": "20110110-12", "add": ["setup", "trend"], "remove": ["late"] })
        ]
    );
}

#[test]
fn what_is_no_note_no_tag_and_no_trade_is_not_sent() {
    let fake = Fake::start();
    let long = "x".repeat(1001);
    for (args, why) in [
        (&["note", "20110110-12"][..], "required arguments"),
        (&["note", "20110110-12", "  "], "the note is empty"),
        (
            &["note", "20110110-12", &long],
            "1001 bytes of UTF-8, and at most 1000",
        ),
        (&["note", "20110110-12", "a\u{7}b"], "the character U+0007"),
        (&["note", "yesterday", "x"], "names no trade"),
        (&["tag", "20110110-12", "setup"], "put + before it"),
        (&["tag", "20110110-12", "+two words"], "is not a tag"),
        (
            &["tag", "20110110-12", "+a", "-a"],
            "to be put on and taken off",
        ),
        (
            &["tag", "20110110-12", "+a", "--json"],
            "options go before TRADE",
        ),
        (&["--tag", "!"], "is not a tag"),
        (&["--csv", "--json"], "cannot be used with"),
    ] {
        let run = run_at(fake.runtime_dir(), &[&["trades"], args].concat());
        assert_eq!(run.code, 2, "{args:?}: {}", run.stderr);
        assert!(run.stderr.contains(why), "{args:?}: {}", run.stderr);
    }
    assert!(fake.calls("note_trade").is_empty() && fake.calls("tag_trade").is_empty());
}

#[test]
fn trades_with_tags_are_listed_and_go_into_a_spreadsheet() {
    let mut second = sample::all().unwrap()["Trade"].clone();
    second["note"] = json!("=first line,\nsecond \"line\"");
    second["tags"] = json!([]);
    second["initial_stop"] = json!(null);
    let trades = json!([sample::all().unwrap()["Trade"], second]);
    let fake = Fake::with(Role::Read, move |name, _| {
        (name == "trades").then(|| Ok(trades.clone()))
    });
    let run = run_at(
        fake.runtime_dir(),
        &["trades", "--tag", "setup", "--tag", "Trend"],
    );
    assert_snapshot!(run.text(), @r#"
    SIMULATED  SYNTHETIC DATA
    CLOSED (ET)          SYMBOL  SIDE   SHARES   ENTRY    EXIT    STOP    PROFIT   FEES  WHY     ROUTE              INTENT       TAGS         NOTE
    2011-01-10 09:41:30  SPY     short     100  127.50  125.49  128.10  +$200.00  $1.00  target  opening-range-spy  20110110-12  setup,trend  held through the pullback, as planned
    2011-01-10 09:41:30  SPY     short     100  127.50  125.49       -  +$200.00  $1.00  target  opening-range-spy  20110110-12               =first line, second "line"
    2 trades, +$400.00
    "#);
    assert_eq!(fake.calls("trades")[0]["tags"], json!(["setup", "trend"]));
    let run = run_at(fake.runtime_dir(), &["trades", "--csv"]);
    assert_snapshot!(run.text().replace('\r', ""), @r#"
    number,intent,route,strategy,symbol,direction,qty,entered_at,entry_average,exited_at,exit_average,initial_stop,exit_reason,profit,fees,tags,note
    812,20110110-12,opening-range-spy,opening-range,SPY,short,100,2011-01-10T14:35:00Z,127.5,2011-01-10T14:41:30Z,125.49,128.1,target,200,1,"setup,trend","held through the pullback, as planned"
    812,20110110-12,opening-range-spy,opening-range,SPY,short,100,2011-01-10T14:35:00Z,127.5,2011-01-10T14:41:30Z,125.49,,target,200,1,,"'=first line,
    second ""line"""
    "#);
}

#[test]
fn the_history_says_who_wrote_what() {
    let mut gone = sample::all().unwrap()["TradeEdit"].clone();
    gone["number"] = json!(4);
    gone["what"] = json!("note");
    gone["note"] = json!(null);
    let edits = json!([gone, sample::all().unwrap()["TradeEdit"]]);
    let fake = Fake::with(Role::Read, move |name, _| {
        (name == "trade_edits").then(|| Ok(edits.clone()))
    });
    let run = run_at(fake.runtime_dir(), &["trades", "history", "20110110-12"]);
    assert_snapshot!(run.text(), @"
    SIMULATED  SYNTHETIC DATA
    EDIT  WRITTEN (ET)          UID  WHAT  TEXT
       4  2011-01-10 16:12:00  1000  note  (taken away)
       3  2011-01-10 16:12:00  1000  tags  +setup -late
    ");
    assert_eq!(
        fake.calls("trade_edits"),
        [json!({ "trade": "20110110-12" })]
    );
}
