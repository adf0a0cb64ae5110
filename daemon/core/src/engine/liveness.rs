//! Whether what is known is fresh: the stream of order reports, the channels of market data, the
//! account, and the clocks. What is not stops entries and stands as an alert while a session is open;
//! protecting, closing and asking the broker go on. Where nothing is watched, nothing is ever stale.
//!
//! A symbol without data is one of three: `Quiet` when its channel lives and nobody trades it, `Mute`
//! when the channel gives no sign of life or does not bring a bar that the provider has, and `Halted`
//! when the venue says so.

mod shown;

use serde::{Deserialize, Serialize};
use trader_contract::{BrokerEvent, Channel, FeedEvent, Symbol, Timestamp, advice};

use super::session::Phase;
use super::sweep::UNHEARD;
use super::{Engine, SymbolState};
use crate::command::{Command, Commands};
use crate::planted::{Bug, is};
use crate::record::Severity;
use crate::risk::gate::Refusal;

/// How often a stale feed is looked at, in nanoseconds: its bars wake nobody.
const LOOK: i64 = Timestamp::SECOND;
/// How long a new stream is given before another one is made, doubled up to a minute, in nanoseconds.
const RENEW: i64 = 5 * Timestamp::SECOND;
const RENEW_MAX: i64 = Timestamp::MINUTE;

/// What is to be done where nothing is known of the cause.
const WAIT: &str = "nothing: entries go on by themselves once it is heard again; look at the network if it stands for long";

const ORDERS: &str = "stale_orders";
const ACCOUNT: &str = "stale_account";
const DATA: &str = "stale_data";
const SKEW: &str = "clock_skew";

/// What is known of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkState {
    /// Whether it stands.
    pub up: bool,
    /// The last sign of life; the earliest time before the first.
    pub heard_at: Timestamp,
}

impl LinkState {
    const NEW: Self = Self {
        up: true,
        heard_at: Timestamp::MIN,
    };
}

/// What comes of one symbol on one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataState {
    /// Data.
    Live,
    /// Nothing, and there is nothing to come: the channel lives, the symbol has no trades.
    Quiet,
    /// Nothing, and nobody knows what is missed.
    Mute,
    /// The venue has halted the symbol.
    Halted,
}

/// Everything that may fall silent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Links {
    orders: LinkState,
    bars: LinkState,
    quotes: LinkState,
    /// When the last bar of any symbol came.
    #[serde(default = "never")]
    bar_at: Timestamp,
    account_at: Timestamp,
    skew: Option<i64>,
    /// Why the stream of order reports is lost, and that of bars.
    #[serde(default)]
    orders_why: Box<str>,
    #[serde(default)]
    bars_why: Box<str>,
    started_at: Timestamp,
    next_at: Timestamp,
    renew_at: Timestamp,
    renew_nanos: i64,
}

impl Default for Links {
    fn default() -> Self {
        Self {
            orders: LinkState::NEW,
            bars: LinkState::NEW,
            quotes: LinkState::NEW,
            bar_at: Timestamp::MIN,
            account_at: Timestamp::MIN,
            skew: None,
            orders_why: Box::default(),
            bars_why: Box::default(),
            started_at: Timestamp::MIN,
            next_at: Timestamp::MAX,
            renew_at: Timestamp::MIN,
            renew_nanos: 0,
        }
    }
}

const fn never() -> Timestamp {
    Timestamp::MIN
}

impl Links {
    /// A bar has come.
    pub(super) const fn hear_bar(&mut self, at: Timestamp) {
        self.bar_at = at;
    }

    const fn channel(&mut self, channel: Channel) -> &mut LinkState {
        match channel {
            Channel::Bars => &mut self.bars,
            Channel::Quotes => &mut self.quotes,
        }
    }
}

impl Engine {
    /// A run begins: everything is given the time that it may be silent.
    pub(super) fn start_links(&mut self, at: Timestamp) {
        self.links = Links {
            started_at: at,
            ..Links::default()
        };
    }

