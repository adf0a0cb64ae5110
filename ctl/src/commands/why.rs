//! `traderctl why`: from the bar to the last fill, or which condition was not met.

use trader_calendar::new_york::wall_clock;
use trader_rpc::{TraceSpec, Why, WhyBar, WhyFact, WhyParams, WhyStep, WhySubject, Work, call};

use super::Setting;
use super::change::Request;
use crate::connection;
use crate::exit::Failed;
use crate::output::{Output, Style};
use crate::show;
use crate::table::printable;
use crate::work::{Detachable, Line, Patience, done, fetch_document, submit};

/// The width of the names of steps.
const KIND: usize = 10;

/// Explain an order, an intent, a trade, or a symbol at a time
///
/// From the bar to the last fill: what the strategy saw, what it wanted or which rule said no, how it
/// was sized, each check of the risk gate with its numbers, the orders, what the broker said, the fills
/// with their slippage, the moves of the stop, and what closed the position. Slippage is against the
/// order's stop or limit, or for a market order against the last price when it was made; more than
/// nothing is worse. A symbol at a time is told by the bars that touch the time, in New York: the daemon
/// looks into the session's recording as a job, for which the caller must be one that may change things.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// An order (0000002a-20110110-17-e1), an intent or the trade that it opened (20110110-17), or a
    /// symbol at a time (SPY@10:35, SPY@2011-01-10T10:35)
    #[arg(value_name = "ORDER|INTENT|SYMBOL@TIME")]
    subject: WhySubject,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let client = connection::to_look(setting.socket)?;
    let subject = args.subject;
    let mut why = client.call::<call::Why>(&WhyParams { subject })?;
    if let WhySubject::At { symbol, date, time } = subject {
        let spec = TraceSpec {
            session: date,
            symbol,
            time,
        };
        match look(spec, setting) {
            Ok(bars) => why.bars = bars,
            Err(failed) => {
                let said = why
                    .note
                    .map_or_else(String::new, |note| format!("{note}; "));
                let because = failed
                    .detail()
                    .map_or_else(String::new, |detail| detail.why);
                why.note = Some(format!("{said}the bars there cannot be told: {because}"));
            }
        }
    }
    setting.output.result(&why, || {
        let header = setting.output.header(client.hello());
        format!("{header}\n{}", text(&why, setting.output))
    })
}

/// What the lanes made of the bars at a moment: a job over the session's recording.
fn look(spec: TraceSpec, setting: Setting<'_>) -> Result<Vec<WhyBar>, Failed> {
    let mut line = Line::to_change(setting, Patience { reconnect: 60 })?;
    let detachable = Detachable::new(setting.output);
    let job = submit(&mut line, Request::drawn()?, Work::Trace(spec))?;
    let job = done(&mut line, job.id, |job| {
        detachable.set(job);
        Ok(())
    })?;
    Ok(fetch_document(&mut line, &job)?.1)
}

/// The bars that a job found, whenever it ran.
pub(super) fn job_text(bars: &Vec<WhyBar>, output: &Output) -> String {
    let mut lines = Vec::new();
    for bar in bars {
        self::bars(bar, output, &mut lines);
    }
    lines.join("\n")
}

fn text(why: &Why, output: &Output) -> String {
    let mut lines = vec![headline(why, output), String::new()];
    let mut shown = None;
    for step in &why.steps {
        steps(step, &mut shown, output, &mut lines);
    }
    for bar in &why.bars {
        bars(bar, output, &mut lines);
    }
    if !why.missing.is_empty() {
        lines.push(String::new());
        for missing in &why.missing {
            let missing = format!("MISSING  {}", printable(missing));
            lines.push(output.paint(Style::Alarm, &missing));
        }
    }
    if let Some(note) = &why.note {
        lines.push(output.paint(Style::Faint, &printable(note)));
    }
    lines.join("\n")
}

