//! One order of events: what the daemon trades over recorded bars, and a backtest of the same
//! routes over the same bars, are the same trades and the same days to the last nanosecond and cent.

use std::collections::BTreeMap;

use trader_contract::Direction;
use trader_rpc::method::call;
use trader_rpc::{BacktestResult, DaySummary, DaysParams, ExitReason, Trade, TradesParams};

use super::desk::{Desk, spec};
use super::market;
use crate::daemon::Place;

/// The routes: what each trades, and how.
const ROUTES: &str = r#"
[[route]]
name = "breakout"
strategy = "opening-range"
symbols = ["AAA", "BBB"]
timeframe_minutes = 5
settings = { range_minutes = 15, entry_minutes = 240, target_multiple = "1.2" }
[[route]]
name = "reversion"
strategy = "mean-reversion"
symbols = ["CCC"]
timeframe_minutes = 2
settings = { entry_z = "1.4", stop_atr = "1.5" }
"#;

/// A daemon that trades `days` over these files as fast as it can.
fn config(folder: &std::path::Path, start: &str, more: &str) -> String {
    format!(
        r#"
[market]
source = "recorded"
directory = "{}"
clock = "virtual"
start_date = {start}
pace = "max"
seed = 7
[risk]
consecutive_losses = 20
entries_per_route_per_day = 50
[rpc]
requests_per_second = 1000
request_burst = 2000
[log]
format = "json"
{more}
"#,
        folder.display()
    )
}

/// What both have done.
struct Both {
    trades: Vec<Trade>,
    days: Vec<DaySummary>,
    result: BacktestResult,
}

/// Lets the daemon trade to the end of the bars, then runs the same as a backtest.
fn both(files: &[(&str, String)], (start, end): (&str, &str), more: &str, routes: &[&str]) -> Both {
    let place = Place::new("pace = 1");
    let folder = place.path().join("bars");
    for (symbol, rows) in files {
        market::write(&folder, symbol, rows);
    }
    place.configure(&config(&folder, start, more));
    let mut desk = Desk::at(place);
    desk.daemon
        .wait(|line| line.message.contains("idle until stopped"));
    // A client that nobody uses answers no pings, and the day may have taken longer than they wait.
    desk.client = desk.place.client();
    let trades = desk.client.call::<call::Trades>(&TradesParams::default());
    let days = desk.client.call::<call::Days>(&DaysParams::default());
    for (symbol, rows) in files {
        desk.import(symbol, "1min", rows);
    }
    let mut asked = spec(start, end);
    asked.seed = 7;
    asked.configured_routes = routes.iter().map(|&name| name.to_owned()).collect();
    let mut trades = trades.unwrap();
    trades.reverse();
    Both {
        trades,
        days: days.unwrap(),
        result: desk.backtest(&asked),
    }
}

impl Both {
    /// Fails at the first thing that differs.
    fn assert_equal(&self) {
        let mut backtest = self.result.trades.iter();
        for (place, trade) in self.trades.iter().enumerate() {
            let other = backtest.next().map(|t| {
                let mut same = trade.clone();
                same.intent.clone_from(&t.intent);
                same.route.clone_from(&t.route);
                same.strategy.clone_from(&t.strategy);
                same.symbol = t.symbol;
                same.direction = t.direction;
                same.qty = t.qty;
                (same.entered_at, same.entry_average) = (t.entered_at, t.entry_average);
                (same.exited_at, same.exit_average) = (t.exited_at, t.exit_average);
                same.initial_stop = t.initial_stop;
                same.exit_reason = t.exit_reason;
                (same.profit, same.fees) = (t.profit, t.fees);
                same
            });
            // Intents count from the session; their names are the same but for the journal's.
            assert_eq!(Some(trade), other.as_ref(), "trade {place}");
        }
        assert_eq!(backtest.next(), None, "the backtest has more trades");
        let daily = self.result.daily.iter().skip(1);
        let backtest: Vec<_> = daily
            .map(|d| (d.date, d.equity, d.trades, d.fees))
            .collect();
        let days = self.days.iter();
        let daemon: Vec<_> = days
            .map(|d| (d.date, d.equity_at_close, d.trades, d.fees))
            .collect();
        assert_eq!(daemon, backtest);
    }

