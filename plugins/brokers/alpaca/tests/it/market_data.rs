//! The market data API: bars, trades, quotes, snapshots and what is around them.

use serde_json::{Value, json};

use crate::harness::Sim;

#[tokio::test]
async fn bars_are_paged_over_symbols_together() {
    let sim = Sim::start().await;
    let query = "symbols=SPY,AAPL,NOPE&timeframe=1Min&start=2026-09-15T13:30:00Z&end=2026-09-15T13:39:00Z&limit=7";
    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let page = sim.get(&format!("/v2/stocks/bars?{query}{token}")).await;
        let mut count = 0;
        for (symbol, bars) in page["bars"].as_object().unwrap() {
            for bar in bars.as_array().unwrap() {
                seen.push((symbol.clone(), bar["t"].as_str().unwrap().to_owned()));
                count += 1;
            }
        }
        assert!(count <= 7);
        match page["next_page_token"].as_str() {
            Some(next) => token = format!("&page_token={}", next.replace('=', "%3D")),
            None => break,
        }
    }
    assert_eq!(seen.len(), 20);
    let mut sorted = seen.clone();
    sorted.sort();
    assert_eq!(seen, sorted, "by symbol, then by time");
}

#[tokio::test]
async fn a_bar_is_there_when_its_minute_is_over() {
    let sim = Sim::start().await;
    let last = async || sim.get("/v2/stocks/AAPL/bars/latest").await["bar"]["t"].clone();
    assert_eq!(last().await, "2026-09-15T14:29:00Z");
    sim.pass(59.0).await;
    assert_eq!(last().await, "2026-09-15T14:29:00Z");
    sim.pass(1.0).await;
    assert_eq!(last().await, "2026-09-15T14:30:00Z");
}

#[tokio::test]
async fn prints_reach_the_corners_of_their_minute_and_add_up_to_its_volume() {
    let sim = Sim::start().await;
    let range = "start=2026-09-15T14:00:00Z&end=2026-09-15T14:00:59.999999999Z";
    let bar = sim
        .get(&format!("/v2/stocks/AAPL/bars?timeframe=1Min&{range}"))
        .await["bars"][0]
        .clone();
    let trades = sim.get(&format!("/v2/stocks/AAPL/trades?{range}")).await;
    let trades = trades["trades"].as_array().unwrap();
    let prices: Vec<f64> = trades
        .iter()
        .map(|trade| trade["p"].as_f64().unwrap())
        .collect();
    let corner = |name: &str| bar[name].as_f64().unwrap();
    let reaches = |price: f64| prices.iter().any(|print| (print - price).abs() < 0.0101);
    assert!(
        reaches(corner("h")) && reaches(corner("l")),
        "{bar} {prices:?}"
    );
    assert!((prices[0] - corner("o")).abs() < 0.0101);
    assert!((prices[prices.len() - 1] - corner("c")).abs() < 0.0101);
    let volume: u64 = trades
        .iter()
        .map(|trade| trade["s"].as_u64().unwrap())
        .sum();
    assert_eq!(
        (volume, trades.len() as u64),
        (bar["v"].as_u64().unwrap(), bar["n"].as_u64().unwrap())
    );
}

