//! The account: what it is worth, what it may spend, and how its owner has set it.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use trader_broker_sim::Margin;
use trader_contract::Timestamp;

use super::day_trades::Check;
use super::{World, Worth};
use crate::simulator::decimal::{self, string};
use crate::simulator::market::Market;
use crate::simulator::request::{Fields, Refusal};

/// Below this equity nothing is lent.
const MARGIN_MINIMUM: i64 = 2_000;

/// How the account is set: `/v2/account/configurations`.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    trade_confirm_email: &'static str,
    pub(super) suspend_trade: bool,
    pub(super) no_shorting: bool,
    pub(super) fractional_trading: bool,
    pub(super) max_margin_multiplier: u32,
    pub(super) pdt_check: Check,
    dtbp_check: Check,
    max_options_trading_level: Option<u64>,
    ptp_no_exception_entry: bool,
    disable_overnight_trading: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            trade_confirm_email: "all",
            suspend_trade: false,
            no_shorting: false,
            fractional_trading: true,
            max_margin_multiplier: 4,
            pdt_check: Check::Entry,
            dtbp_check: Check::Entry,
            max_options_trading_level: None,
            ptp_no_exception_entry: false,
            disable_overnight_trading: false,
        }
    }
}

impl Settings {
    fn json(&self) -> Value {
        json!({
            "trade_confirm_email": self.trade_confirm_email,
            "suspend_trade": self.suspend_trade,
            "no_shorting": self.no_shorting,
            "fractional_trading": self.fractional_trading,
            "max_margin_multiplier": self.max_margin_multiplier.to_string(),
            "max_options_trading_level": self.max_options_trading_level,
            "ptp_no_exception_entry": self.ptp_no_exception_entry,
            "disable_overnight_trading": self.disable_overnight_trading,
        })
    }

    /// The settings with what a request changes; members that are no longer there are ignored.
    fn changed(&self, fields: &Fields) -> Result<Self, Refusal> {
        let mut new = self.clone();
        let flags = [
            ("suspend_trade", &mut new.suspend_trade),
            ("no_shorting", &mut new.no_shorting),
            ("fractional_trading", &mut new.fractional_trading),
            ("ptp_no_exception_entry", &mut new.ptp_no_exception_entry),
            (
                "disable_overnight_trading",
                &mut new.disable_overnight_trading,
            ),
        ];
        for (name, flag) in flags {
            match fields.get(name) {
                None => {}
                Some(Value::Bool(value)) => *flag = *value,
                Some(_) => return Err(Refusal::invalid(format!("{name} must be true or false"))),
            }
        }
        match fields.text("trade_confirm_email") {
            None => {}
            Some("all") => new.trade_confirm_email = "all",
            Some("none") => new.trade_confirm_email = "none",
            Some(_) => return Err(Refusal::invalid("trade_confirm_email must be all or none")),
        }
        if let Some(times) = fields.decimal("max_margin_multiplier")? {
            let times = u32::try_from(times)
                .ok()
                .filter(|times| [1, 2, 4].contains(times));
            let words = "max_margin_multiplier must be 1, 2 or 4";
            new.max_margin_multiplier = times.ok_or_else(|| Refusal::invalid(words))?;
        }
        if let Some(level) = fields.get("max_options_trading_level") {
            let level = level.as_u64().filter(|level| *level <= 3);
            let words = "max_options_trading_level must be 0, 1, 2 or 3";
            let level = level.ok_or_else(|| Refusal::invalid(words))?;
            new.max_options_trading_level = Some(level);
        }
        Ok(new)
    }
}

impl World {
    /// How the account is set, with what is removed for as long as it is there.
    pub(crate) fn settings_json(&self) -> Value {
        let mut shown = self.settings.json();
        if let (Value::Object(members), true) = (&mut shown, self.shows_day_trades()) {
            let checks = [
                ("pdt_check", self.settings.pdt_check),
                ("dtbp_check", self.settings.dtbp_check),
            ];
            members.extend(checks.map(|(name, check)| (name.to_owned(), json!(check.name()))));
        }
        shown
    }

    /// Changes how the account is set.
    pub(crate) fn set(&mut self, fields: &Fields) -> Result<(), Refusal> {
        let mut new = self.settings.changed(fields)?;
        if self.shows_day_trades() {
            new.pdt_check = new.pdt_check.changed(fields, "pdt_check")?;
            new.dtbp_check = new.dtbp_check.changed(fields, "dtbp_check")?;
        }
        self.settings = new;
        self.fit_margin();
        Ok(())
    }

    /// Tells the exchange how much the account may hold: what its owner and the rules of the day allow.
    pub(super) fn fit_margin(&mut self) {
        let times = self.multiplier();
        self.sim.configure(|config| {
            config.margin = Some(Margin::Fixed {
                intraday: times,
                overnight: times.min(2),
            });
        });
    }

