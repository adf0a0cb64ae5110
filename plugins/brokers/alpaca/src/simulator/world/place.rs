//! Taking a new order: what Alpaca checks before its exchange sees it, and the exchange's own answer
//! in Alpaca's words.

use rust_decimal::Decimal;
use serde_json::json;
use trader_contract::{
    Attached, Broker as _, BrokerEvent, BrokerRequest, ClientOrderId, OrderKind, OrderRequest,
    Price, Qty, ReportStatus, RequestFailure, Side, Symbol, TimeInForce, Timestamp,
};

use super::World;
use super::draft::{Amount, Draft};
use super::order::{Class, Moments, Order, Type};
use crate::simulator::decimal;
use crate::simulator::request::{Fields, Refusal};

/// A gtc order ends so many days after it was made.
const GTC_DAYS: u64 = 90;

/// What is common to the orders of one request.
struct Parts {
    asset: usize,
    symbol: Symbol,
    qty: Qty,
    intent: &'static str,
}

impl World {
    /// Takes an order and returns its place.
    pub(crate) fn place(&mut self, fields: &Fields) -> Result<usize, Refusal> {
        let draft = Draft::read(fields)?;
        let (asset, symbol) = self.tradable(&draft.symbol)?;
        let intent = self.intent(asset, &draft)?;
        self.check_settings(asset, &draft)?;
        self.check_day_trades(asset, &draft)?;
        let qty = self.quantity_of(asset, &draft)?;
        let parts = Parts {
            asset,
            symbol,
            qty,
            intent,
        };
        self.submit(&draft, &parts)
    }

    fn tradable(&self, symbol: &str) -> Result<(usize, Symbol), Refusal> {
        let place = self.market.find(symbol);
        let asset = place.and_then(|place| self.market.asset(place));
        match (place, asset) {
            (Some(_), Some(asset)) if !asset.active => Err(Refusal::unprocessable(format!(
                "asset {} is not active",
                asset.symbol
            ))),
            (Some(_), Some(asset)) if !asset.tradable => Err(Refusal::unprocessable(format!(
                "asset \"{}\" is not tradable",
                asset.symbol
            ))),
            (Some(place), Some(asset)) => Ok((place, asset.symbol)),
            _ => {
                let message = format!("asset \"{symbol}\" not found");
                Err(Refusal::unprocessable(message))
            }
        }
    }

    fn check_settings(&self, asset: usize, draft: &Draft) -> Result<(), Refusal> {
        let closes = self.closes(asset, draft.side);
        if self.settings.suspend_trade {
            return Err(Refusal::forbidden(
                "new orders are rejected by user request",
            ));
        }
        if self.settings.no_shorting && draft.side == Side::Sell && !closes {
            return Err(Refusal::forbidden("account is not allowed to short"));
        }
        let Some(listed) = self.market.asset(asset) else {
            return Ok(());
        };
        let symbol = listed.symbol;
        let whole = matches!(draft.amount, Amount::Shares(qty) if qty.is_whole());
        if !whole && !self.settings.fractional_trading {
            let words = "fractional trading is disabled for this account";
            return Err(Refusal::forbidden(words));
        }
        if !whole && !listed.fractionable {
            let words = format!("asset \"{symbol}\" is not fractionable");
            return Err(Refusal::forbidden(words));
        }
        if !whole && draft.side == Side::Sell && !closes {
            let words = "fractional orders cannot be sold short";
            return Err(Refusal::unprocessable(words));
        }
        if !whole && draft.side == Side::Buy && closes {
            let words = "fractional orders cannot be used to cover a short position";
            return Err(Refusal::unprocessable(words));
        }
        if !whole && closes && self.closes_in_fractions(asset, draft.side) {
            let words =
                "unable to open new notional orders while having open closing position orders";
            return Err(Refusal::forbidden(words));
        }
        if !listed.easy_to_borrow && draft.time_in_force != TimeInForce::Day {
            let words =
                format!("only day orders are allowed for hard-to-borrow asset \"{symbol}\"");
            return Err(Refusal::unprocessable(words));
        }
        Ok(())
    }

    /// Whether an order of fractions or dollars that closes is open already.
    fn closes_in_fractions(&self, asset: usize, side: Side) -> bool {
        let open = self.open.iter().filter_map(|place| self.orders.get(*place));
        let mut same = open.filter(|order| order.asset == asset && order.side == side);
        same.any(|order| order.notional.is_some() || !order.qty.is_whole())
    }

