//! The seed's circuit breaker: per UTC date, over all symbols together.

use rust_decimal::Decimal;

/// Pauses new entries for the rest of a UTC date.
#[derive(Debug, Clone)]
pub struct Breaker {
    loss_limit: Decimal,
    losses_limit: u32,
    equity_at_start: Decimal,
    realised: Decimal,
    losses_in_a_row: u32,
    paused: bool,
}

impl Breaker {
    /// A breaker at the start of a date; `loss_limit` is a share of the equity then.
    #[must_use]
    pub const fn new(equity: Decimal, loss_limit: Decimal, losses_limit: u32) -> Self {
        Self {
            loss_limit,
            losses_limit,
            equity_at_start: equity,
            realised: Decimal::ZERO,
            losses_in_a_row: 0,
            paused: false,
        }
    }

    /// Starts the next date.
    pub fn reset(&mut self, equity: Decimal) {
        *self = Self::new(equity, self.loss_limit, self.losses_limit);
    }

    /// Hears of a close. Breaking even counts as a loss here.
    pub fn on_close(&mut self, profit: Decimal) {
        self.realised += profit;
        self.losses_in_a_row = if profit <= Decimal::ZERO {
            self.losses_in_a_row.saturating_add(1)
        } else {
            0
        };
        if self.losses_in_a_row >= self.losses_limit
            || self.realised <= -(self.equity_at_start * self.loss_limit)
        {
            self.paused = true;
        }
    }

    /// Whether new entries are paused.
    #[must_use]
    pub const fn is_paused(&self) -> bool {
        self.paused
    }
}
