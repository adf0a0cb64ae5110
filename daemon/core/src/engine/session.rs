//! The trading day: when entries are taken, when positions are closed, and what is counted at the
//! end. All times come from the calendar, half days included; where the broker's has narrower hours, those are
//! the day's (`hours.rs`).
//!
//! What a start does, once the broker has been heard (times before the close; a half day has the same
//! rows, each three hours earlier; both sides alike; each row is a test):
//!
//! | start | nothing open | a position, its stop resting | a position, its stop lost |
//! |---|---|---|---|
//! | at a weekend, at night | waits for the next open | a residue: the session that nobody ended is closed, the stop stays, the open closes it first | a residue: an exit waits at the broker for the open |
//! | before the open of the day | the same | the same | the same |
//! | in the session | takes entries | keeps the stop | rests a new stop, or closes what is beyond it |
//! | 15 minutes before the close | takes no entries | keeps the stop | the same |
//! | 5 minutes before the close | takes no entries | cancels the stop, confirmed, then closes | closes |
//! | after the deadline, a minute before the close | the broker confirms that it is flat | the same, and `not_flat` stands | the same, and `not_flat` stands |
//!
//! The third start within ten minutes after runs that ended badly comes up halted: it protects and
//! closes, and takes entries after `traderctl resume`.

use serde::{Deserialize, Serialize};
use trader_calendar::Session;
use trader_contract::{SessionView, Symbol, SymbolId, Timestamp};

use super::Engine;
use crate::book::Day;
use crate::command::Commands;
use crate::config::{DayRules, EndOfDay, Market};
use crate::record::{DaySummary, Record};

/// Where in the trading day we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// No session is open.
    Closed,
    /// Entries are taken.
    Entries,
    /// Too late for entries.
    NoEntries,
    /// Positions are being closed.
    Flattening,
    /// Everything must be flat by now.
    PastDeadline,
}

/// The session and its next change.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Schedule {
    pub(super) session: Option<Session>,
    /// The one that closed last, in this run.
    pub(super) over: Option<Session>,
    pub(super) phase: Phase,
    pub(super) next_at: Timestamp,
    /// Without sessions, and where positions are held over the night.
    entries_at_any_time: bool,
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            session: None,
            over: None,
            phase: Phase::Closed,
            next_at: Timestamp::MAX,
            entries_at_any_time: false,
        }
    }
}

impl Schedule {
    /// Whether the session takes entries now.
    pub(super) fn takes_entries(&self, now: Timestamp) -> bool {
        self.entries_at_any_time || (self.phase == Phase::Entries && now < self.next_at)
    }
}

/// When a phase of a session ends.
fn end_of(phase: Phase, session: &Session, rules: &DayRules) -> Timestamp {
    let before_close = |nanos: i64| session.close.plus_nanos(nanos.saturating_neg());
    match phase {
        Phase::Closed => session.open,
        Phase::Entries if rules.end_of_day == EndOfDay::Hold => session.close,
        Phase::Entries => before_close(rules.entries_stop_nanos),
        Phase::NoEntries => before_close(rules.flatten_nanos),
        Phase::Flattening => before_close(rules.deadline_nanos),
        Phase::PastDeadline => session.close,
    }
}

impl Engine {
    /// The rules of the day, on markets that have one.
    pub(super) fn day_rules(&self) -> Option<DayRules> {
        match &self.market {
            Market::Sessions { day, .. } => Some(*day),
            Market::EveryRow => None,
        }
    }

    /// Whether no position may outlast the session.
    pub(super) fn must_be_flat(&self) -> bool {
        self.day_rules()
            .is_some_and(|day| day.end_of_day == EndOfDay::Flat)
    }

    /// The session as strategies see it.
    pub(super) fn session_view(&self) -> Option<SessionView> {
        self.schedule.session.map(|s| SessionView {
            date: s.date,
            open: s.open,
            close: s.close,
        })
    }

