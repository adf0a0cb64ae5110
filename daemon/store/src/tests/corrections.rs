//! Executions that the broker takes back or changes, and splits.

use trader_contract::{Execution, ExecutionId, Money, Side};
use trader_core::record::Record;

use super::example::{
    ALL, append, entry_id, fixture, opening_of_the_trade, price, second, shares, spy,
};
use crate::{FillFilter, Reader};

fn corrected(void: &str, now: Option<(&str, u32, &str)>) -> Record {
    Record::FillCorrected {
        client_id: entry_id(),
        execution: ExecutionId(void.into()),
        now: now.map(|(id, qty, at_price)| Execution {
            id: ExecutionId(id.into()),
            qty: shares(qty),
            price: price(at_price),
            fee: "0.05".parse().unwrap(),
            at: second(6),
        }),
    }
}

fn fills(reader: &mut Reader) -> Vec<String> {
    let fills = reader.fills(&FillFilter::default(), ALL).unwrap();
    fills
        .iter()
        .map(|fill| fill.execution.id.to_string())
        .collect()
}

#[test]
fn a_void_execution_goes_and_its_substitute_comes() {
    let (_folder, mut store, mut reader) = fixture();
    append(&mut store, opening_of_the_trade());
    // 60 at 100.5 become 50 at 101.
    append(&mut store, vec![corrected("x2", Some(("x3", 50, "101")))]);
    assert_eq!(fills(&mut reader), ["x3", "x1"]);
    let order = reader.order(entry_id()).unwrap().unwrap();
    assert_eq!(
        (order.filled, order.filled_value),
        (shares(90), Money::dollars(9_050))
    );
    let [position] = &reader.positions().unwrap()[..] else {
        panic!()
    };
    assert_eq!(position.net, Side::Buy.signed(shares(90)));
    assert_eq!(position.flow, Money::dollars(-9_050));
    assert_eq!(position.fees, "0.06".parse().unwrap());

    // The same once more changes nothing; without a substitute the shares are gone.
    append(&mut store, vec![corrected("x2", Some(("x3", 50, "101")))]);
    assert_eq!(fills(&mut reader), ["x3", "x1"]);
    append(
        &mut store,
        vec![corrected("x3", None), corrected("x1", None)],
    );
    assert_eq!(fills(&mut reader), [""; 0]);
    assert_eq!(reader.positions().unwrap(), []);
    let order = reader.order(entry_id()).unwrap().unwrap();
    assert_eq!((order.filled, order.filled_value), (shares(0), Money::ZERO));
}

#[test]
fn a_split_makes_more_shares_for_the_same_money() {
    let (_folder, mut store, mut reader) = fixture();
    append(&mut store, opening_of_the_trade());
    let split = Record::SplitApplied {
        symbol: spy(),
        new: 3,
        old: 2,
    };
    append(&mut store, vec![split]);
    let [position] = &reader.positions().unwrap()[..] else {
        panic!()
    };
    assert_eq!(position.net, Side::Buy.signed(shares(150)));
    assert_eq!(position.flow, Money::dollars(-10_030));
}
