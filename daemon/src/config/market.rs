//! Where prices come from and where orders go: `[account]`, `[market]` and `[broker]`.

use std::path::PathBuf;

use chrono::NaiveDate;
use serde::{Serialize, Serializer};
use trader_contract::{Money, Ratio};

use super::layers::Value;
use super::section::{Section, choice};
use super::{dollars, ratio};

/// The account, where there is no broker to ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Cash at the first start of a store, in dollars: 100 to 100 million.
    pub initial_cash: Money,
}

impl Account {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let range = dollars(100)..=dollars(100_000_000);
        let account = Self {
            initial_cash: section.money("initial_cash", dollars(100_000), range),
        };
        section.finish();
        account
    }
}

choice! {
    /// Where bars come from.
    MarketSource {
        /// A random market made from the seed.
        Synthetic = "synthetic",
        /// One-minute bars from files.
        Recorded = "recorded",
        /// Alpaca's streams, as they come.
        Alpaca = "alpaca",
    }
}

choice! {
    /// Which time the daemon lives in.
    ClockKind {
        /// The machine's clock.
        Wall = "wall",
        /// Its own, which begins at `start_date` and runs at `pace`.
        Virtual = "virtual",
        /// That of a simulator of Alpaca, which runs at `pace`.
        Venue = "venue",
    }
}

/// How fast a virtual clock runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// This many seconds in a second: 1 to 100000.
    Times(u32),
    /// As fast as the machine can.
    Max,
}

impl Pace {
    /// The fastest pace that still sleeps.
    pub const TIMES_MAX: u32 = 100_000;
}

impl std::str::FromStr for Pace {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if text == "max" {
            return Ok(Self::Max);
        }
        match text.parse() {
            Ok(times @ 1..=Self::TIMES_MAX) => Ok(Self::Times(times)),
            _ => Err(format!(
                "a pace is a whole number from 1 to {} or \"max\", not {text:?}",
                Self::TIMES_MAX
            )),
        }
    }
}

impl Serialize for Pace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Times(times) => serializer.serialize_u32(*times),
            Self::Max => serializer.serialize_str("max"),
        }
    }
}

/// The market that the daemon watches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Market {
    /// Where bars come from.
    pub source: MarketSource,
    /// What the synthetic market and the simulated broker draw from.
    pub seed: u64,
    /// The folder with `<SYM>.csv` or `<SYM>.csv.gz`, for recorded bars.
    pub directory: Option<PathBuf>,
    /// Which time the daemon lives in.
    pub clock: ClockKind,
    /// The first session of a virtual clock.
    pub start_date: Option<NaiveDate>,
    /// How fast a virtual clock runs.
    pub pace: Pace,
}

impl Market {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let place = section.place();
        let market = Self {
            source: section.word("source", MarketSource::Synthetic),
            seed: section.integer("seed", 1_u64, 0..=u64::from(u32::MAX)),
            directory: section
                .text("directory")
                .map(|(_, text)| PathBuf::from(text)),
            clock: section.word("clock", ClockKind::Wall),
            start_date: section.date("start_date"),
            pace: read_pace(&mut section),
        };
        if market.source == MarketSource::Recorded {
            if market.directory.is_none() {
                let message = "source = \"recorded\" needs the folder with the bars: set directory";
                section.problem(place.clone(), "directory", message);
            }
            if market.clock == ClockKind::Wall {
                let message =
                    "recorded bars are of another day than today: set clock = \"virtual\"";
                section.problem(place.clone(), "clock", message);
            }
        }
        if market.clock == ClockKind::Virtual && market.start_date.is_none() {
            let message =
                "a virtual clock must know where to begin: set start_date, like 2024-03-15";
            section.problem(place, "start_date", message);
        }
        section.finish();
        market
    }
}

fn read_pace(section: &mut Section<'_>) -> Pace {
    let Some(node) = section.take("pace") else {
        return Pace::Times(1);
    };
    let text = match &node.value {
        Value::Text(text) | Value::Loose(text) | Value::Whole(text, _) => text.clone(),
        other => other.describe(),
    };
    text.parse().unwrap_or_else(|message: String| {
        section.problem(Some(node.place), "pace", message);
        Pace::Times(1)
    })
}

choice! {
    /// Which broker takes the orders.
    BrokerKind {
        /// The exchange inside this program.
        Sim = "sim",
        /// Alpaca: see `[alpaca]`.
        Alpaca = "alpaca",
    }
}

choice! {
    /// Whose rules the simulated broker enforces.
    BrokerProfile {
        /// What Alpaca refuses is refused.
        Alpaca = "alpaca",
        /// Only impossible orders are refused.
        Plain = "plain",
    }
}

choice! {
    /// How many times the equity the simulated broker lets an account hold.
    MarginRules {
        /// Whatever is ordered.
        None = "none",
        /// Four times in the session and twice overnight, on every day.
        Fixed = "fixed",
        /// What the rules of the session's date allow.
        ByDate = "by_date",
    }
}

/// The broker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BrokerSettings {
    /// Which one.
    pub kind: BrokerKind,
    /// Whose rules it enforces.
    pub profile: BrokerProfile,
    /// Milliseconds from a request to its first answer: 0 to 60000.
    pub latency_ms: u32,
    /// Dollars from the middle to bid and to ask: 0 to 10, at most six decimals.
    pub half_spread: Money,
    /// Dollars per share by which market and stop orders fill beyond bid or ask: 0 to 10, at most
    /// six decimals.
    pub slippage: Money,
    /// The share of a bar's volume that our orders may take: 0.001 to 1.
    pub participation: Ratio,
    /// How often an order that could fill completely fills in parts: 0 to 1.
    pub partial_fill_probability: Ratio,
    /// Dollars charged for each share: 0 to 1.
    pub fee_per_share: Money,
    /// Dollars charged for each order with an execution: 0 to 100.
    pub fee_per_order: Money,
    /// Whether the regulators' fees of the day are charged, as on a live account.
    pub regulatory_fees: bool,
    /// What borrowing shares costs in a year, as a share of their value: 0 to 5.
    pub borrow_rate: Ratio,
    /// How many times the equity may be held; the default is the profile's.
    pub margin: MarginRules,
    /// Whether shares may be sold short.
    pub shorting: bool,
}

impl BrokerSettings {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let kind = section.word("kind", BrokerKind::Sim);
        let profile = section.word("profile", BrokerProfile::Alpaca);
        let margin = match profile {
            BrokerProfile::Alpaca => MarginRules::Fixed,
            BrokerProfile::Plain => MarginRules::None,
        };
        let broker = Self {
            kind,
            profile,
            latency_ms: section.integer("latency_ms", 50, 0..=60_000),
            half_spread: section.micros("half_spread", Money::from_micros(5_000), dollars(10)),
            slippage: section.micros("slippage", Money::from_micros(10_000), dollars(10)),
            participation: section.ratio("participation", ratio(100), ratio(1)..=ratio(1000)),
            partial_fill_probability: section.ratio(
                "partial_fill_probability",
                Ratio::ZERO,
                Ratio::ZERO..=Ratio::ONE,
            ),
            fee_per_share: section.money("fee_per_share", Money::ZERO, Money::ZERO..=dollars(1)),
            fee_per_order: section.money("fee_per_order", Money::ZERO, Money::ZERO..=dollars(100)),
            regulatory_fees: section.flag("regulatory_fees", false),
            borrow_rate: section.ratio("borrow_rate", Ratio::ZERO, Ratio::ZERO..=ratio(5000)),
            margin: section.word("margin", margin),
            shorting: section.flag("shorting", true),
        };
        section.finish();
        broker
    }
}
