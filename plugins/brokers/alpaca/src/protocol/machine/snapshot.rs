//! A snapshot, put together from the account, the orders, the history of executions and the positions,
//! one after the other. What cannot be read whole proves nothing, and is told as failed.

use std::collections::{BTreeMap, VecDeque};

use trader_contract::{
    AccountFacts, BrokerEvent, BrokerSnapshot, ClientOrderId, OrderReport, Symbol, Timestamp,
    advice,
};

use super::Machine;
use super::calls::{Method, Pending, Purpose};
use super::reading::{PAGE, open_orders};
use super::requests::{by_name, nested};
use crate::protocol::budget::Urgency;
use crate::protocol::names::Whose;
use crate::protocol::outcome::{HttpResult, Verdict};
use crate::protocol::reports::{family, foreign, history, report, without_original};
use crate::wire::account::{Account, Position};
use crate::wire::activity::Activity;
use crate::wire::order::Order;
use crate::wire::path::Path;

/// How long an order that is over is remembered before what is asked about.
const KEPT: i64 = 3 * 24 * 60 * Timestamp::MINUTE;
/// How often a part is read before the snapshot is given up.
const TRIES: u32 = 3;
/// The most single orders that one snapshot reads.
const SINGLE_MAX: usize = 60;
/// The most pages of one kind.
const PAGES_MAX: usize = 40;
/// The most lines of one page of the history.
const LINES: usize = 100;

/// A part of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// The account.
    Account,
    /// Open orders from a moment on, by when they were handed in.
    Open(Option<Timestamp>),
    /// All orders from a moment on.
    All(Timestamp),
    /// One order by Alpaca's id, with those that belong to it.
    One(Box<str>),
    /// One order of ours.
    Named(ClientOrderId),
    /// The history of executions from a line on.
    Lines(Option<Box<str>>),
    /// All executions of one order, from a line on: one of them was taken back, and lies further back
    /// than what is asked about.
    Past(Box<str>, Option<Box<str>>),
    /// The positions.
    Positions,
}

/// A snapshot that is being taken.
#[derive(Debug)]
pub(super) struct Work {
    number: u32,
    since: Timestamp,
    at: Timestamp,
    steps: VecDeque<Step>,
    account: Option<Account>,
    /// By Alpaca's id; the newest reading of each.
    orders: BTreeMap<Box<str>, Order>,
    lines: Vec<Activity>,
    positions: Vec<Position>,
    pages: usize,
    singles: usize,
}

impl Machine {
    /// Takes a question. One is answered at a time; of those that wait, the newest.
    pub(super) fn ask_snapshot(&mut self, number: u32, since: Timestamp, now: Timestamp) {
        if self.work.is_none() {
            return self.begin(number, since, now);
        }
        if let Some((older, _)) = self.next_work.replace((number, since)) {
            self.tell(BrokerEvent::SnapshotFailed {
                number: older,
                message: "a newer one was asked for".into(),
            });
        }
    }

    fn begin(&mut self, number: u32, since: Timestamp, now: Timestamp) {
        self.work = Some(Work {
            number,
            since,
            at: now,
            steps: VecDeque::from([
                Step::Account,
                Step::Open(None),
                Step::All(since),
                Step::Lines(None),
                Step::Positions,
            ]),
            account: None,
            orders: BTreeMap::new(),
            lines: Vec::new(),
            positions: Vec::new(),
            pages: 0,
            singles: 0,
        });
        self.go_on(now);
    }

