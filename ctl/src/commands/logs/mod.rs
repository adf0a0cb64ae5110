//! `traderctl logs`: what the daemon says, from the journal of systemd where it is asked for something in
//! particular and may be read, else from the daemon's memory.

mod journal;

use std::collections::BTreeMap;

use chrono::NaiveTime;
use trader_calendar::new_york;
use trader_contract::{Symbol, Timestamp};
use trader_rpc::{
    CallError, Client, Event, EventStream, EventsParams, IntentName, LogLevel, LogLine, LogsParams,
    call,
};

use super::Setting;
use super::change::symbol;
use crate::connection;
use crate::exit::Failed;
use crate::output::{Output, Style};
use crate::show;
use crate::table::printable;

/// Show the daemon's log
///
/// Without conditions: the newest lines that the daemon keeps in memory, so this works without a journal.
/// With an order, an intent or a symbol, --today or --event it asks the journal of systemd, which goes
/// further back and needs no daemon, where it may be read (groups systemd-journal and adm); else the
/// daemon's memory. What it asks the journal, in journalctl's words:
///
///   one order's life      journalctl -u traderd TRADER_INTENT=20110110-17
///   one order             journalctl -u traderd TRADER_ORDER_ID=0000002a-20110110-17-e1
///   today's fills         journalctl -u traderd --since today TRADER_EVENT=fill
///   every refusal         journalctl -u traderd TRADER_EVENT=refusal
///   why it was halted     journalctl -xu traderd TRADER_EVENT=halt
///
/// With --json a list, or with --follow one object per line.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Show only what is about this: an order, an intent (20110110-17) or a symbol
    #[arg(value_name = "ORDER|INTENT|SYMBOL", value_parser = subject, conflicts_with_all = ["order", "symbol", "intent"])]
    subject: Option<Subject>,
    /// Show only what is of today, in New York
    #[arg(long)]
    today: bool,
    /// Show only what happened of this kind: order, fill, refusal, trade_closed, halt, resume, kill, flatten,
    /// position_differs, session_opened, session_closed or run_started
    #[arg(long, value_name = "WORD")]
    event: Option<String>,
    /// Go on with new lines as they come, until interrupted
    #[arg(long, short)]
    follow: bool,
    /// Show at most so many lines, the newest [default: 100, or 2000 with --today]
    #[arg(long, short = 'n', value_name = "N",
          value_parser = clap::value_parser!(u32).range(0..=2000))]
    lines: Option<u32>,
    /// Show only what is about this order: our id of it, or the broker's
    #[arg(long, value_name = "ID")]
    order: Option<String>,
    /// Show only what is about this symbol
    #[arg(long, value_name = "SYMBOL", value_parser = symbol)]
    symbol: Option<Symbol>,
    /// Show only what belongs to this intent, for example 20110110-17
    #[arg(long, value_name = "ID")]
    intent: Option<String>,
    /// Show only what matters this much or more: trace, debug, info, warn, error
    #[arg(long, value_name = "LEVEL")]
    level: Option<LogLevel>,
}

/// What somebody asks about, in one word.
#[derive(Debug, Clone)]
enum Subject {
    Order(String),
    Intent(String),
    Symbol(Symbol),
}

fn subject(text: &str) -> Result<Subject, String> {
    if let Ok(intent) = text.parse::<IntentName>() {
        return Ok(Subject::Intent(intent.to_string()));
    }
    // Every id of an order, ours or a broker's, is longer than any symbol and has digits.
    if text.chars().any(|c| c.is_ascii_digit()) {
        return Ok(Subject::Order(text.to_owned()));
    }
    symbol(text).map(Subject::Symbol)
}

/// The most lines that the daemon gives.
const LINES_MAX: u32 = 2000;

/// What is asked for, whoever answers.
#[derive(Debug, Clone)]
struct Wanted {
    lines: u32,
    since: Option<Timestamp>,
    symbol: Option<Symbol>,
    order: Option<String>,
    intent: Option<String>,
    event: Option<String>,
    level: Option<LogLevel>,
}

impl Wanted {
    fn new(args: &Args, now: Timestamp) -> Self {
        let mut wanted = Self {
            lines: (args.lines).unwrap_or(if args.today { LINES_MAX } else { 100 }),
            since: args.today.then(|| midnight(now)).flatten(),
            symbol: args.symbol,
            order: args.order.clone(),
            intent: args.intent.clone(),
            event: args.event.clone(),
            level: args.level,
        };
        match &args.subject {
            Some(Subject::Order(id)) => wanted.order = Some(id.clone()),
            Some(Subject::Intent(id)) => wanted.intent = Some(id.clone()),
            Some(Subject::Symbol(symbol)) => wanted.symbol = Some(*symbol),
            None => {}
        }
        wanted
    }

    /// As the daemon is asked. What it does not know as a condition is picked out of all its lines.
    fn params(&self) -> LogsParams {
        let picked = self.event.is_some() || self.since.is_some();
        LogsParams {
            lines: Some(if picked { LINES_MAX } else { self.lines }),
            symbol: self.symbol,
            order: self.order.clone(),
            intent: self.intent.clone(),
            level: self.level,
            after_seq: None,
        }
    }

