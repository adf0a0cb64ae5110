//! Questions to a trading account beside its orders. They share the account's limit, below whatever
//! concerns an order.

use chrono::NaiveDate;
use tokio::sync::oneshot;
use trader_contract::{BrokerEvent, Qty, Symbol, Timestamp};

use super::endpoint::Endpoint;
use super::trading::Trading;
use crate::protocol::budget::Urgency;
use crate::protocol::machine::Method;
use crate::protocol::outcome::{Answer, HttpResult, Verdict};
use crate::sockets::Ask;
use crate::wire::account::{Account, Configuration, OneOfMany, Position, Worth};
use crate::wire::activity::Activity;
use crate::wire::asset::{Asset, CalendarDay, Clock};
use crate::wire::order::Order;
use crate::wire::path::Path;
use crate::wire::refusal::Reason;
use crate::wire::request::ConfigurationChange;
use crate::wire::{Format, Malformed, Reader, View};

/// How often a question is asked before it is given up.
const TRIES: u32 = 3;

/// Why a question has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// Alpaca said no.
    #[error("Alpaca refused: {message}")]
    Refused {
        /// What it is about.
        reason: Reason,
        /// Alpaca's words.
        message: Box<str>,
    },
    /// No answer came, or none that says anything.
    #[error(
        "Alpaca did not answer: {why}; look at the network, then at https://status.alpaca.markets"
    )]
    Unanswered {
        /// What went wrong.
        why: Box<str>,
    },
    /// The answer is not what it should be.
    #[error("Alpaca's answer makes no sense: {0}")]
    Malformed(#[from] Malformed),
    /// The connection was stopped.
    #[error("the connection to Alpaca has been stopped")]
    Stopped,
}

/// What an answer proves, as a result.
///
/// # Errors
/// It is a refusal, or no answer.
pub(super) fn settled(result: HttpResult) -> Result<Answer, AskError> {
    match result.verdict() {
        Verdict::Done => match result {
            HttpResult::Answer(answer) => Ok(answer),
            HttpResult::NotSent { why } | HttpResult::Lost { why } => {
                Err(AskError::Unanswered { why })
            }
        },
        Verdict::Refused { failure, .. } if matches!(result, HttpResult::NotSent { .. }) => {
            Err(AskError::Unanswered {
                why: format!("{failure:?}").into(),
            })
        }
        Verdict::Refused { reason, failure } => {
            let message = match failure {
                trader_contract::RequestFailure::Refused { message, .. }
                | trader_contract::RequestFailure::Ambiguous { message } => message,
            };
            Err(AskError::Refused { reason, message })
        }
        Verdict::Ambiguous { why, .. } => Err(AskError::Unanswered { why }),
    }
}

/// Asks so often at most, until there is an answer.
///
/// # Errors
/// A refusal, or none of the questions was answered.
pub(super) async fn answered<A: Future<Output = Result<Answer, AskError>>>(
    most: u32,
    ask: impl Fn() -> A,
) -> Result<Answer, AskError> {
    for _ in 1..most {
        match ask().await {
            Err(AskError::Unanswered { .. }) => {}
            settled => return settled,
        }
    }
    ask().await
}