    /// What the account is worth now, for its history.
    pub(super) fn worth(&self, at: Timestamp) -> Worth {
        Worth {
            at,
            equity: self.equity(),
            paid_in: self.paid_in,
        }
    }

    /// Cash and positions, each at the price that the position shows. The exchange itself counts in
    /// finer prices than it prints, also for what orders may cost.
    pub(super) fn equity(&self) -> Decimal {
        let (long, short) = self.market_values();
        decimal::of_money(self.sim.cash()) + long + short
    }

    /// What opening orders may still cost.
    pub(super) fn buying_power(&self) -> Decimal {
        let power = self.sim.account().buying_power;
        let power = power.map_or(Decimal::ZERO, decimal::of_money);
        power.max(Decimal::ZERO).round_dp(2)
    }

    /// The value of what is held long and short; the second is not positive.
    fn market_values(&self) -> (Decimal, Decimal) {
        let mut values = (Decimal::ZERO, Decimal::ZERO);
        for (asset, holding) in &self.holdings {
            let value = self.value_of(*asset, holding);
            if value.is_sign_negative() {
                values.1 += value;
            } else {
                values.0 += value;
            }
        }
        values
    }

    /// What the account has to be worth for what it holds.
    pub(super) fn maintenance(&self) -> Decimal {
        let (long, short) = self.market_values();
        (long - short) * Decimal::new(3, 1)
    }

    /// The answer of `/v2/account`.
    pub(crate) fn account_json(&self) -> Value {
        let view = self.sim.account();
        let (long, short) = self.market_values();
        let (cash, equity) = (decimal::of_money(view.cash), self.equity());
        let gross = long - short;
        let minimum = Decimal::from(MARGIN_MINIMUM);
        let multiplier = if equity < minimum {
            1
        } else {
            self.multiplier()
        };
        let power = self.buying_power();
        let regt = (equity * Decimal::TWO - gross).max(Decimal::ZERO);
        let money = |amount: Decimal| string(amount.round_dp(9));
        let mut shown = json!({
            "id": self.account_id,
            "account_number": account_number(&self.account_id),
            "status": "ACTIVE",
            "crypto_status": "ACTIVE",
            "currency": "USD",
            "multiplier": multiplier.to_string(),
            "shorting_enabled": equity >= minimum && !self.settings.no_shorting,
            "balance_asof": balance_date(&self.market, self),
            "trading_blocked": self.blocked.is_some(),
            "transfers_blocked": false,
            "account_blocked": false,
            "trade_suspended_by_user": self.settings.suspend_trade,
            "created_at": self.created_at.to_string(),
            "options_approved_level": 2,
            "options_trading_level": 2,
            "crypto_tier": 1,
            "user_configurations": Value::Null,
            "admin_configurations": {},
        });
        let amounts = [
            ("cash", cash),
            ("portfolio_value", equity),
            ("equity", equity),
            ("last_equity", self.last_closing().equity),
            ("long_market_value", long),
            ("short_market_value", short),
            ("position_market_value", gross),
            ("initial_margin", gross / Decimal::TWO),
            ("maintenance_margin", self.maintenance()),
            ("last_maintenance_margin", self.last_closing().maintenance),
            ("sma", Decimal::ZERO),
            ("buying_power", power),
            ("regt_buying_power", regt),
            ("effective_buying_power", power),
            ("non_marginable_buying_power", cash.max(Decimal::ZERO)),
            (
                "options_buying_power",
                (regt / Decimal::TWO).max(Decimal::ZERO),
            ),
            ("accrued_fees", decimal::of_money(view.accrued_fees)),
            ("pending_reg_taf_fees", self.pending_fees),
            ("pending_transfer_in", Decimal::ZERO),
            ("pending_transfer_out", Decimal::ZERO),
            ("intraday_adjustments", self.intraday_adjustments()),
        ];
        if let Value::Object(members) = &mut shown {
            for (name, amount) in amounts {
                members.insert(name.to_owned(), money(amount));
            }
            let old = self.day_trade_members().into_iter();
            members.extend(old.map(|(name, value)| (name.to_owned(), value)));
        }
        shown
    }
}

/// A paper account's number.
fn account_number(id: &str) -> String {
    let letters = id.chars().filter(char::is_ascii_alphanumeric).take(10);
    format!("PA{}", letters.collect::<String>().to_ascii_uppercase())
}

fn balance_date(market: &Market, world: &World) -> Option<String> {
    let date = trader_calendar::new_york::date(world.now);
    let session = market.session_before(date)?;
    Some(session.date.to_string())
}
