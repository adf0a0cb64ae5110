//! Executions that the broker takes back or changes: the void one goes out of fills, order and position,
//! and what stands in its place comes in.

use trader_contract::{ClientOrderId, Execution, ExecutionId, Qty, Timestamp};

use super::{fills, orders, positions};
use crate::StoreError;
use crate::connection::Db;

/// Takes a correction. One of an order or an execution that nobody heard of is left out.
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
    let Some(gone) = fills::remove(db, id, void)? else {
        return Ok(());
    };
    let mut new = None;
    if let Some(execution) = now
        && fills::save(db, seq, &order, execution)?
    {
        new = Some(execution);
    }
    orders::change(db, id, at, |order| {
        let left = order.filled.checked_sub(gone.qty).unwrap_or(Qty::ZERO);
        order.filled = left;
        order.filled_value -= gone.price.times(gone.qty);
        if let Some(new) = new {
            order.filled = left.checked_add(new.qty).unwrap_or(left);
            order.filled_value += new.price.times(new.qty);
        }
    })?;
    positions::correct(db, &order, &gone, new)
}
