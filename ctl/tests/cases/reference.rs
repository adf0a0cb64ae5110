//! What the program says about itself: help as one snapshot, completions, manual pages.

use super::program::run;

const COMMANDS: &[&[&str]] = &[
    &[],
    &["status"],
    &["positions"],
    &["orders"],
    &["trades"],
    &["trades", "note"],
    &["trades", "tag"],
    &["trades", "history"],
    &["day"],
    &["strategies"],
    &["why-halted"],
    &["alerts"],
    &["alerts", "list"],
    &["alerts", "ack"],
    &["alerts", "test"],
    &["pause"],
    &["resume"],
    &["close"],
    &["cancel"],
    &["flatten"],
    &["kill"],
    &["arm"],
    &["disarm"],
    &["override"],
    &["reconcile"],
    &["adopt"],
    &["ignore"],
    &["stop"],
    &["reload"],
    &["alerts"],
    &["alerts", "test"],
    &["logs"],
    &["why"],
    &["backtest"],
    &["backtest", "list"],
    &["backtest", "show"],
    &["backtest", "compare"],
    &["backtest", "delete"],
    &["jobs"],
    &["jobs", "list"],
    &["jobs", "show"],
    &["jobs", "watch"],
    &["jobs", "cancel"],
    &["jobs", "delete"],
    &["data"],
    &["data", "import"],
    &["data", "list"],
    &["data", "verify"],
    &["data", "gaps"],
    &["data", "export"],
    &["data", "remove"],
    &["audit"],
    &["audit", "verify"],
    &["audit", "export"],
    &["calendar"],
    &["config"],
    &["config", "init"],
    &["config", "check"],
    &["config", "show"],
    &["completions"],
    &["man"],
];

#[test]
fn the_whole_help_is_this() {
    let brief = run(&["-h"]);
    let mut text = format!("## traderctl -h\n\n{}", brief.text());
    for command in COMMANDS {
        let help = run(&[*command, &["--help"]].concat());
        let name = [&["traderctl"], *command, &["--help"]].concat().join(" ");
        text.push_str(&format!("\n## {name}\n\n{}", help.text()));
    }
    insta::assert_snapshot!("help", text);
}

#[test]
fn the_first_line_of_help_is_short_and_has_no_period() {
    for command in COMMANDS {
        let help = run(&[*command, &["-h"]].concat());
        let first = help.text().lines().next().unwrap();
        assert!(
            first.len() <= 60 && !first.ends_with('.'),
            "{command:?}: {first}"
        );
    }
}

#[test]
fn every_shell_gets_a_completion_script() {
    for shell in ["bash", "zsh", "fish"] {
        let run = run(&["completions", shell]);
        for word in ["traderctl", "flatten", "start-date"] {
            assert!(run.text().contains(word), "{shell}: {word}");
        }
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("man1");
    let run_dir = run(&["man", "--dir", dir.to_str().unwrap()]);
    assert_eq!(run_dir.text(), "");
    for command in COMMANDS {
        let name = [&["traderctl"], *command].concat().join("-");
        let page = std::fs::read_to_string(dir.join(format!("{name}.1"))).unwrap();
        assert!(page.contains(".SH SYNOPSIS"), "{name}");
        assert!(page.contains("Exit codes"), "{name}");
    }
    assert!(run(&["man"]).text().contains("Exit codes"));
}
