//! Stops a commit, or a removal, before each of its changes of the disk: by a crash, after which
//! nothing happens any more, and by an error, after which it may tidy up. Each time the store must be
//! the old one or the new one.

#![expect(clippy::arithmetic_side_effects, reason = "small numbers of a test")]

use std::cell::Cell;
use std::io;

use super::*;
use crate::store::commit::commit_on;
use crate::store::remove::remove_on;

/// How the disk fails at the chosen step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    /// The process dies: that step and all later ones do not happen.
    Crash,
    /// That step alone is refused, for want of room.
    Full,
}

/// Runs a change with a disk that fails before step `stop`. Gives how many steps it tried.
fn failing<T>(
    stop: usize,
    failure: Failure,
    change: impl FnOnce(&Disk<'_>) -> Result<T, ChangeError>,
) -> (usize, Result<T, ChangeError>) {
    let tried = Cell::new(0);
    let before = |step: &disk::Step| {
        let number = tried.get();
        tried.set(number + 1);
        let fails = match failure {
            Failure::Crash => number >= stop,
            Failure::Full => number == stop,
        };
        if !fails {
            return Ok(());
        }
        // Half a file is what a torn write leaves.
        if let disk::Step::Write(path) = step {
            fs::write(path, "{\"format\": 1, \"gener").unwrap();
        }
        Err(io::Error::from(io::ErrorKind::StorageFull))
    };
    let result = change(&Disk { before: &before });
    (tried.get(), result)
}

/// Fails a change of a copy of `lab` at every step, and checks what is left.
fn at_every_step<T: std::fmt::Debug>(
    lab: &Lab,
    new: &[Bar],
    change: impl Fn(&Disk<'_>, &Lab) -> Result<T, ChangeError>,
) {
    let old = lab.all();
    assert_ne!(old, new);
    for failure in [Failure::Crash, Failure::Full] {
        for stop in 0.. {
            let lab = lab.copy();
            let (steps, result) = failing(stop, failure, |disk| change(disk, &lab));
            let now = lab.all();
            let place = format!("{failure:?} before step {stop}: {result:?}");
            match &result {
                Ok(_) | Err(ChangeError::Unsynced(_)) => assert_eq!(now, new, "{place}"),
                Err(_) => assert_eq!(now, old, "{place}"),
            }
            if failure == Failure::Full && result.is_err() {
                // What was tidied up verifies without a sweep.
                if !matches!(result, Err(ChangeError::Unsynced(_))) {
                    assert_eq!(lab.verified().faults, [], "{place}");
                }
            }
            sweep(lab.root(), &[]).unwrap();
            assert_eq!(lab.all(), now, "{place}");
            assert_eq!(lab.verified().faults, [], "{place}");
            assert_eq!(debris(&lab), Vec::<PathBuf>::new(), "{place}");
            // And the change can be made again.
            if now == old {
                again(&lab, new);
            }
            if steps <= stop {
                assert!(result.is_ok(), "{place}");
                break;
            }
        }
    }
}

fn again(lab: &Lab, new: &[Bar]) {
    let old = lab.all();
    if new.len() < old.len() {
        remove(lab.root(), minutes(), Some(&[2011])).unwrap();
    } else {
        let prepared = lab.prepare(new, OnConflict::Replace).unwrap();
        commit(lab.root(), &prepared, &lab.staging()).unwrap();
    }
    assert_eq!(lab.all(), new);
}

/// Files that no catalogue names, whatever they are called.
fn debris(lab: &Lab) -> Vec<PathBuf> {
    let catalogue = lab.store.catalogue().unwrap();
    let mut files = lab.files();
    files.remove(&lab.root().join(CATALOGUE));
    for (series, entry) in catalogue.all() {
        for file in &entry.files {
            files.remove(&lab.root().join(folder(series)).join(&file.file));
        }
    }
    files.into_keys().collect()
}

#[test]
fn a_commit_that_stops_anywhere_leaves_the_old_or_the_new_store() {
    let lab = Lab::new();
    let old = bars(&["2011-01-03T14:30:00Z", "2012-01-03T14:30:00Z"], 5);
    lab.put(&old);
    // One year superseded, one left alone, one new.
    let mut new = bars(
        &[
            "2011-01-03T14:30:00Z",
            "2012-01-03T14:30:00Z",
            "2013-10-07T13:30:00Z",
        ],
        5,
    );
    new[0] = samples::bar(new[0].start, 77);
    let prepared = lab.prepare(&new, OnConflict::Replace).unwrap();
    at_every_step(&lab, &new, |disk, lab| {
        commit_on(disk, lab.root(), &prepared, &lab.staging())
    });
}

#[test]
fn the_first_commit_that_stops_anywhere_leaves_nothing_or_everything() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("bars");
    fs::create_dir(&root).unwrap();
    // A folder that nobody has made a store of.
    let lab = Lab {
        store: Store::open(&root).unwrap(),
        folder,
    };
    let new = bars(&["2011-01-03T14:30:00Z", "2012-01-03T14:30:00Z"], 5);
    let prepared = lab.prepare(&new, OnConflict::Refuse).unwrap();
    at_every_step(&lab, &new, |disk, lab| {
        commit_on(disk, lab.root(), &prepared, &lab.staging())
    });
}

#[test]
fn a_removal_that_stops_anywhere_leaves_the_old_or_the_new_store() {
    let lab = Lab::new();
    let old = bars(&["2011-01-03T14:30:00Z", "2012-01-03T14:30:00Z"], 5);
    lab.put(&old);
    at_every_step(&lab, &old[5..], |disk, lab| {
        remove_on(disk, lab.root(), minutes(), Some(&[2011]))
    });
}

#[test]
fn a_sweep_spares_running_imports_and_what_is_not_ours() {
    let lab = Lab::new();
    lab.put(&bars(&["2011-01-03T14:30:00Z"], 5));
    let make = |path: &str| {
        let path = lab.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x").unwrap();
    };
    let kept = [
        "notes.txt",
        "SPY/readme",
        "SPY/1min/mine.parquet",
        "backup/SPY/1min/2011-0123456789ab.parquet",
        ".staging/runs/2011-0123456789ab.parquet",
    ];
    let swept = [
        "QQQ/trades/2011-0123456789ab.parquet",
        "SPY/1min/2012-0123456789ab.parquet",
        "SPY/actions-0123456789ab.csv",
        "catalogue.json.new",
        ".staging/stale/2011-0123456789ab.parquet",
    ];
    kept.iter().chain(&swept).for_each(|path| make(path));
    let faults = lab.verified().faults;
    let named: Vec<_> = faults.iter().map(|fault| fault.file.as_str()).collect();
    assert_eq!(
        named,
        [
            &swept[..1],
            &[
                "SPY/1min/2012-0123456789ab.parquet",
                "SPY/1min/mine.parquet",
                "SPY/actions-0123456789ab.csv",
                "SPY/readme",
                "backup",
                "catalogue.json.new",
                "notes.txt"
            ]
        ]
        .concat()
    );
    let deleted = sweep(lab.root(), &["runs"]).unwrap().deleted;
    let expected = [&swept[..4], &[".staging/stale"]].concat();
    assert_eq!(deleted, expected);
    assert!(kept.iter().all(|path| lab.root().join(path).exists()));
    assert!(!lab.root().join("QQQ").exists());
    assert_eq!(lab.all().len(), 5);
}

#[test]
fn without_a_catalogue_nothing_is_swept() {
    let lab = Lab::new();
    lab.put(&bars(&["2011-01-03T14:30:00Z"], 5));
    fs::remove_file(lab.root().join(CATALOGUE)).unwrap();
    let before = lab.files();
    let error = sweep(lab.root(), &[]).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("restore the catalogue from a backup"),
        "{error}"
    );
    fs::write(lab.root().join(CATALOGUE), "{").unwrap();
    assert!(sweep(lab.root(), &[]).is_err());
    fs::remove_file(lab.root().join(CATALOGUE)).unwrap();
    assert!(Store::open(lab.root()).is_err());
    assert!(Store::create(lab.root()).is_err());
    assert_eq!(lab.files(), before);
}
