//! Kills and armings on the real daemon: they hold over a crash, they need their roles, and they get
//! through when nothing else does.

use std::time::Duration;

use trader_core::record::Record;
use trader_rpc::method::{Method, call};
use trader_rpc::{
    Accepted, AckAlertParams, AlertsParams, ArmParams, CallError, Client, ConfirmOverrideParams,
    ErrorCode, JournalAlert, KillParams, NoParams, OverrideParams, Scope, TradingState,
};

use crate::books::Books;
use crate::daemon::{Line, Place, change, lively, look, stop, until};

/// A session takes about four seconds.
const PACE: &str = "pace = 6000\nseed = 3";

fn kill(client: &Client, id: &str, scope: Scope) -> Result<Accepted, CallError> {
    client.call::<call::Kill>(&KillParams {
        request_id: id.parse().unwrap(),
        scope,
        flatten: false,
    })
}

fn overrule(client: &Client, id: &str) -> Result<Accepted, CallError> {
    client.call::<call::Override>(&OverrideParams {
        request_id: id.parse().unwrap(),
        intent: "20250103-1".parse().unwrap(),
        expires_seconds: None,
    })
}

fn confirm(client: &Client, id: &str) -> Result<Accepted, CallError> {
    client.call::<call::ConfirmOverride>(&ConfirmOverrideParams {
        request_id: id.parse().unwrap(),
        intent: "20250103-1".parse().unwrap(),
        code: "AAAAAA".to_owned(),
    })
}

fn arm(client: &Client, id: &str, scope: Scope) -> Result<Accepted, CallError> {
    client.call::<call::Arm>(&ArmParams {
        request_id: id.parse().unwrap(),
        scope,
        account: None,
    })
}

/// Kinds of what stops entries.
fn obstacles(client: &Client) -> Vec<String> {
    let found = look::<call::WhyHalted>(client);
    found.into_iter().map(|found| found.kind).collect()
}

fn is_entry(line: &Line) -> bool {
    line.is("order_planned", "entry ")
}

#[test]
fn a_kill_holds_over_a_crash_and_a_restart_until_somebody_arms() {
    let place = Place::new(PACE);
    let mut daemon = place.start();
    daemon.wait(|line| line.is("order_reported", " filled "));
    let client = place.client();
    let first = kill(&client, "kill-1", Scope::All).unwrap();
    daemon.kill();
    drop(client);
    let books = Books::read(&place);
    let killed = |record: &Record| matches!(record, Record::Killed { .. });
    assert_eq!(
        books.count(killed),
        1,
        "it was answered, so it is on the disk"
    );

    let mut daemon = place.start();
    let client = place.client();
    until(&client, |status| status.reconciled);
    let status = look::<call::Status>(&client);
    assert_eq!(status.trading.state, TradingState::Killed);
    assert!(obstacles(&client).contains(&"killed".to_owned()));
    let again = kill(&client, "kill-1", Scope::All).unwrap();
    assert!(again.repeated);
    assert_eq!(again.message, first.message);
    let refused = change::<call::Resume>(&client, "resume-1").unwrap_err();
    assert!(refused.to_string().contains("arm"), "{refused}");
    // A whole session, and the next one has begun.
    daemon.wait(|line| line.kind == "session_closed");
    daemon.wait(|line| line.kind == "session_opened");
    let entries = daemon.lines.iter().filter(|line| is_entry(line)).count();
    assert_eq!(entries, 0, "{:#?}", daemon.tail());

    arm(&client, "arm-1", Scope::All).unwrap();
    assert!(!obstacles(&client).contains(&"killed".to_owned()));
    daemon.wait(is_entry);
    drop(client);
    stop(&place.client(), Some(true));
    assert!(daemon.drain().0.success());
    Books::read(&place).assert_flat_and_equal();
}

#[test]
fn a_kill_of_a_symbol_leaves_the_others_alone() {
    let place = Place::new(PACE);
    let mut daemon = place.start();
    let client = place.client();
    let spared = "AAA".parse().unwrap();
    kill(&client, "kill-1", Scope::Symbol(spared)).unwrap();
    kill(&client, "kill-2", Scope::Strategy("velez".to_owned())).unwrap();
    let status = look::<call::Status>(&client);
    assert_eq!(status.trading.state, TradingState::Active);
    let scopes: Vec<String> = status.kills.iter().map(|k| k.scope.to_string()).collect();
    assert_eq!(scopes, ["AAA", "velez"]);
    daemon.wait(|line| line.kind == "session_closed");
    let of = |symbol: &str| {
        let planned = daemon.lines.iter().filter(|line| is_entry(line));
        planned.filter(|line| line.message.contains(symbol)).count()
    };
    assert_eq!((of(" AAA"), of(" CCC")), (0, 0));
    assert!(of(" BBB") + of(" DDD") > 0, "{:#?}", daemon.tail());
    until(&client, |status| status.reconciled);
    arm(&client, "arm-1", Scope::Symbol(spared)).unwrap();
    assert_eq!(look::<call::Status>(&client).kills.len(), 1);
    drop(client);
    stop(&place.client(), Some(true));
    assert!(daemon.drain().0.success());
}

