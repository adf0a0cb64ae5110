//! Chains of a small engine's journal, as a client sees them.

use insta::assert_snapshot;
use trader_contract::{Direction, Intent, Level, Reason};
use trader_core::OperatorCommand;
use trader_core::record::{IntentId, JournalEntry};
use trader_rpc as rpc;
use trader_store::DiaryPage;

use super::{Marked, why, why_bar};
use crate::views::stage::{Stage, breakout};

const STOP: &str = "0000002a-20110110-1-s1";

fn intent(number: u32) -> IntentId {
    IntentId {
        session: 20_110_110,
        number: trader_contract::IntentNo(number),
    }
}

fn chain(rows: &[JournalEntry], root: u32, marked: Marked) -> rpc::Why {
    let symbol = "SPY".parse().unwrap();
    why(
        "asked".to_owned(),
        symbol,
        intent(root),
        marked,
        rows,
        &DiaryPage::default(),
    )
}

fn text(why: &rpc::Why) -> String {
    let step = |step: &rpc::WhyStep| {
        let mark = if step.asked { "*" } else { " " };
        let facts: Vec<String> = step.facts.iter().map(fact).collect();
        let facts = match facts.is_empty() {
            true => String::new(),
            false => format!(" [{}]", facts.join("; ")),
        };
        format!("{mark} {}: {}{facts}", step.kind, step.text)
    };
    let lines: Vec<String> = why.steps.iter().map(step).collect();
    format!("{}\nmissing: {:?}", lines.join("\n"), why.missing)
}

fn fact(fact: &rpc::WhyFact) -> String {
    let parts = [
        Some(fact.name.clone()),
        Some(fact.value.clone()),
        fact.comparison.clone(),
        fact.bound.clone(),
        fact.holds.filter(|holds| !holds).map(|_| "NO".to_owned()),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_chain_reads_from_the_bar_to_the_last_fill() {
    let mut stage = Stage::with_a_position();
    stage.operator(OperatorCommand::Close("SPY".parse().unwrap()));
    stage.report(STOP, trader_contract::ReportStatus::Cancelled);
    stage.fill("0000002a-20110110-1-x1", 100, "168.9");
    let stop = Marked::Order(STOP.parse().unwrap());
    let why = chain(&stage.journal, 1, stop);
    assert_eq!(why.missing, Vec::<String>::new());
    assert_eq!(why.route.as_deref(), Some("script-spy"));
    assert!(why.trade.is_some());
    assert_snapshot!(text(&why));
}

#[test]
fn a_refused_decision_ends_with_the_rule_that_said_no() {
    let mut stage = Stage::open([Some(breakout(Direction::Long, "168.81", "168.58"))]);
    stage.operator(OperatorCommand::Pause);
    stage.at("2011-01-10T14:31:00Z");
    stage.bar("168.7");
    let why = chain(&stage.journal, 1, Marked::Intent(intent(1)));
    assert_snapshot!(text(&why));
}

#[test]
fn a_stop_move_is_marked_in_the_chain_of_its_trade() {
    let level: Level = "168.7".parse().unwrap();
    let to = Intent::MoveStop {
        stop: level,
        reason: Reason::new("trail"),
    };
    let mut stage = Stage::open([
        Some(breakout(Direction::Long, "168.81", "168.58")),
        Some(to),
    ]);
    stage.at("2011-01-10T14:31:00Z");
    stage.bar("168.7");
    stage.fill("0000002a-20110110-1-e1", 100, "168.81");
    stage.report(STOP, trader_contract::ReportStatus::New);
    stage.at("2011-01-10T14:32:00Z");
    stage.bar("169");
    let why = chain(&stage.journal, 1, Marked::Intent(intent(2)));
    let marked: Vec<&str> = (why.steps.iter().filter(|step| step.asked))
        .map(|step| step.kind.as_str())
        .collect();
    assert_eq!(marked, ["bar", "signal", "stop"]);
    assert_eq!(why.missing, Vec::<String>::new());
}

#[test]
fn a_bar_without_a_decision_names_what_kept_an_entry_out() {
    let mut stage = Stage::open([]);
    let spy = "SPY".parse().unwrap();
    let from = "2011-01-10T14:31:00Z".parse().unwrap();
    assert!(stage.engine.trace(spy, from, from));
    stage.operator(OperatorCommand::Pause);
    stage.at("2011-01-10T14:31:00Z");
    stage.bar("168.7");
    let bars: Vec<rpc::WhyBar> = stage.engine.take_trace().iter().map(why_bar).collect();
    let verdicts: Vec<&str> = bars.iter().map(|bar| bar.verdict.as_str()).collect();
    assert_snapshot!(verdicts.join("\n"));
}
