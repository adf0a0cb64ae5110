//! The line to compare a backtest with: the same money in the same symbols, bought once and held.

use chrono::NaiveDate;
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use trader_contract::{Money, Price};
use trader_rpc::{BuyAndHold, convert};

use super::curve::curve;

/// A symbol that is bought with the first bar and held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held<'a> {
    /// The open of its first bar in the range.
    pub first_open: Price,
    /// The close of each session that it has bars in, by date; adjusted like the open.
    pub closes: &'a [(NaiveDate, Price)],
}

/// Buys each symbol with an equal part of `initial` at its first bar's open and holds it: fractions of
/// a share are allowed, nothing is charged.
///
/// `days` are the rows of the daily table: the day of the starting value, then every session. The
/// answer has a value in dollars for each, rounded to a millionth, and the figures of that curve.
/// - A part whose symbol has no bars yet waits in cash, without interest.
/// - A session without bars keeps the symbol's last close.
#[must_use]
pub fn buy_and_hold(
    initial: Money,
    days: &[NaiveDate],
    symbols: &[Held<'_>],
) -> (Vec<Decimal>, BuyAndHold) {
    let parts = i128::try_from(symbols.len()).unwrap_or(i128::MAX);
    let mut places = vec![0; symbols.len()];
    let mut daily = Vec::with_capacity(days.len());
    for (row, day) in days.iter().enumerate() {
        let mut total = Money::ZERO;
        for (symbol, place) in symbols.iter().zip(&mut places) {
            let later = symbol.closes.get(*place..).unwrap_or_default();
            let known = later.partition_point(|(date, _)| date <= day);
            // The starting value is taken before anything is bought.
            *place = if row == 0 {
                0
            } else {
                known.saturating_add(*place)
            };
            let close = place
                .checked_sub(1)
                .and_then(|last| symbol.closes.get(last));
            let (now, bought) = close.map_or((1, 1), |(_, close)| {
                (close.micros(), symbol.first_open.micros())
            });
            total += part(
                initial,
                i128::from(now),
                parts.saturating_mul(bought.into()),
            );
        }
        daily.push(if symbols.is_empty() { initial } else { total });
    }
    let daily: Vec<Decimal> = daily.into_iter().map(rounded).collect();
    let points: Vec<(NaiveDate, f64)> = days
        .iter()
        .zip(&daily)
        .map(|(day, value)| (*day, value.to_f64().unwrap_or(f64::NAN)))
        .collect();
    let figures = BuyAndHold {
        final_equity: daily.last().copied().unwrap_or_else(|| rounded(initial)),
        curve: curve(&points),
    };
    (daily, figures)
}

/// `initial * times / over`, cut off at the fifteenth decimal.
fn part(initial: Money, times: i128, over: i128) -> Money {
    const PER_MICRO: i128 = 1_000_000_000;
    let of = |amount: i128| amount.checked_mul(times)?.checked_div(over);
    let femtos = of(initial.femtos()).or_else(|| {
        // Billions of dollars times a high price pass 128 bits; their millionths do not.
        of(initial.femtos() / PER_MICRO)?.checked_mul(PER_MICRO)
    });
    Money::from_femtos(femtos.unwrap_or(0))
}

fn rounded(amount: Money) -> Decimal {
    convert::money(amount)
        .round_dp_with_strategy(6, RoundingStrategy::MidpointAwayFromZero)
        .normalize()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::sample::decimal;
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn days() -> Vec<NaiveDate> {
        [
            "2011-01-02",
            "2011-01-03",
            "2011-01-04",
            "2011-01-05",
            "2011-01-06",
        ]
        .map(day)
        .to_vec()
    }

    fn price(text: &str) -> Price {
        text.parse().unwrap()
    }

    fn texts(daily: &[Decimal]) -> Vec<String> {
        daily.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn one_symbol_is_bought_at_its_first_open() {
        let closes = [
            (day("2011-01-03"), price("51")),
            (day("2011-01-04"), price("49")),
            (day("2011-01-05"), price("48.50")),
            (day("2011-01-06"), price("55")),
        ];
        let held = Held {
            first_open: price("50"),
            closes: &closes,
        };
        let (daily, figures) = buy_and_hold(Money::dollars(1_000), &days(), &[held]);
        assert_eq!(texts(&daily), ["1000", "1020", "980", "970", "1100"]);
        assert_eq!(figures.final_equity, decimal("1100"));
        assert_eq!(figures.curve.returns, 4);
        assert!((figures.curve.total_return.unwrap() - 0.1).abs() < 1e-15);
        // From 1020 to 970.
        assert!((figures.curve.max_drawdown.unwrap() + 50.0 / 1_020.0).abs() < 1e-15);
    }

    #[test]
    fn a_symbol_that_begins_later_waits_in_cash_and_a_gap_keeps_the_last_close() {
        let early = [
            (day("2011-01-03"), price("110")),
            (day("2011-01-06"), price("90")),
        ];
        let late = [(day("2011-01-05"), price("22"))];
        let symbols = [
            Held {
                first_open: price("100"),
                closes: &early,
            },
            Held {
                first_open: price("20"),
                closes: &late,
            },
        ];
        let (daily, _) = buy_and_hold(Money::dollars(1_000), &days(), &symbols);
        // 500 each: 550 + 500, the same, 550 + 550, 450 + 550.
        assert_eq!(texts(&daily), ["1000", "1050", "1050", "1100", "1000"]);
    }

    #[test]
    fn nothing_is_held_at_the_starting_value() {
        let closes = [(day("2011-01-02"), price("60"))];
        let held = Held {
            first_open: price("50"),
            closes: &closes,
        };
        let (daily, _) = buy_and_hold(Money::dollars(100), &days()[..2], &[held]);
        assert_eq!(texts(&daily), ["100", "120"]);
    }

    #[test]
    fn thirds_of_the_money_are_the_money_again() {
        let never = Held {
            first_open: price("1"),
            closes: &[],
        };
        let (daily, _) = buy_and_hold("100.01".parse().unwrap(), &days(), &[never; 3]);
        assert_eq!(texts(&daily), ["100.01"; 5]);
    }

    #[test]
    fn without_symbols_or_days_the_money_stays() {
        let (daily, figures) = buy_and_hold(Money::dollars(7), &days(), &[]);
        assert_eq!((texts(&daily)[4].as_str(), figures.curve.returns), ("7", 4));
        let (daily, figures) = buy_and_hold(Money::dollars(7), &[], &[]);
        assert_eq!((daily.len(), figures.final_equity), (0, decimal("7")));
    }

    #[test]
    fn a_fortune_does_not_overflow() {
        let closes = [(day("2011-01-03"), price("10000000"))];
        let held = Held {
            first_open: price("5000000"),
            closes: &closes,
        };
        let (daily, _) = buy_and_hold(Money::dollars(10_000_000_000_000), &days(), &[held]);
        assert_eq!(texts(&daily)[1], "20000000000000");
    }

    proptest! {
        #[test]
        fn the_same_symbol_several_times_is_the_symbol_once(
            initial in 1_i64..10_000_000,
            open in 1_i64..1_000_000,
            cents in prop::collection::vec(1_i64..1_000_000, 4),
            times in 1_usize..7,
        ) {
            let closes: Vec<(NaiveDate, Price)> = days()[1..]
                .iter()
                .zip(&cents)
                .map(|(day, cents)| (*day, Price::from_cents(*cents).unwrap()))
                .collect();
            let held = Held { first_open: Price::from_cents(open).unwrap(), closes: &closes };
            let initial = Money::dollars(initial);
            let (once, _) = buy_and_hold(initial, &days(), &[held]);
            let (split, _) = buy_and_hold(initial, &days(), &vec![held; times]);
            for (one, many) in once.iter().zip(&split) {
                prop_assert!((one - many).abs() <= decimal("0.000001"), "{one} {many}");
            }
        }
    }
}
