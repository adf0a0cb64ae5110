//! What goes wrong with jobs and with files: each failure is told with its reason, and the store is
//! as it was.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use rustix::process::Signal;
use serde_json::json;
use trader_rpc::{JobState, Work};

use crate::shop::{
    begun, data, import, import_of, minutes, over, place, signal, submit, upload, work,
};

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_bad_file_is_refused_whole_and_changes_nothing() {
    let place = place("");
    let _daemon = place.start();
    let client = place.client();
    let good = minutes(2);
    let job = over(&client, import(&client, "SPY.csv", &minutes(1)).id);
    assert_eq!(job.state, JobState::Done, "{job:?}");
    let before = data(&client);
    let text = String::from_utf8(good.clone()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let with = |number: usize, line: &str| {
        let mut lines = lines.clone();
        lines[number] = line;
        (lines.join("\n") + "\n").into_bytes()
    };
    let at = lines[400].split_once(',').unwrap().0;
    let packed = gzip(&good);
    let rows: [(Vec<u8>, &str); 8] = [
        (with(400, &format!("{at},NaN,101,99,100,100")), "line 401"),
        (with(400, &format!("{at},100,99,101,100,100")), "line 401"),
        (with(400, &format!("{at},100,101,99,100,-5")), "line 401"),
        (with(401, lines[400]), "line 402"),
        (with(400, lines[402]), "line 402"),
        (
            with(400, "2011-01-08T15:00:00Z,100,101,99,100,100"),
            "line 401",
        ),
        (
            packed[..packed.len() / 2].to_vec(),
            "the gzip file ends in the middle of its data",
        ),
        (with(0, "a,b,c"), "1min data have the columns"),
    ];
    for (content, words) in rows {
        let failed = over(&client, import(&client, "SPY.csv", &content).id);
        assert_eq!(failed.state, JobState::Failed, "{words}");
        let message = failed.message.unwrap();
        assert!(message.starts_with("SPY.csv was refused: "), "{message}");
        assert!(message.contains(words), "{words}: {message}");
        assert_eq!(data(&client), before, "{words}");
    }
    // Rows that contradict stored ones, unless they are to take their place.
    let others = lines[5].rsplit_once(',').unwrap().0.to_owned() + ",77777";
    let other = with(5, &others);
    let conflict = over(&client, import(&client, "SPY.csv", &other).id);
    let message = conflict.message.unwrap();
    assert!(message.contains("import with --replace"), "{message}");
    assert_eq!(data(&client), before);
    // A file that arrived as another one.
    let mut spec = import_of(&client, "SPY.csv", &good);
    spec.sha256 = "0".repeat(64);
    let damaged = submit(&client, Work::Import(spec)).unwrap();
    let message = over(&client, damaged.id).message.unwrap();
    assert!(message.contains("is not what was sent"), "{message}");
    assert_eq!(data(&client), before);
    let uploads = place.state().join("uploads");
    assert_eq!(std::fs::read_dir(uploads).unwrap().count(), 0);
}

#[test]
fn a_killed_job_fails_and_says_by_what() {
    let place = place("");
    let mut daemon = place.start();
    let client = place.client();
    let job = import(&client, "SPY.csv", &minutes(1_000));
    let pid = begun(&mut daemon, job.id);
    signal(pid, Signal::KILL);
    let killed = over(&client, job.id);
    assert_eq!(killed.state, JobState::Failed);
    let message = killed.message.unwrap();
    assert!(
        message.contains("killed by signal 9 (SIGKILL)"),
        "{message}"
    );
    assert!(data(&client).is_empty());
    let next = submit(&client, work(json!({"verify": {}}))).unwrap();
    assert_eq!(over(&client, next.id).state, JobState::Done);
}

#[test]
fn a_daemon_that_is_killed_takes_its_job_along_and_goes_on_with_the_rest() {
    let place = place("");
    let mut daemon = place.start();
    let client = place.client();
    let first = import(&client, "SPY.csv", &minutes(1_000));
    let second = import(&client, "SPY.csv", &minutes(2));
    let pid = begun(&mut daemon, first.id);
    daemon.kill();
    let _daemon = place.start();
    let client = place.client();
    let interrupted = over(&client, first.id);
    assert_eq!(interrupted.state, JobState::Interrupted);
    assert!(interrupted.message.unwrap().ends_with("submit it again"));
    let done = over(&client, second.id);
    assert_eq!(done.state, JobState::Done, "{done:?}");
    assert_eq!(data(&client)[0].rows, 780);
    // Its input has ended, and so has it.
    for _ in 0..3_000 {
        if !Path::new(&format!("/proc/{pid}")).exists() {
            return;
        }
        client.wait(std::time::Duration::from_millis(20));
    }
    panic!("process {pid} goes on without its daemon");
}

#[test]
fn a_job_over_its_memory_fails_and_says_what_to_raise() {
    let place = place("memory_mb = 64");
    let _daemon = place.start();
    let client = place.client();
    let job = over(&client, import(&client, "SPY.csv", &minutes(1_500)).id);
    assert_eq!(job.state, JobState::Failed, "{job:?}");
    let message = job.message.unwrap();
    assert!(
        message.starts_with("it ran out of memory: memory allocation of "),
        "{message}"
    );
    assert!(message.contains("raise jobs.memory_mb"), "{message}");
    let small = over(&client, import(&client, "SPY.csv", &minutes(2)).id);
    assert_eq!(small.state, JobState::Done, "{small:?}");
}

#[test]
fn jobs_beyond_the_queue_are_refused() {
    let place = place("max_queued = 1");
    let mut daemon = place.start();
    let client = place.client();
    let first = import(&client, "SPY.csv", &minutes(1_000));
    begun(&mut daemon, first.id);
    submit(&client, work(json!({"verify": {}}))).unwrap();
    let refused = submit(&client, work(json!({"gaps": {}})))
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains("as many as jobs.max_queued allows"),
        "{refused}"
    );
}

#[test]
fn a_full_disk_fails_the_job_and_the_store_is_as_it_was() {
    if !Path::new("/bin/sh").exists() {
        println!("skipped: there is no /bin/sh to set a limit with");
        return;
    }
    let place = place("");
    let plain = place.command();
    let mut command = Command::new("/bin/sh");
    // Beyond the limit writing fails as on a full disk, in the jobs too.
    command
        .arg("-c")
        .arg("trap '' XFSZ; ulimit -f 6000; exec \"$@\"")
        .arg("sh")
        .arg(plain.get_program())
        .args(plain.get_args())
        .env_clear();
    let _daemon = place.start_with(command);
    let client = place.client();
    let content = minutes(200);
    let packed = gzip(&content);
    let limit = 6_000 * 512;
    assert!(
        packed.len() < limit && content.len() > limit,
        "{} {}",
        packed.len(),
        content.len()
    );
    let imported = over(&client, import(&client, "SPY.csv.gz", &packed).id);
    assert_eq!(imported.state, JobState::Done, "{imported:?}");
    let before = data(&client);

    let export = submit(
        &client,
        work(json!({"export": {"symbol": "SPY", "data": "1min"}})),
    )
    .unwrap();
    let failed = over(&client, export.id);
    assert_eq!(failed.state, JobState::Failed);
    let message = failed.message.unwrap();
    assert!(
        message.contains("rows.csv: ") && message.contains("make room"),
        "{message}"
    );
    let folder = place.state().join("jobs").join(failed.id.to_string());
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 1);

    let refused = upload(&client, &content).unwrap_err().to_string();
    assert!(refused.contains("it cannot be written"), "{refused}");
    assert_eq!(data(&client), before);
}
