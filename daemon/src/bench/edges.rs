//! What stands around the kernel that is measured.

use trader_broker_sim::SimBroker;
use trader_contract::{Broker, BrokerRequest, Timestamp};
use trader_core::record::{JournalEntry, Record};
use trader_core::{Command, Commands, Event};
use trader_kernel::views::{StatusFacts, StrategyFacts};
use trader_kernel::{Kernel, Ports, Surroundings, changes_the_broker};
use trader_rpc::{Link, LinkState, Mode, RecordingInfo, StoreInfo};
use trader_store::{Batch, OperatorRequest, Writer};

use crate::recording::Recorder;

/// Where the journal goes.
pub(super) enum Journal {
    /// Nowhere.
    None,
    /// To the disk, and every commit is waited for, as a daemon does.
    Awaited(Writer),
    /// To the disk, many commits at once: for a history that is only to be there.
    Queued(Writer),
}

/// A kernel's edges: perhaps a broker, a recorder, a journal.
pub(super) struct Edges {
    pub(super) broker: Option<SimBroker>,
    pub(super) recorder: Recorder,
    pub(super) journal: Journal,
    /// Orders that the journal has been given.
    pub(super) orders: u64,
}

impl Edges {
    pub(super) const fn new(recorder: Recorder, journal: Journal) -> Self {
        Self {
            broker: None,
            recorder,
            journal,
            orders: 0,
        }
    }

    /// What broker and timer have to say before an edge of the market; the broker also at it.
    pub(super) fn settle(&mut self, kernel: &mut Kernel, edge: Timestamp) {
        loop {
            let broker = self.broker.as_ref().and_then(Broker::due);
            let broker = broker.filter(|at| *at <= edge);
            let timer = kernel.engine().next_timer().filter(|at| *at < edge);
            match (broker, timer) {
                (Some(at), timer) if timer.is_none_or(|timer| at <= timer) => {
                    let event = self.broker.as_mut().and_then(|broker| broker.take(at));
                    if let Some(event) = event {
                        kernel.feed(at, &Event::Broker(event), self);
                    }
                }
                (_, Some(at)) => kernel.feed(at, &Event::Timer, self),
                _ => break,
            }
        }
    }
}

impl Ports for Edges {
    fn record(&mut self, at: Timestamp, event: &Event) {
        self.recorder.record(at, event);
    }
    fn secure(&mut self) {
        self.recorder.secure();
    }
    fn record_commands(&mut self, commands: &mut Commands) {
        self.recorder.record_commands(commands);
    }
    fn commit(&mut self, batch: Batch, leaving: &[Command]) -> Result<(), Box<str>> {
        if leaving.iter().any(changes_the_broker) {
            self.secure();
        }
        let outcome = match &self.journal {
            Journal::None => Ok(()),
            Journal::Awaited(writer) => writer.submit(batch).wait(),
            Journal::Queued(writer) => {
                writer.submit_then(batch, drop);
                writer.failure().map_or(Ok(()), Err)
            }
        };
        outcome.map_err(|error| error.to_string().into())
    }
    fn find_request(&mut self, _: &str) -> Option<OperatorRequest> {
        None
    }
    fn send(&mut self, request: BrokerRequest, now: Timestamp) {
        if matches!(self.journal, Journal::Awaited(_)) {
            self.recorder.wait();
        }
        if let Some(broker) = &mut self.broker {
            broker.request(request, now);
        }
    }
    fn renew_feed(&mut self, _: &str) {}
    fn written(&mut self, entry: &JournalEntry) {
        if matches!(entry.record, Record::OrderPlanned { .. }) {
            self.orders = self.orders.saturating_add(1);
        }
    }
    fn unwritten(&mut self, _: &JournalEntry) {}
}

pub(super) fn surroundings() -> Surroundings {
    let up = || Link {
        name: "bench".to_owned(),
        state: LinkState::Up,
        detail: None,
        last_heard_at: None,
    };
    Surroundings {
        facts: StatusFacts {
            mode: Mode::Simulated,
            label: String::new(),
            version: String::new(),
            pid: 0,
            started_at: Timestamp::MIN,
            uptime_seconds: 0,
            feed: up(),
            broker: up(),
            store: StoreInfo {
                seq: 0,
                path: None,
                writable: true,
            },
            recording: RecordingInfo {
                enabled: true,
                session: None,
                failure: None,
            },
            sockets: Vec::new(),
            config_hash: String::new(),
            journal_failure: None,
        },
        strategies: StrategyFacts::default(),
        flatten_on_stop: false,
    }
}
