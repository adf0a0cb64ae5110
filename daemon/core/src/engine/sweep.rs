//! Asking the broker what it holds, again and again: when it is due, and what becomes of an answer
//! that does not come. What an answer means is in the file of reconciling.
//!
//! Only the answer to the newest question proves anything by what it lacks. A late answer to an
//! earlier one still brings facts, reports and executions, which count once in whatever order they
//! come.

use serde::{Deserialize, Serialize};
use trader_contract::{Timestamp, advice};

use super::Engine;
use crate::book::{Order, StandingAlert};
use crate::command::{Command, Commands};
use crate::planted::{Bug, is};
use crate::record::{Origin, Severity, TradingState};

/// Executions are asked for from this long before what they may belong to: clocks differ.
const MARGIN: i64 = 5 * Timestamp::MINUTE;
/// The longest pause between two questions while something is open, in seconds.
const PAUSE_MAX: u32 = 30;
/// A broker that has not been heard for so long keeps nobody waiting.
const UNHEARD_NANOS: i64 = Timestamp::MINUTE;
/// The alert of a broker that does not answer.
pub(super) const UNHEARD: &str = "broker_unheard";
/// Unanswered questions in a row that a person is told of.
const UNANSWERED_TOLD: u32 = 3;

/// How far the comparison with the broker has come.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Reconciling {
    done: bool,
    /// Ready without having heard the broker.
    gave_up: bool,
    started_at: Option<Timestamp>,
    /// The number of the newest question.
    number: u32,
    /// When it was asked.
    asked_at: Timestamp,
    /// Whether its answer is on its way, and whether it has come.
    pending: bool,
    answered: bool,
    /// When the newest question was asked that has been answered.
    #[serde(default)]
    proof: Option<Timestamp>,
    /// Something to ask came up after the question that is on its way.
    again: bool,
    /// Questions in a row that were not answered.
    unanswered: u32,
    /// Answers in a row that left something open.
    open: u32,
    /// What an answer lacked has ended something: whatever that left is compared soon.
    ended: bool,
    /// When something open or unanswered wants another answer.
    look_at: Timestamp,
}

impl Default for Reconciling {
    fn default() -> Self {
        Self {
            done: false,
            gave_up: false,
            started_at: None,
            number: 0,
            asked_at: Timestamp::MIN,
            pending: false,
            answered: false,
            proof: None,
            again: false,
            unanswered: 0,
            open: 0,
            ended: false,
            look_at: Timestamp::MAX,
        }
    }
}

impl Reconciling {
    /// A run begins. Numbers go on from `after`, so that no answer to an earlier run fits.
    pub(super) fn start(at: Timestamp, after: u32) -> Self {
        Self {
            started_at: Some(at),
            number: after,
            ..Self::default()
        }
    }

    /// Whether the broker has been heard since the start.
    pub(super) const fn is_done(&self) -> bool {
        self.done
    }

    /// Whether the run can go on: the broker has been heard, or is not waited for any longer.
    pub(super) const fn is_ready(&self) -> bool {
        self.done || self.gave_up
    }

    /// Whether a snapshot is on its way.
    pub(super) const fn is_asked(&self) -> bool {
        self.pending
    }

    /// When the run began.
    pub(super) fn started_at(&self) -> Timestamp {
        self.started_at.unwrap_or(Timestamp::MIN)
    }

    /// The number of the newest question.
    pub(super) const fn number(&self) -> u32 {
        self.number
    }

    /// Whether the broker has answered a question that was asked later.
    pub(super) fn has_proof_after(&self, at: Timestamp) -> bool {
        self.proof.is_some_and(|asked| asked > at)
    }

    /// The broker has been heard.
    pub(super) fn finish(&mut self) {
        self.done = true;
    }

    /// Marks a snapshot as asked for and gives its number; `None` if one is already on its way. One
    /// that was asked for earlier may have been taken too early: then another one follows it.
    fn ask(&mut self, at: Timestamp) -> Option<u32> {
        if self.pending {
            self.again |= self.asked_at < at;
            return None;
        }
        self.number = self.number.wrapping_add(1);
        self.asked_at = at;
        self.pending = true;
        self.answered = false;
        self.look_at = Timestamp::MAX;
        Some(self.number)
    }

