//! What trades cost and brought, added up from the executions behind them. All of it is exact.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};
use trader_calendar::new_york;
use trader_contract::{Direction, Money, Side};
use trader_core::record::IntentId;
use trader_store::{ClosedTrade, Fill};

/// What executions came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flow {
    /// Paid for shares, without fees.
    pub(super) bought: Money,
    /// Received for shares, without fees.
    pub(super) sold: Money,
    /// Charged for buying.
    pub(super) buying_fees: Money,
    /// Charged for selling.
    pub(super) selling_fees: Money,
}

impl Default for Flow {
    fn default() -> Self {
        Self {
            bought: Money::ZERO,
            sold: Money::ZERO,
            buying_fees: Money::ZERO,
            selling_fees: Money::ZERO,
        }
    }
}

impl Flow {
    /// Takes one more execution.
    pub(super) fn take(&mut self, fill: &Fill) {
        let value = fill.execution.price.times(fill.execution.qty);
        match fill.side {
            Side::Buy => {
                self.bought += value;
                self.buying_fees += fill.execution.fee;
            }
            Side::Sell => {
                self.sold += value;
                self.selling_fees += fill.execution.fee;
            }
        }
    }

    /// Everything charged.
    pub(super) fn fees(&self) -> Money {
        self.buying_fees + self.selling_fees
    }

    /// What the account gained, or lost.
    pub(super) fn cash(&self) -> Money {
        self.proceeds() - self.basis()
    }

    /// Sales less what was charged for them.
    pub(super) fn proceeds(&self) -> Money {
        self.sold - self.selling_fees
    }

    /// Purchases and what was charged for them.
    pub(super) fn basis(&self) -> Money {
        self.bought + self.buying_fees
    }
}

/// A trade with what its executions came to.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) trade: ClosedTrade,
    pub(super) flow: Flow,
}

impl Account {
    /// When its shares were acquired and when they were sold: a short sale is sold first.
    pub(super) fn dates(&self) -> (NaiveDate, NaiveDate) {
        let trade = &self.trade.trade;
        let (opened, closed) = (
            new_york::date(trade.entered_at),
            new_york::date(trade.exited_at),
        );
        match trade.direction {
            Direction::Long => (opened, closed),
            Direction::Short => (closed, opened),
        }
    }

    /// Days from its first entry to its last exit.
    pub(super) fn days_held(&self) -> i64 {
        let (acquired, sold) = self.dates();
        sold.signed_duration_since(acquired)
            .num_days()
            .saturating_abs()
    }

    /// Whether the shares were held for more than a year. Shares that cover a short sale were not held.
    pub(super) fn is_long_term(&self) -> bool {
        let (acquired, sold) = self.dates();
        let year = acquired.year().saturating_add(1);
        // The 29th of February has its anniversary on the 1st of March.
        let anniversary = acquired
            .with_year(year)
            .or_else(|| NaiveDate::from_ymd_opt(year, 3, 1));
        self.trade.trade.direction == Direction::Long
            && anniversary.is_some_and(|anniversary| sold > anniversary)
    }

    /// What its executions lack to the profit that the ledger has for it; zero unless the position
    /// was adopted, split or corrected.
    pub(super) fn difference(&self) -> Money {
        self.trade.trade.profit - self.flow.cash()
    }
}

/// The trades of a year with their executions, and what stands beside them.
pub(super) fn accounts(
    trades: Vec<ClosedTrade>,
    fills: &[Fill],
    earlier: &[Fill],
) -> (Vec<Account>, Flow, Flow) {
    let mut flows: BTreeMap<IntentId, Flow> = BTreeMap::new();
    let closed: BTreeSet<IntentId> = trades.iter().map(|closed| closed.trade.intent).collect();
    let (mut before, mut open) = (Flow::default(), Flow::default());
    for fill in earlier {
        flows.entry(fill.client_id.into()).or_default().take(fill);
        before.take(fill);
    }
    for fill in fills {
        let intent = IntentId::from(fill.client_id);
        if closed.contains(&intent) {
            flows.entry(intent).or_default().take(fill);
        } else {
            open.take(fill);
        }
    }
    let accounts = trades.into_iter().map(|trade| Account {
        flow: flows.get(&trade.trade.intent).copied().unwrap_or_default(),
        trade,
    });
    (accounts.collect(), before, open)
}

#[cfg(test)]
mod tests {
    use trader_contract::{
        ClientOrderId, Epoch, Execution, ExecutionId, IntentNo, Mean, OrderRole, Timestamp,
    };
    use trader_core::record::{ExitReason, Trade};

    use super::*;

    fn dollars(text: &str) -> Money {
        text.parse().unwrap()
    }

    fn noon(date: &str) -> Timestamp {
        let date: NaiveDate = date.parse().unwrap();
        new_york::timestamp(date.and_hms_opt(12, 0, 0).unwrap()).unwrap()
    }

