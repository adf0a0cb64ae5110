//! What a snapshot is put together from, and what makes it fail.

use super::*;

const ACCOUNT: &str = r#"{"id":"a","account_number":"PA1","status":"ACTIVE","cash":"61250.37","buying_power":"1000","shorting_enabled":true}"#;

fn line(id: &str, order: &str, qty: u32, cumulative: u32, more: &str) -> String {
    format!(
        r#"{{"id":"{id}","activity_type":"FILL",{more}"transaction_time":"2026-11-20T15:41:08.5Z","price":"224","qty":"{qty}","side":"buy","symbol":"AAPL","cum_qty":"{cumulative}","order_id":"{order}"}}"#
    )
}

/// Answers the parts one after the other, and returns what was told.
fn take(bench: &mut Bench, open: &str, all: &str, lines: &str) -> BrokerSnapshot {
    let parts = [
        ("/v2/account", ACCOUNT),
        ("/v2/orders?status=open", open),
        ("/v2/orders?status=all", all),
        ("/v2/account/activities/FILL", lines),
        (
            "/v2/positions",
            r#"[{"symbol":"AAPL","qty":"12","side":"long"}]"#,
        ),
    ];
    for (path, body) in parts {
        let call = bench.call(Method::Get, path);
        bench.answer(&call, 200, body);
    }
    last(bench)
}

fn last(bench: &Bench) -> BrokerSnapshot {
    match bench.events.last() {
        Some(BrokerEvent::Snapshot(snapshot)) => snapshot.clone(),
        other => panic!("no snapshot: {other:?}"),
    }
}

fn ask(bench: &mut Bench, number: u32) {
    bench.ask(BrokerRequest::Snapshot {
        number,
        since: START,
    });
}

#[test]
fn lines_of_one_millisecond_are_put_in_order_and_have_the_streams_keys() {
    let mut bench = Bench::new();
    ask(&mut bench, 3);
    let lines = [line("l2", "b1", 7, 12, ""), line("l1", "b1", 5, 5, "")];
    let snapshot = take(
        &mut bench,
        "[]",
        &format!("[{}]", entry_text("filled", 9, "")),
        &format!("[{}]", lines.join(",")),
    );
    assert_eq!(snapshot.number, 3);
    let executions: Vec<_> = snapshot
        .executions
        .iter()
        .map(|(name, execution)| {
            (
                name.to_string(),
                execution.id.to_string(),
                execution.qty.whole_shares(),
            )
        })
        .collect();
    let entry = name(OrderRole::Entry).to_string();
    assert_eq!(
        executions,
        [
            (entry.clone(), "b1:5".to_owned(), 5),
            (entry, "b1:12".to_owned(), 7)
        ]
    );
    assert_eq!(snapshot.cash.to_string(), "61250.37");
    assert_eq!(&*snapshot.account.id, "PA1");
}

#[test]
fn an_execution_that_the_history_takes_back_is_void_and_its_correction_stands() {
    let mut bench = Bench::new();
    ask(&mut bench, 1);
    let lines = [
        line("20261120::x1", "b1", 5, 5, ""),
        line(
            "20261120::x2",
            "b1",
            5,
            5,
            r#""status":"correct","previous_id":"x1","#,
        ),
    ];
    let snapshot = take(
        &mut bench,
        "[]",
        &format!("[{}]", entry_text("filled", 5, "")),
        &format!("[{}]", lines.join(",")),
    );
    assert!(snapshot.executions.is_empty());
    let (_, void, now) = &snapshot.corrected[0];
    assert_eq!(void.to_string(), "b1:5");
    assert_eq!(now.as_ref().unwrap().id.to_string(), "b1:5:1");
}

#[test]
fn what_is_taken_back_is_looked_for_further_back_than_what_is_asked_about() {
    let mut bench = Bench::new();
    ask(&mut bench, 1);
    let back = line(
        "20261120::x2",
        "b1",
        4,
        5,
        r#""status":"correct","previous_id":"20261119::x1","#,
    );
    let parts = [
        ("/v2/account", ACCOUNT.to_owned()),
        ("/v2/orders?status=open", "[]".to_owned()),
        ("/v2/orders?status=all", "[]".to_owned()),
        ("/v2/account/activities/FILL?after", format!("[{back}]")),
        ("/v2/orders/b1", entry_text("filled", 5, "")),
        (
            "/v2/account/activities/FILL?order_id=b1",
            format!("[{},{back}]", line("20261119::x1", "b1", 5, 5, "")),
        ),
        ("/v2/positions", "[]".to_owned()),
    ];
    for (path, body) in parts {
        let call = bench.call(Method::Get, path);
        bench.answer(&call, 200, &body);
    }
    let snapshot = last(&bench);
    assert!(snapshot.executions.is_empty());
    let (_, void, now) = &snapshot.corrected[0];
    assert_eq!(void.to_string(), "b1:5");
    assert_eq!(now.as_ref().unwrap().qty.whole_shares(), 4);
}

