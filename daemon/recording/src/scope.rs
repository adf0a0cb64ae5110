//! How much of a recording is compared: up to a moment, or what is about one symbol.

use serde_json::Value;
use trader_contract::{ClientOrderId, Symbol, Timestamp};
use trader_core::Engine;

/// How much is compared. The engine takes everything all the same, since one account is shared by all.
#[derive(Debug, Clone, Copy, Default)]
pub struct Scope {
    /// Events up to and at this moment.
    pub until: Option<Timestamp>,
    /// Commands about this symbol.
    pub symbol: Option<Symbol>,
}

impl Scope {
    /// Whether an event of this moment is still within it.
    pub(crate) fn reaches(&self, at: Timestamp) -> bool {
        self.until.is_none_or(|until| at <= until)
    }

    /// The commands that it is about.
    pub(crate) fn narrow(&self, commands: Vec<Value>, engine: &Engine) -> Vec<Value> {
        let Some(symbol) = self.symbol else {
            return commands;
        };
        let about = |command: &Value| is_about(command, symbol, engine);
        commands.into_iter().filter(about).collect()
    }
}

/// Whether a value names a symbol, or an order of it.
fn is_about(value: &Value, symbol: Symbol, engine: &Engine) -> bool {
    match value {
        Value::String(text) => text == symbol.as_str() || is_order_of(text, symbol, engine),
        Value::Array(values) => values.iter().any(|value| is_about(value, symbol, engine)),
        Value::Object(fields) => fields.values().any(|value| is_about(value, symbol, engine)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn is_order_of(text: &str, symbol: Symbol, engine: &Engine) -> bool {
    let order = text.parse::<ClientOrderId>().ok();
    let order = order.and_then(|id| engine.book().orders.get(&id));
    order.is_some_and(|order| order.symbol() == symbol)
}
