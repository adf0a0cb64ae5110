//! `traderctl sessions list`: which sessions are recorded.

use trader_rpc::{RecordedSession, SessionsParams, call};

use super::super::Setting;
use crate::connection;
use crate::exit::Failed;
use crate::output::Output;
use crate::screen::Screen;
use crate::show;
use crate::table::{Column, Plain};

const COLUMNS: &[Column] = &[
    Column::Left("SESSION"),
    Column::Right("FILES"),
    Column::Right("SIZE"),
];

/// List recorded sessions
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let client = connection::to_look(setting.socket)?;
    let sessions = client.call::<call::Sessions>(&SessionsParams::default())?;
    setting
        .output
        .result(&sessions, || table(&sessions, setting.output))
}

fn table(sessions: &[RecordedSession], output: &Output) -> String {
    let mut table = Plain::new(output, COLUMNS).cut_to(Screen::of_stdout());
    for one in sessions {
        table.row(vec![
            one.session.to_string(),
            one.segments.to_string(),
            show::size(one.bytes),
        ]);
    }
    table.write("no session is recorded yet")
}
