//! The folder of the jobs: `<id>/job.json` with what the job made beside it. Numbers count up and are
//! never given twice, even after the newest job was deleted.

use std::fs::{self, File};
use std::io::{self, BufRead, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use trader_rpc::{Job, JobFile, limits};

use super::disk;
use super::stream::{self, StreamError};

/// What a job may hand over.
const FILES: [&str; 10] = [
    "result.json",
    "rows.csv",
    "report.txt",
    "session.rec.gz",
    "orders.csv",
    "fills.csv",
    "trades.csv",
    "fees.csv",
    "summary.csv",
    "about.txt",
];
const DOCUMENT: &str = "job.json";
/// The highest number given, as far as no folder tells it.
const LAST_ID: &str = "last-id";

/// The folder.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
}

/// What was found in the folder.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The jobs, in the order of their numbers.
    pub(super) jobs: Vec<Job>,
    /// The highest number that was ever given.
    pub(super) last_id: u64,
    /// What cannot be read.
    pub(super) unreadable: Vec<String>,
}

impl Folder {
    /// Opens the folder, makes it if it is missing.
    pub(super) fn open(root: PathBuf) -> io::Result<Self> {
        crate::state::make_folder(&root, 0o700)?;
        Ok(Self { root })
    }

    pub(super) fn path(&self) -> &Path {
        &self.root
    }

    fn of(&self, id: u64) -> PathBuf {
        self.root.join(id.to_string())
    }

    /// Reads every job, and sweeps what was left unfinished.
    pub(super) fn load(&self) -> io::Result<Found> {
        let mut found = Found::default();
        if let Ok(text) = fs::read_to_string(self.root.join(LAST_ID)) {
            match text.trim().parse() {
                Ok(id) => found.last_id = id,
                Err(_) => found.unreadable.push(LAST_ID.to_owned()),
            }
        }
        for entry in fs::read_dir(&self.root)? {
            let path = entry?.path();
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or("");
            if let Ok(id) = name.parse() {
                found.last_id = found.last_id.max(id);
                match read(&path.join(DOCUMENT)) {
                    Ok(job) if job.id == id => found.jobs.push(job),
                    Ok(_) => found
                        .unreadable
                        .push(format!("{name}: it is of another job")),
                    Err(error) => found.unreadable.push(format!("{name}: {error}")),
                }
                sweep(&path)?;
            } else if name.starts_with('.') {
                fs::remove_dir_all(&path)?;
            }
        }
        sweep(&self.root)?;
        found.jobs.sort_by_key(|job| job.id);
        Ok(found)
    }

