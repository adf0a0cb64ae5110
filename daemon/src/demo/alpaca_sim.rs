//! The demo at a server that speaks Alpaca's language: it runs in this process, and everything between it
//! and the daemon goes over sockets, in the time of its own clock.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use tokio::runtime::Runtime;
use trader_broker_alpaca::simulator::{Books, Options, Pace, Plan, Server};
use trader_calendar::{Calendar, CalendarError, new_york};
use trader_contract::Timestamp;

use super::{Script, cast, parse};
use crate::cli::DemoArgs;
use crate::config::{self, AlpacaFeed, Config};
use crate::exit::{self, Failure};
use crate::scratch::Scratch;
use crate::state;
use crate::supervisor::{Balance, Source};

/// What the server asks its clients for: the same as `alpaca-sim` by default, so that others can look too.
const KEY: &str = "sim-key";
const SECRET: &str = "sim-secret";
/// Seconds of this machine between the server's start and the open: the daemon comes up meanwhile.
const LEAD: i64 = 2;

/// The server; it answers until this is dropped.
pub(super) struct Exchange {
    address: SocketAddr,
    keys: PathBuf,
    books: Books,
    /// The first moment of its clock.
    begins: Timestamp,
    _runtime: Runtime,
}

impl Exchange {
    /// Starts it a little before the session, or where the state folder left off.
    ///
    /// # Errors
    /// It was asked for no pace, or it cannot listen or keep its files.
    pub(super) fn open(
        args: &DemoArgs,
        script: &Script,
        scratch: &Scratch,
    ) -> Result<Self, Failure> {
        let config::Pace::Times(pace) = args.pace else {
            let message =
                "--venue alpaca-sim has a clock that runs by itself: --pace takes a number";
            return Err(Failure::new(exit::USAGE, message));
        };
        let calendar = Calendar::nyse();
        let unknown = |error: CalendarError| Failure::new(exit::CONFIG, error);
        let session = calendar.session(script.date).map_err(unknown)?;
        let closed = || {
            let message = format!("the exchange is closed on {}", script.date);
            Failure::new(exit::CONFIG, message)
        };
        let lead = LEAD
            .saturating_mul(pace.into())
            .saturating_mul(Timestamp::SECOND)
            .max(Timestamp::MINUTE);
        let before = |open: Timestamp| open.plus_nanos(lead.saturating_neg());
        let options = Options {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            state_dir: args.state_dir.as_ref().map(|dir| dir.join("alpaca-sim")),
            key: KEY.to_owned(),
            secret: SECRET.to_owned(),
            market: match &script.bars {
                Some(bars) => bars.display().to_string(),
                None => "the demo's".to_owned(),
            },
            seed: args.seed,
            pace: Pace::times(pace),
            start: Some(before(session.ok_or_else(closed)?.open)),
            plan: Plan::Plus,
        };
        let keys = keep_keys(&scratch.path)?;
        let (runtime, server) = serve(&options, script.bars.is_none())?;
        let now = server.now();
        if calendar.session_at(now).map_err(unknown)?.is_none() {
            let next = calendar.next_session_after(now).map_err(unknown)?;
            server.skip_to(before(next.open));
        }
        let (address, books, begins) = (server.address(), server.books(), server.now());
        runtime.spawn(server.run());
        Ok(Self {
            address,
            keys,
            books,
            begins,
            _runtime: runtime,
        })
    }

    /// What it has by its own books.
    pub(super) fn balance(&self) -> Balance {
        Balance::of_broker(&self.books.account())
    }

    /// The daemon's configuration. What is measured in the server's seconds is at its widest: at a pace of
    /// some hundred, ten of them are over before this machine has woken a thread.
    pub(super) fn config(
        &self,
        args: &DemoArgs,
        script: &Script,
    ) -> Result<(Config, Source), Failure> {
        let market = format!(
            "source = \"alpaca\"\nclock = \"venue\"\n[broker]\nkind = \"alpaca\"\n\
             [alpaca]\nendpoint = \"simulator\"\naddress = \"{}\"\nkeys_file = {:?}\nfeed = \"sip\"\n\
             [orders]\nprotect_within_ms = 30000\n\
             [watch]\nanswer_seconds = 60\nunknown_seconds = 300\norders_alive_seconds = 300\n\
             data_alive_seconds = 300\nbar_late_seconds = 120\naccount_seconds = 600\nskew_ms = 10000\n",
            self.address,
            self.keys.display().to_string(),
        );
        let date = new_york::date(self.begins);
        let config = parse(args, date, &market, &script.routes)?;
        let source = Source::Alpaca(config.alpaca.endpoint, AlpacaFeed::Sip);
        Ok((config, source))
    }
}

/// The server on a runtime of its own.
fn serve(options: &Options, made_up: bool) -> Result<(Runtime, Server), Failure> {
    let failed = |error: String| Failure::new(exit::FAILED, error);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("alpaca-sim")
        .enable_all()
        .build()
        .map_err(|error| failed(format!("cannot start the simulator's runtime: {error}")))?;
    let started = runtime.block_on(async {
        if made_up {
            Server::start_on(options, cast::instruments()).await
        } else {
            Server::start(options).await
        }
    });
    let server = started.map_err(|error| failed(error.to_string()))?;
    Ok((runtime, server))
}

/// Writes the keys where the daemon reads them.
fn keep_keys(folder: &Path) -> Result<PathBuf, Failure> {
    let keys = folder.join("alpaca-sim.keys");
    let write = || {
        state::make_folder(folder, 0o700)?;
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        writeln!(options.open(&keys)?, "{KEY}\n{SECRET}")
    };
    match write() {
        Ok(()) => Ok(keys),
        Err(error) => {
            let message = format!("cannot write {}: {error}", keys.display());
            Err(Failure::new(exit::STATE, message))
        }
    }
}
