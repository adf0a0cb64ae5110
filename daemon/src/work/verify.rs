//! A look at the stored files: whether each is what was stored and holds what the catalogue says, and
//! which rows look like bad prints.

use trader_bars::adjust::{self, Actions, Cause, Suspicion};
use trader_bars::catalogue::SeriesEntry;
use trader_bars::store::{self, ReadError};
use trader_bars::{Kind, Rows, Series, Store};
use trader_rpc::{DataFault, ErrorDetail, SeriesFilter, VerifyResult};

use super::selection::{days, document, mark, open, series};
use super::{Outcome, Reporter, trouble};
use crate::jobs::stream::Order;

const WHAT: &str = "nothing was verified";
/// Rows listed at most; more say the same.
const LISTED: usize = 200;

/// Looks at them.
///
/// # Errors
/// There is no such series, or the catalogue cannot be read.
pub(super) fn run(
    order: &Order,
    filter: &SeriesFilter,
    reporter: &mut Reporter,
) -> Result<Outcome, ErrorDetail> {
    let (store, catalogue) = open(&order.bars, WHAT)?;
    let has_filter = filter.symbol.is_some() || filter.data.is_some();
    let wanted = match series(&catalogue, filter, WHAT) {
        // An empty store is sound.
        Err(_) if !has_filter => Vec::new(),
        wanted => wanted?,
    };
    reporter.progress("verifying", 0, 0, "files");
    let verified = store::verify(&store, filter.symbol, &mark(order.calendar()?))
        .map_err(|error| trouble(WHAT, error, "restore the catalogue from a backup"))?;
    let total = u64::try_from(wanted.len()).unwrap_or(u64::MAX);
    let mut suspicious = Vec::new();
    for (done, (series, entry)) in (0_u64..).zip(wanted) {
        reporter.progress("looking", done, total, "series");
        look(&store, series, entry, filter, &mut suspicious);
    }
    let faults = verified.faults.into_iter().map(|fault| DataFault {
        place: fault.file,
        what: fault.what,
        next: fault.remedy,
    });
    let result = VerifyResult {
        files: verified.files,
        rows: verified.rows,
        faults: faults.collect(),
        suspicious,
    };
    reporter.file("result.json", &document(&result)?);
    let found = match (result.faults.len(), result.suspicious.len()) {
        (0, 0) => "all sound".to_owned(),
        (faults, suspicious) => format!("{faults} faults, {suspicious} suspicious rows"),
    };
    Ok(Outcome::said(format!(
        "{} files with {} rows: {found}",
        result.files, result.rows
    )))
}

/// Looks at the bars of a series; files that cannot be read are faults already.
fn look(
    store: &Store,
    series: Series,
    entry: &SeriesEntry,
    filter: &SeriesFilter,
    found: &mut Vec<DataFault>,
) {
    if !matches!(series.kind, Kind::Bars(_)) {
        return;
    }
    let actions = super::actions::of(store, series.symbol).unwrap_or_else(|_| Actions::none());
    for range in entry.files.iter().filter_map(|file| days(file, filter)) {
        match store.read(series, range) {
            Ok(Rows::Bars(bars)) => {
                let room = LISTED.saturating_sub(found.len());
                let strange = adjust::suspicious(&bars, &actions).into_iter().take(room);
                found.extend(strange.map(|row| fault(series, &row)));
            }
            Ok(_) | Err(ReadError::NoRows { .. } | ReadError::File(_)) => {}
            Err(_) => return,
        }
    }
}

fn fault(series: Series, row: &Suspicion) -> DataFault {
    let Suspicion {
        at,
        price,
        previous,
        cause,
    } = row;
    let (why, next) = match cause {
        Cause::Split { ex_date, value } => (
            format!("which is off by about the split of {ex_date} ({value} for 1)"),
            "compare it with another source: it is on the old scale, or was adjusted before it was \
             imported",
        ),
        Cause::Jump => (
            "which is off by more than a factor of three".to_owned(),
            "compare it with another source; a split may be missing: import the corporate actions",
        ),
    };
    DataFault {
        place: format!("{series} {at}"),
        what: format!("{price} after {previous}, {why}"),
        next: next.to_owned(),
    }
}
