//! Limits that a person may override for one order, and the hard ceilings that neither a configuration
//! nor an override goes past. What is not in this list cannot be overridden: kills, the leave to trade
//! live, trading states and breakers, freshness, crossing, shape, the session, the broker's word.

use serde::{Deserialize, Serialize};
use trader_contract::{Money, Qty, Ratio};

use super::limits::Limits;

/// The hard ceilings. The ranges of the configuration end here.
pub mod ceilings {
    use trader_contract::{Money, Ratio};

    const fn thousandths(number: i64) -> Ratio {
        Ratio::from_billionths(number.saturating_mul(1_000_000))
    }

    /// The share of equity that one trade may lose at its stop.
    pub const RISK_PER_TRADE: Ratio = thousandths(20);
    /// What one trade may lose at its stop.
    pub const RISK_PER_TRADE_MAX: Money = Money::dollars(10_000);
    /// The share of equity in one position.
    pub const POSITION_FRACTION: Ratio = thousandths(1_000);
    /// What one position or one order may be worth.
    pub const VALUE: Money = Money::dollars(1_000_000);
    /// Each sum of positions and waiting entries, as a multiple of equity.
    pub const EXPOSURE: Ratio = thousandths(4_000);
    /// Positions and waiting entries at a time.
    pub const OPEN_POSITIONS: u32 = 50;
    /// Shares of one order.
    pub const ORDER_SHARES: u32 = 100_000;
    /// Shares of one order, as a share of the average daily volume.
    pub const VOLUME_SHARE: Ratio = thousandths(100);
    /// The share of the opening equity that a day may lose.
    pub const DAILY_LOSS: Ratio = thousandths(100);
    /// How far an account may be below its peak.
    pub const DRAWDOWN: Ratio = thousandths(500);
    /// Entries of one route in a session.
    pub const ENTRIES_PER_ROUTE: u32 = 100;
    /// Entries in a minute.
    pub const ENTRIES_PER_MINUTE: u32 = 120;
    /// Entries in a minute in one symbol.
    pub const ENTRIES_PER_MINUTE_SYMBOL: u32 = 60;
    /// Messages to the broker in a minute, after which entries halt.
    pub const MESSAGES_PER_MINUTE: u32 = 600;
    /// Moves of one symbol's stop in a minute.
    pub const STOP_MOVES_PER_MINUTE: u32 = 30;
    /// How far a priced entry may lie from the last price.
    pub const PRICE_COLLAR: Ratio = thousandths(100);
    /// The widest spread that is entered at the market.
    pub const SPREAD: Ratio = thousandths(50);
}

/// Writes the list down once: the limit, and its rule as a refusal names it.
macro_rules! waivable {
    ($($(#[$doc:meta])* $name:ident $rule:literal,)*) => {
        /// A limit that a person may override for one order.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Waivable {
            $($(#[$doc])* $name,)*
        }

        impl Waivable {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The rule's name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $rule,)*
                }
            }
        }
    };
}

waivable! {
    /// Shares of the order.
    OrderShares "order_shares",
    /// Shares of the order by the day's volume.
    VolumeShare "volume_share",
    /// Value of the order.
    OrderValue "order_value",
    /// Value of the position.
    PositionValue "position_value",
    /// The position's share of equity.
    PositionFraction "position_fraction",
    /// Everything held and waiting.
    GrossExposure "gross_exposure",
    /// One side less the other.
    NetExposure "net_exposure",
    /// Everything of the route.
    RouteExposure "route_exposure",
    /// The part of the buying power that entries leave alone; never more than the broker lends.
    BuyingPower "buying_power",
    /// The distance of the price from the last one.
    PriceCollar "price_collar",
    /// The spread at the market.
    Spread "spread",
    /// The loss at the stop.
    RiskPerTrade "risk_per_trade",
    /// Positions at a time.
    OpenPositions "open_positions",
    /// Entries of the route in the session.
    EntriesPerRoute "entries_per_route",
    /// What the day would lose with every stop reached. The breaker itself, `daily_loss`, stays.
    DailyLossAtStop "daily_loss_at_stop",
}

impl Waivable {
    /// The limit of a refusal's rule; `None` for rules that nobody overrides.
    #[must_use]
    pub fn of_rule(rule: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|limit| limit.name() == rule)
    }
}

