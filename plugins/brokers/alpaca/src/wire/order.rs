//! The order object. What it lacks is absent; an order without an id or a status is none.

use trader_contract::{OrderKind, Price, Qty, Side, Symbol, TimeInForce, Timestamp, Trail};

use super::number::Number;
use super::tape::{Malformed, View};
use super::words::{OrderClass, OrderSide, OrderType, Status};

/// One order as Alpaca tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Alpaca's id of it.
    pub id: Box<str>,
    /// Whatever its maker called it; Alpaca makes one up where its maker did not.
    pub client_id: Box<str>,
    /// What is traded; `None` for what is no stock of ours.
    pub symbol: Option<Symbol>,
    /// What is traded, as it came.
    pub symbol_text: Box<str>,
    /// Buy or sell.
    pub side: Option<OrderSide>,
    /// What makes it fill.
    pub kind: OrderType,
    /// What it is to others.
    pub class: OrderClass,
    /// How long it stands, in Alpaca's word.
    pub time_in_force: Box<str>,
    /// How many shares; absent where it is for an amount of dollars.
    pub qty: Option<Number>,
    /// For how many dollars, where it is.
    pub notional: Option<Number>,
    /// How many have filled.
    pub filled: Number,
    /// At what price on average.
    pub filled_price: Option<Number>,
    /// The worst price it takes.
    pub limit: Option<Number>,
    /// Where it wakes; of a trailing one where it stands now.
    pub stop: Option<Number>,
    /// How far it trails, in dollars.
    pub trail_price: Option<Number>,
    /// How far it trails, in percent.
    pub trail_percent: Option<Number>,
    /// The best price since a trailing one went to work.
    pub best: Option<Number>,
    /// Where it is.
    pub status: Status,
    /// Whether it may fill outside the session.
    pub extended_hours: bool,
    /// The order that took its place.
    pub replaced_by: Option<Box<str>>,
    /// The order whose place it took.
    pub replaces: Option<Box<str>>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it was handed in; lists go by it.
    pub submitted_at: Option<Timestamp>,
    /// When something last changed.
    pub updated_at: Option<Timestamp>,
    /// When it filled completely.
    pub filled_at: Option<Timestamp>,
    /// When it ended, for whatever reason but a fill.
    pub ended_at: Option<Timestamp>,
    /// The orders that belong to it, where they were asked for.
    pub legs: Vec<Order>,
}

impl Order {
    /// Reads an order with its legs.
    ///
    /// # Errors
    /// It has no id or no status, or something that is no number or time where one belongs.
    pub fn read(view: View<'_>) -> Result<Self, Malformed> {
        let mut order = Self::read_flat(view)?;
        let legs = view.get("legs");
        for leg in legs.into_iter().flat_map(View::items) {
            order.legs.push(Self::read_flat(leg)?);
        }
        Ok(order)
    }

    fn read_flat(view: View<'_>) -> Result<Self, Malformed> {
        let symbol_text = view.text("symbol").unwrap_or_default();
        let kind = view.text("type").or_else(|| view.text("order_type"));
        let class = view.text("order_class").unwrap_or_default();
        let ends = ["canceled_at", "expired_at", "failed_at", "replaced_at"];
        let mut ended_at = None;
        for end in ends {
            ended_at = ended_at.max(view.time(end)?);
        }
        Ok(Self {
            id: view.needs_text("id")?.into(),
            client_id: view.boxed("client_order_id").unwrap_or_default(),
            symbol: symbol_text.parse().ok(),
            symbol_text: symbol_text.into(),
            side: view.text("side").map(|side| OrderSide::read(&side)),
            kind: OrderType::read(&kind.unwrap_or_default()),
            class: match &*class {
                "" => OrderClass::Simple,
                class => OrderClass::read(class),
            },
            time_in_force: view.boxed("time_in_force").unwrap_or_default(),
            qty: view.number("qty")?,
            notional: view.number("notional")?,
            filled: view.number("filled_qty")?.unwrap_or(Number::ZERO),
            filled_price: view.number("filled_avg_price")?,
            limit: view.number("limit_price")?,
            stop: view.number("stop_price")?,
            trail_price: view.number("trail_price")?,
            trail_percent: view.number("trail_percent")?,
            best: view.number("hwm")?,
            status: Status::read(&view.needs_text("status")?),
            extended_hours: view.flag("extended_hours").unwrap_or(false),
            replaced_by: view.boxed("replaced_by"),
            replaces: view.boxed("replaces"),
            created_at: view.time("created_at")?,
            submitted_at: view.time("submitted_at")?,
            updated_at: view.time("updated_at")?,
            filled_at: view.time("filled_at")?,
            ended_at,
            legs: Vec::new(),
        })
    }

