//! What is told of a broker that does not answer, and of a link that is lost: why, and what to do about it.

use trader_contract::{BrokerEvent, Timestamp};
use trader_core::book::Book;
use trader_core::record::TradingState;
use trader_core::{Command, Engine, Event, Watch};
use trader_rpc as rpc;

use crate::views::stage::config;
use crate::views::tests::facts;
use crate::views::{StatusFacts, StrategyFacts, obstacles, status};

const REFUSED: &str = "Alpaca refused the keys: unauthorized (40110000); next: put right keys";

/// An engine whose broker refused every question for more than a minute.
fn refused() -> Engine {
    let mut config = config([]);
    config.watch = Watch::LOCAL;
    let mut engine = Engine::new(config, Book::default(), 1).unwrap();
    let start: Timestamp = "2011-01-10T14:40:00Z".parse().unwrap();
    let mut commands = engine.step(start, &Event::Start);
    for second in 1..=62 {
        let at = start.plus_seconds(second);
        for command in std::mem::take(&mut commands) {
            if let Command::RequestSnapshot { number, .. } = command {
                let message = REFUSED.into();
                let failed = BrokerEvent::SnapshotFailed { number, message };
                commands.extend(engine.step(at, &Event::Broker(failed)));
            }
        }
        commands.extend(engine.step(at, &Event::Timer));
    }
    engine
}

fn told(engine: &Engine, facts: &StatusFacts, kind: &str) -> Vec<(String, String)> {
    let found = obstacles(engine, facts, &StrategyFacts::default()).into_iter();
    let found = found.filter(|obstacle| obstacle.kind == kind);
    let alerts = status(engine, facts, None).alerts.into_iter();
    let alerts = alerts.filter(|alert| alert.kind == kind);
    let alerts = alerts.map(|alert| (alert.message, alert.action));
    found
        .map(|obstacle| (obstacle.why, obstacle.next))
        .chain(alerts)
        .collect()
}

#[test]
fn a_halt_for_a_broker_that_refuses_the_keys_says_so_and_what_to_do() {
    let engine = refused();
    assert_eq!(engine.book().trading, TradingState::Unheard);
    for kind in ["halted", "not_reconciled", "broker_unheard"] {
        let told = told(&engine, &facts(), kind);
        assert!(!told.is_empty(), "{kind}");
        for (why, next) in told {
            assert_eq!(next, "put right keys", "{kind}: {why}");
            let says = why.contains("Alpaca refused the keys: unauthorized (40110000)");
            assert!(says || kind == "not_reconciled", "{kind}: {why}");
        }
    }
    let why = status(&engine, &facts(), None).trading.why.unwrap();
    assert!(why.contains("not been heard since the start"), "{why}");
    assert!(why.contains("refused the keys"), "{why}");
}

#[test]
fn a_lost_link_is_told_with_what_its_plugin_says_to_do() {
    let mut facts = facts();
    facts.feed.state = rpc::LinkState::Down;
    for (detail, next) in [
        (
            "another client has it; next: stop the other one",
            "stop the other one",
        ),
        (
            "another client has it",
            "the daemon tries on by itself; look at the network and at the provider's status page",
        ),
    ] {
        facts.feed.detail = Some(detail.to_owned());
        let why = "the feed recorded is down: another client has it";
        let expected = (why.to_owned(), next.to_owned());
        assert_eq!(
            told(&refused(), &facts, "feed_down"),
            [expected.clone(), expected]
        );
    }
}
