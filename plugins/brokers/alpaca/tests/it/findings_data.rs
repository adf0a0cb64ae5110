//! What an outside tester found in market data, reference data and reports: each test stands for one
//! finding.

use serde_json::{Value, json};
use trader_contract::Timestamp;

use crate::harness::{Sim, check_refusal};

#[tokio::test]
async fn who_pays_may_have_every_symbol_on_both_feeds() {
    let sim = Sim::start().await;
    for path in ["/v2/iex", "/v2/sip"] {
        let mut socket = sim.data_stream(path, false).await;
        let symbols: Vec<String> = (0..40).map(|n| format!("S{n}")).collect();
        socket
            .say(json!({"action": "subscribe", "trades": symbols}))
            .await;
        assert_eq!(socket.hear().await[0]["T"], "subscription", "{path}");
        socket
            .say(json!({"action": "subscribe", "quotes": ["*"]}))
            .await;
        assert_eq!(socket.hear().await[0]["quotes"], json!(["*"]), "{path}");
    }
}

#[tokio::test]
async fn a_foreign_channel_with_nothing_in_it_is_ignored() {
    let sim = Sim::start().await;
    let mut socket = sim.data_stream("/v2/sip", false).await;
    socket
        .say(json!({"action": "subscribe", "trades": ["AAPL"], "news": []}))
        .await;
    assert_eq!(socket.hear().await[0]["trades"], json!(["AAPL"]));
    socket
        .say(json!({"action": "subscribe", "trades": ["KO"], "news": ["KO"]}))
        .await;
    assert_eq!(socket.hear().await[0]["code"], 410);
}

#[tokio::test]
async fn nothing_trades_in_a_halt_and_the_tapes_have_their_own_reasons() {
    let sim = Sim::start().await;
    let mut socket = sim.data_stream("/v2/sip", false).await;
    sim.pass_to("2026-09-15T14:30:42Z").await;
    let channels = json!({"action": "subscribe", "bars": ["AAPL"], "dailyBars": ["AAPL"],
        "trades": ["AAPL"], "statuses": ["*"]});
    socket.say(channels).await;
    socket.hear().await;
    sim.buy("AAPL", 1).await;
    let latest = sim.get("/v2/stocks/AAPL/trades/latest").await;
    sim.admin("halt", json!({"symbol": "AAPL", "halted": true}))
        .await;
    sim.pass_to("2026-09-15T14:34:30Z").await;
    assert_eq!(sim.get("/v2/stocks/AAPL/trades/latest").await, latest);
    let position = sim.get("/v2/positions/AAPL").await;
    let shown: f64 = position["current_price"].as_str().unwrap().parse().unwrap();
    let printed = latest["trade"]["p"].as_f64().unwrap();
    assert!((shown - printed).abs() < 0.5, "{position}");
    sim.admin("halt", json!({"symbol": "AAPL", "halted": false}))
        .await;
    for halted in [true, false] {
        sim.admin("halt", json!({"symbol": "KO", "halted": halted}))
            .await;
    }
    sim.pass_to("2026-09-15T14:36:00Z").await;
    let (mut told, mut reasons) = (Vec::new(), Vec::new());
    while told.last() != Some(&("d".to_owned(), "14:35".to_owned())) {
        for message in socket.hear().await.as_array().unwrap() {
            let kind = message["T"].as_str().unwrap();
            let minute = message["t"].as_str().unwrap()[11..16].to_owned();
            match kind {
                "s" => reasons.push(message["rc"].as_str().unwrap().to_owned()),
                // The last one of the day bears the day, and comes with the last minute's.
                "d" => {
                    let minute: &(String, String) = told.last().unwrap();
                    assert_eq!(minute.0, "b");
                    told.push(("d".to_owned(), minute.1.clone()));
                }
                _ => told.push((kind.to_owned(), minute)),
            }
        }
    }
    assert_eq!(reasons, ["T1", "T3", "P", "D"]);
    told.dedup();
    let of_the_halt = |minute: &str| ["14:31", "14:32", "14:33"].contains(&minute);
    assert!(told.iter().all(|(_, m)| !of_the_halt(m)), "{told:?}");
    for minute in ["14:30", "14:34", "14:35"] {
        let bar = ("b".to_owned(), minute.to_owned());
        assert!(told.contains(&bar), "{told:?}");
    }
    let range = "start=2026-09-15T14:30:43Z&end=2026-09-15T14:34:29Z";
    for kind in ["trades", "quotes"] {
        let path = format!("/v2/stocks/AAPL/{kind}?{range}");
        assert_eq!(sim.get(&path).await[kind], json!([]));
    }
    let path = format!("/v2/stocks/AAPL/bars?timeframe=1Min&{range}");
    let bars = sim.get(&path).await["bars"].clone();
    assert_eq!(bars.as_array().unwrap().len(), 1, "{bars}");
    assert_eq!(bars[0]["t"], "2026-09-15T14:34:00Z");
}

