//! Copies of the store: made while the daemon runs, checked, kept by number; and put back while it does
//! not. A store that was put back counts as a new generation, so that no order id is used twice.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use trader_contract::Timestamp;
use trader_store::{Reader, Store};

use crate::audit;
use crate::exit::{self, Failure};
use crate::state::{self, STORE_FILE};
use crate::{clock, epoch};

/// The folder of copies below the state folder, unless another is named.
const FOLDER: &str = "backups";
/// The folder of recordings there.
const RECORDINGS: &str = "recordings";
const PREFIX: &str = "traderd-";
const SUFFIX: &str = ".db";

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::new(exit::FAILED, error)
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    failed(format!("cannot {what} {}: {error}", path.display()))
}

/// Copies the store below a state folder into `to`, checks every row of the copy, and removes the oldest
/// copies beyond `keep`. Gives what was done, in words.
///
/// # Errors
/// There is no store, it cannot be copied, or the copy is not sound.
pub fn backup(state: &Path, to: Option<&Path>, keep: usize) -> Result<String, Failure> {
    let store = state.join(STORE_FILE);
    if !store.is_file() {
        return Err(Failure::new(
            exit::STATE,
            format!(
                "there is no store at {}; name the daemon's state folder with --state-dir",
                store.display()
            ),
        ));
    }
    let folder = to.map_or_else(|| state.join(FOLDER), Path::to_owned);
    state::make_folder(&folder, 0o700).map_err(|error| cannot("make", &folder, &error))?;
    let path = folder.join(name(clock::now()));
    let partial = path.with_extension("partial");
    // One that an earlier try left is of no use to anybody.
    let _ = fs::remove_file(&partial);
    Store::copy(&store, &partial).map_err(failed)?;
    let head = sound(&partial)?;
    fs::rename(&partial, &path).map_err(|error| cannot("name", &path, &error))?;
    sync_folder(&folder)?;
    let removed = thin_out(&folder, keep)?;
    let mut text = format!("{}: sound, head {head}\n", path.display());
    for old in removed {
        text.push_str(&format!("removed {}\n", old.display()));
    }
    Ok(text)
}

/// Puts a copy in the place of the store, which is set aside. Gives what was done, in words.
///
/// # Errors
/// A daemon has the state folder, the copy is not sound, or the files cannot be moved.
pub fn restore(state: &Path, from: &Path) -> Result<String, Failure> {
    state::make_folder(state, 0o700).map_err(|error| cannot("make", state, &error))?;
    let _lock = state::take(state)?;
    let head = sound(from)?;
    let store = state.join(STORE_FILE);
    let partial = state.join("restoring.partial");
    // One that an earlier try left is of no use to anybody.
    let _ = fs::remove_file(&partial);
    // Copied anew, so that its mode and place are those of a store.
    Store::copy(from, &partial).map_err(failed)?;
    sound(&partial)?;
    let aside = set_aside(&store)?;
    fs::rename(&partial, &store).map_err(|error| cannot("name", &store, &error))?;
    sync_folder(state)?;
    let mut opened = Store::open(&store, clock::now(), epoch::draw()).map_err(failed)?;
    opened.renew_epoch(epoch::draw()).map_err(failed)?;
    let aside = aside.map_or_else(String::new, |path| {
        format!("the store that was there is now {}\n", path.display())
    });
    Ok(format!(
        "{aside}{} stands again as of head {head}, as a new generation ({:08x})\n\
         next: start the daemon; it compares with the broker before it trades, and tells what it does \
         not know\n",
        store.display(),
        opened.epoch().0
    ))
}

/// What tells of an earlier life in a state folder that has no store, or an empty one: recordings of
/// sessions, or copies of the store.
#[must_use]
pub fn left_without_store(state: &Path) -> Option<PathBuf> {
    let stands = fs::metadata(state.join(STORE_FILE)).is_ok_and(|file| file.len() != 0);
    if stands {
        return None;
    }
    let has_any = |folder: &PathBuf| fs::read_dir(folder).is_ok_and(|mut all| all.next().is_some());
    let mut folders = [RECORDINGS, FOLDER]
        .map(|folder| state.join(folder))
        .into_iter();
    folders.find(has_any)
}

/// The head of the journal in a copy whose every row is as it was written.
fn sound(path: &Path) -> Result<String, Failure> {
    let result = audit::verify(path, None, &mut |_, _| {}).map_err(failed)?;
    if let Some(fault) = result.faults.first() {
        return Err(failed(format!(
            "{} is not sound: {}: {}; {}",
            path.display(),
            fault.place,
            fault.what,
            fault.next
        )));
    }
    // What the journal does not prove, the database does of itself.
    Reader::open(path).map_err(failed)?;
    Ok(format!("{}:{}", result.head.seq, result.head.hash))
}

