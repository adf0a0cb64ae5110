//! A case's `config.json`, and the settings of the production strategy that make it the seed's.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Deserialize;
use trader_contract::{Money, Ratio, SettingValue, Settings, Timeframe};
use trader_core::risk::sizing::SizingRules;
use trader_strategy_velez::{PARAMETERS, Parameters};

use super::error::SeedError;

/// Which bars of a file are fed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BarFilter {
    /// Those from 09:30 up to 16:00 by New York's wall clock, half days or not.
    Loader,
    /// All of them, the one that starts at the last date's 16:00 included.
    None,
}

/// The configuration of one run of the seed.
#[derive(Debug, Clone, Deserialize)]
pub struct Case {
    /// Its name.
    #[serde(rename = "case")]
    pub name: String,
    /// Changes that were made to the seed for the run.
    pub seed_patches: Vec<String>,
    /// Bar files, relative to the shared folder.
    pub data_files: Vec<String>,
    /// Symbols, in the order of the files.
    pub symbols: Vec<String>,
    /// First date, in New York.
    pub start_date: NaiveDate,
    /// Last date, in New York.
    pub end_date: NaiveDate,
    /// Which bars are fed.
    pub bar_filter: BarFilter,
    /// How many bars that gave.
    pub bars_fed: usize,
    /// Money and slippage.
    pub backtest: Backtest,
    /// The strategy's settings.
    pub velez: Velez,
    /// The account's limits.
    pub risk: Risk,
}

/// Money and slippage.
#[derive(Debug, Clone, Deserialize)]
pub struct Backtest {
    /// Dollars at the start.
    pub initial_capital: Decimal,
    /// Dollars a share that a fill loses.
    pub slippage_per_share: Decimal,
}

/// The strategy's settings by the seed's names.
#[derive(Debug, Clone, Deserialize)]
pub struct Velez {
    /// Candles in the fast average.
    pub sma_fast: u32,
    /// Candles in the slow average.
    pub sma_slow: u32,
    /// Minutes in a candle.
    pub candle_interval_minutes: u16,
    /// Percent of the close.
    pub tightness_threshold_pct: serde_json::Number,
    /// Percent of the range.
    pub strong_candle_body_pct: serde_json::Number,
    /// Percent of the low.
    pub stop_buffer_pct: Ratio,
    /// Dollars.
    pub stop_buffer_min: Ratio,
    /// Candles.
    pub buy_stop_expiry_candles: u16,
    /// Candles.
    pub max_run_candles: u16,
    /// Percent of the range.
    pub doji_threshold_pct: serde_json::Number,
}

/// The account's limits by the seed's names; what is called a percentage is a plain share.
#[derive(Debug, Clone, Deserialize)]
pub struct Risk {
    /// Share of the equity that a trade may risk.
    pub max_risk_per_trade_pct: Ratio,
    /// Dollars that a trade may risk.
    pub max_risk_per_trade_abs: Money,
    /// Share of the equity that a position may be worth.
    pub max_position_pct: Ratio,
    /// Share of the day's first equity whose loss pauses.
    pub max_daily_loss_pct: Decimal,
    /// Positions held at once.
    pub max_open_positions: usize,
    /// Losing closes in a row that pause.
    pub consecutive_loss_pause: u32,
}

impl Case {
    /// Reads the configuration of the case in `folder`.
    ///
    /// # Errors
    /// The file is missing or no configuration.
    pub fn read(folder: &Path) -> Result<Self, SeedError> {
        let path = folder.join("config.json");
        let text = std::fs::read_to_string(&path).map_err(|source| SeedError::Read {
            path: path.clone(),
            source,
        })?;
        serde_json::from_str(&text).map_err(|error| SeedError::Content {
            path,
            what: error.to_string(),
        })
    }

    /// The length of a candle.
    ///
    /// # Errors
    /// It is no timeframe.
    pub fn timeframe(&self) -> Result<Timeframe, SeedError> {
        let minutes = self.velez.candle_interval_minutes;
        Timeframe::minutes(minutes)
            .ok_or_else(|| SeedError::number("candle_interval_minutes", minutes))
    }

    /// The production sizer's rules: no allowance for slippage, as in the seed.
    #[must_use]
    pub fn sizing_rules(&self) -> SizingRules {
        SizingRules {
            risk_fraction: self.risk.max_risk_per_trade_pct,
            risk_cap: self.risk.max_risk_per_trade_abs,
            position_fraction: self.risk.max_position_pct,
            slippage_allowance: trader_contract::Level::ZERO,
        }
    }

    /// The production strategy's parameters, with the original rules where we have better ones.
    ///
    /// # Errors
    /// The strategy does not take them.
    pub fn parameters(&self) -> Result<Parameters, SeedError> {
        let velez = &self.velez;
        let whole = |value: u32| SettingValue::Integer(value.into());
        let decimal = |what, number: &serde_json::Number| {
            let text = number.to_string();
            match text.parse() {
                Ok(ratio) => Ok(SettingValue::Decimal(ratio)),
                Err(_) => Err(SeedError::number(what, text)),
            }
        };
        let given: BTreeMap<String, SettingValue> = [
            ("sides", SettingValue::Word("long".to_owned())),
            ("sma_fast", whole(velez.sma_fast)),
            ("sma_slow", whole(velez.sma_slow)),
            (
                "tightness_pct",
                decimal("tightness_threshold_pct", &velez.tightness_threshold_pct)?,
            ),
            (
                "strong_body_pct",
                decimal("strong_candle_body_pct", &velez.strong_candle_body_pct)?,
            ),
            (
                "doji_body_pct",
                decimal("doji_threshold_pct", &velez.doji_threshold_pct)?,
            ),
            ("entry_offset_ticks", whole(0)),
            (
                "entry_expiry_bars",
                whole(velez.buy_stop_expiry_candles.into()),
            ),
            (
                "stop_buffer_pct",
                SettingValue::Decimal(velez.stop_buffer_pct),
            ),
            (
                "stop_buffer_min",
                SettingValue::Decimal(velez.stop_buffer_min),
            ),
            ("run_bars_max", whole(velez.max_run_candles.into())),
            ("stop_may_loosen", SettingValue::Flag(true)),
            ("red_ends_trailing_only", SettingValue::Flag(true)),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
        let settings = Settings::resolve(PARAMETERS, &given)?;
        Ok(Parameters::from_settings(&settings)?)
    }
}
