//! Orders that have one moment: ioc, fok, opg and cls, and which kinds of order may be one.

use trader_broker_sim::{Latency, SimConfig, Slippage};
use trader_contract::Ratio;

use crate::scenario::{alpaca, check, plain};

fn a_tenth() -> SimConfig {
    SimConfig {
        participation: Some(Ratio::from_billionths(100_000_000)),
        ..alpaca()
    }
}

#[test]
fn an_ioc_takes_what_it_can_at_once_and_is_cancelled() {
    // A quarter of a tenth of 1,000 shares is there at the start of the bar.
    check(
        a_tenth(),
        "open
         bar 100 100 100 100 v1000
         e1 buy 60 ioc
         bar 100 100 100 100 v1000
         account",
        "60 e1 pending_new (60)
         60 e1 new (60)
         60 e1 partially_filled: buy 25 at 100 (25 of 60)
         60 e1 cancelled (25 of 60): ioc: the rest could not be had at once
         cash 97500 equity 100000 shares 25",
    );
}

#[test]
fn an_ioc_limit_that_is_not_marketable_is_cancelled_at_once() {
    check(
        alpaca(),
        "open
         bar 100 101 99 100 {
         at 5
         e1 buy 10 limit 99.5 ioc
         at 10
         e2 buy 10 limit 99.5 ioc
         at 20
         e3 buy 10 limit 99.5 ioc
         }",
        "5 e1 pending_new (10)
         5 e1 new (10)
         5 e1 cancelled (10): ioc: nothing could be had at once
         10 e2 pending_new (10)
         10 e2 new (10)
         10 e2 filled: buy 10 at 99.5 (10 of 10)
         20 e3 pending_new (10)
         20 e3 new (10)
         20 e3 filled: buy 10 at 99 (10 of 10)",
    );
}

#[test]
fn an_ioc_where_no_bar_follows_finds_no_market() {
    check(
        alpaca(),
        "open
         bar 100 100 100 100
         e1 buy 10 ioc
         at 60.000001
         skip 1
         bar 100 100 100 100
         halt
         e2 buy 10 fok
         at 181",
        "60 e1 pending_new (10)
         60 e1 new (10)
         60 e1 cancelled (10): ioc: nothing could be had at once
         180.000001 A halted
         180.000001 e2 pending_new (10)
         180.000001 e2 new (10)
         180.000001 e2 cancelled (10): fok: not all of it could be had at once",
    );
}

#[test]
fn an_ioc_out_of_hours_is_cancelled() {
    check(
        alpaca(),
        "open
         bar 100 100 100 100
         close
         e1 buy 10 ioc",
        "60 e1 accepted (10)
         60 e1 cancelled (10): there is no session to fill in at once",
    );
}

#[test]
fn a_fok_fills_whole_or_not_at_all() {
    let config = SimConfig {
        split: trader_broker_sim::Split {
            probability: Ratio::ONE,
            retry: 1_000_000_000,
        },
        ..a_tenth()
    };
    check(
        config,
        "open
         bar 100 100 100 100 v1000
         e1 buy 26 fok
         bar 100 100 100 100 v1000
         e2 buy 25 fok
         bar 100 100 100 100 v1000",
        "60 e1 pending_new (26)
         60 e1 new (26)
         60 e1 cancelled (26): fok: not all of it could be had at once
         120 e2 pending_new (25)
         120 e2 new (25)
         120 e2 filled: buy 25 at 100 (25 of 25)",
    );
}

#[test]
fn an_ioc_that_reaches_the_venue_late_meets_the_market_there() {
    let config = SimConfig {
        latency: Latency {
            submit: 10_000_000_000,
            ..Latency::NONE
        },
        ..alpaca()
    };
    check(
        config,
        "open
         bar 100 103 100 103 {
         at 20
         e1 buy 10 ioc
         }",
        "20 e1 pending_new (10)
         30 e1 new (10)
         30 e1 filled: buy 10 at 101.5 (10 of 10)",
    );
}

