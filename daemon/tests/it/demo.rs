//! `traderd demo`: what it promises for every seed, and that it plays recorded minutes too.

#[cfg(feature = "alpaca-sim")]
use std::io::{BufRead, BufReader};
use std::path::Path;
#[cfg(feature = "alpaca-sim")]
use std::process::Stdio;
use std::process::{Command, Output};

/// Seeds that are played whenever tests run; many more are played by hand before a release.
const SEEDS: std::ops::Range<u64> = 1..41;

/// A demo whose scratch folder lies in memory where that can be.
pub(crate) fn demo(arguments: &[&str]) -> Output {
    let memory = Path::new("/dev/shm");
    let mut command = Command::new(env!("CARGO_BIN_EXE_traderd"));
    command.arg("demo").args(arguments).env_clear();
    if memory.is_dir() {
        command.env("TMPDIR", memory);
    }
    command.output().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// The number before these words in the line of counts.
fn count(out: &str, words: &str) -> u32 {
    let line = out
        .lines()
        .find(|line| line.starts_with("Counts: "))
        .unwrap();
    let parts = line.trim_start_matches("Counts:").split(", ");
    let part = parts
        .map(|part| part.trim().replace(" long and ", " long round trips, "))
        .flat_map(|part| part.split(", ").map(str::to_owned).collect::<Vec<_>>())
        .find(|part| part.ends_with(words))
        .unwrap();
    part.split(' ').next().unwrap().parse().unwrap()
}

fn assert_keeps_its_promise(seed: u64) {
    let output = demo(&["--pace", "max", "--seed", &seed.to_string()]);
    let (out, error) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "seed {seed}: {error}\n{out}");
    for words in [
        "long round trips",
        "short round trips",
        "partial fills",
        "stop-outs",
        "end-of-day closes",
    ] {
        assert!(count(out, words) > 0, "seed {seed}: no {words}\n{out}");
    }
    assert!(out.ends_with(": flat, equal\n"), "seed {seed}: {out}");
    assert!(out.contains("SYNTHETIC DATA"), "{out}");
    assert!(error.is_empty(), "seed {seed}: {error}");
}

#[test]
fn every_seed_shows_what_the_demo_promises_and_ends_flat_and_equal() {
    let seeds: Vec<u64> = SEEDS.chain([0, u64::from(u32::MAX)]).collect();
    std::thread::scope(|scope| {
        for half in seeds.chunks(seeds.len().div_ceil(2)) {
            scope.spawn(move || half.iter().copied().for_each(assert_keeps_its_promise));
        }
    });
}

/// The story without what is drawn anew in every run: the store's generation and the folder.
fn story(out: &str) -> String {
    let begin = out.find("account opened").unwrap();
    let told = &out[begin..];
    let epoch = told
        .lines()
        .find_map(|line| line.split(": ").next()?.split("entry ").nth(1))
        .and_then(|id| id.split('-').next())
        .unwrap();
    assert_eq!(epoch.len(), 8, "{epoch}");
    told.replace(epoch, "EPOCH")
}

#[test]
fn the_same_seed_tells_the_same_story_and_another_seed_another() {
    let tell = |seed| {
        let output = demo(&["--pace", "max", "--seed", seed]);
        story(text(&output.stdout))
    };
    let once = tell("7");
    assert_eq!(once, tell("7"));
    assert_ne!(once, tell("8"));
    assert!(once.lines().count() > 40, "{once}");
}

#[test]
fn a_pace_changes_nothing_but_the_time_it_takes() {
    let tell = |pace| {
        let output = demo(&["--pace", pace, "--seed", "11"]);
        story(text(&output.stdout))
    };
    assert_eq!(tell("max"), tell("50000"));
}

#[test]
fn a_seed_that_the_configuration_does_not_take_is_refused() {
    let output = demo(&["--seed", "4294967296", "--pace", "max"]);
    assert_eq!(output.status.code(), Some(78));
    let error = text(&output.stderr);
    assert!(
        error.contains("seed") && error.contains("4294967295"),
        "{error}"
    );
    assert!(output.stdout.is_empty());
}

#[test]
fn a_named_state_folder_is_kept_and_goes_on_with_the_next_session() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("s");
    let state = state.to_str().unwrap();
    let run = || demo(&["--pace", "max", "--seed", "5", "--state-dir", state]);
    let (first, second) = (run(), run());
    for output in [&first, &second] {
        assert!(
            text(&output.stdout).ends_with("flat, equal\n"),
            "{output:?}"
        );
    }
    assert_eq!(first.status.code(), Some(0));
    let day = |output: &Output| {
        let out = text(&output.stdout).to_owned();
        out.lines().find(|line| line.starts_with("Day ")).unwrap()[..14].to_owned()
    };
    assert_ne!(day(&first), day(&second));
}

/// A demo over sockets that is stopped after a line with these words.
#[cfg(feature = "alpaca-sim")]
fn over_sockets(state: &Path, words: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_traderd"));
    command.args(["demo", "--venue", "alpaca-sim", "--state-dir"]);
    command.arg(state).env_clear();
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut told = Vec::new();
    for line in lines.by_ref().map_while(Result::ok) {
        told.push(line);
        if told.last().is_some_and(|line| line.contains(words)) {
            break;
        }
    }
    let socket = trader_rpc::socket::control(&state.join("run"));
    let client = trader_rpc::Client::connect(&socket, "e2e").unwrap();
    crate::daemon::stop(&client, Some(true));
    drop(client);
    told.extend(lines.map_while(Result::ok));
    let told = told.join("\n");
    assert!(child.wait().unwrap().success(), "{told}");
    assert!(told.ends_with(": flat, equal"), "{told}");
    told
}

#[cfg(feature = "alpaca-sim")]
#[test]
fn a_demo_over_sockets_ends_flat_and_equal_to_the_servers_books_and_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("new");
    let headline = "traderd demo, SIMULATOR DATA: session 2025-01-03, seed 1, 390 seconds";
    let first = over_sockets(&state, " filled ");
    assert!(first.starts_with(headline), "{first}");
    let second = over_sockets(&state, "began to trade");
    assert!(second.starts_with(headline), "{second}");
    assert!(!second.contains("account opened"), "{second}");
}

#[cfg(feature = "alpaca-sim")]
#[test]
fn a_demo_over_sockets_has_a_pace() {
    let output = demo(&["--venue", "alpaca-sim", "--pace", "max"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--pace takes a number"));
}
