//! Overrides as calls: on the disk before they are answered, once, over a restart, and in sight of
//! whoever looks.

use trader_contract::{BrokerRequest, ClientOrderId, Direction, Epoch, OrderRole, Qty};
use trader_core::record::IntentId;
use trader_core::{EngineConfig, Event};
use trader_rpc::{Accepted, ConfirmOverrideParams, ErrorCode, Failure, Obstacle, OverrideParams};
use trader_store::Recovery;

use super::Bench;
use crate::Call;
use crate::views::journal_line;
use crate::views::stage::{breakout, config};

/// An entry of 100 shares on the next bar, where 50 are allowed.
fn small() -> EngineConfig {
    let mut config = config([Some(breakout(Direction::Long, "168.81", "168.58"))]);
    config.limits.order_shares = Qty::shares(50).unwrap();
    config
}

fn recovery(bench: Option<&Bench>) -> Recovery {
    let entries = bench.map_or_else(Vec::new, |bench| bench.world.journal.clone());
    Recovery {
        epoch: Epoch(42),
        next_seq: entries.len() as u64 + 1,
        entries,
    }
}

/// With that entry refused.
fn refused() -> Bench {
    let mut bench = Bench::boot_with(small(), &recovery(None));
    bench.start();
    bench.at("2011-01-10T14:30:00Z");
    bench.feed(&Event::Timer);
    bench.bar();
    bench
}

fn ask(bench: &mut Bench, id: &str, intent: &str) -> Result<Accepted, Failure> {
    let params = OverrideParams {
        request_id: id.parse().unwrap(),
        intent: intent.parse().unwrap(),
        expires_seconds: None,
    };
    let answer = bench.ask(|reply| Call::Override(params, reply));
    answer.recv().unwrap()
}

fn confirm(bench: &mut Bench, id: &str, code: &str) -> Result<Accepted, Failure> {
    let params = ConfirmOverrideParams {
        request_id: id.parse().unwrap(),
        intent: INTENT.parse().unwrap(),
        code: code.to_owned(),
    };
    let answer = bench.ask(|reply| Call::ConfirmOverride(params, reply));
    answer.recv().unwrap()
}

const INTENT: &str = "20110110-1";

fn code(shown: &Accepted) -> String {
    let (_, rest) = shown.message.split_once("--confirm ").unwrap();
    rest.split('`').next().unwrap().to_owned()
}

fn submitted(bench: &Bench) -> Vec<ClientOrderId> {
    let sent = bench.world.sent.iter().filter_map(|sent| match sent {
        BrokerRequest::Submit(order) => Some(order.client_id),
        _ => None,
    });
    sent.collect()
}

fn kinds(bench: &Bench) -> Vec<&'static str> {
    let journal = bench.world.journal.iter();
    journal.map(|entry| entry.record.kind()).collect()
}

#[test]
fn it_is_sent_once_and_everything_about_it_is_on_the_disk_first() {
    let mut bench = refused();
    assert!(submitted(&bench).is_empty());
    let shown = ask(&mut bench, "ask", INTENT).unwrap();
    assert!(kinds(&bench).contains(&"override_asked"));
    assert!(submitted(&bench).is_empty());
    // A client that had no answer asks again, and sees the same code.
    let again = ask(&mut bench, "ask", INTENT).unwrap();
    assert!(again.repeated);
    assert_eq!(code(&again), code(&shown));
    bench.world.heard.clear();
    let sent = confirm(&mut bench, "confirm", &code(&shown)).unwrap();
    assert!(!sent.repeated);
    let heard = &bench.world.heard;
    let place = |what: &str| heard.iter().position(|heard| heard.starts_with(what));
    assert!(
        place("commit").unwrap() < place("submit").unwrap(),
        "{heard:?}"
    );
    for _ in 0..2 {
        let again = confirm(&mut bench, "confirm", &code(&shown)).unwrap();
        assert!(again.repeated);
    }
    let orders = submitted(&bench);
    assert_eq!(orders.len(), 1);
    assert_eq!(orders[0].role, OrderRole::Entry);
    assert_eq!(IntentId::from(orders[0]).to_string(), INTENT);
}

