//! An order as a client asks for it: what can be said of it without looking at the account.

use rust_decimal::Decimal;
use trader_contract::{Price, Qty, Ratio, Side, TimeInForce, Trail};

use super::order::{Class, Type};
use crate::simulator::decimal;
use crate::simulator::request::{Fields, Refusal};

/// The longest client order id.
const CLIENT_ID_MAX: usize = 128;

/// Why an order cannot be for extended hours.
pub(super) const NOT_FOR_EXTENDED_HOURS: &str =
    "extended hours order must be DAY or GTC limit orders";

/// An order that makes sense by itself.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) symbol: String,
    pub(super) side: Side,
    pub(super) kind: Type,
    pub(super) class: Class,
    pub(super) time_in_force: TimeInForce,
    pub(super) amount: Amount,
    pub(super) limit: Option<Price>,
    pub(super) stop: Option<Price>,
    pub(super) trail: Option<Trail>,
    pub(super) take_profit: Option<Price>,
    pub(super) stop_loss: Option<(Price, Option<Price>)>,
    pub(super) extended_hours: bool,
    pub(super) client_order_id: Option<String>,
    pub(super) intent: Option<String>,
}

/// How much is wanted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Amount {
    Shares(Qty),
    Dollars(Decimal),
}

impl Draft {
    /// Reads the body of `POST /v2/orders`.
    pub(super) fn read(fields: &Fields) -> Result<Self, Refusal> {
        let symbol = fields.text("symbol").unwrap_or_default().to_owned();
        let intent = fields.text("position_intent").map(str::to_owned);
        let class = class(fields)?;
        let kind = fields.text("type").or_else(|| fields.text("order_type"));
        let kind = kind.and_then(Type::parse);
        let mut draft = Self {
            side: side(fields, intent.as_deref())?,
            kind: kind.ok_or_else(|| Refusal::invalid("invalid order type"))?,
            class,
            time_in_force: time_in_force(fields.text("time_in_force"))?,
            amount: amount(fields)?,
            limit: price(fields, "limit_price", "limit price")?,
            stop: price(fields, "stop_price", "stop price")?,
            trail: trail(fields)?,
            take_profit: None,
            stop_loss: None,
            extended_hours: fields.flag("extended_hours"),
            client_order_id: client_order_id(fields)?,
            intent,
            symbol,
        };
        if draft.symbol.is_empty() {
            return Err(Refusal::invalid("symbol is required"));
        }
        draft.read_legs(fields)?;
        draft.check_prices()?;
        draft.check_time()?;
        draft.check_fraction()?;
        Ok(draft)
    }

