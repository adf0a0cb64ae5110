//! The seed's books: cash, long positions in the order of their entries, and closed trades.

use rust_decimal::Decimal;
use trader_contract::Timestamp;

/// A long position with the orders that belong to it.
#[derive(Debug, Clone)]
pub struct Position {
    /// Place of its symbol in the case's list.
    pub symbol: usize,
    /// Whole shares.
    pub qty: Decimal,
    /// Fill price of the entry.
    pub entry_price: Decimal,
    /// Start of the bar that filled it.
    pub entry_at: Timestamp,
    /// The stop as it was planned.
    pub initial_stop: Decimal,
    /// The stop that rests now, unrounded.
    pub stop: Decimal,
    /// The last price.
    pub mark: Decimal,
    /// Whether a market order to close it is queued for the next bar.
    pub exit_queued: bool,
}

/// Why a trade was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitReason {
    /// The protective stop.
    StopLoss,
    /// The strategy's run of strong candles.
    MaxRun,
    /// The end of the day.
    DayEnd,
}

impl ExitReason {
    /// The word in the events file.
    #[must_use]
    pub const fn event(self) -> &'static str {
        match self {
            Self::StopLoss => "fill_stop_loss",
            Self::MaxRun => "fill_exit_market",
            Self::DayEnd => "day_end_close",
        }
    }

    /// The word in the trades file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StopLoss => "stop_loss",
            Self::MaxRun => "max_run_exit",
            Self::DayEnd => "day_end",
        }
    }
}

/// A closed trade.
#[derive(Debug, Clone)]
pub struct Trade {
    /// The position as it was held.
    pub position: Position,
    /// Start of the bar that closed it.
    pub exit_at: Timestamp,
    /// Fill price of the exit.
    pub exit_price: Decimal,
    /// Why.
    pub reason: ExitReason,
    /// Profit or loss.
    pub profit: Decimal,
}

impl Trade {
    /// Whole seconds from entry to exit.
    #[must_use]
    pub const fn seconds(&self) -> i64 {
        self.exit_at.since(self.position.entry_at) / Timestamp::SECOND
    }
}

/// Cash, positions and trades.
#[derive(Debug, Clone)]
pub struct Account {
    /// Dollars.
    pub cash: Decimal,
    /// Open positions, oldest first.
    pub positions: Vec<Position>,
    /// Closed trades, in closing order.
    pub trades: Vec<Trade>,
}

impl Account {
    /// An account that holds nothing but `cash`.
    #[must_use]
    pub const fn new(cash: Decimal) -> Self {
        Self {
            cash,
            positions: Vec::new(),
            trades: Vec::new(),
        }
    }

    /// Cash plus positions at their marks.
    #[must_use]
    pub fn equity(&self) -> Decimal {
        let positions: Decimal = self.positions.iter().map(|p| p.qty * p.mark).sum();
        self.cash + positions
    }

    /// The position in a symbol.
    #[must_use]
    pub fn position(&self, symbol: usize) -> Option<&Position> {
        self.positions.iter().find(|p| p.symbol == symbol)
    }

    /// The position in a symbol, to change it.
    pub fn position_mut(&mut self, symbol: usize) -> Option<&mut Position> {
        self.positions.iter_mut().find(|p| p.symbol == symbol)
    }

    /// Pays for a position and takes it in.
    pub fn open(&mut self, position: Position) {
        self.cash -= position.qty * position.entry_price;
        self.positions.push(position);
    }

    /// Sells the position in a symbol and books the trade; `None` if there is none.
    pub fn close(
        &mut self,
        symbol: usize,
        price: Decimal,
        at: Timestamp,
        reason: ExitReason,
    ) -> Option<Trade> {
        let place = self.positions.iter().position(|p| p.symbol == symbol)?;
        let position = self.positions.remove(place);
        self.cash += position.qty * price;
        let trade = Trade {
            exit_at: at,
            exit_price: price,
            reason,
            profit: (price - position.entry_price) * position.qty,
            position,
        };
        self.trades.push(trade.clone());
        Some(trade)
    }
}
