//! An order as Alpaca keeps and shows it.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use trader_broker_sim::status_name;
use trader_contract::{
    ClientOrderId, Price, Qty, ReportStatus, Side, TimeInForce, Timestamp, Trail,
};

use super::World;
use crate::simulator::decimal;

/// What makes an order fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Market,
    Limit,
    Stop,
    StopLimit,
    TrailingStop,
}

impl Type {
    const ALL: [Self; 5] = [
        Self::Market,
        Self::Limit,
        Self::Stop,
        Self::StopLimit,
        Self::TrailingStop,
    ];

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == text)
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Market => "market",
            Self::Limit => "limit",
            Self::Stop => "stop",
            Self::StopLimit => "stop_limit",
            Self::TrailingStop => "trailing_stop",
        }
    }
}

/// How orders hang together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Simple,
    Bracket,
    Oco,
    Oto,
}

impl Class {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Bracket => "bracket",
            Self::Oco => "oco",
            Self::Oto => "oto",
        }
    }
}

/// The moments of an order.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Moments {
    pub(crate) filled: Option<Timestamp>,
    pub(crate) expired: Option<Timestamp>,
    pub(crate) canceled: Option<Timestamp>,
    pub(crate) failed: Option<Timestamp>,
    pub(crate) replaced: Option<Timestamp>,
    pub(crate) cancel_requested: Option<Timestamp>,
}

/// One order.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) id: String,
    pub(crate) sim: ClientOrderId,
    pub(crate) client_order_id: String,
    pub(crate) asset: usize,
    pub(crate) side: Side,
    pub(crate) kind: Type,
    pub(crate) class: Class,
    pub(crate) time_in_force: TimeInForce,
    /// What the exchange was asked for; shown only where the order was made in shares.
    pub(crate) qty: Qty,
    pub(crate) notional: Option<Decimal>,
    pub(crate) limit: Option<Price>,
    pub(crate) stop: Option<Price>,
    pub(crate) trail: Option<Trail>,
    pub(crate) hwm: Option<Price>,
    pub(crate) extended_hours: bool,
    pub(crate) intent: &'static str,
    pub(crate) status: ReportStatus,
    /// Whether the stream has told of it.
    pub(crate) told: bool,
    pub(crate) filled: Qty,
    /// What has been paid or got for what has filled.
    pub(crate) value: Decimal,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) moments: Moments,
    pub(crate) replaced_by: Option<String>,
    pub(crate) replaces: Option<String>,
    /// The orders that hang on this one, target first.
    pub(crate) legs: Vec<usize>,
    /// The order that this one hangs on.
    pub(crate) parent: Option<usize>,
}

impl Order {
    pub(crate) const fn is_open(&self) -> bool {
        !self.status.state().is_terminal()
    }

    /// What has not filled.
    pub(crate) fn remaining(&self) -> Qty {
        self.qty.checked_sub(self.filled).unwrap_or(Qty::ZERO)
    }

    /// An order that is to take its place, as long as nothing else is said of it.
    pub(super) fn successor(&self, now: Timestamp) -> Self {
        Self {
            status: ReportStatus::PendingNew,
            told: true,
            filled: Qty::ZERO,
            value: Decimal::ZERO,
            created_at: now,
            updated_at: now,
            moments: Moments::default(),
            replaced_by: None,
            replaces: Some(self.id.clone()),
            ..self.clone()
        }
    }

    /// The average price of what has filled.
    pub(crate) fn average(&self) -> Option<Decimal> {
        let filled = decimal::of_qty(self.filled);
        (!filled.is_zero()).then(|| decimal::ratio(self.value, filled).round_dp(6))
    }
}

pub(crate) const fn side_name(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    }
}

fn price(price: Option<Price>) -> Value {
    decimal::optional(price.map(decimal::of_price))
}

fn moment(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| Value::String(at.to_string()))
}

impl World {
    /// The place of an order by its id.
    pub(crate) fn place_of(&self, id: &str) -> Option<usize> {
        self.by_id.get(&id.to_ascii_lowercase()).copied()
    }

