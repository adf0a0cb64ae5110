//! The catalogue: which files of a store count, and what is in them. It is the truth; a file that it
//! does not name does not exist for a reader.

use std::collections::BTreeMap;
use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use trader_calendar::new_york;
use trader_contract::{Symbol, Timestamp};

use crate::checksum::Checksum;
use crate::dates::{self, Range};
use crate::series::{Kind, Series};

/// The version of the catalogue and of the folders that this release reads and writes.
pub const FORMAT: u32 = 1;

/// Whether stored prices were changed for splits and dividends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Adjustment {
    /// As traded. Adjustment happens on reading.
    Raw,
}

impl fmt::Display for Adjustment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Raw => f.pad("raw"),
        }
    }
}

/// One year of a series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// The year of its sessions in New York.
    pub year: i32,
    /// Its name in the folder of its series.
    pub file: String,
    /// Rows in it.
    pub rows: u64,
    /// Of these, rows outside the regular session.
    pub extended: u64,
    /// Time of the first row.
    pub first: Timestamp,
    /// Time of the last row.
    pub last: Timestamp,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its sum.
    pub sha256: Checksum,
}

impl FileEntry {
    /// The name that a file of this year and sum has.
    #[must_use]
    pub fn name(year: i32, sum: &Checksum) -> String {
        format!("{year}-{}.parquet", sum.short())
    }

    /// What does not fit together in the entry; a name that leads elsewhere among it.
    pub(crate) fn fault(&self) -> Option<String> {
        let wanted = Self::name(self.year, &self.sha256);
        let in_year = |at| dates::year(at) == self.year;
        if self.file != wanted {
            Some(format!(
                "the file {:?} should be called {wanted}",
                self.file
            ))
        } else if self.rows == 0 || self.extended > self.rows {
            Some(format!(
                "{wanted}: {} of {} rows extended",
                self.extended, self.rows
            ))
        } else if self.last < self.first || !in_year(self.first) || !in_year(self.last) {
            let (first, last) = (self.first, self.last);
            Some(format!("{wanted}: rows from {first} to {last}"))
        } else {
            None
        }
    }
}

/// The rows of one kind of a symbol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeriesEntry {
    /// Where the rows come from, in the importer's words.
    pub source: String,
    /// Which exchanges they cover, in the importer's words.
    pub feed: String,
    /// Whether prices are as traded.
    pub adjustment: Adjustment,
    /// The files, oldest year first; one a year.
    pub files: Vec<FileEntry>,
}

impl SeriesEntry {
    /// Rows in all files.
    #[must_use]
    pub fn rows(&self) -> u64 {
        total(&self.files, |file| file.rows)
    }

    /// Rows outside the regular session in all files.
    #[must_use]
    pub fn extended(&self) -> u64 {
        total(&self.files, |file| file.extended)
    }

    /// Bytes of all files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        total(&self.files, |file| file.bytes)
    }

    /// The file of a year.
    #[must_use]
    pub fn year(&self, year: i32) -> Option<&FileEntry> {
        self.files.iter().find(|file| file.year == year)
    }

    /// The files that may have rows of these dates, oldest first.
    pub fn files_in(&self, range: Range) -> impl Iterator<Item = &FileEntry> {
        let window = range.window();
        let files = self.files.iter();
        files.filter(move |file| window.meets(file.first, file.last))
    }

    /// First and last date of each stretch of years with data. Within a stretch there may be gaps.
    #[must_use]
    pub fn ranges(&self) -> Vec<(NaiveDate, NaiveDate)> {
        /// Days between years that do not break a stretch: the holidays around New Year.
        const SEAM_DAYS: i64 = 7;
        let mut ranges: Vec<(NaiveDate, NaiveDate)> = Vec::new();
        for file in &self.files {
            let (first, last) = (new_york::date(file.first), new_york::date(file.last));
            match ranges.last_mut() {
                Some(range) if first.signed_duration_since(range.1).num_days() <= SEAM_DAYS => {
                    range.1 = last;
                }
                _ => ranges.push((first, last)),
            }
        }
        ranges
    }
}

fn total(files: &[FileEntry], of: fn(&FileEntry) -> u64) -> u64 {
    files.iter().map(of).fold(0, u64::saturating_add)
}

/// The splits and dividends of a symbol, kept as they were imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionsEntry {
    /// Its name in the folder of its symbol.
    pub file: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its sum.
    pub sha256: Checksum,
}

