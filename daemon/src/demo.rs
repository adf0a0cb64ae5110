//! `traderd demo`: one whole session through the real shell, engine, store, sockets and simulated
//! broker, on a market that is made up for it or on recorded minutes. The broker is the one inside this
//! program, or a server that speaks Alpaca's language.

#[cfg(feature = "alpaca-sim")]
mod alpaca_sim;
mod cast;

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use trader_broker_sim::market::SyntheticMarket;
use trader_calendar::{Calendar, new_york};
use trader_contract::Symbol;
use trader_core::chain;
use trader_core::record::DaySummary;
use trader_rpc::{JournalLine, Role};
use trader_store::{EntryFilter, MAX_ROWS, Page, Reader};

use crate::cli::{DemoArgs, DemoVenue};
use crate::config::{self, Config, Layer, Pace};
use crate::exit::{self, Failure};
use crate::plugins;
use crate::scratch::Scratch;
use crate::start::{self, Prepared};
use crate::state::Folders;
use crate::supervisor::{self, Balance, Begun, Ended, Horizon, Plan, Source};

/// The year whose full sessions the seeds choose from.
const YEAR: i32 = 2025;

/// Trades one day and shows what came of it.
///
/// # Errors
/// What ended it: bad arguments, a state folder that cannot be used, or a day that did not end flat
/// and equal to the broker, or did not show what it promises.
pub fn run(args: &DemoArgs) -> Result<(), Failure> {
    let scratch = Scratch::new("demo", args.state_dir.as_deref())?;
    let script = match &args.bars {
        Some(bars) => recorded(args, bars)?,
        None => made_up(args)?,
    };
    match args.venue {
        DemoVenue::Sim => {
            let (config, source) = inside(args, &script)?;
            play(args, &scratch, (config, source), || None)
        }
        #[cfg(feature = "alpaca-sim")]
        DemoVenue::AlpacaSim => {
            // It answers for as long as this lives.
            let exchange = alpaca_sim::Exchange::open(args, &script, &scratch)?;
            let (config, source) = exchange.config(args, &script)?;
            play(args, &scratch, (config, source), || {
                Some(exchange.balance())
            })
        }
        #[cfg(not(feature = "alpaca-sim"))]
        DemoVenue::AlpacaSim => Err(Failure::new(
            exit::USAGE,
            "this build has no alpaca-sim; build it with --features alpaca-sim",
        )),
    }
}

/// What is to be played.
struct Script {
    /// The session.
    date: NaiveDate,
    /// Who trades what.
    routes: String,
    /// The folder with recorded minutes; without it the market is made up.
    bars: Option<PathBuf>,
}

/// Plays it, and tells what came of it. `books` are the broker's own, where it is not inside the supervisor.
fn play(
    args: &DemoArgs,
    scratch: &Scratch,
    (config, source): (Config, Source),
    books: impl FnOnce() -> Option<Balance>,
) -> Result<(), Failure> {
    let folders = Folders {
        runtime: scratch.path.join("run"),
        state: scratch.path.clone(),
    };
    let database = folders.state.join(crate::state::STORE_FILE);
    let prepared = start::prepare_with(config, None, folders)?;
    // Only where time waits for everybody is it known beforehand what a day shows.
    let promised = args.bars.is_none() && args.venue == DemoVenue::Sim;
    say(&headline(args, &prepared, &source));
    let plan = Plan {
        source,
        horizon: Horizon::OneSession,
        witness: Some(Box::new(|line| say(&narrate(line)))),
        probe: None,
    };
    let mut ended = supervisor::run_plan(prepared, plan, |begun| say(&where_to_look(begun)))?;
    // What it was last heard to say may be older than the last fill.
    ended.broker = books().or(ended.broker);
    // The clock of a server goes on: what rests there may fill while this ends.
    let comparable = args.venue == DemoVenue::Sim || ended.ledger.positions.is_empty();
    let explained = explained(&database);
    let told = explained.as_ref().map_or("NOT COMPLETE", String::as_str);
    say(&epilogue(&ended, (promised, comparable), told));
    verdict(&ended, (promised, comparable))?;
    explained.map(|_| ())
}

/// That the journal explains every order, from its bar to its last fill.
fn explained(database: &Path) -> Result<String, Failure> {
    let failed = |message: String| Failure::new(exit::FAILED, message);
    let unreadable = |error: trader_store::StoreError| failed(error.to_string());
    let mut reader = Reader::open(database).map_err(unreadable)?;
    let mut page = Page::newest(MAX_ROWS);
    let mut rows = Vec::new();
    loop {
        let older = (reader.entries(&EntryFilter::default(), page)).map_err(unreadable)?;
        let Some(oldest) = older.last().map(|entry| entry.seq) else {
            break;
        };
        rows.extend(older);
        page = page.before(oldest);
    }
    rows.reverse();
    match chain::complete(&rows) {
        Ok(complete) => Ok(format!(
            "{} decisions, {} orders and {} trades, each explained from its bar to its last fill",
            complete.intents, complete.orders, complete.trades
        )),
        Err(missing) => {
            let first = missing
                .first()
                .map_or_else(String::new, ToString::to_string);
            Err(failed(format!(
                "the journal does not explain everything: {first}; this is a bug"
            )))
        }
    }
}

