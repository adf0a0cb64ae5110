//! A backtest: what is asked for, and the document that comes of it.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use trader_contract::{Direction, Symbol, Timestamp};

use super::metrics::{Breakdown, BuyAndHold, Metrics};
use super::order::ExitReason;

/// How stored prices are shown to the strategy and the exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Adjustment {
    /// As they were traded.
    Raw,
    /// Adjusted for splits up to the last day of the range.
    #[default]
    Split,
    /// Adjusted for splits and dividends up to the last day of the range.
    All,
}

impl fmt::Display for Adjustment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Raw => "raw",
            Self::Split => "split",
            Self::All => "all",
        })
    }
}

impl FromStr for Adjustment {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "raw" => Ok(Self::Raw),
            "split" => Ok(Self::Split),
            "all" => Ok(Self::All),
            _ => Err(format!("an adjustment is raw, split or all, not {text:?}")),
        }
    }
}

/// Symbols bound to a strategy, for this backtest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BacktestRoute {
    /// Its name; the strategy's if it is left out.
    #[serde(default)]
    pub name: Option<String>,
    /// The strategy.
    pub strategy: String,
    /// What it trades.
    pub symbols: Vec<Symbol>,
    /// The length of its bars: `1min` to `390min`, `1hour`, `1day`.
    pub timeframe: String,
    /// Which way it may trade: `long`, `short` or `both`, which is the default.
    #[serde(default)]
    pub sides: Option<String>,
    /// The strategy's settings that differ from their defaults, as text.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
}

/// What is asked for. Whatever is not named is as in the daemon's configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BacktestSpec {
    /// The first day.
    pub start_date: NaiveDate,
    /// The last day.
    pub end_date: NaiveDate,
    /// Routes of its own.
    #[serde(default)]
    pub routes: Vec<BacktestRoute>,
    /// Routes of the daemon's configuration, by name.
    #[serde(default)]
    pub configured_routes: Vec<String>,
    /// A part of a configuration as TOML: `[[route]]`, `[risk]`, `[broker]` and so on.
    #[serde(default)]
    pub config: Option<String>,
    /// Settings of the configuration by their dotted key, as text: `broker.slippage` = `0.02`.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// What the simulated broker draws from.
    #[serde(default = "one")]
    pub seed: u64,
    /// The stored bars to run over: `1min`, `1hour` or `1day`. Without it the shortest that all
    /// symbols have and the timeframes can be made of.
    #[serde(default)]
    pub data: Option<String>,
    /// How prices are adjusted.
    #[serde(default)]
    pub adjustment: Adjustment,
    /// A name for people.
    #[serde(default)]
    pub label: Option<String>,
}

const fn one() -> u64 {
    1
}

/// One file of the bar store that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataFile {
    /// Its name in the store.
    pub file: String,
    /// Rows in it.
    pub rows: u64,
    /// SHA-256 of it, in hexadecimal.
    pub sha256: String,
}

/// What was read of one symbol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BacktestData {
    /// The symbol.
    pub symbol: Symbol,
    /// The kind of bars.
    pub data: String,
    /// How prices were adjusted.
    pub adjustment: Adjustment,
    /// Where they came from.
    pub source: String,
    /// Which feed they are of.
    pub feed: String,
    /// The files.
    pub files: Vec<DataFile>,
    /// Bars in the sessions of the range.
    pub bars: u64,
    /// Bars before it that warmed indicators up.
    pub warm_up_bars: u64,
    /// The first session with bars in the range.
    pub first: NaiveDate,
    /// The last one.
    pub last: NaiveDate,
    /// Sessions of the range without any bar.
    pub missing_sessions: u64,
}

/// All that the result depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BacktestInputs {
    /// The program's version.
    pub version: String,
    /// SHA-256 of the program's file, in hexadecimal.
    pub binary_sha256: String,
    /// What was asked for.
    pub spec: BacktestSpec,
    /// The configuration in force, as TOML.
    pub settings: String,
    /// Its fingerprint.
    pub settings_sha256: String,
    /// The bars, symbol by symbol.
    pub data: Vec<BacktestData>,
    /// SHA-256 over all of the above, in hexadecimal: equal inputs, equal results.
    pub sha256: String,
}

