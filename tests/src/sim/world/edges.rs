//! What the kernel sees of the world: a store that may fail and a way to the broker. Each call to
//! either may be the last one of this life.

use std::sync::Arc;

use trader_contract::{BrokerRequest, Timestamp};
use trader_core::record::{Alert, JournalEntry, Record};
use trader_core::{Command, Commands, Event};
use trader_kernel::Ports;
use trader_rpc::Accepted;
use trader_store::{Batch, OperatorRequest};

use super::death::Deaths;
use super::operator::Slot;
use super::recording::Recording;
use crate::sim::disk::{Disk, Verdict};
use crate::sim::faults::Faults;
use crate::sim::log::Log;
use crate::sim::plan::{Call, FaultKind, Phase};

/// What the daemon did during one event.
#[derive(Debug, Clone, PartialEq)]
pub enum Did {
    /// It wrote this.
    Wrote {
        /// What.
        entry: Arc<JournalEntry>,
        /// Whether it is on the disk.
        durable: bool,
    },
    /// It sent this.
    Sent {
        /// What.
        request: BrokerRequest,
        /// Whether the plans of all its orders were on the disk by then.
        explained: bool,
        /// Whether the journal had failed by then.
        journal_failed: bool,
    },
    /// It told people of this.
    Raised(Alert),
    /// It wants the feed anew.
    WantsFeed,
}

/// The edges of one life.
pub(super) struct Edges<'a> {
    pub(super) now: Timestamp,
    pub(super) disk: &'a mut Disk,
    pub(super) faults: &'a mut Faults,
    pub(super) log: &'a mut Log,
    pub(super) deaths: &'a mut Deaths,
    pub(super) did: &'a mut Vec<Did>,
    /// Whether a commit of this life has failed: the daemon writes nothing more.
    pub(super) failed: &'a mut bool,
    /// Where the answer of the call that is being made is put.
    pub(super) asking: Option<&'a Slot<Accepted>>,
    /// Whether a call was answered before what it did was on the disk.
    pub(super) early: &'a mut bool,
    pub(super) recording: &'a mut Recording,
}

impl Edges<'_> {
    /// How far the disk takes a commit now.
    fn verdict(&mut self) -> Verdict {
        let kinds = [FaultKind::DiskFull, FaultKind::CommitFailed];
        for kind in kinds {
            if self.faults.strike(kind, self.now).is_some() {
                return Verdict::Refuses;
            }
        }
        match self.faults.strike(FaultKind::CommitMisreported, self.now) {
            Some(_) => Verdict::TakesAndDenies,
            None => Verdict::Takes,
        }
    }

    fn take(&mut self, batch: Batch, heard: bool) -> Result<(), Box<str>> {
        let outcome = self.disk.commit(&batch);
        let head = self.disk.head();
        let count = batch.entries.len();
        self.log
            .data("commit", &(head.seq, &head.hash, count, heard));
        self.keep(batch, outcome.is_ok());
        outcome
    }

    fn keep(&mut self, batch: Batch, durable: bool) {
        for entry in batch.entries {
            self.log.entry(&entry, durable);
            self.did.push(Did::Wrote { entry, durable });
        }
    }

    /// Whether the process dies at this call, and if so whether the call still happens.
    fn last_call(&mut self, call: Call) -> Option<bool> {
        let (phase, acts) = self.deaths.at_call(call, self.now)?;
        let number = i64::try_from(self.deaths.calls()).unwrap_or(i64::MAX);
        self.log
            .note("dies", number, || format!("{} {call:?}", phase.name()));
        Some(phase == Phase::After || (phase == Phase::During && acts))
    }
}

impl Ports for Edges<'_> {
    fn record(&mut self, at: Timestamp, event: &Event) {
        if !self.deaths.is_dead() {
            self.recording.event(at, event);
        }
    }

    fn secure(&mut self) {}

    fn record_commands(&mut self, commands: &mut Commands) {
        if !self.deaths.is_dead() {
            self.recording.commands(commands.as_slice());
        }
    }

    fn commit(&mut self, batch: Batch, _: &[Command]) -> Result<(), Box<str>> {
        let answered = |slot: &Slot<Accepted>| slot.lock().is_ok_and(|answer| answer.is_some());
        *self.early |= !batch.requests.is_empty() && self.asking.is_some_and(answered);
        let dead = || Box::<str>::from("the process is dead");
        if self.deaths.is_dead() {
            return Err(dead());
        }
        if let Some(happens) = self.last_call(Call::Commit) {
            if happens {
                self.take(batch, false)?;
            }
            return Err(dead());
        }
        match self.verdict() {
            Verdict::Takes => self.take(batch, true),
            Verdict::Refuses => {
                *self.failed = true;
                self.log.note("disk", 0, || "refuses a commit".to_owned());
                self.keep(batch, false);
                Err("no space left on the device".into())
            }
            Verdict::TakesAndDenies => {
                *self.failed = true;
                self.take(batch, false)?;
                Err("input/output error while syncing".into())
            }
        }
    }

    fn find_request(&mut self, id: &str) -> Option<OperatorRequest> {
        self.disk.request(id)
    }

    fn send(&mut self, request: BrokerRequest, _now: Timestamp) {
        if self.deaths.is_dead() {
            return;
        }
        let explained = explained(self.disk, &request);
        let journal_failed = *self.failed;
        if self.last_call(Call::Send) == Some(false) {
            return;
        }
        self.log.said("send", &request);
        self.did.push(Did::Sent {
            request,
            explained,
            journal_failed,
        });
    }

    fn renew_feed(&mut self, why: &str) {
        if !self.deaths.is_dead() {
            self.log.data("renew", &why);
            self.did.push(Did::WantsFeed);
        }
    }

    fn written(&mut self, entry: &JournalEntry) {
        if let Record::Alerted { alert } = &entry.record {
            self.did.push(Did::Raised(alert.clone()));
        }
    }

    fn unwritten(&mut self, entry: &JournalEntry) {
        if self.deaths.is_dead() {
            return;
        }
        self.log.entry(entry, false);
        self.written(entry);
    }
}

/// Whether the plans of all orders that a request makes are on the disk.
fn explained(disk: &Disk, request: &BrokerRequest) -> bool {
    match request {
        BrokerRequest::Submit(order) => {
            let legs = [order.attached.stop, order.attached.target, order.oco_stop];
            let mut ids = legs.into_iter().flatten().map(|(id, _)| id);
            disk.explains(order.client_id) && ids.all(|id| disk.explains(id))
        }
        BrokerRequest::Replace(change) => disk.explains(change.new_client_id),
        BrokerRequest::Cancel(id) => disk.explains(*id),
        BrokerRequest::Snapshot { .. } => true,
    }
}
