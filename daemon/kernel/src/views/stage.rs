//! A small engine for the tests of the views: two routes, one with a scripted strategy, and reports
//! written by hand.

use std::collections::VecDeque;
use std::sync::Arc;

use trader_calendar::Calendar;
use trader_contract::{
    AccountFacts, Bar, BrokerEvent, BrokerOrderId, BrokerSnapshot, Built, ClientOrderId, Context,
    Direction, EntryPrice, EntrySize, Epoch, Execution, ExecutionId, Fact, Intent, Intents, Level,
    Money, OrderReport, Price, Qty, Reason, ReportStatus, Strategy, Symbol, TickRule, Timeframe,
    Timestamp,
};
use trader_core::book::Book;
use trader_core::record::JournalEntry;
use trader_core::risk::limits::Limits;
use trader_core::{
    Authority, Command, DayRules, Engine, EngineConfig, Event, Instrument, Market, OperatorCommand,
    OrderRules, Route, Rows, Sides, Watch,
};

struct Script(VecDeque<Option<Intent>>);

impl Strategy for Script {
    fn on_bar(&mut self, _: &Context<'_>, _: &Bar, intents: &mut Intents) {
        if let Some(intent) = self.0.pop_front().flatten() {
            intents.push(intent);
        }
    }
    fn save(&self) -> String {
        "{}".to_owned()
    }
    fn restore(&mut self, _: &str) -> Result<(), String> {
        Ok(())
    }
}

fn built(script: impl IntoIterator<Item = Option<Intent>>, warm_up_bars: u32) -> Built {
    Built {
        strategy: Box::new(Script(script.into_iter().collect())),
        indicators: Vec::new(),
        warm_up_bars,
    }
}

/// An entry at a breakout.
pub(crate) fn breakout(direction: Direction, trigger: &str, stop: &str) -> Intent {
    let level = |text: &str| text.parse::<Level>().unwrap();
    Intent::Enter {
        direction,
        entry: EntryPrice::Stop(level(trigger)),
        stop: Some(level(stop)),
        target: None,
        size: EntrySize::Shares(Qty::shares(100).unwrap()),
        expires_after_bars: None,
        reason: Reason::new("breakout").with("close", Fact::Level(level("168.70123456"))),
    }
}

/// Two routes: `script` on SPY, and a lane on QQQ that stays cold.
pub(crate) fn config(script: impl IntoIterator<Item = Option<Intent>>) -> EngineConfig {
    let symbol = |text: &str| text.parse::<Symbol>().unwrap();
    let instrument = |text| Instrument {
        symbol: symbol(text),
        tick: TickRule::Rule612,
        average_daily_volume: None,
    };
    let route = |name: &str, lane| Route {
        name: name.into(),
        strategy: "script".into(),
        timeframe: Timeframe::MINUTE,
        require_stop: true,
        sides: Sides::Both,
        observe: false,
        lanes: vec![lane],
    };
    EngineConfig {
        epoch: Epoch(42),
        symbols: vec![instrument("SPY"), instrument("QQQ")],
        routes: vec![
            route("script-spy", (symbol("SPY"), built(script, 0))),
            route("script-qqq", (symbol("QQQ"), built([], 20))),
        ],
        limits: Limits::unbounded(),
        market: Market::Sessions {
            calendar: Calendar::nyse(),
            day: DayRules::default(),
            rows: Rows::Minutes,
        },
        orders: OrderRules::default(),
        watch: Watch::OFF,
        authority: Authority {
            program: "traderd 0.1.0".into(),
            config: "c0ffee".into(),
            ..Authority::simulated()
        },
    }
}

/// The engine with its clock and what it has written.
pub(crate) struct Stage {
    pub(crate) engine: Engine,
    pub(crate) journal: Vec<JournalEntry>,
    at: Timestamp,
    executions: u32,
    /// The newest question what the broker holds.
    asked: u32,
}

impl Stage {
    /// Reconciled at the open of 2011-01-10, with `script` on SPY and a lane on QQQ that is cold.
    pub(crate) fn open(script: impl IntoIterator<Item = Option<Intent>>) -> Self {
        let mut stage = Self::before_the_open(script);
        stage.at("2011-01-10T14:30:00Z");
        stage.step(Event::Timer);
        stage
    }

    /// The same an hour earlier.
    pub(crate) fn before_the_open(script: impl IntoIterator<Item = Option<Intent>>) -> Self {
        let mut stage = Self {
            engine: Engine::new(config(script), Book::default(), 1).unwrap(),
            journal: Vec::new(),
            at: Timestamp::MIN,
            executions: 0,
            asked: 0,
        };
        stage.at("2011-01-10T13:30:00Z");
        stage.step(Event::Start);
        stage.nothing_is_held();
        stage
    }

