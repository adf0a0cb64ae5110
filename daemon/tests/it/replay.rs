//! What a real daemon has recorded, through fresh engines: a demo, a session with kills and restarts in
//! it, several sessions of one life, and what clients are told of it.

use std::path::Path;
use std::process::{Command, Output};

use chrono::NaiveDate;
use serde_json::Value;
use trader_rpc::method::call;
use trader_rpc::{Client, JobState, RemoveSessionParams, SegmentBeginning, SessionsParams, WhyBar};

use crate::daemon::{Place, lively, look, stop};
use crate::demo::{demo, text};
use crate::shop;

/// Slow enough that a kill lands where it is aimed at.
const PACE: &str = "pace = 6000\nseed = 3";

fn replay(state: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_traderd"))
        .arg("replay")
        .args(arguments)
        .arg("--state-dir")
        .arg(state)
        .env_clear()
        .output()
        .unwrap()
}

/// The figures of a replay, which must have gone well.
fn figures(state: &Path, arguments: &[&str]) -> Value {
    let output = replay(state, &[arguments, &["--json"]].concat());
    let (out, error) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{error}\n{out}");
    let last = out.lines().last().unwrap();
    let figures: Value = serde_json::from_str(last).unwrap();
    assert_eq!(figures["differences"], 0, "{out}");
    assert!(figures["commands"].as_u64().unwrap() > 50, "{last}");
    assert_eq!(figures["hash"].as_str().unwrap().len(), 64);
    figures
}

#[test]
fn a_demo_is_replayed_alike_and_a_backtest_over_its_bars_agrees() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path();
    let played = demo(&["--pace", "max", "--state-dir", state.to_str().unwrap()]);
    assert!(played.status.success(), "{}", text(&played.stderr));
    let first = figures(state, &["latest"]);
    assert_eq!(first, figures(state, &["2025-01-03"]));
    assert_eq!(first["lives"], 1);
    let output = replay(state, &["latest", "--against-backtest"]);
    let out = text(&output.stdout);
    assert!(out.contains("the same commands, byte for byte"), "{out}");
    assert!(out.contains("recorded beside backtest"), "{out}");
    assert!(!out.contains(" 0 the same"), "{out}");
    let until = figures(state, &["latest", "--until", "12:00"]);
    assert!(until["bars"].as_u64() < first["bars"].as_u64());
}

#[test]
fn another_setting_shows_what_would_have_been_decided() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path();
    let played = demo(&["--pace", "max", "--state-dir", state.to_str().unwrap()]);
    assert!(played.status.success(), "{}", text(&played.stderr));
    let with = ["latest", "--with", "opening-range.range_minutes=30"];
    let output = replay(state, &with);
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(out.contains("as it was beside changed"), "{out}");
    assert!(out.contains("\n  changed: "), "{out}");
    for (bad, why) in [
        ("moon.phase=1", "no route of a strategy \"moon\""),
        ("opening-range.range_minutes=0", "range_minutes"),
        ("opening-range", "write velez.sma_fast=8"),
    ] {
        let refused = replay(state, &["latest", "--with", bad]);
        assert!(!refused.status.success());
        let error = text(&refused.stderr);
        assert!(error.contains(why), "{bad}: {error}");
    }
}

#[test]
fn a_session_with_kills_in_it_is_replayed_across_them() {
    // Slowly, so that the kills fall into the session even where the machine is busy; and each after an
    // order was sent, since what came before is recorded by then.
    let place = Place::new("pace = 600\nseed = 3");
    for _ in 0..2 {
        let mut daemon = place.start();
        let planned = daemon.wait(|line| line.is("order_planned", "entry "));
        let entry = planned.message.split([' ', ':']).nth(1).unwrap();
        daemon.wait(|line| line.is("order_reported", entry));
        daemon.kill();
    }
    place.configure(&lively(PACE));
    let mut daemon = place.start();
    daemon.wait(|line| line.kind == "session_closed");
    stop(&place.client(), Some(true));
    let (status, _) = daemon.drain();
    assert!(status.success());
    let first = std::fs::read_dir(place.state().join("recordings")).unwrap();
    let mut sessions: Vec<String> = first
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    sessions.sort();
    let figures = figures(&place.state(), &[&sessions[0]]);
    assert_eq!(figures["lives"], 3, "{figures}");
}

