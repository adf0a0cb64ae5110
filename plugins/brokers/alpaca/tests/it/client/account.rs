//! Questions beside orders: the account, its settings, the clock, the calendar, assets.

use chrono::NaiveDate;
use trader_broker_alpaca::face::{AskError, Inquiry, Keys, Trading, TradingSettings, outlet};
use trader_broker_alpaca::wire::refusal::Reason;
use trader_broker_alpaca::wire::request::ConfigurationChange;
use trader_broker_alpaca::wire::words::MarketPhase;
use trader_contract::{BrokerEvent, OrderKind, OrderRole, ReportStatus, Side};

use super::harness::{World, clock, far, keys, name, order};

#[test]
fn account_settings_clock_calendar_and_assets_answer() {
    let world = World::new();
    let trader = world.trader();
    let trading = &trader.trading;
    world.runtime.block_on(async {
        let account = trading.account().await.unwrap();
        assert!(account.obstacle().is_none() && account.cash().is_some());
        let change = ConfigurationChange {
            no_shorting: Some(true),
            ..ConfigurationChange::default()
        };
        assert_eq!(
            trading.configure(&change).await.unwrap().no_shorting,
            Some(true)
        );
        assert_eq!(
            trading.configuration().await.unwrap().no_shorting,
            Some(true)
        );
        let shown = trading.clock().await.unwrap();
        assert!(shown.is_open);
        let skew = shown.at.since(clock()).unsigned_abs();
        assert!(skew < 30_000_000_000, "{skew}");
        let day = |d| NaiveDate::from_ymd_opt(2026, 11, d).unwrap();
        let days = trading.calendar(day(25), day(30)).await.unwrap();
        let dates: Vec<_> = days.iter().map(|day| day.date).collect();
        assert_eq!(dates, [day(25), day(27), day(30)]);
        assert_eq!(days[1].close.to_string(), "13:00:00");
        assert!(trading.skew().await.unwrap().unsigned_abs() < 30_000_000_000);
        let unknown = trading
            .asset_event("NOSUCH".parse().unwrap())
            .await
            .unwrap();
        assert!(matches!(
            unknown,
            BrokerEvent::Asset {
                tradable: false,
                shortable: false,
                ..
            }
        ));
        let asset = trading
            .asset("AAPL".parse().unwrap())
            .await
            .unwrap()
            .unwrap();
        assert!(asset.is_tradable() && asset.is_shortable());
        assert_eq!(
            trading.asset("NOSUCH".parse().unwrap()).await.unwrap(),
            None
        );
        let (assets, bad) = trading.assets().await.unwrap();
        assert!(assets.len() >= 3 && bad == 0);
    });
}

#[test]
fn who_only_looks_is_told_account_clocks_and_calendars_and_disturbs_nobody() {
    let world = World::new();
    let trader = world.trader();
    let inquiry = Inquiry::new(&world.endpoint(), &keys(), clock).unwrap();
    world.runtime.block_on(async {
        assert!(inquiry.account().await.unwrap().obstacle().is_none());
        let (shown, ahead) = inquiry.clock().await.unwrap();
        assert!(shown.is_open && ahead.unsigned_abs() < 30_000_000_000);
        let day = |d| NaiveDate::from_ymd_opt(2026, 11, d).unwrap();
        assert_eq!(inquiry.calendar(day(25), day(30)).await.unwrap().len(), 3);
        let clocks = inquiry.market_clocks(&["XNYS", "XNAS"]).await.unwrap();
        assert_eq!(clocks.len(), 2);
        assert!(clocks.iter().all(|clock| clock.phase == MarketPhase::Core));
        let days = inquiry.market_calendar("XNYS", (day(27), day(27))).await;
        let core = days.unwrap()[0].core;
        assert_eq!(core.1.to_string(), "2026-11-27T18:00:00Z");
    });
    // The trading connection is the one it was.
    assert_eq!(trader.trading.counts().connections, 1);
}

#[test]
fn positions_are_closed_and_orders_cancelled_by_hand() {
    let world = World::new();
    let mut trader = world.trader();
    let (bought, waits) = (name(1, OrderRole::Entry), name(2, OrderRole::Entry));
    trader.submit(order(bought, Side::Buy, OrderKind::Market));
    trader.report(bought, ReportStatus::Filled);
    trader.submit(order(waits, Side::Buy, far(Side::Buy)));
    trader.report(waits, ReportStatus::New);
    world.runtime.block_on(async {
        let positions = trader.trading.positions().await.unwrap();
        assert_eq!(positions[0].net.to_string(), "12");
        let cancelled = trader.trading.cancel_all().await.unwrap();
        assert_eq!((cancelled.len(), cancelled[0].status), (1, 200));
    });
    trader.report(waits, ReportStatus::Cancelled);
    let closing = world
        .runtime
        .block_on(trader.trading.close_position("AAPL".parse().unwrap(), None))
        .unwrap();
    assert_eq!(closing.quantity().unwrap().whole_shares(), 12);
    let lines = world
        .runtime
        .block_on(trader.trading.activities(Some("FILL"), None))
        .unwrap();
    assert!(!lines.is_empty());
}

#[test]
fn wrong_keys_are_told_as_such_and_not_tried_again_and_again() {
    let world = World::new();
    let _inside = world.runtime.enter();
    let (queue, events) = std::sync::mpsc::sync_channel::<BrokerEvent>(8);
    let settings = TradingSettings::new(Keys::new("wrong", "keys"), clock);
    let outlet = outlet(queue, |event| event, Some);
    let trading = Trading::start(&world.endpoint(), settings, &[], outlet).unwrap();
    let error = world.runtime.block_on(trading.account()).unwrap_err();
    assert!(
        matches!(
            error,
            AskError::Refused {
                reason: Reason::Unauthorized,
                ..
            }
        ),
        "{error}"
    );
    // The stream says why it does not stand, once.
    let told = events.recv_timeout(std::time::Duration::from_secs(10));
    assert!(
        matches!(&told, Ok(BrokerEvent::Link { up: false, why }) if why.contains("refused the keys")),
        "{told:?}"
    );
    assert!(events.try_recv().is_err());
    assert_eq!(trading.counts().connections, 0);
}

#[test]
fn what_is_asked_of_a_connection_that_stopped_fails_at_once() {
    let world = World::new();
    let (queue, events) = std::sync::mpsc::sync_channel::<BrokerEvent>(8);
    let inside = world.runtime.enter();
    let settings = TradingSettings::new(super::harness::keys(), clock);
    let outlet = outlet(queue, |event| event, Some);
    let trading = Trading::start(&world.endpoint(), settings, &[], outlet).unwrap();
    drop(inside);
    // Nobody hears its events any more: it stops with the next one.
    drop(events);
    while trading
        .request(trader_contract::BrokerRequest::Snapshot {
            number: 1,
            since: clock(),
        })
        .is_ok()
    {
        std::thread::yield_now();
    }
    let failed = trading.request(trader_contract::BrokerRequest::Submit(order(
        name(1, OrderRole::Entry),
        Side::Buy,
        OrderKind::Market,
    )));
    assert!(matches!(
        *failed.unwrap_err(),
        BrokerEvent::SubmitFailed { .. }
    ));
}
