//! Identifiers that follow from the seed: the same run makes the same ones.

use serde::{Deserialize, Serialize};

/// Makes ids in the shape of random UUIDs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct IdMaker {
    state: u64,
    counted: u64,
}

impl IdMaker {
    pub(crate) const fn new(seed: u64) -> Self {
        Self {
            state: seed ^ 0x5851_f42d_4c95_7f2d,
            counted: 0,
        }
    }

    /// The next number of a splitmix64 sequence.
    pub(crate) fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// The next number of a plain count.
    pub(crate) const fn count(&mut self) -> u64 {
        self.counted = self.counted.saturating_add(1);
        self.counted
    }

    /// The next UUID.
    pub(crate) fn uuid(&mut self) -> String {
        shape(self.draw(), self.draw())
    }

    /// The next request id: 32 hexadecimal digits.
    pub(crate) fn request_id(&mut self) -> String {
        format!("{:016x}{:016x}", self.draw(), self.draw())
    }
}

/// The UUID that belongs to a name, in every run.
pub(crate) fn named(name: &str) -> String {
    IdMaker::new(hash(name)).uuid()
}

/// A number that belongs to a name, in every run.
pub(crate) fn hash(name: &str) -> u64 {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    name.bytes().fold(0xcbf2_9ce4_8422_2325, mix)
}

fn shape(high: u64, low: u64) -> String {
    let low = (low & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000;
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0x0fff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_shape_of_random_uuids_and_repeat_with_the_seed() {
        let (mut one, mut other) = (IdMaker::new(7), IdMaker::new(7));
        let id = one.uuid();
        assert_eq!(id, other.uuid());
        assert_ne!(id, one.uuid());
        assert_eq!(id.len(), 36);
        assert_eq!(id.as_bytes()[14], b'4');
        assert!(b"89ab".contains(&id.as_bytes()[19]));
    }
}