#[test]
fn the_daemon_lists_shows_replays_exports_and_removes_what_it_recorded() {
    let place = Place::new("pace = 24000\nseed = 3");
    let mut daemon = place.start();
    for _ in 0..2 {
        daemon.wait(|line| line.kind == "session_opened");
    }
    daemon.wait(|line| line.kind == "session_closed");
    daemon.wait(|line| line.kind == "session_opened");
    let client = place.client();
    let sessions = client
        .call::<call::Sessions>(&SessionsParams::default())
        .unwrap();
    assert!(sessions.len() >= 2, "{sessions:?}");
    let date = sessions[1].session;
    let session = Some(date);
    let shown = client.call::<call::Sessions>(&SessionsParams { session });
    let shown = shown.unwrap().pop().unwrap();
    assert_eq!(shown.details[0].begins, SegmentBeginning::Running);
    assert_eq!(shown.details[0].cut, None);
    let recording = look::<call::Status>(&client).recording;
    assert!(recording.enabled && recording.failure.is_none());
    assert!(recording.session > Some(sessions[0].session));

    let of_first = shop::work(serde_json::json!({
        "replay": { "session": sessions[0].session }
    }));
    let job = shop::submit(&client, of_first).unwrap();
    let job = shop::over(&client, job.id);
    assert_eq!(job.state, JobState::Done, "{job:?}");
    let lines = shop::file(&client, job.id, "result.json");
    let figures: Value = serde_json::from_slice(&lines).unwrap();
    assert_eq!(figures["differences"], 0);

    look_at_a_moment(&client, sessions[0].session);

    let export = shop::work(serde_json::json!({
        "session_export": { "session": sessions[0].session }
    }));
    let job = shop::submit(&client, export).unwrap();
    let job = shop::over(&client, job.id);
    let file = place.path().join("session.rec.gz");
    std::fs::write(&file, shop::file(&client, job.id, "session.rec.gz")).unwrap();

    let remove = RemoveSessionParams {
        request_id: "remove-1".parse().unwrap(),
        session: sessions[0].session,
    };
    let removed = client.call::<call::RemoveSession>(&remove).unwrap();
    assert!(!removed.repeated);
    assert!(
        client
            .call::<call::RemoveSession>(&remove)
            .unwrap()
            .repeated
    );
    stop(&client, Some(true));
    drop(client);
    let (status, _) = daemon.drain();
    assert!(status.success());

    let exported = self::figures(&place.state(), &[file.to_str().unwrap()]);
    assert_eq!(exported["hash"], figures["hash"]);
    // It went on from the session before, and is replayed by itself.
    self::figures(&place.state(), &[&date.to_string()]);
}

/// What a lane made of a bar, as a job.
fn look_at_a_moment(client: &Client, session: NaiveDate) {
    let moment = shop::work(serde_json::json!({
        "trace": { "session": session, "symbol": "DDD", "time": "11:02:00" }
    }));
    let job = shop::submit(client, moment).unwrap();
    let job = shop::over(client, job.id);
    assert_eq!(job.state, JobState::Done, "{job:?}");
    let found = shop::file(client, job.id, "result.json");
    let bars: Vec<WhyBar> = serde_json::from_slice(&found).unwrap();
    assert!(!bars.is_empty() && bars.iter().all(|bar| !bar.verdict.is_empty()));
}

#[test]
fn a_recording_that_cannot_be_written_stops_no_trading_and_is_told() {
    let place = Place::new("pace = 24000\nseed = 3");
    std::fs::create_dir_all(place.state()).unwrap();
    std::fs::write(place.state().join("recordings"), "in the way").unwrap();
    let mut daemon = place.start();
    daemon.wait(|line| line.is("order_reported", " filled "));
    let client = place.client();
    let status = look::<call::Status>(&client);
    assert!(status.recording.failure.is_some(), "{:?}", status.recording);
    let kinds: Vec<_> = status
        .alerts
        .iter()
        .map(|alert| alert.kind.as_str())
        .collect();
    assert!(kinds.contains(&"recording_off"), "{kinds:?}");
    stop(&client, Some(true));
    drop(client);
    assert!(daemon.drain().0.success());
}

#[test]
fn what_is_not_there_is_told() {
    let folder = tempfile::tempdir().unwrap();
    for (session, why) in [
        ("latest", "no session is recorded"),
        ("2024-03-15", "session 2024-03-15 is not recorded"),
        ("yesterday", "is no session"),
    ] {
        let output = replay(folder.path(), &[session]);
        assert!(!output.status.success());
        let error = text(&output.stderr);
        assert!(error.contains(why), "{session}: {error}");
    }
}
