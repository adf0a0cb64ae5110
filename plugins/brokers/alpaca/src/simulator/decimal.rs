//! Numbers as Alpaca writes and takes them: decimal strings without trailing zeros in trading, JSON
//! numbers in market data. Nothing is rounded on the way in.

use rust_decimal::Decimal;
use serde_json::{Number, Value};
use trader_contract::{Level, Money, Price, Qty};

/// A decimal in its shortest form.
pub(crate) fn text(decimal: Decimal) -> String {
    let shortest = decimal.normalize();
    if shortest.is_zero() {
        "0".to_owned()
    } else {
        shortest.to_string()
    }
}

/// A decimal string, as JSON.
pub(crate) fn string(decimal: Decimal) -> Value {
    Value::String(text(decimal))
}

/// A decimal string or null.
pub(crate) fn optional(decimal: Option<Decimal>) -> Value {
    decimal.map_or(Value::Null, string)
}

/// A JSON number.
pub(crate) fn number(decimal: Decimal) -> Value {
    text(decimal)
        .parse::<Number>()
        .map_or(Value::Null, Value::Number)
}

/// A price as a decimal.
pub(crate) fn of_price(price: Price) -> Decimal {
    Decimal::new(price.micros(), 6)
}

/// A quantity as a decimal.
pub(crate) fn of_qty(qty: Qty) -> Decimal {
    Decimal::new(qty.nanos(), 9)
}

/// An amount as a decimal, at most nine decimals of it.
pub(crate) fn of_money(money: Money) -> Decimal {
    let nanos = money.femtos().checked_div(1_000_000).unwrap_or(0);
    Decimal::try_from_i128_with_scale(nanos, 9).unwrap_or(Decimal::MAX)
}

/// A decimal as an amount; `None` if it is more than one can be.
pub(crate) fn to_money(decimal: Decimal) -> Option<Money> {
    Money::from_decimal(decimal).ok()
}

/// A decimal as a price; `None` if it is none of at most six decimals.
pub(crate) fn to_price(decimal: Decimal) -> Option<Price> {
    text(decimal).parse().ok()
}

/// A decimal as a quantity; `None` if it is none of at most nine decimals.
pub(crate) fn to_qty(decimal: Decimal) -> Option<Qty> {
    text(decimal).parse().ok()
}

/// A level on the tick below it.
pub(crate) fn cents(micros: i64) -> Option<Price> {
    let level = Level::from(Price::from_micros(micros)?);
    level.floor_to(10_000)
}

/// What a client wrote as a number: a JSON number or a decimal string.
pub(crate) fn read(value: &Value) -> Option<Decimal> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    text.parse()
        .or_else(|_| Decimal::from_scientific(&text))
        .ok()
}

/// A quotient with sixteen decimals; zero for a division by zero.
pub(crate) fn ratio(over: Decimal, under: Decimal) -> Decimal {
    over.checked_div(under)
        .map_or(Decimal::ZERO, |quotient| quotient.round_dp(16))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_come_back_normalised() {
        for (sent, back) in [("224.00", "224"), ("0.0100", "0.01"), ("0.000", "0")] {
            assert_eq!(text(sent.parse().unwrap()), back);
        }
    }

    #[test]
    fn numbers_are_taken_from_json_numbers_and_strings_alike() {
        for value in [serde_json::json!(228.35), serde_json::json!("228.35")] {
            assert_eq!(read(&value), Some(Decimal::new(22_835, 2)));
        }
        assert_eq!(read(&serde_json::json!(1e-7)), Some(Decimal::new(1, 7)));
        assert_eq!(read(&serde_json::json!(null)), None);
    }
}
