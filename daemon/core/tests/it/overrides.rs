//! Overrides: one refused entry, through exactly the limits that refused it, once, soon, and by who saw
//! what it sends. Whatever is no such limit still binds.

use insta::assert_snapshot;
use trader_contract::{
    BrokerRequest, ClientOrderId, Direction, EntryPrice, Epoch, IntentNo, Money, OrderRequest,
    OrderRole, Qty, Timestamp,
};
use trader_core::record::{IntentId, OverrideEnd, Record, Scope};
use trader_core::risk::limits::Limits;
use trader_core::risk::waiver::Waivable;
use trader_core::{Command, OperatorCommand, Watch};

use crate::scene::{Scene, Setup, symbol};

const FIVE_MINUTES: i64 = 5 * Timestamp::MINUTE;
const INTENT: IntentId = IntentId {
    session: 20_110_110,
    number: IntentNo(1),
};

fn with(change: impl Fn(&mut Limits)) -> Setup {
    let mut setup = Setup::default();
    change(&mut setup.limits);
    setup
}

/// No order of more than 150 shares, and none worth more than 15,000 dollars.
fn small() -> Setup {
    with(|limits| {
        limits.order_shares = Qty::shares(150).unwrap();
        limits.order_value = Money::dollars(15_000);
    })
}

/// Plays on both sides. Their transcripts differ in the codes.
fn each(setup: &Setup, play: impl Fn(&mut Scene)) {
    for direction in [Direction::Long, Direction::Short] {
        play(&mut Scene::new(direction, setup.clone()));
    }
}

/// An entry of 200 shares at the market, refused.
fn refused(scene: &mut Scene) {
    let large = scene.entry_of(200, EntryPrice::Market);
    assert!(scene.asks("SPY", large).is_some());
}

fn ask(scene: &mut Scene) -> Result<String, String> {
    ask_for(scene, FIVE_MINUTES)
}

fn ask_for(scene: &mut Scene, within_nanos: i64) -> Result<String, String> {
    let intent = INTENT;
    let command = OperatorCommand::Override {
        intent,
        within_nanos,
    };
    scene.operator_as(1000, "ask", command);
    scene.answer()
}

fn confirm_as(scene: &mut Scene, uid: u32, request: &str, code: &str) -> Result<String, String> {
    let (intent, code) = (INTENT, code.into());
    scene.operator_as(
        uid,
        request,
        OperatorCommand::ConfirmOverride { intent, code },
    );
    scene.answer()
}

fn confirm(scene: &mut Scene, code: &str) -> Result<String, String> {
    confirm_as(scene, 1000, "confirm", code)
}

/// The code that an answer names.
fn code(answer: &str) -> String {
    let (_, rest) = answer.split_once("--confirm ").unwrap();
    rest.split('`').next().unwrap().to_owned()
}

/// Entries that were sent.
fn entries(scene: &Scene) -> Vec<OrderRequest> {
    let sent = scene.commands.iter().filter_map(|command| match command {
        Command::Send(approved) => match approved.request() {
            BrokerRequest::Submit(order) => Some(*order),
            _ => None,
        },
        _ => None,
    });
    sent.filter(|order| order.client_id.role == OrderRole::Entry)
        .collect()
}

fn ends(scene: &Scene) -> Vec<OverrideEnd> {
    let ends = scene
        .journal
        .iter()
        .filter_map(|entry| match &entry.record {
            Record::OverrideEnded { end, .. } => Some(*end),
            _ => None,
        });
    ends.collect()
}

