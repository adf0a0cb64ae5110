//! The life of orders under the plain rules: queues, sessions, cancels, replacements and groups.

use trader_broker_sim::Latency;

use crate::scenario::{Script, check, open_at, plain};

fn slow() -> trader_broker_sim::SimConfig {
    const SECOND: i64 = 1_000_000_000;
    let mut config = plain();
    config.latency = Latency {
        request: SECOND,
        submit: SECOND,
        cancel: 5 * SECOND,
        replace: 5 * SECOND,
        report: SECOND / 2,
        jitter: 0,
    };
    config
}

#[test]
fn an_order_sent_while_closed_waits_for_the_open_and_expires_at_the_close() {
    check(
        plain(),
        "e1 buy 10 limit 90
         e2 buy 10 limit 90 gtc
         open
         bar 100 100 100 100
         close
         x1 sell 10 limit 90
         next day
         open
         bar 100 100 100 100",
        "0 e1 accepted (10)
         0 e2 accepted (10)
         0 e1 new (10)
         0 e2 new (10)
         60 e1 expired (10)
         60 x1 accepted (10)
         86460 x1 new (10)
         86460 x1 filled: sell 10 at 100 (10 of 10)",
    );
}

#[test]
fn announcing_a_session_again_expires_nothing() {
    let mut state = Script::new(plain());
    for line in ["open", "bar 100 100 100 100", "e1 buy 10 limit 90"] {
        state.line(line);
    }
    let before = state.broker.account();
    state
        .broker
        .open_session(open_at(), open_at().plus_minutes(210));
    state.run_to(open_at().plus_minutes(209));
    assert_eq!(state.broker.account(), before);
    state.run_to(open_at().plus_minutes(210));
    assert!(state.broker.account().open_orders.is_empty());
}

#[test]
fn latency_delays_the_order_and_its_reports() {
    check(
        slow(),
        "open
         bar 100 100 100 100 {
         at 10
         e1 buy 10
         }",
        "11.5 e1 pending_new (10)
         12.5 e1 new (10)
         12.5 e1 filled: buy 10 at 100 (10 of 10)",
    );
}

#[test]
fn a_snapshot_tells_of_this_session_the_one_before_and_what_is_open() {
    check(
        slow(),
        "open
         bar 100 100 100 100 {
         e1 buy 10
         e2 buy 10 limit 90 gtc
         }
         snapshot
         bar 100 100 100 100
         close
         next day
         open
         snapshot
         bar 100 100 100 100
         close
         next day
         open
         snapshot
         bar 100 100 100 100",
        "1.5 e1 pending_new (10)
         1.5 e2 pending_new (10)
         2.5 e1 new (10)
         2.5 e1 filled: buy 10 at 100 (10 of 10)
         2.5 e2 new (10)
         61.5 snapshot: orders 2, executions 1, shares 10, cash 99000
         86521.5 snapshot: orders 2, executions 1, shares 10, cash 99000
         172981.5 snapshot: orders 1, executions 0, shares 10, cash 99000",
    );
}

#[test]
fn a_cancel_made_before_the_open_beats_it_and_one_made_after_does_not() {
    check(
        plain(),
        "open
         bar 100 100 100 100
         e1 buy 10 limit 99
         cancel e1
         e2 buy 10 limit 99
         bar 98 98 98 98 {
         cancel e2
         }",
        "60 e1 pending_new (10)
         60 e1 new (10)
         60 e1 pending_cancel (10)
         60 e1 cancelled (10)
         60 e2 pending_new (10)
         60 e2 new (10)
         60 e2 filled: buy 10 at 98 (10 of 10)
         60 e2 not cancelled: 42210000 order is already in \"filled\" state",
    );
}

#[test]
fn a_fill_may_win_the_race_against_a_cancel() {
    check(
        slow(),
        "open
         bar 100 101 98 98 {
         e1 buy 10 limit 99
         at 28
         cancel e1
         }",
        "1.5 e1 pending_new (10)
         2.5 e1 new (10)
         29.5 e1 pending_cancel (10)
         33.833333 e1 filled: buy 10 at 99 (10 of 10)",
    );
}

#[test]
fn a_cancel_that_is_in_time_wins() {
    check(
        slow(),
        "open
         bar 100 100 100 100 {
         e1 buy 10 limit 99
         at 20
         cancel e1
         at 20.5
         cancel e1
         at 40
         cancel e1
         }
         bar 99 99 99 99",
        "1.5 e1 pending_new (10)
         2.5 e1 new (10)
         21.5 e1 pending_cancel (10)
         22 e1 not cancelled: 42210000 order is already in \"pending_cancel\" state
         26.5 e1 cancelled (10)
         41.5 e1 not cancelled: 42210000 order is already in \"canceled\" state",
    );
}

