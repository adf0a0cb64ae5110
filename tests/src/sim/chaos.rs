//! A strategy that does whatever a strategy may do, at times that follow from its seed and the bar: all
//! kinds of entry on both sides, with targets and without, stops moved to sensible and to silly places,
//! exits, entries taken back, answers to fills.

use serde::{Deserialize, Serialize};
use trader_contract::{
    Bar, Built, Context, Direction, EntryPrice, EntrySize, Execution, Fact, Intent, Intents, Level,
    PositionView, Qty, Reason, Strategy, TradeSummary,
};

use super::draw::Draw;

/// What it remembers; saved and restored with everything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Memory {
    /// Fills heard of.
    fills: u32,
    /// Trades that ended.
    trades: u32,
}

/// One instance.
#[derive(Debug, Clone)]
pub struct Chaos {
    seed: u64,
    first: Direction,
    every: u16,
    memory: Memory,
}

/// An instance ready to run: its first entries are at the market on the side of `first`, so that this
/// side is traded; later ones come about every `every` bars.
#[must_use]
pub fn build(seed: u64, first: Direction, every: u16) -> Built {
    Built {
        strategy: Box::new(Chaos {
            seed,
            first,
            every,
            memory: Memory::default(),
        }),
        indicators: Vec::new(),
        warm_up_bars: 0,
    }
}

/// So many parts per million of a price.
fn share(of: Level, ppm: i64) -> Level {
    let femtos = of.femtos().saturating_mul(i128::from(ppm)) / 1_000_000;
    Level::from_femtos(femtos)
}

impl Chaos {
    /// The numbers of a bar: the same after a restart.
    fn draw(&self, bar: &Bar, purpose: u64) -> Draw {
        let minute = u64::try_from(bar.start.seconds()).unwrap_or(0);
        Draw::at(self.seed ^ purpose, minute)
    }

    fn enter(&self, draw: &mut Draw, bar: &Bar) -> Intent {
        let first = self.memory.fills == 0;
        let direction = match (first, draw.coin()) {
            (true, _) => self.first,
            (false, true) => Direction::Long,
            (false, false) => Direction::Short,
        };
        let close = Level::from(bar.close);
        let away = share(close, draw.between(200, 4_000));
        let towards = direction.advance(close, away);
        let back = direction.opposite().advance(close, away);
        let kind = if first { 0 } else { draw.below(7) };
        let entry = match kind {
            0 | 1 => EntryPrice::Market,
            2 => EntryPrice::Limit(back),
            // Marketable at once.
            3 => EntryPrice::Limit(towards),
            4 => EntryPrice::Stop(towards),
            5 => EntryPrice::StopLimit {
                trigger: towards,
                limit: direction.advance(towards, share(close, draw.between(100, 3_000))),
            },
            // Hardly ever taken: the market must come through and back.
            _ => EntryPrice::StopLimit {
                trigger: towards,
                limit: towards,
            },
        };
        let opens = match entry {
            EntryPrice::Market => close,
            EntryPrice::Limit(level) | EntryPrice::Stop(level) => level,
            EntryPrice::StopLimit { limit, .. } => limit,
        };
        let risk = share(close, draw.between(1_200, 15_000));
        let reward = share(close, draw.between(1_000, 20_000));
        // The first ones fit whatever is allowed.
        let most = if first { 1 } else { 300 };
        let shares = u32::try_from(draw.between(1, most)).unwrap_or(1);
        Intent::Enter {
            direction,
            entry,
            stop: Some(direction.opposite().advance(opens, risk)),
            target: draw.coin().then(|| direction.advance(opens, reward)),
            size: match (first || draw.coin(), Qty::shares(shares)) {
                (true, Some(qty)) => EntrySize::Shares(qty),
                _ => EntrySize::ByRisk,
            },
            expires_after_bars: draw
                .coin()
                .then(|| u16::try_from(draw.between(1, 6)).unwrap_or(1)),
            reason: reason("enter", bar),
        }
    }

    /// A stop nearer to the market, farther away, or where the market is already.
    fn move_stop(&self, draw: &mut Draw, position: &PositionView, bar: &Bar) -> Intent {
        let close = Level::from(bar.close);
        let back = position.direction.opposite();
        let stop = match draw.below(8) {
            0 => position
                .direction
                .advance(close, share(close, draw.between(100, 2_000))),
            1 => back.advance(close, share(close, draw.between(8_000, 30_000))),
            _ => back.advance(close, share(close, draw.between(600, 6_000))),
        };
        Intent::MoveStop {
            stop,
            reason: reason("move", bar),
        }
    }
}

fn reason(rule: &'static str, bar: &Bar) -> Reason {
    Reason::new(rule).with("close", Fact::Level(Level::from(bar.close)))
}

impl Strategy for Chaos {
    fn on_bar(&mut self, context: &Context<'_>, bar: &Bar, intents: &mut Intents) {
        let mut draw = self.draw(bar, 1);
        if let Some(position) = &context.position {
            if position.exiting {
                return;
            }
            match draw.below(40) {
                0..=4 => intents.push(self.move_stop(&mut draw, position, bar)),
                5 | 6 => intents.push(Intent::Exit {
                    reason: reason("exit", bar),
                }),
                // More than one wish in a bar, some of them about nothing.
                7 => {
                    intents.push(self.move_stop(&mut draw, position, bar));
                    intents.push(Intent::CancelEntry {
                        reason: reason("cancel", bar),
                    });
                    intents.push(Intent::Exit {
                        reason: reason("exit", bar),
                    });
                }
                _ => {}
            }
            return;
        }
        if context.pending.is_some() {
            if draw.once_in(9) {
                intents.push(Intent::CancelEntry {
                    reason: reason("cancel", bar),
                });
            }
            return;
        }
        // Until one has filled, entries come thick and fast.
        let every = if self.memory.fills == 0 {
            2
        } else {
            self.every
        };
        if draw.once_in(every.into()) {
            intents.push(self.enter(&mut draw, bar));
        }
    }

    fn on_fill(&mut self, context: &Context<'_>, fill: &Execution, intents: &mut Intents) {
        self.memory.fills = self.memory.fills.saturating_add(1);
        let Some(position) = context.position.filter(|position| !position.exiting) else {
            return;
        };
        let mut draw = Draw::at(self.seed ^ 2, u64::from(self.memory.fills));
        match draw.below(20) {
            0 => intents.push(Intent::Exit {
                reason: Reason::new("fill").with("price", Fact::Level(Level::from(fill.price))),
            }),
            1 => {
                let price = Level::from(fill.price);
                let risk = share(price, draw.between(1_000, 6_000));
                intents.push(Intent::MoveStop {
                    stop: position.direction.opposite().advance(price, risk),
                    reason: Reason::new("fill").with("price", Fact::Level(price)),
                });
            }
            _ => {}
        }
    }

    fn on_position_closed(&mut self, _trade: &TradeSummary) {
        self.memory.trades = self.memory.trades.saturating_add(1);
    }

    fn save(&self) -> String {
        serde_json::to_string(&self.memory).unwrap_or_default()
    }

    fn restore(&mut self, saved: &str) -> Result<(), String> {
        self.memory = serde_json::from_str(saved).map_err(|error| error.to_string())?;
        Ok(())
    }
}
