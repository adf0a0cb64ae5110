//! The trading stream's dialogue: authentication, and what is listened to.

use serde_json::{Value, json};

/// The stream that there is.
const TRADE_UPDATES: &str = "trade_updates";

/// Where a connection stands.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Dialogue {
    pub(crate) authorised: bool,
    pub(crate) listens: bool,
}

/// What a message of the client leads to.
pub(crate) struct Answer {
    pub(crate) reply: Option<Value>,
    /// Whether the connection has just become the account's.
    pub(crate) opens: bool,
    pub(crate) closes: bool,
}

impl Dialogue {
    /// Takes a message of the client.
    pub(crate) fn take(&mut self, message: Option<&Value>, keys: (&str, &str)) -> Answer {
        let quiet = |reply| Answer {
            reply,
            opens: false,
            closes: false,
        };
        let Some(message) = message else {
            return quiet(Some(json!({
                "stream": "error", "data": {"code": 400, "error": "invalid syntax"},
            })));
        };
        let data = message.get("data").unwrap_or(message);
        let member = |names: [&str; 2]| {
            let found = names.iter().find_map(|name| data.get(name));
            found.and_then(Value::as_str).unwrap_or_default()
        };
        match message.get("action").and_then(Value::as_str) {
            Some(action @ ("authenticate" | "auth")) => {
                let given = (member(["key_id", "key"]), member(["secret_key", "secret"]));
                let opens = given == keys && !self.authorised;
                self.authorised |= given == keys;
                let status = if given == keys {
                    "authorized"
                } else {
                    "unauthorized"
                };
                Answer {
                    reply: Some(authorization(status, action)),
                    opens,
                    closes: given != keys,
                }
            }
            Some("listen") if !self.authorised => {
                quiet(Some(authorization("unauthorized", "listen")))
            }
            Some("listen") => {
                let streams = data.get("streams").and_then(Value::as_array);
                self.listens = streams.is_some_and(|list| list.contains(&json!(TRADE_UPDATES)));
                let known: &[&str] = if self.listens { &[TRADE_UPDATES] } else { &[] };
                quiet(Some(
                    json!({"stream": "listening", "data": {"streams": known}}),
                ))
            }
            _ => quiet(Some(json!({
                "stream": "error", "data": {"code": 400, "error": "unknown action"},
            }))),
        }
    }
}

fn authorization(status: &str, action: &str) -> Value {
    json!({"stream": "authorization", "data": {"status": status, "action": action}})
}
