//! What is written reads back, whatever is cut off or flipped; and what an engine did is done again, or
//! the difference is told at the exact bar.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "small numbers of the test's own making"
)]

mod format;
mod replayed;

use trader_contract::{
    AccountFacts, Bar, BrokerEvent, BrokerSnapshot, Built, Context, Direction, EntryPrice,
    EntrySize, Epoch, Fact, IndicatorSpec, Intent, Intents, Level, Money, Price, Qty, Reason,
    Strategy, Symbol, SymbolId, TickRule, Timeframe, Timestamp,
};
use trader_core::book::Book;
use trader_core::risk::limits::Limits;
use trader_core::{
    Authority, Command, Commands, Engine, EngineConfig, Event, Instrument, Market, OrderRules,
    Route, Sides, Watch,
};

use crate::{Beginning, Encoder, FORMAT, Opening};

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_294_669_800 + seconds)
}

pub(super) fn bar(minute: i64, cents: i64) -> Bar {
    let price = Price::from_cents(cents).unwrap();
    Bar::new(at(minute * 60), [price; 4], 100).unwrap()
}

/// Enters when the close is `above` the average by so many cents.
struct Above(i64);

impl Strategy for Above {
    fn on_bar(&mut self, context: &Context<'_>, bar: &Bar, intents: &mut Intents) {
        let Some(mean) = context.mean(0) else {
            return;
        };
        let distance = bar.close.micros() as f64 / 1e6 - mean.to_dollars();
        if context.position.is_none()
            && context.pending.is_none()
            && distance * 100.0 > self.0 as f64
        {
            intents.push(Intent::Enter {
                direction: Direction::Long,
                entry: EntryPrice::Market,
                stop: Some(Level::from(Price::from_cents(9_000).unwrap())),
                target: None,
                size: EntrySize::Shares(Qty::shares(10).unwrap()),
                expires_after_bars: Some(1),
                reason: Reason::new("above").with("mean", Fact::Mean(mean)),
            });
        }
    }
    fn save(&self) -> String {
        "{}".to_owned()
    }
    fn restore(&mut self, _: &str) -> Result<(), String> {
        Ok(())
    }
}

/// An engine whose strategy enters so many cents above the average.
pub(super) fn config(above: i64) -> EngineConfig {
    let symbol: Symbol = "SPY".parse().unwrap();
    let built = Built {
        strategy: Box::new(Above(above)),
        indicators: vec![IndicatorSpec::Sma { period: 3 }],
        warm_up_bars: 0,
    };
    EngineConfig {
        epoch: Epoch(42),
        symbols: vec![Instrument {
            symbol,
            tick: TickRule::Rule612,
            average_daily_volume: None,
        }],
        routes: vec![Route {
            name: "above".into(),
            strategy: "above".into(),
            timeframe: Timeframe::MINUTE,
            require_stop: true,
            sides: Sides::Both,
            observe: false,
            lanes: vec![(symbol, built)],
        }],
        limits: Limits::unbounded(),
        market: Market::EveryRow,
        orders: OrderRules::default(),
        watch: Watch::OFF,
        authority: Authority::simulated(),
    }
}

pub(super) fn opening(begins: Beginning) -> Opening {
    Opening {
        format: FORMAT,
        session: "2011-01-10".parse().unwrap(),
        segment: 1,
        at: at(0),
        mode: "simulated".into(),
        version: "0.1.0".into(),
        binary: "00".into(),
        config: "".into(),
        config_hash: "".into(),
        program: "".into(),
        live: None,
        calendar: None,
        epoch: Epoch(42),
        symbols: vec!["SPY".parse().unwrap()],
        begins,
    }
}

/// An engine that is recorded while it runs.
pub(super) struct Life {
    pub(super) engine: Engine,
    pub(super) encoder: Encoder,
    commands: Commands,
}

impl Life {
    /// One that starts anew, and has heard the broker.
    pub(super) fn start() -> Self {
        let begins = Beginning::Start {
            book: Box::new(Book::default()),
            next_seq: 1,
        };
        let mut life = Self {
            engine: Engine::new(config(5), Book::default(), 1).unwrap(),
            encoder: Encoder::new(&opening(begins)).unwrap(),
            commands: Commands::default(),
        };
        let past: Vec<Bar> = (-5..0).map(|minute| bar(minute, 10_000)).collect();
        let symbol = SymbolId::new(0);
        life.feed(
            at(0),
            &Event::History {
                symbol,
                bars: past.into(),
            },
        );
        let asked = life.feed(at(0), &Event::Start);
        let number = asked.iter().find_map(|command| match command {
            Command::RequestSnapshot { number, .. } => Some(*number),
            _ => None,
        });
        let snapshot = BrokerSnapshot {
            number: number.unwrap(),
            account: Box::new(AccountFacts {
                id: "SIMULATED".into(),
                blocked: None,
                shorting: true,
                buying_power: None,
                equity: None,
            }),
            foreign: Vec::new(),
            at: at(0),
            orders: Vec::new(),
            executions: Vec::new(),
            corrected: Vec::new(),
            positions: Vec::new(),
            cash: Money::dollars(25_000),
        };
        life.feed(at(1), &Event::Broker(BrokerEvent::Snapshot(snapshot)));
        life
    }

    /// Takes an event, and gives what came of it.
    pub(super) fn feed(&mut self, at: Timestamp, event: &Event) -> Vec<Command> {
        self.encoder.event(at, event).unwrap();
        self.engine.step_into(at, event, &mut self.commands);
        self.encoder.commands(self.commands.as_slice()).unwrap();
        self.commands.drain().collect()
    }

    /// The bar that starts at a minute, at its end.
    pub(super) fn bar(&mut self, minute: i64, cents: i64) -> Vec<Command> {
        let symbol = SymbolId::new(0);
        let bar = bar(minute, cents);
        self.feed(at(minute * 60 + 60), &Event::Bar { symbol, bar })
    }

    /// Goes on in a new segment, which opens with what the engine knows.
    pub(super) fn next_session(&mut self) -> Vec<u8> {
        self.encoder.end();
        let before = self.encoder.take();
        let snapshot = Box::new(self.engine.snapshot());
        self.encoder = Encoder::new(&opening(Beginning::Running { snapshot })).unwrap();
        before
    }
}
