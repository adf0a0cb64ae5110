//! Reports twice, late and out of order: the ledger is the one that they give once and in order.

use proptest::prelude::*;
use trader_contract::{BrokerEvent, Direction, Money, NetQty, Qty};
use trader_core::Watch;

use crate::scene::{Scene, Setup, symbol};

/// What a sequence of reports has made of the account.
#[derive(Debug, PartialEq)]
struct Ledger {
    cash: Money,
    net: NetQty,
    filled: Vec<(String, Qty, Money)>,
    states: Vec<(String, String)>,
}

fn ledger(scene: &Scene) -> Ledger {
    let book = scene.engine.book();
    let orders = || book.orders.values();
    Ledger {
        cash: book.cash,
        net: book.net(symbol("SPY")),
        filled: orders()
            .map(|o| (crate::say::id(o.id()), o.filled, o.filled_value))
            .collect(),
        states: orders()
            .map(|o| (crate::say::id(o.id()), o.state.to_string()))
            .collect(),
    }
}

/// An order of the venue does something: which, and for fills how many shares at which price.
type Happening = (&'static str, Option<(u32, &'static str)>);

/// The stories of one bracket entry of 100 shares, all of whose orders are sent at once.
const STORIES: [&[Happening]; 4] = [
    // It fills in two parts, and its target fills in three.
    &[
        ("1-e1", None),
        ("1-e1", Some((40, "100.10"))),
        ("1-e1", Some((60, "100.12"))),
        ("1-t1", None),
        ("1-t1", Some((10, "101"))),
        ("1-t1", Some((50, "101.01"))),
        ("1-t1", Some((40, "101"))),
    ],
    // It fills, and the stop fills.
    &[
        ("1-e1", None),
        ("1-e1", Some((100, "100.10"))),
        ("1-t1", None),
        ("1-s1", Some((30, "99.50"))),
        ("1-s1", Some((70, "99.40"))),
    ],
    // It waits, and ends without a fill.
    &[("1-e1", None), ("1-e1 cancelled", None)],
    // It fills, and rests.
    &[
        ("1-e1", None),
        ("1-e1", Some((25, "100.10"))),
        ("1-e1", Some((25, "100.11"))),
        ("1-e1", Some((50, "100.12"))),
        ("1-t1", None),
    ],
];

fn with_bracket_sent(direction: Direction) -> Scene {
    let mut scene = Scene::new(direction, Setup::default());
    scene.wants("a", "SPY", scene.bracket());
    scene.bar("100");
    scene
}

/// What the broker sends in the course of a story; nobody hears it yet.
fn sent(scene: &mut Scene, story: &[Happening]) -> Vec<BrokerEvent> {
    let mut events = Vec::new();
    for (order, fill) in story {
        // Each report has a stamp of its own.
        scene.at = scene.at.plus_nanos(1_000_000);
        let (order, ends) = order
            .strip_suffix(" cancelled")
            .map_or((*order, false), |order| (order, true));
        let id = scene.id(order);
        let at = scene.at;
        let reports = match fill {
            Some((shares, price)) => {
                let (qty, price) = (Qty::shares(*shares).unwrap(), scene.price(price));
                scene.venue.fill(id, qty, price, at)
            }
            None if ends => scene
                .venue
                .set(id, trader_contract::ReportStatus::Cancelled, at),
            None => scene.venue.set(id, trader_contract::ReportStatus::New, at),
        };
        events.extend(stamped(reports, at));
    }
    events
}

/// The members of a group are reported with the order that moved them.
fn stamped(reports: Vec<BrokerEvent>, at: trader_contract::Timestamp) -> Vec<BrokerEvent> {
    let stamp = |event| match event {
        BrokerEvent::Order(mut report) => {
            report.at = at;
            BrokerEvent::Order(report)
        }
        other => other,
    };
    reports.into_iter().map(stamp).collect()
}

/// The events in an order that the keys give, some of them more than once.
fn shuffled(events: &[BrokerEvent], keys: &[(u32, u8)]) -> Vec<BrokerEvent> {
    let mut keyed: Vec<(u32, &BrokerEvent)> = Vec::new();
    for (place, event) in events.iter().enumerate() {
        let (key, copies) = keys[place % keys.len()];
        for copy in 0..=u32::from(copies % 3) {
            let key = key.rotate_left(copy * 7 + u32::try_from(place).unwrap());
            keyed.push((key, event));
        }
    }
    keyed.sort_by_key(|(key, _)| *key);
    keyed.into_iter().map(|(_, event)| event.clone()).collect()
}

fn heard(direction: Direction, story: &[Happening], keys: Option<&[(u32, u8)]>) -> Scene {
    let mut scene = with_bracket_sent(direction);
    let events = sent(&mut scene, story);
    let events = keys.map_or_else(|| events.clone(), |keys| shuffled(&events, keys));
    for event in events {
        scene.input(trader_core::Event::Broker(event));
    }
    for _ in 0..3 {
        scene.snapshot();
    }
    scene
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_report_twice_late_or_reordered_gives_the_ledger_of_once_and_in_order(
        short: bool,
        story in 0..STORIES.len(),
        keys in prop::collection::vec((any::<u32>(), any::<u8>()), 1..24),
    ) {
        let direction = if short { Direction::Short } else { Direction::Long };
        let story = STORIES[story];
        let once = heard(direction, story, None);
        let often = heard(direction, story, Some(&keys));
        prop_assert_eq!(often.engine.book().net(symbol("SPY")), often.venue.net(symbol("SPY")));
        prop_assert_eq!(ledger(&once), ledger(&often), "{}", often.transcript());
        prop_assert!(!often.transcript().contains("contradict"), "{}", often.transcript());
    }

    #[test]
    fn the_sides_hear_alike(
        story in 0..STORIES.len(),
        keys in prop::collection::vec((any::<u32>(), any::<u8>()), 1..24),
    ) {
        let long = heard(Direction::Long, STORIES[story], Some(&keys));
        let short = heard(Direction::Short, STORIES[story], Some(&keys));
        prop_assert_eq!(long.transcript(), short.transcript());
    }

    #[test]
    fn any_reports_may_be_lost_where_the_broker_is_asked_again(
        short: bool,
        story in 0..STORIES.len(),
        kept in prop::collection::vec(any::<bool>(), 1..24),
    ) {
        let direction = if short { Direction::Short } else { Direction::Long };
        let setup = Setup { watch: Watch::LOCAL, ..Setup::default() };
        let mut scene = Scene::new(direction, setup);
        scene.wants("a", "SPY", scene.bracket());
        scene.bar("100");
        let events = sent(&mut scene, STORIES[story]);
        for (place, event) in events.into_iter().enumerate() {
            if kept[place % kept.len()] {
                scene.input(trader_core::Event::Broker(event));
            }
        }
        // A snapshot tells everything; the one after it settles what the first has brought up.
        scene.pass(15);
        scene.snapshot();
        scene.pass(15);
        scene.snapshot();
        let book = scene.engine.book();
        prop_assert_eq!(book.net(symbol("SPY")), scene.venue.net(symbol("SPY")));
        let missing = book.orders.values().any(trader_core::book::Order::misses_fills);
        prop_assert!(!missing, "{}", scene.transcript());
    }
}
