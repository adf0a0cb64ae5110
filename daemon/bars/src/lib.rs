//! The bar store: market data in Parquet, one file per series and year, with a catalogue; its CSV
//! forms; gaps against the calendar; adjustment for splits and dividends. Trades nothing.

pub mod adjust;
pub mod csv;
pub mod gaps;
pub mod hours;
pub mod rows;
pub mod series;

pub use rows::{QuoteBar, QuoteSide, QuoteTick, Rows, SideBar, TradeTick};
pub use series::{Kind, Resolution, Series, SeriesError};
pub mod catalogue;
mod checksum;
mod dates;
mod encoding;
mod merge;
mod row;
#[cfg(test)]
mod samples;
pub mod store;

pub use catalogue::Catalogue;
pub use checksum::{Checksum, ChecksumError};
pub use dates::Range;
pub use merge::{Conflict, ImportCounts, OnConflict};
pub use row::{UnfitRow, mark_each};
pub use store::Store;
