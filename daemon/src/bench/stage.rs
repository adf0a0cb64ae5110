//! A made-up market of many symbols and the configuration that trades it: what several benches play
//! sessions on.

use trader_broker_sim::SimBroker;
use trader_broker_sim::market::SyntheticMarket;
use trader_calendar::{Calendar, Session};
use trader_contract::{Bar, Symbol, SymbolId, Timestamp};
use trader_core::Event;
use trader_kernel::Kernel;
use trader_store::Recovery;

use super::edges::{Edges, surroundings};
use crate::assemble;
use crate::config::{self, Config, Layer};
use crate::plugins;
use crate::supervisor::walks;

/// What the made-up market is drawn from.
const SEED: u64 = 1;

/// The configuration, and what follows from it.
pub(super) struct Stage {
    /// The configuration as text.
    pub(super) text: String,
    pub(super) config: Config,
    pub(super) calendar: Calendar,
    pub(super) symbols: Vec<Symbol>,
}

impl Stage {
    /// So many symbols, shared out among the strategies of this build. `head` is what the configuration
    /// says beside their routes.
    ///
    /// # Errors
    /// The configuration refuses it.
    pub(super) fn new(count: u32, head: &str) -> Result<Self, String> {
        let names: Vec<String> = (0..count).map(|n| format!("\"S{n:03}\"")).collect();
        let strategies = plugins::strategies().iter().map(|plugin| plugin.name);
        let mut text = head.to_owned();
        for (number, (names, strategy)) in names
            .chunks(names.len().div_ceil(3).max(1))
            .zip(strategies.cycle())
            .enumerate()
        {
            text.push_str(&format!(
                "[[route]]\nname = \"r{number}\"\nstrategy = {strategy:?}\nsymbols = [{}]\ntimeframe_minutes = 5\n",
                names.join(", ")
            ));
        }
        let layer = Layer::file("the bench".to_owned(), text.clone());
        let config = config::parse(&[layer], plugins::strategies())
            .map_err(|problems| problems.to_string())?;
        Ok(Self {
            text,
            symbols: assemble::symbols(&config),
            config,
            calendar: Calendar::nyse(),
        })
    }

    /// A kernel where a journal left off.
    ///
    /// # Errors
    /// The engine refuses it.
    pub(super) fn kernel(&self, recovery: &Recovery) -> Result<Kernel, String> {
        let engine = assemble::engine(
            &self.config,
            &self.calendar,
            recovery.epoch,
            (None, "bench"),
        )
        .map_err(|error| error.to_string())?;
        Kernel::boot(engine, recovery, surroundings()).map_err(|error| error.to_string())
    }

    /// The prices.
    pub(super) fn market(&self) -> SyntheticMarket {
        SyntheticMarket::new(SEED, walks(&self.symbols))
    }

    /// A simulated broker with a new account.
    pub(super) fn broker(&self) -> SimBroker {
        SimBroker::new(assemble::sim_broker(&self.config), &self.symbols)
    }

    /// Plays a session to its close, against the broker of `edges`.
    pub(super) fn play(
        &self,
        session: Session,
        market: &mut SyntheticMarket,
        edges: &mut Edges,
        kernel: &mut Kernel,
    ) {
        if let Some(broker) = &mut edges.broker {
            broker.open_session(session.open, session.close);
        }
        let minutes = u32::try_from(session.minutes()).unwrap_or(0);
        let bars: Vec<Vec<Bar>> = (0..self.symbols.len())
            .map(|index| market.bars(index, session.date, session.open, minutes))
            .collect();
        for minute in 0..=minutes {
            let edge = session.open.plus_minutes(i64::from(minute));
            let minute = usize::try_from(minute).unwrap_or(usize::MAX);
            edges.settle(kernel, edge);
            for (bars, symbol) in bars.iter().zip((0..).map(SymbolId::new)) {
                if let Some(bar) = minute.checked_sub(1).and_then(|before| bars.get(before)) {
                    kernel.feed(edge, &Event::Bar { symbol, bar: *bar }, edges);
                }
                if let (Some(bar), Some(broker)) = (bars.get(minute), &mut edges.broker) {
                    broker.load_bar(symbol, bar, Timestamp::MINUTE);
                }
            }
        }
        edges.settle(kernel, session.close);
    }
}
