//! What is going to happen in a run, laid out at its start, and what each of it does when it is time.

use trader_contract::{BrokerEvent, Channel, FeedEvent, Timestamp};
use trader_core::Event;

use super::World;
use super::feed::id;
use super::queue::Due;
use crate::sim::draw::Draw;
use crate::sim::plan::{FaultKind, When};

/// How often streams give a sign of life, in nanoseconds.
const BEAT: i64 = 20 * Timestamp::SECOND;
/// The same while the market is closed, when no silence is anybody's loss: nights are long.
const NIGHT_BEAT: i64 = 10 * Timestamp::MINUTE;
/// Until so long after a session, and from so long before the end of a run on, which comes after the next
/// opening, it is no night.
const AROUND_SESSION: i64 = 30 * Timestamp::MINUTE;
/// How often a person looks whether both sides are traded.
const REMINDERS: usize = 24;
/// Beats between two comparisons of the clocks.
const CLOCK_BEATS: i64 = 3;

impl World<'_> {
    /// Lays out everything that the plan says.
    pub(super) fn schedule(&mut self) {
        let plan = self.plan;
        let session = plan.session;
        self.queue.push(self.now, Due::Announce);
        self.queue.push(plan.start, Due::Boot);
        self.queue.push(plan.start.plus_nanos(BEAT), Due::Beat);
        self.queue.push(session.open, Due::Minute);
        for &(from, to) in &plan.sleeps {
            self.queue.push(from, Due::Sleep(to));
            self.queue.push(to, Due::Wake);
        }
        if plan.end > plan.next.open {
            self.queue.push(plan.next.open, Due::Minute);
            self.queue.push(plan.splits_at(), Due::Split);
        }
        for (index, fault) in plan.faults.iter().enumerate() {
            let kind = fault.kind;
            if kind.lasts() {
                let seed = Draw::at(fault.seed, u64::try_from(index).unwrap_or(0)).next();
                self.queue
                    .push(fault.from, Due::Begin(kind, fault.symbol, seed));
                self.queue
                    .push(fault.until, Due::End(kind, fault.symbol, seed));
            } else if kind.happens_at_once() {
                self.queue
                    .push(fault.from, Due::Begin(kind, fault.symbol, fault.seed));
            }
        }
        for (index, crash) in plan.crashes.iter().enumerate() {
            if let When::At(at) = crash.when {
                self.queue.push(at, Due::Die(index));
            }
        }
        for (index, action) in plan.actions.iter().enumerate() {
            self.queue.push(action.at, Due::Act(index));
        }
        if !plan.actions.is_empty() {
            for number in 0..REMINDERS {
                let minutes = i64::try_from(number).unwrap_or(0) * 12 + 20;
                let at = session.open.plus_minutes(minutes);
                self.queue.push(at, Due::Remind(number));
            }
        }
        if !plan.crashes.is_empty() {
            // Whatever the plan's deaths waited for, one there is.
            self.queue
                .push(plan.heal_at.plus_seconds(-90), Due::DieOnce);
        }
        self.queue.push(plan.heal_at, Due::Heal);
        for seconds in [3, 10, 30, 63, 70, 93, 100, 120] {
            self.queue
                .push(plan.deadline().plus_seconds(seconds), Due::Look);
            self.queue
                .push(plan.heal_at.plus_seconds(seconds), Due::Look);
        }
    }

    /// Lets something happen whose time has come.
    pub(super) fn happen(&mut self, due: Due) {
        match due {
            Due::Announce => self.announce(),
            Due::Arrive(number) => self.arrive(number),
            Due::Part(number) => self.part(number),
            Due::Hear { of, event } => self.hear(of, *event),
            Due::Client { of, input } => self.reach_client(of, *input),
            Due::Minute => self.minute(),
            Due::FeedSays(life, event) => {
                if life == self.life && !self.asleep {
                    self.log.data("feed", &event);
                    self.feed(&Event::Feed(event));
                }
            }
            Due::Tell(life, event) => self.tell(life, &event),
            Due::Split => self.split_shares(),
            Due::Bar { life, symbol, bar } => {
                if life == self.life && self.feed.up && !self.asleep {
                    self.log.bar("bar", symbol, &bar);
                    let symbol = id(symbol);
                    self.feed(&Event::Bar { symbol, bar });
                }
            }
            Due::Beat => self.beat(),
            Due::Begin(kind, symbol, seed) => self.begin(kind, symbol, seed),
            Due::End(kind, symbol, seed) => self.end(kind, symbol, seed),
            Due::Reconnect => self.reconnect(),
            Due::Act(index) => self.act(index),
            Due::Remind(number) => self.remind(number),
            Due::Die(index) => self.die(index),
            Due::DieOnce => self.die_once(),
            Due::Boot => self.boot(),
            Due::Sleep(until) => self.sleep(until),
            Due::Wake => self.wake(),
            Due::Heal => self.heal(),
            Due::Look => {}
        }
        self.follow_the_exchange();
    }

    /// Keeps in mind since when the exchange is open.
    fn follow_the_exchange(&mut self) {
        let now = self.now;
        let sessions = [self.plan.session, self.plan.next];
        let open = sessions.into_iter().find(|session| session.contains(now));
        self.around.open_since = open.map(|session| session.open);
    }

    /// The session that comes next is announced to the exchange.
    fn announce(&mut self) {
        let session = match self.now < self.plan.session.open {
            true => self.plan.session,
            false => self.plan.next,
        };
        self.broker.open_session(session.open, session.close);
        self.changed = true;
    }

    /// Streams give signs of life, and now and then clocks are compared.
    fn beat(&mut self) {
        let next = self.next_beat();
        if next < self.plan.end {
            self.queue.push(next, Due::Beat);
        }
        if self.kernel.is_none() || self.asleep {
            return;
        }
        // Alpaca's client hears that by itself.
        if self.stream.up && self.stream.muted == 0 && self.alpaca.is_none() {
            self.feed(&Event::Broker(BrokerEvent::Alive));
        }
        if self.feed.speaks() {
            let channel = Channel::Bars;
            self.feed(&Event::Feed(FeedEvent::Alive { channel }));
        }
        if self.plan.quotes && self.feed.speaks() && self.feed.muted_quotes == 0 {
            let channel = Channel::Quotes;
            self.feed(&Event::Feed(FeedEvent::Alive { channel }));
        }
        let beats = self.now.since(self.plan.start) / BEAT;
        let is_night = next.since(self.now) > BEAT;
        if (is_night || beats % CLOCK_BEATS == 0) && !self.around.shut_out {
            let nanos = self.clock_ahead - self.broker_ahead;
            self.log.data("skew", &nanos);
            self.feed(&Event::Skew { nanos });
        }
    }

    /// When streams give their next sign of life.
    fn next_beat(&self) -> Timestamp {
        let asleep = self.plan.session.close.plus_nanos(AROUND_SESSION);
        let awake = self.plan.end.plus_nanos(-AROUND_SESSION);
        if self.now < asleep || self.now >= awake {
            return self.now.plus_nanos(BEAT);
        }
        self.now.plus_nanos(NIGHT_BEAT).min(awake)
    }

    /// A fault that lasts begins.
    fn begin(&mut self, kind: FaultKind, symbol: usize, seed: u64) {
        if self.around.healed_at.is_some() {
            return;
        }
        let now = self.now;
        match kind {
            FaultKind::FillBusted | FaultKind::FillCorrected => return self.correct(kind, seed),
            _ if kind.lasts() => self.faults.begin(kind, now),
            _ => self.faults.note(kind, now),
        }
        self.log.note("fault", 0, || kind.name().to_owned());
        let mut draw = Draw::at(seed, 0);
        match kind {
            FaultKind::Unauthorised => self.around.shut_out = true,
            FaultKind::StreamCut => {
                self.stream.kept_down += 1;
                self.lose_stream("the connection was reset");
            }
            FaultKind::StreamStolen => {
                self.stream.kept_down += 1;
                self.lose_stream("406 connection limit exceeded");
            }
            FaultKind::StreamMute => self.stream.muted += 1,
            FaultKind::SymbolMute => {
                if let Some(muted) = self.feed.muted_symbols.get_mut(symbol) {
                    *muted += 1;
                }
            }
            FaultKind::FeedMute => self.feed.muted += 1,
            FaultKind::FeedCut | FaultKind::FeedLate => {
                self.feed.kept_down += 1;
                self.feed_link(false, "the connection was reset");
            }
            FaultKind::Halt => self.halt(symbol, true),
            FaultKind::HardToBorrow => self.may_borrow(symbol, false),
            FaultKind::AccountBlocked => self.broker.set_blocked(Some("account is restricted")),
            FaultKind::QuotesMute => self.feed.muted_quotes += 1,
            FaultKind::ClockSkew => {
                let millis = draw.between(1_100, 6_000);
                self.broker_ahead = if draw.coin() { millis } else { -millis } * 1_000_000;
            }
            FaultKind::WallStep => {
                let millis = draw.between(300, 20_000);
                self.clock_ahead = if draw.coin() { millis } else { -millis } * 1_000_000;
            }
            _ => {}
        }
    }

    /// A fault that lasts ends.
    fn end(&mut self, kind: FaultKind, symbol: usize, _seed: u64) {
        if self.around.healed_at.is_some() {
            return;
        }
        self.faults.end(kind, self.now);
        self.log.note("over", 0, || kind.name().to_owned());
        match kind {
            FaultKind::Unauthorised => self.around.shut_out = false,
            FaultKind::StreamCut | FaultKind::StreamStolen => {
                self.stream.kept_down = self.stream.kept_down.saturating_sub(1);
                self.reconnect_soon();
            }
            FaultKind::StreamMute => {
                self.stream.muted = self.stream.muted.saturating_sub(1);
                // What was silent turns out to be dead.
                if self.stream.up {
                    self.lose_stream("the connection timed out");
                }
                self.reconnect_soon();
            }
            FaultKind::SymbolMute => {
                if let Some(muted) = self.feed.muted_symbols.get_mut(symbol) {
                    *muted = muted.saturating_sub(1);
                }
            }
            FaultKind::FeedMute => self.feed.muted = self.feed.muted.saturating_sub(1),
            FaultKind::FeedCut | FaultKind::FeedLate => {
                self.feed.kept_down = self.feed.kept_down.saturating_sub(1);
                if self.feed.kept_down == 0 {
                    self.feed_link(true, "");
                }
            }
            FaultKind::Halt => self.halt(symbol, false),
            FaultKind::HardToBorrow => self.may_borrow(symbol, true),
            FaultKind::AccountBlocked => self.broker.set_blocked(None),
            FaultKind::QuotesMute => {
                self.feed.muted_quotes = self.feed.muted_quotes.saturating_sub(1);
            }
            FaultKind::ClockSkew => self.broker_ahead = 0,
            FaultKind::WallStep => self.clock_ahead = 0,
            _ => {}
        }
    }

    fn halt(&mut self, symbol: usize, halted: bool) {
        let Some(name) = self.plan.symbols.get(symbol).map(|symbol| symbol.symbol) else {
            return;
        };
        let changes = match halted {
            true => self.around.halted.insert(name),
            false => self.around.halted.remove(&name),
        };
        if changes {
            self.feed.halted_at[symbol] = halted.then_some(self.now);
            self.broker.set_halted(id(symbol), halted, self.now);
            self.hear_broker();
        }
    }

    fn sleep(&mut self, until: Timestamp) {
        self.log
            .note("sleeps", until.nanos(), || format!("until {until}"));
        self.asleep = true;
        self.give_up_waiting(until);
        self.faults.disturb_until(until.plus_seconds(60));
    }

    fn wake(&mut self) {
        self.log.note("wakes", 0, String::new);
        self.asleep = false;
        self.around.awake_since = self.now;
        if self.now > self.plan.session.close {
            self.announce();
        }
        if self.kernel.is_none() {
            return self.boot();
        }
        self.feed(&Event::Timer);
        if self.stream.up {
            self.lose_stream("the machine has slept");
        }
        self.reconnect_soon();
        if self.feed.up {
            self.feed_link(false, "the machine has slept");
        }
        if self.feed.kept_down == 0 {
            self.feed_link(true, "");
        }
        self.tell_splits();
    }

    /// From now on nothing fails.
    fn heal(&mut self) {
        self.log.note("heals", 0, String::new);
        self.faults.end_all();
        for symbol in 0..self.plan.symbols.len() {
            self.halt(symbol, false);
            self.may_borrow(symbol, true);
        }
        self.broker.set_blocked(None);
        self.feed.muted_quotes = 0;
        self.around.healed_at = Some(self.now);
        self.around.shut_out = false;
        self.stream.kept_down = 0;
        if self.stream.muted > 0 {
            self.stream.muted = 0;
            self.lose_stream("the connection timed out");
        }
        self.reconnect();
        self.feed.kept_down = 0;
        self.feed.muted = 0;
        self.feed.muted_symbols.fill(0);
        if !self.feed.up {
            self.feed_link(true, "");
        }
        self.broker_ahead = 0;
        self.clock_ahead = 0;
        // A journal that has failed is opened again by a new life only.
        if self.around.journal_failed && self.kernel.is_some() {
            self.log.note("restarts", 0, String::new);
            self.deaths.end(Timestamp::SECOND);
        }
    }
}