#[tokio::test]
async fn a_bar_is_what_its_trades_are_also_where_a_halt_cut_it() {
    let sim = Sim::start().await;
    sim.pass_to("2026-09-15T14:31:32Z").await;
    sim.admin("halt", json!({"symbol": "AAPL", "halted": true}))
        .await;
    sim.pass_to("2026-09-15T14:35:32Z").await;
    sim.admin("halt", json!({"symbol": "AAPL", "halted": false}))
        .await;
    sim.pass_to("2026-09-15T14:37:00Z").await;
    for feed in ["sip", "iex"] {
        let path =
            format!("/v2/stocks/AAPL/bars?timeframe=1Min&start=2026-09-15T14:29:00Z&feed={feed}");
        let bars = sim.get(&path).await["bars"].clone();
        let bars = bars.as_array().unwrap();
        assert_eq!(bars.len(), 5);
        for bar in bars {
            let start = bar["t"].as_str().unwrap();
            let end = start.replace(":00Z", ":59.999999999Z");
            let path = format!("/v2/stocks/AAPL/trades?start={start}&end={end}&feed={feed}");
            let trades = sim.get(&path).await["trades"].clone();
            let trades = trades.as_array().unwrap();
            let price = |trade: &Value| trade["p"].as_f64().unwrap();
            let size = |trade: &Value| trade["s"].as_f64().unwrap();
            let volume: f64 = trades.iter().map(size).sum();
            let value: f64 = trades.iter().map(|t| price(t) * size(t)).sum();
            let prices = trades.iter().map(price);
            let high = prices.clone().fold(f64::MIN, f64::max);
            let low = prices.fold(f64::MAX, f64::min);
            let shown = |name: &str| bar[name].as_f64().unwrap();
            let pairs = [
                ("o", price(&trades[0])),
                ("h", high),
                ("l", low),
                ("c", price(trades.last().unwrap())),
                ("v", volume),
                ("vw", value / volume),
            ];
            for (name, expected) in pairs {
                assert!((shown(name) - expected).abs() < 0.000_01, "{name}: {bar}");
            }
            assert_eq!(bar["n"], trades.len());
        }
    }
}

#[tokio::test]
async fn a_half_day_has_the_late_close_of_every_day_in_the_older_calendar() {
    let sim = Sim::start().await;
    let path = "/v2/calendar?start=2026-11-27&end=2026-11-27";
    assert_eq!(sim.get(path).await[0]["session_close"], "2000");
}

#[tokio::test]
async fn the_calendar_counts_settlement_dates_where_that_is_asked_for() {
    let sim = Sim::start().await;
    let dates = |rows: Value| -> Vec<Value> {
        let rows = rows.as_array().unwrap().iter();
        rows.map(|row| row["date"].clone()).collect()
    };
    let range = "/v2/calendar?start=2026-11-30&end=2026-12-01";
    let settled = sim.get(&format!("{range}&date_type=SETTLEMENT")).await;
    assert_eq!(dates(settled), ["2026-11-27", "2026-11-30"]);
    let traded = sim.get(&format!("{range}&date_type=TRADING")).await;
    assert_eq!(dates(traded), ["2026-11-30", "2026-12-01"]);
    assert_eq!(sim.try_get(&format!("{range}&date_type=FOO")).await.0, 422);
}

#[tokio::test]
async fn the_code_maps_are_those_of_trades_quotes_and_all_exchanges() {
    let sim = Sim::start().await;
    let exchanges = sim.get("/v2/stocks/meta/exchanges").await;
    for letter in "ABCDEHIJKLMNPQSTUVWXYZ".chars() {
        let letter = letter.to_string();
        assert!(exchanges[letter.as_str()].is_string(), "{letter}");
    }
    let conditions = "/v2/stocks/meta/conditions";
    let trade = sim.get(&format!("{conditions}/trade?tape=A")).await;
    let quote = sim.get(&format!("{conditions}/quote?tape=C")).await;
    assert!(trade["@"].is_string() && quote["R"].is_string());
    assert!(quote["@"].is_null(), "{quote}");
    for wrong in ["trade?tape=X", "foo?tape=A"] {
        let path = format!("{conditions}/{wrong}");
        assert_eq!(sim.try_get(&path).await.0, 400, "{wrong}");
    }
}

