//! `traderctl logs`: what the daemon says, also where there is no journal.

use std::collections::BTreeMap;

use trader_contract::Symbol;
use trader_rpc::{
    CallError, Client, Event, EventStream, EventsParams, LogLevel, LogLine, LogsParams, call,
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
/// The daemon keeps its newest lines in memory, so this works without a journal; what is older is in
/// journalctl -u traderd. With --json a list, or with --follow one object per line.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Go on with new lines as they come, until interrupted
    #[arg(long, short)]
    follow: bool,
    /// Show at most so many lines, the newest
    #[arg(long, short = 'n', value_name = "N", default_value_t = 100,
          value_parser = clap::value_parser!(u32).range(0..=2000))]
    lines: u32,
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

impl Args {
    fn params(&self) -> LogsParams {
        LogsParams {
            lines: Some(self.lines),
            symbol: self.symbol,
            order: self.order.clone(),
            intent: self.intent.clone(),
            level: self.level,
            after_seq: None,
        }
    }

    /// The same conditions as the daemon's, for lines that come later.
    fn wants(&self, line: &LogLine) -> bool {
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
    }
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let client = connection::to_look(setting.socket)?;
    if args.follow {
        return follow(args, &client, setting.output);
    }
    let lines = client.call::<call::Logs>(&args.params())?;
    setting.output.result(&lines, || {
        let texts = lines.iter().map(|line| human(line, setting.output));
        let header = std::iter::once(setting.output.header(client.hello()));
        header.chain(texts).collect::<Vec<_>>().join("\n")
    })
}

/// Subscribes before it asks for the past, so that no line falls between the two.
fn follow(args: &Args, client: &Client, output: &Output) -> Result<(), Failed> {
    let mut params = EventsParams {
        stream: EventStream::Log,
        after_seq: None,
    };
    let mut events = client.events(&params)?;
    if !output.is_json() {
        output.text(&output.header(client.hello()))?;
    }
    let mut last_seq = 0;
    for line in client.call::<call::Logs>(&args.params())? {
        last_seq = line.seq;
        output.line(&line, || human(&line, output))?;
    }
    loop {
        match events.next() {
            Some(Ok(Event::Log(line))) if line.seq > last_seq => {
                last_seq = line.seq;
                if args.wants(&line) {
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
    let each = fields
        .iter()
        .map(|(name, value)| format!("{}={}", printable(name), printable(value)));
    each.collect::<Vec<_>>().join(" ")
}
