//! What Alpaca refuses about single orders, rule by rule.

use trader_broker_sim::{Latency, SimConfig};
use trader_contract::Money;

use crate::scenario::{alpaca, check};

fn slow() -> SimConfig {
    const SECOND: i64 = 1_000_000_000;
    let mut config = alpaca();
    config.latency = Latency {
        submit: SECOND,
        cancel: 5 * SECOND,
        replace: 5 * SECOND,
        ..Latency::NONE
    };
    config
}

#[test]
fn sub_penny_prices_are_refused() {
    check(
        alpaca(),
        "open
         bar 100 100 100 100
         e1 buy 1 limit 90.005
         x1 buy 1 stop 110.001
         e2 buy 1 limit 90 +stop s1@80.009
         e2 buy 1 limit 0.9001",
        "60 e1 not taken: 42210000 invalid limit_price 90.005. sub-penny increment does not fulfill minimum pricing criteria
         60 x1 not taken: 42210000 invalid stop_price 110.001. sub-penny increment does not fulfill minimum pricing criteria
         60 e2 not taken: 42210000 invalid stop_price 80.009. sub-penny increment does not fulfill minimum pricing criteria
         60 e2 pending_new (1)
         60 e2 new (1)",
    );
}

#[test]
fn fractions_are_day_orders_and_simple_and_never_short() {
    check(
        alpaca(),
        "open
         bar 100 100 100 100
         e1 buy 0.5 gtc
         e1 buy 0.5 +stop s1@90
         x1 sell 0.5
         e1 buy 0.5
         bar 100 100 100 100",
        "60 e1 not taken: 42210000 fractional orders must be DAY orders
         60 e1 not taken: 42210000 fractional orders must be simple orders
         60 x1 not taken: 42210000 fractional orders cannot be sold short
         60 e1 pending_new (0.5)
         60 e1 new (0.5)
         60 e1 filled: buy 0.5 at 100 (0.5 of 0.5)",
    );
}

#[test]
fn a_client_id_is_never_forgotten() {
    check(
        alpaca(),
        "open
         bar 100 100 100 100
         e1 buy 1 limit 90
         cancel e1
         close
         next day
         open
         e1 buy 1 limit 90",
        "60 e1 pending_new (1)
         60 e1 new (1)
         60 e1 pending_cancel (1)
         60 e1 cancelled (1)
         86460 e1 not taken: 40010001 client_order_id must be unique",
    );
}

#[test]
fn a_market_or_stop_order_against_an_open_order_is_a_wash_trade() {
    check(
        alpaca(),
        "open
         bar 100 100 100 100
         e1 buy 10
         bar 100 100 100 100
         s1 sell 5 stop 90 gtc
         e2 buy 5
         e2 buy 5 limit 89
         cancel s1
         t1 sell 5 limit 110
         e2 buy 5
         e2 buy 5 limit 110
         e2 buy 5 limit 109.99",
        "60 e1 pending_new (10)
         60 e1 new (10)
         60 e1 filled: buy 10 at 100 (10 of 10)
         120 s1 pending_new (5)
         120 s1 new (5)
         120 e2 not taken: 40310000 potential wash trade detected. use complex orders (opposite side market/stop order exists: 00000001-20110110-1-s1)
         120 e2 not taken: 40310000 potential wash trade detected. use complex orders (opposite side market/stop order exists: 00000001-20110110-1-s1)
         120 s1 pending_cancel (5)
         120 s1 cancelled (5)
         120 t1 pending_new (5)
         120 t1 new (5)
         120 e2 not taken: 40310000 potential wash trade detected. use complex orders (opposite side limit order exists: 00000001-20110110-1-t1)
         120 e2 not taken: 40310000 potential wash trade detected. use complex orders (opposite side limit order exists: 00000001-20110110-1-t1)
         120 e2 pending_new (5)
         120 e2 new (5)",
    );
}