#[test]
fn a_replacement_makes_a_new_order_and_ends_the_old_one() {
    check(
        plain(),
        "open
         bar 100 100 100 100
         e1 buy 10 limit 98
         replace e1 e2 limit 99 qty 20
         bar 100 100 98.5 99",
        "60 e1 pending_new (10)
         60 e1 new (10)
         60 e1 pending_replace (10)
         60 e1 replaced (10) by e2
         60 e2 new (20)
         93.333333 e2 filled: buy 20 at 99 (20 of 20)",
    );
}

#[test]
fn a_replacement_whose_order_fills_first_is_rejected() {
    check(
        slow(),
        "open
         bar 100 100 100 100 {
         e1 buy 10 limit 99
         at 57
         replace e1 e2 limit 98
         }
         bar 99 99 99 99",
        "1.5 e1 pending_new (10)
         2.5 e1 new (10)
         58.5 e1 pending_replace (10)
         60.5 e1 filled: buy 10 at 99 (10 of 10)
         63.5 e2 rejected (10): the order ended or filled before it could be replaced",
    );
}

#[test]
fn a_replacement_that_is_cancelled_first_leaves_the_old_order_working() {
    let mut config = slow();
    config.latency.replace = 20_000_000_000;
    check(
        config,
        "open
         bar 100 100 100 100 {
         e1 buy 10 limit 99
         at 10
         replace e1 e2 limit 98
         at 12
         cancel e2
         }",
        "1.5 e1 pending_new (10)
         2.5 e1 new (10)
         11.5 e1 pending_replace (10)
         13.5 e2 pending_cancel (10)
         18.5 e2 cancelled (10)
         31.5 e1 new (10): its replacement ended first",
    );
}

#[test]
fn exits_wait_until_their_entry_is_filled_and_then_end_each_other() {
    check(
        plain(),
        "open
         bar 100 100 100 100
         e1 buy 10 limit 99.5 +stop s1@99 +target t1@101 gtc
         bar 100 100 99.4 100
         bar 100 102 100 102",
        "60 e1 pending_new (10)
         60 t1 held (10)
         60 s1 held (10)
         60 e1 new (10)
         96.666666 e1 filled: buy 10 at 99.5 (10 of 10)
         96.666666 t1 new (10)
         96.666666 s1 new (10)
         150 t1 filled: sell 10 at 101 (10 of 10)
         150 s1 cancelled (10): the other exit filled",
    );
}

#[test]
fn a_reached_stop_ends_the_target() {
    check(
        plain(),
        "open
         bar 100 100 100 100
         e1 sell 10 +stop s1@101 +target t1@98
         bar 100 100 100 100
         bar 100 102 99 102
         account",
        "60 e1 pending_new (10)
         60 t1 held (10)
         60 s1 held (10)
         60 e1 new (10)
         60 e1 filled: sell 10 at 100 (10 of 10)
         60 t1 new (10)
         60 s1 new (10)
         153.333333 t1 cancelled (10): the stop was reached
         153.333333 s1 filled: buy 10 at 101 (10 of 10)
         cash 99990 equity 99990 shares 0",
    );
}

#[test]
fn an_entry_cancelled_after_a_partial_fill_leaves_its_part_bare() {
    let mut config = plain();
    config.participation = Some(trader_contract::Ratio::from_billionths(100_000_000));
    check(
        config,
        "open
         bar 100 100 100 100
         e1 buy 100 +stop s1@99
         bar 100 100 100 100 v100
         cancel e1
         account",
        "60 e1 pending_new (100)
         60 s1 held (100)
         60 e1 new (100)
         60 e1 partially_filled: buy 2 at 100 (2 of 100)
         75 e1 partially_filled: buy 3 at 100 (5 of 100)
         90 e1 partially_filled: buy 2 at 100 (7 of 100)
         105 e1 partially_filled: buy 3 at 100 (10 of 100)
         120 e1 pending_cancel (10 of 100)
         120 e1 cancelled (10 of 100)
         120 s1 cancelled (100): the entry ended after a partial fill: what it filled has no exit
         cash 99000 equity 100000 shares 10",
    );
}

