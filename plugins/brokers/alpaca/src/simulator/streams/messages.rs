//! What the market data streams say about a stretch of time: a function of the market, so that it
//! does not matter in which steps the time passes.

use serde_json::{Value, json};
use trader_calendar::new_york;
use trader_contract::Timestamp;

use super::data::{Dialogue, Endpoint};
use crate::simulator::market::{Feed, Timeframe};
use crate::simulator::rest::data;
use crate::simulator::world::World;

/// The symbol of the test stream.
const TEST_SYMBOL: &str = "FAKEPACA";

/// A message and when it is due.
type Due = (Timestamp, Value);

/// What a connection hears of the time after `from` up to `to`, oldest first.
pub(super) fn between(
    world: &mut World,
    endpoint: Endpoint,
    dialogue: &Dialogue,
    (from, to): (Timestamp, Timestamp),
) -> Vec<Due> {
    let mut due = match endpoint {
        Endpoint::News => news(world, dialogue, (from, to)),
        Endpoint::Test => test(dialogue, (from, to)),
        // There are no options to tell of.
        Endpoint::Opra | Endpoint::Indicative => Vec::new(),
        Endpoint::Sip => of_feed(world, Feed::Sip, dialogue, (from, to)),
        Endpoint::Iex => of_feed(world, Feed::Iex, dialogue, (from, to)),
        Endpoint::DelayedSip => {
            let late = |at: Timestamp| at.plus_minutes(data::WITHHELD_MINUTES.saturating_neg());
            of_feed(world, Feed::Sip, dialogue, (late(from), late(to)))
        }
    };
    due.sort_by_key(|(at, _)| *at);
    due
}

fn of_feed(
    world: &mut World,
    feed: Feed,
    dialogue: &Dialogue,
    (from, to): (Timestamp, Timestamp),
) -> Vec<Due> {
    let mut due = Vec::new();
    for asset in 0..world.market.assets().len() {
        let Some(listed) = world.market.asset(asset) else {
            continue;
        };
        let (symbol, tape) = (listed.symbol, listed.tape());
        let symbol = symbol.as_str();
        let venue = data::venue(world, asset, feed);
        let range = (from.plus_nanos(1), to);
        if dialogue.wants("trades", symbol) {
            let prints = world.market.prints(asset, range, feed, usize::MAX);
            let tell = |print| named("t", symbol, data::trade(print, venue, tape));
            due.extend(prints.iter().map(|print| (print.at, tell(print))));
        }
        if dialogue.wants("quotes", symbol) {
            let quotes = world.market.quotes(asset, range, usize::MAX);
            let tell = |quote| named("q", symbol, data::quote(quote, venue, tape));
            due.extend(quotes.iter().map(|quote| (quote.at, tell(quote))));
        }
        let (bars, days) = (
            dialogue.wants("bars", symbol),
            dialogue.wants("dailyBars", symbol),
        );
        if bars || days {
            for bar in ended(world, asset, (from, to)) {
                let at = bar.start.plus_minutes(1);
                let Some(minute) = world.market.candle(asset, &bar, feed) else {
                    continue;
                };
                if bars {
                    due.push((at, named("b", symbol, data::bar(&minute))));
                }
                let day = days.then(|| {
                    world
                        .market
                        .daily(asset, new_york::date(bar.start), at, feed)
                });
                if let Some(day) = day.flatten() {
                    let start = Timeframe::Day.start_of(day.start);
                    let day = day.starting(start);
                    due.push((at, named("d", symbol, data::bar(&day))));
                }
            }
        }
    }
    due
}

/// The minutes that ended after `from` and up to `to`.
fn ended(
    world: &mut World,
    asset: usize,
    (from, to): (Timestamp, Timestamp),
) -> Vec<trader_contract::Bar> {
    let calendar = world.market.calendar().clone();
    let first = new_york::date(from).max(calendar.first_covered());
    let last = new_york::date(to).min(calendar.last_covered());
    if first > last {
        return Vec::new();
    }
    let mut found = Vec::new();
    for session in calendar.sessions(first..=last).unwrap_or_default() {
        let bars = world.market.minutes(asset, session.date);
        let ends_at = |bar: &trader_contract::Bar| bar.start.plus_minutes(1);
        let begin = bars.partition_point(|bar| ends_at(bar) <= from);
        let end = bars.partition_point(|bar| ends_at(bar) <= to);
        found.extend_from_slice(bars.get(begin..end).unwrap_or_default());
    }
    found
}

fn news(world: &World, dialogue: &Dialogue, (from, to): (Timestamp, Timestamp)) -> Vec<Due> {
    let mut due = Vec::new();
    for article in data::articles(&world.market, from.plus_nanos(1), to) {
        let symbol = world.market.asset(article.asset).map(|asset| asset.symbol);
        let wanted = symbol.is_some_and(|symbol| dialogue.wants("news", symbol.as_str()));
        if let (true, Value::Object(mut message)) = (wanted, article.json) {
            message.remove("images");
            message.insert("T".to_owned(), json!("n"));
            due.push((article.at, Value::Object(message)));
        }
    }
    due
}

/// The test stream trades at any hour: every second a trade and a quote, every minute a bar.
fn test(dialogue: &Dialogue, (from, to): (Timestamp, Timestamp)) -> Vec<Due> {
    let mut due = Vec::new();
    let first = from.seconds().saturating_add(1);
    for second in first..=to.nanos().div_euclid(Timestamp::SECOND) {
        let at = Timestamp::from_seconds(second);
        let cents = second.rem_euclid(60).saturating_add(10_000);
        let price = |cents: i64| {
            let decimal = rust_decimal::Decimal::new(cents, 2);
            crate::simulator::decimal::number(decimal)
        };
        let t = at.to_string();
        if dialogue.wants("trades", TEST_SYMBOL) {
            due.push((
                at,
                json!({"T": "t", "S": TEST_SYMBOL, "i": second, "x": "N", "p": price(cents),
                "s": 100, "c": ["@"], "t": t, "z": "A"}),
            ));
        }
        if dialogue.wants("quotes", TEST_SYMBOL) {
            due.push((at, json!({"T": "q", "S": TEST_SYMBOL, "ax": "N", "ap": price(cents.saturating_add(1)),
                "as": 200, "bx": "N", "bp": price(cents.saturating_sub(1)), "bs": 100, "c": ["R"], "t": t, "z": "A"})));
        }
        if second.rem_euclid(60) == 0 && dialogue.wants("bars", TEST_SYMBOL) {
            let start = at.plus_minutes(-1).to_string();
            due.push((
                at,
                json!({"T": "b", "S": TEST_SYMBOL, "o": 100, "h": 100.59, "l": 100, "c": 100.59,
                "v": 6_000, "n": 60, "vw": 100.295, "t": start}),
            ));
        }
    }
    due
}

fn named(kind: &str, symbol: &str, mut message: Value) -> Value {
    if let Value::Object(members) = &mut message {
        members.insert("T".to_owned(), json!(kind));
        members.insert("S".to_owned(), json!(symbol));
    }
    message
}
