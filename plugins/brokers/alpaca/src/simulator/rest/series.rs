//! Pages of bars, trades and quotes, over several symbols together.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use trader_calendar::new_york;
use trader_contract::Timestamp;

use super::data::Plan;
use crate::simulator::decimal;
use crate::simulator::market::{Candle, Feed, Print, Quoted, Timeframe};
use crate::simulator::request::{Refusal, Request};
use crate::simulator::times;
use crate::simulator::world::World;

/// How long data of every exchange is withheld from who does not pay for it, in minutes.
pub(crate) const WITHHELD_MINUTES: i64 = 15;

/// What a page is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Bars,
    Trades,
    Quotes,
}

impl Kind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Bars => "bars",
            Self::Trades => "trades",
            Self::Quotes => "quotes",
        }
    }
}

/// What is asked for.
struct Query {
    kind: Kind,
    from: Timestamp,
    to: Timestamp,
    until: Timestamp,
    feed: Feed,
    limit: usize,
    descending: bool,
    timeframe: Timeframe,
    adjust: Adjust,
}

/// What is to be taken out of prices.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Adjust {
    dividends: bool,
    splits: bool,
}

pub(super) fn wrong(message: impl Into<String>) -> Refusal {
    Refusal::plain(400, message)
}

/// How many points a page may have.
pub(super) fn limit(request: &Request, default: usize, most: usize) -> Result<usize, Refusal> {
    let Some(text) = request.asked("limit") else {
        return Ok(default);
    };
    let limit = text.parse().ok().filter(|limit| (1..=most).contains(limit));
    limit.ok_or_else(|| wrong(format!("invalid limit: must be between 1 and {most}")))
}

/// The feed of a query: the best that the plan has, where none is named.
pub(super) fn feed(request: &Request, plan: Plan) -> Result<Feed, Refusal> {
    match request.asked("feed") {
        None if plan == Plan::Basic => Ok(Feed::Iex),
        None | Some("sip" | "delayed_sip") => Ok(Feed::Sip),
        Some("iex") => Ok(Feed::Iex),
        Some(feed @ ("boats" | "overnight" | "otc")) => {
            let message = format!("subscription does not permit querying {feed} data");
            Err(Refusal::plain(403, message))
        }
        Some(other) => Err(wrong(format!("invalid feed: {other}"))),
    }
}

/// The symbols of a query: known ones with their places, in order. A malformed one is refused; one
/// that nobody knows has no data.
pub(super) fn symbols(
    world: &World,
    request: &Request,
    single: Option<&str>,
) -> Result<Vec<(String, Option<usize>)>, Refusal> {
    let mut names = match single {
        Some(name) => vec![name.to_owned()],
        None => request.list("symbols"),
    };
    if names.is_empty() {
        return Err(wrong("symbols is required"));
    }
    let well_formed = |name: &String| {
        let letter = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || ".-/".contains(c);
        name.len() <= 16 && name.chars().all(letter)
    };
    if let Some(malformed) = names.iter().find(|name| !well_formed(name)) {
        return Err(wrong(format!("invalid symbol: {malformed}")));
    }
    names.sort();
    names.dedup();
    let place = |name: String| {
        let place = world.market.find(&name);
        (name, place)
    };
    Ok(names.into_iter().map(place).collect())
}

/// Answers a query for a page.
pub(super) fn page(
    world: &mut World,
    request: &Request,
    kind: Kind,
    single: Option<&str>,
    plan: Plan,
) -> Result<Value, Refusal> {
    let names = symbols(world, request, single)?;
    let query = read(world, request, kind, plan)?;
    let after = read_token(request, kind)?;
    let mut pages: Vec<(String, Vec<(Timestamp, Value)>)> = Vec::new();
    let mut left = query.limit.saturating_add(1);
    for (name, asset) in names {
        let Some(asset) = asset else { continue };
        let resume = match &after {
            Some((symbol, _)) if name < *symbol => continue,
            Some((symbol, at)) if name == *symbol => Some(*at),
            _ => None,
        };
        let points = points(world, asset, &query, resume, left);
        left = left.saturating_sub(points.len());
        if !points.is_empty() {
            pages.push((name, points));
        }
        if left == 0 {
            break;
        }
    }
    let mut token = None;
    if left == 0 {
        if let Some((_, last)) = pages.last_mut() {
            last.pop();
        }
        pages.retain(|(_, points)| !points.is_empty());
        let last = pages
            .last()
            .and_then(|(name, points)| Some((name, points.last()?.0)));
        token = last.map(|(name, at)| write_token(name, kind, at));
    }
    let values = |points: Vec<(Timestamp, Value)>| {
        points
            .into_iter()
            .map(|(_, value)| value)
            .collect::<Value>()
    };
    let mut answer = Map::new();
    if let Some(name) = single {
        let points = pages.pop().map(|(_, points)| values(points));
        answer.insert(kind.name().to_owned(), points.unwrap_or_else(|| json!([])));
        answer.insert("symbol".to_owned(), json!(name));
    } else {
        let pages = pages
            .into_iter()
            .map(|(name, points)| (name, values(points)));
        answer.insert(kind.name().to_owned(), Value::Object(pages.collect()));
    }
    answer.insert("next_page_token".to_owned(), json!(token));
    Ok(Value::Object(answer))
}

