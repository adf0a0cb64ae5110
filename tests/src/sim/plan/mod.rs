//! What is to happen in one run: everything that the seed decides, written out, so that a part of it
//! can be left out and the rest stays as it is.

mod crash;
mod deed;
mod file;
mod generate;
mod kind;
mod people;
mod storm;
mod swarm;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use trader_broker_sim::{Fees, Latency, Slippage, Split};
use trader_calendar::Session;
use trader_contract::{Money, Price, Ratio, Symbol, Timestamp};
use trader_core::config::ForeignPolicy;
use trader_core::risk::limits::Limits;

use super::disk::Medium;
use super::draw::Draw;

pub use crash::{Call, Crash, Nested, Phase, When};
pub use deed::{Action, Deed, HandTrade, Reach};
pub use kind::FaultKind;

/// Everything that a run is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Where it came from, and where everything that is not written out here is drawn from.
    pub seed: u64,
    /// The session.
    pub session: Session,
    /// The one after it.
    pub next: Session,
    /// When the daemon is started first.
    pub start: Timestamp,
    /// When the run is over.
    pub end: Timestamp,
    /// From here on nothing fails any more.
    pub heal_at: Timestamp,
    /// Stretches in which the machine sleeps, in order.
    pub sleeps: Vec<(Timestamp, Timestamp)>,
    /// The symbols with what works on them.
    pub symbols: Vec<SymbolPlan>,
    /// The broker.
    pub broker: BrokerPlan,
    /// The limits of the account.
    pub limits: Limits,
    /// What the account starts with.
    pub cash: Money,
    /// What fails.
    pub faults: Vec<Fault>,
    /// Where the process dies.
    pub crashes: Vec<Crash>,
    /// What a person does.
    pub actions: Vec<Action>,
    /// Whether quotes come beside the bars.
    #[serde(default)]
    pub quotes: bool,
    /// What the daemon and the broker speak.
    #[serde(default)]
    pub protocol: Protocol,
    /// What becomes of what the owner does at the broker.
    #[serde(default)]
    pub foreign: ForeignPolicy,
    /// The real-money account that is traded, in live mode.
    pub live: Option<Live>,
    /// How faithfully the journal is kept.
    pub medium: Medium,
}

/// What is spoken between the daemon and the broker.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// The contract's requests and events, as they are.
    #[default]
    Contract,
    /// Alpaca's HTTP and stream, through the machine of the client that is shipped.
    Alpaca,
}

/// The account that the broker speaks of.
pub const ACCOUNT: &str = "SIMULATED";

/// An account that is not the broker's.
const ANOTHER_ACCOUNT: &str = "ANOTHER";

/// Live mode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Live {
    /// The account that may be traded.
    pub account: Box<str>,
    /// A start before this finds another one, which is not the broker's.
    #[serde(default)]
    pub wrong_until: Option<Timestamp>,
    /// A start from here on finds another configuration.
    pub reconfigured_at: Option<Timestamp>,
}

/// One symbol.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SymbolPlan {
    /// Its ticker.
    pub symbol: Symbol,
    /// Where its price begins.
    pub price: Price,
    /// How far a minute goes, in parts per million of the price.
    pub noise_ppm: i64,
    /// Shares a minute.
    pub volume: u64,
    /// The strategies that work on it, one route each.
    pub strategies: Vec<StrategyPlan>,
}

impl SymbolPlan {
    /// What its chance follows from beside the plan's seed: of the copies of a symbol (`AAA`, `AAA.A`)
    /// the same, so that they move and are traded at the same moments.
    #[must_use]
    pub fn root(symbol: &Symbol) -> &str {
        let text = symbol.as_str();
        text.split_once('.').map_or(text, |(root, _)| root)
    }
}

/// What works on a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StrategyPlan {
    /// The seeded one that does whatever a strategy may do.
    Chaos {
        /// The side of its first entry; later ones are either.
        first: trader_contract::Direction,
        /// An entry about every so many bars.
        every: u16,
    },
    /// Breakouts of strong candles.
    Velez,
    /// Breakouts of the session's first minutes.
    OpeningRange,
    /// Fades far from the average.
    MeanReversion,
}

/// How the broker behaves when nothing fails.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrokerPlan {
    /// Between its door and the venue.
    pub latency: Latency,
    /// Fills in pieces.
    pub split: Split,
    /// What takers pay.
    pub slippage: Slippage,
    /// Half the spread, in millionths.
    pub half_spread_micros: u32,
    /// What it charges.
    pub fees: Fees,
    /// The share of a bar's volume that may be had.
    pub participation: Option<Ratio>,
    /// How long a message takes in one direction, at least and at most, in nanoseconds.
    pub wire: (i64, i64),
    /// Whether what a reply says is said on the stream as well.
    pub echo: bool,
}

