//! The tables of an export as CSV: commas, a header, UTF-8, the oldest first. Numbers are exact decimals
//! with a point, times RFC 3339 in UTC, dates New York's.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use trader_calendar::new_york;
use trader_contract::{Money, Qty, Symbol};
use trader_core::record::DaySummary;
use trader_store::{Fill, Head, Order};

use super::accounts::{Account, Flow};

/// What is exported.
pub(super) struct Records {
    pub(super) year: i32,
    pub(super) head: Head,
    pub(super) orders: Vec<Order>,
    pub(super) fills: Vec<Fill>,
    pub(super) accounts: Vec<Account>,
    /// What trades of the year were entered with in earlier years.
    pub(super) before: Flow,
    /// Executions of the year whose trade did not end in it.
    pub(super) open: Flow,
    pub(super) days: Vec<DaySummary>,
}

/// What each column is, and what is not in here.
const ABOUT: &str = include_str!("about.txt");

/// Every file by its name.
pub(super) fn files(records: &Records) -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("orders.csv", orders(&records.orders)),
        ("fills.csv", fills(&records.fills)),
        ("trades.csv", trades(&records.accounts)),
        ("fees.csv", fees(&records.fills)),
        ("summary.csv", summary(records)),
        ("about.txt", ABOUT.as_bytes().to_vec()),
    ]
}

/// Lines of cells.
struct Table(String);

impl Table {
    fn new(header: &str) -> Self {
        Self(format!("{header}\n"))
    }

    fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.0.push_str(&cells.map(quoted).join(","));
        self.0.push('\n');
    }

    fn bytes(self) -> Vec<u8> {
        self.0.into_bytes()
    }
}

/// A cell, in quotes where it would be read as more than one.
fn quoted(cell: String) -> String {
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell
    }
}

fn or_empty(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// The word that a value is in JSON.
fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

fn orders(orders: &[Order]) -> Vec<u8> {
    let mut table = Table::new(
        "trade_date,planned_at,order_id,broker_id,symbol,side,quantity,type,stop_price,limit_price,\
         time_in_force,role,state,filled_quantity,filled_value,updated_at,route,intent,journal_row",
    );
    for order in orders {
        table.row([
            new_york::date(order.planned_at).to_string(),
            order.planned_at.to_string(),
            order.client_id.to_string(),
            or_empty(order.broker_id.as_ref()),
            order.symbol.to_string(),
            word(&order.side),
            order.qty.to_string(),
            order.kind.name().to_owned(),
            or_empty(order.stop()),
            or_empty(order.kind.limit()),
            word(&order.time_in_force),
            word(&order.role),
            trader_rpc::OrderStatus::from(order.state).to_string(),
            order.filled.to_string(),
            order.filled_value.to_string(),
            order.updated_at.to_string(),
            order.route.to_string(),
            order.intent.to_string(),
            order.seq.to_string(),
        ]);
    }
    table.bytes()
}

fn fills(fills: &[Fill]) -> Vec<u8> {
    let mut table = Table::new(
        "trade_date,executed_at,symbol,side,quantity,price,value,fee,net_cash,order_id,execution_id,\
         intent,journal_row",
    );
    for fill in fills {
        let execution = &fill.execution;
        let mut flow = Flow::default();
        flow.take(fill);
        table.row([
            new_york::date(execution.at).to_string(),
            execution.at.to_string(),
            fill.symbol.to_string(),
            word(&fill.side),
            execution.qty.to_string(),
            execution.price.to_string(),
            execution.price.times(execution.qty).to_string(),
            execution.fee.to_string(),
            flow.cash().to_string(),
            fill.client_id.to_string(),
            execution.id.to_string(),
            trader_core::record::IntentId::from(fill.client_id).to_string(),
            fill.seq.to_string(),
        ]);
    }
    table.bytes()
}

fn trades(accounts: &[Account]) -> Vec<u8> {
    let mut table = Table::new(
        "symbol,direction,quantity,opened_at,closed_at,date_acquired,date_sold,proceeds,cost_basis,gain,\
         fees,ledger_difference,days_held,term,exit_reason,strategy,route,intent,journal_row",
    );
    for account in accounts {
        let trade = &account.trade.trade;
        let (acquired, sold) = account.dates();
        table.row([
            trade.symbol.to_string(),
            word(&trade.direction),
            trade.qty.to_string(),
            trade.entered_at.to_string(),
            trade.exited_at.to_string(),
            acquired.to_string(),
            sold.to_string(),
            account.flow.proceeds().to_string(),
            account.flow.basis().to_string(),
            account.flow.cash().to_string(),
            account.flow.fees().to_string(),
            account.difference().to_string(),
            account.days_held().to_string(),
            term(account).to_owned(),
            word(&trade.exit_reason),
            trade.strategy.to_string(),
            trade.route.to_string(),
            trade.intent.to_string(),
            account.trade.id.to_string(),
        ]);
    }
    table.bytes()
}

fn term(account: &Account) -> &'static str {
    if account.is_long_term() {
        "long"
    } else {
        "short"
    }
}

