//! Files on their way to a job: they come in parts, in order, each an append to one file below the
//! state folder.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use trader_contract::Timestamp;
use trader_rpc::{Failure, RequestId, UploadState};

use super::disk;

/// After this long without a new part an upload is given up.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);
/// Uploads at one time.
const AT_ONCE: usize = 16;

/// The folder of the uploads.
#[derive(Debug)]
pub(super) struct Uploads {
    root: PathBuf,
    bytes_max: u64,
}

impl Uploads {
    /// Opens the folder, makes it if it is missing. A file may have so many bytes.
    pub(super) fn open(root: PathBuf, bytes_max: u64) -> io::Result<Self> {
        crate::state::make_folder(&root, 0o700)?;
        Ok(Self { root, bytes_max })
    }

    /// Where an upload is.
    pub(super) fn path(&self, id: &RequestId) -> PathBuf {
        // An id has no characters that lead out of the folder.
        self.root.join(id.as_str())
    }

    /// The bytes that are there of an upload.
    pub(super) fn size(&self, id: &RequestId) -> Option<u64> {
        fs::metadata(self.path(id)).ok().map(|meta| meta.len())
    }

    /// Deletes an upload that nobody needs any more.
    pub(super) fn delete(&self, id: &RequestId) {
        if let Err(error) = fs::remove_file(self.path(id))
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(upload = %id, %error, "an upload could not be deleted");
        }
    }

    /// Deletes the uploads that have had no new part for a day, but those in `needed`.
    pub(super) fn sweep(&self, now: Timestamp, needed: &[RequestId]) -> io::Result<()> {
        for entry in fs::read_dir(&self.root)? {
            let entry = entry?;
            let name = entry.file_name();
            if needed.iter().any(|id| name.to_str() == Some(id.as_str())) {
                continue;
            }
            let changed = entry.metadata()?.modified()?;
            let changed = changed.duration_since(UNIX_EPOCH).unwrap_or_default();
            let now = Duration::from_secs(u64::try_from(now.seconds()).unwrap_or(0));
            if now.saturating_sub(changed) > STALE {
                fs::remove_file(entry.path())?;
                tracing::info!(upload = ?name, "an upload was given up: it had no new part for a day");
            }
        }
        Ok(())
    }

    /// Puts a whole file there that the daemon made itself, in place of one that was.
    #[cfg(feature = "broker-alpaca")]
    pub(super) fn put(&self, id: &RequestId, content: &[u8]) -> io::Result<()> {
        disk::room(&self.root, u64::try_from(content.len()).unwrap_or(u64::MAX))?;
        fs::write(self.path(id), content)
    }

    /// Takes a part. One that is there already is taken as it is.
    pub(super) fn take(
        &self,
        id: &RequestId,
        offset: u64,
        part: &[u8],
    ) -> Result<UploadState, Failure> {
        let failed = |error: io::Error| {
            Failure::refused(
                "the part was not taken",
                format!("it cannot be written: {error}"),
                "make room on the disk of the state folder; what has arrived is kept for a day",
            )
        };
        let size = self.size(id);
        if size.is_none() && self.count().map_err(failed)? >= AT_ONCE {
            return Err(Failure::busy(
                "upload",
                format!(
                    "{AT_ONCE} files are on their way already; those without a new part for a day are given up"
                ),
            ));
        }
        let size = size.unwrap_or(0);
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
        let end = offset.saturating_add(length);
        if offset > size {
            return Err(Failure::refused(
                "the part was not taken",
                format!("it begins at {offset}, and {size} bytes have arrived"),
                format!("send the part that begins at {size}"),
            ));
        }
        if end > self.bytes_max {
            return Err(Failure::refused(
                "the part was not taken",
                format!("the file would have more than {} MB", self.bytes_max >> 20),
                "split the file, by years for instance, or raise jobs.upload_mb",
            ));
        }
        disk::room(&self.root, length).map_err(failed)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(self.path(id))
            .map_err(failed)?;
        let state = |bytes| UploadState {
            upload: id.clone(),
            bytes,
        };
        if offset < size {
            return same(&mut file, offset, part, size)
                .map_err(failed)?
                .then(|| state(size))
                .ok_or_else(|| different(id, offset));
        }
        file.write_all_at(part, offset).map_err(|error| {
            // A part that is there by half would be in the way of its own repetition.
            let _ = file.set_len(size);
            failed(error)
        })?;
        Ok(state(end))
    }

    fn count(&self) -> io::Result<usize> {
        Ok(fs::read_dir(&self.root)?.count())
    }
}

