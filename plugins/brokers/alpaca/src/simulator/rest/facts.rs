//! News and corporate actions: made up, but the same for everybody who asks and for all time.

use chrono::{Datelike, NaiveDate};
use serde_json::{Value, json};
use trader_calendar::new_york;
use trader_contract::Timestamp;

use crate::simulator::assets::Asset;
use crate::simulator::decimal;
use crate::simulator::ids;
use crate::simulator::market::{Dividend, Market};
use crate::simulator::request::{Refusal, Request};
use crate::simulator::times;
use crate::simulator::world::World;

fn id(dividend: &Dividend, asset: &Asset) -> String {
    let (symbol, ex_date) = (asset.symbol, dividend.ex_date);
    let source = if dividend.by_hand { " by hand" } else { "" };
    ids::named(&format!("dividend {symbol} {ex_date}{source}"))
}

fn action(dividend: &Dividend, asset: &Asset) -> Value {
    json!({
        "id": id(dividend, asset),
        "symbol": asset.symbol.as_str(),
        "cusip": cusip(asset),
        "rate": decimal::number(dividend.rate),
        "special": false,
        "foreign": false,
        "process_date": dividend.payable.to_string(),
        "ex_date": dividend.ex_date.to_string(),
        "record_date": dividend.ex_date.to_string(),
        "payable_date": dividend.payable.to_string(),
        "due_bill_on_date": null,
        "due_bill_off_date": null,
    })
}

fn announced(dividend: &Dividend, asset: &Asset) -> Value {
    let declared = dividend.ex_date.checked_sub_days(chrono::Days::new(20));
    json!({
        "id": id(dividend, asset),
        "corporate_action_id": format!("{}_{}", asset.symbol, dividend.ex_date),
        "ca_type": "dividend",
        "ca_sub_type": "cash",
        "initiating_symbol": asset.symbol.as_str(),
        "initiating_original_cusip": cusip(asset),
        "target_symbol": asset.symbol.as_str(),
        "target_original_cusip": cusip(asset),
        "declaration_date": declared.map(|date| date.to_string()),
        "ex_date": dividend.ex_date.to_string(),
        "record_date": dividend.ex_date.to_string(),
        "payable_date": dividend.payable.to_string(),
        "cash": decimal::text(dividend.rate),
        "old_rate": "1",
        "new_rate": "1",
    })
}

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

/// The answer of `/v1/corporate-actions`: cash dividends, which is all that happens here.
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
    // The range is one of process dates, which come after the ex-dates.
    let wide = first
        .checked_sub_days(chrono::Days::new(MOST_DAYS_TO_PAYMENT))
        .unwrap_or(first);
    let mut rows: Vec<(Dividend, Value)> = (world.market.dividends(wide, last))
        .into_iter()
        .filter(|dividend| first <= dividend.payable && dividend.payable <= last)
        .filter_map(|dividend| {
            let asset = world.market.asset(dividend.asset)?;
            let wanted = (symbols.is_empty() || symbols.iter().any(|s| s == asset.symbol.as_str()))
                && (ids.is_empty() || ids.contains(&id(&dividend, asset)))
                && (cusips.is_empty() || cusips.contains(&cusip(asset)))
                && (types.is_empty() || types.iter().any(|kind| kind == "cash_dividend"));
            wanted.then(|| (dividend, action(&dividend, asset)))
        })
        .collect();
    if request.asked("sort") == Some("desc") {
        rows.reverse();
    }
    let begin = super::series::place_token(request)?;
    let end = begin.saturating_add(limit);
    let token = (rows.len() > end).then(|| super::series::token_of_place(end));
    let page = rows.into_iter().skip(begin).take(limit).map(|(_, row)| row);
    let page: Vec<Value> = page.collect();
    let actions = if page.is_empty() {
        json!({})
    } else {
        json!({ "cash_dividends": page })
    };
    Ok(json!({"corporate_actions": actions, "next_page_token": token}))
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
    let wanted = kinds.is_empty() || kinds.iter().any(|k| k.eq_ignore_ascii_case("dividend"));
    let rows = (world.market.dividends(since, until))
        .into_iter()
        .filter(|_| wanted);
    let rows = rows.filter_map(|dividend| {
        let asset = world.market.asset(dividend.asset)?;
        let fits = symbol.is_none_or(|symbol| symbol == asset.symbol.as_str());
        fits.then(|| announced(&dividend, asset))
    });
    Ok(rows.collect())
}

