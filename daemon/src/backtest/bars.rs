//! The bars of a backtest: which series serve it, how far back they warm indicators up, and reading
//! them a stretch of sessions at a time, adjusted as of the last day.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use trader_backtest::{RowLength, SymbolDays, fit};
use trader_bars::adjust::{self, ActionKind, Actions};
use trader_bars::catalogue::FileEntry;
use trader_bars::store::ReadError;
use trader_bars::{Catalogue, Kind, Range, Resolution, Rows, Series, Store};
use trader_calendar::{Calendar, Session};
use trader_contract::{Bar, Symbol};
use trader_rpc::{Adjustment, BacktestData, BacktestSpec, DataFile, ErrorDetail};

use crate::warm_up;
use crate::work::trouble;

/// Rows that are held at a time, at most, as far as stretches of a month allow.
const ROWS_AT_ONCE: usize = 6_000_000;

/// One symbol of the backtest.
struct Source {
    symbol: Symbol,
    actions: Actions,
    source: String,
    feed: String,
    /// The files that were read, by name.
    files: BTreeMap<String, DataFile>,
    rows: u64,
    warm_up: u64,
    missing: u64,
    first: Option<NaiveDate>,
    last: Option<NaiveDate>,
}

/// The bars of a backtest.
pub(crate) struct Bars<'s> {
    store: &'s Store,
    resolution: Resolution,
    adjustment: Adjustment,
    as_of: NaiveDate,
    sources: Vec<Source>,
}

impl<'s> Bars<'s> {
    /// Finds what serves the backtest.
    ///
    /// # Errors
    /// A symbol has no such bars in the range, or its splits and dividends cannot be read.
    pub(crate) fn find(
        store: &'s Store,
        spec: &BacktestSpec,
        symbols: &[Symbol],
    ) -> Result<Self, ErrorDetail> {
        let catalogue = store.catalogue().map_err(unreadable)?;
        let resolution = resolution(&catalogue, spec, symbols)?;
        let sources = symbols
            .iter()
            .map(|&symbol| Source::find(store, &catalogue, symbol, resolution, spec))
            .collect::<Result<_, ErrorDetail>>()?;
        Ok(Self {
            store,
            resolution,
            adjustment: spec.adjustment,
            as_of: spec.end_date,
            sources,
        })
    }

    /// How long the rows are, as the tape takes them.
    pub(crate) const fn length(&self) -> RowLength {
        match self.resolution {
            Resolution::Second | Resolution::Minute => RowLength::Minute,
            Resolution::Hour => RowLength::Hour,
            Resolution::Day => RowLength::Session,
        }
    }

    /// Sessions to be loaded at a time, so that the rows of all symbols fit: a year, or less where
    /// there are many symbols.
    pub(crate) fn sessions_at_once(&self) -> usize {
        let rows = rows_a_session(self.resolution);
        let a_session = self.sources.len().saturating_mul(rows).max(1);
        ROWS_AT_ONCE
            .checked_div(a_session)
            .unwrap_or(1)
            .clamp(21, 252)
    }

