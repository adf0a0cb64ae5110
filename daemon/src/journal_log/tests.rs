//! What the log says of a trade: one intent from the signal to the last fill.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record as SpanRecord};
use tracing::{Event, Metadata, Subscriber};
use trader_contract::ReportStatus;
use trader_core::OperatorCommand;
use trader_core::book::Book;

use trader_kernel::views::journal_line;

use super::JournalLog;
use stage::Stage;

#[path = "../../kernel/src/views/stage.rs"]
#[expect(dead_code, reason = "the tests of the views use more of the stage")]
mod stage;

/// Keeps every event as one line.
#[derive(Clone, Default)]
struct Keeper(Arc<Mutex<Vec<String>>>);

struct Line(String, String);

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        let _ = write!(self.0, " {}={value}", field.name());
    }
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            self.1 = format!("{value:?}");
        } else {
            let _ = write!(self.0, " {}={value:?}", field.name());
        }
    }
}

impl Subscriber for Keeper {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &SpanRecord<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string(), String::new());
        event.record(&mut line);
        self.0
            .lock()
            .unwrap()
            .push(format!("{} | {}", line.0, line.1));
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

fn logged(stage: &Stage, book: &Book) -> Vec<String> {
    let keeper = Keeper::default();
    tracing::subscriber::with_default(keeper.clone(), || {
        let mut log = JournalLog::new(book);
        stage.journal.iter().for_each(|entry| log.write(entry));
    });
    keeper.0.lock().unwrap().clone()
}

fn closed_by_hand() -> Stage {
    let mut stage = Stage::with_a_position();
    stage.operator(OperatorCommand::Close("SPY".parse().unwrap()));
    stage.report("0000002a-20110110-1-s1", ReportStatus::Cancelled);
    stage.fill("0000002a-20110110-1-x1", 100, "169");
    stage
}

#[test]
fn one_intent_leads_from_the_signal_to_the_last_fill() {
    let stage = closed_by_hand();
    let lines = logged(&stage, &Book::default());
    let told: Vec<&str> = lines
        .iter()
        .filter(|line| line.contains("intent=20110110-1 ") && line.starts_with("INFO"))
        .map(String::as_str)
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    INFO seq=4 kind=intent_taken symbol=SPY intent=20110110-1 route=script-spy engine_time=2011-01-10T14:31:00Z | script-spy: long SPY: buy stop 168.81, 100 shares, stop 168.58 (breakout: close 168.7012)
    INFO seq=5 kind=order_planned symbol=SPY order_id=0000002a-20110110-1-e1 intent=20110110-1 route=script-spy event=order message_id=65b2c2fc1e828fa58899923fb2deeb50 engine_time=2011-01-10T14:31:00Z | entry 0000002a-20110110-1-e1: buy 100 SPY, stop 168.81, gtc; attached: stop 168.58
    INFO seq=10 kind=order_reported symbol=SPY order_id=0000002a-20110110-1-e1 intent=20110110-1 route=script-spy event=fill message_id=85566fdb23b78429a0eddff995d33d48 engine_time=2011-01-10T14:31:30Z | entry 0000002a-20110110-1-e1 filled 40 of 100 at 168.81
    INFO seq=11 kind=order_reported symbol=SPY order_id=0000002a-20110110-1-e1 intent=20110110-1 route=script-spy event=fill message_id=85566fdb23b78429a0eddff995d33d48 engine_time=2011-01-10T14:31:30Z | entry 0000002a-20110110-1-e1 filled 60 more at 168.82, 100 of 100
    INFO seq=13 kind=exit_planned symbol=SPY intent=20110110-1 route=script-spy engine_time=2011-01-10T14:32:00Z | SPY: closing it (operator), uid 1000 asked for it (r-1)
    INFO seq=14 kind=cancel_asked symbol=SPY order_id=0000002a-20110110-1-s1 intent=20110110-1 route=script-spy engine_time=2011-01-10T14:32:00Z | cancelling stop 0000002a-20110110-1-s1: the position is to be closed
    INFO seq=16 kind=order_planned symbol=SPY order_id=0000002a-20110110-1-x1 intent=20110110-1 route=script-spy event=order message_id=65b2c2fc1e828fa58899923fb2deeb50 engine_time=2011-01-10T14:32:00Z | exit 0000002a-20110110-1-x1: sell 100 SPY, market, day; operator
    INFO seq=17 kind=order_reported symbol=SPY order_id=0000002a-20110110-1-x1 intent=20110110-1 route=script-spy event=fill message_id=85566fdb23b78429a0eddff995d33d48 engine_time=2011-01-10T14:32:00Z | exit 0000002a-20110110-1-x1 filled 100 of 100 at 169
    INFO seq=18 kind=trade_closed symbol=SPY intent=20110110-1 route=script-spy event=trade_closed message_id=0cf692cc499d85539f05bbd9869ee06e engine_time=2011-01-10T14:32:00Z | SPY long closed: operator, +18.4, 100 shares from 168.816 to 169, 30 s
    ");
}

#[test]
fn every_entry_about_an_order_names_its_symbol_and_its_route() {
    let lines = logged(&closed_by_hand(), &Book::default());
    for line in lines.iter().filter(|line| line.contains("order_id=")) {
        assert!(
            line.contains("symbol=SPY") && line.contains("route=script-spy"),
            "{line}"
        );
    }
}

#[test]
fn after_a_restart_the_open_trades_are_still_known() {
    let mut stage = Stage::with_a_position();
    let book = stage.engine.book().clone();
    stage.journal.clear();
    stage.operator(OperatorCommand::Close("SPY".parse().unwrap()));
    for line in logged(&stage, &book) {
        assert!(
            line.contains("symbol=SPY") && line.contains("intent=20110110-1"),
            "{line}"
        );
    }
}

#[test]
fn an_alert_is_found_by_the_id_of_its_kind_and_says_what_to_do() {
    let mut stage = Stage::with_a_position();
    stage.journal.clear();
    let alert = trader_core::record::Alert {
        severity: trader_core::record::Severity::Critical,
        kind: "not_flat".into(),
        symbol: Some("SPY".parse().unwrap()),
        message: "SPY is held".into(),
        action: "close it".into(),
        standing: true,
    };
    stage.journal.push(trader_core::record::JournalEntry {
        seq: 7,
        at: stage.engine.now(),
        record: trader_core::record::Record::Alerted { alert },
    });
    let lines = logged(&stage, &Book::default());
    assert_eq!(lines.len(), 1);
    let line = &lines[0];
    assert!(
        line.starts_with("ERROR seq=7 kind=alerted symbol=SPY "),
        "{line}"
    );
    for field in [
        "alert=not_flat",
        "severity=critical",
        "action=close it",
        "message_id=57d2853a8a9a85fa939b84976b1cb89f",
    ] {
        assert!(line.contains(field), "{line}");
    }
}
