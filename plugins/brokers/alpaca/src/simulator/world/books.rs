//! The books at a close: what the account says of the trading day before, until midnight of the next.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use trader_calendar::new_york;
use trader_contract::Timestamp;

use super::{OPENING_CASH, World};

/// What stood in the books when a session closed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Closing {
    date: NaiveDate,
    pub(super) equity: Decimal,
    pub(super) maintenance: Decimal,
    pub(super) day_trades: u32,
    pub(super) day_power: Decimal,
    /// What the owner had paid in since the close before.
    paid_in: Decimal,
}

/// The last two closings: the later one counts from the day after it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Books {
    before: Closing,
    last: Closing,
    /// What the owner has paid in since the last one.
    pub(super) paid_in: Decimal,
}

impl Books {
    pub(super) fn new() -> Self {
        let opening = Closing {
            date: NaiveDate::MIN,
            equity: Decimal::from(OPENING_CASH),
            maintenance: Decimal::ZERO,
            day_trades: 0,
            day_power: Decimal::ZERO,
            paid_in: Decimal::ZERO,
        };
        Self {
            before: opening,
            last: opening,
            paid_in: Decimal::ZERO,
        }
    }
}

impl World {
    fn is_past_last_closing(&self) -> bool {
        new_york::date(self.now) > self.books.last.date
    }

    /// The close of the trading day before.
    pub(super) fn last_closing(&self) -> &Closing {
        if self.is_past_last_closing() {
            &self.books.last
        } else {
            &self.books.before
        }
    }

    /// What the owner has paid in, less what was paid out, since the close of the day before.
    pub(super) fn intraday_adjustments(&self) -> Decimal {
        if self.is_past_last_closing() {
            self.books.paid_in
        } else {
            self.books.last.paid_in + self.books.paid_in
        }
    }

    /// Closes the books of a session.
    pub(super) fn close_books(&mut self, at: Timestamp) {
        let closing = Closing {
            date: new_york::date(at),
            equity: self.equity(),
            maintenance: self.maintenance(),
            day_trades: self.sim.day_trades(),
            day_power: self.day_power(),
            paid_in: self.books.paid_in,
        };
        self.books = Books {
            before: self.books.last,
            last: closing,
            paid_in: Decimal::ZERO,
        };
        self.record_fees(at);
    }
}
