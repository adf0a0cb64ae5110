//! The ledger's cash beside the broker's while a person trades on the same account.

use trader_contract::{Direction, Money, Timestamp};
use trader_core::book::Book;
use trader_core::{OperatorCommand, Watch};

use crate::foreign::{look_twice, net};
use crate::scene::{Scene, Setup, symbol};

/// Runs a scenario long and short, with the comparisons of a running daemon.
fn each(play: impl Fn(&mut Scene)) {
    for direction in [Direction::Long, Direction::Short] {
        let setup = Setup {
            watch: Watch::LOCAL,
            ..Setup::default()
        };
        play(&mut Scene::new(direction, setup));
    }
}

/// What a person pays for shares, or gets for those sold short.
fn cost(scene: &Scene, dollars: i64) -> Money {
    match scene.mirror.0 {
        Direction::Long => Money::dollars(-dollars),
        Direction::Short => Money::dollars(dollars),
    }
}

/// As many answers as settle positions, and then cash.
fn look_long(scene: &mut Scene) {
    for _ in 0..3 {
        scene.pass(1);
        look_twice(scene);
    }
}

/// A person holds shares that this store did not make.
fn holds(scene: &mut Scene, ticker: &str, shares: i64, dollars: i64) {
    let paid = cost(scene, dollars);
    scene.venue.meddle(symbol(ticker), net(scene, shares));
    scene.venue.deposit(paid);
}

fn day(scene: &Scene) -> Money {
    let at_open = scene.engine.book().day.as_ref().unwrap().equity_at_open;
    scene.engine.equity() - at_open
}

fn ledger(scene: &Scene) -> Money {
    scene.engine.book().cash
}

#[test]
fn what_is_paid_in_or_out_beside_somebodys_position_is_the_ledgers_and_no_profit() {
    each(|scene| {
        holds(scene, "GME", 30, 600);
        look_long(scene);
        assert_eq!(ledger(scene), Money::dollars(100_000));
        for (paid, after) in [(5_000, 105_000), (-2_000, 103_000)] {
            scene.venue.deposit(Money::dollars(paid));
            look_long(scene);
            assert_eq!(ledger(scene), Money::dollars(after));
            assert_eq!(day(scene), Money::ZERO);
        }
        // One answer is not enough.
        scene.venue.deposit(Money::dollars(1));
        scene.snapshot();
        assert_eq!(ledger(scene), Money::dollars(103_000));
        scene.venue.deposit(Money::dollars(-1));
        look_long(scene);
        assert_eq!(ledger(scene), Money::dollars(103_000));
        assert_eq!(scene.book_from_journal(), *scene.engine.book());
    });
}

#[test]
fn what_is_paid_in_while_the_program_is_down_is_noticed_beside_somebodys_position() {
    each(|scene| {
        holds(scene, "GME", 30, 600);
        look_long(scene);
        scene.venue.deposit(Money::dollars(-40_000));
        scene.restart();
        look_long(scene);
        assert_eq!(ledger(scene), Money::dollars(60_000));
    });
}

#[test]
fn what_a_person_trades_moves_what_is_apart_and_not_the_ledger() {
    each(|scene| {
        holds(scene, "GME", 30, 600);
        look_long(scene);
        holds(scene, "GME", 50, 400);
        look_long(scene);
        holds(scene, "QQQ", 10, 1_000);
        look_long(scene);
        assert_eq!(ledger(scene), Money::dollars(100_000));
        assert_eq!(scene.engine.book().apart.amount, cost(scene, 2_000));
        // One of two is sold: nobody can tell yet what it brought.
        holds(scene, "QQQ", 0, -1_100);
        look_long(scene);
        assert_eq!(ledger(scene), Money::dollars(100_000));
        // With the last one everything at the broker is the ledger's again.
        holds(scene, "GME", 0, -1_000);
        look_long(scene);
        assert_eq!(ledger(scene), scene.venue.cash());
        assert_eq!(day(scene), Money::ZERO);
        assert!(scene.engine.book().apart.positions.is_empty());
        assert_eq!(scene.book_from_journal(), *scene.engine.book());
    });
}

