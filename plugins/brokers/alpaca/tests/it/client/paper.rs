//! Against Alpaca's own paper trading, where `TRADER_ALPACA_PAPER` names a file with the keys of a paper
//! account (mode 0600, two lines: key id and secret). Without it nothing is done. It buys and sells
//! nothing: one order far from the market is placed and cancelled.

use std::path::PathBuf;
use std::sync::mpsc::sync_channel;

use trader_broker_alpaca::face::{
    DataChannel, Feed, FeedItem, MarketData, MarketDataSettings, Paper, Subscriptions, Trading,
    TradingSettings, credentials, outlet,
};
use trader_contract::{
    BrokerEvent, BrokerRequest, ClientOrderId, Epoch, FeedEvent, IntentNo, OrderKind, OrderRole,
    Side, Timestamp,
};

use super::harness::{order, price, until};

const VARIABLE: &str = "TRADER_ALPACA_PAPER";

/// The machine's clock: Alpaca's own is the other side.
#[expect(clippy::disallowed_methods, reason = "the clock of this test")]
fn clock() -> Timestamp {
    Timestamp::from_utc(std::time::SystemTime::now().into())
}

/// An id that no other run has used: ids are unique for ever.
fn fresh() -> ClientOrderId {
    let seconds = clock().seconds();
    ClientOrderId {
        epoch: Epoch(u32::try_from(seconds).unwrap()),
        session: 20_261_125,
        intent: IntentNo(1),
        role: OrderRole::Entry,
        attempt: 1,
    }
}

#[test]
fn paper_trading_answers_streams_and_takes_an_order() {
    let Some(file) = std::env::var_os(VARIABLE).map(PathBuf::from) else {
        eprintln!("{VARIABLE} is not set: Alpaca's paper trading is not asked");
        return;
    };
    let keys = credentials::load("alpaca", Some(&file)).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _inside = runtime.enter();
    let (queue, events) = sync_channel(1_024);
    let events_out = outlet(queue, |event| event, Some);
    let settings = TradingSettings::new(keys.clone(), clock);
    let trading = Trading::start(&Paper::new(), settings, &[], events_out).unwrap();
    until(&events, "the link", |event| {
        matches!(event, BrokerEvent::Link { up: true, .. })
    });
    runtime.block_on(async {
        let account = trading.account().await.unwrap();
        assert!(
            account.is_paper(),
            "these are not the keys of a paper account"
        );
        assert_eq!(account.obstacle(), None);
        assert!(trading.skew().await.unwrap().unsigned_abs() < 5_000_000_000);
        let asset = trading.asset("AAPL".parse().unwrap()).await.unwrap();
        assert!(asset.unwrap().is_tradable());
    });
    let since = clock().plus_minutes(-60);
    trading
        .request(BrokerRequest::Snapshot { number: 1, since })
        .unwrap();
    until(&events, "the snapshot", |event| {
        matches!(event, BrokerEvent::Snapshot(_))
    });
    let id = fresh();
    let limit = price("1.5");
    let far = order(id, Side::Buy, OrderKind::Limit { limit });
    trading.request(BrokerRequest::Submit(far)).unwrap();
    until(
        &events,
        "the order",
        |event| matches!(event, BrokerEvent::Order(report) if report.client_id == id),
    );
    trading.request(BrokerRequest::Cancel(id)).unwrap();
    until(
        &events,
        "its end",
        |event| matches!(event, BrokerEvent::Order(report) if report.client_id == id && report.status.state().is_terminal()),
    );
    let (queue, items) = sync_channel(1_024);
    let items_out = outlet(queue, |item| item, Some);
    let settings = MarketDataSettings::new(keys, Feed::Iex, clock);
    let wanted = Subscriptions::NONE.with(DataChannel::Bars, "AAPL");
    let data = MarketData::start(&Paper::new(), settings, wanted, items_out).unwrap();
    until(&items, "the feed", |item| {
        matches!(item, FeedItem::Feed(FeedEvent::Link { up: true, .. }))
    });
    let latest = runtime.block_on(data.history().latest_bars(&["AAPL".parse().unwrap()]));
    assert_eq!(latest.unwrap().len(), 1);
}