#[test]
fn a_wash_trade_is_refused_before_a_duplicate_id() {
    check(
        alpaca(),
        "open
         bar 100 100 100 100
         e1 buy 10
         bar 100 100 100 100
         s1 sell 5 stop 90
         e1 buy 5",
        "60 e1 pending_new (10)
         60 e1 new (10)
         60 e1 filled: buy 10 at 100 (10 of 10)
         120 s1 pending_new (5)
         120 s1 new (5)
         120 e1 not taken: 40310000 potential wash trade detected. use complex orders (opposite side market/stop order exists: 00000001-20110110-1-s1)",
    );
}

#[test]
fn open_sells_reserve_their_shares_until_they_are_cancelled() {
    check(
        slow(),
        "open
         bar 100 100 100 100 {
         e1 buy 10
         }
         s1 sell 8 stop 90
         x1 sell 3
         x1 sell 2 limit 120
         bar 100 100 100 100 {
         cancel s1
         x2 sell 8
         at 70
         x2 sell 8
         }",
        "0 e1 pending_new (10)
         1 e1 new (10)
         1 e1 filled: buy 10 at 100 (10 of 10)
         60 s1 pending_new (8)
         60 x1 not taken: 40310000 insufficient qty available for order (requested: 3, available: 2)
         60 x1 pending_new (2)
         60 s1 pending_cancel (8)
         60 x2 not taken: 40310000 insufficient qty available for order (requested: 8, available: 0)
         61 x1 new (2)
         65 s1 cancelled (8)
         70 x2 pending_new (8)
         71 x2 new (8)
         71 x2 filled: sell 8 at 100 (8 of 8)",
    );
}

#[test]
fn a_position_is_never_flipped_in_one_order() {
    check(
        alpaca(),
        "open
         bar 100 100 100 100
         e1 buy 10
         bar 100 100 100 100
         x1 sell 20
         x1 sell 10
         bar 100 100 100 100
         e2 sell 10
         bar 100 100 100 100
         x2 buy 11
         x2 buy 10",
        "60 e1 pending_new (10)
         60 e1 new (10)
         60 e1 filled: buy 10 at 100 (10 of 10)
         120 x1 not taken: 40310000 insufficient qty available for order (requested: 20, available: 10)
         120 x1 pending_new (10)
         120 x1 new (10)
         120 x1 filled: sell 10 at 100 (10 of 10)
         180 e2 pending_new (10)
         180 e2 new (10)
         180 e2 filled: sell 10 at 100 (10 of 10)
         240 x2 not taken: 40310000 insufficient qty available for order (requested: 11, available: 10)
         240 x2 pending_new (10)
         240 x2 new (10)",
    );
}

#[test]
fn while_flat_only_one_opening_side_is_open() {
    check(
        alpaca(),
        "open
         bar 100 100 100 100
         e1 buy 10 limit 90
         e2 sell 10 limit 110
         cancel e1
         e2 sell 10 limit 110
         e3 buy 10 limit 90",
        "60 e1 pending_new (10)
         60 e1 new (10)
         60 e2 not taken: 40310000 cannot open a short sell while a long buy order is open
         60 e1 pending_cancel (10)
         60 e1 cancelled (10)
         60 e2 pending_new (10)
         60 e2 new (10)
         60 e3 not taken: 40310000 cannot open a long buy while a short sell order is open",
    );
}

#[test]
fn a_stop_lies_on_the_right_side_of_the_market() {
    check(
        alpaca(),
        "open
         bar 100 100 100 100
         e1 buy 10 stop 100
         e1 sell 10 stop 100
         e1 buy 10 stop 100.01",
        "60 e1 not taken: 42210000 stop price must be greater than current price (stop_price 100, market_price 100)
         60 e1 not taken: 42210000 stop price must be less than current price (stop_price 100, market_price 100)
         60 e1 pending_new (10)
         60 e1 new (10)",
    );
}

