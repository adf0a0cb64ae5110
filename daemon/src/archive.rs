//! The store as the RPC methods read it: ended orders, trades and days in the wire's types.

use chrono::NaiveDate;
use trader_calendar::new_york;
use trader_contract::{Mean, Timestamp};
use trader_core::record;
use trader_rpc::{
    DaySummary, DaysParams, ExitReason, Failure, Order, OrdersParams, Trade, TradesParams, convert,
    limits,
};
use trader_store::{MAX_ROWS, OrderFilter, Page, Readers, StoreError, TradeFilter};

use crate::server::Archive;

/// The store behind the RPC methods that look back.
#[derive(Debug)]
pub struct StoreArchive(Readers);

impl StoreArchive {
    /// Reads through these readers.
    #[must_use]
    pub const fn new(readers: Readers) -> Self {
        Self(readers)
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
        };
        let page = page(params.limit);
        let found = self.0.ask(|reader| reader.trades(&filter, page));
        let found = answer("trades", found)?;
        Ok(found
            .into_iter()
            .map(|closed| trade(&closed.trade))
            .collect())
    }

    fn days(&self, params: &DaysParams) -> Result<Vec<DaySummary>, Failure> {
        let found = self
            .0
            .ask(|reader| reader.days(params.from, params.to, MAX_ROWS));
        Ok(answer("days", found)?.into_iter().rev().map(day).collect())
    }
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

/// Midnight in New York; no date begins within a change of the clocks.
fn begin_of(date: NaiveDate) -> Timestamp {
    new_york::timestamp(date.and_time(chrono::NaiveTime::MIN)).unwrap_or(Timestamp::MIN)
}

