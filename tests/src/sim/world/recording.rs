//! The recording of a run, kept in memory: every life of the daemon, and now and then a new segment that
//! opens with the engine's state, as the next session does.

use trader_contract::Timestamp;
use trader_core::{Command, Engine, EngineConfig, Event};
use trader_recording::{Beginning, Encoder, FORMAT, Opening, Outcome, Scope, replay};

use crate::sim::plan::Plan;
use crate::sim::setup;

/// Events after which a segment opens with the engine's state.
const SEGMENT_EVENTS: u32 = 400;

/// What was recorded.
#[derive(Debug, Default)]
pub struct Recording {
    on: bool,
    segments: Vec<Vec<u8>>,
    encoder: Option<Encoder>,
    opening: Option<Opening>,
    events: u32,
    failure: Option<String>,
}

impl Recording {
    /// One that records.
    #[must_use]
    pub fn on() -> Self {
        Self {
            on: true,
            ..Self::default()
        }
    }

    /// A life begins at `at` by its own clock, and at `truly` by the true one.
    pub(super) fn begin(
        &mut self,
        plan: &Plan,
        engine: &Engine,
        (at, truly): (Timestamp, Timestamp),
    ) {
        if !self.on {
            return;
        }
        let authority = engine.authority();
        let opening = Opening {
            format: FORMAT,
            session: plan.session.date,
            segment: 0,
            at,
            mode: "simulated".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            binary: Box::default(),
            config: truly.to_string().into(),
            config_hash: authority.config.clone(),
            program: authority.program.clone(),
            live: authority.live.clone(),
            calendar: None,
            epoch: engine.epoch(),
            symbols: plan.symbols.iter().map(|symbol| symbol.symbol).collect(),
            begins: Beginning::Start {
                book: Box::new(engine.book().clone()),
                next_seq: engine.next_seq(),
            },
        };
        self.open(opening);
    }

    fn open(&mut self, opening: Opening) {
        self.close();
        self.events = 0;
        match Encoder::new(&opening) {
            Ok(encoder) => self.encoder = Some(encoder),
            Err(error) => self.failure = Some(error.to_string()),
        }
        self.opening = Some(opening);
    }

    /// The segment ends as a death leaves it: without a word.
    fn close(&mut self) {
        if let Some(mut encoder) = self.encoder.take() {
            self.segments.push(encoder.take());
        }
    }

    /// Between two events of a living daemon.
    pub(super) fn between(&mut self, engine: &Engine, at: Timestamp) {
        if self.events < SEGMENT_EVENTS || self.encoder.is_none() {
            return;
        }
        if let (Some(encoder), Some(opening)) = (&mut self.encoder, self.opening.clone()) {
            encoder.end();
            let snapshot = Box::new(engine.snapshot());
            self.open(Opening {
                at,
                begins: Beginning::Running { snapshot },
                ..opening
            });
        }
    }

    /// The engine takes an event.
    pub(super) fn event(&mut self, at: Timestamp, event: &Event) {
        if let Some(encoder) = &mut self.encoder {
            self.events += 1;
            let done = encoder.event(at, event);
            self.note(done);
        }
    }

    /// This came of it.
    pub(super) fn commands(&mut self, commands: &[Command]) {
        if let Some(encoder) = &mut self.encoder {
            let done = encoder.commands(commands);
            self.note(done);
        }
    }

    fn note(&mut self, done: Result<(), trader_recording::EncodeError>) {
        if let Err(error) = done {
            self.failure.get_or_insert(error.to_string());
        }
    }

    /// Every life through fresh engines.
    ///
    /// # Errors
    /// It cannot be replayed.
    pub fn replay(mut self, plan: &Plan) -> Result<Outcome, String> {
        self.close();
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        let assemble = |opening: &Opening| -> Result<EngineConfig, String> {
            let at = opening.config.parse();
            let at = at.map_err(|error| format!("{}: {error}", opening.config))?;
            Ok(setup::engine(plan, at))
        };
        let segments = self.segments.iter().map(Vec::as_slice);
        replay(segments, assemble, Scope::default(), &mut ()).map_err(|error| error.to_string())
    }
}
