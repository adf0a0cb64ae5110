//! Watches a run and remembers what the figures need: trades with their excursions, days, the curve,
//! closes of every session, and counts. Decides nothing.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use trader_calendar::Session;
use trader_contract::{
    Bar, Direction, Money, OrderReport, OrderRole, Price, Side, Symbol, Timestamp,
};
use trader_core::Engine;
use trader_core::book::Holding;
use trader_core::record::{DaySummary, Decision, JournalEntry, Record, Trade};

use trader_rpc::EquityPoint;

use crate::metrics::{EquityCurve, Excursion, Step};

/// A closed trade with how far it went.
#[derive(Debug, Clone, PartialEq)]
pub struct ClosedTrade {
    /// The trade.
    pub trade: Trade,
    /// How far it went against us at worst; not positive.
    pub mae: Money,
    /// How far it went our way at best; not negative.
    pub mfe: Money,
}

/// A symbol's sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SymbolDays {
    /// The symbol.
    pub symbol: Symbol,
    /// Rows of it that the engine took.
    pub rows: u64,
    /// The open of its first row.
    pub first_open: Option<Price>,
    /// The last close of each session that has rows.
    pub closes: Vec<(NaiveDate, Price)>,
}

/// What was held at the end.
#[derive(Debug, Clone, PartialEq)]
pub struct StillOpen {
    /// The book's view of it.
    pub holding: Holding,
    /// The last price.
    pub last: Option<Price>,
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The sessions' dates.
    pub dates: Vec<NaiveDate>,
    /// Equity before the first session.
    pub initial_equity: Money,
    /// Equity after the last one.
    pub final_equity: Money,
    /// Closed trades, in the order of closing.
    pub trades: Vec<ClosedTrade>,
    /// What was still held.
    pub open: Vec<StillOpen>,
    /// Session by session.
    pub days: Vec<DaySummary>,
    /// The curve at even steps.
    pub equity: Vec<EquityPoint>,
    /// The deepest fall from a peak, seen at every row's end; not positive, and `None` if equity was
    /// never above zero.
    pub max_drawdown: Option<f64>,
    /// Minutes of all sessions.
    pub session_minutes: u64,
    /// Of these, minutes at whose end something was held.
    pub held_minutes: u64,
    /// The value of all fills.
    pub traded_value: Money,
    /// What the broker charged.
    pub fees: Money,
    /// Symbol by symbol.
    pub symbols: Vec<SymbolDays>,
    /// Rows that the engine took.
    pub rows: u64,
    /// Entries that the gate let through.
    pub entries: u64,
    /// Orders sent, attached ones included.
    pub orders: u64,
    /// Executions.
    pub fills: u64,
    /// Intents that were refused, by rule.
    pub refusals: BTreeMap<String, u64>,
    /// Alerts, by kind: how many, and what the first one said.
    pub alerts: BTreeMap<String, (u64, String)>,
}

/// One symbol while it is watched.
#[derive(Debug)]
struct Watched {
    days: SymbolDays,
    excursion: Option<Excursion>,
    /// A trade that has ended inside a row, whose open still counts.
    ended: Option<(usize, Excursion)>,
}

impl Watched {
    /// What the trade that has ended came to: its place, and its excursion.
    fn settle(&mut self) -> Option<(usize, (Money, Money))> {
        let (place, excursion) = self.ended.take()?;
        Some((place, excursion.finish()))
    }
}

/// The watcher.
#[derive(Debug)]
pub(crate) struct Observer {
    outcome: Outcome,
    watched: Vec<Watched>,
    places: BTreeMap<Symbol, usize>,
    date: NaiveDate,
    last_edge: Timestamp,
    held: usize,
    curve: EquityCurve,
}

impl Observer {
    pub(crate) fn new(symbols: &[Symbol], sessions: &[Session], cash: Money) -> Self {
        let watch = |symbol: &Symbol| Watched {
            days: SymbolDays {
                symbol: *symbol,
                rows: 0,
                first_open: None,
                closes: Vec::with_capacity(sessions.len()),
            },
            excursion: None,
            ended: None,
        };
        let minutes = |s: &Session| u64::try_from(s.minutes()).unwrap_or(0);
        let session_minutes = sessions.iter().map(minutes).sum();
        Self {
            watched: symbols.iter().map(watch).collect(),
            places: symbols.iter().copied().zip(0..).collect(),
            date: NaiveDate::MIN,
            last_edge: Timestamp::MIN,
            held: 0,
            curve: EquityCurve::new(Step::over(sessions), cash),
            outcome: Outcome {
                dates: sessions.iter().map(|s| s.date).collect(),
                initial_equity: cash,
                final_equity: cash,
                trades: Vec::new(),
                open: Vec::new(),
                days: Vec::with_capacity(sessions.len()),
                equity: Vec::new(),
                max_drawdown: None,
                session_minutes,
                held_minutes: 0,
                traded_value: Money::ZERO,
                fees: Money::ZERO,
                symbols: Vec::new(),
                rows: 0,
                entries: 0,
                orders: 0,
                fills: 0,
                refusals: BTreeMap::new(),
                alerts: BTreeMap::new(),
            },
        }
    }

    /// A session begins.
    pub(crate) fn begin_session(&mut self, session: &Session) {
        self.date = session.date;
        self.last_edge = session.open;
        self.curve.begin_session(session);
    }

    /// A session is over, and what came of it is booked.
    pub(crate) fn end_session(&mut self, session: &Session, equity: Money) {
        self.curve.on_equity(session.close, equity);
        self.curve.end_session();
    }

