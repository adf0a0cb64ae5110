//! The engine's door: one event in, commands out. The parts of the work are in the files beside.

mod account;
mod assets;
mod authority;
mod breakers;
mod by_hand;
mod cash;
mod cause;
mod entries;
mod foreign;
mod hours;
mod intents;
mod ladder;
mod lanes;
mod late;
mod liveness;
mod market;
mod minutes;
mod operator;
mod overrides;
mod pricing;
mod protection;
mod reconcile;
mod recording;
mod recover;
mod refused;
mod reports;
mod sending;
mod session;
mod snapshot;
mod splits;
mod starts;
mod sweep;
mod symbols;
mod trace;
mod traffic;
mod unknown;
mod view;
mod working;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use trader_contract::{
    ClientOrderId, Epoch, Intents, Money, OrderRole, Symbol, SymbolId, Timeframe, Timestamp,
};
use trader_indicators::IndicatorError;

use self::authority::Heard;
use self::cash::{CashBeyond, CashDispute};
use self::ladder::Ladder;
use self::liveness::Links;
pub use self::liveness::{DataState, LinkState};
use self::recover::Dispute;
pub use self::session::Phase;
use self::session::Schedule;
pub use self::snapshot::{RestoreError, Snapshot};
use self::starts::Unreadable;
use self::sweep::Reconciling;
pub use self::symbols::SymbolState;
use self::unknown::Doubt;
pub use self::view::{Protection, WarmUp};
use crate::bars::ClosedBars;
use crate::book::Book;
use crate::command::{Command, Commands};
use crate::config::{Authority, EngineConfig, Market, OrderRules, Sides, Watch};
use crate::event::{BrokerDay, Event};
use crate::lane::Lane;
use crate::record::{Alert, JournalEntry, Origin, Record, Severity, TradingState};
use crate::risk::gate::Gate;
use crate::risk::rate::Sent;

/// Why an engine could not be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EngineError {
    /// A route names a symbol that is not in the symbol table.
    #[error("route {route} trades {symbol}, which is not in the symbol table")]
    UnknownSymbol {
        /// The route.
        route: Box<str>,
        /// The symbol.
        symbol: Symbol,
    },
    /// A strategy declared an indicator that cannot be made.
    #[error("route {route}: {source}")]
    Indicator {
        /// The route.
        route: Box<str>,
        /// Why.
        source: IndicatorError,
    },
    /// There are more symbols or routes than ids.
    #[error("more than {0} symbols or routes")]
    TooMany(u32),
}

/// What is known of a route beside its lanes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteInfo {
    /// Its name.
    pub name: Box<str>,
    /// The strategy behind it.
    pub strategy: Box<str>,
    /// The length of its bars.
    pub timeframe: Timeframe,
    /// Whether an entry must carry a protective stop.
    pub require_stop: bool,
    /// The sides that it may enter.
    pub sides: Sides,
    /// Whether its signals are written down and nothing is entered.
    pub observe: bool,
}

