//! Questions about a store: what is found, how it is narrowed, in which order.

use trader_contract::{Money, OrderKind, OrderState, Outcome, Side, Symbol, Timeframe};
use trader_core::record::{DataGaps, DaySummary, MissingMinutes, Record, Severity, Slippage};

use super::NOW;
use super::example::{
    ALL, append, end_of_the_trade, entry_id, fixture, intent_id, opening_of_the_trade, price,
    second, shares, spy, stop_id, trade,
};
use crate::{
    Counts, EntryFilter, FillFilter, IntentFilter, OrderFilter, Page, Reader, StoreError,
    TradeFilter,
};

#[test]
fn an_open_trade_shows_as_order_fills_and_position() {
    let (_folder, mut store, mut reader) = fixture();
    append(&mut store, opening_of_the_trade());

    let entry = reader.order(entry_id()).unwrap().unwrap();
    assert_eq!(entry.state, OrderState::Done(Outcome::Filled));
    assert_eq!(
        (entry.filled, entry.filled_value),
        (shares(100), Money::dollars(10_030))
    );
    assert_eq!(
        (entry.planned_at, entry.first_fill_at),
        (second(2), Some(second(5)))
    );
    assert_eq!(entry.updated_at, second(8));
    assert_eq!(
        entry.broker_id.unwrap().to_string(),
        "b-00000001-20110110-1-e1"
    );

    let open_only = OrderFilter {
        open_only: true,
        ..OrderFilter::default()
    };
    let open = reader.orders(&open_only, ALL).unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!(
        (open[0].client_id, open[0].parent),
        (stop_id(), Some(entry_id()))
    );
    assert_eq!(open[0].kind, OrderKind::Stop { stop: price("99") });

    let fills = reader.fills(&FillFilter::default(), ALL).unwrap();
    let ids: Vec<_> = fills
        .iter()
        .map(|fill| fill.execution.id.to_string())
        .collect();
    assert_eq!(ids, ["x2", "x1"], "newest first, each once");

    let [position] = &reader.positions().unwrap()[..] else {
        panic!()
    };
    assert_eq!(
        (position.symbol, position.net),
        (spy(), Side::Buy.signed(shares(100)))
    );
    assert_eq!(position.flow, Money::dollars(-10_030));
    assert_eq!(position.fees, "0.02".parse().unwrap());
    assert_eq!(
        (position.opened_at, position.updated_at),
        (second(4), second(5))
    );
}

#[test]
fn a_closed_trade_leaves_no_position_and_can_be_explained() {
    let (_folder, mut store, mut reader) = fixture();
    append(&mut store, opening_of_the_trade());
    append(&mut store, end_of_the_trade());

    assert_eq!(reader.positions().unwrap(), []);
    let trades = reader.trades(&TradeFilter::default(), ALL).unwrap();
    assert_eq!(trades.len(), 1);
    assert_eq!((trades[0].id, &trades[0].trade), (11, &trade()));

    let intent = reader.intent(intent_id()).unwrap().unwrap();
    assert_eq!(
        (intent.seq, intent.bar),
        (1, Some((Timeframe::MINUTE, NOW)))
    );
    assert_eq!(intent.intent.reason().rule, "breakout");

    // The execution id is the entry's, and another order's: it counts for each.
    let history = reader.order_history(stop_id()).unwrap().unwrap();
    assert_eq!(history.fills.len(), 1);
    let seqs: Vec<_> = history.entries.iter().map(|entry| entry.seq).collect();
    assert_eq!(seqs, [3, 9, 10]);

    let about = EntryFilter {
        intent: Some(intent_id()),
        ..EntryFilter::default()
    };
    let entries = reader.entries(&about, ALL).unwrap();
    assert_eq!(
        entries.len(),
        11,
        "decision, orders and trade; the alert is not part of it"
    );
    assert!(entries.is_sorted_by(|newer, older| newer.seq > older.seq));

    let counts = reader.counts().unwrap();
    let expected = Counts {
        entries: 12,
        intents: 1,
        orders: 2,
        open_orders: 0,
        fills: 3,
        positions: 0,
        trades: 1,
        days: 0,
        alerts: 1,
    };
    assert_eq!(counts, expected);
    let alerts = reader.alerts(ALL).unwrap();
    assert_eq!(
        (alerts[0].id, alerts[0].alert.severity),
        (12, Severity::Notice)
    );
}

/// The number of rows that a filter leaves.
fn found<F: Default, T>(
    narrow: impl FnOnce(&mut F),
    ask: impl FnOnce(&F) -> Result<Vec<T>, StoreError>,
) -> usize {
    let mut filter = F::default();
    narrow(&mut filter);
    ask(&filter).unwrap().len()
}

fn closed_trade() -> (tempfile::TempDir, Reader) {
    let (folder, mut store, reader) = fixture();
    append(&mut store, opening_of_the_trade());
    append(&mut store, end_of_the_trade());
    (folder, reader)
}

fn other() -> Option<Symbol> {
    Some("QQQ".parse().unwrap())
}

#[test]
fn orders_are_narrowed_and_paged() {
    let (_folder, mut reader) = closed_trade();
    let mut orders =
        |narrow: fn(&mut OrderFilter), page| found(narrow, |filter| reader.orders(filter, page));
    assert_eq!(orders(|_| (), ALL), 2);
    assert_eq!(orders(|f| f.open_only = true, ALL), 0);
    assert_eq!(orders(|f| f.symbol = Some(spy()), ALL), 2);
    assert_eq!(orders(|f| f.symbol = other(), ALL), 0);
    assert_eq!(orders(|f| f.route = Some("morning".into()), ALL), 2);
    assert_eq!(orders(|f| f.route = Some("noon".into()), ALL), 0);
    assert_eq!(orders(|f| f.intent = Some(intent_id()), ALL), 2);
    assert_eq!(orders(|_| (), Page::newest(1)), 1);
    assert_eq!(orders(|_| (), Page::newest(0)), 0);
    assert_eq!(orders(|_| (), ALL.before(3)), 1);
}

