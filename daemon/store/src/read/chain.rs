//! Everything that belongs to one decision: the journal's rows from the bar to the last fill.

use std::collections::BTreeMap;

use trader_contract::{OrderRole, Symbol};
use trader_core::record::{IntentId, JournalEntry, Record};

use super::{EntryFilter, MAX_ROWS, Page, Reader};
use crate::StoreError;

/// Rows that are read at once on the way back to a trade's beginning.
const LOOK_BACK: u32 = 200;

impl Reader {
    /// The journal entries of a decision and of the trade that it opened, oldest first, with everything
    /// that was written about its symbol from there to the trade's end. None if there is no such decision.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn chain(&mut self, id: IntentId) -> Result<Vec<JournalEntry>, StoreError> {
        self.consistently(|reader| {
            let own = EntryFilter {
                intent: Some(id),
                ..EntryFilter::default()
            };
            let own = reader.entries(&own, Page::newest(MAX_ROWS))?;
            let (Some(newest), Some(oldest)) = (own.first(), own.last()) else {
                return Ok(Vec::new());
            };
            let page = Page::newest(MAX_ROWS);
            let page = match own.iter().any(|entry| is_end(&entry.record)) {
                true => page.before(newest.seq.saturating_add(1)),
                false => page,
            };
            let around = EntryFilter {
                symbol: own.iter().find_map(|entry| entry.record.symbol()),
                after: Some(oldest.seq),
                ..EntryFilter::default()
            };
            let around = match around.symbol.filter(|_| opened(&own)) {
                Some(_) => reader.entries(&around, page)?,
                None => Vec::new(),
            };
            let rows: BTreeMap<u64, JournalEntry> = (own.into_iter().chain(around))
                .map(|entry| (entry.seq, entry))
                .collect();
            Ok(rows.into_values().collect())
        })
    }

    /// The decision that opened the trade of `symbol` in which journal entry `seq` was written.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn trade_around(
        &mut self,
        symbol: Symbol,
        seq: u64,
    ) -> Result<Option<IntentId>, StoreError> {
        let about = EntryFilter {
            symbol: Some(symbol),
            ..EntryFilter::default()
        };
        let mut page = Page::newest(LOOK_BACK).before(seq);
        loop {
            let rows = self.entries(&about, page)?;
            let begins = rows.iter().find(|entry| match &entry.record {
                Record::OrderPlanned { order } => order.role() == OrderRole::Entry,
                record => matches!(record, Record::PositionAdopted { .. }),
            });
            match (begins, rows.last()) {
                (Some(entry), _) => return Ok(entry.record.intent()),
                (None, Some(oldest)) => page = page.before(oldest.seq),
                (None, None) => return Ok(None),
            }
        }
    }
}

/// Whether a trade was opened, or at least an order for one was made.
fn opened(rows: &[JournalEntry]) -> bool {
    let opens = |record: &Record| {
        matches!(
            record,
            Record::OrderPlanned { .. } | Record::PositionAdopted { .. }
        )
    };
    rows.iter().any(|entry| opens(&entry.record))
}

const fn is_end(record: &Record) -> bool {
    matches!(
        record,
        Record::TradeClosed { .. } | Record::TradeVoided { .. } | Record::EntryLapsed { .. }
    )
}
