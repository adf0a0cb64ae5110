//! A store in a temporary folder, and what the tests do with it.

mod concurrent;
mod crash;
mod damage;
mod import;
mod reading;
mod trace;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use trader_calendar::Calendar;
use trader_contract::{Bar, Timestamp};

use super::*;
use crate::dates::Range;
use crate::merge::OnConflict;
use crate::row::{UnfitRow, mark_each};
use crate::rows::Rows;
use crate::samples;
use crate::series::{Kind, Series};

/// The shipped calendar; nothing is refused but what it does not cover.
fn mark(_: Kind, rows: &Rows) -> Result<Vec<bool>, UnfitRow> {
    let calendar = Calendar::nyse();
    mark_each(rows, |at| {
        let session = calendar.session_at(at).map_err(|error| error.to_string())?;
        Ok(session.is_none())
    })
}

fn minutes() -> Series {
    samples::series(samples::MINUTES)
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Bars of this many minutes from each of these times.
fn bars(starts: &[&str], count: usize) -> Vec<Bar> {
    let starts = starts.iter().map(|text| at(text));
    starts
        .flat_map(|start| samples::minutes(start, count))
        .collect()
}

struct Lab {
    folder: TempDir,
    store: Store,
}

impl Lab {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let store = Store::create(&folder.path().join("bars")).unwrap();
        Self { folder, store }
    }

    fn root(&self) -> &Path {
        self.store.root()
    }

    fn staging(&self) -> PathBuf {
        self.store.staging("import")
    }

    fn import(&self, series: Series, rows: Rows, on_conflict: OnConflict) -> Import {
        Import {
            series,
            rows,
            source: "test".to_owned(),
            feed: "sip".to_owned(),
            on_conflict,
        }
    }

    fn prepare(&self, bars: &[Bar], rule: OnConflict) -> Result<Prepared, PrepareError> {
        let import = self.import(minutes(), Rows::Bars(bars.to_vec()), rule);
        prepare(&self.store, import, &mark, &self.staging())
    }

    /// Imports minutes that must not contradict.
    fn put(&self, bars: &[Bar]) -> Committed {
        let prepared = self.prepare(bars, OnConflict::Refuse).unwrap();
        commit(self.root(), &prepared, &self.staging()).unwrap()
    }

    fn all(&self) -> Vec<Bar> {
        let read = self.store.read(minutes(), Range::ALL);
        match read {
            Ok(Rows::Bars(bars)) => bars,
            Ok(_) => panic!("rows of another kind"),
            Err(ReadError::UnknownSymbol { .. } | ReadError::UnknownKind { .. }) => Vec::new(),
            Err(error) => panic!("{error}"),
        }
    }

    fn verified(&self) -> Verified {
        verify(&self.store, None, &mark).unwrap()
    }

    /// The path of the one file of a year.
    fn file(&self, year: i32) -> PathBuf {
        let catalogue = self.store.catalogue().unwrap();
        let entry = catalogue.series(minutes()).unwrap().year(year).unwrap();
        self.root().join(folder(minutes())).join(&entry.file)
    }

    /// Every file of the store with its content, the lock left out.
    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.root().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.file_name().unwrap() != LOCK {
                    files.insert(path.clone(), fs::read(path).unwrap());
                }
            }
        }
        files
    }

    /// A copy of the store and its staging folder, as it is now.
    fn copy(&self) -> Self {
        let folder = TempDir::new().unwrap();
        for (path, content) in self.files() {
            let copy = folder
                .path()
                .join(path.strip_prefix(self.folder.path()).unwrap());
            fs::create_dir_all(copy.parent().unwrap()).unwrap();
            fs::write(copy, content).unwrap();
        }
        let root = folder.path().join("bars");
        fs::create_dir_all(&root).unwrap();
        Self {
            store: Store::open(&root).unwrap(),
            folder,
        }
    }
}
