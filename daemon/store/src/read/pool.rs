//! A few readers, handed to one caller at a time.

use std::path::Path;
use std::sync::{Condvar, Mutex, PoisonError};

use crate::{Reader, StoreError};

/// A fixed number of readers. Who asks while all are in use waits for one.
#[derive(Debug)]
pub struct Readers {
    idle: Mutex<Vec<Reader>>,
    returned: Condvar,
}

impl Readers {
    /// Opens `count` readers on the database at `path`; at least one.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn open(path: &Path, count: usize) -> Result<Self, StoreError> {
        let readers: Result<Vec<_>, _> = (0..count.max(1)).map(|_| Reader::open(path)).collect();
        Ok(Self {
            idle: Mutex::new(readers?),
            returned: Condvar::new(),
        })
    }

    /// Asks questions with a reader of its own; waits while none is idle. Blocks: call it from a
    /// thread that may.
    ///
    /// # Errors
    /// What `questions` gives.
    pub fn ask<T>(
        &self,
        questions: impl FnOnce(&mut Reader) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut loan = Loan {
            pool: self,
            reader: Some(self.take()),
        };
        match &mut loan.reader {
            Some(reader) => questions(reader),
            None => Err(StoreError::Other {
                message: "no reader".to_owned(),
            }),
        }
    }

    fn take(&self) -> Reader {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(reader) = idle.pop() {
                return reader;
            }
            idle = self
                .returned
                .wait(idle)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// A reader that goes back to its pool even if the question panics.
struct Loan<'a> {
    pool: &'a Readers,
    reader: Option<Reader>,
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        if let Some(reader) = self.reader.take() {
            let idle = &self.pool.idle;
            idle.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(reader);
            self.pool.returned.notify_one();
        }
    }
}
