//! The rules about pattern day traders, which held before 2026-06-04: who may make a fourth day trade in
//! five sessions, how an order is judged before it is taken, and what the account says of all that for as
//! long as it does.
//!
//! An account is small if it had less than $25,000 at the last close, with what was paid in since. Whether
//! its day trades are few among all its trades does not matter here, as it does in the rule itself. Entries
//! are always held to the buying power of the moment, so that no margin call for day trades can arise:
//! `dtbp_check` is kept and shown, and refuses nothing more.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use trader_broker_sim::MarginRegime;
use trader_calendar::new_york;
use trader_contract::Side;

use super::World;
use super::agenda::symbol_id;
use super::draft::Draft;
use crate::simulator::decimal::string;
use crate::simulator::request::{Fields, Refusal};

/// Below this equity only so many day trades are allowed, and less is lent.
const DAY_TRADER_MINIMUM: i64 = 25_000;
const DAY_TRADES_ALLOWED: u32 = 3;
/// What is lent at most, as a multiple of the equity, to an account that is too small for more.
const SMALL_MULTIPLIER: u32 = 2;

/// Which orders a protection looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Check {
    Entry,
    Exit,
    Both,
}

impl Check {
    const ALL: [Self; 3] = [Self::Entry, Self::Exit, Self::Both];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Entry => "entry",
            Self::Exit => "exit",
            Self::Both => "both",
        }
    }

    /// A member of the account's settings, or what it was.
    pub(super) fn changed(self, fields: &Fields, name: &str) -> Result<Self, Refusal> {
        let Some(wanted) = fields.get(name) else {
            return Ok(self);
        };
        let known = Self::ALL.into_iter();
        let mut known = known.filter(|check| wanted.as_str() == Some(check.name()));
        let words = || Refusal::invalid(format!("{name} must be both, entry or exit"));
        known.next().ok_or_else(words)
    }

    const fn looks_at_entries(self) -> bool {
        matches!(self, Self::Entry | Self::Both)
    }

    const fn looks_at_exits(self) -> bool {
        matches!(self, Self::Exit | Self::Both)
    }
}

/// An order as far as a day trade may come of it.
#[derive(Clone, Copy)]
struct Part {
    asset: usize,
    opens: bool,
    closes: bool,
}

impl World {
    fn date(&self) -> NaiveDate {
        new_york::date(self.now)
    }

    /// Whether the API still speaks of day trades: it did for a month after they had stopped to count.
    pub(super) fn shows_day_trades(&self) -> bool {
        NaiveDate::from_ymd_opt(2026, 7, 6).is_none_or(|removed| self.date() < removed)
    }

    /// Whether the account is one that the rules of its day hold small.
    fn is_held_small(&self) -> bool {
        let equity = self.last_closing().equity + self.intraday_adjustments();
        MarginRegime::on(self.date()) == MarginRegime::Legacy4210
            && equity < Decimal::from(DAY_TRADER_MINIMUM)
    }

    /// How many times its equity the account may hold today.
    pub(super) fn multiplier(&self) -> u32 {
        let most = self.settings.max_margin_multiplier;
        if self.is_held_small() {
            most.min(SMALL_MULTIPLIER)
        } else {
            most
        }
    }

    /// Refuses an order of a small account that could make a day trade too many.
    pub(super) fn check_day_trades(&self, asset: usize, draft: &Draft) -> Result<(), Refusal> {
        if !self.is_held_small() {
            return Ok(());
        }
        let closes = self.closes(asset, draft.side);
        let has_exits = draft.take_profit.is_some() || draft.stop_loss.is_some();
        let new = Part {
            asset,
            opens: !closes,
            closes: closes || has_exits,
        };
        let check = self.settings.pdt_check;
        let made = self.sim.day_trades();
        let entry = check.looks_at_entries() && new.opens && {
            // Whatever was opened today may be closed today, and closing is not refused for it.
            let others = self
                .opened(None)
                .into_iter()
                .filter(|other| *other != asset);
            self.sim.is_pattern_day_trader() || adds_up(made, others.count()) >= DAY_TRADES_ALLOWED
        };
        let exit = check.looks_at_exits() && {
            let opened = self.opened(Some(new));
            let closing = self.closing(new);
            let pairs: Vec<_> = opened.intersection(&closing).collect();
            pairs.contains(&&asset) && adds_up(made, pairs.len()) > DAY_TRADES_ALLOWED
        };
        if entry || exit {
            let words = "trade denied due to pattern day trading protection";
            return Err(Refusal::new(403, 40_310_100, words));
        }
        Ok(())
    }

    /// The orders that may still fill, as far as day trades may come of them.
    fn parts(&self) -> impl Iterator<Item = Part> {
        let open = self.open.iter().filter_map(|place| self.orders.get(*place));
        open.map(|order| {
            let closes = order.parent.is_some() || self.closes(order.asset, order.side);
            Part {
                asset: order.asset,
                opens: !closes,
                closes,
            }
        })
    }

    /// The assets that were opened today or could be.
    fn opened(&self, new: Option<Part>) -> BTreeSet<usize> {
        let today = (0..self.market.assets().len())
            .filter(|asset| symbol_id(*asset).is_some_and(|id| self.sim.is_opened_today(id)));
        let orders = self.parts().chain(new).filter(|part| part.opens);
        today.chain(orders.map(|part| part.asset)).collect()
    }

    /// The assets that could be closed today.
    fn closing(&self, new: Part) -> BTreeSet<usize> {
        let orders = self.parts().chain([new]).filter(|part| part.closes);
        orders.map(|part| part.asset).collect()
    }

    /// What the account may buy for a day, where the rules of its day know such a thing.
    pub(super) fn day_power(&self) -> Decimal {
        if self.multiplier() > SMALL_MULTIPLIER {
            self.buying_power()
        } else {
            Decimal::ZERO
        }
    }

    /// The members of the account that are about day trades; none once they are removed.
    pub(super) fn day_trade_members(&self) -> Vec<(&'static str, Value)> {
        if !self.shows_day_trades() {
            return Vec::new();
        }
        vec![
            (
                "pattern_day_trader",
                json!(self.sim.is_pattern_day_trader()),
            ),
            ("daytrade_count", json!(self.sim.day_trades())),
            ("last_daytrade_count", json!(self.last_closing().day_trades)),
            ("daytrading_buying_power", string(self.day_power())),
            (
                "last_daytrading_buying_power",
                string(self.last_closing().day_power),
            ),
        ]
    }

    /// Whether an order on this side would make a position smaller.
    pub(super) fn closes(&self, asset: usize, side: Side) -> bool {
        let held = self.held(asset);
        match side {
            Side::Buy => held.nanos() < 0,
            Side::Sell => held.nanos() > 0,
        }
    }
}

fn adds_up(made: u32, to_come: usize) -> u32 {
    made.saturating_add(u32::try_from(to_come).unwrap_or(u32::MAX))
}
