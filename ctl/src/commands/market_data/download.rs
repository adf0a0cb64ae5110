//! `traderctl data download`: bars of Alpaca on their way into the store.

use chrono::NaiveDate;
use clap::builder::PossibleValuesParser;
use trader_contract::Symbol;
use trader_rpc::{DownloadResult, DownloadSpec, DownloadedSymbol, Work};

use super::super::Setting;
use super::super::change::symbol;
use super::{carry_out, print};
use crate::exit::Failed;
use crate::output::Output;
use crate::show;
use crate::work::{Detachable, Line, Patience};

const EXAMPLES: &str = "\
Examples:
  traderctl data download --symbols AAPL,MSFT --start-date 2024-01-02 --timeframe 1min
  traderctl data download --symbols SPY --start-date 2020-01-02 --end-date 2023-12-29 --timeframe 1day";

/// Download bars, splits and dividends from Alpaca into the store
///
/// The daemon asks, with the keys of its configuration's section alpaca, and leaves half of what the plan
/// allows in a minute to trading. Days that are stored are not asked for again: a download that was cut
/// or cancelled goes on where it was. Ctrl-C leaves it to the daemon. Days that are not over yet are left
/// out. Bars are stored as they were traded, those from 4:00 to 20:00 outside regular trading marked as
/// extended; backtests adjust them for the splits and dividends that come with them.
#[derive(Debug, clap::Args)]
#[command(after_long_help = format!("{EXAMPLES}\n\n{}", crate::exit::HELP))]
pub(super) struct Args {
    /// Whose: one or several, by commas; at most 200
    #[arg(long, required = true, value_name = "SYMBOLS", value_delimiter = ',', value_parser = symbol)]
    symbols: Vec<Symbol>,
    /// The first day
    #[arg(long, value_name = "DATE")]
    start_date: NaiveDate,
    /// The last day; else the last one that is over
    #[arg(long, value_name = "DATE")]
    end_date: Option<NaiveDate>,
    /// How long the bars are
    #[arg(long, value_name = "WHAT", value_parser = PossibleValuesParser::new(["1min", "1day"]))]
    timeframe: String,
    /// Which feed: sip is all exchanges, which every plan may ask for days that are over; iex is one of
    /// them
    #[arg(long, value_name = "FEED", default_value = "sip",
          value_parser = PossibleValuesParser::new(["sip", "iex"]))]
    feed: String,
    /// Ask for everything again, and let it take the place of what is stored and differs
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    patience: Patience,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let spec = DownloadSpec {
        symbols: args.symbols.clone(),
        data: args.timeframe.clone(),
        start_date: args.start_date,
        end_date: args.end_date,
        feed: Some(args.feed.clone()),
        replace: args.replace,
    };
    let mut line = Line::to_change(setting, args.patience)?;
    let detachable = Detachable::new(setting.output);
    let job = carry_out(&mut line, Work::Download(spec), Some(&detachable))?;
    print(&mut line, &job, setting.output, text).map(drop)
}

/// What came of a download, a line for each symbol.
pub(super) fn text(result: &DownloadResult, _output: &Output) -> String {
    let DownloadResult {
        data, first, last, ..
    } = result;
    let mut lines: Vec<String> = Vec::new();
    for symbol in &result.symbols {
        let name = symbol.symbol;
        lines.push(format!(
            "{name} {data} {first} to {last}: {}",
            counts(symbol)
        ));
        lines.extend(symbol.notes.iter().map(|note| format!("  {note}")));
    }
    lines.join("\n")
}

fn counts(symbol: &DownloadedSymbol) -> String {
    if symbol.sessions == 0 && symbol.actions == 0 {
        return "all of it was stored already".to_owned();
    }
    let mut text = format!(
        "{} new bars of {}",
        show::whole(symbol.new),
        show::count(
            symbol.sessions.try_into().unwrap_or(u32::MAX),
            "session",
            "sessions"
        )
    );
    for (count, words) in [
        (symbol.already, "stored already"),
        (symbol.replaced, "replaced"),
        (
            symbol.left_out,
            "left out, since nothing trades at their time",
        ),
    ] {
        if count > 0 {
            text.push_str(&format!(", {} {words}", show::whole(count)));
        }
    }
    if symbol.actions > 0 {
        let actions = symbol.actions.try_into().unwrap_or(u32::MAX);
        text.push_str(", ");
        text.push_str(&show::count(
            actions,
            "new split or dividend",
            "new splits and dividends",
        ));
    }
    text
}
