//! A path of the client's, taken apart.

use std::collections::BTreeMap;

use trader_contract::Timestamp;

/// The parts of a path and what it asks for.
#[derive(Debug)]
pub(super) struct Query {
    parts: Vec<String>,
    asked: BTreeMap<String, String>,
}

impl Query {
    pub(super) fn of(path: &str) -> Self {
        let (path, asked) = path.split_once('?').unwrap_or((path, ""));
        let parts = path.split('/').filter(|part| !part.is_empty());
        Self {
            parts: parts.map(str::to_owned).collect(),
            asked: form_urlencoded::parse(asked.as_bytes())
                .map(|(key, value)| (key.into_owned(), value.into_owned()))
                .collect(),
        }
    }

    pub(super) fn parts(&self) -> Vec<&str> {
        self.parts.iter().map(String::as_str).collect()
    }

    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.asked.get(key).map(String::as_str)
    }

    pub(super) fn time(&self, key: &str) -> Option<Timestamp> {
        self.text(key)?.parse().ok()
    }

    pub(super) fn count(&self, key: &str, most: usize) -> usize {
        let asked = self.text(key).and_then(|text| text.parse().ok());
        asked.unwrap_or(most).min(most)
    }

    pub(super) fn is(&self, key: &str, value: &str) -> bool {
        self.text(key) == Some(value)
    }
}
