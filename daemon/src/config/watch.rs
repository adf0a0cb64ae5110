//! Whether anything is sent, what is checked again and again, and what becomes of what is not ours:
//! `[trading]`, `[watch]` and `[foreign]`.

use serde::Serialize;
use trader_contract::Ratio;

use super::ratio;
use super::section::{Section, choice};

/// Whether anything is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trading {
    /// Signals are written down and nothing is entered.
    pub observe: bool,
}

impl Trading {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let trading = Self {
            observe: section.flag("observe", false),
        };
        section.finish();
        trading
    }
}

/// What is checked again and again, and how old what is known may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WatchRules {
    /// Seconds between comparisons with the broker while anything is open: 1 to 60.
    pub sweep_seconds: u32,
    /// Seconds between them at other times: 1 to 300.
    pub reconcile_seconds: u32,
    /// Seconds after which an answer is asked for anew: 1 to 60.
    pub answer_seconds: u32,
    /// Seconds after which an order that the broker lacks never arrived: 5 to 300.
    pub unknown_seconds: u32,
    /// Seconds between signs of life of the stream of orders: 5 to 300.
    pub orders_alive_seconds: u32,
    /// Seconds between signs of life of a channel of market data: 5 to 300.
    pub data_alive_seconds: u32,
    /// Seconds after its end by which a bar must have come: 1 to 120.
    pub bar_late_seconds: u32,
    /// Seconds that the broker's word on the account may be old for an entry: 10 to 600.
    pub account_seconds: u32,
    /// Milliseconds that our clock may differ from the broker's for an entry: 100 to 10000.
    pub skew_ms: u32,
}

impl WatchRules {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let place = section.place();
        let rules = Self {
            sweep_seconds: section.integer("sweep_seconds", 10, 1..=60),
            reconcile_seconds: section.integer("reconcile_seconds", 60, 1..=300),
            answer_seconds: section.integer("answer_seconds", 10, 1..=60),
            unknown_seconds: section.integer("unknown_seconds", 30, 5..=300),
            orders_alive_seconds: section.integer("orders_alive_seconds", 30, 5..=300),
            data_alive_seconds: section.integer("data_alive_seconds", 30, 5..=300),
            bar_late_seconds: section.integer("bar_late_seconds", 10, 1..=120),
            account_seconds: section.integer("account_seconds", 90, 10..=600),
            skew_ms: section.integer("skew_ms", 1_000, 100..=10_000),
        };
        if rules.sweep_seconds > rules.reconcile_seconds {
            let message = format!(
                "{} is more than reconcile_seconds = {}: the broker is asked more often while something \
                 is open; make it {} or less",
                rules.sweep_seconds, rules.reconcile_seconds, rules.reconcile_seconds
            );
            section.problem(place.clone(), "sweep_seconds", message);
        }
        if rules.account_seconds < rules.reconcile_seconds {
            let message = format!(
                "{} is less than reconcile_seconds = {}, so the account would always be too old; make it \
                 {} or more",
                rules.account_seconds, rules.reconcile_seconds, rules.reconcile_seconds
            );
            section.problem(place, "account_seconds", message);
        }
        section.finish();
        rules
    }
}

choice! {
    /// What becomes of orders and positions that this daemon did not make.
    ForeignPolicy {
        /// They are told, and their symbols are not entered.
        Surface = "surface",
        /// Positions get a stop and end with the day.
        Adopt = "adopt",
        /// They are left to their owner.
        Ignore = "ignore",
    }
}

/// What becomes of what this daemon did not make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ForeignRules {
    /// What becomes of it.
    pub policy: ForeignPolicy,
    /// How far from the last price the stop of an adopted position rests, as a share: 0.001 to 0.5.
    pub adopted_stop: Ratio,
}

impl ForeignRules {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let rules = Self {
            policy: section.word("policy", ForeignPolicy::Surface),
            adopted_stop: section.ratio("adopted_stop", ratio(50), ratio(1)..=ratio(500)),
        };
        section.finish();
        rules
    }
}
