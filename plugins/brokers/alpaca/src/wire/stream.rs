//! The stream of market data: what is said on it, and what comes. Its messages are lists; a list may
//! hold many symbols and kinds, and one that cannot be read does not spoil the others.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use trader_contract::{Bar, Price, Quote, Symbol, Timestamp};

use super::market::{self, Trade};
use super::news::Article;
use super::number::{Number, Rounding};
use super::tape::{Format, Malformed, View};

/// What can be subscribed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DataChannel {
    /// Finished minutes.
    Bars,
    /// Minutes that a late trade has changed.
    UpdatedBars,
    /// The day so far, minute by minute.
    DailyBars,
    /// Best bids and offers.
    Quotes,
    /// Trades; what takes them back or corrects them comes with them.
    Trades,
    /// Halts and what ends them.
    Statuses,
    /// The bands outside which nothing trades.
    Bands,
    /// Articles.
    News,
}

impl DataChannel {
    /// Every one.
    pub const ALL: [Self; 8] = [
        Self::Bars,
        Self::UpdatedBars,
        Self::DailyBars,
        Self::Quotes,
        Self::Trades,
        Self::Statuses,
        Self::Bands,
        Self::News,
    ];

    /// Alpaca's word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Bars => "bars",
            Self::UpdatedBars => "updatedBars",
            Self::DailyBars => "dailyBars",
            Self::Quotes => "quotes",
            Self::Trades => "trades",
            Self::Statuses => "statuses",
            Self::Bands => "lulds",
            Self::News => "news",
        }
    }
}

/// Channels with their symbols; `*` is every symbol.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subscriptions {
    by_channel: BTreeMap<DataChannel, BTreeSet<Box<str>>>,
}

impl Subscriptions {
    /// None.
    pub const NONE: Self = Self {
        by_channel: BTreeMap::new(),
    };

    /// Adds a symbol to a channel.
    pub fn add(&mut self, channel: DataChannel, symbol: &str) {
        let symbols = self.by_channel.entry(channel).or_default();
        symbols.insert(symbol.into());
    }

    /// These and a symbol on a channel.
    #[must_use]
    pub fn with(mut self, channel: DataChannel, symbol: &str) -> Self {
        self.add(channel, symbol);
        self
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_channel.values().all(BTreeSet::is_empty)
    }

    /// Each channel with its symbols.
    pub fn channels(&self) -> impl Iterator<Item = (DataChannel, &BTreeSet<Box<str>>)> {
        self.by_channel.iter().map(|(c, symbols)| (*c, symbols))
    }

    /// The symbols of a channel.
    pub fn symbols(&self, channel: DataChannel) -> impl Iterator<Item = &str> {
        let symbols = self.by_channel.get(&channel);
        symbols.into_iter().flatten().map(|symbol| &**symbol)
    }

    /// What of these is not in `other`.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let mut left = Self::NONE;
        for (channel, symbols) in self.channels() {
            for symbol in symbols {
                let there = other.by_channel.get(&channel);
                if !there.is_some_and(|there| there.contains(symbol) || there.contains("*")) {
                    left.add(channel, symbol);
                }
            }
        }
        left
    }

    /// These of one channel.
    #[must_use]
    pub fn only(&self, channel: DataChannel) -> Self {
        let mut only = Self::NONE;
        for symbol in self.symbols(channel) {
            only.add(channel, symbol);
        }
        only
    }

    /// How many symbols count against a plan's limit: those of trades and quotes.
    #[must_use]
    pub fn counted(&self) -> usize {
        let counted = [DataChannel::Trades, DataChannel::Quotes];
        let sizes = counted.iter().map(|c| self.symbols(*c).count());
        sizes.sum()
    }
}

#[derive(Serialize)]
struct Keys<'a> {
    action: &'static str,
    key: &'a str,
    secret: &'a str,
}

fn packed<T: Serialize>(format: Format, said: &T) -> Vec<u8> {
    // Maps and lists of texts: nothing in them can fail to be written.
    match format {
        Format::Json => serde_json::to_vec(said).unwrap_or_default(),
        Format::MessagePack => rmp_serde::to_vec_named(said).unwrap_or_default(),
    }
}

/// The message that proves who we are. It holds the keys: it must not be logged.
#[must_use]
pub fn authenticate(format: Format, key: &str, secret: &str) -> Vec<u8> {
    let keys = Keys {
        action: "auth",
        key,
        secret,
    };
    packed(format, &keys)
}

/// The message that adds subscriptions, or takes them away.
#[must_use]
pub fn subscribe(format: Format, what: &Subscriptions, adds: Change) -> Vec<u8> {
    use serde_json::Value;
    let mut said = serde_json::Map::new();
    let action = match adds {
        Change::Add => "subscribe",
        Change::Remove => "unsubscribe",
    };
    said.insert("action".to_owned(), Value::from(action));
    for (channel, symbols) in what.channels() {
        let symbols: Vec<Value> = symbols.iter().map(|s| Value::from(&**s)).collect();
        said.insert(channel.word().to_owned(), Value::from(symbols));
    }
    packed(format, &said)
}

/// Whether subscriptions are added or taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Added to what there is.
    Add,
    /// Taken from what there is.
    Remove,
}

/// What trading in a symbol is like, as its exchange says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradingStatus {
    /// The status's letter.
    pub code: Box<str>,
    /// The same in words.
    pub message: Box<str>,
    /// The reason's letters.
    pub reason: Box<str>,
    /// When.
    pub at: Timestamp,
    /// The tape, which decides what the letters mean.
    pub tape: Box<str>,
}

