//! What the trading API tells that no account changes: assets, clock, calendar, announcements.

use chrono::NaiveDate;
use serde_json::{Map, Value, json};
use trader_calendar::Session;
use trader_contract::Timestamp;

use super::actions;
use super::trading::no_such_path;
use crate::simulator::request::{Refusal, Reply, Request};
use crate::simulator::times;
use crate::simulator::world::{World, in_new_york};

pub(super) fn answer(
    world: &mut World,
    request: &Request,
    parts: &[&str],
) -> Result<Reply, Refusal> {
    let shown = match parts {
        ["v2", "clock"] => world.clock_json(),
        ["v2", "calendar"] => calendar(world, request)?,
        ["v2", "assets"] => assets(world, request),
        ["v2", "assets", name] => {
            let asset = world
                .market
                .find(name)
                .and_then(|place| world.market.asset(place));
            let missing = || Refusal::not_found(format!("asset not found for {name}"));
            asset.ok_or_else(missing)?.json()
        }
        ["v2", "corporate_actions", "announcements"] => actions::announcements(world, request)?,
        ["v2", "corporate_actions", "announcements", id] => actions::announcement(world, id)?,
        ["v2", "options", "contracts"] => {
            json!({"option_contracts": [], "next_page_token": null})
        }
        ["v3", "clock"] => clocks(world, request)?,
        ["v3", "calendar", market] => market_calendar(world, request, market)?,
        _ => return Err(no_such_path()),
    };
    Ok(Reply::ok(shown))
}

fn assets(world: &World, request: &Request) -> Value {
    let class = request.asked("asset_class").unwrap_or("us_equity");
    if class != "us_equity" {
        return json!([]);
    }
    let attributes = request.list("attributes");
    let fits = |asset: &Value| {
        let is = |name: &str, member: &str| {
            request
                .asked(name)
                .is_none_or(|wanted| asset.get(member) == Some(&json!(wanted)))
        };
        let has = |wanted: &String| {
            let listed = asset.get("attributes").and_then(Value::as_array);
            listed.is_some_and(|listed| listed.contains(&json!(wanted)))
        };
        is("status", "status") && is("exchange", "exchange") && attributes.iter().all(has)
    };
    let mut assets: Vec<_> = world.market.assets().iter().collect();
    assets.sort_by_key(|asset| (asset.exchange, asset.symbol));
    assets
        .into_iter()
        .map(|asset| asset.json())
        .filter(fits)
        .collect()
}

/// The sessions between the dates of the query, or those that settle between them.
fn sessions(world: &World, request: &Request) -> Result<Vec<Session>, Refusal> {
    let date = |name: &str, default: NaiveDate| match times::read(request, name)? {
        None => Ok(default),
        Some(at) => Ok(
            match request.asked(name).and_then(|text| text.parse().ok()) {
                Some(date) => date,
                None => trader_calendar::new_york::date(at),
            },
        ),
    };
    let by_settlement = match request.asked("date_type") {
        None | Some("TRADING") => false,
        Some("SETTLEMENT") => true,
        Some(_) => {
            let words = "date_type must be TRADING or SETTLEMENT";
            return Err(Refusal::invalid(words));
        }
    };
    let calendar = world.market.calendar();
    let first = date("start", calendar.first_covered())?.max(calendar.first_covered());
    let last = date("end", calendar.last_covered())?.min(calendar.last_covered());
    if first > last {
        return Ok(Vec::new());
    }
    if !by_settlement {
        return Ok(calendar.sessions(first..=last).unwrap_or_default().to_vec());
    }
    let earlier = first.checked_sub_days(chrono::Days::new(DAYS_TO_SETTLE));
    let earlier = earlier.unwrap_or(first).max(calendar.first_covered());
    let mut sessions = calendar
        .sessions(earlier..=last)
        .unwrap_or_default()
        .to_vec();
    sessions.retain(|session| {
        let settles = calendar.next_session_after(session.open).ok();
        settles.is_some_and(|next| first <= next.date && next.date <= last)
    });
    Ok(sessions)
}