    /// The rows before the first session that warm up what needs `need` of them.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) fn history(
        &mut self,
        calendar: &Calendar,
        first: &Session,
        need: usize,
    ) -> Result<Vec<Vec<Bar>>, ErrorDetail> {
        let sessions = warm_up::sessions(calendar, first, need, rows_a_session(self.resolution));
        let mut history = Vec::with_capacity(self.sources.len());
        for index in 0..self.sources.len() {
            let rows = self.read(index, &sessions)?;
            if let Some(source) = self.sources.get_mut(index) {
                source.warm_up = count(rows.len());
            }
            history.push(rows);
        }
        Ok(history)
    }

    /// The rows of a stretch of sessions, symbol by symbol.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) fn stretch(&mut self, sessions: &[Session]) -> Result<Vec<Vec<Bar>>, ErrorDetail> {
        (0..self.sources.len())
            .map(|index| self.read(index, sessions))
            .collect()
    }

    fn read(&mut self, index: usize, sessions: &[Session]) -> Result<Vec<Bar>, ErrorDetail> {
        let length = self.length();
        let (Some(source), Some(first), Some(last)) = (
            self.sources.get_mut(index),
            sessions.first(),
            sessions.last(),
        ) else {
            return Ok(Vec::new());
        };
        let range = Range {
            from: Some(first.date),
            to: Some(last.date),
        };
        let series = Series {
            symbol: source.symbol,
            kind: Kind::Bars(self.resolution),
        };
        let rows = match self.store.read_with_files(series, range) {
            Ok((Rows::Bars(rows), files)) => {
                source.note(files);
                rows
            }
            Ok(_) | Err(ReadError::NoRows { .. }) => Vec::new(),
            Err(error) => return Err(unreadable(error)),
        };
        let mode = match self.adjustment {
            Adjustment::Raw => adjust::Adjustment::Raw,
            Adjustment::Split => adjust::Adjustment::Split,
            Adjustment::All => adjust::Adjustment::All,
        };
        let rows = adjust::adjust(rows, &source.actions, mode, Some(self.as_of)).map_err(|error| {
            let next = "correct the symbol's splits and dividends and import them again, or choose \
                        --adjustment raw or split";
            trouble(format!("{} cannot be adjusted", source.symbol), error, next)
        })?;
        Ok(fit(rows, length, sessions))
    }

    /// Takes note of what the run had.
    pub(crate) fn note(&mut self, days: &[SymbolDays], sessions: usize) {
        for (source, days) in self.sources.iter_mut().zip(days) {
            source.rows = days.rows;
            source.first = days.closes.first().map(|(date, _)| *date);
            source.last = days.closes.last().map(|(date, _)| *date);
            source.missing = count(sessions.saturating_sub(days.closes.len()));
        }
    }

    /// The symbols with sessions that have no row, in words.
    pub(crate) fn missing(&self) -> Vec<String> {
        let sources = self.sources.iter().filter(|source| source.missing > 0);
        sources
            .map(|source| {
                format!(
                    "{}: {} sessions of the range have no bar; traderctl data gaps {} lists them",
                    source.symbol, source.missing, source.symbol
                )
            })
            .collect()
    }

    /// The rows' length.
    pub(crate) const fn resolution(&self) -> Resolution {
        self.resolution
    }

    /// The symbols that split inside the range, in words.
    pub(crate) fn splits_inside(&self, from: NaiveDate, to: NaiveDate) -> Vec<String> {
        let split = |source: &Source| {
            let mut rows = source.actions.rows().iter();
            let inside = rows.find(|action| {
                action.kind == ActionKind::Split && action.ex_date > from && action.ex_date <= to
            })?;
            Some(format!(
                "{} splits on {}, and its prices are raw: indicators and stops see a jump",
                source.symbol, inside.ex_date
            ))
        };
        self.sources.iter().filter_map(split).collect()
    }

    /// What was read, for the document.
    pub(crate) fn inputs(&self) -> Vec<BacktestData> {
        let of = |source: &Source| {
            Some(BacktestData {
                symbol: source.symbol,
                data: self.resolution.to_string(),
                adjustment: self.adjustment,
                source: source.source.clone(),
                feed: source.feed.clone(),
                files: source.files.values().cloned().collect(),
                bars: source.rows,
                warm_up_bars: source.warm_up,
                first: source.first?,
                last: source.last?,
                missing_sessions: source.missing,
            })
        };
        self.sources.iter().filter_map(of).collect()
    }
}

