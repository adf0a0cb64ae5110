//! `doctor`: the real binary beside a daemon that does not run, and a running one that looks at itself,
//! both at a simulator that speaks Alpaca's language.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;
use trader_rpc::method::call;
use trader_rpc::{Check, Diagnosis, LinkState, Outcome};

use crate::daemon::{Place, look, until};
use crate::exchange::{Exchange, KEYS, key_file};
use crate::shop;

/// A daemon that trades at the exchange, with this clock and feed.
fn trading(exchange: &Exchange, keys: &str, market: &str, feed: &str) -> Place {
    let place = Place::new("");
    let section = exchange.section(&place, keys);
    place.configure(&format!(
        "[market]\nsource = \"alpaca\"\n{market}\n[broker]\nkind = \"alpaca\"\n{section}feed = \"{feed}\"\n\
         [watch]\nskew_ms = 10000\n[rpc]\nrequests_per_second = 1000\nrequest_burst = 2000\n\
         [log]\nformat = \"json\"\nlevel = \"info\"\n\
         [[route]]\nname = \"breakout\"\nstrategy = \"opening-range\"\nsymbols = [\"AAPL\"]\n\
         timeframe_minutes = 5\n"
    ));
    place
}

const VENUE: &str = "clock = \"venue\"\npace = 1";

/// What `traderd doctor` finds, and what it ends with.
fn beside(place: &Place, more: &[&str]) -> (Diagnosis, i32) {
    beside_with(place, more, &[])
}

fn beside_with(place: &Place, more: &[&str], environment: &[(&str, &Path)]) -> (Diagnosis, i32) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_traderd"));
    command
        .args(["doctor", "--json", "--config"])
        .arg(place.config())
        .arg("--state-dir")
        .arg(place.state())
        .args(more)
        .env_clear()
        .envs(environment.iter().copied())
        .stdin(Stdio::null());
    let output = command.output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    let diagnosis = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|why| panic!("{why}: {error} {:?}", output.stdout));
    (diagnosis, output.status.code().unwrap())
}

fn of<'a>(diagnosis: &'a Diagnosis, name: &str) -> &'a Check {
    let found = diagnosis.checks.iter().find(|check| check.name == name);
    found.unwrap_or_else(|| panic!("no {name} in {diagnosis:#?}"))
}

/// Whether one check alone is bad, and has these words in what was found and in what to do.
fn only_bad(found: &(Diagnosis, i32), name: &str, finding: &str, next: &str) {
    let (diagnosis, code) = found;
    let bad = diagnosis
        .checks
        .iter()
        .filter(|check| check.outcome == Outcome::Bad);
    let bad: Vec<&str> = bad.map(|check| check.name.as_str()).collect();
    assert_eq!((bad, *code), (vec![name], 1), "{diagnosis:#?}");
    let check = of(diagnosis, name);
    assert!(check.finding.contains(finding), "{check:#?}");
    assert!(check.next.as_ref().unwrap().contains(next), "{check:#?}");
}

#[test]
fn everything_is_good_beside_a_daemon_that_does_not_run() {
    let exchange = Exchange::open(&[]);
    let place = trading(&exchange, KEYS, VENUE, "sip");
    let (diagnosis, code) = beside(&place, &[]);
    assert!(!diagnosis.running);
    for name in [
        "configuration",
        "configuration_files",
        "keys",
        "account",
        "mode",
        "calendar",
        "feed",
        "trading_stream",
        "data_stream",
    ] {
        assert_eq!(
            of(&diagnosis, name).outcome,
            Outcome::Good,
            "{diagnosis:#?}"
        );
    }
    for name in ["state_folder", "sockets", "clock"] {
        assert_eq!(
            of(&diagnosis, name).outcome,
            Outcome::LeftOut,
            "{diagnosis:#?}"
        );
    }
    assert_eq!(code, 0, "{diagnosis:#?}");
    let shown = format!("{diagnosis:?}");
    assert!(!shown.contains("sim-secret"), "{shown}");

    let (diagnosis, code) = beside(&place, &["--no-streams"]);
    assert_eq!(of(&diagnosis, "data_stream").outcome, Outcome::LeftOut);
    assert_eq!(code, 0);
}