    /// Makes the folder of a new job, with its document.
    pub(super) fn make(&self, job: &Job) -> io::Result<()> {
        let new = self.root.join(format!(".{}", job.id));
        match fs::remove_dir_all(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        crate::state::make_folder(&new, 0o700)?;
        let made = disk::write_bytes(&new.join(DOCUMENT), &document(job)?)
            .and_then(|()| fs::rename(&new, self.of(job.id)))
            .and_then(|()| disk::sync_folder(&self.root));
        if made.is_err() {
            // Swept at the next start at the latest.
            let _ = fs::remove_dir_all(&new);
        }
        made
    }

    /// Writes a job's document anew.
    pub(super) fn save(&self, job: &Job) -> io::Result<()> {
        disk::write_bytes(&self.of(job.id).join(DOCUMENT), &document(job)?)
    }

    /// Takes a file that a job hands over.
    pub(super) fn take(
        &self,
        id: u64,
        file: &JobFile,
        bytes_max: u64,
        output: &mut impl BufRead,
    ) -> Result<(), StreamError> {
        let path = self.of(id).join(&file.name);
        if !FILES.contains(&file.name.as_str()) || path.exists() {
            return Err(StreamError::Name(file.name.clone()));
        }
        if file.bytes > bytes_max {
            return Err(StreamError::Large {
                name: file.name.clone(),
                bytes: file.bytes,
            });
        }
        // What fails on the way to the disk is a failure to write, not one of the stream.
        let unwritten = |source| StreamError::Write {
            name: file.name.clone(),
            source,
        };
        disk::room(&self.root, file.bytes).map_err(unwritten)?;
        disk::write(&path, |into| {
            stream::copy(output, file, into).map_err(Taken::Not)
        })
        .map_err(|failed| match failed {
            Taken::Not(error) => error,
            Taken::Unwritten(source) => unwritten(source),
        })
    }

    /// Deletes what a job made; its document stays.
    pub(super) fn clear(&self, id: u64) -> io::Result<()> {
        for name in FILES {
            match fs::remove_file(self.of(id).join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// A part of what a job made, and the size of the whole.
    pub(super) fn part(&self, id: u64, name: &str, offset: u64) -> io::Result<(Vec<u8>, u64)> {
        let mut file = File::open(self.of(id).join(name))?;
        let size = file.metadata()?.len();
        file.seek(SeekFrom::Start(offset.min(size)))?;
        let most = u64::try_from(limits::CHUNK_BYTES_MAX).unwrap_or(u64::MAX);
        let mut part = Vec::new();
        file.take(most).read_to_end(&mut part)?;
        Ok((part, size))
    }

    /// Deletes a job with what it made. `last_id` is the highest number given so far.
    pub(super) fn delete(&self, id: u64, last_id: u64) -> io::Result<()> {
        if id == last_id {
            disk::write_bytes(&self.root.join(LAST_ID), format!("{last_id}\n").as_bytes())?;
        }
        // Out of the way in one step, so that no half of a job is found after a crash.
        let gone = self.root.join(format!(".{id}"));
        fs::rename(self.of(id), &gone)?;
        disk::sync_folder(&self.root)?;
        fs::remove_dir_all(&gone)
    }
}

/// Why a file was not taken.
enum Taken {
    Not(StreamError),
    Unwritten(io::Error),
}

impl From<io::Error> for Taken {
    fn from(error: io::Error) -> Self {
        Self::Unwritten(error)
    }
}

fn document(job: &Job) -> io::Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(job)?;
    text.push(b'\n');
    Ok(text)
}

fn read(path: &Path) -> io::Result<Job> {
    Ok(serde_json::from_slice(&fs::read(path)?)?)
}

/// Deletes unfinished files.
fn sweep(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(disk::UNFINISHED) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(id: u64) -> Job {
        Job {
            id,
            ..trader_rpc::sample::of("Job").unwrap()
        }
    }

    fn folder() -> (tempfile::TempDir, Folder) {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path().join("jobs")).unwrap();
        (place, folder)
    }

    #[test]
    fn jobs_are_read_back_and_unfinished_files_are_swept() {
        let (_place, folder) = folder();
        for id in [1, 2, 10] {
            folder.make(&job(id)).unwrap();
        }
        fs::write(folder.path().join("2/rows.csv.part"), "half").unwrap();
        fs::create_dir(folder.path().join(".11")).unwrap();
        let found = folder.load().unwrap();
        assert_eq!(found.jobs, [job(1), job(2), job(10)]);
        assert_eq!(found.last_id, 10);
        assert!(found.unreadable.is_empty());
        assert!(!folder.path().join("2/rows.csv.part").exists());
        assert!(!folder.path().join(".11").exists());
    }

    #[test]
    fn a_number_is_not_given_again_after_the_newest_job_was_deleted() {
        let (_place, folder) = folder();
        folder.make(&job(1)).unwrap();
        folder.make(&job(2)).unwrap();
        folder.delete(2, 2).unwrap();
        folder.delete(1, 2).unwrap();
        let found = folder.load().unwrap();
        assert!(found.jobs.is_empty());
        assert_eq!(found.last_id, 2);
    }

    #[test]
    fn a_document_that_is_none_is_told_left_alone_and_its_number_kept() {
        let (_place, folder) = folder();
        folder.make(&job(7)).unwrap();
        let path = folder.path().join("7").join(DOCUMENT);
        fs::write(&path, "{\"id\":7").unwrap();
        let found = folder.load().unwrap();
        assert_eq!((found.jobs.len(), found.last_id), (0, 7));
        assert!(found.unreadable[0].starts_with("7: "), "{found:?}");
        assert_eq!(fs::read(&path).unwrap(), b"{\"id\":7");
    }

    #[test]
    fn a_file_is_taken_once_by_its_right_name_and_given_in_parts() {
        let (_place, folder) = folder();
        folder.make(&job(1)).unwrap();
        let content = vec![b'x'; limits::CHUNK_BYTES_MAX + 5];
        let take = |name: &str, most: u64| {
            let file = stream::announce(name, &content);
            folder.take(1, &file, most, &mut content.as_slice())
        };
        assert!(matches!(take("../x", 1 << 20), Err(StreamError::Name(_))));
        assert!(matches!(
            take("job.json", 1 << 20),
            Err(StreamError::Name(_))
        ));
        assert!(matches!(
            take("rows.csv", 100),
            Err(StreamError::Large { .. })
        ));
        take("rows.csv", 1 << 20).unwrap();
        assert!(matches!(
            take("rows.csv", 1 << 20),
            Err(StreamError::Name(_))
        ));
        let (part, size) = folder.part(1, "rows.csv", 0).unwrap();
        assert_eq!((part.len(), size), (limits::CHUNK_BYTES_MAX, 524_293));
        assert_eq!(folder.part(1, "rows.csv", 524_288).unwrap().0, b"xxxxx");
        assert!(folder.part(1, "rows.csv", u64::MAX).unwrap().0.is_empty());
        folder.clear(1).unwrap();
        assert!(folder.part(1, "rows.csv", 0).is_err());
    }
}
