//! What an entry must be, whatever the limits: allowed at all, in this symbol, and of a sane shape.

use trader_contract::{Direction, IntentNo, OrderKind, OrderState, Outcome, Qty};
use trader_core::Sides;
use trader_core::book::Order;
use trader_core::record::{Block, Origin, PlannedOrder, Record, Scope, TradingState};
use trader_core::risk::gate::Refusal;

use super::{Ask, expect, now};
use crate::scene::symbol;

#[test]
fn the_sides_of_a_route_are_all_that_it_enters() {
    expect(Some("sides"), |ask| {
        ask.sides = match ask.direction {
            Direction::Long => Sides::Short,
            Direction::Short => Sides::Long,
        };
    });
    expect(None, |ask| {
        ask.sides = match ask.direction {
            Direction::Long => Sides::Long,
            Direction::Short => Sides::Short,
        };
    });
}

#[test]
fn no_state_but_active_lets_an_entry_through() {
    let states = [
        (TradingState::Active, None),
        (TradingState::Reducing, Some("paused")),
        (TradingState::Tripped("loss".into()), Some("halted")),
        (TradingState::Halted("fault".into()), Some("halted")),
        (TradingState::Unheard, Some("halted")),
        (TradingState::Killed("uid 0".into()), Some("killed")),
    ];
    for (state, rule) in states {
        expect(rule, |ask| ask.book.trading = state.clone());
    }
}

#[test]
fn a_kill_holds_what_it_names_and_nothing_else() {
    let scopes = [
        (Scope::Symbol(symbol("SPY")), Some("killed")),
        (Scope::Symbol(symbol("QQQ")), None),
        (Scope::Strategy("a".into()), Some("killed")),
        (Scope::Strategy("puppet".into()), Some("killed")),
        (Scope::Strategy("b".into()), None),
    ];
    for (scope, rule) in scopes {
        expect(rule, |ask| {
            let (scope, origin) = (scope.clone(), Origin::Engine);
            ask.apply(&Record::Killed { scope, origin });
        });
    }
}

#[test]
fn without_leave_nothing_is_entered_and_observing_needs_none() {
    let leave = || {
        Err(Refusal {
            rule: "not_armed",
            detail: "nobody armed it".to_owned(),
        })
    };
    expect(Some("not_armed"), |ask| ask.leave = leave());
    expect(Some("observe"), |ask| {
        ask.leave = leave();
        ask.observe = true;
    });
    expect(Some("observe"), |ask| ask.observe = true);
}

#[test]
fn what_the_broker_does_not_allow_is_not_asked_for() {
    expect(Some("account_blocked"), |ask| {
        ask.broker.blocked = Some("pattern day trader".into());
    });
    expect(Some("session"), |ask| ask.entries_open = false);
    let refused = |direction, rule| (direction == Direction::Short).then_some(rule);
    for direction in [Direction::Long, Direction::Short] {
        let mut ask = Ask::new(direction);
        ask.broker.shorting = false;
        assert_eq!(ask.verdict(), refused(direction, "shorting"));
        let mut ask = Ask::new(direction);
        ask.shortable = false;
        assert_eq!(ask.verdict(), refused(direction, "not_shortable"));
    }
}

#[test]
fn a_symbol_that_is_blocked_restricted_or_taken_is_not_entered() {
    for (ticker, rule) in [("SPY", Some("symbol_blocked")), ("QQQ", None)] {
        expect(rule, |ask| {
            ask.apply(&Record::SymbolBlocked {
                symbol: symbol(ticker),
                block: Block::Jumped,
                origin: Origin::Engine,
            });
        });
    }
    for (ticker, rule) in [("SPY", Some("restricted")), ("QQQ", None)] {
        expect(rule, |ask| {
            ask.limits.restricted.insert(symbol(ticker));
        });
    }
    for (ticker, rule) in [("SPY", Some("symbol_taken")), ("QQQ", None)] {
        expect(rule, |ask| ask.hold(ticker));
    }
}

