//! The market data API: `/v2/stocks/...`, `/v1beta1/...` and `/v1/corporate-actions`.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use trader_calendar::new_york;
use trader_contract::Timestamp;

use super::series::{self, Kind, bar_json, quote_json, trade_json, wrong};
use super::{actions, facts};
use crate::simulator::decimal;
use crate::simulator::market::{Candle, Feed, Timeframe};
use crate::simulator::request::{Method, Refusal, Reply, Request};
use crate::simulator::world::World;

pub(crate) use super::actions::{MOST_DAYS_TO_PAYMENT, cusip};
pub(crate) use facts::articles;
pub(crate) use series::venue;
pub(crate) use series::{
    WITHHELD_MINUTES, bar_json as bar, quote_json as quote, trade_json as trade,
};

/// What has been paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Plan {
    /// Free: one small exchange in real time, all others after a quarter of an hour.
    Basic,
    /// Every exchange in real time.
    Plus,
}

/// Whether a path is one of market data.
pub(crate) fn is_data(path: &str) -> bool {
    [
        "/v2/stocks",
        "/v1beta1/",
        "/v1beta3/",
        "/v1/corporate-actions",
    ]
    .iter()
    .any(|prefix| path.starts_with(prefix))
}

/// Answers a request to the market data API.
pub(crate) fn answer(world: &mut World, request: &Request, plan: Plan) -> Reply {
    if request.method != Method::Get {
        return Refusal::plain(405, "method not allowed").into();
    }
    read(world, request, plan).map_or_else(Reply::from, Reply::ok)
}

fn read(world: &mut World, request: &Request, plan: Plan) -> Result<Value, Refusal> {
    let parts = request.parts();
    let kind_of = |name: &str| match name {
        "bars" => Some(Kind::Bars),
        "trades" => Some(Kind::Trades),
        "quotes" => Some(Kind::Quotes),
        _ => None,
    };
    match parts.as_slice() {
        ["v2", "stocks", "snapshots"] => snapshots(world, request, plan),
        ["v2", "stocks", "auctions"] => auctions(world, request),
        ["v2", "stocks", "meta", "exchanges"] => Ok(exchanges()),
        ["v2", "stocks", "meta", "conditions", kind] => conditions(request, kind),
        ["v2", "stocks", symbol, "snapshot"] => snapshot_of(world, request, symbol, plan),
        ["v2", "stocks", kind, "latest"] if kind_of(kind).is_some() => latest(
            world,
            request,
            kind_of(kind).unwrap_or(Kind::Bars),
            None,
            plan,
        ),
        ["v2", "stocks", symbol, kind, "latest"] if kind_of(kind).is_some() => {
            let kind = kind_of(kind).unwrap_or(Kind::Bars);
            latest(world, request, kind, Some(symbol), plan)
        }
        ["v2", "stocks", kind] if kind_of(kind).is_some() => {
            let kind = kind_of(kind).unwrap_or(Kind::Bars);
            series::page(world, request, kind, None, plan)
        }
        ["v2", "stocks", symbol, kind] if kind_of(kind).is_some() => {
            let kind = kind_of(kind).unwrap_or(Kind::Bars);
            series::page(world, request, kind, Some(symbol), plan)
        }
        ["v1beta1", "news"] => facts::news(world, request),
        ["v1beta1", "screener", "stocks", "most-actives"] => most_actives(world, request),
        ["v1beta1", "screener", "stocks", "movers"] => movers(world, request),
        ["v1beta1", "screener", "crypto", "movers"] => Ok(json!({
            "gainers": [], "losers": [], "market_type": "crypto",
            "last_updated": world.now().to_string(),
        })),
        ["v1", "corporate-actions"] => actions::corporate_actions(world, request),
        _ => Err(Refusal::plain(404, "endpoint not found.")),
    }
}

/// Up to when a feed may be seen, for latest values.
fn seen_until(world: &World, request: &Request, plan: Plan) -> Result<(Timestamp, Feed), Refusal> {
    let feed = series::feed(request, plan)?;
    let now = world.now();
    if request.asked("feed") == Some("delayed_sip") {
        return Ok((now.plus_minutes(WITHHELD_MINUTES.saturating_neg()), feed));
    }
    if plan == Plan::Basic && feed == Feed::Sip {
        let message = "subscription does not permit querying recent SIP data";
        return Err(Refusal::new(403, 42_210_000, message));
    }
    Ok((now, feed))
}

fn latest_of(
    world: &mut World,
    asset: usize,
    kind: Kind,
    at: Timestamp,
    feed: Feed,
) -> Option<Value> {
    let tape = world.market.asset(asset)?.tape();
    let venue = venue(world, asset, feed);
    Some(match kind {
        Kind::Bars => {
            let mut until = at;
            loop {
                let minute = world.market.last_minute(asset, until)?;
                if let Some(candle) = world.market.candle(asset, &minute, feed) {
                    break bar_json(&candle);
                }
                // It was halted: the one before it counts.
                until = minute.start;
            }
        }
        Kind::Trades => trade_json(&world.market.last_print(asset, at, feed)?, venue, tape),
        Kind::Quotes => quote_json(&world.market.last_quote(asset, at)?, venue, tape),
    })
}

