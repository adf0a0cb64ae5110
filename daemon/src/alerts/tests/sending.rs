//! What arrives, what is tried again, what is given up, and what nobody may see.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use trader_core::record::Alert;

use super::server::Server;
use super::*;
use crate::alerts::Delivery;
use crate::alerts::dead_man::DeadMan;
use crate::systemd::Heart;

fn token(text: &str) -> (tempfile::TempDir, crate::credentials::Secret) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let token = crate::credentials::read(&path).unwrap();
    (folder, token)
}

#[test]
fn a_webhook_is_given_the_alert_and_its_secret() {
    run(async {
        let server = Server::start(&[204]).await;
        let (_folder, secret) = token("s3cret");
        for (path, line, bearer) in [
            (
                "/hook?a=b",
                "POST /hook?a=b",
                Some("Bearer s3cret".to_owned()),
            ),
            ("/hook/{token}", "POST /hook/s3cret", None),
        ] {
            let address = format!("{}{path}", server.address);
            let endpoint = endpoint(&address, Some(&secret), PATIENCE);
            assert!(!format!("{endpoint:?}").contains("s3cret"));
            let before = server.so_far().len();
            endpoint.post(notice(7).json()).await.unwrap();
            let asked = server.heard(before + 1).await.pop().unwrap();
            assert_eq!((asked.line.as_str(), asked.authorization), (line, bearer));
            let json: serde_json::Value = serde_json::from_str(&asked.body).unwrap();
            assert_eq!(json["number"], 7);
            assert_eq!(json["severity"], "critical");
        }
    });
}

#[test]
fn a_webhook_that_fails_first_is_tried_again_and_the_order_is_kept() {
    run(async {
        let server = Server::start(&[500, 302, 200]).await;
        let endpoint = endpoint(&server.address, None, PATIENCE);
        let (way, done) = way("webhook", Port::Webhook(endpoint), quick());
        way.raise(notice(1));
        way.raise(notice(2));
        let worker = Arc::clone(&way);
        let work = tokio::spawn(async move { worker.work().await });
        way.drained().await;
        work.abort();
        let bodies: Vec<_> = server
            .so_far()
            .into_iter()
            .map(|asked| asked.body)
            .collect();
        let (first, second) = (notice(1).json(), notice(2).json());
        assert_eq!(bodies, [first.clone(), first.clone(), first, second]);
        assert_eq!(*done.lock().unwrap(), [1, 2]);
        let health = way.health();
        assert_eq!((health.delivered, health.given_up), (2, 0));
        assert_eq!(health.trouble, None);
    });
}

#[test]
fn a_webhook_that_always_fails_is_given_up_and_said() {
    run(async {
        let server = Server::start(&[404]).await;
        let address = format!("{}/s3cret", server.address);
        let endpoint = endpoint(&address, None, PATIENCE);
        let (way, done) = way("webhook", Port::Webhook(endpoint), quick());
        way.raise(notice(1));
        let worker = Arc::clone(&way);
        let work = tokio::spawn(async move { worker.work().await });
        way.drained().await;
        work.abort();
        assert_eq!(server.so_far().len(), 4, "once, and once for each wait");
        assert_eq!(*done.lock().unwrap(), [1], "it does not come again");
        let health = way.health();
        assert_eq!((health.delivered, health.given_up), (0, 1));
        let (_, why) = health.trouble.unwrap();
        assert_eq!(why, format!("{} answered 404 Not Found", server.address));
    });
}

#[test]
fn a_webhook_that_never_answers_is_left_after_its_time() {
    run(async {
        let server = Server::start(&[0]).await;
        let slow = endpoint(&server.address, None, Duration::from_millis(50));
        let error = slow.post(notice(1).json()).await.unwrap_err().to_string();
        assert_eq!(
            error,
            format!("{} did not answer within 50ms", server.address)
        );
        // Who raises alerts meanwhile does not wait.
        let stuck = endpoint(&server.address, None, PATIENCE);
        let (way, done) = way("webhook", Port::Webhook(stuck), quick());
        let worker = Arc::clone(&way);
        let work = tokio::spawn(async move { worker.work().await });
        for number in 0..500 {
            way.raise(notice(number));
        }
        server.heard(2).await;
        assert!(way.dropped() >= 399, "{}", way.dropped());
        assert_eq!(*done.lock().unwrap(), [0_u64; 0]);
        let (_, why) = way.health().trouble.unwrap();
        assert!(why.starts_with("the queue is full: "), "{why}");
        work.abort();
    });
}

