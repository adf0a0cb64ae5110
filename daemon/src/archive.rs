//! The store as the RPC methods read it: ended orders, trades, days and alerts in the wire's types.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::{Datelike, NaiveDate, NaiveTime};
use trader_calendar::new_york;
use trader_contract::{IntentNo, Mean, Timestamp};
use trader_core::record::IntentId;
use trader_kernel::views;
use trader_rpc::{
    AlertsParams, DaySummary, DaysParams, Failure, JournalAlert, Order, OrderStatus, OrdersParams,
    Trade, TradeEdit, TradeName, TradesParams, Why, WhyParams, convert, limits,
};
use trader_store::{MAX_ROWS, OrderFilter, Page, Reader, Readers, StoreError, TradeFilter};

use crate::server::Archive;

mod why;

#[cfg(test)]
mod tests;

/// Readers held open: as many as the server lets ask at once.
const READERS: usize = 2;

/// The store behind the RPC methods that look back.
#[derive(Debug)]
pub struct StoreArchive(Readers);

impl StoreArchive {
    /// Opens the database at `path` for reading; a [`trader_store::Store`] must have made it.
    ///
    /// # Errors
    /// The file cannot be opened, is none of ours, or a newer release wrote it.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Readers::open(path, READERS).map(Self)
    }

    /// Reads through these readers.
    #[must_use]
    pub const fn new(readers: Readers) -> Self {
        Self(readers)
    }

    fn list_trades(
        &self,
        method: &str,
        filter: &TradeFilter,
        limit: Option<u32>,
    ) -> Result<Vec<Trade>, Failure> {
        let page = page(limit);
        let found = self.0.ask(|reader| reader.trades_with_diary(filter, page));
        let found = answer(method, found)?;
        let on_the_wire = found
            .iter()
            .map(|(closed, written)| views::trade(closed, written));
        Ok(on_the_wire.collect())
    }
}

impl Archive for StoreArchive {
    fn orders(&self, params: &OrdersParams) -> Result<Vec<Order>, Failure> {
        let filter = OrderFilter {
            open_only: params.open_only,
            symbol: params.symbol,
            ..OrderFilter::default()
        };
        let page = page(params.limit);
        let found = self.0.ask(|reader| reader.orders(&filter, page));
        Ok(answer("orders", found)?.into_iter().map(order).collect())
    }

    fn trades(&self, params: &TradesParams) -> Result<Vec<Trade>, Failure> {
        let filter = TradeFilter {
            from: params.from.map(begin_of),
            until: params.to.and_then(|date| date.succ_opt()).map(begin_of),
            symbol: params.symbol,
            route: params.route.as_deref().map(Box::from),
            tags: params.tags.iter().map(|tag| tag.as_str().into()).collect(),
            ..TradeFilter::default()
        };
        self.list_trades("trades", &filter, params.limit)
    }

    fn trades_named(&self, name: &TradeName) -> Result<Vec<Trade>, Failure> {
        let filter = match name {
            TradeName::Number(number) => TradeFilter {
                number: Some(*number),
                ..TradeFilter::default()
            },
            TradeName::Intent(text) => match intent(text) {
                None => return Ok(Vec::new()),
                intent => TradeFilter {
                    intent,
                    ..TradeFilter::default()
                },
            },
        };
        self.list_trades("trades", &filter, None)
    }

    fn trade_edits(&self, number: u64) -> Result<Vec<TradeEdit>, Failure> {
        let found = self
            .0
            .ask(|reader| reader.diary_edits(number, limits::ROWS_MAX));
        let found = answer("trade_edits", found)?;
        Ok(found.iter().filter_map(views::trade_edit).collect())
    }

    fn days(&self, params: &DaysParams) -> Result<Vec<DaySummary>, Failure> {
        let found = self.0.ask(|reader| {
            let days = reader.days(params.from, params.to, MAX_ROWS)?;
            let dates = days.iter().map(|day| day.summary.date);
            let alerts = alerts_by_date(reader, dates)?;
            let mut told: Vec<DaySummary> = days.iter().rev().map(views::day_summary).collect();
            for day in &mut told {
                let raised = alerts.get(&day.date).copied();
                day.alerts = day.alerts.max(raised.unwrap_or(0));
            }
            Ok(told)
        });
        answer("days", found)
    }