impl Source {
    fn find(
        store: &Store,
        catalogue: &Catalogue,
        symbol: Symbol,
        resolution: Resolution,
        spec: &BacktestSpec,
    ) -> Result<Self, ErrorDetail> {
        let series = Series {
            symbol,
            kind: Kind::Bars(resolution),
        };
        let range = Range {
            from: Some(spec.start_date),
            to: Some(spec.end_date),
        };
        let entry = catalogue.series(series);
        let entry = entry.filter(|entry| entry.files_in(range).next().is_some());
        let Some(entry) = entry else {
            // Reading tells best what there is instead.
            let why = match store.read(series, range) {
                Err(error) => error.to_string(),
                Ok(_) => "the bar store has just changed".to_owned(),
            };
            let next = "choose a range with data, or import it: traderctl data list, data import";
            return Err(trouble("the backtest was not run", why, next));
        };
        let mut files = BTreeMap::new();
        let content = store.read_actions(symbol).map_err(unreadable)?;
        let actions = match &content {
            None => Actions::none(),
            Some(content) => {
                let stored = catalogue
                    .symbols
                    .get(&symbol)
                    .and_then(|s| s.actions.as_ref());
                if let Some(stored) = stored {
                    let file = DataFile {
                        file: stored.file.clone(),
                        rows: 0,
                        sha256: stored.sha256.to_string(),
                    };
                    files.insert(stored.file.clone(), file);
                }
                {
                    let text = std::str::from_utf8(content).map_err(unreadable)?;
                    text.parse().map_err(unreadable)?
                }
            }
        };
        if let Some(file) = files.values_mut().next() {
            file.rows = count(actions.rows().len());
        }
        Ok(Self {
            symbol,
            actions,
            source: entry.source.clone(),
            feed: entry.feed.clone(),
            files,
            rows: 0,
            warm_up: 0,
            missing: 0,
            first: None,
            last: None,
        })
    }

    fn note(&mut self, files: Vec<FileEntry>) {
        for file in files {
            let noted = DataFile {
                file: file.file.clone(),
                rows: file.rows,
                sha256: file.sha256.to_string(),
            };
            self.files.insert(file.file, noted);
        }
    }
}

/// Which stored bars to run over: those named, else for routes of hours or days alone such bars if
/// every symbol has them, else minutes.
fn resolution(
    catalogue: &Catalogue,
    spec: &BacktestSpec,
    symbols: &[Symbol],
) -> Result<Resolution, ErrorDetail> {
    let own_routes_only = spec.config.is_none() && spec.configured_routes.is_empty();
    let all_are = |name| own_routes_only && spec.routes.iter().all(|r| r.timeframe == name);
    let natural = if all_are("1day") {
        Some(Resolution::Day)
    } else if all_are("1hour") {
        Some(Resolution::Hour)
    } else {
        None
    };
    let Some(wanted) = &spec.data else {
        let stored = |resolution| {
            let kind = Kind::Bars(resolution);
            let has = |&symbol: &Symbol| catalogue.series(Series { symbol, kind }).is_some();
            symbols.iter().all(has)
        };
        return Ok(natural.filter(|r| stored(*r)).unwrap_or(Resolution::Minute));
    };
    let refuse = |why: String| {
        let next = "leave --data out, or choose one that fits the timeframe";
        Err(trouble("the backtest was not run", why, next))
    };
    match wanted.as_str() {
        "1min" => Ok(Resolution::Minute),
        "1hour" if natural == Some(Resolution::Hour) => Ok(Resolution::Hour),
        "1day" if natural == Some(Resolution::Day) => Ok(Resolution::Day),
        "1hour" | "1day" => refuse(format!(
            "bars of {wanted} serve routes with --timeframe {wanted} only"
        )),
        other => refuse(format!(
            "{other:?} is no data to run over: 1min, 1hour or 1day"
        )),
    }
}

fn unreadable(error: impl ToString) -> ErrorDetail {
    trouble(
        "the bar store cannot be read",
        error,
        "traderctl data verify tells what is wrong",
    )
}

/// Rows of a full session.
pub(crate) const fn rows_a_session(resolution: Resolution) -> usize {
    match resolution {
        Resolution::Second => 23_400,
        Resolution::Minute => 390,
        Resolution::Hour => 7,
        Resolution::Day => 1,
    }
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
