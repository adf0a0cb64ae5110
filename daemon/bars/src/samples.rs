//! Rows for tests: plain ones, and random ones of every kind.

#![expect(clippy::arithmetic_side_effects, reason = "small numbers of a test")]

use proptest::prelude::*;
use trader_contract::{Bar, Price, Timestamp};

use crate::rows::{QuoteBar, QuoteSide, QuoteTick, Rows, SideBar, TradeTick};
use crate::series::{Kind, Resolution, Series};

/// The open of 2013-10-07.
pub(crate) const START: Timestamp = Timestamp::from_seconds(1_381_152_600);
/// One-minute bars.
pub(crate) const MINUTES: Kind = Kind::Bars(Resolution::Minute);

/// A series of the symbol of all tests.
pub(crate) fn series(kind: Kind) -> Series {
    Series {
        symbol: "SPY".parse().unwrap(),
        kind,
    }
}

/// A bar around a price in cents.
pub(crate) fn bar(start: Timestamp, cents: i64) -> Bar {
    let price = |cents| Price::from_cents(cents).unwrap();
    let prices = [cents, cents + 2, cents - 2, cents + 1].map(price);
    Bar::new(start, prices, cents.unsigned_abs()).unwrap()
}

/// Bars of consecutive minutes.
pub(crate) fn minutes(start: Timestamp, count: usize) -> Vec<Bar> {
    (0..count)
        .map(|n| i64::try_from(n).unwrap())
        .map(|n| bar(start.plus_minutes(n), 10_000 + n % 97))
        .collect()
}

fn prices() -> impl Strategy<Value = [Price; 4]> {
    let price = 1..=Price::MAX_MICROS;
    [price.clone(), price.clone(), price.clone(), price].prop_map(|mut sorted| {
        sorted.sort_unstable();
        let [low, open, close, high] = sorted.map(|micros| Price::from_micros(micros).unwrap());
        [open, high, low, close]
    })
}

fn count() -> impl Strategy<Value = u64> {
    prop_oneof![0..100_000_u64, 0..=i64::MAX.unsigned_abs()]
}

fn side() -> impl Strategy<Value = Option<SideBar>> {
    let side = (prices(), count()).prop_map(|([open, high, low, close], size)| SideBar {
        open,
        high,
        low,
        close,
        size,
    });
    prop::option::of(side)
}

fn tick() -> impl Strategy<Value = TradeTick> {
    let text = "[A-Z0-9é]{0,3}";
    (1..=Price::MAX_MICROS, count(), text, text, any::<bool>()).prop_map(
        |(micros, size, exchange, condition, suspicious)| TradeTick {
            at: START,
            price: Price::from_micros(micros).unwrap(),
            size,
            exchange: exchange.into(),
            condition: condition.into(),
            suspicious,
        },
    )
}

/// Rows with steps of time between them, 0 allowed where times repeat.
fn stepped<T: std::fmt::Debug + Clone>(
    row: impl Strategy<Value = T>,
    least: i64,
    set: fn(T, Timestamp) -> T,
) -> impl Strategy<Value = Vec<T>> {
    prop::collection::vec((row, least..9_000_i64), 1..50).prop_map(move |rows| {
        let mut at = START;
        let next = |(row, millis): (T, i64)| {
            at = at.plus_nanos(millis * 1_000_000);
            set(row, at)
        };
        rows.into_iter().map(next).collect()
    })
}

/// Up to 50 rows of any kind, from [`START`] on, a few seconds apart.
pub(crate) fn any_rows() -> impl Strategy<Value = (Kind, Rows)> {
    let bars = (prices(), count()).prop_map(|(prices, volume)| Bar::new(START, prices, volume));
    let bars = stepped(bars, 1, |bar, start| Ok(Bar { start, ..bar? }));
    let bars = bars.prop_map(|bars| Rows::Bars(bars.into_iter().map(Result::unwrap).collect()));
    let quotes = (side(), side()).prop_map(|(bid, ask)| QuoteBar {
        start: START,
        bid,
        ask,
    });
    let quotes = stepped(quotes, 1, |row, start| QuoteBar { start, ..row });
    let trades = stepped(tick(), 0, |row, at| TradeTick { at, ..row });
    let quote_ticks = (tick(), any::<bool>()).prop_map(|(tick, bid)| QuoteTick {
        at: tick.at,
        side: if bid { QuoteSide::Bid } else { QuoteSide::Ask },
        price: tick.price,
        size: tick.size,
        exchange: tick.exchange,
        condition: tick.condition,
        suspicious: tick.suspicious,
    });
    let quote_ticks = stepped(quote_ticks, 0, |row, at| QuoteTick { at, ..row });
    prop_oneof![
        bars.prop_map(|rows| (Kind::Bars(Resolution::Second), rows)),
        quotes.prop_map(|rows| (Kind::Quotes(Resolution::Second), Rows::Quotes(rows))),
        trades.prop_map(|rows| (Kind::Trades, Rows::Trades(rows))),
        quote_ticks.prop_map(|rows| (Kind::QuoteTicks, Rows::QuoteTicks(rows))),
    ]
}
