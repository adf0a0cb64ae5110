//! The task of market data: turns the session of the stream, hands on what comes, brings by request what
//! a lost connection missed, and asks now and then which bars there are, so that a mute stream shows.
//!
//! Bars, halts and what the feed says of itself are waited for. Of quotes the newest of each symbol is
//! enough where there is no room; trades and articles are then left out, and counted.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use trader_contract::{Bar, Channel, FeedEvent, Quote, Symbol, Timestamp, advice};

use super::feed::{FeedCounts, FeedItem};
use super::nap::Nap;
use super::outlet::{Outlet, Put, deliver};
use super::socket::{Socket, Told};
use super::trading::until;
use crate::face::history::{History, HistoryError};
use crate::protocol::data::{DataNews, DataStream};
use crate::protocol::link::StreamInput;
use crate::wire::Format;
use crate::wire::stream::{DataMessage, Subscriptions};

/// How often the provider is asked for its newest bars, and how long after a minute's end.
const NEWEST_EVERY: i64 = Timestamp::MINUTE;
const NEWEST_AFTER: i64 = 12 * Timestamp::SECOND;
/// The shortest time between two signs of life that are told.
const ALIVE: i64 = Timestamp::SECOND;
/// The farthest back that a gap is filled.
const GAP_MAX: i64 = 24 * 60 * Timestamp::MINUTE;
/// The most that is kept while a gap is being filled.
const HELD_MAX: usize = 20_000;
/// How soon what found no room is tried again.
const RETRY: Duration = Duration::from_millis(2);

/// What the daemon asks of the task.
#[derive(Debug)]
pub(crate) enum Orders {
    /// Other subscriptions.
    Want(Subscriptions),
    /// A new connection.
    Renew(Box<str>),
}

/// What the task is made of.
pub(crate) struct Parts {
    pub(crate) session: DataStream,
    pub(crate) url: String,
    pub(crate) format: Format,
    pub(crate) history: History,
    pub(crate) orders: mpsc::Receiver<Orders>,
    pub(crate) items: Outlet<FeedItem>,
    pub(crate) counts: watch::Sender<FeedCounts>,
    pub(crate) clock: fn() -> Timestamp,
    pub(crate) pace: u32,
    pub(crate) stop: CancellationToken,
    /// Where requests are carried out and their answers read: a gap may be long.
    pub(crate) beside: Handle,
}

/// What a request for bars has come to.
enum Asked {
    Missed(Vec<(Symbol, Vec<Bar>)>, Result<(), HistoryError>),
    Newest(Result<Vec<(Symbol, Bar)>, HistoryError>),
}

struct Task {
    parts: Parts,
    socket: Socket,
    nap: Nap,
    news: Vec<DataNews>,
    quotes: BTreeMap<Symbol, Quote>,
    counts: FeedCounts,
    told_alive: Timestamp,
    newest_due: Timestamp,
    /// Whether the daemon was told that the feed stands.
    told_up: bool,
    /// What it was told to do about a feed that does not stand.
    told_next: Option<Box<str>>,
    /// What came while a gap is being filled.
    held: Vec<DataMessage>,
    filling: bool,
    asked: tokio::task::JoinSet<Asked>,
}

/// Starts the task on the runtime of the caller.
pub(crate) fn spawn(parts: Parts) -> tokio::task::JoinHandle<()> {
    let socket = Socket::new(&parts.url, parts.format);
    let newest_due = first_look((parts.clock)());
    let task = Task {
        socket,
        nap: Nap::new(),
        news: Vec::new(),
        quotes: BTreeMap::new(),
        counts: FeedCounts::default(),
        told_alive: Timestamp::MIN,
        newest_due,
        told_up: false,
        told_next: None,
        held: Vec::new(),
        filling: false,
        asked: tokio::task::JoinSet::new(),
        parts,
    };
    tokio::spawn(task.run())
}

