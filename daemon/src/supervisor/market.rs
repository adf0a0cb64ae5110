//! The simulated market: sessions of one-minute bars, made up or recorded. Each minute is handed to
//! the exchange at its start, as the truth that it plays, and to the engine at its end.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::NaiveDate;
use trader_broker_sim::market::{Instrument, Shape, SyntheticMarket};
use trader_calendar::{Calendar, CalendarError, Session};
use trader_contract::{Bar, Price, Symbol, SymbolId, Timestamp};

use crate::config::{AlpacaEndpoint, AlpacaFeed};
use crate::feeds::recorded::{self, FeedError};
use crate::warm_up;

/// Sessions of the past that a warm-up reads at most.
const WARM_UP_SESSIONS_MAX: usize = 40;
/// Minutes of a full session.
const MINUTES_A_SESSION: usize = 390;

/// Why the market has no bars.
#[derive(Debug, thiserror::Error)]
pub(super) enum MarketError {
    /// The calendar does not know the day.
    #[error(transparent)]
    Calendar(#[from] CalendarError),
    /// The recorded bars cannot be read.
    #[error(transparent)]
    Feed(#[from] FeedError),
}

/// Where bars come from.
#[derive(Debug)]
pub enum Source {
    /// A seeded random market, one instrument for each symbol, in the order of their ids.
    Synthetic(SyntheticMarket),
    /// Files of recorded minutes.
    Recorded(PathBuf),
    /// Alpaca's streams; only the sessions are made here.
    Alpaca(AlpacaEndpoint, AlpacaFeed),
}

impl Source {
    /// What every view says about the data.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Synthetic(_) => "SYNTHETIC DATA",
            Self::Recorded(_) => "RECORDED DATA",
            Self::Alpaca(AlpacaEndpoint::Simulator, _) => "SIMULATOR DATA",
            Self::Alpaca(_, AlpacaFeed::Iex) => "ALPACA IEX DATA",
            Self::Alpaca(_, AlpacaFeed::Sip) => "ALPACA SIP DATA",
            Self::Alpaca(_, AlpacaFeed::Delayed) => "ALPACA DELAYED DATA",
        }
    }

    /// The same with bars of every one of these symbols: more may be held than the routes name.
    #[must_use]
    pub(super) fn reaching(self, seed: u64, symbols: &[Symbol]) -> Self {
        match self {
            Self::Synthetic(market) if market.instruments().len() < symbols.len() => {
                Self::Synthetic(SyntheticMarket::new(seed, walks(symbols)))
            }
            source => source,
        }
    }
}

/// A symbol's bars before now.
pub(super) type Past = (SymbolId, Arc<[Bar]>);

/// One symbol's session on the tape.
#[derive(Debug, Default)]
struct Reel {
    bars: Vec<Bar>,
    /// The next bar that has not begun.
    opening: usize,
    /// The next bar that has not ended.
    closing: usize,
}

/// What becomes of a recorded session without bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gaps {
    /// It is an error.
    Refused,
    /// It passes without bars, while there are later ones.
    Pass,
}

/// The market of one session after another.
#[derive(Debug)]
pub(super) struct Market {
    source: Source,
    gaps: Gaps,
    calendar: Calendar,
    symbols: Vec<Symbol>,
    session: Option<Session>,
    reels: Vec<Reel>,
    /// The next minute's edge.
    edge: Option<Timestamp>,
}

/// What happens at one edge: minutes that end, then minutes that begin.
#[derive(Debug, Default)]
pub(super) struct Edge {
    /// Finished bars, for the engine.
    pub(super) ended: Vec<(SymbolId, Bar)>,
    /// Bars that begin now, for the exchange alone.
    pub(super) began: Vec<(SymbolId, Bar)>,
}

impl Market {
    /// A market before its first session.
    #[must_use]
    pub(super) fn new(
        (source, gaps): (Source, Gaps),
        calendar: Calendar,
        symbols: Vec<Symbol>,
    ) -> Self {
        Self {
            source,
            gaps,
            calendar,
            symbols,
            session: None,
            reels: Vec::new(),
            edge: None,
        }
    }

    /// The session that was entered last.
    #[must_use]
    pub(super) const fn session(&self) -> Option<Session> {
        self.session
    }

    /// Goes to a session; what began at or before `after` is not begun again.
    ///
    /// # Errors
    /// There are no bars for it.
    pub(super) fn enter(&mut self, session: Session, after: Timestamp) -> Result<(), MarketError> {
        let bars = self.bars_of(session)?;
        let ended = |bar: &Bar| bar.start.plus_nanos(Timestamp::MINUTE) <= after;
        let reel = |bars: Vec<Bar>| Reel {
            closing: bars.partition_point(ended),
            opening: bars.partition_point(|bar| bar.start <= after),
            bars,
        };
        self.reels = bars.into_iter().map(reel).collect();
        self.session = Some(session);
        let into = after.since(session.open);
        let minutes = if into < 0 {
            -1
        } else {
            into.div_euclid(Timestamp::MINUTE)
        };
        let edge = session.open.plus_minutes(minutes.saturating_add(1));
        self.edge = (edge <= session.close).then_some(edge);
        Ok(())
    }

    /// When the next edge is; `None` once the session is over.
    #[must_use]
    pub(super) const fn due(&self) -> Option<Timestamp> {
        self.edge
    }

