//! The exchange's timetable: when each session is announced, which minute plays, and what its end
//! leaves behind.

use chrono::NaiveDate;
use serde_json::{Value, json};
use trader_calendar::{Session, new_york};
use trader_contract::{SymbolId, Timestamp};

use super::World;
use crate::simulator::decimal;
use crate::simulator::market::{Market, Timeframe};

/// Where the timetable stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Agenda {
    session: Session,
    /// When it goes on: midnight before the session, or a minute of it.
    next: Timestamp,
}

impl Agenda {
    /// The timetable from `start` on.
    pub(super) fn at(market: &Market, start: Timestamp) -> Self {
        let calendar = market.calendar();
        let open = calendar.session_at(start).ok().flatten();
        let session = open.or_else(|| calendar.next_session_after(start).ok());
        let session = session.unwrap_or(Session {
            date: new_york::date(start),
            open: Timestamp::MAX,
            close: Timestamp::MAX,
            half_day: false,
        });
        let minutes = start.since(session.open).div_euclid(Timestamp::MINUTE);
        let next = if session.contains(start) {
            session.open.plus_minutes(minutes.saturating_add(1))
        } else {
            session.open
        };
        Self { session, next }
    }

    pub(super) const fn next(&self) -> Timestamp {
        self.next
    }

    pub(super) const fn session(&self) -> Session {
        self.session
    }
}

/// Midnight in New York at which a session is announced.
fn midnight(date: NaiveDate) -> Timestamp {
    new_york::timestamp(date.and_time(chrono::NaiveTime::MIN)).unwrap_or(Timestamp::MIN)
}

impl World {
    /// The session that is open or comes next.
    pub(super) const fn session(&self) -> Session {
        self.agenda.session()
    }

    /// Whether the core session is open.
    pub(crate) fn is_open(&self) -> bool {
        self.agenda.session.contains(self.now)
    }

    /// Puts the exchange where it stands at `start`: with the prices of the evening before, and in
    /// the middle of a minute if need be.
    pub(super) fn begin(&mut self, start: Timestamp) {
        let session = self.agenda.session;
        for asset in 0..self.market.assets().len() {
            if let Some(bar) = self.market.last_minute(asset, start) {
                self.load(asset, &bar);
            }
            let shortable = self
                .market
                .asset(asset)
                .is_some_and(|asset| asset.shortable);
            if let Some(id) = symbol_id(asset) {
                self.sim.set_shortable(id, shortable);
            }
        }
        self.sim.open_session(session.open, session.close);
        self.sim.move_to(start);
        for asset in 0..self.market.assets().len() {
            if let Some(bar) = self.market.playing(asset, start) {
                self.load(asset, &bar);
            }
        }
    }

    fn load(&mut self, asset: usize, bar: &trader_contract::Bar) {
        if let Some(id) = symbol_id(asset) {
            self.sim.load_bar(id, bar, Timestamp::MINUTE);
        }
    }

    /// Goes on by one entry of the timetable.
    pub(super) fn turn(&mut self, at: Timestamp) {
        let session = self.agenda.session;
        if at < session.open {
            self.sim.open_session(session.open, session.close);
            self.agenda.next = session.open;
            return;
        }
        self.remember_equity(at);
        if at >= session.close {
            self.sim.move_to(at);
            self.end_session(at);
            return;
        }
        for asset in 0..self.market.assets().len() {
            let bars = self.market.minutes(asset, session.date);
            let found = bars.binary_search_by_key(&at, |bar| bar.start);
            if let Some(bar) = found.ok().and_then(|place| bars.get(place)).copied() {
                self.load(asset, &bar);
            }
        }
        self.agenda.next = at.plus_minutes(1).min(session.close);
    }

    fn end_session(&mut self, at: Timestamp) {
        self.last_equity = self.equity();
        match self.market.calendar().next_session_after(at) {
            Ok(session) => {
                self.agenda.session = session;
                self.agenda.next = midnight(session.date);
            }
            // Past the calendar's table nothing opens any more.
            Err(_) => self.agenda.next = Timestamp::MAX,
        }
    }

    fn remember_equity(&mut self, at: Timestamp) {
        self.sim.move_to(at);
        let equity = self.equity();
        self.equity_by_minute.push((at, equity));
    }

    /// The answer of `/v2/clock`.
    pub(crate) fn clock_json(&self) -> Value {
        let calendar = self.market.calendar();
        let next_open = calendar.next_session_after(self.now).ok();
        let close = if self.is_open() {
            Some(self.session())
        } else {
            next_open
        };
        json!({
            "timestamp": in_new_york(self.now),
            "is_open": self.is_open(),
            "next_open": next_open.map(|session| in_new_york(session.open)),
            "next_close": close.map(|session| in_new_york(session.close)),
        })
    }

    /// Stops or resumes trading in an asset and says so on the stream.
    pub(crate) fn set_halted(&mut self, asset: usize, halted: bool, reason: &str) {
        if halted == self.is_halted(asset) {
            return;
        }
        if halted {
            self.halted.insert(asset, self.now);
        } else {
            self.halted.remove(&asset);
        }
        if let Some(id) = symbol_id(asset) {
            self.sim.set_halted(id, halted, self.now);
        }
        let Some(listed) = self.market.asset(asset) else {
            return;
        };
        let (tape, symbol) = (listed.tape(), listed.symbol);
        let (code, words) = match (tape, halted) {
            ("C", true) => ("H", "Trading Halt"),
            ("C", false) => ("T", "Trading Resumption"),
            (_, true) => ("2", "Trading Halt"),
            (_, false) => ("3", "Resume"),
        };
        let message = json!({
            "T": "s", "S": symbol.as_str(), "sc": code, "sm": words, "rc": reason, "rm": "",
            "t": self.now.to_string(), "z": tape,
        });
        self.tell_market("statuses", asset, message);
        self.take_reports();
    }

    /// The price at which an asset traded last, as the exchange has it.
    pub(super) fn price(&self, asset: usize) -> Option<rust_decimal::Decimal> {
        let price = self.sim.last_price(symbol_id(asset)?)?;
        let cents = decimal::cents(price.micros()).unwrap_or(price);
        Some(decimal::of_price(cents))
    }

    /// Whether a date is that of the session now.
    pub(super) fn day(&self) -> Timestamp {
        Timeframe::Day.start_of(self.now)
    }
}

/// The exchange's id of an asset: its place in the list.
pub(super) fn symbol_id(asset: usize) -> Option<SymbolId> {
    u32::try_from(asset).ok().map(SymbolId::new)
}

/// A time with New York's offset.
pub(crate) fn in_new_york(at: Timestamp) -> String {
    let wall = new_york::wall_clock(at);
    let utc = at.to_utc().naive_utc();
    let hours = utc.signed_duration_since(wall).num_hours();
    let fraction = if at.nanos().rem_euclid(Timestamp::SECOND) == 0 {
        "%Y-%m-%dT%H:%M:%S"
    } else {
        "%Y-%m-%dT%H:%M:%S%.9f"
    };
    format!("{}-{hours:02}:00", wall.format(fraction))
}
