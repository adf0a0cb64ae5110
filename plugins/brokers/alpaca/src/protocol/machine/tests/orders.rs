//! What goes out for an order, and what its answers mean.

use super::*;

#[test]
fn an_order_goes_out_once_and_its_answer_is_its_first_report() {
    let mut bench = Bench::new();
    bench.ask(BrokerRequest::Submit(request(OrderRole::Entry)));
    let call = bench.call(Method::Post, "/v2/orders");
    bench.answer(&call, 200, &entry_text("pending_new", 0, ""));
    assert_eq!(
        bench.last(name(OrderRole::Entry)).status,
        ReportStatus::PendingNew
    );
    bench.pass(60);
    assert!(bench.calls.iter().all(|call| call.method == Method::Get));
}

#[test]
fn a_lost_answer_is_told_as_ambiguous_looked_up_and_never_sent_again() {
    let mut bench = Bench::new();
    bench.ask(BrokerRequest::Submit(request(OrderRole::Entry)));
    let call = bench.call(Method::Post, "/v2/orders");
    bench.lose(&call);
    assert!(matches!(
        bench.events.last(),
        Some(BrokerEvent::SubmitFailed {
            failure: RequestFailure::Ambiguous { .. },
            ..
        })
    ));
    for _ in 0..2 {
        let look = bench.call(
            Method::Get,
            "/v2/orders:by_client_order_id?client_order_id=0000002a",
        );
        bench.answer(
            &look,
            404,
            r#"{"code":40410000,"message":"order not found"}"#,
        );
        bench.pass(10);
    }
    let look = bench.call(Method::Get, "/v2/orders:by_client_order_id");
    bench.answer(&look, 200, &entry_text("new", 0, ""));
    assert_eq!(bench.last(name(OrderRole::Entry)).status, ReportStatus::New);
    bench.pass(60);
    assert!(bench.calls.iter().all(|call| call.method == Method::Get));
}

