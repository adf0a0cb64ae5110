//! Alpaca as the daemon's venue: one connection that trades, one that brings prices, and a task that
//! compares clocks, asks what may be done with each symbol, and what was split.

mod past;
mod splits;
mod watch;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use trader_broker_alpaca::face::credentials::CredentialError;
use trader_broker_alpaca::face::{
    DataChannel, Endpoint, Feed, Keys, KnownOrder, Live, MarketData, MarketDataSettings, Outlet,
    Paper, Simulator, StartError, Subscriptions, Trading, TradingSettings, init,
};
use trader_calendar::Session;
use trader_contract::{Bar, BrokerEvent, BrokerRequest, OrderRequest, Symbol, SymbolId, Timestamp};
use trader_core::book::Book;
use trader_core::{Engine, Event};

use super::Balance;
use super::inbox::Slot;
use super::runtime::EngineRuntime;
use crate::config::{AlpacaEndpoint, AlpacaSettings, ClockKind, Config, Pace};
use crate::exit::{self, Failure};
use crate::start::Prepared;
use crate::{assemble, clock, warm_up};

/// How long a simulator may take to say what time it has.
const CLOCK_PATIENCE: Duration = Duration::from_secs(15);
/// Minutes of a full session.
const MINUTES_A_SESSION: usize = 390;
/// How old the newest minutes are that a plan without subscription may ask for of every exchange.
const DELAY: i64 = 16 * Timestamp::MINUTE;

/// A trading connection, which carries in its type what it is connected to.
pub(super) enum Account {
    /// The paper account.
    Paper(Trading<Paper>),
    /// The account with real money.
    Live(Trading<Live>),
    /// A simulator on this machine.
    Simulator(Trading<Simulator>),
}

/// Calls the same method of whatever is connected.
macro_rules! ask {
    ($account:expr, $trading:ident => $call:expr) => {
        match $account {
            Account::Paper($trading) => $call,
            Account::Live($trading) => $call,
            Account::Simulator($trading) => $call,
        }
    };
}
use ask;

/// The connections.
pub(super) struct Alpaca {
    account: Arc<Account>,
    data: MarketData,
    symbols: Vec<Symbol>,
    feed: Feed,
    delayed: bool,
    /// What was not sent comes back as events.
    returned: VecDeque<BrokerEvent>,
    /// What the broker last said that it holds.
    balance: Option<Balance>,
    /// The splits that were known at the start.
    splits: Vec<Event>,
    /// Ends the task that watches when this is dropped.
    stop: DropGuard,
    watch: JoinHandle<()>,
}

/// Follows the simulator's clock, where the configuration says that it is the time.
///
/// # Errors
/// There are no keys, or the simulator does not answer.
pub(super) fn follow_clock(config: &Config) -> Result<(), Failure> {
    let (ClockKind::Venue, Pace::Times(pace)) = (config.market.clock, config.market.pace) else {
        return Ok(());
    };
    init();
    let settings = TradingSettings::new(keys(&config.alpaca)?, clock::now);
    let nobody: Outlet<BrokerEvent> = Arc::new(|_| trader_broker_alpaca::face::Put::Taken);
    let trading = Trading::start(
        &crate::alpaca::simulator(&config.alpaca).map_err(failed)?,
        settings,
        &[],
        nobody,
    );
    let trading = trading.map_err(failed)?;
    let asked = clock::elapsed();
    let answer = Handle::current().block_on(async {
        let answer = tokio::time::timeout(CLOCK_PATIENCE, trading.clock()).await;
        let answered = clock::elapsed();
        // Only one may listen, and the connection that trades comes next.
        trading.stop().await;
        (answer, answered)
    });
    let (Ok(Ok(theirs)), answered) = answer else {
        let (Ok(Err(error)), _) = answer else {
            return Err(failed(
                "the simulator does not say what time it has; start it first",
            ));
        };
        return Err(failed(error));
    };
    let half = answered.saturating_sub(asked).checked_div(2);
    let shown_when = asked.saturating_add(half.unwrap_or_default());
    clock::follow(theirs.at, shown_when, pace);
    Ok(())
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::new(exit::CONFIG, error)
}

