//! What can be set, with ranges and defaults, and the settings as plain fields.

use trader_contract::{Direction, Parameter, ParameterKind, Ratio, Settings};

/// The declared parameters.
pub const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "sides",
        help: "Which way to trade: long, short or both.",
        kind: ParameterKind::Choice {
            default: "both",
            options: &["long", "short", "both"],
        },
    },
    Parameter {
        name: "period",
        help: "Bars in the average and the standard deviation.",
        kind: ParameterKind::Integer {
            default: 20,
            min: 2,
            max: 10_000,
        },
    },
    Parameter {
        name: "entry_z",
        help: "Standard deviations from the average that make a signal.",
        kind: ParameterKind::Decimal {
            default: Ratio::from_billionths(2_000_000_000),
            min: Ratio::from_billionths(100_000_000),
            max: Ratio::from_billionths(20_000_000_000),
        },
    },
    Parameter {
        name: "entry",
        help: "At the market, or with a limit at the close of the signal.",
        kind: ParameterKind::Choice {
            default: "limit",
            options: &["market", "limit"],
        },
    },
    Parameter {
        name: "entry_expiry_bars",
        help: "Bars after which an entry that has not filled is cancelled.",
        kind: ParameterKind::Integer {
            default: 2,
            min: 1,
            max: 1_000,
        },
    },
    Parameter {
        name: "atr_period",
        help: "Bars in the average true range.",
        kind: ParameterKind::Integer {
            default: 14,
            min: 1,
            max: 10_000,
        },
    },
    Parameter {
        name: "stop_atr",
        help: "Distance of the stop in average true ranges.",
        kind: ParameterKind::Decimal {
            default: Ratio::from_billionths(2_000_000_000),
            min: Ratio::from_billionths(100_000_000),
            max: Ratio::from_billionths(50_000_000_000),
        },
    },
];

/// How a position is entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// At the market.
    Market,
    /// With a limit at the close of the signal.
    Limit,
}

/// The settings of one instance; what they mean stands at their declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameters {
    /// Whether to buy first.
    pub long: bool,
    /// Whether to sell first.
    pub short: bool,
    /// Bars in average and deviation.
    pub period: u32,
    /// Standard deviations.
    pub entry_z: Ratio,
    /// How to get in.
    pub entry: EntryKind,
    /// Bars until an entry is cancelled.
    pub entry_expiry_bars: u16,
    /// Bars in the average true range.
    pub atr_period: u32,
    /// Average true ranges.
    pub stop_atr: Ratio,
}

impl Parameters {
    /// Takes checked settings.
    #[must_use]
    pub fn from_settings(settings: &Settings) -> Self {
        // Every range fits its type, so nothing is ever cut off here.
        let bars = |name| u32::try_from(settings.integer(name)).unwrap_or(1);
        let sides = settings.word("sides");
        Self {
            long: sides != "short",
            short: sides != "long",
            period: bars("period"),
            entry_z: settings.decimal("entry_z"),
            entry: match settings.word("entry") {
                "market" => EntryKind::Market,
                _ => EntryKind::Limit,
            },
            entry_expiry_bars: u16::try_from(settings.integer("entry_expiry_bars")).unwrap_or(1),
            atr_period: bars("atr_period"),
            stop_atr: settings.decimal("stop_atr"),
        }
    }

    /// Whether trades in `direction` are wanted.
    #[must_use]
    pub const fn allow(&self, direction: Direction) -> bool {
        match direction {
            Direction::Long => self.long,
            Direction::Short => self.short,
        }
    }
}
