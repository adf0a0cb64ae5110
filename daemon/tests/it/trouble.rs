//! What a daemon refuses or survives, and in which words: configurations, folders, databases, a
//! full disk.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use trader_rpc::TradingState;
use trader_rpc::method::call;

use crate::books::Books;
use crate::daemon::{Daemon, Place, look, stop, until};

const PACE: &str = "pace = 24000\nseed = 3";

#[test]
fn a_configuration_with_a_mistake_ends_with_78_and_makes_nothing() {
    let rows = [
        (
            "seed = 3\n",
            "sed = 3\n",
            "market.sed: there is no such key; did you mean \"seed\"?",
        ),
        ("seed = 3\n", "seed = \"3\"\n", "market.seed: "),
        (
            "max_open_positions = 8",
            "max_open_positions = 51",
            "risk.max_open_positions: 51 is outside the 1 to 50 that this program allows",
        ),
        (
            "strategy = \"velez\"",
            "strategy = \"veles\"",
            "there is no strategy \"veles\"",
        ),
        ("sma_fast = 5", "sma_fas = 5", "sma_fas"),
        ("sma_fast = 5", "sma_fast = 0", "sma_fast"),
        ("[\"CCC\"]", "[\"ccc\"]", "ccc"),
        (
            "2025-01-03",
            "2025-01-04",
            "market.start_date: 2025-01-04 is no trading day; choose another date",
        ),
    ];
    for (right, wrong, words) in rows {
        let place = Place::new(PACE);
        let text = std::fs::read_to_string(place.config()).unwrap();
        assert!(text.contains(right), "{right}");
        place.configure(&text.replace(right, wrong));
        let (code, said) = place.fail();
        assert_eq!(code, Some(78), "{wrong}: {said}");
        assert!(said.contains(words), "{wrong}: {said}");
        assert!(
            said.ends_with("1 problem in the configuration\n"),
            "{wrong}: {said}"
        );
        assert!(!place.state().exists(), "{wrong}");
    }
}

#[test]
fn a_second_daemon_is_refused_and_the_first_goes_on() {
    let place = Place::new(PACE);
    let daemon = place.start();
    let (code, said) = place.fail();
    assert_eq!(code, Some(73));
    let expected = format!(
        "another traderd (pid {}) uses {}; stop it first (traderctl stop), or name another folder with \
         --state-dir\n",
        daemon.pid(),
        place.state().display()
    );
    assert_eq!(said, expected);

    // Another state with the same sockets.
    let other = Place::new(PACE);
    let mut command = other.command();
    command.arg("--runtime-dir").arg(place.state().join("run"));
    let (status, lines) = Daemon::spawn(command).drain();
    assert_eq!(status.code(), Some(73));
    let last = &lines.last().unwrap().message;
    let holder = format!(
        "another traderd (pid {}) has the sockets below ",
        daemon.pid()
    );
    assert!(last.starts_with(&holder), "{last}");
    assert!(
        last.contains("; stop it first, or choose another folder"),
        "{last}"
    );

    assert_eq!(look::<call::Status>(&place.client()).pid, daemon.pid());
    stop(&place.client(), Some(true));
    assert!(daemon.drain().0.success());
}

#[test]
fn a_socket_left_behind_is_replaced_and_a_file_in_its_place_is_not() {
    let place = Place::new(PACE);
    place.start().kill();
    assert!(place.control().exists());
    let daemon = place.start();
    stop(&place.client(), None);
    assert!(daemon.drain().0.success());
    std::fs::write(place.control(), "mine").unwrap();
    let (code, said) = place.fail();
    assert_eq!(code, Some(73), "{said}");
    assert!(
        said.contains("is in the way and is no socket; move it away"),
        "{said}"
    );
    assert_eq!(std::fs::read(place.control()).unwrap(), b"mine");
}

#[test]
fn a_folder_that_cannot_be_made_ends_with_73() {
    let place = Place::new(PACE);
    std::fs::write(place.state(), "a file").unwrap();
    let (code, said) = place.fail();
    assert_eq!(code, Some(73));
    assert!(said.contains(" cannot be used: "), "{said}");
    assert!(
        said.ends_with("; check its owner and mode, or name another with --state-dir\n"),
        "{said}"
    );
}

/// A store of a daemon that has traded and ended, all of it in one file.
fn used() -> Place {
    let place = Place::new(PACE);
    let mut daemon = place.start();
    daemon.wait(|line| line.kind == "session_closed");
    stop(&place.client(), Some(true));
    assert!(daemon.drain().0.success());
    Books::read(&place);
    place
}

fn replace_all(bytes: &mut [u8], old: &[u8], new: &[u8]) -> usize {
    assert_eq!(old.len(), new.len());
    let mut found = 0;
    let mut at = 0;
    while at + old.len() <= bytes.len() {
        if &bytes[at..at + old.len()] == old {
            bytes[at..at + new.len()].copy_from_slice(new);
            found += 1;
        }
        at += 1;
    }
    found
}

