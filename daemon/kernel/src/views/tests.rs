//! The views of an engine, as a client reads them.

use insta::assert_snapshot;
use trader_contract::{Direction, ReportStatus, Timestamp};
use trader_core::OperatorCommand;
use trader_rpc::{self as rpc, OrdersParams};

use super::stage::{Stage, breakout};
use super::{RouteFacts, StatusFacts, StrategyFacts, day, orders, positions, status, strategies};

const ENTRY: &str = "0000002a-20110110-1-e1";
const STOP: &str = "0000002a-20110110-1-s1";
const EXIT: &str = "0000002a-20110110-1-x1";

pub(crate) fn facts() -> StatusFacts {
    let link = |name: &str| rpc::Link {
        name: name.to_owned(),
        state: rpc::LinkState::Up,
        detail: None,
        last_heard_at: None,
    };
    StatusFacts {
        mode: rpc::Mode::Simulated,
        label: "SYNTHETIC DATA".to_owned(),
        version: "0.1.0".to_owned(),
        pid: 7,
        started_at: Timestamp::from_seconds(0),
        uptime_seconds: 60,
        feed: link("recorded"),
        broker: link("sim"),
        store: rpc::StoreInfo {
            seq: 9,
            path: None,
            writable: true,
        },
        sockets: Vec::new(),
        config_hash: "9f2c".to_owned(),
        recording: rpc::RecordingInfo {
            enabled: false,
            session: None,
            failure: None,
        },
        journal_failure: None,
    }
}

fn json(view: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(view).unwrap()
}

/// What stands, one line each.
fn alerts(stage: &Stage, facts: &StatusFacts) -> String {
    let line = |alert: &rpc::Alert| {
        format!(
            "{} {} {}: {}",
            alert.at, alert.severity, alert.kind, alert.message
        )
    };
    let status = status(&stage.engine, facts, None);
    let lines: Vec<String> = status.alerts.iter().map(line).collect();
    lines.join("\n")
}

/// The status of a day with a position, in two parts: the account, and what is around it.
fn of_a_position() -> [String; 2] {
    let text = json(&status(&Stage::with_a_position().engine, &facts(), None));
    let (account, around) = text.split_once("\n  \"messages\"").unwrap();
    [account.to_owned(), format!("  \"messages\"{around}")]
}

