//! `traderctl backtest list`: backtests, the newest first.

use trader_rpc::{Job, JobKind, JobState, JobsParams, Work, call};

use super::super::Setting;
use super::spec;
use crate::connection;
use crate::exit::Failed;
use crate::output::{Output, Style};
use crate::screen::Screen;
use crate::table::{Column, Plain};

const COLUMNS: &[Column] = &[
    Column::Right("ID"),
    Column::Left("STATE"),
    Column::Left("FROM"),
    Column::Left("TO"),
    Column::Left("LABEL"),
    Column::Left("WHAT"),
    Column::Left("OUTCOME"),
    Column::Left("SET"),
];

/// List backtests, the newest first
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// List at most so many, the newest
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: Option<u32>,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let client = connection::to_look(setting.socket)?;
    let jobs = client.call::<call::Jobs>(&JobsParams {
        kind: Some(JobKind::Backtest),
        limit: args.limit,
        ..JobsParams::default()
    })?;
    setting
        .output
        .result(&jobs, || table(&jobs, setting.output))
}

fn table(jobs: &[Job], output: &Output) -> String {
    let mut table = Plain::new(output, COLUMNS).cut_to(Screen::of_stdout());
    for job in jobs {
        let Work::Backtest(spec) = &job.work else {
            continue;
        };
        let cells = vec![
            job.id.to_string(),
            job.state.to_string(),
            spec.start_date.to_string(),
            spec.end_date.to_string(),
            spec.label.clone().unwrap_or_default(),
            spec::brief(spec),
            job.message.clone().unwrap_or_default(),
            spec::settings(spec),
        ];
        match job.state {
            JobState::Failed | JobState::Interrupted => table.styled_row(cells, Style::Caution),
            JobState::Cancelled => table.styled_row(cells, Style::Faint),
            JobState::Queued | JobState::Running | JobState::Done => table.row(cells),
        }
    }
    table.write("no backtests; traderctl backtest --help shows how to run one")
}
