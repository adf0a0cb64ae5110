//! `traderctl data import`: files on their way into the store.

use std::path::PathBuf;
use std::sync::Arc;

use insta::assert_snapshot;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::desk::Desk;
use super::fake::Fake;
use super::program::run_at;

/// What an import of this symbol did.
fn imported(work: &Value) -> String {
    json!({ "symbol": work["symbol"], "data": work["data"], "rows": 97_500, "new": 97_110,
            "already": 390, "replaced": 0, "extended_rows": 12, "first": "2011-01-03",
            "last": "2011-12-30" })
    .to_string()
}

/// A desk where an import is done as soon as it is submitted, but for the symbol BAD's.
fn importing() -> Desk {
    Desk::default().on_submit(|desk, id| {
        let job = desk.answer("jobs", &json!({ "id": id })).unwrap().unwrap();
        let work = &job[0]["work"]["import"];
        if work["symbol"] == "BAD" {
            let message = "line 17: high 1.20 is below close 1.30; nothing was imported";
            desk.change(id, &json!({ "state": "failed", "message": message }));
        } else {
            desk.finish(id, &imported(work));
        }
    })
}

/// A file of so many bytes that no two parts share.
fn file(name: &str, bytes: usize) -> (TempDir, PathBuf, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    let content: Vec<u8> = (0..bytes)
        .map(|n| u8::try_from((n ^ (n >> 8) ^ (n >> 16)) % 251).unwrap())
        .collect();
    std::fs::write(&path, &content).unwrap();
    (folder, path, content)
}

const PART: usize = 512 << 10;

#[test]
fn a_file_goes_in_parts_and_arrives_as_it_is() {
    let desk = Arc::new(importing());
    let fake = Fake::with_desk(&desk);
    let (_folder, path, content) = file("spy minutes.csv", 2 * PART + 17);
    let path = path.to_str().unwrap();
    let args = [
        "data",
        "import",
        path,
        "--symbol",
        "spy",
        "--timeframe",
        "1min",
        "--source",
        "a vendor",
        "--feed",
        "sip",
        "--regular-only",
        "--replace",
    ];
    let run = run_at(fake.runtime_dir(), &args);
    assert_snapshot!(run.text(), @"SPY 1min: 97,500 rows from 2011-01-03 to 2011-12-30, 97,110 new, 390 stored already, 12 outside regular trading");
    let offsets: Vec<u64> = fake
        .calls("upload")
        .iter()
        .map(|call| call["offset"].as_u64().unwrap())
        .collect();
    assert_eq!(offsets, [0, 524_288, 1_048_576]);
    let work = fake.calls("submit_job")[0]["work"]["import"].clone();
    let upload = work["upload"].as_str().unwrap();
    assert_eq!(desk.uploaded(upload), content);
    assert_eq!(
        work,
        json!({ "upload": upload, "file_name": "spy minutes.csv", "bytes": content.len(),
                "sha256": format!("{:x}", Sha256::digest(&content)), "symbol": "SPY",
                "data": "1min", "source": "a vendor", "feed": "sip", "regular_only": true,
                "replace": true })
    );
}

#[test]
fn a_broken_upload_goes_on_where_the_daemon_says() {
    for (lost, sent) in [(false, 3), (true, 4)] {
        let desk = Arc::new(importing().break_after_part(2, lost));
        let fake = Fake::with_desk(&desk);
        let (_folder, path, content) = file("SPY.csv", 2 * PART + 17);
        let args = [
            "data",
            "import",
            path.to_str().unwrap(),
            "--timeframe",
            "1min",
            "--json",
        ];
        let run = run_at(fake.runtime_dir(), &args);
        assert_eq!(run.json()["result"]["new"], 97_110, "{run:?}");
        let work = fake.calls("submit_job")[0]["work"]["import"].clone();
        assert_eq!(desk.uploaded(work["upload"].as_str().unwrap()), content);
        assert_eq!(
            work["sha256"],
            format!("{:x}", Sha256::digest(&content)),
            "taken once"
        );
        assert!(
            fake.calls("upload").len() > sent,
            "{lost}: {}",
            fake.calls("upload").len()
        );
    }
}

#[test]
fn of_several_files_each_stands_for_itself() {
    let fake = Fake::with_desk(&Arc::new(importing()));
    let folder = tempfile::tempdir().unwrap();
    let files = ["AAPL.csv", "BAD.csv.gz", "SPY.csv.gz"].map(|name| {
        std::fs::write(folder.path().join(name), "x").unwrap();
        folder.path().join(name).to_str().unwrap().to_owned()
    });
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let args = [&["data", "import", "--timeframe", "1day"][..], &files].concat();
    let run = run_at(fake.runtime_dir(), &args);
    assert_eq!(run.code, 1);
    assert_eq!(run.stdout.lines().count(), 2);
    assert!(run.stdout.starts_with("AAPL 1day: "), "{}", run.stdout);
    assert_snapshot!(run.stderr.replace(folder.path().to_str().unwrap(), "DIR"), @r"
    DIR/BAD.csv.gz:
    error: import 2 failed
      why:  line 17: high 1.20 is below close 1.30; nothing was imported
      next: put that right and import it again
    1 of 3 files were not imported
    ");
    let run = run_at(fake.runtime_dir(), &[&args[..], &["--json"]].concat());
    let lines: Vec<Value> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!((run.code, lines.len(), run.stderr.as_str()), (1, 3, ""));
    assert_eq!(
        lines[1]["error"]["why"],
        "line 17: high 1.20 is below close 1.30; nothing was imported"
    );
    assert_eq!(lines[2]["result"]["symbol"], "SPY");
}

#[test]
fn a_single_bad_file_ends_with_1_and_its_reason() {
    let fake = Fake::with_desk(&Arc::new(importing()));
    let (_folder, path, _) = file("BAD.csv", 9);
    let args = [
        "data",
        "import",
        path.to_str().unwrap(),
        "--timeframe",
        "1min",
    ];
    let run = run_at(fake.runtime_dir(), &args);
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    assert_snapshot!(run.stderr, @r"
    error: import 1 failed
      why:  line 17: high 1.20 is below close 1.30; nothing was imported
      next: put that right and import it again
    ");
}

#[test]
fn nothing_is_guessed_from_a_name_and_nothing_read_that_is_no_file() {
    let fake = Fake::with_desk(&Arc::new(importing()));
    for name in ["spy.csv", "SPY_2011.csv", "SPY.txt", "SPY.csv.zip"] {
        let run = run_at(
            fake.runtime_dir(),
            &["data", "import", name, "--timeframe", "1min"],
        );
        assert_eq!(run.code, 2, "{name}");
        assert!(
            run.stderr.contains("name the symbol with --symbol"),
            "{}",
            run.stderr
        );
    }
    let (folder, path, _) = file("EMPTY.csv", 0);
    let none = folder.path().join("NONE.csv");
    for (path, why) in [
        (path.as_path(), "it is empty"),
        (folder.path(), "no plain file"),
        (&none, "No such file"),
    ] {
        let path = path.to_str().unwrap();
        let args = [
            "data",
            "import",
            path,
            "--symbol",
            "SPY",
            "--timeframe",
            "1min",
        ];
        let run = run_at(fake.runtime_dir(), &args);
        assert_eq!(run.code, 1);
        assert!(run.stderr.contains(why), "{}", run.stderr);
    }
    assert!(fake.calls("upload").is_empty() && fake.calls("submit_job").is_empty());
}
