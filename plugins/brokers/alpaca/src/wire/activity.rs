//! The account's history: executions, and what was booked beside them. Pages are walked by the id of
//! the last line.

use trader_contract::{Symbol, Timestamp};

use super::number::Number;
use super::tape::{Malformed, View};
use super::words::{ActivityType, OrderSide};

/// One line of the account's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// Its id, which is also where the page after it begins.
    pub id: Box<str>,
    /// What it is about.
    pub kind: ActivityType,
    /// Fills in part and others alike, in Alpaca's word.
    pub sub_kind: Option<Box<str>>,
    /// When it happened; of what is no trade the day alone is known.
    pub at: Option<Timestamp>,
    /// The day of what is no trade.
    pub date: Option<Box<str>>,
    /// What was traded or paid for.
    pub symbol: Option<Symbol>,
    /// Buy or sell.
    pub side: Option<OrderSide>,
    /// How many shares.
    pub qty: Option<Number>,
    /// At which price.
    pub price: Option<Number>,
    /// What the order had filled by then.
    pub cumulative: Option<Number>,
    /// The order it belongs to.
    pub order: Option<Box<str>>,
    /// What it paid or cost.
    pub amount: Option<Number>,
    /// Whether it stands: `executed`, or `correct` and `canceled` for what takes another back.
    pub status: Option<Box<str>>,
    /// The line that it takes back or changes, where it says so.
    pub previous: Option<Box<str>>,
    /// Alpaca's words.
    pub description: Option<Box<str>>,
}

impl Activity {
    /// Reads one line.
    ///
    /// # Errors
    /// It has no id, or something that is no number or time where one belongs.
    pub fn read(view: View<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            id: view.needs_text("id")?.into(),
            kind: ActivityType::read(&view.text("activity_type").unwrap_or_default()),
            sub_kind: view
                .boxed("type")
                .or_else(|| view.boxed("activity_sub_type")),
            at: view.time("transaction_time")?,
            date: view.boxed("date"),
            symbol: view.text("symbol").and_then(|symbol| symbol.parse().ok()),
            side: view.text("side").map(|side| OrderSide::read(&side)),
            qty: view.number("qty")?,
            price: view.number("price")?,
            cumulative: view.number("cum_qty")?,
            order: view.boxed("order_id"),
            amount: view.number("net_amount")?,
            status: view.boxed("status"),
            previous: view
                .boxed("previous_id")
                .or_else(|| view.boxed("previous_execution_id")),
            description: view.boxed("description"),
        })
    }

    /// Reads a page.
    ///
    /// # Errors
    /// It is no list, or one of its lines is none: what such a page lacks proves nothing.
    pub fn read_list(view: View<'_>) -> Result<Vec<Self>, Malformed> {
        if !view.is_list() {
            return Err(Malformed::Field {
                field: "activities",
                wanted: "a list",
            });
        }
        view.items().map(Self::read).collect()
    }

    /// The execution's own id: what stands behind the time in the line's.
    #[must_use]
    pub fn execution(&self) -> &str {
        self.id.rsplit_once("::").map_or(&*self.id, |(_, id)| id)
    }

    /// Whether it takes an execution back, or changes one.
    #[must_use]
    pub fn takes_back(&self) -> bool {
        let words = ["correct", "canceled", "trade_bust", "trade_correct"];
        let said = [self.status.as_deref(), self.sub_kind.as_deref()];
        said.into_iter().flatten().any(|word| words.contains(&word))
    }
}
