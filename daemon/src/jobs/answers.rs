//! The calls that deleted or removed something, by their ids, so that one that is sent again acts only
//! once, even after a restart. Submitted jobs remember their calls themselves.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::PathBuf;

use trader_rpc::{Accepted, RequestId};

use super::disk;

/// Calls that are remembered.
const KEPT: usize = 256;

/// What calls were answered with.
#[derive(Debug)]
pub(super) struct Answers {
    path: PathBuf,
    kept: VecDeque<(RequestId, String)>,
}

impl Answers {
    /// Reads what is remembered in this file. One that cannot be read is as good as none.
    pub(super) fn open(path: PathBuf) -> Self {
        let kept = match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).unwrap_or_else(|error| {
                tracing::warn!(path = %path.display(), %error, "answered calls were forgotten");
                VecDeque::new()
            }),
            Err(_) => VecDeque::new(),
        };
        Self { path, kept }
    }

    /// The answer that the call had.
    pub(super) fn of(&self, id: &RequestId) -> Option<Accepted> {
        let found = self.kept.iter().find(|(known, _)| known == id);
        found.map(|(id, message)| Accepted {
            request_id: id.clone(),
            message: message.clone(),
            repeated: true,
        })
    }

    /// Remembers an answer, and gives it.
    pub(super) fn keep(&mut self, id: &RequestId, message: String) -> Accepted {
        self.kept.push_back((id.clone(), message.clone()));
        let over = self.kept.len().saturating_sub(KEPT);
        self.kept.drain(..over);
        if let Err(error) = self.write() {
            tracing::warn!(%error, "an answered call is remembered until the daemon ends only");
        }
        Accepted {
            request_id: id.clone(),
            message,
            repeated: false,
        }
    }

    fn write(&self) -> io::Result<()> {
        disk::write_bytes(&self.path, &serde_json::to_vec(&self.kept)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_known_after_a_restart_and_the_oldest_are_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answers.json");
        let id = |number: usize| -> RequestId { format!("r{number}").parse().unwrap() };
        let mut answers = Answers::open(path.clone());
        assert!(answers.of(&id(0)).is_none());
        for number in 0..=KEPT {
            assert!(!answers.keep(&id(number), format!("did {number}")).repeated);
        }
        let again = Answers::open(path);
        assert!(again.of(&id(0)).is_none());
        let known = again.of(&id(KEPT)).unwrap();
        assert!(known.repeated);
        assert_eq!(known.message, "did 256");
    }
}
