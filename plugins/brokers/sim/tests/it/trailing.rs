//! Trailing stops: the best price they follow, when they wake, and what changes them.

use crate::scenario::{alpaca, check, plain};

#[test]
fn a_trailing_stop_follows_the_best_price_and_fills_where_it_stands() {
    // Open 100, low 99.8, high 102, close 101.6: the stop is at 101.50 when the next bar falls.
    check(
        alpaca(),
        "open
         bar 100 100 100 100
         e1 buy 10
         bar 100 100 100 100
         x1 sell 10 trail 0.5
         stops
         bar 100 102 99.8 101.6
         stops
         bar 101.6 101.8 101 101
         account",
        "60 e1 pending_new (10)
         60 e1 new (10)
         60 e1 filled: buy 10 at 100 (10 of 10)
         120 x1 pending_new (10)
         120 x1 new (10)
         x1 stands at 99.5
         x1 stands at 101.5
         207.5 x1 filled: sell 10 at 101.5 (10 of 10)
         cash 100015 equity 100015 shares 0",
    );
}

#[test]
fn a_short_is_covered_by_a_trailing_buy() {
    check(
        alpaca(),
        "open
         bar 100 100 100 100
         e1 sell 10
         bar 100 100 100 100
         x1 buy 10 trail 1%
         stops
         bar 100 100.2 98 98.4
         stops
         bar 98.4 99.5 98.2 99.5",
        "60 e1 pending_new (10)
         60 e1 new (10)
         60 e1 filled: sell 10 at 100 (10 of 10)
         120 x1 pending_new (10)
         120 x1 new (10)
         x1 stands at 101
         x1 stands at 98.98
         212 x1 filled: buy 10 at 98.98 (10 of 10)",
    );
}

#[test]
fn a_bar_that_rises_and_falls_wakes_it_on_the_way_down() {
    check(
        plain(),
        "open
         bar 100 100 100 100
         x1 sell 10 trail 1
         bar 100 103 100 100.5
         stops",
        "60 x1 pending_new (10)
         60 x1 new (10)
         108 x1 filled: sell 10 at 102 (10 of 10)",
    );
}

#[test]
fn a_gap_through_a_trailing_stop_fills_at_the_open() {
    check(
        plain(),
        "open
         bar 100 100 100 100
         x1 sell 10 trail 1 gtc
         bar 100 101 100 101
         close
         next day
         open
         bar 98 99 97 98",
        "60 x1 pending_new (10)
         60 x1 new (10)
         86520 x1 filled: sell 10 at 98 (10 of 10)",
    );
}

#[test]
fn a_trailing_stop_of_the_night_begins_with_the_first_price_of_the_day() {
    check(
        plain(),
        "open
         bar 100 100 100 100
         close
         x1 sell 10 trail 1
         stops
         next day
         open
         stops
         bar 90 91 90 91
         stops",
        "60 x1 accepted (10)
         x1 stands at nowhere
         86460 x1 new (10)
         x1 stands at nowhere
         x1 stands at 90",
    );
}

#[test]
fn the_best_price_is_not_followed_while_trading_is_halted() {
    check(
        plain(),
        "open
         bar 100 100 100 100
         x1 sell 10 trail 1
         bar 100 103 100 103 {
         at 90
         halt
         stops
         at 119
         stops
         resume
         stops
         }
         stops",
        "60 x1 pending_new (10)
         60 x1 new (10)
         90 A halted
         x1 stands at 100.5
         x1 stands at 100.5
         119 A resumed
         x1 stands at 102
         x1 stands at 102",
    );
}

#[test]
fn the_stop_is_rounded_away_from_the_price_and_never_nearer_than_the_trail() {
    check(
        plain(),
        "open
         bar 99.99 99.99 99.99 99.99
         x1 sell 10 trail 0.33%
         x2 buy 10 trail 0.33%
         stops",
        "60 x1 pending_new (10)
         60 x1 new (10)
         60 x2 pending_new (10)
         60 x2 new (10)
         x1 stands at 99.66
         x2 stands at 100.32",
    );
}

#[test]
fn a_replacement_changes_the_trail_and_keeps_the_best_price() {
    check(
        alpaca(),
        "open
         bar 100 100 100 100
         e1 buy 10
         bar 100 102 100 101.9
         x1 sell 10 trail 2
         bar 101.9 103 101.9 102.8
         replace x1 x2 trail 1
         stops
         replace x2 x3 trail 1%
         replace x2 x3 stop 99
         replace x2 x3 trail 1
         replace x2 x3 qty 5",
        "60 e1 pending_new (10)
         60 e1 new (10)
         60 e1 filled: buy 10 at 100 (10 of 10)
         120 x1 pending_new (10)
         120 x1 new (10)
         180 x1 pending_replace (10)
         180 x1 replaced (10) by x2
         180 x2 new (10)
         x2 stands at 102
         180 x2 not replaced: 40010001 trail must be in the unit that the order has
         180 x2 not replaced: 40010001 trailing_stop orders require no such price
         180 x2 not replaced: 40310000 order parameters are not changed
         180 x2 pending_replace (10)
         180 x2 replaced (10) by x3
         180 x3 new (5)",
    );
}

#[test]
fn a_trail_closer_than_a_tenth_of_a_percent_is_refused() {
    check(
        alpaca(),
        "open
         bar 100 100 100 100
         x1 sell 10 trail 0.09%
         x1 sell 10 trail 0.1%",
        "60 x1 not taken: 40010001 trail_percent must be greater than or equal to 0.1
         60 x1 pending_new (10)
         60 x1 new (10)",
    );
}

#[test]
fn trailing_stops_are_whole_and_single_at_alpaca() {
    check(
        alpaca(),
        "open
         bar 100 100 100 100
         e1 buy 0.5 trail 1
         e1 buy 5 trail 1 +stop s1@90",
        "60 e1 not taken: 42210000 fractional orders must be market, limit, stop, or stop_limit orders
         60 e1 not taken: 42210000 trailing stop orders must be simple orders",
    );
}

#[test]
fn trailing_stops_are_no_wash_trade() {
    check(
        alpaca(),
        "open
         bar 100 100 100 100
         e1 buy 10
         bar 100 100 100 100
         x1 sell 10 trail 1
         e2 buy 5
         bar 100 100 100 100
         e3 buy 5 limit 90
         x2 sell 5 trail 2",
        "60 e1 pending_new (10)
         60 e1 new (10)
         60 e1 filled: buy 10 at 100 (10 of 10)
         120 x1 pending_new (10)
         120 x1 new (10)
         120 e2 pending_new (5)
         120 e2 new (5)
         120 e2 filled: buy 5 at 100 (5 of 5)
         180 e3 pending_new (5)
         180 e3 new (5)
         180 x2 pending_new (5)
         180 x2 new (5)",
    );
}

#[test]
fn a_trailing_stop_survives_a_restart_with_its_best_price() {
    check(
        alpaca(),
        "open
         bar 100 100 100 100
         e1 buy 10
         bar 100 100 100 100
         x1 sell 10 trail 0.5 gtc
         bar 100 102 100 102 {
         at 150
         cancel x9
         stops
         restart
         stops
         }
         stops
         restart
         bar 101.9 101.9 101 101.2",
        "60 e1 pending_new (10)
         60 e1 new (10)
         60 e1 filled: buy 10 at 100 (10 of 10)
         120 x1 pending_new (10)
         120 x1 new (10)
         150 x9 not cancelled: 40410000 order not found
         x1 stands at 100.5
         x1 stands at 100.5
         x1 stands at 101.5
         208.888888 x1 filled: sell 10 at 101.5 (10 of 10)",
    );
}
