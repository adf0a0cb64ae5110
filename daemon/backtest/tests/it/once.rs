//! A run in which a strategy enters once, at its first bar, and leaves the rest to the engine.

use std::convert::Infallible;

use trader_backtest::{Outcome, RowLength, Setup, run};
use trader_broker_sim::SimConfig;
use trader_calendar::{Calendar, Session};
use trader_contract::{
    Bar, Built, Context, Direction, EntryPrice, EntrySize, Epoch, Intent, Intents, Level, Price,
    Qty, Reason, Strategy, Symbol, TickRule, Timeframe,
};
use trader_core::risk::limits::Limits;
use trader_core::{
    Authority, DayRules, EndOfDay, EngineConfig, Instrument, Market, OrderRules, Route, Rows,
    Sides, Watch,
};

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn symbol() -> Symbol {
    "SPY".parse().unwrap()
}

/// Enters 100 shares at the market on its first bar.
struct Once {
    direction: Direction,
    stop: Price,
    done: bool,
}

impl Strategy for Once {
    fn on_bar(&mut self, _: &Context<'_>, _: &Bar, intents: &mut Intents) {
        if std::mem::replace(&mut self.done, true) {
            return;
        }
        intents.push(Intent::Enter {
            direction: self.direction,
            entry: EntryPrice::Market,
            stop: Some(Level::from(self.stop)),
            target: None,
            size: EntrySize::Shares(Qty::shares(100).unwrap()),
            expires_after_bars: None,
            reason: Reason::new("once"),
        });
    }

    fn save(&self) -> String {
        String::new()
    }

    fn restore(&mut self, _: &str) -> Result<(), String> {
        Ok(())
    }
}

/// Sessions from Monday, January 10, 2011, on.
pub(crate) fn sessions(count: usize) -> Vec<Session> {
    let from = "2011-01-10".parse().unwrap();
    let to = "2011-01-31".parse().unwrap();
    let calendar = Calendar::nyse();
    calendar.sessions(from..=to).unwrap()[..count].to_vec()
}

/// A row in which the price goes from the first to the second.
pub(crate) fn row(session: &Session, minute: i64, (open, close): (&str, &str)) -> Bar {
    let (open, close) = (price(open), price(close));
    let prices = [open, open.max(close), open.min(close), close];
    Bar::new(session.open.plus_minutes(minute), prices, 10_000).unwrap()
}

/// A session of minutes at one price.
pub(crate) fn flat_minutes(session: &Session, at: &str) -> Vec<Bar> {
    (0..session.minutes())
        .map(|minute| row(session, minute, (at, at)))
        .collect()
}

/// Plays the rows, holding over the nights.
pub(crate) fn play(
    (direction, stop): (Direction, &str),
    broker: SimConfig,
    length: RowLength,
    (sessions, rows): (Vec<Session>, Vec<Bar>),
) -> Outcome {
    let (timeframe, kind) = match length {
        RowLength::Minute => (Timeframe::MINUTE, Rows::Minutes),
        RowLength::Hour => (Timeframe::minutes(60).unwrap(), Rows::Whole),
        RowLength::Session => (Timeframe::minutes(390).unwrap(), Rows::Whole),
    };
    let strategy = Box::new(Once {
        direction,
        stop: price(stop),
        done: false,
    });
    let built = Built {
        strategy,
        indicators: Vec::new(),
        warm_up_bars: 0,
    };
    let engine = EngineConfig {
        epoch: Epoch(42),
        symbols: vec![Instrument {
            symbol: symbol(),
            tick: TickRule::Rule612,
            average_daily_volume: None,
        }],
        routes: vec![Route {
            name: "once".into(),
            strategy: "once".into(),
            timeframe,
            require_stop: true,
            sides: Sides::Both,
            observe: false,
            lanes: vec![(symbol(), built)],
        }],
        limits: Limits::unbounded(),
        market: Market::Sessions {
            calendar: Calendar::nyse(),
            day: DayRules {
                end_of_day: EndOfDay::Hold,
                ..DayRules::default()
            },
            rows: kind,
        },
        orders: OrderRules::default(),
        watch: Watch::OFF,
        authority: Authority::simulated(),
    };
    let setup = Setup {
        engine,
        broker,
        rows: length,
        sessions,
        sessions_at_once: 1_000,
        history: Vec::new(),
    };
    run(setup, |_| Ok::<_, Infallible>(vec![rows.clone()]), |_| ()).unwrap()
}
