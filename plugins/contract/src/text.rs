//! A short text that is put together in place: numbers, ids and times are written to the journal by
//! the million, and none of them may cost an allocation.

use std::fmt;

/// Up to [`ShortText::MAX`] bytes of text. What does not fit is a formatting error.
pub(crate) struct ShortText {
    bytes: [u8; Self::MAX],
    len: usize,
}

impl ShortText {
    /// More than the largest number, the longest order id and any time need.
    pub(crate) const MAX: usize = 48;

    /// No text yet.
    pub(crate) const fn new() -> Self {
        Self {
            bytes: [0; Self::MAX],
            len: 0,
        }
    }

    /// The text so far.
    pub(crate) fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..self.len).unwrap_or_default();
        // Only whole characters get in, so the fallback is never taken.
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// Adds a number in decimal digits, with zeros in front of it up to so many digits.
    ///
    /// # Errors
    /// It does not fit.
    pub(crate) fn write_number(&mut self, number: u64, width: usize) -> fmt::Result {
        // The largest has twenty digits.
        let mut digits = [b'0'; 20];
        let (mut rest, mut len) = (number, 0_usize);
        for digit in digits.iter_mut().rev() {
            *digit = b'0'.wrapping_add(u8::try_from(rest % 10).unwrap_or(0));
            rest /= 10;
            len = len.saturating_add(1);
            if rest == 0 && len >= width {
                break;
            }
        }
        let start = digits.len().saturating_sub(len);
        let written = digits.get(start..).unwrap_or_default();
        self.push(written)
    }

    /// Adds the bytes of whole characters.
    fn push(&mut self, bytes: &[u8]) -> fmt::Result {
        let end = self.len.saturating_add(bytes.len());
        let place = self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?;
        place.copy_from_slice(bytes);
        self.len = end;
        Ok(())
    }

    /// Takes the zeros at the end away.
    pub(crate) fn trim_zeros(&mut self) {
        let bytes = self.bytes.get(..self.len).unwrap_or_default();
        let last = bytes.iter().rposition(|byte| *byte != b'0');
        self.len = last.map_or(0, |last| last.saturating_add(1));
    }
}

impl fmt::Write for ShortText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::fmt::Write;

    #[test]
    fn what_does_not_fit_is_an_error() {
        let mut text = ShortText::new();
        write!(text, "{}", "9".repeat(ShortText::MAX)).unwrap();
        assert_eq!(text.as_str().len(), ShortText::MAX);
        assert!(text.write_str("9").is_err());
        assert!(text.write_number(9, 1).is_err());
    }

    proptest! {
        #[test]
        fn a_number_reads_as_the_standard_library_writes_it(number: u64, width in 0_usize..=20) {
            let mut text = ShortText::new();
            text.write_number(number, width).unwrap();
            prop_assert_eq!(text.as_str(), format!("{number:0width$}"));
        }
    }
}
