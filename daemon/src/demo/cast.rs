//! The market of the demo: six symbols made so that a session shows everything that it promises, and who
//! trades them.

use trader_broker_sim::market::{Instrument, Phase, Shape};
use trader_contract::Price;

/// Who trades them.
pub(super) const ROUTES: &str = r#"
[[route]]
name = "breakout-long"
strategy = "opening-range"
symbols = ["RISE", "SPIK", "THIN"]
timeframe_minutes = 5
settings = { sides = "long", range_minutes = 60, entry_minutes = 180, target_multiple = 0 }

[[route]]
name = "breakout-short"
strategy = "opening-range"
symbols = ["DOWN"]
timeframe_minutes = 5
settings = { sides = "short", range_minutes = 60, entry_minutes = 180, target_multiple = 0 }

[[route]]
name = "velez"
strategy = "velez"
symbols = ["WLKA"]
timeframe_minutes = 2
settings = { sma_fast = 5, sma_slow = 50 }

[[route]]
name = "mean-reversion"
strategy = "mean-reversion"
symbols = ["WLKB"]
timeframe_minutes = 5
"#;

/// The made-up symbols: ticker, base price in cents, shape, shares in an average minute.
fn cast() -> [(&'static str, i64, Shape, u32); 6] {
    [
        ("DOWN", 8_000, Shape::TrendDown, 20_000),
        ("RISE", 5_000, Shape::TrendUp, 20_000),
        ("SPIK", 6_000, Shape::Spike, 20_000),
        ("THIN", 4_000, thin(), 400),
        ("WLKA", 9_000, Shape::Walk, 15_000),
        ("WLKB", 3_500, Shape::Walk, 15_000),
    ]
}

/// A rise on so little volume that no entry fills at once, with enough of it at the end of the day
/// that every exit does.
fn thin() -> Shape {
    let mut phases = vec![
        Phase::new(20, 40, 60).with_volume(200),
        Phase::new(20, -80, 60),
        Phase::new(20, 40, 50),
        Phase::new(4, 900, 150).with_volume(300),
    ];
    for _ in 0..9 {
        phases.push(Phase::new(20, 320, 110));
        phases.push(Phase::new(6, -240, 90));
    }
    phases.push(Phase::new(40, -900, 150).with_volume(1_000));
    phases.push(Phase::new(52, -20, 120).with_volume(5_000));
    Shape::Phases(phases)
}

/// The same as the market takes them.
pub(super) fn instruments() -> Vec<Instrument> {
    let instrument = |(ticker, cents, shape, volume_per_minute): (&str, i64, Shape, u32)| {
        Some(Instrument {
            symbol: ticker.parse().ok()?,
            base: Price::from_cents(cents)?,
            shape,
            volume_per_minute,
        })
    };
    cast().into_iter().filter_map(instrument).collect()
}
