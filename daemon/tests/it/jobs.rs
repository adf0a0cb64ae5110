//! Market data through the daemon, from the file to the store and back, and jobs by hand, behind a
//! socket and with rights of their own.

use std::io::Write as _;
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use trader_rpc::method::call;
use trader_rpc::{
    GapsResult, ImportResult, JobState, RemoveDataParams, RequestId, SubmitJobParams, VerifyResult,
    Work,
};
use traderd::jobs::stream::{Order, STREAM_VERSION};

use crate::daemon::stop;
use crate::shop::{
    begun, cancel, data, file, import, import_of, minutes, over, place, result, submit, work,
};

/// Lines of a file without the header that begin with this.
fn without(content: &[u8], minutes: &[&str]) -> Vec<u8> {
    let text = std::str::from_utf8(content).unwrap();
    let kept = text
        .lines()
        .filter(|line| !minutes.iter().any(|at| line.starts_with(at)));
    kept.flat_map(|line| [line, "\n"])
        .collect::<String>()
        .into_bytes()
}

#[test]
fn a_file_is_imported_listed_searched_verified_exported_and_removed() {
    let place = place("");
    let daemon = place.start();
    let client = place.client();
    let content = without(
        &minutes(5),
        &["2011-01-04T15:00", "2011-01-04T15:01", "2011-01-06"],
    );
    let imported = over(&client, import(&client, "SPY.csv", &content).id);
    assert_eq!(imported.state, JobState::Done, "{imported:?}");
    let summary: ImportResult = result(&client, imported.id);
    assert_eq!(
        (summary.rows, summary.new, summary.already),
        (1_558, 1_558, 0)
    );
    assert!(imported.peak_memory_mb.is_some());

    let listed = data(&client);
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (listed[0].rows, listed[0].source.as_str()),
        (1_558, "SPY.csv")
    );
    assert_eq!(listed[0].last.to_string(), "2011-01-07");

    let gaps = submit(&client, work(json!({"gaps": {"symbol": "SPY"}}))).unwrap();
    assert_eq!(over(&client, gaps.id).state, JobState::Done);
    let gaps: GapsResult = result(&client, gaps.id);
    let gaps = &gaps.series[0];
    assert_eq!(
        (gaps.sessions, gaps.expected, gaps.present),
        (5, 1_950, 1_558)
    );
    assert_eq!(gaps.missing_sessions.len(), 1);
    assert_eq!((gaps.incomplete.len(), gaps.incomplete[0].missing), (1, 2));

    let verify = submit(&client, work(json!({"verify": {}}))).unwrap();
    assert_eq!(over(&client, verify.id).state, JobState::Done);
    let verified: VerifyResult = result(&client, verify.id);
    assert_eq!((verified.rows, verified.faults.len()), (1_558, 0));

    let export = submit(
        &client,
        work(json!({"export": {"symbol": "SPY", "data": "1min"}})),
    )
    .unwrap();
    assert_eq!(over(&client, export.id).state, JobState::Done);
    assert!(
        file(&client, export.id, "rows.csv") == content,
        "not what was imported"
    );

    // Again: nothing is new.
    let again = over(&client, import(&client, "other name.csv", &content).id);
    let again: ImportResult = result(&client, again.id);
    assert_eq!((again.new, again.already), (0, 1_558));

    removed_by_year(&client);
    stop(&client, None);
    assert!(daemon.drain().0.success());
}

/// Removes the one stored year, after years and rows that are not there.
fn removed_by_year(client: &trader_rpc::Client) {
    let remove = RemoveDataParams {
        request_id: RequestId::draw().unwrap(),
        symbol: "SPY".parse().unwrap(),
        data: Some("1min".to_owned()),
        year: Some(2011),
    };
    let other_years = [
        (Some("1min"), 2012, "SPY 1min 2012 is not stored"),
        (None, 2011, "a year can be removed of one kind of rows"),
    ];
    for (rows, year, why) in other_years {
        let refused = client.call::<call::RemoveData>(&RemoveDataParams {
            request_id: RequestId::draw().unwrap(),
            data: rows.map(str::to_owned),
            year: Some(year),
            ..remove.clone()
        });
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}");
    }
    let removed = client.call::<call::RemoveData>(&remove).unwrap();
    assert_eq!(removed.message, "removed SPY 1min of 2011: 1558 rows");
    assert!(data(client).is_empty());
    assert!(client.call::<call::RemoveData>(&remove).unwrap().repeated);
}

