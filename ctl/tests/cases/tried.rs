//! A backtest's result that looks like a real one: a month of trades in two symbols, drawn from a
//! seed.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "small numbers of a test; an overflow would fail it"
)]

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate, Weekday};
use rust_decimal::Decimal;
use serde_json::json;
use trader_contract::{Direction, Timestamp};
use trader_rpc::{
    BacktestResult, BacktestTrade, Breakdown, CurveMetrics, ExitReason, TradeGroup, TradeMetrics,
};

/// A small generator, so that every run has the same trades.
struct Draw(u64);

impl Draw {
    /// A number below `bound`.
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// The sessions of January 2011 are its weekdays but for the 17th.
fn sessions() -> Vec<NaiveDate> {
    let days = NaiveDate::from_ymd_opt(2011, 1, 3)
        .unwrap()
        .iter_days()
        .take(29);
    let open =
        days.filter(|day| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && day.day() != 17);
    open.collect()
}

fn at(day: NaiveDate, minute: u64) -> Timestamp {
    let open: Timestamp = format!("{day}T14:30:00Z").parse().unwrap();
    open.plus_minutes(i64::try_from(minute).unwrap())
}

fn trades(draw: &mut Draw) -> Vec<BacktestTrade> {
    let mut trades = Vec::new();
    for day in sessions() {
        for _ in 0..draw.below(4) {
            let minute = draw.below(300);
            let cents = i64::try_from(draw.below(60_000)).unwrap() - 24_000;
            let long = draw.below(3) > 0;
            let number = u32::try_from(trades.len()).unwrap() + 1;
            let profit = Decimal::new(cents, 2);
            trades.push(BacktestTrade {
                number,
                intent: format!("{}-{number}", day.format("%Y%m%d")),
                route: if number % 3 == 0 {
                    "velez-slow"
                } else {
                    "velez"
                }
                .to_owned(),
                strategy: "velez".to_owned(),
                symbol: if draw.below(2) == 0 { "SPY" } else { "AAPL" }
                    .parse()
                    .unwrap(),
                direction: if long {
                    Direction::Long
                } else {
                    Direction::Short
                },
                qty: Decimal::from(100),
                entered_at: at(day, minute),
                entry_average: Decimal::new(12_715, 2),
                exited_at: at(day, minute + 5 + draw.below(60)),
                exit_average: Decimal::new(12_715, 2) + profit / Decimal::from(100),
                initial_stop: (number != 2).then(|| Decimal::new(12_640, 2)),
                exit_reason: if cents < 0 {
                    ExitReason::StopLoss
                } else {
                    ExitReason::Target
                },
                profit,
                fees: Decimal::new(37, 2),
                mae: Decimal::new(-5_050, 2),
                mfe: Decimal::new(8_025, 2),
            });
        }
    }
    trades
}

fn trade_metrics(trades: &[&BacktestTrade]) -> TradeMetrics {
    let sum = |keep: fn(&Decimal) -> bool| -> Decimal {
        trades.iter().map(|trade| trade.profit).filter(keep).sum()
    };
    let number = |value: Decimal| value.to_string().parse::<f64>().unwrap();
    let count = |keep: fn(&Decimal) -> bool| {
        u32::try_from(trades.iter().filter(|trade| keep(&trade.profit)).count()).unwrap()
    };
    let won: fn(&Decimal) -> bool = |profit| profit.is_sign_positive();
    let lost: fn(&Decimal) -> bool = |profit| profit.is_sign_negative();
    let (winners, losers, all) = (count(won), count(lost), f64::from(count(|_| true)));
    let over = |sum: Decimal, count: u32| (count > 0).then(|| number(sum) / f64::from(count));
    let (gross_profit, gross_loss) = (sum(won), sum(lost));
    TradeMetrics {
        trades: count(|_| true),
        winners,
        losers,
        win_rate: Some(f64::from(winners) / all),
        profit: gross_profit + gross_loss,
        gross_profit,
        gross_loss,
        profit_factor: (losers > 0).then(|| -number(gross_profit) / number(gross_loss)),
        expectancy: Some(number(gross_profit + gross_loss) / all),
        expectancy_r: Some(number(gross_profit + gross_loss) / all / 250.0),
        average_win: over(gross_profit, winners),
        average_loss: over(gross_loss, losers),
        payoff: Some(1.47),
        largest_win: trades.iter().map(|trade| trade.profit).max(),
        largest_loss: trades.iter().map(|trade| trade.profit).min(),
        longest_winning_streak: 5,
        longest_losing_streak: 3,
        fees: trades.iter().map(|trade| trade.fees).sum(),
        average_holding_seconds: Some(2_070.0),
        median_holding_seconds: Some(1_920.0),
        longest_holding_seconds: Some(3_840.0),
        average_mae: Some(-50.5),
        average_mfe: Some(80.25),
    }
}

fn grouped(trades: &[BacktestTrade], key: impl Fn(&BacktestTrade) -> String) -> Vec<TradeGroup> {
    let mut groups: BTreeMap<String, Vec<&BacktestTrade>> = BTreeMap::new();
    for trade in trades {
        groups.entry(key(trade)).or_default().push(trade);
    }
    let groups = groups.into_iter();
    groups
        .map(|(key, trades)| TradeGroup {
            key,
            metrics: trade_metrics(&trades),
        })
        .collect()
}

fn breakdown(trades: &[BacktestTrade]) -> Breakdown {
    let utc =
        |trade: &BacktestTrade, format: &str| trade.entered_at.to_utc().format(format).to_string();
    Breakdown {
        symbol: grouped(trades, |trade| trade.symbol.to_string()),
        route: grouped(trades, |trade| trade.route.clone()),
        side: grouped(trades, |trade| trade.direction.to_string()),
        weekday: grouped(trades, |trade| utc(trade, "%A").to_lowercase()),
        // The fifth hour of UTC before it is New York's in winter.
        hour: grouped(trades, |trade| {
            let hour: u32 = utc(trade, "%H").parse().unwrap();
            format!("{:02}", hour - 5)
        }),
        month: grouped(trades, |trade| utc(trade, "%Y-%m")),
        exit: grouped(trades, |trade| trade.exit_reason.to_string()),
    }
}

fn curve(scale: f64) -> CurveMetrics {
    let day = |day| NaiveDate::from_ymd_opt(2011, 1, day);
    CurveMetrics {
        returns: 20,
        total_return: Some(0.0346 * scale),
        annual_return: Some(0.5231 * scale),
        annual_return_calendar: Some(0.5199 * scale),
        volatility: Some(0.112),
        sharpe: Some(3.8112 * scale),
        sortino: Some(6.0213 * scale),
        calmar: Some(18.3 * scale),
        max_drawdown: Some(-0.0286),
        max_drawdown_from: day(18),
        max_drawdown_at: day(20),
        max_drawdown_until: if scale < 1.0 { None } else { day(27) },
        longest_drawdown_sessions: 6,
        longest_drawdown_days: 9,
        ulcer_index: Some(0.0102),
        var_95: Some(-0.010_12),
        cvar_95: Some(-0.0152),
        var_95_normal: Some(-0.0109),
        cvar_95_normal: Some(-0.0137),
        daily_win_rate: Some(0.6),
        daily_profit_factor: Some(1.8),
        skew: Some(-0.41),
        excess_kurtosis: None,
        best_day: Some(0.018),
        worst_day: Some(-0.016),
    }
}

/// The result of a backtest of January 2011.
pub(crate) fn result() -> BacktestResult {
    let mut draw = Draw(7);
    let trades = trades(&mut draw);
    let all = trade_metrics(&trades.iter().collect::<Vec<_>>());
    let (mut equity, mut held) = (Decimal::from(100_000), Decimal::from(100_000));
    let mut daily = vec![
        json!({ "date": "2010-12-31", "equity": equity, "change": 0.0, "trades": 0,
                                 "fees": "0", "buy_and_hold": held }),
    ];
    let mut points = Vec::new();
    for day in sessions() {
        for step in 0..13 {
            let wave = Decimal::from(i64::try_from(draw.below(300)).unwrap() - 150);
            points.push(json!({ "at": at(day, step * 30 + 30), "equity": equity + wave, "drawdown": -0.001 }));
        }
        let today = trades
            .iter()
            .filter(|trade| trade.entered_at.to_utc().date_naive() == day);
        let (count, profit) = today.fold((0, Decimal::ZERO), |(n, sum), t| (n + 1, sum + t.profit));
        equity += profit;
        held += Decimal::from(i64::try_from(draw.below(900)).unwrap() - 350);
        daily.push(
            json!({ "date": day, "equity": equity, "change": 0.001, "trades": count,
                           "fees": "0.37", "buy_and_hold": held }),
        );
    }
    serde_json::from_value(json!({
        "format": 1,
        "inputs": inputs(),
        "metrics": {
            "initial_equity": "100000", "final_equity": equity, "curve": curve(1.0), "trades": all,
            "max_drawdown_intraday": -0.0312, "exposure": 0.0825, "turnover": 118.4,
            "traded_value": "941230.5", "fees": all.fees,
        },
        "buy_and_hold": { "final_equity": held, "curve": curve(0.5) },
        "breakdown": breakdown(&trades),
        "counts": {
            "sessions": 20, "bars": 15_600, "entries": 51, "orders": 153, "fills": 96,
            "refusals": { "max_open_positions": 4, "daily_loss": 8 },
            "alerts": { "unprotected": 1 }, "unprotected_share_seconds": 120,
        },
        "warnings": ["SPY has no bars on 2011-01-24; the strategy saw nothing that day, and neither \
                      did the exchange, so stops rested without a price"],
        "trades": trades,
        "open_positions": [{ "route": "velez", "symbol": "SPY", "qty": "-100",
                             "entry_average": "127.153334", "last": "127.5", "profit": "-34.67" }],
        "daily": daily,
        "equity": points,
    }))
    .unwrap()
}

fn inputs() -> serde_json::Value {
    let data = |symbol: &str| {
        json!({
            "symbol": symbol, "data": "1min", "adjustment": "split", "source": "polygon.csv.gz",
            "feed": "sip", "files": [{ "file": format!("{symbol}/1min/2011.parquet"),
            "rows": 97_500, "sha256": "ab".repeat(32) }], "bars": 7_800, "warm_up_bars": 200,
            "first": "2011-01-03", "last": "2011-01-31", "missing_sessions": 0,
        })
    };
    json!({
        "version": "0.1.0",
        "binary_sha256": "c0ffee".repeat(10),
        "spec": {
            "start_date": "2011-01-01", "end_date": "2011-01-31",
            "routes": [{ "name": null, "strategy": "velez", "symbols": ["SPY", "AAPL"],
                         "timeframe": "5min", "sides": "both", "settings": { "sma_fast": "10" } }],
            "configured_routes": ["velez-slow"], "config": null,
            "settings": { "broker.slippage": "0.02" }, "seed": 1, "data": null,
            "adjustment": "split", "label": "first try",
        },
        "settings": "[broker]\nslippage = \"0.02\"\n[[route]]\nname = \"velez\"\nsymbols = [\"SPY\", \"AAPL\"]\n",
        "settings_sha256": "12".repeat(32),
        "data": [data("SPY"), data("AAPL")],
        "sha256": "9f2c51d0a7e3".repeat(5),
    })
}

/// The same as it is stored.
pub(crate) fn document() -> String {
    serde_json::to_string(&result()).unwrap()
}

/// What was asked for.
pub(crate) fn work() -> serde_json::Value {
    json!({ "backtest": inputs()["spec"] })
}