impl ActionsEntry {
    /// The entry of a file with this content.
    #[must_use]
    pub fn of(content: &[u8]) -> Self {
        let sha256 = Checksum::of(content);
        Self {
            file: Self::name(&sha256),
            bytes: u64::try_from(content.len()).unwrap_or(u64::MAX),
            sha256,
        }
    }

    fn name(sum: &Checksum) -> String {
        format!("actions-{}.csv", sum.short())
    }

    pub(crate) fn fault(&self) -> Option<String> {
        let wanted = Self::name(&self.sha256);
        (self.file != wanted).then(|| format!("the file {:?} should be called {wanted}", self.file))
    }
}

/// What is stored of a symbol.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SymbolEntry {
    /// Its rows by kind.
    pub series: BTreeMap<Kind, SeriesEntry>,
    /// Its splits and dividends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actions: Option<ActionsEntry>,
}

impl SymbolEntry {
    pub(crate) fn is_empty(&self) -> bool {
        self.series.is_empty() && self.actions.is_none()
    }
}

/// What a store holds, at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// See [`FORMAT`].
    pub format: u32,
    /// ImportCounts the changes of the store.
    pub generation: u64,
    /// What it holds, by symbol.
    pub symbols: BTreeMap<Symbol, SymbolEntry>,
}

/// Why a text is no catalogue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueTextError {
    /// Not JSON, or not of our shape.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// Written by a newer release.
    #[error("a newer release wrote it (format {0}; this one reads format {FORMAT})")]
    Newer(u32),
}

impl Catalogue {
    /// That of a store without anything.
    pub(crate) const EMPTY: Self = Self {
        format: FORMAT,
        generation: 0,
        symbols: BTreeMap::new(),
    };

    /// Reads a catalogue's text.
    ///
    /// # Errors
    /// It is none, or of a newer format, or its entries contradict each other.
    pub fn parse(text: &[u8]) -> Result<Self, CatalogueTextError> {
        #[derive(Deserialize)]
        struct Version {
            format: u32,
        }
        let damaged = |error: serde_json::Error| CatalogueTextError::Damaged(error.to_string());
        let version: Version = serde_json::from_slice(text).map_err(damaged)?;
        if version.format > FORMAT {
            return Err(CatalogueTextError::Newer(version.format));
        }
        let catalogue: Self = serde_json::from_slice(text).map_err(damaged)?;
        match catalogue.fault() {
            None => Ok(catalogue),
            Some(fault) => Err(CatalogueTextError::Damaged(fault)),
        }
    }

    /// Its text, ending in a newline.
    ///
    /// # Errors
    /// None in practice: every key is a text.
    pub fn to_text(&self) -> Result<String, CatalogueTextError> {
        let text = serde_json::to_string_pretty(self);
        text.map(|text| text + "\n")
            .map_err(|error| CatalogueTextError::Damaged(error.to_string()))
    }

    fn fault(&self) -> Option<String> {
        self.symbols.iter().find_map(|(symbol, entry)| {
            let actions = entry.actions.as_ref().and_then(ActionsEntry::fault);
            let mut series = entry.series.iter();
            let in_series = series.find_map(|(kind, series)| {
                let fault = series.files.iter().find_map(FileEntry::fault);
                let order = files_fault(&series.files);
                Some(format!("{kind}: {}", fault.or(order)?))
            });
            Some(format!("{symbol}: {}", actions.or(in_series)?))
        })
    }

    /// What is stored of a series.
    #[must_use]
    pub fn series(&self, series: Series) -> Option<&SeriesEntry> {
        self.symbols.get(&series.symbol)?.series.get(&series.kind)
    }

    /// Every series, in order.
    pub fn all(&self) -> impl Iterator<Item = (Series, &SeriesEntry)> {
        self.symbols.iter().flat_map(|(symbol, entry)| {
            let symbol = *symbol;
            let series = entry.series.iter();
            series.map(move |(&kind, entry)| (Series { symbol, kind }, entry))
        })
    }
}

fn files_fault(files: &[FileEntry]) -> Option<String> {
    if files.is_empty() {
        return Some("it has no files".to_owned());
    }
    let ascending = files.is_sorted_by(|a, b| a.year < b.year);
    (!ascending).then(|| "its years are not in order".to_owned())
}