/// A state machine that trades. It holds no handle to the outside: all it knows came in as events,
/// all it wants goes out as commands.
pub struct Engine {
    epoch: Epoch,
    market: Market,
    rules: OrderRules,
    watch: Watch,
    authority: Authority,
    gate: Gate,
    heard: Heard,
    symbols: Vec<SymbolState>,
    by_ticker: BTreeMap<Symbol, SymbolId>,
    routes: Vec<RouteInfo>,
    lanes: Vec<Lane>,
    book: Book,
    next_seq: u64,
    now: Timestamp,
    equity: Money,
    loss_floor: Money,
    schedule: Schedule,
    /// Days of which the broker's calendar says otherwise than ours.
    broker_days: Box<[BrokerDay]>,
    window_due: Timestamp,
    wakes: BTreeSet<(Timestamp, SymbolId)>,
    due: Timestamp,
    reconciling: Reconciling,
    /// Orders that may or may not be at the broker.
    doubts: BTreeMap<ClientOrderId, Doubt>,
    /// Orders at the broker that serve no trade.
    strays: BTreeSet<ClientOrderId>,
    /// Symbols in which the broker's position is not ours.
    disputed: BTreeMap<Symbol, Dispute>,
    /// Whether an answer of the broker is being taken in whose positions are still to be compared: what
    /// it says of orders alone may be half of a split, or of what the owner did.
    comparing: bool,
    /// Symbols whose trade was over and is open again, with the newest question that was asked before.
    reopened: BTreeMap<Symbol, u32>,
    cash_dispute: Option<CashDispute>,
    cash_beyond: Option<CashBeyond>,
    ladder: Ladder,
    links: Links,
    unreadable: Vec<Unreadable>,
    stopping: Option<bool>,
    finished: bool,
    intents: Intents,
    closed: ClosedBars,
    checkpoints: bool,
    trace: Option<Box<trace::Trace>>,
}

impl Engine {
    /// An engine that goes on from `book`, whose last journal entry has the number before `next_seq`.
    ///
    /// # Errors
    /// The routes do not fit the symbol table, or a strategy declared an impossible indicator.
    pub fn new(config: EngineConfig, book: Book, next_seq: u64) -> Result<Self, EngineError> {
        let mut symbols = symbols::table(&config.symbols)?;
        let by_ticker: BTreeMap<Symbol, SymbolId> = symbols
            .iter()
            .map(|s| (s.instrument.symbol, s.id))
            .collect();
        let mut routes = Vec::with_capacity(config.routes.len());
        let mut lanes = Vec::new();
        for route in config.routes {
            lanes::add_route(route, &by_ticker, &mut symbols, &mut routes, &mut lanes)?;
        }
        let book = crate::planted::recalled(book);
        let mut engine = Self {
            epoch: config.epoch,
            market: config.market,
            rules: config.orders,
            watch: config.watch,
            authority: config.authority,
            gate: Gate::new(config.limits),
            heard: Heard::default(),
            symbols,
            by_ticker,
            routes,
            lanes,
            book,
            next_seq,
            now: Timestamp::MIN,
            equity: Money::ZERO,
            loss_floor: Money::from_femtos(i128::MIN),
            schedule: Schedule::default(),
            broker_days: Box::default(),
            window_due: Timestamp::MAX,
            wakes: BTreeSet::new(),
            due: Timestamp::MAX,
            reconciling: Reconciling::default(),
            doubts: BTreeMap::new(),
            strays: BTreeSet::new(),
            disputed: BTreeMap::new(),
            comparing: false,
            reopened: BTreeMap::new(),
            cash_dispute: None,
            cash_beyond: None,
            ladder: Ladder::default(),
            links: Links::default(),
            unreadable: Vec::new(),
            stopping: None,
            finished: false,
            intents: Intents::default(),
            closed: ClosedBars::default(),
            checkpoints: true,
            trace: None,
        };
        let mut sent: Vec<Sent> = (engine.book.orders.values())
            .filter(|order| order.role() == OrderRole::Entry)
            .map(|order| Sent::new(order.planned_at, &order.planned.request))
            .collect();
        sent.sort_by_key(|sent| sent.at);
        engine.gate.recall(sent);
        let messages = traffic::remembered(&engine.book);
        engine.gate.recall_messages(messages);
        engine.restore_strategies();
        for state in &mut engine.symbols {
            let holding = engine.book.holdings.get(&state.instrument.symbol);
            state.entry_since = holding.and_then(|h| Some(h.decided_on?.1));
        }
        engine.refresh_all();
        Ok(engine)
    }

    /// The same engine without the checkpoint at each session's end, for a run whose journal nothing
    /// will ever start from.
    #[must_use]
    pub const fn without_checkpoints(mut self) -> Self {
        self.checkpoints = false;
        self
    }

