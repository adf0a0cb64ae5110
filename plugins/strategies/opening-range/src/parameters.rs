//! What can be set, with ranges and defaults, and the settings as plain fields.

use trader_contract::{BuildError, Direction, Parameter, ParameterKind, Ratio, Settings};

/// The declared parameters.
pub const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "sides",
        help: "Which breakouts to trade: long, short or both.",
        kind: ParameterKind::Choice {
            default: "both",
            options: &["long", "short", "both"],
        },
    },
    Parameter {
        name: "range_minutes",
        help: "Minutes after the open whose bars make the range.",
        kind: ParameterKind::Integer {
            default: 15,
            min: 1,
            max: 240,
        },
    },
    Parameter {
        name: "entry_minutes",
        help: "Minutes after the open until which an entry may wait; more than range_minutes.",
        kind: ParameterKind::Integer {
            default: 120,
            min: 2,
            max: 390,
        },
    },
    Parameter {
        name: "entry_offset_ticks",
        help: "Ticks (cents from one dollar up) that the entry lies beyond the range.",
        kind: ParameterKind::Integer {
            default: 1,
            min: 0,
            max: 1_000,
        },
    },
    Parameter {
        name: "stop_fraction",
        help: "Share of the range between the side that broke and the stop; 1 is the other side.",
        kind: ParameterKind::Decimal {
            default: Ratio::ONE,
            min: Ratio::from_billionths(50_000_000),
            max: Ratio::ONE,
        },
    },
    Parameter {
        name: "target_multiple",
        help: "Distance of the target in multiples of the risk; 0 for none.",
        kind: ParameterKind::Decimal {
            default: Ratio::from_billionths(2_000_000_000),
            min: Ratio::ZERO,
            max: Ratio::from_billionths(100_000_000_000),
        },
    },
];

/// The settings of one instance; what they mean stands at their declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameters {
    /// Whether upward breakouts are traded.
    pub long: bool,
    /// Whether downward breakouts are traded.
    pub short: bool,
    /// Minutes after the open.
    pub range_minutes: i64,
    /// Minutes after the open.
    pub entry_minutes: i64,
    /// Ticks beyond the range.
    pub entry_offset_ticks: i64,
    /// Share of the range.
    pub stop_fraction: Ratio,
    /// Multiples of the risk; zero for no target.
    pub target_multiple: Ratio,
}

impl Parameters {
    /// Takes checked settings.
    ///
    /// # Errors
    /// No time is left for entries.
    pub fn from_settings(settings: &Settings) -> Result<Self, BuildError> {
        let (range_minutes, entry_minutes) = (
            settings.integer("range_minutes"),
            settings.integer("entry_minutes"),
        );
        if entry_minutes <= range_minutes {
            return Err(BuildError(format!(
                "entry_minutes = {entry_minutes} is not above range_minutes = {range_minutes}: \
                 no entry could ever wait"
            )));
        }
        let sides = settings.word("sides");
        Ok(Self {
            long: sides != "short",
            short: sides != "long",
            range_minutes,
            entry_minutes,
            entry_offset_ticks: settings.integer("entry_offset_ticks"),
            stop_fraction: settings.decimal("stop_fraction"),
            target_multiple: settings.decimal("target_multiple"),
        })
    }

    /// Whether breakouts in `direction` are traded.
    #[must_use]
    pub const fn allow(&self, direction: Direction) -> bool {
        match direction {
            Direction::Long => self.long,
            Direction::Short => self.short,
        }
    }
}
