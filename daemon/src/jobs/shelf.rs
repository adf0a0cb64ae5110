//! The bar store as its owner changes and lists it: takes in what imports prepared, removes series,
//! sweeps what was left behind. Reading rows is the work of jobs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use trader_bars::catalogue::{ActionsEntry, FileEntry, SeriesEntry};
use trader_bars::store::{self, CatalogueError, ChangeError, Prepared};
use trader_bars::{Catalogue, Kind, Series, Store};
use trader_calendar::new_york;
use trader_contract::Symbol;
use trader_rpc::{DataFileInfo, DataParams, DataSeries, ErrorDetail, Failure, RemoveDataParams};

use super::disk;
use super::title::ACTIONS;

/// The folder in which imports are prepared.
const STAGING: &str = ".staging";

/// The store.
#[derive(Debug)]
pub(super) struct Shelf {
    root: PathBuf,
}

/// Why what an import prepared was not taken.
#[derive(Debug)]
pub(super) enum CommitError {
    /// The store has changed since: prepare it again.
    Stale(ErrorDetail),
    /// It cannot be taken.
    Refused(ErrorDetail),
}

impl Shelf {
    /// Opens the store, makes it if it is missing, and sweeps what was left behind. One whose
    /// catalogue cannot be read is left alone, and each call says so.
    pub(super) fn open(root: PathBuf) -> io::Result<Self> {
        crate::state::make_folder(&root.join(STAGING), 0o700)?;
        let opened = Store::create(&root).and_then(|_| store::sweep(&root, &[]));
        match opened {
            Ok(swept) if swept.deleted.is_empty() => {}
            Ok(swept) => tracing::info!(
                files = swept.deleted.len(),
                "what imports left behind is swept"
            ),
            Err(error) => tracing::error!(%error, "the bar store cannot be used"),
        }
        Ok(Self { root })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Where the import with this number is prepared.
    pub(super) fn staging(&self, job: u64) -> PathBuf {
        self.root.join(STAGING).join(job.to_string())
    }

    /// Makes an empty folder to prepare an import of so many bytes in. What is stored is smaller than
    /// the file it comes from.
    pub(super) fn make_room(&self, staging: &Path, bytes: u64) -> Result<(), ErrorDetail> {
        self.clear(staging);
        // A store that was moved away is made anew by the import.
        let made =
            crate::state::make_folder(staging, 0o700).and_then(|()| disk::room(&self.root, bytes));
        made.map_err(|error| ErrorDetail {
            what: "nothing was imported".to_owned(),
            why: format!("{} cannot be made: {error}", staging.display()),
            next: "make room on the disk of the state folder and submit it again".to_owned(),
        })
    }

    /// Deletes a folder in which an import was prepared.
    #[expect(clippy::unused_self, reason = "it is a folder of this store")]
    pub(super) fn clear(&self, staging: &Path) {
        if let Err(error) = fs::remove_dir_all(staging)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(path = %staging.display(), %error, "a prepared import could not be deleted");
        }
    }

    /// Takes what was prepared into the store.
    pub(super) fn commit(&self, prepared: &Prepared, staging: &Path) -> Result<(), CommitError> {
        match store::commit(&self.root, prepared, staging) {
            Ok(committed) => {
                left_over(&committed.left_over);
                Ok(())
            }
            Err(error) => {
                let detail = ErrorDetail {
                    what: "nothing was imported".to_owned(),
                    why: error.to_string(),
                    next: "submit it again".to_owned(),
                };
                Err(match error {
                    ChangeError::Stale { .. } => CommitError::Stale(detail),
                    // It counts, and the person has to know what may undo it.
                    ChangeError::Unsynced(_) => CommitError::Refused(ErrorDetail {
                        what: "the import may not last".to_owned(),
                        next: "check the disk, then traderctl data verify".to_owned(),
                        ..detail
                    }),
                    _ => CommitError::Refused(detail),
                })
            }
        }
    }

    /// The stored series.
    pub(super) fn list(&self, params: &DataParams) -> Result<Vec<DataSeries>, Failure> {
        let catalogue = self.catalogue("data")?;
        let wanted = |symbol: Symbol, data: &str| {
            params.symbol.is_none_or(|wanted| wanted == symbol)
                && params.data.as_ref().is_none_or(|wanted| wanted == data)
        };
        let mut listed = Vec::new();
        for (symbol, entry) in &catalogue.symbols {
            for (kind, entry) in &entry.series {
                if wanted(*symbol, kind.name()) {
                    let series = Series {
                        symbol: *symbol,
                        kind: *kind,
                    };
                    listed.push(rows(series, entry));
                }
            }
            if let Some(entry) = &entry.actions
                && wanted(*symbol, ACTIONS)
            {
                listed.push(self.actions(*symbol, entry));
            }
        }
        Ok(listed)
    }