#[test]
fn splits_and_dividends_are_imported_and_applied_to_what_is_exported() {
    let place = place("");
    let _daemon = place.start();
    let client = place.client();
    let bars = minutes(2);
    over(&client, import(&client, "SPY.csv", &bars).id);
    let actions = b"ex_date,type,value\n2011-01-04,split,2\n";
    let mut spec = import_of(&client, "actions.csv", actions);
    "actions".clone_into(&mut spec.data);
    let job = submit(&client, Work::Import(spec)).unwrap();
    let job = over(&client, job.id);
    assert_eq!(job.state, JobState::Done, "{job:?}");
    let listed = data(&client);
    assert_eq!((listed[1].data.as_str(), listed[1].rows), ("actions", 1));
    let rows = |adjustment: &str| {
        let export = json!({"symbol": "SPY", "data": "1min", "adjustment": adjustment});
        let job = submit(&client, work(json!({ "export": export }))).unwrap();
        assert_eq!(over(&client, job.id).state, JobState::Done);
        String::from_utf8(file(&client, job.id, "rows.csv")).unwrap()
    };
    let open = |text: &str, line: usize| -> f64 {
        let line = text.lines().nth(line).unwrap();
        line.split(',').nth(1).unwrap().parse().unwrap()
    };
    let (raw, split) = (rows("raw"), rows("split"));
    assert!(raw.as_bytes() == bars);
    assert!((open(&raw, 1) / 2.0 - open(&split, 1)).abs() < 1e-6);
    assert!((open(&raw, 391) - open(&split, 391)).abs() < 1e-6);
}

#[test]
fn the_read_socket_shows_jobs_and_takes_none() {
    let place = place("");
    let _daemon = place.start();
    let (client, reader) = (place.client(), place.reader());
    let job = over(&client, import(&client, "SPY.csv", &minutes(1)).id);
    assert_eq!(over(&reader, job.id), job);
    assert_eq!(data(&reader).len(), 1);
    assert!(!file(&reader, job.id, "result.json").is_empty());
    let refused = [
        submit(&reader, work(json!({"gaps": {}}))).map(drop),
        cancel(&reader, job.id).map(drop),
        crate::shop::upload(&reader, b"x").map(drop),
    ];
    for refused in refused {
        let error = refused.unwrap_err().to_string();
        assert!(error.contains("it needs the role control"), "{error}");
    }
}

#[test]
fn a_call_that_is_sent_again_makes_no_second_job() {
    let place = place("");
    let daemon = place.start();
    let client = place.client();
    let params = SubmitJobParams {
        request_id: RequestId::draw().unwrap(),
        work: work(json!({"verify": {}})),
    };
    let job = client.call::<call::SubmitJob>(&params).unwrap();
    over(&client, job.id);
    daemon.kill();
    let _daemon = place.start();
    let again = place.client().call::<call::SubmitJob>(&params).unwrap();
    assert_eq!((again.id, again.state), (job.id, JobState::Done));
}

#[test]
fn a_job_sees_nothing_of_the_daemons_environment_and_can_be_cancelled() {
    let place = place("");
    let mut command = place.command();
    command
        .env("CREDENTIALS_DIRECTORY", "/canary-1")
        .env("TRADERD_LIVE_ACCOUNT", "canary-2")
        .env("APCA_API_SECRET_KEY", "canary-3")
        .env("TZ", "UTC");
    let mut daemon = place.start_with(command);
    let client = place.client();
    let large = minutes(1_000);
    let job = import(&client, "SPY.csv", &large);
    let waits = submit(&client, work(json!({"verify": {}}))).unwrap();
    let pid = begun(&mut daemon, job.id);
    // Empty for a moment, while the kernel puts the new program in place.
    let environ = loop {
        let environ = std::fs::read(format!("/proc/{pid}/environ")).unwrap();
        if !environ.is_empty() {
            break environ;
        }
    };
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    assert_eq!(String::from_utf8(environ).unwrap(), "TZ=UTC\0");
    assert!(
        status.contains(&format!("PPid:\t{}\n", daemon.pid())),
        "{status}"
    );
    // Some are closed while they are looked at.
    let open: Vec<String> = std::fs::read_dir(format!("/proc/{pid}/fd"))
        .unwrap()
        .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok())
        .map(|file| file.display().to_string())
        .collect();
    assert!(
        !open.iter().any(|file| file.contains("traderd.db")),
        "{open:?}"
    );

    let cancelled = cancel(&client, job.id).unwrap();
    assert_eq!(cancelled.state, JobState::Cancelled, "{cancelled:?}");
    assert_eq!(cancel(&client, job.id).unwrap().state, JobState::Cancelled);
    assert!(data(&client).is_empty());
    assert_eq!(over(&client, waits.id).state, JobState::Done);
    let staging = place.state().join("bars/.staging");
    assert_eq!(std::fs::read_dir(staging).unwrap().count(), 0);
}

