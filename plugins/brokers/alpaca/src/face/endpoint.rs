//! Where Alpaca is. Paper, live and simulator are different types, and whatever is connected carries the
//! type of what it is connected to: a run on paper cannot hold a live endpoint. Only the simulator's may
//! go without TLS, and only on this machine.

use std::net::{IpAddr, Ipv4Addr};

mod sealed {
    /// The addresses of one Alpaca.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Addresses {
        pub(crate) trading: String,
        pub(crate) trading_stream: String,
        pub(crate) data: String,
        pub(crate) data_stream: String,
    }

    pub trait Sealed {
        fn addresses(&self) -> Addresses;
    }
}

pub(crate) use sealed::{Addresses, Sealed};

/// An Alpaca that can be traded at.
pub trait Endpoint: Sealed + Clone + Send + Sync + 'static {
    /// Its name, for headers and logs.
    const NAME: &'static str;

    /// The only account that may be traded there, where one is named.
    fn account(&self) -> Option<&str> {
        None
    }
}

/// Alpaca's paper trading: its money, its fills, our orders.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paper(());

impl Paper {
    /// Paper trading.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

/// Alpaca with real money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    account: Box<str>,
}

impl Live {
    /// Live trading of one account, by its number. Whoever makes this has checked that a person wants it;
    /// no order goes out before Alpaca has said that the keys are those of this account.
    #[must_use]
    pub fn of_account(number: &str) -> Self {
        Self {
            account: number.into(),
        }
    }
}

/// A server on this machine that speaks Alpaca's language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Simulator {
    authority: String,
}

/// Why an address is none of a simulator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{address:?} is no simulator: it takes http:// with an address of this machine and a port, like http://127.0.0.1:4000"
)]
pub struct EndpointError {
    address: String,
}

impl Simulator {
    /// A simulator by its address: plain HTTP, on this machine.
    ///
    /// # Errors
    /// The address is on another machine, has no port, or is none.
    pub fn at(address: &str) -> Result<Self, EndpointError> {
        let wrong = || EndpointError {
            address: address.to_owned(),
        };
        let rest = address.strip_prefix("http://").ok_or_else(wrong)?;
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = authority.rsplit_once(':').ok_or_else(wrong)?;
        let port: u16 = port.parse().map_err(|_| wrong())?;
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        // A name could be looked up as anything: the one that is known is taken for what it means.
        let ip = match bare {
            "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
            bare => bare.parse().map_err(|_| wrong())?,
        };
        if !ip.is_loopback() {
            return Err(wrong());
        }
        let socket = std::net::SocketAddr::new(ip, port);
        Ok(Self {
            authority: socket.to_string(),
        })
    }
}

/// Alpaca's addresses of market data, which are the same for every account.
fn alpaca(trading: &str) -> Addresses {
    Addresses {
        trading: format!("https://{trading}"),
        trading_stream: format!("wss://{trading}/stream"),
        data: "https://data.alpaca.markets".to_owned(),
        data_stream: "wss://stream.data.alpaca.markets".to_owned(),
    }
}

impl Sealed for Paper {
    fn addresses(&self) -> Addresses {
        alpaca("paper-api.alpaca.markets")
    }
}

impl Sealed for Live {
    fn addresses(&self) -> Addresses {
        alpaca("api.alpaca.markets")
    }
}

impl Sealed for Simulator {
    fn addresses(&self) -> Addresses {
        let Self { authority } = self;
        Addresses {
            trading: format!("http://{authority}"),
            trading_stream: format!("ws://{authority}/stream"),
            data: format!("http://{authority}"),
            data_stream: format!("ws://{authority}"),
        }
    }
}

impl Endpoint for Paper {
    const NAME: &'static str = "PAPER";
}

impl Endpoint for Live {
    const NAME: &'static str = "LIVE";

    fn account(&self) -> Option<&str> {
        Some(&self.account)
    }
}

impl Endpoint for Simulator {
    const NAME: &'static str = "SIMULATOR";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_reached_without_tls() {
        for good in [
            "http://127.0.0.1:4000",
            "http://127.0.0.1:4000/",
            "http://localhost:1",
            "http://[::1]:4000",
        ] {
            assert!(Simulator::at(good).is_ok(), "{good}");
        }
        for bad in [
            "https://127.0.0.1:4000",
            "http://10.0.0.1:4000",
            "http://api.alpaca.markets:80",
            "http://127.0.0.1",
            "http://127.0.0.1.example.com:80",
            "http://localhost.example.com:80",
            "http://user@127.0.0.1:80",
            "http://127.0.0.1:80/path",
            "127.0.0.1:80",
            "",
        ] {
            let error = Simulator::at(bad).unwrap_err();
            assert!(error.to_string().contains("is no simulator"), "{bad}");
        }
    }

    #[test]
    fn paper_and_live_are_reached_with_tls_on_hosts_of_their_own() {
        let (paper, live) = (
            Paper::new().addresses(),
            Live::of_account("123").addresses(),
        );
        for addresses in [&paper, &live] {
            assert!(addresses.trading.starts_with("https://"));
            assert!(addresses.trading_stream.starts_with("wss://"));
            assert!(addresses.data.starts_with("https://"));
            assert!(addresses.data_stream.starts_with("wss://"));
        }
        assert_ne!(paper.trading, live.trading);
        assert_ne!(paper.trading_stream, live.trading_stream);
        assert_eq!(Live::of_account("123").account(), Some("123"));
        assert_eq!(Paper::new().account(), None);
    }
}