fn read(world: &World, request: &Request, kind: Kind, plan: Plan) -> Result<Query, Refusal> {
    let now = world.now();
    let asof = request.asked("asof").filter(|asof| *asof != "-");
    if asof.is_some_and(|asof| asof.parse::<NaiveDate>().is_err()) {
        return Err(wrong("invalid asof: must be a date or -"));
    }
    let time = |name: &str| {
        let refused = |_| {
            wrong(format!(
                "invalid {name}: must be a date or an RFC 3339 time"
            ))
        };
        times::read(request, name).map_err(refused)
    };
    let feed = feed(request, plan)?;
    let withheld = plan == Plan::Basic && feed == Feed::Sip;
    let free = now.plus_minutes(WITHHELD_MINUTES.saturating_neg());
    let to = match time("end")? {
        Some(end) if withheld && end > free => {
            let message = "subscription does not permit querying recent SIP data";
            return Err(Refusal::new(403, 42_210_000, message));
        }
        Some(end) => end,
        None if withheld => free,
        None => now,
    };
    let timeframe = match (kind, request.asked("timeframe")) {
        (Kind::Bars, None) => return Err(wrong("timeframe is required")),
        (Kind::Bars, Some(text)) => {
            Timeframe::parse(text).ok_or_else(|| wrong(format!("invalid timeframe: {text}")))?
        }
        _ => Timeframe::Minutes(1),
    };
    let from = time("start")?.unwrap_or_else(|| Timeframe::Day.start_of(to));
    if from > to && request.asked("end").is_some() {
        return Err(wrong("end should not be before start"));
    }
    let descending = match request.asked("sort") {
        None | Some("asc") => false,
        Some("desc") => true,
        Some(_) => return Err(wrong("invalid sort: must be asc or desc")),
    };
    Ok(Query {
        kind,
        from,
        to,
        until: now,
        feed,
        limit: limit(request, 1_000, 10_000)?,
        descending,
        timeframe,
        adjust: adjusts(request)?,
    })
}

/// What is to be taken out of prices.
fn adjusts(request: &Request) -> Result<Adjust, Refusal> {
    let mut adjust = Adjust::default();
    for kind in request.list("adjustment") {
        match kind.as_str() {
            "raw" | "spin-off" => {}
            "split" => adjust.splits = true,
            "dividend" => adjust.dividends = true,
            "all" => (adjust.splits, adjust.dividends) = (true, true),
            _ => return Err(wrong(format!("invalid adjustment: {kind}"))),
        }
    }
    Ok(adjust)
}

/// The points of one symbol behind `resume`, at most `limit`.
fn points(
    world: &mut World,
    asset: usize,
    query: &Query,
    resume: Option<Timestamp>,
    limit: usize,
) -> Vec<(Timestamp, Value)> {
    let (mut from, mut to) = (query.from, query.to.min(query.until));
    match resume {
        Some(at) if query.descending => to = to.min(at.plus_nanos(-1)),
        Some(at) => from = from.max(at.plus_nanos(1)),
        None => {}
    }
    // What is wanted from the end has to be worked out as a whole.
    let most = if query.descending { usize::MAX } else { limit };
    let tape = world.market.asset(asset).map_or("", |asset| asset.tape());
    let venue = venue(world, asset, query.feed);
    let mut points: Vec<(Timestamp, Value)> = match query.kind {
        Kind::Bars => {
            let known = (query.until, query.feed);
            let bars = world
                .market
                .candles(asset, query.timeframe, (from, to), known, most);
            let factors = factors(world, asset, from, query.adjust);
            let adjusted = bars.into_iter().map(|bar| adjusted(bar, &factors));
            adjusted.map(|bar| (bar.start, bar_json(&bar))).collect()
        }
        Kind::Trades => {
            let prints = world.market.prints(asset, (from, to), query.feed, most);
            let shown = prints
                .iter()
                .map(|print| (print.at, trade_json(print, venue, tape)));
            shown.collect()
        }
        Kind::Quotes => {
            let quotes = world.market.quotes(asset, (from, to), most);
            let shown = quotes
                .iter()
                .map(|quote| (quote.at, quote_json(quote, venue, tape)));
            shown.collect()
        }
    };
    if query.descending {
        points.reverse();
        points.truncate(limit);
    }
    points
}