    /// The splits and dividends of a symbol. A file that cannot be read is listed without days;
    /// `verify` says what is wrong with it.
    fn actions(&self, symbol: Symbol, entry: &ActionsEntry) -> DataSeries {
        let file = format!("{symbol}/{}", entry.file);
        let text = fs::read_to_string(self.root.join(&file)).unwrap_or_default();
        let days: Vec<NaiveDate> = text
            .lines()
            .filter_map(|line| line.split(',').next()?.parse().ok())
            .collect();
        let first = days.iter().min().copied().unwrap_or_default();
        let last = days.iter().max().copied().unwrap_or_default();
        let rows = u64::try_from(days.len()).unwrap_or(u64::MAX);
        let midnight = |day: NaiveDate| {
            let midnight = day.and_time(chrono::NaiveTime::MIN);
            new_york::timestamp(midnight).unwrap_or(trader_contract::Timestamp::MIN)
        };
        DataSeries {
            symbol,
            data: ACTIONS.to_owned(),
            source: "import".to_owned(),
            feed: "none".to_owned(),
            adjustment: "raw".to_owned(),
            rows,
            extended_rows: 0,
            first,
            last,
            bytes: entry.bytes,
            files: vec![DataFileInfo {
                year: chrono::Datelike::year(&first),
                file,
                rows,
                extended_rows: 0,
                first: midnight(first),
                last: midnight(last),
                bytes: entry.bytes,
                sha256: entry.sha256.to_string(),
            }],
        }
    }

    /// Removes series, and says which.
    pub(super) fn remove(&self, params: &RemoveDataParams) -> Result<String, Failure> {
        let symbol = params.symbol;
        let catalogue = self.catalogue("remove_data")?;
        let stored = catalogue.symbols.get(&symbol);
        let has_actions = stored.is_some_and(|entry| entry.actions.is_some());
        let kinds: Vec<Kind> = match params.data.as_deref() {
            None => stored
                .map(|entry| entry.series.keys().copied().collect())
                .unwrap_or_default(),
            Some(ACTIONS) => Vec::new(),
            Some(data) => vec![
                data.parse()
                    .map_err(|error| not_removed(symbol, &format!("{error}")))?,
            ],
        };
        let actions = match params.data.as_deref() {
            None => has_actions,
            data => data == Some(ACTIONS),
        };
        if kinds.is_empty() && !actions {
            let known: Vec<String> = catalogue.symbols.keys().map(ToString::to_string).collect();
            let why = if known.is_empty() {
                "the store is empty".to_owned()
            } else {
                format!(
                    "nothing of it is stored; there is data of {}",
                    known.join(", ")
                )
            };
            return Err(not_removed(symbol, &why));
        }
        if params.year.is_some() && (actions || params.data.is_none()) {
            let why = "a year can be removed of one kind of rows only, and not of actions";
            return Err(not_removed(symbol, why));
        }
        let years = params.year.map(|year| [year]);
        let failed = |error: ChangeError| not_removed(symbol, &error.to_string());
        let mut names = Vec::new();
        let mut gone = 0_u64;
        for kind in kinds {
            let removed = store::remove(
                &self.root,
                Series { symbol, kind },
                years.as_ref().map(|y| &y[..]),
            )
            .map_err(failed)?;
            left_over(&removed.left_over);
            gone = gone.saturating_add(removed.rows);
            names.push(kind.name());
        }
        if actions {
            let rows = stored
                .and_then(|entry| entry.actions.as_ref())
                .map_or(0, |entry| self.actions(symbol, entry).rows);
            let removed = store::remove_actions(&self.root, symbol).map_err(failed)?;
            left_over(&removed.left_over);
            gone = gone.saturating_add(rows);
            names.push(ACTIONS);
        }
        let year = params.year.map(|year| format!(" of {year}"));
        Ok(format!(
            "removed {symbol} {}{}: {gone} rows",
            names.join(", "),
            year.unwrap_or_default()
        ))
    }

    fn catalogue(&self, method: &str) -> Result<Catalogue, Failure> {
        Store::open(&self.root)
            .and_then(|store| store.catalogue())
            .map_err(|error: CatalogueError| Failure::store_unavailable(method, error.to_string()))
    }
}

fn not_removed(symbol: Symbol, why: &str) -> Failure {
    Failure::refused(
        format!("nothing of {symbol} was removed"),
        why,
        "traderctl data list lists what is stored",
    )
}

fn left_over(files: &[String]) {
    if !files.is_empty() {
        tracing::warn!(
            files = files.len(),
            "old files of the bar store could not be deleted; the next start tries again"
        );
    }
}

fn rows(series: Series, entry: &SeriesEntry) -> DataSeries {
    let day = |file: Option<&FileEntry>, at: fn(&FileEntry) -> trader_contract::Timestamp| {
        file.map(|file| new_york::date(at(file)))
            .unwrap_or_default()
    };
    DataSeries {
        symbol: series.symbol,
        data: series.kind.name().to_owned(),
        source: entry.source.clone(),
        feed: entry.feed.clone(),
        adjustment: entry.adjustment.to_string(),
        rows: entry.rows(),
        extended_rows: entry.extended(),
        first: day(entry.files.first(), |file| file.first),
        last: day(entry.files.last(), |file| file.last),
        bytes: entry.bytes(),
        files: entry.files.iter().map(|file| info(series, file)).collect(),
    }
}

fn info(series: Series, file: &FileEntry) -> DataFileInfo {
    DataFileInfo {
        year: file.year,
        file: format!("{}/{}/{}", series.symbol, series.kind, file.file),
        rows: file.rows,
        extended_rows: file.extended,
        first: file.first,
        last: file.last,
        bytes: file.bytes,
        sha256: file.sha256.to_string(),
    }
}