#[test]
fn opening_orders_need_buying_power() {
    // 4 times 100,000 in the session: 4,000 shares at 100; a market short counts 3 % above the ask.
    check(
        alpaca(),
        "open
         bar 100 100 100 100
         e1 buy 4001 limit 100
         e1 buy 3000 limit 90
         e2 buy 1444 limit 90
         e3 buy 1445 limit 90
         cancel e1
         e4 sell 3884
         e4 buy 1 limit 90",
        "60 e1 not taken: 40310000 insufficient buying power
         60 e1 pending_new (3000)
         60 e1 new (3000)
         60 e2 pending_new (1444)
         60 e2 new (1444)
         60 e3 not taken: 40310000 insufficient buying power
         60 e1 pending_cancel (3000)
         60 e1 cancelled (3000)
         60 e4 not taken: 40310000 potential wash trade detected. use complex orders (opposite side limit order exists: 00000001-20110110-1-e2)
         60 e4 pending_new (1)
         60 e4 new (1)",
    );
    check(
        alpaca(),
        "open
         bar 100 100 100 100
         e1 sell 3884
         e1 sell 3883
         bar 100 100 100 100
         close
         e2 sell 1",
        "60 e1 not taken: 40310000 insufficient buying power
         60 e1 pending_new (3883)
         60 e1 new (3883)
         60 e1 filled: sell 3883 at 100 (3883 of 3883)
         120 e2 not taken: 40310000 insufficient buying power",
    );
}

#[test]
fn a_small_account_neither_borrows_nor_shorts() {
    let mut config = alpaca();
    config.cash = Money::dollars(1_999);
    check(
        config,
        "open
         bar 100 100 100 100
         e1 sell 1
         e1 buy 20
         e1 buy 19",
        "60 e1 not taken: 40310000 account is not allowed to short
         60 e1 not taken: 40310000 insufficient buying power
         60 e1 pending_new (19)
         60 e1 new (19)",
    );
}

#[test]
fn shares_that_cannot_be_borrowed_are_not_sold_short() {
    let mut config = alpaca();
    config.shorting = false;
    check(
        config,
        "open
         bar 100 100 100 100
         e1 sell 1",
        "60 e1 not taken: 40310000 account is not allowed to short",
    );
    check(
        alpaca(),
        "open
         unshortable
         bar 100 100 100 100
         e1 sell 1",
        "60 e1 not taken: 42210000 asset \"A\" cannot be sold short",
    );
}

#[test]
fn a_buy_stop_is_a_limit_order_with_a_collar_once_reached() {
    check(
        alpaca(),
        "open
         bar 40 40 40 40
         e1 buy 10 stop 41
         bar 42.7 43 42.6 42.6
         bar 42.6 42.7 42.6 42.7
         bar 42 42.6 42 42
         e2 buy 10 stop 43
         bar 42 44 42 44",
        "60 e1 pending_new (10)
         60 e1 new (10)
         60 e1 new (10)
         72 e1 filled: buy 10 at 42.64 (10 of 10)
         240 e2 pending_new (10)
         240 e2 new (10)
         270 e2 new (10)
         270 e2 filled: buy 10 at 43 (10 of 10)",
    );
    check(
        alpaca(),
        "open
         bar 60 60 60 60
         e1 buy 10 stop 61
         bar 62.52 62.6 62.51 62.55",
        "60 e1 pending_new (10)
         60 e1 new (10)
         60 e1 new (10)
         60 e1 filled: buy 10 at 62.52 (10 of 10)",
    );
}

#[test]
fn a_sell_stop_is_a_market_order_once_reached() {
    check(
        alpaca(),
        "open
         bar 40 40 40 40
         e1 buy 10
         bar 40 40 40 40
         s1 sell 10 stop 39
         bar 30 31 30 31",
        "60 e1 pending_new (10)
         60 e1 new (10)
         60 e1 filled: buy 10 at 40 (10 of 10)
         120 s1 pending_new (10)
         120 s1 new (10)
         120 s1 filled: sell 10 at 30 (10 of 10)",
    );
}

