//! The hash chain over the journal: each row's SHA-256 covers its contents and the hash before it,
//! so that a row that was changed, removed, added or moved no longer fits.

use sha2::{Digest, Sha256};

/// What the first row follows. The schema's trigger has the same.
pub(crate) const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The newest row of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Its number; 0 where there is none.
    pub seq: u64,
    /// Its hash as 64 hexadecimal digits.
    pub hash: String,
}

impl Head {
    /// The head of an empty journal.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            seq: 0,
            hash: GENESIS.to_owned(),
        }
    }
}

impl std::fmt::Display for Head {
    /// `SEQ:HASH`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.seq, self.hash)
    }
}

/// The hash of a row that follows the one with the hash `prev`, as 64 hexadecimal digits.
pub(crate) fn link(prev: &str, seq: i64, at: i64, kind: &str, payload: &str) -> String {
    // No field but the last can hold a line break, so that the text has one reading.
    let mut hasher = Sha256::new();
    hasher.update(format!("{prev}\n{seq}\n{at}\n{kind}\n"));
    hasher.update(payload);
    let digest = hasher.finalize();
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    let digits = |byte: &u8| [digit(byte >> 4), digit(byte & 0xf)];
    digest.iter().flat_map(digits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_the_sha_256_of_the_lines() {
        // printf '0…0\n1\n2\nalerted\n{}' | sha256sum
        assert_eq!(
            link(GENESIS, 1, 2, "alerted", "{}"),
            "c83a18ef7d7d234cf31443b501f3483646b4f8e89b282bb774727a13701a6116"
        );
    }
}
