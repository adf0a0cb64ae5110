//! How fixed-point numbers are read and written: plain decimals, nothing rounded, and the text form
//! that all number types share. The types themselves live in their own files.

use std::fmt::{self, Write};

use crate::text::ShortText;

/// Why a number was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// The text is not a plain decimal number.
    #[error("{0:?} is not a plain decimal number")]
    Syntax(String),
    /// The value has more decimals than the type holds; it is refused, not rounded.
    #[error("{value} has more than {decimals} decimals")]
    Precision {
        /// What was given.
        value: String,
        /// How many decimals the type holds.
        decimals: u32,
    },
    /// The value lies outside the type's range.
    #[error("{value} is outside {range}")]
    Range {
        /// What was given.
        value: String,
        /// The range in words.
        range: &'static str,
    },
}

/// Reads a plain decimal (`-12.5`, no exponent) as an integer scaled by `10^decimals`.
pub(crate) fn parse_scaled(text: &str, decimals: u32) -> Result<i128, NumberError> {
    let syntax = || NumberError::Syntax(text.to_owned());
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(fraction) || digits.ends_with('.') {
        return Err(syntax());
    }
    let fraction = fraction.trim_end_matches('0');
    let missing = usize::try_from(decimals)
        .ok()
        .and_then(|d| d.checked_sub(fraction.len()))
        .ok_or_else(|| NumberError::Precision {
            value: text.to_owned(),
            decimals,
        })?;
    let range = || NumberError::Range {
        value: text.to_owned(),
        range: "the numbers that fit",
    };
    // Away from zero on the number's own side, so that the lowest number reads like any other.
    let sign = if negative { -1 } else { 1 };
    let mut value: i128 = 0;
    for byte in whole
        .bytes()
        .chain(fraction.bytes())
        .chain(std::iter::repeat_n(b'0', missing))
    {
        let digit = i128::from(byte.wrapping_sub(b'0'));
        value = value
            .checked_mul(10)
            .and_then(|v| v.checked_add(digit.checked_mul(sign)?))
            .ok_or_else(range)?;
    }
    Ok(value)
}

/// A scaled integer as a plain decimal without trailing zeros.
///
/// # Errors
/// It is too long, which no number of these types is.
pub(crate) fn scaled_text(value: i128, decimals: u32) -> Result<ShortText, fmt::Error> {
    let mut text = ShortText::new();
    if value < 0 {
        text.write_str("-")?;
    }
    write_magnitude(&mut text, value, decimals)?;
    Ok(text)
}

fn write_magnitude(text: &mut ShortText, value: i128, decimals: u32) -> fmt::Result {
    let unit = 10_u128.checked_pow(decimals).unwrap_or(1);
    let magnitude = value.unsigned_abs();
    // Words where they suffice: they are divided many times faster.
    let (whole, fraction) = match (u64::try_from(magnitude), u64::try_from(unit)) {
        (Ok(magnitude), Ok(unit)) => (
            u128::from(magnitude.checked_div(unit).unwrap_or(0)),
            u128::from(magnitude.checked_rem(unit).unwrap_or(0)),
        ),
        _ => {
            let whole = magnitude.checked_div(unit).unwrap_or(0);
            let rest = magnitude.wrapping_sub(whole.wrapping_mul(unit));
            (whole, rest)
        }
    };
    match u64::try_from(whole) {
        Ok(whole) => text.write_number(whole, 1)?,
        Err(_) => write!(text, "{whole}")?,
    }
    if fraction != 0 {
        let width = usize::try_from(decimals).unwrap_or(0);
        text.write_str(".")?;
        match u64::try_from(fraction) {
            Ok(fraction) => text.write_number(fraction, width)?,
            Err(_) => write!(text, "{fraction:0width$}")?,
        }
        text.trim_zeros();
    }
    Ok(())
}

/// Writes a scaled integer as a plain decimal without trailing zeros. Padded like any number; a
/// precision asked for is ignored, since honouring it would round.
pub(crate) fn write_scaled(f: &mut fmt::Formatter<'_>, value: i128, decimals: u32) -> fmt::Result {
    let mut text = ShortText::new();
    write_magnitude(&mut text, value, decimals)?;
    f.pad_integral(value >= 0, "", text.as_str())
}

/// Gives a scaled integer type its text form, the same form in serde where somebody may read it (the
/// scaled integer where nobody does), and its decimal. The type has one field of integer type and a
/// `RANGE` in words; `$from` makes it of a scaled `i128`.
macro_rules! decimal_text {
    ($type:ident, $decimals:expr, $from:expr) => {
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                $crate::number::write_scaled(f, i128::from(self.0), $decimals)
            }
        }
        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($type), "({})"), self)
            }
        }
        impl std::str::FromStr for $type {
            type Err = $crate::number::NumberError;
            fn from_str(text: &str) -> Result<Self, $crate::number::NumberError> {
                let scaled = $crate::number::parse_scaled(text, $decimals)?;
                $from(scaled).ok_or_else(|| $crate::number::NumberError::Range {
                    value: text.to_owned(),
                    range: $type::RANGE,
                })
            }
        }
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if !serializer.is_human_readable() {
                    return serde::Serialize::serialize(&self.0, serializer);
                }
                let text = $crate::number::scaled_text(i128::from(self.0), $decimals);
                let text = text.map_err(serde::ser::Error::custom)?;
                serializer.serialize_str(text.as_str())
            }
        }
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if !deserializer.is_human_readable() {
                    let number = Self(serde::Deserialize::deserialize(deserializer)?);
                    return $from(i128::from(number.0)).ok_or_else(|| {
                        serde::de::Error::custom($crate::number::NumberError::Range {
                            value: number.to_string(),
                            range: $type::RANGE,
                        })
                    });
                }
                let text = <std::borrow::Cow<'de, str> as serde::Deserialize<'de>>::deserialize(
                    deserializer,
                )?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
        impl $type {
            /// The same number as a decimal; `None` where it has more digits than a decimal holds.
            #[must_use]
            pub fn to_decimal(self) -> Option<rust_decimal::Decimal> {
                rust_decimal::Decimal::try_from_i128_with_scale(i128::from(self.0), $decimals)
                    .ok()
                    .map(|d| d.normalize())
            }
        }
    };
}
pub(crate) use decimal_text;
