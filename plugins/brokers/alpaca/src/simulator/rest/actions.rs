//! Corporate actions: cash dividends, which are made up or announced by hand, and splits, which are
//! announced by hand.

use chrono::NaiveDate;
use serde_json::{Map, Value, json};
use trader_calendar::new_york;

use crate::simulator::assets::Asset;
use crate::simulator::decimal;
use crate::simulator::ids;
use crate::simulator::market::{Dividend, Split};
use crate::simulator::request::{Refusal, Request};
use crate::simulator::times;
use crate::simulator::world::World;

pub(crate) fn cusip(asset: &Asset) -> String {
    let digits = asset.id.chars().filter(char::is_ascii_digit);
    format!("{:0<9}", digits.take(9).collect::<String>())
}

/// No dividend is announced with more days from its ex-date to its payment.
pub(crate) const MOST_DAYS_TO_PAYMENT: u64 = 120;

const TYPES: [&str; 15] = [
    "reverse_split",
    "forward_split",
    "unit_split",
    "cash_dividend",
    "stock_dividend",
    "spin_off",
    "cash_merger",
    "stock_merger",
    "stock_and_cash_merger",
    "redemption",
    "name_change",
    "worthless_removal",
    "rights_distribution",
    "partial_call",
    "reorganization",
];

/// One action in the words of both endpoints.
struct Action {
    id: String,
    kind: &'static str,
    symbol: String,
    cusip: String,
    ex_date: NaiveDate,
    process_date: NaiveDate,
    shown: Value,
    /// As the older endpoint has it.
    announced: Value,
}

impl Action {
    fn dividend(dividend: &Dividend, asset: &Asset) -> Self {
        let (symbol, ex_date, payable) = (asset.symbol, dividend.ex_date, dividend.payable);
        let source = if dividend.by_hand { " by hand" } else { "" };
        let id = ids::named(&format!("dividend {symbol} {ex_date}{source}"));
        let announced = announced(
            (id.as_str(), asset, ex_date, ("dividend", "cash")),
            [
                ("payable_date", payable.to_string()),
                ("cash", decimal::text(dividend.rate)),
            ],
        );
        let shown = json!({
            "id": id,
            "symbol": symbol.as_str(),
            "cusip": cusip(asset),
            "rate": decimal::number(dividend.rate),
            "special": false,
            "foreign": false,
            "process_date": payable.to_string(),
            "ex_date": ex_date.to_string(),
            "record_date": ex_date.to_string(),
            "payable_date": payable.to_string(),
            "due_bill_on_date": null,
            "due_bill_off_date": null,
        });
        Self {
            id,
            kind: "cash_dividend",
            symbol: symbol.to_string(),
            cusip: cusip(asset),
            ex_date,
            process_date: payable,
            shown,
            announced,
        }
    }

    fn split(split: &Split, asset: &Asset) -> Self {
        let (symbol, ex_date) = (asset.symbol, split.ex_date);
        let id = ids::named(&format!("split {symbol} {ex_date}"));
        let (kind, older) = if split.is_forward() {
            ("forward_split", "stock_split")
        } else {
            ("reverse_split", "reverse_split")
        };
        let announced = announced(
            (id.as_str(), asset, ex_date, ("split", older)),
            [
                ("new_rate", split.new.to_string()),
                ("old_rate", split.old.to_string()),
            ],
        );
        let date = ex_date.to_string();
        let mut shown = json!({
            "id": id,
            "symbol": symbol.as_str(),
            "new_rate": split.new,
            "old_rate": split.old,
            "process_date": date,
            "ex_date": date,
            "record_date": date,
            "payable_date": date,
        });
        // Shares that are drawn together get another number; here they keep it.
        let numbers: &[&str] = if split.is_forward() {
            &["cusip"]
        } else {
            &["old_cusip", "new_cusip"]
        };
        if let Value::Object(members) = &mut shown {
            let numbers = numbers.iter().map(|name| (*name).to_owned());
            members.extend(numbers.map(|name| (name, json!(cusip(asset)))));
        }
        Self {
            id,
            kind,
            symbol: symbol.to_string(),
            cusip: cusip(asset),
            ex_date,
            process_date: ex_date,
            shown,
            announced,
        }
    }

    /// The list that it is shown in.
    fn list(&self) -> &'static str {
        match self.kind {
            "forward_split" => "forward_splits",
            "reverse_split" => "reverse_splits",
            _ => "cash_dividends",
        }
    }
}

/// An action in the words of the older endpoint: its id, whose it is, its ex-date, its type and what it is
/// more closely; and what else is said of it.
fn announced(
    (id, asset, ex_date, kind): (&str, &Asset, NaiveDate, (&str, &str)),
    more: [(&str, String); 2],
) -> Value {
    let declared = ex_date.checked_sub_days(chrono::Days::new(20));
    let mut announced = json!({
        "id": id,
        "corporate_action_id": format!("{}_{ex_date}", asset.symbol),
        "ca_type": kind.0,
        "ca_sub_type": kind.1,
        "initiating_symbol": asset.symbol.as_str(),
        "initiating_original_cusip": cusip(asset),
        "target_symbol": asset.symbol.as_str(),
        "target_original_cusip": cusip(asset),
        "declaration_date": declared.map(|date| date.to_string()),
        "ex_date": ex_date.to_string(),
        "record_date": ex_date.to_string(),
        "payable_date": ex_date.to_string(),
        "cash": "0",
        "old_rate": "1",
        "new_rate": "1",
    });
    if let Value::Object(members) = &mut announced {
        members.extend(more.map(|(name, text)| (name.to_owned(), Value::String(text))));
    }
    announced
}

