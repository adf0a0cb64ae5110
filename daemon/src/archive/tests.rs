//! The archive over a real store: what was journalled comes back as the wire has it.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "numbers of rows; an overflow would panic and fail the test"
)]

use std::path::PathBuf;

use tempfile::TempDir;
use trader_contract::{
    Attached, BrokerOrderId, ClientOrderId, Direction, Execution, ExecutionId, Mean, Money,
    OrderKind, OrderReport, OrderRequest, OrderRole, ReportStatus, Side, Symbol, TimeInForce,
    Timestamp, Trail,
};
use trader_core::record::{self, IntentId, JournalEntry, PlannedOrder, Record};
use trader_rpc::{DaysParams, ErrorCode, ExitReason, OrderStatus, OrdersParams, TradesParams};
use trader_store::{Readers, Store};

use super::StoreArchive;
use crate::server::Archive as _;

/// A store in a folder that goes with it.
struct Fixture {
    folder: TempDir,
    store: Store,
    next_seq: u64,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(
            &folder.path().join("store.db"),
            at("2024-03-13T12:00:00Z"),
            7,
        );
        Self {
            folder,
            store: store.unwrap(),
            next_seq: 1,
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("store.db")
    }

    fn write(&mut self, when: &str, record: Record) {
        let entry = JournalEntry {
            seq: self.next_seq,
            at: at(when),
            record,
        };
        self.next_seq += 1;
        self.store.append(&[entry]).unwrap();
    }

    fn archive(&self) -> StoreArchive {
        StoreArchive::open(&self.path()).unwrap()
    }