#[test]
fn an_opg_fills_at_the_official_open_without_spread_or_slippage() {
    let config = SimConfig {
        half_spread_micros: 10_000,
        slippage: Slippage {
            per_share_micros: 10_000,
            basis_points: 5,
        },
        ..alpaca()
    };
    check(
        config,
        "ahead 60
         e1 buy 10 opg
         e2 buy 10 limit 99 opg
         e3 buy 10 limit 101 opg
         bar 100 100 98 98",
        "0 e1 accepted (10)
         0 e2 accepted (10)
         0 e3 accepted (10)
         3600 e1 new (10)
         3600 e2 new (10)
         3600 e3 new (10)
         3600 e1 filled: buy 10 at 100 (10 of 10)
         3600 e3 filled: buy 10 at 100 (10 of 10)
         3600 e2 cancelled (10): opg: it did not fill at the open",
    );
}

#[test]
fn what_the_opening_auction_leaves_is_cancelled() {
    check(
        a_tenth(),
        "ahead 60
         e1 buy 60 opg
         bar 100 100 100 100 v1000",
        "0 e1 accepted (60)
         3600 e1 new (60)
         3600 e1 partially_filled: buy 25 at 100 (25 of 60)
         3600 e1 cancelled (25 of 60): opg: the rest did not fill at the open",
    );
}

#[test]
fn a_symbol_that_does_not_trade_at_the_open_has_no_opening_auction() {
    check(
        alpaca(),
        "ahead 60
         e1 buy 10 opg
         at 3601
         skip 1
         bar 100 100 100 100",
        "0 e1 accepted (10)
         3600 e1 new (10)
         3600 e1 cancelled (10): opg: it did not fill at the open",
    );
}

#[test]
fn opening_orders_are_taken_from_seven_in_the_evening_until_two_minutes_before_the_open() {
    // Times are seconds since an hour before the open: 9:28 is 3,480, 19:00 is 37,800.
    check(
        alpaca(),
        "ahead 60
         at 3479
         e1 buy 10 opg
         at 3480
         e2 buy 10 opg
         bar 100 100 100 100
         e2 buy 10 opg
         close
         ahead 1440
         at 37799
         e2 buy 10 opg
         at 37800
         e2 buy 10 opg",
        "3479 e1 accepted (10)
         3480 e2 not taken: 40310000 opg orders must be submitted after 7:00pm and before 9:28am
         3600 e1 new (10)
         3600 e1 filled: buy 10 at 100 (10 of 10)
         3660 e2 not taken: 40310000 opg orders must be submitted after 7:00pm and before 9:28am
         37799 e2 not taken: 40310000 opg orders must be submitted after 7:00pm and before 9:28am
         37800 e2 accepted (10)",
    );
}

#[test]
fn an_opg_of_the_day_waits_for_the_next_open_where_the_broker_takes_it() {
    check(
        plain(),
        "open
         bar 100 100 100 100
         e1 buy 10 opg
         bar 101 101 101 101
         close
         next day
         open
         bar 102 102 102 102",
        "60 e1 pending_new (10)
         60 e1 accepted (10)
         86520 e1 new (10)
         86520 e1 filled: buy 10 at 102 (10 of 10)",
    );
}

#[test]
fn a_cls_fills_at_the_official_close_without_spread_or_slippage() {
    let config = SimConfig {
        half_spread_micros: 10_000,
        slippage: Slippage {
            per_share_micros: 10_000,
            basis_points: 5,
        },
        ..alpaca()
    };
    check(
        config,
        "open 12
         bar 100 100 100 100
         e1 buy 10 cls
         e2 buy 10 limit 101 cls
         e3 buy 10 limit 102.5 cls
         skip 10
         bar 100 103 100 102
         account",
        "60 e1 pending_new (10)
         60 e1 new (10)
         60 e2 pending_new (10)
         60 e2 new (10)
         60 e3 pending_new (10)
         60 e3 new (10)
         719.999999 e1 filled: buy 10 at 102 (10 of 10)
         719.999999 e3 filled: buy 10 at 102 (10 of 10)
         720 e2 expired (10)
         cash 97960 equity 100000 shares 20",
    );
}

