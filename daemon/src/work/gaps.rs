//! What stored series lack: sessions without rows, and within the others windows without one.

use trader_bars::catalogue::SeriesEntry;
use trader_bars::gaps::{GapSurvey, Gaps};
use trader_bars::store::ReadError;
use trader_bars::{Series, Store};
use trader_calendar::{Calendar, new_york};
use trader_rpc::{ErrorDetail, GapsResult, SeriesFilter, SeriesGaps, SessionGaps};

use super::selection::{days, document, open, series};
use super::{Outcome, Reporter, trouble};
use crate::jobs::stream::Order;

const WHAT: &str = "no gaps were looked for";

/// Looks for them.
///
/// # Errors
/// There are no such series, or they cannot be read.
pub(super) fn run(
    order: &Order,
    filter: &SeriesFilter,
    reporter: &mut Reporter,
) -> Result<Outcome, ErrorDetail> {
    let (store, catalogue) = open(&order.bars, WHAT)?;
    let calendar = order.calendar()?;
    let wanted = series(&catalogue, filter, WHAT)?;
    let total = u64::try_from(wanted.len()).unwrap_or(u64::MAX);
    let mut result = GapsResult { series: Vec::new() };
    for (done, (series, entry)) in (0_u64..).zip(wanted) {
        reporter.progress("reading", done, total, "series");
        result
            .series
            .extend(survey(&store, series, entry, filter, &calendar)?);
    }
    reporter.progress("reading", total, total, "series");
    reporter.file("result.json", &document(&result)?);
    Ok(Outcome::said(sentence(&result)))
}

fn survey(
    store: &Store,
    series: Series,
    entry: &SeriesEntry,
    filter: &SeriesFilter,
    calendar: &Calendar,
) -> Result<Option<SeriesGaps>, ErrorDetail> {
    let mut survey = GapSurvey::new(calendar.clone(), series.kind);
    let parts = entry.files.iter().filter_map(|file| days(file, filter));
    for range in parts {
        match store.read(series, range) {
            Ok(rows) => survey.add_rows(&rows),
            Err(ReadError::NoRows { .. }) => {}
            Err(error) => {
                return Err(trouble(
                    WHAT,
                    error,
                    "traderctl data verify looks at all of it",
                ));
            }
        }
    }
    let (Some(first), Some(last)) = (entry.files.first(), entry.files.last()) else {
        return Ok(None);
    };
    let first = filter
        .start_date
        .unwrap_or_else(|| new_york::date(first.first));
    let last = filter.end_date.unwrap_or_else(|| new_york::date(last.last));
    if last < first {
        return Ok(None);
    }
    let gaps = survey
        .finish(Some(first..=last))
        .map_err(|error| trouble(WHAT, error, "ask for days that the calendar covers"))?;
    Ok(gaps.map(|gaps| of_series(series, gaps)))
}

fn of_series(series: Series, gaps: Gaps) -> SeriesGaps {
    let missing = gaps.missing_sessions.iter();
    let incomplete = gaps
        .sessions
        .iter()
        .filter(|session| !session.missing.is_empty());
    SeriesGaps {
        symbol: series.symbol,
        data: series.kind.name().to_owned(),
        first: gaps.first,
        last: gaps.last,
        sessions: gaps.total.sessions.into(),
        expected: gaps.total.windows.into(),
        present: gaps.total.windows_present.into(),
        missing_sessions: missing.map(|run| (run.first, run.last)).collect(),
        incomplete: incomplete
            .map(|session| SessionGaps {
                date: session.date,
                missing: session.missing_windows(),
                ranges: session
                    .missing
                    .iter()
                    .map(|run| (run.first, run.last))
                    .collect(),
            })
            .collect(),
    }
}

fn sentence(result: &GapsResult) -> String {
    let sum =
        |of: fn(&SeriesGaps) -> usize| result.series.iter().map(of).fold(0, usize::saturating_add);
    let runs = sum(|gaps| gaps.missing_sessions.len());
    let incomplete = sum(|gaps| gaps.incomplete.len());
    let series = result.series.len();
    match (runs, incomplete) {
        (0, 0) => format!("{series} series without gaps"),
        _ => format!(
            "{series} series: {runs} runs of sessions without rows, {incomplete} sessions with rows missing"
        ),
    }
}
