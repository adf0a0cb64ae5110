//! Commands that look: what they ask, what a person reads, and JSON in the shape of the wire.

use std::sync::Arc;

use insta::assert_snapshot;
use serde_json::{Value, json};
use trader_rpc::{Role, sample};

use super::desk::Desk;
use super::fake::{Fake, sample_answer};
use super::program::{first_lines, run_at};

/// A daemon that answers one method with this.
fn answering(method: &'static str, answer: Value) -> Fake {
    Fake::with(Role::Read, move |name, _| {
        (name == method).then(|| Ok(answer.clone()))
    })
}

fn sample(name: &str) -> Value {
    sample::all().unwrap()[name].clone()
}

#[test]
fn every_view_is_json_in_the_shape_of_the_wire() {
    let fake = Fake::start();
    for (args, method) in [
        (&["status"][..], "status"),
        (&["positions"], "positions"),
        (&["orders"], "orders"),
        (&["trades"], "trades"),
        (&["day", "2011-01-10"], "day"),
        (&["strategies"], "strategies"),
        (&["logs"], "logs"),
        (&["why-halted"], "why_halted"),
        (&["why", "20110110-17"], "why"),
        (&["alerts", "list"], "alerts"),
        (&["config", "show"], "config"),
    ] {
        let args = [args, &["--json"]].concat();
        let run = run_at(fake.runtime_dir(), &args);
        assert_eq!(run.json(), sample_answer(method, &Value::Null), "{args:?}");
        assert_eq!(run.stderr, "");
    }
}