/// Moves a store with what belongs to it out of the way, also where only that is left of it: a copy
/// beside the log of another store would be read with it.
fn set_aside(store: &Path) -> Result<Option<PathBuf>, Failure> {
    let parts = ["", "-wal", "-shm"];
    if !parts.iter().any(|ending| beside(store, ending).exists()) {
        return Ok(None);
    }
    let aside = beside(store, &format!(".before-{}", stamp(clock::now())));
    for ending in parts {
        let (old, new) = (beside(store, ending), beside(&aside, ending));
        if old.exists() {
            fs::rename(&old, &new).map_err(|error| cannot("move", &old, &error))?;
        }
    }
    Ok(Some(aside))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// A moment in a file's name: 20240315T143000Z.
fn stamp(at: Timestamp) -> String {
    let text = at.to_string();
    let seconds = text.split(['.', 'Z']).next().unwrap_or_default();
    let digits: String = seconds
        .chars()
        .filter(|c| c.is_ascii_digit() || *c == 'T')
        .collect();
    format!("{digits}Z")
}

fn name(at: Timestamp) -> String {
    format!("{PREFIX}{}{SUFFIX}", stamp(at))
}

fn sync_folder(folder: &Path) -> Result<(), Failure> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| cannot("sync", folder, &error))
}

/// Removes the oldest copies beyond `keep`; nothing else that lies there.
fn thin_out(folder: &Path, keep: usize) -> Result<Vec<PathBuf>, Failure> {
    let entries = fs::read_dir(folder).map_err(|error| cannot("list", folder, &error))?;
    let mut copies: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX))
        })
        .collect();
    // Their names order them by time.
    copies.sort();
    let excess = copies.len().saturating_sub(keep.max(1));
    copies.truncate(excess);
    for old in &copies {
        fs::remove_file(old).map_err(|error| cannot("remove", old, &error))?;
    }
    Ok(copies)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn state() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(STORE_FILE);
        Store::open(&path, Timestamp::from_seconds(0), 7).unwrap();
        folder
    }

    fn copies(folder: &Path) -> Vec<PathBuf> {
        let mut found: Vec<PathBuf> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        found.sort();
        found
    }

    #[test]
    fn a_copy_is_its_owners_and_is_put_back_as_a_new_generation() {
        let state = state();
        let told = backup(state.path(), None, 30).unwrap();
        let made = copies(&state.path().join(FOLDER));
        assert_eq!(made.len(), 1, "{told}");
        let mode = fs::metadata(&made[0]).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);

        let told = restore(state.path(), &made[0]).unwrap();
        assert!(told.contains("the store that was there is now"), "{told}");
        let store = state.path().join(STORE_FILE);
        let now = Store::open(&store, Timestamp::from_seconds(0), 8).unwrap();
        assert_ne!(now.epoch(), trader_contract::Epoch(7));
        assert!(made[0].exists(), "a copy is never used up");
    }

    #[test]
    fn what_is_left_of_a_lost_store_is_set_aside_and_not_read_with_the_copy() {
        let state = state();
        backup(state.path(), None, 30).unwrap();
        let copy = copies(&state.path().join(FOLDER)).remove(0);
        let store = state.path().join(STORE_FILE);
        let mut open = Store::open(&store, Timestamp::from_seconds(0), 8).unwrap();
        open.renew_epoch(9).unwrap();
        let log = fs::read(beside(&store, "-wal")).unwrap();
        drop(open);
        fs::remove_file(&store).unwrap();
        fs::write(beside(&store, "-wal"), &log).unwrap();

        let told = restore(state.path(), &copy).unwrap();
        assert!(told.contains("the store that was there is now"), "{told}");
        let kept = copies(state.path()).into_iter().find(|path| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name.contains(".before-") && name.ends_with("-wal"))
        });
        assert!(fs::read(kept.unwrap()).unwrap() == log);
    }

    #[test]
    fn what_is_left_of_an_earlier_life_is_found_where_there_is_no_store() {
        let state = state();
        backup(state.path(), None, 30).unwrap();
        assert_eq!(left_without_store(state.path()), None, "it has one");
        let store = state.path().join(STORE_FILE);
        fs::write(&store, "").unwrap();
        let copies = state.path().join(FOLDER);
        assert_eq!(left_without_store(state.path()), Some(copies));
        fs::remove_file(&store).unwrap();
        let recordings = state.path().join("recordings");
        fs::create_dir_all(recordings.join("2024-03-15")).unwrap();
        assert_eq!(left_without_store(state.path()), Some(recordings));
        let new = tempfile::tempdir().unwrap();
        assert_eq!(left_without_store(new.path()), None);
    }

    #[test]
    fn only_the_newest_copies_are_kept_and_nothing_else_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for seconds in 0..5 {
            fs::write(path(&name(Timestamp::from_seconds(seconds))), "").unwrap();
        }
        fs::write(path("traderd.db.before"), "mine").unwrap();
        fs::write(path("notes.db"), "mine").unwrap();
        let removed = thin_out(folder.path(), 2).unwrap();
        assert_eq!(removed.len(), 3);
        assert!(removed[0].ends_with("traderd-19700101T000000Z.db"));
        assert_eq!(copies(folder.path()).len(), 4);
        assert!(
            thin_out(folder.path(), 0).unwrap().len() < 2,
            "one always stays"
        );
    }

    #[test]
    fn what_is_no_sound_store_is_not_put_back_and_the_old_one_stays() {
        let state = state();
        let bad = state.path().join("bad.db");
        fs::write(&bad, "no database").unwrap();
        assert!(restore(state.path(), &bad).is_err());
        assert!(state.path().join(STORE_FILE).exists());
        let lock = state::take(state.path()).unwrap();
        let refused = restore(state.path(), &bad).unwrap_err().to_string();
        assert!(refused.contains("another traderd"), "{refused}");
        drop(lock);
        let empty = tempfile::tempdir().unwrap();
        assert!(backup(empty.path(), None, 1).is_err());
    }
}
