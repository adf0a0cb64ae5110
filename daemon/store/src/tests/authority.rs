//! Random records of who may trade what, of what is foreign, and of the program's runs.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use trader_contract::{BrokerOrderId, ForeignOrder, NetQty, Qty, ReportStatus};
use trader_core::record::{Arming, Block, Override, OverrideEnd, Record, Scope, Waived};
use trader_core::risk::waiver::Waivable;

use super::generate::order_requests;
use super::values::{
    intent_ids, order_ids, origins, prices, quantities, sides, symbols, times, words,
};

fn nets() -> impl Strategy<Value = NetQty> {
    (-Qty::MAX_NANOS..=Qty::MAX_NANOS).prop_map(|nanos| NetQty::from_nanos(nanos).unwrap())
}

fn scopes() -> impl Strategy<Value = Scope> {
    prop_oneof![
        Just(Scope::All),
        symbols().prop_map(Scope::Symbol),
        words().prop_map(Scope::Strategy),
    ]
}

fn blocks() -> impl Strategy<Value = Block> {
    prop_oneof![
        Just(Block::Foreign),
        nets().prop_map(|net| Block::Ignored { net }),
        Just(Block::Jumped),
        Just(Block::Residue),
    ]
}

fn foreign_orders() -> impl Strategy<Value = ForeignOrder> {
    let status = select(vec![ReportStatus::New, ReportStatus::Held]);
    (
        (words(), words(), symbols(), sides(), words()),
        (quantities(), quantities(), of(prices()), of(prices())),
        (status, times()),
    )
        .prop_map(
            |(
                (broker_id, client_id, symbol, side, kind),
                (qty, filled, stop, limit),
                (status, at),
            )| {
                ForeignOrder {
                    broker_id: BrokerOrderId(broker_id.into()),
                    client_id,
                    symbol,
                    side,
                    qty,
                    filled,
                    kind,
                    stop,
                    limit,
                    status,
                    at,
                }
            },
        )
}

fn armings() -> impl Strategy<Value = Arming> {
    (words(), words(), words(), times()).prop_map(|(account, config, program, until)| Arming {
        account,
        config,
        program,
        until,
    })
}

fn permissions() -> impl Strategy<Value = Record> {
    prop_oneof![
        (scopes(), origins()).prop_map(|(scope, origin)| Record::Killed { scope, origin }),
        (scopes(), origins()).prop_map(|(scope, origin)| Record::KillLifted { scope, origin }),
        (armings(), origins()).prop_map(|(arming, origin)| Record::Armed { arming, origin }),
        (words(), origins()).prop_map(|(why, origin)| Record::Disarmed { why, origin }),
        (symbols(), blocks(), origins()).prop_map(|(symbol, block, origin)| {
            Record::SymbolBlocked {
                symbol,
                block,
                origin,
            }
        }),
        (symbols(), origins()).prop_map(|(symbol, origin)| Record::SymbolFreed { symbol, origin }),
    ]
}

fn about_overrides() -> impl Strategy<Value = Record> {
    let ends = select(vec![
        OverrideEnd::Used,
        OverrideEnd::Expired,
        OverrideEnd::Voided,
    ]);
    let waived =
        (select(Waivable::ALL), words()).prop_map(|(limit, detail)| Waived { limit, detail });
    let asked = (
        (order_requests(), words(), of(any::<u16>())),
        (vec(waived, 0..3), prices(), times(), any::<u32>(), words()),
    );
    prop_oneof![
        asked.prop_map(
            |((order, route, expires_after_bars), (waived, last, until, uid, request))| {
                Record::OverrideAsked {
                    asked: Override {
                        intent: order.client_id.into(),
                        order,
                        route,
                        expires_after_bars,
                        waived,
                        last,
                        until,
                        uid,
                        request,
                    },
                }
            }
        ),
        (intent_ids(), origins())
            .prop_map(|(intent, origin)| Record::OverrideMissed { intent, origin }),
        (intent_ids(), ends, origins()).prop_map(|(intent, end, origin)| Record::OverrideEnded {
            intent,
            end,
            origin,
        }),
    ]
}

/// Any such record.
pub(super) fn about_authority() -> impl Strategy<Value = Record> {
    let adopted = (symbols(), nets(), order_ids(), of(prices()), origins());
    prop_oneof![
        6 => permissions(),
        1 => (words(), words())
            .prop_map(|(program, config)| Record::RunStarted { program, config }),
        1 => Just(Record::RunEnded),
        1 => foreign_orders().prop_map(|order| Record::ForeignSeen { order }),
        1 => words().prop_map(|id| Record::ForeignGone { broker_id: BrokerOrderId(id.into()) }),
        1 => adopted.prop_map(|(symbol, net, client_id, stop, origin)| Record::PositionAdopted {
            price: stop,
            symbol,
            net,
            client_id,
            stop,
            origin,
        }),
        1 => (symbols(), any::<u64>())
            .prop_map(|(symbol, share_micros)| Record::Exposed { symbol, share_micros }),
        1 => origins().prop_map(|origin| Record::FlattenBegan { origin }),
        1 => any::<bool>().prop_map(|flat| Record::FlattenEnded { flat }),
        3 => about_overrides(),
    ]
}
