//! What a person with authority asks for: kills and armings, what is not ours, alerts, and why
//! nothing is entered.

use insta::assert_snapshot;
use trader_contract::{BrokerRequest, Epoch, NetQty, Timestamp};
use trader_core::Event;
use trader_core::record::{Block, Origin, Record, TradingState};
use trader_rpc::{
    self as rpc, Accepted, AckAlertParams, AdoptParams, ArmParams, ErrorCode, Failure,
    IgnoreParams, KillParams, Role, Scope,
};
use trader_store::Recovery;

use super::{Bench, change};
use crate::{Call, Reply};

/// What comes of a call that changes something.
fn done(
    bench: &mut Bench,
    call: impl FnOnce(Reply<Accepted>) -> Call,
) -> Result<Accepted, Failure> {
    bench.ask(call).recv().unwrap()
}

fn kill(bench: &mut Bench, id: &str, scope: Scope) -> Accepted {
    let params = KillParams {
        request_id: id.parse().unwrap(),
        scope,
        flatten: false,
    };
    done(bench, |reply| Call::Kill(params, reply)).unwrap()
}

fn arm(bench: &mut Bench, id: &str, scope: Scope) -> Result<Accepted, Failure> {
    let params = ArmParams {
        request_id: id.parse().unwrap(),
        scope,
        account: None,
    };
    done(bench, |reply| Call::Arm(params, reply))
}

fn spy() -> Scope {
    Scope::Symbol("SPY".parse().unwrap())
}

fn status(bench: &mut Bench) -> rpc::Status {
    bench.ask(Call::Status).recv().unwrap().unwrap()
}

/// What stops entries, one line each.
fn obstacles(bench: &mut Bench) -> String {
    let found = bench.ask(Call::WhyHalted).recv().unwrap().unwrap();
    let line = |found: &rpc::Obstacle| {
        let symbol = found.symbol.map_or("-".to_owned(), |s| s.to_string());
        let route = found.route.as_deref().unwrap_or("-");
        let since = found.since.map_or("-".to_owned(), |at| at.to_string());
        format!(
            "{} {symbol} {route} {since}: {} -> {}",
            found.kind, found.why, found.next
        )
    };
    found.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The records of this run after the first `before`.
fn records(bench: &Bench, before: usize) -> Vec<&'static str> {
    let after = &bench.world.journal[before..];
    after.iter().map(|entry| entry.record.kind()).collect()
}

fn recovery(bench: &Bench) -> Recovery {
    Recovery {
        epoch: Epoch(42),
        next_seq: bench.world.journal.len() as u64 + 1,
        entries: bench.world.journal.clone(),
    }
}

#[test]
fn a_call_above_its_peers_role_is_refused_and_nothing_comes_of_it() {
    let mut bench = Bench::open();
    let before = (bench.world.journal.len(), bench.world.sent.len());
    let refused = |failure: Failure| assert_eq!(failure.code, ErrorCode::WrongRole.number());
    for role in [Role::Read, Role::Advise] {
        let params = KillParams {
            request_id: "k-1".parse().unwrap(),
            scope: Scope::All,
            flatten: true,
        };
        let killed = bench.ask_as(role, |reply| Call::Kill(params, reply));
        refused(killed.recv().unwrap().unwrap_err());
    }
    let resumed = bench.ask_as(Role::Reduce, |reply| Call::Resume(change("r-1"), reply));
    refused(resumed.recv().unwrap().unwrap_err());
    let params = ArmParams {
        request_id: "a-1".parse().unwrap(),
        scope: Scope::All,
        account: None,
    };
    let armed = bench.ask_as(Role::Control, |reply| Call::Arm(params, reply));
    refused(armed.recv().unwrap().unwrap_err());
    let after = (bench.world.journal.len(), bench.world.sent.len());
    assert_eq!(before, after);
    // What was refused used no request id.
    kill(&mut bench, "k-1", Scope::All);
    assert!(
        bench
            .ask_as(Role::Read, Call::Status)
            .recv()
            .unwrap()
            .is_ok()
    );
}

