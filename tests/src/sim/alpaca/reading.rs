//! What is answered to whoever looks: the account, its orders, its history and its positions.

use serde_json::{Value, json};
use trader_contract::{BrokerOrderId, BrokerSnapshot, NetQty, Timestamp};

use super::Venue;
use super::query::Query;
use super::row::Row;
use super::words;

/// The most orders and lines of one page.
const ORDERS: usize = 500;
const LINES: usize = 100;

/// What the exchange has in its books.
#[derive(Debug)]
pub struct Books(pub BrokerSnapshot);

/// The answer to a path that is read, with its status.
#[must_use]
pub fn answer(venue: &Venue, path: &str, books: &dyn Fn() -> Books) -> (u16, Value) {
    let query = Query::of(path);
    let found = match query.parts()[..] {
        ["v2", "account"] => Some(account(&books().0)),
        ["v2", "account", "activities", "FILL"] => Some(venue.history(&query)),
        ["v2", "positions"] => Some(positions(&books().0)),
        ["v2", "orders"] => Some(venue.list(&query)),
        ["v2", "orders", id] => venue.find(id, query.is("nested", "true")),
        ["v2", "orders:by_client_order_id"] => {
            let id = query.text("client_order_id").unwrap_or_default();
            venue.find_named(id)
        }
        _ => None,
    };
    match found {
        Some(found) => (200, found),
        None => (404, json!({"code": 40_410_000, "message": "not found"})),
    }
}

fn account(books: &BrokerSnapshot) -> Value {
    let account = &books.account;
    json!({
        "id": "0b3ad7a5-6ae9-4f6c-b0ee-0c5b5b4c5c5e",
        "account_number": account.id,
        "status": "ACTIVE",
        "currency": "USD",
        "cash": books.cash.to_string(),
        "buying_power": account.buying_power.map(|power| power.to_string()),
        "multiplier": "4",
        "shorting_enabled": account.shorting,
        "trading_blocked": false,
        "account_blocked": account.blocked.is_some(),
        "trade_suspended_by_user": false,
    })
}

fn positions(books: &BrokerSnapshot) -> Value {
    let held = books.positions.iter().filter(|(_, net)| !net.is_flat());
    let said = held.map(|(symbol, net)| {
        json!({
            "symbol": symbol,
            "qty": net.to_string(),
            "side": if *net > NetQty::ZERO { "long" } else { "short" },
            "asset_class": "us_equity",
        })
    });
    said.collect()
}

impl Venue {
    fn find(&self, id: &str, nested: bool) -> Option<Value> {
        let id = BrokerOrderId(id.into());
        if let Some((order, made_at)) = self.by_hand.get(&id) {
            return Some(words::by_hand(order, *made_at));
        }
        self.rows.get(&id).map(|row| self.order(row, nested))
    }

    fn find_named(&self, name: &str) -> Option<Value> {
        let id = self.by_client.get(&name.parse().ok()?)?;
        let row = self.rows.get(id).filter(|row| row.origin.named)?;
        Some(self.order(row, false))
    }

    /// An order in the records, as the answer to its making shows it.
    #[must_use]
    pub fn made(&self, name: trader_contract::ClientOrderId) -> Option<Value> {
        let row = self.rows.get(self.by_client.get(&name)?)?;
        Some(self.order(row, true))
    }

    fn is_open(&self, row: &Row, nested: bool) -> bool {
        let mut legs = row.legs.iter().filter_map(|leg| self.rows.get(leg));
        row.is_open() || (nested && legs.any(Row::is_open))
    }

    fn list(&self, query: &Query) -> Value {
        let nested = query.is("nested", "true");
        let all = query.is("status", "all");
        let after = query.time("after").unwrap_or(Timestamp::MIN);
        let symbols = query.text("symbols");
        let of_symbol = |symbol: &str| {
            symbols.is_none_or(|symbols| symbols.split(',').any(|wanted| wanted == symbol))
        };
        let rows = self.sequence.iter().filter_map(|id| self.rows.get(id));
        let ours = rows
            .filter(|row| !(nested && row.head.is_some()))
            .filter(|row| all || self.is_open(row, nested))
            .filter(|row| row.made_at > after && of_symbol(row.report.symbol.as_str()))
            .map(|row| (row.made_at, self.order(row, nested)));
        let others = self
            .by_hand
            .values()
            .filter(|(order, _)| all || !order.status.state().is_terminal())
            .filter(|(order, made_at)| *made_at > after && of_symbol(order.symbol.as_str()))
            .map(|(order, made_at)| (*made_at, words::by_hand(order, *made_at)));
        let mut found: Vec<(Timestamp, Value)> = ours.chain(others).collect();
        found.sort_by_key(|(made_at, _)| *made_at);
        if !query.is("direction", "asc") {
            found.reverse();
        }
        let limit = query.count("limit", ORDERS);
        found
            .into_iter()
            .take(limit)
            .map(|(_, said)| said)
            .collect()
    }

    fn history(&self, query: &Query) -> Value {
        let after = query.time("after").unwrap_or(Timestamp::MIN);
        let token = query.text("page_token");
        let of_order = |order: &str| query.text("order_id").is_none_or(|wanted| wanted == order);
        let lines = self.lines.iter();
        let lines = lines.filter(|line| line.at > after && of_order(&line.order.0));
        let begin = |line: &&super::row::Line| token.is_some_and(|token| line.id != token);
        let lines = lines
            .skip_while(begin)
            .skip(usize::from(token.is_some()))
            .take(query.count("page_size", LINES));
        lines.map(words::line).collect()
    }
}
