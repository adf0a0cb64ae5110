//! Warming up at Alpaca: what the bar store has of Alpaca's is used, and only what came after it is asked
//! for.

use std::process::Command;

use serde_json::Value;
use trader_bars::hours::{Hours, HoursCursor};
use trader_bars::store::{self, Import};
use trader_bars::{Kind, OnConflict, Resolution, Rows, Series, Store, mark_each};
use trader_broker_alpaca::face::history::BarsOf;
use trader_broker_alpaca::face::{
    Adjustment, Feed, History, Keys, MarketDataSettings, Simulator, init,
};
use trader_calendar::Calendar;
use trader_contract::{Bar, Symbol, Timestamp};
use traderd::clock;

use crate::daemon::Place;
use crate::simulator::Exchange;

/// The minutes that the exchange has of a symbol.
fn minutes(exchange: &Exchange, symbol: Symbol, (from, to): (Timestamp, Timestamp)) -> Vec<Bar> {
    init();
    let endpoint = Simulator::at(&exchange.url()).unwrap();
    let settings =
        MarketDataSettings::new(Keys::new("sim-key", "sim-secret"), Feed::Sip, clock::now);
    let history = History::new(&endpoint, &settings).unwrap();
    let bars = exchange.block_on(history.bars(BarsOf {
        symbols: &[symbol],
        timeframe: "1Min",
        from,
        to,
        adjustment: Adjustment::Raw,
    }));
    bars.unwrap().into_iter().map(|(_, bar)| bar).collect()
}

/// Puts minutes into the bar store of a daemon, as a download of them does.
fn keep(place: &Place, symbol: Symbol, bars: Vec<Bar>) {
    let root = place.state().join("bars");
    let store = Store::create(&root).unwrap();
    let staging = store.staging("test");
    std::fs::create_dir_all(&staging).unwrap();
    let import = Import {
        series: Series {
            symbol,
            kind: Kind::Bars(Resolution::Minute),
        },
        rows: Rows::Bars(bars),
        source: "alpaca".to_owned(),
        feed: "sip".to_owned(),
        on_conflict: OnConflict::Refuse,
    };
    let mark = |kind: Kind, rows: &Rows| {
        let mut cursor = HoursCursor::new(Calendar::nyse(), kind);
        mark_each(rows, |at| Ok(cursor.hours(at).unwrap() == Hours::Extended))
    };
    let prepared = store::prepare(&store, import, &mark, &staging).unwrap();
    store::commit(&root, &prepared, &staging).unwrap();
}

/// The daemon with its keys as systemd hands over what lies in `/etc/traderd/credentials`.
fn with_credential(place: &Place) -> Command {
    let text = std::fs::read_to_string(place.config()).unwrap();
    let without: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("keys_file"))
        .collect();
    place.configure(&without.join("\n"));
    let (code, said) = place.fail();
    assert_eq!(code, Some(78));
    assert!(said.contains("/etc/traderd/credentials/alpaca"), "{said}");
    let folder = place.path().join("credentials");
    std::fs::create_dir(&folder).unwrap();
    std::fs::rename(place.path().join("alpaca.keys"), folder.join("etc_alpaca")).unwrap();
    let mut command = place.command();
    command.env("CREDENTIALS_DIRECTORY", folder);
    command
}

#[test]
fn only_what_came_after_the_stored_bars_is_asked_of_alpaca() {
    let exchange = Exchange::open("2026-11-25T15:30:00Z", 1);
    let place = exchange.place("");
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let range = (at("2026-11-02T14:30:00Z"), at("2026-11-24T20:59:00Z"));
    let mut stored = 0;
    for (ticker, halved) in [("AAPL", false), ("MSFT", false), ("SPY", true)] {
        let symbol = ticker.parse().unwrap();
        let mut bars = minutes(&exchange, symbol, range);
        assert!(bars.len() > 16 * 390, "{ticker}: {}", bars.len());
        if halved {
            // As after a split of which the store does not know.
            for bar in &mut bars {
                let half = |price: trader_contract::Price| {
                    trader_contract::Price::from_micros(price.micros() / 2).unwrap()
                };
                bar.open = half(bar.open);
                bar.high = half(bar.high);
                bar.low = half(bar.low);
                bar.close = half(bar.close);
            }
        } else {
            // Six sessions warm up what needs twenty minutes.
            let six = bars
                .iter()
                .filter(|bar| bar.start >= at("2026-11-17T14:30:00Z"));
            stored += six.count();
        }
        keep(&place, symbol, bars);
    }
    let mut daemon = place.start_with(with_credential(&place));
    let line = daemon
        .lines
        .iter()
        .find(|line| line.message == "bars of the past");
    let fields: Value = serde_json::from_str(&line.unwrap().text).unwrap();
    let count = |name: &str| -> usize {
        let field = fields["fields"][name].as_str().unwrap();
        field.parse().unwrap()
    };
    assert_eq!(count("of_store"), stored);
    // An hour of three symbols, and the past of the one whose prices are others.
    let asked = count("of_alpaca");
    assert!(
        (6 * 390 + 60 * 3..6 * 390 + 70 * 3).contains(&asked),
        "{asked}"
    );
    let others = |line: &crate::daemon::Line| {
        line.message
            .starts_with("the stored bars have other prices")
            && line.text.contains("SPY")
    };
    assert!(daemon.lines.iter().any(others));
    daemon.wait(|line| line.kind == "session_opened");
}