    /// When what is known is looked at again, if nothing is heard.
    pub(super) const fn links_due(&self) -> Timestamp {
        self.links.next_at
    }

    /// The session is over: what is silent now is nobody's loss.
    pub(super) const fn rest_links(&mut self) {
        self.links.next_at = Timestamp::MAX;
    }

    /// Looks at what is known if it is time to.
    pub(super) fn watch_links(&mut self, at: Timestamp, out: &mut Commands) {
        if at >= self.links.next_at {
            self.check_links(at, out);
        }
    }

    /// Raises and clears what is to be told, and says when to look again.
    pub(super) fn check_links(&mut self, at: Timestamp, out: &mut Commands) {
        self.links.next_at = Timestamp::MAX;
        if self.schedule.phase == Phase::Closed || !self.is_anything_watched() {
            return;
        }
        let orders = self.stale_orders(at);
        self.tell(at, (ORDERS, None), orders, out);
        let account = self.stale_account(at);
        self.tell(at, (ACCOUNT, None), account, out);
        let skew = self.too_skewed();
        self.tell(at, (SKEW, None), skew, out);
        self.check_data(at, out);
        self.links.next_at = self.links.next_at.min(self.next_look(at));
    }

    fn is_anything_watched(&self) -> bool {
        let watch = &self.watch;
        let link_lost = !self.links.orders.up || !self.links.bars.up;
        watch.orders_alive_nanos.is_some()
            || watch.data_alive_nanos.is_some()
            || watch.account_nanos.is_some()
            || watch.skew_nanos.is_some()
            || link_lost
            || self.symbols.iter().any(|s| s.newest.is_some())
            || !self.book.alerts.is_empty()
    }

    /// One alert for the channel, or one for each symbol where the channel has lived since its bar was due.
    /// The stream is made anew as long as anything lacks.
    fn check_data(&mut self, at: Timestamp, out: &mut Commands) {
        let channel = self.stale_bars(at);
        let mut why = channel.clone();
        let channel_is_stale = channel.is_some();
        self.tell(at, (DATA, None), channel, out);
        let heard_at = self.watch.data_alive_nanos.map(|_| self.bars_heard_at());
        for index in 0..self.symbols.len() {
            let Some(state) = self.symbols.get(index) else {
                continue;
            };
            let symbol = state.instrument.symbol;
            let mute = !channel_is_stale && self.lacks_bars(state, at);
            let lives = heard_at.is_none_or(|heard| self.late_at(state) <= Some(heard));
            let lacks = mute
                .then(|| format!("{symbol}: the stream does not bring bars that the provider has"));
            why = why.or_else(|| lacks.clone());
            self.tell(at, (DATA, Some(symbol)), lacks.filter(|_| lives), out);
        }
        let Some(why) = why else {
            self.links.renew_nanos = 0;
            self.links.renew_at = Timestamp::MIN;
            return;
        };
        if at >= self.links.renew_at {
            let pause = self.links.renew_nanos.saturating_mul(2);
            let pause = pause.clamp(RENEW, RENEW_MAX);
            self.links.renew_nanos = pause;
            self.links.renew_at = at.plus_nanos(pause);
            let why = why.into();
            out.push(Command::RenewFeed { why });
        }
        self.links.next_at = at.plus_nanos(LOOK);
    }

    fn tell(
        &mut self,
        at: Timestamp,
        (kind, symbol): (&str, Option<Symbol>),
        why: Option<String>,
        out: &mut Commands,
    ) {
        let Some(why) = why else {
            return self.clear_standing(at, kind, symbol, out);
        };
        let action = self.what_helps(kind);
        self.raise_standing(at, (Severity::Warning, kind, symbol), (why, &action), out);
    }

    fn what_helps(&self, kind: &str) -> String {
        match (kind, self.known_remedy(kind)) {
            (SKEW, _) => {
                "set the clock (`timedatectl timesync-status`); entries go on by themselves then"
                    .to_owned()
            }
            (_, None) => WAIT.to_owned(),
            (_, Some(next)) => {
                format!("{next}; entries go on by themselves once it is heard again")
            }
        }
    }

