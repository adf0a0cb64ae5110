//! Symbols, their dense ids inside one engine, and their tick sizes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize, Serializer};

use crate::price::Price;

/// Why a text is no symbol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a symbol: 1 to 12 characters of A-Z, 0-9, '.' and '-', a letter first")]
pub struct SymbolError(String);

/// A ticker symbol: 1 to 12 characters of `A-Z`, `0-9`, `.` and `-`, a letter first.
///
/// Held in place, so that copying one costs no allocation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Symbol([u8; Symbol::MAX_LEN]);

impl Symbol {
    /// The longest symbol.
    pub const MAX_LEN: usize = 12;

    /// The symbol as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let end = self.0.iter().position(|&b| b == 0).unwrap_or(Self::MAX_LEN);
        // Only ASCII gets in, so the fallback is never taken.
        self.0
            .get(..end)
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .unwrap_or("?")
    }
}

impl FromStr for Symbol {
    type Err = SymbolError;
    fn from_str(text: &str) -> Result<Self, SymbolError> {
        let letter_first = text.bytes().next().is_some_and(|b| b.is_ascii_uppercase());
        let legal = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'.' || b == b'-';
        let mut bytes = [0; Self::MAX_LEN];
        match bytes.get_mut(..text.len()) {
            Some(place) if letter_first && text.bytes().all(legal) => {
                place.copy_from_slice(text.as_bytes());
                Ok(Self(bytes))
            }
            _ => Err(SymbolError(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Symbol {
    type Error = SymbolError;
    fn try_from(text: String) -> Result<Self, SymbolError> {
        text.parse()
    }
}

impl Serialize for Symbol {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl From<Symbol> for String {
    fn from(symbol: Symbol) -> Self {
        symbol.as_str().to_owned()
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The place of a symbol in the symbol table of one engine run. The journal never holds it: the text is
/// kept there. A recording does, beside the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SymbolId(u32);

impl SymbolId {
    /// Takes the place in the table.
    #[must_use]
    pub const fn new(index: u32) -> Self {
        Self(index)
    }

    /// The place in the table.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// How fine the prices of a symbol's orders may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TickRule {
    /// SEC rule 612: one cent from $1.00 up, a hundredth of a cent below.
    Rule612,
    /// A fixed tick in millionths of a dollar (pilot programmes, other venues).
    Fixed(i64),
}

impl TickRule {
    /// The tick in millionths of a dollar that applies at `price`.
    #[must_use]
    pub fn tick_micros(self, price: Price) -> i64 {
        match self {
            Self::Rule612 if price.micros() >= 1_000_000 => 10_000,
            Self::Rule612 => 100,
            Self::Fixed(micros) => micros.max(1),
        }
    }

    /// Whether `price` lies on the tick.
    #[must_use]
    pub fn allows(self, price: Price) -> bool {
        price.micros().checked_rem(self.tick_micros(price)) == Some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbol_is_a_short_upper_case_name() {
        for good in ["A", "SPY", "BRK.B", "BF-B", "ABCDEFGHIJKL"] {
            assert!(good.parse::<Symbol>().is_ok(), "{good}");
        }
        for bad in ["", "spy", "1A", "ABCDEFGHIJKLM", "A B", ".A", "A/B"] {
            assert!(bad.parse::<Symbol>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_tick_is_a_cent_from_one_dollar_up() {
        let tick = |text: &str| TickRule::Rule612.tick_micros(text.parse().unwrap());
        assert_eq!(
            (tick("0.9999"), tick("1"), tick("250")),
            (100, 10_000, 10_000)
        );
        assert!(!TickRule::Rule612.allows("49.16079".parse().unwrap()));
    }
}