    /// Finds the session that `at` lies in, or the next one, and goes through none of its phases yet.
    pub(super) fn locate_session(&mut self, at: Timestamp) {
        let Market::Sessions { calendar, day, .. } = &self.market else {
            self.schedule.entries_at_any_time = true;
            return;
        };
        self.schedule.entries_at_any_time = day.end_of_day == EndOfDay::Hold;
        let inside = calendar.session_at(at).ok().flatten();
        let first = inside.or_else(|| calendar.next_session_after(at).ok());
        let after = |session: &Session| calendar.next_session_after(session.open).ok();
        // What the broker has ended already, or does not open, is passed over.
        let mut sessions = std::iter::successors(first, after);
        let session = sessions.find_map(|ours| {
            let both = self.within_brokers_hours(ours)?;
            (at < both.close).then_some(both)
        });
        let session = session.map(crate::planted::day);
        self.schedule.session = session;
        self.schedule.phase = Phase::Closed;
        self.schedule.next_at = session.map_or(Timestamp::MAX, |s| s.open);
    }

    /// Goes through every change of the day that is due.
    pub(super) fn advance_session(&mut self, at: Timestamp, out: &mut Commands) {
        if !self.reconciling.is_done() {
            return;
        }
        while at >= self.schedule.next_at {
            let (Some(session), Some(rules)) = (self.schedule.session, self.day_rules()) else {
                self.schedule.next_at = Timestamp::MAX;
                return;
            };
            let holds = rules.end_of_day == EndOfDay::Hold;
            let phase = match self.schedule.phase {
                Phase::Closed => Phase::Entries,
                Phase::Entries if holds => Phase::Closed,
                Phase::Entries => Phase::NoEntries,
                Phase::NoEntries => Phase::Flattening,
                Phase::Flattening => Phase::PastDeadline,
                Phase::PastDeadline => Phase::Closed,
            };
            self.schedule.phase = phase;
            self.schedule.next_at = match phase {
                // Which one is next is found when this one is closed.
                Phase::Closed => Timestamp::MAX,
                phase => end_of(phase, &session, &rules),
            };
            self.enter_phase(at, phase, session, out);
        }
    }

    /// The hours of the session that we are in, or wait for, may be others than they were.
    pub(super) fn reschedule(&mut self, at: Timestamp, out: &mut Commands) {
        if self.schedule.phase == Phase::Closed {
            return self.locate_session(at);
        }
        let (Some(session), Some(rules)) = (self.schedule.session, self.day_rules()) else {
            return;
        };
        let Market::Sessions { calendar, .. } = &self.market else {
            return;
        };
        let ours = calendar.session(session.date).ok().flatten();
        let ours = crate::planted::day(ours.unwrap_or(session));
        // One that has begun keeps its open; where the broker is closed it is over.
        let both = self.within_brokers_hours(ours);
        let session = Session {
            close: both.map_or(session.open, |both| both.close),
            half_day: both.is_none_or(|both| both.half_day),
            ..session
        };
        self.schedule.session = Some(session);
        self.schedule.next_at = end_of(self.schedule.phase, &session, &rules);
        self.advance_session(at, out);
    }

    /// Opens the session that is due: what the broker says from its open on belongs to it.
    pub(super) fn open_due(&mut self, at: Timestamp, out: &mut Commands) {
        if self.schedule.phase == Phase::Closed && at >= self.schedule.next_at {
            self.advance_session(at, out);
            self.find_due();
        }
    }

    fn enter_phase(&mut self, at: Timestamp, phase: Phase, session: Session, out: &mut Commands) {
        match phase {
            Phase::Entries => {
                self.ladder.open();
                self.open_session(at, session, out);
                self.look_at_opens();
                self.check_calendar(at, out);
                self.check_links(at, out);
                // The time that a stop is given to fill runs from here.
                self.tend_unless_over(at, out);
            }
            Phase::NoEntries => self.tend_unless_over(at, out),
            Phase::Flattening => {
                let cause = self.day_is_over();
                self.exit_everything(at, &cause, out);
            }
            Phase::PastDeadline => self.reach_deadline(at, out),
            Phase::Closed => {
                // What comes of windows with missing minutes belongs to this session.
                self.end_windows(at, 0, out);
                self.close_session(at, out);
                self.schedule.over = Some(session);
                self.locate_session(session.close);
                self.check_calendar(at, out);
                self.rest_links();
                if self.must_be_flat() {
                    // What could not be closed rests or is queued for the open.
                    self.tend_all(at, out);
                }
            }
        }
    }

