//! The account that a store belongs to: the broker says it once, and what it says of another one is not
//! believed.

use trader_contract::{Direction, Intent, Money, ReportStatus};
use trader_core::record::{Record, Scope};
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

/// A position, a waiting entry, and the broker answers for another account.
fn elsewhere() -> (Scene, usize) {
    let mut scene = scene();
    scene.with_position();
    scene.wants("b", "QQQ", scene.entry());
    scene.bar_of("QQQ", "100");
    scene.working("2-e1");
    scene.venue.account.id = "OTHER".into();
    scene.pass(60);
    scene.snapshot();
    assert!(wrong(&scene).is_some());
    let since = scene.commands.len();
    (scene, since)
}

#[test]
fn what_a_person_asks_of_another_account_is_refused_and_nothing_is_sent() {
    let (mut scene, since) = elsewhere();
    let book = scene.engine.book().clone();
    let entry = scene.id("2-e1");
    for command in [
        OperatorCommand::Cancel(entry),
        OperatorCommand::Close(symbol("SPY")),
        OperatorCommand::Flatten,
        OperatorCommand::Adopt {
            symbol: symbol("SPY"),
            stop: None,
        },
    ] {
        scene.operator(command);
        assert_eq!(
            scene.answer().unwrap_err(),
            "the broker's account is OTHER, this store belongs to SIMULATED: nothing is sent; start traderd \
             with the keys of SIMULATED, or with a new state folder for OTHER"
        );
    }
    assert_eq!(scene.engine.book(), &book);
    assert!(!has_sent(&scene.commands[since..]));
}

#[test]
fn a_kill_a_pause_and_a_stop_hold_at_another_account_and_tell_that_nothing_is_sent() {
    let told = "; nothing is cancelled or closed now: the broker's account is OTHER, this store belongs to \
                SIMULATED; start traderd with the keys of SIMULATED, or with a new state folder for OTHER";
    let (mut scene, since) = elsewhere();
    scene.operator(OperatorCommand::Kill {
        scope: Scope::All,
        flatten: true,
    });
    let killed = scene.answer().unwrap();
    assert!(killed.ends_with(told), "{killed}");
    scene.operator(OperatorCommand::Pause);
    assert!(scene.answer().unwrap().ends_with(told));
    assert!(scene.engine.book().flatten.is_none());
    let mut holdings = scene.engine.book().holdings.values();
    assert!(holdings.all(|holding| holding.exit.is_none()));
    scene.pass(120);
    assert!(!has_sent(&scene.commands[since..]));

    scene.venue.account.id = "SIMULATED".into();
    scene.pass(60);
    scene.snapshot();
    let cancel = Command::Cancel(scene.id("2-e1"));
    assert!(scene.commands[since..].contains(&cancel));
}

#[test]
fn a_stop_that_is_to_flatten_ends_at_another_account_with_everything_where_it_is() {
    let (mut scene, since) = elsewhere();
    scene.operator(OperatorCommand::Stop { flatten: true });
    assert!(
        scene
            .answer()
            .unwrap()
            .contains("nothing is cancelled or closed now")
    );
    let mut holdings = scene.engine.book().holdings.values();
    assert!(holdings.all(|holding| holding.exit.is_none()));
    assert!(!has_sent(&scene.commands[since..]));
}

#[test]
fn an_entry_that_expires_at_another_account_is_cancelled_once_it_is_ours_again() {
    let mut scene = scene();
    let mut entry = scene.entry();
    if let Intent::Enter {
        expires_after_bars, ..
    } = &mut entry
    {
        *expires_after_bars = Some(2);
    }
    scene.wants("a", "SPY", entry);
    scene.bar("100");
    scene.working("1-e1");
    scene.venue.account.id = "OTHER".into();
    scene.snapshot();
    let since = scene.commands.len();
    for _ in 0..4 {
        scene.bar("100");
    }
    assert!(
        scene
            .engine
            .book()
            .orders
            .get(&scene.id("1-e1"))
            .unwrap()
            .unwanted
    );
    assert!(!has_sent(&scene.commands[since..]));

    scene.venue.account.id = "SIMULATED".into();
    scene.pass(60);
    scene.snapshot();
    let cancel = Command::Cancel(scene.id("1-e1"));
    assert!(scene.commands[since..].contains(&cancel));
}

#[test]
fn nothing_is_cancelled_before_the_broker_has_said_which_account_it_is() {
    let mut scene = scene();
    scene.with_waiting_entry();
    let entry = scene.id("1-e1");
    scene.restart();
    let since = scene.commands.len();
    scene.operator(OperatorCommand::Cancel(entry));
    assert_eq!(
        scene.answer().unwrap_err(),
        "the broker has not said yet which account this is: nothing is sent; try again in a moment"
    );
    assert!(!has_sent(&scene.commands[since..]));
    scene.snapshot();
    scene.operator(OperatorCommand::Cancel(entry));
    assert!(scene.answer().is_ok());
    assert!(has_sent(&scene.commands[since..]));
}

/// The rule of the account is asked where requests leave, so there must be one such place.
#[test]
fn requests_leave_at_one_place() {
    let engine = concat!(env!("CARGO_MANIFEST_DIR"), "/src/engine");
    let mut folders = vec![std::path::PathBuf::from(engine)];
    let mut makers = Vec::new();
    while let Some(folder) = folders.pop() {
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            // What an operator asks for is none of them.
            let text = text.replace("OperatorCommand::", "");
            if text.contains("Command::Send(") || text.contains("Command::Cancel(") {
                makers.push(path.file_name().unwrap().to_string_lossy().into_owned());
            }
        }
    }
    assert_eq!(makers, ["sending.rs"]);
}
