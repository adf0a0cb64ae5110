//! What a person at a terminal sees: progress that is written over, a chart as wide as the window, a
//! question before something is removed.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::sync::Arc;
use std::thread;

use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use serde_json::json;
use trader_rpc::Role;

use super::desk::{Desk, Step};
use super::fake::Fake;
use super::program::command;
use super::tried;

/// Runs in a window of so many columns, types `typed`, and hands back the exit code and all that the
/// window was sent.
fn at_a_terminal(fake: &Fake, columns: u16, typed: &str, args: &[&str]) -> (i32, String) {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let name = ptsname(&ours, Vec::new()).unwrap();
    let theirs = open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    let size = Winsize {
        ws_row: 40,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&theirs, size).unwrap();
    let end = |fd: &OwnedFd| Stdio::from(fd.try_clone().unwrap());
    let mut command = command(["--socket"]);
    command
        .arg(fake.runtime_dir())
        .args(args)
        .env("TERM", "xterm")
        .env("LANG", "C.UTF-8");
    command
        .stdin(end(&theirs))
        .stdout(end(&theirs))
        .stderr(end(&theirs));
    let mut child = command.spawn().unwrap();
    // Only the child's ends may stay open, so that reading ends with it.
    drop((command, theirs));
    let mut ours = File::from(ours);
    ours.write_all(typed.as_bytes()).unwrap();
    let reader = thread::spawn(move || {
        let mut seen = Vec::new();
        // The end of a terminal is an error on Linux.
        let _ = ours.read_to_end(&mut seen);
        String::from_utf8(seen).unwrap().replace("\r\n", "\n")
    });
    let code = child.wait().unwrap().code().unwrap();
    (code, reader.join().unwrap())
}

#[test]
fn progress_is_one_line_that_goes_before_the_report_comes() {
    let progress = json!({ "state": "running", "progress": { "phase": "running", "done": 390,
        "total": 7_800, "unit": "bars", "per_second": 5.2e6, "seconds_left": 12.0 } });
    let desk = Desk::default()
        .on_submit(|desk, id| desk.put(id, "result.json", tried::document().as_bytes()))
        .then(vec![
            Step::Change(1, progress),
            Step::Change(1, json!({ "state": "done" })),
        ]);
    let fake = Fake::with_desk(&Arc::new(desk));
    let args = [
        "backtest",
        "--route",
        "velez-slow",
        "--start-date",
        "2011-01-01",
        "--end-date",
        "2011-01-31",
    ];
    let (code, seen) = at_a_terminal(&fake, 130, "", &args);
    assert_eq!(code, 0, "{seen}");
    let (before, after) = seen.split_once("Backtest 1").unwrap();
    assert!(
        before.contains("\rjob 1 running  390 of 7,800 bars  5%  5.2 M bars/s  12 s left\u{1b}[K"),
        "{before:?}"
    );
    assert!(
        before.ends_with("\r\u{1b}[K\u{1b}[1m"),
        "the line is gone, then comes a heading: {before:?}"
    );
    assert!(!before.contains('\n'), "{before:?}");
    assert!(
        after.contains("TIME AND USE"),
        "three columns in a window of 130"
    );
}

#[test]
fn remove_shows_what_goes_and_takes_only_yes() {
    let fake = || {
        Fake::with(Role::Control, |method, params| match method {
            "data" => Some(Ok(
                json!([{ "symbol": "SPY", "data": "1min", "source": "x", "feed": "",
                "adjustment": "raw", "rows": 97_500, "extended_rows": 0, "first": "2011-01-03",
                "last": "2011-12-30", "bytes": 1, "files": [] }]),
            )),
            "remove_data" => Some(Ok(json!({ "request_id": params["request_id"],
                "message": "SPY is removed", "repeated": false }))),
            _ => None,
        })
    };
    for (typed, code, calls) in [("yes\n", 0, 1), ("y\n", 1, 0), ("\n", 1, 0)] {
        let fake = fake();
        let (ended, seen) = at_a_terminal(&fake, 80, typed, &["data", "remove", "SPY"]);
        assert_eq!(
            (ended, fake.calls("remove_data").len()),
            (code, calls),
            "{typed:?} {seen}"
        );
        assert!(
            seen.contains("SPY 1min: 97,500 rows, 2011-01-03 to 2011-12-30"),
            "{seen}"
        );
    }
}

#[test]
fn arming_shows_account_mode_and_equity_and_takes_only_yes() {
    for (typed, code, calls) in [("yes\n", 0, 1), ("y\n", 1, 0), ("\n", 1, 0)] {
        let fake = Fake::with(Role::Admin, |_, _| None);
        let (ended, seen) = at_a_terminal(&fake, 100, typed, &["arm", "--symbol", "SPY"]);
        assert_eq!(
            (ended, fake.calls("arm").len()),
            (code, calls),
            "{typed:?} {seen}"
        );
        for words in [
            "account SIMULATED, mode simulated, equity $100,234.50, 2 open positions",
            "trading is halted: the daily loss limit of $500 is reached",
            "Arm SPY? [yes/no]",
        ] {
            assert!(seen.contains(words), "{words}: {seen}");
        }
    }
}
