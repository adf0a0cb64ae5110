//! What a run produces, as the tables that the golden files hold.

use rust_decimal::Decimal;
use trader_contract::Timestamp;

/// One value of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// A word.
    Word(&'static str),
    /// A text.
    Text(String),
    /// A point in time.
    Time(Timestamp),
    /// A whole number.
    Count(i64),
    /// An exact decimal.
    Exact(Decimal),
    /// A decimal that the seed rounded to 28 digits.
    Rounded(Decimal),
    /// A double.
    Float(f64),
    /// The text `from` and an exact decimal.
    From(Decimal),
    /// A word that no golden file at hand has shown: any but these, which mean something else.
    NotAnyOf(&'static [&'static str]),
}

impl Cell {
    /// A cell that is empty without a value.
    pub fn maybe<T>(value: Option<T>, cell: impl FnOnce(T) -> Self) -> Self {
        value.map_or(Self::Empty, cell)
    }
}

/// A table with the columns of one golden file.
#[derive(Debug, Clone)]
pub struct Table {
    /// The file's name.
    pub file: &'static str,
    /// Its columns.
    pub columns: &'static [&'static str],
    /// Its rows.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    const fn new(file: &'static str, columns: &'static [&'static str]) -> Self {
        Self {
            file,
            columns,
            rows: Vec::new(),
        }
    }

    /// The number that the next row has.
    #[must_use]
    pub fn next_number(&self) -> Cell {
        Cell::Count(
            i64::try_from(self.rows.len())
                .unwrap_or(i64::MAX)
                .saturating_add(1),
        )
    }
}

/// All tables of a run.
#[derive(Debug, Clone)]
pub struct Tables {
    /// One row per candle.
    pub candles: Table,
    /// One row per order event.
    pub events: Table,
    /// One row per closed trade.
    pub trades: Table,
    /// One row per candle.
    pub equity: Table,
    /// One row per UTC date.
    pub daily: Table,
}

impl Default for Tables {
    fn default() -> Self {
        Self {
            candles: Table::new(
                "candles.csv.gz",
                &[
                    "seq",
                    "symbol",
                    "candle_start",
                    "emitted_at_bar",
                    "open",
                    "high",
                    "low",
                    "close",
                    "volume",
                    "sma_fast",
                    "sma_slow",
                    "bar_count",
                    "should_long",
                    "state_before",
                    "action",
                    "entry_price",
                    "stop_price",
                    "qty",
                    "trail_state",
                    "active_stop",
                    "equity",
                ],
            ),
            events: Table::new(
                "events.csv",
                &["seq", "bar", "kind", "symbol", "price", "qty", "note"],
            ),
            trades: Table::new(
                "trades.csv",
                &[
                    "n",
                    "symbol",
                    "side",
                    "qty",
                    "entry_at",
                    "entry_price",
                    "initial_stop",
                    "exit_at",
                    "exit_price",
                    "exit_reason",
                    "pnl",
                    "duration_seconds",
                ],
            ),
            equity: Table::new("equity_curve.csv.gz", &["timestamp", "equity"]),
            daily: Table::new("daily_equity.csv", &["date", "equity"]),
        }
    }
}

impl Tables {
    /// The tables, in the order in which they are compared.
    #[must_use]
    pub fn all(&self) -> [&Table; 5] {
        [
            &self.events,
            &self.trades,
            &self.daily,
            &self.candles,
            &self.equity,
        ]
    }
}