#[test]
fn cash_that_an_answer_shows_before_the_position_is_nobodys_deposit() {
    each(|scene| {
        holds(scene, "GME", 30, 600);
        look_long(scene);
        let paid = cost(scene, 400);
        scene.venue.deposit(paid);
        scene.snapshot();
        scene.pass(1);
        scene.venue.meddle(symbol("GME"), net(scene, 50));
        look_long(scene);
        assert_eq!(ledger(scene), Money::dollars(100_000));
        // The other way round.
        scene.venue.meddle(symbol("GME"), net(scene, 70));
        scene.snapshot();
        scene.pass(1);
        scene.venue.deposit(paid);
        look_long(scene);
        assert_eq!(ledger(scene), Money::dollars(100_000));
        assert!(!scene.transcript().contains("cash_differs"));
    });
}

#[test]
fn a_position_that_one_answer_has_shown_keeps_its_cash_when_another_settles() {
    each(|scene| {
        scene.with_position();
        scene.bar("100");
        look_long(scene);
        let before = scene.engine.equity();
        // Somebody adds to ours, and an answer later has shares of another symbol.
        holds(scene, "SPY", 110, 1_000);
        scene.operator(OperatorCommand::Reconcile);
        scene.snapshot();
        scene.pass(1);
        holds(scene, "GME", 30, 600);
        scene.snapshot();
        let text = scene.transcript().to_owned();
        assert!(text.contains("position_differs"), "{text}");
        assert_eq!(scene.engine.book().net(symbol("SPY")), net(scene, 110));
        assert_eq!(scene.engine.equity(), before, "{text}");
        look_long(scene);
        assert_eq!(scene.engine.equity(), before, "{text}");
    });
}

#[test]
fn what_somebody_sells_of_ours_is_counted_at_its_price_beside_what_is_known_to_be_theirs() {
    each(|scene| {
        holds(scene, "GME", 30, 600);
        look_long(scene);
        // Up to the whole minute.
        let into = scene.at.nanos().rem_euclid(Timestamp::MINUTE) / Timestamp::SECOND;
        scene.pass(60 - into);
        scene.with_position();
        scene.bar("100");
        look_long(scene);
        let before = scene.engine.equity();
        // Sold by hand for a dollar a share less than the last price.
        holds(scene, "SPY", 0, -9_900);
        look_long(scene);
        let lost = match scene.mirror.0 {
            Direction::Long => Money::dollars(-100),
            Direction::Short => Money::dollars(100),
        };
        assert_eq!(scene.engine.equity(), before + lost);
        assert_eq!(
            ledger(scene) + scene.engine.book().apart.amount,
            scene.venue.cash()
        );
    });
}

#[test]
fn shares_that_come_and_go_by_hand_are_no_profit_of_their_trade() {
    each(|scene| {
        scene.with_position();
        scene.bar("100");
        let profit = |scene: &Scene| {
            let holding = &scene.engine.book().holdings[&symbol("SPY")];
            holding.profit_at(scene.price("100"))
        };
        let before = profit(scene);
        for (shares, dollars) in [(110, 1_000), (40, -7_000)] {
            holds(scene, "SPY", shares, dollars);
            look_long(scene);
            assert_eq!(scene.engine.book().net(symbol("SPY")), net(scene, shares));
            assert_eq!(profit(scene), before);
        }
        assert_eq!(scene.book_from_journal(), *scene.engine.book());
    });
}

#[test]
fn a_new_store_on_an_account_with_somebodys_positions_begins_with_what_all_is_worth() {
    each(|scene| {
        holds(scene, "GME", 300, 60_000);
        // Their prices have moved.
        let moved = cost(scene, 500);
        scene.venue.account.equity = Some(Money::dollars(100_000) + moved);
        scene.rebuild(Book::default());
        look_long(scene);
        assert_eq!(scene.engine.equity(), Money::dollars(100_000) + moved);
        let apart = &scene.engine.book().apart;
        assert_eq!(ledger(scene) + apart.amount, scene.venue.cash());
        assert!(!scene.transcript().contains("cash_differs"));
    });
}