    /// Whatever is on its way may have been taken too early.
    pub(super) fn ask_again(&mut self) {
        self.again |= self.pending;
    }

    /// Takes an answer: when its question was asked, if it is the newest one's and the first to it.
    pub(super) fn take_answer(&mut self, number: u32) -> Option<Timestamp> {
        if number != self.number || self.answered || self.started_at.is_none() {
            return None;
        }
        self.pending = false;
        self.answered = true;
        self.proof = Some(self.asked_at);
        self.unanswered = 0;
        self.look_at = Timestamp::MAX;
        Some(self.asked_at)
    }

    /// The run does not wait for an answer that can be used.
    pub(super) const fn give_up(&mut self) {
        self.gave_up = true;
    }

    /// Whether another question must follow the answer that was just taken.
    pub(super) fn take_again(&mut self) -> bool {
        std::mem::take(&mut self.again)
    }

    /// The answer did not come.
    fn miss(&mut self, at: Timestamp) {
        self.pending = false;
        self.again = false;
        self.unanswered = self.unanswered.saturating_add(1);
        self.look_at = at.plus_nanos(pause(self.unanswered.saturating_sub(1)));
    }

    /// After an answer: whether it left something open, and another one is wanted soon.
    pub(super) fn leave(&mut self, at: Timestamp, open: bool) {
        if std::mem::take(&mut self.ended) || open {
            self.look_at = self.look_at.min(at.plus_nanos(pause(self.open)));
            self.open = self.open.saturating_add(1);
        } else {
            self.open = 0;
        }
    }

    /// An order was given up because the broker's records lack it: its symbol, and the cash, could not be
    /// compared so far.
    pub(super) fn end_doubt(&mut self) {
        self.ended = true;
        self.open = 0;
    }

    /// Something new is open: it is not made to wait for what was open before.
    pub(super) fn reopen(&mut self) {
        self.open = 0;
    }
}

/// One second, doubled so many times, up to half a minute.
fn pause(doubled: u32) -> i64 {
    let seconds = 1_u32.checked_shl(doubled.min(5)).unwrap_or(PAUSE_MAX);
    i64::from(seconds.min(PAUSE_MAX)).saturating_mul(Timestamp::SECOND)
}

impl Engine {
    /// Whether the run can go on: the broker has said what it holds, or has been silent for so long
    /// that nobody waits for it.
    #[must_use]
    pub const fn is_ready(&self) -> bool {
        self.reconciling.is_ready()
    }

    /// Asks the broker what it holds, once until it answers.
    pub(super) fn request_snapshot(&mut self, out: &mut Commands) {
        if let Some(number) = self.reconciling.ask(self.now) {
            let since = self.unsettled_since();
            out.push(Command::RequestSnapshot { number, since });
        }
    }

    /// Since when there may be executions that were not heard of.
    fn unsettled_since(&self) -> Timestamp {
        let unsettled = self.book.orders.unsettled();
        // What closed a position may be missing in the journal, order and all; of one that is open again
        // only its orders tell when it was entered.
        let open = self.book.holdings.values().filter_map(|holding| {
            let orders = self.book.orders_for(holding);
            holding.entered_at.or(orders.map(|o| o.planned_at).min())
        });
        // What the run before did without its journal, it did after the last that the journal has.
        let last = match self.reconciling.is_done() {
            true => None,
            false => self.book.orders.values().map(|o| o.updated_at).max(),
        };
        let first = unsettled
            .map(|o| o.planned_at)
            .chain(open)
            .chain(last)
            .min();
        first
            .unwrap_or(self.now)
            .plus_nanos(MARGIN.saturating_neg())
    }

    /// When the broker is to be asked next, or an answer is missed.
    pub(super) fn ask_due(&self) -> Timestamp {
        let asking = &self.reconciling;
        let Some(started_at) = asking.started_at else {
            return Timestamp::MAX;
        };
        let repeat = self.repeat_due();
        let Some(period) = self.watched_period() else {
            return if asking.pending {
                repeat
            } else {
                asking.look_at.min(repeat)
            };
        };
        let unheard = if asking.is_ready() {
            Timestamp::MAX
        } else {
            started_at.plus_nanos(UNHEARD_NANOS)
        };
        let next = if asking.pending {
            asking.asked_at.plus_nanos(self.watch.answer_nanos)
        } else if asking.unanswered > 0 {
            asking.look_at
        } else {
            asking.look_at.min(asking.asked_at.plus_nanos(period))
        };
        next.min(unheard).min(repeat)
    }

