//! What a simulated broker is set to: rule profile, delays, costs and liquidity. Holds no behaviour.

use serde::{Deserialize, Serialize};
use trader_contract::{Money, Ratio, TickRule};

/// Whose rules the broker refuses orders by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// Everything that makes sense: no wash-trade, reservation, flip, tick or entry-only rules.
    Plain,
    /// What Alpaca refuses, in its codes and words.
    Alpaca,
}

/// How long things take, in nanoseconds. All zero means at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latency {
    /// From our request to the broker's door, where it is checked and answered.
    pub request: i64,
    /// From the broker's door to the venue, for a new order.
    pub submit: i64,
    /// From the broker's door to the venue, for a cancel: as long as this a fill may still win.
    pub cancel: i64,
    /// From the broker's door to the venue, for a replacement.
    pub replace: i64,
    /// From the broker to us, for every event.
    pub report: i64,
    /// At most so much is added to `request` and to `report`, drawn from the seed each time.
    pub jitter: i64,
}

impl Latency {
    /// Everything happens at once.
    pub const NONE: Self = Self {
        request: 0,
        submit: 0,
        cancel: 0,
        replace: 0,
        report: 0,
        jitter: 0,
    };
}

/// What market orders and triggered stops pay beyond the touch; it never improves a price and is not
/// kept inside the bar's range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slippage {
    /// Millionths of a dollar per share.
    pub per_share_micros: u32,
    /// Hundredths of a percent of the price, rounded up to the tick.
    pub basis_points: u32,
}

impl Slippage {
    /// Fills at the touch.
    pub const NONE: Self = Self {
        per_share_micros: 0,
        basis_points: 0,
    };
}

/// What the broker charges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fees {
    /// For each share.
    pub per_share: Money,
    /// Once for each order, with its first execution.
    pub per_order: Money,
    /// Whether sales pay the regulators' fees of their day, and every trade the audit trail's, as a
    /// live account does and a paper account does not.
    pub regulatory: bool,
}

impl Fees {
    /// Charges nothing.
    pub const NONE: Self = Self {
        per_share: Money::ZERO,
        per_order: Money::ZERO,
        regulatory: false,
    };
}

/// Fills that come in pieces by chance, as Alpaca's paper engine makes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// How often a fill of more than one share is cut: 0 never, 1 always.
    pub probability: Ratio,
    /// How long the rest waits until it is looked at again, in nanoseconds; at least 1.
    pub retry: i64,
}

impl Split {
    /// Fills whole.
    pub const NONE: Self = Self {
        probability: Ratio::ZERO,
        retry: 1_000_000_000,
    };
}

/// How many times the equity may be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Margin {
    /// The same on every day.
    Fixed {
        /// While the session is open.
        intraday: u32,
        /// For orders taken while it is closed.
        overnight: u32,
    },
    /// What the rules of the session's date allow: see [`crate::MarginRegime`].
    ByDate,
}

/// Everything that a simulated broker is set to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimConfig {
    /// Whose rules it refuses by.
    pub profile: Profile,
    /// Where its randomness starts: jitter and splits.
    pub seed: u64,
    /// What the account starts with.
    pub cash: Money,
    /// Whether the account may sell what it does not have.
    pub shorting: bool,
    /// Buying power; `None` checks none.
    pub margin: Option<Margin>,
    /// Delays.
    pub latency: Latency,
    /// What takers pay beyond the touch.
    pub slippage: Slippage,
    /// Half the distance from bid to ask, in millionths of a dollar: the path of a bar is the
    /// middle, buyers pay this more and sellers get this less.
    pub half_spread_micros: u32,
    /// Charges.
    pub fees: Fees,
    /// What borrowing shares costs in a year, as a share of their value at each close that they are
    /// held over; nothing for what is easy to borrow. A symbol may have a rate of its own.
    pub borrow_rate: Ratio,
    /// The share of a bar's volume that our orders in the symbol may fill together, in whole
    /// shares; `None` fills any quantity.
    pub participation: Option<Ratio>,
    /// Fills in pieces by chance.
    pub split: Split,
    /// How fine prices may be.
    pub tick: TickRule,
}

impl SimConfig {
    /// An exchange that takes everything and fills at once, whole, at the touch, for nothing.
    #[must_use]
    pub const fn plain(cash: Money) -> Self {
        Self {
            profile: Profile::Plain,
            seed: 1,
            cash,
            shorting: true,
            margin: None,
            latency: Latency::NONE,
            slippage: Slippage::NONE,
            half_spread_micros: 0,
            fees: Fees::NONE,
            borrow_rate: Ratio::ZERO,
            participation: None,
            split: Split::NONE,
            tick: TickRule::Rule612,
        }
    }

    /// [`Self::plain`] under Alpaca's rules and margin, still at once and for nothing.
    #[must_use]
    pub const fn alpaca(cash: Money) -> Self {
        Self {
            profile: Profile::Alpaca,
            margin: Some(Margin::Fixed {
                intraday: 4,
                overnight: 2,
            }),
            ..Self::plain(cash)
        }
    }

    /// [`Self::alpaca`] with the delays and the partial fills of its paper engine.
    #[must_use]
    pub const fn alpaca_paper(cash: Money, seed: u64) -> Self {
        const MILLISECOND: i64 = 1_000_000;
        Self {
            seed,
            latency: Latency {
                request: 30 * MILLISECOND,
                submit: 400 * MILLISECOND,
                cancel: 200 * MILLISECOND,
                replace: 200 * MILLISECOND,
                report: 100 * MILLISECOND,
                jitter: 50 * MILLISECOND,
            },
            split: Split {
                probability: Ratio::from_billionths(100_000_000),
                retry: 1_000 * MILLISECOND,
            },
            ..Self::alpaca(cash)
        }
    }
}