impl Limits {
    /// The same limits with some of them at their ceilings. None becomes narrower.
    #[must_use]
    pub(super) fn waiving(&self, waived: &[Waivable]) -> Self {
        let mut limits = self.clone();
        for limit in waived {
            limits.waive(*limit);
        }
        limits
    }

    /// What a day may lose if every stop is reached: what it may lose at all, unless a person overrides
    /// that. The breaker stays where it is.
    pub(super) fn daily_loss_at_stop(&self, waived: &[Waivable]) -> Ratio {
        if waived.contains(&Waivable::DailyLossAtStop) {
            return ceilings::DAILY_LOSS.max(self.daily_loss);
        }
        self.daily_loss
    }

    fn waive(&mut self, limit: Waivable) {
        let ratio = |value: &mut Ratio, ceiling: Ratio| *value = ceiling.max(*value);
        let money = |value: &mut Money, ceiling: Money| *value = ceiling.max(*value);
        let count = |value: &mut u32, ceiling: u32| *value = ceiling.max(*value);
        match limit {
            Waivable::OrderShares => {
                let ceiling = Qty::shares(ceilings::ORDER_SHARES).unwrap_or(Qty::ZERO);
                self.order_shares = ceiling.max(self.order_shares);
            }
            Waivable::VolumeShare => ratio(&mut self.volume_share, ceilings::VOLUME_SHARE),
            Waivable::OrderValue => money(&mut self.order_value, ceilings::VALUE),
            Waivable::PositionValue => money(&mut self.position_value_max, ceilings::VALUE),
            Waivable::PositionFraction => {
                ratio(&mut self.position_fraction, ceilings::POSITION_FRACTION);
            }
            Waivable::GrossExposure => ratio(&mut self.gross_exposure, ceilings::EXPOSURE),
            Waivable::NetExposure => ratio(&mut self.net_exposure, ceilings::EXPOSURE),
            Waivable::RouteExposure => ratio(&mut self.route_exposure, ceilings::EXPOSURE),
            Waivable::BuyingPower => self.buying_power_reserve = Ratio::ZERO,
            Waivable::PriceCollar => ratio(&mut self.price_collar, ceilings::PRICE_COLLAR),
            Waivable::Spread => ratio(&mut self.spread, ceilings::SPREAD),
            Waivable::RiskPerTrade => {
                ratio(&mut self.risk_per_trade, ceilings::RISK_PER_TRADE);
                money(&mut self.risk_per_trade_max, ceilings::RISK_PER_TRADE_MAX);
            }
            Waivable::OpenPositions => count(&mut self.open_positions, ceilings::OPEN_POSITIONS),
            Waivable::EntriesPerRoute => {
                count(&mut self.entries_per_route, ceilings::ENTRIES_PER_ROUTE);
            }
            // It has no limit of its own: see `daily_loss_at_stop`.
            Waivable::DailyLossAtStop => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_that_is_not_listed_is_never_overridden() {
        for rule in [
            "killed",
            "paused",
            "halted",
            "not_armed",
            "wrong_account",
            "account_blocked",
            "session",
            "symbol_halted",
            "symbol_taken",
            "symbol_blocked",
            "self_cross",
            "reduce_only",
            "tick",
            "whole_shares",
            "stop_side",
            "no_stop",
            "stale_data",
            "stale_quote",
            "restricted",
            "observe",
            "duplicate",
            "daily_loss",
            "drawdown",
            "consecutive_losses",
            "entries_per_minute",
            "entries_per_minute_symbol",
            "messages_per_minute",
            "size",
        ] {
            assert_eq!(Waivable::of_rule(rule), None, "{rule}");
        }
        for limit in Waivable::ALL {
            assert_eq!(Waivable::of_rule(limit.name()), Some(*limit));
            let text = serde_json::to_string(limit).unwrap();
            assert_eq!(text, format!("\"{}\"", limit.name()));
        }
    }

    #[test]
    fn waiving_one_limit_leaves_every_other_as_it_was_and_narrows_none() {
        let narrow = Limits {
            order_value: Money::dollars(1_000),
            open_positions: 1,
            ..Limits::unbounded()
        };
        let wide = narrow.waiving(&[Waivable::OrderValue]);
        assert_eq!(wide.order_value, ceilings::VALUE);
        assert_eq!(
            Limits {
                order_value: narrow.order_value,
                ..wide
            },
            narrow
        );
        assert_eq!(
            Limits::unbounded().waiving(Waivable::ALL),
            Limits::unbounded()
        );
    }
}
