//! How numbers and times look to a person: dollars with separators and cents, times in New York.

use chrono::NaiveDate;
use rust_decimal::{Decimal, RoundingStrategy};
use trader_calendar::new_york::wall_clock;
use trader_contract::Timestamp;

/// Dollars and cents with separators: `$1,234.50`, `-$3.00`. Rounded to the nearest cent.
pub(crate) fn dollars(amount: Decimal) -> String {
    let sign = if cents(amount).is_sign_negative() {
        "-"
    } else {
        ""
    };
    format!("{sign}${}", grouped(cents(amount).abs()))
}

/// The same with a sign always: `+$1,234.50`.
pub(crate) fn gain(amount: Decimal) -> String {
    let sign = if cents(amount).is_sign_negative() {
        "-"
    } else {
        "+"
    };
    format!("{sign}${}", grouped(cents(amount).abs()))
}

fn cents(amount: Decimal) -> Decimal {
    let mut rounded = amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    if rounded.is_zero() {
        rounded.set_sign_positive(true);
    }
    rounded
}

fn grouped(amount: Decimal) -> String {
    let text = format!("{amount:.2}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, "00"));
    let mut digits = String::new();
    for (place, digit) in whole.chars().rev().enumerate() {
        if place > 0 && place.checked_rem(3) == Some(0) {
            digits.push(',');
        }
        digits.push(digit);
    }
    let whole: String = digits.chars().rev().collect();
    format!("{whole}.{fraction}")
}

/// A price: at least two decimals, at most four.
pub(crate) fn price(price: Decimal) -> String {
    let rounded = price
        .round_dp_with_strategy(4, RoundingStrategy::MidpointAwayFromZero)
        .normalize();
    if rounded.scale() < 2 {
        format!("{rounded:.2}")
    } else {
        rounded.to_string()
    }
}

/// A price, or a dash.
pub(crate) fn price_or_dash(value: Option<Decimal>) -> String {
    value.map_or_else(dash, price)
}

/// What stands where nothing is.
pub(crate) fn dash() -> String {
    "-".to_owned()
}

/// A number of shares without needless zeros.
pub(crate) fn shares(qty: Decimal) -> String {
    qty.normalize().to_string()
}

/// The time of day in New York.
pub(crate) fn time(at: Timestamp) -> String {
    wall_clock(at).format("%H:%M:%S").to_string()
}

/// Date and time in New York.
pub(crate) fn date_time(at: Timestamp) -> String {
    wall_clock(at).format("%Y-%m-%d %H:%M:%S").to_string()
}

/// Hours and minutes in New York.
pub(crate) fn hour(at: Timestamp) -> String {
    wall_clock(at).format("%H:%M").to_string()
}

/// A date with its day of the week.
pub(crate) fn day(date: NaiveDate) -> String {
    date.format("%a %Y-%m-%d").to_string()
}

/// A length of time in its two largest units.
pub(crate) fn duration(seconds: u64) -> String {
    let parts = |unit: u64| {
        (
            seconds.checked_div(unit).unwrap_or(0),
            seconds.checked_rem(unit).unwrap_or(0),
        )
    };
    let (days, rest_of_day) = parts(86_400);
    let (hours, rest_of_hour) = parts(3_600);
    let (minutes, rest_of_minute) = parts(60);
    if days > 0 {
        format!("{days} d {} h", rest_of_day / 3_600)
    } else if hours > 0 {
        format!("{hours} h {} min", rest_of_hour / 60)
    } else if minutes > 0 {
        format!("{minutes} min {rest_of_minute} s")
    } else {
        format!("{seconds} s")
    }
}

/// `1 position`, `2 positions`.
pub(crate) fn count(number: u32, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_reads_as_dollars_and_cents() {
        let of = |text: &str| dollars(text.parse().unwrap());
        assert_eq!(of("100234.5"), "$100,234.50");
        assert_eq!(of("-1234567.895"), "-$1,234,567.90");
        assert_eq!(
            (of("0"), of("-0.004"), of("999")),
            ("$0.00".into(), "$0.00".into(), "$999.00".into())
        );
        assert_eq!(gain("-3".parse().unwrap()), "-$3.00");
        assert_eq!(gain("3".parse().unwrap()), "+$3.00");
    }

    #[test]
    fn a_price_has_two_to_four_decimals() {
        let of = |text: &str| price(text.parse().unwrap());
        assert_eq!(
            (of("127"), of("126.4"), of("127.153334")),
            ("127.00".into(), "126.40".into(), "127.1533".into())
        );
    }

    #[test]
    fn times_are_new_yorks() {
        let at = "2011-07-11T14:30:00Z".parse().unwrap();
        assert_eq!(date_time(at), "2011-07-11 10:30:00");
        assert_eq!(
            (duration(59), duration(5_025), duration(90_000)),
            ("59 s".into(), "1 h 23 min".into(), "1 d 1 h".into())
        );
    }
}