#[test]
fn a_closed_port_is_an_error_that_names_the_host_alone() {
    run(async {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let gone = endpoint(&format!("{address}/s3cret"), None, PATIENCE);
        let error = gone.get().await.unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("cannot connect to {address}: ")),
            "{error}"
        );
        assert!(!error.contains("s3cret"));
    });
}

#[test]
fn what_speaks_no_tls_is_not_trusted() {
    run(async {
        let server = Server::start(&[200]).await;
        let address = server.address.replace("http:", "https:");
        // Without certificate authorities on this machine it is refused even earlier.
        let address = WebAddress::parse(&address).unwrap();
        if let Ok(endpoint) = Endpoint::new(&address, None, PATIENCE) {
            endpoint.get().await.unwrap_err();
        }
        assert_eq!(server.so_far(), []);
    });
}

/// A program of these lines; it has the folder as `$0`'s.
fn script(folder: &Path, lines: &str) -> Vec<String> {
    let path = folder.join("notify");
    std::fs::write(
        &path,
        format!("#!/bin/sh\ncd \"$(dirname \"$0\")\"\n{lines}\n"),
    )
    .unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
    vec![path.display().to_string(), "one".into(), "two words".into()]
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap_or_default()
}

#[test]
fn a_command_is_given_the_alert_and_nothing_else_of_ours() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let lines = "cat > stdin\nenv > env\necho \"$# $2\" > arguments";
        let command = script(folder.path(), lines);
        let (way, _) = way("command", Port::Command(command), quick());
        way.attempt(&notice(7)).await.unwrap();
        assert_eq!(read(folder.path(), "stdin"), notice(7).json() + "\n");
        assert_eq!(read(folder.path(), "arguments"), "2 two words\n");
        let env = read(folder.path(), "env");
        assert!(env.contains("TRADER_ALERT_NUMBER=7\n"), "{env}");
        assert!(env.contains("TRADER_ALERT_SEVERITY=critical\n"), "{env}");
        let foreign: Vec<&str> = env
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(name, _)| name)
            .filter(|name| !name.starts_with("TRADER_ALERT_"))
            // What a shell sets by itself.
            .filter(|name| !["PATH", "PWD", "OLDPWD", "SHLVL", "_"].contains(name))
            .collect();
        assert_eq!(foreign, [""; 0]);
    });
}

#[test]
fn a_command_that_hangs_is_killed_with_what_it_started() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let lines = "mkfifo never\ncat never &\necho $! > child\nwait";
        let command = script(folder.path(), lines);
        let patience = Patience {
            attempt: Duration::from_secs(1),
            waits: quick().waits,
        };
        let (way, done) = way("command", Port::Command(command), patience);
        way.raise(notice(1));
        let worker = Arc::clone(&way);
        let work = tokio::spawn(async move { worker.work().await });
        way.drained().await;
        work.abort();
        let (_, why) = way.health().trouble.unwrap();
        assert!(why.ends_with("took longer than 1s and was killed"), "{why}");
        assert_eq!(*done.lock().unwrap(), [1], "a program is tried once");
        let child = read(folder.path(), "child").trim().to_owned();
        let gone = || {
            let stat = std::fs::read_to_string(PathBuf::from("/proc").join(&child).join("stat"));
            stat.map_or(true, |stat| stat.contains(") Z "))
        };
        while !gone() {
            tokio::task::yield_now().await;
        }
    });
}

#[test]
fn a_command_that_fails_or_is_not_there_is_said() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let failing = script(folder.path(), "exit 3");
        let (failing, _) = way("command", Port::Command(failing), quick());
        let error = failing.attempt(&notice(1)).await.unwrap_err();
        assert!(error.ends_with("failed: exit status: 3"), "{error}");
        let missing = vec!["/nonexistent/notify".to_owned()];
        let (missing, _) = way("command", Port::Command(missing), quick());
        let error = missing.attempt(&notice(1)).await.unwrap_err();
        assert!(
            error.starts_with("/nonexistent/notify cannot be run: "),
            "{error}"
        );
    });
}

