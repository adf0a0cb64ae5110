//! What an engine is made of: symbols, routes, limits and the rules of the day.

use serde::{Deserialize, Serialize};
use trader_calendar::Calendar;
use trader_contract::{
    Built, Direction, Epoch, Qty, Ratio, Symbol, TickRule, Timeframe, Timestamp,
};

use crate::book::Book;
use crate::risk::limits::Limits;

/// Everything that an engine needs to know before its first event.
pub struct EngineConfig {
    /// The store's generation, part of every order id.
    pub epoch: Epoch,
    /// The symbols, in the order of their ids.
    pub symbols: Vec<Instrument>,
    /// The routes, in the order of their ids.
    pub routes: Vec<Route>,
    /// The limits of the one gate.
    pub limits: Limits,
    /// Sessions, or none.
    pub market: Market,
    /// How orders are worked.
    pub orders: OrderRules,
    /// What is checked again and again, and how old what is known may be.
    pub watch: Watch,
    /// Under whose authority it trades.
    pub authority: Authority,
}

impl EngineConfig {
    /// The same with every symbol in which the book has an open trade. What no route names any more is
    /// watched, protected and closed without a lane: nothing is entered in it.
    #[must_use]
    pub fn with_held(mut self, book: &Book) -> Self {
        let routed = self.symbols.len();
        for symbol in book.holdings.keys() {
            if !self.symbols.iter().any(|known| known.symbol == *symbol) {
                self.symbols.push(Instrument::plain(*symbol));
            }
        }
        if self.symbols.len() > routed {
            self.symbols.sort_by_key(|instrument| instrument.symbol);
        }
        self
    }
}

/// What is checked again and again, and how old what is known may be. Nanoseconds; `None` where
/// nothing can be lost, as in a backtest: there broker and market are part of the same program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watch {
    /// While an order lives or a position is open, the broker is asked this often what it holds.
    pub sweep_nanos: Option<i64>,
    /// At other times it is asked this often.
    pub reconcile_nanos: Option<i64>,
    /// An answer that has not come by then is asked for anew.
    pub answer_nanos: i64,
    /// An order of unknown fate that the broker's records lack for so long never arrived.
    pub unknown_nanos: i64,
    /// The stream of order reports must give a sign of life this often.
    pub orders_alive_nanos: Option<i64>,
    /// A channel of market data that a route uses must give a sign of life this often.
    pub data_alive_nanos: Option<i64>,
    /// How long after its end a bar may come before its symbol's data is stale, while the provider has
    /// it.
    pub bar_late_nanos: i64,
    /// The broker's word on the account may be this old for an entry.
    pub account_nanos: Option<i64>,
    /// How far our clock may be from the broker's for an entry.
    pub skew_nanos: Option<i64>,
}

impl Watch {
    /// Nothing is watched: nothing can be lost.
    pub const OFF: Self = Self {
        sweep_nanos: None,
        reconcile_nanos: None,
        answer_nanos: 10 * Timestamp::SECOND,
        unknown_nanos: 30 * Timestamp::SECOND,
        orders_alive_nanos: None,
        data_alive_nanos: None,
        bar_late_nanos: 10 * Timestamp::SECOND,
        account_nanos: None,
        skew_nanos: None,
    };

    /// For a broker and a feed behind a network.
    pub const NETWORK: Self = Self {
        sweep_nanos: Some(10 * Timestamp::SECOND),
        reconcile_nanos: Some(Timestamp::MINUTE),
        orders_alive_nanos: Some(30 * Timestamp::SECOND),
        data_alive_nanos: Some(30 * Timestamp::SECOND),
        account_nanos: Some(90 * Timestamp::SECOND),
        skew_nanos: Some(Timestamp::SECOND),
        ..Self::OFF
    };

    /// For a simulated broker inside the program: compared with, but never silent.
    pub const LOCAL: Self = Self {
        sweep_nanos: Some(10 * Timestamp::SECOND),
        reconcile_nanos: Some(Timestamp::MINUTE),
        ..Self::OFF
    };
}

/// Under whose authority an engine trades, and what it does about what is not its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// The account that may be traded with real money; `None` outside live mode. Entries then need an
    /// arming of this account for this configuration and program, and the broker must say that it
    /// is this account.
    pub live: Option<Box<str>>,
    /// The fingerprint of the configuration.
    pub config: Box<str>,
    /// The program: version and build.
    pub program: Box<str>,
    /// Signals are written down and nothing is entered.
    pub observe: bool,
    /// What becomes of orders and positions that this store did not make.
    pub foreign: ForeignPolicy,
    /// How far from the last price the stop of an adopted position rests, as a share of it.
    pub adopted_stop: Ratio,
}

impl Authority {
    /// Simulated money, nobody else at the account.
    #[must_use]
    pub fn simulated() -> Self {
        Self {
            live: None,
            config: Box::default(),
            program: Box::default(),
            observe: false,
            foreign: ForeignPolicy::Surface,
            adopted_stop: Ratio::from_billionths(50_000_000),
        }
    }
}