/// When the newest bars are asked for next: a while after a minute has ended.
fn first_look(now: Timestamp) -> Timestamp {
    let into = now.nanos().rem_euclid(NEWEST_EVERY);
    let minute = now.plus_nanos(into.saturating_neg());
    minute.plus_nanos(NEWEST_EVERY.saturating_add(NEWEST_AFTER))
}

impl Task {
    async fn run(mut self) {
        let stop = self.parts.stop.clone();
        loop {
            let brings = !self.news.is_empty();
            if !self.carry_out().await || !self.flush_quotes() {
                break;
            }
            if brings {
                // Whoever was given something goes first: an order may come of it.
                tokio::task::yield_now().await;
            }
            let now = (self.parts.clock)();
            let due = self.parts.session.due().min(self.newest_due);
            let nap = match self.quotes.is_empty() {
                true => until(due, now, self.parts.pace),
                false => RETRY,
            };
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                order = self.parts.orders.recv() => match order {
                    Some(order) => self.obey(order),
                    None => break,
                },
                told = self.socket.next() => self.hear(&told),
                Some(Ok(asked)) = self.asked.join_next() => {
                    if !self.take(asked).await {
                        break;
                    }
                }
                () = self.nap.at_most(nap) => {}
            }
            let now = (self.parts.clock)();
            if now >= self.parts.session.due() {
                self.parts.session.tick(now, &mut self.news);
            }
            if now >= self.newest_due {
                self.newest_due = first_look(now);
                self.ask_newest();
            }
        }
        self.socket
            .act(crate::protocol::link::StreamAction::Close)
            .await;
    }

    fn obey(&mut self, order: Orders) {
        let now = (self.parts.clock)();
        match order {
            Orders::Want(wanted) => self.parts.session.want(wanted, now, &mut self.news),
            Orders::Renew(why) => self.parts.session.renew(&why, now, &mut self.news),
        }
    }

    fn hear(&mut self, told: &Told) {
        let input = match told {
            Told::Opened => StreamInput::Opened,
            Told::Message(bytes) => StreamInput::Message(bytes),
            Told::Pong => StreamInput::Pong,
            Told::Closed { why, crowded } => StreamInput::Closed {
                why,
                crowded: *crowded,
            },
        };
        let now = (self.parts.clock)();
        self.parts.session.hear(&input, now, &mut self.news);
    }

    async fn carry_out(&mut self) -> bool {
        for news in std::mem::take(&mut self.news) {
            let goes_on = match news {
                DataNews::Do(action) => {
                    self.socket.act(action).await;
                    true
                }
                DataNews::Up { missing } => self.up(missing).await,
                DataNews::Down(why) => self.down(why).await,
                DataNews::Alive => self.alive().await,
                DataNews::Message(message) if self.filling => {
                    self.hold(message);
                    true
                }
                DataNews::Message(message) => self.hand_on(message).await,
                DataNews::Bad(why) => {
                    self.counts.bad = self.counts.bad.saturating_add(1);
                    tracing::warn!(%why, "a message of market data could not be read");
                    true
                }
                DataNews::Refused(why) => {
                    tracing::error!(%why, "not all market data that was asked for comes");
                    true
                }
            };
            if !goes_on {
                return false;
            }
        }
        self.publish();
        true
    }

    /// Shows the counts to whoever looks.
    fn publish(&self) {
        let counts = self.counts;
        self.parts.counts.send_if_modified(|told| {
            let news = *told != counts;
            *told = counts;
            news
        });
    }

    /// Keeps what comes until the gap is filled. Where that takes too long, quotes, trades and articles are
    /// left out: there will be newer ones.
    fn hold(&mut self, message: DataMessage) {
        let passing = matches!(
            message,
            DataMessage::Quote(..) | DataMessage::Trade(..) | DataMessage::News(_)
        );
        if passing && self.held.len() >= HELD_MAX {
            self.counts.left_out = self.counts.left_out.saturating_add(1);
        } else {
            self.held.push(message);
        }
    }

    async fn say(&mut self, event: FeedEvent) -> bool {
        deliver(&self.parts.items, FeedItem::Feed(event)).await
    }

    /// The stream stands. What was missed is brought first.
    async fn up(&mut self, missing: Vec<(Symbol, Timestamp)>) -> bool {
        self.counts.connections = self.counts.connections.saturating_add(1);
        self.publish();
        let now = (self.parts.clock)();
        let from = missing.iter().map(|(_, from)| *from).min();
        let from = from.map(|from| from.max(now.plus_nanos(GAP_MAX.saturating_neg())));
        let minute = now.plus_nanos(now.nanos().rem_euclid(Timestamp::MINUTE).saturating_neg());
        let Some(from) = from.filter(|from| *from < minute) else {
            return self.stands().await;
        };
        self.filling = true;
        let history = self.parts.history.clone();
        let until = minute.plus_nanos(-1);
        let missed = async move {
            let symbols: Vec<Symbol> = missing.iter().map(|(symbol, _)| *symbol).collect();
            match history.minutes(&symbols, from, until).await {
                Ok(bars) => {
                    let after: BTreeMap<Symbol, Timestamp> = missing.into_iter().collect();
                    let mut by_symbol: BTreeMap<Symbol, Vec<Bar>> = BTreeMap::new();
                    for (symbol, bar) in bars {
                        if after.get(&symbol).is_some_and(|from| bar.start >= *from) {
                            by_symbol.entry(symbol).or_default().push(bar);
                        }
                    }
                    Asked::Missed(by_symbol.into_iter().collect(), Ok(()))
                }
                Err(error) => Asked::Missed(Vec::new(), Err(error)),
            }
        };
        self.asked.spawn_on(missed, &self.parts.beside);
        true
    }

    async fn stands(&mut self) -> bool {
        self.told_up = true;
        self.told_next = None;
        for channel in [Channel::Bars, Channel::Quotes] {
            let why = "".into();
            let event = FeedEvent::Link {
                channel,
                up: true,
                why,
            };
            if !self.say(event).await {
                return false;
            }
        }
        for message in std::mem::take(&mut self.held) {
            if !self.hand_on(message).await {
                return false;
            }
        }
        true
    }

    async fn down(&mut self, why: Box<str>) -> bool {
        tracing::warn!(%why, "the stream of market data is down");
        self.filling = false;
        self.held.clear();
        self.quotes.clear();
        // That it is still down is no news, but that something else is to be done about it is.
        let next = advice::split(&why).1.map(Into::into);
        let is_news = self.told_up || next != self.told_next;
        self.told_up = false;
        self.told_next = next;
        if !is_news {
            return true;
        }
        for channel in [Channel::Bars, Channel::Quotes] {
            let why = why.clone();
            let event = FeedEvent::Link {
                channel,
                up: false,
                why,
            };
            if !self.say(event).await {
                return false;
            }
        }
        true
    }

    async fn alive(&mut self) -> bool {
        let now = (self.parts.clock)();
        if !self.told_up || now.since(self.told_alive) < ALIVE {
            return true;
        }
        self.told_alive = now;
        for channel in [Channel::Bars, Channel::Quotes] {
            if !self.say(FeedEvent::Alive { channel }).await {
                return false;
            }
        }
        true
    }

    async fn hand_on(&mut self, message: DataMessage) -> bool {
        let item = match message {
            DataMessage::Bar(symbol, bar) => FeedItem::Bar { symbol, bar },
            DataMessage::UpdatedBar(symbol, bar) => FeedItem::Revised { symbol, bar },
            DataMessage::DailyBar(symbol, bar) => FeedItem::Day { symbol, bar },
            DataMessage::Quote(symbol, quote) => return self.quote(symbol, quote),
            DataMessage::Trade(symbol, trade) => {
                return self.if_room(FeedItem::Trade { symbol, trade });
            }
            DataMessage::Correction(symbol, id, now) => {
                let now = Some(now);
                FeedItem::Corrected { symbol, id, now }
            }
            DataMessage::Cancelled(symbol, id) => FeedItem::Corrected {
                symbol,
                id,
                now: None,
            },
            DataMessage::Status(symbol, status) if status.restricts_shorts() => {
                FeedItem::ShortsRestricted { symbol }
            }
            DataMessage::Status(symbol, status) => match status.halted() {
                Some(halted) => {
                    let why = format!("{} {}", status.message, status.reason).into();
                    FeedItem::Halt {
                        symbol,
                        halted,
                        why,
                    }
                }
                None => return true,
            },
            DataMessage::Bands(symbol, [low, high]) => FeedItem::Bands { symbol, low, high },
            DataMessage::News(article) => return self.if_room(FeedItem::News(article)),
            DataMessage::Other(kind) => {
                self.counts.unknown = self.counts.unknown.saturating_add(1);
                tracing::warn!(%kind, "market data of a kind that is not known here");
                return true;
            }
            DataMessage::Connected
            | DataMessage::Authenticated
            | DataMessage::Error { .. }
            | DataMessage::Subscribed(_) => return true,
        };
        deliver(&self.parts.items, item).await
    }

    fn quote(&mut self, symbol: Symbol, quote: Quote) -> bool {
        // One that waits keeps its place, and has what is newest when there is room.
        if self.quotes.contains_key(&symbol) {
            self.counts.conflated = self.counts.conflated.saturating_add(1);
            self.quotes.insert(symbol, quote);
            return true;
        }
        match (self.parts.items)(FeedItem::Quote { symbol, quote }) {
            Put::Taken => true,
            Put::Full(_) => {
                self.quotes.insert(symbol, quote);
                true
            }
            Put::Gone => false,
        }
    }

    fn flush_quotes(&mut self) -> bool {
        while let Some((symbol, quote)) = self.quotes.pop_first() {
            match (self.parts.items)(FeedItem::Quote { symbol, quote }) {
                Put::Taken => {}
                Put::Full(_) => {
                    self.quotes.insert(symbol, quote);
                    return true;
                }
                Put::Gone => return false,
            }
        }
        true
    }

    fn if_room(&mut self, item: FeedItem) -> bool {
        match (self.parts.items)(item) {
            Put::Taken => true,
            Put::Full(_) => {
                self.counts.left_out = self.counts.left_out.saturating_add(1);
                true
            }
            Put::Gone => false,
        }
    }

    fn ask_newest(&mut self) {
        let symbols: Vec<Symbol> = self.parts.session.barred().collect();
        if symbols.is_empty() || !self.parts.session.is_up() {
            return;
        }
        let history = self.parts.history.clone();
        let newest = async move { Asked::Newest(history.latest_bars(&symbols).await) };
        self.asked.spawn_on(newest, &self.parts.beside);
    }

    async fn take(&mut self, asked: Asked) -> bool {
        match asked {
            Asked::Missed(missed, outcome) => {
                if let Err(error) = outcome {
                    tracing::warn!(%error, "the bars that the stream missed could not be brought");
                }
                if !std::mem::take(&mut self.filling) {
                    return true;
                }
                for (symbol, bars) in missed {
                    let item = FeedItem::Missed { symbol, bars };
                    if !deliver(&self.parts.items, item).await {
                        return false;
                    }
                }
                self.stands().await
            }
            Asked::Newest(Ok(bars)) => {
                for (symbol, bar) in bars {
                    let start = bar.start;
                    if !self.say(FeedEvent::Newest { symbol, start }).await {
                        return false;
                    }
                }
                true
            }
            Asked::Newest(Err(error)) => {
                tracing::warn!(%error, "the newest bars could not be asked for");
                true
            }
        }
    }
}
