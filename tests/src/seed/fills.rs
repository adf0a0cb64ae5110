//! At which price the seed fills an order against a bar. Slippage counts per share and is cut off at
//! the bar's far end; nothing fills below a cent.

use rust_decimal::Decimal;
use trader_contract::{Bar, Price};

/// A bar's price as a decimal.
#[must_use]
pub fn decimal(price: Price) -> Decimal {
    // Six decimals of at most ten million always fit.
    price.to_decimal().unwrap_or_default()
}

fn at_least_a_cent(price: Decimal) -> Decimal {
    price.max(Decimal::new(1, 2))
}

/// A protective stop that sells, if the bar trades down to it.
#[must_use]
pub fn stop_sell(bar: &Bar, stop: Decimal, slippage: Decimal) -> Option<Decimal> {
    let low = decimal(bar.low);
    (low <= stop).then(|| {
        let reached = decimal(bar.open).min(stop);
        at_least_a_cent((reached - slippage).max(low))
    })
}

/// An entry stop that buys, if the bar trades up to it.
#[must_use]
pub fn stop_buy(bar: &Bar, trigger: Decimal, slippage: Decimal) -> Option<Decimal> {
    let high = decimal(bar.high);
    (high >= trigger).then(|| {
        let reached = decimal(bar.open).max(trigger);
        at_least_a_cent((reached + slippage).min(high))
    })
}

/// A market order that sells at the open.
#[must_use]
pub fn market_sell(bar: &Bar, slippage: Decimal) -> Decimal {
    at_least_a_cent((decimal(bar.open) - slippage).max(decimal(bar.low)))
}

/// The close at the end of a day, at the last bar's close.
#[must_use]
pub fn day_end_sell(bar: &Bar, slippage: Decimal) -> Decimal {
    at_least_a_cent((decimal(bar.close) - slippage).max(decimal(bar.low)))
}