#[test]
fn a_kill_is_on_the_disk_before_it_is_answered_and_holds_over_a_restart() {
    let mut bench = Bench::open();
    let before = bench.world.journal.len();
    kill(&mut bench, "k-1", Scope::All);
    assert!(records(&bench, before).contains(&"killed"));
    bench.bar();
    assert!(
        bench
            .world
            .sent
            .iter()
            .all(|sent| !matches!(sent, BrokerRequest::Submit(_)))
    );
    let mut second = Bench::boot([], &recovery(&bench));
    let trading = &second.kernel.engine().book().trading;
    assert!(matches!(trading, TradingState::Killed(_)), "{trading:?}");
    assert_eq!(status(&mut second).trading.state, rpc::TradingState::Killed);
    second.start();
    // Sent again by a client that had no answer, it is the same kill.
    let id = "k-2";
    kill(&mut second, id, Scope::All);
    arm(&mut second, "a-1", Scope::All).unwrap();
    assert_eq!(status(&mut second).trading.state, rpc::TradingState::Active);
    assert!(kill(&mut second, id, Scope::All).repeated);
    assert_eq!(status(&mut second).trading.state, rpc::TradingState::Active);
}

#[test]
fn a_kill_of_a_symbol_shows_and_is_lifted_alone() {
    let mut bench = Bench::open();
    kill(&mut bench, "k-1", spy());
    kill(&mut bench, "k-2", Scope::Strategy("script-qqq".to_owned()));
    let kills = status(&mut bench).kills;
    let scopes: Vec<&Scope> = kills.iter().map(|kill| &kill.scope).collect();
    assert_eq!(scopes, [&spy(), &Scope::Strategy("script-qqq".to_owned())]);
    assert_eq!(kills[0].by, "uid 1000 (k-1)");
    arm(&mut bench, "a-1", spy()).unwrap();
    assert_eq!(status(&mut bench).kills.len(), 1);
}

#[test]
fn a_kill_that_is_not_on_the_disk_holds_and_says_so() {
    let mut bench = Bench::open();
    bench.world.broken = true;
    let accepted = kill(&mut bench, "k-1", Scope::All);
    assert!(
        accepted.message.ends_with("a restart forgets this"),
        "{}",
        accepted.message
    );
    bench.world.sent.clear();
    bench.bar();
    assert!(bench.world.sent.is_empty(), "{:?}", bench.world.sent);
}

#[test]
fn a_person_who_has_seen_an_alert_is_written_down() {
    let mut bench = Bench::open();
    let params = AckAlertParams {
        request_id: "s-1".parse().unwrap(),
        alert: 3,
    };
    done(&mut bench, |reply| Call::AckAlert(params, reply)).unwrap();
    let last = &bench.world.journal.last().unwrap().record;
    assert!(
        matches!(
            last,
            Record::AlertAcknowledged {
                number: 3,
                origin: Origin::Operator { uid: 1000, .. }
            }
        ),
        "{last:?}"
    );
}

#[test]
fn there_is_nothing_to_adopt_or_to_ignore_in_a_symbol_of_ours() {
    let mut bench = Bench::open();
    let symbol = "SPY".parse().unwrap();
    let adopt = AdoptParams {
        request_id: "o-1".parse().unwrap(),
        symbol,
        stop: Some("150".parse().unwrap()),
    };
    let ignore = IgnoreParams {
        request_id: "o-2".parse().unwrap(),
        symbol,
    };
    for refused in [
        done(&mut bench, |reply| Call::Adopt(adopt, reply)),
        done(&mut bench, |reply| Call::Ignore(ignore, reply)),
    ] {
        assert_eq!(refused.unwrap_err().code, ErrorCode::Refused.number());
    }
}