fn order(place: &crate::daemon::Place, work: Work) -> String {
    let state = place.state();
    let order = Order {
        version: STREAM_VERSION,
        job: 7,
        work,
        config: traderd::config::Config::defaults().to_toml(),
        calendar: None,
        bars: state.join("bars"),
        recordings: state.join("recordings"),
        store: place.store(),
        upload: Some(place.path().join("SPY.csv")),
        staging: state.join("bars/.staging/by-hand"),
        memory_mb: 1_024,
    };
    serde_json::to_string(&order).unwrap() + "\n"
}

#[test]
fn a_job_by_hand_prints_and_stores_nothing() {
    let place = place("");
    let daemon = place.start();
    let client = place.client();
    let content = minutes(1);
    over(&client, import(&client, "SPY.csv", &content).id);
    let before = data(&client);
    let more = without(&minutes(2), &["2011-01-03"]);
    std::fs::write(place.path().join("SPY.csv"), &more).unwrap();
    let spec = import_of(&client, "SPY.csv", &more);
    let by_hand = |work: Work| {
        let path = place.path().join("order");
        std::fs::write(&path, order(&place, work)).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_traderd"))
            .arg("job")
            .env_clear()
            .stdin(std::fs::File::open(&path).unwrap())
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        (output.status.code(), text)
    };
    let (code, printed) = by_hand(Work::Import(spec));
    assert_eq!(code, Some(0), "{printed}");
    let last: Value = serde_json::from_str(printed.lines().last().unwrap()).unwrap();
    assert!(last["done"]["staged"].is_object(), "{printed}");
    let export = json!({"export": {"symbol": "SPY", "data": "1min"}});
    let (code, printed) = by_hand(work(export));
    assert_eq!(code, Some(0));
    assert!(
        printed.contains(std::str::from_utf8(&content).unwrap()),
        "{printed}"
    );
    let (code, printed) = by_hand(work(json!({"export": {"symbol": "IBM", "data": "1min"}})));
    assert_eq!(code, Some(1));
    assert!(printed.contains("no data of IBM is stored"), "{printed}");
    assert_eq!(data(&client), before);
    assert_eq!(
        std::fs::read_dir(place.state().join("jobs"))
            .unwrap()
            .count(),
        1
    );
    stop(&client, None);
    assert!(daemon.drain().0.success());
    // What it prepared is swept at the next start.
    let _daemon = place.start();
    assert!(!place.state().join("bars/.staging/by-hand").exists());
    assert_eq!(data(&place.client()), before);
}

#[test]
fn a_job_by_hand_without_an_order_says_so() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_traderd"))
        .arg("job")
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"hello\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.contains("the daemon starts this program by itself"),
        "{said}"
    );
}

#[test]
fn jobs_run_behind_a_socket_as_systemd_starts_them() {
    let place = place("");
    let path = place.path().join("jobs.sock");
    let text = std::fs::read_to_string(place.config()).unwrap();
    place.configure(&format!(
        "{text}socket = {:?}\n",
        path.display().to_string()
    ));
    let listener = UnixListener::bind(&path).unwrap();
    // As systemd with `Accept=yes`: the connection is the process's input and output.
    let (tell, started) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            let child = Command::new(env!("CARGO_BIN_EXE_traderd"))
                .arg("job")
                .env_clear()
                .stdin(Stdio::from(std::os::fd::OwnedFd::from(
                    stream.try_clone().unwrap(),
                )))
                .stdout(Stdio::from(std::os::fd::OwnedFd::from(stream)))
                .spawn()
                .unwrap();
            if tell.send(child).is_err() {
                return;
            }
        }
    });
    let _daemon = place.start();
    let client = place.client();
    let content = minutes(3);
    let job = over(&client, import(&client, "SPY.csv", &content).id);
    assert_eq!(job.state, JobState::Done, "{job:?}");
    assert!(started.recv().unwrap().wait().unwrap().success());
    let export = submit(
        &client,
        work(json!({"export": {"symbol": "SPY", "data": "1min"}})),
    )
    .unwrap();
    over(&client, export.id);
    assert!(file(&client, export.id, "rows.csv") == content);
    assert!(started.recv().unwrap().wait().unwrap().success());

    let large = import(&client, "SPY.csv", &minutes(1_000));
    let mut child = started.recv().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let killed = over(&client, large.id);
    assert_eq!(killed.state, JobState::Failed);
    let message = killed.message.unwrap();
    assert!(
        message.contains("see journalctl -u 'traderd-job@*'"),
        "{message}"
    );

    let large = import(&client, "SPY.csv", &minutes(1_000));
    let mut child = started.recv().unwrap();
    assert_eq!(
        cancel(&client, large.id).unwrap().state,
        JobState::Cancelled
    );
    // Its input has ended, and so does it.
    child.wait().unwrap();
}
