//! The exchange's timetable: when each session is announced, which minute plays, and what its end
//! leaves behind.

use chrono::NaiveDate;
use serde_json::{Value, json};
use trader_calendar::{Session, new_york};
use trader_contract::{SymbolId, Timestamp};

use super::World;
use crate::simulator::assets::Asset;
use crate::simulator::decimal;
use crate::simulator::market::{Market, Timeframe};

/// Where the timetable stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Agenda {
    /// The one that is open or comes next.
    session: Session,
    /// The one that is over and after which trading goes on.
    after: Option<Session>,
    /// When it goes on: midnight before a session, a minute of it or of the hours around it.
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
        let after = market
            .session(new_york::date(start))
            .filter(|today| today.close <= start && start < market.extended_hours(today).1);
        let (begins, _) = market.extended_hours(&session);
        let over = start.nanos().rem_euclid(Timestamp::MINUTE);
        let minute = start.plus_nanos(over.saturating_neg());
        let next = if after.is_some() || begins <= start {
            minute.plus_minutes(1)
        } else {
            // A day has its beginning, also where it comes next.
            begins.min(midnight(session.date).max(start))
        };
        Self {
            session,
            after,
            next,
        }
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

    /// When trading ends for an order made now that is for the hours around the session too.
    pub(super) fn extended_close(&self) -> Timestamp {
        let session = self.agenda.after.unwrap_or(self.agenda.session);
        self.market.extended_hours(&session).1
    }

    /// Puts the exchange where it stands at `start`: with the prices of the evening before, and in
    /// the middle of a minute if need be.
    pub(super) fn begin(&mut self, start: Timestamp) {
        for asset in 0..self.market.assets().len() {
            if let Some(bar) = self.market.last_minute(asset, start) {
                self.load(asset, &bar);
            }
            let listed = self.market.asset(asset);
            let shortable = listed.is_some_and(Asset::can_be_sold_short);
            if let Some(id) = symbol_id(asset) {
                self.sim.set_shortable(id, shortable);
            }
        }
        self.announce(self.agenda.after.unwrap_or(self.agenda.session));
        self.sim.move_to(start);
        for asset in 0..self.market.assets().len() {
            if let Some(bar) = self.market.playing(asset, start) {
                self.load(asset, &bar);
            }
        }
    }

    /// Tells the exchange of a session and of the hours around it.
    fn announce(&mut self, session: Session) {
        let (from, until) = self.market.extended_hours(&session);
        self.sim.open_session(session.open, session.close);
        self.sim.extend_session(from, until);
        self.fit_margin();
    }

    fn load(&mut self, asset: usize, bar: &trader_contract::Bar) {
        if let Some(id) = symbol_id(asset) {
            self.sim.load_bar(id, bar, Timestamp::MINUTE);
        }
    }

    /// Loads every minute that starts at a moment of a date, and returns when the next one does.
    fn load_minutes(&mut self, date: NaiveDate, at: Timestamp) -> Option<Timestamp> {
        let mut next = None;
        for asset in 0..self.market.assets().len() {
            let bars = self.market.minutes(asset, date);
            let place = bars.partition_point(|bar| bar.start < at);
            let mut coming = bars.get(place..).unwrap_or_default().iter().peekable();
            if let Some(bar) = coming.next_if(|bar| bar.start == at).copied() {
                self.load(asset, &bar);
            }
            let later = coming.next().map(|bar| bar.start);
            next = [next, later].into_iter().flatten().min();
        }
        next
    }

    /// Goes on by one entry of the timetable.
    pub(super) fn turn(&mut self, at: Timestamp) {
        if let Some(over) = self.agenda.after {
            return self.turn_after(over, at);
        }
        let session = self.agenda.session;
        let (begins, _) = self.market.extended_hours(&session);
        if at < begins {
            self.announce(session);
            self.turn_day(session.date, at);
            self.agenda.next = begins;
            return;
        }
        if at < session.open {
            let next = self.load_minutes(session.date, at);
            self.agenda.next = next.map_or(session.open, |next| next.min(session.open));
            return;
        }
        self.remember_equity(at);
        if at >= session.close {
            self.sim.move_to(at);
            self.end_session(at);
            return self.turn_after(session, at);
        }
        self.load_minutes(session.date, at);
        self.agenda.next = at.plus_minutes(1).min(session.close);
    }

    /// Goes on by one entry after a session that is over.
    fn turn_after(&mut self, over: Session, at: Timestamp) {
        let (_, end) = self.market.extended_hours(&over);
        let next = if at < end {
            self.load_minutes(over.date, at)
        } else {
            self.agenda.after = None;
            let coming = self.agenda.session;
            // Past the calendar's table nothing opens any more.
            let opens = coming.open > at;
            self.agenda.next = if opens {
                midnight(coming.date)
            } else {
                Timestamp::MAX
            };
            return;
        };
        self.agenda.next = next.map_or(end, |next| next.min(end));
    }

    fn end_session(&mut self, at: Timestamp) {
        self.close_books(at);
        self.agenda.after = Some(self.agenda.session);
        if let Ok(session) = self.market.calendar().next_session_after(at) {
            self.agenda.session = session;
        }
    }

    fn remember_equity(&mut self, at: Timestamp) {
        self.sim.move_to(at);
        let worth = self.worth(at);
        self.worth_by_minute.push(worth);
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
    pub(crate) fn set_halted(&mut self, asset: usize, halted: bool, reason: Option<&str>) {
        if halted == self.is_halted(asset) {
            return;
        }
        if halted {
            let price = self.price(asset);
            self.halted.insert(asset, price);
            self.market.halt(asset, self.now);
        } else {
            self.halted.remove(&asset);
            self.market.resume(asset, self.now);
        }
        if let Some(id) = symbol_id(asset) {
            self.sim.set_halted(id, halted, self.now);
        }
        let Some(listed) = self.market.asset(asset) else {
            return;
        };
        let (tape, symbol) = (listed.tape(), listed.symbol);
        let (code, words, usual) = match (tape, halted) {
            ("C", true) => ("H", "Trading Halt", "T1"),
            ("C", false) => ("T", "Trading Resumption", "T3"),
            (_, true) => ("2", "Trading Halt", "P"),
            (_, false) => ("3", "Resume", "D"),
        };
        let reason = reason.unwrap_or(usual);
        let message = json!({
            "T": "s", "S": symbol.as_str(), "sc": code, "sm": words, "rc": reason, "rm": "",
            "t": self.now.to_string(), "z": tape,
        });
        self.tell_market("statuses", asset, message);
        self.take_reports();
    }

    /// The price at which an asset traded last, as the exchange has it.
    pub(super) fn price(&self, asset: usize) -> Option<rust_decimal::Decimal> {
        if let Some(at_the_halt) = self.halted.get(&asset) {
            return *at_the_halt;
        }
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