    /// Looks at every open trade in a phase that has not ended already, as after a late start.
    fn tend_unless_over(&mut self, at: Timestamp, out: &mut Commands) {
        if at < self.schedule.next_at {
            self.tend_all(at, out);
        }
    }

    fn open_session(&mut self, at: Timestamp, session: Session, out: &mut Commands) {
        let open = self.book.day.as_ref();
        let resumed = open.is_some_and(|day| day.date == session.date && !day.closed);
        if !resumed {
            if open.is_some_and(|day| !day.closed) {
                self.close_session(at, out);
            }
            self.value_account();
            let record = Record::SessionOpened {
                date: session.date,
                equity: self.equity,
            };
            self.write(at, record, out);
            self.forget_cancels(at, out);
            if self.must_be_flat() {
                self.close_left_over(at, out);
            }
        }
        self.find_loss_floor();
    }

    /// Whether the session takes entries now, and nobody is stopping.
    pub(super) fn takes_entries(&self) -> bool {
        self.schedule.takes_entries(self.now) && self.stopping.is_none()
    }

    /// Looks at every open trade again, because what is allowed has changed.
    pub(super) fn tend_all(&mut self, at: Timestamp, out: &mut Commands) {
        for id in self.held_symbols() {
            self.tend(at, id, out);
        }
    }

    /// The symbols with an open trade, in the order of their tickers.
    pub(super) fn held_symbols(&self) -> Vec<SymbolId> {
        self.book
            .holdings
            .keys()
            .filter_map(|s| self.by_ticker.get(s).copied())
            .collect()
    }

    /// Closes a session whose end came while nobody was there.
    pub(super) fn end_missed_session(&mut self, at: Timestamp, out: &mut Commands) {
        let open = self.book.day.as_ref().filter(|day| !day.closed);
        let now = self.schedule.session.map(|session| session.date);
        if open.is_some_and(|day| now.is_none_or(|now| day.date < now)) {
            self.close_session(at, out);
        }
    }

    fn close_session(&mut self, at: Timestamp, out: &mut Commands) {
        if self.book.day.as_ref().is_none_or(|day| day.closed) {
            return;
        }
        self.name_residues(at, out);
        self.count_exposures(at, out);
        self.value_account();
        let Some(summary) = self
            .book
            .day
            .as_ref()
            .filter(|day| !day.closed)
            .map(|d| self.summary(d))
        else {
            return;
        };
        self.write(at, Record::SessionClosed { summary }, out);
        if self.checkpoints
            && let Ok(book) = serde_json::to_string(&self.book)
        {
            self.write(at, Record::Checkpoint { book: book.into() }, out);
        }
        self.request_snapshot(out);
    }

    /// The symbols that are not flat. Where they must be, that includes one whose entry still waits.
    fn residue(&self) -> Vec<Symbol> {
        let strict = self.must_be_flat();
        let holdings = self.book.holdings.values();
        holdings
            .filter(|holding| strict || !holding.net.is_flat())
            .map(|holding| holding.symbol)
            .collect()
    }

    /// The figures of the session so far.
    #[must_use]
    pub fn summary(&self, day: &Day) -> DaySummary {
        const NANOS: i128 = 1_000_000_000;
        let counted = i128::from(day.exposed).saturating_mul(1_000);
        let bare = counted.saturating_add(self.open_exposure());
        DaySummary {
            date: day.date,
            equity_at_open: day.equity_at_open,
            equity_at_close: self.equity,
            cash: self.book.cash,
            realised: day.realised,
            fees: day.fees,
            trades: day.trades,
            winners: day.winners,
            losers: day.losers,
            refusals: day.refusals,
            alerts: day.alerts,
            orders: day.orders,
            fills: day.fills,
            entry_slippage: day.entry_slippage,
            stop_slippage: day.stop_slippage,
            residue: self.residue(),
            unprotected_share_seconds: bare
                .saturating_add(NANOS.wrapping_sub(1))
                .checked_div(NANOS)
                .and_then(|s| u64::try_from(s).ok())
                .unwrap_or(u64::MAX),
            gaps: self.gaps(day.date),
        }
    }
}
