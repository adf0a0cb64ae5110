//! Bars: marking positions, closing windows, and asking the strategies.

use trader_calendar::Session;
use trader_contract::{Bar, SessionView, SymbolId, Timeframe, Timestamp};

use super::Engine;
use crate::bars::SessionWindow;
use crate::command::Commands;
use crate::config::{Market, Rows};
use crate::lane::Surroundings;
use crate::trace::Asked;

impl Engine {
    /// Takes a finished minute, or a row that is a bar by itself.
    #[inline]
    pub(super) fn on_bar(&mut self, at: Timestamp, id: SymbolId, bar: &Bar, out: &mut Commands) {
        match self.market {
            Market::EveryRow => {
                self.mark(at, id, bar, out);
                self.run_lanes(at, id, bar, None, out);
                self.tend_at_its_stop(at, id, out);
            }
            Market::Sessions {
                rows: Rows::Minutes,
                ..
            } => self.on_minute(at, id, bar, out),
            Market::Sessions {
                rows: Rows::Whole, ..
            } => self.on_whole(at, id, bar, out),
        }
    }

    /// Takes a row of a session that is a finished bar of every lane of its symbol. One that is not
    /// later than the one before it is no news.
    fn on_whole(&mut self, at: Timestamp, id: SymbolId, bar: &Bar, out: &mut Commands) {
        let Some(session) = self.schedule.session else {
            return;
        };
        let newest = self.symbols.get(id.index()).map(|s| s.last_start);
        if !session.contains(bar.start) || newest.is_none_or(|newest| bar.start <= newest) {
            return;
        }
        self.mark(at, id, bar, out);
        self.run_lanes(at, id, bar, self.session_view(), out);
        self.tend_after_bar(at, id, out);
    }

    /// Shows a row to every lane of its symbol.
    #[inline]
    fn run_lanes(
        &mut self,
        at: Timestamp,
        id: SymbolId,
        bar: &Bar,
        session: Option<SessionView>,
        out: &mut Commands,
    ) {
        let lanes = self.symbols.get(id.index()).map_or(0, |s| s.lanes.len());
        for n in 0..lanes {
            let state = self.symbols.get(id.index());
            if let Some(lane) = state.and_then(|s| s.lanes.get(n).copied()) {
                self.run_lane(at, lane, bar, session, out);
            }
        }
    }

    /// Moves the account's value with the position's, and looks at the day's loss.
    #[inline]
    fn mark(&mut self, at: Timestamp, id: SymbolId, bar: &Bar, out: &mut Commands) {
        let Some(state) = self.symbols.get_mut(id.index()) else {
            return;
        };
        if bar.start < state.last_start {
            return;
        }
        state.last_start = bar.start;
        state.last_at = Some(at);
        self.links.hear_bar(at);
        let before = state.last.replace(bar.close);
        let net_nanos = state.net_nanos;
        if state.look {
            self.look_at(at, id, bar, before, out);
        }
        if net_nanos == 0 {
            return;
        }
        match before {
            Some(before) => {
                let moved = bar.close.micros().wrapping_sub(before.micros());
                let change = i128::from(moved).wrapping_mul(i128::from(net_nanos));
                self.equity += trader_contract::Money::from_femtos(change);
            }
            None => self.value_account(),
        }
        if self.equity <= self.loss_floor {
            self.trip_on_loss(at, out);
        }
    }

    fn on_minute(&mut self, at: Timestamp, id: SymbolId, bar: &Bar, out: &mut Commands) {
        let Some(session) = self.schedule.session else {
            return;
        };
        if !session.contains(bar.start) {
            return self.take_close(id, bar);
        }
        if let Some(state) = self.symbols.get_mut(id.index()) {
            state.minutes.take(session.open, bar.start);
        }
        self.mark(at, id, bar, out);
        if let Some(trace) = &mut self.trace {
            trace.minute(id, bar.start);
        }
        let window = SessionWindow {
            open: session.open,
            close: session.close,
        };
        let feeds = self.symbols.get(id.index()).map_or(0, |s| s.feeds.len());
        let due_before = self.window_due;
        for n in 0..feeds {
            if let Some(feed) = self
                .symbols
                .get_mut(id.index())
                .and_then(|s| s.feeds.get_mut(n))
            {
                feed.aggregator.on_minute(window, bar, &mut self.closed);
                if let Some(end) = feed.aggregator.next_close_at() {
                    self.window_due = self.window_due.min(end.plus_nanos(self.bar_grace()));
                }
            }
            while let Some(bar) = self.closed.take() {
                self.run_feed(at, id, n, &bar, out);
            }
        }
        if self.window_due != due_before {
            self.find_due();
        }
        self.tend_after_bar(at, id, out);
    }