/// Changes the database's file with `damage`; the daemon must refuse it with these words and leave it
/// as it is.
fn is_refused(damage: impl Fn(&mut Vec<u8>), words: &str) {
    let place = used();
    let mut bytes = std::fs::read(place.store()).unwrap();
    damage(&mut bytes);
    std::fs::write(place.store(), &bytes).unwrap();
    let broker = std::fs::read(place.state().join("sim-broker.json")).unwrap();
    let (code, said) = place.fail();
    assert_eq!(code, Some(73), "{said}");
    assert!(said.contains(words), "{said}");
    assert!(
        std::fs::read(place.store()).unwrap() == bytes,
        "the file was changed: {said}"
    );
    let after = std::fs::read(place.state().join("sim-broker.json")).unwrap();
    assert!(after == broker, "the broker was changed: {said}");
}

#[test]
fn a_database_that_is_none_is_refused_and_left_alone() {
    is_refused(
        |bytes| bytes[..16].copy_from_slice(b"not a database!!"),
        "keep the file for inspection and restore the last backup",
    );
}

#[test]
fn a_journal_that_was_changed_is_refused_and_left_alone() {
    is_refused(
        |bytes| {
            assert!(
                replace_all(bytes, b"\"session_closed\"", b"\"session_clased\"")
                    + replace_all(bytes, b"\"equity_at_open\":\"1", b"\"equity_at_open\":\"2")
                    > 0
            )
        },
        "the journal was changed at row ",
    );
}

#[test]
fn a_database_that_was_lost_beside_its_log_is_refused_and_left_alone() {
    let place = Place::new(PACE);
    let mut daemon = place.start();
    daemon.wait(|line| line.kind == "session_closed");
    daemon.kill();
    let log = place.state().join("traderd.db-wal");
    let bytes = std::fs::read(&log).unwrap();
    assert!(!bytes.is_empty());
    let refuses = || {
        let (code, said) = place.fail();
        assert_eq!(code, Some(73), "{said}");
        let words = "keep the file for inspection and restore the last backup\n";
        assert!(said.ends_with(words), "{said}");
        assert!(std::fs::read(&log).unwrap() == bytes, "the log was changed");
    };
    std::fs::write(place.store(), "").unwrap();
    refuses();
    assert_eq!(std::fs::read(place.store()).unwrap(), b"");
    std::fs::remove_file(place.store()).unwrap();
    refuses();
    assert!(!place.store().exists());
}

#[test]
fn a_store_that_is_gone_without_a_trace_of_its_log_is_asked_for() {
    let place = used();
    std::fs::remove_file(place.store()).unwrap();
    let mut daemon = Daemon::spawn(place.command());
    let words = "stop the daemon and put the last copy back with traderd db restore";
    daemon.wait(|line| line.message.ends_with(words));
    daemon.kill();
}

#[test]
fn a_brokers_file_that_is_none_is_refused_and_left_alone() {
    let place = used();
    let path = place.state().join("sim-broker.json");
    std::fs::write(&path, "{\"config\":").unwrap();
    let (code, said) = place.fail();
    assert_eq!(code, Some(73), "{said}");
    assert!(
        said.contains("move the file away to start with a new simulated account"),
        "{said}"
    );
    assert_eq!(std::fs::read(&path).unwrap(), b"{\"config\":");
}

#[test]
fn a_second_daemon_on_the_same_sockets_is_refused_before_a_broker_hears_of_it() {
    let first = Place::new(PACE);
    let daemon = first.start();
    let broker = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    broker.set_nonblocking(true).unwrap();
    let second = Place::new(PACE);
    let keys = second.path().join("alpaca.keys");
    std::fs::write(&keys, "sim-key\nsim-secret\n").unwrap();
    std::fs::set_permissions(&keys, std::fs::Permissions::from_mode(0o600)).unwrap();
    second.configure(&format!(
        "mode = \"simulated\"\n[market]\nsource = \"alpaca\"\nclock = \"venue\"\n[broker]\nkind = \"alpaca\"\n\
         [alpaca]\nendpoint = \"simulator\"\naddress = \"{}\"\nkeys_file = \"{}\"\n",
        broker.local_addr().unwrap(),
        keys.display()
    ));
    let mut command = second.command();
    command.arg("--runtime-dir").arg(first.state().join("run"));
    let (status, lines) = Daemon::spawn(command).drain();
    let last = &lines.last().unwrap().message;
    assert_eq!(status.code(), Some(73), "{last}");
    assert!(last.contains(" has the sockets below "), "{last}");
    let heard = broker.accept().unwrap_err();
    assert_eq!(heard.kind(), std::io::ErrorKind::WouldBlock);
    assert!(!second.store().exists());
    stop(&first.client(), Some(true));
    assert!(daemon.drain().0.success());
}

