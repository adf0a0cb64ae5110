//! The journal and its projections in SQLite: one writer, many readers. What is committed is on the
//! disk. Holds no rule of trading, reads no clock and draws no numbers: both are handed in.

mod audit;
mod backup;
mod batch;
mod chain;
mod column;
mod connection;
mod diary;
mod error;
mod files;
mod journal;
mod migrate;
mod projections;
mod read;
mod rebuild;
mod schema;
mod store;
mod writer;

#[cfg(test)]
mod tests;

pub use audit::{Audited, KeptHead, NoHead};
pub use batch::{Batch, OperatorRequest, SettingChange};
pub use chain::Head;
pub use diary::{DiaryChange, DiaryEdit, DiaryPage, PastEdit};
pub use error::StoreError;
pub use journal::Row;
pub use projections::alerts::{Acknowledgement, RaisedAlert};
pub use projections::days::ClosedDay;
pub use projections::fills::Fill;
pub use projections::intents::TakenIntent;
pub use projections::orders::Order;
pub use projections::positions::Position;
pub use projections::trades::ClosedTrade;
pub use read::{
    Counts, EntryFilter, FillFilter, IntentFilter, MAX_ROWS, OrderFilter, OrderHistory, Page,
    Reader, Readers, StoreInfo, TradeFilter,
};
pub use rebuild::{After, Comparison, DIFFERENCES_MAX, Difference};
pub use store::{Recovery, Store, TAIL};
pub use writer::{Outcome, Progress, QUEUE, Ticket, Writer};
