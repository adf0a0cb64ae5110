//! Questions to an account without a connection that trades: for who looks from beside it. No order can
//! be sent, and no stream is opened, so that nothing that trades with the same keys is disturbed.

use chrono::NaiveDate;
use trader_contract::Timestamp;

use super::account::{AskError, ahead, answered, days, read, settled};
use super::endpoint::Endpoint;
use super::trading::StartError;
use crate::protocol::keys::Keys;
use crate::protocol::machine::Method;
use crate::sockets::Http;
use crate::wire::account::Account;
use crate::wire::asset::{CalendarDay, Clock};
use crate::wire::markets::{MarketClock, MarketDay};
use crate::wire::path::Path;
use crate::wire::{Malformed, View};

/// How often a question is asked before it is given up.
const TRIES: u32 = 2;

/// Asks an account.
#[derive(Debug, Clone)]
pub struct Inquiry {
    http: Http,
    clock: fn() -> Timestamp,
}

impl Inquiry {
    /// Questions to the account of these keys, with the clock that is compared with Alpaca's.
    ///
    /// # Errors
    /// The keys are none, or TLS could not be set up.
    pub fn new<E: Endpoint>(
        endpoint: &E,
        keys: &Keys,
        clock: fn() -> Timestamp,
    ) -> Result<Self, StartError> {
        let http = Http::new(&endpoint.addresses().trading, keys)?;
        Ok(Self { http, clock })
    }

    async fn get<T>(
        &self,
        path: &Path,
        look: impl FnOnce(View<'_>) -> Result<T, Malformed>,
    ) -> Result<T, AskError> {
        let ask = move || async { settled(self.http.call(Method::Get, path.as_str(), None).await) };
        read(&answered(TRIES, ask).await?, look)
    }

    /// The account.
    ///
    /// # Errors
    /// As every question: see [`AskError`].
    pub async fn account(&self) -> Result<Account, AskError> {
        self.get(&Path::new("/v2/account"), Account::read).await
    }

    /// Alpaca's clock, and how far ours is ahead of it, half of the round trip taken off, in
    /// nanoseconds.
    ///
    /// # Errors
    /// As every question: see [`AskError`].
    pub async fn clock(&self) -> Result<(Clock, i64), AskError> {
        let asked = (self.clock)();
        let shown = self.get(&Path::new("/v2/clock"), Clock::read).await?;
        let ahead = ahead((asked, (self.clock)()), shown.at);
        Ok((shown, ahead))
    }

    /// The exchange's days, both ends included.
    ///
    /// # Errors
    /// As every question: see [`AskError`].
    pub async fn calendar(
        &self,
        first: NaiveDate,
        last: NaiveDate,
    ) -> Result<Vec<CalendarDay>, AskError> {
        self.get(&days(first, last), CalendarDay::read_list).await
    }

    /// The clocks of markets, by their codes: `XNYS`, `XNAS`.
    ///
    /// # Errors
    /// As every question: see [`AskError`].
    pub async fn market_clocks(&self, markets: &[&str]) -> Result<Vec<MarketClock>, AskError> {
        let path = Path::new("/v3/clock").ask("markets", &markets.join(","));
        self.get(&path, MarketClock::read_all).await
    }

    /// A market's days with the hours before and after its core session, both ends included.
    ///
    /// # Errors
    /// As every question: see [`AskError`].
    pub async fn market_calendar(
        &self,
        market: &str,
        (first, last): (NaiveDate, NaiveDate),
    ) -> Result<Vec<MarketDay>, AskError> {
        let path = Path::new("/v3/calendar")
            .part(market)
            .ask("start", &first.to_string())
            .ask("end", &last.to_string());
        self.get(&path, MarketDay::read_all).await
    }
}