    fn count(&self, wanted: impl Fn(&Trade) -> bool) -> usize {
        self.trades.iter().filter(|trade| wanted(trade)).count()
    }

    fn reasons(&self) -> BTreeMap<String, usize> {
        let mut reasons = BTreeMap::new();
        for trade in &self.trades {
            *reasons
                .entry(format!("{:?}", trade.exit_reason))
                .or_insert(0) += 1;
        }
        reasons
    }
}

fn three_symbols(days: &[&str]) -> Vec<(&'static str, String)> {
    [("AAA", 11, 60), ("BBB", 12, 35), ("CCC", 13, 110)]
        .map(|(symbol, seed, dollars)| (symbol, market::minutes(seed, dollars, days)))
        .to_vec()
}

#[test]
fn a_backtest_trades_what_the_daemon_trades() {
    let both = both(
        &three_symbols(&market::DAYS),
        ("2024-11-22", "2024-12-03"),
        ROUTES,
        &["breakout", "reversion"],
    );
    both.assert_equal();
    // It is worth nothing if nothing happens.
    assert!(both.count(|t| t.direction == Direction::Short) > 3);
    assert!(both.count(|t| t.direction == Direction::Long) > 3);
    for reason in [
        ExitReason::StopLoss,
        ExitReason::Target,
        ExitReason::EndOfDay,
    ] {
        assert!(both.count(|t| t.exit_reason == reason) > 0, "{reason:?}");
    }
    let orders_filled = 2 * both.trades.len() as u64;
    let fills = both.result.counts.fills;
    assert!(
        fills > orders_filled + 5,
        "{fills} fills, few of them partial"
    );
}

#[test]
fn a_day_without_bars_passes_in_both() {
    let days = market::without(&market::DAYS, "2024-11-26");
    let mut files = three_symbols(&days);
    // One symbol has a gap of its own, one ends early, one lacks the last minutes of its days.
    files[0].1 = market::cut(&files[0].1, "2024-11-25");
    files[1].1 = market::cut(&files[1].1, "2024-12-03");
    files[2].1 = market::without_last_minutes(&files[2].1);
    let both = both(
        &files,
        ("2024-11-21", "2024-12-03"),
        ROUTES,
        &["breakout", "reversion"],
    );
    both.assert_equal();
    assert_eq!(both.days.len(), 8, "{:?}", both.days);
    let gap = &both.days[3];
    assert_eq!(
        (gap.date.to_string().as_str(), gap.trades),
        ("2024-11-26", 0)
    );
    assert!(both.count(|_| true) > 40, "{:?}", both.reasons());
    let warned = both.result.warnings.join("\n");
    for words in ["AAA: 2 sessions", "BBB: 2 sessions", "CCC: 1 sessions"] {
        assert!(warned.contains(words), "{warned}");
    }
}

#[test]
fn chance_fees_and_slow_answers_are_the_same_in_both() {
    let slow = r#"
[session]
entries_stop_minutes_before_close = 3
flatten_minutes_before_close = 2
flat_deadline_minutes_before_close = 1
[broker]
latency_ms = 900
participation = "0.02"
partial_fill_probability = 0.4
regulatory_fees = true
fee_per_order = "0.35"
borrow_rate = "0.05"
"#;
    let mut files = three_symbols(&market::DAYS);
    for (_, rows) in &mut files {
        *rows = market::without_last_minutes(rows);
    }
    let both = both(
        &files,
        ("2024-11-22", "2024-12-03"),
        &format!("{slow}{ROUTES}"),
        &["breakout", "reversion"],
    );
    both.assert_equal();
    // What could not be closed in time was held over a night, and closed the next day.
    assert!(both.days.iter().any(|day| !day.residue.is_empty()));
    assert!(both.count(|t| t.exit_reason == ExitReason::EndOfDay) > 0);
    assert!(both.result.metrics.fees > rust_decimal::Decimal::ZERO);
}
