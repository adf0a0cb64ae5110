//! The account's day in figures.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use trader_contract::{Execution, Money, Price, Side, Symbol};

/// The account's day in figures. What a journal of an older release lacks reads as nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaySummary {
    /// The session.
    pub date: NaiveDate,
    /// Equity when it opened.
    pub equity_at_open: Money,
    /// Equity when it closed.
    pub equity_at_close: Money,
    /// Cash when it closed.
    pub cash: Money,
    /// Profit or loss of the trades that ended in it, after fees.
    pub realised: Money,
    /// What the broker charged.
    pub fees: Money,
    /// Trades that ended in it.
    pub trades: u32,
    /// Trades with a profit.
    pub winners: u32,
    /// Trades with a loss.
    pub losers: u32,
    /// Intents that were refused.
    pub refusals: u32,
    /// Alerts that were raised in it.
    #[serde(default)]
    pub alerts: u32,
    /// Orders sent.
    pub orders: u32,
    /// Executions.
    pub fills: u32,
    /// What the fills of entries cost against their plan.
    #[serde(default)]
    pub entry_slippage: Slippage,
    /// What the fills of protective stops cost against their plan.
    #[serde(default)]
    pub stop_slippage: Slippage,
    /// Symbols that were not flat at the close.
    pub residue: Vec<Symbol>,
    /// Shares times seconds without an acknowledged stop, rounded up to whole share-seconds.
    pub unprotected_share_seconds: u64,
    /// What the market data lacked; `None` where nobody counted, as when the session's end came while
    /// the program did not run.
    #[serde(default)]
    pub gaps: Option<DataGaps>,
}

/// What fills cost against their plan, exactly. The plan of an entry is its stop price, of a plain
/// limit order its limit, of a market order the last price when it was planned; that of a protective
/// stop is its stop price. An execution that the broker takes back is taken out of the day on which
/// that is heard. Not counted: targets and exits at market, which have no price to hold to; trailing
/// stops; fills of a symbol that was split since the session before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slippage {
    /// Fills that had a plan.
    pub fills: u32,
    /// What they cost beyond the plan, or brought less; negative where they were better.
    pub cost: Money,
    /// What the same shares come to at the planned prices: what the cost is a fraction of.
    pub planned: Money,
}

impl Slippage {
    /// No fills.
    pub const NONE: Self = Self {
        fills: 0,
        cost: Money::ZERO,
        planned: Money::ZERO,
    };

    fn of(side: Side, plan: Price, fill: &Execution) -> (Money, Money) {
        let (planned, paid) = (plan.times(fill.qty), fill.price.times(fill.qty));
        let cost = match side {
            Side::Buy => paid - planned,
            Side::Sell => planned - paid,
        };
        (cost, planned)
    }

    /// Counts a fill.
    pub fn take(&mut self, side: Side, plan: Price, fill: &Execution) {
        let (cost, planned) = Self::of(side, plan, fill);
        self.fills = self.fills.saturating_add(1);
        self.cost += cost;
        self.planned += planned;
    }

    /// Takes a fill out again.
    pub fn take_back(&mut self, side: Side, plan: Price, fill: &Execution) {
        let (cost, planned) = Self::of(side, plan, fill);
        self.fills = self.fills.saturating_sub(1);
        self.cost -= cost;
        self.planned -= planned;
    }
}

impl Default for Slippage {
    fn default() -> Self {
        Self::NONE
    }
}

/// Minutes of a session that the market data lacked. A minute without a trade and one in a halt are
/// lacking too: the data does not tell them apart. So is one that came after a later one. The last
/// minute is left out, since its bar may come after the close.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataGaps {
    /// Minutes that each symbol should have had.
    pub minutes: u32,
    /// Symbols that the routes trade.
    pub symbols: u32,
    /// Those that lacked some, in the order of the routes' symbols.
    pub missing: Vec<MissingMinutes>,
}

/// A symbol that lacked minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingMinutes {
    /// The symbol.
    pub symbol: Symbol,
    /// How many.
    pub minutes: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worse_price_costs_on_both_sides_and_a_void_fill_costs_nothing() {
        let fill = |price: &str| Execution {
            id: trader_contract::ExecutionId("x".into()),
            qty: "100".parse().unwrap(),
            price: price.parse().unwrap(),
            fee: Money::ZERO,
            at: trader_contract::Timestamp::from_seconds(0),
        };
        let plan: Price = "50".parse().unwrap();
        let mut slippage = Slippage::NONE;
        slippage.take(Side::Buy, plan, &fill("50.03"));
        slippage.take(Side::Sell, plan, &fill("49.98"));
        slippage.take(Side::Sell, plan, &fill("50.01"));
        assert_eq!(slippage.cost, Money::dollars(4));
        assert_eq!(
            (slippage.fills, slippage.planned),
            (3, Money::dollars(15_000))
        );
        slippage.take_back(Side::Buy, plan, &fill("50.03"));
        assert_eq!(slippage.cost, Money::dollars(1));
        slippage.take_back(Side::Sell, plan, &fill("49.98"));
        slippage.take_back(Side::Sell, plan, &fill("50.01"));
        assert_eq!(slippage, Slippage::NONE);
    }

    #[test]
    fn a_day_of_an_older_release_reads_without_what_it_lacks() {
        let text = r#"{"date":"2025-01-03","equity_at_open":"100000","equity_at_close":"100129.38",
            "cash":"100129.38","realised":"129.38","fees":"0","trades":9,"winners":5,"losers":4,"refusals":0,
            "orders":27,"fills":18,"residue":[],"unprotected_share_seconds":267}"#;
        let day: DaySummary = serde_json::from_str(text).unwrap();
        assert_eq!(
            (day.alerts, day.entry_slippage, day.gaps),
            (0, Slippage::NONE, None)
        );
    }
}
