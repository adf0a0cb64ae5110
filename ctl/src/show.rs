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

/// A whole number with separators: `7,800`.
pub(crate) fn whole(number: u64) -> String {
    let text = grouped(Decimal::from(number));
    text.trim_end_matches(".00").to_owned()
}

/// A share of something: `12.34%`; a dash where there is none.
pub(crate) fn percent(share: Option<f64>) -> String {
    match share.filter(|share| share.is_finite()) {
        Some(share) => format!("{}%", fixed(share * 100.0)),
        None => dash(),
    }
}

/// The same with a sign always: `+12.34%`.
pub(crate) fn change(share: Option<f64>) -> String {
    let text = percent(share);
    // A minus, or a dash where there is nothing.
    if text.starts_with('-') {
        text
    } else {
        format!("+{text}")
    }
}

/// A plain figure with two decimals, or a dash.
pub(crate) fn ratio(value: Option<f64>) -> String {
    let finite = value.filter(|value| value.is_finite());
    finite.map_or_else(dash, fixed)
}

/// Two decimals, separators, and no negative zero.
fn fixed(value: f64) -> String {
    match Decimal::from_f64_retain(value) {
        Some(exact) if cents(exact).is_sign_negative() => {
            format!("-{}", grouped(cents(exact).abs()))
        }
        Some(exact) => grouped(cents(exact)),
        None => format!("{value:.2e}"),
    }
}

/// Dollars on average, or a dash.
pub(crate) fn dollars_or_dash(amount: Option<f64>) -> String {
    let exact = amount.and_then(Decimal::from_f64_retain);
    exact.map_or_else(dash, dollars)
}

/// A rate or a size in three digits or so: `5.2 M`, `850 k`, `12`.
pub(crate) fn rough(value: f64) -> String {
    let scaled = |value: f64, unit: &str| {
        if value < 10.0 {
            format!("{value:.1} {unit}")
        } else {
            format!("{value:.0} {unit}")
        }
    };
    if value >= 999.5e6 {
        scaled(value / 1e9, "G")
    } else if value >= 999.5e3 {
        scaled(value / 1e6, "M")
    } else if value >= 999.5 {
        scaled(value / 1e3, "k")
    } else {
        format!("{value:.0}")
    }
}

/// A size of a file: `12 MB`.
pub(crate) fn size(bytes: u64) -> String {
    let text = rough(bytes as f64);
    if text.contains(' ') {
        format!("{text}B")
    } else {
        format!("{text} B")
    }
}

/// A length of time that is an average, or a dash.
pub(crate) fn duration_or_dash(seconds: Option<f64>) -> String {
    let finite = seconds.filter(|seconds| (0.0..1e15).contains(seconds));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "its range is checked just before"
    )]
    finite.map_or_else(dash, |seconds| duration(seconds.round() as u64))
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

    #[test]
    fn figures_have_two_decimals_and_none_is_a_dash() {
        assert_eq!(percent(Some(0.052_345)), "5.23%");
        assert_eq!(
            (percent(Some(-0.5)), percent(Some(-0.000_01))),
            ("-50.00%".into(), "0.00%".into())
        );
        assert_eq!(
            (change(Some(12.5)), change(Some(-0.01))),
            ("+1,250.00%".into(), "-1.00%".into())
        );
        assert_eq!(
            (percent(None), ratio(Some(f64::NAN)), ratio(None)),
            ("-".into(), "-".into(), "-".into())
        );
        assert_eq!(
            (ratio(Some(1234.567)), ratio(Some(-1.005))),
            ("1,234.57".into(), "-1.00".into())
        );
        assert_eq!(ratio(Some(1e300)), "1.00e300");
        assert_eq!(
            (dollars_or_dash(Some(-72.015)), dollars_or_dash(None)),
            ("-$72.02".into(), "-".into())
        );
    }

    #[test]
    fn large_numbers_are_short_or_grouped() {
        assert_eq!(
            (whole(0), whole(1_234_567)),
            ("0".into(), "1,234,567".into())
        );
        assert_eq!(
            [999.0, 1_000.0, 8_460.0, 99_960.0, 999_600.0, 5.24e6, 3e9].map(rough),
            ["999", "1.0 k", "8.5 k", "100 k", "1.0 M", "5.2 M", "3.0 G"]
        );
        assert_eq!((size(0), size(524_288)), ("0 B".into(), "524 kB".into()));
        assert_eq!(
            (
                duration_or_dash(Some(4_999.6)),
                duration_or_dash(Some(-1.0))
            ),
            ("1 h 23 min".into(), "-".into())
        );
    }
}