    /// Asks for the next part, or hands over the whole.
    fn go_on(&mut self, now: Timestamp) {
        let Some(work) = &mut self.work else { return };
        let Some(step) = work.steps.pop_front() else {
            return self.finish(now);
        };
        let since = work.since;
        let path = match &step {
            Step::Account => "/v2/account".to_owned(),
            Step::Open(after) => open_orders(*after),
            Step::All(after) => Path::new("/v2/orders")
                .ask("status", "all")
                .ask("nested", "true")
                .ask("direction", "asc")
                .ask("limit", &PAGE.to_string())
                .ask("after", &after.to_string())
                .as_str()
                .to_owned(),
            Step::One(id) => nested(id),
            Step::Named(name) => by_name(*name),
            Step::Lines(token) => Path::new("/v2/account/activities/FILL")
                .ask("after", &since.to_string())
                .ask("direction", "asc")
                .ask("page_size", &LINES.to_string())
                .ask_if("page_token", token.as_deref())
                .as_str()
                .to_owned(),
            Step::Past(order, token) => Path::new("/v2/account/activities/FILL")
                .ask("order_id", order)
                .ask("direction", "asc")
                .ask("page_size", &LINES.to_string())
                .ask_if("page_token", token.as_deref())
                .as_str()
                .to_owned(),
            Step::Positions => "/v2/positions".to_owned(),
        };
        let call = (Method::Get, path, None);
        // What a snapshot is asked for, protection may hang on.
        self.calls.add(Urgency::Entering, call, Purpose::Part(step));
    }

    fn fail(&mut self, message: &str, now: Timestamp) {
        if let Some(work) = self.work.take() {
            self.tell(BrokerEvent::SnapshotFailed {
                number: work.number,
                message: message.into(),
            });
        }
        self.begin_next(now);
    }

    fn begin_next(&mut self, now: Timestamp) {
        if let Some((number, since)) = self.next_work.take() {
            self.begin(number, since, now);
        }
    }

    /// Takes a part.
    pub(super) fn took_part(
        &mut self,
        flying: Pending,
        step: Step,
        result: &HttpResult,
        now: Timestamp,
    ) {
        let single = matches!(step, Step::One(_) | Step::Named(_));
        match result.verdict() {
            Verdict::Done => {}
            // That one order is not there is an answer too.
            Verdict::Refused { .. }
                if single && result.answer().is_some_and(|answer| answer.status == 404) =>
            {
                return self.go_on(now);
            }
            Verdict::Ambiguous { .. } if flying.tries < TRIES => {
                return self.calls.again(flying, now);
            }
            Verdict::Refused { .. } if flying.tries < TRIES && result.answer().is_none() => {
                return self.calls.again(flying, now);
            }
            _ => return self.fail(&result.trouble(step.what()), now),
        }
        match self.take_body(&step, result) {
            Ok(()) => self.go_on(now),
            Err(why) => self.fail(&why, now),
        }
    }

    fn take_body(&mut self, step: &Step, result: &HttpResult) -> Result<(), String> {
        let told = |error: crate::wire::Malformed| format!("an answer could not be read: {error}");
        match step {
            Step::Account => {
                let account = self.read_body(result, Account::read).map_err(told)?;
                self.verify(&account)?;
                if let Some(work) = &mut self.work {
                    work.account = Some(account);
                }
            }
            Step::Open(_) | Step::All(_) => {
                let orders = self.read_body(result, Order::read_list).map_err(told)?;
                self.take_orders(step, orders)?;
            }
            Step::One(_) | Step::Named(_) => {
                let order = self.read_body(result, Order::read).map_err(told)?;
                let Some(work) = &mut self.work else {
                    return Ok(());
                };
                // By its name it comes without those that belong to it.
                if let Step::Named(_) = step {
                    work.steps.push_front(Step::One(order.id.clone()));
                }
                work.orders.insert(order.id.clone(), order);
            }
            Step::Lines(_) => {
                let lines = self.read_body(result, Activity::read_list).map_err(told)?;
                self.take_lines(lines)?;
            }
            Step::Past(order, _) => {
                let lines = self.read_body(result, Activity::read_list).map_err(told)?;
                self.take_past(order, lines)?;
            }
            Step::Positions => {
                let positions = self.read_body(result, Position::read_list).map_err(told)?;
                if let Some(work) = &mut self.work {
                    work.positions = positions;
                }
            }
        }
        Ok(())
    }