#[test]
fn what_is_wrong_is_told_with_what_to_do() {
    let exchange = Exchange::open(&[]);
    let place = trading(&exchange, KEYS, VENUE, "sip");

    exchange.admin("account", &json!({ "blocked": "under review" }));
    let found = beside(&place, &["--no-streams"]);
    only_bad(&found, "account", "blocked", "dashboard says why");
    exchange.admin("account", &json!({}));

    let wall = trading(&exchange, KEYS, "clock = \"wall\"", "sip");
    let found = beside(&wall, &["--no-streams"]);
    only_bad(
        &found,
        "clock",
        "more than watch.skew_ms = 10000",
        "timedatectl",
    );

    let wrong = trading(&exchange, "sim-key\nother-secret\n", VENUE, "sip");
    let found = beside(&wrong, &[]);
    only_bad(&found, "keys", "unauthorized", "keys of their own");
    assert!(!format!("{found:?}").contains("other-secret"));
    assert_eq!(of(&found.0, "trading_stream").outcome, Outcome::LeftOut);

    let path = key_file(&place);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let found = beside(&place, &[]);
    only_bad(&found, "keys", "mode 0644", "mode 0600");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();

    std::fs::set_permissions(place.config(), std::fs::Permissions::from_mode(0o666)).unwrap();
    let found = beside(&place, &["--no-streams"]);
    only_bad(&found, "configuration_files", "mode 0666", "chmod go-w");
    std::fs::set_permissions(place.config(), std::fs::Permissions::from_mode(0o600)).unwrap();

    drop(exchange);
    let found = beside(&place, &[]);
    only_bad(&found, "keys", "did not answer", "network");

    place.configure("mode = \"paper\"\n");
    let found = beside(&place, &[]);
    only_bad(&found, "configuration", "mode", "config check");
}

#[test]
fn a_feed_that_the_plan_does_not_have_is_told() {
    let exchange = Exchange::open(&["--plan", "basic"]);
    let place = trading(&exchange, KEYS, VENUE, "sip");
    let found = beside(&place, &["--no-streams"]);
    only_bad(&found, "feed", "subscription", "iex is free");
    let place = trading(&exchange, KEYS, VENUE, "iex");
    let (diagnosis, code) = beside(&place, &[]);
    assert_eq!(code, 0, "{diagnosis:#?}");
}

#[test]
fn keys_are_found_where_systemd_puts_them() {
    let exchange = Exchange::open(&[]);
    let place = trading(&exchange, KEYS, VENUE, "iex");
    let config = std::fs::read_to_string(place.config()).unwrap();
    let named = config.lines().filter(|line| !line.starts_with("keys_file"));
    place.configure(&named.collect::<Vec<_>>().join("\n"));
    let (diagnosis, _) = beside(&place, &["--no-streams"]);
    let keys = of(&diagnosis, "keys");
    assert_eq!(keys.outcome, Outcome::Bad, "{keys:#?}");
    assert!(keys.finding.contains("LoadCredential"), "{keys:#?}");
    // A credential of its own, and one of the folder that the unit loads whole.
    for name in ["alpaca", "etc_alpaca"] {
        let handed_over = tempfile::tempdir().unwrap();
        let path = handed_over.path().join(name);
        std::fs::write(&path, KEYS).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o400)).unwrap();
        let environment = [("CREDENTIALS_DIRECTORY", handed_over.path())];
        let (diagnosis, code) = beside_with(&place, &["--no-streams"], &environment);
        assert_eq!(code, 0, "{name}: {diagnosis:#?}");
    }
}

#[test]
fn without_a_broker_outside_there_is_nothing_to_ask() {
    let place = shop::place("");
    let (diagnosis, code) = beside(&place, &[]);
    assert_eq!(of(&diagnosis, "keys").outcome, Outcome::LeftOut);
    assert_eq!(code, 0, "{diagnosis:#?}");
    assert!(diagnosis.checks.iter().all(|check| check.name != "account"));
}

