//! The bare loop: the same crosses, fills and valuation over a slice of closes, with no engine around
//! them. It is the floor that the engine is measured against.

use trader_contract::Bar;

use super::sma_cross::{FAST, SHARES, SLOW};

/// What the loop ends with, so that no compiler leaves it out: equity in millionths and orders.
#[must_use]
pub(super) fn cross(bars: &[Bar]) -> (i64, u64) {
    let mut fast = 0_i64;
    let mut slow = 0_i64;
    let mut above = false;
    let mut pending = false;
    let mut cash = 0_i64;
    let mut held = 0_i64;
    let mut equity = 0_i64;
    let mut orders = 0_u64;
    let closes = |back: usize, at: usize| {
        at.checked_sub(back)
            .and_then(|index| bars.get(index))
            .map_or(0, |bar| bar.close.micros())
    };
    for (at, bar) in bars.iter().enumerate() {
        if pending {
            let bought = if held == 0 {
                SHARES
            } else {
                held.wrapping_neg()
            };
            cash = cash.wrapping_sub(bought.wrapping_mul(bar.open.micros()));
            held = held.wrapping_add(bought);
            pending = false;
        }
        let close = bar.close.micros();
        equity = cash.wrapping_add(held.wrapping_mul(close));
        fast = fast.wrapping_add(close).wrapping_sub(closes(FAST, at));
        slow = slow.wrapping_add(close).wrapping_sub(closes(SLOW, at));
        if at.wrapping_add(1) < SLOW {
            continue;
        }
        // fast / FAST > slow / SLOW, in whole numbers.
        let now = fast.wrapping_mul(SLOW as i64) > slow.wrapping_mul(FAST as i64);
        if now != above {
            above = now;
            if now == (held == 0) {
                pending = true;
                orders = orders.wrapping_add(1);
            }
        }
    }
    (equity, orders)
}
