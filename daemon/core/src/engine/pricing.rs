//! The prices of an entry: each level that a strategy named, put on the tick towards its safe side.

use trader_contract::{EntryPrice, Level, OrderKind, Price, TickRule};

use super::entries::Wanted;
use crate::risk::gate::Refusal;

/// The prices of an entry on the tick.
pub(super) struct Priced {
    pub(super) kind: OrderKind,
    /// Where the position is expected to open.
    pub(super) opens_at: Level,
    pub(super) stop: Option<Price>,
    pub(super) target: Option<Price>,
}

/// Rounds the levels of an entry to the tick, each to its safe side.
pub(super) fn price(tick: TickRule, last: Price, wanted: &Wanted) -> Result<Priced, Refusal> {
    let tick = tick.tick_micros(last);
    let direction = wanted.direction;
    let bad = |name: &str, level: Level| Refusal {
        rule: "price",
        detail: format!("the {name} {level} is no valid price"),
    };
    let trigger = |level| {
        direction
            .round_trigger(level, tick)
            .ok_or_else(|| bad("trigger", level))
    };
    let limit = |level| {
        direction
            .round_entry_limit(level, tick)
            .ok_or_else(|| bad("limit", level))
    };
    let passed = |price: Price| {
        let better = direction.is_better(Level::from(price), Level::from(last));
        if better {
            return Ok(());
        }
        let detail = format!("the last price {last} has already reached the trigger {price}");
        Err(Refusal {
            rule: "trigger_passed",
            detail,
        })
    };
    let kind = match wanted.entry {
        EntryPrice::Market => OrderKind::Market,
        EntryPrice::Limit(level) => OrderKind::Limit {
            limit: limit(level)?,
        },
        EntryPrice::Stop(level) => OrderKind::Stop {
            stop: trigger(level)?,
        },
        EntryPrice::StopLimit {
            trigger: wakes,
            limit: worst,
        } => OrderKind::StopLimit {
            stop: trigger(wakes)?,
            limit: limit(worst)?,
        },
    };
    if let Some(stop) = kind.stop() {
        passed(stop)?;
    }
    let stop = wanted.stop.map(|level| {
        direction
            .round_stop(level, tick)
            .ok_or_else(|| bad("stop", level))
    });
    let target = wanted.target.map(|level| {
        direction
            .round_target(level, tick)
            .ok_or_else(|| bad("target", level))
    });
    Ok(Priced {
        kind,
        opens_at: Level::from(kind.limit().or(kind.stop()).unwrap_or(last)),
        stop: stop.transpose()?,
        target: target.transpose()?,
    })
}
