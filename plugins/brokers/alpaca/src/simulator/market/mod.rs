//! The market behind the simulator: minutes of every listed asset, made up from a seed or recorded,
//! and what follows from them. Everything is a function of time: whoever asks says up to when.
//!
//! A day has the minutes of its session and, where there are any, those of the hours around it. Daily
//! bars take their prices from the session alone, and their volume from all.

mod candles;
mod dividends;
mod halts;
mod recorded;
mod splits;
mod tape;
mod thin;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use chrono::NaiveDate;
use trader_broker_sim::market::{Instrument, SyntheticMarket};
use trader_calendar::{Calendar, Session, new_york};
use trader_contract::{Bar, Price, Timestamp};

use super::assets::{self, Asset};
use super::ids;

pub(crate) use candles::{Candle, Timeframe};
pub(crate) use dividends::Dividend;
pub(crate) use recorded::RecordedError;
pub(crate) use splits::Split;
pub(crate) use tape::{Print, QUOTE_STEP, Quoted};

/// How many days of minutes are kept worked out.
const DAYS_KEPT: usize = 400;

/// Half the distance from bid to ask, in millionths of a dollar.
pub(crate) const HALF_SPREAD_MICROS: u32 = 10_000;

/// Whose trades are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Feed {
    /// Every exchange's.
    Sip,
    /// Those of one small exchange.
    Iex,
}

impl Feed {
    /// What this feed sees of a volume.
    pub(crate) fn share(self, volume: u64) -> u64 {
        match self {
            Self::Sip => volume,
            Self::Iex => volume.checked_div(40).unwrap_or(0).max(volume.min(1)),
        }
    }
}

enum Source {
    MadeUp(MadeUp),
    Recorded(Vec<Vec<Bar>>),
}

/// A market that is made up.
struct MadeUp {
    seed: u64,
    market: Box<SyntheticMarket>,
    /// Whether it trades in the hours around its sessions.
    extended: bool,
}

/// The market.
pub(crate) struct Market {
    source: Source,
    assets: Vec<Asset>,
    calendar: Calendar,
    days: BTreeMap<(usize, NaiveDate), Arc<[Bar]>>,
    dailies: BTreeMap<(usize, NaiveDate), Option<Candle>>,
    /// Dividends that were announced by hand.
    announced: Vec<Dividend>,
    splits: Vec<Split>,
    halts: Vec<halts::Halt>,
}

impl Market {
    /// A market that is made up, with trades in the hours around its sessions or without.
    pub(crate) fn seeded(seed: u64, extended: bool) -> Self {
        let (assets, instruments) = assets::listed();
        Self::new(made_up(seed, instruments, extended), assets)
    }

    /// One of these instruments, with nothing peculiar about any.
    pub(crate) fn made_up(seed: u64, instruments: Vec<Instrument>) -> Self {
        let assets = instruments.iter().map(|i| Asset::of(i.symbol)).collect();
        Self::new(made_up(seed, instruments, false), assets)
    }

    /// A market of recorded minutes: one file a symbol.
    pub(crate) fn recorded(directory: &Path) -> Result<Self, RecordedError> {
        let files = recorded::read_all(directory)?;
        let (symbols, bars): (Vec<_>, Vec<_>) = files.into_iter().unzip();
        let (listed, _) = assets::listed();
        let asset = |symbol| {
            let known = listed.iter().find(|asset| asset.symbol == symbol);
            known.cloned().unwrap_or_else(|| Asset::of(symbol))
        };
        let assets = symbols.into_iter().map(asset).collect();
        Ok(Self::new(Source::Recorded(bars), assets))
    }

    fn new(source: Source, assets: Vec<Asset>) -> Self {
        Self {
            source,
            assets,
            calendar: Calendar::nyse(),
            days: BTreeMap::new(),
            dailies: BTreeMap::new(),
            announced: Vec::new(),
            splits: Vec::new(),
            halts: Vec::new(),
        }
    }

    pub(crate) fn assets(&self) -> &[Asset] {
        &self.assets
    }

    pub(crate) fn asset(&self, index: usize) -> Option<&Asset> {
        self.assets.get(index)
    }

    pub(crate) fn assets_mut(&mut self) -> &mut [Asset] {
        &mut self.assets
    }

