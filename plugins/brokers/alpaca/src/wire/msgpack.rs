//! MessagePack as a tape. Timestamps are the extension of type -1; other extensions and bytes are
//! passed over.

use trader_contract::Timestamp;

use super::tape::{DEPTH_MAX, Malformed, Node, Span};

const TIMESTAMP: i8 = -1;

/// Reads one whole MessagePack value.
pub(super) fn read(bytes: &[u8], nodes: &mut Vec<Node>) -> Result<(), Malformed> {
    let mut parser = Parser {
        bytes,
        at: 0,
        nodes,
    };
    parser.value(0)?;
    match parser.at == bytes.len() {
        true => Ok(()),
        false => Err(parser.wrong("something after its end")),
    }
}

struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
    nodes: &'a mut Vec<Node>,
}

impl Parser<'_> {
    const fn wrong(&self, what: &'static str) -> Malformed {
        Malformed::Syntax { what, at: self.at }
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (start, end) = (self.at, self.at.saturating_add(N));
        let taken = self.bytes.get(start..end).and_then(|b| b.try_into().ok());
        let taken = taken.ok_or(Malformed::Truncated { at: start })?;
        self.at = end;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Malformed> {
        self.take::<1>().map(|[byte]| byte)
    }

    fn length8(&mut self) -> Result<usize, Malformed> {
        self.byte().map(usize::from)
    }

    fn length16(&mut self) -> Result<usize, Malformed> {
        self.take().map(u16::from_be_bytes).map(usize::from)
    }

    fn length32(&mut self) -> Result<usize, Malformed> {
        let length = u32::from_be_bytes(self.take()?);
        usize::try_from(length).map_err(|_| self.wrong("a length past the end"))
    }

    fn value(&mut self, depth: usize) -> Result<(), Malformed> {
        if depth > DEPTH_MAX {
            return Err(self.wrong("more levels than any message has"));
        }
        let tag = self.byte()?;
        let node = match tag {
            0x00..=0x7f => Node::Integer(i64::from(tag)),
            0x80..=0x8f => return self.object(usize::from(tag & 0x0f), depth),
            0x90..=0x9f => return self.list(usize::from(tag & 0x0f), depth),
            0xa0..=0xbf => self.text(usize::from(tag & 0x1f))?,
            0xc0 => Node::Null,
            0xc1 => return Err(self.wrong("a byte that means nothing")),
            0xc2 => Node::Flag(false),
            0xc3 => Node::Flag(true),
            0xc4 => self.length8().and_then(|n| self.skip(n))?,
            0xc5 => self.length16().and_then(|n| self.skip(n))?,
            0xc6 => self.length32().and_then(|n| self.skip(n))?,
            0xc7 => self.length8().and_then(|n| self.extension(n))?,
            0xc8 => self.length16().and_then(|n| self.extension(n))?,
            0xc9 => self.length32().and_then(|n| self.extension(n))?,
            0xca => Node::Float(self.single()?),
            0xcb => Node::Float(f64::from_be_bytes(self.take()?)),
            0xcc => Node::Unsigned(u64::from(self.byte()?)),
            0xcd => Node::Unsigned(u64::from(u16::from_be_bytes(self.take()?))),
            0xce => Node::Unsigned(u64::from(u32::from_be_bytes(self.take()?))),
            0xcf => Node::Unsigned(u64::from_be_bytes(self.take()?)),
            0xd0 => Node::Integer(i64::from(i8::from_be_bytes(self.take()?))),
            0xd1 => Node::Integer(i64::from(i16::from_be_bytes(self.take()?))),
            0xd2 => Node::Integer(i64::from(i32::from_be_bytes(self.take()?))),
            0xd3 => Node::Integer(i64::from_be_bytes(self.take()?)),
            0xd4 => self.extension(1)?,
            0xd5 => self.extension(2)?,
            0xd6 => self.extension(4)?,
            0xd7 => self.extension(8)?,
            0xd8 => self.extension(16)?,
            0xd9 => self.length8().and_then(|n| self.text(n))?,
            0xda => self.length16().and_then(|n| self.text(n))?,
            0xdb => self.length32().and_then(|n| self.text(n))?,
            0xdc => return self.length16().and_then(|n| self.list(n, depth)),
            0xdd => return self.length32().and_then(|n| self.list(n, depth)),
            0xde => return self.length16().and_then(|n| self.object(n, depth)),
            0xdf => return self.length32().and_then(|n| self.object(n, depth)),
            0xe0..=0xff => Node::Integer(i64::from(i8::from_be_bytes([tag]))),
        };
        self.nodes.push(node);
        Ok(())
    }

    /// A number of single precision: as the shortest decimal that means it, like one of double.
    fn single(&mut self) -> Result<f64, Malformed> {
        let single = f32::from_be_bytes(self.take()?);
        Ok(single.to_string().parse().unwrap_or(f64::from(single)))
    }

    fn span(&mut self, length: usize) -> Result<Span, Malformed> {
        let start = self.at;
        let end = start.saturating_add(length);
        if end > self.bytes.len() {
            return Err(Malformed::Truncated { at: start });
        }
        self.at = end;
        Ok(Span { start, end })
    }

    fn skip(&mut self, length: usize) -> Result<Node, Malformed> {
        self.span(length).map(|_| Node::Opaque)
    }

    fn text(&mut self, length: usize) -> Result<Node, Malformed> {
        let span = self.span(length)?;
        let bytes = self.bytes.get(span.start..span.end).unwrap_or_default();
        match std::str::from_utf8(bytes) {
            Ok(_) => Ok(Node::Text(span)),
            Err(_) => Err(self.wrong("bytes that are no text")),
        }
    }

    fn extension(&mut self, length: usize) -> Result<Node, Malformed> {
        let kind = i8::from_be_bytes(self.take()?);
        if kind != TIMESTAMP {
            return self.skip(length);
        }
        let (seconds, nanos) = match length {
            4 => (i64::from(u32::from_be_bytes(self.take()?)), 0),
            8 => {
                let both = u64::from_be_bytes(self.take()?);
                let nanos = u32::try_from(both >> 34).unwrap_or(u32::MAX);
                let seconds = i64::try_from(both & 0x3_ffff_ffff).unwrap_or(i64::MAX);
                (seconds, nanos)
            }
            12 => {
                let nanos = u32::from_be_bytes(self.take()?);
                (i64::from_be_bytes(self.take()?), nanos)
            }
            _ => return Err(self.wrong("a timestamp of a length that none has")),
        };
        if nanos > 999_999_999 {
            return Err(self.wrong("a timestamp of more than a second's nanoseconds"));
        }
        let at = Timestamp::from_seconds(seconds).plus_nanos(i64::from(nanos));
        Ok(Node::Time(at))
    }

    fn list(&mut self, count: usize, depth: usize) -> Result<(), Malformed> {
        let place = self.open();
        for _ in 0..count {
            self.value(depth.saturating_add(1))?;
        }
        let end = self.nodes.len();
        self.close(place, Node::List { end });
        Ok(())
    }

    fn object(&mut self, count: usize, depth: usize) -> Result<(), Malformed> {
        let place = self.open();
        for _ in 0..count {
            self.value(depth.saturating_add(1))?;
            self.value(depth.saturating_add(1))?;
        }
        let end = self.nodes.len();
        self.close(place, Node::Object { end });
        Ok(())
    }

    fn open(&mut self) -> usize {
        let place = self.nodes.len();
        self.nodes.push(Node::Null);
        place
    }

    fn close(&mut self, place: usize, node: Node) {
        if let Some(opened) = self.nodes.get_mut(place) {
            *opened = node;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tape::{Format, Reader};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn packed(value: &Value) -> Vec<u8> {
        rmp_serde::to_vec_named(value).unwrap()
    }

    #[test]
    fn the_same_message_reads_the_same_in_both_formats() {
        let message = json!([{"T": "t", "S": "AAPL", "p": 224.07, "s": 100, "i": 52_983_525_037_631_i64,
            "c": ["@", "I"], "z": null, "n": -3, "f": true}]);
        let text = message.to_string();
        let bytes = packed(&message);
        let (mut one, mut two) = (Reader::new(), Reader::new());
        let json = one
            .read(Format::Json, text.as_bytes())
            .unwrap()
            .items()
            .next()
            .unwrap();
        let pack = two
            .read(Format::MessagePack, &bytes)
            .unwrap()
            .items()
            .next()
            .unwrap();
        for key in ["p", "s", "i", "n"] {
            assert_eq!(json.needs_number(key), pack.needs_number(key), "{key}");
        }
        assert_eq!(json.text("S"), pack.text("S"));
        assert_eq!(json.texts("c"), pack.texts("c"));
        assert_eq!(pack.flag("f"), Some(true));
        assert!(pack.get("z").is_none());
    }

    #[test]
    fn a_timestamp_comes_in_three_lengths() {
        let nanos = 1_768_924_868_512_331_000_u64;
        let (seconds, rest) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
        let mut short = vec![0x81, 0xa1, b't', 0xd6, 0xff];
        short.extend(u32::try_from(seconds).unwrap().to_be_bytes());
        let mut usual = vec![0x81, 0xa1, b't', 0xd7, 0xff];
        usual.extend(((rest << 34) | seconds).to_be_bytes());
        let mut long = vec![0x81, 0xa1, b't', 0xc7, 12, 0xff];
        long.extend(u32::try_from(rest).unwrap().to_be_bytes());
        long.extend(seconds.to_be_bytes());
        for (bytes, wanted) in [
            (short, seconds * 1_000_000_000),
            (usual, nanos),
            (long, nanos),
        ] {
            let mut reader = Reader::new();
            let view = reader.read(Format::MessagePack, &bytes).unwrap();
            let at = view.needs_time("t").unwrap();
            assert_eq!(u64::try_from(at.nanos()).unwrap(), wanted);
        }
    }

    #[test]
    fn a_list_that_says_it_is_endless_is_refused_at_its_end() {
        for bytes in [
            &[0xdd, 0xff, 0xff, 0xff, 0xff][..],
            &[0xdf, 0xff, 0xff, 0xff, 0xff, 0xc0],
            &[0xdb, 0xff, 0xff, 0xff, 0xff],
        ] {
            assert!(Reader::new().read(Format::MessagePack, bytes).is_err());
        }
        let deep = vec![0x91; 100_000];
        assert!(Reader::new().read(Format::MessagePack, &deep).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut reader = Reader::new();
            if let Ok(view) = reader.read(Format::MessagePack, &bytes) {
                let _walked = (view.items().count(), view.pairs().count(), view.as_number());
            }
        }

        #[test]
        fn a_truncated_message_is_refused(cut: prop::sample::Index) {
            let bytes = packed(&json!([{"T": "q", "S": "AAPL", "ap": 224.1, "bp": 224.05, "as": 300, "bs": 200, "c": ["R"]}]));
            let cut = &bytes[..cut.index(bytes.len())];
            prop_assert!(Reader::new().read(Format::MessagePack, cut).is_err());
        }
    }
}
