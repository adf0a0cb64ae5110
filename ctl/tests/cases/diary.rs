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
    assert_snapshot!(run.text(), @"");
    assert_eq!(fake.calls("trades")[0]["tags"], json!(["setup", "trend"]));
    let run = run_at(fake.runtime_dir(), &["trades", "--csv"]);
    assert_snapshot!(run.text().replace('\r', ""), @"");
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
    assert_snapshot!(run.text(), @"");
    assert_eq!(
        fake.calls("trade_edits"),
        [json!({ "trade": "20110110-12" })]
    );
}
