//! Where orders go: a broker behind a network, or the simulated one inside this program. That one is a
//! thing that outlives the daemon: its whole state is written to a file before anything that it says is
//! heard, so that a restart meets the broker it left.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use trader_broker_sim::{RestoreError, SimBroker, SimConfig};
use trader_calendar::Session;
#[cfg(feature = "broker-alpaca")]
use trader_contract::OrderRequest;
use trader_contract::{Bar, Broker, BrokerEvent, BrokerRequest, Symbol, SymbolId, Timestamp};
use trader_core::Event;

use super::Balance;
#[cfg(feature = "broker-alpaca")]
use super::alpaca::Alpaca;

/// The file of the simulated broker in the state folder.
pub(crate) const FILE: &str = "sim-broker.json";

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

/// Where orders go.
pub(super) enum Venue {
    /// The exchange inside this program.
    Inside(Box<Inside>),
    /// Alpaca.
    #[cfg(feature = "broker-alpaca")]
    Alpaca(Box<Alpaca>),
}

impl Venue {
    /// Its own truth: the broker inside this program knows it, another one has said it before.
    #[must_use]
    pub(super) fn balance(&self) -> Option<Balance> {
        match self {
            Self::Inside(inside) => Some(Balance::of_broker(&inside.broker.account())),
            #[cfg(feature = "broker-alpaca")]
            Self::Alpaca(alpaca) => alpaca.balance(),
        }
    }

    /// Takes the splits that were known at the start, as events.
    pub(super) fn take_splits(&mut self) -> Vec<Event> {
        match self {
            Self::Inside(_) => Vec::new(),
            #[cfg(feature = "broker-alpaca")]
            Self::Alpaca(alpaca) => alpaca.take_splits(),
        }
    }

    /// Announces a session to a broker that has no calendar.
    pub(super) fn open_session(&mut self, session: Session) {
        match self {
            Self::Inside(inside) => inside.open_session(session),
            #[cfg(feature = "broker-alpaca")]
            Self::Alpaca(_) => {}
        }
    }

    /// Hands over a minute's true bar at its start, to a broker that plays on it.
    pub(super) fn begin(&mut self, symbol: SymbolId, bar: &Bar) {
        match self {
            Self::Inside(inside) => inside.broker.load_bar(symbol, bar, Timestamp::MINUTE),
            #[cfg(feature = "broker-alpaca")]
            Self::Alpaca(_) => {}
        }
    }

    /// Makes an order ready that may be handed over soon; nothing of it is sent.
    #[cfg(feature = "broker-alpaca")]
    pub(super) fn prepare(&self, order: &OrderRequest) {
        match self {
            // It has nothing to make of one.
            Self::Inside(_) => {}
            Self::Alpaca(alpaca) => alpaca.prepare(order),
        }
    }

    /// Takes a request.
    pub(super) fn request(&mut self, request: BrokerRequest, now: Timestamp) {
        match self {
            Self::Inside(inside) => inside.request(request, now),
            #[cfg(feature = "broker-alpaca")]
            Self::Alpaca(alpaca) => alpaca.request(request),
        }
    }

    /// When it next has something to say, but for what comes by itself.
    #[must_use]
    pub(super) fn due(&self) -> Option<Timestamp> {
        match self {
            Self::Inside(inside) => inside.broker.due(),
            #[cfg(feature = "broker-alpaca")]
            Self::Alpaca(alpaca) => alpaca.due(),
        }
    }

    /// Takes what it says next, once its state is on file.
    ///
    /// # Errors
    /// The state cannot be written; the event is taken all the same.
    pub(super) fn take(&mut self, now: Timestamp) -> (Option<BrokerEvent>, Result<(), VenueError>) {
        match self {
            Self::Inside(inside) => inside.take(now),
            #[cfg(feature = "broker-alpaca")]
            Self::Alpaca(alpaca) => (alpaca.take(), Ok(())),
        }
    }

    /// Writes the state to its file, where it is ours to keep.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn save(&mut self) -> Result<(), VenueError> {
        match self {
            Self::Inside(inside) => inside.save(),
            #[cfg(feature = "broker-alpaca")]
            Self::Alpaca(_) => Ok(()),
        }
    }

    /// Closes its connections in good order, where it has any.
    pub(super) async fn close(self) {
        match self {
            Self::Inside(_) => {}
            #[cfg(feature = "broker-alpaca")]
            Self::Alpaca(alpaca) => alpaca.close().await,
        }
    }

    /// Makes the stream of prices anew.
    pub(super) fn renew_feed(&self, why: &str) {
        match self {
            // The market is part of this program: there is no stream to make anew.
            Self::Inside(_) => tracing::warn!(why, "the engine wants the feed made anew"),
            #[cfg(feature = "broker-alpaca")]
            Self::Alpaca(alpaca) => alpaca.renew_feed(why),
        }
    }
}

/// The simulated broker with its file.
#[derive(Debug)]
pub(super) struct Inside {
    broker: SimBroker,
    path: PathBuf,
    dirty: bool,
}

impl Inside {
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

    fn open_session(&mut self, session: Session) {
        self.broker.open_session(session.open, session.close);
        self.dirty = true;
    }

    fn request(&mut self, request: BrokerRequest, now: Timestamp) {
        self.broker.request(request, now);
        self.dirty = true;
    }

    fn take(&mut self, now: Timestamp) -> (Option<BrokerEvent>, Result<(), VenueError>) {
        let event = self.broker.take(now);
        self.dirty |= event.is_some();
        let saved = if self.dirty { self.save() } else { Ok(()) };
        (event, saved)
    }

    /// Writes the state to its file, whole or not at all.
    ///
    /// # Errors
    /// The file cannot be written.
    fn save(&mut self) -> Result<(), VenueError> {
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
