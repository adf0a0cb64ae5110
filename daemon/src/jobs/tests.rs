//! The jobs behind a socket at whose other end the test plays the job's process: queue, bounds,
//! cancelling, restarts, and what is believed of what a process says.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;

use rustix::net::sockopt::{Timeout, set_socket_timeout};
use serde_json::{Value, json};
use trader_rpc::{
    ErrorCode, Failure, JobChangeParams, JobFileParams, JobKind, JobsParams, SubmitJobParams,
};

use super::*;

const PATIENCE: Duration = Duration::from_secs(30);

/// A state folder with a socket behind which the test is the job.
struct Place {
    folder: tempfile::TempDir,
    listener: UnixListener,
    config: Config,
}

/// The test as a job's process.
struct Process {
    input: BufReader<UnixStream>,
    output: UnixStream,
    order: Order,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("sock")).unwrap();
        set_socket_timeout(&listener, Timeout::Recv, Some(PATIENCE)).unwrap();
        let mut config = Config::defaults();
        config.jobs.socket = Some(folder.path().join("sock"));
        Self {
            folder,
            listener,
            config,
        }
    }

    fn open(&self) -> Jobs {
        Jobs::open(&self.folder.path().join("state"), &self.config).unwrap()
    }

    fn process(&self) -> Process {
        let (stream, _) = self.listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut input = BufReader::new(stream.try_clone().unwrap());
        Process {
            order: Order::read(&mut input).unwrap(),
            input,
            output: stream,
        }
    }
}

impl Process {
    fn says(&mut self, said: Value) {
        writeln!(self.output, "{said}").unwrap();
    }

    fn hands_over(&mut self, name: &str, content: &[u8]) {
        let file = stream::announce(name, content);
        self.says(json!({ "file": file }));
        self.output.write_all(content).unwrap();
    }

    fn finishes(mut self) {
        self.says(json!({"done": {"message": "all good", "staged": null, "peak_memory_mb": 7}}));
    }

    /// Whether the daemon has hung up.
    fn is_told_to_end(&mut self) -> bool {
        self.input.fill_buf().unwrap().is_empty()
    }
}

fn submit(jobs: &Jobs, request: &str, work: Value) -> Result<Job, Failure> {
    let params = SubmitJobParams {
        request_id: request.parse().unwrap(),
        work: serde_json::from_value(work).unwrap(),
    };
    jobs.workshop().submit(7, params)
}

fn gaps(jobs: &Jobs, request: &str) -> Job {
    submit(jobs, request, json!({"gaps": {}})).unwrap()
}

fn change(request: &str, id: u64) -> JobChangeParams {
    JobChangeParams {
        request_id: request.parse().unwrap(),
        id,
    }
}

fn look(jobs: &Jobs, id: u64) -> Job {
    let params = JobsParams {
        id: Some(id),
        ..JobsParams::default()
    };
    jobs.workshop().jobs(&params).unwrap().remove(0)
}

/// Waits until a job is over.
fn over(jobs: &Jobs, id: u64) -> Job {
    let book = jobs.shop.hold();
    let waited = jobs.shop.turn.wait_timeout_while(book, PATIENCE, |book| {
        book.job(id).is_some_and(|job| !job.state.is_over())
    });
    drop(waited);
    look(jobs, id)
}

#[test]
fn jobs_run_one_by_one_and_leave_what_they_made() {
    let place = Place::new();
    let jobs = place.open();
    let first = gaps(&jobs, "a");
    assert_eq!(
        (first.id, first.uid, first.title.as_str()),
        (1, 7, "find gaps in everything")
    );
    let mut process = place.process();
    let second = gaps(&jobs, "b");
    assert_eq!((second.state, second.ahead), (JobState::Queued, Some(1)));
    assert_eq!((process.order.job, process.order.memory_mb), (1, 1_024));
    process.says(json!({"progress": {
        "phase": "reading", "done": 1, "total": 2, "unit": "files", "per_second": 1.5, "seconds_left": 0.7,
    }}));
    process.hands_over("result.json", b"{}\n");
    process.finishes();
    let first = over(&jobs, 1);
    assert_eq!(
        (first.state, first.message.as_deref()),
        (JobState::Done, Some("all good"))
    );
    assert_eq!((first.peak_memory_mb, first.files[0].bytes), (Some(7), 3));
    let part = JobFileParams {
        id: 1,
        file: "result.json".to_owned(),
        offset: 0,
    };
    assert_eq!(jobs.workshop().job_file(&part).unwrap().data, "e30K");
    place.process().finishes();
    assert_eq!(over(&jobs, 2).state, JobState::Done);
    let kinds = JobsParams {
        kind: Some(JobKind::Gaps),
        limit: Some(1),
        ..JobsParams::default()
    };
    assert_eq!(jobs.workshop().jobs(&kinds).unwrap()[0].id, 2);
    // Its states were told, in their order.
    let told = jobs.ring().after(0, 100);
    let first: Vec<JobState> = told
        .events
        .iter()
        .filter(|(_, job)| job.id == 1)
        .map(|(_, job)| job.state)
        .collect();
    assert_eq!(first.first(), Some(&JobState::Queued));
    assert_eq!(first.last(), Some(&JobState::Done));
    jobs.stop();
}

