//! One trade as it happens: an entry with a stop attached, filled in two parts, stopped out.

use trader_contract::{
    Attached, BrokerOrderId, ClientOrderId, Direction, EntryPrice, EntrySize, Epoch, Execution,
    ExecutionId, Intent, IntentNo, Mean, OrderKind, OrderReport, OrderRequest, OrderRole, Price,
    Qty, Reason, ReportStatus, Side, Symbol, TimeInForce, Timeframe, Timestamp,
};
use trader_core::record::{
    Alert, Decision, ExitReason, IntentId, JournalEntry, Origin, PlannedOrder, Record, Severity,
    Trade,
};

use super::NOW;
use crate::{Page, Reader, Store};

pub(super) const ALL: Page = Page::newest(100);

pub(super) fn entry_id() -> ClientOrderId {
    ClientOrderId {
        epoch: Epoch(1),
        session: 20_110_110,
        intent: IntentNo(1),
        role: OrderRole::Entry,
        attempt: 1,
    }
}

pub(super) fn stop_id() -> ClientOrderId {
    entry_id().with_role(OrderRole::Stop)
}

pub(super) fn intent_id() -> IntentId {
    entry_id().into()
}

pub(super) fn spy() -> Symbol {
    "SPY".parse().unwrap()
}

pub(super) fn price(text: &str) -> Price {
    text.parse().unwrap()
}

pub(super) fn shares(count: u32) -> Qty {
    Qty::shares(count).unwrap()
}

pub(super) fn second(seconds: i64) -> Timestamp {
    NOW.plus_seconds(seconds)
}

pub(super) fn planned(client_id: ClientOrderId, side: Side, kind: OrderKind) -> Record {
    let request = OrderRequest {
        client_id,
        symbol: spy(),
        side,
        qty: shares(100),
        kind,
        time_in_force: TimeInForce::Gtc,
        attached: Attached::NONE,
        oco_stop: None,
    };
    let parent = (client_id == stop_id()).then(entry_id);
    // By way of JSON, so that a field added later stays empty here.
    let order: PlannedOrder = serde_json::from_value(
        serde_json::json!({ "request": request, "route": "morning", "parent": parent }),
    )
    .unwrap();
    Record::OrderPlanned { order }
}

pub(super) fn report(
    client_id: ClientOrderId,
    status: ReportStatus,
    filled: u32,
    execution: Option<(&str, u32, &str, i64)>,
) -> Record {
    let report = OrderReport {
        client_id,
        broker_id: BrokerOrderId(format!("b-{client_id}").into()),
        symbol: spy(),
        side: if client_id == stop_id() {
            Side::Sell
        } else {
            Side::Buy
        },
        status,
        qty: shares(100),
        filled: shares(filled),
        execution: execution.map(|(id, qty, at_price, at)| Execution {
            id: ExecutionId(id.into()),
            qty: shares(qty),
            price: price(at_price),
            fee: "0.01".parse().unwrap(),
            at: second(at),
        }),
        stop: None,
        limit: None,
        replaced_by: None,
        at: NOW,
        reason: None,
    };
    Record::OrderReported { report }
}

pub(super) fn taken() -> Record {
    Record::IntentTaken {
        id: intent_id(),
        origin: Origin::Strategy {
            route: "morning".into(),
        },
        symbol: spy(),
        intent: Intent::Enter {
            direction: Direction::Long,
            entry: EntryPrice::Market,
            stop: Some("99".parse().unwrap()),
            target: None,
            size: EntrySize::ByRisk,
            expires_after_bars: None,
            reason: Reason::new("breakout"),
        },
        bar: Some((Timeframe::MINUTE, NOW)),
        seen: None,
        decision: Decision::Accepted {
            order: Some(entry_id()),
            checks: vec![],
            sizing: None,
        },
    }
}

pub(super) fn opening_of_the_trade() -> Vec<Record> {
    let stop = OrderKind::Stop { stop: price("99") };
    vec![
        taken(),
        planned(entry_id(), Side::Buy, OrderKind::Market),
        planned(stop_id(), Side::Sell, stop),
        report(entry_id(), ReportStatus::New, 0, None),
        report(
            entry_id(),
            ReportStatus::PartiallyFilled,
            40,
            Some(("x1", 40, "100", 4)),
        ),
        report(
            entry_id(),
            ReportStatus::Filled,
            100,
            Some(("x2", 60, "100.5", 5)),
        ),
        // The same once more, and an older word late: neither counts.
        report(
            entry_id(),
            ReportStatus::PartiallyFilled,
            40,
            Some(("x1", 40, "100", 4)),
        ),
        report(entry_id(), ReportStatus::New, 0, None),
        report(stop_id(), ReportStatus::New, 0, None),
    ]
}

pub(super) fn trade() -> Trade {
    Trade {
        intent: intent_id(),
        route: "morning".into(),
        strategy: "velez".into(),
        symbol: spy(),
        direction: Direction::Long,
        qty: shares(100),
        entered_at: second(4),
        entry_average: Mean::new(10_030_000_000, 100).unwrap(),
        exited_at: second(9),
        exit_average: Mean::from(price("98.99")),
        initial_stop: Some(price("99")),
        exit_reason: ExitReason::StopLoss,
        profit: "-131.03".parse().unwrap(),
        fees: "0.03".parse().unwrap(),
    }
}

pub(super) fn end_of_the_trade() -> Vec<Record> {
    let alert = Alert {
        severity: Severity::Notice,
        kind: "stopped_out".into(),
        symbol: Some(spy()),
        message: "SPY was stopped out".into(),
        action: "nothing".into(),
        standing: false,
    };
    vec![
        report(
            stop_id(),
            ReportStatus::Filled,
            100,
            Some(("x1", 100, "98.99", 9)),
        ),
        Record::TradeClosed { trade: trade() },
        Record::Alerted { alert },
    ]
}

/// Appends records at the end, one second apart.
pub(super) fn append(store: &mut Store, records: Vec<Record>) {
    let next = store.next_seq();
    let entries: Vec<_> = (next..)
        .zip(records)
        .map(|(seq, record)| JournalEntry {
            seq,
            at: second(i64::try_from(seq).unwrap()),
            record,
        })
        .collect();
    store.append(&entries).unwrap();
}

pub(super) fn fixture() -> (tempfile::TempDir, Store, Reader) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = Store::open(&path, NOW, 1).unwrap();
    let reader = Reader::open(&path).unwrap();
    (folder, store, reader)
}
