//! Kills, armings, blocks, what others do at the account, and the program's starts.

use trader_core::record::{Block, Record};

use super::words;

/// What such an entry says; nothing for the others.
pub(super) fn sentence(record: &Record) -> String {
    match record {
        Record::AlertCleared { kind, symbol } => {
            let about = symbol.map_or_else(String::new, |symbol| format!(" in {symbol}"));
            format!("the cause of the alert {kind}{about} has gone")
        }
        Record::AlertAcknowledged { number, origin } => {
            format!("alert {number} was seen{}", words::asked_by(origin))
        }
        Record::RunStarted { program, config } => {
            format!("{program} began to trade, configuration {config}")
        }
        Record::RunEnded => "the run ended in good order".to_owned(),
        Record::Killed { scope, origin } => {
            format!(
                "{scope} is killed{}: no entries until `traderctl arm`",
                words::asked_by(origin)
            )
        }
        Record::KillLifted { scope, origin } => {
            format!("{scope} may be entered again{}", words::asked_by(origin))
        }
        Record::Armed { arming, origin } => format!(
            "account {} is armed until {}{}",
            arming.account,
            arming.until,
            words::asked_by(origin)
        ),
        Record::Disarmed { why, origin } => {
            format!("the account is disarmed{}: {why}", words::asked_by(origin))
        }
        Record::SymbolBlocked {
            symbol,
            block,
            origin,
        } => {
            let why = match block {
                Block::Foreign => "the broker has something in it that is not ours".to_owned(),
                Block::Ignored { net } => format!("its owner looks after it ({net} shares)"),
                Block::Contradicted => {
                    "the broker's order under an id of ours is not what was sent".to_owned()
                }
                Block::Jumped => "its price has jumped over the night".to_owned(),
                Block::Residue => "it could not be closed with its session".to_owned(),
            };
            format!("{symbol} is not entered{}: {why}", words::asked_by(origin))
        }
        Record::SymbolFreed { symbol, origin } => {
            format!("{symbol} may be entered again{}", words::asked_by(origin))
        }
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
        Record::FlattenBegan { origin } => format!("flattening{}", words::asked_by(origin)),
        Record::FlattenEnded { flat: true } => "flat, as the broker says".to_owned(),
        Record::FlattenEnded { flat: false } => {
            "the flatten ended, and the broker still holds something".to_owned()
        }
        other => other.kind().to_owned(),
    }
}
