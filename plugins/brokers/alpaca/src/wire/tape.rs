//! A message as a flat tape of nodes over its own bytes: one pass, nothing copied, the tape used again
//! for the next message. JSON and MessagePack give the same tape, so that what reads it does not know
//! which one came. A field that is not there, is null, or is empty text is absent.

use std::borrow::Cow;

use trader_contract::{Symbol, Timestamp};

use super::number::Number;
use super::{json, msgpack};

/// How deep a message may nest.
pub(super) const DEPTH_MAX: usize = 32;
/// The largest message: the list of all assets is a few megabytes, a burst of quotes one or two.
pub const BYTES_MAX: usize = 64 << 20;

/// How a message is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JSON text.
    Json,
    /// MessagePack, in binary frames.
    MessagePack,
}

/// Why bytes are no message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// It breaks off before its end.
    #[error("the message breaks off at byte {at}")]
    Truncated {
        /// Where.
        at: usize,
    },
    /// It has something that its format does not.
    #[error("the message has {what} at byte {at}")]
    Syntax {
        /// What is wrong.
        what: &'static str,
        /// Where.
        at: usize,
    },
    /// It is larger than any that Alpaca sends.
    #[error("a message of {bytes} bytes is larger than the {BYTES_MAX} that are read")]
    Oversized {
        /// Its size.
        bytes: usize,
    },
    /// It lacks something without which it means nothing, or has something else there.
    #[error("{field} is not {wanted}")]
    Field {
        /// The field.
        field: &'static str,
        /// What it has to be.
        wanted: &'static str,
    },
}

/// A part of the message's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// One node. A list or an object is followed by what is in it, up to the node at `end`; what is in an
/// object are pairs, a key and its value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Node {
    Null,
    Flag(bool),
    /// A number as the text of the message has it.
    Digits(Span),
    Integer(i64),
    Unsigned(u64),
    Float(f64),
    Time(Timestamp),
    Text(Span),
    /// JSON text with escapes in it.
    Escaped(Span),
    /// Bytes and extensions that nothing here reads.
    Opaque,
    List {
        end: usize,
    },
    Object {
        end: usize,
    },
}

/// Reads messages. Keeps its tape, so that the next message costs no allocation.
#[derive(Debug, Default)]
pub struct Reader {
    nodes: Vec<Node>,
}

impl Reader {
    /// A reader that has read nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { nodes: Vec::new() }
    }

    /// Reads one message.
    ///
    /// # Errors
    /// The bytes are no whole message of that format.
    pub fn read<'a>(&'a mut self, format: Format, bytes: &'a [u8]) -> Result<View<'a>, Malformed> {
        if bytes.len() > BYTES_MAX {
            return Err(Malformed::Oversized { bytes: bytes.len() });
        }
        self.nodes.clear();
        match format {
            Format::Json => json::read(bytes, &mut self.nodes)?,
            Format::MessagePack => msgpack::read(bytes, &mut self.nodes)?,
        }
        Ok(View {
            nodes: &self.nodes,
            bytes,
            at: 0,
        })
    }
}

/// One value of a message.
#[derive(Clone, Copy)]
pub struct View<'a> {
    nodes: &'a [Node],
    bytes: &'a [u8],
    at: usize,
}

impl std::fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Never what is in it: a message may hold what no log may have.
        write!(f, "View({} bytes)", self.bytes.len())
    }
}

impl<'a> View<'a> {
    fn node(self) -> Node {
        self.nodes.get(self.at).copied().unwrap_or(Node::Null)
    }

    fn slice(self, span: Span) -> &'a str {
        let bytes = self.bytes.get(span.start..span.end).unwrap_or_default();
        // The readers have checked it.
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// Where the value after this one lies.
    fn after(self) -> usize {
        match self.node() {
            Node::List { end } | Node::Object { end } => end,
            _ => self.at.saturating_add(1),
        }
    }

    fn to(self, at: usize) -> Self {
        Self { at, ..self }
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_null(self) -> bool {
        self.node() == Node::Null
    }

    /// Whether it is an object.
    #[must_use]
    pub fn is_object(self) -> bool {
        matches!(self.node(), Node::Object { .. })
    }

    /// Whether it is a list.
    #[must_use]
    pub fn is_list(self) -> bool {
        matches!(self.node(), Node::List { .. })
    }

    /// What is in a list, in order; nothing for anything else.
    pub fn items(self) -> impl Iterator<Item = View<'a>> {
        let end = match self.node() {
            Node::List { end } => end,
            _ => 0,
        };
        let mut at = self.at.saturating_add(1);
        std::iter::from_fn(move || {
            (at < end).then(|| {
                let item = self.to(at);
                at = item.after();
                item
            })
        })
    }

