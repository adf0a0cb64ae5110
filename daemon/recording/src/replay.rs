//! A recording through a fresh engine: the same events in, and what comes out beside what came out then.

use serde_json::Value;
use sha2::{Digest, Sha256};
use trader_contract::Timestamp;
use trader_core::{Command, Commands, Engine, EngineConfig, EngineError, Event, RestoreError};

use crate::decode::{Item, ReadError, Segment, Tail};
use crate::difference::{Before, Difference};
use crate::encode::{EncodeError, canonical};
use crate::opening::{Beginning, Opening};
use crate::scope::Scope;

/// Why a recording cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// A segment cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The program cannot make the engine that recorded.
    #[error("the engine of the recording cannot be made: {0}")]
    Assemble(String),
    /// The configuration fits no engine.
    #[error("the engine of the recording cannot be made: {0}")]
    Engine(#[from] EngineError),
    /// The state does not fit the configuration.
    #[error("the engine's state cannot be taken up: {0}")]
    Restore(#[from] RestoreError),
    /// The first segment goes on from one that is not there.
    #[error("the recording's first segment is missing: nothing says what the engine began with")]
    NoBeginning,
    /// A command cannot be written down.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

/// Somebody who looks on while a recording is replayed.
pub trait Tracer {
    /// An engine was made.
    fn opened(&mut self, _opening: &Opening, _engine: &mut Engine) {}
    /// The engine is about to take an event.
    fn before(&mut self, _engine: &Engine, _at: Timestamp, _event: &Event) {}
    /// It has taken it, and this came of it.
    fn after(&mut self, _engine: &Engine, _at: Timestamp, _event: &Event, _commands: &[Command]) {}
}

/// Nobody.
impl Tracer for () {}

/// What a replay came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// Lives of the program, or sessions of one.
    pub lives: u32,
    /// Events that the engine took, those of the warm-up included.
    pub events: u64,
    /// Bars among them, without the warm-up's.
    pub bars: u64,
    /// Commands that came of them.
    pub commands: u64,
    /// Events of which other commands came than were recorded.
    pub differences: u64,
    /// The first of them.
    pub first: Option<Difference>,
    /// Events whose commands nobody wrote down any more, since the program died before: they are not
    /// compared.
    pub unfinished: u64,
    /// SHA-256 over all commands, in hexadecimal.
    pub hash: String,
    /// What was left out of each segment that did not end as it should, by its place from 0.
    pub tails: Vec<(usize, Tail)>,
}

/// Replays the segments of a session, in order. `assemble` makes the configuration of an engine from an
/// opening.
///
/// # Errors
/// They cannot be read, or the engine cannot be made.
pub fn replay<'a, E: std::fmt::Display>(
    segments: impl IntoIterator<Item = &'a [u8]>,
    assemble: impl FnMut(&Opening) -> Result<EngineConfig, E>,
    scope: Scope,
    tracer: &mut impl Tracer,
) -> Result<Outcome, ReplayError> {
    let mut replayer = Replayer::new(assemble, scope, tracer);
    for bytes in segments {
        replayer.segment(bytes)?;
        if replayer.is_over() {
            break;
        }
    }
    Ok(replayer.finish())
}

/// A replay under way, segment by segment.
pub struct Replayer<'t, F, T> {
    assemble: F,
    scope: Scope,
    tracer: &'t mut T,
    engine: Option<Engine>,
    commands: Commands,
    /// The event whose recorded commands have not been met, and those that came of it now.
    open: Option<Step>,
    outcome: Outcome,
    hash: Sha256,
    segments: usize,
    over: bool,
}

struct Step {
    at: Timestamp,
    event: Event,
    before: Before,
    commands: Vec<u8>,
    count: usize,
}