    /// What is to be done about something that is not fresh, where a plugin has said it with the cause.
    #[must_use]
    pub fn known_remedy(&self, kind: &str) -> Option<&str> {
        match kind {
            ORDERS if !self.links.orders.up => advice::split(&self.links.orders_why).1,
            DATA if !self.links.bars.up => advice::split(&self.links.bars_why).1,
            ACCOUNT => self
                .book
                .standing(UNHEARD, None)
                .map(|told| &*told.alert.action),
            _ => None,
        }
    }

    /// The next moment at which something may have become stale.
    fn next_look(&self, at: Timestamp) -> Timestamp {
        let links = &self.links;
        let ends = [
            (self.watch.orders_alive_nanos, links.orders.heard_at),
            (self.watch.data_alive_nanos, self.bars_heard_at()),
            (self.watch.account_nanos, links.account_at),
        ];
        let of_links = ends.into_iter().filter_map(|(bound, heard)| {
            let heard = heard.max(self.silence_counts_from());
            Some(heard.plus_nanos(bound?).plus_nanos(1))
        });
        let of_bars = self.symbols.iter().filter_map(|s| self.late_at(s));
        let next = of_links.chain(of_bars).filter(|when| *when > at);
        next.min().unwrap_or(Timestamp::MAX)
    }

    /// Before the open and before the start nothing had to be heard.
    fn silence_counts_from(&self) -> Timestamp {
        let open = self.schedule.session.map(|s| s.open);
        let open = open.filter(|open| *open <= self.now);
        self.links.started_at.max(open.unwrap_or(Timestamp::MIN))
    }

    fn is_silent(&self, at: Timestamp, heard_at: Timestamp, bound: Option<i64>) -> bool {
        let from = heard_at.max(self.silence_counts_from());
        bound.is_some_and(|bound| at.since(from) > bound)
    }

    fn stale_orders(&self, at: Timestamp) -> Option<String> {
        let link = self.links.orders;
        if !link.up {
            let why = &self.links.orders_why;
            return Some(lost("the stream of order reports is lost", why));
        }
        let silent = self.is_silent(at, link.heard_at, self.watch.orders_alive_nanos);
        silent.then(|| "the stream of order reports gives no sign of life".to_owned())
    }

    fn stale_account(&self, at: Timestamp) -> Option<String> {
        let silent = self.is_silent(at, self.links.account_at, self.watch.account_nanos);
        silent.then(|| "the broker has not said for too long what it holds".to_owned())
    }

    fn stale_bars(&self, at: Timestamp) -> Option<String> {
        if !self.links.bars.up {
            return Some(lost("the stream of bars is lost", &self.links.bars_why));
        }
        let silent = self.is_silent(at, self.bars_heard_at(), self.watch.data_alive_nanos);
        silent.then(|| "the stream of bars gives no sign of life".to_owned())
    }

    fn too_skewed(&self) -> Option<String> {
        let most = self.watch.skew_nanos?;
        let far = self.links.skew?.unsigned_abs() > most.unsigned_abs();
        far.then(|| "our clock and the broker's differ by more than is allowed".to_owned())
    }

    /// A bar is a sign of life of its channel.
    fn bars_heard_at(&self) -> Timestamp {
        self.links.bar_at.max(self.links.bars.heard_at)
    }

    /// From when on a bar that the provider has, and that the stream did not bring, is missing.
    fn late_at(&self, state: &SymbolState) -> Option<Timestamp> {
        let start = state.newest?;
        let end = start.plus_minutes(1);
        let session = self.schedule.session?;
        let counts =
            session.contains(start) && start > state.last_start && end > self.links.started_at;
        counts.then(|| end.plus_nanos(self.watch.bar_late_nanos))
    }

    fn lacks_bars(&self, state: &SymbolState, at: Timestamp) -> bool {
        self.late_at(state).is_some_and(|late| at >= late)
    }

