//! What can go wrong with the store, and what to do about each.

use std::path::PathBuf;

use diesel::result::Error as DieselError;

/// Why the store could not be opened, written or read. Each message ends with what to do.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be made or opened.
    #[error(
        "cannot open the database {path}: {why}; check that its folder exists and that this user may write there"
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// The file is a database of something else.
    #[error(
        "{path} is a database of another program; nothing was changed; give traderd a path of its own"
    )]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// The file was made by a newer release.
    #[error(
        "the database was written by a newer release (it has migration {found}, this one knows up to {known}); nothing was changed; install that release again"
    )]
    Newer {
        /// The newest migration in the file.
        found: String,
        /// The newest that this program has.
        known: String,
    },
    /// The file is damaged.
    #[error(
        "the database is damaged: {detail}; stop the daemon, keep the file for inspection and restore the last backup"
    )]
    Corrupt {
        /// What was found.
        detail: String,
    },
    /// The journal is not the one that was written.
    #[error(
        "the journal was changed at row {seq}: {what}; stop the daemon, keep the file for inspection and restore the last backup"
    )]
    ChainBroken {
        /// The first row that does not fit.
        seq: u64,
        /// What does not fit.
        what: String,
    },
    /// A file of the open store is no longer at its path.
    #[error(
        "{path} was {what} while the daemon runs, and what is written now would be gone after a restart; stop the daemon, keep what is left and restore the last backup before it starts again"
    )]
    Lost {
        /// The file.
        path: PathBuf,
        /// What became of it.
        what: &'static str,
    },
    /// A stored value is none that this program writes.
    #[error(
        "table {table} holds {value:?} where a {wanted} belongs; if it is not the journal, rebuild the projections, else restore the last backup"
    )]
    Unreadable {
        /// The table.
        table: &'static str,
        /// What was expected.
        wanted: &'static str,
        /// What stands there.
        value: String,
    },
    /// There is no room left.
    #[error("the disk is full ({message}); free space where the database lies, then start again")]
    Full {
        /// SQLite's words.
        message: String,
    },
    /// The file cannot be written.
    #[error(
        "the database cannot be written ({message}); check that the file system is not mounted read-only and that this user owns the file and its folder"
    )]
    ReadOnly {
        /// SQLite's words.
        message: String,
    },
    /// Somebody else holds the database.
    #[error(
        "the database is in use ({message}); stop the other program that has it open for writing"
    )]
    Busy {
        /// SQLite's words.
        message: String,
    },
    /// The disk does not answer as it should.
    #[error("the disk failed ({message}); look at the kernel's log before starting again")]
    Disk {
        /// SQLite's words.
        message: String,
    },
    /// SQLite does not keep a promise that the journal rests on.
    #[error(
        "the database refuses {setting} = {wanted} (it says {got}); put it on a local file system"
    )]
    Setting {
        /// The pragma.
        setting: &'static str,
        /// What it must be.
        wanted: &'static str,
        /// What it is.
        got: String,
    },
    /// A batch does not follow the newest row.
    #[error(
        "journal row {got} was handed over where {expected} comes next; nothing was written; this is a fault of the program: restart it"
    )]
    Gap {
        /// The next row's number.
        expected: u64,
        /// What was handed over.
        got: u64,
    },
    /// Somebody else appended to the journal since this store was opened.
    #[error(
        "another program appended to the journal (row {found} is the newest, {ours} was); nothing was written; only one traderd may run on a store"
    )]
    OtherWriter {
        /// The newest row that this store knows.
        ours: u64,
        /// The newest row there is.
        found: u64,
    },
    /// A record would not read back as it is.
    #[error(
        "record {seq} ({kind}) does not survive storing: {why}; nothing was written; this is a fault of the program"
    )]
    Unwritable {
        /// Its number.
        seq: u64,
        /// Its kind.
        kind: &'static str,
        /// What happens to it.
        why: String,
    },
    /// The writer has ended.
    #[error("the journal's writer has stopped; restart the daemon")]
    WriterStopped,
    /// Anything else that SQLite reports.
    #[error("the database failed: {message}; see the journal of the daemon, then start again")]
    Other {
        /// SQLite's words.
        message: String,
    },
}

impl StoreError {
    /// Sorts SQLite's words; diesel passes on no result code.
    pub(crate) fn from_message(message: &str) -> Self {
        let text = message.to_lowercase();
        let says = |part: &str| text.contains(part);
        let message = message.to_owned();
        if says("disk is full") {
            Self::Full { message }
        } else if says("readonly database") || says("unable to open database file") {
            Self::ReadOnly { message }
        } else if says("is locked") || says("busy") {
            Self::Busy { message }
        } else if says("malformed") || says("not a database") || says("corrupt") {
            Self::Corrupt { detail: message }
        } else if says("disk i/o error") {
            Self::Disk { message }
        } else {
            Self::Other { message }
        }
    }

    /// Whether the same call may succeed later without anybody doing anything.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Busy { .. })
    }
}

impl From<DieselError> for StoreError {
    fn from(error: DieselError) -> Self {
        Self::from_message(&error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_sqlite_are_sorted_by_what_to_do() {
        let name = |message: &str| match StoreError::from_message(message) {
            StoreError::Full { .. } => "full",
            StoreError::ReadOnly { .. } => "read-only",
            StoreError::Busy { .. } => "busy",
            StoreError::Corrupt { .. } => "corrupt",
            StoreError::Disk { .. } => "disk",
            _ => "other",
        };
        for (message, expected) in [
            ("database or disk is full", "full"),
            ("attempt to write a readonly database", "read-only"),
            ("unable to open database file", "read-only"),
            ("database is locked", "busy"),
            ("database table is locked", "busy"),
            ("database disk image is malformed", "corrupt"),
            ("file is not a database", "corrupt"),
            ("disk I/O error", "disk"),
            ("no such table: orders", "other"),
        ] {
            assert_eq!(name(message), expected, "{message}");
        }
    }
}