#[test]
fn what_the_closing_auction_leaves_expires() {
    check(
        a_tenth(),
        "open 12
         bar 100 100 100 100 v1000
         e1 buy 150 cls
         skip 10
         bar 100 100 100 100 v1000",
        "60 e1 pending_new (150)
         60 e1 new (150)
         719.999999 e1 partially_filled: buy 100 at 100 (100 of 150)
         720 e1 expired (100 of 150)",
    );
}

#[test]
fn a_symbol_that_does_not_trade_at_the_close_has_no_closing_auction() {
    check(
        alpaca(),
        "open 12
         bar 100 100 100 100
         e1 buy 10 cls
         skip 5
         bar 100 100 100 100
         skip 6",
        "60 e1 pending_new (10)
         60 e1 new (10)
         720 e1 expired (10)",
    );
}

#[test]
fn closing_orders_are_refused_from_ten_minutes_before_the_close_until_seven() {
    // 380 minutes after the open are 22,800 seconds; nine and a half hours are 34,200.
    check(
        alpaca(),
        "open
         bar 100 100 100 100
         at 22799
         e1 buy 1 cls
         cancel e1
         at 22800
         e2 buy 1 cls
         at 34199
         e2 buy 1 cls
         at 34200
         e2 buy 1 cls
         skip 870
         open 12
         skip 11
         bar 100 100 100 100",
        "22799 e1 pending_new (1)
         22799 e1 new (1)
         22799 e1 pending_cancel (1)
         22799 e1 cancelled (1)
         22800 e2 not taken: 40310000 cls orders must be submitted after 7:00pm and before 3:50pm
         34199 e2 not taken: 40310000 cls orders must be submitted after 7:00pm and before 3:50pm
         34200 e2 accepted (1)
         86400 e2 new (1)
         87119.999999 e2 filled: buy 1 at 100 (1 of 1)",
    );
}

#[test]
fn stops_and_groups_cannot_have_one_moment() {
    let kinds = [
        ("stop 110", "stop"),
        ("stop 110 limit 111", "stop_limit"),
        ("trail 1", "trailing_stop"),
        ("+stop s1@90", "oto"),
        ("+stop s1@90 +target t1@110", "bracket"),
    ];
    for time in ["ioc", "fok", "opg", "cls"] {
        for (words, name) in kinds {
            let script = format!("ahead 60\ne1 buy 1 {words} {time}");
            let expect = format!(
                "0 e1 not taken: 40010001 invalid time_in_force ({name} orders are day or gtc, not {time})"
            );
            check(alpaca(), &script, &expect);
            check(plain(), &script, &expect);
        }
    }
}

#[test]
fn fractions_have_one_moment_only_where_the_rules_are_plain() {
    for time in ["gtc", "ioc", "fok", "opg", "cls"] {
        let script = format!("ahead 60\ne1 buy 0.5 limit 90 {time}");
        let refused = "0 e1 not taken: 42210000 fractional orders must be DAY orders";
        check(alpaca(), &script, refused);
        let taken = match time {
            "ioc" | "fok" => {
                "0 e1 accepted (0.5)
                 0 e1 cancelled (0.5): there is no session to fill in at once"
            }
            _ => "0 e1 accepted (0.5)",
        };
        if time != "fok" {
            check(plain(), &script, taken);
        }
    }
}

#[test]
fn orders_with_one_moment_survive_a_restart() {
    check(
        alpaca(),
        "ahead 60
         e1 buy 10 opg
         e2 buy 10 cls
         restart
         bar 100 100 100 100
         restart
         skip 388
         bar 101 101 101 101",
        "0 e1 accepted (10)
         0 e2 accepted (10)
         3600 e1 new (10)
         3600 e2 new (10)
         3600 e1 filled: buy 10 at 100 (10 of 10)
         26999.999999 e2 filled: buy 10 at 101 (10 of 10)",
    );
}
