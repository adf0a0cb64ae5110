//! What is done to a sample: to its bytes, or to the value that it writes.

use serde_json::Value;

use super::dice::Dice;
use super::texts::ALL;

/// Values that stand where another one was expected.
const ODD: [&str; 16] = [
    "null",
    "true",
    "[]",
    "{}",
    "\"\"",
    "\"\\u0000\"",
    "-1",
    "0.00000000000000000000000001",
    "1e308",
    "-1e-308",
    "99999999999999999999999999999999999999999",
    "\"NaN\"",
    "\"1e999999999\"",
    "\"0000-00-00T00:00:00Z\"",
    "\"9999-12-31T23:59:60.999999999+23:59\"",
    "\"\u{202e}\u{1f4b8}\"",
];

/// A sample, mutated: text that may be JSON, or bytes that may be MessagePack.
pub(crate) fn message(dice: &mut Dice) -> Vec<u8> {
    let text = dice.one_of(ALL);
    let mut bytes = match dice.below(4) {
        0 => text.as_bytes().to_vec(),
        1 => value(dice, text).to_string().into_bytes(),
        2 => rmp_serde::to_vec_named(&value(dice, text)).unwrap(),
        _ => rmp_serde::to_vec_named(&serde_json::from_str::<Value>(text).unwrap()).unwrap(),
    };
    if !dice.once_in(4) {
        let changes = 1 + dice.below(6);
        for _ in 0..changes {
            bend(dice, &mut bytes);
        }
    }
    bytes
}

/// One change to bytes.
pub(crate) fn bend(dice: &mut Dice, bytes: &mut Vec<u8>) {
    let length = bytes.len();
    if length == 0 {
        bytes.push(dice.byte());
        return;
    }
    let at = dice.below(length);
    match dice.below(8) {
        0 => bytes.truncate(at),
        1 => bytes[at] = dice.byte(),
        2 => bytes[at] ^= 1 << dice.below(8),
        3 => bytes.insert(at, dice.byte()),
        4 => {
            bytes.remove(at);
        }
        5 => {
            // A part of it once more.
            let end = (at + 1 + dice.below(40)).min(length);
            let part = bytes[at..end].to_vec();
            bytes.splice(at..at, part);
        }
        6 => {
            // A part of it is missing.
            let end = (at + 1 + dice.below(40)).min(length);
            bytes.drain(at..end);
        }
        _ => {
            // It goes on as another one.
            let other = dice.one_of(ALL).as_bytes();
            let from = dice.below(other.len());
            bytes.truncate(at);
            bytes.extend_from_slice(&other[from..]);
        }
    }
}

/// The value of a text with some of it changed, in its shape or in what it holds.
fn value(dice: &mut Dice, text: &str) -> Value {
    let mut value: Value = serde_json::from_str(text).unwrap();
    let changes = 1 + dice.below(4);
    for _ in 0..changes {
        change(dice, &mut value, 0);
    }
    value
}

fn change(dice: &mut Dice, value: &mut Value, depth: usize) {
    if dice.once_in(6) || depth > 6 {
        *value = odd(dice);
        return;
    }
    match value {
        Value::Object(members) if !members.is_empty() => {
            let key = members
                .keys()
                .nth(dice.below(members.len()))
                .unwrap()
                .clone();
            match dice.below(8) {
                0 => {
                    members.remove(&key);
                }
                1 => {
                    let taken = members.remove(&key).unwrap();
                    members.insert(format!("{key}{}", dice.below(3)), taken);
                }
                2 => {
                    // Where another member's value belongs.
                    let other = members
                        .keys()
                        .nth(dice.below(members.len()))
                        .unwrap()
                        .clone();
                    let copied = members[&other].clone();
                    members.insert(key, copied);
                }
                _ => change(dice, members.get_mut(&key).unwrap(), depth + 1),
            }
        }
        Value::Array(items) if !items.is_empty() => match dice.below(6) {
            0 => items.clear(),
            1 => items.reverse(),
            2 => {
                let copied = items[dice.below(items.len())].clone();
                for _ in 0..dice.below(50) {
                    items.push(copied.clone());
                }
            }
            _ => {
                let at = dice.below(items.len());
                change(dice, &mut items[at], depth + 1);
            }
        },
        other => *other = odd(dice),
    }
}

fn odd(dice: &mut Dice) -> Value {
    match dice.below(20) {
        0 => {
            // As deep as a reader has to give up at.
            let depth = 1 + dice.below(200);
            (0..depth).fold(Value::Null, |inner, _| Value::Array(vec![inner]))
        }
        1 => Value::String("x".repeat(dice.below(5_000))),
        2 => Value::from(i64::from_le_bytes(dice.number().to_le_bytes())),
        _ => serde_json::from_str(dice.one_of(&ODD.each_ref().map(|text| *text))).unwrap(),
    }
}
