//! What was: `trades` and `days`, from the archive.

use std::sync::Arc;

use trader_rpc::{DaySummary, DaysParams, Failure, Trade, TradesParams};

use super::{Context, Peer};

pub(super) async fn trades(
    context: Arc<Context>,
    _: Peer,
    params: TradesParams,
) -> Result<Vec<Trade>, Failure> {
    context
        .room
        .read("trades", move |archive| archive.trades(&params))
        .await
}

pub(super) async fn days(
    context: Arc<Context>,
    _: Peer,
    params: DaysParams,
) -> Result<Vec<DaySummary>, Failure> {
    context
        .room
        .read("days", move |archive| archive.days(&params))
        .await
}
