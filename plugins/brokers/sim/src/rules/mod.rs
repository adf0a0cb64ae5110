//! What the broker refuses. What every broker refuses is in `plain`, what Alpaca refuses besides in
//! `alpaca`; what an accepted order then does is elsewhere.

mod alpaca;
mod plain;
mod times;

use trader_contract::{OrderRequest, Replacement, ReportStatus, RequestFailure, Timestamp};

use crate::broker::SimBroker;
use crate::config::Profile;
use crate::order::Order;

/// A refusal in Alpaca's numbering.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: u32,
    pub(crate) message: Box<str>,
}

impl Refusal {
    /// The request is malformed, or a value in it.
    pub(crate) const INVALID: u32 = 40_010_001;
    /// The account may not do that.
    pub(crate) const FORBIDDEN: u32 = 40_310_000;
    /// The account would become a pattern day trader.
    pub(crate) const DAY_TRADES: u32 = 40_310_100;
    /// There is no such thing.
    pub(crate) const NOT_FOUND: u32 = 40_410_000;
    /// It cannot be done with this order.
    pub(crate) const UNPROCESSABLE: u32 = 42_210_000;

    pub(crate) fn new(code: u32, message: impl Into<Box<str>>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    pub(crate) fn not_found() -> Self {
        Self::new(Self::NOT_FOUND, "order not found")
    }

    pub(crate) fn already_in(status: ReportStatus) -> Self {
        let message = format!("order is already in \"{}\" state", status_name(status));
        Self::new(Self::UNPROCESSABLE, message)
    }

    pub(crate) fn into_failure(self) -> RequestFailure {
        RequestFailure::Refused {
            code: self.code,
            message: self.message,
        }
    }
}

/// Alpaca's word for a status.
#[must_use]
pub const fn status_name(status: ReportStatus) -> &'static str {
    match status {
        ReportStatus::PendingNew => "pending_new",
        ReportStatus::Accepted => "accepted",
        ReportStatus::Held => "held",
        ReportStatus::New => "new",
        ReportStatus::PartiallyFilled => "partially_filled",
        ReportStatus::DoneForDay => "done_for_day",
        ReportStatus::PendingCancel => "pending_cancel",
        ReportStatus::PendingReplace => "pending_replace",
        ReportStatus::Suspended => "suspended",
        ReportStatus::Filled => "filled",
        ReportStatus::Cancelled => "canceled",
        ReportStatus::Expired => "expired",
        ReportStatus::Rejected => "rejected",
        ReportStatus::Replaced => "replaced",
    }
}

/// Checks a new order and returns the place of its book.
pub(crate) fn check_submit(
    broker: &SimBroker,
    request: &OrderRequest,
    at: Timestamp,
) -> Result<usize, Refusal> {
    let index = plain::check_shape(broker, request)?;
    times::check_fit(request)?;
    if broker.config.profile == Profile::Alpaca {
        alpaca::check_shape(broker, request)?;
        times::check_alpaca(broker, request, at)?;
        // Observed: a wash trade is refused as one even when the id is a duplicate as well.
        alpaca::check_wash_trade(broker, index, request)?;
    }
    plain::check_ids(broker, request)?;
    if broker.config.profile == Profile::Alpaca {
        alpaca::check_against_market(broker, index, request, None)?;
        alpaca::check_quantity(broker, index, request, None)?;
    }
    plain::check_account(broker, index, request, None)?;
    Ok(index)
}

/// Checks a replacement and returns the order that it makes, with its total quantity.
pub(crate) fn check_replace(
    broker: &SimBroker,
    old: &Order,
    replacement: &Replacement,
    _at: Timestamp,
) -> Result<OrderRequest, Refusal> {
    let changed = plain::check_replace(broker, old, replacement)?;
    times::check_fit(&changed)?;
    if broker.config.profile == Profile::Alpaca {
        alpaca::check_replace(broker, old, &changed)?;
        alpaca::check_against_market(broker, old.book, &changed, Some(old))?;
        alpaca::check_quantity(broker, old.book, &changed, Some(old))?;
    }
    plain::check_account(broker, old.book, &changed, Some(old))?;
    Ok(changed)
}
