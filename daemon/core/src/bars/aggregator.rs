//! The aggregator of one symbol and timeframe. The rules are in the module above.

use serde::{Deserialize, Serialize};
use trader_contract::{Bar, Timeframe, Timestamp};

use super::closed::ClosedBars;
use super::window::{SessionWindow, window_around};

/// What became of a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Taken {
    /// It continues its window, or starts one.
    Accepted,
    /// It came late, and was put in its place in the window that is still open.
    Merged,
    /// The open window has the very same minute already.
    Duplicate,
    /// It replaced another content for the same minute of the open window.
    Corrected,
    /// Its window was closed before; nothing changed.
    Late,
    /// It lies outside the official session.
    OutsideSession,
    /// It does not start on a minute of the session, so it is no minute bar.
    OffMinute,
}

/// How many minutes met which fate since the aggregator was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Late minutes merged into an open window.
    pub merged: u64,
    /// Identical minutes ignored.
    pub duplicate: u64,
    /// Minutes whose content was replaced in an open window.
    pub corrected: u64,
    /// Minutes, late or corrected, that came after their window had closed.
    pub late: u64,
    /// Minutes outside the official session.
    pub outside_session: u64,
    /// Bars that do not start on a minute.
    pub off_minute: u64,
    /// Windows closed with minutes missing.
    pub incomplete_windows: u64,
    /// Windows dropped because their session was over.
    pub dropped_windows: u64,
}

/// The window that is being filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Open {
    session: SessionWindow,
    start: Timestamp,
    end: Timestamp,
}

/// Builds the bars of one timeframe for one symbol from its minutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aggregator {
    timeframe: Timeframe,
    open: Option<Open>,
    /// The minutes of the open window, sorted by their start, each start once.
    minutes: Vec<Bar>,
    /// Everything that starts before this point is closed for good.
    closed_until: Timestamp,
    counts: Counts,
}

impl Aggregator {
    /// An aggregator with all its memory: feeding it allocates nothing.
    #[must_use]
    pub fn new(timeframe: Timeframe) -> Self {
        let capacity = if timeframe == Timeframe::MINUTE {
            0
        } else {
            usize::from(timeframe.as_minutes())
        };
        Self {
            timeframe,
            open: None,
            minutes: Vec::with_capacity(capacity),
            closed_until: Timestamp::MIN,
            counts: Counts::default(),
        }
    }

    /// The length of its bars.
    #[must_use]
    pub const fn timeframe(&self) -> Timeframe {
        self.timeframe
    }

    /// How many minutes met which fate.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// Takes one minute of the day whose session is `session` and adds what it closed to `closed`.
    #[inline]
    pub fn on_minute(
        &mut self,
        session: SessionWindow,
        bar: &Bar,
        closed: &mut ClosedBars,
    ) -> Taken {
        let start = bar.start;
        if !session.contains(start) {
            self.counts.outside_session = self.counts.outside_session.saturating_add(1);
            return Taken::OutsideSession;
        }
        if start.since(session.open) % Timestamp::MINUTE != 0 {
            self.counts.off_minute = self.counts.off_minute.saturating_add(1);
            return Taken::OffMinute;
        }
        if start < self.closed_until {
            self.counts.late = self.counts.late.saturating_add(1);
            return Taken::Late;
        }
        if self.timeframe == Timeframe::MINUTE {
            self.closed_until = start.plus_nanos(Timestamp::MINUTE);
            closed.push(*bar);
            return Taken::Accepted;
        }
        self.fill(session, bar, closed)
    }

    /// When the window that is being filled ends, without any grace; `None` while none is.
    #[must_use]
    pub fn next_close_at(&self) -> Option<Timestamp> {
        self.open.map(|open| open.end)
    }

    /// Closes the open window if its end lies `grace_nanos` or more before `now`.
    pub fn close_due(&mut self, now: Timestamp, grace_nanos: i64) -> Option<Bar> {
        let open = self.open?;
        if now < open.end.plus_nanos(grace_nanos) {
            return None;
        }
        self.close(open)
    }

    /// Forgets the window that is being filled. Its minutes stay closed: none can start it anew.
    pub fn drop_partial(&mut self) {
        if let Some(open) = self.open.take() {
            self.closed_until = open.end;
            self.minutes.clear();
            self.counts.dropped_windows = self.counts.dropped_windows.saturating_add(1);
        }
    }

    /// Puts a minute that is not late into its window, closing what it closes.
    fn fill(&mut self, session: SessionWindow, bar: &Bar, closed: &mut ClosedBars) -> Taken {
        let open = match self.open {
            Some(open) if open.session == session && bar.start < open.end => open,
            Some(open) if open.session == session => {
                if let Some(earlier) = self.close(open) {
                    closed.push(earlier);
                }
                self.start_window(session, bar.start)
            }
            Some(_) => {
                self.drop_partial();
                self.start_window(session, bar.start)
            }
            None => self.start_window(session, bar.start),
        };
        let taken = self.insert(bar);
        if self.is_complete(open)
            && let Some(complete) = self.close(open)
        {
            closed.push(complete);
        }
        taken
    }

    fn start_window(&mut self, session: SessionWindow, at: Timestamp) -> Open {
        let (start, end) = window_around(session, self.timeframe, at);
        let open = Open {
            session,
            start,
            end,
        };
        self.open = Some(open);
        // A minute of any window before this one has missed its bar.
        self.closed_until = start;
        open
    }

    fn insert(&mut self, bar: &Bar) -> Taken {
        if self
            .minutes
            .last()
            .is_none_or(|last| last.start < bar.start)
        {
            self.minutes.push(*bar);
            return Taken::Accepted;
        }
        match self
            .minutes
            .binary_search_by_key(&bar.start, |minute| minute.start)
        {
            Ok(place) => match self.minutes.get_mut(place) {
                Some(minute) if minute != bar => {
                    *minute = *bar;
                    self.counts.corrected = self.counts.corrected.saturating_add(1);
                    Taken::Corrected
                }
                _ => {
                    self.counts.duplicate = self.counts.duplicate.saturating_add(1);
                    Taken::Duplicate
                }
            },
            Err(place) => {
                self.minutes.insert(place, *bar);
                self.counts.merged = self.counts.merged.saturating_add(1);
                Taken::Merged
            }
        }
    }

    /// Whether every minute of the window is there. Each lies within it, on a minute, once.
    fn is_complete(&self, open: Open) -> bool {
        let covered = i64::try_from(self.minutes.len())
            .unwrap_or(i64::MAX)
            .saturating_mul(Timestamp::MINUTE);
        covered >= open.end.since(open.start)
    }

    fn close(&mut self, open: Open) -> Option<Bar> {
        if !self.is_complete(open) {
            self.counts.incomplete_windows = self.counts.incomplete_windows.saturating_add(1);
        }
        let (first, rest) = self.minutes.split_first()?;
        let mut whole = Bar {
            start: open.start,
            ..*first
        };
        for minute in rest {
            whole.high = whole.high.max(minute.high);
            whole.low = whole.low.min(minute.low);
            whole.close = minute.close;
            whole.volume = whole.volume.saturating_add(minute.volume);
        }
        self.minutes.clear();
        self.open = None;
        self.closed_until = open.end;
        Some(whole)
    }
}

#[cfg(test)]
#[path = "aggregator_tests.rs"]
mod tests;
