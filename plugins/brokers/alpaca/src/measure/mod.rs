//! What a bench measures a client of Alpaca by, on this machine: a bare peer that says just enough of
//! Alpaca's language and notes when the first byte of an order comes, and a bare client on the same HTTP and
//! WebSocket stack, which answers each message by an order and does nothing else.

mod client;
mod frames;
mod peer;
mod rest;

pub use client::{BareClient, BareError};
pub use peer::{Line, Peer, Venue};

use serde::Serialize;
use trader_contract::{Bar, Price, Quote, Symbol};

/// A message of market data as it stands in a list on the stream.
#[derive(Serialize)]
#[serde(untagged)]
enum Message<'a> {
    Bar {
        #[serde(rename = "T")]
        kind: &'static str,
        #[serde(rename = "S")]
        symbol: &'a str,
        o: f64,
        h: f64,
        l: f64,
        c: f64,
        v: u64,
        n: u32,
        vw: f64,
        t: String,
    },
    Quote {
        #[serde(rename = "T")]
        kind: &'static str,
        #[serde(rename = "S")]
        symbol: &'a str,
        bx: &'static str,
        bp: f64,
        bs: u32,
        ax: &'static str,
        ap: f64,
        r#as: u32,
        c: [&'static str; 1],
        z: &'static str,
        t: String,
    },
}

fn dollars(price: Price) -> f64 {
    // Written with two decimals, as prices are: what is read back is the same.
    price.to_string().parse().unwrap_or(0.0)
}

/// Finished minutes as one message of the stream.
#[must_use]
pub fn bars(bars: &[(Symbol, Bar)]) -> Vec<u8> {
    let messages: Vec<Message<'_>> = bars
        .iter()
        .map(|(symbol, bar)| Message::Bar {
            kind: "b",
            symbol: symbol.as_str(),
            o: dollars(bar.open),
            h: dollars(bar.high),
            l: dollars(bar.low),
            c: dollars(bar.close),
            v: bar.volume,
            n: 10,
            vw: dollars(bar.close),
            t: bar.start.to_string(),
        })
        .collect();
    packed(&messages)
}

/// Best bids and offers as one message of the stream.
#[must_use]
pub fn quotes(quotes: &[(Symbol, Quote)]) -> Vec<u8> {
    let messages: Vec<Message<'_>> = quotes
        .iter()
        .map(|(symbol, quote)| Message::Quote {
            kind: "q",
            symbol: symbol.as_str(),
            bx: "V",
            bp: quote.bid.map_or(0.0, dollars),
            bs: quote.bid_size,
            ax: "V",
            ap: quote.ask.map_or(0.0, dollars),
            r#as: quote.ask_size,
            c: ["R"],
            z: "C",
            t: quote.at.to_string(),
        })
        .collect();
    packed(&messages)
}

fn packed<T: Serialize>(messages: &T) -> Vec<u8> {
    // Maps of texts and numbers: nothing in them can fail to be written.
    rmp_serde::to_vec_named(messages).unwrap_or_default()
}