    /// The place of an asset, by its symbol or its id.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        let is_it = |asset: &Asset| asset.symbol.as_str() == name || asset.id == name;
        self.assets.iter().position(is_it)
    }

    pub(crate) const fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// The last date with recorded minutes, where they are recorded.
    pub(crate) fn last_recorded(&self) -> Option<NaiveDate> {
        match &self.source {
            Source::MadeUp(_) => None,
            Source::Recorded(bars) => {
                let last = bars.iter().filter_map(|bars| bars.last());
                last.map(|bar| new_york::date(bar.start)).max()
            }
        }
    }

    /// The session of a date, if there is one.
    pub(crate) fn session(&self, date: NaiveDate) -> Option<Session> {
        self.calendar.session(date).ok().flatten()
    }

    /// The session before the one that `at` belongs to or waits for.
    pub(crate) fn session_before(&self, date: NaiveDate) -> Option<Session> {
        self.calendar.previous_session(date).ok()
    }

    /// When trading begins and ends around a session.
    pub(crate) fn extended_hours(&self, session: &Session) -> (Timestamp, Timestamp) {
        let calendar = &self.calendar;
        let open = calendar.extended_open(session);
        (open, calendar.extended_close(session))
    }

    /// The minutes of an asset on a date, those around the session among them.
    pub(crate) fn minutes(&mut self, asset: usize, date: NaiveDate) -> Arc<[Bar]> {
        if let Some(known) = self.days.get(&(asset, date)) {
            return Arc::clone(known);
        }
        let bars = self.work_out(asset, date);
        let bars = self.on_basis(asset, date, bars);
        if self.days.len() >= DAYS_KEPT {
            self.days.clear();
        }
        self.days.insert((asset, date), Arc::clone(&bars));
        bars
    }

    fn work_out(&mut self, asset: usize, date: NaiveDate) -> Arc<[Bar]> {
        let Some(session) = self.session(date) else {
            return Arc::from([]);
        };
        if self.assets.get(asset).is_none_or(|asset| !asset.active) {
            return Arc::from([]);
        }
        let (open, close) = self.extended_hours(&session);
        match &mut self.source {
            Source::MadeUp(made_up) => made_up.bars(asset, &session, (open, close)).into(),
            Source::Recorded(bars) => {
                let bars = bars.get(asset).map(Vec::as_slice).unwrap_or_default();
                let first = bars.partition_point(|bar| bar.start < open);
                let end = bars.partition_point(|bar| bar.start < close);
                bars.get(first..end).unwrap_or_default().into()
            }
        }
    }

    /// The minute that plays at a moment.
    pub(crate) fn playing(&mut self, asset: usize, at: Timestamp) -> Option<Bar> {
        let bars = self.minutes(asset, new_york::date(at));
        let next = bars.partition_point(|bar| bar.start <= at);
        let bar = bars.get(next.checked_sub(1)?)?;
        (at.since(bar.start) < Timestamp::MINUTE).then_some(*bar)
    }

    /// The last minute that was over at a moment.
    pub(crate) fn last_minute(&mut self, asset: usize, at: Timestamp) -> Option<Bar> {
        let mut date = new_york::date(at);
        for _ in 0..10 {
            let bars = self.minutes(asset, date);
            let over = |bar: &Bar| bar.start.plus_minutes(1) <= at;
            let end = bars.partition_point(over);
            if let Some(bar) = end.checked_sub(1).and_then(|last| bars.get(last)) {
                return Some(*bar);
            }
            date = self.session_before(date)?.date;
        }
        None
    }

    /// The last price of the session before the date of `at`, in prices of the shares of that date.
    pub(crate) fn close_before(&mut self, asset: usize, at: Timestamp) -> Option<Price> {
        let date = new_york::date(at);
        let session = self.session_before(date)?;
        let bar = self.last_minute(asset, session.close)?;
        Some(self.carried(asset, (bar.close, bar.start), date))
    }
}

fn made_up(seed: u64, instruments: Vec<Instrument>, extended: bool) -> Source {
    Source::MadeUp(MadeUp {
        seed,
        market: Box::new(SyntheticMarket::new(seed, instruments)),
        extended,
    })
}

impl MadeUp {
    /// The minutes of a session, and those from `open` until before it and after it until `close`.
    fn bars(
        &mut self,
        asset: usize,
        session: &Session,
        (open, close): (Timestamp, Timestamp),
    ) -> Vec<Bar> {
        let minutes = u32::try_from(session.minutes()).unwrap_or(0);
        let core = self.market.bars(asset, session.date, session.open, minutes);
        if !self.extended {
            return core;
        }
        let before = self.market.close_before(asset, session.date);
        let instrument = self.market.instruments().get(asset);
        let (Some(from), Some(first), Some(last), Some(instrument)) =
            (before, core.first(), core.last(), instrument)
        else {
            return core;
        };
        let usual = u64::from(instrument.volume_per_minute);
        let key = |part: &str| {
            let (symbol, date, seed) = (instrument.symbol, session.date, self.seed);
            ids::hash(&format!("{seed} {symbol} {date} {part}"))
        };
        let pre_market = thin::Stretch {
            start: open,
            end: session.open,
            from,
            to: first.open,
        };
        let after_hours = thin::Stretch {
            start: session.close,
            end: close,
            from: last.close,
            to: last.close,
        };
        let mut bars = pre_market.bars(key("before"), usual);
        bars.extend_from_slice(&core);
        bars.extend(after_hours.bars(key("after"), usual));
        bars
    }
}
