//! An import: reads the uploaded file, checks every row, and prepares what the store would hold with
//! it. The daemon takes that into the store, or nothing.

use std::fs::File;
use std::io::{self, Read};

use sha2::{Digest, Sha256};
use trader_bars::csv::{self, ExtendedHours, ReadRows, Rules};
use trader_bars::store::{self, Import, PrepareError, Prepared};
use trader_bars::{Kind, OnConflict, Series, Store};
use trader_calendar::new_york;
use trader_contract::Timestamp;
use trader_rpc::{ErrorDetail, ImportResult, ImportSpec};

use super::selection::{document, mark, open, times};
use super::{Outcome, Reporter, trouble};
use crate::jobs::stream::{self, Order};

/// The feed of a series whose importer did not say.
const UNKNOWN_FEED: &str = "unknown";

/// Prepares it.
///
/// # Errors
/// The file is refused, as a whole.
pub(super) fn run(
    order: &Order,
    spec: &ImportSpec,
    reporter: &mut Reporter,
) -> Result<Outcome, ErrorDetail> {
    let (result, staged) = if spec.data == super::actions::NAME {
        super::actions::import(order, spec)?
    } else {
        rows(order, spec, reporter)?
    };
    reporter.file("result.json", &document(&result)?);
    let ImportResult {
        new,
        already,
        replaced,
        ..
    } = result;
    let mut parts = vec![format!("{new} new")];
    if already > 0 {
        parts.push(format!("{already} stored already"));
    }
    if replaced > 0 {
        parts.push(format!("{replaced} replaced"));
    }
    let days = match result.rows {
        0 => String::new(),
        _ => format!(", {} to {}", result.first, result.last),
    };
    Ok(Outcome {
        message: format!(
            "{} rows of {} {}{days}: {}",
            result.rows,
            result.symbol,
            result.data,
            parts.join(", ")
        ),
        staged: Some(staged),
    })
}

fn rows(
    order: &Order,
    spec: &ImportSpec,
    reporter: &mut Reporter,
) -> Result<(ImportResult, Prepared), ErrorDetail> {
    let kind: Kind = spec.data.parse().map_err(|error| refused(spec, error))?;
    let series = Series {
        symbol: spec.symbol,
        kind,
    };
    let (store, _) = open(&order.bars, "nothing was imported")?;
    let calendar = order.calendar()?;
    let rules = Rules {
        extended_hours: if spec.regular_only {
            ExtendedHours::Refused
        } else {
            ExtendedHours::Taken
        },
        ..Rules::new(calendar.clone())
    };
    let ReadRows { rows, counts } = checked(order, spec, |file| {
        csv::read(file, series, &rules, &mut |progress| {
            reporter.progress("reading", progress.bytes, spec.bytes, "bytes");
        })
    })?;
    let all = counts.regular.saturating_add(counts.extended);
    reporter.progress("writing", 0, all, "rows");
    let first = times(&rows).next().map_or(Timestamp::MIN, |at| at);
    let last = last(&rows);
    let (source, feed) = origin(&store, series, spec);
    let import = Import {
        series,
        rows,
        source,
        feed,
        on_conflict: on_conflict(spec),
    };
    let prepared = store::prepare(&store, import, &mark(calendar), &order.staging)
        .map_err(|error| not_prepared(spec, &error))?;
    reporter.progress("writing", all, all, "rows");
    let result = ImportResult {
        symbol: spec.symbol,
        data: spec.data.clone(),
        rows: all,
        new: prepared.counts.new,
        already: prepared.counts.already,
        replaced: prepared.counts.replaced,
        extended_rows: counts.extended,
        first: new_york::date(first),
        last: new_york::date(last),
    };
    Ok((result, prepared))
}

fn last(rows: &trader_bars::Rows) -> Timestamp {
    use trader_bars::Rows;
    let last = match rows {
        Rows::Bars(rows) => rows.last().map(|row| row.start),
        Rows::Quotes(rows) => rows.last().map(|row| row.start),
        Rows::Trades(rows) => rows.last().map(|row| row.at),
        Rows::QuoteTicks(rows) => rows.last().map(|row| row.at),
    };
    last.unwrap_or(Timestamp::MIN)
}

/// What to do with rows that contradict stored ones.
pub(super) const fn on_conflict(spec: &ImportSpec) -> OnConflict {
    if spec.replace {
        OnConflict::Replace
    } else {
        OnConflict::Refuse
    }
}

/// Where the rows come from: as said, else as the rows that are stored, else from the file.
fn origin(store: &Store, series: Series, spec: &ImportSpec) -> (String, String) {
    let catalogue = store.catalogue().ok();
    let stored = catalogue
        .as_ref()
        .and_then(|catalogue| catalogue.series(series));
    let or = |said: &Option<String>, stored: Option<&String>, other: &str| {
        said.as_ref()
            .or(stored)
            .map_or_else(|| other.to_owned(), Clone::clone)
    };
    (
        or(
            &spec.source,
            stored.map(|entry| &entry.source),
            &spec.file_name,
        ),
        or(&spec.feed, stored.map(|entry| &entry.feed), UNKNOWN_FEED),
    )
}

/// Reads the upload with `read`, and checks that it is the file that was sent.
pub(super) fn checked<T, E: std::fmt::Display>(
    order: &Order,
    spec: &ImportSpec,
    read: impl FnOnce(&mut Hashed) -> Result<T, E>,
) -> Result<T, ErrorDetail> {
    let gone = |error: io::Error| {
        trouble(
            format!("{} was not imported", spec.file_name),
            format!("the uploaded file cannot be read: {error}"),
            "upload it again",
        )
    };
    let path = order
        .upload
        .as_ref()
        .ok_or_else(|| gone(io::ErrorKind::NotFound.into()))?;
    let mut file = Hashed {
        inner: File::open(path).map_err(gone)?,
        hash: Sha256::new(),
        bytes: 0,
    };
    let outcome = read(&mut file);
    io::copy(&mut file, &mut io::sink()).map_err(gone)?;
    if file.bytes != spec.bytes || stream::hex(&file.hash.finalize()) != spec.sha256 {
        // Whatever was found wrong in it is not the sender's.
        return Err(trouble(
            format!("{} was not imported", spec.file_name),
            "what has arrived is not what was sent: size or SHA-256 differ",
            "upload it again, under a new id",
        ));
    }
    outcome.map_err(|error| refused(spec, error))
}

/// The uploaded file, hashed while it is read.
pub(super) struct Hashed {
    inner: File,
    hash: Sha256,
    bytes: u64,
}

impl Read for Hashed {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let len = self.inner.read(into)?;
        self.hash.update(into.get(..len).unwrap_or_default());
        let more = u64::try_from(len).unwrap_or(u64::MAX);
        self.bytes = self.bytes.saturating_add(more);
        Ok(len)
    }
}

pub(super) fn refused(spec: &ImportSpec, why: impl std::fmt::Display) -> ErrorDetail {
    trouble(
        format!("{} was refused", spec.file_name),
        why,
        "nothing was changed",
    )
}

pub(super) fn not_prepared(spec: &ImportSpec, error: &PrepareError) -> ErrorDetail {
    refused(spec, error)
}