    /// The archive with the folder that it reads.
    fn archive_kept(self) -> (Self, StoreArchive) {
        let archive = self.archive();
        (self, archive)
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn id(text: &str) -> ClientOrderId {
    text.parse().unwrap()
}

fn symbol(text: &str) -> Symbol {
    text.parse().unwrap()
}

fn planned(client_id: &str, ticker: &str, parent: Option<&str>) -> Record {
    let client_id = id(client_id);
    let entry = client_id.role == OrderRole::Entry;
    Record::OrderPlanned {
        order: PlannedOrder {
            request: OrderRequest {
                client_id,
                symbol: symbol(ticker),
                side: if entry { Side::Buy } else { Side::Sell },
                qty: "300".parse().unwrap(),
                kind: OrderKind::Stop {
                    stop: "99.5".parse().unwrap(),
                },
                time_in_force: TimeInForce::Gtc,
                attached: Attached::NONE,
                oco_stop: None,
            },
            route: "morning".into(),
            parent: parent.map(id),
            replaces: None,
            exit_reason: (!entry).then_some(record::ExitReason::StopLoss),
            expires_after_bars: None,
            decided_on: None,
            last: None,
        },
    }
}

fn reported(
    client_id: &str,
    status: ReportStatus,
    filled: &str,
    fill: Option<(&str, &str)>,
) -> Record {
    let client_id = id(client_id);
    Record::OrderReported {
        report: OrderReport {
            client_id,
            broker_id: BrokerOrderId(format!("b-{client_id}").into()),
            symbol: symbol("SPY"),
            side: if client_id.role == OrderRole::Entry {
                Side::Buy
            } else {
                Side::Sell
            },
            status,
            qty: "300".parse().unwrap(),
            filled: filled.parse().unwrap(),
            execution: fill.map(|(qty, price)| Execution {
                id: ExecutionId(format!("{client_id}/{filled}").into()),
                qty: qty.parse().unwrap(),
                price: price.parse().unwrap(),
                fee: Money::ZERO,
                at: at("2024-03-13T14:31:00Z"),
            }),
            stop: None,
            limit: None,
            replaced_by: None,
            at: at("2024-03-13T14:31:00Z"),
            reason: None,
        },
    }
}

fn traded(intent: &str, ticker: &str, route: &str, exited_at: &str) -> Record {
    let average = |micros| Mean::new(micros, 1).unwrap();
    Record::TradeClosed {
        trade: record::Trade {
            intent: IntentId::from(id(intent)),
            route: route.into(),
            strategy: "velez".into(),
            symbol: symbol(ticker),
            direction: Direction::Long,
            qty: "300".parse().unwrap(),
            entered_at: at("2024-03-13T14:31:00Z"),
            entry_average: average(100_000_000),
            exited_at: at(exited_at),
            exit_average: average(101_000_000),
            initial_stop: Some("99.5".parse().unwrap()),
            exit_reason: record::ExitReason::Target,
            profit: Money::dollars(300),
            fees: Money::ZERO,
        },
    }
}

fn day(date: &str) -> Record {
    Record::SessionClosed {
        summary: record::DaySummary {
            date: date.parse().unwrap(),
            equity_at_open: Money::dollars(100_000),
            equity_at_close: Money::dollars(100_010),
            cash: Money::dollars(100_010),
            realised: Money::dollars(10),
            fees: Money::ZERO,
            trades: 1,
            winners: 1,
            losers: 0,
            refusals: 0,
            orders: 2,
            fills: 2,
            residue: vec![symbol("IBM")],
            unprotected_share_seconds: 0,
            alerts: 0,
            entry_slippage: record::Slippage::NONE,
            stop_slippage: record::Slippage::NONE,
            gaps: None,
        },
    }
}

const ENTRY: &str = "00000007-20240313-1-e1";
const STOP: &str = "00000007-20240313-1-s1";
const LATER: &str = "00000007-20240313-2-e1";

/// An entry filled in two parts, its stop working with a cancel asked, and another symbol's order.
fn with_orders() -> Fixture {
    let mut fixture = Fixture::new();
    fixture.write("2024-03-13T14:30:00Z", planned(ENTRY, "SPY", None));
    fixture.write("2024-03-13T14:30:00Z", planned(STOP, "SPY", Some(ENTRY)));
    let first = reported(
        ENTRY,
        ReportStatus::PartiallyFilled,
        "100",
        Some(("100", "99.5")),
    );
    fixture.write("2024-03-13T14:31:00Z", first);
    let rest = reported(ENTRY, ReportStatus::Filled, "300", Some(("200", "99.53")));
    fixture.write("2024-03-13T14:31:00Z", rest);
    let working = reported(STOP, ReportStatus::New, "0", None);
    fixture.write("2024-03-13T14:32:00Z", working);
    let cancel = Record::CancelAsked {
        client_id: id(STOP),
        why: "the position is to be closed".into(),
    };
    fixture.write("2024-03-13T14:33:00Z", cancel);
    fixture.write("2024-03-13T14:34:00Z", planned(LATER, "IBM", None));
    fixture
}

#[test]
fn an_order_is_told_with_its_broker_id_average_and_reason() {
    let fixture = with_orders();
    let orders = fixture.archive().orders(&OrdersParams::default()).unwrap();
    let ids: Vec<ClientOrderId> = orders.iter().map(|order| order.client_id).collect();
    assert_eq!(ids, [id(LATER), id(STOP), id(ENTRY)], "newest first");
    let entry = &orders[2];
    assert_eq!(entry.state, OrderStatus::Filled);
    assert_eq!(entry.average.unwrap().to_string(), "99.52");
    assert_eq!(entry.filled.to_string(), "300");
    assert_eq!(entry.broker_id.as_deref(), Some("b-00000007-20240313-1-e1"));
    assert_eq!(entry.intent, "20240313-1");
    assert_eq!(entry.reason, None);
    let stop = &orders[1];
    assert_eq!(stop.state, OrderStatus::Cancelling);
    assert_eq!(stop.kind, "stop");
    assert_eq!(stop.stop.unwrap().to_string(), "99.5");
    assert_eq!(stop.parent, Some(id(ENTRY)));
    assert_eq!(stop.reason.as_deref(), Some("stop_loss"));
    assert_eq!(stop.average, None);
    assert_eq!(stop.planned_at, at("2024-03-13T14:30:00Z"));
}

#[test]
fn a_trailing_stop_is_told_with_its_trail_and_where_it_stood_last() {
    let mut fixture = Fixture::new();
    let trails = [
        Trail::Percent("1.5".parse().unwrap()),
        Trail::Price("0.25".parse().unwrap()),
    ];
    for (client_id, trail) in [ENTRY, LATER].into_iter().zip(trails) {
        let mut record = planned(client_id, "SPY", None);
        if let Record::OrderPlanned { order } = &mut record {
            order.request.kind = OrderKind::TrailingStop { trail };
            order.request.time_in_force = TimeInForce::Day;
        }
        fixture.write("2024-03-13T14:30:00Z", record);
    }
    for (stop, at_stamp) in [("99.5", 31), ("100.25", 32)] {
        let mut record = reported(ENTRY, ReportStatus::New, "0", None);
        if let Record::OrderReported { report } = &mut record {
            report.stop = Some(stop.parse().unwrap());
            report.at = at(&format!("2024-03-13T14:{at_stamp}:00Z"));
        }
        fixture.write("2024-03-13T14:33:00Z", record);
    }
    let orders = fixture.archive().orders(&OrdersParams::default()).unwrap();
    let [later, first] = &orders[..] else {
        panic!("{orders:#?}")
    };
    let text = |decimal: Option<rust_decimal::Decimal>| decimal.map(|d| d.to_string());
    assert_eq!(first.kind, "trailing_stop");
    assert_eq!(first.time_in_force, TimeInForce::Day);
    assert_eq!(text(first.stop).as_deref(), Some("100.25"));
    assert_eq!(text(first.trail_percent).as_deref(), Some("1.5"));
    assert_eq!((first.trail_price, first.limit), (None, None));
    assert_eq!(text(later.trail_price).as_deref(), Some("0.25"));
    assert_eq!((later.trail_percent, later.stop), (None, None));
}

#[test]
fn orders_are_narrowed_by_symbol_openness_and_limit() {
    let (_fixture, archive) = with_orders().archive_kept();
    let ids = |params: OrdersParams| -> Vec<String> {
        let orders = archive.orders(&params).unwrap();
        orders.iter().map(|o| o.client_id.to_string()).collect()
    };
    let all = OrdersParams::default();
    let open = OrdersParams {
        open_only: true,
        ..all.clone()
    };
    assert_eq!(ids(open), [LATER, STOP]);
    let spy = OrdersParams {
        symbol: Some(symbol("SPY")),
        ..all.clone()
    };
    assert_eq!(ids(spy), [STOP, ENTRY]);
    let one = OrdersParams {
        limit: Some(1),
        ..all.clone()
    };
    assert_eq!(ids(one), [LATER]);
    let more_than_is_given = OrdersParams {
        limit: Some(u32::MAX),
        ..all
    };
    assert_eq!(ids(more_than_is_given).len(), 3);
}

/// Trades whose last fill was in the last minute of one New York day and the first of the next, and
/// one a day later of another symbol and route.
fn with_trades() -> (Fixture, StoreArchive) {
    let mut fixture = Fixture::new();
    for (intent, ticker, route, exited_at) in [
        (
            "00000007-20240313-1-e1",
            "SPY",
            "morning",
            "2024-03-14T03:59:00Z",
        ),
        (
            "00000007-20240314-1-e1",
            "SPY",
            "morning",
            "2024-03-14T04:00:00Z",
        ),
        (
            "00000007-20240315-1-e1",
            "IBM",
            "evening",
            "2024-03-15T19:00:00Z",
        ),
    ] {
        fixture.write(exited_at, traded(intent, ticker, route, exited_at));
    }
    fixture.archive_kept()
}

#[test]
fn trades_are_of_the_new_york_day_they_ended_on() {
    let (_fixture, archive) = with_trades();
    let intents = |from: Option<&str>, to: Option<&str>| -> Vec<String> {
        let params = TradesParams {
            from: from.map(|date| date.parse().unwrap()),
            to: to.map(|date| date.parse().unwrap()),
            ..TradesParams::default()
        };
        let trades = archive.trades(&params).unwrap();
        trades.into_iter().map(|trade| trade.intent).collect()
    };
    let all = ["20240315-1", "20240314-1", "20240313-1"];
    assert_eq!(intents(None, None), all, "newest first");
    assert_eq!(intents(Some("2024-03-14"), None), all[..2]);
    assert_eq!(intents(None, Some("2024-03-13")), all[2..]);
    assert_eq!(intents(Some("2024-03-14"), Some("2024-03-14")), all[1..2]);
    assert!(intents(Some("2024-03-15"), Some("2024-03-14")).is_empty());
}

#[test]
fn dates_that_no_stamp_can_hold_lie_before_or_after_every_trade() {
    let (_fixture, archive) = with_trades();
    let count = |from: &str, to: &str| {
        let params = TradesParams {
            from: Some(from.parse().unwrap()),
            to: Some(to.parse().unwrap()),
            ..TradesParams::default()
        };
        archive.trades(&params).unwrap().len()
    };
    assert_eq!(count("0001-01-01", "9999-12-31"), 3);
    assert_eq!(count("9999-01-01", "9999-12-31"), 0);
    assert_eq!(count("0001-01-01", "0002-01-01"), 0);
}

#[test]
fn trades_are_narrowed_by_symbol_route_and_limit_and_told_in_full() {
    let (_fixture, archive) = with_trades();
    let find = |params: TradesParams| archive.trades(&params).unwrap();
    let of_symbol = find(TradesParams {
        symbol: Some(symbol("IBM")),
        ..TradesParams::default()
    });
    let of_route = find(TradesParams {
        route: Some("evening".to_owned()),
        ..TradesParams::default()
    });
    let newest = find(TradesParams {
        limit: Some(1),
        ..TradesParams::default()
    });
    assert_eq!(of_symbol.len(), 1);
    assert_eq!(of_symbol, of_route);
    assert_eq!(of_symbol, newest);
    let trade = &newest[0];
    assert_eq!(trade.strategy, "velez");
    assert_eq!(trade.profit.to_string(), "300");
    assert_eq!(trade.entry_average.to_string(), "100");
    assert_eq!(trade.exit_average.to_string(), "101");
    assert_eq!(trade.exit_reason, ExitReason::Target);
    assert_eq!(trade.initial_stop.unwrap().to_string(), "99.5");
    assert_eq!(trade.exited_at, at("2024-03-15T19:00:00Z"));
}

#[test]
fn days_come_oldest_first_and_only_those_that_were_asked_for() {
    let mut fixture = Fixture::new();
    for date in ["2024-03-13", "2024-03-14", "2024-03-15"] {
        fixture.write("2024-03-15T20:00:00Z", day(date));
    }
    let archive = fixture.archive();
    let dates = |from: Option<&str>, to: Option<&str>| -> Vec<String> {
        let params = DaysParams {
            from: from.map(|date| date.parse().unwrap()),
            to: to.map(|date| date.parse().unwrap()),
        };
        let days = archive.days(&params).unwrap();
        days.iter().map(|day| day.date.to_string()).collect()
    };
    let all = ["2024-03-13", "2024-03-14", "2024-03-15"];
    assert_eq!(dates(None, None), all);
    assert_eq!(dates(Some("2024-03-14"), None), all[1..]);
    assert_eq!(dates(None, Some("2024-03-14")), all[..2]);
    let days = archive.days(&DaysParams::default()).unwrap();
    assert_eq!(days[0].realised.to_string(), "10");
    assert_eq!(days[0].residue, [symbol("IBM")]);
    // The row before the summary's own; the first one follows none.
    let genesis = "0".repeat(64);
    assert_eq!(days[0].head, Some(format!("0:{genesis}")));
    assert!(
        days[1].head.as_ref().unwrap().starts_with("1:"),
        "{:?}",
        days[1].head
    );
    assert!(days.iter().all(|day| !day.open));
}

#[test]
fn what_is_committed_later_is_seen_by_an_open_archive() {
    let (mut fixture, archive) = Fixture::new().archive_kept();
    assert!(archive.days(&DaysParams::default()).unwrap().is_empty());
    fixture.write("2024-03-15T20:00:00Z", day("2024-03-15"));
    assert_eq!(archive.days(&DaysParams::default()).unwrap().len(), 1);
}

#[test]
fn a_store_that_cannot_be_read_is_told_with_what_to_do() {
    let fixture = with_orders();
    let path = fixture.path();
    let archive = StoreArchive::new(Readers::open(&path, 1).unwrap());
    // Neither the database nor the log beside it holds a page any more.
    let size = usize::try_from(std::fs::metadata(&path).unwrap().len()).unwrap();
    std::fs::write(&path, vec![b'?'; size]).unwrap();
    std::fs::write(fixture.folder.path().join("store.db-wal"), b"").unwrap();
    let failure = archive.orders(&OrdersParams::default()).unwrap_err();
    assert_eq!(failure.code, ErrorCode::StoreUnavailable.number());
    assert_eq!(failure.detail.what, "orders was not done");
    assert!(!failure.detail.why.is_empty());
    assert!(failure.detail.next.contains("traderctl status"));
}

#[test]
fn a_day_has_the_alerts_of_its_whole_date_in_new_york() {
    let alert = |kind: &str| Record::Alerted {
        alert: record::Alert {
            severity: record::Severity::Warning,
            kind: kind.into(),
            symbol: None,
            message: "something".into(),
            action: "look".into(),
            standing: false,
        },
    };
    let mut fixture = Fixture::new();
    // Midnight in New York was at 04:00; the session opened at 13:30.
    fixture.write("2024-03-13T03:59:59Z", alert("the_day_before"));
    fixture.write("2024-03-13T04:00:00Z", alert("in_the_night"));
    fixture.write("2024-03-13T12:00:00Z", alert("before_the_opening"));
    fixture.write("2024-03-13T14:00:00Z", alert("in_session"));
    fixture.write("2024-03-13T20:00:00Z", day("2024-03-13"));
    fixture.write("2024-03-14T03:59:59Z", alert("after_the_close"));
    fixture.write("2024-03-14T04:00:00Z", alert("the_day_after"));
    fixture.write("2024-03-15T20:00:00Z", day("2024-03-15"));
    let archive = fixture.archive();
    let days = archive.days(&DaysParams::default()).unwrap();
    let alerts: Vec<u32> = days.iter().map(|day| day.alerts).collect();
    assert_eq!(alerts, [4, 0]);
    let of = |date: &str| archive.alerts_of(date.parse().unwrap()).unwrap();
    assert_eq!(
        [of("2024-03-12"), of("2024-03-13"), of("2024-03-14")],
        [1, 4, 1]
    );
}