    /// Looks at a row that has ended.
    #[inline]
    pub(crate) fn row(&mut self, index: usize, bar: &Bar, end: Timestamp) {
        let Some(watched) = self.watched.get_mut(index) else {
            return;
        };
        let days = &mut watched.days;
        days.rows = days.rows.wrapping_add(1);
        match days.closes.last_mut() {
            Some((date, close)) if *date == self.date => *close = bar.close,
            _ => {
                days.first_open.get_or_insert(bar.open);
                days.closes.push((self.date, bar.close));
            }
        }
        if watched.excursion.is_some() || watched.ended.is_some() {
            self.excursion(index, bar, end.since(bar.start));
        }
    }

    /// Shows a row to the trades of its symbol.
    #[cold]
    fn excursion(&mut self, index: usize, bar: &Bar, length: i64) {
        let Some(watched) = self.watched.get_mut(index) else {
            return;
        };
        if let Some(excursion) = &mut watched.excursion {
            excursion.on_bar(bar, length);
        }
        if let Some((_, excursion)) = &mut watched.ended {
            excursion.on_bar(bar, length);
        }
        let settled = watched.settle();
        self.note(settled);
    }

    /// Writes down what a trade came to.
    fn note(&mut self, settled: Option<(usize, (Money, Money))>) {
        if let Some((place, (mae, mfe))) = settled
            && let Some(trade) = self.outcome.trades.get_mut(place)
        {
            (trade.mae, trade.mfe) = (mae, mfe);
        }
    }

    /// Looks at the account after the rows that end at `at`.
    #[inline]
    pub(crate) fn edge(&mut self, at: Timestamp, equity: Money) {
        if self.held > 0 {
            let minutes = at.since(self.last_edge).div_euclid(Timestamp::MINUTE);
            let minutes = u64::try_from(minutes).unwrap_or(0);
            self.outcome.held_minutes = self.outcome.held_minutes.saturating_add(minutes);
        }
        self.last_edge = at;
        self.curve.on_equity(at, equity);
    }

    /// Takes a record of the journal.
    pub(crate) fn record(&mut self, entry: &JournalEntry) {
        let outcome = &mut self.outcome;
        match &entry.record {
            Record::OrderPlanned { .. } => count(&mut outcome.orders),
            Record::OrderReported { report } => self.reported(report),
            Record::IntentTaken { decision, .. } => match decision {
                Decision::Refused { rule, .. } => {
                    count(outcome.refusals.entry(rule.to_string()).or_default());
                }
                Decision::Accepted { order, .. } if order.is_some() => {
                    count(&mut outcome.entries);
                }
                Decision::Accepted { .. } => {}
            },
            Record::TradeClosed { trade } => self.closed(trade),
            Record::SessionClosed { summary } => outcome.days.push(summary.clone()),
            Record::Alerted { alert } => {
                let first = || (0, format!("{} {}", entry.at, alert.message));
                let (number, _) = outcome
                    .alerts
                    .entry(alert.kind.to_string())
                    .or_insert_with(first);
                count(number);
            }
            _ => {}
        }
    }

    fn reported(&mut self, report: &OrderReport) {
        let Some(fill) = &report.execution else {
            return;
        };
        count(&mut self.outcome.fills);
        self.outcome.traded_value += fill.price.times(fill.qty);
        let place = self.places.get(&report.symbol);
        let Some(watched) = place.and_then(|place| self.watched.get_mut(*place)) else {
            return;
        };
        if let Some(excursion) = &mut watched.excursion {
            return excursion.on_fill(fill.at, report.side, fill.qty, fill.price);
        }
        if report.client_id.role != OrderRole::Entry {
            return;
        }
        let direction = match report.side {
            Side::Buy => Direction::Long,
            Side::Sell => Direction::Short,
        };
        let begun = Excursion::new(direction, fill.at, fill.qty, fill.price);
        watched.excursion = Some(begun);
        self.held = self.held.saturating_add(1);
        let settled = watched.settle();
        self.note(settled);
    }

    fn closed(&mut self, trade: &Trade) {
        let next = self.outcome.trades.len();
        let place = self.places.get(&trade.symbol).copied();
        if let Some(watched) = place.and_then(|place| self.watched.get_mut(place))
            && let Some(excursion) = watched.excursion.take()
        {
            watched.ended = Some((next, excursion));
            self.held = self.held.saturating_sub(1);
        }
        self.outcome.trades.push(ClosedTrade {
            trade: trade.clone(),
            mae: Money::ZERO,
            mfe: Money::ZERO,
        });
    }

    /// Puts together what came of it.
    pub(crate) fn finish(mut self, engine: &Engine, rows: u64) -> Outcome {
        let last = |symbol| {
            let id = engine.symbol_id(symbol)?;
            engine.symbols().get(id.index())?.last
        };
        let open = engine.book().holdings.values().filter(|h| !h.net.is_flat());
        self.outcome.open = open
            .map(|holding| StillOpen {
                last: last(holding.symbol),
                holding: holding.clone(),
            })
            .collect();
        self.outcome.final_equity = engine.equity();
        self.outcome.fees = engine.book().fees;
        self.outcome.rows = rows;
        for place in 0..self.watched.len() {
            let settled = self.watched.get_mut(place).and_then(Watched::settle);
            self.note(settled);
        }
        (self.outcome.equity, self.outcome.max_drawdown) = self.curve.finish();
        self.outcome.symbols = self.watched.into_iter().map(|w| w.days).collect();
        self.outcome
    }
}

fn count(number: &mut u64) {
    *number = number.saturating_add(1);
}