/// What has its ex-date in a range, in order.
fn actions(world: &World, first: NaiveDate, last: NaiveDate) -> Vec<Action> {
    let market = &world.market;
    let dividends = market.dividends(first, last).into_iter();
    let dividends = dividends.filter_map(|dividend| {
        let asset = market.asset(dividend.asset)?;
        Some(Action::dividend(&dividend, asset))
    });
    let splits = market.splits(first, last).into_iter();
    let splits = splits.filter_map(|split| Some(Action::split(&split, market.asset(split.asset)?)));
    let mut found: Vec<Action> = dividends.chain(splits).collect();
    found.sort_by_key(|action| action.ex_date);
    found
}

/// The answer of `/v1/corporate-actions`.
pub(super) fn corporate_actions(world: &World, request: &Request) -> Result<Value, Refusal> {
    let limit = super::series::limit(request, 100, 1_000)?;
    let types = request.list("types");
    if let Some(unknown) = types.iter().find(|kind| !TYPES.contains(&kind.as_str())) {
        return Err(Refusal::plain(400, format!("invalid type: {unknown}")));
    }
    let wrong = |refusal: Refusal| refusal.with_status(400);
    let today = new_york::date(world.now());
    let date = |name: &str, default: NaiveDate| {
        let at = times::read(request, name).map_err(wrong)?;
        Ok::<_, Refusal>(at.map_or(default, new_york::date))
    };
    let (symbols, ids) = (request.list("symbols"), request.list("ids"));
    let others = ["symbols", "cusips", "types", "region", "start", "end"];
    if !ids.is_empty() && others.iter().any(|name| request.asked(name).is_some()) {
        return Err(Refusal::plain(
            400,
            "ids cannot be combined with other filters",
        ));
    }
    // Who names ids asks for them whenever they were.
    let days = if ids.is_empty() { 365 } else { 3_650 };
    let long_ago = today
        .checked_sub_days(chrono::Days::new(days))
        .unwrap_or(today);
    let (first, last) = (date("start", long_ago)?, date("end", today)?);
    let cusips = request.list("cusips");
    // The range is one of process dates, which may come after the ex-dates.
    let wide = first
        .checked_sub_days(chrono::Days::new(MOST_DAYS_TO_PAYMENT))
        .unwrap_or(first);
    let mut rows = actions(world, wide, last);
    rows.retain(|action| {
        first <= action.process_date
            && action.process_date <= last
            && (symbols.is_empty() || symbols.contains(&action.symbol))
            && (ids.is_empty() || ids.contains(&action.id))
            && (cusips.is_empty() || cusips.contains(&action.cusip))
            && (types.is_empty() || types.iter().any(|kind| kind == action.kind))
    });
    if request.asked("sort") == Some("desc") {
        rows.reverse();
    }
    let begin = super::series::place_token(request)?;
    let end = begin.saturating_add(limit);
    let token = (rows.len() > end).then(|| super::series::token_of_place(end));
    let mut lists: Map<String, Value> = Map::new();
    for action in rows.into_iter().skip(begin).take(limit) {
        let list = lists.entry(action.list()).or_insert_with(|| json!([]));
        if let Value::Array(list) = list {
            list.push(action.shown);
        }
    }
    Ok(json!({"corporate_actions": lists, "next_page_token": token}))
}

/// The answer of the older `/v2/corporate_actions/announcements`.
pub(super) fn announcements(world: &World, request: &Request) -> Result<Value, Refusal> {
    let date = |name: &str| {
        let at = times::read(request, name)?;
        let missing = || Refusal::invalid(format!("{name} is required"));
        at.map(new_york::date).ok_or_else(missing)
    };
    let (since, until) = (date("since")?, date("until")?);
    if until.signed_duration_since(since).num_days() > 90 {
        return Err(Refusal::invalid("the range must be at most 90 days"));
    }
    let symbol = request.asked("symbol");
    let kinds = request.list("ca_types");
    let mut rows = actions(world, since, until);
    rows.retain(|action| {
        let kind = action.announced.get("ca_type").and_then(Value::as_str);
        let kind = kind.unwrap_or_default();
        let wanted = kinds.iter().any(|wanted| wanted.eq_ignore_ascii_case(kind));
        (kinds.is_empty() || wanted) && symbol.is_none_or(|symbol| symbol == action.symbol)
    });
    Ok(rows.into_iter().map(|action| action.announced).collect())
}

pub(super) fn announcement(world: &World, id: &str) -> Result<Value, Refusal> {
    let today = new_york::date(world.now());
    let span = chrono::Days::new(800);
    let first = today.checked_sub_days(span).unwrap_or(today);
    let last = today.checked_add_days(span).unwrap_or(today);
    let mut known = actions(world, first, last).into_iter();
    let found = known.find(|action| action.id == id);
    let found = found.map(|action| action.announced);
    found.ok_or_else(|| Refusal::not_found("announcement not found"))
}
