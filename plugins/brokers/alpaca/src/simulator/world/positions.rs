//! Positions: what is held, at which average price, and how much of it orders have reserved.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use trader_contract::{NetQty, Price, Qty, ReportStatus, Side, Timestamp};

use super::World;
use super::order::{Class, Order};
use crate::simulator::decimal::{self, ratio};
use crate::simulator::request::{Fields, Refusal};

/// What is held of an asset.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Holding {
    qty: Decimal,
    average: Decimal,
    /// The day on which it was opened.
    opened_on: Option<Timestamp>,
}

impl Holding {
    pub(super) fn add(&mut self, side: Side, qty: Qty, price: Price, day: Timestamp) {
        let (qty, price) = (decimal::of_qty(qty), decimal::of_price(price));
        let change = match side {
            Side::Buy => qty,
            Side::Sell => -qty,
        };
        let after = self.qty + change;
        let grows = self.qty.is_zero() || self.qty.is_sign_negative() == change.is_sign_negative();
        if grows {
            let cost = self.average * self.qty.abs() + price * qty;
            self.average = ratio(cost, after.abs()).round_dp(9);
        }
        // The weighted average holds while a position shrinks.
        if self.opened_on.is_none() {
            self.opened_on = Some(day);
        }
        self.qty = after;
    }

    /// What is held, with its sign.
    pub(super) const fn qty(&self) -> Decimal {
        self.qty
    }

    /// The same in the shares that a split has made of it, so many, each at so much of the price.
    pub(super) fn split(self, qty: Decimal, factor: Decimal) -> Self {
        Self {
            qty,
            average: (self.average * factor).round_dp(9),
            ..self
        }
    }

    pub(super) const fn is_flat(&self) -> bool {
        self.qty.is_zero()
    }
}

impl World {
    /// What is held of an asset, with its sign.
    pub(super) fn held(&self, asset: usize) -> NetQty {
        let held = self.holdings.get(&asset).map(|holding| holding.qty);
        let nanos = held.and_then(|qty| {
            i64::try_from((qty * Decimal::from(1_000_000_000)).trunc().mantissa()).ok()
        });
        nanos.and_then(NetQty::from_nanos).unwrap_or(NetQty::ZERO)
    }

    /// The shares that open orders on a side hold, and those orders. Two exits of a group hold their
    /// shares once, and none while their entry works. `old` is an order that would make way.
    pub(super) fn reserved(
        &self,
        asset: usize,
        side: Side,
        old: Option<usize>,
    ) -> (Decimal, Vec<String>) {
        let mut by_group: BTreeMap<usize, Decimal> = BTreeMap::new();
        let mut related = Vec::new();
        for &place in &self.open {
            let Some(order) = self.orders.get(place) else {
                continue;
            };
            let counts = order.asset == asset
                && order.side == side
                && old != Some(place)
                && order.kind_is_working(self);
            if !counts {
                continue;
            }
            let group = match order.parent {
                Some(parent) => parent,
                None => place,
            };
            let held = by_group.entry(group).or_default();
            *held = (*held).max(decimal::of_qty(order.remaining()));
            related.push(order.id.clone());
        }
        (by_group.into_values().sum(), related)
    }

    /// What a share of an asset that is held is worth: its last price, or what was paid.
    fn mark_of(&self, asset: usize, holding: &Holding) -> Decimal {
        self.price(asset).unwrap_or(holding.average)
    }

    /// What is held of an asset is worth, with its sign.
    pub(super) fn value_of(&self, asset: usize, holding: &Holding) -> Decimal {
        (self.mark_of(asset, holding) * holding.qty).round_dp(9)
    }

    /// Every position, or one; `None` if there is none in that asset.
    pub(crate) fn positions_json(&mut self) -> Value {
        let assets: Vec<usize> = self.holdings.keys().copied().collect();
        let shown = assets
            .into_iter()
            .filter_map(|asset| self.position_json(asset));
        Value::Array(shown.collect())
    }

