//! The dialogue of a market data stream: authentication, subscriptions, and its errors.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::simulator::rest::data::Plan;

/// How many symbols the free feed may have trades and quotes of.
const FREE_SYMBOLS: usize = 30;

/// A stream that can be connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Endpoint {
    Sip,
    Iex,
    DelayedSip,
    Test,
    News,
}

impl Endpoint {
    pub(crate) const ALL: [Self; 5] = [
        Self::Sip,
        Self::Iex,
        Self::DelayedSip,
        Self::Test,
        Self::News,
    ];

    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Sip => "/v2/sip",
            Self::Iex => "/v2/iex",
            Self::DelayedSip => "/v2/delayed_sip",
            Self::Test => "/v2/test",
            Self::News => "/v1beta1/news",
        }
    }

    const fn channels(self) -> &'static [&'static str] {
        match self {
            Self::News => &["news"],
            _ => &[
                "trades",
                "quotes",
                "bars",
                "updatedBars",
                "dailyBars",
                "statuses",
                "lulds",
                "imbalances",
                "corrections",
                "cancelErrors",
            ],
        }
    }
}

/// Channels that follow the trades by themselves.
const FOLLOWERS: [&str; 2] = ["corrections", "cancelErrors"];

/// Where a connection stands.
#[derive(Debug, Clone)]
pub(crate) struct Dialogue {
    endpoint: Endpoint,
    pub(crate) authorised: bool,
    subscribed: BTreeMap<&'static str, BTreeSet<String>>,
}

/// What a message of the client leads to.
pub(crate) struct Answer {
    pub(crate) reply: Value,
    /// Whether the connection wants to become the account's one on its endpoint.
    pub(crate) opens: bool,
    pub(crate) closes: bool,
}

pub(crate) fn error(code: u16, words: &str) -> Value {
    json!([{"T": "error", "code": code, "msg": words}])
}

pub(crate) fn success(words: &str) -> Value {
    json!([{"T": "success", "msg": words}])
}

impl Answer {
    const fn quiet(reply: Value) -> Self {
        Self {
            reply,
            opens: false,
            closes: false,
        }
    }

    fn error(code: u16, words: &str) -> Self {
        Self::quiet(error(code, words))
    }
}

impl Dialogue {
    pub(crate) const fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            authorised: false,
            subscribed: BTreeMap::new(),
        }
    }

    /// Takes a message of the client.
    pub(crate) fn take(
        &mut self,
        message: Option<&Value>,
        keys: (&str, &str),
        plan: Plan,
    ) -> Answer {
        let Some(message) = message else {
            return Answer::error(400, "invalid syntax");
        };
        let text = |name: &str| {
            message
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        match text("action") {
            "auth" if self.authorised => Answer::error(403, "already authenticated"),
            "auth" if (text("key"), text("secret")) == keys => self.authorise(plan),
            "auth" => Answer {
                closes: true,
                ..Answer::error(402, "auth failed")
            },
            "subscribe" | "unsubscribe" if !self.authorised => {
                Answer::error(401, "not authenticated")
            }
            "subscribe" => self.change(message, true, plan),
            "unsubscribe" => self.change(message, false, plan),
            _ => Answer::error(400, "invalid syntax"),
        }
    }

    /// Takes credentials that are right, from a message or from the handshake.
    pub(crate) fn authorise(&mut self, plan: Plan) -> Answer {
        if plan == Plan::Basic && self.endpoint == Endpoint::Sip {
            return Answer {
                closes: true,
                ..Answer::error(409, "insufficient subscription")
            };
        }
        self.authorised = true;
        Answer {
            opens: true,
            ..Answer::quiet(success("authenticated"))
        }
    }

    fn change(&mut self, message: &Value, adds: bool, plan: Plan) -> Answer {
        let Some(members) = message.as_object() else {
            return Answer::error(400, "invalid syntax");
        };
        let mut new = self.subscribed.clone();
        for (name, symbols) in members.iter().filter(|(name, _)| *name != "action") {
            let channels = self.endpoint.channels();
            let Some(channel) = channels.iter().find(|channel| *channel == name) else {
                return Answer::error(410, "invalid subscribe action for this feed");
            };
            let Some(symbols) = symbols.as_array() else {
                if symbols.is_null() {
                    continue;
                }
                return Answer::error(400, "invalid syntax");
            };
            let list = new.entry(*channel).or_default();
            for symbol in symbols {
                let Some(symbol) = symbol.as_str().filter(|symbol| is_symbol(symbol)) else {
                    return Answer::error(400, "invalid syntax");
                };
                if adds {
                    list.insert(symbol.to_owned());
                } else {
                    list.remove(symbol);
                }
            }
        }
        if self.is_too_much(&new, plan) {
            return Answer::error(405, "symbol limit exceeded");
        }
        let trades = new.get("trades").cloned().unwrap_or_default();
        if self.endpoint != Endpoint::News {
            for follower in FOLLOWERS {
                new.insert(follower, trades.clone());
            }
        }
        self.subscribed = new;
        Answer::quiet(self.subscription())
    }

    /// Whether the free feed would carry more than it does: that of the one small exchange is the
    /// same for everybody.
    fn is_too_much(&self, new: &BTreeMap<&'static str, BTreeSet<String>>, plan: Plan) -> bool {
        let free = self.endpoint == Endpoint::Iex
            || (plan == Plan::Basic && self.endpoint == Endpoint::DelayedSip);
        let counted = ["trades", "quotes"]
            .into_iter()
            .filter_map(|channel| new.get(channel));
        let symbols: BTreeSet<&String> = counted.flatten().collect();
        free && (symbols.len() > FREE_SYMBOLS || symbols.iter().any(|symbol| *symbol == "*"))
    }

    fn subscription(&self) -> Value {
        let mut shown = Map::new();
        shown.insert("T".to_owned(), json!("subscription"));
        for channel in self.endpoint.channels() {
            let symbols = self.subscribed.get(channel);
            let symbols = symbols.map(|symbols| json!(symbols));
            shown.insert((*channel).to_owned(), symbols.unwrap_or_else(|| json!([])));
        }
        json!([shown])
    }

    /// Whether a message of a channel about a symbol is wanted.
    pub(crate) fn wants(&self, channel: &str, symbol: &str) -> bool {
        let symbols = self.subscribed.get(channel);
        symbols.is_some_and(|symbols| symbols.contains(symbol) || symbols.contains("*"))
    }

    /// Whether anything is wanted.
    pub(crate) fn is_idle(&self) -> bool {
        self.subscribed.values().all(BTreeSet::is_empty)
    }
}

fn is_symbol(text: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphanumeric() || ".-/*".contains(c);
    !text.is_empty() && text.len() <= 32 && text.chars().all(letter)
}
