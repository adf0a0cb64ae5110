//! The account, its configuration and its positions.

use trader_contract::{Money, NetQty, Symbol, Timestamp};

use super::number::{Number, Rounding};
use super::tape::{Malformed, View};
use super::words::AccountStatus;

/// What Alpaca says of the account. Only id and status are promised; what belonged to day trading
/// vanished in 2026, and of it only the mark is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Alpaca's id of it.
    pub id: Box<str>,
    /// Its number, as its owner knows it; a paper account's begins with `PA`.
    pub number: Option<Box<str>>,
    /// What it is allowed as a whole.
    pub status: AccountStatus,
    /// Cash, negative where money is borrowed.
    pub cash: Option<Number>,
    /// Cash and positions.
    pub equity: Option<Number>,
    /// The same at the close of the day before.
    pub last_equity: Option<Number>,
    /// What opening orders may still cost.
    pub buying_power: Option<Number>,
    /// How many times its equity it may hold.
    pub multiplier: Option<Number>,
    /// Whether it may sell what it does not have.
    pub shorting_enabled: Option<bool>,
    /// Whether it is marked as a pattern day trader; absent since July 2026.
    pub pattern_day_trader: Option<bool>,
    /// Whether it may not trade.
    pub trading_blocked: bool,
    /// Whether it may do nothing.
    pub account_blocked: bool,
    /// Whether its owner has suspended trading.
    pub suspended: bool,
}

impl Account {
    /// Reads `GET /v2/account`.
    ///
    /// # Errors
    /// It has no id or status.
    pub fn read(view: View<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            id: view.needs_text("id")?.into(),
            number: view.boxed("account_number"),
            status: AccountStatus::read(&view.needs_text("status")?),
            cash: view.number("cash")?,
            equity: view.number("equity")?,
            last_equity: view.number("last_equity")?,
            buying_power: view.number("buying_power")?,
            multiplier: view.number("multiplier")?,
            shorting_enabled: view.flag("shorting_enabled"),
            pattern_day_trader: view.flag("pattern_day_trader"),
            trading_blocked: view.flag("trading_blocked").unwrap_or(false),
            account_blocked: view.flag("account_blocked").unwrap_or(false),
            suspended: view.flag("trade_suspended_by_user").unwrap_or(false),
        })
    }

    /// Its number, or the id where there is none.
    #[must_use]
    pub fn name(&self) -> &str {
        self.number.as_deref().unwrap_or(&self.id)
    }

    /// Whether it is a paper account, as far as its number tells.
    #[must_use]
    pub fn is_paper(&self) -> bool {
        self.number
            .as_deref()
            .is_some_and(|number| number.starts_with("PA"))
    }

    /// Why it may not trade, if it may not.
    #[must_use]
    pub fn obstacle(&self) -> Option<String> {
        if self.status != AccountStatus::Active {
            return Some(format!("the account is {}, not ACTIVE", self.status));
        }
        let flags = [
            (self.account_blocked, "the account is blocked"),
            (self.trading_blocked, "trading is blocked"),
            (
                self.suspended,
                "its owner has suspended trading (suspend_trade)",
            ),
        ];
        let stands = flags.into_iter().find(|(stands, _)| *stands);
        stands.map(|(_, why)| why.to_owned())
    }

    /// What opening orders may still cost, never more than Alpaca says.
    #[must_use]
    pub fn buying_power(&self) -> Option<Money> {
        self.buying_power
            .and_then(|power| power.money_rounded(Rounding::Down))
    }

    /// What cash and positions are worth together, never more than Alpaca says.
    #[must_use]
    pub fn equity(&self) -> Option<Money> {
        self.equity
            .and_then(|equity| equity.money_rounded(Rounding::Down))
    }

    /// Cash, never more than Alpaca says.
    #[must_use]
    pub fn cash(&self) -> Option<Money> {
        self.cash
            .and_then(|cash| cash.money_rounded(Rounding::Down))
    }
}

/// What the account's owner has set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    /// Whether new orders are refused.
    pub suspend_trade: Option<bool>,
    /// Whether short sales are refused.
    pub no_shorting: Option<bool>,
    /// Whether fractions of shares may be traded.
    pub fractional_trading: Option<bool>,
    /// The most leverage.
    pub max_margin_multiplier: Option<Box<str>>,
    /// Which confirmations are mailed.
    pub trade_confirm_email: Option<Box<str>>,
}

