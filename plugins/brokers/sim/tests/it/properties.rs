//! What holds in every life of a broker: its books balance, no order fills twice or reopens, both
//! sides are treated alike, and a saved broker goes on as if nothing had happened.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "small numbers; an overflow would panic"
)]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use trader_broker_sim::{SimBroker, SimConfig, Slippage};
use trader_contract::{
    BrokerEvent, ClientOrderId, Money, NetQty, OrderReport, Qty, Ratio, ReportStatus, Side, Symbol,
    TimeInForce, Timestamp,
};

use crate::scenario::{name, symbol};
use crate::world::{World, any_config, fair_config, step};

/// The books as the client keeps them, from reports alone.
#[derive(Default)]
struct Ledger {
    last: BTreeMap<ClientOrderId, OrderReport>,
    executions: BTreeSet<String>,
    executed: BTreeMap<ClientOrderId, i64>,
    spent: i128,
    shares: i64,
}

impl Ledger {
    fn hear(&mut self, report: &OrderReport) -> Result<(), TestCaseError> {
        let id = report.client_id;
        prop_assert!(report.filled <= report.qty, "{} overfilled", name(id));
        if let Some(before) = self.last.get(&id) {
            prop_assert!(
                report.at > before.at,
                "{} has stamps out of order",
                name(id)
            );
            prop_assert!(report.filled >= before.filled);
            let went = before.status.state().transition(report.status.state());
            prop_assert!(went.is_ok(), "{}: {went:?}", name(id));
            prop_assert!(
                !before.status.state().is_terminal(),
                "{} reopened",
                name(id)
            );
        }
        if let Some(execution) = &report.execution {
            prop_assert!(self.executions.insert(execution.id.to_string()));
            prop_assert!(!execution.qty.is_zero());
            let executed = self.executed.entry(id).or_default();
            *executed += execution.qty.nanos();
            let value = execution.price.times(execution.qty).femtos();
            let (shares, spent) = match report.side {
                Side::Buy => (execution.qty.nanos(), value),
                Side::Sell => (-execution.qty.nanos(), -value),
            };
            self.shares += shares;
            self.spent += spent + execution.fee.femtos();
        }
        let executed = self.executed.get(&id).copied().unwrap_or(0);
        prop_assert_eq!(report.filled.nanos(), executed);
        self.last.insert(id, report.clone());
        Ok(())
    }
}

/// Stamps of one instant lie a few nanoseconds apart.
fn is_at(at: Timestamp, instant: Timestamp) -> bool {
    (0..50).contains(&at.since(instant))
}

/// What an order that may not rest says of itself: that it worked for an instant, or until the close.
fn check_moment(
    world: &World,
    time: TimeInForce,
    reports: &[&OrderReport],
) -> Result<(), TestCaseError> {
    let executed: Vec<_> = reports
        .iter()
        .filter_map(|r| r.execution.as_ref())
        .collect();
    let last = reports.last().unwrap();
    let Some(works) = reports.iter().find(|r| r.status == ReportStatus::New) else {
        return Ok(());
    };
    let session = |at: Timestamp| {
        let inside = |(open, close): &&(Timestamp, Timestamp)| *open <= at && at < *close;
        world.sessions.iter().find(inside).copied()
    };
    match time {
        TimeInForce::Day | TimeInForce::Gtc => return Ok(()),
        TimeInForce::Ioc | TimeInForce::Opg => {}
        TimeInForce::Fok => {
            prop_assert!(executed.len() <= 1, "{reports:?}");
            prop_assert!(executed.iter().all(|e| e.qty == last.qty), "{reports:?}");
        }
        TimeInForce::Cls => {
            let (_, close) = session(works.at).unwrap();
            for execution in executed {
                prop_assert!(is_at(execution.at, close.plus_nanos(-1)), "{reports:?}");
            }
            let over = world.now > close.plus_minutes(5);
            prop_assert!(!over || last.status.state().is_terminal(), "{reports:?}");
            prop_assert!(last.at <= close.plus_nanos(50), "{reports:?}");
            return Ok(());
        }
    }
    prop_assert!(last.status.state().is_terminal(), "{reports:?}");
    prop_assert!(is_at(last.at, works.at), "{reports:?}");
    if time == TimeInForce::Opg {
        let (open, _) = session(works.at).unwrap();
        for execution in executed {
            prop_assert!(is_at(execution.at, open), "{reports:?}");
        }
    }
    Ok(())
}

fn reports(events: &[(Timestamp, BrokerEvent)]) -> impl Iterator<Item = &OrderReport> {
    events.iter().filter_map(|(_, event)| match event {
        BrokerEvent::Order(report) => Some(report),
        _ => None,
    })
}