#[test]
fn only_whole_shares_leave() {
    for (nanos, rule) in [
        (0, Some("whole_shares")),
        (500_000_000, Some("whole_shares")),
        (1_000_000_001, Some("whole_shares")),
        (1_000_000_000, None),
    ] {
        expect(rule, |ask| {
            ask.request.qty = Qty::from_nanos(nanos).unwrap()
        });
    }
}

#[test]
fn each_price_of_an_entry_is_on_the_tick() {
    let off = |ask: &Ask, long: &str| ask.price(long).offset(5_000).unwrap();
    expect(Some("tick"), |ask| {
        let stop = off(ask, "100.10");
        ask.request.kind = OrderKind::Stop { stop };
    });
    expect(Some("tick"), |ask| {
        let limit = off(ask, "100.10");
        ask.request.kind = OrderKind::Limit { limit };
    });
    expect(Some("tick"), |ask| {
        let (stop, limit) = (ask.price("100.10"), off(ask, "100.20"));
        ask.request.kind = OrderKind::StopLimit { stop, limit };
    });
    expect(Some("tick"), |ask| {
        let price = off(ask, "99.50");
        ask.request.attached.stop = ask.request.attached.stop.map(|(id, _)| (id, price));
    });
    expect(Some("tick"), |ask| {
        let price = off(ask, "101");
        ask.request.attached.target = ask.request.attached.target.map(|(id, _)| (id, price));
    });
}

#[test]
fn a_stop_loses_and_a_target_wins_against_the_entry() {
    let stop_at = |ask: &mut Ask, long: &str| {
        let price = ask.price(long);
        ask.request.attached.stop = ask.request.attached.stop.map(|(id, _)| (id, price));
    };
    let target_at = |ask: &mut Ask, long: &str| {
        let price = ask.price(long);
        ask.request.attached.target = ask.request.attached.target.map(|(id, _)| (id, price));
    };
    expect(None, |ask| stop_at(ask, "100.09"));
    expect(Some("stop_side"), |ask| stop_at(ask, "100.10"));
    expect(Some("stop_side"), |ask| stop_at(ask, "100.11"));
    expect(None, |ask| target_at(ask, "100.11"));
    expect(Some("target_side"), |ask| target_at(ask, "100.10"));
    expect(Some("target_side"), |ask| target_at(ask, "100.09"));
    // At the market the last price of 100 is what they are held against, and of a stop-limit its limit.
    for (long, rule) in [("99.99", None), ("100", Some("stop_side"))] {
        expect(rule, |ask| {
            ask.request.kind = OrderKind::Market;
            stop_at(ask, long);
        });
    }
    for (long, rule) in [("100.21", None), ("100.20", Some("target_side"))] {
        expect(rule, |ask| {
            let (stop, limit) = (ask.price("100.10"), ask.price("100.20"));
            ask.request.kind = OrderKind::StopLimit { stop, limit };
            target_at(ask, long);
        });
    }
}

#[test]
fn nothing_is_entered_against_an_order_of_ours_whose_trade_is_over() {
    let live = OrderState::Unknown;
    let ended = OrderState::Done(Outcome::Cancelled);
    for (ticker, against, state, rule) in [
        ("SPY", true, live, Some("self_cross")),
        ("SPY", false, live, None),
        ("SPY", true, ended, None),
        ("QQQ", true, live, None),
    ] {
        expect(rule, |ask| {
            let mut request = ask.request;
            request.client_id.intent = IntentNo(6);
            request.symbol = symbol(ticker);
            if against {
                request.side = request.side.opposite();
            }
            let planned = PlannedOrder {
                request,
                route: "a".into(),
                parent: None,
                replaces: None,
                exit_reason: None,
                expires_after_bars: None,
                decided_on: None,
                last: None,
            };
            let mut order = Order::new(planned, now());
            order.state = state;
            ask.book.orders.insert(request.client_id, order);
        });
    }
}