/// What becomes of orders and positions at the broker that this store did not make. Orders are never
/// cancelled: one may be somebody's stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForeignPolicy {
    /// They are told and nothing else is touched: the symbol is not entered until a person decides.
    #[default]
    Surface,
    /// Positions are taken under protection and closed with the day.
    Adopt,
    /// They are left to their owner; their symbols are not entered.
    Ignore,
}

/// One symbol that may be traded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instrument {
    /// Its ticker.
    pub symbol: Symbol,
    /// How fine its order prices may be.
    pub tick: TickRule,
    /// Shares traded on an average day, from consolidated daily bars; `None` where there are none, and
    /// then no limit counts with it.
    pub average_daily_volume: Option<Qty>,
}

impl Instrument {
    /// A symbol of which nothing more is known.
    #[must_use]
    pub const fn plain(symbol: Symbol) -> Self {
        Self {
            symbol,
            tick: TickRule::Rule612,
            average_daily_volume: None,
        }
    }
}

/// Symbols bound to a strategy with settings.
pub struct Route {
    /// Its name, unique.
    pub name: Box<str>,
    /// The strategy's name.
    pub strategy: Box<str>,
    /// The length of its bars.
    pub timeframe: Timeframe,
    /// Whether an entry must carry a protective stop.
    pub require_stop: bool,
    /// The sides that it may enter.
    pub sides: Sides,
    /// Its signals are written down and nothing is entered.
    pub observe: bool,
    /// One built instance for each symbol.
    pub lanes: Vec<(Symbol, Built)>,
}

/// The sides that a route may enter; what it holds is closed and protected on either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sides {
    /// Long and short.
    #[default]
    Both,
    /// Long only.
    Long,
    /// Short only.
    Short,
}

impl Sides {
    /// Whether entries in this direction are among them.
    #[must_use]
    pub const fn allow(self, direction: Direction) -> bool {
        match direction {
            Direction::Long => matches!(self, Self::Both | Self::Long),
            Direction::Short => matches!(self, Self::Both | Self::Short),
        }
    }

    /// As it stands in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::Long => "long",
            Self::Short => "short",
        }
    }
}

/// When trading happens.
pub enum Market {
    /// Exchange sessions: bars outside them do not count, and each day has an end.
    Sessions {
        /// The exchange's calendar.
        calendar: Calendar,
        /// The rules of the day's end.
        day: DayRules,
        /// What the rows are.
        rows: Rows,
    },
    /// Every row is a bar, and there is no day: for benchmarks and research on bare series.
    EveryRow,
}

/// What the rows of a market with sessions are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rows {
    /// One-minute bars, from which the bars of each lane's timeframe are built.
    #[default]
    Minutes,
    /// Finished bars, each for every lane of its symbol: an hour, a whole session, whatever their
    /// source cuts. Each is stamped with its start, which lies in its session, and is handed over
    /// at its end, the close at the latest.
    Whole,
}

/// What becomes of positions at the end of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EndOfDay {
    /// Entries stop, positions are closed, and by the deadline everything is flat.
    #[default]
    Flat,
    /// Positions and their stops stay over the night, and entries are taken up to the close: what is
    /// decided at the close is queued by the broker for the next open. For backtests only.
    Hold,
}

/// What happens before the close of the session, and when. The times before the close are those of
/// [`EndOfDay::Flat`]; one that holds knows none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayRules {
    /// Whether positions are closed before the close.
    pub end_of_day: EndOfDay,
    /// No entries from this long before the close, in nanoseconds.
    pub entries_stop_nanos: i64,
    /// Positions are closed from this long before the close, in nanoseconds.
    pub flatten_nanos: i64,
    /// Everything must be flat this long before the close, in nanoseconds.
    pub deadline_nanos: i64,
    /// How long after its end a window with missing minutes is waited for, in nanoseconds.
    pub bar_grace_nanos: i64,
}

impl Default for DayRules {
    fn default() -> Self {
        Self {
            end_of_day: EndOfDay::Flat,
            entries_stop_nanos: 15 * Timestamp::MINUTE,
            flatten_nanos: 5 * Timestamp::MINUTE,
            deadline_nanos: 2 * Timestamp::MINUTE,
            bar_grace_nanos: 2 * Timestamp::SECOND,
        }
    }
}

/// How orders are worked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderRules {
    /// How long a partly filled entry may go on before the rest is cancelled, in nanoseconds.
    pub partial_fill_patience_nanos: i64,
    /// How long a position may be without an acknowledged stop before it is closed, in nanoseconds.
    pub protect_within_nanos: i64,
    /// How long to wait before a refused cancel, stop or exit is tried again, in nanoseconds;
    /// doubled with each refusal up to half a minute.
    pub retry_nanos: i64,
}

impl Default for OrderRules {
    fn default() -> Self {
        Self {
            partial_fill_patience_nanos: Timestamp::SECOND,
            protect_within_nanos: 5 * Timestamp::SECOND,
            retry_nanos: Timestamp::SECOND,
        }
    }
}
