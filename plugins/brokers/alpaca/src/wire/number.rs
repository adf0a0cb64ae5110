//! Numbers as Alpaca sends them: as text or as a JSON number, with or without an exponent. Read
//! digit by digit into an exact decimal, never through floating point; whatever a type of ours cannot
//! hold is refused or rounded by name.

use std::fmt::{self, Write};

use trader_contract::{Level, Money, NetQty, Price, Qty, Ratio};

/// More digits than any amount of money has.
const DIGITS_MAX: u32 = 36;
/// The farthest that an exponent may move the point.
const EXPONENT_MAX: i32 = 64;

/// Two to the power of 32.
const MILLIONTHS_BELOW: f64 = 4_294_967_296.0;

/// An exact decimal: `mantissa` divided by ten to the power of `scale`, without zeros at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number {
    mantissa: i128,
    scale: u32,
}

/// Which way a number goes that has more digits than there is room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// Toward negative infinity.
    Down,
    /// Toward positive infinity.
    Up,
    /// To the nearest, halves up.
    Nearest,
}

impl Number {
    /// Nothing.
    pub const ZERO: Self = Self {
        mantissa: 0,
        scale: 0,
    };

    /// Takes a whole number.
    #[must_use]
    pub const fn whole(value: i128) -> Self {
        Self {
            mantissa: value,
            scale: 0,
        }
    }

    /// Reads `-12.5`, `1e-7` and the like; `None` where the text is no number or has too many digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (text, exponent) = match text.split_once(['e', 'E']) {
            Some((text, exponent)) => (text, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        if exponent.abs() > EXPONENT_MAX {
            return None;
        }
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || digits.ends_with('.') || !plain(whole) || !plain(fraction) {
            return None;
        }
        // Zeros at the end carry nothing, and would only use up the room there is.
        let fraction = fraction.trim_end_matches('0');
        let mut mantissa: i128 = 0;
        for byte in whole.bytes().chain(fraction.bytes()) {
            let digit = i128::from(byte.checked_sub(b'0')?);
            mantissa = mantissa.checked_mul(10)?.checked_add(digit)?;
        }
        let scale = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        let number = match u32::try_from(scale) {
            Ok(scale) => Self { mantissa, scale }.trimmed(),
            Err(_) => Self::whole(mantissa.checked_mul(ten_to(scale.unsigned_abs())?)?),
        };
        let mantissa = if negative {
            number.mantissa.checked_neg()?
        } else {
            number.mantissa
        };
        (number.scale <= DIGITS_MAX).then_some(Self { mantissa, ..number })
    }

    /// Reads a binary floating-point number as the shortest decimal that means it: the one that its
    /// sender wrote.
    #[must_use]
    pub fn from_float(value: f64) -> Option<Self> {
        Self::in_millionths(value).or_else(|| Self::from_digits(value))
    }