#[test]
fn a_restart_between_the_two_calls_keeps_it_and_one_after_them_sends_nothing_more() {
    let mut first = refused();
    let shown = ask(&mut first, "ask", INTENT).unwrap();
    let mut second = Bench::boot_with(config([]), &recovery(Some(&first)));
    second.at("2011-01-10T14:31:00Z");
    second.start();
    second.bar();
    confirm(&mut second, "confirm", &code(&shown)).unwrap();
    assert_eq!(submitted(&second).len(), 1);
    let mut journal = first.world.journal.clone();
    journal.extend(second.world.journal.clone());
    let whole = Recovery {
        epoch: Epoch(42),
        next_seq: journal.len() as u64 + 1,
        entries: journal,
    };
    let mut third = Bench::boot_with(small(), &whole);
    third.at("2011-01-10T14:31:00Z");
    third.start();
    assert!(confirm(&mut third, "confirm-2", &code(&shown)).is_err());
    assert!(submitted(&third).is_empty());
}

#[test]
fn without_a_journal_nothing_leaves() {
    let mut bench = refused();
    let shown = ask(&mut bench, "ask", INTENT).unwrap();
    bench.world.broken = true;
    let answer = confirm(&mut bench, "confirm", &code(&shown)).unwrap();
    assert!(
        answer.message.contains("cannot be written"),
        "{}",
        answer.message
    );
    assert!(submitted(&bench).is_empty());
    assert!(ask(&mut bench, "ask-2", INTENT).is_err());
}

#[test]
fn whoever_looks_sees_one_that_waits_and_the_code_stays_with_who_asked() {
    let mut bench = refused();
    let code = code(&ask(&mut bench, "ask", INTENT).unwrap());
    let found: Vec<Obstacle> = bench.ask(Call::WhyHalted).recv().unwrap().unwrap();
    let waits = found.iter().find(|found| found.kind == "override_waits");
    let waits = waits.unwrap();
    assert!(waits.why.contains("past order_shares"), "{}", waits.why);
    assert_eq!(waits.route.as_deref(), Some("script-spy"));
    let status = bench.ask(Call::Status).recv().unwrap().unwrap();
    assert!(
        status
            .alerts
            .iter()
            .any(|alert| alert.kind == "override_waits")
    );
    let seen = format!(
        "{} {}",
        serde_json::to_string(&found).unwrap(),
        serde_json::to_string(&status).unwrap()
    );
    assert!(!seen.contains(&code));
    let lines: Vec<String> = bench
        .world
        .journal
        .iter()
        .map(|e| journal_line(e).text)
        .collect();
    let lines = lines.join("\n");
    assert!(
        lines.contains("order_shares would be 100, allowed is 50"),
        "{lines}"
    );
    assert!(!lines.contains(&code));
    let of_intent = bench.world.journal.iter().map(journal_line);
    let of_intent = of_intent.filter(|line| line.intent.as_deref() == Some(INTENT));
    let of_intent: Vec<String> = of_intent.map(|line| line.kind).collect();
    assert_eq!(of_intent, ["intent_taken", "override_asked"]);
}

#[test]
fn an_intent_that_nothing_is_known_of_and_a_time_that_is_too_long_are_refused_in_words() {
    let mut bench = refused();
    let failure = ask(&mut bench, "ask", "20110110-9").unwrap_err();
    assert_eq!(failure.code, ErrorCode::Refused.number());
    let params = OverrideParams {
        request_id: "long".parse().unwrap(),
        intent: INTENT.parse().unwrap(),
        expires_seconds: Some(301),
    };
    let answer = bench.ask(|reply| Call::Override(params, reply));
    assert!(answer.recv().unwrap().is_err());
}

#[test]
fn the_status_says_what_is_not_checked_and_what_was_sent() {
    let mut config = config([Some(breakout(Direction::Long, "168.81", "168.58"))]);
    config.limits.messages_per_minute = 100;
    config.limits.restricted = ["QQQ".parse().unwrap()].into();
    config.limits.entries_per_route = 1;
    let mut bench = Bench::boot_with(config, &recovery(None));
    bench.start();
    bench.at("2011-01-10T14:30:00Z");
    bench.feed(&Event::Timer);
    bench.bar();
    let status = bench.ask(Call::Status).recv().unwrap().unwrap();
    assert_eq!(
        (status.messages.orders, status.messages.most),
        (1, Some(100))
    );
    assert_eq!(
        status.unchecked,
        ["volume_share: the average daily volume of SPY, QQQ is not known"]
    );
    let found: Vec<Obstacle> = bench.ask(Call::WhyHalted).recv().unwrap().unwrap();
    let about = |kind: &str| found.iter().find(|found| found.kind == kind).unwrap();
    assert_eq!(about("restricted").symbol, Some("QQQ".parse().unwrap()));
    assert_eq!(about("route_used_up").route.as_deref(), Some("script-spy"));
}
