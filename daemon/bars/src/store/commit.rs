//! Commits a prepared import: checks the staged files, moves them into place and puts the new
//! catalogue in the place of the old one. That last renaming is the moment at which it counts.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use serde::{Deserialize, Serialize};

use super::disk::Disk;
use super::error::{ChangeError, DiskError, FileProblem, on};
use super::prepare::{Contents, Prepared, is_label};
use super::{folder, found, load, lock, publish};
use crate::catalogue::{Adjustment, Catalogue, FileEntry, SeriesEntry};
use crate::checksum::Checksum;
use crate::merge::ImportCounts;
use crate::series::Series;

/// An import that counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Committed {
    /// The generation of the store now; as before if everything was there already.
    pub generation: u64,
    /// What became of the rows; of corporate actions, of the file.
    pub counts: ImportCounts,
    /// Superseded files that could not be deleted; [`super::sweep`] tries again.
    pub left_over: Vec<String>,
}

/// Commits what was prepared in `staging`. Waits while another process changes the store.
///
/// # Errors
/// The store changed since ([`ChangeError::Stale`]: prepare again), the staged files are not those of
/// the manifest, or the disk refuses. Nothing is changed then, with the exception that
/// [`ChangeError::Unsynced`] tells of.
pub fn commit(root: &Path, prepared: &Prepared, staging: &Path) -> Result<Committed, ChangeError> {
    commit_on(&Disk::REAL, root, prepared, staging)
}

pub(super) fn commit_on(
    disk: &Disk<'_>,
    root: &Path,
    prepared: &Prepared,
    staging: &Path,
) -> Result<Committed, ChangeError> {
    let _lock = lock(root)?;
    let mut catalogue = load(root)?;
    let base = prepared.base_generation;
    if catalogue.generation != base {
        let found = catalogue.generation;
        return Err(ChangeError::Stale { base, found });
    }
    let plan = Plan::of(prepared, &catalogue)?;
    if plan.superseded != prepared.supersedes {
        return Err(unsound(
            "it supersedes other files than those stored".to_owned(),
        ));
    }
    if !plan.files.is_empty() {
        for file in &plan.files {
            file.check(disk, staging)?;
        }
        found(disk, root)?;
        plan.apply(prepared, &mut catalogue);
        catalogue.generation = catalogue.generation.saturating_add(1);
        if let Err(error) = plan.put_in_place(disk, root, staging, &catalogue) {
            // After the renaming the files count; before it they are debris.
            if !matches!(error, ChangeError::Unsynced(_)) {
                plan.clean_up(disk, root);
            }
            return Err(error);
        }
    }
    let superseded = plan.superseded.iter().map(|name| plan.folder.join(name));
    let left_over = delete(disk, root, superseded.collect());
    // Whatever else lies in there is the sweep's.
    let _ = fs::remove_dir(staging);
    Ok(Committed {
        generation: catalogue.generation,
        counts: prepared.counts,
        left_over,
    })
}

/// Deletes files that no longer count, and the folders that this empties. Gives those that stay.
pub(super) fn delete(disk: &Disk<'_>, root: &Path, files: Vec<PathBuf>) -> Vec<String> {
    let mut left_over = Vec::new();
    for file in files {
        if disk.delete(&root.join(&file)).is_err() {
            left_over.push(file.display().to_string());
        }
        let folders = file.ancestors().skip(1);
        for folder in folders.filter(|folder| !folder.as_os_str().is_empty()) {
            // Refused for a folder that is not empty, which is meant.
            let _ = fs::remove_dir(root.join(folder));
        }
    }
    left_over
}

/// A staged file.
#[derive(Debug)]
struct Staged<'a> {
    name: &'a str,
    bytes: u64,
    sha256: Checksum,
}

impl Staged<'_> {
    /// Checks that it is the file of the manifest, and forces it to the disk.
    fn check(&self, disk: &Disk<'_>, staging: &Path) -> Result<(), ChangeError> {
        let path = staging.join(self.name);
        self.check_content(&path)
            .map_err(|problem| ChangeError::Staged {
                file: self.name.to_owned(),
                problem,
            })?;
        let synced = disk.sync_file(&path);
        Ok(synced.map_err(on("sync", &path))?)
    }

    /// Another user may have written it: no link is followed, and nothing but a file is read.
    fn check_content(&self, path: &Path) -> Result<(), FileProblem> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let opened = rustix::fs::open(path, flags, Mode::empty());
        let opened = opened.map(File::from).map_err(|error| match error {
            rustix::io::Errno::NOENT => FileProblem::Missing,
            error => FileProblem::Unreadable(error.into()),
        });
        let file = opened?;
        let about = file.metadata().map_err(FileProblem::Unreadable)?;
        let (found, wanted) = (about.len(), self.bytes);
        if !about.is_file() || found != wanted {
            return Err(FileProblem::Length { found, wanted });
        }
        let sum = Checksum::of_file(&file).map_err(FileProblem::Unreadable)?;
        (sum == self.sha256).then_some(()).ok_or(FileProblem::Sum)
    }
}

