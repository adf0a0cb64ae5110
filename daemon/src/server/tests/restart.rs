//! A daemon that restarts, as its clients see it: the socket is kept, so that nobody is refused.

use std::os::unix::net::UnixListener;
use std::thread;

use trader_rpc::{CallError, NoParams, call};

use super::*;

/// A server on sockets that somebody keeps beside it.
fn start(folder: &Path, kept: &[UnixListener], runtime: &tokio::runtime::Runtime) -> Server {
    let clones = kept.iter().map(|socket| socket.try_clone().unwrap());
    let _inside = runtime.enter();
    let handed = Handed::of(clones.collect());
    let sockets = Sockets::open(folder, handed).unwrap();
    Server::start(sockets, &settings(), services()).unwrap()
}

fn kept(folder: &Path) -> Vec<UnixListener> {
    let paths = [
        trader_rpc::socket::control(folder),
        trader_rpc::socket::read(folder),
    ];
    let bind = |path: &PathBuf| {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        UnixListener::bind(path).unwrap()
    };
    paths.iter().map(bind).collect()
}

#[test]
fn a_client_asks_the_next_daemon_and_one_that_comes_between_waits() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let kept = kept(folder.path());
    let first = start(folder.path(), &kept, &runtime);
    let path = trader_rpc::socket::read(folder.path());
    let client = Client::connect(&path, "before").unwrap();
    assert!(client.call::<call::Config>(&NoParams {}).is_ok());
    runtime.block_on(first.stop());

    let between = thread::spawn(move || Client::connect(&path, "between").map(drop));
    let asking = thread::spawn(move || client.call::<call::Config>(&NoParams {}).map(drop));
    let second = start(folder.path(), &kept, &runtime);
    assert_eq!(asking.join().unwrap(), Ok(()));
    assert!(between.join().unwrap().is_ok());
    runtime.block_on(second.stop());
}

#[test]
fn without_a_next_daemon_a_call_is_lost_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = start(folder.path(), &[], &runtime);
    let path = trader_rpc::socket::control(folder.path());
    let client = Client::connect(&path, "test").unwrap();
    runtime.block_on(server.stop());
    let lost = client.call::<call::Config>(&NoParams {}).unwrap_err();
    assert!(matches!(lost, CallError::Lost { .. }), "{lost:?}");
    assert!(!path.exists());
}

#[test]
fn of_those_who_start_at_once_over_a_socket_left_behind_one_gets_it() {
    const STARTS: usize = 4;
    let ours = std::process::id();
    for round in 0..50 {
        let folder = tempfile::tempdir().unwrap();
        drop(kept(folder.path()));
        let together = std::sync::Barrier::new(STARTS);
        let opened: Vec<_> = thread::scope(|scope| {
            let start = || {
                together.wait();
                Sockets::open(folder.path(), Handed::default())
            };
            let starts: Vec<_> = (0..STARTS).map(|_| scope.spawn(start)).collect();
            let opened = starts.into_iter().map(|start| start.join().unwrap());
            opened.collect()
        });
        let (ours_now, refused): (Vec<_>, Vec<_>) = opened.into_iter().partition(Result::is_ok);
        assert_eq!(ours_now.len(), 1, "round {round}: {refused:?}");
        for path in [
            trader_rpc::socket::control(folder.path()),
            trader_rpc::socket::read(folder.path()),
        ] {
            let caller = std::os::unix::net::UnixStream::connect(&path);
            assert!(caller.is_ok(), "round {round}: {caller:?}");
        }
        for refused in refused {
            let error = refused.unwrap_err();
            let ServerError::Socket(SocketError::Claimed { pid, .. }) = &error else {
                panic!("round {round}: {error}");
            };
            assert!(pid.is_none_or(|pid| pid == ours), "{error}");
        }
    }
}
