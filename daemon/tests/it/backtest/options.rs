//! What can be asked of a backtest, option by option.

use rust_decimal::{Decimal, RoundingStrategy};
use trader_contract::{Direction, Timestamp};
use trader_rpc::{Adjustment, BacktestResult, BacktestSpec};

use super::desk::{Desk, IDLE, With, spec};
use super::market;

/// A strategy that enters at the market as soon as a bar ends.
fn eager(timeframe: &str, symbols: &[&str]) -> BacktestSpec {
    spec("2024-11-21", "2024-12-03")
        .route("mean-reversion", symbols, timeframe)
        .put("period", "3")
        .put("entry_z", "0.5")
        .put("atr_period", "3")
        .put("stop_atr", "3")
        .put("entry", "market")
        .set("risk.consecutive_losses", "20")
}

/// Seconds from the session's open, in New York's winter.
fn into_session(at: Timestamp) -> i64 {
    let seconds = at.nanos() / Timestamp::SECOND;
    seconds.rem_euclid(86_400) - (14 * 60 + 30) * 60
}

#[test]
fn every_timeframe_decides_at_the_ends_of_its_bars() {
    let desk = Desk::open(IDLE);
    desk.import("AAA", "1min", &market::minutes(11, 60, &market::DAYS));
    desk.import("HHH", "1hour", &market::hours(15, 60, &market::DAYS));
    let table = [
        ("1min", "AAA", None, "1min", 60),
        ("5min", "AAA", None, "1min", 300),
        ("30min", "AAA", None, "1min", 1_800),
        ("1hour", "AAA", None, "1min", 3_600),
        ("1hour", "AAA", Some("1min"), "1min", 3_600),
    ];
    for (timeframe, symbol, data, read, seconds) in table {
        let mut asked = eager(timeframe, &[symbol]);
        asked.data = data.map(str::to_owned);
        let result = desk.backtest(&asked);
        assert_eq!(result.inputs.data[0].data, read);
        assert!(result.trades.len() > 2, "{timeframe}: {:?}", result.counts);
        for trade in &result.trades {
            let late = into_session(trade.entered_at) % seconds;
            // The order travels for 50 ms; a missing minute makes it wait for the next one.
            assert!(late < 240.min(seconds), "{timeframe}: {trade:?}");
        }
    }
    // Stored hours are clock hours: the first one of a session ends at ten.
    let result = desk.backtest(&eager("1hour", &["HHH"]));
    assert_eq!(result.inputs.data[0].data, "1hour");
    assert!(result.trades.len() > 2, "{:?}", result.counts);
    for trade in &result.trades {
        let late = (into_session(trade.entered_at) - 1_800) % 3_600;
        assert_eq!(late, 0, "{trade:?}");
    }
}

#[test]
fn days_are_made_of_days_or_of_minutes_and_hold_over_the_night() {
    let desk = Desk::open(IDLE);
    desk.import("AAA", "1min", &market::minutes(11, 60, &market::DAYS));
    desk.import("DDD", "1day", &market::sessions(16, 60, &market::DAYS));
    for (symbol, read) in [("AAA", "1min"), ("DDD", "1day")] {
        let asked = eager("1day", &[symbol])
            .put("period", "2")
            .put("entry_z", "0.1")
            .put("atr_period", "2")
            .put("stop_atr", "1")
            .set("session.end_of_day", "hold");
        let result = desk.backtest(&asked);
        assert_eq!(result.inputs.data[0].data, read);
        assert!(!result.trades.is_empty(), "{symbol}: {:?}", result.counts);
        for trade in &result.trades {
            // Decided at the close, done at the next open.
            assert!(into_session(trade.entered_at) < 60, "{trade:?}");
        }
    }
}

#[test]
fn one_side_alone_is_what_both_sides_do_without_the_other() {
    let desk = Desk::open(IDLE);
    desk.import("AAA", "1min", &market::minutes(11, 60, &market::DAYS));
    let run = |sides: Option<&str>| {
        let mut asked = eager("5min", &["AAA"]);
        asked.routes[0].sides = sides.map(str::to_owned);
        desk.backtest(&asked)
    };
    let count = |result: &BacktestResult, direction| {
        let trades = result.trades.iter();
        trades.filter(|trade| trade.direction == direction).count()
    };
    let both = run(None);
    assert!(count(&both, Direction::Long) > 0 && count(&both, Direction::Short) > 0);
    let long = run(Some("long"));
    assert!(count(&long, Direction::Long) > 0 && count(&long, Direction::Short) == 0);
    let short = run(Some("short"));
    assert!(count(&short, Direction::Long) == 0 && count(&short, Direction::Short) > 0);
}

#[test]
fn a_fragment_brings_routes_and_a_dotted_key_has_the_last_word() {
    let desk = Desk::open(IDLE);
    for (symbol, seed, dollars) in [("AAA", 11, 60), ("BBB", 12, 35), ("CCC", 13, 110)] {
        desk.import(
            symbol,
            "1min",
            &market::minutes(seed, dollars, &market::DAYS),
        );
    }
    let mut asked = eager("5min", &["CCC"])
        .set("broker.slippage", "0.03")
        .set("account.initial_cash", "25000");
    asked.config = Some(
        r#"
[broker]
slippage = "0.02"
margin = "by_date"
[risk]
max_open_positions = 3
[[route]]
name = "first"
strategy = "opening-range"
symbols = ["AAA"]
timeframe_minutes = 5
[[route]]
name = "second"
strategy = "velez"
symbols = ["BBB"]
timeframe_minutes = 2
settings = { sma_fast = 5, sides = "both" }
"#
        .to_owned(),
    );
    let result = desk.backtest(&asked);
    let settings = &result.inputs.settings;
    for words in [
        "slippage = \"0.03\"",
        "margin = \"by_date\"",
        "max_open_positions = 3",
        "initial_cash = \"25000\"",
    ] {
        assert!(settings.contains(words), "{words}: {settings}");
    }
    assert_eq!(result.metrics.initial_equity, Decimal::from(25_000));
    let symbols: Vec<&str> = result
        .inputs
        .data
        .iter()
        .map(|d| d.symbol.as_str())
        .collect();
    assert_eq!(symbols, ["AAA", "BBB", "CCC"]);
    let routes: Vec<&str> = result
        .breakdown
        .route
        .iter()
        .map(|g| g.key.as_str())
        .collect();
    assert!(
        routes.contains(&"first") && routes.contains(&"mean-reversion"),
        "{routes:?}"
    );
}

