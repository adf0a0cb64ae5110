//! Tests of the crate on real files.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "small numbers; an overflow would panic"
)]

mod alerts;
mod auditing;
mod authority;
mod corrections;
mod decisions;
mod diary;
mod example;
mod failing;
mod fold;
mod generate;
mod opening;
mod projecting;
mod reading;
mod schema;
mod tampering;
mod values;
mod writing;

use trader_contract::{Money, Timestamp};
use trader_core::record::{JournalEntry, Record};

/// A time for every test.
const NOW: Timestamp = Timestamp::from_seconds(1_294_669_800);

/// An entry that changes no projection.
fn plain(seq: u64) -> JournalEntry {
    JournalEntry {
        seq,
        at: NOW,
        record: Record::AccountOpened {
            cash: Money::dollars(25_000),
        },
    }
}
