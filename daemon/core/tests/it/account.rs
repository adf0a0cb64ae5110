//! The account that a store belongs to: the broker says it once, and what it says of another one is not
//! believed.

use trader_contract::{Direction, Money, ReportStatus};
use trader_core::record::Record;
use trader_core::{Command, OperatorCommand, Watch};

use crate::scene::{Scene, Setup, symbol};
use crate::venue::Venue;

fn scene() -> Scene {
    let setup = Setup {
        watch: Watch::LOCAL,
        ..Setup::default()
    };
    Scene::new(Direction::Long, setup)
}

/// A broker of another account, which has other cash and nothing else.
fn other() -> Venue {
    let mut venue = Venue::new();
    venue.account.id = "OTHER".into();
    venue.deposit(Money::dollars(-582));
    venue
}

fn named(scene: &Scene) -> Vec<&str> {
    let names = scene
        .journal
        .iter()
        .filter_map(|entry| match &entry.record {
            Record::AccountNamed { account } => Some(&**account),
            _ => None,
        });
    names.collect()
}

/// Whether anything was sent to the broker but questions.
fn has_sent(commands: &[Command]) -> bool {
    let sends = |command: &Command| matches!(command, Command::Send(_) | Command::Cancel(_));
    commands.iter().any(sends)
}

fn wrong(scene: &Scene) -> Option<String> {
    let standing = scene.engine.book().standing("wrong_account", None)?;
    Some(format!(
        "{}; {}",
        standing.alert.message, standing.alert.action
    ))
}

#[test]
fn the_account_is_written_down_once_when_the_broker_first_says_it() {
    let mut scene = scene();
    assert_eq!(named(&scene), ["SIMULATED"]);
    scene.restart();
    scene.snapshot();
    scene.pass(60);
    scene.snapshot();
    assert_eq!(named(&scene), ["SIMULATED"]);
    assert_eq!(scene.engine.book().account.as_deref(), Some("SIMULATED"));
}

#[test]
fn a_store_of_before_takes_the_first_account_that_it_hears() {
    let mut scene = scene();
    scene
        .journal
        .retain(|entry| !matches!(entry.record, Record::AccountNamed { .. }));
    scene.venue = other();
    scene.restart();
    scene.snapshot();
    assert_eq!(named(&scene), ["OTHER"]);
    assert!(wrong(&scene).is_none());
}

#[test]
fn an_account_that_is_not_the_live_one_gives_no_store_its_name() {
    let mut setup = Setup {
        watch: Watch::LOCAL,
        ..Setup::default()
    };
    setup.authority.live = Some("MINE".into());
    let mut scene = Scene::new(Direction::Long, setup);
    assert!(named(&scene).is_empty());
    assert!(wrong(&scene).unwrap().contains("TRADERD_LIVE_ACCOUNT"));
    scene.venue.account.id = "MINE".into();
    scene.pass(60);
    scene.snapshot();
    assert_eq!(named(&scene), ["MINE"]);
    assert!(wrong(&scene).is_none());
}

#[test]
fn a_start_with_the_keys_of_another_account_takes_nothing_in_and_sends_nothing() {
    let mut scene = scene();
    scene.with_position();
    scene.snapshot();
    let (home, before) = (scene.venue.clone(), scene.engine.book().clone());
    scene.venue = other();
    scene.restart();
    let since = scene.commands.len();
    for _ in 0..5 {
        scene.snapshot();
        scene.pass(10);
    }
    let book = scene.engine.book();
    assert!(book.standing("broker_unheard", None).is_none());
    scene.wants("b", "QQQ", scene.entry());
    scene.bar_of("QQQ", "100");
    scene.pass_to_close(-60);
    assert!(!has_sent(&scene.commands[since..]));
    let book = scene.engine.book();
    assert_eq!((book.cash, &book.holdings), (before.cash, &before.holdings));
    assert!(scene.engine.is_ready() && !scene.engine.is_reconciled());
    assert_eq!(
        wrong(&scene).unwrap(),
        "the broker's account is OTHER, this store belongs to SIMULATED: nothing of OTHER is taken in, and \
         nothing is sent; start traderd with the keys of SIMULATED, or with a new state folder for OTHER; \
         what SIMULATED holds is not looked after meanwhile"
    );

    scene.venue = home;
    scene.restart();
    scene.snapshot();
    assert!(wrong(&scene).is_none());
    assert!(scene.engine.is_reconciled());
    assert_eq!(scene.engine.book().holdings.len(), 1);
}

#[test]
fn an_account_that_changes_while_it_trades_is_left_alone_until_it_is_ours_again() {
    let mut scene = scene();
    scene.with_position();
    scene.venue.account.id = "OTHER".into();
    scene.pass(60);
    scene.snapshot();
    assert!(wrong(&scene).is_some());
    let entry = scene.entry();
    assert_eq!(scene.asks("QQQ", entry).unwrap(), "wrong_account");
    let since = scene.commands.len();
    scene.operator(OperatorCommand::Close(symbol("SPY")));
    let (stop, at) = (scene.id("1-s1"), scene.at);
    let events = scene.venue.set(stop, ReportStatus::Cancelled, at);
    scene.hear("the other account's stream", events);
    assert!(scene.engine.book().orders.get(&stop).unwrap().is_live());
    assert!(!has_sent(&scene.commands[since..]));

    scene.venue.account.id = "SIMULATED".into();
    scene.pass(60);
    scene.snapshot();
    assert!(wrong(&scene).is_none());
    assert!(!scene.engine.book().orders.get(&stop).unwrap().is_live());
    assert!(has_sent(&scene.commands[since..]));
}

#[test]
fn nothing_is_armed_for_another_account() {
    let mut scene = scene();
    scene.venue = other();
    scene.restart();
    scene.snapshot();
    scene.operator(OperatorCommand::Arm {
        scope: trader_core::record::Scope::All,
        account: None,
    });
    assert_eq!(
        scene.answer().unwrap_err(),
        "the broker's account is OTHER, not SIMULATED; nothing is armed"
    );
}