    /// Takes one event that was stamped with `at`, and adds what must happen because of it to `out`,
    /// in order. Stamps never go back: an earlier one is read as the latest so far.
    #[inline]
    pub fn step_into(&mut self, at: Timestamp, event: &Event, out: &mut Commands) {
        let at = at.max(self.now);
        self.now = at;
        if self.due < at && !matches!(event, Event::History { .. }) {
            // What was due before this event comes before it; what is due with it comes after, with
            // its timer. What warms a run up comes before its first event, and makes nothing happen.
            self.run_due(at.plus_nanos(-1), out);
        }
        match event {
            Event::Bar { symbol, bar } => self.on_bar(at, *symbol, bar, out),
            event => self.on_rare(at, event, out),
        }
    }

    /// The readable face of [`Engine::step_into`].
    pub fn step(&mut self, at: Timestamp, event: &Event) -> Vec<Command> {
        let mut out = Commands::default();
        self.step_into(at, event, &mut out);
        out.drain().collect()
    }

    /// When the engine next wants a [`Event::Timer`], if nothing else comes first.
    #[must_use]
    pub fn next_timer(&self) -> Option<Timestamp> {
        (self.due != Timestamp::MAX).then_some(self.due)
    }

    fn on_rare(&mut self, at: Timestamp, event: &Event, out: &mut Commands) {
        match event {
            Event::Start => self.on_start(at, out),
            Event::Bar { symbol, bar } => self.on_bar(at, *symbol, bar, out),
            Event::History { symbol, bars } => return self.on_history(*symbol, bars),
            Event::Quote { symbol, quote } => {
                if let Some(state) = self.symbols.get_mut(symbol.index()) {
                    state.quote = Some(*quote);
                    state.quote_at = Some(at);
                }
            }
            Event::Broker(event) => {
                self.open_due(at, out);
                self.on_broker(at, event, out);
            }
            Event::Timer => self.run_due(at, out),
            Event::Feed(event) => {
                self.on_feed(at, event, out);
            }
            Event::Skew { nanos } => self.on_skew(at, *nanos, out),
            Event::Split { symbol, new, old } => self.on_split(at, *symbol, (*new, *old), out),
            Event::AuditFailed { why } => {
                let why = format!("what was about to leave is not what the book says: {why}");
                self.halt(at, &why, out);
            }
            Event::JournalFailed { why, lost } => {
                self.on_journal_failed(at, (why, lost), out);
            }
            Event::Recording { failed } => self.on_recording(at, failed.as_deref(), out),
            Event::Calendar { differing } => self.on_calendar(at, differing, out),
            Event::Operator {
                command,
                uid,
                request,
            } => {
                self.on_operator(at, command, *uid, request, out);
            }
        }
        self.check_losses(at, out);
        self.climb(at, out);
        self.find_due();
        self.check_finished(out);
    }

    /// Does everything whose time has come: the session's schedule, windows with missing minutes,
    /// and the trades that asked to be looked at again.
    #[cold]
    fn run_due(&mut self, at: Timestamp, out: &mut Commands) {
        self.ask_if_due(at, out);
        self.close_windows(at, out);
        self.advance_session(at, out);
        self.watch_links(at, out);
        self.check_arming(at, out);
        self.end_overdue(at, out);
        while let Some((when, id)) = self.wakes.first().copied() {
            if when > at {
                break;
            }
            self.wakes.remove(&(when, id));
            if let Some(state) = self.symbols.get_mut(id.index()) {
                state.wake_at = None;
            }
            self.tend(at, id, out);
        }
        self.climb(at, out);
        self.find_due();
        self.check_finished(out);
    }

    /// Computes when the next timer is due.
    fn find_due(&mut self) {
        let wake = self.wakes.first().map_or(Timestamp::MAX, |(when, _)| *when);
        // Before the broker has been heard the day does not go on, and no timer could make it.
        let session = if self.reconciling.is_done() {
            self.schedule.next_at
        } else {
            Timestamp::MAX
        };
        let ladder = self.ladder_due().min(self.links_due());
        self.due = session
            .min(self.window_due)
            .min(wake)
            .min(ladder)
            .min(self.ask_due())
            .min(self.arming_ends())
            .min(self.override_ends());
    }

