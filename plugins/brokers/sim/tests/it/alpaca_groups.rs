//! What Alpaca does with brackets, OTO and OCO orders.

use crate::scenario::{alpaca, check};

#[test]
fn the_legs_of_an_entry_lie_on_the_right_sides() {
    check(
        alpaca(),
        "open
         bar 100 100 100 100
         e1 buy 10 limit 99 +stop s1@99 +target t1@101
         e1 buy 10 limit 99 +stop s1@98.99 +target t1@98.98
         e1 sell 10 limit 101 +stop s1@101 +target t1@90
         e1 buy 10 limit 102 +stop s1@100
         e1 buy 10 limit 102 +stop s1@99.99",
        "60 e1 not taken: 42210000 stop_loss.stop_price must be <= base_price - 0.01
         60 e1 not taken: 42210000 take_profit.limit_price must be > stop_loss.stop_price
         60 e1 not taken: 42210000 stop_loss.stop_price must be >= base_price + 0.01
         60 e1 not taken: 42210000 stop_loss.stop_price must be <= base_price - 0.01
         60 e1 pending_new (10)
         60 s1 held (10)
         60 e1 new (10)",
    );
}

#[test]
fn a_bracket_is_an_entry_and_an_oco_an_exit() {
    check(
        alpaca(),
        "open
         bar 100 100 100 100
         t1 sell 10 limit 110 oco s1@90
         e1 buy 10
         bar 100 100 100 100
         e2 sell 10 +stop s2@110
         t1 sell 11 limit 110 oco s1@90
         t1 sell 10 limit 110 oco s1@110
         t1 sell 10 limit 110 oco s1@100
         t1 sell 10 limit 110 oco s1@90
         x1 sell 1",
        "60 t1 not taken: 42210000 oco orders must be exit orders
         60 e1 pending_new (10)
         60 e1 new (10)
         60 e1 filled: buy 10 at 100 (10 of 10)
         120 e2 not taken: 42210000 bracket orders must be entry orders
         120 t1 not taken: 40310000 insufficient qty available for order (requested: 11, available: 10)
         120 t1 not taken: 42210000 take_profit.limit_price must be > stop_loss.stop_price
         120 t1 not taken: 42210000 stop price must be less than current price (stop_price 100, market_price 100)
         120 t1 pending_new (10)
         120 s1 held (10)
         120 t1 new (10)
         120 x1 not taken: 40310000 insufficient qty available for order (requested: 1, available: 0)",
    );
}

#[test]
fn the_stop_of_a_bracket_stays_held_while_its_target_works() {
    check(
        alpaca(),
        "open
         bar 100 100 100 100
         e1 buy 10 +stop s1@99 +target t1@102 gtc
         bar 100 100 100 100
         bar 100 100 98 98.5
         account",
        "60 e1 pending_new (10)
         60 t1 held (10)
         60 s1 held (10)
         60 e1 new (10)
         60 e1 filled: buy 10 at 100 (10 of 10)
         60 t1 new (10)
         150 t1 cancelled (10): the stop was reached
         150 s1 new (10)
         150 s1 filled: sell 10 at 99 (10 of 10)
         cash 99990 equity 99990 shares 0",
    );
}

#[test]
fn the_stop_of_an_oto_works_once_its_entry_is_filled() {
    check(
        alpaca(),
        "open
         bar 100 100 100 100
         e1 sell 10 limit 100.5 +stop s1@101.5 gtc
         bar 100 101 100 101
         close
         next day
         open
         bar 101.2 102 101 101
         account",
        "60 e1 pending_new (10)
         60 s1 held (10)
         60 e1 new (10)
         90 e1 filled: sell 10 at 100.5 (10 of 10)
         90 s1 new (10)
         86550 s1 new (10)
         86550 s1 filled: buy 10 at 101.5 (10 of 10)
         cash 99990 equity 99990 shares 0",
    );
}