    /// The broker's answer that it holds nothing but cash.
    pub(crate) fn nothing_is_held(&mut self) {
        self.step(Event::Broker(BrokerEvent::Snapshot(BrokerSnapshot {
            number: self.asked,
            at: self.at,
            account: Box::new(AccountFacts {
                id: "SIMULATED".into(),
                blocked: None,
                shorting: true,
                buying_power: None,
                equity: None,
            }),
            foreign: Vec::new(),
            orders: Vec::new(),
            corrected: Vec::new(),
            executions: Vec::new(),
            positions: Vec::new(),
            cash: Money::dollars(25_000),
        })));
    }

    /// Moves the clock.
    pub(crate) fn at(&mut self, at: &str) {
        self.at = at.parse().unwrap();
    }

    pub(crate) fn step(&mut self, event: Event) {
        for command in self.engine.step(self.at, &event) {
            match command {
                Command::Persist(entry) => self.journal.push(Arc::unwrap_or_clone(entry)),
                Command::RequestSnapshot { number, .. } => self.asked = number,
                _ => {}
            }
        }
    }

    /// A flat minute bar of SPY that ends now.
    pub(crate) fn bar(&mut self, close: &str) {
        let price: Price = close.parse().unwrap();
        let symbol = self.engine.symbol_id("SPY".parse().unwrap()).unwrap();
        let bar = Bar::new(self.at.plus_minutes(-1), [price; 4], 100).unwrap();
        self.step(Event::Bar { symbol, bar });
    }

    pub(crate) fn operator(&mut self, command: OperatorCommand) {
        self.step(Event::Operator {
            command,
            uid: 1000,
            request: "r-1".into(),
        });
    }

    /// What the broker says about an order of ours.
    pub(crate) fn report(&mut self, id: &str, status: ReportStatus) {
        self.step(Event::Broker(BrokerEvent::Order(self.about(id, status))));
    }

    /// An execution of an order of ours.
    pub(crate) fn fill(&mut self, id: &str, shares: u32, price: &str) {
        let mut report = self.about(id, ReportStatus::PartiallyFilled);
        let qty = Qty::shares(shares).unwrap();
        report.filled = report.filled.checked_add(qty).unwrap();
        if report.filled == report.qty {
            report.status = ReportStatus::Filled;
        }
        self.executions = self.executions.saturating_add(1);
        report.execution = Some(Execution {
            id: ExecutionId(format!("x{}", self.executions).into()),
            qty,
            price: price.parse().unwrap(),
            fee: Money::ZERO,
            at: self.at,
        });
        self.step(Event::Broker(BrokerEvent::Order(report)));
    }

    fn about(&self, id: &str, status: ReportStatus) -> OrderReport {
        let id: ClientOrderId = id.parse().unwrap();
        let order = &self.engine.book().orders[&id];
        OrderReport {
            client_id: id,
            broker_id: BrokerOrderId(format!("b-{}{}", id.role, id.attempt).into()),
            symbol: order.symbol(),
            side: order.side(),
            status,
            qty: order.qty,
            filled: order.filled,
            execution: None,
            stop: order.stop,
            limit: order.planned.request.kind.limit(),
            replaced_by: None,
            at: self.at,
            reason: None,
        }
    }

    /// The sentences of the journal so far, each with its kind.
    pub(crate) fn sentences(&self) -> String {
        let lines: Vec<String> = self
            .journal
            .iter()
            .map(super::journal_line)
            .map(|line| format!("{}: {}", line.kind, line.text))
            .collect();
        lines.join("\n")
    }

    /// A long position of 100 SPY from 168.81, its stop at 168.58 working, the last price 169.
    pub(crate) fn with_a_position() -> Self {
        let entry = breakout(Direction::Long, "168.81", "168.58");
        let mut stage = Self::open([Some(entry)]);
        stage.at("2011-01-10T14:31:00Z");
        stage.bar("168.7");
        stage.report("0000002a-20110110-1-e1", ReportStatus::New);
        stage.report("0000002a-20110110-1-s1", ReportStatus::Held);
        stage.at("2011-01-10T14:31:30Z");
        stage.fill("0000002a-20110110-1-e1", 40, "168.81");
        stage.fill("0000002a-20110110-1-e1", 60, "168.82");
        stage.report("0000002a-20110110-1-s1", ReportStatus::New);
        stage.at("2011-01-10T14:32:00Z");
        stage.bar("169");
        stage
    }
}