    pub(crate) fn position_json(&mut self, asset: usize) -> Option<Value> {
        let holding = *self.holdings.get(&asset)?;
        let price = self.mark_of(asset, &holding);
        let before = self.market.close_before(asset, self.now);
        let before = before.map_or(price, decimal::of_price);
        let listed = self.market.asset(asset)?.clone();
        let is_long = holding.qty.is_sign_positive();
        let closing = if is_long { Side::Sell } else { Side::Buy };
        let (reserved, _) = self.reserved(asset, closing, None);
        let free = (holding.qty.abs() - reserved).max(Decimal::ZERO);
        let (cost, value) = (
            holding.average * holding.qty,
            self.value_of(asset, &holding),
        );
        let gain = value - cost;
        let base = if holding.opened_on == Some(self.day()) {
            cost
        } else {
            before * holding.qty
        };
        let today = value - base;
        let text = |decimal: Decimal| decimal::text(decimal.round_dp(16));
        let mut shown = json!({
            "asset_id": listed.id,
            "symbol": listed.symbol.as_str(),
            "exchange": listed.exchange,
            "asset_class": "us_equity",
            "asset_marginable": true,
            "side": if is_long { "long" } else { "short" },
            "swap_rate": Value::Null,
            "avg_entry_swap_rate": Value::Null,
            "prev_swap_rate": Value::Null,
            "usd": Value::Null,
        });
        let numbers = [
            ("qty", holding.qty),
            ("qty_available", if is_long { free } else { -free }),
            ("avg_entry_price", holding.average),
            ("market_value", value),
            ("cost_basis", cost),
            ("unrealized_pl", gain),
            ("unrealized_plpc", ratio(gain, cost.abs())),
            ("unrealized_intraday_pl", today),
            ("unrealized_intraday_plpc", ratio(today, base.abs())),
            ("current_price", price),
            ("lastday_price", before),
            ("change_today", ratio(price - before, before)),
        ];
        if let Value::Object(members) = &mut shown {
            for (name, number) in numbers {
                members.insert(name.to_owned(), Value::String(text(number)));
            }
        }
        Some(shown)
    }

    /// Places the market order that closes a position, or a part of it.
    pub(crate) fn close_position(
        &mut self,
        asset: usize,
        qty: Option<Decimal>,
        percentage: Option<Decimal>,
    ) -> Result<usize, Refusal> {
        let holding = self.holdings.get(&asset).copied();
        let holding = holding.ok_or_else(|| Refusal::not_found("position does not exist"))?;
        let whole = holding.qty.abs();
        let qty = match (qty, percentage) {
            (Some(_), Some(_)) => {
                return Err(Refusal::invalid(
                    "only one of qty or percentage is accepted",
                ));
            }
            (Some(qty), None) => qty,
            (None, Some(percent)) if percent <= Decimal::ZERO || percent > Decimal::ONE_HUNDRED => {
                return Err(Refusal::invalid("percentage must be between 0 and 100"));
            }
            (None, Some(percent)) => part_of(whole, percent),
            (None, None) => whole,
        };
        let symbol = self
            .market
            .asset(asset)
            .map(|asset| asset.symbol.to_string());
        let side = if holding.qty.is_sign_positive() {
            "sell"
        } else {
            "buy"
        };
        let mut body = Map::new();
        let members = [
            ("symbol", symbol.unwrap_or_default()),
            ("qty", decimal::text(qty)),
            ("side", side.to_owned()),
            ("type", "market".to_owned()),
            ("time_in_force", "day".to_owned()),
        ];
        for (name, value) in members {
            body.insert(name.to_owned(), Value::String(value));
        }
        self.place(&Fields(body))
    }

    /// Closes every position and says for each what came of it.
    pub(crate) fn close_all(&mut self, cancel_orders: bool) -> Value {
        if cancel_orders {
            self.clear_orders();
        }
        let assets: Vec<usize> = self.holdings.keys().copied().collect();
        let mut told = Vec::with_capacity(assets.len());
        for asset in assets {
            let symbol = self
                .market
                .asset(asset)
                .map(|asset| asset.symbol.to_string());
            told.push(match self.close_position(asset, None, None) {
                Ok(place) => json!({
                    "symbol": symbol,
                    "status": 200,
                    "order_id": self.orders.get(place).map(|order| order.id.as_str()),
                    "body": self.order_json(place, false),
                }),
                Err(refusal) => json!({
                    "symbol": symbol,
                    "status": refusal.status,
                    "body": refusal.with("symbol", json!(symbol)).body(),
                }),
            });
        }
        Value::Array(told)
    }
}

/// A percentage of a position: whole shares of a whole position.
fn part_of(whole: Decimal, percent: Decimal) -> Decimal {
    let part = whole * percent / Decimal::ONE_HUNDRED;
    let decimals = if whole.fract().is_zero() { 0 } else { 9 };
    part.round_dp_with_strategy(decimals, rust_decimal::RoundingStrategy::ToZero)
}

impl Order {
    /// Whether it is more than a leg that waits for its entry.
    fn kind_is_working(&self, world: &World) -> bool {
        let parent = self.parent.and_then(|parent| world.orders.get(parent));
        match (self.class, parent) {
            (Class::Bracket | Class::Oto, Some(entry)) => entry.status == ReportStatus::Filled,
            _ => true,
        }
    }
}
