//! The seam to what has been written: ended orders, trades, days and
//! alerts. Reading may wait for the disk,
//! so it happens on threads of its own, a few at a time.

use std::sync::Arc;

use chrono::NaiveDate;
use tokio::sync::Semaphore;
use trader_rpc::{
    AlertsParams, DaySummary, DaysParams, Failure, JournalAlert, Order, OrdersParams, Trade,
    TradeEdit, TradeName, TradesParams, Why, WhyParams,
};

/// Readers at one time; more wait.
const READERS_MAX: usize = 2;

/// What has been written. May block.
pub trait Archive: Send + Sync + 'static {
    /// Orders, the newest first.
    ///
    /// # Errors
    /// The store cannot be read.
    fn orders(&self, params: &OrdersParams) -> Result<Vec<Order>, Failure>;

    /// Trades that have ended, the newest first.
    ///
    /// # Errors
    /// The store cannot be read.
    fn trades(&self, params: &TradesParams) -> Result<Vec<Trade>, Failure>;

    /// Trades that have ended and that are called so; an intent may have opened more than one.
    ///
    /// # Errors
    /// The store cannot be read.
    fn trades_named(&self, name: &TradeName) -> Result<Vec<Trade>, Failure>;

    /// Edits of what is written about the trade with this number, the newest first.
    ///
    /// # Errors
    /// The store cannot be read.
    fn trade_edits(&self, number: u64) -> Result<Vec<TradeEdit>, Failure>;

    /// Days of the account, the oldest first.
    ///
    /// # Errors
    /// The store cannot be read.
    fn days(&self, params: &DaysParams) -> Result<Vec<DaySummary>, Failure>;

    /// How many alerts were raised on a date in New York.
    ///
    /// # Errors
    /// The store cannot be read.
    fn alerts_of(&self, date: NaiveDate) -> Result<u32, Failure>;

    /// Alerts: those that need somebody, the gravest first, or all, the newest first.
    ///
    /// # Errors
    /// The store cannot be read.
    fn alerts(&self, params: &AlertsParams) -> Result<Vec<JournalAlert>, Failure>;

    /// Why something was done.
    ///
    /// # Errors
    /// There is nothing of that name, or the store cannot be read.
    fn why(&self, params: &WhyParams) -> Result<Why, Failure>;

    /// The alert with a number.
    ///
    /// # Errors
    /// The store cannot be read.
    fn alert(&self, number: u64) -> Result<Option<JournalAlert>, Failure>;
}

/// The archive with its few readers.
#[derive(Clone)]
pub(super) struct ReadingRoom {
    archive: Arc<dyn Archive>,
    seats: Arc<Semaphore>,
}

impl ReadingRoom {
    pub(super) fn new(archive: Arc<dyn Archive>) -> Self {
        Self {
            archive,
            seats: Arc::new(Semaphore::new(READERS_MAX)),
        }
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        method: &'static str,
        look: impl FnOnce(&dyn Archive) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let seat = Arc::clone(&self.seats).acquire_owned().await;
        let archive = Arc::clone(&self.archive);
        let reading = tokio::task::spawn_blocking(move || {
            let _seat = seat;
            look(&*archive)
        });
        reading.await.unwrap_or_else(|error| {
            Err(Failure::internal(
                format!("{method} failed"),
                error.to_string(),
            ))
        })
    }
}
