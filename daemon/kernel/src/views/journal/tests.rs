//! The journal of whole trades, read as sentences.

use insta::assert_snapshot;
use trader_contract::{
    BrokerEvent, Direction, Fact, Intent, Level, OrderKind, Reason, ReportStatus, RequestFailure,
    TimeInForce, Trail,
};
use trader_core::{Event, OperatorCommand};

use crate::views::stage::{Stage, breakout};

const ENTRY: &str = "0000002a-20110110-1-e1";
const STOP: &str = "0000002a-20110110-1-s1";

#[test]
fn a_long_trade_that_is_stopped_out_reads_like_this() {
    let mut stage = Stage::with_a_position();
    stage.at("2011-01-10T14:39:30Z");
    stage.fill(STOP, 100, "168.57");
    assert_snapshot!(stage.sentences(), @r"
    run_started: traderd 0.1.0 began to trade, configuration c0ffee
    account_opened: account opened with 25000 in cash
    session_opened: session 2011-01-10 opened with an equity of 25000
    intent_taken: script-spy: long SPY: buy stop 168.81, 100 shares, stop 168.58 (breakout: close 168.7012)
    order_planned: entry 0000002a-20110110-1-e1: buy 100 SPY, stop 168.81, gtc; attached: stop 168.58
    order_planned: stop 0000002a-20110110-1-s1: sell 100 SPY, stop 168.58, gtc; attached to 0000002a-20110110-1-e1
    strategy_saved: script-spy: state in SPY kept
    order_reported: entry 0000002a-20110110-1-e1 is working at 168.81
    order_reported: stop 0000002a-20110110-1-s1 is held at 168.58 until its entry has filled
    order_reported: entry 0000002a-20110110-1-e1 filled 40 of 100 at 168.81
    order_reported: entry 0000002a-20110110-1-e1 filled 60 more at 168.82, 100 of 100
    order_reported: stop 0000002a-20110110-1-s1 is working at 168.58
    order_reported: stop 0000002a-20110110-1-s1 filled 100 of 100 at 168.57
    trade_closed: SPY long closed: stop_loss, -24.6, 100 shares from 168.816 to 168.57, 8 min
    ");
}

#[test]
fn a_short_trade_with_a_moved_stop_and_an_exit_reads_like_this() {
    let level: Level = "168.7".parse().unwrap();
    let reason = || Reason::new("pullback_ended").with("low", Fact::Level(level));
    let script = [
        Some(breakout(Direction::Short, "168.5", "168.9")),
        Some(Intent::MoveStop {
            stop: level,
            reason: reason(),
        }),
        Some(Intent::Exit {
            reason: Reason::new("run").with("run", Fact::Count(3)),
        }),
    ];
    let mut stage = Stage::open(script);
    stage.at("2011-01-10T14:31:00Z");
    stage.bar("168.6");
    stage.report(ENTRY, ReportStatus::New);
    stage.fill(ENTRY, 100, "168.49");
    stage.report(STOP, ReportStatus::New);
    stage.at("2011-01-10T14:32:00Z");
    stage.bar("168.4");
    stage.report(STOP, ReportStatus::Replaced);
    stage.report("0000002a-20110110-1-s2", ReportStatus::New);
    stage.at("2011-01-10T14:33:00Z");
    stage.bar("168.3");
    stage.report("0000002a-20110110-1-s2", ReportStatus::Cancelled);
    stage.at("2011-01-10T15:41:00Z");
    stage.fill("0000002a-20110110-1-x1", 100, "168.2");
    assert_snapshot!(stage.sentences(), @r"
    run_started: traderd 0.1.0 began to trade, configuration c0ffee
    account_opened: account opened with 25000 in cash
    session_opened: session 2011-01-10 opened with an equity of 25000
    intent_taken: script-spy: short SPY: sell stop 168.5, 100 shares, stop 168.9 (breakout: close 168.7012)
    order_planned: entry 0000002a-20110110-1-e1: sell 100 SPY, stop 168.5, gtc; attached: stop 168.9
    order_planned: stop 0000002a-20110110-1-s1: buy 100 SPY, stop 168.9, gtc; attached to 0000002a-20110110-1-e1
    strategy_saved: script-spy: state in SPY kept
    order_reported: entry 0000002a-20110110-1-e1 is working at 168.5
    order_reported: entry 0000002a-20110110-1-e1 filled 100 of 100 at 168.49
    order_reported: stop 0000002a-20110110-1-s1 is working at 168.9
    intent_taken: script-spy: SPY: move the stop to 168.7 (pullback_ended: low 168.7)
    stop_planned: SPY: the stop goes to 168.7 (pullback_ended: low 168.7, level 168.7)
    order_planned: stop 0000002a-20110110-1-s2: buy 100 SPY, stop 168.7, gtc; in place of 0000002a-20110110-1-s1
    replace_asked: replacing stop 0000002a-20110110-1-s1 with 0000002a-20110110-1-s2: stop 168.7 (stop_planned)
    order_reported: stop 0000002a-20110110-1-s1 is replaced
    order_reported: stop 0000002a-20110110-1-s2 is working at 168.7
    intent_taken: script-spy: SPY: close the position (run: run 3)
    exit_planned: SPY: closing it (strategy), script-spy asked for it
    cancel_asked: cancelling stop 0000002a-20110110-1-s2: the position is to be closed
    order_reported: stop 0000002a-20110110-1-s2 is cancelled
    order_planned: exit 0000002a-20110110-1-x1: buy 100 SPY, market, day; strategy
    order_reported: exit 0000002a-20110110-1-x1 filled 100 of 100 at 168.2
    exposed: SPY: 408000 share-seconds were without a stop
    trade_closed: SPY short closed: strategy, +29, 100 shares from 168.49 to 168.2, 1 h 10 min
    ");
}

#[test]
fn refusals_and_failures_read_like_this() {
    let entry = || breakout(Direction::Long, "168.81", "168.58");
    let mut stage = Stage::open([
        Some(breakout(Direction::Long, "168.6", "168.58")),
        Some(entry()),
        Some(entry()),
    ]);
    stage.at("2011-01-10T14:31:00Z");
    stage.bar("168.7");
    stage.at("2011-01-10T14:32:00Z");
    stage.bar("168.7");
    let failed = |client_id: &str, failure| {
        Event::Broker(BrokerEvent::SubmitFailed {
            client_id: client_id.parse().unwrap(),
            failure,
        })
    };
    let id = "0000002a-20110110-2-e1";
    let message = "insufficient buying power".into();
    stage.step(failed(
        id,
        RequestFailure::Refused {
            code: 40_310_000,
            message,
        },
    ));
    stage.operator(OperatorCommand::Pause);
    stage.operator(OperatorCommand::Resume);
    stage.at("2011-01-10T14:33:00Z");
    stage.bar("168.7");
    let message = "no answer for 10 s".into();
    let id = "0000002a-20110110-3-e1";
    stage.step(failed(id, RequestFailure::Ambiguous { message }));
    assert_snapshot!(stage.sentences(), @r"
    run_started: traderd 0.1.0 began to trade, configuration c0ffee
    account_opened: account opened with 25000 in cash
    session_opened: session 2011-01-10 opened with an equity of 25000
    intent_taken: script-spy: long SPY: buy stop 168.6, 100 shares, stop 168.58 (breakout: close 168.7012): refused by trigger_passed: the last price 168.7 has already reached the trigger 168.6
    intent_taken: script-spy: long SPY: buy stop 168.81, 100 shares, stop 168.58 (breakout: close 168.7012)
    order_planned: entry 0000002a-20110110-2-e1: buy 100 SPY, stop 168.81, gtc; attached: stop 168.58
    order_planned: stop 0000002a-20110110-2-s1: sell 100 SPY, stop 168.58, gtc; attached to 0000002a-20110110-2-e1
    strategy_saved: script-spy: state in SPY kept
    submit_failed: sending entry 0000002a-20110110-2-e1 failed: the broker refused, insufficient buying power (40310000)
    alerted: the broker refused entry order 0000002a-20110110-2-e1: insufficient buying power (40310000); to do: nothing for an entry; a stop or an exit is tried again by itself
    entry_lapsed: SPY is free again: entry 0000002a-20110110-2-e1 ended without a fill
    trading_state_set: entries are paused, uid 1000 asked for it (r-1)
    trading_state_set: entries are allowed, uid 1000 asked for it (r-1)
    intent_taken: script-spy: long SPY: buy stop 168.81, 100 shares, stop 168.58 (breakout: close 168.7012)
    order_planned: entry 0000002a-20110110-3-e1: buy 100 SPY, stop 168.81, gtc; attached: stop 168.58
    order_planned: stop 0000002a-20110110-3-s1: sell 100 SPY, stop 168.58, gtc; attached to 0000002a-20110110-3-e1
    strategy_saved: script-spy: state in SPY kept
    submit_failed: sending entry 0000002a-20110110-3-e1 may have failed, the broker's records will tell: no answer for 10 s
    ");
}

#[test]
fn an_order_that_trails_or_has_one_moment_says_so() {
    let stage = Stage::with_a_position();
    let orders = &stage.engine.book().orders;
    let order = &orders[&STOP.parse().unwrap()].planned;
    let read = |kind: OrderKind, time_in_force: TimeInForce| {
        let mut order = order.clone();
        order.request.kind = kind;
        order.request.time_in_force = time_in_force;
        super::orders::planned(&order)
    };
    let trail = Trail::Percent("1.5".parse().unwrap());
    assert_snapshot!(
        read(OrderKind::TrailingStop { trail }, TimeInForce::Gtc),
        @"stop 0000002a-20110110-1-s1: sell 100 SPY, trailing stop 1.5% behind, gtc; attached to 0000002a-20110110-1-e1"
    );
    assert_snapshot!(
        read(OrderKind::Market, TimeInForce::Cls),
        @"stop 0000002a-20110110-1-s1: sell 100 SPY, market, cls; attached to 0000002a-20110110-1-e1"
    );
}

#[test]
fn the_ids_of_a_line_lead_to_its_order_and_its_intent() {
    let stage = Stage::with_a_position();
    let fill = stage
        .journal
        .iter()
        .map(super::journal_line)
        .find(|line| line.text.contains("filled 40"));
    let json = serde_json::to_string_pretty(&fill).unwrap();
    assert_snapshot!(json, @r#"
    {
      "seq": 10,
      "at": "2011-01-10T14:31:30Z",
      "kind": "order_reported",
      "symbol": "SPY",
      "order": "0000002a-20110110-1-e1",
      "intent": "20110110-1",
      "text": "entry 0000002a-20110110-1-e1 filled 40 of 100 at 168.81"
    }
    "#);
}
