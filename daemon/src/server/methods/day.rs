//! `day`: the account's day in figures. A session that is open is told by the engine as it stands, one
//! that is over by the archive, with the journal's head.

use std::sync::Arc;

use trader_kernel::Call;
use trader_rpc::{DayParams, DaySummary, DaysParams, Failure};

use super::{Context, Peer};

pub(super) async fn day(
    context: Arc<Context>,
    peer: Peer,
    params: DayParams,
) -> Result<DaySummary, Failure> {
    let latest = context.ask(peer, Call::Day).await?;
    let date = params.date.or(latest.as_ref().map(|day| day.date));
    let Some(date) = date else {
        return Err(unknown("no session has been open on this store yet"));
    };
    let latest = latest.filter(|day| day.date == date);
    if let Some(open) = latest.as_ref().filter(|day| day.open) {
        return Ok(with_alerts(&context, open.clone()).await);
    }
    let wanted = DaysParams {
        from: Some(date),
        to: Some(date),
    };
    let mut closed = context
        .room
        .read("day", move |archive| archive.days(&wanted))
        .await?;
    match (closed.pop(), latest) {
        (Some(closed), _) => Ok(closed),
        (None, Some(latest)) => Ok(with_alerts(&context, latest).await),
        (None, None) => Err(unknown(&format!("the account has no session on {date}"))),
    }
}

/// The figures with all alerts of the date: the engine counts those of the session's own hours. Where the
/// store does not answer, these are better than none.
async fn with_alerts(context: &Context, mut day: DaySummary) -> DaySummary {
    let date = day.date;
    let raised = context
        .room
        .read("day", move |archive| archive.alerts_of(date))
        .await;
    day.alerts = day.alerts.max(raised.unwrap_or(0));
    day
}

fn unknown(why: &str) -> Failure {
    Failure::refused(
        "there is no such day",
        why,
        "traderctl day shows the last one, traderctl calendar the sessions of the exchange",
    )
}
