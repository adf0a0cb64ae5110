//! Market data, streamed and asked for.

use trader_broker_alpaca::face::history::BarsOf;
use trader_broker_alpaca::face::{Adjustment, DataChannel, FeedItem, Subscriptions};
use trader_broker_alpaca::wire::Format;
use trader_contract::{Channel, FeedEvent, Symbol, Timestamp};

use super::harness::{World, clock, clock_ahead, until};

fn symbol(text: &str) -> Symbol {
    text.parse().unwrap()
}

fn is_link(item: &FeedItem, wanted: bool) -> bool {
    matches!(item, FeedItem::Feed(FeedEvent::Link { channel: Channel::Bars, up, .. }) if *up == wanted)
}

#[test]
fn quotes_and_bars_come_in_both_formats() {
    for format in [Format::Json, Format::MessagePack] {
        let world = World::new();
        let wanted = Subscriptions::NONE
            .with(DataChannel::Bars, "AAPL")
            .with(DataChannel::Quotes, "AAPL")
            .with(DataChannel::Trades, "AAPL");
        let (data, items) = world.data(|settings| settings.format = format, wanted);
        until(&items, "the link", |item| is_link(&item, true));
        world.admin("clock", r#"{"advance_seconds": 61}"#);
        let (mut bars, mut quotes) = (0, 0);
        until(&items, "a bar and a quote", |item| {
            match item {
                FeedItem::Bar { symbol: of, bar } => {
                    assert_eq!(of, symbol("AAPL"));
                    assert!(bar.high >= bar.low);
                    bars += 1;
                }
                FeedItem::Quote { quote, .. } => {
                    assert!(quote.bid <= quote.ask);
                    quotes += 1;
                }
                _ => {}
            }
            bars > 0 && quotes > 0
        });
        assert_eq!((data.counts().bad, data.counts().unknown), (0, 0));
    }
}

#[test]
fn a_cut_stream_comes_back_with_what_it_missed() {
    let world = World::new();
    let wanted = Subscriptions::NONE.with(DataChannel::Bars, "AAPL");
    let (_data, items) = world.data(|_| {}, wanted);
    until(&items, "the link", |item| is_link(&item, true));
    world.admin("clock", r#"{"advance_seconds": 61}"#);
    let mut newest = Timestamp::MIN;
    until(&items, "a bar", |item| match item {
        FeedItem::Bar { bar, .. } => {
            newest = bar.start;
            true
        }
        _ => false,
    });
    world.admin("streams", r#"{"cut": "v2/iex"}"#);
    until(&items, "the loss", |item| is_link(&item, false));
    until(&items, "the link", |item| is_link(&item, true));
    assert!(newest > Timestamp::MIN);
}

#[test]
fn minutes_that_a_lost_connection_missed_are_brought_before_it_is_up_again() {
    let world = World::new();
    let wanted = Subscriptions::NONE.with(DataChannel::Bars, "AAPL");
    let (_data, items) = world.data(|settings| settings.clock = clock_ahead, wanted);
    until(&items, "the link", |item| is_link(&item, true));
    world.admin("clock", r#"{"advance_seconds": 61}"#);
    let mut newest = Timestamp::MIN;
    until(&items, "a bar", |item| match item {
        FeedItem::Bar { bar, .. } => {
            newest = bar.start;
            true
        }
        _ => false,
    });
    // It stays away for some minutes of the simulator's time.
    world.admin("faults", r#"{"fault": "refuse_handshake", "status": 429}"#);
    world.admin("streams", r#"{"cut": "v2/iex"}"#);
    until(&items, "the loss", |item| is_link(&item, false));
    world.admin("clock", r#"{"advance_seconds": 300}"#);
    let mut missed = Vec::new();
    until(&items, "the link", |item| {
        if let FeedItem::Missed { bars, .. } = &item {
            missed.extend(bars.iter().map(|bar| bar.start));
        }
        is_link(&item, true)
    });
    assert!(missed.len() >= 3, "{missed:?}");
    assert!(missed.iter().all(|start| *start > newest) && missed.is_sorted());
}

#[test]
fn a_halt_is_told_and_its_end_too() {
    let world = World::new();
    let wanted = Subscriptions::NONE.with(DataChannel::Statuses, "AAPL");
    let (_data, items) = world.data(|_| {}, wanted);
    until(&items, "the link", |item| is_link(&item, true));
    for halted in [true, false] {
        world.admin(
            "halt",
            &format!(r#"{{"symbol": "AAPL", "halted": {halted}}}"#),
        );
        until(
            &items,
            "the status",
            |item| matches!(item, FeedItem::Halt { halted: told, .. } if told == halted),
        );
    }
}

#[test]
fn corrections_bands_and_changed_bars_are_read() {
    let world = World::new();
    let wanted = Subscriptions::NONE
        .with(DataChannel::Trades, "AAPL")
        .with(DataChannel::UpdatedBars, "AAPL")
        .with(DataChannel::Bands, "AAPL");
    let (data, items) = world.data(|_| {}, wanted);
    until(&items, "the link", |item| is_link(&item, true));
    for kind in ["correction", "cancel", "updated_bar", "luld"] {
        world.admin(
            "market",
            &format!(r#"{{"symbol": "AAPL", "kind": "{kind}"}}"#),
        );
    }
    // A changed bar comes half a minute after its minute.
    world.admin("clock", r#"{"advance_seconds": 30}"#);
    let mut seen = [false; 4];
    until(&items, "all of them", |item| {
        match item {
            FeedItem::Corrected { now: Some(_), .. } => seen[0] = true,
            FeedItem::Corrected { now: None, .. } => seen[1] = true,
            FeedItem::Revised { .. } => seen[2] = true,
            FeedItem::Bands { low, high, .. } => seen[3] = low < high,
            _ => {}
        }
        seen == [true; 4]
    });
    assert_eq!(data.counts().bad, 0);
}

#[test]
fn a_second_connection_of_the_same_feed_is_not_fought_over() {
    let world = World::new();
    let wanted = || Subscriptions::NONE.with(DataChannel::Bars, "AAPL");
    let (first, items) = world.data(|_| {}, wanted());
    until(&items, "the link", |item| is_link(&item, true));
    let (second, others) = world.data(|_| {}, wanted());
    // It is let in once the first has gone.
    world.runtime.block_on(first.stop());
    until(&others, "the link", |item| is_link(&item, true));
    assert_eq!(second.counts().connections, 1);
}

#[test]
fn the_past_is_walked_page_by_page() {
    let world = World::new();
    let (data, _items) = world.data(|_| {}, Subscriptions::NONE);
    let history = data.history();
    let symbols = [symbol("AAPL"), symbol("MSFT"), symbol("SPY")];
    world.runtime.block_on(async {
        let to = clock().plus_minutes(-20);
        let bars = history
            .minutes(&symbols, to.plus_minutes(-30), to)
            .await
            .unwrap();
        for wanted in symbols {
            let of: Vec<_> = bars.iter().filter(|(of, _)| *of == wanted).collect();
            assert!(!of.is_empty() && of.windows(2).all(|pair| pair[0].1.start < pair[1].1.start));
        }
        let latest = history.latest_bars(&symbols).await.unwrap();
        assert_eq!(latest.len(), 3);
        let quotes = history.latest_quotes(&symbols).await.unwrap();
        assert!(quotes.iter().all(|(_, quote)| quote.bid <= quote.ask));
        let snapshots = history.snapshots(&symbols).await.unwrap();
        assert!(
            snapshots
                .iter()
                .all(|(_, snapshot)| snapshot.quote.is_some())
        );
        let of = BarsOf {
            symbols: &symbols,
            timeframe: "1Day",
            from: to.plus_minutes(-7 * 24 * 60),
            to,
            adjustment: Adjustment::All,
        };
        assert!(history.bars_page(of, None).await.unwrap().items.len() >= 3);
        let trades = history
            .trades_page(symbols[0], (to.plus_minutes(-1), to), None)
            .await
            .unwrap();
        assert_eq!(trades.bad, 0);
        let day = |d| chrono::NaiveDate::from_ymd_opt(2026, 11, d).unwrap();
        let actions = history
            .actions(&symbols, (day(1), day(30)), || {})
            .await
            .unwrap();
        assert_eq!(actions.1, 0);
        let auctions = history
            .auctions_page(&symbols[..1], (day(23), day(24)), None)
            .await
            .unwrap();
        assert_eq!((auctions.items.len(), auctions.bad), (2, 0));
        let official = auctions.items[0].1.official();
        assert!(official.0.is_some() && official.1.is_some());
        let news = history
            .news_page(&symbols, to.plus_minutes(-7 * 24 * 60), None)
            .await
            .unwrap();
        assert_eq!(news.bad, 0);
        let (gainers, losers) = history.movers(5).await.unwrap();
        assert!(gainers.len() <= 5 && losers.len() <= 5);
        assert!(!history.most_active(5).await.unwrap().is_empty());
    });
}
