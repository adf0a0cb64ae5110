//! What the stream does not tell, tells twice, or tells in words that are not known.

use super::*;

fn working(bench: &mut Bench) {
    bench.ask(BrokerRequest::Submit(request(OrderRole::Entry)));
    let call = bench.call(Method::Post, "/v2/orders");
    bench.answer(&call, 200, &entry_text("new", 0, ""));
}

#[test]
fn open_orders_are_swept_and_one_that_is_gone_is_read() {
    let mut bench = Bench::new();
    working(&mut bench);
    bench.pass(11);
    let sweep = bench.call(Method::Get, "/v2/orders?status=open&nested=true");
    bench.answer(&sweep, 200, "[]");
    let look = bench.call(Method::Get, "/v2/orders/b1?nested=true");
    bench.answer(&look, 200, &entry_text("canceled", 0, ""));
    assert_eq!(
        bench.last(name(OrderRole::Entry)).status,
        ReportStatus::Cancelled
    );
    bench.calls.clear();
    bench.pass(60);
    assert!(
        bench.calls.is_empty(),
        "nothing is open, and nothing is swept: {:?}",
        bench.calls
    );
}

#[test]
fn a_stream_that_did_not_tell_of_a_fill_is_made_anew() {
    let mut bench = Bench::new();
    working(&mut bench);
    bench.pass(11);
    let sweep = bench.call(Method::Get, "/v2/orders?status=open");
    bench.answer(
        &sweep,
        200,
        &format!("[{}]", entry_text("partially_filled", 5, "")),
    );
    assert!(bench.actions.contains(&StreamAction::Close));
    assert!(
        bench
            .events
            .iter()
            .any(|event| matches!(event, BrokerEvent::Link { up: false, .. }))
    );
    assert_eq!(bench.machine.counts().missed, 1);
}

#[test]
fn a_word_that_is_not_known_ends_nothing_and_the_order_is_read_again() {
    let mut bench = Bench::new();
    working(&mut bench);
    bench.update("vaporised", "", &entry_text("vaporised", 0, ""));
    let report = bench.last(name(OrderRole::Entry));
    assert!(!report.status.state().is_terminal());
    assert_eq!(bench.machine.counts().unknown_words, 1);
    bench.pass(2);
    bench.call(Method::Get, "/v2/orders/b1");
}

