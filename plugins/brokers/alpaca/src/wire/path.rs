//! Paths and queries, escaped. Each part of Alpaca has a version of its own, so that every call names
//! its own.

use std::fmt::Write;

/// A path with its query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    text: String,
    asked: bool,
}

impl Path {
    /// A path as it stands.
    #[must_use]
    pub fn new(path: &'static str) -> Self {
        Self {
            text: path.to_owned(),
            asked: false,
        }
    }

    /// The path with one more part, escaped.
    #[must_use]
    pub fn part(mut self, part: &str) -> Self {
        self.text.push('/');
        escape(part, &mut self.text);
        self
    }

    /// The path with one more thing asked for.
    #[must_use]
    pub fn ask(mut self, key: &str, value: &str) -> Self {
        self.text.push(if self.asked { '&' } else { '?' });
        self.asked = true;
        escape(key, &mut self.text);
        self.text.push('=');
        escape(value, &mut self.text);
        self
    }

    /// The same, where there is a value.
    #[must_use]
    pub fn ask_if(self, key: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.ask(key, value),
            None => self,
        }
    }

    /// The path and its query.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Everything but letters, digits and four signs is escaped; a comma stays, since lists have them.
fn escape(text: &str, into: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b',' => {
                into.push(char::from(byte));
            }
            // Text cannot refuse to be written to.
            _ => drop(write!(into, "%{byte:02X}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_escaped() {
        let path = Path::new("/v2/orders")
            .part("a/b c")
            .ask("start", "2026-11-20T14:30:00+00:00")
            .ask_if("symbols", Some("AAPL,BRK.B"))
            .ask_if("page_token", None);
        assert_eq!(
            path.as_str(),
            "/v2/orders/a%2Fb%20c?start=2026-11-20T14%3A30%3A00%2B00%3A00&symbols=AAPL,BRK.B"
        );
    }
}
