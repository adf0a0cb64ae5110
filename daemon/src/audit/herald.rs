//! Tells the log the head of the journal, at intervals and when the daemon ends: in the system's own
//! journal, which others can send away and seal, it is out of reach of who changes the store.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use trader_store::{Reader, StoreError};

/// Reads the head on a connection of its own.
#[derive(Debug)]
pub(crate) struct Herald {
    reader: Reader,
    told: u64,
}

impl Herald {
    /// Will tell of the store at `path`.
    ///
    /// # Errors
    /// It cannot be opened.
    pub(crate) fn open(path: &Path) -> Result<Arc<Mutex<Self>>, StoreError> {
        let reader = Reader::open(path)?;
        Ok(Arc::new(Mutex::new(Self { reader, told: 0 })))
    }

    /// Tells the head if rows were added since it was told last, and whether there are rows at all.
    /// Waits for the disk.
    fn tell(&mut self) -> bool {
        match self.reader.info() {
            Ok(info) if info.head.seq > self.told => {
                self.told = info.head.seq;
                tracing::info!(
                    journal_seq = info.head.seq,
                    journal_hash = info.head.hash,
                    "the head of the journal"
                );
            }
            Ok(info) => return info.head.seq > 0,
            Err(error) => tracing::warn!(%error, "the head of the journal could not be read"),
        }
        true
    }
}

/// How often it looks for the first rows, in seconds: a new store has none.
const FIRST_LOOK_SECONDS: u64 = 1;

/// Tells as soon as there is something to tell and then at intervals, as long as the runtime lives; never
/// while `minutes` is nothing.
pub(crate) async fn tell_at_intervals(
    herald: Arc<Mutex<Herald>>,
    mut minutes: watch::Receiver<u32>,
) {
    loop {
        let now = *minutes.borrow_and_update();
        if now == 0 {
            if minutes.changed().await.is_err() {
                return;
            }
            continue;
        }
        let herald = Arc::clone(&herald);
        let telling = tokio::task::spawn_blocking(move || tell(&herald));
        let seconds = match telling.await {
            Ok(false) => FIRST_LOOK_SECONDS,
            Ok(true) => u64::from(now).saturating_mul(60),
            Err(_) => {
                tracing::warn!("the head of the journal is no longer told, by a bug");
                return;
            }
        };
        let wait = Duration::from_secs(seconds);
        if let Ok(Err(_)) = tokio::time::timeout(wait, minutes.changed()).await {
            // Whoever changes the interval has gone with the daemon.
            return;
        }
    }
}

/// Tells the head now, if rows were added; `false` as long as there are none at all.
pub(crate) fn tell(herald: &Mutex<Herald>) -> bool {
    herald.lock().unwrap_or_else(PoisonError::into_inner).tell()
}
