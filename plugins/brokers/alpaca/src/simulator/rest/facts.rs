//! News: made up, but the same for everybody who asks and for all time.

use chrono::Datelike;
use serde_json::{Value, json};
use trader_calendar::new_york;
use trader_contract::Timestamp;

use crate::simulator::market::Market;
use crate::simulator::request::{Refusal, Request};
use crate::simulator::times;
use crate::simulator::world::World;

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
