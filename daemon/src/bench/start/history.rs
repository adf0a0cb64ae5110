//! Makes a history: sessions played by kernel and simulated broker as fast as they go, journal and
//! broker's file written as a daemon writes them, but many commits at once.

use std::path::Path;

use trader_core::Event;
use trader_store::{Reader, Store, Writer};

use crate::bench::edges::{Edges, Journal};
use crate::bench::stage::Stage;
use crate::exit::{self, Failure};
use crate::recording::Recorder;
use crate::state::{self, STORE_FILE};
use crate::supervisor::BROKER_FILE;
use crate::{clock, epoch};

/// An account whose gate lets a route trade all day. A daemon goes on with it at the market's own pace.
pub(super) const HEAD: &str = "[market]
clock = \"virtual\"
start_date = 2020-01-02
pace = 1
[account]
initial_cash = \"10000000\"
[risk]
position_fraction = 0.01
max_open_positions = 50
entries_per_route_per_day = 100
orders_per_minute = 120
orders_per_minute_per_symbol = 60
messages_per_minute = 600
consecutive_losses = 20
daily_loss_fraction = 0.1
max_drawdown = 0.5
[log]
level = \"error\"
";
/// Sessions that are played at most: a strategy that trades too little is told, not waited for.
const SESSIONS: u64 = 500;

/// What was made.
pub(super) struct History {
    pub(super) orders: u64,
    pub(super) entries: u64,
    pub(super) sessions: u64,
    pub(super) store_mb: f64,
    pub(super) broker_mb: f64,
}

impl History {
    /// Plays whole sessions into a state folder until there are so many orders.
    ///
    /// # Errors
    /// The folder cannot be used or has a store already, or the strategies make too few orders.
    pub(super) fn make(stage: &Stage, folder: &Path, orders: u64) -> Result<Self, Failure> {
        let failed = |why: String| Failure::new(exit::FAILED, why);
        let lock = state::prepare(folder)?;
        let path = folder.join(STORE_FILE);
        if path.exists() {
            let message = format!(
                "{} exists: a history is made only in a folder that has none",
                path.display()
            );
            return Err(Failure::new(exit::STATE, message));
        }
        let mut played = Played::begin(stage, &path).map_err(failed)?;
        while played.edges.orders < orders {
            if played.sessions >= SESSIONS {
                let had = played.edges.orders;
                return Err(failed(format!("{SESSIONS} sessions had only {had} orders")));
            }
            played.session(stage).map_err(failed)?;
        }
        let sessions = played.sessions;
        played.end(&folder.join(BROKER_FILE)).map_err(failed)?;
        drop(lock);
        let reader = Reader::open(&path);
        let counts = reader.and_then(|mut reader| reader.counts());
        let counts = counts.map_err(|error| failed(error.to_string()))?;
        Ok(Self {
            orders: counts.orders,
            entries: counts.entries,
            sessions,
            store_mb: megabytes(&path),
            broker_mb: megabytes(&folder.join(BROKER_FILE)),
        })
    }
}

/// What the sessions are played with.
struct Played {
    kernel: trader_kernel::Kernel,
    edges: Edges,
    market: trader_broker_sim::market::SyntheticMarket,
    next: trader_calendar::Session,
    sessions: u64,
}

impl Played {
    fn begin(stage: &Stage, path: &Path) -> Result<Self, String> {
        let told = |error: &dyn std::fmt::Display| error.to_string();
        let mut store =
            Store::open(path, clock::now(), epoch::draw()).map_err(|error| told(&error))?;
        let recovery = store.load().map_err(|error| told(&error))?;
        let mut kernel = stage.kernel(&recovery)?;
        let date = stage.config.market.start_date.ok_or("no first day")?;
        let next = stage.calendar.session(date).map_err(|error| told(&error))?;
        let next = next.ok_or("no session on the first day")?;
        let writer = Writer::spawn(store).map_err(|error| told(&error))?;
        let mut edges = Edges::new(Recorder::off(), Journal::Queued(writer));
        edges.broker = Some(stage.broker());
        let eve = next.open.plus_minutes(-1);
        if let Some(broker) = &mut edges.broker {
            broker.open_session(next.open, next.close);
        }
        kernel.feed(eve, &Event::Start, &mut edges);
        Ok(Self {
            kernel,
            edges,
            market: stage.market(),
            next,
            sessions: 0,
        })
    }

    /// Plays the next session, and what broker and timer have to say until the one after it.
    fn session(&mut self, stage: &Stage) -> Result<(), String> {
        let session = self.next;
        stage.play(session, &mut self.market, &mut self.edges, &mut self.kernel);
        self.next = stage
            .calendar
            .next_session_after(session.close)
            .map_err(|error| error.to_string())?;
        let eve = self.next.open.plus_minutes(-1);
        self.edges.settle(&mut self.kernel, eve);
        self.sessions = self.sessions.saturating_add(1);
        match self.kernel.journal_failure() {
            Some(why) => Err(why.to_owned()),
            None => Ok(()),
        }
    }

    /// Writes what is queued, and the broker's file.
    fn end(self, broker_file: &Path) -> Result<(), String> {
        if let Journal::Queued(writer) = self.edges.journal {
            let store = writer.shut_down();
            store.map(drop).map_err(|error| error.to_string())?;
        }
        let broker = self.edges.broker.ok_or("no broker")?;
        let text = broker.save().map_err(|error| error.to_string())?;
        std::fs::write(broker_file, text).map_err(|error| error.to_string())
    }
}

fn megabytes(path: &Path) -> f64 {
    let bytes = std::fs::metadata(path).map_or(0, |file| file.len());
    u32::try_from(bytes >> 10).map_or(f64::INFINITY, |kilo| f64::from(kilo) / 1024.0)
}