#[test]
fn day_legs_expire_with_the_day() {
    check(
        alpaca(),
        "open
         bar 100 100 100 100
         e1 buy 10 +stop s1@90 +target t1@110
         bar 100 100 100 100
         e2 buy 10 limit 95 +stop s2@90
         close",
        "60 e1 pending_new (10)
         60 t1 held (10)
         60 s1 held (10)
         60 e1 new (10)
         60 e1 filled: buy 10 at 100 (10 of 10)
         60 t1 new (10)
         120 e2 pending_new (10)
         120 s2 held (10)
         120 e2 new (10)
         120 e2 expired (10)
         120 s2 cancelled (10): the entry ended without a fill
         120 t1 expired (10)
         120 s1 expired (10)",
    );
}

#[test]
fn a_held_stop_can_be_moved() {
    check(
        alpaca(),
        "open
         bar 100 100 100 100
         e1 buy 10 +stop s1@90 +target t1@110
         bar 100 100 100 100
         replace s1 s2 stop 98
         replace t1 t2 limit 105
         replace s2 s3 qty 5
         bar 100 100 97 97
         account",
        "60 e1 pending_new (10)
         60 t1 held (10)
         60 s1 held (10)
         60 e1 new (10)
         60 e1 filled: buy 10 at 100 (10 of 10)
         60 t1 new (10)
         120 s1 pending_replace (10)
         120 s1 replaced (10) by s2
         120 s2 held (10)
         120 t1 pending_replace (10)
         120 t1 replaced (10) by t2
         120 t2 new (10)
         120 s2 not replaced: 42210000 the qty of an order in a group cannot be replaced
         153.333333 t2 cancelled (10): the stop was reached
         153.333333 s2 new (10)
         153.333333 s2 filled: sell 10 at 98 (10 of 10)
         cash 99980 equity 99980 shares 0",
    );
}

#[test]
fn cancelling_an_exit_that_waits_cancels_its_entry() {
    check(
        alpaca(),
        "open
         bar 100 100 100 100
         e1 buy 10 limit 95 +stop s1@90
         cancel s1",
        "60 e1 pending_new (10)
         60 s1 held (10)
         60 e1 new (10)
         60 s1 pending_cancel (10)
         60 s1 cancelled (10)
         60 e1 cancelled (10): another order of its group ended",
    );
}

#[test]
fn exits_of_a_group_are_no_wash_trade() {
    check(
        alpaca(),
        "open
         bar 100 100 100 100
         e1 buy 10 +stop s1@90
         bar 100 100 100 100
         e2 buy 10 limit 99 +stop s2@90
         x1 sell 10",
        "60 e1 pending_new (10)
         60 s1 held (10)
         60 e1 new (10)
         60 e1 filled: buy 10 at 100 (10 of 10)
         60 s1 new (10)
         120 e2 pending_new (10)
         120 s2 held (10)
         120 e2 new (10)
         120 x1 not taken: 40310000 potential wash trade detected. use complex orders (opposite side limit order exists: 00000001-20110110-1-e2)",
    );
}

#[test]
fn a_stop_that_is_replaced_while_its_target_fills_is_for_what_the_target_has_left() {
    let mut config = alpaca();
    config.participation = Some(trader_contract::Ratio::from_billionths(100_000_000));
    config.latency.replace = 60_000_000_000;
    check(
        config,
        "open
         bar 100 100 100 100
         e1 buy 100 +stop s1@99 +target t1@101 gtc
         bar 100 100 100 100 v100000
         replace s1 s2 stop 99.5
         bar 100 101.5 100 101 v400
         bar 101 101 98 98 v100000
         account",
        "60 e1 pending_new (100)
         60 t1 held (100)
         60 s1 held (100)
         60 e1 new (100)
         60 e1 filled: buy 100 at 100 (100 of 100)
         60 t1 new (100)
         120 s1 pending_replace (100)
         153.333333 t1 partially_filled: sell 30 at 101 (30 of 100)
         153.333333 s1 pending_replace (70): the target filled in part
         165 t1 partially_filled: sell 10 at 101 (40 of 100)
         165 s1 pending_replace (60): the target filled in part
         180 s1 replaced (60) by s2
         180 s2 held (60)
         180 t1 filled: sell 60 at 101 (100 of 100)
         180 s2 cancelled (60): the other exit filled
         cash 100100 equity 100100 shares 0",
    );
}