    /// Asks for another look at a symbol at `when`, or for none.
    fn wake(&mut self, id: SymbolId, when: Option<Timestamp>) {
        let Some(state) = self.symbols.get_mut(id.index()) else {
            return;
        };
        if state.wake_at == when {
            return;
        }
        if let Some(old) = state.wake_at.take() {
            self.wakes.remove(&(old, id));
        }
        if let Some(when) = when {
            state.wake_at = Some(when);
            self.wakes.insert((when, id));
        }
        self.find_due();
    }

    /// Writes a record: the only way in which the book changes.
    fn write(&mut self, at: Timestamp, record: Record, out: &mut Commands) {
        if crate::planted::is_in_memory(&record) {
            return self.book.apply(at, &record);
        }
        // A checkpoint says what the book is already.
        if !matches!(record, Record::Checkpoint { .. }) {
            self.book.apply(at, &record);
        }
        let planned = matches!(record, Record::OrderPlanned { .. });
        let symbol = record.symbol().or_else(|| {
            record
                .client_id()
                .and_then(|id| self.book.orders.get(&id))
                .map(crate::book::Order::symbol)
        });
        let entry = JournalEntry {
            seq: self.next_seq,
            at,
            record,
        };
        self.next_seq = self.next_seq.saturating_add(1);
        out.push(Command::Persist(Arc::new(entry)));
        if let Some(id) = symbol.and_then(|symbol| self.by_ticker.get(&symbol).copied()) {
            self.refresh(id);
        }
        if planned {
            // From now on the broker is asked more often.
            self.find_due();
        }
    }

    /// Tells a person, durably.
    fn alert(
        &mut self,
        at: Timestamp,
        (severity, kind, symbol): (Severity, &str, Option<Symbol>),
        (message, action): (String, &str),
        out: &mut Commands,
    ) {
        let alert = once((severity, kind, symbol), (message, action));
        self.write(at, Record::Alerted { alert }, out);
    }

    /// Tells a person of something that stands until its cause has gone. Said once: while it stands
    /// with the same weight and the same words, this does nothing.
    fn raise_standing(
        &mut self,
        at: Timestamp,
        (severity, kind, symbol): (Severity, &str, Option<Symbol>),
        (message, action): (String, &str),
        out: &mut Commands,
    ) {
        let alert = Alert {
            standing: true,
            ..once((severity, kind, symbol), (message, action))
        };
        let standing = self.book.standing(kind, symbol);
        if standing.is_none_or(|standing| standing.alert != alert) {
            self.write(at, Record::Alerted { alert }, out);
        }
    }

    /// The cause of a standing alert has gone. Where none stands, this does nothing.
    fn clear_standing(
        &mut self,
        at: Timestamp,
        kind: &str,
        symbol: Option<Symbol>,
        out: &mut Commands,
    ) {
        if self.book.standing(kind, symbol).is_some() {
            let kind = kind.into();
            self.write(at, Record::AlertCleared { kind, symbol }, out);
        }
    }

    /// Allows or stops entries, and looks at every open trade with it.
    fn set_trading(
        &mut self,
        at: Timestamp,
        state: TradingState,
        origin: Origin,
        out: &mut Commands,
    ) {
        self.write(at, Record::TradingStateSet { state, origin }, out);
        self.tend_all(at, out);
    }
}

/// An alert that is said once.
fn once(
    (severity, kind, symbol): (Severity, &str, Option<Symbol>),
    (message, action): (String, &str),
) -> Alert {
    Alert {
        severity,
        kind: kind.into(),
        symbol,
        message: message.into(),
        action: action.into(),
        standing: false,
    }
}
