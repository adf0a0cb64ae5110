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
