//! How typed values stand in columns: words and exact numbers as text, counts as 64-bit integers.
//! Reading refuses what this program does not write.

use serde::Serialize;
use serde::de::DeserializeOwned;
use trader_contract::{IntentNo, NetQty, OrderState, Outcome, Price, Qty};
use trader_core::record::IntentId;

use crate::StoreError;

/// The word or number that a value is in JSON, without quotes.
pub(crate) fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

/// The same, for what may be absent.
pub(crate) fn word_opt<T: Serialize>(value: Option<&T>) -> Option<String> {
    value.map(word)
}

/// Reads a value that [`word`] wrote.
pub(crate) fn parse<T: DeserializeOwned>(
    table: &'static str,
    wanted: &'static str,
    text: String,
) -> Result<T, StoreError> {
    serde_json::from_value(serde_json::Value::String(text)).map_err(|error| {
        StoreError::Unreadable {
            table,
            wanted,
            value: error.to_string(),
        }
    })
}

/// The same, for what may be absent.
pub(crate) fn parse_opt<T: DeserializeOwned>(
    table: &'static str,
    wanted: &'static str,
    text: Option<String>,
) -> Result<Option<T>, StoreError> {
    text.map(|text| parse(table, wanted, text)).transpose()
}

/// Reads a value that was written as JSON.
pub(crate) fn parse_json<T: DeserializeOwned>(
    table: &'static str,
    wanted: &'static str,
    text: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Unreadable {
        table,
        wanted,
        value: format!("{text} ({error})"),
    })
}

/// Writes a value as JSON.
pub(crate) fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn bad(table: &'static str, wanted: &'static str, value: &impl ToString) -> StoreError {
    StoreError::Unreadable {
        table,
        wanted,
        value: value.to_string(),
    }
}

/// Reads a price in millionths of a dollar.
pub(crate) fn price(table: &'static str, micros: i64) -> Result<Price, StoreError> {
    Price::from_micros(micros).ok_or_else(|| bad(table, "price", &micros))
}

/// Reads a price that may be absent.
pub(crate) fn price_opt(
    table: &'static str,
    micros: Option<i64>,
) -> Result<Option<Price>, StoreError> {
    micros.map(|micros| price(table, micros)).transpose()
}

/// Reads a quantity in billionths of a share.
pub(crate) fn qty(table: &'static str, nanos: i64) -> Result<Qty, StoreError> {
    Qty::from_nanos(nanos).ok_or_else(|| bad(table, "quantity", &nanos))
}

/// Reads a net position in billionths of a share.
pub(crate) fn net(table: &'static str, nanos: i64) -> Result<NetQty, StoreError> {
    NetQty::from_nanos(nanos).ok_or_else(|| bad(table, "net position", &nanos))
}

/// Reads a count.
pub(crate) fn count<T: TryFrom<i64>>(table: &'static str, value: i64) -> Result<T, StoreError> {
    T::try_from(value).map_err(|_| bad(table, "count", &value))
}

/// A row number as it is stored. Numbers count from 1 by one, so the end is out of reach.
pub(crate) fn row_number(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

/// Reads an order's state.
pub(crate) fn state(table: &'static str, text: &str) -> Result<OrderState, StoreError> {
    OrderState::ALL
        .into_iter()
        .find(|state| state.to_string() == text)
        .ok_or_else(|| bad(table, "order state", &text))
}

/// The end of an order that the broker refused.
pub(crate) const REJECTED: OrderState = OrderState::Done(Outcome::Rejected);
/// The end of an order that never reached the broker.
pub(crate) const DROPPED: OrderState = OrderState::Done(Outcome::Dropped);
/// Reads an intent's id, `20110110-17`.
pub(crate) fn intent_id(table: &'static str, text: &str) -> Result<IntentId, StoreError> {
    text.split_once('-')
        .and_then(|(session, number)| {
            Some(IntentId {
                session: session.parse().ok()?,
                number: IntentNo(number.parse().ok()?),
            })
        })
        .filter(|id| id.to_string() == text)
        .ok_or_else(|| bad(table, "intent id", &text))
}