/// The keys: of the file that is named, else a credential of the unit's own, else one of the folder.
fn keys(settings: &AlpacaSettings) -> Result<Keys, Failure> {
    crate::alpaca::keys(settings).map_err(|error| match error {
        CredentialError::None { .. } => failed(
            "there are no keys of Alpaca: put them, the key id and its secret in a line each, into \
             /etc/traderd/credentials/alpaca, root's and 0600, and restart; or name a file of mode 0600 in \
             alpaca.keys_file",
        ),
        error => failed(error),
    })
}

/// What every connection is made of.
struct Making<'a> {
    keys: Keys,
    feed: Feed,
    known: Vec<KnownOrder>,
    symbols: &'a [Symbol],
    slot: &'a Slot,
    /// Where what is asked beside the stream of prices is carried out.
    beside: Handle,
}

impl Making<'_> {
    fn connect<E: Endpoint>(
        self,
        endpoint: &E,
        wrap: fn(Trading<E>) -> Account,
    ) -> Result<(Account, MarketData), StartError> {
        let mut settings = TradingSettings::new(self.keys.clone(), clock::venue);
        settings.pace = clock::venue_pace();
        let trading = Trading::start(endpoint, settings, &self.known, self.slot.broker())?;
        let mut settings = MarketDataSettings::new(self.keys, self.feed, clock::venue);
        settings.pace = clock::venue_pace();
        settings.beside = Some(self.beside);
        let mut wanted = Subscriptions::NONE;
        for symbol in self.symbols {
            for channel in [
                DataChannel::Bars,
                DataChannel::UpdatedBars,
                DataChannel::Quotes,
                DataChannel::Statuses,
            ] {
                wanted.add(channel, symbol.as_str());
            }
        }
        let data = MarketData::start(endpoint, settings, wanted, self.slot.feed())?;
        Ok((wrap(trading), data))
    }
}

impl Alpaca {
    /// Connects, on the engine's runtime; what only watches is on the caller's. That Alpaca cannot be
    /// reached is no error: it is told as events, and tried again and again.
    ///
    /// # Errors
    /// There are no keys, or the account that may be traded is not named.
    pub(super) fn open(
        prepared: &Prepared,
        engine: &Engine,
        (slot, runtime): (&Slot, &EngineRuntime),
    ) -> Result<Self, Failure> {
        init();
        let config = &prepared.config;
        let settings = &config.alpaca;
        let symbols = super::table(engine);
        let routed = assemble::symbols(config);
        let feed = crate::alpaca::feed(settings);
        let making = Making {
            keys: keys(settings)?,
            feed,
            known: known(engine.book()),
            symbols: match crate::config::has_room(settings.feed, symbols.len()) {
                true => &symbols,
                // What is still held then has no price; its stop rests, and the day closes it.
                false => &routed,
            },
            slot,
            beside: Handle::current(),
        };
        let inside = runtime.enter();
        let connected = match settings.endpoint {
            AlpacaEndpoint::Paper => making.connect(&Paper::new(), Account::Paper),
            AlpacaEndpoint::Simulator => making.connect(
                &crate::alpaca::simulator(settings).map_err(failed)?,
                Account::Simulator,
            ),
            AlpacaEndpoint::Live => {
                // The engine holds the account only where the keys of live trading agreed.
                let live = engine.authority().live.as_deref();
                let account = live.ok_or_else(|| failed(crate::keys::KeyError::NoAccount))?;
                making.connect(&Live::of_account(account), Account::Live)
            }
        };
        drop(inside);
        let (account, data) = connected.map_err(failed)?;
        let splits = splits::Splits {
            history: data.history().clone(),
            symbols: symbols.clone(),
            calendar: prepared.calendar.clone(),
        };
        let known_splits = Handle::current().block_on(splits.at_start());
        let account = Arc::new(account);
        let stop = CancellationToken::new();
        let watched = watch::Watched {
            account: Arc::clone(&account),
            symbols: symbols.clone(),
            calendar: prepared.calendar.clone(),
            events: slot.broker(),
            slot: slot.clone(),
            splits,
            stop: stop.clone(),
        };
        let watch = tokio::spawn(watched.run());
        Ok(Self {
            account,
            data,
            symbols,
            feed,
            delayed: feed == Feed::DelayedSip,
            returned: VecDeque::new(),
            balance: None,
            splits: known_splits,
            stop: stop.drop_guard(),
            watch,
        })
    }