#[test]
fn the_engine_is_told_which_adoption_a_failed_write_lost() {
    for broken in [true, false] {
        let mut bench = Bench::open();
        let symbol = "SPY".parse().unwrap();
        let positions = vec![(symbol, NetQty::from_nanos(30_000_000_000).unwrap())];
        for (at, id) in [
            ("2011-01-10T14:30:10Z", "r-1"),
            ("2011-01-10T14:30:40Z", "r-2"),
        ] {
            bench.at(at);
            let params = change(id);
            done(&mut bench, |reply| Call::Reconcile(params, reply)).unwrap();
            bench.compare(positions.clone());
        }
        let adopt = AdoptParams {
            request_id: "o-1".parse().unwrap(),
            symbol,
            stop: Some("150".parse().unwrap()),
        };
        bench.world.broken = broken;
        let answer = done(&mut bench, |reply| Call::Adopt(adopt, reply));
        assert_eq!(answer.is_err(), broken, "{answer:?}");
        bench.world.broken = true;
        bench.bar();
        let lost = bench.world.recorded.iter().find_map(|event| match event {
            Event::JournalFailed { lost, .. } => Some(lost.len()),
            _ => None,
        });
        assert_eq!(lost, Some(usize::from(broken)));
        let held = bench.kernel.engine().book().holdings.contains_key(&symbol);
        assert_eq!(held, !broken);
    }
}

#[test]
fn reconciling_asks_the_broker_and_the_status_says_when_it_answered() {
    let mut bench = Bench::open();
    let first: Timestamp = "2011-01-10T13:30:00Z".parse().unwrap();
    let before = status(&mut bench);
    assert_eq!(before.reconciled_at, Some(first));
    assert_eq!(before.account.as_deref(), Some("SIMULATED"));
    let params = change("r-1");
    done(&mut bench, |reply| Call::Reconcile(params, reply)).unwrap();
    let asked = bench.world.sent.last();
    assert!(matches!(asked, Some(BrokerRequest::Snapshot { .. })));
}

#[test]
fn why_nothing_is_entered_is_told_in_full() {
    let mut bench = Bench::open_after(vec![Record::SymbolBlocked {
        symbol: "QQQ".parse().unwrap(),
        block: Block::Jumped,
        origin: Origin::Engine,
    }]);
    assert_snapshot!(obstacles(&mut bench), @r"
    jumped QQQ - 2011-01-09T14:30:00Z: its price has jumped over the night -> compare its price with another source; traderctl arm --symbol QQQ frees it
    warming SPY script-spy -: it has 0 of the 1 bars that it needs -> wait for the bars
    warming QQQ script-qqq -: it has 0 of the 20 bars that it needs -> wait for the bars
    ");
    let params = change("p-1");
    done(&mut bench, |reply| Call::Pause(params, reply)).unwrap();
    kill(&mut bench, "k-1", spy());
    kill(&mut bench, "k-2", Scope::Strategy("script".to_owned()));
    bench.kernel.facts_mut().feed.state = rpc::LinkState::Stale;
    assert_snapshot!(first(4, &obstacles(&mut bench)), @r"
    paused - - 2011-01-10T14:30:00Z: entries are paused -> traderctl resume allows them
    feed_stale - - -: the feed recorded is stale: no reason given -> the daemon tries on by itself; look at the network and at the provider's status page
    killed SPY - 2011-01-10T14:30:00Z: SPY is killed, by uid 1000 (k-1) -> find out why, then traderctl arm --symbol SPY
    killed - script 2011-01-10T14:30:00Z: script is killed, by uid 1000 (k-2) -> find out why, then traderctl arm --strategy script
    ");
}

#[test]
fn a_kill_stands_before_a_journal_that_fails_and_a_session_that_is_over() {
    let mut bench = Bench::open();
    bench.at("2011-01-10T21:30:00Z");
    bench.feed(&trader_core::Event::Timer);
    bench.world.broken = true;
    kill(&mut bench, "k-1", Scope::All);
    assert_snapshot!(first(3, &obstacles(&mut bench)), @r"
    journal - - 2011-01-10T21:30:00Z: the journal takes no entries: the disk is full -> free the disk or mend it, then restart the daemon
    killed - - 2011-01-10T21:30:00Z: uid 1000 killed it -> find out why, then traderctl arm
    session - - -: the exchange is closed -> nothing: the next session opens at 2011-01-11T14:30:00Z
    ");
}

fn first(lines: usize, text: &str) -> String {
    text.lines().take(lines).collect::<Vec<_>>().join("\n")
}
