//! What a bench puts into a running daemon and hears of it: other routes, when an entry's message was
//! taken, its commit made, its recording on the disk and its request handed over, and whether the engine has
//! anything to do. A daemon that trades has none.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use trader_contract::BrokerRequest;
use trader_core::{EngineConfig, Event};

use crate::clock;

/// What became of one message that led to an entry, by [`clock::elapsed`].
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Span {
    /// The engine's thread took it.
    pub(crate) taken: Duration,
    /// What it decided was handed to the journal.
    pub(crate) decided: Duration,
    /// That was on the disk.
    pub(crate) committed: Duration,
    /// Only the recording was still waited for.
    pub(crate) ready: Duration,
    /// The request was handed to the broker's connection.
    pub(crate) sent: Duration,
}

/// What was heard.
#[derive(Debug, Clone, Default)]
pub(crate) struct Heard {
    /// The entries, oldest first.
    pub(crate) entries: Vec<Span>,
    /// Bars that the engine took.
    pub(crate) bars: u64,
    /// Quotes that the engine took.
    pub(crate) quotes: u64,
}

/// The probe.
#[derive(Clone)]
pub(crate) struct Probe {
    /// Changes what the engine is made of.
    pub(crate) engine: fn(&mut EngineConfig),
    heard: Arc<Mutex<Heard>>,
    /// Times that the engine went to rest or was woken by an event: even while it rests.
    turns: Arc<AtomicU64>,
    span: Span,
}

// The bench that puts one in measures Alpaca's connection.
#[cfg(all(feature = "broker-alpaca", feature = "broker-sim"))]
impl Probe {
    pub(crate) fn new(engine: fn(&mut EngineConfig)) -> Self {
        Self {
            engine,
            heard: Arc::default(),
            turns: Arc::default(),
            span: Span::default(),
        }
    }

    /// What was heard so far.
    pub(crate) fn heard(&self) -> Heard {
        let heard = self.heard.lock();
        heard.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A number that stays the same for as long as the engine has nothing to do; `None` while it has.
    pub(crate) fn at_rest(&self) -> Option<u64> {
        let turns = self.turns.load(Ordering::Relaxed);
        turns.is_multiple_of(2).then_some(turns)
    }

    /// What became of the last message that led to an entry.
    pub(crate) fn last(&self) -> Option<Span> {
        let heard = self.heard.lock();
        let heard = heard.unwrap_or_else(PoisonError::into_inner);
        heard.entries.last().copied()
    }
}

impl Probe {
    fn hear(&self, change: impl FnOnce(&mut Heard)) {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut heard);
    }

    /// The engine has nothing to do.
    pub(super) fn rests(&self) {
        self.turns
            .fetch_add(self.turns.load(Ordering::Relaxed) & 1, Ordering::Relaxed);
    }

    pub(super) fn took(&mut self, event: &Event) {
        self.span.taken = clock::elapsed();
        self.turns.fetch_or(1, Ordering::Relaxed);
        match event {
            Event::Bar { .. } => self.hear(|heard| heard.bars = heard.bars.saturating_add(1)),
            Event::Quote { .. } => self.hear(|heard| heard.quotes = heard.quotes.saturating_add(1)),
            _ => {}
        }
    }

    pub(super) fn decided(&mut self) {
        self.span.decided = clock::elapsed();
    }

    pub(super) fn committed(&mut self) {
        self.span.committed = clock::elapsed();
    }

    pub(super) fn ready(&mut self) {
        self.span.ready = clock::elapsed();
    }

    pub(super) fn sent(&mut self, request: &BrokerRequest) {
        if matches!(request, BrokerRequest::Submit(_)) {
            self.span.sent = clock::elapsed();
            let span = self.span;
            self.hear(|heard| heard.entries.push(span));
        }
    }
}
