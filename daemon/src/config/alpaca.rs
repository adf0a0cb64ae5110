//! The broker Alpaca: `[alpaca]`, and what it asks of the other sections.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Serialize;

use super::market::{BrokerKind, ClockKind, MarketSource, Pace};
use super::problem::Problems;
use super::section::{Section, choice};
use super::{Config, Mode};

/// Symbols that a plan with a free feed streams at once.
const FREE_SYMBOLS: usize = 30;

choice! {
    /// Which of Alpaca's accounts.
    AlpacaEndpoint {
        /// The paper account.
        Paper = "paper",
        /// The account with real money.
        Live = "live",
        /// A server on this machine that speaks Alpaca's language.
        Simulator = "simulator",
    }
}

choice! {
    /// Which prices.
    AlpacaFeed {
        /// One exchange of many; free.
        Iex = "iex",
        /// Every exchange; needs a subscription.
        Sip = "sip",
        /// Every exchange, a quarter of an hour late: to look at, not to trade on.
        Delayed = "delayed",
    }
}

/// How Alpaca is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlpacaSettings {
    /// Which of its accounts; it has to agree with `mode`.
    pub endpoint: AlpacaEndpoint,
    /// Where the simulator listens, an address of this machine with a port.
    pub address: Option<SocketAddr>,
    /// Which prices.
    pub feed: AlpacaFeed,
    /// The file with the keys; without it they are systemd's credential `alpaca`.
    pub keys_file: Option<PathBuf>,
}

impl AlpacaSettings {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let endpoint = section.word("endpoint", AlpacaEndpoint::Paper);
        let address = section.text("address").and_then(|(place, text)| {
            let address = text.parse().ok();
            let address = address.filter(|address: &SocketAddr| address.ip().is_loopback());
            if address.is_none() {
                let message = format!(
                    "{text:?} is no address of this machine with a port, like \"127.0.0.1:4000\""
                );
                section.problem(Some(place), "address", message);
            }
            address
        });
        let alpaca = Self {
            endpoint,
            address,
            feed: section.word("feed", AlpacaFeed::Iex),
            keys_file: section
                .text("keys_file")
                .map(|(_, text)| PathBuf::from(text)),
        };
        section.finish();
        alpaca
    }
}

/// Checks that mode, market, broker and `[alpaca]` say the same.
pub(super) fn check(config: &Config, problems: &mut Problems) {
    match config.broker.kind {
        BrokerKind::Sim => check_without(config, problems),
        BrokerKind::Alpaca => check_with(config, problems),
    }
}

fn check_without(config: &Config, problems: &mut Problems) {
    if config.mode != Mode::Simulated {
        let message = format!(
            "{} trading needs a broker outside this program; set broker.kind = \"alpaca\" and \
             market.source = \"alpaca\", or mode = \"simulated\"",
            config.mode
        );
        problems.push(None, "mode", message);
    }
    if config.market.source == MarketSource::Alpaca {
        let message = "the exchange inside this program plays on prices that it knows before they \
                       come; prices of Alpaca need broker.kind = \"alpaca\"";
        problems.push(None, "market.source", message);
    }
    if config.market.clock == ClockKind::Venue {
        let message = "this is the clock of a simulator of Alpaca; set \"wall\" or \"virtual\"";
        problems.push(None, "market.clock", message);
    }
}

fn check_with(config: &Config, problems: &mut Problems) {
    let alpaca = &config.alpaca;
    let simulator = alpaca.endpoint == AlpacaEndpoint::Simulator;
    let wanted = match alpaca.endpoint {
        AlpacaEndpoint::Paper => Mode::Paper,
        AlpacaEndpoint::Live => Mode::Live,
        AlpacaEndpoint::Simulator => Mode::Simulated,
    };
    if config.mode != wanted {
        let message = format!(
            "alpaca.endpoint = \"{}\" is for mode = \"{wanted}\", not \"{}\"; correct one of them",
            alpaca.endpoint, config.mode
        );
        problems.push(None, "mode", message);
    }
    if config.market.source != MarketSource::Alpaca {
        let message = "orders at Alpaca follow prices of Alpaca; set source = \"alpaca\"";
        problems.push(None, "market.source", message);
    }
    match (simulator, alpaca.address) {
        (true, None) => {
            let message = "a simulator needs the address where it listens, like \"127.0.0.1:4000\"";
            problems.push(None, "alpaca.address", message);
        }
        (false, Some(_)) => {
            let message = "only a simulator has an address of its own; take the key out";
            problems.push(None, "alpaca.address", message);
        }
        _ => {}
    }
    check_clock(config, simulator, problems);
    if alpaca.feed == AlpacaFeed::Delayed && !config.trading.observe {
        let message = "delayed prices are a quarter of an hour old: set another feed, or \
                       trading.observe = true";
        problems.push(None, "alpaca.feed", message);
    }
    let symbols = crate::assemble::symbols(config).len();
    if !has_room(alpaca.feed, symbols) {
        let message = format!(
            "the routes name {symbols} symbols, and the feed {} streams {FREE_SYMBOLS}; name fewer, or \
             subscribe to \"sip\"",
            alpaca.feed
        );
        problems.push(None, "alpaca.feed", message);
    }
}