#[tokio::test]
async fn longer_bars_are_made_of_minutes_and_days_start_at_midnight_in_new_york() {
    let sim = Sim::start().await;
    for frame in ["5Min", "1Hour", "1Day", "1Week", "1Month"] {
        let path = format!("/v2/stocks/AAPL/bars?timeframe={frame}&start=2026-06-01&limit=10000");
        let bars = sim.get(&path).await;
        assert!(bars["bars"].as_array().unwrap().len() > 2, "{frame}");
    }
    let day = sim
        .get("/v2/stocks/AAPL/bars?timeframe=1Day&start=2026-09-14&end=2026-09-14")
        .await;
    assert_eq!(day["bars"][0]["t"], "2026-09-14T04:00:00Z");
    for wrong in ["60Min", "2Day", "5Month", "x"] {
        assert_eq!(
            sim.try_get(&format!("/v2/stocks/AAPL/bars?timeframe={wrong}"))
                .await
                .0,
            400,
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn dividends_are_taken_out_of_adjusted_bars() {
    let sim = Sim::start().await;
    let bars = async |adjustment: &str| {
        let range = "start=2026-08-07&end=2026-08-11";
        sim.get(&format!(
            "/v2/stocks/AAPL/bars?timeframe=1Day&{range}&adjustment={adjustment}"
        ))
        .await["bars"]
            .clone()
    };
    let (raw, adjusted) = (bars("raw").await, bars("all").await);
    let close = |bars: &Value, day: usize| bars[day]["c"].as_f64().unwrap();
    let paid = close(&raw, 0) - close(&adjusted, 0);
    assert!((paid - 0.26).abs() < 0.01, "{paid}");
    assert_eq!(raw[1], adjusted[1], "nothing changes from the ex-date on");
}

#[tokio::test]
async fn symbols_without_data_are_absent_and_malformed_ones_are_refused() {
    let sim = Sim::start().await;
    let none = sim.get("/v2/stocks/bars?symbols=NOPE&timeframe=1Min").await;
    assert_eq!(none, json!({"bars": {}, "next_page_token": null}));
    assert_eq!(
        sim.try_get("/v2/stocks/bars?symbols=a%20b&timeframe=1Min")
            .await
            .0,
        400
    );
    assert_eq!(sim.try_get("/v2/stocks/bars?timeframe=1Min").await.0, 400);
    assert_eq!(
        sim.try_get("/v2/stocks/bars?symbols=AAPL&timeframe=1Min&page_token=x")
            .await
            .0,
        400
    );
    assert_eq!(
        sim.try_get("/v2/stocks/bars?symbols=AAPL&timeframe=1Min&limit=10001")
            .await
            .0,
        400
    );
}

#[tokio::test]
async fn snapshots_have_no_wrapper_and_trades_go_both_ways() {
    let sim = Sim::start().await;
    let shown = sim.get("/v2/stocks/snapshots?symbols=AAPL,SPY").await;
    assert_eq!(shown.as_object().unwrap().len(), 2);
    for part in [
        "latestTrade",
        "latestQuote",
        "minuteBar",
        "dailyBar",
        "prevDailyBar",
    ] {
        assert!(shown["AAPL"][part].is_object(), "{part}");
    }
    let single = sim.get("/v2/stocks/SPY/snapshot").await;
    assert_eq!(
        (&single["symbol"], &single["dailyBar"]),
        (&json!("SPY"), &shown["SPY"]["dailyBar"])
    );
    let newest = sim.get("/v2/stocks/AAPL/trades?sort=desc&limit=1").await;
    assert_eq!(newest["trades"][0], shown["AAPL"]["latestTrade"]);
    let iex = sim.get("/v2/stocks/AAPL/bars/latest?feed=iex").await;
    assert!(iex["bar"]["v"].as_u64() < shown["AAPL"]["minuteBar"]["v"].as_u64());
}

#[tokio::test]
async fn a_week_of_minutes_is_there() {
    let sim = Sim::start().await;
    for symbol in ["AAPL", "MSFT", "SPY"] {
        let path = format!(
            "/v2/stocks/{symbol}/bars?timeframe=1Min&start=2026-09-01T00:00:00Z&limit=10000"
        );
        let bars = sim.get(&path).await;
        assert_eq!(
            bars["bars"].as_array().unwrap().len(),
            9 * 390 + 60,
            "{symbol}"
        );
    }
}

#[tokio::test]
async fn news_actions_screeners_and_auctions() {
    let sim = Sim::start().await;
    let first = sim.get("/v1beta1/news?symbols=AAPL&limit=2").await;
    let token = first["next_page_token"]
        .as_str()
        .unwrap()
        .replace('=', "%3D");
    let second = sim
        .get(&format!(
            "/v1beta1/news?symbols=AAPL&limit=2&page_token={token}"
        ))
        .await;
    assert!(second["news"][0]["created_at"].as_str() < first["news"][1]["created_at"].as_str());
    let actions = sim
        .get("/v1/corporate-actions?symbols=KO&start=2026-01-01&end=2026-09-30")
        .await;
    assert_eq!(
        actions["corporate_actions"]["cash_dividends"][0]["rate"],
        0.51
    );
    let active = sim.get("/v1beta1/screener/stocks/most-actives?top=3").await;
    assert_eq!(active["most_actives"].as_array().unwrap().len(), 3);
    let movers = sim.get("/v1beta1/screener/stocks/movers?top=2").await;
    assert_eq!(movers["market_type"], "stocks");
    let auctions = sim
        .get("/v2/stocks/auctions?symbols=SPY&start=2026-09-14&end=2026-09-14")
        .await;
    assert_eq!(auctions["auctions"]["SPY"][0]["c"][0]["c"], "M");
}
