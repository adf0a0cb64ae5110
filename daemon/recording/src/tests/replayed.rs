//! Replays: the same engine gives the same commands; one that decides otherwise is caught at the exact
//! bar, with what led to it.

use trader_core::EngineConfig;

use super::{Life, at, config};
use crate::{Opening, Outcome, ReplayError, Scope, replay};

/// A life whose strategy enters at the third bar: 10 cents above the average of three.
fn recorded() -> (Vec<u8>, usize) {
    let mut life = Life::start();
    let mut commands = 0;
    for (minute, cents) in (0..).zip([10_000, 10_001, 10_015, 10_020, 10_020]) {
        commands += life.bar(minute, cents).len();
    }
    life.encoder.end();
    (life.encoder.take(), commands)
}

fn run(segments: &[&[u8]], above: i64, scope: Scope) -> Result<Outcome, ReplayError> {
    let assemble = |_: &Opening| Ok::<EngineConfig, String>(config(above));
    replay(segments.iter().copied(), assemble, scope, &mut ())
}

#[test]
fn the_same_engine_gives_the_same_commands() {
    let (bytes, commands) = recorded();
    assert!(commands >= 3, "an entry was planned and sent: {commands}");
    let outcome = run(&[&bytes], 5, Scope::default()).unwrap();
    assert_eq!(outcome.first, None);
    assert_eq!((outcome.differences, outcome.unfinished), (0, 0));
    assert_eq!((outcome.lives, outcome.bars), (1, 5));
    assert!(outcome.commands > u64::try_from(commands).unwrap());
    let again = run(&[&bytes], 5, Scope::default()).unwrap();
    assert_eq!(outcome, again);
}

#[test]
fn another_decision_is_caught_at_the_exact_bar() {
    let (bytes, _) = recorded();
    let outcome = run(&[&bytes], 20, Scope::default()).unwrap();
    assert!(outcome.differences >= 1);
    let first = outcome.first.unwrap();
    assert_eq!(first.at, at(180));
    assert_eq!(first.symbol, Some("SPY".parse().unwrap()));
    assert_eq!(first.event["bar"]["bar"]["close"], "100.15");
    assert_eq!(first.first_command, 0);
    assert!(first.recorded[0]["persist"]["record"]["intent"].is_object());
    assert_eq!(first.now, Vec::<serde_json::Value>::new());
    let lane = &first.lanes[0];
    assert!(lane.warm);
    let indicators = serde_json::to_value(&lane.indicators).unwrap();
    assert_eq!(indicators[0]["indicator"]["sma"]["period"], 3);
    assert!(indicators[0]["current"]["mean"].is_string(), "{indicators}");
}

#[test]
fn a_scope_ends_before_the_difference_or_looks_elsewhere() {
    let (bytes, _) = recorded();
    let until = Scope {
        until: Some(at(120)),
        symbol: None,
    };
    let outcome = run(&[&bytes], 20, until).unwrap();
    assert_eq!((outcome.differences, outcome.bars), (0, 2));
    let of = |symbol: &str| Scope {
        until: None,
        symbol: Some(symbol.parse().unwrap()),
    };
    assert_eq!(run(&[&bytes], 20, of("QQQ")).unwrap().differences, 0);
    assert!(run(&[&bytes], 20, of("SPY")).unwrap().differences >= 1);
}

#[test]
fn a_life_that_died_before_its_commands_were_recorded_is_not_compared_there() {
    let mut life = Life::start();
    life.bar(0, 10_000);
    life.bar(1, 10_001);
    let before = life.encoder.take();
    life.bar(2, 10_015);
    let with_commands = life.encoder.take();
    // The event's frame alone: its length is in its head.
    let head: [u8; 4] = with_commands[..4].try_into().unwrap();
    let event = 8 + u32::from_le_bytes(head) as usize;
    let died = [before.as_slice(), &with_commands[..event]].concat();
    let outcome = run(&[&died], 5, Scope::default()).unwrap();
    assert_eq!((outcome.differences, outcome.unfinished), (0, 1));
}

#[test]
fn a_session_that_opens_with_the_engines_state_is_replayed_by_itself() {
    let mut life = Life::start();
    life.bar(0, 10_000);
    life.bar(1, 10_001);
    let first = life.next_session();
    life.bar(2, 10_015);
    life.encoder.end();
    let second = life.encoder.take();
    for segments in [
        &[first.as_slice(), second.as_slice()][..],
        &[second.as_slice()],
    ] {
        let outcome = run(segments, 5, Scope::default()).unwrap();
        assert_eq!((&outcome.first, outcome.differences), (&None, 0));
        assert!(outcome.commands > 0);
    }
}

#[test]
fn a_segment_that_goes_on_from_a_missing_one_is_refused() {
    let opening = super::opening(crate::Beginning::Continues);
    let bytes = crate::Encoder::new(&opening).unwrap().take();
    let refused = run(&[&bytes], 5, Scope::default());
    assert!(matches!(refused, Err(ReplayError::NoBeginning)));
}
