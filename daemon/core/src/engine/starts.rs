//! The start and the end of a run: what is written down of them, a program that starts again and
//! again, and what a start finds that it cannot use.

use serde::{Deserialize, Serialize};
use trader_contract::{Symbol, Timestamp};

use super::Engine;
use super::assets::HALTED;
use crate::book::Holding;
use crate::command::Commands;
use crate::config::Market;
use crate::record::{Record, Severity};

/// So many starts after runs without a good end...
const UNCLEAN_MOST: usize = 3;
/// ...within so long are a loop, in nanoseconds.
const UNCLEAN_WITHIN: i64 = 10 * Timestamp::MINUTE;
/// A calendar that ends within so many days is told.
const CALENDAR_DAYS: i64 = 30;

/// A strategy's state that could not be read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Unreadable {
    pub(super) route: Box<str>,
    pub(super) symbol: Symbol,
    pub(super) why: Box<str>,
}

impl Engine {
    /// Writes down that a run begins, and what is wrong with it from the start.
    pub(super) fn begin_run(&mut self, at: Timestamp, out: &mut Commands) {
        let record = Record::RunStarted {
            program: self.authority.program.clone(),
            config: self.authority.config.clone(),
        };
        let ended_well = !self.book.starts.running;
        self.write(at, record, out);
        let since = at.plus_nanos(UNCLEAN_WITHIN.saturating_neg());
        let unclean = self.book.starts.unclean_since(since);
        if !ended_well && unclean >= UNCLEAN_MOST {
            let why = format!("{unclean} starts within ten minutes after runs that ended badly");
            let action = "find out why it ends (`journalctl -u traderd`), then `traderctl resume`";
            let what = (Severity::Critical, "crash_loop", None);
            self.alert(at, what, (why.clone(), action), out);
            self.halt(at, &why, out);
        }
        self.remember_halts();
        for unread in std::mem::take(&mut self.unreadable) {
            let message = format!(
                "{}: the saved state of route {} cannot be read ({}); it starts anew, the position keeps its stop",
                unread.symbol, unread.route, unread.why
            );
            let action = "nothing: the stop and the end of the day close the position; `traderctl close` does it now";
            let what = (Severity::Warning, "state_unreadable", Some(unread.symbol));
            self.alert(at, what, (message, action), out);
        }
        self.tell_left_behind(at, out);
    }

    /// Tells of open trades whose route is there no more: they are looked after like what was adopted.
    fn tell_left_behind(&mut self, at: Timestamp, out: &mut Commands) {
        let is_gone = |holding: &&Holding| {
            let adopted = &*holding.route == Holding::ADOPTED;
            !adopted && !self.routes.iter().any(|route| route.name == holding.route)
        };
        let gone = self.book.holdings.values().filter(is_gone);
        let gone: Vec<_> = gone.map(|h| (h.symbol, h.route.clone(), h.net)).collect();
        for (symbol, route, net) in gone {
            let what = match net.is_flat() {
                true => "its waiting entry is cancelled".to_owned(),
                false => format!(
                    "the {net} shares keep their stop and are closed with the day, and no strategy manages them"
                ),
            };
            let message =
                format!("{symbol}: route {route} is configured or enabled no more; {what}");
            let action = "nothing, if that was meant: `traderctl close` closes it now; else put the route back \
                          under its name, and restart";
            let about = (Severity::Warning, "route_gone", Some(symbol));
            self.alert(at, about, (message, action), out);
        }
    }

    /// What the venue had halted when the run before ended is halted until it trades: a stream tells of changes
    /// only.
    fn remember_halts(&mut self) {
        for symbol in self.standing_symbols(HALTED) {
            let since = self
                .book
                .standing(HALTED, Some(symbol))
                .map(|standing| standing.at);
            let id = self.by_ticker.get(&symbol).map(|id| id.index());
            let state = id.and_then(|index| self.symbols.get_mut(index));
            if let (Some(since), Some(state)) = (since, state) {
                state.halted = true;
                state.halted_at = since;
                state.look = true;
            }
        }
    }

    /// The run ends in good order.
    pub(super) fn end_run(&mut self, at: Timestamp, out: &mut Commands) {
        self.write(at, Record::RunEnded, out);
    }

    /// Looks at how far the calendar reaches. In a backtest nobody is there to be told.
    pub(super) fn check_calendar(&mut self, at: Timestamp, out: &mut Commands) {
        let Market::Sessions { calendar, .. } = &self.market else {
            return;
        };
        if self.chase().is_none() {
            return;
        }
        let last = calendar.last_covered();
        let action = "install a newer version, or cover the next year in the calendar's overrides";
        if self.schedule.session.is_none() {
            let why = format!("the calendar of sessions ends on {last}");
            let what = (Severity::Critical, "calendar_ended", None);
            self.raise_standing(at, what, (why.clone(), action), out);
            return self.halt(at, &why, out);
        }
        self.clear_standing(at, "calendar_ended", None, out);
        let left = last.signed_duration_since(trader_calendar::new_york::date(at));
        if left.num_days() <= CALENDAR_DAYS {
            let message = format!("the calendar of sessions ends on {last}");
            let what = (Severity::Warning, "calendar_ends", None);
            self.raise_standing(at, what, (message, action), out);
        } else {
            self.clear_standing(at, "calendar_ends", None, out);
        }
    }
}
