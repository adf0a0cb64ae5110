//! The order of the changes that a commit makes, as a power cut would see it.

use std::cell::RefCell;
use std::io;

use super::*;
use crate::store::commit::commit_on;
use crate::store::disk::Step;

fn traced(lab: &Lab, prepared: &Prepared) -> (Vec<String>, Result<Committed, ChangeError>) {
    let steps = RefCell::new(Vec::new());
    let before = |step: &Step| -> io::Result<()> {
        let (what, path) = match step {
            Step::MakeFolder(path) => ("make", path),
            Step::Write(path) => ("write", path),
            Step::SyncFile(path) => ("sync", path),
            Step::SyncFolder(path) => ("sync folder", path),
            Step::Move(path) => ("move to", path),
            Step::Delete(path) => ("delete", path),
        };
        let path = path.strip_prefix(lab.root()).unwrap().display();
        steps.borrow_mut().push(format!("{what} {path}"));
        Ok(())
    };
    let done = commit_on(
        &Disk { before: &before },
        lab.root(),
        prepared,
        &lab.staging(),
    );
    (steps.into_inner(), done)
}

/// A sum in a file name depends on the rows; here it only matters which file is meant.
fn without_sums(steps: Vec<String>) -> Vec<String> {
    let shorten = |step: String| match step.split_once("-") {
        Some((front, _)) => front.to_owned(),
        None => step,
    };
    steps.into_iter().map(shorten).collect()
}

#[test]
fn files_are_durable_before_the_catalogue_names_them_and_deleted_after_it_no_longer_does() {
    let lab = Lab::new();
    let bars = bars(&["2011-01-03T14:30:00Z", "2012-01-03T14:30:00Z"], 5);
    let prepared = lab.prepare(&bars, OnConflict::Refuse).unwrap();
    let (steps, done) = traced(&lab, &prepared);
    done.unwrap();
    assert_eq!(
        without_sums(steps),
        [
            "sync .staging/import/2011",
            "sync .staging/import/2012",
            "make SPY",
            "sync folder ",
            "make SPY/1min",
            "sync folder SPY",
            "move to SPY/1min/2011",
            "move to SPY/1min/2012",
            "sync folder SPY/1min",
            "write catalogue.json.new",
            "sync catalogue.json.new",
            "move to catalogue.json",
            "sync folder ",
        ]
    );
    let changed = [samples::bar(bars[0].start, 77)];
    let prepared = lab.prepare(&changed, OnConflict::Replace).unwrap();
    let (steps, done) = traced(&lab, &prepared);
    done.unwrap();
    assert_eq!(
        without_sums(steps),
        [
            "sync .staging/import/2011",
            "move to SPY/1min/2011",
            "sync folder SPY/1min",
            "write catalogue.json.new",
            "sync catalogue.json.new",
            "move to catalogue.json",
            "sync folder ",
            "delete SPY/1min/2011",
        ]
    );
}