#[test]
fn the_first_call_sends_nothing_and_shows_everything() {
    let mut scene = Scene::new(Direction::Long, small());
    refused(&mut scene);
    let shown = ask(&mut scene).unwrap();
    assert!(entries(&scene).is_empty());
    let shown = shown.replace(&code(&shown), "CODE");
    assert_snapshot!(shown.replace("0000002a-20110110-", ""), @r"
    nothing was sent; an override of 20110110-1 would send, once:
      buy 200 SPY market gtc, its stop 99.5
      for route a, account SIMULATED (not live)
      worth at most 20000, losing 100 at its stop
      past order_shares: order_shares would be 200, allowed is 150
      past order_value: order_value would be 20000, allowed is 15000
    `traderctl override 20110110-1 --confirm CODE` sends it, before 2011-01-10T14:37:00Z
    ");
}

#[test]
fn the_second_call_sends_exactly_that_under_the_id_of_its_intent() {
    each(&small(), |scene| {
        refused(scene);
        let code = code(&ask(scene).unwrap());
        assert!(
            scene
                .engine
                .book()
                .standing("override_waits", Some(symbol("SPY")))
                .is_some()
        );
        confirm(scene, &code.to_ascii_lowercase()).unwrap();
        let sent = entries(scene);
        assert_eq!(sent.len(), 1);
        let id = ClientOrderId {
            epoch: Epoch(42),
            session: INTENT.session,
            intent: INTENT.number,
            role: OrderRole::Entry,
            attempt: 1,
        };
        assert_eq!(sent[0].client_id, id);
        assert_eq!(sent[0].qty, Qty::shares(200).unwrap());
        assert_eq!(ends(scene), [OverrideEnd::Used]);
        assert_eq!(scene.engine.book().alerts, []);
        // It is an entry like any other from here on.
        scene.working("1-e1");
        scene.report_of("1-s1");
        scene.fill("1-e1", 200, "100");
        assert!(scene.engine.book().holdings[&symbol("SPY")].exit.is_none());
        assert_eq!(scene.engine.book(), &scene.book_from_journal());
    });
}

#[test]
fn it_acts_once_and_the_limit_holds_for_the_next_entry() {
    each(&small(), |scene| {
        refused(scene);
        let code = code(&ask(scene).unwrap());
        confirm(scene, &code).unwrap();
        assert!(confirm_as(scene, 1000, "again", &code).is_err());
        assert!(ask(scene).is_err());
        assert_eq!(entries(scene).len(), 1);
        let large = scene.entry_of(200, EntryPrice::Market);
        assert_eq!(scene.asks("QQQ", large).unwrap(), "order_shares");
    });
}

#[test]
fn a_crash_between_the_two_calls_loses_nothing() {
    each(&small(), |scene| {
        refused(scene);
        let code = code(&ask(scene).unwrap());
        scene.restart();
        scene.snapshot();
        assert!(confirm(scene, &code).unwrap_err().contains("no_price"));
        scene.bar("100");
        confirm(scene, &code).unwrap();
        assert_eq!(entries(scene).len(), 1);
    });
}

#[test]
fn a_crash_after_the_second_call_sends_no_second_order() {
    each(&small(), |scene| {
        refused(scene);
        let code = code(&ask(scene).unwrap());
        confirm(scene, &code).unwrap();
        scene.restart();
        scene.snapshot();
        assert!(confirm_as(scene, 1000, "again", &code).is_err());
        assert_eq!(entries(scene).len(), 1);
    });
}

#[test]
fn nobody_confirms_it_after_its_time() {
    each(&small(), |scene| {
        refused(scene);
        let code = code(&ask_for(scene, Timestamp::MINUTE).unwrap());
        scene.pass(60);
        assert_eq!(ends(scene), [OverrideEnd::Expired]);
        assert!(confirm(scene, &code).is_err());
        assert!(entries(scene).is_empty());
        assert_eq!(scene.engine.book().alerts, []);
        for wrong in [0, FIVE_MINUTES + 1, -1] {
            assert!(ask_for(scene, wrong).unwrap_err().contains("300 seconds"));
        }
    });
}

#[test]
fn a_time_that_ran_out_while_the_process_was_dead_has_run_out() {
    each(&small(), |scene| {
        refused(scene);
        let code = code(&ask_for(scene, Timestamp::MINUTE).unwrap());
        scene.at = scene.at.plus_seconds(61);
        scene.restart();
        scene.snapshot();
        assert!(confirm(scene, &code).is_err());
        assert!(entries(scene).is_empty());
    });
}

#[test]
fn three_wrong_codes_end_it_over_a_restart_too() {
    each(&small(), |scene| {
        refused(scene);
        let code = code(&ask(scene).unwrap());
        assert!(confirm(scene, "AAAAAA").unwrap_err().contains("2 more"));
        assert!(confirm(scene, "").unwrap_err().contains("1 more"));
        scene.restart();
        scene.snapshot();
        assert!(confirm(scene, "AAAAAA").unwrap_err().contains("third"));
        assert_eq!(ends(scene), [OverrideEnd::Voided]);
        assert!(confirm(scene, &code).is_err());
        assert!(entries(scene).is_empty());
    });
}

#[test]
fn only_who_asked_confirms_and_in_a_call_of_its_own() {
    each(&small(), |scene| {
        refused(scene);
        let code = code(&ask(scene).unwrap());
        assert!(confirm_as(scene, 1001, "confirm", &code).is_err());
        assert!(confirm_as(scene, 1000, "ask", &code).is_err());
        assert!(entries(scene).is_empty());
        confirm(scene, &code).unwrap();
    });
}

#[test]
fn a_code_confirms_only_what_was_shown_with_it() {
    each(&small(), |scene| {
        refused(scene);
        let before = code(&ask(scene).unwrap());
        scene.operator_as(
            1000,
            "asked anew",
            OperatorCommand::Override {
                intent: INTENT,
                within_nanos: FIVE_MINUTES,
            },
        );
        let after = code(&scene.answer().unwrap());
        assert_ne!(before, after);
        assert!(confirm(scene, &before).is_err());
        confirm(scene, &after).unwrap();
    });
}

#[test]
fn a_limit_that_did_not_refuse_it_still_binds() {
    let setup = with(|limits| limits.open_positions = 1);
    each(&setup, |scene| {
        scene.wants("a", "QQQ", scene.entry());
        scene.bar_of("QQQ", "100");
        let refused = scene.entry();
        assert_eq!(scene.asks("SPY", refused).unwrap(), "open_positions");
        let command = |intent| OperatorCommand::Override {
            intent,
            within_nanos: FIVE_MINUTES,
        };
        let second = IntentId {
            number: IntentNo(2),
            ..INTENT
        };
        scene.operator_as(1000, "ask", command(second));
        let code = code(&scene.answer().unwrap());
        // What is waived is the number of positions, and no kill.
        let (scope, flatten) = (Scope::Strategy("a".into()), false);
        scene.operator(OperatorCommand::Kill { scope, flatten });
        scene.operator_as(
            1000,
            "confirm",
            OperatorCommand::ConfirmOverride {
                intent: second,
                code: code.as_str().into(),
            },
        );
        assert!(scene.answer().unwrap_err().contains("killed"));
        assert_eq!(entries(scene).len(), 1);
    });
}

/// How a scene comes under a rule.
type Bringing = fn(&mut Scene);

/// What must never be overridden, brought about between the refusal and the first call.
fn hard_rules() -> Vec<(&'static str, Bringing)> {
    vec![
        ("killed", |scene| {
            let (scope, flatten) = (Scope::All, false);
            scene.operator(OperatorCommand::Kill { scope, flatten });
        }),
        ("killed", |scene| {
            let (scope, flatten) = (Scope::Symbol(symbol("SPY")), false);
            scene.operator(OperatorCommand::Kill { scope, flatten });
        }),
        ("paused", |scene| scene.operator(OperatorCommand::Pause)),
        ("halted", |scene| {
            let why = "full".into();
            let lost = Box::default();
            scene.input(trader_core::Event::JournalFailed { why, lost });
        }),
        ("symbol_taken", |scene| {
            scene.wants("b", "SPY", scene.entry());
            scene.bar("100");
        }),
        ("session", |scene| scene.pass_to_close(14 * 60)),
        ("not_reconciled", Scene::restart),
    ]
}

#[test]
fn hard_rules_are_never_overridden() {
    for (rule, bring_about) in hard_rules() {
        each(&small(), |scene| {
            // Late enough that the end of the day comes within the time for an override.
            if rule == "session" {
                scene.pass_to_close(20 * 60);
            }
            refused(scene);
            bring_about(scene);
            let before = entries(scene).len();
            let why = ask(scene).unwrap_err();
            assert!(why.contains(rule), "{rule}: {why}");
            assert_eq!(entries(scene).len(), before);
        });
        each(&small(), |scene| {
            if rule == "session" {
                scene.pass_to_close(18 * 60);
            }
            refused(scene);
            let code = code(&ask(scene).unwrap());
            bring_about(scene);
            let before = entries(scene).len();
            let why = confirm(scene, &code).unwrap_err();
            assert!(why.contains(rule), "{rule}: {why}");
            assert_eq!(entries(scene).len(), before);
        });
    }
}

#[test]
fn what_no_limit_refused_has_no_override() {
    let restricted = with(|limits| {
        limits.restricted = [symbol("SPY")].into();
    });
    each(&restricted, |scene| {
        refused(scene);
        assert!(ask(scene).unwrap_err().contains("no entry of this session"));
    });
    each(&small(), |scene| {
        let entry = scene.entry();
        assert_eq!(scene.asks("SPY", entry), None);
        assert!(ask(scene).is_err());
    });
}

#[test]
fn no_override_goes_past_the_hard_ceilings() {
    let setup = with(|limits| limits.order_shares = Qty::shares(150).unwrap());
    each(&setup, |scene| {
        let huge = scene.entry_of(100_001, EntryPrice::Market);
        assert_eq!(scene.asks("SPY", huge).unwrap(), "order_shares");
        let why = ask(scene).unwrap_err();
        assert!(why.contains("allowed is 100000"), "{why}");
    });
}

#[test]
fn stale_data_is_never_overridden() {
    let mut setup = small();
    setup.watch = Watch::NETWORK;
    let mut scene = Scene::new(Direction::Long, setup);
    refused(&mut scene);
    scene.pass(10 * 60);
    assert!(ask(&mut scene).is_err());
    assert!(entries(&scene).is_empty());
}

#[test]
fn an_order_at_the_market_is_another_one_once_the_price_has_left() {
    let setup = with(|limits| {
        limits.order_shares = Qty::shares(150).unwrap();
        limits.price_collar = "0.01".parse().unwrap();
    });
    each(&setup, |scene| {
        refused(scene);
        let code = code(&ask(scene).unwrap());
        scene.bar("102");
        assert!(confirm(scene, &code).unwrap_err().contains("ask anew"));
        assert!(entries(scene).is_empty());
    });
}

#[test]
fn an_old_refusal_and_one_of_another_day_have_no_override() {
    each(&small(), |scene| {
        refused(scene);
        scene.pass(30 * 60);
        assert!(ask(scene).unwrap_err().contains("30 minutes ago"));
    });
    each(&small(), |scene| {
        scene.pass_to_close(20 * 60);
        refused(scene);
        scene.pass_to_close(0);
        scene.snapshot();
        scene.pass(18 * 3600);
        assert!(scene.engine.book().refused.is_empty());
        assert!(ask(scene).is_err());
    });
}

#[test]
fn every_limit_that_refuses_is_named_and_one_override_waits_at_a_time() {
    each(&small(), |scene| {
        refused(scene);
        let large = scene.entry_of(200, EntryPrice::Market);
        scene.asks("QQQ", large);
        let shown = ask(scene).unwrap();
        assert!(shown.contains("past order_shares"), "{shown}");
        assert!(shown.contains("past order_value"), "{shown}");
        let asked = scene.engine.book().asked.clone().unwrap().what;
        assert_eq!(
            asked.limits(),
            [Waivable::OrderShares, Waivable::OrderValue]
        );
        let other = OperatorCommand::Override {
            intent: IntentId {
                number: IntentNo(2),
                ..INTENT
            },
            within_nanos: FIVE_MINUTES,
        };
        scene.operator_as(1000, "other", other);
        assert!(scene.answer().unwrap_err().contains("one at a time"));
    });
}