#[test]
fn an_answer_that_says_nothing_of_the_order_leaves_it_in_doubt() {
    let others = order("b7", "0000002a-20261120-99-e1", "new", 0, "");
    let without_symbol = entry_text("new", 0, r#""symbol":null,"#);
    for answer in [others, without_symbol] {
        let mut bench = Bench::new();
        bench.ask(BrokerRequest::Submit(request(OrderRole::Entry)));
        let call = bench.call(Method::Post, "/v2/orders");
        bench.answer(&call, 200, &answer);
        assert!(matches!(
            bench.events.last(),
            Some(BrokerEvent::SubmitFailed {
                failure: RequestFailure::Ambiguous { .. },
                ..
            })
        ));
        // Nor does a look that finds the same end the looking.
        let by_name = "/v2/orders:by_client_order_id?client_order_id=0000002a";
        let look = bench.call(Method::Get, by_name);
        bench.answer(&look, 200, &answer);
        bench.pass(10);
        let look = bench.call(Method::Get, by_name);
        bench.answer(&look, 200, &entry_text("new", 0, ""));
        assert_eq!(bench.last(name(OrderRole::Entry)).status, ReportStatus::New);
    }
}

#[test]
fn looking_an_order_up_ends_after_half_a_minute() {
    let mut bench = Bench::new();
    bench.ask(BrokerRequest::Submit(request(OrderRole::Entry)));
    let call = bench.call(Method::Post, "/v2/orders");
    bench.answer(&call, 504, "");
    let mut looks = 0;
    for _ in 0..30 {
        let is_look = |call: &Call| call.path.contains("by_client_order_id");
        if let Some(place) = bench.calls.iter().position(is_look) {
            let look = bench.calls.remove(place);
            looks += 1;
            bench.answer(
                &look,
                404,
                r#"{"code":40410000,"message":"order not found"}"#,
            );
        }
        bench.pass(10);
    }
    assert_eq!(looks, 6);
}

#[test]
fn an_execution_counts_under_one_key_however_it_is_heard() {
    let mut bench = Bench::new();
    bench.ask(BrokerRequest::Submit(request(OrderRole::Entry)));
    let call = bench.call(Method::Post, "/v2/orders");
    bench.answer(&call, 200, &entry_text("new", 0, ""));
    let fill = |qty: u32| format!(r#""execution_id":"x{qty}","price":"224.05","qty":"{qty}","#);
    for _ in 0..2 {
        bench.update(
            "partial_fill",
            &fill(5),
            &entry_text("partially_filled", 5, ""),
        );
    }
    bench.update("fill", &fill(7), &entry_text("filled", 12, ""));
    let told: Vec<_> = bench
        .reports(name(OrderRole::Entry))
        .iter()
        .filter_map(|report| report.execution.as_ref())
        .map(|execution| (execution.id.to_string(), execution.qty.whole_shares()))
        .collect();
    assert_eq!(told, [("b1:5".to_owned(), 5), ("b1:12".to_owned(), 7)]);
}

#[test]
fn an_execution_after_a_gap_is_left_to_the_history() {
    let mut bench = Bench::new();
    bench.ask(BrokerRequest::Submit(request(OrderRole::Entry)));
    let call = bench.call(Method::Post, "/v2/orders");
    bench.answer(&call, 200, &entry_text("new", 0, ""));
    // The first partial fill was lost: this one alone says nothing of the price of the other shares.
    bench.update(
        "fill",
        r#""price":"224.06","qty":"7","#,
        &entry_text("filled", 12, ""),
    );
    let report = bench.last(name(OrderRole::Entry));
    assert_eq!(
        (report.filled.whole_shares(), report.execution.as_ref()),
        (12, None)
    );
    // Two updates with the order as it was after both would else make one of two.
    bench.update(
        "partial_fill",
        r#""price":"224.05","qty":"5","#,
        &entry_text("filled", 12, ""),
    );
    assert!(bench.last(name(OrderRole::Entry)).execution.is_none());
}

#[test]
fn an_exit_that_alpaca_left_out_is_told_as_refused() {
    let mut bench = Bench::new();
    bench.ask(BrokerRequest::Submit(with_exits()));
    let call = bench.call(Method::Post, "/v2/orders");
    assert!(
        String::from_utf8(call.body.clone().unwrap())
            .unwrap()
            .contains(r#""order_class":"bracket""#)
    );
    bench.answer(&call, 200, &entry_text("new", 0, ""));
    let look = bench.call(Method::Get, "/v2/orders/b1?nested=true");
    let stop = exit("b2", "stop", r#""stop_price":"200""#, "held");
    bench.answer(
        &look,
        200,
        &entry_text("new", 0, &format!(r#""legs":[{stop}],"#)),
    );
    assert_eq!(bench.last(name(OrderRole::Stop)).status, ReportStatus::Held);
    let refused = bench.events.iter().filter_map(|event| match event {
        BrokerEvent::SubmitFailed {
            client_id,
            failure: RequestFailure::Refused { .. },
        } => Some(*client_id),
        _ => None,
    });
    assert_eq!(refused.collect::<Vec<_>>(), [name(OrderRole::Target)]);
    assert_eq!(bench.machine.counts().legs_left_out, 1);
}

#[test]
fn a_shrunken_exit_keeps_its_name_and_its_new_order_is_what_is_cancelled() {
    let mut bench = Bench::new();
    bench.ask(BrokerRequest::Submit(with_exits()));
    let call = bench.call(Method::Post, "/v2/orders");
    let legs = [
        exit("b2", "stop", r#""stop_price":"200""#, "held"),
        exit("b3", "limit", r#""limit_price":"250""#, "held"),
    ];
    bench.answer(
        &call,
        200,
        &entry_text("new", 0, &format!(r#""legs":[{}],"#, legs.join(","))),
    );
    // The target fills in part: Alpaca replaces the stop by one for the rest, of its own accord.
    let old = exit(
        "b2",
        "stop",
        r#""stop_price":"200","replaced_by":"b7""#,
        "replaced",
    );
    bench.update("replaced", "", &old);
    let before = bench.last(name(OrderRole::Stop));
    assert_eq!(before.status, ReportStatus::Held, "it is not over");
    let look = bench.call(Method::Get, "/v2/orders/b7");
    let new = exit(
        "b7",
        "stop",
        r#""stop_price":"200","replaces":"b2""#,
        "held",
    )
    .replace(r#""qty":"12""#, r#""qty":"8""#);
    bench.answer(&look, 200, &new);
    let stop = bench.last(name(OrderRole::Stop));
    assert_eq!(
        (stop.status, stop.qty.whole_shares(), &*stop.broker_id.0),
        (ReportStatus::Held, 8, "b7")
    );
    bench.ask(BrokerRequest::Cancel(name(OrderRole::Stop)));
    bench.call(Method::Delete, "/v2/orders/b7");
}

#[test]
fn a_shrunken_exit_is_not_taken_for_moved_where_a_move_of_it_is_on_its_way() {
    let mut bench = Bench::new();
    let (old, new) = (name(OrderRole::Stop), name(OrderRole::Stop).next_attempt());
    bench.ask(BrokerRequest::Submit(with_exits()));
    let call = bench.call(Method::Post, "/v2/orders");
    let stop = exit("b2", "stop", r#""stop_price":"200""#, "held");
    bench.answer(
        &call,
        200,
        &entry_text("filled", 12, &format!(r#""legs":[{stop}],"#)),
    );
    bench.ask(BrokerRequest::Replace(Replacement {
        client_id: old,
        new_client_id: new,
        qty: None,
        stop: Some("201".parse().unwrap()),
        limit: None,
        trail: None,
    }));
    let patch = bench.call(Method::Patch, "/v2/orders/b2");
    let replaced = exit(
        "b2",
        "stop",
        r#""stop_price":"200","replaced_by":"b7""#,
        "replaced",
    );
    bench.update("replaced", "", &replaced);
    let smaller = exit(
        "b7",
        "stop",
        r#""stop_price":"200","replaces":"b2""#,
        "held",
    )
    .replace(r#""qty":"12""#, r#""qty":"8""#);
    bench.update("held", "", &smaller);
    bench.answer(
        &patch,
        422,
        r#"{"code":42210000,"message":"unable to replace order, order is not open"}"#,
    );
    let told = bench.reports(old);
    assert!(
        told.iter()
            .all(|report| report.status == ReportStatus::Held)
    );
    assert_eq!(bench.last(old).qty.whole_shares(), 8);
    assert!(bench.reports(new).is_empty());
}

#[test]
fn an_order_is_told_as_replaced_once_it_is_known_by_which() {
    let old = name(OrderRole::Stop);
    let new = old.next_attempt();
    for (said, known) in [(new.to_string(), Some(new)), ("by-hand".to_owned(), None)] {
        let mut bench = Bench::new();
        bench.ask(BrokerRequest::Submit(request(OrderRole::Stop)));
        let call = bench.call(Method::Post, "/v2/orders");
        bench.answer(&call, 200, &order("b2", &old.to_string(), "new", 0, ""));
        let by = r#""replaced_by":"b3","#;
        let replaced = order("b2", &old.to_string(), "replaced", 0, by);
        bench.update("replaced", "", &replaced);
        assert_eq!(
            bench.last(old).status,
            ReportStatus::New,
            "by whom is not known"
        );
        let look = bench.call(Method::Get, "/v2/orders/b3");
        bench.answer(&look, 200, &order("b3", &said, "new", 0, ""));
        let last = bench.last(old);
        assert_eq!(
            (last.status, last.replaced_by),
            (ReportStatus::Replaced, known)
        );
    }
}

#[test]
fn a_cancel_of_an_exit_never_heard_of_finds_it_through_its_order() {
    let known = |role, parent| KnownOrder {
        client_id: name(role),
        broker_id: None,
        parent,
        live: true,
    };
    let entry = known(OrderRole::Entry, None);
    let stop = known(OrderRole::Stop, Some(name(OrderRole::Entry)));
    let mut bench = Bench::with(&[entry, stop], None);
    bench.ask(BrokerRequest::Cancel(name(OrderRole::Stop)));
    let look = bench.call(
        Method::Get,
        "/v2/orders:by_client_order_id?client_order_id=0000002a-20261120-17-e1",
    );
    bench.answer(&look, 200, &entry_text("filled", 12, ""));
    let look = bench.call(Method::Get, "/v2/orders/b1?nested=true");
    let stop = exit("b2", "stop", r#""stop_price":"200""#, "new");
    bench.answer(
        &look,
        200,
        &entry_text("filled", 12, &format!(r#""legs":[{stop}],"#)),
    );
    let cancel = bench.call(Method::Delete, "/v2/orders/b2");
    bench.answer(&cancel, 204, "");
    assert!(
        !bench
            .events
            .iter()
            .any(|event| matches!(event, BrokerEvent::CancelFailed { .. }))
    );
    // Taken is not cancelled: it is looked at after a while.
    bench.pass(3);
    bench.call(Method::Get, "/v2/orders/b1?nested=true");
}

#[test]
fn a_replacement_is_never_repeated_and_its_refusal_reads_the_old_order() {
    let mut bench = Bench::new();
    bench.ask(BrokerRequest::Submit(request(OrderRole::Stop)));
    let call = bench.call(Method::Post, "/v2/orders");
    let old = name(OrderRole::Stop);
    bench.answer(&call, 200, &order("b2", &old.to_string(), "new", 0, ""));
    let new = old.next_attempt();
    let change = Replacement {
        client_id: old,
        new_client_id: new,
        qty: None,
        stop: Some("201".parse().unwrap()),
        limit: None,
        trail: None,
    };
    bench.ask(BrokerRequest::Replace(change));
    let call = bench.call(Method::Patch, "/v2/orders/b2");
    bench.answer(&call, 422, r#"{"code":40010001,"message":"unable to replace order, order isn't sent to exchange yet"}"#);
    assert!(matches!(
        bench.events.last(),
        Some(BrokerEvent::ReplaceFailed {
            failure: RequestFailure::Refused { .. },
            ..
        })
    ));
    // It took effect all the same, which has been seen.
    let look = bench.call(Method::Get, "/v2/orders/b2?nested=true");
    bench.answer(
        &look,
        200,
        &order(
            "b2",
            &old.to_string(),
            "replaced",
            0,
            r#""replaced_by":"b3","#,
        ),
    );
    let look = bench.call(Method::Get, "/v2/orders/b3");
    bench.answer(
        &look,
        200,
        &order("b3", &new.to_string(), "new", 0, r#""replaces":"b2","#),
    );
    assert_eq!(bench.last(new).status, ReportStatus::New);
    bench.pass(30);
    assert!(bench.calls.iter().all(|call| call.method == Method::Get));
}

#[test]
fn looking_never_uses_what_is_kept_for_protection() {
    let mut bench = Bench::new();
    for token in 0..300 {
        let call = (Method::Get, "/v2/clock".to_owned(), None);
        bench.machine.ask(
            token,
            crate::protocol::budget::Urgency::Reading,
            call,
            bench.now,
        );
    }
    bench.drain();
    assert!(bench.calls.len() < 150);
    bench.calls.clear();
    for _ in 0..40 {
        bench.ask(BrokerRequest::Submit(request(OrderRole::Exit)));
    }
    let sent = bench
        .calls
        .iter()
        .filter(|call| call.method == Method::Post);
    assert_eq!(sent.count(), 40);
}

#[test]
fn an_entry_that_the_limit_holds_up_is_not_sent_later() {
    let mut bench = Bench::new();
    bench.ask(BrokerRequest::Submit(request(OrderRole::Stop)));
    let call = bench.call(Method::Post, "/v2/orders");
    bench.answer(
        &call,
        429,
        r#"{"code":42910000,"message":"too many requests"}"#,
    );
    bench.ask(BrokerRequest::Submit(request(OrderRole::Entry)));
    assert!(matches!(
        bench.events.last(),
        Some(BrokerEvent::SubmitFailed {
            failure: RequestFailure::Refused { code: 0, .. },
            ..
        })
    ));
    // What protects waits, and goes.
    bench.ask(BrokerRequest::Submit(request(OrderRole::Exit)));
    bench.pass(120);
    let sent: Vec<_> = bench
        .calls
        .iter()
        .filter(|call| call.method == Method::Post)
        .collect();
    assert_eq!(sent.len(), 1);
    let body = String::from_utf8(sent[0].body.clone().unwrap()).unwrap();
    assert!(body.contains("17-x1"), "{body}");
}

#[test]
fn nothing_is_sent_to_an_account_that_is_not_the_one() {
    let mut bench = Bench::with(&[], Some("123456"));
    bench.ask(BrokerRequest::Submit(request(OrderRole::Entry)));
    assert!(bench.calls.is_empty());
    assert!(matches!(
        bench.events.last(),
        Some(BrokerEvent::SubmitFailed { .. })
    ));
    bench.ask(BrokerRequest::Snapshot {
        number: 1,
        since: START,
    });
    let account = |number: &str| {
        format!(r#"{{"id":"a","account_number":"{number}","status":"ACTIVE","cash":"1"}}"#)
    };
    let call = bench.call(Method::Get, "/v2/account");
    bench.answer(&call, 200, &account("999"));
    assert!(matches!(
        bench.events.last(),
        Some(BrokerEvent::SnapshotFailed { message, .. }) if message.contains("999") && message.contains("123456")
    ));
    bench.ask(BrokerRequest::Submit(request(OrderRole::Entry)));
    assert!(bench.calls.is_empty());
    bench.ask(BrokerRequest::Snapshot {
        number: 2,
        since: START,
    });
    let call = bench.call(Method::Get, "/v2/account");
    bench.answer(&call, 200, &account("123456"));
    bench.ask(BrokerRequest::Submit(request(OrderRole::Entry)));
    bench.call(Method::Post, "/v2/orders");
}
