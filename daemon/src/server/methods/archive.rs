//! What was, and why: `trades`, `days`, `alerts` and `why`, from the archive.

use std::sync::Arc;

use trader_rpc::{
    AlertsParams, DaySummary, DaysParams, Failure, JournalAlert, Trade, TradesParams, Why,
    WhyParams,
};

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

pub(super) async fn alerts(
    context: Arc<Context>,
    _: Peer,
    params: AlertsParams,
) -> Result<Vec<JournalAlert>, Failure> {
    context
        .room
        .read("alerts", move |archive| archive.alerts(&params))
        .await
}

pub(super) async fn why(context: Arc<Context>, _: Peer, params: WhyParams) -> Result<Why, Failure> {
    context
        .room
        .read("why", move |archive| archive.why(&params))
        .await
}
