//! What the binary prints, where, and how it ends, where nothing is traded.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn traderd(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_traderd"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn the_version_and_the_help_go_to_stdout() {
    let folder = tempfile::tempdir().unwrap();
    let version = traderd(folder.path(), &["--version"], "");
    assert_eq!(
        stdout(&version),
        concat!("traderd ", env!("CARGO_PKG_VERSION"), "\n")
    );
    let help = traderd(folder.path(), &["--help"], "");
    assert!(help.status.success());
    for word in [
        "run",
        "demo",
        "bench",
        "config",
        "73  the state or runtime folder",
    ] {
        assert!(stdout(&help).contains(word), "{word}\n{}", stdout(&help));
    }
}

#[test]
fn a_wrong_command_line_ends_with_2() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        &["fly"][..],
        &["run", "--cofig", "x"],
        &["demo", "--pace", "0"],
        &[],
    ] {
        let output = traderd(folder.path(), arguments, "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stdout(&output).is_empty(), "{arguments:?}");
    }
}

#[test]
fn what_init_prints_is_valid_and_shows_as_the_defaults() {
    let folder = tempfile::tempdir().unwrap();
    let init = stdout(&traderd(folder.path(), &["config", "init"], ""));
    let check = traderd(folder.path(), &["config", "check", "-"], &init);
    assert_eq!(stderr(&check), "");
    assert!(
        stdout(&check).starts_with("standard input is valid: 0 routes, hash "),
        "{}",
        stdout(&check)
    );
    let shown = stdout(&traderd(folder.path(), &["config", "show", "-"], &init));
    assert_eq!(
        shown,
        stdout(&traderd(folder.path(), &["config", "show", "-"], ""))
    );
    let again = traderd(folder.path(), &["config", "check", "-"], &shown);
    assert_eq!(stdout(&again), stdout(&check));
}

#[test]
fn a_wrong_command_line_is_json_where_json_is_asked_for_and_an_empty_variable_is_none() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, why) in [
        (
            &["audit", "verify", "--json", "--loud"][..],
            "unexpected argument '--loud' found",
        ),
        (&["why", "--json"], "required arguments were not provided"),
        (&["db", "--json"], "unexpected argument '--json'"),
    ] {
        let output = traderd(folder.path(), arguments, "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let told: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
        assert_eq!(told["exit_code"], 2, "{told}");
        assert_eq!(told["error"]["what"], "the command line makes no sense");
        let said = told["error"]["why"].as_str().unwrap();
        assert!(said.contains(why), "{told}");
        let next = told["error"]["next"].as_str().unwrap();
        assert!(next.contains("usage: traderd "), "{told}");
        assert_eq!(stdout(&output), "");
    }
    let checked = Command::new(env!("CARGO_BIN_EXE_traderd"))
        .args(["config", "show"])
        .env_clear()
        .env("TRADERD_CONFIG", "")
        .output()
        .unwrap();
    assert!(checked.status.success(), "{}", stderr(&checked));
}

#[test]
fn everything_wrong_with_a_configuration_is_told_and_the_end_is_78() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("conf.d")).unwrap();
    let table = [
        (
            "[risk]\nrisk_per_trad = 0.01\n",
            "t.toml:2:1: risk.risk_per_trad: there is no such key; did you mean \"risk_per_trade\"?\n\
             1 problem in the configuration\n",
        ),
        (
            "[risk\nx = 1",
            "t.toml:1:6: this is no TOML: unclosed table, expected `]`\n1 problem in the configuration\n",
        ),
        (
            "mode = \"live\"\n[risk]\ndaily_loss_fraction = 0.5\n[account]\ninitial_cash = 2500.5\n",
            "t.toml:1:8: mode: live trading needs a broker outside this program; set broker.kind = \"alpaca\" and \
             market.source = \"alpaca\", or mode = \"simulated\"\n\
             t.toml:3:23: risk.daily_loss_fraction: 0.5 is outside the 0.001 to 0.1 that this program \
             allows; choose a value between\n\
             t.toml:5:16: account.initial_cash: money is never a floating-point number; write it as a \
             string: \"2500.5\"\n\
             3 problems in the configuration\n",
        ),
        (
            "[[route]]\nname = \"A\"\nstrategy = \"moon\"\nsymbols = [\"spy\"]\n",
            "t.toml:2:8: route[1].name: \"A\" is no name for a route: use 1 to 32 characters of a-z, 0-9 \
             and '-', a letter first\n",
        ),
        (
            "[market]\nclock = \"virtual\"\nstart_date = 2024-03-16\n",
            "t.toml:3:14: market.start_date: 2024-03-16 is no trading day; choose another date\n1 problem in the configuration\n",
        ),
    ];
    for (text, expected) in table {
        std::fs::write(folder.path().join("t.toml"), text).unwrap();
        for command in [
            &["config", "check", "t.toml"][..],
            &["run", "--config", "t.toml", "--state-dir", "s"],
        ] {
            let output = traderd(folder.path(), command, "");
            assert_eq!(output.status.code(), Some(78), "{text}");
            assert!(
                stderr(&output).starts_with(expected),
                "{text}\n{}",
                stderr(&output)
            );
            assert!(stdout(&output).is_empty());
        }
    }
    assert!(
        !folder.path().join("s").exists(),
        "a wrong configuration must not make a store"
    );
}

#[test]
fn a_drop_in_is_named_where_it_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("conf.d")).unwrap();
    std::fs::write(folder.path().join("t.toml"), "").unwrap();
    std::fs::write(
        folder.path().join("conf.d/10-risk.toml"),
        "risk.orders_per_minute = 0\n",
    )
    .unwrap();
    let output = traderd(folder.path(), &["config", "check", "t.toml"], "");
    let expected = "conf.d/10-risk.toml:1:26: risk.orders_per_minute: 0 is outside the 1 to 120 ";
    assert!(stderr(&output).starts_with(expected), "{}", stderr(&output));
}

#[test]
fn a_state_folder_that_cannot_be_used_ends_with_73() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    std::fs::write(folder.path().join("t.toml"), "").unwrap();
    let output = traderd(
        folder.path(),
        &["run", "--config", "t.toml", "--state-dir", "file"],
        "",
    );
    if !cfg!(feature = "broker-sim") {
        let expected =
            "this build has no broker \"sim\", only: none; build it with --features broker-sim\n";
        assert_eq!(stderr(&output), expected);
        assert_eq!(output.status.code(), Some(78));
        return;
    }
    assert_eq!(output.status.code(), Some(73), "{}", stderr(&output));
    assert!(
        stderr(&output).starts_with("file cannot be used: "),
        "{}",
        stderr(&output)
    );
}
