//! From the engine's fixed-point numbers to the decimals of the wire. Exact wherever a decimal can
//! hold the number; what it cannot hold is rounded to a millionth and never refused, since a view
//! must not fail.

use rust_decimal::Decimal;
use trader_contract::{Mean, Money, NetQty, OrderKind, Price, Qty, Ratio, Trail};

/// Decimals of a rounded number: millionths.
const ROUNDED_DECIMALS: u32 = 6;

/// A price in dollars, exact.
#[must_use]
pub fn price(price: Price) -> Decimal {
    Decimal::new(price.micros(), 6).normalize()
}

/// A plain number, exact.
#[must_use]
pub fn ratio(ratio: Ratio) -> Decimal {
    Decimal::new(ratio.billionths(), 9).normalize()
}

/// How far an order trails: in dollars, and in percent of the best price; at most one of them is.
#[must_use]
pub fn trail(kind: OrderKind) -> (Option<Decimal>, Option<Decimal>) {
    match kind.trail() {
        None => (None, None),
        Some(Trail::Price(distance)) => (Some(price(distance)), None),
        Some(Trail::Percent(percent)) => (None, Some(ratio(percent))),
    }
}

/// A number of shares, exact.
#[must_use]
pub fn qty(qty: Qty) -> Decimal {
    Decimal::new(qty.nanos(), 9).normalize()
}

/// A net position in shares, exact; negative is short.
#[must_use]
pub fn net_qty(net: NetQty) -> Decimal {
    Decimal::new(net.nanos(), 9).normalize()
}

/// An amount in dollars: exact up to 79 trillion dollars, then rounded to a millionth, and beyond
/// what a decimal holds its largest number.
#[must_use]
pub fn money(amount: Money) -> Decimal {
    const PER_MICRO: i128 = 1_000_000_000;
    amount.to_decimal().unwrap_or_else(|| {
        let micros = amount.femtos().checked_div(PER_MICRO).unwrap_or(0);
        let end = if micros < 0 {
            Decimal::MIN
        } else {
            Decimal::MAX
        };
        Decimal::try_from_i128_with_scale(micros, ROUNDED_DECIMALS)
            .map_or(end, |decimal| decimal.normalize())
    })
}

/// An average price in dollars, rounded to the nearest millionth, half away from zero.
#[must_use]
pub fn mean(mean: Mean) -> Decimal {
    let count = i128::from(mean.count());
    let sum = mean.sum_micros();
    let whole = sum.checked_div(count).unwrap_or(0);
    let rest = sum.checked_rem(count).unwrap_or(0);
    let up = rest.saturating_abs().saturating_mul(2) >= count;
    let micros = if up {
        whole.saturating_add(rest.signum())
    } else {
        whole
    };
    Decimal::try_from_i128_with_scale(micros, ROUNDED_DECIMALS)
        .map_or(Decimal::ZERO, |decimal| decimal.normalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_cross_the_wire_as_the_decimals_they_are() {
        assert_eq!(price("168.81".parse().unwrap()).to_string(), "168.81");
        assert_eq!(
            qty("0.000000001".parse().unwrap()).to_string(),
            "0.000000001"
        );
        assert_eq!(net_qty("-100".parse().unwrap()).to_string(), "-100");
        assert_eq!(
            money("-12.000000000000001".parse().unwrap()).to_string(),
            "-12.000000000000001"
        );
        let large = Money::dollars(i64::MAX) + Money::from_femtos(1);
        assert_eq!(money(large).to_string(), "9223372036854775807");
        assert_eq!(money(Money::from_femtos(i128::MIN)), Decimal::MIN);
    }

    #[test]
    fn an_average_is_rounded_to_the_nearest_millionth() {
        let of = |sum, count| mean(Mean::new(sum, count).unwrap()).to_string();
        assert_eq!(of(10_000_000, 3), "3.333333");
        assert_eq!(of(20_000_000, 3), "6.666667");
        assert_eq!(of(1, 2), "0.000001");
        assert_eq!(of(-20_000_000, 3), "-6.666667");
    }
}
