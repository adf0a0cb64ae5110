//! Turns one event into what comes of it, in order: record, commit, send, tell, answer. Who decides which event is
//! next, and when, is outside.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use trader_contract::{
    Bar, BrokerEvent, BrokerRequest, ClientOrderId, RequestFailure, SymbolId, Timestamp,
};
use trader_core::book::Book;
use trader_core::planted::{Bug, is};
use trader_core::record::Record;
use trader_core::{Command, Commands, Engine, EngineConfig, EngineError, Event};
use trader_store::{Batch, OperatorRequest, Recovery};

use crate::audit;
use crate::calls::{Answer, Asking, Memory};
use crate::ports::{Ports, changes_the_broker};
use crate::views::{StatusFacts, StrategyFacts};

/// What the engine cannot know, and what a call leaves open.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The daemon around the engine; the journal's number is the recovery's.
    pub facts: StatusFacts,
    /// The routes' strategies.
    pub strategies: StrategyFacts,
    /// Whether `stop` closes positions when it does not say.
    pub flatten_on_stop: bool,
}

/// The engine with what is around it in every process that trades.
pub struct Kernel {
    pub(crate) engine: Engine,
    pub(crate) memory: Memory,
    pub(crate) waiting: BTreeMap<Box<str>, Asking>,
    pub(crate) facts: StatusFacts,
    /// When the broker last said what it holds.
    pub(crate) reconciled_at: Option<Timestamp>,
    pub(crate) strategies: StrategyFacts,
    pub(crate) flatten_on_stop: bool,
    journal_failure: Option<Box<str>>,
    commands: Commands,
    /// Orders whose requests contradicted the book: each is told once.
    contradicted: BTreeSet<ClientOrderId>,
    finished: bool,
}

impl std::fmt::Debug for Kernel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kernel")
            .field("now", &self.engine.now())
            .field("journal_failure", &self.journal_failure)
            .field("waiting", &self.waiting.len())
            .field("finished", &self.finished)
            .finish_non_exhaustive()
    }
}

impl Kernel {
    /// An engine where the journal left off, as the store's generation.
    ///
    /// # Errors
    /// The configuration fits no engine.
    pub fn boot(
        config: EngineConfig,
        recovery: &Recovery,
        around: Surroundings,
    ) -> Result<Self, EngineError> {
        let book = fold(recovery);
        let config = EngineConfig {
            epoch: recovery.epoch,
            ..config
        };
        let config = config.with_held(&book);
        let mut facts = around.facts;
        facts.store.seq = recovery.next_seq.saturating_sub(1);
        Ok(Self {
            engine: Engine::new(config, book, recovery.next_seq)?,
            memory: Memory::default(),
            waiting: BTreeMap::new(),
            facts,
            reconciled_at: None,
            strategies: around.strategies,
            flatten_on_stop: around.flatten_on_stop,
            journal_failure: None,
            commands: Commands::default(),
            contradicted: BTreeSet::new(),
            finished: false,
        })
    }

    /// The engine, to look at.
    #[must_use]
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Whether the engine has ended, after a stop.
    #[must_use]
    pub const fn is_finished(&self) -> bool {
        self.finished
    }

    /// Why the journal can no longer be written, if it cannot.
    #[must_use]
    pub fn journal_failure(&self) -> Option<&str> {
        self.journal_failure.as_deref()
    }

    /// What the views show of the daemon around the engine.
    #[must_use]
    pub const fn facts(&self) -> &StatusFacts {
        &self.facts
    }

    /// The same, to keep up to date.
    pub const fn facts_mut(&mut self) -> &mut StatusFacts {
        &mut self.facts
    }

    /// Shows the engine bars of the past, oldest first, before anything else. No order comes of them.
    pub fn warm_up(&mut self, now: Timestamp, symbol: SymbolId, bars: Arc<[Bar]>) {
        self.engine.step(now, &Event::History { symbol, bars });
    }

