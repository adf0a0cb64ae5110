//! What fills when and at which price: the path in a bar, gaps, limits, stops, slippage, spread,
//! participation and splits.

use trader_broker_sim::{Slippage, Split};
use trader_contract::Ratio;

use crate::scenario::{check, plain};

#[test]
fn a_market_order_between_bars_fills_at_the_next_open() {
    check(
        plain(),
        "open
         bar 100 101 99 100
         e1 buy 10
         bar 100.50 101 100 100
         account",
        "60 e1 pending_new (10)
         60 e1 new (10)
         60 e1 filled: buy 10 at 100.5 (10 of 10)
         cash 98995 equity 100000 shares 10",
    );
}

#[test]
fn a_market_order_in_mid_bar_fills_at_the_price_of_the_moment() {
    check(
        plain(),
        "open
         bar 100 103 100 103 {
         at 30
         e1 buy 10
         }",
        "30 e1 pending_new (10)
         30 e1 new (10)
         30 e1 filled: buy 10 at 101.5 (10 of 10)",
    );
}

#[test]
fn a_stop_that_is_crossed_inside_a_bar_fills_at_its_stop() {
    check(
        plain(),
        "open
         bar 100 100 100 100
         x1 sell 10 stop 99
         bar 100 100.5 98 99.5",
        "60 x1 pending_new (10)
         60 x1 new (10)
         92 x1 filled: sell 10 at 99 (10 of 10)",
    );
}

#[test]
fn a_stop_that_the_open_jumps_over_fills_at_the_open() {
    check(
        plain(),
        "open
         bar 100 100 100 100
         x1 sell 10 stop 99
         e1 buy 5 stop 96
         bar 97 98 96 97",
        "60 x1 pending_new (10)
         60 x1 new (10)
         60 e1 pending_new (5)
         60 e1 new (5)
         60 x1 filled: sell 10 at 97 (10 of 10)
         60 e1 filled: buy 5 at 97 (5 of 5)",
    );
}

#[test]
fn a_limit_fills_at_its_limit_and_at_a_better_open() {
    check(
        plain(),
        "open
         bar 100 100 100 100
         e1 buy 10 limit 99
         e2 buy 10 limit 97
         bar 98 98.5 96.5 98",
        "60 e1 pending_new (10)
         60 e1 new (10)
         60 e2 pending_new (10)
         60 e2 new (10)
         60 e1 filled: buy 10 at 98 (10 of 10)
         95 e2 filled: buy 10 at 97 (10 of 10)",
    );
}

#[test]
fn a_stop_limit_whose_limit_is_jumped_over_stays_as_a_limit_order() {
    check(
        plain(),
        "open
         bar 100 100 100 100
         e1 buy 10 stop 101 limit 101.5
         bar 102 102.5 101.2 102
         e2 buy 10 stop 103 limit 103.5
         bar 102 104 102 104",
        "60 e1 pending_new (10)
         60 e1 new (10)
         95.384615 e1 filled: buy 10 at 101.5 (10 of 10)
         120 e2 pending_new (10)
         120 e2 new (10)
         150 e2 filled: buy 10 at 103 (10 of 10)",
    );
}

#[test]
fn an_order_that_arrives_in_mid_bar_sees_only_the_rest_of_the_path() {
    // The bar goes 100, 99 (20 s), 104 (40 s), 103; the low is past when the limit arrives.
    check(
        plain(),
        "open
         bar 100 104 99 103 {
         at 30
         e1 buy 10 limit 100
         e2 buy 10 limit 103.5
         e3 buy 10 stop 103
         }",
        "30 e1 pending_new (10)
         30 e1 new (10)
         30 e2 pending_new (10)
         30 e2 new (10)
         30 e2 filled: buy 10 at 101.5 (10 of 10)
         30 e3 pending_new (10)
         30 e3 new (10)
         36 e3 filled: buy 10 at 103 (10 of 10)",
    );
}

#[test]
fn slippage_and_spread_are_paid_by_takers_only() {
    let mut config = plain();
    config.slippage = Slippage {
        per_share_micros: 20_000,
        basis_points: 1,
    };
    config.half_spread_micros = 10_000;
    check(
        config,
        "open
         bar 100 100 100 100
         e1 buy 10
         x1 sell 10 stop 99
         e2 buy 10 limit 98
         bar 100 100 97 97.5",
        "60 e1 pending_new (10)
         60 e1 new (10)
         60 x1 pending_new (10)
         60 x1 new (10)
         60 e2 pending_new (10)
         60 e2 new (10)
         60 e1 filled: buy 10 at 100.04 (10 of 10)
         86.666666 x1 filled: sell 10 at 98.96 (10 of 10)
         93.4 e2 filled: buy 10 at 98 (10 of 10)",
    );
}

#[test]
fn a_participation_cap_fills_along_the_path_and_the_rest_waits() {
    let mut config = plain();
    config.participation = Some(Ratio::from_billionths(100_000_000));
    check(
        config,
        "open
         bar 100 100 100 100
         e1 buy 100
         bar 100 103 100 103 v400
         bar 103 103 103 103 v0
         bar 103 104 103 104 v10000",
        "60 e1 pending_new (100)
         60 e1 new (100)
         60 e1 partially_filled: buy 10 at 100 (10 of 100)
         75 e1 partially_filled: buy 10 at 100 (20 of 100)
         90 e1 partially_filled: buy 10 at 101.5 (30 of 100)
         105 e1 partially_filled: buy 10 at 103 (40 of 100)
         180 e1 filled: buy 60 at 103 (100 of 100)",
    );
}

#[test]
fn a_resting_limit_under_a_cap_keeps_its_limit() {
    let mut config = plain();
    config.participation = Some(Ratio::from_billionths(100_000_000));
    check(
        config,
        "open
         bar 100 100 100 100
         e1 buy 100 limit 99
         bar 100 100 97 97 v400
         bar 96 96 96 96 v40
         bar 98 99.5 98 99.5 v40000",
        "60 e1 pending_new (100)
         60 e1 new (100)
         86.666666 e1 partially_filled: buy 20 at 99 (20 of 100)
         90 e1 partially_filled: buy 10 at 99 (30 of 100)
         105 e1 partially_filled: buy 10 at 99 (40 of 100)
         120 e1 partially_filled: buy 1 at 96 (41 of 100)
         135 e1 partially_filled: buy 1 at 96 (42 of 100)
         150 e1 partially_filled: buy 1 at 96 (43 of 100)
         165 e1 partially_filled: buy 1 at 96 (44 of 100)
         180 e1 filled: buy 56 at 98 (100 of 100)",
    );
}

#[test]
fn a_split_fill_is_looked_at_again() {
    let mut config = plain();
    config.split = Split {
        probability: Ratio::ONE,
        retry: 1_000_000_000,
    };
    check(
        config,
        "open
         bar 100 100 100 100
         e1 buy 5
         bar 100 103 100 103",
        "60 e1 pending_new (5)
         60 e1 new (5)
         60 e1 partially_filled: buy 1 at 100 (1 of 5)
         61 e1 partially_filled: buy 1 at 100 (2 of 5)
         62 e1 partially_filled: buy 2 at 100 (4 of 5)
         63 e1 filled: buy 1 at 100 (5 of 5)",
    );
}
