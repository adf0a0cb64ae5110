//! Random scenarios: whatever happens, the journal holds the whole book, the same events give the
//! same commands, and no order ever turns a position.

use proptest::prelude::*;
use trader_contract::{
    BrokerEvent, ClientOrderId, Direction, EntryPrice, Intent, Qty, Reason, ReportStatus,
};
use trader_core::book::Orders;
use trader_core::record::Record;
use trader_core::{DayRules, EndOfDay, Event, OperatorCommand};

use crate::scene::{Scene, Setup, symbol};

const TICKERS: [&str; 2] = ["SPY", "QQQ"];
const CLOSES: [&str; 8] = [
    "99.4", "99.6", "99.9", "100", "100", "100.05", "100.3", "100.6",
];
const STEPS: u8 = 15;

/// One of the items, whichever `pick` says.
fn one<T: Clone>(items: &[T], pick: u8) -> Option<T> {
    let place = usize::from(pick).checked_rem(items.len())?;
    items.get(place).cloned()
}

fn orders(scene: &Scene, having: impl Fn(ReportStatus) -> bool) -> Vec<ClientOrderId> {
    let waits = |id| scene.venue.replaces.iter().any(|(_, new)| *new == id);
    let orders = scene.venue.orders.values();
    orders
        .filter(|order| having(order.status) && !waits(order.client_id))
        .map(|order| order.client_id)
        .collect()
}

/// Does the n-th kind of thing, if there is something to do it with.
pub(crate) fn act(scene: &mut Scene, kind: u8, pick: u8) {
    let ticker = one(&TICKERS, pick).unwrap();
    let close = one(&CLOSES, pick / 2).unwrap();
    match kind {
        0 => scene.bar_of(ticker, close),
        1 | 2 => {
            let route = if pick.is_multiple_of(3) { "b" } else { "a" };
            let intent = wish(scene, pick);
            scene.wants(route, ticker, intent);
            scene.bar_of(ticker, close);
        }
        3 => {
            let new = orders(scene, |status| status == ReportStatus::PendingNew);
            if let Some(id) = one(&new, pick) {
                let events = scene.venue.set(id, ReportStatus::New, scene.at);
                scene.hear("works", events);
            }
        }
        4 | 5 => fill(scene, pick),
        6 => answer_cancel(scene, pick),
        7 => answer_replace(scene, pick),
        8 => scene.snapshot(),
        9 => scene.pass(i64::from(pick) / 16),
        10 => operate(scene, pick, ticker),
        11 => repeat(scene, pick),
        12 => refuse(scene, pick),
        13 if pick > 200 => {
            scene.restart();
            scene.snapshot();
        }
        13 => scene.pass(1),
        _ => scene.pass(i64::from(pick) * 120),
    }
}

fn wish(scene: &Scene, pick: u8) -> Intent {
    match pick % 8 {
        0 => scene.move_stop("99.70"),
        1 => scene.move_stop("99.90"),
        2 => Intent::Exit {
            reason: Reason::new("test"),
        },
        3 => scene.entry_of(50, EntryPrice::Market),
        4 => scene.bracket(),
        _ => scene.entry(),
    }
}

fn fill(scene: &mut Scene, pick: u8) {
    let open = |status| matches!(status, ReportStatus::New | ReportStatus::PartiallyFilled);
    let mut open = orders(scene, open);
    open.extend(scene.venue.held_stops());
    let Some(id) = one(&open, pick) else {
        return;
    };
    let order = &scene.venue.orders[&id];
    let left = order.qty.checked_sub(order.filled).unwrap();
    let part = u32::try_from(left.whole_shares() / 2).unwrap();
    let qty = if pick.is_multiple_of(2) && part > 0 {
        Qty::shares(part).unwrap()
    } else {
        left
    };
    let price = scene.price("100");
    let events = scene.venue.fill(id, qty, price, scene.at);
    // A report in seven is lost on its way; a later snapshot brings it.
    if !pick.is_multiple_of(7) {
        scene.hear("fills", events);
    }
}

fn answer_cancel(scene: &mut Scene, pick: u8) {
    let Some(id) = one(&scene.venue.cancels.clone(), pick) else {
        return;
    };
    scene.venue.cancels.retain(|asked| *asked != id);
    let over = scene.venue.orders[&id].status.state().is_terminal();
    if over || pick.is_multiple_of(5) {
        let failure = crate::scene::refusal();
        scene.hear(
            "no cancel",
            vec![BrokerEvent::CancelFailed {
                client_id: id,
                failure,
            }],
        );
    } else {
        let events = scene.venue.set(id, ReportStatus::Cancelled, scene.at);
        scene.hear("cancelled", events);
    }
}

fn answer_replace(scene: &mut Scene, pick: u8) {
    let Some((old, _)) = one(&scene.venue.replaces.clone(), pick) else {
        return;
    };
    let over = scene.venue.orders[&old].status.state().is_terminal();
    let events = if over || pick.is_multiple_of(5) {
        scene.venue.replacement_rejected(old, scene.at)
    } else {
        scene.venue.replaced(old, scene.at)
    };
    scene.hear("replaced or not", events);
}

fn operate(scene: &mut Scene, pick: u8, ticker: &str) {
    scene.operator(match pick % 8 {
        0 => OperatorCommand::Pause,
        1 => OperatorCommand::Flatten,
        2 | 3 => OperatorCommand::Close(symbol(ticker)),
        _ => OperatorCommand::Resume,
    });
}