/// No session settles more days after it.
const DAYS_TO_SETTLE: u64 = 10;

/// The calendar says the same of half days, though nothing trades so late then.
const SESSION_CLOSE: &str = "2000";

fn calendar(world: &World, request: &Request) -> Result<Value, Refusal> {
    let calendar = world.market.calendar();
    let row = |session: &Session| {
        let time = |at: Timestamp, format: &str| {
            trader_calendar::new_york::wall_clock(at)
                .format(format)
                .to_string()
        };
        let settles = calendar.next_session_after(session.open).ok();
        json!({
            "date": session.date.to_string(),
            "open": time(session.open, "%H:%M"),
            "close": time(session.close, "%H:%M"),
            "session_open": time(calendar.extended_open(session), "%H%M"),
            "session_close": SESSION_CLOSE,
            "settlement_date": settles.map(|next| next.date.to_string()),
        })
    };
    Ok(sessions(world, request)?.iter().map(row).collect())
}

const MARKETS: [&str; 4] = ["XNYS", "XNAS", "NYSE", "NASDAQ"];

fn clocks(world: &World, request: &Request) -> Result<Value, Refusal> {
    let mut markets = request.list("markets");
    if markets.is_empty() {
        markets.push("XNYS".to_owned());
    }
    let at = times::read(request, "time")?.unwrap_or(world.now());
    let calendar = world.market.calendar();
    let today = calendar
        .session(trader_calendar::new_york::date(at))
        .ok()
        .flatten();
    let next = calendar.next_session_after(at).ok();
    let (phase, until) = match today {
        Some(s) if at < calendar.extended_open(&s) => ("closed", Some(calendar.extended_open(&s))),
        Some(s) if at < s.open => ("pre", Some(s.open)),
        Some(s) if at < s.close => ("core", Some(s.close)),
        Some(s) if at < calendar.extended_close(&s) => ("post", Some(calendar.extended_close(&s))),
        _ => ("closed", next.map(|next| calendar.extended_open(&next))),
    };
    let close = today.filter(|session| session.contains(at)).or(next);
    let mut clocks = Vec::with_capacity(markets.len());
    for market in markets {
        if !MARKETS.contains(&market.as_str()) {
            return Err(Refusal::invalid(format!("unknown market {market}")));
        }
        clocks.push(json!({
            "market": market,
            "timestamp": in_new_york(at),
            "is_market_day": today.is_some(),
            "next_market_open": next.map(|session| in_new_york(session.open)),
            "next_market_close": close.map(|session| in_new_york(session.close)),
            "phase": phase,
            "phase_until": until.map(in_new_york),
        }));
    }
    Ok(json!({ "clocks": clocks }))
}

fn market_calendar(world: &World, request: &Request, market: &str) -> Result<Value, Refusal> {
    if !MARKETS.contains(&market) {
        return Err(Refusal::not_found(format!("unknown market {market}")));
    }
    let calendar = world.market.calendar();
    let mut rows = Vec::new();
    for session in sessions(world, request)? {
        let settles = calendar.next_session_after(session.open).ok();
        let mut row = Map::new();
        row.insert("date".to_owned(), json!(session.date.to_string()));
        let (pre, post) = (
            calendar.extended_open(&session),
            calendar.extended_close(&session),
        );
        let moments = [
            ("pre_start", pre),
            ("pre_end", session.open),
            ("core_start", session.open),
            ("core_end", session.close),
            ("post_start", session.close),
            ("post_end", post),
        ];
        for (name, at) in moments {
            row.insert(name.to_owned(), json!(in_new_york(at)));
        }
        row.insert("lunch_start".to_owned(), Value::Null);
        row.insert("lunch_end".to_owned(), Value::Null);
        let settles = settles.map(|next| next.date.to_string());
        row.insert("settlement_date".to_owned(), json!(settles));
        rows.push(Value::Object(row));
    }
    Ok(json!({"market": {"mic": market, "timezone": "America/New_York"}, "calendar": rows}))
}
