//! A backtest from order to document: configuration, bars, engine, run, report.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use trader_backtest::{RowLength, RunError, Setup};
use trader_bars::Store;
use trader_calendar::{Calendar, Session};
use trader_contract::{Epoch, Symbol};
use trader_core::book::Book;
use trader_core::{Authority, Engine, EngineConfig, Market, Rows, Watch};
use trader_rpc::{BacktestData, BacktestInputs, BacktestResult, BacktestSpec, ErrorDetail};

use super::bars::{Bars, rows_a_session};
use super::program::Sum;
use super::{compose, report, warnings};
use crate::assemble;
use crate::config::Config;
use crate::jobs::stream::{Order, hex};
use crate::work::{Outcome, Reporter, trouble};

/// The generation of a backtest's order ids.
const EPOCH: Epoch = Epoch(1);
/// The journal's first number.
const FIRST_SEQ: u64 = 1;
/// The file that comes of it.
const RESULT: &str = "result.json";

/// Runs a backtest and hands its document to the reporter.
///
/// # Errors
/// What was asked for makes no sense, or its bars cannot be had.
pub(crate) fn run(
    order: &Order,
    spec: &BacktestSpec,
    reporter: &mut Reporter,
) -> Result<Outcome, ErrorDetail> {
    let program = Sum::begin();
    let calendar = order.calendar()?;
    let config = super::configuration(&order.config()?, spec, &calendar)?;
    let store = Store::open(&order.bars).map_err(|error| {
        trouble(
            "the bar store cannot be opened",
            error,
            "traderctl data verify tells more",
        )
    })?;
    let job = Job {
        spec,
        config,
        calendar,
        store,
        program,
    };
    let document = backtest(job, reporter)?;
    let mut bytes = serde_json::to_vec(&document)
        .map_err(|error| trouble("the result cannot be written", error, "this is a bug"))?;
    bytes.push(b'\n');
    reporter.file(RESULT, &bytes);
    Ok(Outcome::said(in_a_sentence(&document)))
}

struct Job<'o> {
    spec: &'o BacktestSpec,
    config: Config,
    calendar: Calendar,
    store: Store,
    program: Sum,
}

fn backtest(job: Job<'_>, reporter: &mut Reporter) -> Result<BacktestResult, ErrorDetail> {
    let (spec, config) = (job.spec, &job.config);
    let sessions = sessions(&job)?;
    let first = sessions.first().copied().ok_or_else(no_session)?;
    let symbols = assemble::symbols(config);
    let mut bars = Bars::find(&job.store, spec, &symbols)?;
    let length = bars.length();
    let needs = warm_up(&job, length)?;
    let need = needs.values().copied().max().unwrap_or(0);
    reporter.progress("reading", 0, 0, "bars");
    let history = bars.history(&job.calendar, &first, need)?;
    let total = sessions
        .len()
        .saturating_mul(symbols.len())
        .saturating_mul(rows_a_session(bars.resolution()));
    let total = u64::try_from(total).unwrap_or(u64::MAX);
    let short = warnings::short_history(&symbols, &history, &needs);
    let setup = Setup {
        engine: engine(&job, length)?,
        broker: assemble::sim_broker(config),
        rows: length,
        sessions_at_once: bars.sessions_at_once(),
        sessions,
        history,
    };
    reporter.progress("running", 0, total, "bars");
    let outcome = trader_backtest::run(
        setup,
        |stretch| bars.stretch(stretch),
        |rows| reporter.progress("running", rows, total.max(rows), "bars"),
    )
    .map_err(|error| match error {
        RunError::Feed(detail) => detail,
        RunError::Engine(error) => trouble("the backtest was not run", error, "correct the routes"),
        RunError::NoSessions => no_session(),
    })?;
    reporter.progress("writing", 0, 0, "bars");
    bars.note(&outcome.symbols, outcome.dates.len());
    let warnings = warnings::of(&bars, &outcome, short, spec);
    let data = bars.inputs();
    drop(bars);
    let inputs = inputs(job, data)?;
    Ok(report::document(inputs, &outcome, warnings))
}

fn sessions(job: &Job<'_>) -> Result<Vec<Session>, ErrorDetail> {
    let days = job.spec.start_date..=job.spec.end_date;
    match job.calendar.sessions(days) {
        Ok(sessions) => Ok(sessions.to_vec()),
        Err(error) => Err(trouble(
            "the backtest was not run",
            error,
            "choose dates that the calendar covers",
        )),
    }
}

fn no_session() -> ErrorDetail {
    trouble(
        "the backtest was not run",
        "there is no session in the range",
        "choose a longer range",
    )
}

fn engine(job: &Job<'_>, length: RowLength) -> Result<EngineConfig, ErrorDetail> {
    let config = &job.config;
    let routes = assemble::routes(config)
        .map_err(|error| trouble("the backtest was not run", error, "correct the settings"))?;
    Ok(EngineConfig {
        epoch: EPOCH,
        symbols: assemble::instruments(config),
        routes,
        limits: assemble::backtest_limits(&config.risk),
        market: Market::Sessions {
            calendar: job.calendar.clone(),
            day: assemble::day_rules(&config.session),
            rows: match length {
                RowLength::Minute => Rows::Minutes,
                RowLength::Hour | RowLength::Session => Rows::Whole,
            },
        },
        orders: assemble::order_rules(&config.orders),
        watch: Watch::OFF,
        authority: Authority::simulated(),
    })
}

/// Rows of each symbol that the most demanding of its lanes needs before it is warm.
fn warm_up(job: &Job<'_>, length: RowLength) -> Result<BTreeMap<Symbol, usize>, ErrorDetail> {
    let probe = Engine::new(engine(job, length)?, Book::default(), FIRST_SEQ)
        .map_err(|error| trouble("the backtest was not run", error, "correct the routes"))?;
    let mut needs: BTreeMap<Symbol, usize> = BTreeMap::new();
    for lane in probe.lanes() {
        let (_, bars) = lane.warm_up();
        let each = match length {
            RowLength::Minute => usize::from(lane.timeframe.as_minutes()),
            RowLength::Hour | RowLength::Session => 1,
        };
        let rows = usize::try_from(bars).unwrap_or(0).saturating_mul(each);
        let need = needs.entry(lane.ticker).or_default();
        *need = rows.max(*need);
    }
    Ok(needs)
}

/// All that the result depends on, with a sum over it.
fn inputs(job: Job<'_>, data: Vec<BacktestData>) -> Result<BacktestInputs, ErrorDetail> {
    let settings = compose::relevant(&job.config);
    let mut inputs = BacktestInputs {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        binary_sha256: job.program.wait().map_err(|error| {
            let next = "see that /proc is mounted";
            trouble("the program's own file cannot be read", error, next)
        })?,
        spec: job.spec.clone(),
        settings_sha256: hex(&Sha256::digest(settings.as_bytes())),
        settings,
        data,
        sha256: String::new(),
    };
    // A list of texts and numbers is always written.
    let text = serde_json::to_vec(&inputs).unwrap_or_default();
    inputs.sha256 = hex(&Sha256::digest(&text));
    Ok(inputs)
}

/// What came of it, for lists.
fn in_a_sentence(document: &BacktestResult) -> String {
    let metrics = &document.metrics;
    let change = metrics.curve.total_return.unwrap_or(0.0) * 100.0;
    format!(
        "{change:+.2} % in {} sessions, {} trades",
        document.counts.sessions, metrics.trades.trades
    )
}