    /// The account has to be the one that may be traded.
    fn verify(&mut self, account: &Account) -> Result<(), String> {
        if let Some(wanted) = self.account.as_deref()
            && wanted != account.name()
        {
            self.verified = false;
            let name = account.name();
            let why = format!("the keys are those of account {name}, and {wanted} is to be traded");
            let next = format!("give the keys of {wanted} and restart the daemon");
            return Err(advice::with_next(&why, &next));
        }
        self.verified = true;
        Ok(())
    }

    fn take_orders(&mut self, step: &Step, orders: Vec<Order>) -> Result<(), String> {
        let Some(work) = &mut self.work else {
            return Ok(());
        };
        let full = orders.len() >= PAGE;
        let last = orders.iter().filter_map(|order| order.submitted_at).max();
        let before = work.orders.len();
        for order in orders {
            work.orders.insert(order.id.clone(), order);
        }
        if full {
            work.pages = work.pages.saturating_add(1);
            let stuck = work.orders.len() == before;
            let Some(last) = last.filter(|_| !stuck && work.pages < PAGES_MAX) else {
                return Err("there are more orders than can be read page by page".to_owned());
            };
            // Several may have been handed in at one moment: that moment is read once more.
            let after = last.plus_nanos(-1);
            work.steps.push_front(match step {
                Step::Open(_) => Step::Open(Some(after)),
                _ => Step::All(after),
            });
            return Ok(());
        }
        if matches!(step, Step::All(_)) {
            self.add_missing();
        }
        Ok(())
    }

    /// Orders of ours that may be alive and are in no list are read one by one: the lists go by when an
    /// order was handed in, and not by when it ended.
    fn add_missing(&mut self) {
        let Some(work) = &mut self.work else { return };
        let mut seen = Vec::new();
        for order in work.orders.values() {
            for (whose, order) in family(&mut self.names, order) {
                seen.push(order.id.clone());
                if let Whose::Ours(name) = whose {
                    self.names.bind(name, &order.id);
                }
            }
        }
        let mut steps: Vec<Step> = Vec::new();
        for (name, known) in self.names.live() {
            let step = match &known.broker_id {
                Some(id) if seen.contains(id) => continue,
                Some(id) => Step::One(id.clone()),
                // An exit never heard of is found with the order that it went out with.
                None => match self.names.broker_id(self.names.head(name)) {
                    Some(head) => Step::One(head.into()),
                    None => Step::Named(self.names.head(name)),
                },
            };
            if !steps.contains(&step) {
                steps.push(step);
            }
        }
        self.add_singles(steps);
    }

    fn add_singles(&mut self, steps: Vec<Step>) {
        let Some(work) = &mut self.work else { return };
        for step in steps {
            if work.singles < SINGLE_MAX {
                work.singles = work.singles.saturating_add(1);
                work.steps.push_front(step);
            }
        }
    }

    fn take_lines(&mut self, lines: Vec<Activity>) -> Result<(), String> {
        let Some(work) = &mut self.work else {
            return Ok(());
        };
        let next = next_page(&lines);
        work.lines.extend(lines);
        if next.is_some() {
            return work.page(Step::Lines(next));
        }
        for order in without_original(&work.lines) {
            work.steps.push_front(Step::Past(order, None));
        }
        let mut unknown: Vec<Step> = Vec::new();
        for id in work.lines.iter().filter_map(|line| line.order.as_deref()) {
            let step = Step::One(id.into());
            let known = self.names.name(id).is_some() || self.strangers.contains_key(id);
            if !known && !work.orders.contains_key(id) && !unknown.contains(&step) {
                unknown.push(step);
            }
        }
        self.add_singles(unknown);
        Ok(())
    }

    /// Takes executions of an order from before what is asked about.
    fn take_past(&mut self, order: &str, lines: Vec<Activity>) -> Result<(), String> {
        let Some(work) = &mut self.work else {
            return Ok(());
        };
        let next = next_page(&lines);
        for line in lines {
            let is_new = work.lines.iter().all(|known| known.id != line.id);
            if is_new && line.order.as_deref() == Some(order) {
                work.lines.push(line);
            }
        }
        match next {
            Some(_) => work.page(Step::Past(order.into(), next)),
            None => Ok(()),
        }
    }

