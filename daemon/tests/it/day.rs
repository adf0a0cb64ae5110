//! The day's summary of the real daemon: its figures follow from the journal, its head names a row of
//! it, and a store of an earlier build opens and tells its days.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use trader_contract::{Money, OrderRole};
use trader_core::record::{JournalEntry, Record};
use trader_rpc::method::call;
use trader_rpc::{Client, DayParams, DaySummary, convert};
use trader_store::{Reader, Store};

use crate::books::Books;
use crate::daemon::{Place, stop};

/// A session takes about four seconds.
const PACE: &str = "pace = 6000\nseed = 3";

fn day(client: &Client, date: Option<&str>) -> Result<DaySummary, String> {
    let date = date.map(|date| date.parse().unwrap());
    let answer = client.call::<call::Day>(&DayParams { date });
    answer.map_err(|error| error.detail().why)
}

/// What the fills of entries and of stops cost against the prices in their plans, by the journal alone.
fn slippage(entries: &[JournalEntry]) -> BTreeMap<OrderRole, Money> {
    let mut plans = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let mut costs = BTreeMap::new();
    for entry in entries {
        match &entry.record {
            Record::OrderPlanned { order } => {
                plans.insert(order.request.client_id, order.clone());
            }
            Record::OrderReported { report } => {
                let plan = &plans[&report.client_id];
                let kind = plan.request.kind;
                let price = match plan.role() {
                    OrderRole::Entry => kind.stop().or(kind.limit()).or(plan.last),
                    _ => kind.stop().or(kind.limit()),
                };
                let (Some(price), Some(fill)) = (price, &report.execution) else {
                    continue;
                };
                if !seen.insert((report.client_id, fill.id.clone())) {
                    continue;
                }
                let cost = plan.request.side.signed(fill.qty);
                let cost = fill.price.times_net(cost) - price.times_net(cost);
                *costs.entry(plan.role()).or_insert(Money::ZERO) += cost;
            }
            _ => {}
        }
    }
    costs
}

#[test]
fn the_day_is_told_while_it_runs_and_its_summary_follows_from_the_journal() {
    let place = Place::new(PACE);
    let mut daemon = place.start();
    daemon.wait(|line| line.is("order_reported", " filled "));
    let client = place.reader();
    let running = day(&client, None).unwrap();
    assert!(running.open && running.fills > 0, "{running:?}");
    assert_eq!(
        (running.head, running.date),
        (None, "2025-01-03".parse().unwrap())
    );
    daemon.wait(|line| line.kind == "session_closed");
    let closed = day(&client, Some("2025-01-03")).unwrap();
    for none in ["2025-01-02", "2025-01-04"] {
        let why = day(&client, Some(none)).unwrap_err();
        assert_eq!(why, format!("the account has no session on {none}"));
    }
    drop(client);
    stop(&place.client(), Some(true));
    assert!(daemon.drain().0.success());

    let books = Books::read(&place);
    let head = closed.head.as_ref().unwrap();
    let (seq, hash) = head.split_once(':').unwrap();
    let before: usize = seq.parse().unwrap();
    assert_eq!(hash.len(), 64);
    let Record::SessionClosed { summary } = &books.entries[before].record else {
        panic!(
            "row {before} comes before another: {:?}",
            books.entries[before]
        );
    };
    assert_eq!(summary.date, closed.date);
    let costs = slippage(&books.entries[..before]);
    let cost = |role| convert::money(costs.get(&role).copied().unwrap_or(Money::ZERO));
    assert_eq!(closed.entry_slippage.cost, cost(OrderRole::Entry));
    assert_eq!(closed.stop_slippage.cost, cost(OrderRole::Stop));
    assert!(closed.entry_slippage.fills > 0 && closed.entry_slippage.basis_points.is_some());
    let alerts = books.entries[..before].iter();
    let alerts = alerts.filter(|entry| matches!(entry.record, Record::Alerted { .. }));
    assert_eq!(closed.alerts as usize, alerts.count());
    let gaps = closed.gaps.unwrap();
    assert_eq!((gaps.minutes, gaps.symbols), (389, 4));
    // Made anew from the journal, it is the same.
    let mut store = Store::open(&place.store(), trader_contract::Timestamp::MIN, 0).unwrap();
    let kept = Reader::open(&place.store())
        .unwrap()
        .days(None, None, 9)
        .unwrap();
    store.rebuild_projections().unwrap();
    let anew = Reader::open(&place.store())
        .unwrap()
        .days(None, None, 9)
        .unwrap();
    assert_eq!(anew, kept);
}

/// A whole demo session by the build before the summary grew: its store and its broker.
const EARLIER: &[u8] = include_bytes!("../../../tests/data/releases/store-2026-11-29.db.gz");

#[test]
fn a_store_of_an_earlier_build_opens_and_goes_on() {
    let place = Place::new("pace = 6000\nseed = 3");
    let text = std::fs::read_to_string(place.config()).unwrap();
    place.configure(&text.replace("2025-01-03", "2025-01-06"));
    std::fs::create_dir_all(place.state()).unwrap();
    let mut store = Vec::new();
    flate2::read::GzDecoder::new(EARLIER)
        .read_to_end(&mut store)
        .unwrap();
    std::fs::write(place.store(), store).unwrap();

    let mut daemon = place.start();
    let client = place.client();
    let old = day(&client, Some("2025-01-03")).unwrap();
    assert_eq!(
        (old.trades, old.fills, old.realised.to_string()),
        (9, 18, "129.38".to_owned())
    );
    assert_eq!(
        (old.alerts, old.entry_slippage.fills, old.gaps),
        (0, 0, None)
    );
    assert!(old.head.is_some());
    daemon.wait(|line| line.kind == "session_closed");
    let new = day(&client, Some("2025-01-06")).unwrap();
    assert_eq!(new.gaps.unwrap().minutes, 389);
    stop(&client, Some(true));
    assert!(daemon.drain().0.success());
    let mut store = Store::open(&place.store(), trader_contract::Timestamp::MIN, 0).unwrap();
    store.verify_chain().unwrap();
}