    fn alerts_of(&self, date: NaiveDate) -> Result<u32, Failure> {
        let found = self
            .0
            .ask(|reader| alerts_by_date(reader, std::iter::once(date)));
        let found = answer("day", found)?;
        Ok(found.get(&date).copied().unwrap_or(0))
    }

    fn alerts(&self, params: &AlertsParams) -> Result<Vec<JournalAlert>, Failure> {
        let found = self.0.ask(|reader| match params.all {
            true => reader.alerts(page(None)),
            false => reader.open_alerts(limits::ROWS_MAX),
        });
        let found = answer("alerts", found)?;
        Ok(found.iter().map(views::journal_alert).collect())
    }

    fn why(&self, params: &WhyParams) -> Result<Why, Failure> {
        answer("why", self.0.ask(|reader| why::why(reader, params.subject)))?
    }

    fn alert(&self, number: u64) -> Result<Option<JournalAlert>, Failure> {
        let found = answer("alerts", self.0.ask(|reader| reader.alert(number)))?;
        Ok(found.as_ref().map(views::journal_alert))
    }
}

/// How many alerts were raised on each date in New York between the first and the last of these. A session
/// counts those of its own hours alone; what was raised before its opening or after its close is of the same
/// day to a person.
fn alerts_by_date(
    reader: &mut Reader,
    dates: impl Iterator<Item = NaiveDate>,
) -> Result<BTreeMap<NaiveDate, u32>, StoreError> {
    let mut alerts = BTreeMap::new();
    let dates: BTreeSet<NaiveDate> = dates.collect();
    let (Some(first), Some(last)) = (dates.first(), dates.last()) else {
        return Ok(alerts);
    };
    let until = last.succ_opt().map_or(Timestamp::MAX, begin_of);
    for at in reader.alert_times(begin_of(*first), until)? {
        let raised: &mut u32 = alerts.entry(new_york::date(at)).or_default();
        *raised = raised.saturating_add(1);
    }
    Ok(alerts)
}

/// The intent with this name, `20110110-12`.
fn intent(name: &str) -> Option<IntentId> {
    let (session, number) = name.split_once('-')?;
    Some(IntentId {
        session: session.parse().ok()?,
        number: IntentNo(number.parse().ok()?),
    })
}

fn answer<T>(method: &str, found: Result<T, StoreError>) -> Result<T, Failure> {
    found.map_err(|error| {
        tracing::warn!(method, %error, "the store could not be read");
        Failure::store_unavailable(method, error.to_string())
    })
}

fn page(limit: Option<u32>) -> Page {
    Page::newest(limit.unwrap_or(limits::ROWS_MAX).min(limits::ROWS_MAX))
}

/// Midnight in New York, where no change of the clocks falls; a date beyond what a stamp can hold
/// is the end of time on its side.
fn begin_of(date: NaiveDate) -> Timestamp {
    let beyond = if date.year() < 1970 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    new_york::timestamp(date.and_time(NaiveTime::MIN)).unwrap_or(beyond)
}

/// An order on the wire, as the views of the engine tell it.
fn order(order: trader_store::Order) -> Order {
    // Value over shares, both exact: femtodollars over billionths of a share are millionths.
    let average = Mean::new(order.filled_value.femtos(), order.filled.nanos());
    let state = status(&order);
    let (trail_price, trail_percent) = convert::trail(order.kind);
    let stop = order.stop();
    Order {
        client_id: order.client_id,
        broker_id: order.broker_id.map(|id| id.to_string()),
        intent: order.intent.to_string(),
        route: order.route.into(),
        symbol: order.symbol,
        side: order.side,
        qty: convert::qty(order.qty),
        filled: convert::qty(order.filled),
        kind: order.kind.name().to_owned(),
        stop: stop.map(convert::price),
        limit: order.kind.limit().map(convert::price),
        trail_price,
        trail_percent,
        time_in_force: order.time_in_force,
        role: order.role,
        state,
        parent: order.parent,
        average: average.map(convert::mean),
        planned_at: order.planned_at,
        updated_at: order.updated_at,
        reason: order
            .reason
            .map(String::from)
            .or_else(|| order.exit_reason.map(|reason| reason.to_string())),
    }
}

/// Where an order is, with what we asked for and the broker has not answered yet.
fn status(order: &trader_store::Order) -> OrderStatus {
    let state = OrderStatus::from(order.state);
    match () {
        () if !state.is_open() => state,
        () if order.cancel_asked => OrderStatus::Cancelling,
        () if order.replace_asked => OrderStatus::Replacing,
        () => state,
    }
}
