//! What others do: orders and positions that are not ours, splits, corrected executions; and shares
//! that were without a stop.

use trader_core::record::Record;

use super::words;

/// What such an entry says; its kind for the others.
pub(super) fn sentence(record: &Record) -> String {
    match record {
        Record::ForeignSeen { order } => format!(
            "{}: the broker has an order that is not ours: {} {} {}, {} filled ({})",
            order.symbol, order.side, order.qty, order.kind, order.filled, order.broker_id
        ),
        Record::ForeignGone { broker_id } => format!("the foreign order {broker_id} has ended"),
        Record::PositionAdopted {
            symbol,
            net,
            stop,
            origin,
            ..
        } => {
            let stop = stop.map_or_else(String::new, |stop| format!(", stop {stop}"));
            format!(
                "{symbol}: {net} shares are adopted{}{stop}",
                words::asked_by(origin)
            )
        }
        Record::SplitApplied { symbol, new, old } => {
            format!("{symbol} was split: {new} shares for {old}")
        }
        Record::FillCorrected {
            client_id,
            execution,
            now,
        } => match now {
            Some(now) => format!(
                "{}: execution {execution} is void; {} at {} stands in its place",
                words::order(*client_id),
                now.qty,
                now.price
            ),
            None => format!(
                "{}: execution {execution} is void",
                words::order(*client_id)
            ),
        },
        Record::Exposed {
            symbol,
            share_micros,
        } => {
            let seconds = share_micros.div_ceil(1_000_000);
            format!("{symbol}: {seconds} share-seconds were without a stop")
        }
        other => other.kind().to_owned(),
    }
}