    fn intent(&self, asset: usize, draft: &Draft) -> Result<&'static str, Refusal> {
        let inferred = match (draft.side, self.closes(asset, draft.side)) {
            (Side::Buy, false) => "buy_to_open",
            (Side::Buy, true) => "buy_to_close",
            (Side::Sell, false) => "sell_to_open",
            (Side::Sell, true) => "sell_to_close",
        };
        match draft.intent.as_deref() {
            Some(specified) if specified != inferred => Err(Refusal::unprocessable(format!(
                "position intent mismatch, inferred: {inferred}, specified: {specified}"
            ))),
            _ => Ok(inferred),
        }
    }

    fn quantity_of(&self, asset: usize, draft: &Draft) -> Result<Qty, Refusal> {
        let price = self.cost_price(asset, draft.side, draft.limit);
        let qty = match draft.amount {
            Amount::Shares(qty) => qty,
            Amount::Dollars(dollars) => {
                let shares = price.map(|price| decimal::ratio(dollars, price));
                let floor = shares.map(|shares| {
                    shares.round_dp_with_strategy(9, rust_decimal::RoundingStrategy::ToZero)
                });
                let qty = floor.and_then(decimal::to_qty);
                qty.ok_or_else(|| Refusal::unprocessable("the asset has no price yet"))?
            }
        };
        let cost = price.unwrap_or(Decimal::ONE_HUNDRED) * decimal::of_qty(qty);
        if matches!(draft.amount, Amount::Shares(_)) && cost < Decimal::ONE {
            let words = "cost basis must be >= minimal amount of order 1";
            return Err(Refusal::forbidden(words).with("cost_basis", decimal::text(cost)));
        }
        Ok(qty)
    }

    /// What a share is taken to cost.
    pub(super) fn cost_price(
        &self,
        asset: usize,
        side: Side,
        limit: Option<Price>,
    ) -> Option<Decimal> {
        let half = Decimal::new(i64::from(crate::simulator::market::HALF_SPREAD_MICROS), 6);
        let limit = limit.map(decimal::of_price);
        limit.or_else(|| match side {
            Side::Buy => Some(self.price(asset)? + half),
            Side::Sell => Some(self.price(asset)? - half),
        })
    }

    fn submit(&mut self, draft: &Draft, parts: &Parts) -> Result<usize, Refusal> {
        // An id that is used goes to the exchange as the order that it is: so the refusal comes
        // where it comes at Alpaca, after some checks and before others.
        let given = draft.client_order_id.as_deref();
        let used = given.and_then(|id| self.place_of_client(id));
        let used = used
            .and_then(|place| self.orders.get(place))
            .map(|order| order.sim);
        let (first, id) = (
            self.orders.len(),
            used.unwrap_or_else(|| self.next_sim_id()),
        );
        let request = self.request_of(draft, parts, id);
        if used.is_none() {
            self.enter(draft, parts, &request);
            if draft.extended_hours {
                self.sim.trade_extended(id);
            }
        }
        self.sim.request(BrokerRequest::Submit(request), self.now);
        let Some(failure) = self.hear(|event| match event {
            BrokerEvent::SubmitFailed { client_id, failure } if *client_id == id => {
                Some(failure.clone())
            }
            _ => None,
        }) else {
            return Ok(first);
        };
        if used.is_none() {
            self.retract(first);
        }
        Err(self.explain(failure, draft, parts))
    }

    /// Takes what the exchange says now and returns the one event that is looked for.
    pub(super) fn hear<T>(&mut self, wanted: impl Fn(&BrokerEvent) -> Option<T>) -> Option<T> {
        let mut found = None;
        while let Some(event) = self.sim.take(self.now) {
            match wanted(&event) {
                Some(it) => found = Some(it),
                None => self.settle(event),
            }
        }
        found
    }

    fn request_of(&mut self, draft: &Draft, parts: &Parts, id: ClientOrderId) -> OrderRequest {
        let is_oco = draft.class == Class::Oco;
        let stop = draft.stop_loss.map(|(stop, limit)| {
            let leg = self.next_sim_id();
            if let Some(limit) = limit {
                self.sim.limit_leg(leg, limit);
            }
            (leg, stop)
        });
        let target = draft.take_profit.filter(|_| !is_oco);
        let target = target.map(|limit| (self.next_sim_id(), limit));
        OrderRequest {
            client_id: id,
            symbol: parts.symbol,
            side: draft.side,
            qty: parts.qty,
            kind: kind_of(draft),
            time_in_force: draft.time_in_force,
            attached: Attached {
                stop: stop.filter(|_| !is_oco),
                target,
            },
            oco_stop: stop.filter(|_| is_oco),
        }
    }

    /// Writes down the orders of a request, for as long as the exchange does not refuse it.
    fn enter(&mut self, draft: &Draft, parts: &Parts, request: &OrderRequest) {
        let first = self.orders.len();
        let order = self.order_of(draft, parts, request.client_id);
        let leg = Order {
            parent: Some(first),
            side: match draft.class {
                Class::Oco => draft.side,
                _ => draft.side.opposite(),
            },
            intent: match (draft.class, draft.side) {
                (Class::Oco, _) => parts.intent,
                (_, Side::Buy) => "sell_to_close",
                (_, Side::Sell) => "buy_to_close",
            },
            limit: None,
            stop: None,
            ..order.clone()
        };
        self.add(order);
        if let Some((sim, limit)) = request.attached.target {
            let target = Order {
                sim,
                kind: Type::Limit,
                limit: Some(limit),
                ..leg.clone()
            };
            self.add_leg(first, target);
        }
        let limit = draft.stop_loss.and_then(|(_, limit)| limit);
        if let Some((sim, stop)) = request.attached.stop.or(request.oco_stop) {
            let stop = Order {
                sim,
                kind: limit.map_or(Type::Stop, |_| Type::StopLimit),
                stop: Some(stop),
                limit,
                ..leg
            };
            self.add_leg(first, stop);
        }
    }

    fn order_of(&mut self, draft: &Draft, parts: &Parts, sim: ClientOrderId) -> Order {
        let given = draft.client_order_id.clone();
        Order {
            id: self.ids.uuid(),
            sim,
            client_order_id: given.unwrap_or_else(|| self.ids.uuid()),
            asset: parts.asset,
            side: draft.side,
            kind: draft.kind,
            class: draft.class,
            time_in_force: draft.time_in_force,
            qty: parts.qty,
            notional: match draft.amount {
                Amount::Dollars(dollars) => Some(dollars),
                Amount::Shares(_) => None,
            },
            limit: draft.limit,
            stop: draft.stop,
            trail: draft.trail,
            hwm: None,
            extended_hours: draft.extended_hours,
            intent: parts.intent,
            status: ReportStatus::PendingNew,
            told: false,
            filled: Qty::ZERO,
            value: Decimal::ZERO,
            created_at: self.now,
            updated_at: self.now,
            expires_at: self.expiry(draft.time_in_force, draft.extended_hours),
            moments: Moments::default(),
            replaced_by: None,
            replaces: None,
            legs: Vec::new(),
            parent: None,
        }
    }

    fn add_leg(&mut self, parent: usize, mut leg: Order) {
        leg.id = self.ids.uuid();
        leg.client_order_id = self.ids.uuid();
        let place = self.add(leg);
        if let Some(parent) = self.orders.get_mut(parent) {
            parent.legs.push(place);
        }
    }

    /// Writes down an order and returns its place.
    pub(super) fn add(&mut self, mut order: Order) -> usize {
        let place = self.orders.len();
        order.created_at = self.made_at();
        order.updated_at = order.created_at;
        self.by_id.insert(order.id.clone(), place);
        self.by_client.insert(order.client_order_id.clone(), place);
        self.by_sim.insert(order.sim, place);
        self.open.insert(place);
        self.orders.push(order);
        place
    }

    /// Strikes out the orders from `first` on: the exchange has refused them.
    pub(super) fn retract(&mut self, first: usize) {
        self.open.retain(|place| *place < first);
        for order in self.orders.drain(first..) {
            self.by_id.remove(&order.id);
            self.by_client.remove(&order.client_order_id);
            self.by_sim.remove(&order.sim);
            self.sim.forget_ahead(order.sim);
        }
    }

    /// When an order made now ends by itself.
    pub(super) fn expiry(&self, time_in_force: TimeInForce, extended: bool) -> Option<Timestamp> {
        if time_in_force != TimeInForce::Gtc {
            let close = self.session().close;
            return Some(if extended {
                self.extended_close()
            } else {
                close
            });
        }
        let date = trader_calendar::new_york::date(self.now);
        let date = date.checked_add_days(chrono::Days::new(GTC_DAYS))?;
        trader_calendar::new_york::timestamp(date.and_hms_opt(16, 15, 0)?)
    }

    fn explain(&self, failure: RequestFailure, draft: &Draft, parts: &Parts) -> Refusal {
        let refusal = in_alpacas_words(&failure);
        let RequestFailure::Refused { message, .. } = &failure else {
            return refusal;
        };
        if message.starts_with("insufficient buying power") {
            let price = self.cost_price(parts.asset, draft.side, draft.limit);
            let cost = price.unwrap_or(Decimal::ZERO) * decimal::of_qty(parts.qty);
            return self.too_dear(refusal, cost);
        }
        self.detail(refusal, message, (parts.asset, draft.side), None)
    }

    /// Adds what an order would cost and what it may.
    pub(super) fn too_dear(&self, refusal: Refusal, cost: Decimal) -> Refusal {
        refusal
            .with("buying_power", decimal::text(self.buying_power()))
            .with("cost_basis", decimal::text(cost.round_dp(2)))
    }

    /// Adds what Alpaca's refusals say besides their words. `old` is the order that was to make way.
    pub(super) fn detail(
        &self,
        refusal: Refusal,
        message: &str,
        (asset, side): (usize, Side),
        old: Option<usize>,
    ) -> Refusal {
        if message.starts_with("insufficient qty available") {
            let (held, related) = self.reserved(asset, side, old);
            let existing = decimal::of_qty(self.held(asset).magnitude());
            let symbol = self.market.asset(asset).map(|asset| asset.symbol.as_str());
            return refusal
                .with("symbol", json!(symbol))
                .with("existing_qty", decimal::text(existing))
                .with("held_for_orders", decimal::text(held))
                .with("available", decimal::text(existing - held))
                .with("related_orders", json!(related));
        }
        let Some((_, more)) = message.split_once(" (opposite side ") else {
            return refusal;
        };
        let Some((kind, id)) = more.trim_end_matches(')').split_once(" order exists: ") else {
            return refusal;
        };
        let existing = id.parse::<ClientOrderId>().ok();
        let existing = existing.and_then(|id| self.by_sim.get(&id));
        let existing = existing.and_then(|place| self.orders.get(*place));
        let advice = match kind {
            "limit" => ". use complex/limit/stop_limit orders",
            _ => "",
        };
        refusal
            .with("existing_order_id", json!(existing.map(|order| &order.id)))
            .with(
                "reject_reason",
                format!("opposite side {kind} order exists{advice}"),
            )
    }
}