    /// Hands the whole over.
    fn finish(&mut self, now: Timestamp) {
        let Some(work) = self.work.take() else { return };
        let Some(account) = work.account else {
            return self.begin_next(now);
        };
        let cash = account.cash();
        let Some(cash) = cash else {
            self.tell(BrokerEvent::SnapshotFailed {
                number: work.number,
                message: "Alpaca does not say how much cash the account has".into(),
            });
            return self.begin_next(now);
        };
        // An exit may come before the order that says whose it is.
        for order in work.orders.values() {
            family(&mut self.names, order);
        }
        let mut ours: BTreeMap<ClientOrderId, OrderReport> = BTreeMap::new();
        let mut others = Vec::new();
        for order in work.orders.values() {
            for (whose, order) in family(&mut self.names, order) {
                self.sort(whose, order, (&mut ours, &mut others), now);
            }
        }
        let past = history(&mut self.names, &work.lines);
        if past.bad > 0 {
            tracing::warn!(
                lines = past.bad,
                "lines of the history of executions could not be used"
            );
        }
        let snapshot = BrokerSnapshot {
            number: work.number,
            at: work.at,
            account: Box::new(facts(&account)),
            orders: ours.into_values().collect(),
            foreign: others,
            executions: past.executions,
            corrected: past.corrected,
            positions: positions(&work.positions),
            cash,
        };
        self.tell(BrokerEvent::Snapshot(snapshot));
        self.names
            .forget_before(work.since.plus_nanos(KEPT.saturating_neg()));
        // It has all that a sweep would find.
        self.sweep_due = self.sweep_due.max(now.plus_nanos(super::SWEEP));
        self.begin_next(now);
    }

    fn sort(
        &mut self,
        whose: Whose,
        order: &Order,
        (ours, others): (
            &mut BTreeMap<ClientOrderId, OrderReport>,
            &mut Vec<trader_contract::ForeignOrder>,
        ),
        now: Timestamp,
    ) {
        match whose {
            Whose::Ours(name) => {
                // Another order may stand under its name by now.
                if !self.names.is_current(name, &order.id) {
                    return;
                }
                let Some(said) = report(&self.names, name, order, now) else {
                    tracing::error!(order = %name, "what Alpaca says of the order lacks symbol, side or quantity");
                    return;
                };
                self.hold_against_stream(&said, now);
                let known = self.names.known(name);
                if known.last.as_ref().is_none_or(|last| said.at >= last.at) {
                    known.last = Some(said.clone());
                    self.names.set_live(name, !order.is_over());
                }
                ours.insert(name, said);
            }
            Whose::Nobodys => {
                self.strangers.entry(order.id.clone()).or_default();
                if !order.is_over()
                    && let Some(order) = foreign(order, now)
                {
                    others.push(order);
                }
            }
        }
    }
}

impl Work {
    /// Asks for one more page of the history.
    fn page(&mut self, step: Step) -> Result<(), String> {
        self.pages = self.pages.saturating_add(1);
        if self.pages >= PAGES_MAX {
            return Err("there are more executions than can be read page by page".to_owned());
        }
        self.steps.push_front(step);
        Ok(())
    }
}

/// Where the next page of the history begins, if this one was full.
fn next_page(lines: &[Activity]) -> Option<Box<str>> {
    let last = lines.last().filter(|_| lines.len() >= LINES);
    last.map(|line| line.id.clone())
}

fn facts(account: &Account) -> AccountFacts {
    AccountFacts {
        id: account.name().into(),
        blocked: account.obstacle().map(Into::into),
        shorting: account.shorting_enabled.unwrap_or(false),
        buying_power: account.buying_power(),
        equity: account.equity(),
    }
}

fn positions(read: &[Position]) -> Vec<(Symbol, trader_contract::NetQty)> {
    read.iter()
        .filter(|position| !position.net.is_flat())
        .filter_map(|position| {
            if position.symbol.is_none() {
                tracing::warn!(symbol = %position.symbol_text, "a position in something that is not traded here");
            }
            Some((position.symbol?, position.net))
        })
        .collect()
}