    /// What the daemon does not know as a condition.
    fn picks(&self, line: &LogLine) -> bool {
        let is_event = |event| line.fields.get("event") == Some(event);
        self.event.as_ref().is_none_or(is_event) && self.since.is_none_or(|since| line.at >= since)
    }

    /// All conditions, for lines that come later.
    fn fits(&self, line: &LogLine) -> bool {
        let is = |names: &[&str], wanted: Option<&str>| {
            wanted.is_none_or(|wanted| {
                let mut fields = names.iter().filter_map(|name| line.fields.get(*name));
                fields.any(|value| value == wanted)
            })
        };
        is(&["symbol"], self.symbol.as_ref().map(Symbol::as_str))
            && is(&["order_id", "broker_order_id"], self.order.as_deref())
            && is(&["intent"], self.intent.as_deref())
            && self.level.is_none_or(|level| line.level >= level)
            && self.picks(line)
    }

    /// The newest of an answer, no more than were asked for.
    fn newest(&self, lines: Vec<LogLine>) -> Vec<LogLine> {
        let mut lines: Vec<LogLine> = lines.into_iter().filter(|line| self.picks(line)).collect();
        let most = usize::try_from(self.lines).unwrap_or(usize::MAX);
        lines.drain(..lines.len().saturating_sub(most));
        lines
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "which day today is, only the clock knows"
)]
fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let nanos = since.map_or(0, |since| {
        i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
    });
    Timestamp::from_nanos(nanos)
}

/// When this day began in New York.
fn midnight(now: Timestamp) -> Option<Timestamp> {
    new_york::timestamp(new_york::date(now).and_time(NaiveTime::MIN))
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let wanted = Wanted::new(args, now());
    let particular = args.subject.is_some() || args.today || args.event.is_some();
    // Of a daemon that somebody names, the system's journal need not know anything.
    if particular
        && !args.follow
        && setting.socket.is_none()
        && let Some(lines) = journal::read(&wanted)
    {
        return print(&lines, None, setting);
    }
    let client = connection::to_look(setting.socket)?;
    if args.follow {
        return follow(&wanted, &client, setting.output);
    }
    let lines = wanted.newest(client.call::<call::Logs>(&wanted.params())?);
    print(&lines, Some(&client), setting)
}

fn print(lines: &[LogLine], client: Option<&Client>, setting: Setting<'_>) -> Result<(), Failed> {
    setting.output.result(&lines, || {
        let texts = lines.iter().map(|line| human(line, setting.output));
        let header = client.map(|client| setting.output.header(client.hello()));
        header
            .into_iter()
            .chain(texts)
            .collect::<Vec<_>>()
            .join("\n")
    })
}

/// Subscribes before it asks for the past, so that no line falls between the two.
fn follow(wanted: &Wanted, client: &Client, output: &Output) -> Result<(), Failed> {
    let mut params = EventsParams {
        stream: EventStream::Log,
        after_seq: None,
    };
    let mut events = client.events(&params)?;
    if !output.is_json() {
        output.text(&output.header(client.hello()))?;
    }
    let mut last_seq = 0;
    for line in client.call::<call::Logs>(&wanted.params())? {
        last_seq = line.seq;
        if wanted.picks(&line) {
            output.line(&line, || human(&line, output))?;
        }
    }
    loop {
        match events.next() {
            Some(Ok(Event::Log(line))) if line.seq > last_seq => {
                last_seq = line.seq;
                if wanted.fits(&line) {
                    output.line(&line, || human(&line, output))?;
                }
            }
            Some(Ok(Event::Missed {
                after_seq,
                next_seq,
            })) => output.note(&format!(
                "lines {} to {} were missed; journalctl -u traderd has them",
                after_seq.saturating_add(1),
                next_seq.saturating_sub(1)
            )),
            Some(Ok(_)) => {}
            Some(Err(CallError::TooSlow)) => {
                params.after_seq = Some(last_seq);
                events = client.events(&params)?;
            }
            Some(Err(error)) => return Err(error.into()),
            None => return Ok(()),
        }
    }
}

fn human(line: &LogLine, output: &Output) -> String {
    let style = match line.level {
        LogLevel::Error => Some(Style::Alarm),
        LogLevel::Warn => Some(Style::Caution),
        LogLevel::Trace | LogLevel::Debug => Some(Style::Faint),
        LogLevel::Info => None,
    };
    let level = format!("{:<5}", line.level.to_string().to_uppercase());
    let level = style.map_or_else(|| level.clone(), |style| output.paint(style, &level));
    let mut text = format!(
        "{}  {level}  {}",
        show::date_time(line.at),
        printable(&line.message)
    );
    let fields = fields(&line.fields);
    if !fields.is_empty() {
        text.push_str("  ");
        text.push_str(&output.paint(Style::Faint, &fields));
    }
    text
}

fn fields(fields: &BTreeMap<String, String>) -> String {
    // An id of the kind of message is for programs.
    let each = fields
        .iter()
        .filter(|(name, _)| *name != "message_id")
        .map(|(name, value)| format!("{}={}", printable(name), printable(value)));
    each.collect::<Vec<_>>().join(" ")
}
