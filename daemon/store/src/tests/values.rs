//! Random values of the types that records are made of.

use chrono::NaiveDate;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use trader_contract::{
    ClientOrderId, Direction, Epoch, Fact, IntentNo, Level, Mean, Money, OrderRole, Price, Qty,
    Ratio, Reason, Side, Symbol, Timestamp,
};
use trader_core::record::{ExitReason, IntentId, Origin};

pub(super) fn words() -> impl Strategy<Value = Box<str>> {
    vec(any::<char>(), 0..8).prop_map(|chars| chars.into_iter().collect::<String>().into())
}

pub(super) fn times() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(Timestamp::from_nanos)
}

pub(super) fn symbols() -> impl Strategy<Value = Symbol> {
    select(vec!["SPY", "BRK.B", "A"]).prop_map(|text| text.parse().unwrap())
}

pub(super) fn prices() -> impl Strategy<Value = Price> {
    (1..=Price::MAX_MICROS).prop_map(|micros| Price::from_micros(micros).unwrap())
}

pub(super) fn quantities() -> impl Strategy<Value = Qty> {
    prop_oneof![0..=Qty::MAX_NANOS, Just(100_000_000_000), Just(0)]
        .prop_map(|nanos| Qty::from_nanos(nanos).unwrap())
}

pub(super) fn amounts() -> impl Strategy<Value = Money> {
    any::<i128>().prop_map(|femtos| Money::from_femtos(femtos >> 3))
}

pub(super) fn means() -> impl Strategy<Value = Mean> {
    (any::<i64>(), 1..=i64::MAX).prop_map(|(sum, n)| Mean::new(i128::from(sum), n).unwrap())
}

pub(super) fn levels() -> impl Strategy<Value = Level> {
    any::<i128>().prop_map(Level::from_femtos)
}

pub(super) fn dates() -> impl Strategy<Value = NaiveDate> {
    (0_u32..20_000).prop_map(|days| NaiveDate::default() + chrono::Days::new(u64::from(days)))
}

pub(super) fn order_ids() -> impl Strategy<Value = ClientOrderId> {
    let roles = vec![
        OrderRole::Entry,
        OrderRole::Stop,
        OrderRole::Target,
        OrderRole::Exit,
    ];
    (1_u32..4, select(roles), 1_u16..3).prop_map(|(intent, role, attempt)| ClientOrderId {
        epoch: Epoch(0xffff_ffff),
        session: 20_110_110,
        intent: IntentNo(intent),
        role,
        attempt,
    })
}

pub(super) fn intent_ids() -> impl Strategy<Value = IntentId> {
    order_ids().prop_map(IntentId::from)
}

pub(super) fn sides() -> impl Strategy<Value = Side> {
    select(vec![Side::Buy, Side::Sell])
}

pub(super) fn directions() -> impl Strategy<Value = Direction> {
    select(vec![Direction::Long, Direction::Short])
}

pub(super) fn exits() -> impl Strategy<Value = ExitReason> {
    select(vec![
        ExitReason::StopLoss,
        ExitReason::Target,
        ExitReason::Strategy,
        ExitReason::EndOfDay,
        ExitReason::Operator,
        ExitReason::Unprotected,
        ExitReason::Foreign,
    ])
}

pub(super) fn origins() -> impl Strategy<Value = Origin> {
    prop_oneof![
        words().prop_map(|route| Origin::Strategy { route }),
        (any::<u32>(), words()).prop_map(|(uid, request)| Origin::Operator { uid, request }),
        Just(Origin::Engine),
    ]
}

pub(super) fn facts() -> impl Strategy<Value = Fact> {
    use prop::num::f64::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
    prop_oneof![
        levels().prop_map(Fact::Level),
        means().prop_map(Fact::Mean),
        any::<i64>().prop_map(|n| Fact::Ratio(Ratio::from_billionths(n))),
        (POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO).prop_map(Fact::Float),
        any::<i64>().prop_map(Fact::Count),
        words().prop_map(|word| Fact::Word(String::from(word).into())),
    ]
}

pub(super) fn reasons() -> impl Strategy<Value = Reason> {
    let named = (words(), facts()).prop_map(|(name, fact)| (String::from(name).into(), fact));
    (words(), vec(named, 0..3)).prop_map(|(rule, facts)| Reason {
        rule: String::from(rule).into(),
        facts,
    })
}
