//! Numbers of shares: without a sign ([`Qty`]) and as a position with one ([`NetQty`]).

use std::ops::Neg;

use crate::number::decimal_text;

const QTY_DECIMALS: u32 = 9;

/// A number of shares without a sign, in billionths of a share.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Qty(i64);

impl Qty {
    /// What [`Qty::from_nanos`] accepts, in words.
    pub const RANGE: &'static str = "the quantities from 0 to 1000000000 shares";
    /// No shares.
    pub const ZERO: Self = Self(0);
    /// One share in billionths.
    pub const NANOS_PER_SHARE: i64 = 1_000_000_000;
    /// The largest quantity: a billion shares.
    pub const MAX_NANOS: i64 = 1_000_000_000_000_000_000;

    /// Takes billionths of a share; `None` unless in 0..=[`Self::MAX_NANOS`].
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Option<Self> {
        if nanos >= 0 && nanos <= Self::MAX_NANOS {
            Some(Self(nanos))
        } else {
            None
        }
    }

    /// Takes whole shares; `None` above a billion.
    #[must_use]
    pub const fn shares(shares: u32) -> Option<Self> {
        Self::from_nanos((shares as i64).saturating_mul(Self::NANOS_PER_SHARE))
    }

    /// The quantity in billionths of a share.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// The whole shares in it; a fraction is left out.
    #[must_use]
    pub const fn whole_shares(self) -> i64 {
        self.0 / Self::NANOS_PER_SHARE
    }

    /// Whether it is a whole number of shares.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        self.0 % Self::NANOS_PER_SHARE == 0
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum; `None` past the largest quantity.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Self::from_nanos(sum),
            None => None,
        }
    }

    /// What is left after taking `other` away; `None` where `other` is more.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        Self::from_nanos(self.0.wrapping_sub(other.0))
    }
}

decimal_text!(Qty, QTY_DECIMALS, |scaled| i64::try_from(scaled)
    .ok()
    .and_then(Qty::from_nanos));

/// A net position in billionths of a share: positive is long, negative is short.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NetQty(i64);

impl NetQty {
    /// What fits, in words.
    pub const RANGE: &'static str = "the positions from -1000000000 to 1000000000 shares";
    /// Flat.
    pub const ZERO: Self = Self(0);

    /// Takes billionths of a share; `None` beyond a billion shares either way.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Option<Self> {
        if nanos >= -Qty::MAX_NANOS && nanos <= Qty::MAX_NANOS {
            Some(Self(nanos))
        } else {
            None
        }
    }

    /// The position in billionths of a share.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// The size without the sign.
    #[must_use]
    pub const fn magnitude(self) -> Qty {
        Qty(self.0.saturating_abs())
    }

    /// Whether there is no position.
    #[must_use]
    pub const fn is_flat(self) -> bool {
        self.0 == 0
    }

    /// The sum; `None` beyond a billion shares.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Self::from_nanos(sum),
            None => None,
        }
    }
}

impl Neg for NetQty {
    type Output = Self;
    fn neg(self) -> Self {
        // The range is symmetrical, so the negation always fits.
        Self(self.0.wrapping_neg())
    }
}

decimal_text!(NetQty, QTY_DECIMALS, |scaled| i64::try_from(scaled)
    .ok()
    .and_then(NetQty::from_nanos));
