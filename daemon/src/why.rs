//! `traderd why SYMBOL@TIME`: what the lanes of a symbol made of the bars at a moment, from the session's
//! recording. A fresh engine takes what was recorded, and each condition is kept as it is looked at.

use chrono::NaiveTime;
use trader_calendar::new_york;
use trader_contract::{Symbol, Timestamp};
use trader_core::{Command, Engine, Event};
use trader_kernel::views;
use trader_recording::{Opening, Tracer};
use trader_rpc::{WhyBar, WhyFact, WhySubject};

use crate::cli::WhyArgs;
use crate::exit::{self, Failure};
use crate::recording::Recordings;
use crate::replay::{self, Request};
use crate::state::{Folders, Surroundings};

/// Looks on while a session is replayed.
struct Watching {
    symbol: Symbol,
    time: NaiveTime,
    /// How many evaluations of this life's engine were taken.
    taken: usize,
    traded: bool,
    bars: Vec<WhyBar>,
}

impl Tracer for Watching {
    fn opened(&mut self, opening: &Opening, engine: &mut Engine) {
        self.taken = 0;
        let at = new_york::timestamp(opening.session.and_time(self.time));
        let at = at.unwrap_or(Timestamp::MAX);
        self.traded |= engine.trace(self.symbol, at, at);
    }

    fn after(&mut self, engine: &Engine, _: Timestamp, _: &Event, _: &[Command]) {
        let traced = engine.traced();
        if traced.len() > self.taken {
            let fresh = traced.iter().skip(self.taken);
            self.bars.extend(fresh.map(views::why_bar));
            self.taken = traced.len();
        }
    }
}

/// Replays a session and answers with the bars at a moment, as text or as JSON.
///
/// # Errors
/// What was asked about is no moment, there is no recording of it, or no route trades the symbol.
pub(crate) fn offline(args: &WhyArgs) -> Result<String, Failure> {
    let usage = |why: String| Failure::new(exit::USAGE, why);
    let subject: WhySubject = args.subject.parse().map_err(usage)?;
    let WhySubject::At { symbol, date, time } = subject else {
        return Err(usage(format!(
            "{subject} is no moment; `traderctl why {subject}` explains an order or an intent"
        )));
    };
    let surroundings = Surroundings::read();
    // Sockets are not needed; where they would be makes no difference.
    let state = args.state_dir.as_deref();
    let folders = Folders::choose(state, state, &surroundings)?;
    let session = date.map_or_else(|| "latest".to_owned(), |date| date.to_string());
    let request = Request {
        session: session.parse().map_err(usage)?,
        until: None,
        symbol: None,
        with: Vec::new(),
        against_backtest: false,
    };
    let mut watching = Watching {
        symbol,
        time,
        taken: 0,
        traded: false,
        bars: Vec::new(),
    };
    let recordings = Recordings::below(&folders.state);
    replay::run_traced(&recordings, &request, &mut watching)?;
    if !watching.traded {
        let message = format!("no route of that session trades {symbol}");
        return Err(Failure::new(exit::FAILED, message));
    }
    if args.json {
        return serde_json::to_string_pretty(&watching.bars)
            .map(|json| format!("{json}\n"))
            .map_err(|error| Failure::new(exit::BUG, error.to_string()));
    }
    if watching.bars.is_empty() {
        return Ok(format!("no bar of {symbol} touches {time}\n"));
    }
    Ok(watching.bars.iter().map(text).collect())
}

/// A bar as a trader reads it.
fn text(bar: &WhyBar) -> String {
    let at = new_york::wall_clock(bar.at).format("%Y-%m-%d %H:%M:%S");
    let mut lines = vec![
        format!("{at}  {} ({})", bar.route, bar.strategy),
        format!("  bar         {}", bar.bar),
    ];
    if !bar.indicators.is_empty() {
        lines.push(format!("  indicators  {}", bar.indicators));
    }
    lines.extend(bar.conditions.iter().map(|fact| line("condition ", fact)));
    lines.extend(bar.shut.iter().map(|fact| line("shut      ", fact)));
    lines.push(format!("  verdict     {}", bar.verdict));
    lines.push(String::new());
    lines.join("\n")
}

fn line(kind: &str, fact: &WhyFact) -> String {
    let side = fact
        .direction
        .map_or_else(String::new, |side| format!("{side}: "));
    let bound = (fact.comparison.as_ref())
        .zip(fact.bound.as_ref())
        .map_or_else(String::new, |(how, bound)| format!(", {how} {bound}"));
    let met = match fact.holds {
        Some(true) => "yes",
        _ => "no ",
    };
    format!("  {kind}  {met}  {side}{} {}{bound}", fact.name, fact.value)
}
