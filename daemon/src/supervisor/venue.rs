//! The simulated broker as a thing that outlives the daemon: its whole state is written to a file
//! before anything that it says is heard, so that a restart meets the broker it left.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use trader_broker_sim::{AccountView, RestoreError, SimBroker, SimConfig};
use trader_calendar::Session;
use trader_contract::{Bar, Broker, BrokerEvent, BrokerRequest, Symbol, SymbolId, Timestamp};

const FILE: &str = "sim-broker.json";

/// Why the broker could not be set up.
#[derive(Debug, thiserror::Error)]
pub(super) enum VenueError {
    /// The file cannot be read or written.
    #[error("the simulated broker's file {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is no state of the broker.
    #[error("{path}: {source}; move the file away to start with a new simulated account")]
    State {
        /// The file.
        path: PathBuf,
        /// Why.
        source: RestoreError,
    },
}

/// The simulated broker with its file.
#[derive(Debug)]
pub(super) struct Venue {
    broker: SimBroker,
    path: PathBuf,
    dirty: bool,
}

impl Venue {
    /// Opens the broker of a state folder, or a new one.
    ///
    /// # Errors
    /// The file cannot be read or is damaged.
    pub(super) fn open(
        state: &Path,
        config: SimConfig,
        symbols: &[Symbol],
    ) -> Result<Self, VenueError> {
        let path = state.join(FILE);
        let broker = match fs::read_to_string(&path) {
            Ok(text) => {
                SimBroker::restore(&text, config, symbols).map_err(|source| VenueError::State {
                    path: path.clone(),
                    source,
                })?
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                SimBroker::new(config, symbols)
            }
            Err(source) => return Err(VenueError::File { path, source }),
        };
        Ok(Self {
            broker,
            path,
            dirty: true,
        })
    }

    /// Its own truth.
    #[must_use]
    pub(super) fn account(&self) -> AccountView {
        self.broker.account()
    }

    /// Announces a session.
    pub(super) fn open_session(&mut self, session: Session) {
        self.broker.open_session(session.open, session.close);
        self.dirty = true;
    }

    /// Hands over a minute's true bar at its start.
    pub(super) fn begin(&mut self, symbol: SymbolId, bar: &Bar) {
        self.broker.load_bar(symbol, bar, Timestamp::MINUTE);
    }

    /// Takes a request.
    pub(super) fn request(&mut self, request: BrokerRequest, now: Timestamp) {
        self.broker.request(request, now);
        self.dirty = true;
    }

    /// When it next has something to say.
    #[must_use]
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.broker.due()
    }

    /// Takes what it says next, once its state is on file.
    ///
    /// # Errors
    /// The state cannot be written; the event is taken all the same.
    pub(super) fn take(&mut self, now: Timestamp) -> (Option<BrokerEvent>, Result<(), VenueError>) {
        let event = self.broker.take(now);
        self.dirty |= event.is_some();
        let saved = if self.dirty { self.save() } else { Ok(()) };
        (event, saved)
    }

    /// Writes the state to its file, whole or not at all.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn save(&mut self) -> Result<(), VenueError> {
        let failed = |source| VenueError::File {
            path: self.path.clone(),
            source,
        };
        let text = self.broker.save().map_err(|error| failed(error.into()))?;
        let fresh = self.path.with_extension("json.new");
        let mut file = fs::File::create(&fresh).map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        drop(file);
        fs::rename(&fresh, &self.path).map_err(failed)?;
        self.dirty = false;
        Ok(())
    }
}