    /// Hands an event to the engine and carries out what comes of it.
    pub fn feed(&mut self, now: Timestamp, event: &Event, ports: &mut impl Ports) {
        ports.record(now, event);
        let mut commands = std::mem::take(&mut self.commands);
        self.engine.step_into(now, event, &mut commands);
        if matches!(event, Event::Broker(BrokerEvent::Snapshot(_)))
            && !self.engine.is_at_another_account()
        {
            self.reconciled_at = Some(now);
        }
        if !commands.is_empty() {
            self.carry_out(now, &mut commands, ports);
        }
        self.commands = commands;
    }

    /// Commits what is to be persisted, then sends what is to be sent, then tells and answers: an order
    /// waits for the disk and for nothing else.
    fn carry_out(&mut self, now: Timestamp, commands: &mut Commands, ports: &mut impl Ports) {
        let mut batch = Batch::default();
        let mut rest = Vec::new();
        let mut answers = Vec::new();
        for command in commands.as_slice() {
            match command {
                Command::Persist(entry) => batch.entries.push(Arc::clone(entry)),
                Command::Answer { request, outcome } => {
                    answers.push((request.clone(), outcome.clone()));
                }
                command => rest.push(command.clone()),
            }
        }
        let mut answers = self.settle(now, answers, &mut batch);
        let could = self.journal_failure.is_none();
        if is(Bug::AnswerBeforeCommit) {
            for (asking, answer) in std::mem::take(&mut answers) {
                asking.reply(answer, true);
            }
        }
        let mut late = Batch::default();
        if is(Bug::SendBeforeCommit) {
            late = std::mem::take(&mut batch);
        }
        let committed = self.commit(now, batch, &rest, ports);
        let mut refused = Vec::new();
        let mut contradictions = Vec::new();
        for command in rest {
            match command {
                Command::Finished => self.finished = true,
                Command::RenewFeed { why } => ports.renew_feed(&why),
                command => {
                    let Some(request) = command.into_broker_request() else {
                        continue;
                    };
                    match audit::contradiction(self.engine.book(), &request) {
                        None => refused.extend(send(now, request, committed, ports)),
                        Some((order, why)) => contradictions.push((order, why)),
                    }
                }
            }
        }
        if is(Bug::SendBeforeCommit) {
            self.commit(now, late, &[], ports);
        }
        self.tell(commands.as_slice(), committed, ports);
        let lost = match committed {
            true => Box::default(),
            false => adoptions(commands.as_slice()),
        };
        ports.record_commands(commands);
        commands.drain();
        for event in refused {
            self.feed(now, &Event::Broker(event), ports);
        }
        for (asking, answer) in answers {
            if !committed && asking.needs_the_journal() {
                self.memory.forget(&asking.id);
            }
            asking.reply(answer, committed);
        }
        // Told last, so that what the engine makes of it comes after what it wanted before.
        self.tell_of_failure(now, (could, lost), ports);
        for (order, why) in contradictions {
            self.contradicted(now, order, &why, ports);
        }
    }

    /// Commits what the engine has no part in; a failure reaches it as any other does.
    pub(crate) fn commit_apart(
        &mut self,
        now: Timestamp,
        batch: Batch,
        ports: &mut impl Ports,
    ) -> bool {
        let could = self.journal_failure.is_none();
        let committed = self.commit(now, batch, &[], ports);
        self.tell_of_failure(now, (could, Box::default()), ports);
        committed
    }

    /// Takes the journal for one that cannot be written any more, although nothing was to be written: what
    /// it is in was lost.
    pub fn lose_journal(&mut self, now: Timestamp, why: Box<str>, ports: &mut impl Ports) {
        let could = self.journal_failure.is_none();
        if could {
            self.keep_failure(now, why);
        }
        self.tell_of_failure(now, (could, Box::default()), ports);
    }

    /// Tells the engine that the journal cannot be written any more, if it could be before, and which
    /// adoptions were lost with that.
    fn tell_of_failure(
        &mut self,
        now: Timestamp,
        (could, lost): (bool, Box<[ClientOrderId]>),
        ports: &mut impl Ports,
    ) {
        if could && let Some(why) = self.journal_failure.clone() {
            self.feed(now, &Event::JournalFailed { why, lost }, ports);
        }
    }