/// The sample day: a session of the seed's choice and six symbols made for it.
fn made_up(args: &DemoArgs) -> Result<Script, Failure> {
    Ok(Script {
        date: args.date.map_or_else(|| date_of(args.seed), Ok)?,
        routes: cast::ROUTES.to_owned(),
        bars: None,
    })
}

/// A session of recorded minutes, traded by all three strategies one after the other.
fn recorded(args: &DemoArgs, bars: &Path) -> Result<Script, Failure> {
    let usage = |message: &str| Failure::new(exit::USAGE, message);
    let date = args
        .date
        .ok_or_else(|| usage("--bars needs --date, the session to trade"))?;
    if args.symbols.is_empty() {
        return Err(usage("--bars needs --symbols, for example --symbols SPY"));
    }
    let symbols: Vec<String> = args
        .symbols
        .iter()
        .map(|symbol| format!("{:?}", symbol.as_str()))
        .collect();
    let symbols = symbols.join(", ");
    let route = |name: &str, minutes: u16, settings: &str| {
        format!(
            "[[route]]\nname = {name:?}\nstrategy = {name:?}\nsymbols = [{symbols}]\n\
             timeframe_minutes = {minutes}\nsettings = {{ {settings} }}\n"
        )
    };
    let routes = route("velez", 2, "sma_fast = 5, sma_slow = 50")
        + &route("opening-range", 5, "")
        + &route("mean-reversion", 5, "");
    Ok(Script {
        date,
        routes,
        bars: Some(bars.to_owned()),
    })
}

/// The exchange inside this program.
fn inside(args: &DemoArgs, script: &Script) -> Result<(Config, Source), Failure> {
    let (market, source) = match &script.bars {
        None => {
            let market = SyntheticMarket::new(args.seed, cast::instruments());
            (String::new(), Source::Synthetic(market))
        }
        Some(bars) => {
            let directory = bars.display().to_string();
            let market = format!("source = \"recorded\"\ndirectory = {directory:?}\n");
            (market, Source::Recorded(bars.clone()))
        }
    };
    let market = format!("clock = \"virtual\"\n{market}");
    Ok((parse(args, script.date, &market, &script.routes)?, source))
}

/// The configuration of a demo: `market` is the rest of that section, and others after it.
fn parse(args: &DemoArgs, date: NaiveDate, market: &str, routes: &str) -> Result<Config, Failure> {
    let pace = match args.pace {
        Pace::Times(times) => times.to_string(),
        Pace::Max => "\"max\"".to_owned(),
    };
    let seed = args.seed;
    let text = format!(
        "[market]\nseed = {seed}\nstart_date = {date}\npace = {pace}\n{market}\
         [risk]\nmax_open_positions = 8\nconsecutive_losses = 20\nposition_fraction = 0.1\n\
         entries_per_route_per_day = 50\n[session]\nflatten_minutes_before_close = 10\n[log]\nformat = \"memory\"\n{routes}"
    );
    let layer = Layer::file("the demo".to_owned(), text);
    Ok(config::parse(&[layer], plugins::strategies())?)
}

/// The session that a seed chooses: a full one of [`YEAR`].
fn date_of(seed: u64) -> Result<NaiveDate, Failure> {
    let unknown = || {
        Failure::new(
            exit::BUG,
            format!("the calendar has no full session in {YEAR}"),
        )
    };
    let day = |month, day| NaiveDate::from_ymd_opt(YEAR, month, day).ok_or_else(unknown);
    let calendar = Calendar::nyse();
    let sessions = calendar
        .sessions(day(1, 1)?..=day(12, 31)?)
        .map_err(|_| unknown())?;
    let full: Vec<NaiveDate> = sessions
        .iter()
        .filter(|s| !s.half_day)
        .map(|s| s.date)
        .collect();
    let count = u64::try_from(full.len()).unwrap_or(1).max(1);
    let index = usize::try_from(seed.checked_rem(count).unwrap_or(0)).unwrap_or(0);
    full.get(index).copied().ok_or_else(unknown)
}

fn headline(args: &DemoArgs, prepared: &Prepared, source: &Source) -> String {
    let date = prepared
        .config
        .market
        .start_date
        .map(|date| date.to_string())
        .unwrap_or_default();
    let pace = match args.pace {
        Pace::Times(times) => format!("{times} seconds of the market in a second"),
        Pace::Max => "as fast as this machine can".to_owned(),
    };
    let routes: Vec<String> = prepared
        .config
        .routes
        .iter()
        .map(|route| {
            let symbols: Vec<&str> = route.symbols.iter().map(Symbol::as_str).collect();
            format!(
                "{} ({}) on {}",
                route.strategy,
                route.timeframe,
                symbols.join(" ")
            )
        })
        .collect();
    format!(
        "traderd demo, {}: session {date}, seed {}, {pace}\nSimulated money, simulated broker with \
         Alpaca's rules. What happens here says nothing about any market.\nRoutes: {}",
        source.label(),
        args.seed,
        routes.join("; "),
    )
}

