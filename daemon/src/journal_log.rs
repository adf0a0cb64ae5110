//! Writes every entry of the journal to the log as well, one event each, with its fields. The intent
//! is the one id that leads from the signal to the last fill. Where the log goes is set elsewhere.

pub(crate) mod happening;

use std::collections::BTreeMap;

use trader_contract::Symbol;
use trader_core::book::Book;
use trader_core::record::{
    Decision, IntentId, JournalEntry, Origin, Record, Severity, TradingState,
};
use trader_kernel::views::journal_line;
use trader_rpc::LogLevel;

use crate::alerts;
use crate::logging::message_id;

/// What the log calls the part of the program that these events come from.
pub const TARGET: &str = "traderd::journal";

/// Intents remembered; the oldest is forgotten first, and only its fields become fewer.
const INTENTS_MAX: usize = 4096;

/// The journal's voice in the log. It remembers which symbol and route an intent is about, for the
/// entries that name only an order, and which intent a symbol is open for, for those that name only
/// the symbol.
#[derive(Debug, Default)]
pub struct JournalLog {
    known: BTreeMap<IntentId, (Symbol, Box<str>)>,
    open: BTreeMap<Symbol, IntentId>,
}

impl JournalLog {
    /// Knows the open trades of a book, so that a restart loses no field.
    #[must_use]
    pub fn new(book: &Book) -> Self {
        let mut log = Self::default();
        for holding in book.holdings.values() {
            let about = (holding.symbol, holding.route.clone());
            log.known.insert(holding.intent(), about);
            log.open.insert(holding.symbol, holding.intent());
        }
        log
    }

    /// Logs an entry that has been committed.
    pub fn write(&mut self, entry: &JournalEntry) {
        self.learn(&entry.record);
        self.tell(entry);
        self.forget(&entry.record);
    }

    fn tell(&self, entry: &JournalEntry) {
        let line = journal_line(entry);
        let open = |symbol| self.open.get(symbol).copied();
        let intent = entry
            .record
            .intent()
            .or(line.symbol.as_ref().and_then(open));
        let about = intent.and_then(|intent| self.known.get(&intent));
        let symbol = line.symbol.or(about.map(|(symbol, _)| *symbol));
        let symbol = symbol.as_ref().map(Symbol::as_str);
        let route = route_of(&entry.record).or(about.map(|(_, route)| &**route));
        let order_id = line.order.map(|order| order.to_string());
        let intent = intent.map(|intent| intent.to_string());
        let at = entry.at.to_string();
        let raised = match &entry.record {
            Record::Alerted { alert } => Some(alert),
            _ => None,
        };
        let alert = raised.map(|alert| &*alert.kind);
        let severity = raised.map(|alert| alerts::severity_name(alert.severity));
        let action = raised.map(|alert| &*alert.action);
        let event = happening::of(&entry.record);
        let message_id = alert
            .map(alerts::message_id)
            .or(event.map(|event| message_id::of("record", event)));
        macro_rules! event {
            ($level:ident) => {
                tracing::event!(
                    target: TARGET,
                    tracing::Level::$level,
                    seq = line.seq,
                    kind = line.kind,
                    symbol,
                    order_id,
                    intent,
                    route,
                    event,
                    alert,
                    severity,
                    action,
                    message_id,
                    engine_time = at,
                    "{}",
                    line.text
                )
            };
        }
        match level(&entry.record) {
            LogLevel::Error => event!(ERROR),
            LogLevel::Warn => event!(WARN),
            LogLevel::Info => event!(INFO),
            LogLevel::Debug => event!(DEBUG),
            LogLevel::Trace => event!(TRACE),
        }
    }

    fn learn(&mut self, record: &Record) {
        if let (Some(intent), Some(symbol), Some(route)) =
            (record.intent(), record.symbol(), route_of(record))
        {
            self.known.insert(intent, (symbol, route.into()));
        }
        if self.known.len() > INTENTS_MAX {
            self.known.pop_first();
        }
        if let Record::OrderPlanned { order } = record {
            let intent = IntentId::from(order.request.client_id);
            self.open.insert(order.request.symbol, intent);
        }
    }

    fn forget(&mut self, record: &Record) {
        if let Record::TradeClosed { trade } = record {
            self.open.remove(&trade.symbol);
        } else if let Record::EntryLapsed { symbol, .. } = record {
            self.open.remove(symbol);
        }
    }
}

fn route_of(record: &Record) -> Option<&str> {
    match record {
        Record::IntentTaken {
            origin: Origin::Strategy { route },
            ..
        }
        | Record::StrategySaved { route, .. } => Some(route),
        Record::OrderPlanned { order } => Some(&order.route),
        Record::TradeClosed { trade } => Some(&trade.route),
        _ => None,
    }
}

/// How much an entry matters to somebody who reads the log.
#[must_use]
pub const fn level(record: &Record) -> LogLevel {
    match record {
        Record::Alerted { alert } => match alert.severity {
            Severity::Critical => LogLevel::Error,
            Severity::Warning => LogLevel::Warn,
            Severity::Notice => LogLevel::Info,
        },
        Record::Discrepancy { .. }
        | Record::CashAdopted {
            transfer: false, ..
        }
        | Record::TradeVoided { .. } => LogLevel::Error,
        Record::SubmitFailed { .. }
        | Record::CancelFailed { .. }
        | Record::ReplaceFailed { .. }
        | Record::OrderDropped { .. }
        | Record::TradingStateSet {
            state: TradingState::Tripped(_) | TradingState::Halted(_) | TradingState::Unheard,
            ..
        } => LogLevel::Warn,
        Record::OrderReported { report } if report.execution.is_none() => LogLevel::Debug,
        Record::OrderPlanned { order } if order.parent.is_some() => LogLevel::Debug,
        Record::IntentTaken {
            decision: Decision::Accepted { order: None, .. },
            ..
        }
        | Record::ReplaceAsked { .. }
        | Record::Checkpoint { .. } => LogLevel::Debug,
        Record::StrategySaved { .. } => LogLevel::Trace,
        _ => LogLevel::Info,
    }
}

#[cfg(test)]
mod tests;