/// What it is about, and what came of it.
fn headline(why: &Why, output: &Output) -> String {
    let mut parts = vec![why.symbol.to_string()];
    parts.extend(why.intent.as_ref().map(|intent| format!("intent {intent}")));
    parts.extend(why.route.as_ref().map(|route| format!("route {route}")));
    parts.extend(why.trade.as_ref().map(|trade| {
        format!(
            "{} {} shares, {} ({})",
            trade.direction,
            show::shares(trade.qty),
            show::gain(trade.profit),
            trade.exit_reason
        )
    }));
    output.paint(Style::Strong, &printable(&parts.join(", ")))
}

/// One step: its time where it is another than before, its kind, its sentence and its numbers.
fn steps(step: &WhyStep, shown: &mut Option<String>, output: &Output, lines: &mut Vec<String>) {
    let time = wall_clock(step.at).format("%Y-%m-%d %H:%M:%S").to_string();
    let at = match shown.as_deref() == Some(time.as_str()) {
        true => " ".repeat(time.len()),
        false => time.clone(),
    };
    *shown = Some(time);
    let mark = if step.asked { ">" } else { " " };
    let kind = format!("{:<KIND$}", step.kind);
    let style = match step.kind.as_str() {
        "refused" | "problem" => Some(Style::Caution),
        "fill" | "end" => Some(Style::Good),
        _ if step.asked => Some(Style::Strong),
        _ => None,
    };
    let kind = style.map_or_else(|| kind.clone(), |style| output.paint(style, &kind));
    let slippage = match step.kind.as_str() {
        "fill" => slippage(&step.facts),
        _ => String::new(),
    };
    let text = printable(&step.text);
    lines.push(format!("{at} {mark} {kind}  {text}{slippage}"));
    if step.kind != "fill" {
        facts(&step.facts, output, lines);
    }
}

/// "; slippage +0.01 a share, +0.60, against 168.81".
fn slippage(facts: &[WhyFact]) -> String {
    let value = |name: &str| {
        facts
            .iter()
            .find(|fact| fact.name == name)
            .map(|f| &f.value)
    };
    match (
        value("slippage_per_share"),
        value("slippage"),
        value("against"),
    ) {
        (Some(each), Some(all), Some(against)) => printable(&format!(
            "; slippage {each} a share, {all}, against {against}"
        )),
        _ => String::new(),
    }
}

fn facts(facts: &[WhyFact], output: &Output, lines: &mut Vec<String>) {
    let width = facts.iter().map(|fact| fact.name.len()).max().unwrap_or(0);
    let indent = " ".repeat(35);
    for fact in facts {
        let side = fact
            .direction
            .map_or_else(String::new, |d| format!("{d:<5} "));
        let mut line = format!("{side}{:<width$}  {}", fact.name, fact.value);
        if let (Some(comparison), Some(bound)) = (&fact.comparison, &fact.bound) {
            line.push_str(&format!(", {comparison} {bound}"));
        }
        let line = printable(&line);
        lines.push(match fact.holds {
            Some(false) => format!(
                "{indent}{}",
                output.paint(Style::Caution, &format!("{line}  NO"))
            ),
            _ => format!("{indent}{}", output.paint(Style::Faint, &line)),
        });
    }
}

/// A lane at a bar.
fn bars(bar: &WhyBar, output: &Output, lines: &mut Vec<String>) {
    let at = wall_clock(bar.at).format("%Y-%m-%d %H:%M:%S");
    let (route, strategy) = (&bar.route, &bar.strategy);
    let line = |kind: &str, text: &str| {
        let text = printable(text);
        format!("{:21} {kind:<KIND$}  {text}", "")
    };
    lines.push(format!("{at}   {route} ({strategy})"));
    lines.push(line("bar", &bar.bar));
    if !bar.indicators.is_empty() {
        lines.push(line("indicators", &bar.indicators));
    }
    lines.push(line("verdict", &bar.verdict));
    facts(&bar.conditions, output, lines);
    facts(&bar.shut, output, lines);
}
