//! What is asked of Alpaca again and again beside trading: its clock, what may be done with each symbol,
//! and whether its calendar is ours. What comes of that is the engine's to decide.

use std::sync::Arc;
use std::time::Duration;

use chrono::{NaiveDate, NaiveTime};
use tokio_util::sync::CancellationToken;
use trader_broker_alpaca::face::{AskError, Outlet, Put};
use trader_calendar::{Calendar, Session, new_york};
use trader_contract::{BrokerEvent, Symbol};
use trader_core::BrokerDay;

use super::super::inbox::Slot;
use super::{Account, ask};
use crate::clock;

/// Seconds of the venue between two looks at its clock.
const CLOCK_EVERY: u32 = 60;
/// Looks at the clock for one at the symbols and the calendar.
const LOOKS: u32 = 10;
/// How long a full queue is left alone.
const PAUSE: Duration = Duration::from_millis(1);
/// Days ahead that the calendars are compared.
const DAYS_AHEAD: u64 = 14;

/// What the task is made of.
pub(super) struct Watched {
    pub(super) account: Arc<Account>,
    pub(super) symbols: Vec<Symbol>,
    pub(super) calendar: Calendar,
    pub(super) events: Outlet<BrokerEvent>,
    pub(super) slot: Slot,
    pub(super) stop: CancellationToken,
}

impl Watched {
    /// Asks until it is stopped.
    pub(super) async fn run(self) {
        let stop = self.stop.clone();
        let _stopped = stop.run_until_cancelled(self.ask()).await;
    }

    async fn ask(self) {
        let every = Duration::from_secs(u64::from(CLOCK_EVERY));
        let every = every.checked_div(clock::venue_pace()).unwrap_or(every);
        let mut told = None;
        loop {
            for look in 0..LOOKS {
                self.look_at_clock().await;
                // Until both were compared they are asked every minute.
                if look == 0 || told.is_none() {
                    self.look_at_calendar(&mut told).await;
                }
                if look == 0 {
                    self.look_at_symbols().await;
                }
                tokio::time::sleep(every).await;
            }
        }
    }

    async fn look_at_clock(&self) {
        let asked = clock::venue();
        let answer = ask!(&*self.account, trading => trading.clock().await);
        let took = clock::venue().since(asked);
        match answer {
            Ok(theirs) => {
                let shown = asked.plus_nanos(took.checked_div(2).unwrap_or(0));
                self.slot.tell_skew(shown.since(theirs.at));
            }
            Err(error) => tracing::warn!(%error, "Alpaca's clock could not be compared with ours"),
        }
    }

    async fn look_at_symbols(&self) {
        for symbol in &self.symbols {
            let answer = ask!(&*self.account, trading => trading.asset(*symbol).await);
            let (tradable, shortable) = match answer {
                Ok(Some(asset)) => (asset.is_tradable(), asset.is_shortable()),
                Ok(None) => (false, false),
                Err(error) => {
                    tracing::warn!(%symbol, %error, "what may be done with a symbol is not known");
                    continue;
                }
            };
            let event = BrokerEvent::Asset {
                symbol: *symbol,
                tradable,
                shortable,
            };
            if !self.put(event).await {
                return;
            }
        }
    }

    async fn put(&self, mut event: BrokerEvent) -> bool {
        loop {
            match (self.events)(event) {
                Put::Taken => return true,
                Put::Gone => return false,
                Put::Full(back) => event = back,
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Compares the days ahead, and tells what differs where that is not what was told last.
    async fn look_at_calendar(&self, told: &mut Option<Vec<BrokerDay>>) {
        let first = new_york::date(clock::venue());
        let Some(last) = first.checked_add_days(chrono::Days::new(DAYS_AHEAD)) else {
            return;
        };
        let answer: Result<_, AskError> =
            ask!(&*self.account, trading => trading.calendar(first, last).await);
        let theirs = match answer {
            Ok(days) => days,
            Err(error) => {
                tracing::warn!(%error, "Alpaca's calendar could not be compared with ours");
                return;
            }
        };
        // What it does not cover it enters nothing on, and tells itself.
        let covered = last.min(self.calendar.last_covered());
        let Ok(ours) = self.calendar.sessions(first..=covered) else {
            return;
        };
        let theirs = theirs.iter().filter(|day| day.date <= covered);
        let theirs: Vec<BrokerDay> = theirs
            .map(|day| brokers_day(day.date, (day.open, day.close)))
            .collect();
        let differing = differing(ours, &theirs);
        if told.as_ref() != Some(&differing) && self.slot.tell_calendar(&differing) {
            *told = Some(differing);
        }
    }
}

/// A day of Alpaca's calendar in the engine's words. One whose hours are no moments counts as closed.
fn brokers_day(date: NaiveDate, (open, close): (NaiveTime, NaiveTime)) -> BrokerDay {
    let at = |time: NaiveTime| new_york::timestamp(date.and_time(time));
    BrokerDay {
        date,
        hours: at(open).zip(at(close)),
    }
}

/// The days on which both do not say the same, as the broker has them.
fn differing(ours: &[Session], theirs: &[BrokerDay]) -> Vec<BrokerDay> {
    let agrees = |day: &BrokerDay| {
        let same =
            |ours: &Session| ours.date == day.date && day.hours == Some((ours.open, ours.close));
        ours.iter().any(same)
    };
    let otherwise = theirs.iter().filter(|day| !agrees(day)).copied();
    let closed = ours
        .iter()
        .filter(|ours| theirs.iter().all(|day| day.date != ours.date));
    let closed = closed.map(|ours| BrokerDay {
        date: ours.date,
        hours: None,
    });
    let mut days: Vec<BrokerDay> = otherwise.chain(closed).collect();
    days.sort_by_key(|day| day.date);
    days
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_close_earlier_or_are_closed_or_are_open_only_there_differ() {
        let date = |text: &str| text.parse::<NaiveDate>().unwrap();
        let ours = Calendar::nyse();
        let ours = ours
            .sessions(date("2026-11-24")..=date("2026-11-30"))
            .unwrap();
        let day = |text: &str, close: u32| {
            let open = NaiveTime::from_hms_opt(9, 30, 0).unwrap();
            let close = NaiveTime::from_hms_opt(close, 0, 0).unwrap();
            brokers_day(date(text), (open, close))
        };
        let agreed = [
            day("2026-11-24", 16),
            day("2026-11-25", 16),
            day("2026-11-27", 13),
            day("2026-11-30", 16),
        ];
        assert_eq!(differing(ours, &agreed), Vec::new());
        let theirs = [
            day("2026-11-24", 13),
            day("2026-11-25", 16),
            day("2026-11-26", 16),
            day("2026-11-27", 13),
        ];
        let found: Vec<(String, bool)> = differing(ours, &theirs)
            .iter()
            .map(|day| (day.date.to_string(), day.hours.is_some()))
            .collect();
        let expected = [
            ("2026-11-24", true),
            ("2026-11-26", true),
            ("2026-11-30", false),
        ];
        assert_eq!(found, expected.map(|(date, open)| (date.to_owned(), open)));
    }
}
