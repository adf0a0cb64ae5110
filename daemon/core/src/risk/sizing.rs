//! How many shares a trade may have: risk per trade, cap per position, buying power.
//! Exact integer arithmetic, the same for long and short. Whether a trade may be made at all is the
//! gate's business, and so is a stop on the wrong side of its entry.

use serde::{Deserialize, Serialize};
use trader_contract::{Level, Money, Qty, Ratio};

/// How much of the account one trade may risk and fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SizingRules {
    /// The share of equity that the distance to the stop may cost, 0 to 1.
    pub risk_fraction: Ratio,
    /// The most that it may cost, in dollars.
    pub risk_cap: Money,
    /// The share of equity that one position may be worth at its entry, 0 to 1.
    pub position_fraction: Ratio,
    /// What a fill is expected to lose against its order, in dollars a share: added to the price
    /// that is paid, and to the distance at the entry and again at the stop. Zero sizes on order
    /// prices alone, and then slippage comes on top of the risk.
    pub slippage_allowance: Level,
}

/// What is known when a trade is sized.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SizingInputs {
    /// Cash plus positions at the market.
    pub equity: Money,
    /// What can be spent, open orders taken off.
    pub buying_power: Money,
    /// Where the trade is expected to open.
    pub entry: Level,
    /// Where it is given up.
    pub stop: Level,
}

/// Why a trade cannot have a single share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SizeRefusal {
    /// The entry is not a positive price.
    #[error("the entry {entry} is not a positive price")]
    Entry {
        /// The entry.
        entry: Level,
    },
    /// Entry and stop are the same, so a share risks nothing and the size has no limit.
    #[error("entry and stop are both {entry}")]
    NoDistance {
        /// The entry.
        entry: Level,
    },
    /// The risk budget does not cover the risk of one share.
    #[error("the risk budget of {budget} does not cover one share's risk of {risk_per_share}")]
    Risk {
        /// What one trade may lose.
        budget: Money,
        /// What one share loses at the stop, slippage included.
        risk_per_share: Level,
    },
    /// The cap on a position is below the price of one share.
    #[error("a position may be worth {cap}, less than one share at {price}")]
    PositionCap {
        /// What one position may be worth.
        cap: Money,
        /// What one share costs, slippage included.
        price: Level,
    },
    /// The buying power is below the price of one share.
    #[error("the buying power of {buying_power} does not cover one share at {price}")]
    BuyingPower {
        /// What can be spent.
        buying_power: Money,
        /// What one share costs, slippage included.
        price: Level,
    },
}

/// The whole shares that `rules` allow: the least that risk budget, position cap and buying power
/// each pay for.
///
/// # Errors
/// Not one share is allowed.
pub fn size(rules: &SizingRules, inputs: &SizingInputs) -> Result<Qty, SizeRefusal> {
    size_by_steps(rules, inputs, &mut |_, _, _, _| {})
}