    /// Takes the last minutes of the session that has just closed, which come after its close: what a
    /// symbol closed at is what the next open is compared with. No strategy is asked.
    fn take_close(&mut self, id: SymbolId, bar: &Bar) {
        let over = self.schedule.over.filter(|over| over.contains(bar.start));
        let Some(state) = self.symbols.get_mut(id.index()) else {
            return;
        };
        if over.is_some() && bar.start >= state.last_start {
            state.last_start = bar.start;
            state.last = Some(bar.close);
            self.value_account();
        }
    }

    /// Looks at the open trade of a symbol after a bar, if a price can change what is to be done.
    #[inline]
    fn tend_after_bar(&mut self, at: Timestamp, id: SymbolId, out: &mut Commands) {
        let Some(state) = self.symbols.get(id.index()) else {
            return;
        };
        if state.settled && !state.is_at_its_stop() {
            debug_assert!(
                self.has_nothing_to_do(at, id),
                "a settled trade that is not"
            );
        } else if state.held {
            self.tend(at, id, out);
        }
    }

    /// Looks at the open trade of a symbol after a row of a market without sessions, if the row says
    /// something of its stop.
    #[inline]
    fn tend_at_its_stop(&mut self, at: Timestamp, id: SymbolId, out: &mut Commands) {
        let state = self.symbols.get(id.index());
        if state.is_some_and(|s| s.reached.is_seen() || s.is_at_its_stop()) {
            self.tend(at, id, out);
        }
    }

    fn bar_grace(&self) -> i64 {
        match &self.market {
            Market::Sessions { day, .. } => day.bar_grace_nanos,
            Market::EveryRow => 0,
        }
    }

    /// Hands a closed bar to the lanes of a feed.
    fn run_feed(
        &mut self,
        at: Timestamp,
        id: SymbolId,
        feed: usize,
        bar: &Bar,
        out: &mut Commands,
    ) {
        let session = self.schedule.session.map(|s| SessionView {
            date: s.date,
            open: s.open,
            close: s.close,
        });
        let mut n = 0_usize;
        loop {
            let lanes = self.symbols.get(id.index()).and_then(|s| s.feeds.get(feed));
            let Some(lane) = lanes.and_then(|feed| feed.lanes.get(n).copied()) else {
                return;
            };
            self.run_lane(at, lane, bar, session, out);
            n = n.saturating_add(1);
        }
    }

    /// Closes the windows whose end and grace have passed with minutes missing.
    pub(super) fn close_windows(&mut self, at: Timestamp, out: &mut Commands) {
        if at < self.window_due {
            return;
        }
        let grace = self.bar_grace();
        self.end_windows(at, grace, out);
    }

    /// Closes the windows that ended `grace` nanoseconds before `at`.
    pub(super) fn end_windows(&mut self, at: Timestamp, grace: i64, out: &mut Commands) {
        let mut next = Timestamp::MAX;
        for index in 0..self.symbols.len() {
            let feeds = self.symbols.get(index).map_or(0, |s| s.feeds.len());
            for n in 0..feeds {
                let Some(state) = self.symbols.get_mut(index) else {
                    continue;
                };
                let id = state.id;
                let Some(feed) = state.feeds.get_mut(n) else {
                    continue;
                };
                let closed = feed.aggregator.close_due(at, grace);
                if let Some(end) = feed.aggregator.next_close_at() {
                    next = next.min(end.plus_nanos(grace));
                }
                if let Some(bar) = closed {
                    self.run_feed(at, id, n, &bar, out);
                }
            }
        }
        self.window_due = next;
    }

    /// Shows a finished bar to a lane.
    #[inline]
    fn run_lane(
        &mut self,
        at: Timestamp,
        index: usize,
        bar: &Bar,
        session: Option<SessionView>,
        out: &mut Commands,
    ) {
        if self.trace.is_some() {
            self.run_lane_traced(at, index, bar, session, out);
        } else {
            self.ask_lane(at, index, bar, session, out);
        }
    }

