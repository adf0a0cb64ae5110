//! `traderd replay`: a recorded session through a fresh engine, and what came of it beside what was
//! recorded; and what would have come of it with other settings. Needs no running daemon.

mod changed;
mod decisions;
mod export;
mod job;
mod request;
mod source;
mod text;
mod whatif;

use serde_json::{Value, json};
use trader_calendar::Calendar;
use trader_core::{EngineConfig, Instrument};
use trader_recording::{Opening, Outcome, Scope, Tracer, replay};

use crate::assemble;
use crate::backtest::program;
use crate::cli::ReplayArgs;
use crate::config::{self, Config, Layer};
use crate::exit::{self, Failure};
use crate::plugins;
use crate::recording::Recordings;
use crate::state::{Folders, Surroundings};

pub(crate) use export::export;
pub(crate) use job::{run as run_job, run_export as run_export_job};
pub(crate) use request::{Request, SessionName};
pub(crate) use source::Source;

/// What a replay came to.
pub(crate) struct Report {
    /// The opening of the first life.
    pub(crate) opening: Opening,
    /// The comparison with what was recorded.
    pub(crate) outcome: Outcome,
    /// What a person should know beside it.
    pub(crate) notes: Vec<String>,
    /// The recorded decisions and fills beside those of a backtest over the recorded bars.
    pub(crate) backtest: Option<decisions::Comparison>,
    /// The same backtest with other settings.
    pub(crate) changed: Option<decisions::Comparison>,
}

impl Report {
    /// Whether what came now is what was recorded.
    pub(crate) const fn is_alike(&self) -> bool {
        self.outcome.differences == 0
    }

    /// The lines of `--json`: details first, the figures last.
    pub(crate) fn json(&self) -> Vec<Value> {
        let outcome = &self.outcome;
        let mut lines = Vec::new();
        if let Some(first) = &outcome.first {
            lines.push(json!({ "first_difference": first }));
        }
        if let Some(backtest) = &self.backtest {
            lines.push(json!({ "against_backtest": backtest }));
        }
        if let Some(changed) = &self.changed {
            lines.push(json!({ "with": changed }));
        }
        lines.push(json!({
            "commands": outcome.commands,
            "differences": outcome.differences,
            "hash": outcome.hash,
            "session": self.opening.session,
            "lives": outcome.lives,
            "events": outcome.events,
            "bars": outcome.bars,
            "unfinished": outcome.unfinished,
            "recorded_by": { "version": self.opening.version, "binary": self.opening.binary },
            "notes": self.notes,
        }));
        lines
    }
}

/// Replays what the command line asks for, without a daemon.
///
/// # Errors
/// A part of it makes no sense, there is no such recording, or it cannot be replayed by this program.
pub(crate) fn offline(args: &ReplayArgs) -> Result<Report, Failure> {
    let usage = |why: String| Failure::new(exit::USAGE, why);
    let request = Request {
        session: args.session.parse().map_err(usage)?,
        until: args.until.clone(),
        symbol: args.symbol,
        with: args
            .with
            .iter()
            .map(|text| text.parse())
            .collect::<Result<_, _>>()
            .map_err(usage)?,
        against_backtest: args.against_backtest,
    };
    let surroundings = Surroundings::read();
    // Sockets are not needed; where they would be makes no difference.
    let state = args.state_dir.as_deref();
    let folders = Folders::choose(state, state, &surroundings)?;
    run(&Recordings::below(&folders.state), &request)
}

/// Replays what was asked for.
///
/// # Errors
/// There is no such recording, or it cannot be replayed by this program.
pub(crate) fn run(recordings: &Recordings, request: &Request) -> Result<Report, Failure> {
    run_traced(recordings, request, &mut ())
}