impl<'t, F, T, E> Replayer<'t, F, T>
where
    F: FnMut(&Opening) -> Result<EngineConfig, E>,
    T: Tracer,
    E: std::fmt::Display,
{
    /// A replay before its first segment.
    pub fn new(assemble: F, scope: Scope, tracer: &'t mut T) -> Self {
        Self {
            assemble,
            scope,
            tracer,
            engine: None,
            commands: Commands::default(),
            open: None,
            outcome: Outcome::default(),
            hash: Sha256::new(),
            segments: 0,
            over: false,
        }
    }

    /// Whether the scope's end has come, or the engine's ways have parted from what is recorded.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.over
    }

    /// Replays one segment.
    ///
    /// # Errors
    /// It cannot be read, or the engine cannot be made.
    pub fn segment(&mut self, bytes: &[u8]) -> Result<(), ReplayError> {
        let mut segment = Segment::open(bytes)?;
        self.begin(segment.opening())?;
        let mut ended = false;
        while !self.over
            && let Some(item) = segment.next()
        {
            match item? {
                Item::Event { at, event } => self.event(at, event)?,
                Item::Commands(recorded) => self.meet(&recorded)?,
                Item::End => {
                    self.meet_nothing()?;
                    ended = true;
                }
            }
        }
        if !ended && self.open.take().is_some_and(|step| step.count > 0) {
            // It died between the event and what came of it.
            self.outcome.unfinished = self.outcome.unfinished.saturating_add(1);
        }
        if let Some(tail) = segment.tail().filter(|tail| *tail != Tail::Whole) {
            self.outcome.tails.push((self.segments, tail));
        }
        self.segments = self.segments.saturating_add(1);
        Ok(())
    }

    /// What it came to.
    pub fn finish(self) -> Outcome {
        let digits = |byte: &u8| format!("{byte:02x}");
        Outcome {
            hash: self.hash.finalize().iter().map(digits).collect(),
            ..self.outcome
        }
    }

    fn begin(&mut self, opening: &Opening) -> Result<(), ReplayError> {
        let failed = |error: E| ReplayError::Assemble(error.to_string());
        let mut engine = match &opening.begins {
            Beginning::Continues if self.engine.is_some() => return Ok(()),
            Beginning::Continues => return Err(ReplayError::NoBeginning),
            Beginning::Start { book, next_seq } => {
                let config = (self.assemble)(opening).map_err(failed)?;
                Engine::new(config, (**book).clone(), *next_seq)?
            }
            Beginning::Running { snapshot } => {
                let config = (self.assemble)(opening).map_err(failed)?;
                Engine::restore(config, (**snapshot).clone())?
            }
        };
        self.tracer.opened(opening, &mut engine);
        self.engine = Some(engine);
        self.outcome.lives = self.outcome.lives.saturating_add(1);
        Ok(())
    }

    fn event(&mut self, at: Timestamp, event: Event) -> Result<(), ReplayError> {
        self.meet_nothing()?;
        if !self.scope.reaches(at) {
            self.over = true;
        }
        let Some(engine) = self.engine.as_mut().filter(|_| !self.over) else {
            return Ok(());
        };
        self.outcome.events = self.outcome.events.saturating_add(1);
        if matches!(event, Event::Bar { .. }) {
            self.outcome.bars = self.outcome.bars.saturating_add(1);
        }
        let before = Before::look(engine, &event);
        self.tracer.before(engine, at, &event);
        engine.step_into(at, &event, &mut self.commands);
        self.tracer
            .after(engine, at, &event, self.commands.as_slice());
        let commands = if self.commands.is_empty() {
            Vec::new()
        } else {
            canonical(self.commands.as_slice())?
        };
        let count = self.commands.drain().count();
        self.open = Some(Step {
            at,
            event,
            before,
            commands,
            count,
        });
        Ok(())
    }

    /// Nothing was recorded of the event before.
    fn meet_nothing(&mut self) -> Result<(), ReplayError> {
        match &self.open {
            // Nearly every bar.
            Some(step) if step.count == 0 => self.open = None,
            Some(_) => self.meet(b"[]")?,
            None => {}
        }
        Ok(())
    }

    /// Compares what came of the event before with what was recorded.
    fn meet(&mut self, recorded: &[u8]) -> Result<(), ReplayError> {
        let (Some(step), Some(engine)) = (self.open.take(), &self.engine) else {
            return Ok(());
        };
        let now = if step.count == 0 {
            b"[]"
        } else {
            step.commands.as_slice()
        };
        let whole = self.scope.symbol.is_none();
        if whole && now == recorded {
            self.hash.update(now);
            self.count(step.count);
            return Ok(());
        }
        let now = self.scope.narrow(values(now)?, engine);
        let recorded = self.scope.narrow(values(recorded)?, engine);
        for command in &now {
            self.hash.update(command.to_string());
        }
        // Bytes that differ are a difference, whatever they say.
        if whole || now != recorded {
            self.outcome.differences = self.outcome.differences.saturating_add(1);
            if self.outcome.first.is_none() {
                let where_ = (
                    self.outcome.lives,
                    self.outcome.events,
                    step.at,
                    &step.event,
                );
                let found = step.before.tell(engine, where_, (recorded, now.clone()));
                self.outcome.first = Some(found);
            }
        }
        self.count(now.len());
        Ok(())
    }

    fn count(&mut self, commands: usize) {
        let commands = u64::try_from(commands).unwrap_or(u64::MAX);
        self.outcome.commands = self.outcome.commands.saturating_add(commands);
    }
}

fn values(commands: &[u8]) -> Result<Vec<Value>, ReplayError> {
    serde_json::from_slice(commands).map_err(|error| ReadError::Content(error.to_string()).into())
}