/// Reads an answer's body.
pub(super) fn read<T>(
    answer: &Answer,
    read: impl FnOnce(View<'_>) -> Result<T, Malformed>,
) -> Result<T, AskError> {
    let mut reader = Reader::new();
    Ok(reader.read(Format::Json, &answer.body).and_then(read)?)
}

/// Where the exchange's days are, both ends included.
pub(super) fn days(first: NaiveDate, last: NaiveDate) -> Path {
    Path::new("/v2/calendar")
        .ask("start", &first.to_string())
        .ask("end", &last.to_string())
}

/// How far our clock is ahead of one that was shown between two of its times, half of the round trip taken
/// off, in nanoseconds.
pub(super) fn ahead((asked, answered): (Timestamp, Timestamp), shown: Timestamp) -> i64 {
    let half = answered.since(asked).div_euclid(2);
    asked.plus_nanos(half).since(shown)
}

impl<E: Endpoint> Trading<E> {
    async fn once(
        &self,
        urgency: Urgency,
        method: Method,
        path: &Path,
        body: Option<Vec<u8>>,
    ) -> Result<Answer, AskError> {
        let (answer, answered) = oneshot::channel();
        let ask = Ask {
            urgency,
            method,
            path: path.as_str().to_owned(),
            body,
            answer,
        };
        self.asks.send(ask).await.map_err(|_| AskError::Stopped)?;
        settled(answered.await.map_err(|_| AskError::Stopped)?)
    }

    /// Reads something; a lost answer is asked for again.
    async fn get<T>(
        &self,
        path: &Path,
        look: impl FnOnce(View<'_>) -> Result<T, Malformed>,
    ) -> Result<T, AskError> {
        let ask = move || self.once(Urgency::Reading, Method::Get, path, None);
        read(&answered(TRIES, ask).await?, look)
    }

    /// The account.
    ///
    /// # Errors
    /// As every question: see [`AskError`].
    pub async fn account(&self) -> Result<Account, AskError> {
        self.get(&Path::new("/v2/account"), Account::read).await
    }

    /// What the account's owner has set.
    ///
    /// # Errors
    /// As every question: see [`AskError`].
    pub async fn configuration(&self) -> Result<Configuration, AskError> {
        let path = Path::new("/v2/account/configurations");
        self.get(&path, Configuration::read).await
    }

    /// Changes what the account's owner has set, and says what is set since.
    ///
    /// # Errors
    /// As every question; one without an answer may have been carried out.
    pub async fn configure(&self, change: &ConfigurationChange) -> Result<Configuration, AskError> {
        let body = change.body().map_err(|error| AskError::Unanswered {
            why: error.to_string().into(),
        })?;
        let path = Path::new("/v2/account/configurations");
        let answer = self
            .once(Urgency::Reading, Method::Patch, &path, Some(body))
            .await?;
        read(&answer, Configuration::read)
    }

    /// Alpaca's clock.
    ///
    /// # Errors
    /// As every question: see [`AskError`].
    pub async fn clock(&self) -> Result<Clock, AskError> {
        self.get(&Path::new("/v2/clock"), Clock::read).await
    }

    /// How far our clock is ahead of Alpaca's, half of the round trip taken off, in nanoseconds.
    ///
    /// # Errors
    /// As every question: see [`AskError`].
    pub async fn skew(&self) -> Result<i64, AskError> {
        let asked = self.now();
        let shown = self.clock().await?;
        Ok(ahead((asked, self.now()), shown.at))
    }

    /// What may be done with a symbol now, as the event that the engine takes. A symbol that Alpaca does
    /// not know may not be traded.
    ///
    /// # Errors
    /// As every question: see [`AskError`].
    pub async fn asset_event(&self, symbol: Symbol) -> Result<BrokerEvent, AskError> {
        let asset = self.asset(symbol).await?;
        Ok(BrokerEvent::Asset {
            symbol,
            tradable: asset.as_ref().is_some_and(Asset::is_tradable),
            shortable: asset.as_ref().is_some_and(Asset::is_shortable),
        })
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

    /// What may be done with a symbol; `None` where Alpaca does not know it.
    ///
    /// # Errors
    /// As every question: see [`AskError`].
    pub async fn asset(&self, symbol: Symbol) -> Result<Option<Asset>, AskError> {
        let path = Path::new("/v2/assets").part(symbol.as_str());
        match self.get(&path, Asset::read).await {
            Ok(asset) => Ok(Some(asset)),
            Err(AskError::Refused {
                reason: Reason::NoAsset,
                ..
            }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Every stock that is listed now, and how many could not be read.
    ///
    /// # Errors
    /// As every question: see [`AskError`].
    pub async fn assets(&self) -> Result<(Vec<Asset>, usize), AskError> {
        let path = Path::new("/v2/assets")
            .ask("status", "active")
            .ask("asset_class", "us_equity");
        self.get(&path, Asset::read_list).await
    }

    /// Every position.
    ///
    /// # Errors
    /// As every question: see [`AskError`].
    pub async fn positions(&self) -> Result<Vec<Position>, AskError> {
        self.get(&Path::new("/v2/positions"), Position::read_list)
            .await
    }

    /// Closes a position, or a part of it, at the market, and says with which order. For a person's hand:
    /// the daemon closes by orders with ids of its own.
    ///
    /// # Errors
    /// As every question; one without an answer may have been carried out.
    pub async fn close_position(
        &self,
        symbol: Symbol,
        qty: Option<Qty>,
    ) -> Result<Order, AskError> {
        let qty = qty.map(|qty| qty.to_string());
        let path = Path::new("/v2/positions")
            .part(symbol.as_str())
            .ask_if("qty", qty.as_deref());
        let answer = self
            .once(Urgency::Protecting, Method::Delete, &path, None)
            .await?;
        read(&answer, Order::read)
    }

    /// Closes every position at the market, and cancels every order before.
    ///
    /// # Errors
    /// As every question; one without an answer may have been carried out.
    pub async fn close_all(&self) -> Result<Vec<OneOfMany>, AskError> {
        let path = Path::new("/v2/positions").ask("cancel_orders", "true");
        let answer = self
            .once(Urgency::Protecting, Method::Delete, &path, None)
            .await?;
        read(&answer, OneOfMany::read_list)
    }

    /// Asks for the cancel of every open order, protective stops too.
    ///
    /// # Errors
    /// As every question; asking again does no more.
    pub async fn cancel_all(&self) -> Result<Vec<OneOfMany>, AskError> {
        let path = Path::new("/v2/orders");
        let answer = self
            .once(Urgency::Protecting, Method::Delete, &path, None)
            .await?;
        read(&answer, OneOfMany::read_list)
    }

    /// One page of the account's history, oldest first, of one kind where one is named; `after` is the id
    /// of the last line that is known.
    ///
    /// # Errors
    /// As every question: see [`AskError`].
    pub async fn activities(
        &self,
        kind: Option<&str>,
        after: Option<&str>,
    ) -> Result<Vec<Activity>, AskError> {
        let path = Path::new("/v2/account/activities")
            .ask_if("activity_types", kind)
            .ask("direction", "asc")
            .ask("page_size", "100")
            .ask_if("page_token", after);
        self.get(&path, Activity::read_list).await
    }

    /// What the account was worth at the end of each of the last days, `period` in Alpaca's words (`1M`).
    ///
    /// # Errors
    /// As every question: see [`AskError`].
    pub async fn worth(&self, period: &str) -> Result<Vec<Worth>, AskError> {
        let path = Path::new("/v2/account/portfolio/history")
            .ask("period", period)
            .ask("timeframe", "1D");
        self.get(&path, Worth::read_list).await
    }
}