#[test]
fn an_exit_heard_of_before_the_answer_to_its_order_is_placed_by_it() {
    let mut bench = Bench::new();
    bench.ask(BrokerRequest::Submit(with_exits()));
    let call = bench.call(Method::Post, "/v2/orders");
    let stop = exit("b2", "stop", r#""stop_price":"200""#, "held");
    let target = exit("b3", "limit", r#""limit_price":"250""#, "held");
    bench.update("held", "", &stop);
    assert!(
        bench
            .events
            .iter()
            .all(|event| !matches!(event, BrokerEvent::Foreign(_)))
    );
    bench.answer(
        &call,
        200,
        &entry_text("new", 0, &format!(r#""legs":[{stop},{target}],"#)),
    );
    assert_eq!(bench.last(name(OrderRole::Stop)).status, ReportStatus::Held);
}

#[test]
fn somebody_elses_order_is_told_as_foreign_after_a_look() {
    let mut bench = Bench::new();
    let theirs = order("f1", "by-hand", "new", 0, r#""order_class":"oto","#);
    bench.update("new", "", &theirs);
    let look = bench.call(Method::Get, "/v2/orders?status=all&nested=true");
    bench.answer(&look, 200, &format!("[{theirs}]"));
    assert!(bench.events.iter().any(
        |event| matches!(event, BrokerEvent::Foreign(order) if &*order.client_id == "by-hand")
    ));
    // From now on it is known as such.
    bench.update("canceled", "", &theirs.replace("\"new\"", "\"canceled\""));
    assert!(bench.calls.is_empty(), "{:?}", bench.calls);
}

#[test]
fn an_execution_that_is_taken_back_is_told_and_the_same_sum_again_is_another() {
    let mut bench = Bench::new();
    working(&mut bench);
    bench.update(
        "partial_fill",
        r#""price":"224","qty":"5","#,
        &entry_text("partially_filled", 5, ""),
    );
    bench.update(
        "trade_bust",
        r#""price":"224","qty":"5","#,
        &entry_text("new", 0, ""),
    );
    let told = bench.events.iter().find_map(|event| match event {
        BrokerEvent::Corrected { execution, now, .. } => {
            Some((execution.to_string(), now.is_none()))
        }
        _ => None,
    });
    assert_eq!(told, Some(("b1:5".to_owned(), true)));
    bench.update(
        "partial_fill",
        r#""price":"225","qty":"5","#,
        &entry_text("partially_filled", 5, ""),
    );
    let again = bench
        .last(name(OrderRole::Entry))
        .execution
        .clone()
        .unwrap();
    assert_eq!(again.id.to_string(), "b1:5:1");
}

#[test]
fn a_message_that_cannot_be_read_is_counted_and_the_records_are_looked_at() {
    let mut bench = Bench::new();
    working(&mut bench);
    bench.machine.stream(
        &StreamInput::Message(b"{\"stream\":\"trade_updates\"}"),
        bench.now,
    );
    bench.drain();
    assert_eq!(bench.machine.counts().bad_messages, 1);
    bench.pass(1);
    bench.call(Method::Get, "/v2/orders?status=open");
}

#[test]
fn signs_of_life_are_told_once_a_second_at_most() {
    let mut bench = Bench::new();
    bench.events.clear();
    for _ in 0..100 {
        bench.machine.stream(&StreamInput::Pong, bench.now);
    }
    bench.drain();
    let alive = bench
        .events
        .iter()
        .filter(|event| matches!(event, BrokerEvent::Alive));
    assert!(alive.count() <= 1);
}

#[test]
fn somebody_elses_order_is_told_again_only_when_it_changes() {
    let mut bench = Bench::new();
    working(&mut bench);
    let theirs = order("f1", "by-hand", "new", 0, "");
    let told = |bench: &Bench| {
        let foreign = bench
            .events
            .iter()
            .filter(|event| matches!(event, BrokerEvent::Foreign(_)));
        foreign.count()
    };
    bench.update("new", "", &theirs);
    for _ in 0..3 {
        bench.pass(11);
        let sweep = bench.call(Method::Get, "/v2/orders?status=open");
        bench.answer(
            &sweep,
            200,
            &format!("[{},{theirs}]", entry_text("new", 0, "")),
        );
    }
    assert_eq!(told(&bench), 1);
    bench.update("canceled", "", &theirs.replace("\"new\"", "\"canceled\""));
    assert_eq!(told(&bench), 2);
}

#[test]
fn an_execution_that_is_named_is_taken_back_or_changed_wherever_it_stood() {
    let mut bench = Bench::new();
    working(&mut bench);
    let fill =
        |id: &str, qty: u32| format!(r#""execution_id":"{id}","price":"224","qty":"{qty}","#);
    bench.update(
        "partial_fill",
        &fill("x1", 5),
        &entry_text("partially_filled", 5, ""),
    );
    bench.update("fill", &fill("x2", 7), &entry_text("filled", 12, ""));
    let change = r#""execution_id":"x3","previous_execution_id":"x1","price":"223.5","qty":"4","#;
    bench.update("trade_correct", change, &entry_text("filled", 11, ""));
    bench.update(
        "trade_bust",
        r#""execution_id":"x4","previous_execution_id":"x2","qty":"7","#,
        &entry_text("filled", 4, ""),
    );
    // One that nothing is known of is left to the records.
    bench.update(
        "trade_bust",
        r#""execution_id":"x5","previous_execution_id":"x0","qty":"7","#,
        &entry_text("filled", 4, ""),
    );
    let told: Vec<_> = bench
        .events
        .iter()
        .filter_map(|event| match event {
            BrokerEvent::Corrected { execution, now, .. } => {
                let now = now.as_ref().map(|now| {
                    (
                        now.id.to_string(),
                        now.qty.whole_shares(),
                        now.price.to_string(),
                    )
                });
                Some((execution.to_string(), now))
            }
            _ => None,
        })
        .collect();
    let changed = ("b1:5:1".to_owned(), 4, "223.5".to_owned());
    assert_eq!(
        told,
        [
            ("b1:5".to_owned(), Some(changed)),
            ("b1:12".to_owned(), None)
        ]
    );
}