#[test]
fn a_target_filled_in_part_shrinks_its_stop() {
    let mut config = plain();
    config.participation = Some(trader_contract::Ratio::from_billionths(100_000_000));
    check(
        config,
        "open
         bar 100 100 100 100
         e1 buy 100
         bar 100 100 100 100 v100000
         t1 sell 100 limit 101 oco s1@99
         bar 100 101.5 100 101 v400
         bar 101 101 98 98 v100000
         account",
        "60 e1 pending_new (100)
         60 e1 new (100)
         60 e1 filled: buy 100 at 100 (100 of 100)
         120 t1 pending_new (100)
         120 s1 held (100)
         120 t1 new (100)
         120 s1 new (100)
         153.333333 t1 partially_filled: sell 30 at 101 (30 of 100)
         153.333333 s1 new (70): the target filled in part
         165 t1 partially_filled: sell 10 at 101 (40 of 100)
         165 s1 new (60): the target filled in part
         180 t1 filled: sell 60 at 101 (100 of 100)
         180 s1 cancelled (60): the other exit filled
         cash 100100 equity 100100 shares 0",
    );
}

#[test]
fn cancelling_one_exit_cancels_the_other() {
    check(
        plain(),
        "open
         bar 100 100 100 100
         e1 buy 100 +stop s1@99 +target t1@102
         bar 100 100 100 100
         cancel t1",
        "60 e1 pending_new (100)
         60 t1 held (100)
         60 s1 held (100)
         60 e1 new (100)
         60 e1 filled: buy 100 at 100 (100 of 100)
         60 t1 new (100)
         60 s1 new (100)
         120 t1 pending_cancel (100)
         120 t1 cancelled (100)
         120 s1 cancelled (100): another order of its group ended",
    );
}

#[test]
fn nothing_fills_while_halted_and_the_price_may_jump_at_the_end() {
    check(
        plain(),
        "open
         bar 100 100 100 100
         x1 sell 10 stop 99
         halt
         bar 100 100 96 96 {
         at 90
         resume
         }",
        "60 x1 pending_new (10)
         60 x1 new (10)
         60 A halted
         90 A resumed
         90 x1 filled: sell 10 at 98 (10 of 10)",
    );
}

#[test]
fn nonsense_is_refused() {
    check(
        plain(),
        "open
         bar 100 100 100 100
         e1 buy 0
         e1 buy 10 limit 90
         e1 buy 10 limit 90
         e2 buy 10 +stop e2@90
         replace e1 e1 limit 91
         replace e1 e3 limit 90
         replace e1 e3 stop 91
         cancel e9
         cancel e1
         cancel e1
         replace e1 e3 limit 91
         unshortable
         x1 sell 10",
        "60 e1 not taken: 40010001 qty must be > 0
         60 e1 pending_new (10)
         60 e1 new (10)
         60 e1 not taken: 40010001 client_order_id must be unique
         60 e2 not taken: 40010001 client_order_id must be unique
         60 e1 not replaced: 40010001 client_order_id must be unique
         60 e1 not replaced: 40310000 order parameters are not changed
         60 e1 not replaced: 40010001 limit orders require no such price
         60 e9 not cancelled: 40410000 order not found
         60 e1 pending_cancel (10)
         60 e1 cancelled (10)
         60 e1 not cancelled: 42210000 order is already in \"canceled\" state
         60 e1 not replaced: 42210000 unable to replace order, order is not open
         60 x1 not taken: 42210000 asset \"A\" cannot be sold short",
    );
}

#[test]
fn injected_failures_happen_once() {
    check(
        plain(),
        "open
         bar 100 100 100 100
         fail refuse
         e1 buy 1 limit 90
         fail without acting
         e2 buy 1 limit 90
         fail after acting
         e3 buy 1 limit 90
         fail reject
         e4 buy 1 limit 90
         fail drop
         e5 buy 1 limit 90
         fail duplicate
         cancel e5
         fail swap
         e6 buy 1 limit 90
         cancel e2",
        "60 e1 not taken: 50010000 internal server error
         60 e2 not taken: ? the request timed out (injected)
         60 e3 pending_new (1)
         60 e3 not taken: ? the request timed out (injected)
         60 e3 new (1)
         60 e4 pending_new (1)
         60 e4 rejected (1): rejected by the venue (injected)
         60 e5 new (1)
         60 e5 pending_cancel (1)
         60 e5 pending_cancel (1)
         60 e5 cancelled (1)
         60 e6 new (1)
         60 e6 pending_new (1)
         60 e2 not cancelled: 40410000 order not found",
    );
}