    fn fill(number: u32, role: OrderRole, side: Side, row: (&str, &str, &str)) -> Fill {
        let (qty, price, fee) = row;
        Fill {
            client_id: ClientOrderId {
                epoch: Epoch(1),
                session: 20_241_231,
                intent: IntentNo(number),
                role,
                attempt: 1,
            },
            seq: 1,
            symbol: "SPY".parse().unwrap(),
            side,
            execution: Execution {
                id: ExecutionId("x".into()),
                qty: qty.parse().unwrap(),
                price: price.parse().unwrap(),
                fee: dollars(fee),
                at: noon("2024-12-31"),
            },
        }
    }

    fn closed(
        number: u32,
        direction: Direction,
        entered: &str,
        exited: &str,
        profit: &str,
    ) -> ClosedTrade {
        let qty = "100".parse().unwrap();
        let mean = Mean::new(100_000_000, 1).unwrap();
        ClosedTrade {
            id: 9,
            trade: Trade {
                intent: IntentId {
                    session: 20_241_231,
                    number: IntentNo(number),
                },
                route: "r".into(),
                strategy: "s".into(),
                symbol: "SPY".parse().unwrap(),
                direction,
                qty,
                entered_at: noon(entered),
                entry_average: mean,
                exited_at: noon(exited),
                exit_average: mean,
                initial_stop: None,
                exit_reason: ExitReason::EndOfDay,
                profit: dollars(profit),
                fees: Money::ZERO,
            },
        }
    }

    fn account(direction: Direction, entered: &str, exited: &str) -> Account {
        Account {
            trade: closed(1, direction, entered, exited, "0"),
            flow: Flow::default(),
        }
    }

    #[test]
    fn a_short_sale_is_sold_first_and_its_fees_lie_where_they_were_charged() {
        let trade = closed(1, Direction::Short, "2025-03-03", "2025-03-05", "197.25");
        // Sold 100 at 50 with 0.50 of fees, bought back in two parts at 48 and 48.04 with 0.25.
        let fills = [
            fill(1, OrderRole::Entry, Side::Sell, ("100", "50", "0.50")),
            fill(1, OrderRole::Stop, Side::Buy, ("50", "48", "0.25")),
            fill(1, OrderRole::Exit, Side::Buy, ("50", "48.03", "0")),
        ];
        let (accounts, before, open) = accounts(vec![trade], &fills, &[]);
        let account = &accounts[0];
        let dates = account.dates();
        assert_eq!(dates.0.to_string(), "2025-03-05");
        assert_eq!(dates.1.to_string(), "2025-03-03");
        assert_eq!(account.days_held(), 2);
        assert_eq!(account.flow.proceeds(), dollars("4999.50"));
        assert_eq!(account.flow.basis(), dollars("4801.75"));
        assert_eq!(account.flow.cash(), dollars("197.75"));
        assert_eq!(account.flow.fees(), dollars("0.75"));
        // The ledger is asked, not believed.
        assert_eq!(account.difference(), dollars("-0.5"));
        assert!(!account.is_long_term());
        assert_eq!((before, open), (Flow::default(), Flow::default()));
    }

    #[test]
    fn a_trade_over_the_years_end_has_its_entry_from_the_year_before() {
        let trade = closed(1, Direction::Long, "2024-12-31", "2025-01-02", "99.5");
        let entry = fill(1, OrderRole::Entry, Side::Buy, ("100", "50", "0.25"));
        let exit = fill(1, OrderRole::Exit, Side::Sell, ("100", "51", "0.25"));
        let other = fill(2, OrderRole::Entry, Side::Buy, ("10", "20", "0"));
        let (accounts, before, open) = accounts(vec![trade], &[exit, other], &[entry]);
        assert_eq!(accounts[0].flow.cash(), dollars("99.5"));
        assert_eq!(accounts[0].difference(), Money::ZERO);
        // Cash of this year: what the trade brought, less what was paid for it before; and what is open.
        assert_eq!(before.cash(), dollars("-5000.25"));
        assert_eq!(open.cash(), dollars("-200"));
    }

    #[test]
    fn an_adopted_position_shows_what_its_executions_lack() {
        let trade = closed(1, Direction::Long, "2025-03-03", "2025-03-05", "100");
        let exit = fill(1, OrderRole::Exit, Side::Sell, ("100", "51", "0"));
        let (accounts, ..) = accounts(vec![trade], &[exit], &[]);
        assert_eq!(accounts[0].difference(), dollars("-5000"));
    }

    #[test]
    fn more_than_a_year_begins_on_the_day_after_the_anniversary_and_never_for_shorts() {
        for (direction, entered, exited, long_term) in [
            (Direction::Long, "2023-03-03", "2024-03-04", true),
            (Direction::Long, "2023-03-03", "2024-03-03", false),
            // Acquired on a leap day: the anniversary is the 1st of March.
            (Direction::Long, "2024-02-29", "2025-03-01", false),
            (Direction::Long, "2024-02-29", "2025-03-02", true),
            (Direction::Short, "2023-03-03", "2025-03-04", false),
        ] {
            let account = account(direction, entered, exited);
            assert_eq!(account.is_long_term(), long_term, "{entered} to {exited}");
        }
    }
}
