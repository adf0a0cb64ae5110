//! The daemon's process: its starts, its ends, and what an event makes of it.

use trader_contract::{BrokerEvent, Timestamp};
use trader_core::Event;
use trader_kernel::Kernel;

use super::World;
use super::death::DeathCounts;
use super::edges::{Did, Edges};
use super::feed::id;
use super::queue::{Due, Of};
use crate::sim::invariants::{Broken, Question};
use crate::sim::plan::Crash;
use crate::sim::setup;

/// What a start may take until everything is compared.
const RECOVERY: i64 = 60 * Timestamp::SECOND;

impl World<'_> {
    /// Starts the daemon, unless it runs.
    pub(super) fn boot(&mut self) {
        if self.kernel.is_some() || self.asleep {
            return;
        }
        self.life += 1;
        let life = i64::from(self.life);
        self.log.note("boot", life, || format!("life {life}"));
        let now = self.daemon_now();
        let booted = self.disk.recover().and_then(|recovery| {
            let config = setup::engine(self.plan, self.now);
            let around = setup::surroundings(self.plan);
            Kernel::boot(config, &recovery, around).map_err(|error| error.to_string())
        });
        let mut kernel = match booted {
            Ok(kernel) => kernel,
            Err(detail) => {
                self.broken = Some(Broken {
                    invariant: "INV-24",
                    detail: format!("the daemon does not start: {detail}"),
                });
                return;
            }
        };
        self.compare_with_before(&kernel);
        self.recording
            .begin(self.plan, kernel.engine(), (now, self.now));
        for (symbol, tape) in self.tapes.iter().enumerate() {
            let (symbol, bars) = (id(symbol), tape.ended_by(self.now));
            let past = std::sync::Arc::clone(&bars);
            self.recording
                .event(now, &Event::History { symbol, bars: past });
            kernel.warm_up(now, symbol, bars);
        }
        self.start_client(kernel.engine().book());
        self.kernel = Some(kernel);
        self.around.up_since = Some(self.now);
        self.around.journal_failed = false;
        self.truth.started();
        self.faults.disturb_until(self.now.plus_nanos(RECOVERY));
        self.feed(&Event::Start);
        if self.kernel.is_none() {
            return;
        }
        self.stream.muted = 0;
        self.reconnect_soon();
        if self.feed.kept_down == 0 {
            self.feed_link(true, "");
        }
        self.tell_at_start();
        let halted: Vec<_> = self.around.halted.iter().copied().collect();
        for symbol in halted {
            let halted = true;
            self.tell_halt(BrokerEvent::Halt { symbol, halted });
        }
    }

    /// Hands an event to the daemon, and lets it do what it wants.
    pub(super) fn feed(&mut self, event: &Event) {
        let now = self.daemon_now();
        if let Some(kernel) = &self.kernel {
            self.recording.between(kernel.engine(), now);
            self.ask(Question::Told, |watcher, view| {
                watcher.told(event, now, view)
            });
        }
        self.with_kernel(|kernel, edges| kernel.feed(now, event, edges));
    }

    /// Lets the daemon do something.
    pub(super) fn with_kernel(&mut self, act: impl FnOnce(&mut Kernel, &mut Edges<'_>)) {
        let Some(kernel) = &mut self.kernel else {
            return;
        };
        let before = self.did.len();
        let mut edges = Edges {
            now: self.now,
            disk: &mut self.disk,
            faults: &mut self.faults,
            log: &mut self.log,
            deaths: &mut self.deaths,
            did: &mut self.did,
            failed: &mut self.around.journal_failed,
            asking: self.asking.as_ref(),
            early: &mut self.early,
            recording: &mut self.recording,
        };
        act(kernel, &mut edges);
        let finished = kernel.is_finished();
        for place in before..self.did.len() {
            match &self.did[place] {
                Did::Sent { request, .. } => {
                    let request = request.clone();
                    self.dispatch(request);
                }
                Did::WantsFeed => self.renew_feed(),
                Did::Wrote { .. } | Did::Raised(_) => {}
            }
        }
        if finished && !self.deaths.is_dead() {
            self.log.note("ends", 0, String::new);
            self.remember();
            self.end_life(self.stays_down);
        }
    }

    /// A process that died during an event is gone after it.
    pub(super) fn bury_the_dead(&mut self) {
        if let Some(down) = self.deaths.bury() {
            self.end_life(down);
        }
    }

    /// The process is gone, and comes again after a while.
    fn end_life(&mut self, down: i64) {
        self.kernel = None;
        self.end_client();
        self.around.up_since = None;
        self.stream.up = false;
        self.feed.up = false;
        // Whatever comes for it now finds nobody.
        self.life += 1;
        let soon = down.max(Timestamp::SECOND / 10);
        let at = self.now.plus_nanos(soon);
        // From the moment of healing on nothing keeps it down for longer.
        let at = match self.now < self.plan.heal_at {
            true => at
                .min(self.plan.heal_at.plus_seconds(5))
                .max(self.now.plus_nanos(1)),
            false => self.now.plus_seconds(2),
        };
        self.faults.disturb_until(at.plus_nanos(RECOVERY));
        self.queue.push(at, Due::Boot);
    }

    /// The process dies between two events.
    pub(super) fn die(&mut self, crash: usize) {
        let plan = self.plan;
        let Some(crash) = plan.crashes.get(crash).filter(|_| self.kernel.is_some()) else {
            return;
        };
        self.log.note("dies", 0, || "between two events".to_owned());
        self.remember();
        self.deaths.die(crash);
    }

    /// Between two events everything that the daemon knows is on the disk, if the disk took it.
    fn remember(&mut self) {
        let kernel = self.kernel.as_ref().filter(|_| !self.around.journal_failed);
        self.knew = kernel.map(|kernel| kernel.engine().book().clone());
    }

    /// What a start knows is what the life before it knew.
    fn compare_with_before(&mut self, kernel: &Kernel) {
        let forgot = self
            .knew
            .take()
            .is_some_and(|knew| knew != *kernel.engine().book());
        if forgot {
            self.broken = Some(Broken {
                invariant: "INV-19",
                detail: "a restart does not know what was known before it".to_owned(),
            });
        }
    }

    /// The process dies between two events, unless it has died before.
    pub(super) fn die_once(&mut self) {
        if self.deaths.counts() == DeathCounts::default() && self.kernel.is_some() {
            self.log.note("dies", 0, || "between two events".to_owned());
            let down = 3 * Timestamp::SECOND;
            self.deaths.die(&Crash::between_events(self.now, down));
        }
    }

    /// The daemon hears something of the broker.
    pub(super) fn hear(&mut self, of: Of, event: BrokerEvent) {
        self.around.under_way = self.around.under_way.saturating_sub(1);
        if self.kernel.is_none() || self.asleep || !self.is_heard(of) {
            return;
        }
        self.log.said("hear", &event);
        let event = Event::Broker(event);
        self.feed(&event);
        if let Event::Broker(event) = &event
            && !self.deaths.is_dead()
        {
            self.ask(Question::Heard, |watcher, view| watcher.heard(event, view));
        }
    }
}
