//! `traderd bench tick-to-order`: from a message of market data to the first byte of the order that it
//! leads to, by the whole daemon over real sockets: stream, client, queue, engine, gate, synced commit of
//! the journal, request. Beside it a bare client on the same stack, message by message in turn.
//!
//! Each is measured after a rest of the same length, and on the second of two messages: what it does, and not
//! how long the machine takes to find again what it had put away. A longer rest (`--apart-us`) adds that: cores
//! that sleep, caches that others have filled.
//!
//! Then the same daemon takes the minutes of all symbols at once, and a flood of quotes.

mod acts;
mod daemon;
mod report;

use std::time::Duration;

use trader_broker_alpaca::measure::{BareClient, Line, Peer, Venue, bars, quotes};
use trader_contract::{Bar, Price, Quote, Symbol, Timestamp};

use self::acts::{ACTS, QUIET};
use self::daemon::Daemon;
pub(crate) use self::report::Report;
use self::report::{Feed, Sample};
use crate::clock;
use crate::exit::{self, Failure};

/// When the venue's time begins: in a session, and a fortnight before the next day without one.
const SHOWN: &str = "2025-03-05T15:00:10Z";
/// Messages that are timed, without `--messages`.
const MESSAGES: u32 = 1_000;
/// Messages before them.
const WARM_UP: u32 = 100;
/// Symbols; each acts once a minute.
const SYMBOLS: usize = 500;
/// Seconds of the venue in a second, so that no minute is waited for long.
const PACE: u32 = 6;
/// The rest before each message, without `--apart-us`: the engine has had nothing to do for so long.
const APART: Duration = Duration::from_micros(250);
/// Messages in a row; the last one is timed.
const IN_A_ROW: u32 = 2;
/// The wait for the next minute, once every symbol has had this one.
const NEXT_MINUTE: Duration = Duration::from_millis(8);
/// How long an order may take, and how many messages may have none: the daemon enters nothing while it
/// compares its books with the broker's, say.
const PATIENCE: Duration = Duration::from_secs(3);
const TRIES: u32 = 5;
/// How long the daemon may take to be up.
const START: Duration = Duration::from_secs(60);
/// Times that all symbols' minutes come at once.
const BURSTS: u32 = 5;
/// Messages of quotes, quotes in each and the time between two: ten seconds of 10,000 a second.
const FLOOD: u32 = 10_000;
const TOGETHER: u32 = 10;
const EACH: Duration = Duration::from_millis(1);

fn failed(why: impl std::fmt::Display) -> Failure {
    Failure::new(exit::FAILED, why)
}

/// Measures.
///
/// # Errors
/// The daemon or the peer cannot be started, or an order does not come.
pub(crate) fn tick_to_order(
    messages: Option<u32>,
    apart: Option<Duration>,
) -> Result<Report, Failure> {
    let apart = apart.unwrap_or(APART);
    let shown: Timestamp = SHOWN.parse().map_err(failed)?;
    let venue = Venue {
        shown,
        at: clock::elapsed(),
        pace: PACE,
    };
    let peer = Peer::start(venue, clock::elapsed).map_err(failed)?;
    let bare = BareClient::start(peer.address()).map_err(failed)?;
    let daemon = Daemon::start(peer.address(), SYMBOLS, PACE)?;
    let mut bench = Bench::new(&peer, &daemon, apart);
    bench.wait(Line::Bare)?;
    bench.wait(Line::Subscriber)?;
    bench.until_it_acts()?;
    let mut samples = Vec::new();
    for message in 0..WARM_UP.saturating_add(messages.unwrap_or(MESSAGES)) {
        let bare = bench.act_in_a_row(Line::Bare)?;
        let whole = bench.act_in_a_row(Line::Subscriber)?;
        if message >= WARM_UP {
            let span = daemon.last().ok_or_else(|| failed("no order was sent"))?;
            samples.push(Sample { bare, whole, span });
        }
    }
    let burst = bench.bursts()?;
    let feed = bench.flood()?;
    let unanswered = bench.unanswered;
    drop(bare);
    daemon.stop()?;
    Report::of(&samples, &burst, feed, (apart, SYMBOLS, unanswered))
}

/// A message and its answer, by the clock.
#[derive(Debug, Clone, Copy)]
struct Answered {
    sent: Duration,
    order: Duration,
}