#[test]
fn a_state_folder_that_is_removed_halts_entries_and_is_told_at_the_end() {
    let place = Place::new("pace = 60\nseed = 3");
    let run = tempfile::tempdir().unwrap();
    let mut command = place.command();
    command.arg("--runtime-dir").arg(run.path());
    let mut daemon = place.start_with(command);
    // Whoever removes a folder in which files are made begins again.
    let removed = (0..100).any(|_| std::fs::remove_dir_all(place.state()).is_ok());
    assert!(removed);
    let told = daemon.wait(|line| line.message.starts_with("the journal cannot be written"));
    // Of its files it may miss either first.
    assert!(told.text.contains(" was removed"), "{}", told.text);
    let control = trader_rpc::socket::control(run.path());
    let client = trader_rpc::Client::connect(&control, "e2e").unwrap();
    let status = until(&client, |status| {
        status.trading.state == TradingState::Halted
    });
    assert!(!status.store.writable);
    let critical = status.alerts.iter().find(|alert| alert.kind == "journal");
    assert!(critical.is_some(), "{status:#?}");
    stop(&client, Some(false));
    let (status, lines) = daemon.drain();
    assert_eq!(status.code(), Some(1));
    let last = &lines.last().unwrap().message;
    assert!(last.contains("restore the last backup"), "{last}");
}

#[test]
fn a_runtime_folder_that_is_removed_comes_back_and_what_keeps_it_away_is_told() {
    let place = Place::new("pace = 60\nseed = 3");
    let run = tempfile::tempdir().unwrap();
    let folder = run.path().join("run");
    let mut command = place.command();
    command.arg("--runtime-dir").arg(&folder);
    let mut daemon = place.start_with(command);
    std::fs::remove_dir_all(&folder).unwrap();
    let anew = |daemon: &mut Daemon, role: &str| {
        let found = daemon.wait(|line| {
            let renewed = line.message == "the socket's file was removed; it is opened anew";
            renewed && line.text.contains(&format!("{role}/sock"))
        });
        drop(found);
    };
    anew(&mut daemon, "control");
    let control = trader_rpc::socket::control(&folder);
    let client = trader_rpc::Client::connect(&control, "e2e").unwrap();
    assert_eq!(look::<call::Status>(&client).pid, daemon.pid());

    std::fs::remove_dir_all(&folder).unwrap();
    std::fs::write(&folder, "in the way").unwrap();
    daemon.wait(|line| {
        line.message
            .ends_with("no other can be made; restart the daemon")
    });
    std::fs::remove_file(&folder).unwrap();
    anew(&mut daemon, "control");
    let client = trader_rpc::Client::connect(&control, "e2e").unwrap();
    stop(&client, Some(true));
    assert!(daemon.drain().0.success());
}

#[test]
fn a_journal_that_cannot_grow_halts_entries_and_the_daemon_goes_on() {
    if !Path::new("/bin/sh").exists() {
        println!("skipped: there is no /bin/sh to set a limit with");
        return;
    }
    let place = Place::new("pace = 6000\nseed = 3");
    let plain = place.command();
    let mut command = Command::new("/bin/sh");
    // Beyond the limit writing fails as on a full disk; the signal would end the process.
    command
        .arg("-c")
        .arg("trap '' XFSZ; ulimit -f 900; exec \"$@\"")
        .arg("sh")
        .arg(plain.get_program())
        .args(plain.get_args())
        .env_clear();
    let mut daemon = place.start_with(command);
    daemon.wait(|line| line.message.starts_with("the journal cannot be written"));
    let client = place.client();
    let status = until(&client, |status| {
        status.trading.state == TradingState::Halted
    });
    assert!(!status.store.writable);
    assert!(!status.alerts.is_empty(), "{status:#?}");
    stop(&client, Some(true));
    let (status, lines) = daemon.drain();
    assert_eq!(status.code(), Some(1));
    let last = &lines.last().unwrap().message;
    assert!(
        last.starts_with("the journal could not be written: "),
        "{last}"
    );

    // With room again the journal lacks what was done from memory. The broker's records tell it: either
    // every lost order is taken up again, or the difference is found and entries stay halted. In
    // both cases a flatten closes what is there and opens nothing.
    let daemon = place.start();
    let client = place.client();
    until(&client, |status| status.reconciled);
    stop(&client, Some(true));
    let (status, _) = daemon.drain();
    assert_eq!(status.code(), Some(0));
    let books = Books::read_gaps_and_all(&place);
    assert!(
        books.broker.positions.is_empty(),
        "{:?}",
        books.broker.positions
    );
    assert!(books.held().is_empty(), "{:?}", books.held());
}