#[test]
fn whoever_may_only_look_neither_kills_nor_arms_and_is_told_why_nothing_is_entered() {
    let place = Place::new("pace = 600\nseed = 3");
    let daemon = place.start();
    let (reader, client) = (place.reader(), place.client());
    let refused = [
        kill(&reader, "a", Scope::All),
        arm(&reader, "b", Scope::All),
        change::<call::Disarm>(&reader, "c"),
        change::<call::Reconcile>(&reader, "d"),
        overrule(&reader, "e"),
        confirm(&reader, "f"),
    ];
    for refused in refused {
        let CallError::Daemon(failure) = refused.unwrap_err() else {
            panic!("the daemon answers");
        };
        assert_eq!(failure.code, ErrorCode::WrongRole.number());
    }
    // Whoever may is told that there is nothing to override.
    for refused in [overrule(&client, "o-1"), confirm(&client, "o-2")] {
        let CallError::Daemon(failure) = refused.unwrap_err() else {
            panic!("the daemon answers");
        };
        assert_eq!(failure.code, ErrorCode::Refused.number());
    }
    change::<call::Pause>(&client, "pause").unwrap();
    assert!(obstacles(&reader).contains(&"paused".to_owned()));
    let before = until(&client, |status| status.reconciled).reconciled_at;
    change::<call::Reconcile>(&client, "reconcile").unwrap();
    until(&client, |status| status.reconciled_at > before);
    stop(&client, None);
    assert!(daemon.drain().0.success());
}

#[test]
fn an_alert_is_open_until_somebody_has_seen_it() {
    let place = Place::new(PACE);
    let mut daemon = place.start();
    daemon.wait(|line| line.is("order_reported", " filled "));
    let client = place.client();
    change::<call::Flatten>(&client, "flat").unwrap();
    // The broker's word that all is flat is an alert.
    daemon.wait(|line| line.kind == "alerted");
    let list = |all| client.call::<call::Alerts>(&AlertsParams { all }).unwrap();
    let newest: JournalAlert = list(false).remove(0);
    let ack = |id: &str, alert| {
        client.call::<call::AckAlert>(&AckAlertParams {
            request_id: id.parse().unwrap(),
            alert,
        })
    };
    ack("seen", newest.number).unwrap();
    assert!(ack("seen", newest.number).unwrap().repeated);
    let unknown = ack("unknown", 999_999).unwrap_err();
    assert!(unknown.to_string().contains("there is no alert 999999"));
    let number = newest.number;
    assert!(list(false).iter().all(|alert| alert.number != number));
    let seen = list(true);
    let seen = seen.iter().find(|alert| alert.number == number).unwrap();
    let uid = rustix::process::geteuid().as_raw();
    assert_eq!(seen.acknowledged_by, Some(uid));
    stop(&client, Some(true));
    assert!(daemon.drain().0.success());
}

/// Calls as fast as it can until the daemon is gone; how many were turned away.
fn flood<M: Method<Params = NoParams>>(client: &Client) -> usize {
    let mut busy = 0;
    loop {
        match client.call::<M>(&NoParams {}) {
            Ok(_) => {}
            Err(CallError::Daemon(failure)) if failure.code == ErrorCode::Busy.number() => {
                busy += 1;
            }
            Err(_) => return busy,
        }
    }
}

#[test]
fn a_kill_gets_through_a_flood_and_an_allowance_that_is_used_up() {
    let place = Place::new("");
    // Calls are dear here, and still the daemon has more of them than it can do.
    let little = lively("pace = 6000\nseed = 3")
        .replace("requests_per_second = 1000", "requests_per_second = 50")
        .replace("request_burst = 2000", "request_burst = 50");
    place.configure(&little);
    let daemon = place.start();
    let turned_away: usize = std::thread::scope(|scope| {
        let flooding: Vec<_> = (0..6)
            .map(|_| scope.spawn(|| flood::<call::Strategies>(&place.client())))
            .collect();
        let client = place.client();
        let used_up = (0..500).any(|_| client.call::<call::Status>(&NoParams {}).is_err());
        assert!(used_up, "the allowance has an end");
        for number in 0..20 {
            let id = format!("kill-{number}");
            let accepted = kill(&client, &id, Scope::All).unwrap();
            assert!(!accepted.repeated);
        }
        client.wait(Duration::from_millis(100));
        let status = until(&place.client(), |_| true);
        assert_eq!(status.trading.state, TradingState::Killed);
        daemon.signal(rustix::process::Signal::TERM);
        flooding.into_iter().map(|one| one.join().unwrap()).sum()
    });
    assert!(turned_away > 0, "the flood was none");
    assert!(daemon.drain().0.success());
}
