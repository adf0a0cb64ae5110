//! The broker's hours where its calendar says otherwise than ours. The narrower ones hold: who closes
//! earlier there is flat earlier here, and a day on which only one of the two trades is not traded. A
//! person is told, since one of the calendars is wrong.

use std::fmt::Write as _;

use trader_calendar::{Session, new_york};
use trader_contract::Timestamp;

use super::Engine;
use crate::command::Commands;
use crate::config::Market;
use crate::event::BrokerDay;
use crate::record::Severity;

const ACTION: &str = "compare `traderctl calendar` with the exchange's own: where the broker is right, correct \
                      calendar.overrides and restart; until both agree the narrower hours hold";
/// Days that are told one by one.
const TOLD: usize = 5;

impl Engine {
    /// The calendars were compared.
    pub(super) fn on_calendar(
        &mut self,
        at: Timestamp,
        differing: &[BrokerDay],
        out: &mut Commands,
    ) {
        self.broker_days = differing.into();
        if differing.is_empty() {
            self.clear_standing(at, "calendar_differs", None, out);
        } else {
            let message = self.differences(differing);
            let what = (Severity::Critical, "calendar_differs", None);
            self.raise_standing(at, what, (message, ACTION), out);
        }
        self.reschedule(at, out);
    }

    /// A session of our calendar within the broker's hours; `None` where those are none.
    pub(super) fn within_brokers_hours(&self, ours: Session) -> Option<Session> {
        let mut days = self.broker_days.iter();
        let Some(day) = days.find(|day| day.date == ours.date) else {
            return Some(ours);
        };
        let (open, close) = day.hours?;
        let both = Session {
            open: ours.open.max(open),
            close: ours.close.min(close),
            half_day: ours.half_day || close < ours.close,
            ..ours
        };
        (both.open < both.close).then_some(both)
    }

    fn differences(&self, differing: &[BrokerDay]) -> String {
        let mut text = "the broker's calendar differs from ours:".to_owned();
        for (index, day) in differing.iter().take(TOLD).enumerate() {
            let ours = match &self.market {
                Market::Sessions { calendar, .. } => calendar.session(day.date).ok().flatten(),
                Market::EveryRow => None,
            };
            let (theirs, ours) = (
                hours(day.hours),
                hours(ours.map(|session| (session.open, session.close))),
            );
            let comma = if index == 0 { "" } else { ";" };
            let _ = write!(text, "{comma} {} {theirs} there and {ours} here", day.date);
        }
        let more = differing.len().saturating_sub(TOLD);
        if more > 0 {
            let _ = write!(text, "; and {more} more days");
        }
        text
    }
}

fn hours(hours: Option<(Timestamp, Timestamp)>) -> String {
    let clock = |at: Timestamp| new_york::wall_clock(at).format("%H:%M").to_string();
    match hours {
        Some((open, close)) => format!("{} to {}", clock(open), clock(close)),
        None => "closed".to_owned(),
    }
}