#[test]
fn a_call_that_is_sent_again_makes_no_second_job_even_after_a_restart() {
    let place = Place::new();
    let jobs = place.open();
    assert_eq!(gaps(&jobs, "a").id, 1);
    assert_eq!(gaps(&jobs, "a").id, 1);
    let other = submit(&jobs, "a", json!({"verify": {}})).unwrap_err();
    assert!(other.detail.why.contains("the one of job 1"), "{other}");
    place.process().finishes();
    over(&jobs, 1);
    jobs.stop();
    let jobs = place.open();
    assert_eq!(gaps(&jobs, "a").state, JobState::Done);
    let deleted = jobs.workshop().delete(&change("d", 1)).unwrap();
    assert!(!deleted.repeated);
    jobs.stop();
    let jobs = place.open();
    assert!(jobs.workshop().delete(&change("d", 1)).unwrap().repeated);
    assert!(jobs.workshop().delete(&change("e", 1)).is_err());
    // Nor is its number given again.
    assert_eq!(gaps(&jobs, "b").id, 2);
    jobs.stop();
}

#[test]
fn only_so_many_jobs_wait() {
    let mut place = Place::new();
    place.config.jobs.max_queued = 2;
    let jobs = place.open();
    gaps(&jobs, "a");
    let _process = place.process();
    gaps(&jobs, "b");
    gaps(&jobs, "c");
    let full = submit(&jobs, "d", json!({"gaps": {}})).unwrap_err();
    assert_eq!(full.code, ErrorCode::Busy.number());
    assert!(full.detail.why.contains("jobs.max_queued"), "{full}");
    assert_eq!(gaps(&jobs, "b").id, 2);
    jobs.stop();
}

#[test]
fn a_job_is_cancelled_before_it_begins_or_while_it_runs_and_only_once() {
    let place = Place::new();
    let jobs = place.open();
    let cancel = |id| jobs.workshop().cancel(&change("x", id));
    gaps(&jobs, "a");
    gaps(&jobs, "b");
    let mut process = place.process();
    assert_eq!(cancel(2).unwrap().state, JobState::Cancelled);
    assert!(
        jobs.workshop()
            .delete(&change("y", 1))
            .unwrap_err()
            .detail
            .why
            .contains("running")
    );
    process.hands_over("result.json", b"{}\n");
    assert_eq!(cancel(1).unwrap().state, JobState::Cancelled);
    assert!(process.is_told_to_end());
    assert!(look(&jobs, 1).files.is_empty());
    assert_eq!(cancel(1).unwrap().state, JobState::Cancelled);
    gaps(&jobs, "c");
    place.process().finishes();
    over(&jobs, 3);
    assert!(
        cancel(3)
            .unwrap_err()
            .detail
            .why
            .contains("it is done already")
    );
    assert!(cancel(4).is_err());
    jobs.stop();
}

#[test]
fn what_was_at_work_when_the_daemon_ended_is_interrupted_and_what_waited_goes_on() {
    let place = Place::new();
    let jobs = place.open();
    gaps(&jobs, "a");
    gaps(&jobs, "b");
    let mut process = place.process();
    // As after a crash: the folder says that it runs.
    let folder = place.folder.path().join("state/jobs/1/job.json");
    let running = std::fs::read(&folder).unwrap();
    jobs.stop();
    assert!(process.is_told_to_end());
    let stopped = std::fs::read_to_string(&folder).unwrap();
    assert!(stopped.contains("\"interrupted\""), "{stopped}");
    std::fs::write(&folder, running).unwrap();
    let jobs = place.open();
    let first = look(&jobs, 1);
    assert_eq!(first.state, JobState::Interrupted);
    assert!(first.message.unwrap().ends_with("submit it again"));
    let process = place.process();
    assert_eq!(process.order.job, 2);
    process.finishes();
    assert_eq!(over(&jobs, 2).state, JobState::Done);
    jobs.stop();
}

#[test]
fn the_oldest_that_are_over_make_room() {
    let mut place = Place::new();
    place.config.jobs.keep = 2;
    let jobs = place.open();
    for (id, request) in [(1, "a"), (2, "b"), (3, "c")] {
        gaps(&jobs, request);
        place.process().finishes();
        over(&jobs, id);
    }
    gaps(&jobs, "d");
    let _process = place.process();
    let ids: Vec<u64> = jobs
        .workshop()
        .jobs(&JobsParams::default())
        .unwrap()
        .iter()
        .map(|job| job.id)
        .collect();
    assert_eq!(ids, [4, 3, 2]);
    assert!(!place.folder.path().join("state/jobs/1").exists());
    jobs.stop();
}

