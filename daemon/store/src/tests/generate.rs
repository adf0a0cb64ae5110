//! Random records of every kind. Ids and symbols come from small pools, so that records meet:
//! reports find their orders, executions repeat, cancels hit what has ended.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use trader_contract::{
    Attached, BrokerOrderId, EntryPrice, EntrySize, Execution, ExecutionId, Intent, NetQty,
    OrderKind, OrderReport, OrderRequest, Qty, Ratio, Replacement, ReportStatus, RequestFailure,
    TimeInForce, Timeframe, Timestamp, Trail,
};
use trader_core::record::{
    Alert, DataGaps, DaySummary, JournalEntry, MissingMinutes, PlannedOrder, Record, Severity,
    Slippage, Trade, TradingState,
};

use super::authority;
use super::decisions::{decisions, seen};
use super::values::{
    amounts, dates, directions, exits, intent_ids, levels, means, order_ids, origins, prices,
    quantities, reasons, sides, symbols, times, words,
};

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

fn trails() -> impl Strategy<Value = Trail> {
    prop_oneof![
        prices().prop_map(Trail::Price),
        (100_000_000_i64..20_000_000_000)
            .prop_map(|percent| Trail::Percent(Ratio::from_billionths(percent))),
    ]
}

pub(super) fn order_requests() -> impl Strategy<Value = OrderRequest> {
    let kind = prop_oneof![
        Just(OrderKind::Market),
        prices().prop_map(|limit| OrderKind::Limit { limit }),
        prices().prop_map(|stop| OrderKind::Stop { stop }),
        (prices(), prices()).prop_map(|(stop, limit)| OrderKind::StopLimit { stop, limit }),
        trails().prop_map(|trail| OrderKind::TrailingStop { trail }),
    ];
    let leg = || of((order_ids(), prices()));
    (
        (order_ids(), symbols(), sides(), quantities(), kind),
        select(TimeInForce::ALL.to_vec()),
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

fn bars() -> impl Strategy<Value = (Timeframe, Timestamp)> {
    (1_u16..=390, times()).prop_map(|(n, start)| (Timeframe::minutes(n).unwrap(), start))
}

fn planned_orders() -> impl Strategy<Value = PlannedOrder> {
    (
        (order_requests(), words()),
        (of(order_ids()), of(order_ids()), of(exits())),
        (of(any::<u16>()), of(bars()), of(prices())),
    )
        .prop_map(
            |(
                (request, route),
                (parent, replaces, exit_reason),
                (expires_after_bars, decided_on, last),
            )| PlannedOrder {
                request,
                route,
                parent,
                replaces,
                exit_reason,
                expires_after_bars,
                decided_on,
                last,
            },
        )
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
                broker_id: BrokerOrderId(broker_id.into()),
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
        any::<[u32; 8]>(),
        vec(symbols(), 0..3),
        0..=i64::MAX,
    )
        .prop_map(|(date, money, counts, residue, seconds)| DaySummary {
            alerts: counts[6],
            entry_slippage: Slippage {
                fills: counts[7],
                cost: money[3],
                planned: money[1],
            },
            stop_slippage: Slippage::NONE,
            gaps: residue.first().map(|symbol| DataGaps {
                minutes: counts[6],
                symbols: counts[7],
                missing: vec![MissingMinutes {
                    symbol: *symbol,
                    minutes: counts[5],
                }],
            }),
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

/// Few, so that alerts of one kind meet.
fn kinds() -> impl Strategy<Value = Box<str>> {
    select(vec!["not_flat", "broker_down", "'"]).prop_map(Into::into)
}

fn alerts() -> impl Strategy<Value = Alert> {
    let severity = select(vec![
        Severity::Notice,
        Severity::Warning,
        Severity::Critical,
    ]);
    (
        severity,
        kinds(),
        of(symbols()),
        words(),
        words(),
        any::<bool>(),
    )
        .prop_map(
            |(severity, kind, symbol, message, action, standing)| Alert {
                severity,
                kind,
                symbol,
                message,
                action,
                standing,
            },
        )
}

fn intents_taken() -> impl Strategy<Value = Record> {
    (
        intent_ids(),
        origins(),
        symbols(),
        intents(),
        of(bars()),
        of(seen()),
        decisions(),
    )
        .prop_map(
            |(id, origin, symbol, intent, bar, seen, decision)| Record::IntentTaken {
                id,
                origin,
                symbol,
                intent,
                bar,
                seen,
                decision,
            },
        )
}

fn replacements() -> impl Strategy<Value = Record> {
    (
        order_ids(),
        order_ids(),
        of(quantities()),
        (of(prices()), of(prices()), of(trails())),
        reasons(),
    )
        .prop_map(
            |(client_id, new_client_id, qty, (stop, limit, trail), reason)| Record::ReplaceAsked {
                replacement: Replacement {
                    client_id,
                    new_client_id,
                    qty,
                    stop,
                    limit,
                    trail,
                },
                reason,
            },
        )
}

/// What the order table follows from.
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
        1 => order_ids().prop_map(|client_id| Record::SubmitRepeated { client_id }),
    ]
}

fn about_the_account() -> impl Strategy<Value = Record> {
    let nets =
        || (-Qty::MAX_NANOS..=Qty::MAX_NANOS).prop_map(|nanos| NetQty::from_nanos(nanos).unwrap());
    let states = prop_oneof![
        Just(TradingState::Active),
        Just(TradingState::Reducing),
        words().prop_map(TradingState::Halted),
        Just(TradingState::Unheard),
    ];
    prop_oneof![
        amounts().prop_map(|cash| Record::AccountOpened { cash }),
        (dates(), amounts()).prop_map(|(date, equity)| Record::SessionOpened { date, equity }),
        summaries().prop_map(|summary| Record::SessionClosed { summary }),
        (symbols(), prices(), reasons(), of(intent_ids())).prop_map(
            |(symbol, stop, reason, decided)| Record::StopPlanned {
                symbol,
                stop,
                reason,
                decided,
            }
        ),
        (
            symbols(),
            exits(),
            origins(),
            of(reasons()),
            of(intent_ids())
        )
            .prop_map(
                |(symbol, why, origin, reason, decided)| Record::ExitPlanned {
                    symbol,
                    why,
                    origin,
                    reason,
                    decided,
                }
            ),
        (symbols(), order_ids())
            .prop_map(|(symbol, client_id)| Record::EntryLapsed { symbol, client_id }),
        trades().prop_map(|trade| Record::TradeClosed { trade }),
        (states, origins()).prop_map(|(state, origin)| Record::TradingStateSet { state, origin }),
        (words(), symbols(), words()).prop_map(|(route, symbol, state)| Record::StrategySaved {
            route,
            symbol,
            state
        }),
        (amounts(), amounts()).prop_map(|(ours, broker)| Record::CashAdopted {
            ours,
            broker,
            transfer: ours < broker,
        }),
        words().prop_map(|account| Record::AccountNamed { account }),
        (amounts(), symbols(), nets()).prop_map(|(amount, symbol, net)| Record::CashSetApart {
            amount,
            positions: [(symbol, net)].into(),
        }),
        (symbols(), order_ids())
            .prop_map(|(symbol, client_id)| Record::TradeVoided { symbol, client_id }),
        (symbols(), nets(), nets()).prop_map(|(symbol, ours, broker)| Record::Discrepancy {
            symbol,
            ours,
            broker,
            price: None,
        }),
    ]
}

fn about_alerts() -> impl Strategy<Value = Record> {
    prop_oneof![
        6 => alerts().prop_map(|alert| Record::Alerted { alert }),
        2 => (kinds(), of(symbols()))
            .prop_map(|(kind, symbol)| Record::AlertCleared { kind, symbol }),
        3 => (1_u64..200, origins())
            .prop_map(|(number, origin)| Record::AlertAcknowledged { number, origin }),
    ]
}

/// What the broker changes afterwards: executions, shares.
fn corrections() -> impl Strategy<Value = Record> {
    prop_oneof![
        4 => (order_ids(), 1_u32..9, of(executions())).prop_map(|(client_id, id, now)| {
            let execution = ExecutionId(id.to_string().into());
            Record::FillCorrected { client_id, execution, now }
        }),
        1 => (symbols(), 1_u32..50, 1_u32..50)
            .prop_map(|(symbol, new, old)| Record::SplitApplied { symbol, new, old }),
    ]
}

/// What the order table and the executions follow from.
pub(super) fn orders_and_corrections() -> impl Strategy<Value = Record> {
    prop_oneof![4 => about_orders().boxed(), 1 => corrections().boxed()]
}

/// Any record but a checkpoint.
pub(super) fn but_checkpoints() -> impl Strategy<Value = Record> {
    // Boxed, since all of them in one type would not fit on a test's stack.
    prop_oneof![
        6 => about_orders().boxed(),
        2 => intents_taken().boxed(),
        4 => about_the_account().boxed(),
        2 => about_alerts().boxed(),
        1 => corrections().boxed(),
        1 => authority::about_authority().boxed(),
    ]
}

/// Any record.
pub(super) fn records() -> impl Strategy<Value = Record> {
    let checkpoint = words().prop_map(|book| Record::Checkpoint { book });
    prop_oneof![19 => but_checkpoints(), 1 => checkpoint]
}

/// A journal of such records, numbered from 1.
pub(super) fn journal(
    records: impl Strategy<Value = Record>,
    length: impl Into<proptest::collection::SizeRange>,
) -> impl Strategy<Value = Vec<JournalEntry>> {
    vec((times(), records), length).prop_map(|records| {
        let number = |(seq, (at, record))| JournalEntry { seq, at, record };
        (1..).zip(records).map(number).collect()
    })
}
