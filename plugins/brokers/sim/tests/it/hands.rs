//! What others than the daemon do to the account: its owner's trades, executions that the broker takes
//! back, and an account that may open nothing.

use trader_broker_sim::SimBroker;
use trader_contract::{Broker, BrokerEvent, NetQty, Price, Qty, ReportStatus, Side};

use crate::scenario::{Script, alpaca, id, symbol};

fn net(broker: &SimBroker) -> NetQty {
    let account = broker.account();
    let position = account.positions.first();
    position.map_or(NetQty::ZERO, |(_, net, _)| *net)
}

fn shares(count: u32) -> Qty {
    Qty::shares(count).unwrap()
}

fn cents(cents: i64) -> Price {
    Price::from_cents(cents).unwrap()
}

/// A long position of 100 shares that a stop protects.
fn protected() -> Script {
    let mut script = Script::new(alpaca());
    for line in [
        "open",
        "bar 100 100 100 100",
        "e1 buy 100",
        "bar 100 100 100 100",
        "s1 sell 100 stop 95 gtc",
        "bar 100 100 100 100",
    ] {
        script.line(line);
    }
    script
}

#[test]
fn the_owners_trade_cancels_what_rests_and_moves_position_and_cash() {
    let Script {
        mut broker, now, ..
    } = protected();
    let before = broker.account().cash;
    assert!(broker.trade_by_hand(symbol(), (Side::Sell, shares(40), cents(10_000)), now));
    assert_eq!(net(&broker).to_string(), "60");
    assert_eq!(
        broker.account().cash - before,
        cents(10_000).times(shares(40))
    );
    assert!(broker.account().open_orders.is_empty());
    let said: Vec<BrokerEvent> = std::iter::from_fn(|| broker.take(now)).collect();
    let cancelled = said.iter().any(|event| {
        matches!(event, BrokerEvent::Order(report)
            if report.client_id == id("s1") && report.status == ReportStatus::Cancelled)
    });
    let foreign = said.iter().filter_map(|event| match event {
        BrokerEvent::Foreign(order) => Some((order.status, order.filled)),
        _ => None,
    });
    let expected = [
        (ReportStatus::New, Qty::ZERO),
        (ReportStatus::Filled, shares(40)),
    ];
    assert!(cancelled, "{said:?}");
    assert_eq!(foreign.collect::<Vec<_>>(), expected);
    let other = "NONE".parse().unwrap();
    assert!(!broker.trade_by_hand(other, (Side::Buy, shares(1), cents(100)), now));
}

#[test]
fn an_execution_that_is_taken_back_leaves_cash_and_position_as_if_it_had_not_been() {
    let Script {
        mut broker, now, ..
    } = protected();
    let snapshot = broker.snapshot((1, trader_contract::Timestamp::MIN), now);
    let (order, execution) = snapshot.executions.first().cloned().unwrap();
    let changed = Some((shares(70), cents(9_900)));
    let done = broker.correct(&execution.id, changed, now).unwrap();
    assert_eq!((done.client_id, &done.void), (order, &execution));
    assert_eq!(net(&broker).to_string(), "70");
    let void = done.now.unwrap().id;
    broker.correct(&void, None, now).unwrap();
    assert!(net(&broker).is_flat());
    assert_eq!(broker.account().cash, alpaca().cash);
    let after = broker.snapshot((2, trader_contract::Timestamp::MIN), now);
    assert!(after.executions.is_empty());
    assert_eq!(after.corrected.len(), 2);
    assert!(broker.correct(&void, None, now).is_none());
}

#[test]
fn a_blocked_account_closes_and_opens_nothing() {
    let mut script = protected();
    script.broker.set_blocked(Some("account is restricted"));
    let now = script.now;
    let blocked = script.broker.snapshot((1, now), now).account.blocked;
    assert_eq!(blocked.as_deref(), Some("account is restricted"));
    let opens = "cancel s1\nbar 100 100 100 100\ne2 buy 5\nx1 sell 100";
    opens.lines().for_each(|line| script.line(line));
    script.line("bar 100 100 100 100");
    assert!(net(&script.broker).is_flat());
    assert_eq!(script.broker.account().open_orders, []);
}
