//! The id of a call that changes something: drawn by the client, stored by the daemon, so that the
//! call acts once however often it is sent.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a text is no request id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a request id: 1 to 64 characters of a-z, A-Z, 0-9, '-' and '_'")]
pub struct RequestIdError(String);

/// The id of one call that changes something: 1 to 64 characters of `a-z A-Z 0-9 - _`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RequestId(Box<str>);

impl RequestId {
    /// The longest id.
    pub const MAX_LEN: usize = 64;

    /// Draws a new id: 128 bits from the kernel, in hexadecimal.
    ///
    /// # Errors
    /// The kernel's random source cannot be read.
    pub fn draw() -> io::Result<Self> {
        let mut bytes = [0_u8; 16];
        File::open("/dev/urandom")?.read_exact(&mut bytes)?;
        let number = u128::from_be_bytes(bytes);
        Ok(Self(format!("{number:032x}").into()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RequestId {
    type Err = RequestIdError;
    fn from_str(text: &str) -> Result<Self, RequestIdError> {
        let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if (1..=Self::MAX_LEN).contains(&text.len()) && text.bytes().all(legal) {
            Ok(Self(text.into()))
        } else {
            Err(RequestIdError(text.to_owned()))
        }
    }
}

impl TryFrom<String> for RequestId {
    type Error = RequestIdError;
    fn try_from(text: String) -> Result<Self, RequestIdError> {
        text.parse()
    }
}

impl From<RequestId> for String {
    fn from(id: RequestId) -> Self {
        id.0.into()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_drawn_ids_differ_and_read_back() {
        let (a, b) = (RequestId::draw().unwrap(), RequestId::draw().unwrap());
        assert_ne!(a, b);
        assert_eq!(a.as_str().parse::<RequestId>().unwrap(), a);
    }

    #[test]
    fn an_id_is_short_and_plain() {
        let long = "x".repeat(65);
        for bad in ["", "a b", "a\n", "é", long.as_str()] {
            assert!(bad.parse::<RequestId>().is_err(), "{bad:?}");
        }
    }
}
