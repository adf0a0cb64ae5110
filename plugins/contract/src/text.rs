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
        // Only whole strings get in, so the fallback is never taken.
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// Takes the zeros at the end away.
    pub(crate) fn trim_zeros(&mut self) {
        self.len = self.as_str().trim_end_matches('0').len();
    }
}

impl fmt::Write for ShortText {
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
    use std::fmt::Write;

    #[test]
    fn what_does_not_fit_is_an_error() {
        let mut text = ShortText::new();
        write!(text, "{}", "9".repeat(ShortText::MAX)).unwrap();
        assert_eq!(text.as_str().len(), ShortText::MAX);
        assert!(text.write_str("9").is_err());
    }
}
