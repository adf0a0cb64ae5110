//! The shape of a candle: colour and body, exact. Nothing is divided until a report asks for it.

use trader_contract::{Bar, Direction, Ratio};

/// Percent times the billionths that a ratio counts in.
const HUNDRED_PERCENT: i128 = 100_000_000_000;

/// The size of the body and of the whole range, in millionths of a dollar.
fn sizes(bar: &Bar) -> (i128, i128) {
    let body = bar.close.micros().abs_diff(bar.open.micros());
    let range = bar.high.micros().abs_diff(bar.low.micros());
    (i128::from(body), i128::from(range))
}

/// Whether the body makes up at least `percent` of the range; a candle without a range has none.
#[must_use]
pub fn body_at_least(bar: &Bar, percent: Ratio) -> bool {
    let (body, range) = sizes(bar);
    let required = i128::from(percent.billionths());
    if range == 0 {
        return required <= 0;
    }
    // Prices end at 1e13 millionths, so both products stay below 1e32.
    body.wrapping_mul(HUNDRED_PERCENT) >= required.wrapping_mul(range)
}

/// The body in percent of the range, cut off after nine decimals; for reports.
#[must_use]
pub fn body_pct(bar: &Bar) -> Ratio {
    let (body, range) = sizes(bar);
    let billionths = body
        .wrapping_mul(HUNDRED_PERCENT)
        .checked_div(range)
        .unwrap_or(0);
    Ratio::from_billionths(i64::try_from(billionths).unwrap_or(0))
}

/// Whether the candle goes the way of `direction`: green for long, red for short.
pub(crate) fn goes_with(bar: &Bar, direction: Direction) -> bool {
    match direction {
        Direction::Long => bar.close > bar.open,
        Direction::Short => bar.close < bar.open,
    }
}

/// Whether the candle goes against `direction`. One that ends where it began does neither.
pub(crate) fn goes_against(bar: &Bar, direction: Direction) -> bool {
    goes_with(bar, direction.opposite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use trader_contract::{Price, Timestamp};

    fn candle(cents: [i64; 4]) -> Bar {
        let prices = cents.map(|c| Price::from_cents(c).unwrap());
        Bar::new(Timestamp::from_seconds(0), prices, 1).unwrap()
    }

    #[test]
    fn a_body_of_exactly_the_required_share_is_enough() {
        let half = candle([1000, 1008, 998, 1005]);
        assert!(body_at_least(&half, "50".parse().unwrap()));
        assert!(!body_at_least(&half, "50.000000001".parse().unwrap()));
        assert_eq!(body_pct(&half).to_string(), "50");
    }

    #[test]
    fn a_third_is_decided_without_rounding() {
        let third = candle([1000, 1003, 1000, 1001]);
        assert!(body_at_least(&third, "33.333333333".parse().unwrap()));
        assert!(!body_at_least(&third, "33.333333334".parse().unwrap()));
    }

    #[test]
    fn a_candle_without_a_range_has_no_body() {
        let dash = candle([1000; 4]);
        assert!(!body_at_least(&dash, "0.000000001".parse().unwrap()));
        assert!(body_at_least(&dash, Ratio::ZERO));
        assert_eq!(body_pct(&dash), Ratio::ZERO);
        assert!(!goes_with(&dash, Direction::Long) && !goes_against(&dash, Direction::Long));
    }
}
