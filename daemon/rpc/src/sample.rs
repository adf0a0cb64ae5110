//! One complete example of everything that crosses the wire, in `sample.json`: for the `OpenRPC`
//! document, for people who write clients, and for their tests.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

const TEXT: &str = include_str!("sample.json");

/// Every example by the name of its type. All fields are there, none is `null`.
///
/// # Errors
/// The file is no JSON object: a bug, which a test would have found.
pub fn all() -> Result<Map<String, Value>, serde_json::Error> {
    serde_json::from_str(TEXT)
}

/// The example of the type called `name`.
///
/// # Errors
/// There is none, or it is not of type `T`.
pub fn of<T: DeserializeOwned>(name: &str) -> Result<T, serde_json::Error> {
    let value = all()?.remove(name).unwrap_or(Value::Null);
    serde_json::from_value(value)
}
