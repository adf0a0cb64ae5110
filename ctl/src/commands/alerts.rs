//! `traderctl alerts`: what a person should know, that one has seen it, and whether it would reach one.

use trader_rpc::{AckAlertParams, AlertsParams, JournalAlert, call};

use super::Setting;
use super::alert_test;
use super::change::{Request, report, send};
use crate::connection;
use crate::exit::Failed;
use crate::output::Output;
use crate::show;
use crate::table::{Column, Plain};

const COLUMNS: &[Column] = &[
    Column::Right("NUMBER"),
    Column::Left("RAISED (ET)"),
    Column::Left("SEVERITY"),
    Column::Left("KIND"),
    Column::Left("SYMBOL"),
    Column::Left("STANDS"),
    Column::Left("SEEN (ET)"),
    Column::Left("MESSAGE"),
    Column::Left("NEXT"),
];

/// List alerts, say that one was seen, try their ways
///
/// Every alert is in the journal, and says what to do. Some stand until their cause has gone; those
/// are in traderctl status too. Who else is told is set in the section alerts of the configuration.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true, subcommand_required = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    List(List),
    Ack(Ack),
    Test(alert_test::Args),
}

/// List alerts that stand or that nobody has seen
///
/// The gravest come first, of equal ones the newest; with --all the newest come first. At most 1000.
#[derive(Debug, clap::Args)]
struct List {
    /// List also those that were seen and do not stand
    #[arg(long)]
    all: bool,
}

/// Say that you have seen an alert
///
/// Written down with your user id. An alert that stands goes on standing until its cause has gone.
#[derive(Debug, clap::Args)]
struct Ack {
    /// Its number, as in traderctl alerts list
    number: u64,
    #[command(flatten)]
    request: Request,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    match &args.command {
        Verb::List(list) => run_list(list, setting),
        Verb::Ack(ack) => run_ack(ack, setting),
        Verb::Test(test) => alert_test::run(test, setting),
    }
}

fn run_list(args: &List, setting: Setting<'_>) -> Result<(), Failed> {
    let client = connection::to_look(setting.socket)?;
    let found = client.call::<call::Alerts>(&AlertsParams { all: args.all })?;
    setting.output.result(&found, || {
        let header = setting.output.header(client.hello());
        format!("{header}\n{}", list(&found, args.all, setting.output))
    })
}

fn list(found: &[JournalAlert], all: bool, output: &Output) -> String {
    let mut table = Plain::new(output, COLUMNS);
    for alert in found {
        let cells = vec![
            alert.number.to_string(),
            show::date_time(alert.at),
            alert.severity.to_string(),
            alert.kind.clone(),
            alert.symbol.map_or_else(show::dash, |s| s.to_string()),
            if alert.standing { "yes" } else { "no" }.to_owned(),
            seen(alert),
            alert.message.clone(),
            alert.action.clone(),
        ];
        if alert.standing || alert.acknowledged_at.is_none() {
            table.styled_row(cells, alert.severity.into());
        } else {
            table.row(cells);
        }
    }
    table.write(if all { "no alerts" } else { "no open alerts" })
}

fn seen(alert: &JournalAlert) -> String {
    match (alert.acknowledged_at, alert.acknowledged_by) {
        (Some(at), Some(uid)) => format!("{} by uid {uid}", show::date_time(at)),
        (Some(at), None) => show::date_time(at),
        (None, _) => show::dash(),
    }
}

fn run_ack(args: &Ack, setting: Setting<'_>) -> Result<(), Failed> {
    let client = connection::to_change(setting.socket)?;
    let params = AckAlertParams {
        request_id: args.request.id()?,
        alert: args.number,
    };
    let accepted = send::<call::AckAlert>(&client, &params)?;
    report(&client, &accepted, setting)
}
