//! `traderctl calendar`: sessions of the exchange, from the daemon or, without one, from the table
//! that this program carries.

use chrono::NaiveDate;
use trader_calendar::{Calendar, CalendarError};
use trader_rpc::{CalendarDay, CalendarParams, CallError, ConnectError, call};

use super::Setting;
use super::change::in_order;
use crate::connection;
use crate::exit::Failed;
use crate::output::Output;
use crate::show;
use crate::table::{Column, Plain};

const COLUMNS: &[Column] = &[
    Column::Left("DATE"),
    Column::Left("OPEN (ET)"),
    Column::Left("CLOSE (ET)"),
    Column::Left("NOTE"),
];

/// List sessions of the exchange
///
/// Asks the daemon, whose calendar may have overrides. Where none can be reached, the table shipped
/// with traderctl answers; a note on stderr says which of the two it was. JSON is a list of
/// {date, open, close, half_day}.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// List from this date on
    #[arg(long, value_name = "DATE")]
    start_date: NaiveDate,
    /// List up to this date, included
    #[arg(long, value_name = "DATE")]
    end_date: NaiveDate,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let (start, end) = (args.start_date, args.end_date);
    in_order("--start-date", start, "--end-date", end)?;
    let days = match asked(args, setting) {
        Ok((days, source)) => {
            setting.output.note(&format!("calendar of {source}"));
            days
        }
        Err(Failed::Connect(error)) => {
            setting.output.note(&shipped_note(&error));
            shipped(start, end)?
        }
        Err(Failed::Call(error)) if error.is_unreachable() || is_unknown(&error) => {
            let why = error.detail().why;
            setting.output.note(&format!("{SHIPPED} (traderd: {why})"));
            shipped(start, end)?
        }
        Err(error) => return Err(error),
    };
    setting.output.result(&days, || list(&days, setting.output))
}

const SHIPPED: &str = concat!(
    "calendar shipped with traderctl ",
    env!("CARGO_PKG_VERSION")
);

fn shipped_note(error: &ConnectError) -> String {
    let detail = error.detail();
    format!("{SHIPPED} ({}: {})", detail.what, detail.why)
}

/// Whether the daemon is one that has no such method.
fn is_unknown(error: &CallError) -> bool {
    matches!(error, CallError::Daemon(failure) if failure.code == -32601)
}

fn asked(args: &Args, setting: Setting<'_>) -> Result<(Vec<CalendarDay>, String), Failed> {
    let client = connection::to_look(setting.socket)?;
    let days = client.call::<call::Calendar>(&CalendarParams {
        start_date: args.start_date,
        end_date: args.end_date,
    })?;
    Ok((days, format!("traderd at {}", client.path().display())))
}

fn shipped(start: NaiveDate, end: NaiveDate) -> Result<Vec<CalendarDay>, Failed> {
    let calendar = Calendar::nyse();
    let sessions = calendar
        .sessions(start..=end)
        .map_err(|error| not_covered(&error, &calendar))?;
    let days = sessions.iter().map(|session| CalendarDay {
        date: session.date,
        open: session.open,
        close: session.close,
        half_day: session.half_day,
    });
    Ok(days.collect())
}

fn not_covered(error: &CalendarError, calendar: &Calendar) -> Failed {
    Failed::refused(
        "the calendar has no answer",
        error.to_string(),
        format!(
            "ask for dates from {} to {}",
            calendar.first_covered(),
            calendar.last_covered()
        ),
    )
}

fn list(days: &[CalendarDay], output: &Output) -> String {
    let mut table = Plain::new(output, COLUMNS);
    for day in days {
        let note = if day.half_day { "half day" } else { "" };
        table.row(vec![
            show::day(day.date),
            show::hour(day.open),
            show::hour(day.close),
            note.to_owned(),
        ]);
    }
    table.write("no sessions")
}
