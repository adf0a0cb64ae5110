//! The deterministic simulation of the whole daemon: the production kernel, gate, order manager,
//! reconciler, journal and RPC handlers between a simulated broker, a made-up market and everything
//! that can fail, in virtual time and from one seed. The broker's truth is the oracle.

pub mod alpaca;
pub mod chaos;
pub mod cli;
pub mod digest;
pub mod disk;
pub mod draw;
pub mod faults;
pub mod invariants;
pub mod log;
pub mod market;
pub mod naked;
pub mod outcome;
pub mod owner;
pub mod plan;
pub mod setup;
pub mod shrink;
pub mod stress;
pub mod trade_mix;
pub mod truth;
pub mod world;

use invariants::Watcher;
use log::{Log, Reader};
use outcome::Outcome;
use plan::Plan;
use world::World;

/// Runs a plan under every watcher; nobody reads the log.
#[must_use]
pub fn run(plan: &Plan) -> Outcome {
    run_with(plan, Log::new(Reader::Nobody), invariants::all())
}

/// Runs a plan, records every life of the daemon, and replays the recording through fresh engines.
pub fn run_and_replay(plan: &Plan) -> (Outcome, Result<trader_recording::Outcome, String>) {
    let world = World::new(plan, Log::new(Reader::Nobody), invariants::all());
    let (outcome, recording) = world.run_recorded();
    (outcome, recording.replay(plan))
}

/// Runs a plan and keeps the last lines of its log.
#[must_use]
pub fn run_with_tail(plan: &Plan) -> Outcome {
    run_with(plan, Log::with_tail(), invariants::all())
}

/// Runs a plan with this log under these watchers.
#[must_use]
pub fn run_with(plan: &Plan, log: Log, watchers: Vec<Box<dyn Watcher>>) -> Outcome {
    World::new(plan, log, watchers).run()
}