    /// The shortest decimal of nearly all prices, found without writing it out. A float that is a number of
    /// millionths divided by a million is what that decimal is read as, and below [`MILLIONTHS_BELOW`] floats
    /// lie closer than a millionth: no other decimal of at most six places is read as the same.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::float_cmp,
        reason = "a whole number below 2^53, and an equality of every bit is what is asked"
    )]
    fn in_millionths(value: f64) -> Option<Self> {
        let millionths = (value * 1e6).round();
        if value.abs() >= MILLIONTHS_BELOW || millionths / 1e6 != value {
            return None;
        }
        let (mut mantissa, mut scale) = (millionths as i64, 6_u32);
        while scale > 0 && mantissa.checked_rem(10) == Some(0) {
            mantissa = mantissa.checked_div(10)?;
            scale = scale.saturating_sub(1);
        }
        let mantissa = i128::from(mantissa);
        Some(Self { mantissa, scale })
    }

    fn from_digits(value: f64) -> Option<Self> {
        let mut text = Digits::new();
        // Numbers that do not fit the text are larger than any of ours.
        (value.is_finite() && write!(text, "{value:e}").is_ok())
            .then(|| Self::parse(text.as_str()))
            .flatten()
    }

    const fn trimmed(mut self) -> Self {
        while self.scale > 0 && self.mantissa % 10 == 0 {
            self.mantissa /= 10;
            self.scale = self.scale.saturating_sub(1);
        }
        self
    }

    /// The number in units of ten to the power of minus `decimals`; `None` unless that is exact.
    #[must_use]
    pub fn scaled(self, decimals: u32) -> Option<i128> {
        let missing = decimals.checked_sub(self.scale)?;
        self.mantissa.checked_mul(ten_to(missing)?)
    }

    /// The same, rounded where it is not exact.
    #[must_use]
    pub fn rounded(self, decimals: u32, rounding: Rounding) -> Option<i128> {
        let Some(excess) = self.scale.checked_sub(decimals) else {
            return self.scaled(decimals);
        };
        let unit = ten_to(excess)?;
        let down = self.mantissa.checked_div_euclid(unit)?;
        let rest = self.mantissa.checked_rem_euclid(unit)?;
        let up = match rounding {
            Rounding::Down => false,
            Rounding::Up => rest != 0,
            Rounding::Nearest => rest.checked_mul(2)? >= unit,
        };
        down.checked_add(i128::from(up))
    }

    /// Whether it is less than nothing.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.mantissa < 0
    }

    /// Whether it is nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    /// The number without its sign.
    #[must_use]
    pub const fn abs(self) -> Self {
        Self {
            mantissa: self.mantissa.saturating_abs(),
            ..self
        }
    }

    /// As a price; `None` unless it is one exactly.
    #[must_use]
    pub fn price(self) -> Option<Price> {
        Price::from_micros(i64::try_from(self.scaled(6)?).ok()?)
    }

    /// As a price, with what lies past the sixth decimal rounded.
    #[must_use]
    pub fn price_rounded(self, rounding: Rounding) -> Option<Price> {
        Price::from_micros(i64::try_from(self.rounded(6, rounding)?).ok()?)
    }

    /// As a number of shares; `None` unless it is one exactly.
    #[must_use]
    pub fn qty(self) -> Option<Qty> {
        Qty::from_nanos(i64::try_from(self.scaled(9)?).ok()?)
    }

    /// As a net position; `None` unless it is one exactly.
    #[must_use]
    pub fn net(self) -> Option<NetQty> {
        NetQty::from_nanos(i64::try_from(self.scaled(9)?).ok()?)
    }

    /// As an amount of money; `None` unless it is one exactly.
    #[must_use]
    pub fn money(self) -> Option<Money> {
        self.scaled(15).map(Money::from_femtos)
    }

    /// As an amount of money, with what lies past the fifteenth decimal rounded.
    #[must_use]
    pub fn money_rounded(self, rounding: Rounding) -> Option<Money> {
        self.rounded(15, rounding).map(Money::from_femtos)
    }

    /// As a level, with what lies past the fifteenth decimal rounded to the nearest.
    #[must_use]
    pub fn level(self) -> Option<Level> {
        self.rounded(15, Rounding::Nearest).map(Level::from_femtos)
    }

    /// As a plain ratio; `None` unless it is one exactly.
    #[must_use]
    pub fn ratio(self) -> Option<Ratio> {
        let billionths = i64::try_from(self.scaled(9)?).ok()?;
        Some(Ratio::from_billionths(billionths))
    }

    /// As a whole number; `None` unless it is one.
    #[must_use]
    pub fn integer(self) -> Option<i64> {
        i64::try_from(self.scaled(0)?).ok()
    }

    /// As a whole number that is no less than nothing; a fraction is left out.
    #[must_use]
    pub fn count(self) -> Option<u64> {
        u64::try_from(self.rounded(0, Rounding::Down)?).ok()
    }
}

const fn ten_to(power: u32) -> Option<i128> {
    10_i128.checked_pow(power)
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = ten_to(self.scale).unwrap_or(1).unsigned_abs();
        let magnitude = self.mantissa.unsigned_abs();
        let whole = magnitude.checked_div(unit).unwrap_or(0);
        let rest = magnitude.checked_rem(unit).unwrap_or(0);
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let width = usize::try_from(self.scale).unwrap_or(0);
        match rest {
            0 => write!(f, "{sign}{whole}"),
            rest => write!(f, "{sign}{whole}.{rest:0width$}"),
        }
    }
}

/// The digits of a floating-point number, put together in place.
struct Digits {
    bytes: [u8; 40],
    len: usize,
}

impl Digits {
    const fn new() -> Self {
        Self {
            bytes: [0; 40],
            len: 0,
        }
    }

    fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..self.len).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }
}

impl Write for Digits {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len.saturating_add(text.len());
        let place = self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(text: &str) -> Number {
        Number::parse(text).unwrap()
    }

    #[test]
    fn numbers_are_read_exactly_whatever_their_spelling() {
        assert_eq!(number("224.00"), number("224"));
        assert_eq!(number("2.24e2"), number("224"));
        assert_eq!(number("1e-7").to_string(), "0.0000001");
        assert_eq!(number("-0.50").to_string(), "-0.5");
        assert_eq!(number("224.055833").price().unwrap().micros(), 224_055_833);
        assert_eq!(number("12").qty().unwrap().whole_shares(), 12);
        assert_eq!(number("-8050").money().unwrap(), Money::dollars(-8_050));
        for bad in [
            "", ".", "1.", ".5", "+1", "--1", "1e", "e1", "NaN", "1e999", "0x1", "1 ",
        ] {
            assert_eq!(Number::parse(bad), None, "{bad:?}");
        }
        assert_eq!(Number::parse(&"9".repeat(60)), None);
    }

    #[test]
    fn what_does_not_fit_is_refused_or_rounded_by_name() {
        let price = number("224.0558333333");
        assert_eq!(price.price(), None);
        let rounded = |rounding| price.price_rounded(rounding).unwrap().micros();
        assert_eq!(rounded(Rounding::Down), 224_055_833);
        assert_eq!(rounded(Rounding::Up), 224_055_834);
        assert_eq!(rounded(Rounding::Nearest), 224_055_833);
        assert_eq!(number("-1.5").rounded(0, Rounding::Down), Some(-2));
        assert_eq!(number("-1.5").rounded(0, Rounding::Up), Some(-1));
        assert_eq!(number("0").price(), None);
        assert_eq!(number("3120.7").count(), Some(3_120));
        assert_eq!(number("-1").count(), None);
    }

    #[test]
    fn a_float_means_the_decimal_that_its_sender_wrote() {
        for (float, text) in [
            (224.1, "224.1"),
            (0.1, "0.1"),
            (661.2, "661.2"),
            (1e-7, "0.0000001"),
            (3.0e8, "300000000"),
        ] {
            assert_eq!(Number::from_float(float).unwrap().to_string(), text);
        }
        assert_eq!(Number::from_float(f64::NAN), None);
        assert_eq!(Number::from_float(f64::INFINITY), None);
        assert_eq!(Number::from_float(1e300), None);
    }

    proptest! {
        #[test]
        fn a_price_reads_back_from_its_own_text(micros in 1..=Price::MAX_MICROS) {
            let price = Price::from_micros(micros).unwrap();
            prop_assert_eq!(number(&price.to_string()).price(), Some(price));
        }

        #[test]
        fn printing_and_reading_a_number_gives_the_same(mantissa: i64, scale in 0_u32..20) {
            let read = Number { mantissa: i128::from(mantissa), scale }.trimmed();
            prop_assert_eq!(number(&read.to_string()), read);
        }

        #[test]
        fn no_text_makes_it_panic(text in "[-+0-9.eE]{0,50}") {
            if let Some(read) = Number::parse(&text) {
                let _fits = (read.price(), read.qty(), read.money(), read.level(), read.ratio());
                let _shown = read.to_string();
            }
        }

        #[test]
        fn a_price_sent_in_binary_is_the_price_that_was_meant(micros in 1..=1_000_000_000_000_i64) {
            let price = Price::from_micros(micros).unwrap();
            let float: f64 = price.to_string().parse().unwrap();
            prop_assert_eq!(Number::from_float(float).and_then(Number::price), Some(price));
        }

        #[test]
        fn what_is_found_without_digits_is_what_the_digits_say(
            mantissa in -9_000_000_000_000_000_i64..9_000_000_000_000_000, scale in 0_u32..9, bits: u64,
        ) {
            let decimal: f64 = Number { mantissa: i128::from(mantissa), scale }.to_string().parse().unwrap();
            for float in [decimal, f64::from_bits(decimal.to_bits() ^ 1), f64::from_bits(bits)] {
                if let Some(found) = Number::in_millionths(float) {
                    prop_assert_eq!(Number::from_digits(float), Some(found));
                }
            }
        }
    }
}
