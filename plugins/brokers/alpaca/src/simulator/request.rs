//! A request and a reply as the simulator sees them, without sockets: what can be recorded and
//! replayed.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::decimal;

/// An HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "GET" | "HEAD" => Self::Get,
            "POST" => Self::Post,
            "PUT" => Self::Put,
            "PATCH" => Self::Patch,
            "DELETE" => Self::Delete,
            _ => return None,
        })
    }
}

/// One request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) query: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) body: String,
}

impl Request {
    /// The parts of the path.
    pub(crate) fn parts(&self) -> Vec<&str> {
        self.path
            .split('/')
            .filter(|part| !part.is_empty())
            .collect()
    }

    /// A query parameter that is not empty.
    pub(crate) fn asked(&self, name: &str) -> Option<&str> {
        let value = self.query.get(name).map(String::as_str);
        value.filter(|value| !value.is_empty())
    }

    /// A flag, in any of the spellings that clients use.
    pub(crate) fn flag(&self, name: &str) -> bool {
        let value = self.asked(name).unwrap_or_default();
        matches!(value.to_ascii_lowercase().as_str(), "true" | "1" | "t")
    }

    /// A comma list; empty if it was not given.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        let items = self.asked(name).unwrap_or_default().split(',');
        let items = items.map(str::trim).filter(|item| !item.is_empty());
        items.map(str::to_owned).collect()
    }

    /// The body as a JSON object; an empty body is an empty one.
    pub(crate) fn fields(&self) -> Result<Fields, Refusal> {
        if self.body.trim().is_empty() {
            return Ok(Fields(Map::new()));
        }
        match serde_json::from_str(&self.body) {
            Ok(Value::Object(fields)) => Ok(Fields(fields)),
            _ => Err(Refusal::new(
                400,
                40_010_000,
                "request body format is invalid",
            )),
        }
    }
}

/// The members of a request's body. Unknown ones and nulls are ignored.
#[derive(Debug)]
pub(crate) struct Fields(pub(crate) Map<String, Value>);

impl Fields {
    /// A member that is there and not null.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// A number, in either spelling.
    pub(crate) fn decimal(&self, name: &str) -> Result<Option<Decimal>, Refusal> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        if value.as_str().is_some_and(str::is_empty) {
            return Ok(None);
        }
        let read = decimal::read(value);
        let invalid = || Refusal::invalid(format!("{name} is not a valid number"));
        read.map(Some).ok_or_else(invalid)
    }

    /// A member that is an object.
    pub(crate) fn object(&self, name: &str) -> Option<Self> {
        let value = self.get(name)?.as_object()?;
        Some(Self(value.clone()))
    }
}

/// What a request is answered with.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Nothing at all for a 204.
    pub(crate) body: Option<Value>,
}

impl Reply {
    pub(crate) const fn ok(body: Value) -> Self {
        Self {
            status: 200,
            body: Some(body),
        }
    }

    pub(crate) const fn with_status(status: u16, body: Value) -> Self {
        Self {
            status,
            body: Some(body),
        }
    }

    pub(crate) const fn empty() -> Self {
        Self {
            status: 204,
            body: None,
        }
    }
}

/// Why a request was not carried out.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    code: Option<u32>,
    message: String,
    more: Map<String, Value>,
}

impl Refusal {
    pub(crate) fn new(status: u16, code: u32, message: impl Into<String>) -> Self {
        Self {
            status,
            code: Some(code),
            message: message.into(),
            more: Map::new(),
        }
    }

    /// A refusal of the market data API, which knows no codes.
    pub(crate) fn plain(status: u16, message: impl Into<String>) -> Self {
        Self {
            code: None,
            ..Self::new(status, 0, message)
        }
    }

    /// The refusal with another status.
    pub(crate) fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// A parameter that is wrong.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(422, 40_010_001, message)
    }

    /// An order that makes no sense.
    pub(crate) fn unprocessable(message: impl Into<String>) -> Self {
        Self::new(422, 42_210_000, message)
    }

    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(403, 40_310_000, message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(404, 40_410_000, message)
    }

    /// Adds a member to the body.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    /// The body of the error.
    pub(crate) fn body(&self) -> Value {
        let mut body = self.more.clone();
        if let Some(code) = self.code {
            body.insert("code".to_owned(), json!(code));
        }
        body.insert("message".to_owned(), json!(self.message));
        Value::Object(body)
    }
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        Self::with_status(refusal.status, refusal.body())
    }
}
