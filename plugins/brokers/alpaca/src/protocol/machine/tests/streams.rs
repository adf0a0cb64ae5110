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
