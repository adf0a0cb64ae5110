//! `traderctl jobs`: work that the daemon has done apart from trading.

use clap::Subcommand;
use trader_rpc::{Job, JobChangeParams, JobKind, JobState, JobsParams, call};

use super::Setting;
use super::backtest::{Printing, print_result};
use super::change::{Request, report, send};
use super::{audit, market_data};
use crate::connection;
use crate::exit::Failed;
use crate::output::{Output, Style};
use crate::progress::{self, Progress};
use crate::screen::{Screen, wrapped};
use crate::show;
use crate::table::{Column, Plain, printable};
use crate::work::{Detachable, Line, Patience, find, follow, went_well};

/// List, watch and cancel jobs
///
/// A job is work that the daemon has done apart from trading, in a process of its own: a backtest,
/// an import, an export, a check of stored data. Some run at a time, others wait.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true, subcommand_required = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List jobs that wait or are at work, the newest first
    List {
        /// List also those that are over
        #[arg(long)]
        all: bool,
        /// List at most so many, the newest
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: Option<u32>,
    },
    /// Show one job: what it does, how far it is, what it made
    Show {
        /// Its number
        id: u64,
    },
    /// Watch a job until it is over, then show what came of it
    ///
    /// Ends with 0 when the job is done and with 1 when it failed. Ctrl-C leaves it to the daemon and
    /// ends with 0. With --json the job on one line, whenever something about it changes.
    Watch {
        /// Its number
        id: u64,
        #[command(flatten)]
        printing: Printing,
        #[command(flatten)]
        patience: Patience,
    },
    /// Cancel a job that waits or is at work
    Cancel {
        /// Its number
        id: u64,
        #[command(flatten)]
        request: Request,
    },
    /// Delete a job that is over, with what it made
    Delete {
        /// Its number
        id: u64,
        #[command(flatten)]
        request: Request,
    },
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    match &args.action {
        Action::List { all, limit } => list(*all, *limit, setting),
        Action::Show { id } => show_one(*id, setting),
        Action::Watch {
            id,
            printing,
            patience,
        } => watch(*id, printing, *patience, setting),
        Action::Cancel { id, request } => cancel(*id, request, setting),
        Action::Delete { id, request } => {
            let client = connection::to_change(setting.socket)?;
            let request_id = request.id()?;
            let accepted = send::<call::DeleteJob>(
                &client,
                &JobChangeParams {
                    request_id,
                    id: *id,
                },
            )?;
            report(&client, &accepted, setting)
        }
    }
}

const COLUMNS: &[Column] = &[
    Column::Right("ID"),
    Column::Left("KIND"),
    Column::Left("STATE"),
    Column::Left("SUBMITTED (ET)"),
    Column::Left("WHAT"),
    Column::Left("HOW FAR"),
];

fn list(all: bool, limit: Option<u32>, setting: Setting<'_>) -> Result<(), Failed> {
    let client = connection::to_look(setting.socket)?;
    let jobs = client.call::<call::Jobs>(&JobsParams {
        open_only: !all,
        limit,
        ..JobsParams::default()
    })?;
    setting.output.result(&jobs, || {
        let mut table = Plain::new(setting.output, COLUMNS).cut_to(Screen::of_stdout());
        for job in &jobs {
            let cells = vec![
                job.id.to_string(),
                job.work.kind().to_string(),
                job.state.to_string(),
                show::date_time(job.submitted_at),
                job.title.clone(),
                how_far(job),
            ];
            match style(job.state) {
                Some(style) => table.styled_row(cells, style),
                None => table.row(cells),
            }
        }
        table.write(if all {
            "no jobs"
        } else {
            "no jobs wait or are at work; --all lists those that are over"
        })
    })
}

const fn style(state: JobState) -> Option<Style> {
    match state {
        JobState::Failed | JobState::Interrupted => Some(Style::Caution),
        JobState::Cancelled | JobState::Queued => Some(Style::Faint),
        JobState::Running | JobState::Done => None,
    }
}

fn how_far(job: &Job) -> String {
    match (job.state, job.ahead, &job.progress) {
        (JobState::Queued, Some(ahead), _) => show::count(ahead, "job before it", "jobs before it"),
        (JobState::Running, _, Some(progress)) => progress::steps(progress),
        _ => job.message.clone().unwrap_or_default(),
    }
}

fn show_one(id: u64, setting: Setting<'_>) -> Result<(), Failed> {
    let mut line = Line::to_look(setting, Patience { reconnect: 0 })?;
    let job = find(&mut line, id)?;
    setting.output.result(&job, || block(&job, setting.output))
}