    /// Takes the edge that is due.
    pub(super) fn take(&mut self) -> Edge {
        let (Some(at), Some(session)) = (self.edge, self.session) else {
            return Edge::default();
        };
        let mut edge = Edge::default();
        for (index, reel) in self.reels.iter_mut().enumerate() {
            let Ok(id) = u32::try_from(index).map(SymbolId::new) else {
                continue;
            };
            while let Some(bar) = reel.bars.get(reel.closing) {
                if bar.start.plus_nanos(Timestamp::MINUTE) > at {
                    break;
                }
                edge.ended.push((id, *bar));
                reel.closing = reel.closing.saturating_add(1);
            }
            while let Some(bar) = reel.bars.get(reel.opening).filter(|bar| bar.start <= at) {
                edge.began.push((id, *bar));
                reel.opening = reel.opening.saturating_add(1);
            }
        }
        let next = at.plus_minutes(1);
        self.edge = (next <= session.close).then_some(next);
        edge
    }

    /// The bars of the past that warm up what needs `minutes` of them, all ended by `until`.
    ///
    /// # Errors
    /// They cannot be read.
    pub(super) fn history(
        &mut self,
        session: Session,
        until: Timestamp,
        minutes: usize,
    ) -> Result<Vec<Past>, MarketError> {
        let mut past = match &self.source {
            Source::Recorded(directory) => self.recorded_past(directory, session, minutes)?,
            Source::Synthetic(_) => self.synthetic_past(session, minutes)?,
            Source::Alpaca(..) => return Ok(Vec::new()),
        };
        let today = self.bars_of(session)?;
        let ids = (0_u32..).map(SymbolId::new);
        Ok(past
            .iter_mut()
            .zip(today)
            .zip(ids)
            .map(|((past, today), id)| {
                let ended = |bar: &Bar| bar.start.plus_nanos(Timestamp::MINUTE) <= until;
                past.extend(today.into_iter().filter(ended));
                (id, Arc::from(std::mem::take(past)))
            })
            .collect())
    }

    fn recorded_past(
        &self,
        directory: &std::path::Path,
        session: Session,
        minutes: usize,
    ) -> Result<Vec<Vec<Bar>>, MarketError> {
        let loaded =
            recorded::load_with_gaps(directory, &self.symbols, session.date, &self.calendar)?;
        let sessions = warm_up::sessions(&self.calendar, &session, minutes, MINUTES_A_SESSION);
        let from = sessions.first().map_or(session.open, |first| first.open);
        let recent = |bars: recorded::RecordedBars| {
            let past = bars.history.into_iter();
            past.skip_while(|bar| bar.start < from).collect()
        };
        Ok(loaded.into_iter().map(recent).collect())
    }

    fn synthetic_past(
        &mut self,
        session: Session,
        minutes: usize,
    ) -> Result<Vec<Vec<Bar>>, MarketError> {
        let mut sessions = Vec::new();
        let mut have = 0_usize;
        let mut date = session.date;
        while have < minutes && sessions.len() < WARM_UP_SESSIONS_MAX {
            let Ok(before) = self.calendar.previous_session(date) else {
                break;
            };
            have = have.saturating_add(usize::try_from(before.minutes()).unwrap_or(0));
            date = before.date;
            sessions.push(before);
        }
        let mut past = vec![Vec::new(); self.symbols.len()];
        for session in sessions.into_iter().rev() {
            for (past, bars) in past.iter_mut().zip(self.bars_of(session)?) {
                past.extend(bars);
            }
        }
        Ok(past)
    }

    fn bars_of(&mut self, session: Session) -> Result<Vec<Vec<Bar>>, MarketError> {
        match &mut self.source {
            Source::Alpaca(..) => Ok(vec![Vec::new(); self.symbols.len()]),
            Source::Synthetic(market) => {
                let minutes = u32::try_from(session.minutes()).unwrap_or(0);
                Ok((0..self.symbols.len())
                    .map(|index| market.bars(index, session.date, session.open, minutes))
                    .collect())
            }
            Source::Recorded(directory) => {
                let load = match self.gaps {
                    Gaps::Refused => recorded::load,
                    Gaps::Pass => recorded::load_with_gaps,
                };
                let loaded = load(directory, &self.symbols, session.date, &self.calendar)?;
                Ok(loaded.into_iter().map(|bars| bars.session).collect())
            }
        }
    }

    /// The session to trade first: that of `date`, or the first one that ends after `now`.
    ///
    /// # Errors
    /// The calendar does not cover it, or the exchange was closed on `date`.
    pub(super) fn first_session(
        &self,
        date: Option<NaiveDate>,
        now: Timestamp,
    ) -> Result<Session, MarketError> {
        if let Some(date) = date {
            let session = self.calendar.session(date)?;
            return session.ok_or_else(|| FeedError::closed(date, &self.calendar).into());
        }
        match self.calendar.session_at(now)? {
            Some(session) => Ok(session),
            None => Ok(self.calendar.next_session_after(now)?),
        }
    }

    /// The session after the one that was entered last.
    ///
    /// # Errors
    /// The calendar does not cover it.
    pub(super) fn next_session(&self) -> Result<Option<Session>, MarketError> {
        let Some(session) = self.session else {
            return Ok(None);
        };
        Ok(Some(
            self.calendar
                .next_session_after(session.close.plus_nanos(-1))?,
        ))
    }
}

/// Made-up instruments for symbols that nothing more is known of: random walks around a price that
/// follows from the name.
#[must_use]
pub fn walks(symbols: &[Symbol]) -> Vec<Instrument> {
    let base = |symbol: &Symbol| {
        let sum: i64 = symbol.as_str().bytes().map(i64::from).sum();
        let dollars = sum.rem_euclid(180).saturating_add(20);
        Price::from_cents(dollars.saturating_mul(100))
    };
    symbols
        .iter()
        .filter_map(|symbol| {
            Some(Instrument {
                symbol: *symbol,
                base: base(symbol)?,
                shape: Shape::Walk,
                volume_per_minute: 5_000,
            })
        })
        .collect()
}
