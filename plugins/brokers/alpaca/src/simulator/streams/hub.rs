//! Who listens to the streams. Each listener has a bounded queue; one that does not keep up is cut
//! off, as at Alpaca, and nobody else waits for it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tokio::sync::mpsc;
use trader_contract::Timestamp;

use super::data::{Dialogue, Endpoint};
use super::messages;
use crate::simulator::faults::Faults;
use crate::simulator::world::{Notice, World};

/// How many messages may wait for a listener.
pub(crate) const QUEUE: usize = 4_096;
/// How many data points go into one message at most.
const BATCH: usize = 256;

/// What a connection is told to do.
#[derive(Debug)]
pub(crate) enum Told {
    Say(Value),
    /// Ends the connection without a word.
    Cut,
    /// From now on neither speaks nor answers.
    Mute,
}

/// A connection's end of its queue.
pub(crate) type Ear = mpsc::Receiver<Told>;

#[derive(Debug)]
struct Listener<T> {
    mouth: mpsc::Sender<Told>,
    state: T,
}

/// What is done when a second connection wants the account's trading stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Second {
    /// The first one is closed.
    Displace,
    /// The handshake of the second one is refused.
    Refuse,
    /// Both go on.
    Allow,
}

/// Every listener.
#[derive(Debug)]
pub(crate) struct Hub {
    trading: BTreeMap<u64, Listener<bool>>,
    data: BTreeMap<u64, (Endpoint, Listener<Dialogue>)>,
    last: u64,
    /// Up to when the data streams have been told.
    told_to: Timestamp,
    pub(crate) second: Second,
}

impl Hub {
    pub(crate) const fn new(now: Timestamp) -> Self {
        Self {
            trading: BTreeMap::new(),
            data: BTreeMap::new(),
            last: 0,
            told_to: now,
            second: Second::Displace,
        }
    }

    const fn next_id(&mut self) -> u64 {
        self.last = self.last.saturating_add(1);
        self.last
    }

    /// Takes an authorised connection of the trading stream.
    pub(crate) fn join_trading(&mut self, mouth: mpsc::Sender<Told>) -> u64 {
        if self.second == Second::Displace {
            for listener in std::mem::take(&mut self.trading).into_values() {
                let _gone = listener.mouth.try_send(Told::Cut);
            }
        }
        let id = self.next_id();
        let listener = Listener {
            mouth,
            state: false,
        };
        self.trading.insert(id, listener);
        id
    }

    /// Whether a handshake of the trading stream is refused.
    pub(crate) fn refuses_trading(&self) -> bool {
        self.second == Second::Refuse && !self.trading.is_empty()
    }

    /// Says whether a connection listens to the account's events.
    pub(crate) fn listen(&mut self, id: u64, listens: bool) {
        if let Some(listener) = self.trading.get_mut(&id) {
            listener.state = listens;
        }
    }

    /// Takes an authorised connection of a data stream; `None` if the account has one there.
    pub(crate) fn join_data(
        &mut self,
        endpoint: Endpoint,
        dialogue: &Dialogue,
        mouth: mpsc::Sender<Told>,
    ) -> Option<u64> {
        self.data
            .retain(|_, (_, listener)| !listener.mouth.is_closed());
        if self.data.values().any(|(other, _)| *other == endpoint) {
            return None;
        }
        let id = self.next_id();
        let listener = Listener {
            mouth,
            state: dialogue.clone(),
        };
        self.data.insert(id, (endpoint, listener));
        Some(id)
    }

    /// Takes a change of what a connection wants.
    pub(crate) fn subscribe(&mut self, id: u64, dialogue: &Dialogue) {
        if let Some((_, listener)) = self.data.get_mut(&id) {
            listener.state = dialogue.clone();
        }
    }

    /// Whether a connection is still served; one that did not keep up is not.
    pub(crate) fn knows(&self, id: u64) -> bool {
        self.data.contains_key(&id) || self.trading.contains_key(&id)
    }

    /// Forgets a connection.
    pub(crate) fn leave(&mut self, id: u64) {
        self.trading.remove(&id);
        self.data.remove(&id);
    }

    /// Whether anybody wants market data as time passes.
    pub(crate) fn wants_data(&self) -> bool {
        self.data
            .values()
            .any(|(_, listener)| !listener.state.is_idle())
    }

    /// Ends or mutes the connections of a stream, or of all of them.
    pub(crate) fn disturb(&mut self, stream: &str, told: fn() -> Told) -> usize {
        let mut count = 0_usize;
        let mut tell = |mouth: &mpsc::Sender<Told>| {
            if mouth.try_send(told()).is_ok() {
                count = count.saturating_add(1);
            }
        };
        if matches!(stream, "trading" | "all") {
            self.trading
                .values()
                .for_each(|listener| tell(&listener.mouth));
        }
        for (endpoint, listener) in self.data.values() {
            if stream == "all"
                || endpoint.path().trim_start_matches('/') == stream.trim_start_matches('/')
            {
                tell(&listener.mouth);
            }
        }
        count
    }

    /// Says an account event to everybody who listens.
    pub(crate) fn tell_trade(&mut self, data: &Value) {
        let message = json!({"stream": "trade_updates", "data": data});
        self.trading.retain(|_, listener| {
            !listener.state || listener.mouth.try_send(Told::Say(message.clone())).is_ok()
        });
    }

    /// Tells what has happened and what the market did up to now.
    pub(crate) fn publish(&mut self, world: &mut World, notices: Vec<Notice>, faults: &mut Faults) {
        let to = world.now();
        let from = self.told_to.min(to);
        self.told_to = to;
        let mut single: Vec<(&'static str, usize, Value)> = Vec::new();
        for notice in notices {
            match notice {
                Notice::Trade(data) => {
                    for data in faults.meet_event(data, to) {
                        self.tell_trade(&data);
                    }
                }
                Notice::Market {
                    channel,
                    asset,
                    message,
                } => single.push((channel, asset, message)),
            }
        }
        for data in faults.late_events(to) {
            self.tell_trade(&data);
        }
        self.data.retain(|_, (endpoint, listener)| {
            let due = messages::between(world, *endpoint, &listener.state, (from, to));
            let mut batch: Vec<Value> = due.into_iter().map(|(_, message)| message).collect();
            for (channel, asset, message) in &single {
                let symbol = world.market.asset(*asset).map(|asset| asset.symbol);
                let wants = |symbol: &str| listener.state.wants(channel, symbol);
                if symbol.is_some_and(|symbol| wants(symbol.as_str())) {
                    batch.push(message.clone());
                }
            }
            let mut said = batch.chunks(BATCH).map(|part| Told::Say(json!(part)));
            said.all(|told| listener.mouth.try_send(told).is_ok())
        });
    }
}
