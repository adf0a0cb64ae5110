//! What survives: a simulator that ends without a word goes on where it stood, and a seed makes the
//! same run twice.

use serde_json::{Value, json};

use crate::harness::{START, Sim, id, limit, with};

async fn everything(sim: &Sim) -> Vec<Value> {
    let mut all = Vec::new();
    for path in [
        "/v2/account",
        "/v2/orders?status=all&nested=true",
        "/v2/positions",
        "/v2/account/activities",
        "/v2/account/configurations",
        "/v2/watchlists",
        "/v2/clock",
    ] {
        all.push(sim.get(path).await);
    }
    all
}

async fn a_busy_hour(sim: &Sim) {
    sim.admin("exchange", json!({"partial_fill_probability": 0.5}))
        .await;
    sim.buy("AAPL", 25).await;
    let price = sim.price("SPY").await;
    let more = json!({"order_class": "bracket", "take_profit": {"limit_price": format!("{:.2}", price + 1.0)},
        "stop_loss": {"stop_price": format!("{:.2}", price - 1.0)}});
    sim.order(with(crate::harness::market("SPY", "buy", 7), more))
        .await;
    let resting = sim.order(limit("MSFT", "buy", 3, 100.0)).await;
    sim.patch(&format!("/v2/orders/{}", id(&resting)), json!({"qty": 4}))
        .await;
    sim.patch(
        "/v2/account/configurations",
        json!({"trade_confirm_email": "none"}),
    )
    .await;
    sim.post(
        "/v2/watchlists",
        json!({"name": "kept", "symbols": ["SPY"]}),
    )
    .await;
    sim.admin("halt", json!({"symbol": "KO", "halted": true}))
        .await;
    sim.pass(1_800.0).await;
    sim.delete("/v2/positions/AAPL?qty=5").await;
    sim.pass(1_800.0).await;
}

#[tokio::test]
async fn a_killed_simulator_goes_on_where_it_stood() {
    let folder = tempfile::tempdir().unwrap();
    let sim = Sim::kept_in(folder.path()).await;
    a_busy_hour(&sim).await;
    let before = everything(&sim).await;
    sim.end().await;
    let sim = Sim::bare(&[
        "--start",
        START,
        "--state-dir",
        &folder.path().display().to_string(),
    ])
    .await;
    assert_eq!(everything(&sim).await, before);
    sim.pass(60.0).await;
    sim.buy("F", 1).await;
}

#[tokio::test]
async fn a_killed_simulator_remembers_dividends_deposits_and_orders_of_the_night() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().display().to_string();
    let market = ["--market", "seeded-extended", "--start", START];
    let arguments = [&market[..], &["--state-dir", &state]].concat();
    let sim = Sim::with(&arguments).await;
    sim.admin("deposit", json!({"amount": 500})).await;
    sim.admin(
        "dividend",
        json!({"symbol": "AAPL", "rate": 1, "payable_date": "2026-09-17"}),
    )
    .await;
    sim.buy("AAPL", 10).await;
    sim.pass_to("2026-09-15T20:05:00Z").await;
    let price = sim.price("MSFT").await;
    let extended = json!({"extended_hours": true, "time_in_force": "gtc"});
    sim.order(with(
        limit("MSFT", "buy", 3, price * 1.02),
        extended.clone(),
    ))
    .await;
    sim.order(with(limit("MSFT", "buy", 3, price * 0.5), extended))
        .await;
    sim.pass_to("2026-09-16T13:00:00Z").await;
    let before = everything(&sim).await;
    sim.end().await;
    let sim = Sim::bare(&arguments).await;
    assert_eq!(everything(&sim).await, before);
    assert_eq!(sim.get("/v2/positions/MSFT").await["qty"], "3");
    sim.pass_to("2026-09-17T04:00:00Z").await;
    let paid = sim.get("/v2/account/activities/DIV").await;
    assert_eq!(paid[0]["net_amount"], "10");
}