    /// Whether what is known suffices for an entry in a symbol.
    ///
    /// # Errors
    /// It may not be traded, or something is not fresh.
    pub fn freshness(&self, symbol: Symbol) -> Result<(), Refusal> {
        let refuse = |rule, detail: String| Err(Refusal { rule, detail });
        let at = self.now;
        if let Some(blocked) = self.book.blocks.get(&symbol) {
            let detail = format!("{symbol} is blocked: {}", blocked.block.name());
            return refuse("symbol_blocked", detail);
        }
        let id = self.by_ticker.get(&symbol);
        let state = id.and_then(|id| self.symbols.get(id.index()));
        if state.is_some_and(|s| !s.tradable) {
            return refuse(
                "not_tradable",
                format!("the broker does not let {symbol} be traded"),
            );
        }
        if is(Bug::StaleDataAllowed) {
            return Ok(());
        }
        if let Some(why) = self.too_skewed() {
            return refuse(SKEW, why);
        }
        if let Some(why) = self.stale_orders(at) {
            return refuse(ORDERS, why);
        }
        if let Some(why) = self.stale_account(at) {
            return refuse(ACCOUNT, why);
        }
        if let Some(why) = self.stale_bars(at) {
            return refuse(DATA, why);
        }
        if state.is_some_and(|s| self.lacks_bars(s, at)) {
            let why = format!("{symbol}: the stream does not bring bars that the provider has");
            return refuse(DATA, why);
        }
        Ok(())
    }

    /// Only the stream's own sign of life is one: a report may be the answer to a request, or have been
    /// on its way since before the stream fell silent.
    pub(super) fn hear_broker(&mut self, at: Timestamp, event: &BrokerEvent, out: &mut Commands) {
        if !matches!(event, BrokerEvent::Alive) {
            return;
        }
        self.links.orders.heard_at = at;
        if self.links.orders.up && !self.book.alerts.is_empty() {
            self.clear_standing(at, ORDERS, None, out);
        }
    }

    /// The stream of order reports was made or lost.
    pub(super) fn on_broker_link(
        &mut self,
        at: Timestamp,
        up: bool,
        why: &str,
        out: &mut Commands,
    ) {
        self.links.orders.up = up;
        self.links.orders_why = why.into();
        if up {
            self.links.orders.heard_at = at;
            self.clear_standing(at, ORDERS, None, out);
            self.request_snapshot(out);
        }
        self.check_links(at, out);
    }

    /// The broker has said what it holds.
    pub(super) fn account_is_fresh(&mut self, at: Timestamp, out: &mut Commands) {
        self.links.account_at = at;
        self.clear_standing(at, ACCOUNT, None, out);
    }

    /// The feed said something of itself.
    pub(super) fn on_feed(&mut self, at: Timestamp, event: &FeedEvent, out: &mut Commands) {
        match event {
            FeedEvent::Link { channel, up, why } => {
                if *channel == Channel::Bars {
                    self.links.bars_why = why.clone();
                }
                let link = self.links.channel(*channel);
                link.up = *up;
                if *up {
                    link.heard_at = at;
                }
            }
            FeedEvent::Alive { channel } => self.links.channel(*channel).heard_at = at,
            FeedEvent::Newest { symbol, start } => {
                let id = self.by_ticker.get(symbol);
                if let Some(state) = id.and_then(|id| self.symbols.get_mut(id.index())) {
                    state.newest = state.newest.max(Some(*start));
                }
            }
        }
        self.check_links(at, out);
        if self.schedule.phase == Phase::Closed && self.stale_bars(at).is_none() {
            self.clear_standing(at, DATA, None, out);
        }
    }

    /// Our clock was compared with the broker's.
    pub(super) fn on_skew(&mut self, at: Timestamp, nanos: i64, out: &mut Commands) {
        self.links.skew = Some(nanos);
        let skew = self.too_skewed();
        self.tell(at, (SKEW, None), skew, out);
    }
}

/// That a stream is lost, with the reason where there is one.
fn lost(what: &str, why: &str) -> String {
    match advice::split(why).0 {
        "" => what.to_owned(),
        why => format!("{what}: {why}"),
    }
}