fn order(order: trader_store::Order) -> Order {
    // Value over shares, both exact: femtodollars over billionths of a share are millionths.
    let average = Mean::new(order.filled_value.femtos(), order.filled.nanos());
    Order {
        client_id: order.client_id,
        broker_id: order.broker_id.map(|id| id.0.into()),
        intent: order.intent.to_string(),
        route: order.route.into(),
        symbol: order.symbol,
        side: order.side,
        qty: convert::qty(order.qty),
        filled: convert::qty(order.filled),
        kind: order.kind.name().to_owned(),
        stop: order.kind.stop().map(convert::price),
        limit: order.kind.limit().map(convert::price),
        time_in_force: order.time_in_force,
        role: order.role,
        state: order.state.into(),
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

/// A trade as the wire has it.
#[must_use]
pub fn trade(trade: &record::Trade) -> Trade {
    Trade {
        intent: trade.intent.to_string(),
        route: trade.route.to_string(),
        strategy: trade.strategy.to_string(),
        symbol: trade.symbol,
        direction: trade.direction,
        qty: convert::qty(trade.qty),
        entered_at: trade.entered_at,
        entry_average: convert::mean(trade.entry_average),
        exited_at: trade.exited_at,
        exit_average: convert::mean(trade.exit_average),
        initial_stop: trade.initial_stop.map(convert::price),
        exit_reason: match trade.exit_reason {
            record::ExitReason::StopLoss => ExitReason::StopLoss,
            record::ExitReason::Target => ExitReason::Target,
            record::ExitReason::Strategy => ExitReason::Strategy,
            record::ExitReason::EndOfDay => ExitReason::EndOfDay,
            record::ExitReason::Operator => ExitReason::Operator,
            record::ExitReason::Unprotected => ExitReason::Unprotected,
            record::ExitReason::Foreign => ExitReason::Foreign,
        },
        profit: convert::money(trade.profit),
        fees: convert::money(trade.fees),
    }
}

fn day(day: record::DaySummary) -> DaySummary {
    DaySummary {
        date: day.date,
        equity_at_open: convert::money(day.equity_at_open),
        equity_at_close: convert::money(day.equity_at_close),
        cash: convert::money(day.cash),
        realised: convert::money(day.realised),
        fees: convert::money(day.fees),
        trades: day.trades,
        winners: day.winners,
        losers: day.losers,
        refusals: day.refusals,
        orders: day.orders,
        fills: day.fills,
        residue: day.residue,
        unprotected_share_seconds: day.unprotected_share_seconds,
    }
}

#[cfg(test)]
mod tests {
    use trader_contract::{IntentNo, Money, OrderKind, OrderRole, OrderState, Side, TimeInForce};
    use trader_core::record::{JournalEntry, Record};
    use trader_store::Store;

    use super::*;

    fn summary(date: &str) -> Record {
        Record::SessionClosed {
            summary: record::DaySummary {
                date: date.parse().unwrap(),
                equity_at_open: Money::dollars(100_000),
                equity_at_close: Money::dollars(100_010),
                cash: Money::dollars(100_010),
                realised: Money::dollars(10),
                fees: Money::ZERO,
                trades: 0,
                winners: 0,
                losers: 0,
                refusals: 0,
                orders: 0,
                fills: 0,
                residue: Vec::new(),
                unprotected_share_seconds: 0,
            },
        }
    }

    #[test]
    fn an_order_has_the_exact_average_of_its_fills() {
        let at: Timestamp = "2024-03-15T14:30:00Z".parse().unwrap();
        let stored = trader_store::Order {
            client_id: "0000002a-20240315-17-s1".parse().unwrap(),
            seq: 9,
            intent: record::IntentId {
                session: 20_240_315,
                number: IntentNo(17),
            },
            role: OrderRole::Stop,
            route: "one".into(),
            symbol: "SPY".parse().unwrap(),
            side: Side::Sell,
            qty: "300".parse().unwrap(),
            kind: OrderKind::Stop {
                stop: "99.5".parse().unwrap(),
            },
            time_in_force: TimeInForce::Gtc,
            parent: None,
            replaces: None,
            replaced_by: None,
            exit_reason: Some(record::ExitReason::StopLoss),
            state: OrderState::Working,
            broker_id: None,
            filled: "200".parse().unwrap(),
            filled_value: "19899".parse().unwrap(),
            cancel_asked: false,
            replace_asked: false,
            reason: None,
            planned_at: at,
            first_fill_at: Some(at),
            updated_at: at,
        };
        let order = order(stored);
        assert_eq!(order.average.unwrap().to_string(), "99.495");
        assert_eq!(order.kind, "stop");
        assert_eq!(order.stop.unwrap().to_string(), "99.5");
        assert_eq!(order.reason.as_deref(), Some("stop_loss"));
        assert_eq!(order.intent, "20240315-17");
    }

    #[test]
    fn days_come_oldest_first_and_only_those_that_were_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let at: Timestamp = "2024-03-15T20:00:00Z".parse().unwrap();
        let mut store = Store::open(&path, at, 7).unwrap();
        let entries: Vec<JournalEntry> = ["2024-03-13", "2024-03-14", "2024-03-15"]
            .iter()
            .zip(1..)
            .map(|(date, seq)| JournalEntry {
                seq,
                at,
                record: summary(date),
            })
            .collect();
        store.append(&entries).unwrap();
        let archive = StoreArchive::new(Readers::open(&path, 1).unwrap());
        let dates = |from: Option<&str>| -> Vec<String> {
            let params = DaysParams {
                from: from.map(|date| date.parse().unwrap()),
                to: None,
            };
            let days = archive.days(&params).unwrap();
            days.iter().map(|day| day.date.to_string()).collect()
        };
        assert_eq!(dates(None), ["2024-03-13", "2024-03-14", "2024-03-15"]);
        assert_eq!(dates(Some("2024-03-14")), ["2024-03-14", "2024-03-15"]);
        assert!(archive.trades(&TradesParams::default()).unwrap().is_empty());
        assert!(archive.orders(&OrdersParams::default()).unwrap().is_empty());
    }
}