fn different(id: &RequestId, offset: u64) -> Failure {
    Failure::refused(
        "the part was not taken",
        format!("upload {id} has other bytes at {offset}"),
        "send the file under a new id",
    )
}

/// Whether the file has these bytes there.
fn same(file: &mut File, offset: u64, part: &[u8], size: u64) -> io::Result<bool> {
    let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
    if offset.saturating_add(length) > size {
        return Ok(false);
    }
    let mut there = vec![0; part.len()];
    file.read_exact_at(&mut there, offset)?;
    Ok(there == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uploads(bytes_max: u64) -> (tempfile::TempDir, Uploads) {
        let place = tempfile::tempdir().unwrap();
        let uploads = Uploads::open(place.path().join("uploads"), bytes_max).unwrap();
        (place, uploads)
    }

    fn id(text: &str) -> RequestId {
        text.parse().unwrap()
    }

    #[test]
    fn parts_come_in_order_and_a_repeated_one_changes_nothing() {
        let (_place, uploads) = uploads(100);
        let take = |offset, part: &str| {
            uploads
                .take(&id("u"), offset, part.as_bytes())
                .map(|state| state.bytes)
                .map_err(|failure| failure.detail.next)
        };
        assert_eq!(take(0, "abc"), Ok(3));
        assert_eq!(take(0, "abc"), Ok(3));
        assert_eq!(take(3, "def"), Ok(6));
        assert_eq!(take(0, "abc"), Ok(6));
        assert_eq!(take(6, ""), Ok(6));
        assert_eq!(
            take(9, "x"),
            Err("send the part that begins at 6".to_owned())
        );
        assert_eq!(
            take(3, "xyz"),
            Err("send the file under a new id".to_owned())
        );
        assert_eq!(
            take(3, "defg"),
            Err("send the file under a new id".to_owned())
        );
        assert!(
            take(6, &"x".repeat(95))
                .unwrap_err()
                .contains("jobs.upload_mb")
        );
        assert_eq!(fs::read(uploads.path(&id("u"))).unwrap(), b"abcdef");
    }

    #[test]
    fn only_so_many_files_are_on_their_way_at_once() {
        let (_place, uploads) = uploads(100);
        for number in 0..AT_ONCE {
            uploads.take(&id(&format!("u{number}")), 0, b"x").unwrap();
        }
        let busy = uploads.take(&id("more"), 0, b"x").unwrap_err();
        assert_eq!(busy.code, trader_rpc::ErrorCode::Busy.number());
        uploads.take(&id("u0"), 1, b"y").unwrap();
        uploads.delete(&id("u0"));
        uploads.take(&id("more"), 0, b"x").unwrap();
    }

    #[test]
    fn what_nobody_went_on_with_for_a_day_is_swept_unless_a_job_needs_it() {
        let (_place, uploads) = uploads(100);
        uploads.take(&id("old"), 0, b"x").unwrap();
        uploads.take(&id("needed"), 0, b"x").unwrap();
        let now = crate::clock::now();
        uploads.sweep(now, &[]).unwrap();
        assert_eq!(uploads.size(&id("old")), Some(1));
        let later = now.plus_minutes(24 * 60 + 1);
        uploads.sweep(later, &[id("needed")]).unwrap();
        assert_eq!(uploads.size(&id("old")), None);
        assert_eq!(uploads.size(&id("needed")), Some(1));
    }
}