/// Starts the program itself and returns it with the address that it tells.
fn program(folder: &std::path::Path) -> (std::process::Child, std::net::SocketAddr) {
    use std::io::BufRead as _;
    use std::process::{Command, Stdio};
    let mut command = Command::new(env!("CARGO_BIN_EXE_alpaca-sim"));
    command.args([
        "--listen",
        "127.0.0.1:0",
        "--pace",
        "0",
        "--start",
        START,
        "--state-dir",
    ]);
    let mut child = command.arg(folder).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    let output = child.stdout.as_mut().unwrap();
    std::io::BufReader::new(output)
        .read_line(&mut line)
        .unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    let url = ready["trading"].as_str().unwrap();
    (child, url.strip_prefix("http://").unwrap().parse().unwrap())
}

#[tokio::test]
async fn the_program_survives_kill_minus_nine() {
    let folder = tempfile::tempdir().unwrap();
    let (mut child, address) = program(folder.path());
    let sim = Sim::elsewhere(address);
    a_busy_hour(&sim).await;
    let before = everything(&sim).await;
    child.kill().unwrap();
    child.wait().unwrap();
    let (mut child, address) = program(folder.path());
    let after = everything(&Sim::elsewhere(address)).await;
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(after, before);
}

#[tokio::test]
async fn a_seed_makes_the_same_run_twice() {
    let (one, other) = (Sim::start().await, Sim::start().await);
    a_busy_hour(&one).await;
    a_busy_hour(&other).await;
    assert_eq!(everything(&one).await, everything(&other).await);
}

#[tokio::test]
async fn a_journal_of_another_seed_is_refused() {
    use clap::Parser as _;
    use trader_broker_alpaca::simulator::{Options, Server};
    let folder = tempfile::tempdir().unwrap();
    Sim::kept_in(folder.path()).await.end().await;
    let path = folder.path().display().to_string();
    let options = Options::parse_from(["alpaca-sim", "--seed", "2", "--state-dir", &path]);
    let error = Server::start(&options).await.err().unwrap().to_string();
    assert!(error.contains("--seed"), "{error}");
}

#[tokio::test]
async fn a_folder_belongs_to_one_simulator_at_a_time() {
    use clap::Parser as _;
    use trader_broker_alpaca::simulator::{Options, Server};
    let folder = tempfile::tempdir().unwrap();
    let sim = Sim::kept_in(folder.path()).await;
    sim.buy("F", 1).await;
    let path = folder.path().display().to_string();
    let options = Options::parse_from(["alpaca-sim", "--state-dir", &path]);
    let error = Server::start(&options).await.err().unwrap().to_string();
    assert!(error.contains("another alpaca-sim uses"), "{error}");
    sim.end().await;
    let again = Sim::kept_in(folder.path()).await;
    assert_eq!(again.get("/v2/positions/F").await["qty"], "1");
}

#[tokio::test]
async fn only_loopback_is_listened_on() {
    use clap::Parser as _;
    use trader_broker_alpaca::simulator::{Options, Server};
    let options = Options::parse_from(["alpaca-sim", "--listen", "0.0.0.0:0"]);
    let error = Server::start(&options).await.err().unwrap().to_string();
    assert!(error.contains("loopback"), "{error}");
}

#[tokio::test]
async fn a_recorded_market_is_played() {
    let folder = tempfile::tempdir().unwrap();
    let mut rows = "timestamp,open,high,low,close,volume\n".to_owned();
    for minute in 0..60 {
        rows += &format!(
            "2026-09-15T14:{minute:02}:00Z,50,50.5,49.5,50.{:02},1000\n",
            minute % 50
        );
    }
    std::fs::write(folder.path().join("XYZ.csv"), rows).unwrap();
    let market = folder.path().display().to_string();
    let sim = Sim::with(&["--market", &market, "--start", "2026-09-15T14:30:00Z"]).await;
    let order = sim.buy("XYZ", 10).await;
    assert_eq!(sim.now(&order).await["filled_avg_price"], "50.01");
    let bars = sim
        .get("/v2/stocks/XYZ/bars?timeframe=1Min&start=2026-09-15T14:00:00Z")
        .await;
    assert_eq!(bars["bars"].as_array().unwrap().len(), 30);
}
