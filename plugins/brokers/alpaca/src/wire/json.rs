//! JSON as a tape: strict about its grammar, since what is no JSON is not from Alpaca; nothing is
//! turned into floating point.

use std::borrow::Cow;

use super::tape::{DEPTH_MAX, Malformed, Node, Span};

/// Reads one whole JSON text.
pub(super) fn read(bytes: &[u8], nodes: &mut Vec<Node>) -> Result<(), Malformed> {
    if let Err(error) = std::str::from_utf8(bytes) {
        let at = error.valid_up_to();
        return Err(Malformed::Syntax {
            what: "bytes that are no text",
            at,
        });
    }
    let mut parser = Parser {
        bytes,
        at: 0,
        nodes,
    };
    parser.space();
    parser.value(0)?;
    parser.space();
    match parser.peek() {
        None => Ok(()),
        Some(_) => Err(parser.wrong("something after its end")),
    }
}

struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
    nodes: &'a mut Vec<Node>,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn step(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn wrong(&self, what: &'static str) -> Malformed {
        let at = self.at;
        match self.peek() {
            None => Malformed::Truncated { at },
            Some(_) => Malformed::Syntax { what, at },
        }
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.step();
        }
    }

    fn value(&mut self, depth: usize) -> Result<(), Malformed> {
        if depth > DEPTH_MAX {
            return Err(self.wrong("more levels than any message has"));
        }
        match self.peek() {
            Some(b'"') => self.text(),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Node::Flag(true)),
            Some(b'f') => self.word("false", Node::Flag(false)),
            Some(b'n') => self.word("null", Node::Null),
            _ => Err(self.wrong("no value")),
        }
    }

    fn word(&mut self, word: &str, node: Node) -> Result<(), Malformed> {
        for expected in word.bytes() {
            if self.peek() != Some(expected) {
                return Err(self.wrong("no value"));
            }
            self.step();
        }
        self.nodes.push(node);
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Malformed> {
        if !matches!(self.peek(), Some(b'0'..=b'9')) {
            return Err(self.wrong("no digit where one belongs"));
        }
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.step();
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), Malformed> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.step();
        }
        if self.peek() == Some(b'0') {
            self.step();
            if matches!(self.peek(), Some(b'0'..=b'9')) {
                return Err(self.wrong("a number with a zero before it"));
            }
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.step();
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.step();
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.step();
            }
            self.digits()?;
        }
        let end = self.at;
        self.nodes.push(Node::Digits(Span { start, end }));
        Ok(())
    }

    fn text(&mut self) -> Result<(), Malformed> {
        self.step();
        let start = self.at;
        let mut escaped = false;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.step();
                    self.escape()?;
                }
                Some(0..=0x1f) => return Err(self.wrong("a control character in text")),
                Some(_) => self.step(),
                None => return Err(self.wrong("")),
            }
        }
        let end = self.at;
        let span = Span { start, end };
        self.step();
        self.nodes.push(match escaped {
            true => Node::Escaped(span),
            false => Node::Text(span),
        });
        Ok(())
    }

    fn escape(&mut self) -> Result<(), Malformed> {
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.step(),
            Some(b'u') => {
                self.step();
                for _ in 0..4 {
                    if !self.peek().is_some_and(|byte| byte.is_ascii_hexdigit()) {
                        return Err(self.wrong("an escape that is none"));
                    }
                    self.step();
                }
            }
            _ => return Err(self.wrong("an escape that is none")),
        }
        Ok(())
    }

    fn list(&mut self, depth: usize) -> Result<(), Malformed> {
        let place = self.open();
        self.space();
        if self.peek() != Some(b']') {
            loop {
                self.space();
                self.value(depth.saturating_add(1))?;
                self.space();
                match self.peek() {
                    Some(b',') => self.step(),
                    Some(b']') => break,
                    _ => return Err(self.wrong("no comma in a list")),
                }
            }
        }
        let end = self.nodes.len();
        self.close(place, Node::List { end });
        Ok(())
    }

    fn object(&mut self, depth: usize) -> Result<(), Malformed> {
        let place = self.open();
        self.space();
        if self.peek() != Some(b'}') {
            loop {
                self.space();
                if self.peek() != Some(b'"') {
                    return Err(self.wrong("no key in an object"));
                }
                self.text()?;
                self.space();
                if self.peek() != Some(b':') {
                    return Err(self.wrong("no colon after a key"));
                }
                self.step();
                self.space();
                self.value(depth.saturating_add(1))?;
                self.space();
                match self.peek() {
                    Some(b',') => self.step(),
                    Some(b'}') => break,
                    _ => return Err(self.wrong("no comma in an object")),
                }
            }
        }
        let end = self.nodes.len();
        self.close(place, Node::Object { end });
        Ok(())
    }

    fn open(&mut self) -> usize {
        self.step();
        let place = self.nodes.len();
        self.nodes.push(Node::Null);
        place
    }

    fn close(&mut self, place: usize, node: Node) {
        self.step();
        if let Some(opened) = self.nodes.get_mut(place) {
            *opened = node;
        }
    }
}