proptest! {
    #[test]
    fn the_books_balance_and_no_order_reopens(
        config in any_config(),
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let mut world = World::new(config.clone(), false);
        for step in &steps {
            world.live(step);
        }
        let end = world.now.plus_minutes(10);
        world.run_to(end);
        let mut ledger = Ledger::default();
        let mut before = Timestamp::MIN;
        for (due, event) in &world.events {
            prop_assert!(*due >= before, "events out of order");
            before = *due;
            if let BrokerEvent::Order(report) = event {
                ledger.hear(report)?;
            }
        }
        let account = world.broker.account();
        prop_assert_eq!(account.cash, config.cash - Money::from_femtos(ledger.spent));
        let shares = account.positions.first().map_or(NetQty::ZERO, |(_, net, _)| *net);
        prop_assert_eq!(shares.nanos(), ledger.shares);
        let open: Vec<ClientOrderId> = account.open_orders.iter().map(|order| order.client_id).collect();
        for (id, report) in &ledger.last {
            prop_assert_eq!(open.contains(id), !report.status.state().is_terminal(), "{}", name(*id));
        }
    }

    #[test]
    fn both_sides_are_treated_alike(
        config in fair_config(),
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let mut world = World::new(config.clone(), false);
        let mut mirror = World::new(config, true);
        for step in &steps {
            world.live(step);
            mirror.live(step);
        }
        let fills = |world: &World| -> Vec<(ClientOrderId, Qty, i64, Timestamp, bool)> {
            reports(&world.events)
                .filter_map(|report| {
                    let execution = report.execution.as_ref()?;
                    let away = execution.price.micros() - 100_000_000;
                    let buys = report.side == Side::Buy;
                    Some((report.client_id, execution.qty, away, execution.at, buys))
                })
                .collect()
        };
        let turned: Vec<_> = fills(&mirror)
            .into_iter()
            .map(|(id, qty, away, at, buys)| (id, qty, -away, at, !buys))
            .collect();
        prop_assert_eq!(fills(&world), turned);
        prop_assert_eq!(world.events.len(), mirror.events.len());
    }

    #[test]
    fn fills_lie_inside_their_bar_and_keep_limits_and_stops(
        config in any_config(),
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let config = SimConfig {
            slippage: Slippage::NONE,
            half_spread_micros: 0,
            ..config
        };
        let whole = config.participation.is_none() && config.split.probability == Ratio::ZERO;
        let mut world = World::new(config, false);
        steps.iter().for_each(|step| world.live(step));
        for report in reports(&world.events) {
            let Some(execution) = &report.execution else {
                continue;
            };
            // Stamps may lead by a few nanoseconds into the next bar.
            let inside = |at: Timestamp| {
                let bar = world.bars.iter().rev().find(|bar| bar.start <= at);
                bar.is_some_and(|bar| bar.low <= execution.price && execution.price <= bar.high)
            };
            let at = execution.at;
            prop_assert!(inside(at) || inside(at.plus_nanos(-50)), "{report:?}");
            let (price, buys) = (execution.price, report.side == Side::Buy);
            if let Some(limit) = report.limit {
                prop_assert!(if buys { price <= limit } else { price >= limit }, "{report:?}");
            }
            if let Some(stop) = report.stop && whole && report.limit.is_none() {
                prop_assert!(if buys { price >= stop } else { price <= stop }, "{report:?}");
            }
        }
    }

    #[test]
    fn a_trailing_stop_never_moves_away_from_the_price(
        config in any_config(),
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let mut world = World::new(config, false);
        let mut stands: BTreeMap<ClientOrderId, i64> = BTreeMap::new();
        for step in &steps {
            world.live(step);
            for order in world.broker.account().open_orders {
                let Some(stop) = order.stop.filter(|_| world.trailing.contains(&order.client_id))
                else {
                    continue;
                };
                let up = if order.side == Side::Sell { 1 } else { -1 };
                let stop = stop.micros() * up;
                let before = stands.insert(order.client_id, stop);
                prop_assert!(before.is_none_or(|before| before <= stop), "{order:?}");
            }
        }
    }

    #[test]
    fn no_order_outlives_its_moment(
        config in any_config(),
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let mut world = World::new(config, false);
        for step in &steps {
            world.live(step);
        }
        let end = world.now.plus_minutes(10);
        world.run_to(end);
        let mut orders: BTreeMap<ClientOrderId, Vec<&OrderReport>> = BTreeMap::new();
        for report in reports(&world.events) {
            orders.entry(report.client_id).or_default().push(report);
        }
        for (id, reports) in orders {
            let time = world.times.get(&id).copied().unwrap_or(TimeInForce::Day);
            check_moment(&world, time, &reports)?;
        }
    }

    #[test]
    fn a_saved_broker_goes_on_as_if_nothing_had_happened(
        config in any_config(),
        steps in prop::collection::vec(step(), 2..50),
        cut in any::<prop::sample::Index>(),
    ) {
        let cut = cut.index(steps.len());
        let mut world = World::new(config.clone(), false);
        for step in &steps {
            world.live(step);
        }
        let mut other = World::new(config.clone(), false);
        for (number, step) in steps.iter().enumerate() {
            if number == cut {
                let text = other.broker.save().unwrap();
                let symbols: [Symbol; 2] = [symbol(), "OTHER".parse().unwrap()];
                other.broker = SimBroker::restore(&text, config.clone(), &symbols).unwrap();
                prop_assert_eq!(other.broker.save().unwrap(), text);
            }
            other.live(step);
        }
        prop_assert_eq!(&world.events, &other.events);
        prop_assert_eq!(world.broker.account(), other.broker.account());
    }
}