fn where_to_look(begun: &Begun) -> String {
    let control = begun.sockets.iter().find(|socket| socket.role > Role::Read);
    let path = control
        .map(|socket| socket.path.as_str())
        .unwrap_or_default();
    format!(
        "Socket: {path}\nFrom a second terminal: traderctl --socket {path} status\n\
         (or positions, orders, trades, logs, flatten, stop)\n"
    )
}

/// A line of the journal as the demo shows it; what repeats itself is left out.
fn narrate(line: &JournalLine) -> String {
    const QUIET: [&str; 4] = [
        "checkpoint",
        "strategy_saved",
        "cancel_asked",
        "replace_asked",
    ];
    const STEPS: [&str; 2] = ["is on its way to the venue", "is being cancelled"];
    let step = STEPS.iter().any(|step| line.text.ends_with(step));
    if step || QUIET.contains(&line.kind.as_str()) {
        return String::new();
    }
    let time = new_york::wall_clock(line.at).format("%H:%M:%S");
    format!("{time}  {}", line.text)
}

fn epilogue(ended: &Ended, (promised, comparable): (bool, bool), explained: &str) -> String {
    let mut text = String::from("\n");
    for day in &ended.tally.days {
        day_lines(&mut text, day);
    }
    let tally = &ended.tally;
    let _ = writeln!(
        text,
        "Counts:  {} entries, {} fills, {} partial fills, {} long and {} short round trips, {} stop-outs, \
         {} end-of-day closes, {} other exits, {} stop moves, {} refusals, {} alerts",
        tally.entries,
        tally.fills,
        tally.partial_fills,
        tally.long_round_trips,
        tally.short_round_trips,
        tally.stop_outs,
        tally.end_of_day_closes,
        tally.other_exits,
        tally.stop_moves,
        tally.refusals,
        tally.alerts,
    );
    let broker = ended.broker.as_ref();
    let held = broker.map_or(0, |broker| broker.positions.len());
    let flat = if held == 0 { "flat" } else { "NOT FLAT" };
    let equal = if Some(&ended.ledger) == broker {
        "equal"
    } else if !comparable {
        "its clock goes on"
    } else {
        "NOT EQUAL"
    };
    let _ = write!(
        text,
        "Why:     {explained}\nLedger:  cash {}, {} positions; broker: cash {}, {} positions: {flat}, {equal}",
        ended.ledger.cash,
        ended.ledger.positions.len(),
        broker.map_or_else(|| "unknown".to_owned(), |broker| broker.cash.to_string()),
        held,
    );
    if promised && !ended.stopped && !ended.tally.missing().is_empty() {
        let _ = write!(text, "\nMissing: {}", ended.tally.missing().join(", "));
    }
    text
}

fn day_lines(text: &mut String, day: &DaySummary) {
    let _ = writeln!(
        text,
        "Day {}:  equity {} -> {} ({} realised, {} fees), {} trades: {} won, {} lost; {} orders, {} fills, \
         {} refusals; {} unprotected share-seconds; slippage {} of entries, {} of stops",
        day.date,
        day.equity_at_open,
        day.equity_at_close,
        day.realised,
        day.fees,
        day.trades,
        day.winners,
        day.losers,
        day.orders,
        day.fills,
        day.refusals,
        day.unprotected_share_seconds,
        day.entry_slippage.cost,
        day.stop_slippage.cost,
    );
}

/// Whether the day ended as promised.
fn verdict(ended: &Ended, (promised, comparable): (bool, bool)) -> Result<(), Failure> {
    let failed = |message: String| Err(Failure::new(exit::FAILED, message));
    if let Some(why) = &ended.journal_failure {
        return failed(format!("the journal could not be written: {why}"));
    }
    if comparable && Some(&ended.ledger) != ended.broker.as_ref() {
        return failed("the ledger differs from the broker; this is a bug".to_owned());
    }
    if ended.stopped {
        return Ok(());
    }
    if !ended.ledger.positions.is_empty() {
        return failed("the day did not end flat; this is a bug".to_owned());
    }
    let missing = ended.tally.missing();
    if promised && !missing.is_empty() {
        return failed(format!("the day did not show {}", missing.join(", ")));
    }
    Ok(())
}

/// Prints to stdout; a reader that has gone away is no reason to stop trading.
fn say(text: &str) {
    if !text.is_empty() {
        let _ = writeln!(io::stdout(), "{text}");
    }
}