#[test]
fn many_jobs_of_one_kind_never_take_the_place_of_another_kinds() {
    let mut place = Place::new();
    place.config.jobs.keep = 1;
    let jobs = place.open();
    for (id, work) in [
        (1, json!({"verify": {}})),
        (2, json!({"gaps": {}})),
        (3, json!({"gaps": {}})),
        (4, json!({"gaps": {}})),
    ] {
        submit(&jobs, &id.to_string(), work).unwrap();
        place.process().finishes();
        over(&jobs, id);
    }
    let left = |jobs: &Jobs| -> Vec<u64> {
        jobs.workshop()
            .jobs(&JobsParams::default())
            .unwrap()
            .iter()
            .map(|job| job.id)
            .collect()
    };
    jobs.stop();
    let jobs = place.open();
    assert_eq!(left(&jobs), [4, 1]);
    jobs.stop();
}

/// What a process does.
type Act = Box<dyn FnOnce(Process)>;

/// What becomes of a job whose process does this.
fn fate(act: Act) -> Job {
    let place = Place::new();
    let jobs = place.open();
    gaps(&jobs, "a");
    act(place.process());
    let job = over(&jobs, 1);
    let made = place.folder.path().join("state/jobs/1");
    if job.state != JobState::Done {
        assert!(job.files.is_empty());
        assert_eq!(std::fs::read_dir(made).unwrap().count(), 1, "{job:?}");
    }
    jobs.stop();
    job
}

#[test]
fn a_process_that_fails_ends_early_or_says_strange_things_fails_its_job_and_leaves_nothing() {
    let failed = json!({"failed": {
        "detail": {"what": "no", "why": "because", "next": "try"}, "peak_memory_mb": 3,
    }});
    let rows: [(Act, &str); 6] = [
        (
            Box::new(move |mut process| process.says(failed)),
            "no: because; try",
        ),
        (Box::new(drop), "see journalctl -u 'traderd-job@*'"),
        (
            Box::new(|mut process| {
                process.hands_over("rows.csv", b"a\n");
                process.hands_over("../../escape", b"a\n");
            }),
            "\"../../escape\" is no file that a job hands over",
        ),
        (
            Box::new(|mut process| process.says(json!({"shout": 1}))),
            "its process was not understood: a line is not understood",
        ),
        (
            Box::new(|mut process| {
                let large = json!({"name": "rows.csv", "bytes": u64::MAX, "sha256": "00"});
                process.says(json!({ "file": large }));
            }),
            "raise jobs.upload_mb",
        ),
        (
            Box::new(|mut process| {
                process.hands_over("result.json", b"{}\n");
                let short = json!({"name": "rows.csv", "bytes": 10, "sha256": "00"});
                process.says(json!({ "file": short }));
                process.output.write_all(b"half").unwrap();
            }),
            "the connection to its process ended without a last word",
        ),
    ];
    for (act, words) in rows {
        let job = fate(act);
        assert_eq!(job.state, JobState::Failed);
        let message = job.message.unwrap();
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn a_socket_behind_which_nobody_is_fails_the_job_and_says_where_to_look() {
    let mut place = Place::new();
    place.config.jobs.socket = Some(place.folder.path().join("nobody"));
    let jobs = place.open();
    gaps(&jobs, "a");
    let job = over(&jobs, 1);
    assert_eq!(job.state, JobState::Failed);
    let message = job.message.unwrap();
    assert!(
        message.contains("systemctl status traderd-jobs.socket"),
        "{message}"
    );
    jobs.stop();
}

#[test]
fn an_import_needs_its_file() {
    let place = Place::new();
    let jobs = place.open();
    let mut spec: Value = trader_rpc::sample::of("ImportSpec").unwrap();
    spec["bytes"] = json!(3);
    let early = submit(&jobs, "i", json!({"import": spec.clone()})).unwrap_err();
    assert!(
        early
            .detail
            .why
            .contains("0 of the 3 bytes of SPY.csv.gz have arrived"),
        "{early}"
    );
    let part = trader_rpc::UploadParams {
        request_id: serde_json::from_value(spec["upload"].clone()).unwrap(),
        offset: 0,
        data: "YWJj".to_owned(),
    };
    assert_eq!(jobs.workshop().upload(&part).unwrap().bytes, 3);
    submit(&jobs, "i", json!({ "import": spec })).unwrap();
    let process = place.process();
    let upload = process.order.upload.clone().unwrap();
    assert_eq!(std::fs::read(&upload).unwrap(), b"abc");
    assert!(process.order.staging.is_dir());
    process.finishes();
    over(&jobs, 1);
    jobs.stop();
    // Whatever came of it, nobody needs it any more.
    assert!(!upload.exists());
}