/// Whether a feed streams so many symbols.
pub(crate) fn has_room(feed: AlpacaFeed, symbols: usize) -> bool {
    feed == AlpacaFeed::Sip || symbols <= FREE_SYMBOLS
}

fn check_clock(config: &Config, simulator: bool, problems: &mut Problems) {
    match config.market.clock {
        ClockKind::Wall => {}
        ClockKind::Virtual => {
            let message = "Alpaca's time is not ours to make; set clock = \"wall\"";
            problems.push(None, "market.clock", message);
        }
        ClockKind::Venue if !simulator => {
            let message = "only a simulator has a clock of its own; set clock = \"wall\"";
            problems.push(None, "market.clock", message);
        }
        ClockKind::Venue if config.market.pace == Pace::Max => {
            let message = "the simulator's clock runs at a pace; set the one it was started with";
            problems.push(None, "market.pace", message);
        }
        ClockKind::Venue => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Layer, parse};

    fn read(text: &str) -> Result<(), String> {
        let layer = Layer::file("t.toml".to_owned(), text.to_owned());
        let read = parse(&[layer], &[]).map(drop);
        read.map_err(|problems| problems.to_string())
    }

    const SIMULATOR: &str = "[market]\nsource = \"alpaca\"\nclock = \"venue\"\n[broker]\nkind = \"alpaca\"\n\
                         [alpaca]\nendpoint = \"simulator\"\naddress = \"127.0.0.1:4000\"\n";

    /// What of it is written otherwise, how, and what must be said about it.
    const WRONG: [(&str, &str, &str); 14] = [
        (
            "[market]",
            "mode = \"paper\"\n[market]",
            "is for mode = \"simulated\", not \"paper\"",
        ),
        (
            "source = \"alpaca\"\n",
            "",
            "market.source: orders at Alpaca follow prices of Alpaca",
        ),
        (
            "kind = \"alpaca\"\n",
            "",
            "market.source: the exchange inside this program plays",
        ),
        (
            "kind = \"alpaca\"\n",
            "",
            "market.clock: this is the clock of a simulator",
        ),
        (
            "address = \"127.0.0.1:4000\"\n",
            "",
            "alpaca.address: a simulator needs the address",
        ),
        (
            "127.0.0.1:4000",
            "10.0.0.1:4000",
            "is no address of this machine",
        ),
        (
            "127.0.0.1:4000",
            "127.0.0.1",
            "is no address of this machine",
        ),
        (
            "\"venue\"",
            "\"virtual\"\nstart_date = 2024-03-15",
            "market.clock: Alpaca's time is not ours",
        ),
        (
            "\"venue\"",
            "\"venue\"\npace = \"max\"",
            "market.pace: the simulator's clock runs at a pace",
        ),
        (
            "\"simulator\"",
            "\"simulator\"\nfeed = \"delayed\"",
            "alpaca.feed: delayed prices",
        ),
        (
            "\"simulator\"",
            "\"simulator\"\nkey = \"x\"",
            "alpaca.key: there is no such key",
        ),
        (
            "\"simulator\"",
            "\"live\"",
            "is for mode = \"live\", not \"simulated\"",
        ),
        (
            "\"simulator\"",
            "\"paper\"",
            "alpaca.address: only a simulator has an address",
        ),
        (
            "\"simulator\"",
            "\"paper\"",
            "market.clock: only a simulator has a clock of its own",
        ),
    ];

    #[test]
    fn mode_market_and_broker_have_to_say_the_same() {
        assert!(read(SIMULATOR).is_ok());
        let paper =
            "mode = \"paper\"\n[market]\nsource = \"alpaca\"\n[broker]\nkind = \"alpaca\"\n";
        assert!(read(paper).is_ok());
        for (was, is, expected) in WRONG {
            let text = SIMULATOR.replace(was, is);
            let error = read(&text).unwrap_err();
            assert!(error.contains(expected), "{text}\n{error}");
        }
    }

    #[test]
    fn what_does_not_agree_is_named_where_it_stands_or_where_it_is_missing() {
        let virtual_clock = SIMULATOR.replace("\"venue\"", "\"virtual\"\nstart_date = 2024-03-15");
        let error = read(&virtual_clock).unwrap_err();
        assert!(error.starts_with("t.toml:3:9: market.clock: "), "{error}");
        let without = SIMULATOR.replace("address = \"127.0.0.1:4000\"\n", "");
        let error = read(&without).unwrap_err();
        assert!(error.starts_with("t.toml:6:1: alpaca.address: "), "{error}");
    }
}
