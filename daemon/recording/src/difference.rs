//! The first event of which other commands came than were recorded, with what led to it: the bar, the
//! indicators' values and the state of lane and trade.

use serde::Serialize;
use serde_json::Value;
use trader_contract::{BrokerEvent, IndicatorSpec, Slot, Symbol, Timestamp};
use trader_core::book::Holding;
use trader_core::{Engine, Event};

/// One event that was answered differently.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// In which life of the program, from 1.
    pub life: u32,
    /// Which event of the recording, from 1; warm-up counts.
    pub event_number: u64,
    /// When the engine took it.
    pub at: Timestamp,
    /// The symbol that it is about.
    pub symbol: Option<Symbol>,
    /// The event.
    pub event: Value,
    /// The commands that were recorded.
    pub recorded: Vec<Value>,
    /// The commands that came now.
    pub now: Vec<Value>,
    /// The place of the first command that differs, from 0.
    pub first_command: usize,
    /// The trade in the symbol before the event, as the replay has it.
    pub holding: Option<Value>,
    /// Whether entries were allowed after it, in words.
    pub trading: String,
    /// The lanes of the symbol after the event: their indicators include its bar.
    pub lanes: Vec<LaneView>,
}

/// One lane as it stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LaneView {
    /// Its route.
    pub route: Box<str>,
    /// The strategy behind it.
    pub strategy: Box<str>,
    /// Bars seen while it warmed up.
    pub bars_seen: u32,
    /// Bars needed before its strategy is asked.
    pub bars_needed: u32,
    /// Whether its strategy is asked.
    pub warm: bool,
    /// The last bar of its timeframe.
    pub bar: Option<Value>,
    /// Its indicators, in the strategy's order.
    pub indicators: Vec<IndicatorView>,
    /// What the strategy remembers.
    pub memory: Value,
}

/// One indicator as it stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IndicatorView {
    /// What it is.
    pub indicator: IndicatorSpec,
    /// Its readings with the last bar and with the one before.
    #[serde(flatten)]
    pub slot: Slot,
}

impl LaneView {
    /// The lanes of a symbol.
    #[must_use]
    pub fn of_symbol(engine: &Engine, symbol: Symbol) -> Vec<Self> {
        let lanes = engine.lanes().iter();
        let of_symbol = lanes.filter(|lane| lane.ticker == symbol);
        of_symbol
            .filter_map(|lane| {
                let route = engine.routes().get(usize::from(lane.route.0))?;
                let (bars_seen, bars_needed) = lane.warm_up();
                let slots = lane.indicators().zip(lane.slots());
                Some(Self {
                    route: route.name.clone(),
                    strategy: route.strategy.clone(),
                    bars_seen,
                    bars_needed,
                    warm: lane.is_warm(),
                    bar: lane.last_bar().map(value),
                    indicators: slots
                        .map(|(indicator, slot)| IndicatorView {
                            indicator,
                            slot: *slot,
                        })
                        .collect(),
                    memory: serde_json::from_str(&lane.save()).unwrap_or(Value::Null),
                })
            })
            .collect()
    }
}

/// What is looked at before an event, so that a difference can tell what led to it.
pub(crate) struct Before {
    pub(crate) symbol: Option<Symbol>,
    holding: Option<Holding>,
}

impl Before {
    /// Looks at the trade in the event's symbol.
    pub(crate) fn look(engine: &Engine, event: &Event) -> Self {
        let symbol = symbol_of(engine, event);
        let holding = symbol.and_then(|symbol| engine.book().holdings.get(&symbol));
        Self {
            symbol,
            holding: holding.cloned(),
        }
    }

    /// Tells of a difference.
    pub(crate) fn tell(
        self,
        engine: &Engine,
        (life, event_number, at, event): (u32, u64, Timestamp, &Event),
        (recorded, now): (Vec<Value>, Vec<Value>),
    ) -> Difference {
        let same = recorded.iter().zip(&now).take_while(|(a, b)| a == b);
        let first_command = same.count();
        let symbol = self.symbol.or_else(|| {
            let differing = [recorded.get(first_command), now.get(first_command)];
            differing.into_iter().flatten().find_map(named)
        });
        Difference {
            life,
            event_number,
            at,
            symbol,
            event: value(event),
            first_command,
            recorded,
            now,
            holding: self.holding.as_ref().map(value),
            trading: engine.book().trading.to_string(),
            lanes: symbol.map_or_else(Vec::new, |symbol| LaneView::of_symbol(engine, symbol)),
        }
    }
}

fn value(of: &impl Serialize) -> Value {
    serde_json::to_value(of).unwrap_or(Value::Null)
}

/// The symbol that an event is about.
fn symbol_of(engine: &Engine, event: &Event) -> Option<Symbol> {
    match event {
        Event::Bar { symbol, .. } | Event::Quote { symbol, .. } | Event::History { symbol, .. } => {
            let state = engine.symbols().get(symbol.index())?;
            Some(state.instrument.symbol)
        }
        Event::Broker(BrokerEvent::Order(report)) => Some(report.symbol),
        Event::Broker(
            BrokerEvent::SubmitFailed { client_id, .. }
            | BrokerEvent::CancelFailed { client_id, .. }
            | BrokerEvent::ReplaceFailed { client_id, .. }
            | BrokerEvent::Corrected { client_id, .. },
        ) => Some(engine.book().orders.get(client_id)?.symbol()),
        Event::Broker(BrokerEvent::Halt { symbol, .. } | BrokerEvent::Asset { symbol, .. })
        | Event::Split { symbol, .. } => Some(*symbol),
        _ => None,
    }
}

/// The first symbol that a command names.
fn named(command: &Value) -> Option<Symbol> {
    match command {
        Value::Object(fields) => {
            let here = fields.get("symbol").and_then(Value::as_str);
            here.and_then(|text| text.parse().ok())
                .or_else(|| fields.values().find_map(named))
        }
        Value::Array(values) => values.iter().find_map(named),
        _ => None,
    }
}