    /// The bars of the past that warm up what needs `minutes` of them, all ended by now: see [`past`].
    pub(super) fn past(
        &self,
        prepared: &Prepared,
        session: Session,
        minutes: usize,
    ) -> Vec<(SymbolId, Arc<[Bar]>)> {
        if minutes == 0 {
            return Vec::new();
        }
        let sessions = warm_up::sessions(&prepared.calendar, &session, minutes, MINUTES_A_SESSION);
        let now = clock::venue();
        let newest = if self.delayed {
            now.plus_nanos(-DELAY)
        } else {
            now
        };
        let asked = past::Asked {
            symbols: &self.symbols,
            from: sessions.first().map_or(session.open, |first| first.open),
            until: newest.plus_minutes(-1),
            feed: self.feed,
        };
        let mut by_symbol = asked.bars(self.data.history(), &prepared.folders.state);
        let ids = (0_u32..).map(SymbolId::new);
        let symbols = ids.zip(&self.symbols);
        symbols
            .filter_map(|(id, symbol)| Some((id, Arc::from(by_symbol.remove(symbol)?))))
            .collect()
    }

    /// A symbol as the engine knows it.
    pub(super) fn id(&self, symbol: Symbol) -> Option<SymbolId> {
        let index = self.symbols.binary_search(&symbol).ok()?;
        u32::try_from(index).ok().map(SymbolId::new)
    }

    /// Makes an order ready that may be handed over soon.
    pub(super) fn prepare(&self, order: &OrderRequest) {
        ask!(&*self.account, trading => trading.prepare(order));
    }

    /// Hands over a request; one that cannot be taken now comes back as an event.
    pub(super) fn request(&mut self, request: BrokerRequest) {
        let taken = ask!(&*self.account, trading => trading.request(request));
        if let Err(event) = taken {
            self.returned.push_back(*event);
        }
    }

    /// Takes the splits that were known at the start, as events.
    pub(super) fn take_splits(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.splits)
    }

    /// Whether something came back.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.returned.front().map(|_| Timestamp::MIN)
    }

    /// Takes what came back.
    pub(super) fn take(&mut self) -> Option<BrokerEvent> {
        self.returned.pop_front()
    }

    /// Keeps what the broker says that it holds.
    pub(super) fn hear(&mut self, event: &BrokerEvent) {
        if let BrokerEvent::Snapshot(snapshot) = event {
            self.balance = Some(Balance::of_snapshot(snapshot));
        }
    }

    /// What the broker last said that it holds.
    pub(super) fn balance(&self) -> Option<Balance> {
        self.balance.clone()
    }

    /// Closes both streams in good order: Alpaca counts those that are merely cut off for a while.
    pub(super) async fn close(self) {
        drop(self.stop);
        // One that failed has stopped too.
        let _stopped = self.watch.await;
        self.data.stop().await;
        if let Some(account) = Arc::into_inner(self.account) {
            ask!(account, trading => trading.stop().await);
        }
    }

    /// Makes the stream of prices anew.
    pub(super) fn renew_feed(&self, why: &str) {
        tracing::warn!(why, "the stream of market data is made anew");
        if !self.data.renew(why) {
            tracing::warn!("the stream of market data is being made already");
        }
    }
}

/// The orders of the journal that may matter still.
fn known(book: &Book) -> Vec<KnownOrder> {
    let order =
        |(client_id, order): (&trader_contract::ClientOrderId, &trader_core::book::Order)| {
            KnownOrder {
                client_id: *client_id,
                broker_id: order.broker_id.clone(),
                parent: order.planned.parent,
                live: order.is_live(),
            }
        };
    book.orders.iter().map(order).collect()
}