    /// The pairs of an object, in order; nothing for anything else.
    pub fn pairs(self) -> impl Iterator<Item = (Cow<'a, str>, View<'a>)> {
        let end = match self.node() {
            Node::Object { end } => end,
            _ => 0,
        };
        let mut at = self.at.saturating_add(1);
        std::iter::from_fn(move || {
            (at < end).then(|| {
                let key = self.to(at);
                let value = self.to(key.after());
                at = value.after();
                (key.as_text().unwrap_or_default(), value)
            })
        })
    }

    /// The value of a key, unless it is absent or null. Of a key that comes twice, the first.
    #[must_use]
    pub fn get(self, wanted: &str) -> Option<View<'a>> {
        let Node::Object { end } = self.node() else {
            return None;
        };
        let mut at = self.at.saturating_add(1);
        while at < end {
            let key = self.to(at);
            let value = self.to(key.after());
            let found = match key.node() {
                Node::Text(span) => self.slice(span) == wanted,
                Node::Escaped(_) => key.as_text().is_some_and(|key| key == wanted),
                _ => false,
            };
            if found {
                return (!value.is_null()).then_some(value);
            }
            at = value.after();
        }
        None
    }

    /// It as text, if it is text.
    #[must_use]
    pub fn as_text(self) -> Option<Cow<'a, str>> {
        match self.node() {
            Node::Text(span) => Some(Cow::Borrowed(self.slice(span))),
            Node::Escaped(span) => Some(json::unescape(self.slice(span))),
            _ => None,
        }
    }

    /// It as a number, whether it was sent as one or as text.
    #[must_use]
    pub fn as_number(self) -> Option<Number> {
        match self.node() {
            Node::Digits(span) | Node::Text(span) => Number::parse(self.slice(span)),
            Node::Integer(value) => Some(Number::whole(i128::from(value))),
            Node::Unsigned(value) => Some(Number::whole(i128::from(value))),
            Node::Float(value) => Number::from_float(value),
            _ => None,
        }
    }

    /// It as a time: text after RFC 3339, or a timestamp of MessagePack.
    #[must_use]
    pub fn as_time(self) -> Option<Timestamp> {
        match self.node() {
            Node::Time(at) => Some(at),
            Node::Text(span) => self.slice(span).parse().ok(),
            _ => None,
        }
    }

    fn is_empty_text(self) -> bool {
        matches!(self.node(), Node::Text(Span { start, end }) if start == end)
    }

    /// The text of a key: as it is, or as the text of a number.
    #[must_use]
    pub fn text(self, key: &str) -> Option<Cow<'a, str>> {
        let value = self.get(key)?;
        match value.node() {
            Node::Digits(span) => Some(Cow::Borrowed(value.slice(span))),
            Node::Integer(number) => Some(Cow::Owned(number.to_string())),
            Node::Unsigned(number) => Some(Cow::Owned(number.to_string())),
            _ => value.as_text(),
        }
    }

    /// The text of a key, kept.
    #[must_use]
    pub fn boxed(self, key: &str) -> Option<Box<str>> {
        self.text(key).map(Into::into)
    }

    /// The text of a key without which the message means nothing.
    ///
    /// # Errors
    /// It is absent.
    pub fn needs_text(self, key: &'static str) -> Result<Cow<'a, str>, Malformed> {
        let text = self.text(key).filter(|text| !text.is_empty());
        text.ok_or(Malformed::Field {
            field: key,
            wanted: "text",
        })
    }

    /// The flag of a key; what is none counts as absent.
    #[must_use]
    pub fn flag(self, key: &str) -> Option<bool> {
        match self.get(key)?.node() {
            Node::Flag(flag) => Some(flag),
            Node::Text(span) => self.slice(span).parse().ok(),
            _ => None,
        }
    }

    /// The number of a key, if it is there.
    ///
    /// # Errors
    /// Something else is there.
    pub fn number(self, key: &'static str) -> Result<Option<Number>, Malformed> {
        let Some(value) = self.get(key).filter(|value| !value.is_empty_text()) else {
            return Ok(None);
        };
        let number = value.as_number();
        number.map(Some).ok_or(Malformed::Field {
            field: key,
            wanted: "a number",
        })
    }

    /// The number of a key without which the message means nothing.
    ///
    /// # Errors
    /// It is absent, or something else is there.
    pub fn needs_number(self, key: &'static str) -> Result<Number, Malformed> {
        self.number(key)?.ok_or(Malformed::Field {
            field: key,
            wanted: "a number",
        })
    }

    /// The number of a key in another type, if it is there.
    ///
    /// # Errors
    /// Something else is there, or a number that the type does not hold.
    pub fn number_as<T>(
        self,
        key: &'static str,
        wanted: &'static str,
        convert: impl FnOnce(Number) -> Option<T>,
    ) -> Result<Option<T>, Malformed> {
        let Some(number) = self.number(key)? else {
            return Ok(None);
        };
        let fits = convert(number);
        fits.map(Some)
            .ok_or(Malformed::Field { field: key, wanted })
    }

    /// The time of a key, if it is there.
    ///
    /// # Errors
    /// Something else is there.
    pub fn time(self, key: &'static str) -> Result<Option<Timestamp>, Malformed> {
        let Some(value) = self.get(key).filter(|value| !value.is_empty_text()) else {
            return Ok(None);
        };
        let time = value.as_time();
        time.map(Some).ok_or(Malformed::Field {
            field: key,
            wanted: "a time after RFC 3339",
        })
    }

    /// The time of a key without which the message means nothing.
    ///
    /// # Errors
    /// It is absent, or something else is there.
    pub fn needs_time(self, key: &'static str) -> Result<Timestamp, Malformed> {
        self.time(key)?.ok_or(Malformed::Field {
            field: key,
            wanted: "a time after RFC 3339",
        })
    }

    /// The symbol of a key.
    ///
    /// # Errors
    /// It is absent, or no symbol of ours.
    pub fn needs_symbol(self, key: &'static str) -> Result<Symbol, Malformed> {
        let symbol = self.needs_text(key)?.parse();
        symbol.map_err(|_| Malformed::Field {
            field: key,
            wanted: "a symbol",
        })
    }

    /// The texts of a list under a key; nothing where there is none.
    #[must_use]
    pub fn texts(self, key: &str) -> Vec<Box<str>> {
        let list = self.get(key);
        list.into_iter()
            .flat_map(View::items)
            .filter_map(|item| item.as_text().map(Into::into))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, look: impl FnOnce(View<'_>)) {
        let mut reader = Reader::new();
        look(reader.read(Format::Json, text.as_bytes()).unwrap());
    }

    #[test]
    fn what_vanished_is_null_or_empty_is_absent() {
        read(r#"{"a":null,"b":"","c":"x","d":1}"#, |view| {
            assert!(view.get("a").is_none() && view.get("z").is_none());
            assert_eq!(view.number("b"), Ok(None));
            assert_eq!(view.time("b"), Ok(None));
            assert_eq!(view.text("c").as_deref(), Some("x"));
            assert_eq!(view.text("d").as_deref(), Some("1"));
            assert!(view.number("c").is_err() && view.needs_number("a").is_err());
        });
    }

    #[test]
    fn numbers_come_as_text_or_as_numbers() {
        read(r#"{"a":"224.10","b":224.1,"c":2.241e2}"#, |view| {
            let [a, b, c] = ["a", "b", "c"].map(|key| view.needs_number(key).unwrap());
            assert!(a == b && b == c);
        });
    }

    #[test]
    fn lists_and_objects_are_walked_past_whatever_is_in_them() {
        let text = r#"{"x":[1,[2,3],{"y":[]}],"z":{"q":{"r":[true]}},"k":"v"}"#;
        read(text, |view| {
            assert_eq!(view.text("k").as_deref(), Some("v"));
            assert_eq!(view.get("x").unwrap().items().count(), 3);
            let keys: Vec<_> = view.pairs().map(|(key, _)| key.into_owned()).collect();
            assert_eq!(keys, ["x", "z", "k"]);
            assert_eq!(view.items().count(), 0);
        });
    }

    #[test]
    fn a_time_may_have_an_offset_and_nine_digits() {
        read(
            r#"{"t":"2026-11-20T10:41:07.318562113-05:00","u":"soon"}"#,
            |view| {
                let at = view.needs_time("t").unwrap();
                assert_eq!(at.to_string(), "2026-11-20T15:41:07.318562113Z");
                assert!(view.time("u").is_err());
            },
        );
    }

    #[test]
    fn an_oversized_message_is_refused_unread() {
        let bytes = vec![b' '; BYTES_MAX + 1];
        let error = Reader::new().read(Format::Json, &bytes).unwrap_err();
        assert_eq!(
            error,
            Malformed::Oversized {
                bytes: BYTES_MAX + 1
            }
        );
    }
}
