//! Random decisions: what was seen, how it was sized, what the gate said.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use trader_contract::{Bar, IndicatorSpec, Reading, Slot};
use trader_core::record::{Decision, GateCheck, Seen, SizeBound, Sizing};

use super::values::{amounts, facts, levels, order_ids, prices, quantities, times, words};

fn checks() -> impl Strategy<Value = Vec<GateCheck>> {
    let check = (words(), facts(), facts(), any::<bool>());
    let check = check.prop_map(|(limit, value, allowed, holds)| GateCheck {
        limit: String::from(limit).into(),
        value,
        allowed,
        holds,
    });
    vec(check, 0..3)
}

pub(super) fn decisions() -> impl Strategy<Value = Decision> {
    let accepted = (of(order_ids()), checks(), of(sizings()));
    let refused = (words(), words(), checks(), of(sizings()));
    prop_oneof![
        accepted.prop_map(|(order, checks, sizing)| Decision::Accepted {
            order,
            checks,
            sizing,
        }),
        refused.prop_map(|(rule, detail, checks, sizing)| Decision::Refused {
            rule: String::from(rule).into(),
            detail,
            checks,
            sizing,
        }),
    ]
}

fn sizings() -> impl Strategy<Value = Box<Sizing>> {
    let bound = (words(), any::<i64>(), of(amounts()), of(levels()));
    let bound = bound.prop_map(|(bound, shares, amount, per_share)| SizeBound {
        bound: String::from(bound).into(),
        shares,
        amount,
        per_share,
    });
    let parts = (
        amounts(),
        levels(),
        of(prices()),
        vec(bound, 0..3),
        quantities(),
    );
    parts.prop_map(|(equity, opens_at, stop, bounds, shares)| {
        Box::new(Sizing {
            equity,
            opens_at,
            stop,
            slippage: opens_at,
            bounds,
            decided_by: "room".into(),
            shares,
        })
    })
}

pub(super) fn seen() -> impl Strategy<Value = Box<Seen>> {
    let parts = (times(), prices(), any::<u64>(), -1e6..1e6);
    parts.prop_map(|(start, price, volume, value)| {
        let reading = Slot {
            current: Some(Reading::Float(value)),
            previous: None,
        };
        Box::new(Seen {
            bar: Bar::new(start, [price; 4], volume).unwrap(),
            readings: vec![(IndicatorSpec::Sma { period: 20 }, reading)],
        })
    })
}
