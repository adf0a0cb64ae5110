//! What no backtest comes of, and in which words. Nothing is left behind.

use trader_rpc::BacktestSpec;

use super::desk::{Desk, IDLE, With, spec};
use super::market;

const START: &str = "2024-11-21";
const END: &str = "2024-12-03";

fn sound() -> BacktestSpec {
    spec(START, END).route("opening-range", &["AAA"], "5min")
}

fn desk() -> Desk {
    let desk = Desk::open(IDLE);
    desk.import("AAA", "1min", &market::minutes(11, 60, &market::DAYS));
    desk
}

/// Fails unless each is refused with all its words.
fn assert_refused(desk: &Desk, table: &[(BacktestSpec, &[&str])]) {
    for (asked, words) in table {
        let refusal = desk.refusal(asked);
        for words in *words {
            assert!(refusal.contains(words), "{words}: {refusal}");
        }
    }
}

#[test]
fn bars_dates_and_strategies_that_are_not_there_are_refused_with_those_that_are() {
    let data = |data: &str| BacktestSpec {
        data: Some(data.to_owned()),
        ..sound()
    };
    let configured = BacktestSpec {
        configured_routes: vec!["moon".to_owned()],
        ..sound()
    };
    let table = [
        (
            spec(START, END).route("opening-range", &["ZZZ"], "5min"),
            &["ZZZ", "AAA"][..],
        ),
        (
            spec("2023-01-03", "2023-02-03").route("opening-range", &["AAA"], "5min"),
            &["AAA", "2024-11-20", "2024-12-03"],
        ),
        (
            spec(END, START).route("opening-range", &["AAA"], "5min"),
            &["it would end on 2024-11-21, before it starts on 2024-12-03; swap the two dates"],
        ),
        (
            spec("2024-11-23", "2024-11-24").route("opening-range", &["AAA"], "5min"),
            &["there is no session from 2024-11-23 to 2024-11-24"],
        ),
        (
            spec(START, END).route("opening-rang", &["AAA"], "5min"),
            &["there is no strategy \"opening-rang\"; did you mean \"opening-range\"?"],
        ),
        (
            data("1hour"),
            &["bars of 1hour serve routes with --timeframe 1hour only"],
        ),
        (data("5min"), &["\"5min\" is no data to run over"]),
        (
            configured,
            &["the configuration has no route \"moon\"; it has none"],
        ),
        (spec(START, END), &["needs a strategy and symbols"]),
    ];
    assert_refused(&desk(), &table);
}

#[test]
fn settings_that_mean_nothing_are_refused_with_what_would() {
    let fragment = BacktestSpec {
        config: Some("[market]\nseed = 3\n".to_owned()),
        ..sound()
    };
    let table = [
        (
            sound().put("range_minute", "5"),
            &["there is no parameter \"range_minute\"; did you mean \"range_minutes\"?"][..],
        ),
        (
            sound().put("range_minutes", "9999"),
            &["range_minutes", "9999"],
        ),
        (
            sound().set("market.seed", "4"),
            &["market.seed: is no setting of a backtest"],
        ),
        (
            sound().set("broker.slipage", "0.01"),
            &["broker.slipage", "did you mean \"slippage\"?"],
        ),
        (
            sound().set("broker.margin", "loose"),
            &["broker.margin", "by_date"],
        ),
        (fragment, &["market: has no meaning in a backtest"]),
        (
            spec(START, END).route("opening-range", &["AAA"], "1day"),
            &["decides at the close", "--end-of-day hold"],
        ),
        (
            spec(START, END).route("opening-range", &["AAA"], "7hours"),
            &["\"7hours\" is no timeframe: 1min to 390min, 1hour or 1day"],
        ),
    ];
    assert_refused(&desk(), &table);
}

/// The one Parquet file of a store.
fn stored(desk: &Desk) -> std::path::PathBuf {
    let mut folders = vec![desk.place.state().join("bars")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "parquet") {
                return path;
            }
        }
    }
    panic!("no file is stored");
}

#[test]
fn a_store_that_is_damaged_is_named_and_nothing_is_made_of_it() {
    let desk = desk();
    let file = stored(&desk);
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x55;
    std::fs::write(&file, &bytes).unwrap();
    let corrupt = desk.refusal(&sound());
    let name = file.file_name().unwrap().to_str().unwrap();
    assert!(corrupt.contains(name), "{corrupt}");
    assert!(
        corrupt.contains("its SHA-256 differs from the catalogue's"),
        "{corrupt}"
    );
    assert!(corrupt.contains("traderctl data verify"), "{corrupt}");

    std::fs::remove_file(&file).unwrap();
    let missing = desk.refusal(&sound());
    assert!(missing.contains(name), "{missing}");
    assert!(missing.contains("it is missing"), "{missing}");

    std::fs::write(desk.place.state().join("bars/catalogue.json"), "{").unwrap();
    let unreadable = desk.refusal(&sound());
    assert!(
        unreadable.contains("catalogue.json: it is damaged"),
        "{unreadable}"
    );
}

#[test]
fn a_job_that_needs_more_memory_than_it_may_have_says_so() {
    let desk = Desk::open(&format!("{IDLE}[jobs]\nmemory_mb = 64\n"));
    let year = market::quiet_year(2023);
    let symbols = [
        "AA", "BB", "CC", "DD", "EE", "FF", "GG", "HH", "JJ", "KK", "LL", "MM", "NN", "OO", "PP",
        "QQ",
    ];
    for symbol in symbols {
        desk.import(symbol, "1min", &year);
    }
    let asked = |symbols| spec("2023-01-03", "2023-12-29").route("opening-range", symbols, "30min");
    let refusal = desk.refusal(&asked(&symbols));
    assert!(refusal.starts_with("it ran out of memory: "), "{refusal}");
    assert!(
        refusal.ends_with("raise jobs.memory_mb, or ask for fewer symbols or a shorter range"),
        "{refusal}"
    );
    desk.backtest(&asked(&symbols[..1]));
}

#[test]
fn a_store_removed_while_a_job_waits_fails_that_job_alone() {
    let desk = desk();
    let blocker = desk.submit(trader_rpc::Work::Backtest(sound())).unwrap();
    let waiting = desk.submit(trader_rpc::Work::Backtest(sound())).unwrap();
    std::fs::remove_dir_all(desk.place.state().join("bars")).unwrap();
    let (blocker, waiting) = (desk.finish(&blocker), desk.finish(&waiting));
    assert!(blocker.state.is_over());
    assert_eq!(waiting.state, trader_rpc::JobState::Failed);
    let why = waiting.message.unwrap();
    assert!(
        why.contains("no data of AAA is stored; import some first"),
        "{why}"
    );
    desk.import("AAA", "1min", &market::minutes(11, 60, &market::DAYS));
    desk.backtest(&sound());
}
