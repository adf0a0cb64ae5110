//! Clocks, calendars and auctions of markets.

use super::super::auction::Auctions;
use super::super::markets::{MarketClock, MarketDay};
use super::super::words::MarketPhase;
use super::*;

#[test]
fn clocks_and_calendars_of_markets_read() {
    let clocks = read(CLOCKS, MarketClock::read_all);
    let [new_york, tokyo] = &clocks[..] else {
        panic!("{clocks:?}");
    };
    assert_eq!(
        (&*new_york.market, &new_york.phase),
        ("XNYS", &MarketPhase::Core)
    );
    let closes = new_york.next_close.unwrap().to_string();
    assert_eq!(closes, "2026-11-27T18:00:00Z");
    assert!(!tokyo.phase.is_known() && tokyo.is_market_day.is_none());
    let days = read(MARKET_CALENDAR, MarketDay::read_all);
    assert_eq!(days[0].core.1.to_string(), "2026-11-27T18:00:00Z");
    assert_eq!(days[0].pre.unwrap().0.to_string(), "2026-11-27T09:00:00Z");
    assert_eq!(days[0].post, None);
    assert_eq!(days[0].settlement, NaiveDate::from_ymd_opt(2026, 11, 30));
}

#[test]
fn auctions_read_with_their_official_prices() {
    let page = read(AUCTIONS, |view| {
        Page::read(view, "auctions", Auctions::read)
    });
    let (symbol, day) = &page.items[0];
    assert_eq!((symbol.as_str(), page.bad), ("SPY", 0));
    assert_eq!((day.opening.len(), day.closing[0].size), (2, None));
    assert_eq!(
        day.official(),
        (Some(price("661.2")), Some(price("663.05")))
    );
}