#[test]
fn status_fits_one_screen_and_names_what_is_wrong() {
    let fake = Fake::start();
    let run = run_at(&fake.socket(), &["status"]);
    assert_snapshot!(run.text(), @"
    SIMULATED  SYNTHETIC DATA  traderd 0.1.0, pid 4242, up 1 h 23 min

    Trading    halted: the daily loss limit of $500 is reached
    Observes   only: signals are not traded
    Killed     opening-range, since 2011-01-10 10:20:00 ET by uid 1000 (request night-1)
    Blocked    IWM, since 2011-01-10 09:31:00 ET: the broker has something in it that is not ours
    Armed      account SIMULATED, until 2011-02-09 10:00:00 ET
    Session    Mon 2011-01-10, 09:30 to 16:00 ET, entries allowed; now 2011-01-10 10:23:45 ET
    Next       Tue 2011-01-11, 09:30 to 16:00 ET
    Equity     $100,234.50, today +$234.50 (realised +$200.00, open +$34.50)
    Cash       $87,345.67
    Positions  2 open, 1 UNPROTECTED (120 unprotected share-seconds today)
    Orders     3 open; last minute 4 sent, 1 changed, 2 cancelled, of at most 180
    Routes     3 warm, 1 warming up
    Feed       synthetic up, 4 symbols, last heard 10:23:00 ET
    Broker     sim up, profile alpaca, last heard 10:23:01 ET, reconciled
    Journal    1234 entries, /var/lib/traderd/trader.db
    Recording  NOT RECORDED: no space left on the device
    Config     9f2c51d0a7e3
    Sockets    control /run/traderd/control/sock, read /run/traderd/read/sock
    Unchecked  volume_share: the average daily volume of SPY is not known

    WARNING  2011-01-10 10:22:00 ET  QQQ: the stop of QQQ was refused
      next: close it by hand: traderctl close QQQ
    ");
}

#[test]
fn a_quiet_day_reads_quietly() {
    let mut status = sample("Status");
    status["mode"] = json!("live");
    status["label"] = json!("");
    status["session"] = Value::Null;
    status["next_session"] = Value::Null;
    status["trading"] = json!({ "state": "active", "why": null });
    status["kills"] = json!([]);
    status["blocks"] = json!([]);
    status["arming"] = Value::Null;
    status["observe"] = json!(false);
    status["positions"] = json!(0);
    status["unprotected_positions"] = json!(0);
    status["unprotected_share_seconds"] = json!(0);
    status["routes"] = json!({ "warm": 4, "warming": 0 });
    status["day_pnl"] = json!("-12.345");
    status["alerts"] = json!([]);
    status["messages"] = json!({ "orders": 0, "changes": 0, "cancels": 0, "most": 180 });
    status["unchecked"] = json!([]);
    status["store"] = json!({ "seq": 0, "path": null, "writable": false });
    status["reconciled"] = json!(false);
    let fake = answering("status", status);
    let run = run_at(fake.runtime_dir(), &["status"]);
    assert_snapshot!(run.text(), @"
    LIVE  traderd 0.1.0, pid 4242, up 1 h 23 min

    Trading    active
    Session    none; now 2011-01-10 10:23:45 ET
    Next       none: the calendar ends here
    Equity     $100,234.50, today -$12.35 (realised +$200.00, open +$34.50)
    Cash       $87,345.67
    Positions  0 open
    Orders     3 open
    Routes     4 warm
    Feed       synthetic up, 4 symbols, last heard 10:23:00 ET
    Broker     sim up, profile alpaca, last heard 10:23:01 ET, NOT RECONCILED
    Journal    0 entries, in memory, CANNOT BE WRITTEN
    Recording  NOT RECORDED: no space left on the device
    Config     9f2c51d0a7e3
    Sockets    control /run/traderd/control/sock, read /run/traderd/read/sock
    ");
}

#[test]
fn a_bare_position_stands_out() {
    let mut bare = sample("Position");
    bare["symbol"] = json!("QQQ");
    bare["direction"] = json!("short");
    bare["protected"] = json!(false);
    bare["stop_state"] = json!("rejected");
    bare["exiting"] = json!(true);
    for field in ["last", "open_pnl", "stop"] {
        bare[field] = Value::Null;
    }
    let fake = answering("positions", json!([sample("Position"), bare]));
    let run = run_at(fake.runtime_dir(), &["positions"]);
    assert_snapshot!(run.text(), @"
    SIMULATED  SYNTHETIC DATA
    SYMBOL  SIDE   SHARES     ENTRY    LAST   PROFIT    STOP  PROTECTED                   ROUTE              INTENT       SINCE (ET)
    SPY     long      100  127.1533  127.50  +$34.67  126.40  yes                         opening-range-spy  20110110-17  2011-01-10 09:45:01
    QQQ     short     100  127.1533       -        -       -  NO, stop rejected, closing  opening-range-spy  20110110-17  2011-01-10 09:45:01
    ");
    let run = run_at(fake.runtime_dir(), &["positions", "--colour", "always"]);
    assert!(run.text().contains("\u{1b}[1;31mQQQ"), "{}", run.stdout);
}

#[test]
fn orders_are_the_open_ones_unless_all_are_asked_for() {
    let fake = Fake::start();
    let run = run_at(fake.runtime_dir(), &["orders"]);
    assert_snapshot!(run.text(), @"
    SIMULATED  SYNTHETIC DATA
    ORDER                    SYMBOL  FOR   SIDE  FILLED  SHARES  KIND          STOP   LIMIT  UNTIL  STATE    AVERAGE  UPDATED (ET)         WHY
    0000002a-20110110-17-s1  SPY     stop  sell      40     100  stop_limit  126.40  126.20  gtc    working  126.395  2011-01-10 09:45:01  end_of_day
    ");
    run_at(
        fake.runtime_dir(),
        &["orders", "--all", "--symbol", "spy", "--limit", "5"],
    );
    assert_eq!(
        fake.calls("orders"),
        [
            json!({ "open_only": true, "symbol": null, "limit": null }),
            json!({ "open_only": false, "symbol": "SPY", "limit": 5 }),
        ]
    );
}

#[test]
fn trades_end_with_their_sum() {
    let mut loss = sample("Trade");
    loss["profit"] = json!("-350.5");
    let fake = answering("trades", json!([sample("Trade"), loss]));
    let run = run_at(
        fake.runtime_dir(),
        &[
            "trades",
            "--from",
            "2011-01-10",
            "--to",
            "2011-01-10",
            "--route",
            "orb",
        ],
    );
    assert_snapshot!(run.text(), @"
    SIMULATED  SYNTHETIC DATA
    CLOSED (ET)          SYMBOL  SIDE   SHARES   ENTRY    EXIT    STOP    PROFIT   FEES  WHY     ROUTE              INTENT       TAGS         NOTE
    2011-01-10 09:41:30  SPY     short     100  127.50  125.49  128.10  +$200.00  $1.00  target  opening-range-spy  20110110-12  setup,trend  held through the pullback, as planned
    2011-01-10 09:41:30  SPY     short     100  127.50  125.49  128.10  -$350.50  $1.00  target  opening-range-spy  20110110-12  setup,trend  held through the pullback, as planned
    2 trades, -$150.50
    ");
    let asked = &fake.calls("trades")[0];
    assert_eq!(asked["from"], "2011-01-10");
    assert_eq!(
        (&asked["to"], &asked["route"]),
        (&json!("2011-01-10"), &json!("orb"))
    );
}

#[test]
fn strategies_show_settings_and_warm_up() {
    let fake = Fake::start();
    let run = run_at(fake.runtime_dir(), &["strategies"]);
    assert_snapshot!(run.text(), @"
    SIMULATED  SYNTHETIC DATA

    opening-range-spy  opening-range 0.1.0, 5 min bars, warming: QQQ has 12 of 20 bars
      range_minutes=15 target_multiple=2
      SYMBOL   BARS  POSITION  WAITING                               LAST SIGNAL
      SPY     12/20      -100  long working 0000002a-20110110-19-e1  2011-01-10 10:20:00 range_breakout: refused: one pending entry per symbol
    ");
}

#[test]
fn a_route_of_one_side_says_so() {
    let mut route = sample("Route");
    route["sides"] = json!("short");
    let fake = answering("strategies", json!([route]));
    let run = run_at(fake.runtime_dir(), &["strategies"]);
    let words = "opening-range 0.1.0, 5 min bars, short only, warming";
    assert!(run.text().contains(words), "{}", run.stdout);
}

#[test]
fn nothing_to_show_is_said_and_is_an_empty_list() {
    let fake = Fake::with(Role::Read, |name, _| {
        ["positions", "orders", "trades", "strategies", "logs"]
            .contains(&name)
            .then(|| Ok(json!([])))
    });
    for (command, words) in [
        ("positions", "no open positions"),
        ("orders", "no open orders"),
        ("trades", "no trades"),
        ("strategies", "no routes"),
    ] {
        let run = run_at(fake.runtime_dir(), &[command]);
        assert!(run.text().contains(words), "{}", run.stdout);
        let run = run_at(fake.runtime_dir(), &[command, "--json"]);
        assert_eq!(run.json(), json!([]), "{command}");
    }
}

#[test]
fn logs_pass_their_conditions_on() {
    let fake = Fake::start();
    let args = [
        "logs",
        "-n",
        "5",
        "--order",
        "b-1",
        "--symbol",
        "SPY",
        "--intent",
        "20110110-17",
        "--level",
        "warn",
    ];
    let run = run_at(fake.runtime_dir(), &args);
    assert_snapshot!(run.text(), @"
    SIMULATED  SYNTHETIC DATA
    2011-01-10 09:45:01  INFO   entry filled  order_id=0000002a-20110110-17-e1 symbol=SPY
    ");
    assert_eq!(
        fake.calls("logs"),
        [json!({
            "lines": 5, "symbol": "SPY", "order": "b-1", "intent": "20110110-17",
            "level": "warn", "after_seq": null,
        })]
    );
}

#[test]
fn logs_take_a_subject_and_pick_what_the_daemon_does_not_know() {
    let mut fill = sample("LogLine");
    fill["fields"]["event"] = json!("fill");
    let fake = answering("logs", json!([sample("LogLine"), fill]));
    let run = run_at(
        fake.runtime_dir(),
        &["logs", "spy", "--event", "fill", "--json"],
    );
    assert_eq!(run.json(), json!([fill]));
    // The sample is of 2011.
    let run = run_at(fake.runtime_dir(), &["logs", "--today", "--json"]);
    assert_eq!(run.json(), json!([]));
    for subject in ["20110110-17", "0000002a-20110110-17-e1"] {
        run_at(fake.runtime_dir(), &["logs", subject]);
    }
    let asked: Vec<Value> = fake.calls("logs");
    let asked: Vec<_> = asked
        .iter()
        .map(|call| (&call["symbol"], &call["intent"], &call["order"]))
        .collect();
    let (none, spy) = (&Value::Null, &json!("SPY"));
    assert_eq!(
        asked,
        [
            (spy, none, none),
            (none, none, none),
            (none, &json!("20110110-17"), none),
            (none, none, &json!("0000002a-20110110-17-e1")),
        ]
    );
}

#[test]
fn following_goes_on_where_the_past_ended_and_keeps_the_conditions() {
    let fake = Fake::start();
    let args = ["logs", "--follow", "--symbol", "SPY", "--json"];
    let lines = first_lines(fake.runtime_dir(), &args, 2);
    let heard: Vec<Value> = lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(heard[0], sample("LogLine"));
    assert_eq!(
        (&heard[1]["seq"], &heard[1]["message"]),
        (&json!(345), &json!("stop moved"))
    );
    let lines = first_lines(fake.runtime_dir(), &["logs", "-f"], 4);
    assert_eq!(lines[0], "SIMULATED  SYNTHETIC DATA");
    assert!(lines[2].contains("entry sent  symbol=QQQ"), "{lines:?}");
}

#[test]
fn words_from_outside_cannot_draw_on_the_terminal() {
    let mut line = sample("LogLine");
    line["message"] = json!("hello\u{1b}[2Jworld\nerror: fake");
    let fake = answering("logs", json!([line]));
    let run = run_at(fake.runtime_dir(), &["logs"]);
    assert!(
        run.text().contains("hello [2Jworld error: fake"),
        "{}",
        run.stdout
    );
    assert_eq!(run.stdout.lines().count(), 2);
}

#[test]
fn the_calendar_comes_from_the_daemon_or_from_the_program() {
    let days = [
        "calendar",
        "--start-date",
        "2010-11-24",
        "--end-date",
        "2010-11-26",
        "--json",
    ];
    let fake = Fake::start();
    let run = run_at(fake.runtime_dir(), &days);
    assert_eq!(run.json(), json!([sample("CalendarDay")]));
    assert!(
        run.stderr.starts_with("calendar of traderd at "),
        "{}",
        run.stderr
    );

    let run = run_at("/nowhere/sock".as_ref(), &days);
    assert_eq!(
        run.json(),
        json!([
            { "date": "2010-11-24", "open": "2010-11-24T14:30:00Z",
              "close": "2010-11-24T21:00:00Z", "half_day": false },
            { "date": "2010-11-26", "open": "2010-11-26T14:30:00Z",
              "close": "2010-11-26T18:00:00Z", "half_day": true },
        ])
    );
    assert!(
        run.stderr.starts_with("calendar shipped with traderctl "),
        "{}",
        run.stderr
    );
    let run = run_at("/nowhere/sock".as_ref(), &days[..5]);
    assert_snapshot!(run.text(), @"
    DATE            OPEN (ET)  CLOSE (ET)  NOTE
    Wed 2010-11-24  09:30      16:00
    Fri 2010-11-26  09:30      13:00       half day
    ");
}

#[test]
fn why_reads_as_a_timeline_with_its_numbers() {
    let fake = Fake::start();
    let run = run_at(&fake.socket(), &["why", "20110110-17"]);
    assert_snapshot!(run.text());
}

#[test]
fn why_of_what_has_no_such_name_is_a_usage_error_that_shows_what_has() {
    let fake = Fake::start();
    let run = run_at(&fake.socket(), &["why", "SPY"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("SPY@10:35"), "{}", run.stderr);
}

#[test]
fn a_moment_is_told_by_the_bars_of_its_recording_or_it_is_said_why_not() {
    let bars = sample("Why")["bars"].clone();
    let told = bars.to_string();
    let desk = Desk::default().on_submit(move |desk, id| {
        let job = desk.answer("jobs", &json!({ "id": id })).unwrap().unwrap();
        let trace = &job[0]["work"]["trace"];
        assert_eq!(
            (&trace["symbol"], &trace["time"]),
            (&json!("SPY"), &json!("10:35:00"))
        );
        match trace["session"].is_null() {
            true => desk.finish(id, &told),
            false => desk.change(
                id,
                &json!({ "state": "failed", "message": "no session is recorded" }),
            ),
        }
    });
    let fake = Fake::with_desk(&Arc::new(desk));
    let run = run_at(fake.runtime_dir(), &["why", "SPY@10:35", "--json"]);
    assert_eq!(run.json()["bars"], bars);
    let run = run_at(
        fake.runtime_dir(),
        &["why", "SPY@2011-01-10T10:35", "--json"],
    );
    let note = run.json()["note"].as_str().unwrap().to_owned();
    assert!(note.contains("no session is recorded"), "{note}");
    // A job that was watched by somebody else reads the same.
    let run = run_at(fake.runtime_dir(), &["jobs", "watch", "1"]);
    assert!(run.stdout.contains("averages_tight"), "{}", run.stdout);
    // Who may only look has the journal's part.
    let run = run_at(&fake.socket(), &["why", "SPY@10:35", "--json"]);
    assert_eq!(run.code, 0);
}
