//! What is asked of Alpaca again and again beside trading: its clock, what may be done with each symbol,
//! whether its calendar is ours, and what was split. What comes of that is the engine's to decide.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use trader_broker_alpaca::face::{AskError, Outlet, Put};
use trader_calendar::{Calendar, new_york};
use trader_contract::{BrokerEvent, Symbol};
use trader_core::BrokerDay;

use super::super::inbox::Slot;
use super::splits::Splits;
use super::{Account, ask};
use crate::alpaca::differing_days;
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
    pub(super) splits: Splits,
    pub(super) stop: CancellationToken,
}

impl Watched {
    /// Asks until it is stopped.
    pub(super) async fn run(self) {
        let stop = self.stop.clone();
        let (slot, splits) = (self.slot.clone(), self.splits.clone());
        let all = async { tokio::join!(self.ask(), splits.run(&slot)) };
        let _stopped = stop.run_until_cancelled(all).await;
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
        let mut theirs = match answer {
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
        theirs.retain(|day| day.date <= covered);
        let differing = differing_days(ours, &theirs);
        if told.as_ref() != Some(&differing) && self.slot.tell_calendar(&differing) {
            *told = Some(differing);
        }
    }
}