#[test]
fn keys_that_alpaca_refuses_are_told_as_that() {
    let exchange = Exchange::open(&[]);
    let wall = "clock = \"wall\"";
    let place = trading(&exchange, "sim-key\nother-secret\n", wall, "sip");
    let _daemon = place.start();
    let client = place.client();
    let standing = |status: &trader_rpc::Status, kind: &str| {
        let mut alerts = status.alerts.iter();
        alerts.find(|alert| alert.kind == kind).cloned()
    };
    let status = until(&client, |status| {
        standing(status, "broker_unheard").is_some()
            && status.feed.state == LinkState::Down
            && status.broker.state == LinkState::Down
    });
    let alert = standing(&status, "broker_unheard").unwrap();
    let refused = "Alpaca refused the keys: unauthorized (40110000)";
    assert!(alert.message.ends_with(refused), "{alert:#?}");
    assert!(alert.action.contains("put right keys"), "{alert:#?}");
    let stopped = look::<call::WhyHalted>(&client);
    for kind in ["not_reconciled", "broker_down", "feed_down"] {
        let obstacle = stopped.iter().find(|obstacle| obstacle.kind == kind);
        let obstacle = obstacle.unwrap_or_else(|| panic!("no {kind} in {stopped:#?}"));
        assert_eq!(obstacle.next, alert.action, "{obstacle:#?}");
    }
}

#[test]
fn a_second_client_that_has_the_prices_is_told_as_that() {
    let exchange = Exchange::open(&[]);
    let first = trading(&exchange, KEYS, VENUE, "sip");
    let _other = first.start();
    let up = |status: &trader_rpc::Status| status.feed.state == LinkState::Up;
    until(&first.client(), up);

    let place = trading(&exchange, KEYS, VENUE, "sip");
    let (words, help) = (
        "another client uses the same keys",
        "stop the other program",
    );
    let (diagnosis, code) = beside(&place, &[]);
    let stream = of(&diagnosis, "data_stream");
    assert_eq!((stream.outcome, code), (Outcome::Bad, 1), "{stream:#?}");
    assert!(stream.finding.contains(words), "{stream:#?}");
    assert!(stream.next.as_ref().unwrap().contains(help), "{stream:#?}");

    let _daemon = place.start();
    let client = place.client();
    let status = until(&client, |status| status.feed.state == LinkState::Down);
    let detail = status.feed.detail.unwrap();
    assert!(detail.contains(words) && detail.contains("406"), "{detail}");
    let stopped = look::<call::WhyHalted>(&client);
    for kind in ["feed_down", "stale_data"] {
        let obstacle = stopped.iter().find(|obstacle| obstacle.kind == kind);
        let obstacle = obstacle.unwrap_or_else(|| panic!("no {kind} in {stopped:#?}"));
        assert!(obstacle.why.contains(words), "{obstacle:#?}");
        assert!(obstacle.next.contains(help), "{obstacle:#?}");
    }
    let own = look::<call::Doctor>(&client);
    let stream = of(&own, "data_stream");
    assert_eq!(stream.outcome, Outcome::Bad, "{stream:#?}");
    assert!(stream.finding.contains(words), "{stream:#?}");
    assert!(stream.next.as_ref().unwrap().contains(help), "{stream:#?}");
}

#[test]
fn a_running_daemon_looks_at_itself_and_nobody_disturbs_its_streams() {
    let exchange = Exchange::open(&[]);
    let place = trading(&exchange, KEYS, VENUE, "sip");
    let _daemon = place.start();
    let client = place.client();
    let up = |status: &trader_rpc::Status| {
        status.feed.state == LinkState::Up && status.broker.state == LinkState::Up
    };
    until(&client, up);

    let diagnosis = look::<call::Doctor>(&client);
    assert!(diagnosis.running && !diagnosis.is_bad(), "{diagnosis:#?}");
    for name in [
        "clock",
        "state_folder",
        "sockets",
        "trading_stream",
        "data_stream",
    ] {
        assert_eq!(
            of(&diagnosis, name).outcome,
            Outcome::Good,
            "{diagnosis:#?}"
        );
    }
    assert!(of(&diagnosis, "data_stream").finding.contains("own stands"));

    // From beside, the streams are left to the one that runs.
    let (beside, code) = beside(&place, &[]);
    assert_eq!(code, 0, "{beside:#?}");
    let stream = of(&beside, "data_stream");
    assert_eq!(stream.outcome, Outcome::LeftOut, "{beside:#?}");
    assert!(stream.finding.contains("(pid "), "{stream:#?}");

    let still = look::<call::Status>(&client);
    assert!(up(&still), "{:#?} {:#?}", still.feed, still.broker);

    // Who may only look is told the same, and costs the broker no question.
    assert_eq!(look::<call::Doctor>(&place.reader()), diagnosis);
}