impl Configuration {
    /// Reads `GET /v2/account/configurations`.
    ///
    /// # Errors
    /// It is no object.
    pub fn read(view: View<'_>) -> Result<Self, Malformed> {
        if !view.is_object() {
            return Err(Malformed::Field {
                field: "configurations",
                wanted: "an object",
            });
        }
        Ok(Self {
            suspend_trade: view.flag("suspend_trade"),
            no_shorting: view.flag("no_shorting"),
            fractional_trading: view.flag("fractional_trading"),
            max_margin_multiplier: view.boxed("max_margin_multiplier"),
            trade_confirm_email: view.boxed("trade_confirm_email"),
        })
    }
}

/// One position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// What is held; `None` for what is no stock of ours.
    pub symbol: Option<Symbol>,
    /// What is held, as it came.
    pub symbol_text: Box<str>,
    /// How many shares; its side gives the sign, whatever the number's own.
    pub net: NetQty,
    /// How many are not kept for open orders.
    pub available: Option<Number>,
    /// What a share cost on average.
    pub average_price: Option<Number>,
    /// The last price.
    pub current_price: Option<Number>,
}

impl Position {
    /// Reads one position.
    ///
    /// # Errors
    /// It has no symbol, or no quantity that we can hold.
    pub fn read(view: View<'_>) -> Result<Self, Malformed> {
        let wrong = Malformed::Field {
            field: "qty",
            wanted: "a number of shares",
        };
        let size = view.needs_number("qty")?;
        let side = view.text("side");
        let short = match side.as_deref() {
            Some("short") => true,
            Some("long") => false,
            _ => size.is_negative(),
        };
        let net = size.abs().net().ok_or(wrong)?;
        let symbol_text = view.needs_text("symbol")?;
        Ok(Self {
            symbol: symbol_text.parse().ok(),
            symbol_text: symbol_text.into(),
            net: if short { -net } else { net },
            available: view.number("qty_available")?,
            average_price: view.number("avg_entry_price")?,
            current_price: view.number("current_price")?,
        })
    }

    /// Reads `GET /v2/positions`.
    ///
    /// # Errors
    /// It is no list, or one of them is no position.
    pub fn read_list(view: View<'_>) -> Result<Vec<Self>, Malformed> {
        if !view.is_list() {
            return Err(Malformed::Field {
                field: "positions",
                wanted: "a list",
            });
        }
        view.items().map(Self::read).collect()
    }
}

/// What became of one of many that were asked for at once: every order cancelled, every position closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneOfMany {
    /// The order's id or the position's symbol.
    pub name: Box<str>,
    /// The status that it alone would have had.
    pub status: u16,
    /// Alpaca's words, where it was refused.
    pub message: Option<Box<str>>,
}

impl OneOfMany {
    /// Reads the answer of status 207.
    ///
    /// # Errors
    /// It is no list, or one of them lacks its name or status.
    pub fn read_list(view: View<'_>) -> Result<Vec<Self>, Malformed> {
        if !view.is_list() {
            return Err(Malformed::Field {
                field: "answers",
                wanted: "a list",
            });
        }
        let one = |item: View<'_>| {
            let name = item.boxed("id").or_else(|| item.boxed("symbol"));
            let status = item.needs_number("status")?.integer();
            Ok(Self {
                name: name.ok_or(Malformed::Field {
                    field: "id",
                    wanted: "text",
                })?,
                status: status
                    .and_then(|s| u16::try_from(s).ok())
                    .unwrap_or_default(),
                message: item.get("body").and_then(|body| body.boxed("message")),
            })
        };
        view.items().map(one).collect()
    }
}

/// When an account's history was worth what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worth {
    /// The moment.
    pub at: Timestamp,
    /// Cash and positions; `None` where Alpaca has none.
    pub equity: Option<Number>,
}

impl Worth {
    /// Reads `GET /v2/account/portfolio/history`.
    ///
    /// # Errors
    /// Its lists are not of one length, or have something that is no number.
    pub fn read_list(view: View<'_>) -> Result<Vec<Self>, Malformed> {
        let wrong = |field| Malformed::Field {
            field,
            wanted: "a list of numbers, as long as the others",
        };
        let list = |key| view.get(key).into_iter().flat_map(View::items);
        if list("timestamp").count() != list("equity").count() {
            return Err(wrong("equity"));
        }
        let pairs = list("timestamp").zip(list("equity"));
        let read = |(at, equity): (View<'_>, View<'_>)| {
            let seconds = at.as_number().and_then(Number::integer);
            Ok(Self {
                at: Timestamp::from_seconds(seconds.ok_or_else(|| wrong("timestamp"))?),
                equity: equity.as_number(),
            })
        };
        pairs.map(read).collect()
    }
}
