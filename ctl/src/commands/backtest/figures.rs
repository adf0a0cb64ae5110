//! The key figures of a result, in columns beside one another.

use trader_rpc::{BacktestResult, CurveMetrics, Metrics, TradeMetrics};

use crate::output::{Output, Style};
use crate::screen::Screen;
use crate::show;

/// A figure's name and what it is, as text.
pub(super) type Figure = (&'static str, String);

/// Figures of a curve, always the same ones in the same order.
pub(super) fn of_curve(curve: &CurveMetrics) -> Vec<Figure> {
    let date = |date: Option<chrono::NaiveDate>| date.map_or_else(show::dash, |d| d.to_string());
    let until = match (curve.max_drawdown_from, curve.max_drawdown_until) {
        (Some(_), None) => "not yet".to_owned(),
        (_, until) => date(until),
    };
    let longest = match curve.longest_drawdown_days {
        0 => show::dash(),
        days => show::count(days, "day", "days"),
    };
    vec![
        ("Total return", show::change(curve.total_return)),
        ("Annual return", show::change(curve.annual_return)),
        ("Volatility", show::percent(curve.volatility)),
        ("Sharpe", show::ratio(curve.sharpe)),
        ("Sortino", show::ratio(curve.sortino)),
        ("Calmar", show::ratio(curve.calmar)),
        ("Max drawdown", show::percent(curve.max_drawdown)),
        ("  from", date(curve.max_drawdown_from)),
        ("  deepest", date(curve.max_drawdown_at)),
        ("  made up", until),
        ("Longest fall", longest),
        ("Ulcer index", show::percent(curve.ulcer_index)),
        ("VaR 95%, day", show::percent(curve.var_95)),
        ("CVaR 95%, day", show::percent(curve.cvar_95)),
        ("Best day", show::change(curve.best_day)),
        ("Worst day", show::change(curve.worst_day)),
        ("Days won", show::percent(curve.daily_win_rate)),
        ("Skew", show::ratio(curve.skew)),
        ("Kurtosis over 3", show::ratio(curve.excess_kurtosis)),
    ]
}

/// Figures of trades, always the same ones in the same order.
pub(super) fn of_trades(trades: &TradeMetrics) -> Vec<Figure> {
    let money =
        |amount: Option<rust_decimal::Decimal>| amount.map_or_else(show::dash, show::dollars);
    let risk = match trades.expectancy_r {
        Some(_) => format!("{} R", show::ratio(trades.expectancy_r)),
        None => show::dash(),
    };
    vec![
        ("Trades", show::whole(trades.trades.into())),
        ("Winners", show::whole(trades.winners.into())),
        ("Losers", show::whole(trades.losers.into())),
        ("Win rate", show::percent(trades.win_rate)),
        ("Profit", show::gain(trades.profit)),
        ("Profit factor", show::ratio(trades.profit_factor)),
        ("Expectancy", show::dollars_or_dash(trades.expectancy)),
        ("Expectancy in R", risk),
        ("Average win", show::dollars_or_dash(trades.average_win)),
        ("Average loss", show::dollars_or_dash(trades.average_loss)),
        ("Payoff", show::ratio(trades.payoff)),
        ("Largest win", money(trades.largest_win)),
        ("Largest loss", money(trades.largest_loss)),
        (
            "Winning streak",
            show::whole(trades.longest_winning_streak.into()),
        ),
        (
            "Losing streak",
            show::whole(trades.longest_losing_streak.into()),
        ),
        ("Average MAE", show::dollars_or_dash(trades.average_mae)),
        ("Average MFE", show::dollars_or_dash(trades.average_mfe)),
        (
            "Held, average",
            show::duration_or_dash(trades.average_holding_seconds),
        ),
        (
            "Held, median",
            show::duration_or_dash(trades.median_holding_seconds),
        ),
        (
            "Held, longest",
            show::duration_or_dash(trades.longest_holding_seconds),
        ),
    ]
}

/// What the account was used for, always the same figures in the same order.
pub(super) fn of_use(metrics: &Metrics) -> Vec<Figure> {
    let turnover = match metrics.turnover {
        Some(_) => format!("{} x", show::ratio(metrics.turnover)),
        None => show::dash(),
    };
    vec![
        ("Exposure", show::percent(metrics.exposure)),
        ("Turnover a year", turnover),
        ("Value traded", show::dollars(metrics.traded_value)),
        ("Fees and borrow", show::dollars(metrics.fees)),
        (
            "Max DD intraday",
            show::percent(metrics.max_drawdown_intraday),
        ),
    ]
}

/// Whether a figure is good or bad news by its sign.
pub(super) fn style(name: &str, value: &str) -> Option<Style> {
    if !matches!(name, "Total return" | "Annual return" | "Profit") || value == show::dash() {
        None
    } else if value.starts_with('-') {
        Some(Style::Caution)
    } else {
        Some(Style::Good)
    }
}

const NAMES_WIDE: usize = 15;
const VALUES_WIDE: usize = 13;
const GAP: &str = "   ";
/// From here on there are three columns.
pub(super) const WIDE: usize = 115;

/// All of them for the screen, the backtest's next to buying and holding.
pub(super) fn table(result: &BacktestResult, screen: Screen, output: &Output) -> String {
    let (metrics, held) = (&result.metrics, &result.buy_and_hold);
    let mut curve = vec![
        Line::heading("", &["THIS TEST", "BUY AND HOLD"]),
        Line::of(
            "Final equity",
            &[
                show::dollars(metrics.final_equity),
                show::dollars(held.final_equity),
            ],
        ),
    ];
    let pairs = of_curve(&metrics.curve)
        .into_iter()
        .zip(of_curve(&held.curve));
    curve.extend(pairs.map(|((name, ours), (_, theirs))| Line::of(name, &[ours, theirs])));
    let lines = |figures: Vec<Figure>| {
        let lines = figures
            .into_iter()
            .map(|(name, value)| Line::of(name, &[value]));
        lines.collect::<Vec<_>>()
    };
    let mut trades = vec![Line::heading("TRADES", &[""])];
    let mut time = lines(of_trades(&metrics.trades));
    let usage = lines(of_use(metrics));
    let columns = if screen.width >= WIDE {
        let held = time.split_off(time.len().saturating_sub(5));
        trades.extend(time);
        let mut third = vec![Line::heading("TIME AND USE", &[""])];
        third.extend(held.into_iter().chain(usage));
        vec![curve, trades, third]
    } else {
        trades.extend(time.into_iter().chain(usage));
        vec![curve, trades]
    };
    beside(&columns, output)
}

/// A line of a column.
struct Line {
    text: String,
    style: Option<Style>,
}

impl Line {
    fn of(name: &str, values: &[String]) -> Self {
        let style = values.first().and_then(|value| style(name, value));
        Self {
            text: Self::text(name, values.iter().map(String::as_str)),
            style,
        }
    }

    fn heading(name: &str, values: &[&str]) -> Self {
        Self {
            text: Self::text(name, values.iter().copied()),
            style: Some(Style::Strong),
        }
    }

    fn text<'a>(name: &str, values: impl Iterator<Item = &'a str>) -> String {
        let values = values.map(|value| format!(" {value:>VALUES_WIDE$}"));
        format!("{name:<NAMES_WIDE$}{}", values.collect::<String>())
    }
}

fn beside(columns: &[Vec<Line>], output: &Output) -> String {
    let height = columns.iter().map(Vec::len).max().unwrap_or(0);
    let rows = (0..height).map(|row| {
        let mut text = String::new();
        // Blanks wait until something comes after them.
        let mut waiting = String::new();
        for column in columns {
            let width = column
                .iter()
                .map(|line| line.text.chars().count())
                .max()
                .unwrap_or(0);
            let (shown, style) = match column.get(row) {
                Some(line) => (line.text.trim_end(), line.style),
                None => ("", None),
            };
            if !shown.is_empty() {
                text.push_str(&waiting);
                waiting.clear();
                text.push_str(&style.map_or_else(|| shown.to_owned(), |s| output.paint(s, shown)));
            }
            let missing = width.saturating_sub(shown.chars().count());
            waiting.push_str(&" ".repeat(missing));
            waiting.push_str(GAP);
        }
        text
    });
    rows.collect::<Vec<_>>().join("\n")
}
