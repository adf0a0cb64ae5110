//! Random records of every kind. Ids and symbols come from small pools, so that records meet:
//! reports find their orders, executions repeat, cancels hit what has ended.

use chrono::NaiveDate;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use trader_contract::{
    Attached, BrokerOrderId, ClientOrderId, Direction, EntryPrice, EntrySize, Epoch, Execution,
    ExecutionId, Fact, Intent, IntentNo, Level, Mean, Money, NetQty, OrderKind, OrderReport,
    OrderRequest, OrderRole, Price, Qty, Ratio, Reason, Replacement, ReportStatus, RequestFailure,
    Side, Symbol, TimeInForce, Timeframe, Timestamp,
};
use trader_core::record::{
    Alert, DaySummary, Decision, ExitReason, GateCheck, IntentId, JournalEntry, Origin,
    PlannedOrder, Record, Severity, Trade, TradingState,
};

fn words() -> impl Strategy<Value = Box<str>> {
    vec(any::<char>(), 0..8).prop_map(|chars| chars.into_iter().collect::<String>().into())
}

fn times() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(Timestamp::from_nanos)
}

fn symbols() -> impl Strategy<Value = Symbol> {
    select(vec!["SPY", "BRK.B", "A"]).prop_map(|text| text.parse().unwrap())
}

fn prices() -> impl Strategy<Value = Price> {
    (1..=Price::MAX_MICROS).prop_map(|micros| Price::from_micros(micros).unwrap())
}

fn quantities() -> impl Strategy<Value = Qty> {
    prop_oneof![0..=Qty::MAX_NANOS, Just(100_000_000_000), Just(0)]
        .prop_map(|nanos| Qty::from_nanos(nanos).unwrap())
}

fn amounts() -> impl Strategy<Value = Money> {
    any::<i128>().prop_map(|femtos| Money::from_femtos(femtos >> 3))
}

fn means() -> impl Strategy<Value = Mean> {
    (any::<i64>(), 1..=i64::MAX).prop_map(|(sum, n)| Mean::new(i128::from(sum), n).unwrap())
}

fn levels() -> impl Strategy<Value = Level> {
    any::<i128>().prop_map(Level::from_femtos)
}

fn dates() -> impl Strategy<Value = NaiveDate> {
    (0_u32..20_000).prop_map(|days| NaiveDate::default() + chrono::Days::new(u64::from(days)))
}