    /// Writes a batch durably, before what leaves; whether it is on the disk.
    fn commit(
        &mut self,
        now: Timestamp,
        batch: Batch,
        leaving: &[Command],
        ports: &mut impl Ports,
    ) -> bool {
        if batch.is_empty() || self.journal_failure.is_some() {
            if leaving.iter().any(changes_the_broker) {
                ports.secure();
            }
            return self.journal_failure.is_none();
        }
        match ports.commit(batch, leaving) {
            Ok(()) => true,
            Err(_) if is(Bug::CommitFailureIgnored) => true,
            Err(why) => {
                self.keep_failure(now, why);
                false
            }
        }
    }

    fn keep_failure(&mut self, now: Timestamp, why: Box<str>) {
        self.facts.journal_failure = Some((now, why.to_string()));
        self.facts.store.writable = false;
        self.journal_failure = Some(why);
    }

    /// Tells those who read along of the entries that are on the disk. Of what the journal does not take,
    /// people are told as far as it is meant for them.
    fn tell(&mut self, commands: &[Command], committed: bool, ports: &mut impl Ports) {
        for command in commands {
            let Command::Persist(entry) = command else {
                continue;
            };
            if committed {
                self.facts.store.seq = entry.seq;
                self.strategies.signals.take(entry);
                ports.written(entry);
            } else if matches!(entry.record, Record::Alerted { .. }) {
                ports.unwritten(entry);
            }
        }
    }

    /// A request that contradicted the book was not sent: the engine halts entries.
    pub(crate) fn contradicted(
        &mut self,
        now: Timestamp,
        order: ClientOrderId,
        why: &str,
        ports: &mut impl Ports,
    ) {
        if self.contradicted.insert(order) {
            let why = why.into();
            self.feed(now, &Event::AuditFailed { why }, ports);
        }
    }

    /// Remembers the answers of calls that changed something, in the transaction of what they did.
    fn settle(
        &mut self,
        now: Timestamp,
        answers: Vec<(Box<str>, Answer)>,
        batch: &mut Batch,
    ) -> Vec<(Asking, Answer)> {
        let mut settled = Vec::new();
        for (request, outcome) in answers {
            let Some(asking) = self.waiting.remove(&request) else {
                continue;
            };
            if let Ok(message) = &outcome {
                let remembered: OperatorRequest = asking.remember(message, now);
                self.memory.keep(&remembered);
                batch.requests.push(remembered);
            }
            settled.push((asking, outcome));
        }
        settled
    }
}

/// Sends a request to the broker. What would open a position is not sent unless the record that explains
/// it is on the disk: then this is the event that says so.
fn send(
    now: Timestamp,
    request: BrokerRequest,
    committed: bool,
    ports: &mut impl Ports,
) -> Option<BrokerEvent> {
    if let (false, BrokerRequest::Submit(order)) = (committed, &request)
        && !order.client_id.role.is_reducing()
    {
        let failure = RequestFailure::Refused {
            code: 0,
            message: "not sent: the journal cannot be written".into(),
        };
        return Some(BrokerEvent::SubmitFailed {
            client_id: order.client_id,
            failure,
        });
    }
    ports.send(request, now);
    None
}

/// The positions that commands adopt, by the entry that stands for each.
fn adoptions(commands: &[Command]) -> Box<[ClientOrderId]> {
    let adopted = commands.iter().filter_map(|command| match command {
        Command::Persist(entry) => match entry.record {
            Record::PositionAdopted { client_id, .. } => Some(client_id),
            _ => None,
        },
        _ => None,
    });
    adopted.collect()
}

/// The book as the journal left it.
fn fold(recovery: &Recovery) -> Book {
    let mut book = Book::default();
    for entry in &recovery.entries {
        book.apply(entry.at, &entry.record);
    }
    book
}
