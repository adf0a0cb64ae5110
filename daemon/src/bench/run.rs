//! One round: rows through the production engine, gate and simulated broker.

use stats_alloc::{INSTRUMENTED_SYSTEM, Region};
use trader_broker_sim::{SimBroker, SimConfig};
use trader_contract::{
    Bar, Broker, BrokerEvent, Epoch, Money, Symbol, SymbolId, TickRule, Timeframe, Timestamp,
};
use trader_core::book::Book;
use trader_core::record::Record;
use trader_core::risk::limits::Limits;
use trader_core::{
    Authority, Command, Commands, Engine, EngineConfig, Event, Instrument, Market, OrderRules,
    Route, Sides, Watch,
};

use super::sma_cross;

/// What a round came to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outcome {
    /// Orders sent.
    pub(super) orders: u64,
    /// Orders that the gate looked at.
    pub(super) gate_checks: u64,
    /// Executions.
    pub(super) fills: u64,
    /// Closed trades.
    pub(super) trades: u64,
    /// Equity at the end.
    pub(super) equity: Money,
}

impl Default for Outcome {
    fn default() -> Self {
        Self {
            orders: 0,
            gate_checks: 0,
            fills: 0,
            trades: 0,
            equity: Money::ZERO,
        }
    }
}

/// An engine and a broker before their first row.
pub(super) struct Round {
    engine: Option<Engine>,
    broker: SimBroker,
    commands: Commands,
    outcome: Outcome,
}

const ID: SymbolId = SymbolId::new(0);

impl Round {
    /// A fresh pair, reconciled.
    #[must_use]
    pub(super) fn new() -> Self {
        let cash = Money::dollars(1_000_000);
        let symbols: Vec<Symbol> = "BENCH".parse().into_iter().collect();
        let instruments = symbols.iter().map(|&symbol| Instrument {
            symbol,
            tick: TickRule::Rule612,
            average_daily_volume: None,
        });
        let lanes = symbols.iter().map(|&symbol| (symbol, sma_cross::build()));
        let config = EngineConfig {
            epoch: Epoch(1),
            symbols: instruments.collect(),
            routes: vec![Route {
                name: "bench".into(),
                strategy: "sma-cross".into(),
                timeframe: Timeframe::MINUTE,
                require_stop: false,
                sides: Sides::Both,
                observe: false,
                lanes: lanes.collect(),
            }],
            limits: Limits::unbounded(),
            market: Market::EveryRow,
            orders: OrderRules::default(),
            watch: Watch::OFF,
            authority: Authority::simulated(),
        };
        let mut broker = SimBroker::new(SimConfig::plain(cash), &symbols);
        broker.open_session(Timestamp::from_seconds(0), Timestamp::MAX);
        let mut round = Self {
            engine: Engine::new(config, Book::default(), 1).ok(),
            broker,
            commands: Commands::default(),
            outcome: Outcome::default(),
        };
        let begin = Timestamp::from_seconds(1);
        if let Some(engine) = &mut round.engine {
            engine.step_into(begin, &Event::Start, &mut round.commands);
        }
        round.carry_out(begin);
        round.hear(begin);
        round
    }

    /// Runs over the rows.
    pub(super) fn drive(&mut self, rows: &[Bar]) -> Outcome {
        for bar in rows {
            self.row(bar);
        }
        self.finish()
    }

    /// Runs over the rows and counts the allocations on rows that no order came of.
    pub(super) fn count_quiet_allocations(&mut self, rows: &[Bar]) -> usize {
        let mut quiet = 0_usize;
        for bar in rows {
            let before = self.outcome.orders.wrapping_add(self.outcome.fills);
            let region = Region::new(&INSTRUMENTED_SYSTEM);
            self.row(bar);
            let allocations = region.change().allocations;
            if self.outcome.orders.wrapping_add(self.outcome.fills) == before {
                quiet = quiet.saturating_add(allocations);
            }
        }
        quiet
    }

    #[inline]
    fn row(&mut self, bar: &Bar) {
        self.broker.load_bar(ID, bar, Timestamp::MINUTE);
        if self.broker.due().is_some_and(|due| due <= bar.start) {
            self.hear(bar.start);
        }
        let end = bar.start.plus_nanos(Timestamp::MINUTE);
        if let Some(engine) = &mut self.engine {
            engine.step_into(
                end,
                &Event::Bar {
                    symbol: ID,
                    bar: *bar,
                },
                &mut self.commands,
            );
        }
        if !self.commands.is_empty() {
            self.carry_out(end);
        }
    }

    #[cold]
    fn hear(&mut self, at: Timestamp) {
        while let Some(event) = self.broker.take(at) {
            if let BrokerEvent::Order(report) = &event
                && report.execution.is_some()
            {
                self.outcome.fills = self.outcome.fills.wrapping_add(1);
            }
            if let Some(engine) = &mut self.engine {
                engine.step_into(at, &Event::Broker(event), &mut self.commands);
            }
            self.carry_out(at);
        }
    }

    #[cold]
    fn carry_out(&mut self, at: Timestamp) {
        for command in self.commands.drain() {
            match command {
                Command::Persist(entry) => {
                    if matches!(entry.record, Record::TradeClosed { .. }) {
                        self.outcome.trades = self.outcome.trades.wrapping_add(1);
                    }
                }
                Command::Send(approved) => {
                    self.outcome.orders = self.outcome.orders.wrapping_add(1);
                    self.broker.request(approved.into_request(), at);
                }
                other => {
                    if let Some(request) = other.into_broker_request() {
                        self.broker.request(request, at);
                    }
                }
            }
        }
    }

    fn finish(&mut self) -> Outcome {
        if let Some(engine) = &self.engine {
            self.outcome.gate_checks = engine.gate().checked();
            self.outcome.equity = engine.equity();
        }
        self.outcome
    }
}
