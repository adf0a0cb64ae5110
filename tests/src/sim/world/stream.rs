//! The stream of order reports: what it loses, doubles, delays and mixes up, and how it breaks with and
//! without a word.

use trader_contract::{BrokerEvent, Timestamp};

use super::World;
use super::alpaca::Input;
use super::queue::{Due, Of};
use crate::sim::plan::FaultKind;

const MILLISECOND: i64 = 1_000_000;

/// The order stream of the life that runs.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// The connection's number; messages of another one are lost.
    pub(super) connection: u32,
    pub(super) up: bool,
    /// How many faults keep it down.
    pub(super) kept_down: u32,
    /// How many faults keep it silent.
    pub(super) muted: u32,
    /// When the last message arrives: those after it come later.
    last_at: Option<Timestamp>,
    /// A message that waits for the one after it.
    held_back: Option<Message>,
}

/// A message of the stream: in our words, or as Alpaca writes it.
#[derive(Debug, Clone)]
enum Message {
    Event(BrokerEvent),
    Written(Input),
}

impl World<'_> {
    /// Puts a message on the stream.
    pub(super) fn stream_out(&mut self, event: BrokerEvent) {
        let message = match self.alpaca.is_some() {
            true => self.written(&event).map(Message::Written),
            false => Some(Message::Event(event)),
        };
        let Some(event) = message else { return };
        if self.kernel.is_none() || !self.stream.up || self.stream.muted > 0 || self.asleep {
            return;
        }
        let now = self.now;
        let of = Of::Stream(self.stream.connection);
        if self.faults.strike(FaultKind::StreamDrop, now).is_some() {
            return self.log.note("fault", 0, || "stream_drop".to_owned());
        }
        if let Some(mut draw) = self.faults.strike(FaultKind::StreamDelay, now) {
            self.log.note("fault", 0, || "stream_delay".to_owned());
            let late = draw.between(1_500, 15_000) * MILLISECOND;
            // It finds its way even if the connection is another one by then.
            let of = if draw.coin() { Of::Life(self.life) } else { of };
            return self.message_at(now.plus_nanos(late), of, event);
        }
        if self.stream.held_back.is_none()
            && self.faults.strike(FaultKind::StreamReorder, now).is_some()
        {
            self.log.note("fault", 0, || "stream_reorder".to_owned());
            self.stream.held_back = Some(event);
            return;
        }
        let wire = self.wire();
        let at = now.plus_nanos(wire).max(self.stream.last_at.unwrap_or(now));
        self.stream.last_at = Some(at);
        if self
            .faults
            .strike(FaultKind::StreamDuplicate, now)
            .is_some()
        {
            self.log.note("fault", 0, || "stream_duplicate".to_owned());
            self.message_at(at, of, event.clone());
        }
        self.message_at(at, of, event);
        if let Some(late) = self.stream.held_back.take() {
            self.message_at(at, of, late);
        }
    }

    fn message_at(&mut self, at: Timestamp, of: Of, message: Message) {
        match message {
            Message::Event(event) => self.hear_at(at, of, event),
            Message::Written(input) => self.client_hears(at, of, input),
        }
    }

    /// The broker sends what happens from now on; it comes after `at`.
    pub(super) fn stream_stands(&mut self, at: Timestamp) {
        self.stream.up = true;
        self.stream.connection += 1;
        self.stream.last_at = Some(at);
        self.stream.held_back = None;
    }

    /// A halt is told over the feed, and is told again to whoever starts.
    pub(super) fn tell_halt(&mut self, event: BrokerEvent) {
        if self.kernel.is_none() {
            return;
        }
        let wire = self.wire();
        self.hear_at(self.now.plus_nanos(wire), Of::Life(self.life), event);
    }

    /// The stream is lost, and the daemon is told if it is told anything.
    pub(super) fn lose_stream(&mut self, why: &str) {
        self.stream.up = false;
        self.stream.connection += 1;
        self.stream.held_back = None;
        if self.alpaca.is_some() {
            return self.break_socket(why);
        }
        if self.kernel.is_some() {
            let event = BrokerEvent::Link {
                up: false,
                why: why.into(),
            };
            let wire = self.wire();
            self.hear_at(self.now.plus_nanos(wire), Of::Life(self.life), event);
        }
    }

    /// The stream is made anew, unless something keeps it down.
    pub(super) fn reconnect(&mut self) {
        // Alpaca's client makes its connections by itself.
        let by_itself = self.alpaca.is_some();
        if by_itself || self.kernel.is_none() || self.stream.up || self.stream.kept_down > 0 {
            return;
        }
        self.stream.up = true;
        self.stream.connection += 1;
        self.stream.last_at = None;
        let event = BrokerEvent::Link {
            up: true,
            why: "".into(),
        };
        let of = Of::Stream(self.stream.connection);
        let wire = self.wire();
        let at = self.now.plus_nanos(wire);
        self.stream.last_at = Some(at);
        self.hear_at(at, of, event);
    }

    /// The daemon's side makes the stream anew after a while.
    pub(super) fn reconnect_soon(&mut self) {
        let pause = self.wire.between(300, 4_000) * MILLISECOND;
        self.queue.push(self.now.plus_nanos(pause), Due::Reconnect);
    }

    /// Whether a message still finds who it is for.
    pub(super) const fn is_heard(&self, of: Of) -> bool {
        match of {
            Of::Life(life) => life == self.life,
            Of::Stream(connection) => self.stream.up && connection == self.stream.connection,
        }
    }
}
