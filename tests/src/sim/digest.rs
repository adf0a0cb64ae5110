//! A hash of what happens, taken from the values themselves: making text of them would cost more than
//! everything else in a run.

use std::io;

use serde::Serialize;
use trader_contract::{
    Bar, BrokerEvent, BrokerRequest, BrokerSnapshot, ClientOrderId, Execution, OrderKind,
    OrderReport, OrderRequest, Price, RequestFailure, Side, Symbol,
};

/// A hash that takes words as they come: two of them, multiplied and mixed. It tells runs apart; it is
/// no seal.
#[derive(Debug, Clone, Copy)]
pub struct Digest {
    low: u64,
    high: u64,
    /// Bytes that do not make a word yet, and how many.
    rest: (u64, u32),
}

impl Default for Digest {
    fn default() -> Self {
        Self {
            low: 0x6c62_272e_07bb_0142,
            high: 0x62b8_2175_6295_c58d,
            rest: (0, 0),
        }
    }
}

/// What a digest comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Hash(pub u64, pub u64);

impl std::fmt::Display for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}{:016x}", self.0, self.1)
    }
}

impl Digest {
    /// Takes a word.
    pub const fn word(&mut self, word: u64) {
        self.low = (self.low ^ word)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(29);
        self.high = (self.high.wrapping_add(word) ^ self.low).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    }

    /// Takes a number with a sign.
    pub const fn number(&mut self, number: i64) {
        self.word(u64::from_ne_bytes(number.to_ne_bytes()));
    }

    /// Takes a text.
    pub fn text(&mut self, text: &str) {
        // A digest takes everything.
        let _ = io::Write::write(self, text.as_bytes());
        self.word(u64::try_from(text.len()).unwrap_or(u64::MAX));
    }

    /// Takes anything that can be serialised.
    pub fn value(&mut self, value: &impl Serialize) {
        // A digest takes everything, but for sequences of unknown length: those become text.
        if postcard::to_io(value, &mut *self).is_err() {
            let _ = serde_json::to_writer(&mut *self, value);
        }
        self.word(0);
    }

    /// Does the same by way of a buffer, which is faster for what has many small parts.
    pub fn value_by(&mut self, value: &impl Serialize, buffer: &mut Vec<u8>) {
        buffer.clear();
        match postcard::to_extend(value, std::mem::take(buffer)) {
            Ok(bytes) => {
                let _ = io::Write::write(self, &bytes);
                *buffer = bytes;
                self.word(0);
            }
            Err(_) => self.value(value),
        }
    }

    /// What it comes to.
    #[must_use]
    pub const fn hash(mut self) -> Hash {
        self.word(self.rest.0);
        self.word(self.rest.1 as u64);
        Hash(self.high, self.low)
    }
}

