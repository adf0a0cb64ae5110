//! `traderctl config`: the template, the daemon's own check run in its place, the one in force.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::json;

use super::fake::Fake;
use super::program::{run, run_at};

const TEMPLATE: &str = include_str!("../../../packaging/traderd.toml");

#[test]
fn init_prints_the_configuration_that_the_packages_install() {
    assert_eq!(run(&["config", "init"]).text(), TEMPLATE);
}

#[test]
fn show_without_a_file_asks_the_daemon() {
    let fake = Fake::start();
    let run = run_at(fake.runtime_dir(), &["config", "show"]);
    insta::assert_snapshot!(run.text(), @r#"
    # SIMULATED  SYNTHETIC DATA
    # configuration 9f2c51d0a7e3b864 of /etc/traderd/traderd.toml
    mode = "simulated"
    "#);
}

/// A folder with our program in it and, if there is a script, a `traderd` made of it.
pub(super) fn installed(traderd: Option<&str>) -> tempfile::TempDir {
    let program = Path::new(env!("CARGO_BIN_EXE_traderctl"));
    let folder = tempfile::tempdir_in(program.parent().unwrap()).unwrap();
    fs::hard_link(program, folder.path().join("traderctl")).unwrap();
    if let Some(script) = traderd {
        let path = folder.path().join("traderd");
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder
}

pub(super) fn run_in(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(folder.join("traderctl"));
    command.env_clear().args(args).output().unwrap()
}

#[test]
fn check_is_the_daemons_own_with_its_output_and_its_exit_code() {
    let folder = installed(Some("echo \"asked: $*\"; echo 'line 3: no' >&2; exit 78"));
    for (args, asked) in [
        (&["config", "check"][..], "asked: config check\n"),
        (
            &["config", "check", "a.toml"],
            "asked: config check a.toml\n",
        ),
        (&["config", "show", "a.toml"], "asked: config show a.toml\n"),
    ] {
        let output = run_in(folder.path(), args);
        assert_eq!(output.status.code(), Some(78), "{output:?}");
        assert_eq!(String::from_utf8(output.stdout).unwrap(), asked);
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "line 3: no\n");
    }
    let output = run_in(folder.path(), &["config", "check", "a.toml", "--json"]);
    assert_eq!(output.status.code(), Some(78));
    assert_eq!(
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap(),
        json!({ "exit_code": 78, "output": "asked: config check a.toml\n",
                "messages": ["line 3: no"] })
    );
    let folder = installed(Some("exit 0"));
    assert_eq!(
        run_in(folder.path(), &["config", "check"]).status.code(),
        Some(0)
    );
}

#[test]
fn without_traderd_nothing_is_checked_and_that_is_said() {
    let folder = installed(None);
    let output = run_in(folder.path(), &["config", "check"]);
    assert_eq!(output.status.code(), Some(1));
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(
        words.contains("install traderd beside traderctl"),
        "{words}"
    );
}
