//! Whole numbers of any size in few bytes: seven bits a byte, the lowest first; signed ones zigzag, so
//! that small ones of either sign are short.

/// Something is not what an encoder writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Adds an unsigned number.
#[inline]
pub(crate) fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        // The low seven bits, and a mark that more follow.
        out.push((number & 0x7f).to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

/// Adds a signed number.
#[inline]
pub(crate) fn put_signed(out: &mut Vec<u8>, number: i64) {
    put(
        out,
        (number.wrapping_shl(1) ^ (number >> 63)).cast_unsigned(),
    );
}

/// Bytes that are read from the front.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'a>(pub(crate) &'a [u8]);

impl Cursor<'_> {
    /// Whether nothing is left.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes one byte.
    #[inline]
    pub(crate) fn byte(&mut self) -> Result<u8, Malformed> {
        let (first, rest) = self.0.split_first().ok_or(Malformed)?;
        self.0 = rest;
        Ok(*first)
    }

    /// Takes an unsigned number.
    #[inline]
    pub(crate) fn number(&mut self) -> Result<u64, Malformed> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            let placed = part.checked_shl(shift).ok_or(Malformed)?;
            // The tenth byte has one bit left.
            if placed >> shift != part {
                return Err(Malformed);
            }
            number |= placed;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Malformed)
    }

    /// Takes a signed number.
    #[inline]
    pub(crate) fn signed(&mut self) -> Result<i64, Malformed> {
        let number = self.number()?;
        let magnitude = (number >> 1).cast_signed();
        Ok(if number & 1 == 0 {
            magnitude
        } else {
            !magnitude
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_read_back(number: u64, signed: i64, small in -70_i64..70) {
            let mut out = Vec::new();
            put(&mut out, number);
            put_signed(&mut out, signed);
            put_signed(&mut out, small);
            let mut cursor = Cursor(&out);
            prop_assert_eq!(cursor.number(), Ok(number));
            prop_assert_eq!(cursor.signed(), Ok(signed));
            prop_assert_eq!(cursor.signed(), Ok(small));
            prop_assert!(cursor.is_empty());
            prop_assert_eq!(cursor.byte(), Err(Malformed));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..24)) {
            let mut cursor = Cursor(&bytes);
            while cursor.number().is_ok() {}
        }
    }

    #[test]
    fn small_numbers_are_short() {
        for (number, length) in [(0, 1), (63, 1), (-64, 1), (64, 2), (-8_192, 2), (8_192, 3)] {
            let mut out = Vec::new();
            put_signed(&mut out, number);
            assert_eq!(out.len(), length, "{number}");
        }
    }
}
