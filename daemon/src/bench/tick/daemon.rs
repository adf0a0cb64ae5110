//! The daemon that is measured: the one that trades, with the peer for its broker.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::thread::JoinHandle;

use rustix::process::Signal;
use trader_contract::Symbol;

use super::{acts, failed};
use crate::assemble;
use crate::config::{self, AlpacaEndpoint, AlpacaFeed, Layer};
use crate::exit::Failure;
use crate::plugins;
use crate::scratch::Scratch;
use crate::start;
use crate::state::Folders;
use crate::supervisor::probe::{Heard, Probe, Span};
use crate::supervisor::{self, Ended, Horizon, Plan, Source};

/// Symbols that a route has at most.
const ROUTE: usize = 200;

/// The daemon, running on a thread of its own.
pub(super) struct Daemon {
    symbols: Vec<Symbol>,
    probe: Probe,
    thread: JoinHandle<Result<Ended, Failure>>,
    /// Its folder, until it has ended.
    _scratch: Scratch,
}

impl Daemon {
    /// Starts it.
    ///
    /// # Errors
    /// The folder cannot be made or the configuration is refused.
    pub(super) fn start(peer: SocketAddr, symbols: usize, pace: u32) -> Result<Self, Failure> {
        let scratch = Scratch::new("bench", None)?;
        let keys = scratch.path.join("keys");
        let mut options = std::fs::OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(&keys);
        std::io::Write::write_all(&mut file.map_err(failed)?, b"peer\npeer\n").map_err(failed)?;
        let text = text(peer, symbols, pace, &keys.display().to_string())?;
        let layer = Layer::file("the bench".to_owned(), text);
        let config = config::parse(&[layer], plugins::strategies())?;
        let symbols = assemble::symbols(&config);
        let folders = Folders {
            runtime: scratch.path.join("run"),
            state: scratch.path.clone(),
        };
        let prepared = start::prepare_with(config, None, folders)?;
        let probe = Probe::new(acts::instead_of_all);
        let plan = Plan {
            source: Source::Alpaca(AlpacaEndpoint::Simulator, AlpacaFeed::Sip),
            horizon: Horizon::Open,
            witness: None,
            probe: Some(probe.clone()),
        };
        let thread = std::thread::Builder::new()
            .name("daemon".to_owned())
            .spawn(move || supervisor::run_plan(prepared, plan, |_| {}))
            .map_err(failed)?;
        Ok(Self {
            symbols,
            probe,
            thread,
            _scratch: scratch,
        })
    }

    /// What it trades.
    pub(super) fn symbols(&self) -> &[Symbol] {
        &self.symbols
    }

    /// See [`Probe::at_rest`].
    pub(super) fn at_rest(&self) -> Option<u64> {
        self.probe.at_rest()
    }

    /// What was heard so far.
    pub(super) fn heard(&self) -> Heard {
        self.probe.heard()
    }

    /// What became of the last message that led to an order.
    pub(super) fn last(&self) -> Option<Span> {
        self.probe.last()
    }

    /// Stops it as systemd would.
    ///
    /// # Errors
    /// It does not end well.
    pub(super) fn stop(self) -> Result<(), Failure> {
        // This very program, which hears it as a daemon does.
        rustix::process::kill_process(rustix::process::getpid(), Signal::TERM).map_err(failed)?;
        match self.thread.join() {
            Ok(ended) => ended.map(drop),
            Err(_) => Err(failed("the daemon's thread ended by a bug")),
        }
    }
}

fn text(peer: SocketAddr, symbols: usize, pace: u32, keys: &str) -> Result<String, Failure> {
    let strategy = plugins::strategies().first();
    let strategy = strategy.ok_or_else(|| failed("this build has no strategy to configure"))?;
    let mut text = format!(
        "mode = \"simulated\"\n[market]\nsource = \"alpaca\"\nclock = \"venue\"\npace = {pace}\n\
         [broker]\nkind = \"alpaca\"\n[alpaca]\nendpoint = \"simulator\"\naddress = \"{peer}\"\n\
         feed = \"sip\"\nkeys_file = {keys:?}\n[watch]\nskew_ms = 10000\n[log]\nformat = \"memory\"\n"
    );
    let names: Vec<String> = (0..symbols).map(|n| format!("\"S{n:03}\"")).collect();
    for (number, names) in names.chunks(ROUTE).enumerate() {
        write!(
            text,
            "[[route]]\nname = \"bench{number}\"\nstrategy = {:?}\nsymbols = [{}]\ntimeframe_minutes = 1\n",
            strategy.name,
            names.join(", ")
        )
        .map_err(failed)?;
    }
    Ok(text)
}