    /// The place of an order by what its client called it.
    pub(crate) fn place_of_client(&self, id: &str) -> Option<usize> {
        self.by_client.get(id).copied()
    }

    /// How many orders there have been.
    pub(crate) fn order_count(&self) -> usize {
        self.orders.len()
    }

    /// An order as the API shows it, with its legs inside if that is wanted.
    pub(crate) fn order_json(&self, place: usize, nested: bool) -> Value {
        let Some(order) = self.orders.get(place) else {
            return Value::Null;
        };
        let listed = self.market.asset(order.asset);
        let mut shown = json!({
            "id": order.id,
            "client_order_id": order.client_order_id,
            "created_at": order.created_at.to_string(),
            "updated_at": order.updated_at.to_string(),
            "submitted_at": order.created_at.to_string(),
            "filled_at": moment(order.moments.filled),
            "expired_at": moment(order.moments.expired),
            "expires_at": moment(order.expires_at),
            "canceled_at": moment(order.moments.canceled),
            "cancel_requested_at": moment(order.moments.cancel_requested),
            "failed_at": moment(order.moments.failed),
            "replaced_at": moment(order.moments.replaced),
            "replaced_by": order.replaced_by,
            "replaces": order.replaces,
            "asset_id": listed.map(|asset| asset.id.as_str()),
            "symbol": listed.map(|asset| asset.symbol.as_str()),
            "asset_class": "us_equity",
            "order_class": order.class.name(),
            "order_type": order.kind.name(),
            "type": order.kind.name(),
            "side": side_name(order.side),
            "position_intent": order.intent,
            "time_in_force": order.time_in_force.name(),
            "status": status_name(order.status),
            "extended_hours": order.extended_hours,
            "legs": Value::Null,
            "subtag": Value::Null,
            "source": Value::Null,
        });
        if let Value::Object(members) = &mut shown {
            for (name, value) in self.numbers_of(order) {
                members.insert(name.to_owned(), value);
            }
            let mut legs = self.legs_of(place).peekable();
            if nested && legs.peek().is_some() {
                let legs = legs.map(|leg| self.order_json(leg, false));
                members.insert("legs".to_owned(), legs.collect());
            }
        }
        shown
    }

    /// The orders that hang on an order: not any more once another has taken its place, and not yet
    /// while that other one is on its way.
    pub(super) fn legs_of(&self, place: usize) -> impl Iterator<Item = usize> {
        let legs = self.orders.get(place).map(|order| order.legs.as_slice());
        let hangs = move |leg: &usize| {
            let leg = self.orders.get(*leg);
            leg.is_some_and(|leg| leg.parent == Some(place))
        };
        legs.unwrap_or_default().iter().copied().filter(hangs)
    }

    fn numbers_of(&self, order: &Order) -> [(&'static str, Value); 10] {
        let (mut stop, mut hwm) = (order.stop, order.hwm);
        if order.is_open()
            && let Some((best, behind)) = self.sim.trailing(order.sim)
        {
            (stop, hwm) = (behind, Some(best));
        }
        let (trail_price, trail_percent) = match order.trail {
            Some(Trail::Price(distance)) => (Some(decimal::of_price(distance)), None),
            Some(Trail::Percent(percent)) => (None, Some(Decimal::new(percent.billionths(), 9))),
            None => (None, None),
        };
        let qty = order.notional.is_none().then(|| decimal::of_qty(order.qty));
        [
            ("qty", decimal::optional(qty)),
            ("notional", decimal::optional(order.notional)),
            ("filled_qty", decimal::string(decimal::of_qty(order.filled))),
            ("filled_avg_price", decimal::optional(order.average())),
            ("limit_price", price(order.limit)),
            ("stop_price", price(stop)),
            ("trail_price", decimal::optional(trail_price)),
            ("trail_percent", decimal::optional(trail_percent)),
            ("hwm", price(hwm)),
            ("ratio_qty", Value::Null),
        ]
    }
}