/// One fault, or several of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Which.
    pub kind: FaultKind,
    /// From when on it may strike.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// How often, for those that do not last.
    pub hits: u32,
    /// In which symbol, where it makes a difference.
    pub symbol: usize,
    /// Where its details are drawn from.
    pub seed: u64,
}

/// What a generator leaves out, to get on while something is not there yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Without {
    /// These kinds.
    pub faults: Vec<FaultKind>,
    /// Every kind.
    pub all_faults: bool,
    /// Crashes.
    pub crashes: bool,
    /// What a person does.
    pub actions: bool,
    /// The quiet between faults and between trades: a storm.
    pub calm: bool,
    /// The contract alone between the daemon and the broker: Alpaca's protocol is spoken.
    pub contract: bool,
}

impl Plan {
    /// The plan of a seed.
    #[must_use]
    pub fn of(seed: u64, without: &Without) -> Self {
        generate::plan(seed, without)
    }

    /// A short day: the first minutes of a session, and then its last ones.
    #[must_use]
    pub fn short_day(date: NaiveDate, seed: u64, without: &Without) -> Option<Self> {
        generate::short_day(date, seed, without)
    }

    /// A short day on which nothing fails and nobody dies, until it is told to.
    #[must_use]
    pub fn quiet_day(seed: u64) -> Option<Self> {
        generate::quiet_day(seed)
    }

    /// When everything must be flat.
    #[must_use]
    pub const fn deadline(&self) -> Timestamp {
        self.session.close.plus_minutes(-2)
    }

    /// The account that may be traded, as a start at this time finds it; `None` if no live one is.
    #[must_use]
    pub fn live_account(&self, at: Timestamp) -> Option<&str> {
        let live = self.live.as_ref()?;
        let wrong = live.wrong_until.is_some_and(|until| at < until);
        Some(if wrong {
            ANOTHER_ACCOUNT
        } else {
            &live.account
        })
    }

    /// How many shares there are after the night for how many before, in a symbol that is split in it.
    #[must_use]
    pub fn split(&self, index: usize) -> Option<(u32, u32)> {
        let of_it = |fault: &&Fault| {
            let splits = [FaultKind::SplitForward, FaultKind::SplitReverse];
            splits.contains(&fault.kind) && fault.symbol == index
        };
        let fault = self.faults.iter().find(of_it)?;
        let mut draw = Draw::of(fault.seed, "split");
        match fault.kind {
            FaultKind::SplitForward => draw.pick(&[(2, 1), (3, 1), (3, 2)]),
            _ => draw.pick(&[(1, 2), (1, 5), (2, 3)]),
        }
    }

    /// By how many parts per million a symbol jumps over the night without a reason.
    #[must_use]
    pub fn jump(&self, index: usize) -> Option<i64> {
        let of_it = |fault: &&Fault| fault.kind == FaultKind::Jump && fault.symbol == index;
        let fault = self.faults.iter().find(of_it)?;
        let mut draw = Draw::of(fault.seed, "jump");
        Some(match draw.coin() {
            true => draw.between(500_000, 1_500_000),
            false => -draw.between(480_000, 700_000),
        })
    }

    /// When what is split in the night is split.
    #[must_use]
    pub const fn splits_at(&self) -> Timestamp {
        self.next.open.plus_minutes(-30)
    }

    /// Which configuration a start at this time finds.
    #[must_use]
    pub fn configuration(&self, at: Timestamp) -> u32 {
        let live = self.live.as_ref();
        let changed_at = live.and_then(|live| live.reconfigured_at);
        u32::from(changed_at.is_some_and(|changed_at| changed_at <= at))
    }

    /// Leaves a symbol out.
    #[must_use]
    pub fn without_symbol(&self, index: usize) -> Self {
        let mut plan = self.clone();
        plan.symbols.remove(index);
        let shifted = |place: usize| if place > index { place - 1 } else { place };
        plan.faults
            .retain(|fault| fault.symbol != index || !fault.kind.is_of_a_symbol());
        for fault in &mut plan.faults {
            fault.symbol = shifted(fault.symbol);
        }
        let of_it = |action: &Action| {
            let mut deed = action.deed;
            deed.symbol_mut().is_some_and(|place| *place == index)
        };
        plan.actions.retain(|action| !of_it(action));
        for action in &mut plan.actions {
            if let Some(place) = action.deed.symbol_mut() {
                *place = shifted(*place);
            }
        }
        plan
    }
}

impl FaultKind {
    /// Whether it strikes one symbol.
    #[must_use]
    pub const fn is_of_a_symbol(self) -> bool {
        matches!(
            self,
            Self::BarDropped
                | Self::BarDelayed
                | Self::BarDuplicated
                | Self::BarReordered
                | Self::SymbolMute
                | Self::WildPrice
                | Self::Halt
                | Self::Gap
                | Self::HardToBorrow
                | Self::QuoteCrossed
                | Self::QuoteWide
                | Self::QuoteHalf
                | Self::SplitForward
                | Self::SplitReverse
                | Self::Jump
        )
    }
}