/// What was charged, by day and symbol.
fn fees(fills: &[Fill]) -> Vec<u8> {
    let mut days: BTreeMap<(NaiveDate, Symbol), (u64, Option<Qty>, Flow)> = BTreeMap::new();
    for fill in fills {
        let day = (new_york::date(fill.execution.at), fill.symbol);
        let (count, shares, flow) = days
            .entry(day)
            .or_insert_with(|| (0, Some(Qty::ZERO), Flow::default()));
        *count = count.saturating_add(1);
        *shares = shares.and_then(|shares| shares.checked_add(fill.execution.qty));
        flow.take(fill);
    }
    let mut table =
        Table::new("trade_date,symbol,fills,quantity,bought,sold,buying_fees,selling_fees,fees");
    for ((date, symbol), (count, shares, flow)) in days {
        table.row([
            date.to_string(),
            symbol.to_string(),
            count.to_string(),
            or_empty(shares),
            flow.bought.to_string(),
            flow.sold.to_string(),
            flow.buying_fees.to_string(),
            flow.selling_fees.to_string(),
            flow.fees().to_string(),
        ]);
    }
    table.bytes()
}

fn summary(records: &Records) -> Vec<u8> {
    let mut flow = Flow::default();
    records.fills.iter().for_each(|fill| flow.take(fill));
    let accounts = &records.accounts;
    let sum = |of: &dyn Fn(&Account) -> Money| accounts.iter().map(of).sum::<Money>();
    let gain = sum(&|account| account.flow.cash());
    let term = |long: bool| {
        let of_term = accounts.iter().filter(|a| a.is_long_term() == long);
        of_term.map(|account| account.flow.cash()).sum::<Money>()
    };
    let (open, before) = (records.open.cash(), records.before.cash());
    let days = &records.days;
    let rows: [(&str, String); 21] = [
        ("year", records.year.to_string()),
        ("journal_head_row", records.head.seq.to_string()),
        ("journal_head_hash", records.head.hash.clone()),
        ("orders", records.orders.len().to_string()),
        ("fills", records.fills.len().to_string()),
        ("trades", accounts.len().to_string()),
        ("bought", flow.bought.to_string()),
        ("sold", flow.sold.to_string()),
        ("fees", flow.fees().to_string()),
        ("net_cash", flow.cash().to_string()),
        ("trades_proceeds", sum(&|a| a.flow.proceeds()).to_string()),
        ("trades_cost_basis", sum(&|a| a.flow.basis()).to_string()),
        ("trades_gain", gain.to_string()),
        ("gain_short_term", term(false).to_string()),
        ("gain_long_term", term(true).to_string()),
        ("cash_of_trades_open_at_the_end", open.to_string()),
        ("cash_of_these_trades_in_earlier_years", before.to_string()),
        // Cash that neither ended trades nor open ones account for: zero.
        (
            "unaccounted_cash",
            (flow.cash() - gain - open + before).to_string(),
        ),
        // What the ledger has for the trades beyond what their executions say.
        ("ledger_difference", sum(&Account::difference).to_string()),
        (
            "days_realised",
            days.iter()
                .map(|day| day.realised)
                .sum::<Money>()
                .to_string(),
        ),
        (
            "days_fees",
            days.iter().map(|day| day.fees).sum::<Money>().to_string(),
        ),
    ];
    let mut table = Table::new("item,value");
    for (item, value) in rows {
        table.row([item.to_owned(), value]);
    }
    table.bytes()
}
