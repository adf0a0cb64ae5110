//! `traderd why SYMBOL@TIME`, also as a job: what the lanes of a symbol made of the bars at a moment, from the session's
//! recording. A fresh engine takes what was recorded, and each condition is kept as it is looked at.

use chrono::NaiveTime;
use trader_calendar::new_york;
use trader_contract::{Symbol, Timestamp};
use trader_core::{Command, Engine, Event};
use trader_kernel::views;
use trader_recording::{Opening, Tracer};
use trader_rpc::{ErrorDetail, TraceSpec, WhyBar, WhyFact, WhySubject};

use crate::cli::WhyArgs;
use crate::exit::{self, Failure};
use crate::jobs::stream::Order;
use crate::recording::Recordings;
use crate::replay::{self, Request, SessionName};
use crate::state::{Folders, Surroundings};
use crate::work::{Outcome, Reporter, trouble};

/// What a job hands out: the bars as JSON.
const RESULT: &str = "result.json";

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

/// Replays a session and answers with what the lanes of a symbol made of the bars that touch a moment.
///
/// # Errors
/// There is no such recording, it cannot be replayed by this program, or no route trades the symbol.
fn look(recordings: &Recordings, spec: &TraceSpec) -> Result<Vec<WhyBar>, Failure> {
    let request = Request {
        session: (spec.session).map_or(SessionName::Latest, SessionName::Date),
        until: None,
        symbol: None,
        with: Vec::new(),
        against_backtest: false,
    };
    let mut watching = Watching {
        symbol: spec.symbol,
        time: spec.time,
        taken: 0,
        traded: false,
        bars: Vec::new(),
    };
    replay::run_traced(recordings, &request, &mut watching)?;
    if watching.traded {
        return Ok(watching.bars);
    }
    let message = format!("no route of that session trades {}", spec.symbol);
    Err(Failure::new(exit::FAILED, message))
}

/// The same as a job: the bars as JSON.
///
/// # Errors
/// As for [`look`].
pub(crate) fn run_job(
    order: &Order,
    spec: &TraceSpec,
    reporter: &mut Reporter,
) -> Result<Outcome, ErrorDetail> {
    reporter.progress("running", 0, 0, "events");
    let recordings = Recordings::at(order.recordings.clone());
    let next = "traderctl sessions list tells what is recorded";
    let failed = |why: String| trouble("no moment was looked at", why, next);
    let bars = look(&recordings, spec).map_err(|failure| failed(failure.to_string()))?;
    let json = serde_json::to_vec(&bars).map_err(|error| failed(error.to_string()))?;
    reporter.file(RESULT, &json);
    Ok(Outcome::said(format!("{} bars", bars.len())))
}

/// Replays a session of a state folder and answers as text or as JSON.
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
    let spec = TraceSpec {
        session: date,
        symbol,
        time,
    };
    let bars = look(&Recordings::below(&folders.state), &spec)?;
    if args.json {
        return serde_json::to_string_pretty(&bars)
            .map(|json| format!("{json}\n"))
            .map_err(|error| Failure::new(exit::BUG, error.to_string()));
    }
    if bars.is_empty() {
        return Ok(format!("no bar of {symbol} touches {time}\n"));
    }
    Ok(bars.iter().map(text).collect())
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
