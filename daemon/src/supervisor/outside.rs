//! What the kernel reaches the world through: the writer of the store, the broker, and everybody who
//! reads the journal along.

use std::sync::Arc;

use tokio::sync::oneshot;
use trader_contract::{BrokerRequest, Timestamp};
use trader_core::record::{JournalEntry, Record};
use trader_core::{Command, Commands, Event};
use trader_kernel::{Ports, changes_the_broker, views};
use trader_rpc::JournalLine;
use trader_store::{Batch, OperatorRequest, Reader, StoreError, Writer};

use super::Witness;
use super::probe::Probe;
use super::runtime::EngineRuntime;
use super::tally::Tally;
use super::venue::Venue;
use crate::alerts::Delivery;
use crate::events::Ring;
use crate::journal_log::JournalLog;
use crate::recording::Recorder;
use crate::systemd::Heart;

/// The kernel's edges in the running daemon.
pub(super) struct Outside {
    pub(super) venue: Venue,
    /// Where the venue's connections live.
    pub(super) runtime: EngineRuntime,
    pub(super) writer: Arc<Writer>,
    /// Calls that were answered in an earlier run.
    pub(super) reader: Reader,
    pub(super) heart: Heart,
    pub(super) tally: Tally,
    pub(super) journal: Ring<JournalLine>,
    pub(super) journal_log: JournalLog,
    pub(super) witness: Option<Witness>,
    /// Tells people of alerts.
    pub(super) delivery: Arc<Delivery>,
    /// Writes down what the engine takes and gives.
    pub(super) recorder: Recorder,
    pub(super) probe: Option<Probe>,
}

impl Outside {
    /// Tells people that the journal cannot be written any more.
    pub(super) fn tell_of_failure(&self, error: &str) {
        tracing::error!(%error, "the journal cannot be written; entries are halted, protecting and reducing go on from memory");
        self.delivery.raise_journal_failure(error);
    }
}

impl Ports for Outside {
    fn record(&mut self, at: Timestamp, event: &Event) {
        if let Some(probe) = &mut self.probe {
            probe.took(event);
        }
        self.recorder.record(at, event);
    }

    fn secure(&mut self) {
        self.recorder.secure();
    }

    fn record_commands(&mut self, commands: &mut Commands) {
        self.recorder.record_commands(commands);
    }

    fn commit(&mut self, batch: Batch, leaving: &[Command]) -> Result<(), Box<str>> {
        if let Some(probe) = &mut self.probe {
            probe.decided();
        }
        self.heart.writer.beat();
        let (answer, outcome) = oneshot::channel();
        // Who waits is here until it comes.
        let answer = move |outcome| drop(answer.send(outcome));
        self.writer.submit_then(batch, answer);
        // The journal's thread is at work by now: both are written at the same time.
        if leaving.iter().any(changes_the_broker) {
            self.recorder.secure();
        }
        // And the orders are made ready meanwhile, for the broker that has anything to make of them.
        #[cfg(feature = "broker-alpaca")]
        for command in leaving {
            if let Command::Send(approved) = command
                && let BrokerRequest::Submit(order) = approved.request()
            {
                self.venue.prepare(order);
            }
        }
        let outcome = self.runtime.until(outcome);
        let outcome = outcome.unwrap_or_else(|_| Err(Arc::new(StoreError::WriterStopped)));
        self.heart.writer.rest();
        if let Some(probe) = &mut self.probe {
            probe.committed();
        }
        outcome.map_err(|error| {
            let why = error.to_string();
            self.tell_of_failure(&why);
            why.into()
        })
    }

    fn find_request(&mut self, id: &str) -> Option<OperatorRequest> {
        self.reader.request(id).ok().flatten()
    }

    fn send(&mut self, request: BrokerRequest, now: Timestamp) {
        if let Some(probe) = &mut self.probe {
            probe.ready();
        }
        self.recorder.wait();
        if let Some(probe) = &mut self.probe {
            probe.sent(&request);
        }
        let venue = &mut self.venue;
        self.runtime.hand_over(|| venue.request(request, now));
    }

    fn renew_feed(&mut self, why: &str) {
        self.venue.renew_feed(why);
    }

    fn written(&mut self, entry: &JournalEntry) {
        self.tally.take(&entry.record);
        self.journal_log.write(entry);
        match &entry.record {
            Record::Alerted { alert } => self.delivery.raise(entry.seq, entry.at, alert),
            Record::AlertCleared { kind, symbol } => {
                self.delivery.clear(entry.seq, entry.at, kind, *symbol);
            }
            _ => {}
        }
        let line = views::journal_line(entry);
        if let Some(witness) = &mut self.witness {
            witness(&line);
        }
        self.journal.push_numbered(entry.seq, line);
    }

    fn unwritten(&mut self, entry: &JournalEntry) {
        self.journal_log.write(entry);
        if let Record::Alerted { alert } = &entry.record {
            // Its number is free for the next run.
            self.delivery.raise(0, entry.at, alert);
        }
    }
}
