//! A simulator that speaks Alpaca's language, in this process, for daemons that ask it about something.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use clap::Parser;
use serde_json::Value;
use trader_broker_alpaca::simulator::{Options, Server};

use crate::daemon::Place;
use crate::shop::place;

/// What it takes for keys.
pub(crate) const KEYS: &str = "sim-key\nsim-secret\n";

/// The simulator, an hour into a session. It ends when this is dropped.
pub(crate) struct Exchange {
    /// The address on which it listens.
    pub(crate) address: String,
    _runtime: tokio::runtime::Runtime,
}

impl Exchange {
    /// Starts it with more options than the time.
    pub(crate) fn open(options: &[&str]) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let begin = ["alpaca-sim", "--start", "2026-11-25T15:30:00Z"];
        let options = Options::parse_from(begin.iter().chain(options));
        trader_broker_alpaca::face::init();
        let server = runtime.block_on(Server::start(&options)).unwrap();
        let address = server.address().to_string();
        runtime.spawn(server.run());
        Self {
            address,
            _runtime: runtime,
        }
    }

    /// The hand on it.
    pub(crate) fn admin(&self, path: &str, body: &Value) {
        let body = body.to_string();
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(
            stream,
            "POST /admin/{path} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.address,
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
    }

    /// The section of a configuration that leads to it, with these keys in a file of the place.
    pub(crate) fn section(&self, place: &Place, keys: &str) -> String {
        let path = key_file(place);
        std::fs::write(&path, keys).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        format!(
            "[alpaca]\nendpoint = \"simulator\"\naddress = \"{}\"\nkeys_file = \"{}\"\n",
            self.address,
            path.display()
        )
    }

    /// A daemon that trades nothing there, and may ask it with these keys.
    pub(crate) fn quiet(&self, keys: &str) -> Place {
        let place = place("max_running = 2");
        let config = std::fs::read_to_string(place.config()).unwrap();
        let section = self.section(&place, keys);
        place.configure(&format!("{config}\n{section}"));
        place
    }
}

/// The file with the keys of a place.
pub(crate) fn key_file(place: &Place) -> PathBuf {
    place.path().join("alpaca.keys")
}