fn latest(
    world: &mut World,
    request: &Request,
    kind: Kind,
    single: Option<&str>,
    plan: Plan,
) -> Result<Value, Refusal> {
    let (at, feed) = seen_until(world, request, plan)?;
    let mut found = Map::new();
    for (name, asset) in series::symbols(world, request, single)? {
        let value = asset.and_then(|asset| latest_of(world, asset, kind, at, feed));
        if let Some(value) = value {
            found.insert(name, value);
        }
    }
    let Some(name) = single else {
        return Ok(json!({ kind.name(): found }));
    };
    let one = kind.name().trim_end_matches('s');
    let value = found.remove(name);
    let value = value.ok_or_else(|| Refusal::plain(404, format!("no {one} found for {name}")))?;
    Ok(json!({"symbol": name, one: value}))
}

fn snapshot(world: &mut World, asset: usize, at: Timestamp, feed: Feed) -> Value {
    let date = new_york::date(at);
    let day = world.market.daily(asset, date, at, feed);
    let before = match day {
        Some(_) => world
            .market
            .session_before(date)
            .map(|session| session.date),
        None => Some(date),
    };
    // Between sessions the last one counts as the day, and the one before it as the day before.
    let (day, before) = match (day, before) {
        (Some(day), before) => (Some(day), before),
        (None, _) => {
            let last = world
                .market
                .session_before(date)
                .map(|session| session.date);
            let day = last.and_then(|date| world.market.daily(asset, date, at, feed));
            let before = last.and_then(|date| world.market.session_before(date));
            (day, before.map(|session| session.date))
        }
    };
    let before = before.and_then(|date| world.market.daily(asset, date, at, feed));
    let daily = |candle: Option<Candle>| {
        candle.map(|candle| {
            let start = Timeframe::Day.start_of(candle.start);
            bar_json(&candle.starting(start))
        })
    };
    json!({
        "latestTrade": latest_of(world, asset, Kind::Trades, at, feed),
        "latestQuote": latest_of(world, asset, Kind::Quotes, at, feed),
        "minuteBar": latest_of(world, asset, Kind::Bars, at, feed),
        "dailyBar": daily(day),
        "prevDailyBar": daily(before),
    })
}

fn snapshots(world: &mut World, request: &Request, plan: Plan) -> Result<Value, Refusal> {
    let (at, feed) = seen_until(world, request, plan)?;
    let mut found = Map::new();
    for (name, asset) in series::symbols(world, request, None)? {
        if let Some(asset) = asset {
            found.insert(name, snapshot(world, asset, at, feed));
        }
    }
    Ok(Value::Object(found))
}

fn snapshot_of(
    world: &mut World,
    request: &Request,
    symbol: &str,
    plan: Plan,
) -> Result<Value, Refusal> {
    let (at, feed) = seen_until(world, request, plan)?;
    let found = series::symbols(world, request, Some(symbol))?;
    let asset = found.into_iter().find_map(|(_, asset)| asset);
    let missing = || Refusal::plain(404, format!("no snapshot found for {symbol}"));
    let mut shown = snapshot(world, asset.ok_or_else(missing)?, at, feed);
    if let Value::Object(members) = &mut shown {
        members.insert("symbol".to_owned(), json!(symbol));
    }
    Ok(shown)
}

/// Opening and closing prints of the sessions of a range.
fn auctions(world: &mut World, request: &Request) -> Result<Value, Refusal> {
    let limit = series::limit(request, 1_000, 10_000)?;
    let now = world.now();
    let refused = |_| wrong("start and end must be dates or RFC 3339 times");
    let end = crate::simulator::times::read(request, "end").map_err(refused)?;
    let end = end.unwrap_or(now).min(now);
    let start = crate::simulator::times::read(request, "start").map_err(refused)?;
    let start = start.unwrap_or_else(|| Timeframe::Day.start_of(end));
    let mut found = Map::new();
    for (name, asset) in series::symbols(world, request, None)? {
        let Some(asset) = asset else { continue };
        let known = (now, Feed::Sip);
        let days = world
            .market
            .candles(asset, Timeframe::Day, (start, end), known, limit);
        let venue = venue(world, asset, Feed::Sip);
        let mut rows = Vec::with_capacity(days.len());
        for day in days {
            let date = new_york::date(day.start);
            let Some(session) = world.market.session(date) else {
                continue;
            };
            let print = |at: Timestamp, price, condition: &str| {
                let price = decimal::number(decimal::of_price(price));
                json!([{"t": at.to_string(), "x": venue, "p": price, "c": condition}])
            };
            let closed = session.close <= now;
            let close = print(session.close.plus_nanos(200_000_000), day.close, "M");
            rows.push(json!({
                "d": date.to_string(),
                "o": print(session.open.plus_nanos(50_000_000), day.open, "Q"),
                "c": if closed { close } else { json!([]) },
            }));
        }
        if !rows.is_empty() {
            found.insert(name, Value::Array(rows));
        }
    }
    Ok(json!({"auctions": found, "next_page_token": null}))
}

