//! What must always be true, watched from outside after every event. One file for each group; the
//! table at the end of this one has them all.
//!
//! To add one: write a type with [`Watcher`] in the file of its group and put it into [`all`]. A
//! watcher sees what the daemon writes and sends, what the broker executes, and after each event the
//! whole [`View`]; it says how many checks it has made, or what is wrong.
//!
//! Not watched here, since the kernel has no such input: INV-20 (no advice comes in yet) and INV-21 (no
//! secret reaches the kernel: credentials and webhook tokens stay in the shell, where
//! `daemon/tests/it/alerts.rs` looks for them in everything that leaves).

mod bounded;
mod calls;
mod crossing;
mod day;
mod durable;
mod entries;
mod fate;
mod foreign;
mod known;
mod ledger;
mod limits;
mod live;
mod losses;
mod market;
mod orders;
mod overridden;
mod prices;
mod progress;
mod protection;
mod trading;
mod why;

use std::collections::{BTreeMap, BTreeSet};

use trader_contract::{
    BrokerEvent, BrokerRequest, ClientOrderId, Execution, OrderReport, Symbol, Timestamp,
};
use trader_core::record::{Alert, JournalEntry, Scope};
use trader_core::{Engine, Event};
use trader_rpc::{Accepted, Failure};

use super::plan::Plan;
use super::truth::Truth;

/// How many checks were made, or what is wrong.
pub type Checked = Result<u32, String>;

/// What a watcher answers to a question that it has no method for: it is asked that no more.
const NOT_WATCHED: u32 = u32::MAX;
/// The place of a watcher that is not asked any more.
const NOBODY: usize = usize::MAX;

/// What a watcher can be asked; the methods of [`Watcher`] have the same names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is described at its method")]
pub enum Question {
    Wrote,
    Raised,
    Sent,
    Reported,
    Corrected,
    Told,
    Heard,
    Called,
    Killed,
    After,
    AtTheEnd,
}

impl Question {
    const COUNT: usize = Self::AtTheEnd as usize + 1;
}

/// The circumstances that excuse something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circumstances {
    /// Since when nothing fails any more.
    pub healed_at: Option<Timestamp>,
    /// When the daemon was started, while it runs.
    pub up_since: Option<Timestamp>,
    /// Since when no fault, restart or aftermath disturbs the way of an order; perhaps in the future.
    pub calm_from: Timestamp,
    /// Symbols that the venue has halted.
    pub halted: BTreeSet<Symbol>,
    /// Since when the exchange is open, while it is.
    pub open_since: Option<Timestamp>,
    /// Whether no order and no answer can get through: the broker refuses everybody.
    pub shut_out: bool,
    /// Whether a commit of this life has failed.
    pub journal_failed: bool,
    /// Messages and requests that are on their way.
    pub under_way: u64,
    /// Whether the machine sleeps.
    pub asleep: bool,
    /// When the machine last woke up.
    pub awake_since: Timestamp,
    /// Since when the order stream of the life that runs brings nothing, while it does not.
    pub silent_since: Option<Timestamp>,
    /// How far the daemon's clock is behind the true one, in nanoseconds.
    pub clock_behind: i64,
}

/// Everything that can be looked at after an event.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The true time.
    pub now: Timestamp,
    /// What was to happen.
    pub plan: &'a Plan,
    /// What is true at the broker.
    pub truth: &'a Truth,
    /// The daemon's engine, while the daemon runs.
    pub engine: Option<&'a Engine>,
    /// What excuses something.
    pub around: &'a Circumstances,
}

impl View<'_> {
    /// Since when the daemon has been up and awake, and nothing disturbs the way of an order.
    #[must_use]
    pub fn clear_from(&self) -> Timestamp {
        let around = self.around;
        let up = around.up_since.unwrap_or(self.now);
        around.calm_from.max(around.awake_since).max(up)
    }
}

/// One request of the daemon as it leaves.
#[derive(Debug, Clone, Copy)]
pub struct Sent<'a> {
    /// What.
    pub request: &'a BrokerRequest,
    /// Whether the plans of all its orders were on the disk by then.
    pub explained: bool,
    /// Whether the journal had failed by then.
    pub journal_failed: bool,
}

/// A call of a person that may change something, as it was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Called<'a> {
    /// What was asked for.
    pub deed: &'static str,
    /// The answer.
    pub answer: &'a Result<Accepted, Failure>,
    /// Whether the table gives the caller's role the right.
    pub may: bool,
    /// Whether anything came of it: a record, a request or a change of the book.
    pub acted: bool,
    /// Whether the disk had its answer before it was made.
    pub remembered: bool,
    /// Whether it was answered before what it did was on the disk.
    pub early: bool,
}

/// Somebody who watches one invariant.
pub trait Watcher {
    /// Its number, as in `INV-1`.
    fn invariant(&self) -> &'static str;

    /// The daemon has written something, durably or not.
    ///
    /// # Errors
    /// What is wrong; so with the others.
    fn wrote(&mut self, _entry: &JournalEntry, _durable: bool, _view: &View<'_>) -> Checked {
        Ok(NOT_WATCHED)
    }

    /// The daemon has told people of something.
    fn raised(&mut self, _alert: &Alert, _view: &View<'_>) -> Checked {
        Ok(NOT_WATCHED)
    }

    /// The daemon has sent something.
    fn sent(&mut self, _sent: &Sent<'_>, _view: &View<'_>) -> Checked {
        Ok(NOT_WATCHED)
    }