/// The letter of the exchange that a feed names.
pub(crate) fn venue(world: &World, asset: usize, feed: Feed) -> &'static str {
    match feed {
        Feed::Iex => "V",
        Feed::Sip => world.market.asset(asset).map_or("V", |asset| asset.venue()),
    }
}

/// By what prices and volumes before an ex-date are multiplied.
struct Factor {
    ex_date: NaiveDate,
    price: Decimal,
    volume: Decimal,
}

fn factors(world: &mut World, asset: usize, from: Timestamp, adjust: Adjust) -> Vec<Factor> {
    let (first, today) = (new_york::date(from), new_york::date(world.now()));
    let mut found = Vec::new();
    for dividend in world.market.dividends(first, today) {
        if dividend.asset != asset || !adjust.dividends {
            continue;
        }
        let Some(session) = world.market.session(dividend.ex_date) else {
            continue;
        };
        if let Some(close) = world.market.close_before(asset, session.open) {
            let share = decimal::ratio(dividend.rate, decimal::of_price(close));
            found.push(Factor {
                ex_date: dividend.ex_date,
                price: Decimal::ONE - share,
                volume: Decimal::ONE,
            });
        }
    }
    for split in world.market.splits(first, today) {
        if split.asset == asset && adjust.splits {
            let (new, old) = (Decimal::from(split.new), Decimal::from(split.old));
            found.push(Factor {
                ex_date: split.ex_date,
                price: decimal::ratio(old, new),
                volume: decimal::ratio(new, old),
            });
        }
    }
    found
}

fn adjusted(bar: Candle, factors: &[Factor]) -> Candle {
    let date = new_york::date(bar.start);
    let later = factors.iter().filter(|factor| factor.ex_date > date);
    let one = (Decimal::ONE, Decimal::ONE);
    let (price, volume) = later.fold(one, |(price, volume), factor| {
        (price * factor.price, volume * factor.volume)
    });
    if (price, volume) == one {
        bar
    } else {
        bar.scaled(price.round_dp(9), volume.round_dp(9))
    }
}

pub(crate) fn bar_json(bar: &Candle) -> Value {
    let price = |price| decimal::number(decimal::of_price(price));
    json!({
        "t": bar.start.to_string(),
        "o": price(bar.open), "h": price(bar.high), "l": price(bar.low), "c": price(bar.close),
        "v": bar.volume, "n": bar.trades, "vw": decimal::number(bar.average()),
    })
}

pub(crate) fn trade_json(print: &Print, venue: &str, tape: &str) -> Value {
    let conditions: &[&str] = match (print.extended, print.size < 100) {
        (false, false) => &["@"],
        (false, true) => &["@", "I"],
        (true, false) => &["@", "T"],
        (true, true) => &["@", "T", "I"],
    };
    json!({
        "t": print.at.to_string(), "x": venue, "p": decimal::number(decimal::of_price(print.price)),
        "s": print.size, "c": conditions, "i": print.id, "z": tape,
    })
}

pub(crate) fn quote_json(quote: &Quoted, venue: &str, tape: &str) -> Value {
    let price = |price| decimal::number(decimal::of_price(price));
    json!({
        "t": quote.at.to_string(),
        "ax": venue, "ap": price(quote.ask), "as": quote.ask_size,
        "bx": venue, "bp": price(quote.bid), "bs": quote.bid_size,
        "c": ["R"], "z": tape,
    })
}

fn write_token(symbol: &str, kind: Kind, at: Timestamp) -> String {
    let letter = kind
        .name()
        .chars()
        .next()
        .unwrap_or('b')
        .to_ascii_uppercase();
    BASE64.encode(format!("{symbol}|{letter}|{at}"))
}

fn read_token(request: &Request, kind: Kind) -> Result<Option<(String, Timestamp)>, Refusal> {
    let Some(token) = request.asked("page_token") else {
        return Ok(None);
    };
    let read = || {
        let text = String::from_utf8(BASE64.decode(token).ok()?).ok()?;
        let mut parts = text.split('|');
        let symbol = parts.next()?.to_owned();
        let letter = kind.name().chars().next()?.to_ascii_uppercase().to_string();
        (parts.next()? == letter).then_some(())?;
        Some((symbol, parts.next()?.parse().ok()?))
    };
    read().map(Some).ok_or_else(|| wrong("invalid page_token"))
}

/// The token of a page that begins at a place of a list.
pub(super) fn token_of_place(place: usize) -> String {
    BASE64.encode(format!("place|{place}"))
}

pub(super) fn place_token(request: &Request) -> Result<usize, Refusal> {
    let Some(token) = request.asked("page_token") else {
        return Ok(0);
    };
    let read = || {
        let text = String::from_utf8(BASE64.decode(token).ok()?).ok()?;
        text.strip_prefix("place|")?.parse().ok()
    };
    read().ok_or_else(|| wrong("invalid page_token"))
}
