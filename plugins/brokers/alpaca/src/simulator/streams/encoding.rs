//! Messages as bytes: JSON or MessagePack.

use serde_json::Value;
use trader_contract::Timestamp;

/// How a connection wants its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Json,
    /// Times are strings, as in the JSON.
    MessagePack,
    /// Times are MessagePack's own.
    MarketData,
}

impl Encoding {
    /// A message as bytes.
    pub(crate) fn write(self, value: &Value) -> Vec<u8> {
        match self {
            Self::Json => value.to_string().into_bytes(),
            Self::MessagePack | Self::MarketData => {
                let mut bytes = Vec::with_capacity(256);
                pack(&mut bytes, value, self == Self::MarketData);
                bytes
            }
        }
    }

    /// What a client sent: MessagePack or JSON, whatever it is.
    pub(crate) fn read(self, bytes: &[u8]) -> Option<Value> {
        let json = || serde_json::from_slice(bytes).ok();
        match self {
            Self::Json => json(),
            Self::MessagePack | Self::MarketData => rmp_serde::from_slice(bytes)
                .ok()
                .filter(Value::is_object)
                .or_else(json),
        }
    }
}

/// The members that are times.
const TIMES: [&str; 3] = ["t", "created_at", "updated_at"];

fn pack(bytes: &mut Vec<u8>, value: &Value, with_times: bool) {
    match value {
        Value::Null => bytes.push(0xc0),
        Value::Bool(false) => bytes.push(0xc2),
        Value::Bool(true) => bytes.push(0xc3),
        Value::Number(number) => {
            if let Some(whole) = number.as_u64() {
                pack_unsigned(bytes, whole);
            } else if let Some(whole) = number.as_i64() {
                bytes.push(0xd3);
                bytes.extend(whole.to_be_bytes());
            } else {
                bytes.push(0xcb);
                bytes.extend(number.as_f64().unwrap_or(0.0).to_be_bytes());
            }
        }
        Value::String(text) => pack_text(bytes, text),
        Value::Array(items) => {
            pack_length(bytes, items.len(), (0x90, 0xdc, 0xdd));
            items.iter().for_each(|item| pack(bytes, item, with_times));
        }
        Value::Object(members) => {
            pack_length(bytes, members.len(), (0x80, 0xde, 0xdf));
            for (name, value) in members {
                pack_text(bytes, name);
                let time = value
                    .as_str()
                    .filter(|_| with_times && TIMES.contains(&name.as_str()));
                match time.and_then(|text| text.parse::<Timestamp>().ok()) {
                    Some(at) => pack_time(bytes, at),
                    None => pack(bytes, value, with_times),
                }
            }
        }
    }
}

fn pack_unsigned(bytes: &mut Vec<u8>, whole: u64) {
    match (u8::try_from(whole), u32::try_from(whole)) {
        (Ok(small @ 0..=127), _) => bytes.push(small),
        (_, Ok(word)) => {
            bytes.push(0xce);
            bytes.extend(word.to_be_bytes());
        }
        _ => {
            bytes.push(0xcf);
            bytes.extend(whole.to_be_bytes());
        }
    }
}

fn pack_text(bytes: &mut Vec<u8>, text: &str) {
    match u8::try_from(text.len()) {
        Ok(short @ 0..=31) => bytes.push(0xa0 | short),
        Ok(length) => bytes.extend([0xd9, length]),
        Err(_) => {
            bytes.push(0xdb);
            let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
            bytes.extend(length.to_be_bytes());
        }
    }
    bytes.extend(text.as_bytes());
}

fn pack_length(bytes: &mut Vec<u8>, length: usize, (short, word, long): (u8, u8, u8)) {
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(few @ 0..=15), _) => bytes.push(short | few),
        (_, Ok(length)) => {
            bytes.push(word);
            bytes.extend(length.to_be_bytes());
        }
        _ => {
            bytes.push(long);
            let length = u32::try_from(length).unwrap_or(u32::MAX);
            bytes.extend(length.to_be_bytes());
        }
    }
}

/// The timestamp extension, type -1, in eight bytes: 30 bits of nanoseconds, 34 of seconds.
fn pack_time(bytes: &mut Vec<u8>, at: Timestamp) {
    let nanos = at.nanos().rem_euclid(Timestamp::SECOND);
    let seconds = at.nanos().div_euclid(Timestamp::SECOND);
    let nanos = u64::try_from(nanos).unwrap_or(0);
    let seconds = u64::try_from(seconds).unwrap_or(0) & 0x3_ffff_ffff;
    bytes.extend([0xd7, 0xff]);
    bytes.extend(((nanos << 34) | seconds).to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_packed_is_read_back_by_another_implementation() {
        let long = "x".repeat(300);
        let value = json!([{"a": 1, "b": -7, "c": 224.05, "d": null, "e": true, "f": long,
            "g": 5_000_000_000_u64, "h": [1, 2, 3], "i": "text", "j": (0..20).collect::<Vec<_>>()}]);
        let bytes = Encoding::MessagePack.write(&value);
        let back: Value = rmp_serde::from_slice(&bytes).unwrap();
        assert_eq!(back, value);
    }

    #[test]
    fn times_are_the_extension_of_type_minus_one() {
        let bytes = Encoding::MarketData.write(&json!({"t": "2026-11-20T15:40:00.5Z"}));
        assert_eq!(bytes[..5], [0x81, 0xa1, b't', 0xd7, 0xff]);
        let packed = u64::from_be_bytes(bytes[5..13].try_into().unwrap());
        assert_eq!(packed >> 34, 500_000_000);
        assert_eq!(packed & 0x3_ffff_ffff, 1_795_189_200);
    }
}