/// The letters of all exchanges.
fn exchanges() -> Value {
    json!({
        "A": "NYSE American (AMEX)", "B": "NASDAQ OMX BX", "C": "National Stock Exchange",
        "D": "FINRA ADF", "E": "Market Independent", "H": "MIAX",
        "I": "International Securities Exchange", "J": "Cboe EDGA", "K": "Cboe EDGX",
        "L": "Long Term Stock Exchange", "M": "Chicago Stock Exchange",
        "N": "New York Stock Exchange", "P": "NYSE Arca", "Q": "NASDAQ OMX",
        "S": "NASDAQ Small Cap", "T": "NASDAQ Int", "U": "Members Exchange", "V": "IEX",
        "W": "CBOE", "X": "NASDAQ OMX PSX", "Y": "Cboe BYX", "Z": "Cboe BZX",
    })
}

/// The letters that trades and quotes bear here: the same ones on every tape.
fn conditions(request: &Request, kind: &str) -> Result<Value, Refusal> {
    if !matches!(request.asked("tape"), None | Some("A" | "B" | "C")) {
        return Err(wrong("invalid tape: must be A, B or C"));
    }
    match kind {
        "trade" => Ok(json!({
            "@": "Regular Sale", "I": "Odd Lot Trade", "M": "Market Center Official Close",
            "Q": "Market Center Official Open", "T": "Form T (Extended Hours Trade)",
        })),
        "quote" => Ok(json!({"R": "Regular Two Sided Open"})),
        _ => Err(wrong(format!("invalid ticktype: {kind}"))),
    }
}

fn top(request: &Request, default: usize, most: usize) -> Result<usize, Refusal> {
    let Some(text) = request.asked("top") else {
        return Ok(default);
    };
    let top = text.parse().ok().filter(|top| (1..=most).contains(top));
    top.ok_or_else(|| wrong(format!("invalid top: must be between 1 and {most}")))
}

/// The daily bar of the session that is open or was last, of every asset.
fn today(world: &mut World) -> Vec<(usize, Candle)> {
    let (now, mut date) = (world.now(), new_york::date(world.now()));
    if world
        .market
        .session(date)
        .is_none_or(|session| session.open >= now)
    {
        date = world
            .market
            .session_before(date)
            .map_or(date, |session| session.date);
    }
    let assets = 0..world.market.assets().len();
    let daily = |asset| Some((asset, world.market.daily(asset, date, now, Feed::Sip)?));
    assets.filter_map(daily).collect()
}

fn symbol_of(world: &World, asset: usize) -> Value {
    json!(world.market.asset(asset).map(|asset| asset.symbol.as_str()))
}

fn most_actives(world: &mut World, request: &Request) -> Result<Value, Refusal> {
    let top = top(request, 10, 100)?;
    let mut rows = today(world);
    match request.asked("by") {
        None | Some("volume") => rows.sort_by_key(|(_, day)| std::cmp::Reverse(day.volume)),
        Some("trades") => rows.sort_by_key(|(_, day)| std::cmp::Reverse(day.trades)),
        Some(_) => return Err(wrong("invalid by: must be volume or trades")),
    }
    let rows = rows.into_iter().take(top).map(|(asset, day)| {
        json!({
            "symbol": symbol_of(world, asset), "volume": day.volume, "trade_count": day.trades,
        })
    });
    let rows: Vec<Value> = rows.collect();
    Ok(json!({"most_actives": rows, "last_updated": world.now().to_string()}))
}

fn movers(world: &mut World, request: &Request) -> Result<Value, Refusal> {
    let top = top(request, 10, 50)?;
    let mut rows = Vec::new();
    for (asset, day) in today(world) {
        let Some(before) = world.market.close_before(asset, day.start) else {
            continue;
        };
        let (close, before) = (decimal::of_price(day.close), decimal::of_price(before));
        let percent = decimal::ratio((close - before) * Decimal::ONE_HUNDRED, before).round_dp(2);
        rows.push((percent, asset, close - before, close));
    }
    rows.sort_by_key(|row| (std::cmp::Reverse(row.0), row.1));
    let show = |row: &(Decimal, usize, Decimal, Decimal)| {
        json!({
            "symbol": symbol_of(world, row.1), "percent_change": decimal::number(row.0),
            "change": decimal::number(row.2), "price": decimal::number(row.3),
        })
    };
    let gainers = rows.iter().filter(|row| row.0 > Decimal::ZERO).take(top);
    let losers = rows
        .iter()
        .rev()
        .filter(|row| row.0 < Decimal::ZERO)
        .take(top);
    Ok(json!({
        "gainers": gainers.map(show).collect::<Vec<_>>(),
        "losers": losers.map(show).collect::<Vec<_>>(),
        "market_type": "stocks",
        "last_updated": world.now().to_string(),
    }))
}