impl TradingStatus {
    /// Whether it says that trading stops or goes on; `None` where it says neither. A letter is read by
    /// its tape.
    #[must_use]
    pub fn halted(&self) -> Option<bool> {
        let nasdaq = matches!(&*self.tape, "C" | "O");
        match (nasdaq, &*self.code) {
            (true, "H" | "P") | (false, "2") => Some(true),
            (true, "T") | (false, "3") => Some(false),
            // `F` says that a limit of the bands is reached; the pause itself comes as a halt.
            _ => None,
        }
    }

    /// Whether short sales are restricted from now on (Reg SHO 201).
    #[must_use]
    pub fn restricts_shorts(&self) -> bool {
        &*self.code == "E" && !matches!(&*self.tape, "C" | "O")
    }
}

/// What comes on the stream of market data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DataMessage {
    /// The socket stands; who we are comes next.
    Connected,
    /// The keys are right.
    Authenticated,
    /// Something went wrong.
    Error {
        /// Alpaca's number of it.
        code: u32,
        /// Alpaca's words.
        message: Box<str>,
    },
    /// What is subscribed to now, all of it.
    Subscribed(Subscriptions),
    /// A finished minute.
    Bar(Symbol, Bar),
    /// A minute that a late trade has changed.
    UpdatedBar(Symbol, Bar),
    /// The day so far.
    DailyBar(Symbol, Bar),
    /// A best bid and offer.
    Quote(Symbol, Quote),
    /// A trade.
    Trade(Symbol, Trade),
    /// A trade that was corrected: its number, and what it is now.
    Correction(Symbol, Option<i64>, Trade),
    /// A trade that was taken back: its number.
    Cancelled(Symbol, Option<i64>),
    /// What trading in a symbol is like.
    Status(Symbol, TradingStatus),
    /// Below and above which nothing trades.
    Bands(Symbol, [Option<Price>; 2]),
    /// An article.
    News(Box<Article>),
    /// Something that is not known here.
    Other(Box<str>),
}

impl DataMessage {
    /// Reads one message of a list.
    ///
    /// # Errors
    /// It lacks what its kind has.
    pub fn read(view: View<'_>) -> Result<Self, Malformed> {
        let kind = view.needs_text("T")?;
        let symbol = || view.needs_symbol("S");
        Ok(match &*kind {
            "b" => Self::Bar(symbol()?, market::bar(view)?),
            "q" => Self::Quote(symbol()?, market::quote(view)?),
            "t" => Self::Trade(symbol()?, Trade::read(view)?),
            "u" => Self::UpdatedBar(symbol()?, market::bar(view)?),
            "d" => Self::DailyBar(symbol()?, market::bar(view)?),
            "s" => Self::Status(symbol()?, status(view)?),
            "l" => Self::Bands(symbol()?, [band(view, "d")?, band(view, "u")?]),
            "c" => {
                let old = view.number("oi")?.and_then(Number::integer);
                Self::Correction(symbol()?, old, corrected(view)?)
            }
            "x" => {
                let id = view.number("i")?.and_then(Number::integer);
                Self::Cancelled(symbol()?, id)
            }
            "n" => Self::News(Box::new(Article::read(view)?)),
            "success" => match &*view.needs_text("msg")? {
                "connected" => Self::Connected,
                "authenticated" => Self::Authenticated,
                other => Self::Other(other.into()),
            },
            "error" => {
                let code = view.needs_number("code")?.integer();
                Self::Error {
                    code: code.and_then(|c| u32::try_from(c).ok()).unwrap_or_default(),
                    message: view.boxed("msg").unwrap_or_default(),
                }
            }
            "subscription" => Self::Subscribed(subscribed(view)),
            other => Self::Other(other.into()),
        })
    }
}

fn status(view: View<'_>) -> Result<TradingStatus, Malformed> {
    Ok(TradingStatus {
        code: view.needs_text("sc")?.into(),
        message: view.boxed("sm").unwrap_or_default(),
        reason: view.boxed("rc").unwrap_or_default(),
        at: view.needs_time("t")?,
        tape: view.boxed("z").unwrap_or_default(),
    })
}

fn band(view: View<'_>, key: &'static str) -> Result<Option<Price>, Malformed> {
    let price = |number: Number| number.price_rounded(Rounding::Nearest);
    Ok(view.number(key)?.and_then(price))
}

/// What a corrected trade is now.
fn corrected(view: View<'_>) -> Result<Trade, Malformed> {
    let wrong = Malformed::Field {
        field: "cp",
        wanted: "a price",
    };
    let price = view.needs_number("cp")?.price_rounded(Rounding::Nearest);
    let size = view.number("cs")?.and_then(Number::count).unwrap_or(0);
    Ok(Trade {
        at: view.needs_time("t")?,
        price: price.ok_or(wrong)?,
        size: u32::try_from(size).unwrap_or(u32::MAX),
        id: view.number("ci")?.and_then(Number::integer),
        exchange: view.boxed("x"),
        conditions: view.texts("cc"),
        update: Some("corrected".into()),
    })
}

fn subscribed(view: View<'_>) -> Subscriptions {
    let mut all = Subscriptions::NONE;
    for channel in DataChannel::ALL {
        for symbol in view.texts(channel.word()) {
            all.add(channel, &symbol);
        }
    }
    all
}
