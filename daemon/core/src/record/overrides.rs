//! Overrides: one refused entry that a person wants sent all the same, and how that ended.

use serde::{Deserialize, Serialize};
use trader_contract::{OrderRequest, Price, Timestamp};

use super::IntentId;
use crate::risk::waiver::Waivable;

/// A limit that an order is to go through, with its numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waived {
    /// The limit.
    pub limit: Waivable,
    /// What it said, with numbers.
    pub detail: Box<str>,
}

/// What a person asked for: exactly this order, through exactly these limits, once and soon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// The refused intent.
    pub intent: IntentId,
    /// The order that is to leave.
    pub order: OrderRequest,
    /// The route whose strategy wanted it.
    pub route: Box<str>,
    /// After how many bars it is cancelled, if it has not filled.
    pub expires_after_bars: Option<u16>,
    /// What refused it.
    pub waived: Vec<Waived>,
    /// The last price when it was shown.
    pub last: Price,
    /// It can be confirmed before this.
    pub until: Timestamp,
    /// Who asked.
    pub uid: u32,
    /// The id of that call.
    pub request: Box<str>,
}

impl Override {
    /// What the confirmation must repeat. It follows from everything that was shown, so that a code
    /// never confirms anything else; it is no secret.
    #[must_use]
    pub fn code(&self) -> String {
        let shown = format!(
            "{} {} {} {:?} {:?} {:?} {:?}",
            self.intent,
            self.request,
            self.uid,
            self.until,
            self.order,
            self.last,
            self.limits()
        );
        let hash = shown.bytes().fold(FNV_BASIS, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME)
        });
        let letter = |place: u32| {
            let digit =
                usize::try_from(hash.rotate_left(place.saturating_mul(5)) % 32).unwrap_or(0);
            LETTERS.chars().nth(digit).unwrap_or('0')
        };
        (1..=6).map(letter).collect()
    }

    /// Whether somebody typed the code.
    #[must_use]
    pub fn is_code(&self, typed: &str) -> bool {
        typed.trim().eq_ignore_ascii_case(&self.code())
    }

    /// The limits that it goes through.
    #[must_use]
    pub fn limits(&self) -> Vec<Waivable> {
        self.waived.iter().map(|waived| waived.limit).collect()
    }

    /// Their names, for sentences.
    #[must_use]
    pub fn names(&self) -> String {
        let names: Vec<&str> = self.waived.iter().map(|w| w.limit.name()).collect();
        names.join(", ")
    }
}

/// Digits and letters that nobody mistakes for another.
const LETTERS: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Constants of FNV-1a.
const FNV_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;

/// How an override ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverrideEnd {
    /// It was confirmed and passed the gate: its order is planned with this.
    Used,
    /// Nobody confirmed it in time.
    Expired,
    /// A wrong code was given too often.
    Voided,
}