#[test]
fn trades_are_narrowed_by_their_end() {
    let (_folder, mut reader) = closed_trade();
    let mut trades =
        |narrow: fn(&mut TradeFilter)| found(narrow, |filter| reader.trades(filter, ALL));
    assert_eq!(trades(|f| f.from = Some(second(9))), 1);
    assert_eq!(trades(|f| f.from = Some(second(10))), 0);
    assert_eq!(trades(|f| f.until = Some(second(10))), 1);
    assert_eq!(trades(|f| f.until = Some(second(9))), 0);
    assert_eq!(trades(|f| f.symbol = other()), 0);
    assert_eq!(trades(|f| f.route = Some("morning".into())), 1);
    assert_eq!(trades(|f| f.route = Some("noon".into())), 0);
}

#[test]
fn fills_decisions_and_entries_are_narrowed() {
    let (_folder, mut reader) = closed_trade();
    let mut fills = |narrow: fn(&mut FillFilter)| found(narrow, |filter| reader.fills(filter, ALL));
    assert_eq!(fills(|f| f.order = Some(entry_id())), 2);
    assert_eq!(fills(|f| f.from = Some(second(5))), 2);
    assert_eq!(fills(|f| f.until = Some(second(5))), 1);
    assert_eq!(fills(|f| f.symbol = other()), 0);

    let mut intents =
        |narrow: fn(&mut IntentFilter)| found(narrow, |filter| reader.intents(filter, ALL));
    assert_eq!(intents(|_| ()), 1);
    assert_eq!(intents(|f| f.refused_only = true), 0);
    assert_eq!(intents(|f| f.route = Some("morning".into())), 1);
    assert_eq!(intents(|f| f.route = Some("noon".into())), 0);
    assert_eq!(intents(|f| f.symbol = other()), 0);

    let mut entries =
        |narrow: fn(&mut EntryFilter)| found(narrow, |filter| reader.entries(filter, ALL));
    assert_eq!(entries(|f| f.after = Some(10)), 2);
    assert_eq!(entries(|f| f.kind = Some("alerted".into())), 1);
    assert_eq!(entries(|f| f.symbol = Some(spy())), 12);
    assert_eq!(entries(|f| f.symbol = other()), 0);
}

#[test]
fn days_are_listed_newest_first_and_the_last_word_counts() {
    let (_folder, mut store, mut reader) = fixture();
    let day = |date: &str, fills| DaySummary {
        date: date.parse().unwrap(),
        equity_at_open: Money::dollars(25_000),
        equity_at_close: "24868.97".parse().unwrap(),
        cash: "24868.97".parse().unwrap(),
        realised: "-131.03".parse().unwrap(),
        fees: "0.03".parse().unwrap(),
        trades: 1,
        winners: 0,
        losers: 1,
        refusals: 2,
        orders: 3,
        fills,
        residue: vec![spy()],
        unprotected_share_seconds: 7,
        alerts: 1,
        entry_slippage: Slippage {
            fills: 1,
            cost: "-1.5".parse().unwrap(),
            planned: Money::dollars(5_000),
        },
        stop_slippage: Slippage::NONE,
        gaps: (fills > 1).then(|| DataGaps {
            minutes: 389,
            symbols: 2,
            missing: vec![MissingMinutes {
                symbol: spy(),
                minutes: 3,
            }],
        }),
    };
    let days = [
        day("2011-01-10", 1),
        day("2011-01-10", 3),
        day("2011-01-11", 4),
    ];
    let closed = days
        .clone()
        .map(|summary| Record::SessionClosed { summary });
    append(&mut store, closed.to_vec());
    let [_, tenth, eleventh] = days;
    let mut found = |from, to, limit| -> Vec<DaySummary> {
        let days = reader.days(from, to, limit).unwrap();
        days.into_iter().map(|day| day.summary).collect()
    };
    assert_eq!(found(None, None, 9), [eleventh.clone(), tenth.clone()]);
    assert_eq!(found(None, None, 1), std::slice::from_ref(&eleventh));
    assert_eq!(found(Some(eleventh.date), None, 9), [eleventh]);
    assert_eq!(found(None, Some(tenth.date), 9), [tenth]);
    // Each names the row before its own.
    let days = reader.days(None, None, 9).unwrap();
    let head = store.head().seq;
    assert_eq!([days[0].head.seq, days[1].head.seq], [head - 1, head - 2]);
    let before = crate::journal::hash_of(store.db(), head - 1).unwrap();
    assert_eq!(days[0].head.hash, before);
    store.rebuild_projections().unwrap();
    assert_eq!(reader.days(None, None, 9).unwrap(), days);
}

#[test]
fn a_reader_cannot_write_and_sees_one_moment() {
    let (_folder, mut store, mut reader) = fixture();
    append(&mut store, opening_of_the_trade());
    let seen = reader
        .consistently(|reader| {
            let before = reader.counts()?;
            append(&mut store, end_of_the_trade());
            Ok((before, reader.counts()?))
        })
        .unwrap();
    assert_eq!(seen.0, seen.1);
    assert_eq!(reader.counts().unwrap().trades, 1);
    let error = reader.execute("DELETE FROM alerts").unwrap_err();
    assert!(
        matches!(error, crate::StoreError::ReadOnly { .. }),
        "{error}"
    );
}
