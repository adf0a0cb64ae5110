//! The options of `traderctl backtest`, and the request that they amount to.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use clap::ValueEnum;
use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser;
use rust_decimal::Decimal;
use trader_contract::Symbol;
use trader_rpc::limits::CHUNK_BYTES_MAX;
use trader_rpc::{Adjustment, BacktestRoute, BacktestSpec};

use super::super::change::{Request, in_order, symbol};
use super::report::Printing;
use crate::exit::Failed;
use crate::work::Patience;

/// What to run, on what, and how to tell about it.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct Flags {
    /// Run this strategy; several of them with --file
    #[arg(long, value_name = "NAME", requires = "symbols",
          required_unless_present_any = ["route", "file"])]
    strategy: Option<String>,
    /// Let it trade these symbols, apart by commas
    #[arg(long, value_name = "SYMBOL,...", value_parser = symbol, value_delimiter = ',',
          requires = "strategy")]
    symbols: Vec<Symbol>,
    /// Begin with this day
    #[arg(long, value_name = "DATE", required = true)]
    start_date: Option<NaiveDate>,
    /// End with this day
    #[arg(long, value_name = "DATE", required = true)]
    end_date: Option<NaiveDate>,
    /// Give the strategy bars of this length: 1min to 390min, 1hour, 1day
    #[arg(long, value_name = "LENGTH", value_parser = timeframe, default_value = "1min")]
    timeframe: String,
    /// Set a parameter of the strategy; may be given again
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair, requires = "strategy")]
    set: Vec<(String, String)>,
    /// Let it trade this way only
    #[arg(long, value_name = "WAY", value_parser = ["long", "short", "both"], requires = "strategy")]
    sides: Option<String>,
    /// Run a route of the daemon's configuration; may be given again
    #[arg(long, value_name = "NAME")]
    route: Vec<String>,
    /// Put a part of a configuration over the daemon's: routes, risk, broker and so on
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Give it a name
    #[arg(long, value_name = "TEXT", value_parser = label)]
    label: Option<String>,
    /// Do not wait for the result
    #[arg(long, conflicts_with_all = ["csv", "no_chart", "all"])]
    pub(super) detach: bool,
    #[command(flatten)]
    pub(super) printing: Printing,
    #[command(flatten)]
    pub(super) patience: Patience,
    #[command(flatten)]
    pub(super) request: Request,
    // Last, since its heading holds for all that follows.
    #[command(flatten)]
    model: Model,
}