/// The properties above would hold in lives in which nothing happens.
#[test]
fn random_lives_reach_every_status_and_fill_often() {
    let mut runner = TestRunner::deterministic();
    let lives = (any_config(), prop::collection::vec(step(), 30..60));
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..400 {
        let (config, steps) = lives.new_tree(&mut runner).unwrap().current();
        let mut world = World::new(config, false);
        steps.iter().for_each(|step| world.live(step));
        for report in reports(&world.events) {
            let status = serde_json::to_string(&report.status).unwrap();
            *seen.entry(status).or_default() += 1;
            if report.execution.is_some() {
                *seen.entry("execution".to_owned()).or_default() += 1;
                if let Some(time) = world.times.get(&report.client_id) {
                    *seen.entry(time.to_string()).or_default() += 1;
                }
                if world.trailing.contains(&report.client_id) {
                    *seen.entry("trailing".to_owned()).or_default() += 1;
                }
            }
        }
        for (_, event) in &world.events {
            if let BrokerEvent::SubmitFailed { .. } = event {
                *seen.entry("refused".to_owned()).or_default() += 1;
            }
        }
    }
    println!("{seen:?}");
    let often = |what: &str| seen.get(what).copied().unwrap_or(0) >= 50;
    for status in [
        "pending_new",
        "accepted",
        "held",
        "new",
        "partially_filled",
        "filled",
        "cancelled",
        "expired",
        "replaced",
        "pending_cancel",
        "pending_replace",
    ] {
        assert!(often(&format!("\"{status}\"")), "{status}: {seen:?}");
    }
    for fills_of in ["day", "gtc", "ioc", "fok", "opg", "cls", "trailing"] {
        let some = seen.get(fills_of).copied().unwrap_or(0) >= 5;
        assert!(some, "{fills_of}: {seen:?}");
    }
    assert!(seen.contains_key("\"rejected\""), "{seen:?}");
    assert!(often("execution") && often("refused"), "{seen:?}");
}

#[test]
fn a_restored_broker_finds_its_symbols_wherever_they_are_now() {
    let text = {
        let script =
            "open\nbar 100 100 100 100\ne1 buy 10\nbar 100 100 100 100\ns1 sell 10 stop 99 gtc";
        let mut state = crate::scenario::Script::new(crate::scenario::plain());
        script.lines().for_each(|line| state.line(line));
        state.broker.save().unwrap()
    };
    let other: Symbol = "OTHER".parse().unwrap();
    let config = crate::scenario::plain();
    let broker = SimBroker::restore(&text, config.clone(), &[other, symbol()]).unwrap();
    assert_eq!(broker.account().positions.len(), 1);
    assert_eq!(broker.account().open_orders.len(), 1);
    // A symbol with a position is kept even if it is no longer asked for.
    let broker = SimBroker::restore(&text, config, &[other]).unwrap();
    assert_eq!(broker.account().positions.first().unwrap().0, symbol());
}

#[test]
fn a_state_without_what_is_new_is_restored() {
    fn strip(value: &mut serde_json::Value) {
        const NEW: [&str; 5] = [
            "charges",
            "day_trades",
            "opened_today",
            "followed",
            "evening_before",
        ];
        match value {
            serde_json::Value::Object(fields) => {
                fields.retain(|name, _| !NEW.contains(&name.as_str()));
                fields.values_mut().for_each(strip);
            }
            serde_json::Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let script =
        "open\nbar 100 100 100 100\ne1 buy 10\nbar 100 100 100 100\ns1 sell 10 stop 99 gtc";
    let mut state = crate::scenario::Script::new(crate::scenario::plain());
    script.lines().for_each(|line| state.line(line));
    let mut saved = serde_json::from_str(&state.broker.save().unwrap()).unwrap();
    strip(&mut saved);
    saved["config"] = serde_json::json!({ "margin": { "intraday": 4, "overnight": 2 } });
    let config = crate::scenario::plain();
    let broker = SimBroker::restore(&saved.to_string(), config, &[symbol()]).unwrap();
    assert_eq!(broker.account().open_orders.len(), 1);
    assert_eq!(broker.account().cash, Money::dollars(99_000));
}

#[test]
fn what_is_no_saved_broker_is_refused() {
    let error = SimBroker::restore("{}", crate::scenario::plain(), &[symbol()]).unwrap_err();
    assert!(error.to_string().contains("cannot be read"), "{error}");
}
