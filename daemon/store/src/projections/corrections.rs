//! Executions that the broker takes back or changes: the void one goes out of fills, order and position,
//! and what stands in its place comes in. Follows the book's rules, so that both tell the same.

use diesel::prelude::*;
use trader_contract::{ClientOrderId, Execution, ExecutionId, Qty, Timestamp};
use trader_core::record::Record;

use super::orders::Order;
use super::{fills, orders, positions};
use crate::StoreError;
use crate::column::{parse_json, row_number};
use crate::connection::Db;
use crate::schema::journal;

/// Whether the journal says before row `seq` that an execution is void: then it does not count, also if it
/// was never heard of before.
pub(crate) fn is_void(
    db: &mut Db,
    seq: u64,
    order: &Order,
    execution: &ExecutionId,
) -> Result<bool, StoreError> {
    let corrections: Vec<String> = journal::table
        .filter(journal::client_id.eq(order.client_id.to_string()))
        .filter(journal::kind.eq("fill_corrected"))
        .filter(journal::seq.gt(row_number(order.seq)))
        .filter(journal::seq.lt(row_number(seq)))
        .select(journal::payload)
        .load(db)?;
    for payload in corrections {
        let record: Record = parse_json("journal", "record", &payload)?;
        if matches!(&record, Record::FillCorrected { execution: void, .. } if void == execution) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Takes a correction. One of an order that was never planned is left out.
pub(crate) fn apply(
    db: &mut Db,
    (seq, at): (u64, Timestamp),
    id: ClientOrderId,
    void: &ExecutionId,
    now: Option<&Execution>,
) -> Result<(), StoreError> {
    let Some(order) = orders::find(db, id)? else {
        return Ok(());
    };
    let gone = fills::remove(db, id, void)?;
    let mut new = None;
    if let Some(execution) = now {
        let replaces_itself = execution.id == *void && gone.is_some();
        // One that is void by this very record counts as void, too.
        let known_void = execution.id == *void || is_void(db, seq, &order, &execution.id)?;
        if (replaces_itself || !known_void) && fills::save(db, seq, &order, execution)? {
            new = Some(execution);
        }
    }
    orders::change(db, id, at, |order| {
        if let Some(gone) = &gone {
            order.filled = order.filled.checked_sub(gone.qty).unwrap_or(Qty::ZERO);
            order.filled_value -= gone.price.times(gone.qty);
        }
        if let Some(new) = new {
            order.take_fill(at, new);
        }
    })?;
    if let Some(gone) = &gone {
        positions::take_back(db, &order, gone)?;
    }
    match new {
        Some(new) => positions::take_fill(db, &order, new),
        None => Ok(()),
    }
}
