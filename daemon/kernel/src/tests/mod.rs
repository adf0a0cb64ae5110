//! The kernel with a store and a broker made of vectors: what happens in which order, and once.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "numbers of entries are small here"
)]

mod audit;
mod diary;
mod operator;
mod overrides;
mod unheard;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use trader_contract::{
    AccountFacts, BrokerEvent, BrokerRequest, BrokerSnapshot, Direction, Intent, Money, NetQty,
    Price, Symbol, Timestamp,
};
use trader_core::record::{JournalEntry, Record, TradingState};
use trader_core::{Command, Commands, EngineConfig, Event, OperatorCommand};
use trader_rpc::{Accepted, ChangeParams, ErrorCode, Failure, Role};
use trader_store::{Batch, DiaryEdit, OperatorRequest, Recovery};

use crate::views::stage::{breakout, config};
use crate::views::{StrategyFacts, tests::facts};
use crate::{Asked, Call, Kernel, Peer, Ports, Reply, Surroundings, changes_the_broker};

/// A store and a broker that remember in which order they were asked.
#[derive(Default)]
pub(super) struct World {
    pub(super) heard: Vec<String>,
    pub(super) journal: Vec<JournalEntry>,
    requests: BTreeMap<Box<str>, OperatorRequest>,
    pub(super) sent: Vec<BrokerRequest>,
    pub(super) diary: Vec<DiaryEdit>,
    pub(super) broken: bool,
    pub(super) recorded: Vec<Event>,
    /// What the recorder was asked for, among commits and sends.
    tape: Vec<&'static str>,
}

impl Ports for World {
    fn record(&mut self, _: Timestamp, event: &Event) {
        self.recorded.push(event.clone());
        self.tape.push("event");
    }
    fn secure(&mut self) {
        self.tape.push("secure");
    }
    fn record_commands(&mut self, commands: &mut Commands) {
        assert!(commands.drain().count() > 0);
        self.tape.push("commands");
    }
    fn commit(&mut self, batch: Batch, leaving: &[Command]) -> Result<(), Box<str>> {
        if leaving.iter().any(changes_the_broker) {
            self.secure();
        }
        self.tape.push("commit");
        if self.broken {
            self.heard.push("commit failed".to_owned());
            return Err("the disk is full".into());
        }
        self.heard.push(format!("commit {}", batch.entries.len()));
        self.journal
            .extend(batch.entries.into_iter().map(Arc::unwrap_or_clone));
        self.diary.extend(batch.diary);
        for request in batch.requests {
            self.requests.insert(request.id.clone(), request);
        }
        Ok(())
    }
    fn find_request(&mut self, id: &str) -> Option<OperatorRequest> {
        self.requests.get(id).cloned()
    }
    fn send(&mut self, request: BrokerRequest, _: Timestamp) {
        self.tape.push("send");
        self.heard.push(match &request {
            BrokerRequest::Submit(order) => format!("submit {}", order.client_id.role),
            BrokerRequest::Cancel(order) => format!("cancel {}", order.role),
            BrokerRequest::Replace(_) => "replace".to_owned(),
            BrokerRequest::Snapshot { .. } => "snapshot".to_owned(),
        });
        self.sent.push(request);
    }
    fn renew_feed(&mut self, why: &str) {
        self.heard.push(format!("renew {why}"));
    }
    fn written(&mut self, entry: &JournalEntry) {
        self.heard.push(format!("written {}", entry.record.kind()));
    }
    fn unwritten(&mut self, entry: &JournalEntry) {
        self.heard
            .push(format!("unwritten {}", entry.record.kind()));
    }
}

impl World {
    /// What was heard, without what only the recording is told.
    fn kept(&self) -> Vec<&str> {
        let heard = self.heard.iter().map(String::as_str);
        heard
            .filter(|heard| *heard != "secure" && !heard.starts_with("record "))
            .collect()
    }
}

/// A kernel with its world and its clock.
pub(super) struct Bench {
    pub(super) kernel: Kernel,
    pub(super) world: World,
    now: Timestamp,
}

fn around() -> Surroundings {
    Surroundings {
        facts: facts(),
        strategies: StrategyFacts::default(),
        flatten_on_stop: false,
    }
}

impl Bench {
    pub(super) fn boot(
        script: impl IntoIterator<Item = Option<Intent>>,
        recovery: &Recovery,
    ) -> Self {
        Self::boot_with(config(script), recovery)
    }

    pub(super) fn boot_with(config: EngineConfig, recovery: &Recovery) -> Self {
        Self {
            kernel: Kernel::boot(config, recovery, around()).unwrap(),
            world: World::default(),
            now: "2011-01-10T13:30:00Z".parse().unwrap(),
        }
    }

    /// Reconciled at the open, with one entry that the next bar of SPY gives.
    pub(super) fn open() -> Self {
        Self::open_after(Vec::new())
    }