/// Who sends the messages.
struct Bench<'a> {
    peer: &'a Peer,
    daemon: &'a Daemon,
    /// The rest before each message.
    apart: Duration,
    symbols: Vec<(Symbol, Timestamp)>,
    next: usize,
    /// Messages that no order came of.
    unanswered: u32,
}

impl<'a> Bench<'a> {
    fn new(peer: &'a Peer, daemon: &'a Daemon, apart: Duration) -> Self {
        let unsent = |symbol: &Symbol| (*symbol, Timestamp::MIN);
        Self {
            peer,
            daemon,
            apart,
            symbols: daemon.symbols().iter().map(unsent).collect(),
            next: 0,
            unanswered: 0,
        }
    }

    fn wait(&self, line: Line) -> Result<(), Failure> {
        match self.peer.wait_for(line, START) {
            true => Ok(()),
            false => Err(failed(format!("nobody hears on the line {line:?}"))),
        }
    }

    /// Sends messages until the daemon acts on one: it does once it has heard of its account.
    fn until_it_acts(&mut self) -> Result<(), Failure> {
        let begun = clock::elapsed();
        while clock::elapsed().saturating_sub(begun) < START {
            let message = bars(&[self.minute(ACTS)?]);
            let sent = self.peer.send(Line::Subscriber, &message);
            sent.map_err(failed)?;
            if self.peer.order(Duration::from_millis(500)).is_some() {
                return Ok(());
            }
        }
        Err(failed("the daemon sends no order"))
    }

    /// The newest minute of the next symbol, once it has one that it has not sent.
    fn minute(&mut self, volume: u64) -> Result<(Symbol, Bar), Failure> {
        loop {
            let now = self.peer.now();
            let into = now.nanos().rem_euclid(Timestamp::MINUTE);
            let start = now.plus_nanos(into.saturating_neg()).plus_minutes(-1);
            let count = self.symbols.len().max(1);
            let next = self.next.checked_rem(count).unwrap_or(0);
            if let Some((symbol, sent)) = self.symbols.get_mut(next)
                && *sent < start
            {
                *sent = start;
                self.next = next.saturating_add(1);
                return Ok((*symbol, bar(start, volume)?));
            }
            self.pause(NEXT_MINUTE);
        }
    }

    /// Waits, while no order comes.
    fn pause(&self, time: Duration) {
        let _none = self.peer.order(time);
    }

    /// Waits until the engine has had nothing to do for the time of a rest, and no connection either.
    fn rest(&self) {
        let begun = clock::elapsed();
        while clock::elapsed().saturating_sub(begun) < PATIENCE {
            let before = self.daemon.at_rest();
            self.pause(self.apart);
            if before.is_some() && self.daemon.at_rest() == before {
                return;
            }
        }
    }

    /// Has messages answered, one after the other; when the last one was.
    fn act_in_a_row(&mut self, line: Line) -> Result<Answered, Failure> {
        for _ in 1..IN_A_ROW {
            self.act(line)?;
        }
        self.act(line)
    }

    /// Has a message answered by an order.
    fn act(&mut self, line: Line) -> Result<Answered, Failure> {
        for _ in 0..TRIES {
            let bar = match line {
                Line::Subscriber => self.minute(ACTS)?,
                Line::Bare => self.any()?,
            };
            self.rest();
            if let Some(answered) = self.answered(line, &bars(&[bar]))? {
                return Ok(answered);
            }
            self.unanswered = self.unanswered.saturating_add(1);
        }
        Err(failed(format!("no order comes on the line {line:?}")))
    }

    /// A bar of the same length, for who does not look.
    fn any(&self) -> Result<(Symbol, Bar), Failure> {
        let first = self.symbols.first();
        let (symbol, _) = first.ok_or_else(|| failed("the daemon has no symbol"))?;
        Ok((*symbol, bar(self.peer.now(), ACTS)?))
    }

    /// Sends a message; `None` where no order comes of it in time.
    fn answered(&self, line: Line, message: &[u8]) -> Result<Option<Answered>, Failure> {
        let sent = self.peer.send(line, message).map_err(failed)?;
        let order = self.peer.order(PATIENCE);
        Ok(order.map(|order| Answered { sent, order }))
    }

