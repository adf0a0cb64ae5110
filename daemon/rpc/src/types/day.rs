//! The account's day in figures.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use trader_contract::Symbol;

/// One day of the account in figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaySummary {
    /// The session.
    pub date: NaiveDate,
    /// Whether it is still open: these are the figures so far.
    pub open: bool,
    /// Equity in dollars when it opened.
    pub equity_at_open: Decimal,
    /// Equity in dollars when it closed.
    pub equity_at_close: Decimal,
    /// Cash in dollars when it closed.
    pub cash: Decimal,
    /// Profit or loss in dollars of the trades that ended in it, after fees.
    pub realised: Decimal,
    /// What the broker charged, in dollars.
    pub fees: Decimal,
    /// Trades that ended in it.
    pub trades: u32,
    /// Trades with a profit.
    pub winners: u32,
    /// Trades with a loss.
    pub losers: u32,
    /// Intents that were refused.
    pub refusals: u32,
    /// Alerts that were raised on its date in New York, before the opening and after the close too.
    pub alerts: u32,
    /// Orders sent.
    pub orders: u32,
    /// Executions.
    pub fills: u32,
    /// What the fills of entries cost against their plan: the stop price, of a limit order the limit,
    /// of a market order the last price when it was planned.
    pub entry_slippage: Slippage,
    /// What the fills of protective stops cost against their stop price.
    pub stop_slippage: Slippage,
    /// Symbols that were not flat at the close.
    pub residue: Vec<Symbol>,
    /// Shares times seconds without an acknowledged stop, rounded up.
    pub unprotected_share_seconds: u64,
    /// What the market data lacked; `null` where nobody counted, as when the session's end came while
    /// the daemon did not run.
    pub gaps: Option<DataGaps>,
    /// The journal's newest row before the one of this summary, number and hash: `1234:5f0c…`. Kept
    /// elsewhere, it proves later what the journal held. `null` while the session is open.
    pub head: Option<String>,
}

/// What fills cost against their plan. Targets and exits at market have no price to hold to and are not
/// counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slippage {
    /// Fills that had a plan.
    pub fills: u32,
    /// What they cost beyond the plan in dollars, or brought less; negative where they were better.
    pub cost: Decimal,
    /// The same in basis points of what the shares come to at the planned prices, rounded to a
    /// hundredth; `null` without fills.
    pub basis_points: Option<Decimal>,
}

/// Minutes of a session that the market data lacked. Minutes without a trade and in a halt are lacking
/// too, since the data does not tell them apart. The last minute is left out, since its bar may come
/// after the close.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataGaps {
    /// Minutes that each symbol should have had.
    pub minutes: u32,
    /// Symbols that the routes trade.
    pub symbols: u32,
    /// Those that lacked some.
    pub missing: Vec<MissingMinutes>,
}

/// A symbol that lacked minutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingMinutes {
    /// The symbol.
    pub symbol: Symbol,
    /// How many.
    pub minutes: u32,
}
