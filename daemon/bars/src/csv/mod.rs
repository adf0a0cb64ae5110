//! The CSV form of every kind of rows: reading, with every row checked, and writing. Opens no file.
//!
//! # The canonical form
//! What [`write()`] gives, and what a file must be to come back byte for byte after it was read:
//! - the header of the kind ([`header()`]), then one line per row, each ended by a line feed;
//! - times in UTC, the starts of bars in whole seconds (`2013-10-07T13:30:00Z`), ticks with three
//!   decimals (`2013-10-07T13:30:00.688Z`);
//! - prices with two decimals, or with as many more as they need, six at most: `168.80`, `168.8125`;
//! - volumes and sizes as whole numbers, flags as `0` or `1`;
//! - a side without a quote as four empty fields and the size `0`;
//! - exchange and condition as they came, in quotes only if they hold a comma or a quote.
//!
//! # What is read besides
//! A UTF-8 mark, CRLF, a last line without an end, empty lines at the end; gzip, in several members
//! too; fields in quotes; any RFC 3339 time; zeros before a price and behind it; volumes such as
//! `100.0`. These come back in the canonical form.
//!
//! # What is checked
//! Each row by itself (fields, numbers, high and low, its start on the second, minute, hour or
//! midnight of its length, the hours of the exchange), against the one before (time goes up; ticks
//! may share one), and all together (rows spaced like those of a longer timeframe are refused). Bid
//! and ask may cross, since at one exchange and another they do.

mod error;
mod field;
mod header;
mod input;
mod problem;
mod read;
mod row;
mod shape;
mod write;

pub use error::{BadRow, BadRows, CsvError};
pub use field::{SHARES_MAX, TEXT_MAX};
pub use header::{HeaderError, header};
pub use input::read_text;
pub use problem::Problem;
pub use read::{Counts, ExtendedHours, Progress, ReadRows, Rules, read};
pub use write::{CsvWriter, write};