    /// Reads a list of orders.
    ///
    /// # Errors
    /// It is no list, or one of them is no order: what such a list lacks proves nothing.
    pub fn read_list(view: View<'_>) -> Result<Vec<Self>, Malformed> {
        if !view.is_list() {
            return Err(Malformed::Field {
                field: "orders",
                wanted: "a list",
            });
        }
        view.items().map(Self::read).collect()
    }

    /// The order and its legs.
    pub fn family(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.legs)
    }

    /// Buy or sell in our words; `None` where it says neither.
    #[must_use]
    pub const fn side(&self) -> Option<Side> {
        match self.side {
            Some(OrderSide::Buy) => Some(Side::Buy),
            Some(OrderSide::Sell | OrderSide::SellShort) => Some(Side::Sell),
            Some(OrderSide::Unknown(_)) | None => None,
        }
    }

    /// The quantity; of an order for an amount of dollars, what has filled.
    #[must_use]
    pub fn quantity(&self) -> Option<Qty> {
        self.qty.unwrap_or(self.filled).qty()
    }

    /// Where it wakes, as a price; a stop that trails may stand between two millionths.
    #[must_use]
    pub fn stop_price(&self) -> Option<Price> {
        let rounding = super::number::Rounding::Nearest;
        self.stop.and_then(|stop| stop.price_rounded(rounding))
    }

    /// The worst price it takes.
    #[must_use]
    pub fn limit_price(&self) -> Option<Price> {
        self.limit.and_then(Number::price)
    }

    /// What makes it fill, in our words; `None` where a price is missing or the word is not known.
    #[must_use]
    pub fn order_kind(&self) -> Option<OrderKind> {
        let (stop, limit) = (self.stop_price(), self.limit_price());
        Some(match self.kind {
            OrderType::Market => OrderKind::Market,
            OrderType::Limit => OrderKind::Limit { limit: limit? },
            OrderType::Stop => OrderKind::Stop { stop: stop? },
            OrderType::StopLimit => OrderKind::StopLimit {
                stop: stop?,
                limit: limit?,
            },
            OrderType::TrailingStop => OrderKind::TrailingStop {
                trail: match (self.trail_price, self.trail_percent) {
                    (Some(dollars), _) => Trail::Price(dollars.price()?),
                    (None, Some(percent)) => Trail::Percent(percent.ratio()?),
                    (None, None) => return None,
                },
            },
            OrderType::Unknown(_) => return None,
        })
    }

    /// How long it stands, in our words; `None` where the word is not known.
    #[must_use]
    pub fn stands(&self) -> Option<TimeInForce> {
        TimeInForce::ALL
            .into_iter()
            .find(|time_in_force| time_in_force.name() == &*self.time_in_force)
    }

    /// Whether nothing more can happen to it. A status that is not known is no end.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(
            self.status,
            Status::Filled
                | Status::Canceled
                | Status::Expired
                | Status::Replaced
                | Status::Rejected
        )
    }

    /// When Alpaca last said something new of it.
    #[must_use]
    pub fn stamp(&self) -> Option<Timestamp> {
        let moments = [
            self.updated_at,
            self.filled_at,
            self.ended_at,
            self.submitted_at,
            self.created_at,
        ];
        moments.into_iter().flatten().max()
    }
}