#[tokio::test]
async fn parameters_that_say_what_is_not_there_are_not_passed_over() {
    let sim = Sim::start().await;
    sim.buy("AAPL", 1).await;
    let query = "status=all&asset_class=";
    assert_eq!(sim.count(&format!("{query}crypto")).await, 0);
    assert_eq!(sim.count(&format!("{query}crypto,us_equity")).await, 1);
    let bars = "/v2/stocks/AAPL/bars?timeframe=1Min&asof=";
    assert_eq!(sim.try_get(&format!("{bars}foo")).await.0, 400);
    for asof in ["-", "2026-09-01"] {
        sim.get(&format!("{bars}{asof}")).await;
    }
    let actions = "/v1/corporate-actions";
    let found = sim
        .get(&format!("{actions}?symbols=AAPL&start=2025-09-15"))
        .await;
    let action = found["corporate_actions"]["cash_dividends"][0].clone();
    let by_id = format!("{actions}?ids={}", action["id"].as_str().unwrap());
    let found = sim.get(&by_id).await;
    assert_eq!(
        found["corporate_actions"]["cash_dividends"],
        json!([action])
    );
    let both = sim.try_get(&format!("{by_id}&symbols=AAPL")).await;
    assert_eq!(both.0, 400);
}

#[tokio::test]
async fn the_history_counts_profit_from_where_it_starts() {
    let sim = Sim::start().await;
    sim.buy("MSFT", 100).await;
    sim.pass_to("2026-09-17T15:00:00Z").await;
    let history = sim
        .get("/v2/account/portfolio/history?period=1W&timeframe=1D")
        .await;
    let opens: Vec<i64> = ["2026-09-15", "2026-09-16", "2026-09-17"]
        .map(|date| format!("{date}T13:30:00Z"))
        .map(|open| open.parse::<Timestamp>().unwrap().seconds())
        .to_vec();
    assert_eq!(history["timestamp"], json!(opens));
    let path = "/v2/account/portfolio/history?timeframe=1D&start=2026-09-16";
    let history = sim.get(path).await;
    let number = |value: &Value| value.as_f64().unwrap();
    let (equity, gain) = (&history["equity"], &history["profit_loss"]);
    assert_ne!(equity[0], 100_000, "{history}");
    assert_eq!(
        (
            &history["base_value"],
            &history["base_value_asof"],
            &gain[0]
        ),
        (&equity[0], &json!("2026-09-16"), &json!(0))
    );
    let gained = number(&equity[1]) - number(&equity[0]);
    assert!((number(&gain[1]) - gained).abs() < 0.001, "{history}");
    let share = gained / number(&equity[0]);
    assert!((number(&history["profit_loss_pct"][1]) - share).abs() < 0.000_001);
}

#[tokio::test]
async fn the_history_has_no_points_after_a_half_day_and_refuses_what_it_does_not_know() {
    let sim = Sim::at("2026-11-27T17:50:00Z").await;
    sim.pass_to("2026-11-27T20:00:00Z").await;
    let path = "/v2/account/portfolio/history";
    let history = sim.get(&format!("{path}?period=1D&timeframe=1Min")).await;
    let last = history["timestamp"].as_array().unwrap().last().unwrap();
    let close: Timestamp = "2026-11-27T18:00:00Z".parse().unwrap();
    assert!(last.as_i64().unwrap() < close.seconds(), "{history}");
    let around = format!("{path}?period=1D&timeframe=1Min&intraday_reporting=continuous");
    let around = sim.get(&around).await;
    let last = around["timestamp"].as_array().unwrap().last().unwrap();
    assert!(last.as_i64().unwrap() > close.seconds(), "{around}");
    for wrong in [
        "pnl_reset=foo",
        "intraday_reporting=foo",
        "start=2026-11-20&end=2026-11-27&period=1D",
    ] {
        let (status, body) = sim.try_get(&format!("{path}?{wrong}")).await;
        check_refusal(status, &body, 422, 40_010_001, "");
    }
}

#[tokio::test]
async fn the_books_of_the_day_before_hold_until_midnight() {
    let sim = Sim::start().await;
    sim.buy("AAPL", 100).await;
    let shown = async || {
        let account = sim.get("/v2/account").await;
        let members = ["balance_asof", "last_equity", "last_maintenance_margin"];
        members.map(|name| account[name].as_str().unwrap().to_owned())
    };
    let opening = ["2026-09-14", "100000", "0"].map(str::to_owned);
    assert_eq!(shown().await, opening);
    sim.pass_to("2026-09-15T20:10:00Z").await;
    assert_eq!(shown().await, opening);
    let account = sim.get("/v2/account").await;
    sim.pass_to("2026-09-16T04:00:00Z").await;
    let [date, equity, maintenance] = shown().await;
    assert_eq!(
        (&json!(date), &json!(equity), &json!(maintenance)),
        (
            &json!("2026-09-15"),
            &account["equity"],
            &account["maintenance_margin"]
        )
    );
}
