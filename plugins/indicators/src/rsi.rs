//! The relative strength index with Wilder's smoothing. The averages are seeded with the simple
//! means of the first n changes, so the first reading comes with bar n + 1.

use serde::{Deserialize, Serialize};
use trader_contract::{Price, Reading};

use crate::dollars::{dollars, finite};

/// Relative strength index, 0 to 100. As in TA-Lib it is 0 while the price has never moved.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rsi {
    period: u32,
    changes_seen: u32,
    previous_close: Option<Price>,
    seed_gain_micros: i64,
    seed_loss_micros: i64,
    gain: f64,
    loss: f64,
}

impl Rsi {
    /// The index over `period` changes.
    pub(crate) fn new(period: u32) -> Self {
        Self {
            period: period.max(1),
            changes_seen: 0,
            previous_close: None,
            seed_gain_micros: 0,
            seed_loss_micros: 0,
            gain: 0.0,
            loss: 0.0,
        }
    }

    pub(crate) fn update(&mut self, close: Price) {
        let Some(previous_close) = self.previous_close.replace(close) else {
            return;
        };
        let change = close.micros().saturating_sub(previous_close.micros());
        let (gain, loss) = (change.max(0), change.min(0).saturating_neg());
        let period = f64::from(self.period);
        if self.changes_seen == self.period {
            self.gain += (dollars(gain) - self.gain) / period;
            self.loss += (dollars(loss) - self.loss) / period;
            return;
        }
        // At most 10000 changes of at most 1e13 each.
        self.seed_gain_micros = self.seed_gain_micros.wrapping_add(gain);
        self.seed_loss_micros = self.seed_loss_micros.wrapping_add(loss);
        self.changes_seen = self.changes_seen.saturating_add(1);
        if self.changes_seen == self.period {
            self.gain = dollars(self.seed_gain_micros) / period;
            self.loss = dollars(self.seed_loss_micros) / period;
        }
    }

    pub(crate) fn reading(&self) -> Option<Reading> {
        if self.changes_seen < self.period {
            return None;
        }
        let movement = self.gain + self.loss;
        if movement > 0.0 {
            finite(100.0 * self.gain / movement)
        } else {
            Some(Reading::Float(0.0))
        }
    }

    pub(crate) const fn warm_up(&self) -> u32 {
        self.period.saturating_add(1)
    }
}