/// Short names for settings of the configuration that matter to a backtest.
#[derive(Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Account and market")]
struct Model {
    /// Begin with so many dollars
    #[arg(long, value_name = "DOLLARS", value_parser = amount, allow_negative_numbers = true)]
    initial_capital: Option<Decimal>,
    /// Fill market and stop orders so many dollars a share beyond bid or ask
    #[arg(long, value_name = "DOLLARS", value_parser = amount, allow_negative_numbers = true)]
    slippage: Option<Decimal>,
    /// Put bid and ask so many dollars from the middle
    #[arg(long, value_name = "DOLLARS", value_parser = amount, allow_negative_numbers = true)]
    half_spread: Option<Decimal>,
    /// Charge so many dollars a share
    #[arg(long, value_name = "DOLLARS", value_parser = amount, allow_negative_numbers = true)]
    fee_per_share: Option<Decimal>,
    /// Charge so many dollars for each order with a fill
    #[arg(long, value_name = "DOLLARS", value_parser = amount, allow_negative_numbers = true)]
    fee_per_order: Option<Decimal>,
    /// Charge the fees of SEC, FINRA and CAT as they were on each day
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true,
          default_missing_value = "true")]
    regulatory_fees: Option<bool>,
    /// Enforce these rules: the possible only, or Alpaca's
    #[arg(long, value_name = "RULES")]
    fill_profile: Option<Profile>,
    /// Lend this way: not at all, at fixed rates, or by the rules of each day
    #[arg(long, value_name = "RULES")]
    margin: Option<Margin>,
    /// Charge this share a year for borrowed shares: 0.03 is 3 %
    #[arg(long, value_name = "SHARE", value_parser = amount, allow_negative_numbers = true)]
    borrow_rate: Option<Decimal>,
    /// Be flat at the end of each day, or hold over night
    #[arg(long, value_name = "WHAT")]
    end_of_day: Option<EndOfDay>,
    /// Run over these stored bars; else the shortest that there are of every symbol
    #[arg(long, value_name = "LENGTH", value_parser = ["1min", "1hour", "1day"])]
    data: Option<String>,
    /// Adjust stored prices for nothing, for splits, or for splits and dividends
    #[arg(long, value_name = "WHAT", default_value = "split", value_parser = adjustment())]
    adjustment: Adjustment,
    /// Let the simulated broker draw from this
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Set any key of the configuration, as in risk.risk_per_trade=0.01; may be given again
    #[arg(long, value_name = "SECTION.KEY=VALUE", value_parser = dotted_pair)]
    option: Vec<(String, String)>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Profile {
    Plain,
    Alpaca,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Margin {
    None,
    Fixed,
    #[value(name = "by_date", alias = "by-date")]
    ByDate,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum EndOfDay {
    Flat,
    Hold,
}

/// The name of a choice as it is written.
fn word(choice: impl ValueEnum) -> String {
    let value = choice.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().to_owned())
}

impl Model {
    /// The settings by their dotted keys; one that is given twice is refused.
    fn settings(&self) -> Result<BTreeMap<String, String>, Failed> {
        let dollars = |amount: Option<Decimal>| amount.map(|amount| amount.normalize().to_string());
        let short = [
            ("account.initial_cash", dollars(self.initial_capital)),
            ("broker.slippage", dollars(self.slippage)),
            ("broker.half_spread", dollars(self.half_spread)),
            ("broker.fee_per_share", dollars(self.fee_per_share)),
            ("broker.fee_per_order", dollars(self.fee_per_order)),
            (
                "broker.regulatory_fees",
                self.regulatory_fees.map(|yes| yes.to_string()),
            ),
            ("broker.profile", self.fill_profile.map(word)),
            ("broker.margin", self.margin.map(word)),
            ("broker.borrow_rate", dollars(self.borrow_rate)),
            ("session.end_of_day", self.end_of_day.map(word)),
        ];
        let short = short
            .into_iter()
            .filter_map(|(key, value)| value.map(|value| (key.to_owned(), value)));
        once_each(short.chain(self.option.iter().cloned()))
    }
}

impl Flags {
    /// What is asked for.
    ///
    /// # Errors
    /// The options make no sense together, or the file cannot be read.
    pub(super) fn spec(&self) -> Result<BacktestSpec, Failed> {
        let (Some(start_date), Some(end_date)) = (self.start_date, self.end_date) else {
            return Err(Failed::usage(
                "the range is not known",
                "--start-date and --end-date are needed",
                "traderctl backtest --help",
            ));
        };
        in_order("--start-date", start_date, "--end-date", end_date)?;
        let settings = once_each(self.set.iter().cloned())?;
        let routes = self.strategy.iter().map(|strategy| BacktestRoute {
            name: None,
            strategy: strategy.clone(),
            symbols: self.symbols.clone(),
            timeframe: self.timeframe.clone(),
            sides: self.sides.clone(),
            settings: settings.clone(),
        });
        Ok(BacktestSpec {
            start_date,
            end_date,
            routes: routes.collect(),
            configured_routes: self.route.clone(),
            config: self.file.as_deref().map(read).transpose()?,
            settings: self.model.settings()?,
            seed: self.model.seed,
            data: self.model.data.clone(),
            adjustment: self.model.adjustment,
            label: self.label.clone(),
        })
    }
}

/// The text of a part of a configuration; the daemon says what is wrong in it.
fn read(path: &Path) -> Result<String, Failed> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| {
        let limit = (CHUNK_BYTES_MAX as u64).saturating_add(1);
        file.take(limit).read_to_string(&mut text)
    });
    let what = || format!("{} was not read", path.display());
    match read {
        Ok(length) if length > CHUNK_BYTES_MAX => Err(Failed::usage(
            what(),
            format!("it has more than {CHUNK_BYTES_MAX} bytes, so it is no configuration"),
            "name a file with a part of a configuration",
        )),
        Ok(_) => Ok(text),
        Err(error) => Err(Failed::usage(
            what(),
            error.to_string(),
            "name a file with a part of a configuration, as traderctl config init writes it",
        )),
    }
}

fn once_each(
    pairs: impl Iterator<Item = (String, String)>,
) -> Result<BTreeMap<String, String>, Failed> {
    let mut each = BTreeMap::new();
    for (key, value) in pairs {
        if let Some(before) = each.insert(key.clone(), value.clone()) {
            return Err(Failed::usage(
                format!("{key} is given twice"),
                format!("once as {before}, once as {value}"),
                "give it once",
            ));
        }
    }
    Ok(each)
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => {
            Ok((key.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err("write it as KEY=VALUE".to_owned()),
    }
}

fn dotted_pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = pair(text)?;
    if key.contains('.') {
        Ok((key, value))
    } else {
        Err(format!(
            "{key} names no section; write it as SECTION.KEY=VALUE, for a strategy's parameter use --set"
        ))
    }
}

fn timeframe(text: &str) -> Result<String, String> {
    let minutes = text
        .strip_suffix("min")
        .and_then(|number| number.parse::<u16>().ok());
    if matches!(text, "1hour" | "1day") || minutes.is_some_and(|m| (1..=390).contains(&m)) {
        Ok(text.to_owned())
    } else {
        Err("a length is 1min to 390min, 1hour or 1day".to_owned())
    }
}

fn amount(text: &str) -> Result<Decimal, String> {
    match text.parse::<Decimal>() {
        Ok(amount) if !amount.is_sign_negative() => Ok(amount),
        Ok(_) => Err("it must not be negative".to_owned()),
        Err(_) => Err("it is no plain number, as 2500.50 is one".to_owned()),
    }
}

fn label(text: &str) -> Result<String, String> {
    if text.trim().is_empty() || text.chars().count() > 80 || text.chars().any(char::is_control) {
        return Err("a label has 1 to 80 letters on one line".to_owned());
    }
    Ok(text.trim().to_owned())
}

/// The three adjustments, by name.
pub(in super::super) fn adjustment() -> impl TypedValueParser<Value = Adjustment> {
    PossibleValuesParser::new(["raw", "split", "all"]).try_map(|text| text.parse::<Adjustment>())
}
