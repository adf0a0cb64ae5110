//! `calendar`: the sessions of the exchange.

use std::sync::Arc;

use trader_calendar::Session;
use trader_rpc::{CalendarDay, CalendarParams, Failure, limits};

use super::{Context, Peer};

pub(super) async fn calendar(
    context: Arc<Context>,
    _: Peer,
    params: CalendarParams,
) -> Result<Vec<CalendarDay>, Failure> {
    let (from, to) = (params.start_date, params.end_date);
    if from > to {
        let why = format!("start_date {from} is after end_date {to}");
        return Err(Failure::invalid_params("calendar", &why));
    }
    let sessions = context
        .services
        .calendar
        .sessions(from..=to)
        .map_err(|error| Failure::invalid_params("calendar", &error.to_string()))?;
    let most = usize::try_from(limits::ROWS_MAX).unwrap_or(usize::MAX);
    if sessions.len() > most {
        let why = format!(
            "{} sessions are more than the {most} of one answer",
            sessions.len()
        );
        return Err(Failure::invalid_params("calendar", &why));
    }
    Ok(sessions.iter().map(day).collect())
}

const fn day(session: &Session) -> CalendarDay {
    CalendarDay {
        date: session.date,
        open: session.open,
        close: session.close,
        half_day: session.half_day,
    }
}
