//! The keys of a live account: what the configuration names, what a person armed, and what the broker
//! says must agree, or nothing is entered.

use trader_contract::Direction;
use trader_core::OperatorCommand;
use trader_core::record::{Record, Scope};

use crate::scene::{Scene, Setup, symbol};

fn live() -> Setup {
    let mut setup = Setup::default();
    setup.authority.live = Some("SIMULATED".into());
    setup.authority.config = "c1".into();
    setup.authority.program = "p1".into();
    setup
}

fn scene() -> Scene {
    Scene::new(Direction::Long, live())
}

const ARM: OperatorCommand = OperatorCommand::Arm {
    scope: Scope::All,
    account: None,
};

fn armed() -> Scene {
    let mut scene = scene();
    scene.operator(ARM);
    assert!(scene.answer().unwrap().contains("is armed"));
    scene
}

fn asks(scene: &mut Scene) -> Option<String> {
    let entry = scene.entry();
    scene.asks("SPY", entry)
}

fn has(scene: &Scene, kind: &str) -> bool {
    let is = |record: &Record| matches!(record, Record::Alerted { alert } if *alert.kind == *kind);
    scene.journal.iter().any(|entry| is(&entry.record))
}

#[test]
fn a_live_account_that_nobody_armed_is_not_entered() {
    let mut scene = scene();
    assert_eq!(asks(&mut scene).unwrap(), "not_armed");
    scene.operator(ARM);
    assert_eq!(asks(&mut scene), None);
    assert!(has(&scene, "armed"));
}

#[test]
fn an_arming_survives_a_restart_of_the_same_program_with_the_same_configuration() {
    let mut scene = armed();
    scene.restart();
    scene.snapshot();
    assert_eq!(asks(&mut scene), None);
}

#[test]
fn another_configuration_or_program_or_account_voids_the_arming() {
    let changes: [fn(&mut Setup); 3] = [
        |setup| setup.authority.config = "c2".into(),
        |setup| setup.authority.program = "p2".into(),
        |setup| setup.authority.live = Some("OTHER".into()),
    ];
    for change in changes {
        let mut scene = armed();
        change(&mut scene.setup);
        scene.restart();
        scene.snapshot();
        assert!(scene.engine.book().arming.is_none());
        assert!(has(&scene, "disarmed"));
        assert!(asks(&mut scene).is_some());
    }
}

#[test]
fn an_arming_expires_after_thirty_days_and_says_so() {
    let mut scene = armed();
    let until = scene.engine.book().arming.as_ref().unwrap().until;
    assert_eq!(until.since(scene.at), 30 * 24 * 3_600_000_000_000);
    let seconds = until.since(scene.at) / 1_000_000_000;
    scene.pass(seconds - 1);
    assert!(scene.engine.book().arming.is_some());
    scene.pass(1);
    assert!(scene.engine.book().arming.is_none());
    assert!(has(&scene, "disarmed"));
}

#[test]
fn a_kill_and_a_disarm_end_the_leave_and_cancel_what_waits() {
    let ends = [
        OperatorCommand::Disarm,
        OperatorCommand::Kill {
            scope: Scope::All,
            flatten: false,
        },
    ];
    for end in ends {
        let mut scene = armed();
        assert_eq!(asks(&mut scene), None);
        scene.working("1-e1");
        scene.forget();
        scene.operator(end);
        assert!(scene.engine.book().arming.is_none());
        assert!(scene.transcript().contains("CANCEL 1-e1"));
        scene.cancelled("1-e1");
        assert!(asks(&mut scene).is_some());
    }
}

#[test]
fn a_kill_of_one_symbol_leaves_the_arming_alone() {
    let mut scene = armed();
    scene.operator(OperatorCommand::Kill {
        scope: Scope::Symbol(symbol("QQQ")),
        flatten: false,
    });
    assert_eq!(asks(&mut scene), None);
}

#[test]
fn arming_is_refused_before_the_broker_is_heard_and_where_it_says_another_account() {
    let mut scene = scene();
    scene.restart();
    scene.operator(ARM);
    assert!(scene.answer().unwrap_err().contains("not been heard yet"));
    scene.venue.account.id = "OTHER".into();
    scene.snapshot();
    assert!(has(&scene, "wrong_account"));
    scene.operator(ARM);
    let refused = scene.answer().unwrap_err();
    assert_eq!(
        refused,
        "the broker's account is OTHER, not SIMULATED; nothing is armed"
    );
    assert_eq!(asks(&mut scene).unwrap(), "wrong_account");
    scene.venue.account.id = "SIMULATED".into();
    scene.snapshot();
    assert!(
        scene
            .engine
            .book()
            .standing("wrong_account", None)
            .is_none()
    );
    scene.operator(OperatorCommand::Arm {
        scope: Scope::All,
        account: Some("OTHER".into()),
    });
    assert!(scene.answer().is_err());
    assert_eq!(asks(&mut scene).unwrap(), "not_armed");
}

#[test]
fn a_broker_that_turns_out_to_be_another_account_stops_entries_though_armed() {
    let mut scene = armed();
    scene.venue.account.id = "OTHER".into();
    scene.snapshot();
    assert_eq!(asks(&mut scene).unwrap(), "wrong_account");
}

#[test]
fn outside_live_mode_arming_only_lifts_kills_and_disarming_says_so() {
    let mut scene = Scene::new(Direction::Long, Setup::default());
    scene.operator(ARM);
    assert_eq!(
        scene.answer().unwrap(),
        "everything was not killed; nothing has changed"
    );
    assert!(scene.engine.book().arming.is_none());
    scene.operator(OperatorCommand::Disarm);
    assert_eq!(
        scene.answer().unwrap(),
        "nothing is armed: no live account is traded"
    );
}

#[test]
fn a_live_account_may_be_observed_without_arming() {
    let mut setup = live();
    setup.authority.observe = true;
    let mut scene = Scene::new(Direction::Long, setup);
    assert_eq!(asks(&mut scene).unwrap(), "observe");
}

#[test]
fn an_account_that_the_broker_blocks_is_not_entered() {
    let mut scene = armed();
    scene.venue.account.blocked = Some("pattern day trader".into());
    scene.snapshot();
    assert!(has(&scene, "account_blocked"));
    assert_eq!(asks(&mut scene).unwrap(), "account_blocked");
    scene.venue.account.blocked = None;
    scene.snapshot();
    assert!(
        scene
            .engine
            .book()
            .standing("account_blocked", None)
            .is_none()
    );
    assert_eq!(asks(&mut scene), None);
}