    /// The broker has said something about an order, an execution perhaps; nobody need have heard it.
    fn reported(&mut self, _report: &OrderReport, _view: &View<'_>) -> Checked {
        Ok(NOT_WATCHED)
    }

    /// The broker has taken an execution of an order back, and put another one in its place or none.
    fn corrected(
        &mut self,
        _order: (ClientOrderId, Symbol),
        _executions: (&Execution, Option<&Execution>),
        _view: &View<'_>,
    ) -> Checked {
        Ok(NOT_WATCHED)
    }

    /// The daemon is about to be told something, at this time by its own clock.
    fn told(&mut self, _event: &Event, _at: Timestamp, _view: &View<'_>) -> Checked {
        Ok(NOT_WATCHED)
    }

    /// The daemon has heard something of the broker, and done what it wanted to.
    fn heard(&mut self, _event: &BrokerEvent, _view: &View<'_>) -> Checked {
        Ok(NOT_WATCHED)
    }

    /// A person's call was answered.
    fn called(&mut self, _called: &Called<'_>, _view: &View<'_>) -> Checked {
        Ok(NOT_WATCHED)
    }

    /// A kill was acknowledged, or the lifting of one is asked for.
    fn killed(&mut self, _scope: &Scope, _lifted: bool, _view: &View<'_>) -> Checked {
        Ok(NOT_WATCHED)
    }

    /// An event is over.
    fn after(&mut self, _view: &View<'_>) -> Checked {
        Ok(NOT_WATCHED)
    }

    /// The run is over.
    fn at_the_end(&mut self, _view: &View<'_>) -> Checked {
        Ok(NOT_WATCHED)
    }
}

/// An invariant that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Which.
    pub invariant: &'static str,
    /// What is wrong.
    pub detail: String,
}

/// How many checks were made of each invariant.
pub type Checks = BTreeMap<&'static str, u64>;

/// All watchers, with what they have counted.
pub struct Watch {
    watchers: Vec<(Box<dyn Watcher>, u64)>,
    /// Who is asked each question, in their order: at first everybody.
    asked: [Vec<usize>; Question::COUNT],
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch")
            .field("checks", &self.checks())
            .finish()
    }
}

impl Watch {
    /// These watchers.
    #[must_use]
    pub fn of(watchers: Vec<Box<dyn Watcher>>) -> Self {
        let everybody: Vec<usize> = (0..watchers.len()).collect();
        Self {
            watchers: watchers.into_iter().map(|watcher| (watcher, 0)).collect(),
            asked: std::array::from_fn(|_| everybody.clone()),
        }
    }

    /// How many checks were made of each invariant; several watchers of one are added up.
    #[must_use]
    pub fn checks(&self) -> Checks {
        let mut checks = Checks::new();
        for (watcher, count) in &self.watchers {
            *checks.entry(watcher.invariant()).or_default() += count;
        }
        checks
    }

    /// Asks every watcher that has an answer.
    ///
    /// # Errors
    /// The first one that finds something wrong.
    pub fn ask(
        &mut self,
        question: Question,
        mut put: impl FnMut(&mut dyn Watcher) -> Checked,
    ) -> Result<(), Broken> {
        let asked = &mut self.asked[question as usize];
        let (mut some_left, mut broken) = (false, None);
        for place in asked.iter_mut() {
            let (watcher, count) = &mut self.watchers[*place];
            match put(watcher.as_mut()) {
                Ok(NOT_WATCHED) => (*place, some_left) = (NOBODY, true),
                Ok(checks) => *count += u64::from(checks),
                Err(detail) => {
                    let invariant = watcher.invariant();
                    broken = Some(Broken { invariant, detail });
                    break;
                }
            }
        }
        if some_left {
            asked.retain(|place| *place != NOBODY);
        }
        broken.map_or(Ok(()), Err)
    }
}

/// Every watcher that there is.
#[must_use]
pub fn all() -> Vec<Box<dyn Watcher>> {
    vec![
        Box::<protection::Protected>::default(),
        Box::<orders::OneOrderPerIntent>::default(),
        Box::<ledger::LedgerIsBroker>::default(),
        Box::<limits::InsideLimits>::default(),
        Box::<overridden::Overridden>::default(),
        Box::<day::FlatByDeadline>::default(),
        Box::<orders::MonotoneOrders>::default(),
        Box::<ledger::EachFillOnce>::default(),
        Box::<crossing::NoCross>::default(),
        Box::<durable::DurableBeforeVisible>::default(),
        Box::<progress::Progress>::default(),
        Box::<entries::UnknownBlocks>::default(),
        Box::<entries::FreshOrNone>::default(),
        Box::<entries::BoundedRate>::default(),
        Box::<trading::KillHolds>::default(),
        Box::<losses::LossesStop>::default(),
        Box::<calls::ActsOnce>::default(),
        Box::<known::ToldLately>::default(),
        Box::<known::SanePrice>::default(),
        Box::<known::ClockBounded>::default(),
        Box::<bounded::EntriesBounded>::default(),
        Box::<bounded::OneWriter>::default(),
        Box::<bounded::EverythingBounded>::default(),
        Box::<live::TwoKeys>::default(),
        Box::<fate::LostAnswers>::default(),
        Box::<fate::KillCancels>::default(),
        Box::<foreign::ForeignSurfaced>::default(),
        Box::<why::Explained>::default(),
        Box::<market::SaneQuote>::default(),
        Box::<market::MayTrade>::default(),
        Box::<market::JumpStops>::default(),
    ]
}