    /// The minutes of all symbols in one message; the last one leads to an order, which comes when all
    /// have been taken.
    fn bursts(&mut self) -> Result<Vec<Sample>, Failure> {
        let mut samples = Vec::new();
        for _ in 0..BURSTS {
            self.next = 0;
            let count = self.symbols.len();
            let quiet = (1..count).map(|_| self.minute(QUIET));
            let mut all: Vec<_> = quiet.collect::<Result<_, _>>()?;
            all.push(self.minute(ACTS)?);
            let message = bars(&all);
            self.rest();
            let whole = self.answered(Line::Subscriber, &message)?;
            let whole = whole.ok_or_else(|| failed("no order came of all symbols' minutes"))?;
            let span = self
                .daemon
                .last()
                .ok_or_else(|| failed("no order was sent"))?;
            samples.push(Sample {
                bare: whole,
                whole,
                span,
            });
        }
        Ok(samples)
    }

    /// Quotes at a steady rate, then a message that leads to an order: it waits for all of them.
    fn flood(&mut self) -> Result<Feed, Failure> {
        let before = self.daemon.heard().quotes;
        let (process, own) = (clock::worked_by_all(), clock::worked());
        let begun = clock::elapsed();
        let mut late = Duration::ZERO;
        for number in 0..FLOOD {
            let due = begun.saturating_add(EACH.saturating_mul(number));
            let now = clock::elapsed();
            match due.checked_sub(now) {
                Some(left) if !left.is_zero() => self.pause(left),
                _ => late = late.max(now.saturating_sub(due)),
            }
            let at = self.peer.now();
            let first = number.saturating_mul(TOGETHER);
            let indices = first..first.saturating_add(TOGETHER);
            let some: Vec<_> = indices.filter_map(|n| self.quote(n, at)).collect();
            let sent = self.peer.send(Line::Subscriber, &quotes(&some));
            sent.map_err(failed)?;
        }
        let took = clock::elapsed().saturating_sub(begun);
        let worked = clock::worked_by_all().saturating_sub(process);
        let worked = worked.saturating_sub(clock::worked().saturating_sub(own));
        let last = self.act(Line::Subscriber)?;
        Ok(Feed {
            quotes: u64::from(FLOOD.saturating_mul(TOGETHER)),
            taken: self.daemon.heard().quotes.saturating_sub(before),
            took,
            worked,
            late,
            order_after: last.order.saturating_sub(last.sent),
        })
    }

    fn quote(&self, number: u32, at: Timestamp) -> Option<(Symbol, Quote)> {
        let count = self.symbols.len().max(1);
        let index = usize::try_from(number).ok()?.checked_rem(count)?;
        let (symbol, _) = self.symbols.get(index)?;
        let quote = Quote {
            at,
            bid: Price::from_cents(9_999),
            ask: Price::from_cents(10_001),
            bid_size: 100,
            ask_size: 100,
        };
        Some((*symbol, quote))
    }
}

/// A minute around a hundred dollars.
fn bar(start: Timestamp, volume: u64) -> Result<Bar, Failure> {
    let cents = |cents| Price::from_cents(cents).ok_or_else(|| failed("a price past all bounds"));
    Ok(Bar {
        start,
        open: cents(10_000)?,
        high: cents(10_005)?,
        low: cents(9_995)?,
        close: cents(10_000)?,
        volume,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use trader_broker_alpaca::face::{Keys, Outlet, Put, Simulator, Trading, TradingSettings};
    use trader_calendar::{Calendar, new_york};
    use trader_contract::BrokerEvent;

    use super::*;

    /// Days ahead that the daemon compares, and some more.
    const AHEAD: chrono::Days = chrono::Days::new(16);

    #[tokio::test]
    async fn the_peer_has_the_sessions_that_the_daemon_compares() {
        let shown: Timestamp = SHOWN.parse().unwrap();
        let venue = Venue {
            shown,
            at: clock::elapsed(),
            pace: 1,
        };
        let peer = Peer::start(venue, clock::elapsed).unwrap();
        let endpoint = Simulator::at(&format!("http://{}", peer.address())).unwrap();
        let settings = TradingSettings::new(Keys::new("peer", "peer"), clock::now);
        let nobody: Outlet<BrokerEvent> = Arc::new(|_| Put::Taken);
        let trading = Trading::start(&endpoint, settings, &[], nobody).unwrap();
        let first = new_york::date(shown);
        let last = first.checked_add_days(AHEAD).unwrap();
        let theirs = trading.calendar(first, last).await.unwrap();
        assert!(theirs.len() > 10, "{theirs:?}");
        let calendar = Calendar::nyse();
        let ours = calendar.sessions(first..=last).unwrap();
        assert_eq!(crate::alpaca::differing_days(ours, &theirs), []);
        trading.stop().await;
    }
}