/// A closed trade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BacktestTrade {
    /// Its place in the order of closing, from 1.
    pub number: u32,
    /// The intent that opened it.
    pub intent: String,
    /// The route.
    pub route: String,
    /// The strategy behind the route.
    pub strategy: String,
    /// What was traded.
    pub symbol: Symbol,
    /// Long or short.
    pub direction: Direction,
    /// Shares entered.
    pub qty: Decimal,
    /// The first entry fill.
    pub entered_at: Timestamp,
    /// Average of the entry fills, in dollars, rounded to a millionth.
    pub entry_average: Decimal,
    /// The last exit fill.
    pub exited_at: Timestamp,
    /// Average of the exit fills, in dollars, rounded to a millionth.
    pub exit_average: Decimal,
    /// Where the first protective stop was planned, in dollars.
    pub initial_stop: Option<Decimal>,
    /// Why it was closed.
    pub exit_reason: ExitReason,
    /// Sales less purchases less fees, in dollars, exact.
    pub profit: Decimal,
    /// What the broker charged, in dollars.
    pub fees: Decimal,
    /// How far it went against us at worst, in dollars; not positive.
    pub mae: Decimal,
    /// How far it went our way at best, in dollars; not negative.
    pub mfe: Decimal,
}

/// One session of the account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BacktestDay {
    /// Its date; that of the day before the first session for the starting value.
    pub date: NaiveDate,
    /// Equity at its close, in dollars.
    pub equity: Decimal,
    /// Its return.
    pub change: f64,
    /// Trades that ended in it.
    pub trades: u32,
    /// What the broker charged in it, in dollars.
    pub fees: Decimal,
    /// The value of buying and holding at its close, in dollars.
    pub buy_and_hold: Decimal,
}

/// The account at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EquityPoint {
    /// When.
    pub at: Timestamp,
    /// Equity, in dollars.
    pub equity: Decimal,
    /// The fall from the highest point so far as a share of it; not positive.
    pub drawdown: f64,
}

/// What was still held at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BacktestPosition {
    /// The route.
    pub route: String,
    /// What is held.
    pub symbol: Symbol,
    /// Shares; negative is short.
    pub qty: Decimal,
    /// Average of the entry fills, in dollars, rounded to a millionth.
    pub entry_average: Decimal,
    /// The last price, in dollars.
    pub last: Decimal,
    /// Profit or loss at it, in dollars.
    pub profit: Decimal,
}

/// What happened, counted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BacktestCounts {
    /// Sessions of the range.
    pub sessions: u32,
    /// Bars that the engine took.
    pub bars: u64,
    /// Entries decided.
    pub entries: u64,
    /// Orders sent, attached ones included.
    pub orders: u64,
    /// Executions.
    pub fills: u64,
    /// Intents that were refused, by the rule that refused them.
    pub refusals: BTreeMap<String, u64>,
    /// Alerts, by their kind.
    pub alerts: BTreeMap<String, u64>,
    /// Shares times seconds without an acknowledged stop.
    pub unprotected_share_seconds: u64,
}

/// The document of a finished backtest. The same inputs give the same document, byte for byte.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BacktestResult {
    /// The version of this form: 1.
    pub format: u32,
    /// All that it depends on.
    pub inputs: BacktestInputs,
    /// The figures.
    pub metrics: Metrics,
    /// The same money, bought and held.
    pub buy_and_hold: BuyAndHold,
    /// The trades taken apart.
    pub breakdown: Breakdown,
    /// What happened, counted.
    pub counts: BacktestCounts,
    /// What a reader should know before trusting it.
    pub warnings: Vec<String>,
    /// Every closed trade, in the order of closing.
    pub trades: Vec<BacktestTrade>,
    /// What was still held.
    pub open_positions: Vec<BacktestPosition>,
    /// Session by session, the starting value first.
    pub daily: Vec<BacktestDay>,
    /// The curve, at even steps of session time.
    pub equity: Vec<EquityPoint>,
}
