//! What the records of orders make of the projections, where it is not plain.

use trader_contract::{Money, OrderState, Outcome, Qty, ReportStatus, RequestFailure, Side};
use trader_core::record::{Record, Trade};

use super::example::{
    ALL, append, entry_id, fixture, opening_of_the_trade, report, second, shares, stop_id, trade,
};
use crate::{Reader, TradeFilter};

#[test]
fn a_failed_submit_takes_the_attached_orders_with_it() {
    let (_folder, mut store, mut reader) = fixture();
    let refused = RequestFailure::Refused {
        code: 40_310_000,
        message: "no funds".into(),
    };
    let unknown = RequestFailure::Ambiguous {
        message: "timeout".into(),
    };
    let state = |reader: &mut Reader, id| reader.order(id).unwrap().unwrap().state;
    let failed = |failure| {
        let client_id = entry_id();
        vec![Record::SubmitFailed { client_id, failure }]
    };
    append(&mut store, opening_of_the_trade()[..3].to_vec());
    append(&mut store, failed(unknown.clone()));
    assert_eq!(state(&mut reader, entry_id()), OrderState::Unknown);
    assert_eq!(state(&mut reader, stop_id()), OrderState::Unknown);
    // No answer to another sending tells what became of the first.
    append(&mut store, failed(refused.clone()));
    assert_eq!(state(&mut reader, entry_id()), OrderState::Unknown);
    let (_other, mut store, mut reader) = fixture();
    append(&mut store, opening_of_the_trade()[..3].to_vec());
    append(&mut store, failed(refused));
    for id in [entry_id(), stop_id()] {
        let order = reader.order(id).unwrap().unwrap();
        assert_eq!(order.state, OrderState::Done(Outcome::Rejected));
        assert_eq!(order.reason.as_deref(), Some("no funds"));
    }
    // An attached order of unknown fate goes the way of its entry.
    let (_third, mut store, mut reader) = fixture();
    append(&mut store, opening_of_the_trade()[..3].to_vec());
    let client_id = stop_id();
    append(&mut store, vec![Record::SubmitRepeated { client_id }]);
    append(&mut store, failed(unknown));
    let order = reader.order(client_id).unwrap().unwrap();
    assert_eq!(order.reason.as_deref(), Some("timeout"));
}

#[test]
fn what_is_asked_of_an_order_stands_until_it_is_answered() {
    let (_folder, mut store, mut reader) = fixture();
    let mut asked = |records| {
        append(&mut store, records);
        let order = reader.order(stop_id()).unwrap().unwrap();
        (order.cancel_asked, order.replace_asked)
    };
    let client_id = stop_id();
    let failure = RequestFailure::Ambiguous {
        message: "timeout".into(),
    };
    assert_eq!(asked(opening_of_the_trade()), (false, false));
    let cancel = || Record::CancelAsked {
        client_id,
        why: "end of day".into(),
    };
    assert_eq!(asked(vec![cancel()]), (true, false));
    assert_eq!(
        asked(vec![Record::CancelFailed { client_id, failure }]),
        (false, false)
    );
    assert_eq!(asked(vec![cancel()]), (true, false));
    assert_eq!(
        asked(vec![report(client_id, ReportStatus::Cancelled, 0, None)]),
        (false, false)
    );
}

#[test]
fn a_fill_through_zero_opens_the_other_side() {
    let (_folder, mut store, mut reader) = fixture();
    append(&mut store, opening_of_the_trade());
    let over = report(
        stop_id(),
        ReportStatus::Filled,
        100,
        Some(("y", 130, "98", 9)),
    );
    append(&mut store, vec![over]);
    let [position] = &reader.positions().unwrap()[..] else {
        panic!()
    };
    assert_eq!(position.net, Side::Sell.signed(shares(30)));
    assert_eq!(
        (position.flow, position.fees),
        (Money::dollars(2_940), Money::ZERO)
    );
    assert_eq!(position.opened_at, second(9));
}

#[test]
fn an_entry_that_never_filled_is_no_trade() {
    let (_folder, mut store, mut reader) = fixture();
    let trade = Trade {
        qty: Qty::ZERO,
        ..trade()
    };
    append(&mut store, vec![Record::TradeClosed { trade }]);
    assert_eq!(reader.trades(&TradeFilter::default(), ALL).unwrap(), []);
}