    /// The same, after a run that left these records.
    pub(super) fn open_after(records: Vec<Record>) -> Self {
        let at = "2011-01-09T14:30:00Z".parse().unwrap();
        let entries = (1..).zip(records);
        let entries = entries.map(|(seq, record)| JournalEntry { seq, at, record });
        let entries: Vec<JournalEntry> = entries.collect();
        let recovery = Recovery {
            epoch: trader_contract::Epoch(42),
            next_seq: entries.len() as u64 + 1,
            entries,
        };
        let entry = breakout(Direction::Long, "168.81", "168.58");
        let mut bench = Self::boot([Some(entry)], &recovery);
        bench.start();
        bench.at("2011-01-10T14:30:00Z");
        bench.feed(&Event::Timer);
        bench.world.heard.clear();
        bench.world.recorded.clear();
        bench.world.tape.clear();
        bench
    }

    pub(super) fn start(&mut self) {
        self.feed(&Event::Start);
        self.compare(Vec::new());
    }

    /// The broker answers what was asked last.
    pub(super) fn compare(&mut self, positions: Vec<(Symbol, NetQty)>) {
        let asked = self.world.sent.iter().rev().find_map(|sent| match sent {
            BrokerRequest::Snapshot { number, .. } => Some(*number),
            _ => None,
        });
        let snapshot = BrokerSnapshot {
            number: asked.unwrap(),
            account: Box::new(AccountFacts {
                id: "SIMULATED".into(),
                blocked: None,
                shorting: true,
                buying_power: None,
                equity: None,
            }),
            foreign: Vec::new(),
            at: self.now,
            orders: Vec::new(),
            corrected: Vec::new(),
            executions: Vec::new(),
            positions,
            cash: Money::dollars(25_000),
        };
        self.feed(&Event::Broker(BrokerEvent::Snapshot(snapshot)));
    }

    pub(super) fn at(&mut self, at: &str) {
        self.now = at.parse().unwrap();
    }

    pub(super) fn feed(&mut self, event: &Event) {
        self.kernel.feed(self.now, event, &mut self.world);
    }

    /// The bar on which the strategy enters.
    pub(super) fn bar(&mut self) {
        self.at("2011-01-10T14:31:00Z");
        let price: Price = "168.7".parse().unwrap();
        let start = self.now.plus_minutes(-1);
        let bar = trader_contract::Bar::new(start, [price; 4], 100).unwrap();
        let symbol = self.kernel.engine().symbol_id("SPY".parse().unwrap());
        self.feed(&Event::Bar {
            symbol: symbol.unwrap(),
            bar,
        });
    }

    pub(super) fn ask<T: Send + 'static>(
        &mut self,
        call: impl FnOnce(Reply<T>) -> Call,
    ) -> Receiver<Result<T, Failure>> {
        self.ask_as(Role::Admin, call)
    }

    pub(super) fn ask_as<T: Send + 'static>(
        &mut self,
        role: Role,
        call: impl FnOnce(Reply<T>) -> Call,
    ) -> Receiver<Result<T, Failure>> {
        let (sender, answer) = channel();
        let peer = Peer {
            uid: 1000,
            pid: None,
            role,
            connection: 1,
        };
        let call = call(Reply::new(move |answer| drop(sender.send(answer))));
        self.kernel
            .answer(self.now, Asked { call, peer }, &mut self.world);
        answer
    }

    fn pause(&mut self, id: &str) -> Result<Accepted, Failure> {
        let params = change(id);
        self.ask(|reply| Call::Pause(params, reply)).recv().unwrap()
    }
}

pub(super) fn change(id: &str) -> ChangeParams {
    ChangeParams {
        request_id: id.parse().unwrap(),
    }
}

#[test]
fn what_is_sent_has_been_committed_and_waits_for_nobody_who_reads_along() {
    let mut bench = Bench::open();
    bench.bar();
    assert_eq!(
        bench.world.heard,
        [
            "commit 4",
            "submit entry",
            "written intent_taken",
            "written order_planned",
            "written order_planned",
            "written strategy_saved",
        ]
    );
}

#[test]
fn what_the_engine_takes_is_recorded_first_and_secured_before_anything_is_sent() {
    let mut bench = Bench::open();
    bench.bar();
    assert_eq!(
        bench.world.tape,
        ["event", "secure", "commit", "send", "commands"]
    );
    bench.world.tape.clear();
    bench.feed(&Event::Timer);
    assert_eq!(bench.world.tape, ["event"]);
}

#[test]
fn what_the_kernel_tells_the_engine_by_itself_is_recorded_after_what_led_to_it() {
    let mut bench = Bench::open();
    bench.world.broken = true;
    bench.bar();
    let tape = &bench.world.tape;
    assert_eq!(tape[..4], ["event", "secure", "commit", "commands"]);
    let recorded = &bench.world.recorded;
    let count = |wanted: fn(&Event) -> bool| recorded.iter().filter(|event| wanted(event)).count();
    let not_sent = |event: &Event| matches!(event, Event::Broker(BrokerEvent::SubmitFailed { .. }));
    assert_eq!(count(not_sent), 1);
    assert_eq!(
        count(|event| matches!(event, Event::JournalFailed { .. })),
        1
    );
    let events = tape.iter().filter(|what| **what == "event").count();
    assert_eq!(events, recorded.len());
}

