//! The document's figures against each other and against the bars: money that comes from nowhere, a
//! price that nobody traded at, or a day that does not add up is found here.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use trader_contract::{Direction, Timestamp};
use trader_rpc::{BacktestResult, BacktestTrade};

use super::desk::{Desk, IDLE, With, spec};
use super::market;

/// What a fill may lie beyond the bar: slippage and half the spread, as configured by default.
const BEYOND: &str = "0.015";

/// A bar of a file: its start, high and low.
struct Seen {
    start: Timestamp,
    high: Decimal,
    low: Decimal,
}

fn seen(file: &str) -> Vec<Seen> {
    let row = |row: &str| {
        let fields: Vec<&str> = row.split(',').collect();
        Seen {
            start: fields[0].parse().unwrap(),
            high: fields[2].parse().unwrap(),
            low: fields[3].parse().unwrap(),
        }
    };
    file.lines().skip(1).map(row).collect()
}

fn assert_books_balance(result: &BacktestResult) {
    let figures = &result.metrics;
    let closed: Decimal = result.trades.iter().map(|trade| trade.profit).sum();
    let open: Decimal = result.open_positions.iter().map(|open| open.profit).sum();
    assert_eq!(
        figures.initial_equity + closed + open,
        figures.final_equity,
        "{closed} closed, {open} open"
    );
    let last = result.daily.last().unwrap();
    assert_eq!(last.equity, figures.final_equity);
    let grown: f64 = result.daily.iter().map(|day| 1.0 + day.change).product();
    let total = figures.curve.total_return.unwrap();
    assert!((grown - 1.0 - total).abs() < 1e-9, "{grown} {total}");
    let ratio = (figures.final_equity / figures.initial_equity).to_f64();
    assert!((ratio.unwrap() - 1.0 - total).abs() < 1e-9);
    assert_eq!(result.equity.last().unwrap().equity, figures.final_equity);
    let by_day: u32 = result.daily.iter().map(|day| day.trades).sum();
    assert_eq!(by_day as usize, result.trades.len());
    assert_eq!(figures.trades.trades as usize, result.trades.len());
    assert_eq!(figures.trades.profit, closed);
    for groups in [
        &result.breakdown.symbol,
        &result.breakdown.route,
        &result.breakdown.side,
        &result.breakdown.weekday,
        &result.breakdown.month,
    ] {
        let sum: Decimal = groups.iter().map(|group| group.metrics.profit).sum();
        assert_eq!(sum, closed);
    }
}

fn assert_trade_is_possible(trade: &BacktestTrade, bars: &[Seen]) {
    let beyond: Decimal = BEYOND.parse().unwrap();
    let begin = trade.entered_at.plus_minutes(-1);
    let held = bars
        .iter()
        .filter(|bar| bar.start > begin && bar.start <= trade.exited_at);
    let (high, low) = held.fold((Decimal::MIN, Decimal::MAX), |(high, low), bar| {
        (high.max(bar.high), low.min(bar.low))
    });
    for price in [trade.entry_average, trade.exit_average] {
        let possible = low - beyond <= price && price <= high + beyond;
        assert!(possible, "{price} outside {low} to {high}: {trade:?}");
    }
    let sign = match trade.direction {
        Direction::Long => Decimal::ONE,
        Direction::Short => -Decimal::ONE,
    };
    let gross = trade.profit + trade.fees;
    let printed = (trade.exit_average - trade.entry_average) * trade.qty * sign;
    // Averages are printed to a millionth.
    assert!((gross - printed).abs() < Decimal::new(1, 2), "{trade:?}");
    assert!(trade.mae <= gross && gross <= trade.mfe, "{trade:?}");
    assert!(trade.mae <= Decimal::ZERO && trade.mfe >= Decimal::ZERO);
    assert!(trade.entered_at < trade.exited_at && trade.qty > Decimal::ZERO);
    assert!(trade.fees > Decimal::ZERO, "{trade:?}");
}

#[test]
fn the_books_balance_to_the_last_digit() {
    let desk = Desk::open(IDLE);
    let files = [("AAA", 11, 60), ("BBB", 12, 35), ("CCC", 13, 110)]
        .map(|(symbol, seed, dollars)| (symbol, market::minutes(seed, dollars, &market::DAYS)));
    for (symbol, rows) in &files {
        desk.import(symbol, "1min", rows);
    }
    let asked = spec("2024-11-21", "2024-12-03")
        .route("opening-range", &["AAA", "BBB"], "5min")
        .put("entry_minutes", "240")
        .put("target_multiple", "1.2")
        .route("mean-reversion", &["CCC"], "2min")
        .put("entry_z", "1.4")
        .set("risk.consecutive_losses", "20")
        .set("risk.entries_per_route_per_day", "50")
        .set("broker.fee_per_share", "0.0035")
        .set("broker.fee_per_order", "0.35")
        .set("broker.regulatory_fees", "true")
        .set("broker.partial_fill_probability", "0.3");
    let result = desk.backtest(&asked);
    assert_books_balance(&result);
    assert!(result.open_positions.is_empty());
    assert!(result.trades.len() > 40, "{}", result.trades.len());
    for trade in &result.trades {
        let file = files.iter().find(|file| file.0 == trade.symbol.as_str());
        assert_trade_is_possible(trade, &seen(&file.unwrap().1));
    }
    let fees: Decimal = result.trades.iter().map(|trade| trade.fees).sum();
    assert_eq!(fees, result.metrics.fees);
    let by_day: Decimal = result.daily.iter().map(|day| day.fees).sum();
    assert_eq!(by_day, fees);
    let counts = &result.counts;
    let trades = result.trades.len() as u64;
    assert!(counts.entries >= trades && counts.fills >= 2 * trades);
    assert!(counts.orders >= 2 * counts.entries, "entries carry stops");
    let rows: u64 = result.inputs.data.iter().map(|data| data.bars).sum();
    assert_eq!(rows, counts.bars);
    assert_eq!(counts.sessions, 8);
}

#[test]
fn what_is_held_at_the_end_counts_at_the_last_price() {
    let desk = Desk::open(IDLE);
    desk.import("DDD", "1min", &market::minutes(14, 80, &market::DAYS));
    let asked = spec("2024-11-22", "2024-12-02")
        .route("mean-reversion", &["DDD"], "1day")
        .put("period", "2")
        .put("entry_z", "0.1")
        .put("atr_period", "2")
        .put("stop_atr", "3")
        .put("entry", "market")
        .set("session.end_of_day", "hold")
        .set("broker.fee_per_order", "0.35");
    // The end is moved until something is held over it, a weekend among the nights.
    let ends = [
        "2024-11-25",
        "2024-11-26",
        "2024-11-27",
        "2024-11-29",
        "2024-12-02",
    ];
    let held: Vec<BacktestResult> = ends
        .iter()
        .map(|end| {
            let mut asked = asked.clone();
            asked.end_date = end.parse().unwrap();
            desk.backtest(&asked)
        })
        .inspect(assert_books_balance)
        .filter(|result| !result.open_positions.is_empty())
        .collect();
    assert!(!held.is_empty(), "nothing was ever held over a night");
    let warned = held[0].warnings.join("\n");
    assert!(
        warned.contains("positions are still open at the end"),
        "{warned}"
    );
}
