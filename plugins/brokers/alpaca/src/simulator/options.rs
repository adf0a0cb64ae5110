//! What `alpaca-sim` is started with.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use trader_calendar::Calendar;
use trader_contract::Timestamp;

use super::market::Market;
use super::rest::data::Plan;
use super::shell::StartError;

/// Runs a simulated exchange that speaks Alpaca's language on loopback
///
/// One port serves all of it: trading REST (/v2/...), market data REST (/v2/stocks/..., /v1beta1/...,
/// /v1/corporate-actions), the trading stream (/stream) and the market data streams (/v2/iex, /v2/sip,
/// /v2/delayed_sip, /v2/test, /v1beta1/news, and without any contract /v1beta1/opra and
/// /v1beta1/indicative). When it listens, it prints one line of JSON with its URLs.
///
/// Money, prices, news and dividends are made up. With --state-dir the account survives being killed.
#[derive(Debug, Clone, Parser)]
#[command(name = "alpaca-sim", version, after_long_help = super::admin::HELP)]
pub struct Options {
    /// Where to listen; only loopback addresses are taken
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// Keep the account here, and go on with it at the next start
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// The key id that clients have to send
    #[arg(long, value_name = "KEY", default_value = "sim-key")]
    pub key: String,
    /// The secret that clients have to send
    #[arg(long, value_name = "SECRET", default_value = "sim-secret")]
    pub secret: String,
    /// `seeded` makes the market up, `seeded-extended` one that also trades, thinly, before and after its
    /// sessions; a folder has recorded minutes, a `SYMBOL.csv` or `SYMBOL.csv.gz` each
    #[arg(
        long,
        value_name = "seeded|seeded-extended|DIR",
        default_value = "seeded"
    )]
    pub market: String,
    /// Where everything that is made up starts from
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// How many simulated seconds pass in a second; 0 stands still until told otherwise
    #[arg(long, value_name = "X", default_value = "1", value_parser = pace)]
    pub pace: Pace,
    /// When the simulated time begins; an hour into the last whole session by default
    #[arg(long, value_name = "RFC3339")]
    pub start: Option<Timestamp>,
    /// Which market data subscription the account has
    #[arg(long, value_enum, default_value_t = Plan::Plus)]
    pub plan: Plan,
}

impl Options {
    /// The market that they name.
    pub(crate) fn open_market(&self) -> Result<Market, StartError> {
        match self.market.as_str() {
            "seeded" => Ok(Market::seeded(self.seed, false)),
            "seeded-extended" => Ok(Market::seeded(self.seed, true)),
            folder => Market::recorded(folder.as_ref())
                .map_err(|error| StartError::Unusable(error.into())),
        }
    }
}

/// How fast simulated time passes, in thousandths of the machine's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace(pub i64);

impl Pace {
    /// The fastest: a day in a second.
    const MAX: i64 = 86_400_000;

    /// A whole number of simulated seconds in a second, at most 86,400.
    #[must_use]
    pub fn times(times: u32) -> Self {
        Self(i64::from(times).saturating_mul(1_000).min(Self::MAX))
    }
}

/// Reads a pace.
pub(crate) fn pace(text: &str) -> Result<Pace, String> {
    let read = text.parse::<rust_decimal::Decimal>().ok();
    let thousandths = read.and_then(|times| {
        let scaled = times.checked_mul(rust_decimal::Decimal::ONE_THOUSAND)?;
        i64::try_from(scaled.trunc().mantissa()).ok()
    });
    let allowed = thousandths.filter(|thousandths| (0..=Pace::MAX).contains(thousandths));
    allowed
        .map(Pace)
        .ok_or_else(|| "a pace is a number from 0 to 86400".to_owned())
}

/// When simulated time begins by default: an hour into the last whole session that had come so far
/// by `wall`, and not after `last`.
pub(crate) fn default_start(wall: Timestamp, last: Option<chrono::NaiveDate>) -> Timestamp {
    const MINUTES_IN: i64 = 60;
    /// Long enough for a whole session among holidays and half days.
    const DAYS_BACK: u64 = 14;
    let calendar = Calendar::nyse();
    let today = trader_calendar::new_york::date(wall);
    let today = last.map_or(today, |last| today.min(last));
    let today = today.clamp(calendar.first_covered(), calendar.last_covered());
    let first = today.checked_sub_days(chrono::Days::new(DAYS_BACK));
    let first = first.unwrap_or(today).max(calendar.first_covered());
    let sessions = calendar.sessions(first..=today).unwrap_or_default();
    let begins = |open: Timestamp| open.plus_minutes(MINUTES_IN);
    let whole = sessions.iter().rev().filter(|session| !session.half_day);
    let mut starts = whole.map(|session| begins(session.open));
    starts.find(|start| *start <= wall).unwrap_or(wall)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_begins_in_the_last_whole_session_that_had_an_hour() {
        let start = |text: &str| default_start(text.parse().unwrap(), None).to_string();
        assert_eq!(start("2026-11-29T17:30:00Z"), "2026-11-25T15:30:00Z");
        assert_eq!(start("2026-11-24T15:00:00Z"), "2026-11-23T15:30:00Z");
        assert_eq!(start("2026-11-24T15:31:00Z"), "2026-11-24T15:30:00Z");
    }

    #[test]
    fn a_pace_may_be_a_fraction_or_nothing() {
        assert_eq!(pace("0.5"), Ok(Pace(500)));
        assert_eq!(pace("0"), Ok(Pace(0)));
        assert!(pace("-1").is_err());
        assert!(pace("86401").is_err());
    }
}
