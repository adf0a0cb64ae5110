//! Splits and dividends: taken in as files, and applied to bars that are shown.

use chrono::NaiveDate;
use trader_bars::adjust::{self, Actions};
use trader_bars::csv;
use trader_bars::store::{self, Prepared};
use trader_bars::{Rows, Series, Store};
use trader_contract::Symbol;
use trader_rpc::{Adjustment, ErrorDetail, ImportResult, ImportSpec};

use super::import::{checked, not_prepared, on_conflict, refused};
use super::selection::open;
use super::trouble;
use crate::jobs::stream::Order;

/// What they are called beside the kinds of rows.
pub(super) const NAME: &str = "actions";
/// The largest file of them, in bytes: a company has a few hundred in a century.
const BYTES_MAX: u64 = 4 << 20;

/// Prepares the file of an import.
pub(super) fn import(
    order: &Order,
    spec: &ImportSpec,
) -> Result<(ImportResult, Prepared), ErrorDetail> {
    if spec.bytes > BYTES_MAX {
        let why = format!("it has {} bytes, more than {BYTES_MAX}", spec.bytes);
        return Err(refused(spec, why));
    }
    let text = checked(order, spec, |file| csv::read_text(file, BYTES_MAX))?;
    let actions: Actions = text.parse().map_err(|error| refused(spec, error))?;
    let (store, _) = open(&order.bars, "nothing was imported")?;
    let prepared = store::prepare_actions(
        &store,
        spec.symbol,
        text.as_bytes(),
        on_conflict(spec),
        &order.staging,
    )
    .map_err(|error| not_prepared(spec, &error))?;
    let rows = u64::try_from(actions.rows().len()).unwrap_or(u64::MAX);
    // The store counts files of actions; a person counts their rows.
    let times = |files: u64| files.saturating_mul(rows);
    let date = |action: Option<&adjust::Action>| action.map(|a| a.ex_date).unwrap_or_default();
    let result = ImportResult {
        symbol: spec.symbol,
        data: NAME.to_owned(),
        rows,
        new: times(prepared.counts.new),
        already: times(prepared.counts.already),
        replaced: times(prepared.counts.replaced),
        extended_rows: 0,
        first: date(actions.rows().first()),
        last: date(actions.rows().last()),
    };
    Ok((result, prepared))
}

/// The splits and dividends of a symbol; none if none are stored.
pub(super) fn of(store: &Store, symbol: Symbol) -> Result<Actions, ErrorDetail> {
    let what = || format!("the splits and dividends of {symbol} cannot be used");
    let next = "import them again, with replacement";
    let content = store
        .read_actions(symbol)
        .map_err(|error| trouble(what(), error, next))?;
    let Some(content) = content else {
        return Ok(Actions::none());
    };
    String::from_utf8_lossy(&content)
        .parse()
        .map_err(|error: adjust::ActionsError| trouble(what(), error, next))
}

/// Adjusts rows up to a day. Only bars can be.
pub(super) fn adjust(
    store: &Store,
    series: Series,
    rows: &mut Rows,
    adjustment: Adjustment,
    as_of: Option<NaiveDate>,
) -> Result<(), ErrorDetail> {
    let adjustment = match adjustment {
        Adjustment::Raw => return Ok(()),
        Adjustment::Split => adjust::Adjustment::Split,
        Adjustment::All => adjust::Adjustment::All,
    };
    let Rows::Bars(bars) = rows else {
        return Err(trouble(
            format!("{series} was not adjusted"),
            "only bars of trades are",
            "leave the adjustment out",
        ));
    };
    let actions = of(store, series.symbol)?;
    let raw = std::mem::take(bars);
    *bars = adjust::adjust(raw, &actions, adjustment, as_of).map_err(|error| {
        trouble(
            format!("{series} was not adjusted"),
            error,
            "see the message",
        )
    })?;
    Ok(())
}