    /// Legs without a class are ignored, as at Alpaca.
    fn read_legs(&mut self, fields: &Fields) -> Result<(), Refusal> {
        if self.class == Class::Simple {
            return Ok(());
        }
        let class = self.class.name();
        if let Some(leg) = fields.object("take_profit") {
            self.take_profit = price(&leg, "limit_price", "take_profit.limit_price")?;
        }
        if let Some(leg) = fields.object("stop_loss") {
            let limit = price(&leg, "limit_price", "stop_loss.limit_price")?;
            let stop = price(&leg, "stop_price", "stop_loss.stop_price")?;
            self.stop_loss = stop.map(|stop| (stop, limit));
        }
        let missing = |what: &str| {
            Err(Refusal::unprocessable(format!(
                "{class} orders require {what}"
            )))
        };
        match (self.class, self.take_profit, self.stop_loss) {
            (Class::Bracket | Class::Oco, None, _) => missing("take_profit.limit_price"),
            (Class::Bracket | Class::Oco, _, None) => missing("stop_loss.stop_price"),
            (Class::Oto, None, None) => missing("take_profit.limit_price or stop_loss.stop_price"),
            (Class::Oto, Some(_), Some(_)) => missing("one of take_profit and stop_loss, not both"),
            (Class::Oco, Some(limit), Some(_)) => {
                if self.kind != Type::Limit {
                    return Err(Refusal::unprocessable("oco orders must be limit orders"));
                }
                self.limit = Some(limit);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn check_prices(&self) -> Result<(), Refusal> {
        let needs = match (self.kind, self.limit, self.stop) {
            (Type::Limit, None, _) => Some("limit orders require a limit price"),
            (Type::Stop, _, None) => Some("stop orders require a stop price"),
            (Type::StopLimit, None, _) | (Type::StopLimit, _, None) => {
                Some("stop limit orders require both stop and limit price")
            }
            (Type::Market, None, None)
            | (Type::Limit, Some(_), None)
            | (Type::Stop, None, Some(_))
            | (Type::StopLimit, Some(_), Some(_))
            | (Type::TrailingStop, None, None) => None,
            (Type::Market, ..) => Some("market orders require no stop or limit price"),
            (Type::Limit, ..) => Some("limit orders require no stop price"),
            (Type::Stop, ..) => Some("stop orders require no limit price"),
            (Type::TrailingStop, ..) => Some("trailing stop orders require no stop or limit price"),
        };
        if let Some(words) = needs {
            return Err(Refusal::invalid(words));
        }
        match (self.kind, self.trail) {
            (Type::TrailingStop, None) => Err(Refusal::invalid(
                "trailing stop orders must specify one of trail_price or trail_percent",
            )),
            (Type::TrailingStop, Some(trail)) if !trail.is_valid() => Err(Refusal::invalid(
                "trail_percent must be greater than or equal to 0.1",
            )),
            (Type::TrailingStop, _) | (_, None) => Ok(()),
            (_, Some(_)) => Err(Refusal::invalid(
                "only trailing stop orders take a trail_price or trail_percent",
            )),
        }
    }

    fn check_time(&self) -> Result<(), Refusal> {
        if !self.extended_hours {
            return Ok(());
        }
        if matches!(self.kind, Type::Stop | Type::StopLimit | Type::TrailingStop) {
            return Err(Refusal::unprocessable(
                "stop orders are not eligible for extended hours trading",
            ));
        }
        let fits =
            self.kind == Type::Limit && self.time_in_force.rests() && self.class == Class::Simple;
        if fits {
            return Ok(());
        }
        Err(Refusal::unprocessable(NOT_FOR_EXTENDED_HOURS))
    }

    fn check_fraction(&self) -> Result<(), Refusal> {
        let is_whole = matches!(self.amount, Amount::Shares(qty) if qty.is_whole());
        if is_whole {
            return Ok(());
        }
        let words = if self.time_in_force != TimeInForce::Day {
            "fractional orders must be DAY orders"
        } else if self.class != Class::Simple {
            "fractional orders must be simple orders"
        } else if self.kind == Type::TrailingStop {
            "fractional orders must be market, limit, stop, or stop_limit orders"
        } else if matches!(self.amount, Amount::Dollars(_)) && self.kind != Type::Market {
            "notional orders must be market orders"
        } else {
            return Ok(());
        };
        Err(Refusal::unprocessable(words))
    }
}

fn class(fields: &Fields) -> Result<Class, Refusal> {
    Ok(match fields.text("order_class").unwrap_or_default() {
        "" | "simple" => Class::Simple,
        "bracket" => Class::Bracket,
        "oco" => Class::Oco,
        "oto" => Class::Oto,
        "mleg" => {
            let words = "mleg orders are for options, which are not traded here";
            return Err(Refusal::unprocessable(words));
        }
        _ => return Err(Refusal::invalid("invalid order_class")),
    })
}

fn side(fields: &Fields, intent: Option<&str>) -> Result<Side, Refusal> {
    match fields.text("side") {
        Some("buy") => Ok(Side::Buy),
        Some("sell") => Ok(Side::Sell),
        Some(_) => Err(Refusal::invalid("invalid side")),
        None => match intent.unwrap_or_default() {
            "buy_to_open" | "buy_to_close" => Ok(Side::Buy),
            "sell_to_open" | "sell_to_close" => Ok(Side::Sell),
            _ => Err(Refusal::invalid("side is required")),
        },
    }
}

pub(super) fn time_in_force(text: Option<&str>) -> Result<TimeInForce, Refusal> {
    let found = TimeInForce::ALL
        .into_iter()
        .find(|known| Some(known.name()) == text);
    found.ok_or_else(|| Refusal::invalid("invalid time_in_force"))
}

fn amount(fields: &Fields) -> Result<Amount, Refusal> {
    match (fields.decimal("qty")?, fields.decimal("notional")?) {
        (None, None) => Err(Refusal::invalid("qty or notional is required")),
        (Some(_), Some(_)) => Err(Refusal::invalid("only one of qty or notional is accepted")),
        (Some(qty), None) => quantity(qty).map(Amount::Shares),
        (None, Some(dollars)) if dollars < Decimal::ONE => {
            Err(Refusal::unprocessable("notional must be >= 1.00"))
        }
        (None, Some(dollars)) if dollars.normalize().scale() > 2 => Err(Refusal::unprocessable(
            "notional value must be limited to 2 decimal places",
        )),
        (None, Some(dollars)) => Ok(Amount::Dollars(dollars)),
    }
}

/// A quantity that an order may have.
pub(super) fn quantity(qty: Decimal) -> Result<Qty, Refusal> {
    if qty <= Decimal::ZERO {
        return Err(Refusal::invalid("qty must be > 0"));
    }
    decimal::to_qty(qty).ok_or_else(|| {
        Refusal::invalid("qty must have at most 9 decimals and be at most 1000000000")
    })
}

/// A price of the body; `name` is its member, `words` what refusals call it.
pub(super) fn price(fields: &Fields, name: &str, words: &str) -> Result<Option<Price>, Refusal> {
    let Some(decimal) = fields.decimal(name)? else {
        return Ok(None);
    };
    if decimal <= Decimal::ZERO {
        return Err(Refusal::invalid(format!("{words} must be > 0")));
    }
    let price = decimal::to_price(decimal);
    price
        .map(Some)
        .ok_or_else(|| off_the_tick(&words.replace(' ', "_"), decimal))
}

/// The refusal of a price that is finer than prices are.
fn off_the_tick(name: &str, price: Decimal) -> Refusal {
    Refusal::unprocessable(format!(
        "invalid {name} {}. sub-penny increment does not fulfill minimum pricing criteria",
        decimal::text(price)
    ))
}

fn trail(fields: &Fields) -> Result<Option<Trail>, Refusal> {
    let both = (
        price(fields, "trail_price", "trail_price")?,
        fields.decimal("trail_percent")?,
    );
    match both {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(Refusal::invalid(
            "trailing stop orders must specify one of trail_price or trail_percent",
        )),
        (Some(distance), None) => Ok(Some(Trail::Price(distance))),
        (None, Some(percent)) => percentage(percent).map(Trail::Percent).map(Some),
    }
}

/// A trail in percent.
pub(super) fn percentage(percent: Decimal) -> Result<Ratio, Refusal> {
    let read = decimal::text(percent).parse();
    read.map_err(|_| Refusal::invalid("trail_percent must be greater than or equal to 0.1"))
}

/// What the client calls the order, if it says so.
pub(super) fn client_order_id(fields: &Fields) -> Result<Option<String>, Refusal> {
    let given = fields.text("client_order_id").filter(|id| !id.is_empty());
    if given.is_some_and(|id| id.chars().count() > CLIENT_ID_MAX) {
        return Err(Refusal::invalid(
            "client_order_id must be no more than 128 characters",
        ));
    }
    Ok(given.map(str::to_owned))
}
