//! News and corporate actions: made up, but the same for everybody who asks and for all time.

use chrono::{Datelike, NaiveDate};
use serde_json::{Value, json};
use trader_calendar::new_york;
use trader_contract::Timestamp;

use crate::simulator::assets::Asset;
use crate::simulator::ids;
use crate::simulator::market::Market;
use crate::simulator::request::{Refusal, Request};
use crate::simulator::times;
use crate::simulator::world::World;

/// Who pays dividends: symbol, cents a share, the months of the ex-dates, the day from which on the
/// next session is one.
const PAYERS: [(&str, i64, [u32; 4], u32); 5] = [
    ("AAPL", 26, [2, 5, 8, 11], 10),
    ("F", 15, [2, 5, 8, 11], 12),
    ("KO", 51, [3, 6, 9, 12], 1),
    ("MSFT", 91, [2, 5, 8, 11], 20),
    ("SPY", 178, [3, 6, 9, 12], 18),
];

/// One cash dividend.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dividend {
    pub(crate) asset: usize,
    pub(crate) cents: i64,
    pub(crate) ex_date: NaiveDate,
    payable: NaiveDate,
}

/// The dividends with an ex-date in a range.
pub(crate) fn dividends(market: &Market, first: NaiveDate, last: NaiveDate) -> Vec<Dividend> {
    let calendar = market.calendar();
    let first = first.max(calendar.first_covered());
    let last = last.min(calendar.last_covered());
    let mut found = Vec::new();
    for (symbol, cents, months, day) in PAYERS {
        let Some(asset) = market.find(symbol) else {
            continue;
        };
        for year in first.year().saturating_sub(1)..=last.year() {
            for month in months {
                let Some(from) = NaiveDate::from_ymd_opt(year, month, day) else {
                    continue;
                };
                let until = from.checked_add_days(chrono::Days::new(10)).unwrap_or(from);
                let session = calendar.sessions(from..=until).unwrap_or_default().first();
                let Some(ex_date) = session.map(|session| session.date) else {
                    continue;
                };
                let payable = ex_date.checked_add_days(chrono::Days::new(14));
                if first <= ex_date && ex_date <= last {
                    found.push(Dividend {
                        asset,
                        cents,
                        ex_date,
                        payable: payable.unwrap_or(ex_date),
                    });
                }
            }
        }
    }
    found.sort_by_key(|dividend| (dividend.ex_date, dividend.asset));
    found
}

impl Dividend {
    fn id(&self, asset: &Asset) -> String {
        ids::named(&format!("dividend {} {}", asset.symbol, self.ex_date))
    }

    fn rate(&self) -> Value {
        crate::simulator::decimal::number(rust_decimal::Decimal::new(self.cents, 2))
    }

    fn json(&self, asset: &Asset) -> Value {
        json!({
            "id": self.id(asset),
            "symbol": asset.symbol.as_str(),
            "cusip": cusip(asset),
            "rate": self.rate(),
            "special": false,
            "foreign": false,
            "process_date": self.payable.to_string(),
            "ex_date": self.ex_date.to_string(),
            "record_date": self.ex_date.to_string(),
            "payable_date": self.payable.to_string(),
            "due_bill_on_date": null,
            "due_bill_off_date": null,
        })
    }

    fn announcement(&self, asset: &Asset) -> Value {
        let id = self.id(asset);
        json!({
            "id": id,
            "corporate_action_id": format!("{}_{}", asset.symbol, self.ex_date),
            "ca_type": "dividend",
            "ca_sub_type": "cash",
            "initiating_symbol": asset.symbol.as_str(),
            "initiating_original_cusip": cusip(asset),
            "target_symbol": asset.symbol.as_str(),
            "target_original_cusip": cusip(asset),
            "declaration_date": self.ex_date.checked_sub_days(chrono::Days::new(20)).map(|d| d.to_string()),
            "ex_date": self.ex_date.to_string(),
            "record_date": self.ex_date.to_string(),
            "payable_date": self.payable.to_string(),
            "cash": crate::simulator::decimal::text(rust_decimal::Decimal::new(self.cents, 2)),
            "old_rate": "1",
            "new_rate": "1",
        })
    }
}

fn cusip(asset: &Asset) -> String {
    let digits = asset.id.chars().filter(char::is_ascii_digit);
    format!("{:0<9}", digits.take(9).collect::<String>())
}

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
    let year = today
        .checked_sub_days(chrono::Days::new(365))
        .unwrap_or(today);
    let (first, last) = (date("start", year)?, date("end", today)?);
    let (symbols, ids) = (request.list("symbols"), request.list("ids"));
    let cusips = request.list("cusips");
    // The range is one of process dates, two weeks after the ex-dates.
    let wide = first
        .checked_sub_days(chrono::Days::new(20))
        .unwrap_or(first);
    let mut rows: Vec<(Dividend, Value)> = dividends(&world.market, wide, last)
        .into_iter()
        .filter(|dividend| first <= dividend.payable && dividend.payable <= last)
        .filter_map(|dividend| {
            let asset = world.market.asset(dividend.asset)?;
            let wanted = (symbols.is_empty() || symbols.iter().any(|s| s == asset.symbol.as_str()))
                && (ids.is_empty() || ids.contains(&dividend.id(asset)))
                && (cusips.is_empty() || cusips.contains(&cusip(asset)))
                && (types.is_empty() || types.iter().any(|kind| kind == "cash_dividend"));
            wanted.then(|| (dividend, dividend.json(asset)))
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
    let rows = dividends(&world.market, since, until)
        .into_iter()
        .filter(|_| wanted);
    let rows = rows.filter_map(|dividend| {
        let asset = world.market.asset(dividend.asset)?;
        let fits = symbol.is_none_or(|symbol| symbol == asset.symbol.as_str());
        fits.then(|| dividend.announcement(asset))
    });
    Ok(rows.collect())
}

pub(super) fn announcement(world: &World, id: &str) -> Result<Value, Refusal> {
    let today = new_york::date(world.now());
    let span = chrono::Days::new(800);
    let first = today.checked_sub_days(span).unwrap_or(today);
    let last = today.checked_add_days(span).unwrap_or(today);
    let found = dividends(&world.market, first, last)
        .into_iter()
        .find_map(|dividend| {
            let asset = world.market.asset(dividend.asset)?;
            (dividend.id(asset) == id).then(|| dividend.announcement(asset))
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