fn kind_of(draft: &Draft) -> OrderKind {
    let none = || Price::from_cents(1);
    let limit = draft.limit.or_else(none);
    let stop = draft.stop.or_else(none);
    match (draft.kind, limit, stop, draft.trail) {
        (Type::Limit, Some(limit), ..) => OrderKind::Limit { limit },
        (Type::Stop, _, Some(stop), _) => OrderKind::Stop { stop },
        (Type::StopLimit, Some(limit), Some(stop), _) => OrderKind::StopLimit { stop, limit },
        (Type::TrailingStop, _, _, Some(trail)) => OrderKind::TrailingStop { trail },
        _ => OrderKind::Market,
    }
}

/// A price of the exchange as it is printed everywhere else.
fn on_the_tick(price: &str) -> String {
    let read = price.parse().ok();
    let level = read.and_then(|price: Price| decimal::cents(price.micros()));
    level.map_or_else(
        || price.to_owned(),
        |level| decimal::text(decimal::of_price(level)),
    )
}

/// A refusal of the exchange as Alpaca words and numbers it.
pub(super) fn in_alpacas_words(failure: &RequestFailure) -> Refusal {
    let (code, message) = match failure {
        RequestFailure::Refused { code, message } => (*code, message),
        RequestFailure::Ambiguous { message } => {
            return Refusal::new(504, 50_410_000, message.to_string());
        }
    };
    let status = match code.checked_div(100_000) {
        Some(403) => 403,
        Some(404) => 404,
        _ => 422,
    };
    // What the exchange says in brackets, Alpaca says in members of their own.
    let (words, more) = message.split_once(" (").unwrap_or((message, ""));
    if let Some(more) = more.strip_prefix("stop_price ") {
        let (stop, market) = more
            .trim_end_matches(')')
            .split_once(", ")
            .unwrap_or_default();
        let market = on_the_tick(market.trim_start_matches("market_price "));
        return Refusal::new(status, code, words)
            .with("stop_price", stop)
            .with("market_price", market);
    }
    if more.starts_with("opposite side ") {
        return Refusal::new(status, code, words);
    }
    Refusal::new(status, code, message.to_string())
}