/// A report of before comes once more.
fn repeat(scene: &mut Scene, pick: u8) {
    let report = |(_, event): &(_, Event)| match event {
        Event::Broker(event @ BrokerEvent::Order(_)) => Some(event.clone()),
        _ => None,
    };
    let before: Vec<BrokerEvent> = scene.events.iter().filter_map(report).collect();
    scene.hear("once more", one(&before, pick).into_iter().collect());
}

fn refuse(scene: &mut Scene, pick: u8) {
    let mut new = orders(scene, |status| status == ReportStatus::PendingNew);
    // What the broker has shown in a snapshot it does not refuse any more.
    let known = &scene.engine.book().orders;
    new.retain(|id| !known[id].state.is_acknowledged());
    if let Some(client_id) = one(&new, pick) {
        scene.venue.lose(client_id);
        let failure = crate::scene::refusal();
        scene.hear(
            "refused",
            vec![BrokerEvent::SubmitFailed { client_id, failure }],
        );
    }
}

/// Whatever the position is, it never lies on the other side.
fn assert_not_turned(scene: &Scene) {
    for ticker in TICKERS {
        let net = scene.mirror.net(scene.venue.net(symbol(ticker)));
        assert!(net.nanos() >= 0, "{ticker} was turned: {net}");
    }
}

fn play(direction: Direction, end_of_day: EndOfDay, steps: &[(u8, u8)]) -> Scene {
    let setup = Setup {
        day: DayRules {
            end_of_day,
            ..DayRules::default()
        },
        ..Setup::default()
    };
    let mut scene = Scene::new(direction, setup);
    for (kind, pick) in steps {
        act(&mut scene, *kind, *pick);
        assert_not_turned(&scene);
        assert_eq!(scene.book_from_journal(), *scene.engine.book());
    }
    scene
}

/// Everything that is open is answered until nothing more happens, and the broker is heard.
fn settle(scene: &mut Scene) {
    for _ in 0..40 {
        scene.snapshot();
        for id in orders(scene, |status| status == ReportStatus::PendingNew) {
            let events = scene.venue.set(id, ReportStatus::New, scene.at);
            scene.hear("works", events);
        }
        while !scene.venue.cancels.is_empty() {
            answer_cancel(scene, 1);
        }
        while !scene.venue.replaces.is_empty() {
            answer_replace(scene, 1);
        }
        scene.pass(35);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_journal_gives_the_book_and_no_order_turns_a_position(
        short: bool,
        hold: bool,
        steps in prop::collection::vec((0..STEPS, any::<u8>()), 1..80),
    ) {
        let direction = if short { Direction::Short } else { Direction::Long };
        let end_of_day = if hold { EndOfDay::Hold } else { EndOfDay::Flat };
        let mut scene = play(direction, end_of_day, &steps);
        let orders = &scene.engine.book().orders;
        prop_assert_eq!(orders, &Orders::from((**orders).clone()), "none is lost sight of");
        settle(&mut scene);
        assert_not_turned(&scene);
        for ticker in TICKERS {
            let ours = scene.engine.book().net(symbol(ticker));
            prop_assert_eq!(ours, scene.venue.net(symbol(ticker)));
        }
        for holding in scene.engine.book().holdings.values() {
            let safe = scene.engine.protection(holding).is_protected();
            let leaving = holding.exit.is_some() || holding.net.is_flat();
            prop_assert!(safe || leaving, "bare: {:?}", holding);
        }
    }

    #[test]
    fn no_alert_is_without_something_to_do(
        steps in prop::collection::vec((0..STEPS, any::<u8>()), 1..80),
    ) {
        let mut scene = play(Direction::Long, EndOfDay::Flat, &steps);
        settle(&mut scene);
        for entry in &scene.journal {
            if let Record::Alerted { alert } = &entry.record {
                prop_assert!(!alert.action.trim().is_empty(), "{:?}", alert);
                prop_assert!(!alert.message.trim().is_empty(), "{:?}", alert);
            }
        }
    }

    #[test]
    fn the_sides_behave_alike_and_the_same_events_give_the_same_commands(
        hold: bool,
        steps in prop::collection::vec((0..STEPS, any::<u8>()), 1..60),
    ) {
        let end_of_day = if hold { EndOfDay::Hold } else { EndOfDay::Flat };
        let scene = play(Direction::Long, end_of_day, &steps);
        let short = play(Direction::Short, end_of_day, &steps);
        prop_assert_eq!(scene.transcript(), short.transcript());
        let again = play(Direction::Long, end_of_day, &steps);
        prop_assert_eq!(&scene.commands, &again.commands);
    }

    #[test]
    fn an_engine_that_takes_up_a_snapshot_gives_the_same_commands(
        hold: bool,
        steps in prop::collection::vec((0..STEPS, any::<u8>()), 1..60),
        every in 1..20_usize,
    ) {
        let end_of_day = if hold { EndOfDay::Hold } else { EndOfDay::Flat };
        let scene = play(Direction::Long, end_of_day, &steps);
        let mut over = Scene::new(Direction::Long, scene.setup.clone());
        for (index, (kind, pick)) in steps.iter().enumerate() {
            act(&mut over, *kind, *pick);
            if index % every == 0 {
                over.go_over_a_snapshot();
            }
        }
        prop_assert_eq!(&scene.commands, &over.commands);
    }
}
