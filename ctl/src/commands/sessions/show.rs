//! `traderctl sessions show`: what is in the recording of one session.

use chrono::NaiveDate;
use trader_rpc::{RecordedSegment, RecordedSession, SegmentBeginning, SessionsParams, call};

use super::super::Setting;
use crate::connection;
use crate::exit::Failed;
use crate::output::Output;
use crate::screen::Screen;
use crate::show;
use crate::table::{Column, Plain};

const COLUMNS: &[Column] = &[
    Column::Right("FILE"),
    Column::Left("BEGINS WITH"),
    Column::Left("FROM"),
    Column::Left("TO"),
    Column::Right("EVENTS"),
    Column::Right("BARS"),
    Column::Right("SIZE"),
    Column::Left("END"),
];

/// Show what is in a recording
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The session
    #[arg(value_name = "DATE")]
    session: NaiveDate,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let client = connection::to_look(setting.socket)?;
    let params = SessionsParams {
        session: Some(args.session),
    };
    let mut sessions = client.call::<call::Sessions>(&params)?;
    let Some(session) = sessions.pop() else {
        return Err(super::unknown(args.session));
    };
    setting
        .output
        .result(&session, || text(&session, setting.output))
}

fn text(session: &RecordedSession, output: &Output) -> String {
    let mut table = Plain::new(output, COLUMNS).cut_to(Screen::of_stdout());
    let time = |at: Option<_>| at.map_or_else(show::dash, show::time);
    for one in &session.details {
        table.row(vec![
            one.number.to_string(),
            beginning(one.begins).to_owned(),
            time(one.first_at),
            time(one.last_at),
            show::whole(one.events),
            show::whole(one.bars),
            show::size(one.bytes),
            ending(one).to_owned(),
        ]);
    }
    let mut text = table.write("it has no files");
    for one in &session.details {
        if let Some(cut) = &one.cut {
            text.push_str(&format!("\nfile {}: {cut}", one.number));
        }
    }
    text
}

const fn beginning(begins: SegmentBeginning) -> &'static str {
    match begins {
        SegmentBeginning::Start => "a start of the daemon",
        SegmentBeginning::Running => "the state at the session's begin",
        SegmentBeginning::Continues => "where the file before ended",
        SegmentBeginning::Unreadable => "what cannot be read",
    }
}

const fn ending(segment: &RecordedSegment) -> &'static str {
    match (segment.ended, segment.packed) {
        (true, _) => "in good order",
        (false, true) => "the daemon died",
        (false, false) => "not yet",
    }
}