#[test]
fn nothing_is_replaced_before_it_is_at_the_exchange_or_while_it_changes() {
    check(
        slow(),
        "e1 buy 10 limit 90
         replace e1 e2 limit 91
         cancel e1
         at 10
         open
         bar 100 100 100 100 {
         at 20
         e3 buy 10 limit 90
         at 20.5
         replace e3 e4 limit 91
         at 22
         replace e3 e4 limit 91
         at 23
         replace e3 e5 limit 92
         cancel e3
         at 30
         cancel e4
         replace e4 e5 limit 93
         }",
        "0 e1 accepted (10)
         0 e1 not replaced: 40010001 unable to replace order, order isn't sent to exchange yet
         0 e1 pending_cancel (10)
         5 e1 cancelled (10)
         20 e3 pending_new (10)
         20.5 e3 not replaced: 40010001 unable to replace order, order isn't sent to exchange yet
         21 e3 new (10)
         22 e3 pending_replace (10)
         23 e3 not replaced: 42210000 unable to replace order, order is not open
         23 e3 not cancelled: 42210000 order is already in \"pending_replace\" state
         27 e3 replaced (10) by e4
         27 e4 new (10)
         30 e4 pending_cancel (10)
         30 e4 not replaced: 42210000 unable to replace order, order is not open
         35 e4 cancelled (10)",
    );
}

#[test]
fn a_replacement_keeps_the_rules_of_new_orders() {
    check(
        alpaca(),
        "open
         bar 100 100 100 100
         e1 buy 100
         bar 100 100 100 100
         s1 sell 50 stop 90 gtc
         replace s1 s2 stop 90
         replace s1 s2 stop 95.001
         replace s1 s2 stop 100
         replace s1 s2 qty 101
         replace s1 e1 stop 95
         replace s1 s2 qty 50.5
         replace s1 s2 qty 100 stop 95",
        "60 e1 pending_new (100)
         60 e1 new (100)
         60 e1 filled: buy 100 at 100 (100 of 100)
         120 s1 pending_new (50)
         120 s1 new (50)
         120 s1 not replaced: 40310000 order parameters are not changed
         120 s1 not replaced: 42210000 invalid stop_price 95.001. sub-penny increment does not fulfill minimum pricing criteria
         120 s1 not replaced: 42210000 stop price must be less than current price (stop_price 100, market_price 100)
         120 s1 not replaced: 40310000 insufficient qty available for order (requested: 101, available: 100)
         120 s1 not replaced: 40010001 client_order_id must be unique
         120 s1 not replaced: 42210000 fractional qty cannot be replaced
         120 s1 pending_replace (50)
         120 s1 replaced (50) by s2
         120 s2 new (100)",
    );
}

#[test]
fn a_gtc_order_lives_ninety_days() {
    let days: String = (0..91).map(|_| "close\nnext day\nopen\n").collect();
    let script = format!("open\nbar 100 100 100 100\ne1 buy 1 limit 90 gtc\n{days}");
    check(
        alpaca(),
        &(script + "account"),
        "60 e1 pending_new (1)
         60 e1 new (1)
         7800360 e1 expired (1)
         cash 100000 equity 100000 shares 0",
    );
}

/// Its last day is counted from the date on which it was made, and not from the hour.
#[test]
fn a_gtc_order_of_the_evening_ends_with_those_of_its_day() {
    let days: String = (0..91).map(|_| "open\nclose\nnext day\n").collect();
    let script = format!("open\nclose\nskip 600\ne1 buy 1 limit 90 gtc\nskip 840\n{days}");
    check(
        alpaca(),
        &script,
        "36000 e1 accepted (1)
         86400 e1 new (1)
         7800300 e1 expired (1)",
    );
}

#[test]
fn a_gtc_order_can_be_cancelled_between_the_close_and_the_end_of_its_life() {
    let days: String = (0..90).map(|_| "close\nnext day\nopen\n").collect();
    let script = format!("open\ne1 buy 1 limit 90 gtc\n{days}close\nskip 400\ncancel e1\nskip 60");
    check(
        alpaca(),
        &script,
        "0 e1 pending_new (1)
         0 e1 new (1)
         7800000 e1 pending_cancel (1)
         7800000 e1 cancelled (1)",
    );
}