#[test]
fn a_sale_costs_what_the_regulators_take_on_its_day() {
    let desk = Desk::open(IDLE);
    desk.import("AAA", "1min", &market::minutes(11, 60, &market::DAYS));
    let result = desk.backtest(&eager("5min", &["AAA"]).set("broker.regulatory_fees", "true"));
    assert!(!result.trades.is_empty());
    // Each kind is summed over the day and rounded up to the cent.
    let cents = |sum: Decimal| sum.round_dp_with_strategy(2, RoundingStrategy::AwayFromZero);
    for day in &result.daily[1..] {
        let date = day.date.to_string();
        let of_day = result.trades.iter();
        let of_day = of_day.filter(|t| t.exited_at.to_string().starts_with(&date));
        let (mut section_31, mut taf) = (Decimal::ZERO, Decimal::ZERO);
        for trade in of_day {
            let sale = match trade.direction {
                Direction::Long => trade.exit_average,
                Direction::Short => trade.entry_average,
            };
            // $27.80 for a million dollars of sales since 2024-05-22.
            section_31 += sale * trade.qty * Decimal::new(278, 7);
            taf += trade.qty * Decimal::new(166, 6);
        }
        assert_eq!(day.fees, cents(section_31) + cents(taf), "{date}");
    }
    let free = desk.backtest(&eager("5min", &["AAA"]));
    assert_eq!(free.metrics.fees, Decimal::ZERO);
}

#[test]
fn a_split_inside_the_range_is_adjusted_away_or_warned_of() {
    let desk = Desk::open(IDLE);
    let whole = market::minutes(11, 60, &market::DAYS);
    // Two for one on the 27th: from then on prices are halved and volumes doubled.
    let split: String = whole
        .lines()
        .map(|row| match row.get(..10) {
            Some(day) if ("2024-11-27".."2025").contains(&day) => halved(row),
            _ => format!("{row}\n"),
        })
        .collect();
    desk.import("AAA", "1min", &split);
    desk.import(
        "AAA",
        "actions",
        "ex_date,type,value,reference_close\n\
         2024-11-25,dividend,0.60,60.00\n2024-11-27,split,2,60.00\n",
    );
    let run = |adjustment| {
        let mut asked = eager("30min", &["AAA"]);
        asked.adjustment = adjustment;
        desk.backtest(&asked)
    };
    let [raw, split, all] = [Adjustment::Raw, Adjustment::Split, Adjustment::All].map(run);
    let warned = raw.warnings.join("\n");
    assert!(
        warned.contains("AAA splits on 2024-11-27, and its prices are raw"),
        "{warned}"
    );
    for smooth in [&split, &all] {
        assert!(!smooth.warnings.join("\n").contains("splits on"));
        let file = &smooth.inputs.data[0].files;
        assert!(file.iter().any(|f| f.file.contains("actions")), "{file:?}");
        assert!(
            smooth
                .trades
                .iter()
                .all(|t| t.entry_average < Decimal::from(45))
        );
    }
    let before = |result: &BacktestResult| result.trades[0].entry_average;
    assert!(before(&raw) > Decimal::from(45), "{:?}", raw.trades[0]);
    assert!(
        before(&all) < before(&split),
        "the dividend is taken off as well"
    );
}

/// A row after a split of two for one.
fn halved(row: &str) -> String {
    let mut fields = row.split(',').map(str::to_owned).collect::<Vec<_>>();
    for field in &mut fields[1..5] {
        let price: Decimal = field.parse().unwrap();
        *field = format!("{:.2}", price / Decimal::TWO);
    }
    let volume: u64 = fields[5].parse().unwrap();
    fields[5] = (volume * 2).to_string();
    fields.join(",") + "\n"
}

#[test]
fn bars_before_the_range_warm_up_so_that_trading_begins_at_once() {
    let desk = Desk::open(IDLE);
    let rows = market::minutes(11, 60, &market::DAYS);
    let late = ["2024-11-20", "2024-11-21", "2024-11-22"]
        .iter()
        .fold(rows.clone(), |rows, day| market::cut(&rows, day));
    desk.import("OLD", "1min", &rows);
    desk.import("NEW", "1min", &late);
    let run = |symbol| {
        let mut asked = eager("30min", &[symbol]).put("period", "20");
        asked.start_date = "2024-11-25".parse().unwrap();
        desk.backtest(&asked)
    };
    let (old, new) = (run("OLD"), run("NEW"));
    let begins = |result: &BacktestResult| result.trades.first().unwrap().entered_at;
    assert!(begins(&old) < begins(&new));
    assert!(old.inputs.data[0].warm_up_bars >= 20 * 30);
    assert_eq!(new.inputs.data[0].warm_up_bars, 0);
    let warned = new.warnings.join("\n");
    assert!(
        warned.contains("NEW: 0 of the 600 bars that warm it up"),
        "{warned}"
    );
    assert!(!old.warnings.join("\n").contains("warm it up"));
}