fn order_ids() -> impl Strategy<Value = ClientOrderId> {
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

fn intent_ids() -> impl Strategy<Value = IntentId> {
    order_ids().prop_map(IntentId::from)
}

fn sides() -> impl Strategy<Value = Side> {
    select(vec![Side::Buy, Side::Sell])
}

fn directions() -> impl Strategy<Value = Direction> {
    select(vec![Direction::Long, Direction::Short])
}

fn exits() -> impl Strategy<Value = ExitReason> {
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

fn origins() -> impl Strategy<Value = Origin> {
    prop_oneof![
        words().prop_map(|route| Origin::Strategy { route }),
        (any::<u32>(), words()).prop_map(|(uid, request)| Origin::Operator { uid, request }),
        Just(Origin::Engine),
    ]
}

fn facts() -> impl Strategy<Value = Fact> {
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

fn reasons() -> impl Strategy<Value = Reason> {
    let named = (words(), facts()).prop_map(|(name, fact)| (String::from(name).into(), fact));
    (words(), vec(named, 0..3)).prop_map(|(rule, facts)| Reason {
        rule: String::from(rule).into(),
        facts,
    })
}

fn intents() -> impl Strategy<Value = Intent> {
    let entry = prop_oneof![
        Just(EntryPrice::Market),
        levels().prop_map(EntryPrice::Limit),
        levels().prop_map(EntryPrice::Stop),
        (levels(), levels()).prop_map(|(trigger, limit)| EntryPrice::StopLimit { trigger, limit }),
    ];
    let size = prop_oneof![
        Just(EntrySize::ByRisk),
        quantities().prop_map(EntrySize::Shares)
    ];
    let enter = (
        directions(),
        entry,
        of(levels()),
        of(levels()),
        size,
        of(any::<u16>()),
        reasons(),
    );
    prop_oneof![
        enter.prop_map(
            |(direction, entry, stop, target, size, expires_after_bars, reason)| Intent::Enter {
                direction,
                entry,
                stop,
                target,
                size,
                expires_after_bars,
                reason,
            }
        ),
        reasons().prop_map(|reason| Intent::CancelEntry { reason }),
        (levels(), reasons()).prop_map(|(stop, reason)| Intent::MoveStop { stop, reason }),
        reasons().prop_map(|reason| Intent::Exit { reason }),
    ]
}

fn decisions() -> impl Strategy<Value = Decision> {
    let check = (words(), words(), words()).prop_map(|(limit, value, allowed)| GateCheck {
        limit,
        value,
        allowed,
    });
    prop_oneof![
        (of(order_ids()), vec(check, 0..3))
            .prop_map(|(order, checks)| Decision::Accepted { order, checks }),
        (words(), words()).prop_map(|(rule, detail)| Decision::Refused { rule, detail }),
    ]
}

fn order_requests() -> impl Strategy<Value = OrderRequest> {
    let kind = prop_oneof![
        Just(OrderKind::Market),
        prices().prop_map(|limit| OrderKind::Limit { limit }),
        prices().prop_map(|stop| OrderKind::Stop { stop }),
        (prices(), prices()).prop_map(|(stop, limit)| OrderKind::StopLimit { stop, limit }),
    ];
    let leg = || of((order_ids(), prices()));
    (
        (order_ids(), symbols(), sides(), quantities(), kind),
        select(vec![TimeInForce::Day, TimeInForce::Gtc]),
        (leg(), leg(), leg()),
    )
        .prop_map(
            |((client_id, symbol, side, qty, kind), time_in_force, (stop, target, oco_stop))| {
                OrderRequest {
                    client_id,
                    symbol,
                    side,
                    qty,
                    kind,
                    time_in_force,
                    attached: Attached { stop, target },
                    oco_stop,
                }
            },
        )
}

fn planned_orders() -> impl Strategy<Value = PlannedOrder> {
    let ids = (of(order_ids()), of(order_ids()));
    (order_requests(), words(), ids, of(exits())).prop_map(|(request, route, ids, exit)| {
        // By way of JSON, so that a field added later stays empty here.
        let json = serde_json::json!({
            "request": request, "route": route, "parent": ids.0, "replaces": ids.1, "exit_reason": exit,
        });
        serde_json::from_value(json).unwrap()
    })
}

fn executions() -> impl Strategy<Value = Execution> {
    (1_u32..9, quantities(), prices(), amounts(), times()).prop_map(|(id, qty, price, fee, at)| {
        Execution {
            id: ExecutionId(id.to_string().into()),
            qty,
            price,
            fee,
            at,
        }
    })
}

fn reports() -> impl Strategy<Value = OrderReport> {
    use ReportStatus as S;
    let status = select(vec![
        S::PendingNew,
        S::Accepted,
        S::Held,
        S::New,
        S::PartiallyFilled,
        S::DoneForDay,
        S::PendingCancel,
        S::PendingReplace,
        S::Suspended,
        S::Filled,
        S::Cancelled,
        S::Expired,
        S::Rejected,
        S::Replaced,
    ]);
    (
        (order_ids(), words(), symbols(), sides(), status),
        (quantities(), quantities(), of(executions())),
        (of(prices()), of(prices()), of(order_ids())),
        (times(), of(words())),
    )
        .prop_map(
            |(
                (client_id, broker_id, symbol, side, status),
                (qty, filled, execution),
                (stop, limit, replaced_by),
                (at, reason),
            )| OrderReport {
                client_id,
                broker_id: BrokerOrderId(broker_id),
                symbol,
                side,
                status,
                qty,
                filled,
                execution,
                stop,
                limit,
                replaced_by,
                at,
                reason,
            },
        )
}

fn failures() -> impl Strategy<Value = RequestFailure> {
    prop_oneof![
        (any::<u32>(), words())
            .prop_map(|(code, message)| RequestFailure::Refused { code, message }),
        words().prop_map(|message| RequestFailure::Ambiguous { message }),
    ]
}

fn trades() -> impl Strategy<Value = Trade> {
    (
        (intent_ids(), words(), words(), symbols(), directions()),
        (quantities(), times(), means(), times(), means()),
        (of(prices()), exits(), amounts(), amounts()),
    )
        .prop_map(
            |(
                (intent, route, strategy, symbol, direction),
                (qty, entered_at, entry_average, exited_at, exit_average),
                (initial_stop, exit_reason, profit, fees),
            )| Trade {
                intent,
                route,
                strategy,
                symbol,
                direction,
                qty,
                entered_at,
                entry_average,
                exited_at,
                exit_average,
                initial_stop,
                exit_reason,
                profit,
                fees,
            },
        )
}

fn summaries() -> impl Strategy<Value = DaySummary> {
    (
        dates(),
        [amounts(), amounts(), amounts(), amounts(), amounts()],
        any::<[u32; 6]>(),
        vec(symbols(), 0..3),
        0..=i64::MAX,
    )
        .prop_map(|(date, money, counts, residue, seconds)| DaySummary {
            date,
            equity_at_open: money[0],
            equity_at_close: money[1],
            cash: money[2],
            realised: money[3],
            fees: money[4],
            trades: counts[0],
            winners: counts[1],
            losers: counts[2],
            refusals: counts[3],
            orders: counts[4],
            fills: counts[5],
            residue,
            unprotected_share_seconds: seconds.unsigned_abs(),
        })
}

fn alerts() -> impl Strategy<Value = Alert> {
    let severity = select(vec![
        Severity::Notice,
        Severity::Warning,
        Severity::Critical,
    ]);
    (severity, words(), of(symbols()), words(), words()).prop_map(
        |(severity, kind, symbol, message, action)| Alert {
            severity,
            kind,
            symbol,
            message,
            action,
        },
    )
}

fn intents_taken() -> impl Strategy<Value = Record> {
    let bar = of((1_u16..=390, times()));
    (
        intent_ids(),
        origins(),
        symbols(),
        intents(),
        bar,
        decisions(),
    )
        .prop_map(
            |(id, origin, symbol, intent, bar, decision)| Record::IntentTaken {
                id,
                origin,
                symbol,
                intent,
                bar: bar.map(|(minutes, start)| (Timeframe::minutes(minutes).unwrap(), start)),
                decision,
            },
        )
}

fn replacements() -> impl Strategy<Value = Record> {
    (
        order_ids(),
        order_ids(),
        of(quantities()),
        of(prices()),
        of(prices()),
        reasons(),
    )
        .prop_map(|(client_id, new_client_id, qty, stop, limit, reason)| {
            Record::ReplaceAsked {
                replacement: Replacement {
                    client_id,
                    new_client_id,
                    qty,
                    stop,
                    limit,
                },
                reason,
            }
        })
}

fn about_orders() -> impl Strategy<Value = Record> {
    prop_oneof![
        4 => planned_orders().prop_map(|order| Record::OrderPlanned { order }),
        8 => reports().prop_map(|report| Record::OrderReported { report }),
        1 => (order_ids(), failures())
            .prop_map(|(client_id, failure)| Record::SubmitFailed { client_id, failure }),
        1 => (order_ids(), words()).prop_map(|(client_id, why)| Record::CancelAsked { client_id, why }),
        1 => replacements(),
        1 => (order_ids(), failures())
            .prop_map(|(client_id, failure)| Record::CancelFailed { client_id, failure }),
        1 => (order_ids(), order_ids(), failures()).prop_map(|(client_id, new_client_id, failure)| {
            Record::ReplaceFailed { client_id, new_client_id, failure }
        }),
        1 => order_ids().prop_map(|client_id| Record::OrderDropped { client_id }),
    ]
}

fn about_the_account() -> impl Strategy<Value = Record> {
    let nets =
        || (-Qty::MAX_NANOS..=Qty::MAX_NANOS).prop_map(|nanos| NetQty::from_nanos(nanos).unwrap());
    let states = prop_oneof![
        Just(TradingState::Active),
        Just(TradingState::Paused),
        words().prop_map(TradingState::Halted),
    ];
    prop_oneof![
        amounts().prop_map(|cash| Record::AccountOpened { cash }),
        (dates(), amounts()).prop_map(|(date, equity)| Record::SessionOpened { date, equity }),
        summaries().prop_map(|summary| Record::SessionClosed { summary }),
        (symbols(), prices(), reasons()).prop_map(|(symbol, stop, reason)| Record::StopPlanned {
            symbol,
            stop,
            reason
        }),
        (symbols(), exits(), origins()).prop_map(|(symbol, why, origin)| Record::ExitPlanned {
            symbol,
            why,
            origin
        }),
        trades().prop_map(|trade| Record::TradeClosed { trade }),
        (states, origins()).prop_map(|(state, origin)| Record::TradingStateSet { state, origin }),
        (words(), symbols(), words()).prop_map(|(route, symbol, state)| Record::StrategySaved {
            route,
            symbol,
            state
        }),
        (symbols(), nets(), nets()).prop_map(|(symbol, ours, broker)| Record::Discrepancy {
            symbol,
            ours,
            broker
        }),
        alerts().prop_map(|alert| Record::Alerted { alert }),
    ]
}

/// Any record but a checkpoint.
fn records() -> impl Strategy<Value = Record> {
    prop_oneof![3 => about_orders(), 1 => intents_taken(), 2 => about_the_account()]
}

/// A journal of `length` entries, numbered from 1.
pub(super) fn journal(
    length: impl Into<proptest::collection::SizeRange>,
    checkpoints: bool,
) -> impl Strategy<Value = Vec<JournalEntry>> {
    let record = if checkpoints {
        prop_oneof![
            19 => records(),
            1 => words().prop_map(|book| Record::Checkpoint { book }),
        ]
        .boxed()
    } else {
        records().boxed()
    };
    vec((times(), record), length).prop_map(|records| {
        let number = |(seq, (at, record))| JournalEntry { seq, at, record };
        (1..).zip(records).map(number).collect()
    })
}