    /// How often the broker is asked; `None` where nothing can be lost.
    fn watched_period(&self) -> Option<i64> {
        let idle = self.watch.reconcile_nanos?;
        if is(Bug::NoSweep) {
            return Some(Timestamp::MINUTE.saturating_mul(1_000));
        }
        let busy = self.watch.sweep_nanos.unwrap_or(idle);
        Some(if self.book.holdings.is_empty() && self.strays.is_empty() {
            idle
        } else {
            busy
        })
    }

    /// Asks if it is time to, and gives up an answer that has not come.
    pub(super) fn ask_if_due(&mut self, at: Timestamp, out: &mut Commands) {
        self.repeat_submits(at, out);
        if at < self.ask_due() {
            return;
        }
        self.give_up_waiting(at, out);
        if self.reconciling.pending {
            if at
                >= self
                    .reconciling
                    .asked_at
                    .plus_nanos(self.watch.answer_nanos)
                && self.watch.reconcile_nanos.is_some()
            {
                self.miss_answer(at, "no answer in time", out);
            }
        } else if at >= self.ask_due() {
            self.request_snapshot(out);
        }
    }

    /// A snapshot could not be taken.
    pub(super) fn on_snapshot_failed(
        &mut self,
        at: Timestamp,
        number: u32,
        message: &str,
        out: &mut Commands,
    ) {
        if number == self.reconciling.number && self.reconciling.pending {
            self.miss_answer(at, message, out);
            self.find_due();
        }
    }

    fn miss_answer(&mut self, at: Timestamp, why: &str, out: &mut Commands) {
        self.reconciling.miss(at);
        if self.reconciling.unanswered >= UNANSWERED_TOLD {
            self.tell_unheard(at, why, out);
        }
    }

    /// Tells it once, and again where something else is to be done about it.
    fn tell_unheard(&mut self, at: Timestamp, why: &str, out: &mut Commands) {
        let (why, next) = advice::split(why);
        let standing = self.book.standing(UNHEARD, None);
        let is_told = |standing: &StandingAlert| next.is_none_or(|n| *standing.alert.action == *n);
        if standing.is_some_and(is_told) {
            return;
        }
        self.raise_standing(
            at,
            (Severity::Critical, UNHEARD, None),
            (
                format!("the broker does not say what it holds: {why}"),
                next.unwrap_or("look at the broker's status page; it is asked again by itself"),
            ),
            out,
        );
    }

    /// A broker that has not been heard at all keeps the run from its work no longer: entries are
    /// halted until it is.
    fn give_up_waiting(&mut self, at: Timestamp, out: &mut Commands) {
        let Some(started_at) = self.reconciling.started_at else {
            return;
        };
        let waited = at >= started_at.plus_nanos(UNHEARD_NANOS);
        if self.reconciling.is_ready() || !waited || self.watch.reconcile_nanos.is_none() {
            return;
        }
        self.reconciling.gave_up = true;
        let unheard = TradingState::Unheard;
        self.tell_unheard(at, unheard.why().unwrap_or_default(), out);
        if self.book.trading == TradingState::Active {
            self.set_trading(at, unheard, Origin::Engine, out);
        }
    }

    /// The broker has been heard: a halt because it had not been is over.
    pub(super) fn lift_unheard(&mut self, at: Timestamp, out: &mut Commands) {
        self.clear_standing(at, UNHEARD, None, out);
        if *self.book.trading_beneath() == TradingState::Unheard {
            self.set_trading(at, TradingState::Active, Origin::Engine, out);
        }
    }

    /// A person wants a comparison now.
    pub(super) fn reconcile_now(&mut self, _at: Timestamp, out: &mut Commands) -> String {
        if self.reconciling.is_asked() {
            self.reconciling.ask_again();
            return "the broker has been asked already what it holds, and is asked once more after \
                    its answer"
                .to_owned();
        }
        self.request_snapshot(out);
        "asking the broker what it holds; differences are told as alerts".to_owned()
    }

    /// Whether the broker has filled more of any order than was heard of.
    pub(super) fn misses_fills(&self) -> bool {
        self.book.orders.unsettled().any(Order::misses_fills)
    }
}