#[test]
fn a_command_runs_once_at_a_time() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let lines =
            "mkdir busy || { echo two at once > clash; exit 1; }\ncat > /dev/null\nrmdir busy";
        let command = script(folder.path(), lines);
        let (way, _) = way("command", Port::Command(command), quick());
        let (first, second) = (notice(1), notice(2));
        let (a, b, c) = tokio::join!(
            way.attempt(&first),
            way.attempt(&second),
            way.attempt(&first)
        );
        assert_eq!((a, b, c), (Ok(()), Ok(()), Ok(())));
        assert_eq!(read(folder.path(), "clash"), "");
    });
}

#[test]
fn the_dead_mans_switch_is_held_only_while_every_loop_gets_on_and_trading_is_ready() {
    run(async {
        let server = Server::start(&[200]).await;
        let address = format!("{}/ping", server.address);
        let every = Duration::from_millis(20);
        let switch = DeadMan::new(endpoint(&address, None, PATIENCE), every);
        let heart = Heart::default();
        for pulse in [&heart.engine, &heart.writer, &heart.broker] {
            pulse.rest();
        }
        // Not ready: whoever waits for a look waits for more than one.
        let looks = std::sync::atomic::AtomicUsize::new(0);
        let unready = switch.hold(&heart, || {
            looks.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            false
        });
        let looked = async {
            while looks.load(std::sync::atomic::Ordering::Relaxed) < 3 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! { () = unready => {}, () = looked => {} }
        assert_eq!(server.so_far(), []);

        let heard = tokio::select! {
            () = switch.hold(&heart, || true) => Vec::new(),
            heard = server.heard(3) => heard,
        };
        assert!(
            heard.iter().all(|asked| asked.line == "GET /ping"),
            "{heard:?}"
        );

        // The engine hangs at work: after the look that finds it, nobody is asked any more.
        heart.engine.beat();
        let before = server.so_far().len();
        let hang = switch.hold(&heart, || true);
        let waited = tokio::time::sleep(every * 10);
        tokio::select! { () = hang => {}, () = waited => {} }
        assert!(server.so_far().len() <= before + 1);
    });
}

#[test]
fn who_was_told_of_an_alert_that_stands_is_told_of_its_end_once() {
    run(async {
        let server = Server::start(&[204]).await;
        let endpoint = endpoint(&server.address, None, PATIENCE);
        let (way, _done) = way("webhook", Port::Webhook(endpoint), quick());
        let delivery = Delivery {
            ways: vec![Arc::clone(&way)],
            minimum: Severity::Warning,
            mode: "simulated".to_owned(),
            ..Delivery::none()
        };
        let at = Timestamp::from_seconds(0);
        let alert = |kind: &str, severity, standing| Alert {
            severity,
            kind: kind.into(),
            symbol: None,
            message: kind.into(),
            action: "look".into(),
            standing,
        };
        delivery.raise(1, at, &alert("stands", Severity::Warning, true));
        delivery.raise(2, at, &alert("once", Severity::Warning, false));
        delivery.raise(3, at, &alert("light", Severity::Notice, true));
        for (number, kind) in [(4, "once"), (5, "light"), (6, "stands"), (7, "stands")] {
            delivery.clear(number, at, kind, None);
        }
        let worker = Arc::clone(&way);
        let work = tokio::spawn(async move { worker.work().await });
        way.drained().await;
        work.abort();
        let told = server.so_far().into_iter().map(|asked| {
            let json: serde_json::Value = serde_json::from_str(&asked.body).unwrap();
            (json["number"].as_u64(), json["over"].as_bool())
        });
        let told: Vec<_> = told.collect();
        let expected = [(1, false), (2, false), (6, true)];
        assert_eq!(
            told,
            expected.map(|(number, over)| (Some(number), Some(over)))
        );
    });
}
