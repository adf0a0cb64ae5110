//! The dialogue of a market data stream: authentication, subscriptions, and its errors.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::simulator::rest::data::Plan;

/// How many symbols who does not pay may have trades and quotes of.
const FREE_SYMBOLS: usize = 30;

/// A stream that can be connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Endpoint {
    Sip,
    Iex,
    DelayedSip,
    Test,
    News,
    Opra,
    Indicative,
}

impl Endpoint {
    pub(crate) const ALL: [Self; 7] = [
        Self::Sip,
        Self::Iex,
        Self::DelayedSip,
        Self::Test,
        Self::News,
        Self::Opra,
        Self::Indicative,
    ];

    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Sip => "/v2/sip",
            Self::Iex => "/v2/iex",
            Self::DelayedSip => "/v2/delayed_sip",
            Self::Test => "/v2/test",
            Self::News => "/v1beta1/news",
            Self::Opra => "/v1beta1/opra",
            Self::Indicative => "/v1beta1/indicative",
        }
    }

    /// Whether it is one of options, of which none are listed.
    pub(crate) const fn is_of_options(self) -> bool {
        matches!(self, Self::Opra | Self::Indicative)
    }

    /// Whether only who pays may have it.
    const fn is_paid(self) -> bool {
        matches!(self, Self::Sip | Self::Opra)
    }

    const fn channels(self) -> &'static [&'static str] {
        match self {
            Self::News => &["news"],
            Self::Opra | Self::Indicative => &["trades", "quotes"],
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
    /// Whether the client speaks MessagePack.
    msgpack: bool,
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

/// The errors of the stream and their words.
const ERRORS: [(u16, &str); 15] = [
    (400, "invalid syntax"),
    (401, "not authenticated"),
    (402, "auth failed"),
    (403, "already authenticated"),
    (404, "auth timeout"),
    (405, "symbol limit exceeded"),
    (406, "connection limit exceeded"),
    (407, "slow client"),
    (408, "v2 not enabled"),
    (409, "insufficient subscription"),
    (410, "invalid subscribe action for this feed"),
    (411, "insufficient scope"),
    (412, "option messages are only available in MsgPack"),
    (413, "star subscription not allowed for option quotes"),
    (500, "internal error"),
];

pub(crate) fn error(code: u16) -> Value {
    let known = ERRORS.iter().find(|(known, _)| *known == code);
    let words = known.map_or("internal error", |(_, words)| *words);
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

    fn error(code: u16) -> Self {
        Self::quiet(error(code))
    }

    /// An error that a fault has in store for a message; after one about who asks the connection ends.
    pub(crate) fn of_fault(code: u16, action: &str) -> Self {
        Self {
            closes: action == "auth",
            ..Self::error(code)
        }
    }
}

impl Dialogue {
    pub(crate) const fn new(endpoint: Endpoint, msgpack: bool) -> Self {
        Self {
            endpoint,
            msgpack,
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
            return Answer::error(400);
        };
        let text = |name: &str| text(message, name);
        match text("action") {
            "auth" if self.authorised => Answer::error(403),
            "auth" if (text("key"), text("secret")) == keys => self.authorise(plan),
            "auth" => Answer {
                closes: true,
                ..Answer::error(402)
            },
            "subscribe" | "unsubscribe" if !self.authorised => Answer::error(401),
            "subscribe" => self.change(message, true, plan),
            "unsubscribe" => self.change(message, false, plan),
            _ => Answer::error(400),
        }
    }

    /// Takes credentials that are right, from a message or from the handshake.
    pub(crate) fn authorise(&mut self, plan: Plan) -> Answer {
        if plan == Plan::Basic && self.endpoint.is_paid() {
            return Answer {
                closes: true,
                ..Answer::error(409)
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
            return Answer::error(400);
        };
        if self.endpoint.is_of_options() && !self.msgpack {
            return Answer::error(412);
        }
        let mut new = self.subscribed.clone();
        for (name, symbols) in members.iter().filter(|(name, _)| *name != "action") {
            let channels = self.endpoint.channels();
            let is_empty = symbols.is_null() || symbols.as_array().is_some_and(Vec::is_empty);
            let Some(channel) = channels.iter().find(|channel| *channel == name) else {
                // Clients name every channel that they know, with nothing in it.
                if is_empty {
                    continue;
                }
                return Answer::error(410);
            };
            let Some(symbols) = symbols.as_array() else {
                if symbols.is_null() {
                    continue;
                }
                return Answer::error(400);
            };
            let list = new.entry(*channel).or_default();
            for symbol in symbols {
                let Some(symbol) = symbol.as_str().filter(|symbol| is_symbol(symbol)) else {
                    return Answer::error(400);
                };
                if adds && self.endpoint.is_of_options() && (*channel, symbol) == ("quotes", "*") {
                    return Answer::error(413);
                }
                if adds {
                    list.insert(symbol.to_owned());
                } else {
                    list.remove(symbol);
                }
            }
        }
        if self.is_too_much(&new, plan) {
            return Answer::error(405);
        }
        let trades = new.get("trades").cloned().unwrap_or_default();
        if self.endpoint.channels().contains(&"corrections") {
            for follower in FOLLOWERS {
                new.insert(follower, trades.clone());
            }
        }
        self.subscribed = new;
        Answer::quiet(self.subscription())
    }

    /// Whether it would be more than the plan allows.
    fn is_too_much(&self, new: &BTreeMap<&'static str, BTreeSet<String>>, plan: Plan) -> bool {
        let limited = matches!(self.endpoint, Endpoint::Iex | Endpoint::DelayedSip);
        let free = limited && plan == Plan::Basic;
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

fn text<'a>(message: &'a Value, name: &str) -> &'a str {
    let member = message.get(name).and_then(Value::as_str);
    member.unwrap_or_default()
}

/// What a message of the client asks for.
pub(crate) fn action(message: Option<&Value>) -> &str {
    message.map_or("", |message| text(message, "action"))
}

fn is_symbol(text: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphanumeric() || ".-/*".contains(c);
    !text.is_empty() && text.len() <= 32 && text.chars().all(letter)
}
