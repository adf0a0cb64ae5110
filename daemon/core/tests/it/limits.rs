//! The caps of the gate, with what waiting entries reserve.

use insta::assert_snapshot;
use trader_contract::{EntryPrice, Money, Qty};
use trader_core::risk::limits::Limits;

use crate::scene::{Setup, both, both_with};

fn with(change: impl Fn(&mut Limits)) -> Setup {
    let mut setup = Setup::default();
    change(&mut setup.limits);
    setup
}

#[test]
fn a_waiting_entry_reserves_its_value_against_the_total() {
    // Entries of 200 shares at about 100 each fit into 25,000 dollars, those of 300 do not.
    let setup = with(|limits| limits.gross_exposure = "0.25".parse().unwrap());
    assert_snapshot!(both_with(&setup, |scene| {
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
        scene.wants("a", "QQQ", scene.entry_of(200, EntryPrice::Market));
        scene.bar_of("QQQ", "100");
        scene.wants("a", "QQQ", scene.entry_of(100, EntryPrice::Market));
        scene.bar_of("QQQ", "100");
    }), @r"
    14:32:00 bar SPY 100
      intent 1: enter
      plan 1-e1 buy 100 SPY stop 100.1 Gtc + 1-s1 99.5
      plan 1-s1 sell 100 SPY stop 99.5 Gtc
      SEND 1-e1 buy 100 SPY stop 100.1 Gtc + 1-s1 99.5
    14:33:00 bar QQQ 100
      intent 2: enter refused by gross_exposure
    14:34:00 bar QQQ 100
      intent 3: enter
      plan 3-e1 buy 100 QQQ market Gtc + 3-s1 99.5
      plan 3-s1 sell 100 QQQ stop 99.5 Gtc
      SEND 3-e1 buy 100 QQQ market Gtc + 3-s1 99.5
    ");
}

#[test]
fn a_position_counts_against_the_total_like_its_entry_did() {
    let setup = with(|limits| limits.gross_exposure = "0.15".parse().unwrap());
    assert_snapshot!(both_with(&setup, |scene| {
        scene.with_position();
        scene.wants("a", "QQQ", scene.entry());
        scene.bar_of("QQQ", "100");
        scene.fill("1-s1", 100, "99.50");
        scene.wants("a", "QQQ", scene.entry());
        scene.bar_of("QQQ", "100");
    }), @r"
    14:33:00 bar QQQ 100
      intent 2: enter refused by gross_exposure
    14:33:00 1-s1 fills 100 at 99.50
      heard 1-s1 Filled 100/100, 100 at 99.5
      trade SPY closed: stop_loss -60
    14:34:00 bar QQQ 100
      intent 3: enter
      plan 3-e1 buy 100 QQQ stop 100.1 Gtc + 3-s1 99.5
      plan 3-s1 sell 100 QQQ stop 99.5 Gtc
      SEND 3-e1 buy 100 QQQ stop 100.1 Gtc + 3-s1 99.5
    ");
}

#[test]
fn a_waiting_entry_counts_as_a_position() {
    let setup = with(|limits| limits.open_positions = 1);
    assert_snapshot!(both_with(&setup, |scene| {
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
        scene.wants("a", "QQQ", scene.entry());
        scene.bar_of("QQQ", "100");
    }), @r"
    14:32:00 bar SPY 100
      intent 1: enter
      plan 1-e1 buy 100 SPY stop 100.1 Gtc + 1-s1 99.5
      plan 1-s1 sell 100 SPY stop 99.5 Gtc
      SEND 1-e1 buy 100 SPY stop 100.1 Gtc + 1-s1 99.5
    14:33:00 bar QQQ 100
      intent 2: enter refused by open_positions
    ");
}

#[test]
fn each_cap_on_one_order_refuses_what_is_larger() {
    let caps = [
        with(|limits| limits.position_fraction = "0.15".parse().unwrap()),
        with(|limits| limits.position_value_max = Money::dollars(15_000)),
        with(|limits| limits.order_value = Money::dollars(15_000)),
        with(|limits| limits.order_shares = Qty::shares(150).unwrap()),
    ];
    let told = caps.map(|setup| {
        both_with(&setup, |scene| {
            let large = scene.entry_of(200, EntryPrice::Market);
            scene.wants("a", "SPY", large);
            scene.bar("100");
        })
    });
    assert_snapshot!(told.join("\n"), @r"
    14:32:00 bar SPY 100
      intent 1: enter refused by position_fraction
    14:32:00 bar SPY 100
      intent 1: enter refused by position_value
    14:32:00 bar SPY 100
      intent 1: enter refused by order_value
    14:32:00 bar SPY 100
      intent 1: enter refused by order_shares
    ");
}

#[test]
fn entries_are_capped_in_a_minute_and_in_a_session() {
    let setup = with(|limits| limits.entries_per_minute = 1);
    let minute = both_with(&setup, |scene| {
        scene.wants("a", "SPY", scene.entry());
        scene.wants("a", "QQQ", scene.entry());
        scene.bar("100");
        scene.at = scene.at.plus_minutes(-1);
        scene.bar_of("QQQ", "100");
    });
    let setup = with(|limits| limits.entries_per_route = 1);
    let session = both_with(&setup, |scene| {
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
        scene.wants("a", "QQQ", scene.entry());
        scene.bar_of("QQQ", "100");
    });
    assert_snapshot!(format!("{minute}\n{session}"), @r"
    14:32:00 bar SPY 100
      intent 1: enter
      plan 1-e1 buy 100 SPY stop 100.1 Gtc + 1-s1 99.5
      plan 1-s1 sell 100 SPY stop 99.5 Gtc
      SEND 1-e1 buy 100 SPY stop 100.1 Gtc + 1-s1 99.5
    14:32:00 bar QQQ 100
      intent 2: enter refused by entries_per_minute
      ALERT Critical entry_rate
      trading halted
    14:32:00 bar SPY 100
      intent 1: enter
      plan 1-e1 buy 100 SPY stop 100.1 Gtc + 1-s1 99.5
      plan 1-s1 sell 100 SPY stop 99.5 Gtc
      SEND 1-e1 buy 100 SPY stop 100.1 Gtc + 1-s1 99.5
      ALERT Warning route_used_up
    14:33:00 bar QQQ 100
      intent 2: enter refused by entries_per_route
    ");
}

#[test]
fn one_route_owns_a_symbol_until_it_is_flat() {
    assert_snapshot!(both(|scene| {
        scene.with_waiting_entry();
        scene.forget();
        scene.wants("b", "SPY", scene.entry());
        scene.bar("100");
        scene.fill("1-e1", 100, "100.10");
        scene.wants("b", "SPY", scene.move_stop("100"));
        scene.bar("100.40");
        scene.fill("1-s1", 100, "99.50");
        scene.wants("b", "SPY", scene.entry());
        scene.bar("100");
    }), @r"
    14:33:00 bar SPY 100
      intent 2: enter refused by symbol_taken
    14:33:00 1-e1 fills 100 at 100.10
      heard 1-e1 Filled 100/100, 100 at 100.1
      heard 1-s1 New 0/100
    14:34:00 bar SPY 100.40
      intent 3: move the stop refused by nothing_to_do
    14:34:00 1-s1 fills 100 at 99.50
      heard 1-s1 Filled 100/100, 100 at 99.5
      trade SPY closed: stop_loss -60
    14:35:00 bar SPY 100
      intent 4: enter
      plan 4-e1 buy 100 SPY stop 100.1 Gtc + 4-s1 99.5
      plan 4-s1 sell 100 SPY stop 99.5 Gtc
      SEND 4-e1 buy 100 SPY stop 100.1 Gtc + 4-s1 99.5
    ");
}

#[test]
fn a_trigger_that_the_price_has_reached_is_refused() {
    assert_snapshot!(both(|scene| {
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100.10");
    }), @r"
    14:32:00 bar SPY 100.10
      intent 1: enter refused by trigger_passed
    ");
}

#[test]
fn a_market_entry_needs_its_stop_on_the_losing_side_of_the_last_price() {
    assert_snapshot!(both(|scene| {
        scene.wants("a", "SPY", scene.entry_of(100, EntryPrice::Market));
        scene.bar("99.40");
    }), @r"
    14:32:00 bar SPY 99.40
      intent 1: enter refused by stop_side
    ");
}

#[test]
fn an_entry_with_a_size_of_its_own_keeps_to_the_risk_per_trade() {
    // 100 shares from 100.10 to 99.50 may lose 60 dollars.
    let told = ["60", "59.99"].map(|most| {
        let setup = with(|limits| limits.risk_per_trade_max = most.parse().unwrap());
        both_with(&setup, |scene| {
            scene.wants("a", "SPY", scene.entry());
            scene.bar("100");
        })
    });
    assert_snapshot!(told.join("\n"), @r"
    14:32:00 bar SPY 100
      intent 1: enter
      plan 1-e1 buy 100 SPY stop 100.1 Gtc + 1-s1 99.5
      plan 1-s1 sell 100 SPY stop 99.5 Gtc
      SEND 1-e1 buy 100 SPY stop 100.1 Gtc + 1-s1 99.5
    14:32:00 bar SPY 100
      intent 1: enter refused by risk_per_trade
    ");
}

#[test]
fn a_position_whose_price_is_not_known_after_a_restart_counts_at_what_it_cost() {
    let setup = with(|limits| limits.gross_exposure = "0.15".parse().unwrap());
    assert_snapshot!(both_with(&setup, |scene| {
        scene.with_position();
        scene.restart();
        scene.snapshot();
        scene.wants("a", "QQQ", scene.entry());
        scene.bar_of("QQQ", "100");
    }), @r"
    14:32:00 restart
      ASK what the broker holds
    14:32:00 snapshot
    14:33:00 bar QQQ 100
      intent 2: enter refused by gross_exposure
    ");
}

#[test]
fn the_entries_of_a_minute_are_counted_across_a_restart() {
    let setup = with(|limits| limits.entries_per_minute = 1);
    assert_snapshot!(both_with(&setup, |scene| {
        scene.with_waiting_entry();
        scene.forget();
        scene.restart();
        scene.snapshot();
        scene.wants("a", "QQQ", scene.entry());
        scene.one_bar("QQQ", "100");
    }), @r"
    14:32:00 restart
      ASK what the broker holds
    14:32:00 snapshot
      intent 2: enter refused by entries_per_minute
      ALERT Critical entry_rate
      trading halted
      cancel asked 1-e1: entries are not taken now
      CANCEL 1-e1
    ");
}
