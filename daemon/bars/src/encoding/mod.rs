//! Rows as Parquet and back, in memory. Times are UTC microseconds, prices decimals with six digits
//! after the point, so that any reader of Parquet sees them as what they are.

mod columns;
mod layout;
#[cfg(test)]
mod property_tests;
mod read;
mod write;

pub(crate) use read::{DecodeError, decode, decode_all};
pub(crate) use write::{EncodeError, encode};

use crate::catalogue::Adjustment;
use crate::series::Series;

/// Rows in a group: what a reader of a range can skip as a whole.
pub(crate) const GROUP_ROWS: usize = 131_072;

/// The version of the columns and their meaning.
const VERSION: &str = "1";

/// What a file says of its own content, for whoever finds it without the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) series: Series,
    pub(crate) source: String,
    pub(crate) feed: String,
    pub(crate) adjustment: Adjustment,
}

impl Header {
    fn entries(&self) -> [(&'static str, String); 6] {
        [
            ("trader.format", VERSION.to_owned()),
            ("trader.symbol", self.series.symbol.to_string()),
            ("trader.kind", self.series.kind.to_string()),
            ("trader.source", self.source.clone()),
            ("trader.feed", self.feed.clone()),
            ("trader.adjustment", self.adjustment.to_string()),
        ]
    }
}