/// What a commit will do.
#[derive(Debug)]
struct Plan<'a> {
    /// Where the files belong, from the store's folder.
    folder: PathBuf,
    files: Vec<Staged<'a>>,
    /// Files there that no longer count afterwards.
    superseded: Vec<String>,
}

impl<'a> Plan<'a> {
    /// Checks the manifest, which another user may have written, and makes a plan of it.
    fn of(prepared: &'a Prepared, catalogue: &Catalogue) -> Result<Self, ChangeError> {
        match &prepared.contents {
            Contents::Rows {
                series,
                source,
                feed,
                files,
            } => {
                let stored = catalogue.series(*series);
                let fits = |entry: &SeriesEntry| entry.source == *source && entry.feed == *feed;
                if !is_label(source) || !is_label(feed) || !stored.is_none_or(fits) {
                    return Err(unsound(format!("source {source:?}, feed {feed:?}")));
                }
                Self::of_rows(*series, stored, files)
            }
            Contents::Actions { symbol, file } => {
                if let Some(fault) = file.as_ref().and_then(|file| file.fault()) {
                    return Err(unsound(fault));
                }
                let entry = catalogue.symbols.get(symbol);
                let stored = entry.and_then(|entry| entry.actions.as_ref());
                let superseded = stored.filter(|_| file.is_some());
                if stored.is_some() && stored == file.as_ref() {
                    return Err(unsound("it is stored already".to_owned()));
                }
                let staged = file.iter().map(|file| Staged {
                    name: &file.file,
                    bytes: file.bytes,
                    sha256: file.sha256,
                });
                Ok(Self {
                    folder: PathBuf::from(symbol.as_str()),
                    files: staged.collect(),
                    superseded: superseded.map(|old| old.file.clone()).into_iter().collect(),
                })
            }
        }
    }

    fn of_rows(
        series: Series,
        stored: Option<&SeriesEntry>,
        files: &'a [FileEntry],
    ) -> Result<Self, ChangeError> {
        if let Some(fault) = files.iter().find_map(FileEntry::fault) {
            return Err(unsound(fault));
        }
        if !files.is_sorted_by(|a, b| a.year < b.year) {
            return Err(unsound("its years are not in order".to_owned()));
        }
        let mut superseded = Vec::new();
        for file in files {
            let old = stored.and_then(|entry| entry.year(file.year));
            if old.is_some_and(|old| old.file == file.file) {
                return Err(unsound(format!("{} is stored already", file.file)));
            }
            superseded.extend(old.map(|old| old.file.clone()));
        }
        let staged = files.iter().map(|file| Staged {
            name: &file.file,
            bytes: file.bytes,
            sha256: file.sha256,
        });
        Ok(Self {
            folder: folder(series),
            files: staged.collect(),
            superseded,
        })
    }

    /// Enters the new files into the catalogue, in the place of those that they supersede.
    fn apply(&self, prepared: &Prepared, catalogue: &mut Catalogue) {
        match &prepared.contents {
            Contents::Rows {
                series,
                source,
                feed,
                files,
            } => {
                let symbol = catalogue.symbols.entry(series.symbol).or_default();
                let entry = symbol.series.entry(series.kind);
                let entry = entry.or_insert_with(|| SeriesEntry {
                    source: source.clone(),
                    feed: feed.clone(),
                    adjustment: Adjustment::Raw,
                    files: Vec::new(),
                });
                let superseded = |old: &FileEntry| files.iter().any(|new| new.year == old.year);
                entry.files.retain(|old| !superseded(old));
                entry.files.extend_from_slice(files);
                entry.files.sort_by_key(|file| file.year);
            }
            Contents::Actions { symbol, file } => {
                let entry = catalogue.symbols.entry(*symbol).or_default();
                entry.actions.clone_from(file);
            }
        }
    }

    /// Moves the files, durably, then the catalogue.
    fn put_in_place(
        &self,
        disk: &Disk<'_>,
        root: &Path,
        staging: &Path,
        catalogue: &Catalogue,
    ) -> Result<(), ChangeError> {
        self.move_files(disk, root, staging)?;
        publish(disk, root, catalogue)
    }

    fn move_files(&self, disk: &Disk<'_>, root: &Path, staging: &Path) -> Result<(), DiskError> {
        let mut path = root.to_owned();
        for part in &self.folder {
            path.push(part);
            disk.make_folder(&path).map_err(on("make", &path))?;
        }
        for file in &self.files {
            let (from, to) = (staging.join(file.name), path.join(file.name));
            disk.rename(&from, &to)
                .map_err(on("move into place", &to))?;
        }
        disk.sync_folder(&path).map_err(on("sync", &path))
    }

    /// Deletes what a failed commit left. What cannot be deleted is swept later.
    fn clean_up(&self, disk: &Disk<'_>, root: &Path) {
        let files = self.files.iter().map(|file| self.folder.join(file.name));
        delete(disk, root, files.collect());
    }
}

fn unsound(why: String) -> ChangeError {
    ChangeError::Manifest(why)
}