impl io::Write for Digest {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let (whole, rest) = bytes.as_chunks::<8>();
        for chunk in whole {
            // The bytes that wait come first, and as many of this chunk wait after it.
            let (waiting, count) = self.rest;
            let next = u64::from_be_bytes(*chunk);
            match count {
                0 => self.word(next),
                _ => {
                    let bits = 8 * count;
                    self.word(waiting << (64 - bits) | next >> bits);
                    self.rest.0 = next & ((1 << bits) - 1);
                }
            }
        }
        for byte in rest {
            let (word, count) = self.rest;
            self.rest = (word << 8 | u64::from(*byte), count + 1);
            if self.rest.1 == 8 {
                let word = self.rest.0;
                self.word(word);
                self.rest = (0, 0);
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Something that a digest can take.
pub trait Digested {
    /// Gives everything in it that can differ.
    fn digest(&self, digest: &mut Digest);
}

impl Digested for Symbol {
    fn digest(&self, digest: &mut Digest) {
        digest.text(self.as_str());
    }
}

impl Digested for ClientOrderId {
    fn digest(&self, digest: &mut Digest) {
        digest.word(u64::from(self.epoch.0) << 32 | u64::from(self.session));
        let role = self.role as u64;
        let tail = u64::from(self.intent.0) << 32 | role << 16 | u64::from(self.attempt);
        digest.word(tail);
    }
}

impl Digested for Option<Price> {
    fn digest(&self, digest: &mut Digest) {
        digest.number(self.map_or(-1, Price::micros));
    }
}

impl Digested for Option<(ClientOrderId, Price)> {
    fn digest(&self, digest: &mut Digest) {
        match self {
            None => digest.word(0),
            Some((id, price)) => {
                id.digest(digest);
                digest.number(price.micros());
            }
        }
    }
}

impl Digested for Side {
    fn digest(&self, digest: &mut Digest) {
        digest.word(*self as u64);
    }
}

impl Digested for Bar {
    fn digest(&self, digest: &mut Digest) {
        digest.number(self.start.nanos());
        for price in [self.open, self.high, self.low, self.close] {
            digest.number(price.micros());
        }
        digest.word(self.volume);
    }
}

impl Digested for Execution {
    fn digest(&self, digest: &mut Digest) {
        digest.text(&self.id.0);
        digest.number(self.qty.nanos());
        digest.number(self.price.micros());
        digest.number(self.at.nanos());
        digest.text(&self.fee.femtos().to_string());
    }
}

impl Digested for OrderReport {
    fn digest(&self, digest: &mut Digest) {
        self.client_id.digest(digest);
        digest.word(self.status as u64);
        self.side.digest(digest);
        digest.number(self.qty.nanos());
        digest.number(self.filled.nanos());
        self.stop.digest(digest);
        self.limit.digest(digest);
        digest.number(self.at.nanos());
        if let Some(id) = &self.replaced_by {
            id.digest(digest);
        }
        match &self.execution {
            None => digest.word(0),
            Some(execution) => execution.digest(digest),
        }
        digest.text(self.reason.as_deref().unwrap_or_default());
    }
}

impl Digested for BrokerSnapshot {
    fn digest(&self, digest: &mut Digest) {
        digest.word(self.number.into());
        digest.number(self.at.nanos());
        // Each of them was taken when it happened.
        digest.word(u64::try_from(self.orders.len()).unwrap_or(u64::MAX));
        digest.word(u64::try_from(self.executions.len()).unwrap_or(u64::MAX));
        for (symbol, net) in &self.positions {
            symbol.digest(digest);
            digest.number(net.nanos());
        }
        digest.text(&self.cash.femtos().to_string());
        digest.word(u64::try_from(self.foreign.len()).unwrap_or(u64::MAX));
        digest.word(u64::try_from(self.corrected.len()).unwrap_or(u64::MAX));
        digest.word(self.account.blocked.is_some().into());
    }
}

impl Digested for RequestFailure {
    fn digest(&self, digest: &mut Digest) {
        match self {
            Self::Refused { code, message } => {
                digest.word(u64::from(*code) + 1);
                digest.text(message);
            }
            Self::Ambiguous { message } => {
                digest.word(0);
                digest.text(message);
            }
        }
    }
}

impl Digested for BrokerEvent {
    fn digest(&self, digest: &mut Digest) {
        match self {
            Self::Order(report) => report.digest(digest),
            Self::SubmitFailed { client_id, failure } => {
                digest.word(1);
                client_id.digest(digest);
                failure.digest(digest);
            }
            Self::CancelFailed { client_id, failure } => {
                digest.word(2);
                client_id.digest(digest);
                failure.digest(digest);
            }
            Self::ReplaceFailed {
                client_id,
                new_client_id,
                failure,
            } => {
                digest.word(3);
                client_id.digest(digest);
                new_client_id.digest(digest);
                failure.digest(digest);
            }
            Self::Snapshot(snapshot) => snapshot.digest(digest),
            // The rest is rare.
            other => digest.value(other),
        }
    }
}

impl Digested for OrderRequest {
    fn digest(&self, digest: &mut Digest) {
        self.client_id.digest(digest);
        self.symbol.digest(digest);
        self.side.digest(digest);
        digest.number(self.qty.nanos());
        digest.text(self.kind.name());
        self.kind.stop().digest(digest);
        self.kind.limit().digest(digest);
        if let OrderKind::TrailingStop { trail } = self.kind {
            digest.text(&format!("{trail:?}"));
        }
        digest.text(self.time_in_force.name());
        self.attached.stop.digest(digest);
        self.attached.target.digest(digest);
        self.oco_stop.digest(digest);
    }
}

impl Digested for BrokerRequest {
    fn digest(&self, digest: &mut Digest) {
        match self {
            Self::Submit(request) => request.digest(digest),
            Self::Cancel(id) => id.digest(digest),
            Self::Replace(change) => {
                change.client_id.digest(digest);
                change.new_client_id.digest(digest);
                digest.number(change.qty.map_or(-1, trader_contract::Qty::nanos));
                change.stop.digest(digest);
                change.limit.digest(digest);
            }
            Self::Snapshot { number, since } => {
                digest.word(u64::from(*number));
                digest.number(since.nanos());
            }
        }
    }
}
