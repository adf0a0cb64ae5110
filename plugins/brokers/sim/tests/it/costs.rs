//! What trades cost by date, what borrowed shares cost, and that the account agrees with its reports.

use trader_broker_sim::{Fees, SimConfig};
use trader_contract::{Money, Ratio, Timestamp};

use crate::scenario::{alpaca, check_from, plain};

fn on(date: &str) -> Timestamp {
    format!("{date}T13:30:00Z").parse().unwrap()
}

fn regulated() -> SimConfig {
    SimConfig {
        fees: Fees {
            regulatory: true,
            ..Fees::NONE
        },
        ..alpaca()
    }
}

#[test]
fn a_sale_pays_the_fees_of_its_date() {
    let script = "open
         bar 50 50 50 50
         e1 buy 1000
         bar 50 50 50 50
         bill
         x1 sell 1000
         bar 50 50 50 50
         bill
         account";
    let expect = |bought: &str, both: &str, cash: &str| {
        format!(
            "60 e1 pending_new (1000)
             60 e1 new (1000)
             60 e1 filled: buy 1000 at 50 (1000 of 1000)
             fees {bought} accrued 0 day trades 0
             120 x1 pending_new (1000)
             120 x1 new (1000)
             120 x1 filled: sell 1000 at 50 (1000 of 1000)
             fees {both} accrued 0 day trades 1
             cash {cash} equity {cash} shares 0"
        )
    };
    // The purchase and the sale share one cent of the audit trail: twice 0.003 is 0.006.
    let cases = [
        ("2026-09-15", "0.01", "1.24", "99998.76"),
        ("2026-10-15", "0.01", "1.04", "99998.96"),
        ("2025-06-16", "0", "0.17", "99999.83"),
        ("2011-01-10", "0", "0.93", "99999.07"),
    ];
    for (date, bought, both, cash) in cases {
        check_from(on(date), regulated(), script, &expect(bought, both, cash));
    }
}

#[test]
fn the_fees_of_a_day_are_rounded_up_once_however_many_sales_there_are() {
    check_from(
        on("2026-09-15"),
        regulated(),
        "open
         bar 50 50 50 50
         e1 buy 100
         bar 50 50 50 50
         x1 sell 50
         x2 sell 50
         bar 50 50 50 50
         bill",
        // 5,000 * 20.6e-6 = 0.103, 100 * 195e-6 = 0.0195, 200 * 3e-6 = 0.0006.
        "60 e1 pending_new (100)
         60 e1 new (100)
         60 e1 filled: buy 100 at 50 (100 of 100)
         120 x1 pending_new (50)
         120 x1 new (50)
         120 x2 pending_new (50)
         120 x2 new (50)
         120 x1 filled: sell 50 at 50 (50 of 50)
         120 x2 filled: sell 50 at 50 (50 of 50)
         fees 0.14 accrued 0 day trades 1",
    );
}

#[test]
fn nothing_regulatory_is_charged_unless_it_is_asked_for() {
    check_from(
        on("2026-09-15"),
        alpaca(),
        "open
         bar 50 50 50 50
         e1 sell 100
         bar 50 50 50 50
         bill",
        "60 e1 pending_new (100)
         60 e1 new (100)
         60 e1 filled: sell 100 at 50 (100 of 100)
         fees 0 accrued 0 day trades 0",
    );
}

#[test]
fn a_short_held_over_the_weekend_pays_three_days_of_its_closing_value() {
    // Friday 2026-09-11, closing at 90: 100 shares at 36 % a year cost 9 a day.
    check_from(
        on("2026-09-11"),
        plain(),
        "open
         borrow 0.36
         bar 100 100 100 100
         e1 sell 100
         bar 100 100 90 90
         close
         bill
         skip 4318
         open
         bill
         x1 buy 40
         bar 90 90 90 90
         bill
         x2 buy 60
         bar 90 90 90 90
         bill",
        "60 e1 pending_new (100)
         60 e1 new (100)
         60 e1 filled: sell 100 at 100 (100 of 100)
         fees 0 accrued 0 day trades 0
         fees 0 accrued 27 day trades 0
         259200 x1 pending_new (40)
         259200 x1 new (40)
         259200 x1 filled: buy 40 at 90 (40 of 40)
         fees 27 accrued 0 day trades 0
         259260 x2 pending_new (60)
         259260 x2 new (60)
         259260 x2 filled: buy 60 at 90 (60 of 60)
         fees 27 accrued 0 day trades 0",
    );
}

#[test]
fn a_short_that_is_closed_in_its_session_borrows_for_nothing() {
    let config = SimConfig {
        borrow_rate: Ratio::ONE,
        ..plain()
    };
    check_from(
        on("2026-09-11"),
        config,
        "open
         bar 100 100 100 100
         e1 sell 100
         bar 100 100 100 100
         x1 buy 100
         bar 100 100 100 100
         close
         next day
         open
         bill
         account",
        "60 e1 pending_new (100)
         60 e1 new (100)
         60 e1 filled: sell 100 at 100 (100 of 100)
         120 x1 pending_new (100)
         120 x1 new (100)
         120 x1 filled: buy 100 at 100 (100 of 100)
         fees 0 accrued 0 day trades 1
         cash 100000 equity 100000 shares 0",
    );
}

#[test]
fn a_long_position_and_shares_that_are_easy_to_borrow_cost_nothing_overnight() {
    let rated = SimConfig {
        borrow_rate: Ratio::ONE,
        ..plain()
    };
    for (config, side) in [(rated, "buy"), (plain(), "sell")] {
        check_from(
            on("2026-09-10"),
            config,
            &format!(
                "open
                 bar 100 100 100 100
                 e1 {side} 100
                 bar 100 100 100 100
                 close
                 next day
                 open
                 bill"
            ),
            &format!(
                "60 e1 pending_new (100)
                 60 e1 new (100)
                 60 e1 filled: {side} 100 at 100 (100 of 100)
                 fees 0 accrued 0 day trades 0"
            ),
        );
    }
}

#[test]
fn what_is_owed_for_borrowing_survives_a_restart() {
    let mut config = plain();
    config.cash = Money::dollars(50_000);
    check_from(
        on("2026-09-10"),
        config,
        "open
         borrow 0.36
         bar 100 100 100 100
         e1 sell 100
         bar 100 100 100 100
         close
         next day
         open
         restart
         bill
         x1 buy 100
         bar 100 100 100 100
         account",
        "60 e1 pending_new (100)
         60 e1 new (100)
         60 e1 filled: sell 100 at 100 (100 of 100)
         fees 0 accrued 10 day trades 0
         86520 x1 pending_new (100)
         86520 x1 new (100)
         86520 x1 filled: buy 100 at 100 (100 of 100)
         cash 49990 equity 49990 shares 0",
    );
}