pub(super) fn announcement(world: &World, id: &str) -> Result<Value, Refusal> {
    let today = new_york::date(world.now());
    let span = chrono::Days::new(800);
    let first = today.checked_sub_days(span).unwrap_or(today);
    let last = today.checked_add_days(span).unwrap_or(today);
    let found = (world.market.dividends(first, last))
        .into_iter()
        .find_map(|dividend| {
            let asset = world.market.asset(dividend.asset)?;
            (self::id(&dividend, asset) == id).then(|| announced(&dividend, asset))
        });
    found.ok_or_else(|| Refusal::not_found("announcement not found"))
}

/// One article.
pub(crate) struct Article {
    pub(crate) at: Timestamp,
    pub(crate) asset: usize,
    pub(crate) json: Value,
}

/// The articles in `from..=to`, oldest first: two a session for each asset.
pub(crate) fn articles(market: &Market, from: Timestamp, to: Timestamp) -> Vec<Article> {
    const PER_DAY: [(i64, &str); 2] = [
        (-75, "before the open: what to watch in"),
        (135, "at midday: the morning in"),
    ];
    let calendar = market.calendar();
    let first = new_york::date(from).max(calendar.first_covered());
    let last = new_york::date(to).min(calendar.last_covered());
    let mut found = Vec::new();
    if first > last {
        return found;
    }
    for session in calendar.sessions(first..=last).unwrap_or_default() {
        for (kind, (minutes, words)) in (0_i64..).zip(PER_DAY) {
            for (place, asset) in (0_i64..).zip(market.assets()) {
                let seconds = place.saturating_mul(40);
                let at = session.open.plus_minutes(minutes).plus_seconds(seconds);
                if at < from || at > to || !asset.active {
                    continue;
                }
                let day = i64::from(session.date.num_days_from_ce());
                let id = day
                    .saturating_mul(1_000)
                    .saturating_add(kind.saturating_mul(500));
                let id = id.saturating_add(place);
                let headline = format!("{} {words} {}", session.date, asset.symbol);
                let json = json!({
                    "id": id,
                    "headline": headline,
                    "author": "Simulated Newswire",
                    "created_at": at.to_string(),
                    "updated_at": at.plus_seconds(1).to_string(),
                    "summary": format!("{headline}. Made up, and proves nothing."),
                    "content": format!("<p>{headline}</p>"),
                    "url": format!("https://example.com/news/{id}"),
                    "images": [],
                    "symbols": [asset.symbol.as_str()],
                    "source": "simulated",
                });
                let asset = usize::try_from(place).unwrap_or(0);
                found.push(Article { at, asset, json });
            }
        }
    }
    found.sort_by_key(|article| (article.at, article.asset));
    found
}

/// The answer of `/v1beta1/news`.
pub(super) fn news(world: &World, request: &Request) -> Result<Value, Refusal> {
    let limit = super::series::limit(request, 10, 50)?;
    let now = world.now();
    let wrong = |refusal: Refusal| refusal.with_status(400);
    let from = times::read(request, "start").map_err(wrong)?;
    let from = from.unwrap_or_else(|| now.plus_minutes(-7 * 24 * 60));
    let to = times::read(request, "end")
        .map_err(wrong)?
        .unwrap_or(now)
        .min(now);
    let symbols = request.list("symbols");
    let mut rows = articles(&world.market, from, to);
    rows.retain(|article| {
        let symbol = world.market.asset(article.asset).map(|asset| asset.symbol);
        symbols.is_empty()
            || symbols
                .iter()
                .any(|s| Some(s.as_str()) == symbol.as_ref().map(trader_contract::Symbol::as_str))
    });
    if request.asked("sort") != Some("asc") {
        rows.reverse();
    }
    let begin = super::series::place_token(request)?;
    let end = begin.saturating_add(limit);
    let token = (rows.len() > end).then(|| super::series::token_of_place(end));
    let with_content = request.flag("include_content");
    let page = rows.into_iter().skip(begin).take(limit).map(|mut article| {
        if let (false, Value::Object(members)) = (with_content, &mut article.json) {
            members.insert("content".to_owned(), json!(""));
        }
        article.json
    });
    let page: Vec<Value> = page.collect();
    Ok(json!({"news": page, "next_page_token": token}))
}
