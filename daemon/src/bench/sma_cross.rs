//! The benchmark's strategy: in while the fast average is above the slow one, compared exactly.

use trader_contract::{
    Bar, Built, Context, Direction, EntryPrice, EntrySize, IndicatorSpec, Intent, Intents, Qty,
    Reason, Strategy,
};

/// Bars in the fast average.
pub(super) const FAST: usize = 20;
/// Bars in the slow average.
pub(super) const SLOW: usize = 200;
/// Shares of each entry.
pub(super) const SHARES: i64 = 100;

/// Buys 100 shares at the market when the fast average comes above the slow one, and sells them when
/// it comes below.
#[derive(Debug, Default)]
pub(super) struct SmaCross {
    above: bool,
}

/// An instance with what it needs.
#[must_use]
pub(super) fn build() -> Built {
    let period = |bars: usize| IndicatorSpec::Sma {
        period: u32::try_from(bars).unwrap_or(1),
    };
    Built {
        strategy: Box::new(SmaCross::default()),
        indicators: vec![period(FAST), period(SLOW)],
        warm_up_bars: 0,
    }
}

impl Strategy for SmaCross {
    #[inline]
    fn on_bar(&mut self, context: &Context<'_>, _bar: &Bar, intents: &mut Intents) {
        let (Some(fast), Some(slow)) = (context.mean(0), context.mean(1)) else {
            return;
        };
        let above = fast > slow;
        if above == self.above {
            return;
        }
        self.above = above;
        let reason = Reason::new("sma_cross");
        match (
            above,
            context.position.is_some() || context.pending.is_some(),
        ) {
            (true, false) => intents.push(Intent::Enter {
                direction: Direction::Long,
                entry: EntryPrice::Market,
                stop: None,
                target: None,
                size: EntrySize::Shares(Qty::shares(100).unwrap_or(Qty::ZERO)),
                expires_after_bars: None,
                reason,
            }),
            (false, true) => intents.push(Intent::Exit { reason }),
            _ => {}
        }
    }

    fn save(&self) -> String {
        self.above.to_string()
    }

    fn restore(&mut self, saved: &str) -> Result<(), String> {
        self.above = saved
            .parse()
            .map_err(|_| format!("{saved:?} is neither true nor false"))?;
        Ok(())
    }
}