    /// Shows a finished bar to a lane, and carries out what its strategy wants.
    #[inline]
    pub(super) fn ask_lane(
        &mut self,
        at: Timestamp,
        index: usize,
        bar: &Bar,
        session: Option<SessionView>,
        out: &mut Commands,
    ) -> Asked {
        let Some(lane) = self.lanes.get_mut(index) else {
            return Asked::Yes;
        };
        lane.observe(bar, session.map(|s| s.open));
        if !lane.is_warm() {
            let (have, need) = lane.warm_up();
            return Asked::WarmingUp { have, need };
        }
        let Some(state) = self.symbols.get_mut(lane.symbol.index()) else {
            return Asked::Yes;
        };
        let owns = state.owner == Some(index);
        let mut around = Surroundings {
            session,
            position: None,
            pending: None,
        };
        if owns {
            if state.pending.is_some() {
                lane.entry_age = match state.entry_since.take() {
                    Some(since) => bars_since(since, bar.start, lane.timeframe),
                    None => lane.entry_age.saturating_add(1),
                };
                if state
                    .expires_after_bars
                    .is_some_and(|most| lane.entry_age >= most)
                {
                    let id = lane.symbol;
                    self.expire_entry(at, id, out);
                    return Asked::EntryExpired;
                }
            }
            around.position = state.position;
            around.pending = state.pending_view(lane.entry_age);
        }
        let mut intents = std::mem::take(&mut self.intents);
        let id = lane.symbol;
        lane.decide(at, around, bar, &mut intents);
        let quiet = intents.is_empty();
        if !quiet {
            self.carry_out(at, index, Some(bar), &mut intents, out);
        }
        self.intents = intents;
        if quiet && !owns {
            return Asked::Yes;
        }
        // Whoever owns the symbol now: the bar of an entry counts, the bar after the trade does not.
        let owner = self.symbols.get(id.index()).and_then(|s| s.owner);
        if owner == Some(index) {
            self.save_strategy(at, index, out);
        }
        Asked::Yes
    }

    /// Warms the lanes of a symbol up with bars of the past. No strategy is asked.
    pub(super) fn on_history(&mut self, id: SymbolId, bars: &[Bar]) {
        let (calendar, rows) = match &self.market {
            Market::Sessions { calendar, rows, .. } => (calendar.clone(), *rows),
            Market::EveryRow => {
                bars.iter().for_each(|bar| self.observe_row(id, bar, None));
                return self.value_account();
            }
        };
        let mut session: Option<Session> = None;
        for bar in bars {
            if !session.is_some_and(|s| s.contains(bar.start)) {
                // No timer runs in the past: a window with missing minutes ends with its session.
                if let (Some(over), Rows::Minutes) = (session, rows) {
                    self.observe_windows(id, over, None, over.close);
                }
                session = calendar.session_at(bar.start).ok().flatten();
            }
            match (session, rows) {
                (Some(session), Rows::Minutes) => {
                    self.observe_windows(id, session, Some(bar), bar.start);
                }
                (Some(session), Rows::Whole) => self.observe_row(id, bar, Some(session.open)),
                (None, _) => {}
            }
        }
        self.value_account();
    }

    /// Shows a row to the lanes' indicators; in a session only one that is later than the one before.
    fn observe_row(&mut self, id: SymbolId, bar: &Bar, session_open: Option<Timestamp>) {
        let Some(state) = self.symbols.get_mut(id.index()) else {
            return;
        };
        if session_open.is_some() {
            if bar.start <= state.last_start {
                return;
            }
            state.last_start = bar.start;
        }
        state.last = Some(bar.close);
        for &lane in &state.lanes {
            if let Some(lane) = self.lanes.get_mut(lane) {
                lane.observe(bar, session_open);
            }
        }
    }

    /// Closes what ended by `until`, takes the minute, and shows what it closed to the lanes.
    fn observe_windows(
        &mut self,
        id: SymbolId,
        session: Session,
        bar: Option<&Bar>,
        until: Timestamp,
    ) {
        let window = SessionWindow {
            open: session.open,
            close: session.close,
        };
        let Some(state) = self.symbols.get_mut(id.index()) else {
            return;
        };
        state.last = bar.map(|bar| bar.close).or(state.last);
        if let Some(bar) = bar {
            state.minutes.take(session.open, bar.start);
        }
        for feed in &mut state.feeds {
            let due = feed.aggregator.close_due(until, 0);
            if let Some(bar) = bar {
                feed.aggregator.on_minute(window, bar, &mut self.closed);
            }
            for bar in due
                .into_iter()
                .chain(std::iter::from_fn(|| self.closed.take()))
            {
                for &lane in &feed.lanes {
                    if let Some(lane) = self.lanes.get_mut(lane) {
                        lane.observe(&bar, Some(window.open));
                    }
                }
            }
        }
    }
}

/// How many bars start after `since`, up to `start`.
fn bars_since(since: Timestamp, start: Timestamp, timeframe: Timeframe) -> u16 {
    let length = i64::from(timeframe.as_minutes()).saturating_mul(Timestamp::MINUTE);
    let bars = start.since(since).checked_div(length).unwrap_or(0);
    u16::try_from(bars.max(0)).unwrap_or(u16::MAX)
}
