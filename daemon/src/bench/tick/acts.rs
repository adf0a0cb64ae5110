//! The bench's strategy: enters on every bar that bears its mark, and nothing else.

use trader_contract::{
    Bar, Built, Context, Direction, EntryPrice, EntrySize, Intent, Intents, Level, Price, Qty,
    Reason, Strategy, Timeframe,
};
use trader_core::{EngineConfig, Route, Sides};

/// The volume that marks a bar to act on, and one of all others.
pub(super) const ACTS: u64 = 777_777;
pub(super) const QUIET: u64 = 10_000;

/// Puts the strategy in place of the configuration's routes, and lets it enter as often as it likes: all
/// checks of the gate are made, and none of its counts is reached.
pub(super) fn instead_of_all(config: &mut EngineConfig) {
    let lane = |instrument: &trader_core::Instrument| {
        let built = Built {
            strategy: Box::new(Acts),
            indicators: Vec::new(),
            warm_up_bars: 0,
        };
        (instrument.symbol, built)
    };
    config.routes = vec![Route {
        name: "bench".into(),
        strategy: "acts".into(),
        timeframe: Timeframe::MINUTE,
        require_stop: true,
        sides: Sides::Both,
        observe: false,
        lanes: config.symbols.iter().map(lane).collect(),
    }];
    let limits = &mut config.limits;
    limits.entries_per_route = u32::MAX;
    limits.entries_per_minute = u32::MAX;
    limits.entries_per_minute_symbol = u32::MAX;
    limits.messages_per_minute = u32::MAX;
}

#[derive(Debug)]
struct Acts;

impl Strategy for Acts {
    fn on_bar(&mut self, context: &Context<'_>, bar: &Bar, intents: &mut Intents) {
        if bar.volume != ACTS || context.position.is_some() || context.pending.is_some() {
            return;
        }
        intents.push(Intent::Enter {
            direction: Direction::Long,
            entry: EntryPrice::Market,
            stop: Price::from_cents(9_800).map(Level::from),
            target: None,
            size: EntrySize::Shares(Qty::shares(1).unwrap_or(Qty::ZERO)),
            expires_after_bars: None,
            reason: Reason::new("marked"),
        });
    }

    fn save(&self) -> String {
        String::new()
    }

    fn restore(&mut self, _: &str) -> Result<(), String> {
        Ok(())
    }
}