/// The same, with somebody who looks on.
///
/// # Errors
/// There is no such recording, or it cannot be replayed by this program.
pub(crate) fn run_traced(
    recordings: &Recordings,
    request: &Request,
    tracer: &mut impl Tracer,
) -> Result<Report, Failure> {
    let source = Source::find(recordings, &request.session)?;
    let opening = source.opening()?;
    let scope = Scope {
        until: request.until_of(opening.session)?,
        symbol: request.symbol,
    };
    let outcome = replay(source.segments(), engine_of, scope, tracer)
        .map_err(|error| Failure::new(exit::FAILED, format!("{source}: {error}")))?;
    let mut notes = notes(&opening, &outcome);
    let mut report = Report {
        opening,
        outcome,
        notes: Vec::new(),
        backtest: None,
        changed: None,
    };
    if request.against_backtest || !request.with.is_empty() {
        let cannot = |why: String| {
            let message = format!("{source} cannot be run against simulated fills: {why}");
            Failure::new(exit::FAILED, message)
        };
        let tape = whatif::Tape::read(&source, scope).map_err(cannot)?;
        let plain = whatif::simulate(&tape, &[]).map_err(cannot)?;
        if request.against_backtest {
            let compared = decisions::compare(&tape.recorded, &plain);
            report.backtest = Some(compared.narrowed(request.symbol));
        }
        if !request.with.is_empty() {
            let other = whatif::simulate(&tape, &request.with).map_err(cannot)?;
            let compared = decisions::compare(&plain, &other);
            report.changed = Some(compared.narrowed(request.symbol));
        }
        notes.extend(tape.notes());
    }
    report.notes = notes;
    Ok(report)
}

/// What a person should know of a replay beside its figures.
fn notes(opening: &Opening, outcome: &Outcome) -> Vec<String> {
    let mut notes = Vec::new();
    for (place, tail) in &outcome.tails {
        if let Some(why) = tail.describe() {
            let segment = place.saturating_add(1);
            notes.push(format!("segment {segment} was cut short, {why}"));
        }
    }
    if outcome.unfinished > 0 {
        notes.push(format!(
            "{} times the program died after it had taken an event and before what came of it was \
             recorded; that is not compared",
            outcome.unfinished
        ));
    }
    let known =
        program::sum().is_ok_and(|sum| opening.binary.is_empty() || *sum == *opening.binary);
    if !known {
        notes.push(format!(
            "recorded by another build of traderd ({}): what differs may be what was changed since",
            opening.version
        ));
    }
    notes
}

/// The configuration that an opening carries, with other settings for some strategies.
pub(crate) fn config_of(opening: &Opening, with: &[request::Change]) -> Result<Config, String> {
    let text = changed::apply(&opening.config, with)?;
    let layer = Layer::file("the recording's configuration".to_owned(), text);
    config::parse(&[layer], plugins::strategies()).map_err(|problems| problems.to_string())
}

/// The calendar that an opening carries.
pub(crate) fn calendar_of(opening: &Opening) -> Result<Calendar, String> {
    let shipped = Calendar::nyse();
    match &opening.calendar {
        Some(text) => shipped
            .with_overrides(text)
            .map_err(|error| error.to_string()),
        None => Ok(shipped),
    }
}

/// What the engine of an opening was made of.
///
/// # Errors
/// This build cannot make it.
pub(crate) fn engine_of(opening: &Opening) -> Result<EngineConfig, String> {
    engine_with(opening, &[])
}

fn engine_with(opening: &Opening, with: &[request::Change]) -> Result<EngineConfig, String> {
    let config = config_of(opening, with)?;
    let calendar = calendar_of(opening)?;
    let who = (opening.live.clone(), &*opening.program);
    let mut engine = assemble::engine(&config, &calendar, opening.epoch, who)
        .map_err(|error| error.to_string())?;
    // What may be a secret is not in the recorded text, and counts in the fingerprint.
    engine.authority.config = opening.config_hash.clone();
    // Of what is still held there may be more than the routes name.
    let recorded = opening.symbols.iter().copied().map(Instrument::plain);
    let routed = std::mem::replace(&mut engine.symbols, recorded.collect());
    if !routed
        .iter()
        .all(|one| opening.symbols.contains(&one.symbol))
    {
        return Err("its symbols are not those that were recorded; this is a bug".to_owned());
    }
    Ok(engine)
}