#[test]
fn an_entry_whose_record_is_not_on_the_disk_is_not_sent() {
    let mut bench = Bench::open();
    bench.world.broken = true;
    bench.bar();
    // That the entry was not sent is told all the same.
    assert_eq!(bench.world.kept(), ["commit failed", "unwritten alerted"]);
    assert_eq!(bench.kernel.journal_failure(), Some("the disk is full"));
    let engine = bench.kernel.engine();
    assert!(matches!(engine.book().trading, TradingState::Halted(_)));
    assert!(engine.book().orders.values().all(|order| !order.is_live()));
    assert!(!bench.kernel.facts().store.writable);
}

#[test]
fn a_journal_that_was_lost_halts_entries_before_anything_is_to_be_written() {
    let mut bench = Bench::open();
    let Bench { kernel, world, .. } = &mut bench;
    for why in ["the file was removed", "told again"] {
        kernel.lose_journal(kernel.engine().now(), why.into(), world);
    }
    assert_eq!(kernel.journal_failure(), Some("the file was removed"));
    assert!(!kernel.facts().store.writable);
    let trading = &kernel.engine().book().trading;
    assert!(matches!(trading, TradingState::Halted(_)));
    bench.bar();
    assert!(!bench.world.kept().contains(&"commit"));
}

#[test]
fn nothing_is_written_after_a_failed_write_even_if_the_disk_is_well_again() {
    let mut bench = Bench::open();
    bench.world.broken = true;
    bench.bar();
    bench.world.broken = false;
    let answered = bench.pause("r-1");
    assert!(answered.is_ok(), "{answered:?}");
    // That the entry was not sent is told all the same.
    assert_eq!(bench.world.kept(), ["commit failed", "unwritten alerted"]);
}

#[test]
fn a_call_acts_once_and_its_answer_is_committed_with_what_it_did() {
    let mut bench = Bench::open();
    let first = bench.pause("r-1").unwrap();
    assert!(!first.repeated);
    assert_eq!(
        bench.world.kept(),
        ["commit 1", "written trading_state_set"]
    );
    let kept = &bench.world.requests["r-1"];
    assert_eq!(kept.result.as_deref(), Some(&*first.message));
    let again = bench.pause("r-1").unwrap();
    assert_eq!((again.repeated, again.message), (true, first.message));
    assert_eq!(bench.world.kept().len(), 2);
}

#[test]
fn an_id_that_another_call_used_is_refused() {
    let mut bench = Bench::open();
    bench.pause("r-1").unwrap();
    let params = change("r-1");
    let answer = bench.ask(|reply| Call::Resume(params, reply));
    let refused = answer.recv().unwrap().unwrap_err();
    assert_eq!(refused.code, ErrorCode::Refused.number());
    let trading = &bench.kernel.engine().book().trading;
    assert_eq!(*trading, TradingState::Reducing);
}

#[test]
fn a_kernel_that_boots_from_the_journal_goes_on_where_it_ended() {
    let mut bench = Bench::open();
    bench.bar();
    bench.pause("r-1").unwrap();
    let recovery = Recovery {
        epoch: trader_contract::Epoch(42),
        next_seq: bench.world.journal.len() as u64 + 1,
        entries: bench.world.journal.clone(),
    };
    let mut second = Bench::boot([], &recovery);
    assert_eq!(second.kernel.engine().book(), bench.kernel.engine().book());
    assert_eq!(second.kernel.facts().store.seq, recovery.next_seq - 1);
    // What was answered before this run acts no more either.
    second.world.requests = bench.world.requests.clone();
    assert!(second.pause("r-1").unwrap().repeated);
    assert_eq!(second.world.heard, Vec::<String>::new());
}

#[test]
fn a_stop_ends_the_kernel_once_everything_is_safe() {
    let mut bench = Bench::open();
    bench.feed(&Event::Operator {
        command: OperatorCommand::Stop { flatten: false },
        uid: 0,
        request: "signal".into(),
    });
    assert!(bench.kernel.is_finished());
}

#[test]
fn a_request_that_contradicts_the_book_halts_entries_and_is_told_once() {
    let mut bench = Bench::open();
    bench.bar();
    let order = bench.kernel.engine().book().orders.keys().next().copied();
    let before = bench.world.journal.len();
    for _ in 0..2 {
        bench.kernel.contradicted(
            bench.now,
            order.unwrap(),
            "its quantity differs",
            &mut bench.world,
        );
    }
    let trading = &bench.kernel.engine().book().trading;
    assert!(
        matches!(trading, TradingState::Halted(why) if why.contains("its quantity differs")),
        "{trading:?}"
    );
    let told = bench.world.journal[before..]
        .iter()
        .filter(|entry| matches!(entry.record, Record::TradingStateSet { .. }))
        .count();
    assert_eq!(told, 1);
}