/// Text without its escapes. Half a surrogate pair becomes the replacement character.
pub(super) fn unescape(text: &str) -> Cow<'_, str> {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        let mut chars = after.chars();
        match chars.next() {
            Some('b') => plain.push('\u{8}'),
            Some('f') => plain.push('\u{c}'),
            Some('n') => plain.push('\n'),
            Some('r') => plain.push('\r'),
            Some('t') => plain.push('\t'),
            Some('u') => {
                let (decoded, left) = code_point(chars.as_str());
                plain.push(decoded);
                rest = left;
                continue;
            }
            Some(other) => plain.push(other),
            None => {}
        }
        rest = chars.as_str();
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// The character of the four digits at the start, and of the pair that follows where it is half of one;
/// and what comes after.
fn code_point(text: &str) -> (char, &str) {
    let unit = |text: &str| u32::from_str_radix(text.get(..4)?, 16).ok();
    let Some(high) = unit(text) else {
        return (char::REPLACEMENT_CHARACTER, text);
    };
    let rest = text.get(4..).unwrap_or_default();
    if let Some(found) = char::from_u32(high) {
        return (found, rest);
    }
    let pair = rest.strip_prefix("\\u").and_then(|rest| {
        let low = unit(rest)?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
        let high = high.checked_sub(0xd800).filter(|high| *high < 0x400)?;
        let code = high
            .checked_mul(0x400)?
            .checked_add(low)?
            .checked_add(0x1_0000)?;
        Some((char::from_u32(code)?, rest.get(4..)?))
    });
    pair.unwrap_or((char::REPLACEMENT_CHARACTER, rest))
}

#[cfg(test)]
mod tests {
    use super::super::tape::{Format, Reader, View};
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    /// The tape as the reference parser would have it.
    fn as_value(view: View<'_>) -> Value {
        if view.is_object() {
            return view
                .pairs()
                .map(|(key, value)| (key.into_owned(), as_value(value)))
                .collect();
        }
        if view.is_list() {
            return view.items().map(as_value).collect();
        }
        if view.is_null() {
            return Value::Null;
        }
        if let Some(text) = view.as_text() {
            return Value::String(text.into_owned());
        }
        match view.as_number() {
            Some(number) => serde_json::from_str(&number.to_string()).unwrap(),
            None => Value::Bool(true),
        }
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            Just(Value::Bool(true)),
            any::<i64>().prop_map(Value::from),
            (-1_000_000_i32..1_000_000)
                .prop_map(|n| Value::from(f64::from(n) / 64.0 + 0.007_812_5)),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|map| map.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_reads_what_the_reference_parser_reads(value in json(), pretty: bool) {
            let text = match pretty {
                true => serde_json::to_string_pretty(&value).unwrap(),
                false => value.to_string(),
            };
            let mut reader = Reader::new();
            let view = reader.read(Format::Json, text.as_bytes()).unwrap();
            prop_assert_eq!(as_value(view), value);
        }

        #[test]
        fn it_refuses_what_the_reference_parser_refuses(text in "[\\[\\]{}\",:0-9eE.+\\-tfn\\\\u a]{0,40}") {
            let reference = serde_json::from_str::<Value>(&text);
            let mut reader = Reader::new();
            let read = reader.read(Format::Json, text.as_bytes());
            if read.is_err() {
                // The reference has its own bound on numbers and nothing else that we lack.
                prop_assert!(reference.is_err(), "{text}");
            } else if let Err(error) = reference {
                let why = error.to_string();
                prop_assert!(why.contains("out of range") || why.contains("surrogate") || why.contains("hex escape"), "{text}: {why}");
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _refused = Reader::new().read(Format::Json, &bytes).map(as_value);
        }

        #[test]
        fn a_truncated_text_is_refused(value in json(), cut: prop::sample::Index) {
            let text = Value::Array(vec![value]).to_string();
            let cut = &text.as_bytes()[..cut.index(text.len())];
            prop_assert!(Reader::new().read(Format::Json, cut).is_err());
        }
    }

    #[test]
    fn deep_nesting_is_refused_and_not_followed() {
        let text = "[".repeat(100_000);
        let error = Reader::new()
            .read(Format::Json, text.as_bytes())
            .unwrap_err();
        assert!(matches!(error, Malformed::Syntax { .. }), "{error}");
    }

    #[test]
    fn escapes_are_undone() {
        for (text, plain) in [
            (r"a\nb", "a\nb"),
            (r"\u00e9\/", "é/"),
            (r"\ud83d\ude00!", "😀!"),
            (r"\ud83d!", "\u{fffd}!"),
            (r#"\"\\"#, "\"\\"),
        ] {
            assert_eq!(unescape(text), plain);
        }
    }
}