#[test]
fn the_status_of_a_day_with_a_position() {
    assert_snapshot!(of_a_position()[0], @r#"
    {
      "mode": "simulated",
      "label": "SYNTHETIC DATA",
      "version": "0.1.0",
      "pid": 7,
      "started_at": "1970-01-01T00:00:00Z",
      "uptime_seconds": 60,
      "now": "2011-01-10T14:32:00Z",
      "reconciled": true,
      "reconciled_at": null,
      "account": "SIMULATED",
      "session": {
        "date": "2011-01-10",
        "open": "2011-01-10T14:30:00Z",
        "close": "2011-01-10T21:00:00Z",
        "half_day": false,
        "phase": "entries"
      },
      "next_session": {
        "date": "2011-01-11",
        "open": "2011-01-11T14:30:00Z",
        "close": "2011-01-11T21:00:00Z",
        "half_day": false
      },
      "trading": {
        "state": "active",
        "why": null
      },
      "kills": [],
      "blocks": [],
      "arming": null,
      "observe": false,
      "equity": "25018.4",
      "cash": "8118.4",
      "day_pnl": "18.4",
      "realised": "0",
      "open_pnl": "18.4",
      "positions": 1,
      "working_orders": 1,
      "unprotected_positions": 0,
      "unprotected_share_seconds": 0,
    "#);
}

#[test]
fn the_status_of_what_is_around_the_account() {
    assert_snapshot!(of_a_position()[1], @r#"
      "messages": {
        "orders": 0,
        "changes": 0,
        "cancels": 0,
        "most": null
      },
      "unchecked": [
        "volume_share: the average daily volume of SPY, QQQ is not known"
      ],
      "routes": {
        "warm": 1,
        "warming": 1
      },
      "feed": {
        "name": "recorded",
        "state": "up",
        "detail": null,
        "last_heard_at": null
      },
      "broker": {
        "name": "sim",
        "state": "up",
        "detail": null,
        "last_heard_at": null
      },
      "store": {
        "seq": 9,
        "path": null,
        "writable": true
      },
      "recording": {
        "enabled": false,
        "session": null,
        "failure": null
      },
      "alerts": [],
      "sockets": [],
      "config_hash": "9f2c"
    }
    "#);
}

#[test]
fn a_day_before_its_open_is_shown_as_such_and_the_night_before_it_as_none() {
    let stage = Stage::before_the_open([]);
    let before = status(&stage.engine, &facts(), None);
    assert_eq!(before.session.unwrap().phase, rpc::Phase::Pre);
    assert_eq!(before.next_session.unwrap().date.to_string(), "2011-01-11");

    let mut stage = Stage::open([]);
    stage.at("2011-01-10T21:00:00Z");
    stage.step(trader_core::Event::Timer);
    let after = status(&stage.engine, &facts(), None);
    assert_eq!(after.session, None);
    assert_eq!(after.next_session.unwrap().date.to_string(), "2011-01-11");
}

#[test]
fn profit_of_the_day_is_what_was_realised_and_what_is_open() {
    let mut stage = Stage::with_a_position();
    stage.operator(OperatorCommand::Close("SPY".parse().unwrap()));
    stage.report(STOP, ReportStatus::Cancelled);
    stage.fill(EXIT, 30, "168.95");
    let part = status(&stage.engine, &facts(), None);
    assert_eq!(part.day_pnl, part.realised + part.open_pnl);
    assert_eq!(part.realised.to_string(), "0");
    stage.fill(EXIT, 70, "168.9");
    let all = status(&stage.engine, &facts(), None);
    assert_eq!(
        (all.day_pnl, all.open_pnl.to_string()),
        (all.realised, "0".to_owned())
    );
    assert_eq!(all.realised.to_string(), "9.9");
}

#[test]
fn an_open_position_shows_its_profit_and_its_protection() {
    let stage = Stage::with_a_position();
    assert_snapshot!(json(&positions(&stage.engine)), @r#"
    [
      {
        "symbol": "SPY",
        "direction": "long",
        "qty": "100",
        "entry_average": "168.816",
        "last": "169",
        "open_pnl": "18.4",
        "stop": "168.58",
        "stop_state": "working",
        "protected": true,
        "route": "script-spy",
        "intent": "20110110-1",
        "entered_at": "2011-01-10T14:31:30Z",
        "exiting": false
      }
    ]
    "#);
}

#[test]
fn a_position_whose_stop_is_being_cancelled_is_not_protected() {
    let mut stage = Stage::with_a_position();
    stage.operator(OperatorCommand::Close("SPY".parse().unwrap()));
    let position = positions(&stage.engine).pop().unwrap();
    assert_eq!(position.stop_state, Some(rpc::OrderStatus::Cancelling));
    assert!(position.exiting && !position.protected);
    assert_snapshot!(alerts(&stage, &facts()), @"2011-01-10T14:32:00Z warning unprotected: SPY: 100 shares have no stop while they are being closed");
}

#[test]
fn orders_come_newest_first_and_can_be_narrowed() {
    let mut stage = Stage::with_a_position();
    stage.at("2011-01-10T14:33:00Z");
    stage.operator(OperatorCommand::Close("SPY".parse().unwrap()));
    stage.report(STOP, ReportStatus::Cancelled);
    let ids = |params: &OrdersParams| -> Vec<String> {
        let found = orders(&stage.engine, params);
        found.iter().map(|o| o.client_id.to_string()).collect()
    };
    let all = OrdersParams::default();
    assert_eq!(ids(&all), [EXIT, STOP, ENTRY]);
    let open = OrdersParams {
        open_only: true,
        ..all.clone()
    };
    assert_eq!(ids(&open), [EXIT]);
    let newest = OrdersParams {
        limit: Some(2),
        ..all.clone()
    };
    assert_eq!(ids(&newest), [EXIT, STOP]);
    let other = OrdersParams {
        symbol: Some("QQQ".parse().unwrap()),
        ..all
    };
    assert!(ids(&other).is_empty());
}

#[test]
fn an_order_shows_what_was_asked_and_what_has_filled() {
    let stage = Stage::with_a_position();
    let entry = orders(&stage.engine, &OrdersParams::default())
        .pop()
        .unwrap();
    assert_snapshot!(json(&entry), @r#"
    {
      "client_id": "0000002a-20110110-1-e1",
      "broker_id": "b-entry1",
      "intent": "20110110-1",
      "route": "script-spy",
      "symbol": "SPY",
      "side": "buy",
      "qty": "100",
      "filled": "100",
      "kind": "stop",
      "stop": "168.81",
      "limit": null,
      "trail_price": null,
      "trail_percent": null,
      "time_in_force": "gtc",
      "role": "entry",
      "state": "filled",
      "parent": null,
      "average": "168.816",
      "planned_at": "2011-01-10T14:31:00Z",
      "updated_at": "2011-01-10T14:31:30Z",
      "reason": null
    }
    "#);
}

/// What the shell adds to what the engine knows of the first route.
fn own_facts(stage: &Stage) -> StrategyFacts {
    let mut facts = StrategyFacts::default();
    let own = RouteFacts {
        version: "1.2.3".to_owned(),
        enabled: true,
        settings: [("fast".to_owned(), "20".to_owned())].into(),
    };
    facts.routes.insert("script-spy".to_owned(), own);
    for entry in &stage.journal {
        facts.signals.take(entry);
    }
    facts
}

#[test]
fn routes_show_their_lanes_and_what_they_last_saw() {
    let mut stage = Stage::open([Some(breakout(Direction::Short, "168.5", "168.9"))]);
    stage.at("2011-01-10T14:31:00Z");
    stage.bar("168.7");
    let facts = own_facts(&stage);
    assert_snapshot!(json(&strategies(&stage.engine, &facts)), @r#"
    [
      {
        "route": "script-spy",
        "strategy": "script",
        "version": "1.2.3",
        "symbols": [
          "SPY"
        ],
        "timeframe_minutes": 1,
        "sides": "both",
        "settings": {
          "fast": "20"
        },
        "state": "active",
        "why": null,
        "lanes": [
          {
            "symbol": "SPY",
            "warm_up": {
              "have": 0,
              "need": 0
            },
            "position": "0",
            "pending": {
              "order": "0000002a-20110110-1-e1",
              "direction": "short",
              "state": "planned"
            },
            "last_signal": {
              "at": "2011-01-10T14:30:00Z",
              "rule": "breakout",
              "outcome": "accepted: order 0000002a-20110110-1-e1"
            }
          }
        ]
      },
      {
        "route": "script-qqq",
        "strategy": "script",
        "version": "",
        "symbols": [
          "QQQ"
        ],
        "timeframe_minutes": 1,
        "sides": "both",
        "settings": {},
        "state": "warming",
        "why": "QQQ has 0 of 20 bars",
        "lanes": [
          {
            "symbol": "QQQ",
            "warm_up": {
              "have": 0,
              "need": 20
            },
            "position": "0",
            "pending": null,
            "last_signal": null
          }
        ]
      }
    ]
    "#);
}

#[test]
fn a_route_that_may_not_enter_says_why() {
    let mut stage = Stage::open([]);
    let mut facts = StrategyFacts::default();
    facts
        .routes
        .insert("script-qqq".to_owned(), RouteFacts::default());
    let why = |stage: &Stage| -> Vec<String> {
        let routes = strategies(&stage.engine, &facts);
        routes
            .iter()
            .map(|r| format!("{} {}", r.state, r.why.clone().unwrap_or_default()))
            .collect()
    };
    assert_eq!(
        why(&stage),
        [
            "warming SPY has 0 of 1 bars",
            "paused the configuration has enabled = false"
        ]
    );
    stage.operator(OperatorCommand::Pause);
    assert_eq!(why(&stage)[0], "paused entries are paused");
}

#[test]
fn the_figures_of_a_day_that_runs() {
    let stage = Stage::with_a_position();
    assert_snapshot!(json(&day(&stage.engine)), @r#"
    {
      "date": "2011-01-10",
      "open": true,
      "equity_at_open": "25000",
      "equity_at_close": "25018.4",
      "cash": "8118.4",
      "realised": "0",
      "fees": "0",
      "trades": 0,
      "winners": 0,
      "losers": 0,
      "refusals": 0,
      "alerts": 0,
      "orders": 2,
      "fills": 2,
      "entry_slippage": {
        "fills": 2,
        "cost": "0.6",
        "basis_points": "0.36"
      },
      "stop_slippage": {
        "fills": 0,
        "cost": "0",
        "basis_points": null
      },
      "residue": [
        "SPY"
      ],
      "unprotected_share_seconds": 0,
      "gaps": {
        "minutes": 1,
        "symbols": 2,
        "missing": [
          {
            "symbol": "QQQ",
            "minutes": 1
          }
        ]
      },
      "head": null
    }
    "#);
    assert!(day(&Stage::before_the_open([]).engine).is_none());
}

#[test]
fn what_is_broken_stands_first() {
    let mut stage = Stage::with_a_position();
    stage.operator(OperatorCommand::Pause);
    let mut facts = facts();
    facts.feed.state = rpc::LinkState::Stale;
    facts.broker.state = rpc::LinkState::Down;
    facts.broker.detail = Some("connection refused".to_owned());
    facts.journal_failure = Some((Timestamp::from_seconds(9), "disk full".to_owned()));
    assert_snapshot!(alerts(&stage, &facts), @r"
    1970-01-01T00:00:00Z critical broker_down: the broker sim is down: connection refused
    1970-01-01T00:00:09Z critical journal: the journal takes no entries, so that nothing new is sent: disk full
    1970-01-01T00:00:00Z warning feed_stale: the feed recorded is stale
    2011-01-10T14:32:00Z notice paused: entries are paused; positions stay protected
    ");
    let status = status(&stage.engine, &facts, None);
    assert_eq!(status.trading.state, rpc::TradingState::Halted);
}

#[test]
fn a_position_past_the_deadline_stands_until_it_is_flat() {
    let mut stage = Stage::with_a_position();
    stage.at("2011-01-10T20:55:00Z");
    stage.step(trader_core::Event::Timer);
    stage.report(STOP, ReportStatus::Cancelled);
    stage.at("2011-01-10T20:58:30Z");
    stage.step(trader_core::Event::Timer);
    assert_snapshot!(alerts(&stage, &facts()), @r"
    2011-01-10T20:58:00Z critical not_flat: not flat at the deadline: SPY
    2011-01-10T20:55:00Z warning unprotected: SPY: 100 shares have no stop while they are being closed
    ");
    stage.fill(EXIT, 100, "169");
    // What our own ledger says is no proof.
    assert!(alerts(&stage, &facts()).contains("not_flat"));
    stage.at("2011-01-10T20:58:31Z");
    stage.nothing_is_held();
    assert_eq!(alerts(&stage, &facts()), "");
}