/// The same, and tells each bound as it is looked at: its name, the shares it leaves room for, the
/// amount that there is and what one share takes of it.
pub(crate) fn size_by_steps(
    rules: &SizingRules,
    inputs: &SizingInputs,
    tell: &mut impl FnMut(&'static str, i128, Money, Level),
) -> Result<Qty, SizeRefusal> {
    let entry = inputs.entry;
    if entry <= Level::ZERO {
        return Err(SizeRefusal::Entry { entry });
    }
    let allowance = rules.slippage_allowance.abs();
    let distance = (entry - inputs.stop).abs();
    if distance == Level::ZERO {
        return Err(SizeRefusal::NoDistance { entry });
    }
    let risk_per_share = distance + allowance + allowance;
    let price = entry + allowance;

    let budget = inputs
        .equity
        .scaled_down(rules.risk_fraction)
        .min(rules.risk_cap);
    let by_risk = whole_shares(budget, risk_per_share);
    tell("risk_per_trade", by_risk, budget, risk_per_share);
    if by_risk < 1 {
        return Err(SizeRefusal::Risk {
            budget,
            risk_per_share,
        });
    }
    let cap = inputs.equity.scaled_down(rules.position_fraction);
    let by_cap = whole_shares(cap, price);
    tell("position_fraction", by_cap, cap, price);
    if by_cap < 1 {
        return Err(SizeRefusal::PositionCap { cap, price });
    }
    let by_power = whole_shares(inputs.buying_power, price);
    tell(ROOM, by_power, inputs.buying_power, price);
    let shares = by_risk.min(by_cap).min(by_power).min(MAX_SHARES);
    match u32::try_from(shares).ok().and_then(Qty::shares) {
        Some(qty) if by_power >= 1 => Ok(qty),
        _ => Err(SizeRefusal::BuyingPower {
            buying_power: inputs.buying_power,
            price,
        }),
    }
}

/// The name of the bound that the caller's room for values makes.
pub(crate) const ROOM: &str = "room";

/// The most shares that a [`Qty`] holds.
const MAX_SHARES: i128 = 1_000_000_000;

/// How many whole shares of `per_share` an amount covers, negative for a debt. Both count 1e-15
/// dollars, and cutting an amount off there before dividing changes no whole number of shares.
fn whole_shares(amount: Money, per_share: Level) -> i128 {
    amount.femtos().checked_div(per_share.femtos()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #![expect(
        clippy::arithmetic_side_effects,
        reason = "small numbers; an overflow would panic"
    )]

    use super::*;
    use proptest::prelude::*;

    fn rules() -> SizingRules {
        SizingRules {
            risk_fraction: "0.01".parse().unwrap(),
            risk_cap: Money::dollars(500),
            position_fraction: "0.25".parse().unwrap(),
            slippage_allowance: Level::ZERO,
        }
    }

    fn inputs(equity: &str, power: &str, entry: &str, stop: &str) -> SizingInputs {
        SizingInputs {
            equity: equity.parse().unwrap(),
            buying_power: power.parse().unwrap(),
            entry: entry.parse().unwrap(),
            stop: stop.parse().unwrap(),
        }
    }

    fn shares(rules: &SizingRules, inputs: &SizingInputs) -> i64 {
        size(rules, inputs).unwrap().whole_shares()
    }

    #[test]
    fn the_tightest_of_risk_cap_and_buying_power_binds() {
        // Risk 250 / 1 = 250 shares; cap 6250 / 10 = 625; power 25000 / 10 = 2500.
        assert_eq!(shares(&rules(), &inputs("25000", "25000", "10", "9")), 250);
        // A tight stop: the cap binds.
        assert_eq!(
            shares(&rules(), &inputs("25000", "25000", "10", "9.9")),
            625
        );
        // Little cash: buying power binds.
        assert_eq!(shares(&rules(), &inputs("25000", "99.99", "10", "9")), 9);
        // A large account: the absolute risk cap binds.
        assert_eq!(
            shares(&rules(), &inputs("1000000", "1000000", "10", "9")),
            500
        );
    }

    #[test]
    fn the_last_cent_decides_exactly() {
        let exact = inputs("25000", "25000", "10.0000", "9.999999999999999");
        let mut tight = rules();
        tight.position_fraction = Ratio::ONE;
        assert_eq!(shares(&tight, &exact), 2500);
        let risky = inputs("29999.99", "99999", "110", "10");
        assert_eq!(shares(&tight, &risky), 2);
        assert_eq!(shares(&tight, &inputs("30000", "99999", "110", "10")), 3);
    }

    #[test]
    fn each_limit_refuses_with_its_numbers() {
        let refusal = |equity, power, entry, stop| {
            size(&rules(), &inputs(equity, power, entry, stop)).unwrap_err()
        };
        assert_eq!(
            refusal("100", "100", "10", "8.99").to_string(),
            "the risk budget of 1 does not cover one share's risk of 1.01"
        );
        assert_eq!(
            refusal("1000", "1000", "250.01", "250").to_string(),
            "a position may be worth 250, less than one share at 250.01"
        );
        assert_eq!(
            refusal("1000", "9.99", "10", "9").to_string(),
            "the buying power of 9.99 does not cover one share at 10"
        );
        assert!(matches!(
            refusal("-5", "1000", "10", "9"),
            SizeRefusal::Risk { .. }
        ));
        assert!(matches!(
            refusal("5000", "-1", "10", "9"),
            SizeRefusal::BuyingPower { .. }
        ));
        assert!(matches!(
            refusal("5000", "99", "10", "10"),
            SizeRefusal::NoDistance { .. }
        ));
        assert!(matches!(
            refusal("5000", "99", "0", "10"),
            SizeRefusal::Entry { .. }
        ));
    }

    proptest! {
        #[test]
        fn long_and_short_get_the_same_size(
            equity in 0_i64..10_000_000, power in 0_i64..10_000_000,
            entry in 1_000_i64..1_000_000, distance in 1_i64..900,
        ) {
            let cents = |cents: i64| Level::from_femtos(i128::from(cents) * 10_000_000_000_000);
            let sized = |stop| size(&rules(), &SizingInputs {
                equity: Money::dollars(equity),
                buying_power: Money::dollars(power),
                entry: cents(entry),
                stop: cents(stop),
            });
            prop_assert_eq!(sized(entry - distance), sized(entry + distance));
        }

        #[test]
        fn a_fill_that_slips_no_more_than_the_allowance_stays_within_every_limit(
            equity in 1_000_i64..1_000_000, entry in 100_i64..100_000,
            distance in 1_i64..99, slip in 0_i64..50,
        ) {
            let cents = |cents: i64| Level::from_femtos(i128::from(cents) * 10_000_000_000_000);
            let mut rules = rules();
            rules.slippage_allowance = cents(slip);
            let inputs = SizingInputs {
                equity: Money::dollars(equity),
                buying_power: Money::dollars(equity),
                entry: cents(entry),
                stop: cents(entry - distance),
            };
            if let Ok(qty) = size(&rules, &inputs) {
                let shares = i128::from(qty.whole_shares());
                let loss = shares * i128::from(distance + 2 * slip);
                let cost = shares * i128::from(entry + slip);
                prop_assert!(loss <= i128::from(equity).min(50_000));
                prop_assert!(cost <= i128::from(equity) * 25);
            }
        }
    }
}