/// A job on a few lines.
fn block(job: &Job, output: &Output) -> String {
    let state = job.state.to_string();
    let state = style(job.state).map_or_else(|| state.clone(), |style| output.paint(style, &state));
    let at = |at: Option<trader_contract::Timestamp>| at.map(show::date_time);
    let width = Screen::of_stdout().width.saturating_sub(11);
    let mut facts: Vec<(&str, String)> = vec![
        ("Job", format!("{}, {}, {state}", job.id, job.work.kind())),
        ("What", printable(&job.title)),
    ];
    let mut add = |name, text: Option<String>| facts.extend(text.map(|text| (name, text)));
    add("Outcome", job.message.as_deref().map(printable));
    if !job.state.is_over() {
        add(
            "How far",
            Some(how_far(job)).filter(|text| !text.is_empty()),
        );
    }
    add(
        "Submitted",
        Some(format!(
            "{} ET by uid {}",
            show::date_time(job.submitted_at),
            job.uid
        )),
    );
    add("Started", at(job.started_at).map(|at| format!("{at} ET")));
    let took = job.started_at.zip(job.ended_at).map(|(from, to)| {
        show::duration(u64::try_from(to.since(from) / 1_000_000_000).unwrap_or(0))
    });
    add(
        "Ended",
        at(job.ended_at).map(|at| match took {
            Some(took) => format!("{at} ET, after {took}"),
            None => format!("{at} ET"),
        }),
    );
    add(
        "Memory",
        job.peak_memory_mb.map(|mb| format!("{mb} MB at most")),
    );
    add("Request", Some(job.request_id.to_string()));
    for file in &job.files {
        let short: String = printable(&file.sha256).chars().take(12).collect();
        add(
            "File",
            Some(format!(
                "{}, {}, {short}",
                printable(&file.name),
                show::size(file.bytes)
            )),
        );
    }
    let lines = facts.iter().flat_map(|(name, text)| {
        let names = std::iter::once(*name).chain(std::iter::repeat(""));
        names.zip(wrapped(text, width)).map(|(name, line)| {
            format!(
                "{}  {line}",
                output.paint(Style::Strong, &format!("{name:<9}"))
            )
        })
    });
    lines
        .map(|line| line.trim_end().to_owned())
        .collect::<Vec<_>>()
        .join("\n")
}

fn watch(
    id: u64,
    printing: &Printing,
    patience: Patience,
    setting: Setting<'_>,
) -> Result<(), Failed> {
    let output = setting.output;
    printing.check()?;
    let mut line = Line::to_look(setting, patience)?;
    let detachable = Detachable::new(output);
    let mut shown = Progress::new();
    let mut last = None;
    let job = follow(&mut line, id, |job| {
        detachable.set(job);
        if output.is_json() {
            // A new connection tells once more what is known.
            if last.as_ref() != Some(job) {
                output.line(job, String::new)?;
            }
        } else if shown.is_seen() {
            shown.show(&progress::line(job));
        } else if last.as_ref().map(|last: &Job| last.state) != Some(job.state) {
            output.note(&format!("job {id} {}: {}", job.state, job.title));
        }
        last = Some(job.clone());
        Ok(())
    })?;
    shown.clear();
    went_well(&job)?;
    match job.work.kind() {
        _ if output.is_json() => Ok(()),
        JobKind::Backtest => print_result(&mut line, &job, printing, output),
        JobKind::Trace => {
            market_data::print(&mut line, &job, output, super::why::job_text).map(drop)
        }
        JobKind::Replay => super::replay::print_result(&mut line, &job, output),
        JobKind::Export | JobKind::SessionExport | JobKind::AuditExport => {
            output.text(&block(&job, output))
        }
        JobKind::Audit => audit::print_result(&mut line, &job, output),
        JobKind::Import | JobKind::Download | JobKind::Verify | JobKind::Gaps => {
            market_data::print_result(&mut line, &job, output)
        }
    }
}

fn cancel(id: u64, request: &Request, setting: Setting<'_>) -> Result<(), Failed> {
    let client = connection::to_change(setting.socket)?;
    let request_id = request.id()?;
    let job = client.call::<call::CancelJob>(&JobChangeParams { request_id, id })?;
    setting.output.result(&job, || {
        let state = match job.state {
            JobState::Queued | JobState::Running => "is being cancelled".to_owned(),
            over => format!("is {over}"),
        };
        format!("job {id} {state}: {}", job.title)
    })
}