#[test]
fn the_history_is_walked_page_by_page_from_its_last_line() {
    let mut bench = Bench::new();
    ask(&mut bench, 1);
    let orders = format!("[{}]", entry_text("partially_filled", 9, ""));
    for (path, body) in [
        ("/v2/account", ACCOUNT),
        ("/v2/orders?status=open", &orders),
        ("/v2/orders?status=all", "[]"),
    ] {
        let call = bench.call(Method::Get, path);
        bench.answer(&call, 200, body);
    }
    let page: Vec<String> = (1..=100)
        .map(|n| line(&format!("l{n}"), "b1", 1, n, ""))
        .collect();
    let call = bench.call(Method::Get, "/v2/account/activities/FILL");
    bench.answer(&call, 200, &format!("[{}]", page.join(",")));
    let call = bench.call(Method::Get, "/v2/account/activities/FILL");
    assert!(call.path.contains("page_token=l100"), "{}", call.path);
    bench.answer(&call, 200, &format!("[{}]", line("l101", "b1", 1, 101, "")));
    let call = bench.call(Method::Get, "/v2/positions");
    bench.answer(&call, 200, "[]");
    assert_eq!(last(&bench).executions.len(), 101);
}

#[test]
fn an_order_handed_in_long_ago_is_read_by_itself() {
    let old = KnownOrder {
        client_id: name(OrderRole::Stop),
        broker_id: Some(trader_contract::BrokerOrderId("b2".into())),
        parent: Some(name(OrderRole::Entry)),
        live: true,
    };
    let mut bench = Bench::with(&[old], None);
    bench.calls.clear();
    ask(&mut bench, 1);
    for (path, body) in [
        ("/v2/account", ACCOUNT),
        ("/v2/orders?status=open", "[]"),
        ("/v2/orders?status=all", "[]"),
    ] {
        let call = bench.call(Method::Get, path);
        bench.answer(&call, 200, body);
    }
    let call = bench.call(Method::Get, "/v2/orders/b2?nested=true");
    bench.answer(
        &call,
        200,
        &exit("b2", "stop", r#""stop_price":"200""#, "canceled"),
    );
    for path in ["/v2/account/activities/FILL", "/v2/positions"] {
        let call = bench.call(Method::Get, path);
        bench.answer(&call, 200, "[]");
    }
    let snapshot = last(&bench);
    assert_eq!(snapshot.orders[0].client_id, name(OrderRole::Stop));
    assert_eq!(snapshot.orders[0].status, ReportStatus::Cancelled);
}

#[test]
fn an_exit_that_is_listed_alone_is_ours_by_the_order_that_names_it() {
    let mut bench = Bench::new();
    ask(&mut bench, 1);
    // Its id comes before its order's, and it is in the list of open orders without it.
    let stop = exit("a2", "stop", r#""stop_price":"200""#, "new");
    let entry = entry_text("filled", 9, &format!(r#""legs":[{stop}],"#));
    let snapshot = take(
        &mut bench,
        &format!("[{stop}]"),
        &format!("[{entry}]"),
        "[]",
    );
    assert!(snapshot.foreign.is_empty());
    let names: Vec<_> = snapshot
        .orders
        .iter()
        .map(|order| order.client_id)
        .collect();
    assert_eq!(names, [name(OrderRole::Entry), name(OrderRole::Stop)]);
}

#[test]
fn a_part_that_makes_no_sense_fails_the_whole() {
    for (path, body) in [
        ("/v2/orders?status=open", r#"[{"id":"x"}]"#),
        ("/v2/orders?status=open", "<html>"),
        ("/v2/account", "{}"),
    ] {
        let mut bench = Bench::new();
        ask(&mut bench, 1);
        if path != "/v2/account" {
            let call = bench.call(Method::Get, "/v2/account");
            bench.answer(&call, 200, ACCOUNT);
        }
        let call = bench.call(Method::Get, path);
        bench.answer(&call, 200, body);
        assert!(
            matches!(
                bench.events.last(),
                Some(BrokerEvent::SnapshotFailed { number: 1, .. })
            ),
            "{path} {body}"
        );
        assert!(bench.machine.counts().bad_answers > 0);
    }
}

#[test]
fn of_those_that_wait_the_newest_is_answered() {
    let mut bench = Bench::new();
    for number in 1..=3 {
        ask(&mut bench, number);
    }
    assert!(matches!(
        bench.events.last(),
        Some(BrokerEvent::SnapshotFailed { number: 2, .. })
    ));
    assert_eq!(take(&mut bench, "[]", "[]", "[]").number, 1);
    assert_eq!(take(&mut bench, "[]", "[]", "[]").number, 3);
}

#[test]
fn a_part_that_is_lost_is_asked_for_again() {
    let mut bench = Bench::new();
    ask(&mut bench, 1);
    for _ in 0..2 {
        let call = bench.call(Method::Get, "/v2/account");
        bench.lose(&call);
        bench.pass(9);
    }
    assert_eq!(take(&mut bench, "[]", "[]", "[]").number, 1);
}
