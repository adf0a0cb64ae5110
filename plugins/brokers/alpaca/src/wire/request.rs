//! What is asked of Alpaca, as the bytes of its body: orders of every type and class, and their
//! replacement. Numbers go out as decimal text, so that nothing on the way rounds them.

use serde::Serialize;
use trader_contract::{
    ClientOrderId, OrderKind, OrderRequest, Price, Qty, Ratio, Replacement, Side, Symbol, Trail,
};

/// Where new orders go.
pub const ORDERS: &str = "/v2/orders";

/// A body that cannot be made: what is asked for does not exist at Alpaca.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsendable {
    /// Alpaca has no such order.
    #[error("Alpaca has no {what}")]
    Order {
        /// What was asked for.
        what: &'static str,
    },
    /// It could not be written.
    #[error("the request could not be written: {0}")]
    Writing(Box<str>),
}

#[derive(Debug, Serialize)]
struct TakeProfit {
    limit_price: Price,
}

#[derive(Debug, Serialize)]
struct StopLoss {
    stop_price: Price,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit_price: Option<Price>,
}

#[derive(Debug, Serialize)]
struct NewOrder {
    symbol: Symbol,
    qty: Qty,
    side: Side,
    #[serde(rename = "type")]
    kind: &'static str,
    time_in_force: &'static str,
    client_order_id: ClientOrderId,
    /// Always said: legs without a class are taken and left out.
    order_class: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit_price: Option<Price>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_price: Option<Price>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trail_price: Option<Price>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trail_percent: Option<Ratio>,
    #[serde(skip_serializing_if = "Option::is_none")]
    take_profit: Option<TakeProfit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_loss: Option<StopLoss>,
}

#[derive(Debug, Serialize)]
struct Change {
    client_order_id: ClientOrderId,
    #[serde(skip_serializing_if = "Option::is_none")]
    qty: Option<Qty>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit_price: Option<Price>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_price: Option<Price>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trail: Option<String>,
}

fn written<T: Serialize>(body: &T) -> Result<Vec<u8>, Unsendable> {
    serde_json::to_vec(body).map_err(|error| Unsendable::Writing(error.to_string().into()))
}

const fn trail_parts(trail: Option<Trail>) -> (Option<Price>, Option<Ratio>) {
    match trail {
        Some(Trail::Price(distance)) => (Some(distance), None),
        Some(Trail::Percent(percent)) => (None, Some(percent)),
        None => (None, None),
    }
}

/// The class of an order: what is to rest beside it or after it.
#[must_use]
pub const fn class(order: &OrderRequest) -> &'static str {
    if order.oco_stop.is_some() {
        "oco"
    } else {
        order.attached.class()
    }
}

/// How many legs Alpaca's answer to an order has: the exits of a bracket or an OTO, the stop of an OCO.
#[must_use]
pub fn legs(order: &OrderRequest) -> usize {
    let legs = [
        order.oco_stop.is_some(),
        order.attached.stop.is_some(),
        order.attached.target.is_some(),
    ];
    legs.into_iter().filter(|leg| *leg).count()
}

/// The body of `POST /v2/orders`.
///
/// # Errors
/// Alpaca has no such order.
pub fn new_order(order: &OrderRequest) -> Result<Vec<u8>, Unsendable> {
    let no = |what| Err(Unsendable::Order { what });
    let limit = order.kind.limit();
    let simple = order.attached.class() == "simple";
    if order.oco_stop.is_some() && (limit.is_none() || !simple) {
        return no("exit pair without a limit, or with exits of its own");
    }
    if (order.oco_stop.is_some() || !simple) && !order.time_in_force.rests() {
        return no("order of a group that is not day or gtc");
    }
    let stop = order.kind.stop();
    let (trail_price, trail_percent) = trail_parts(order.kind.trail());
    let is_oco = order.oco_stop.is_some();
    let target = match limit {
        Some(limit) if is_oco => Some(limit),
        _ => order.attached.target.map(|(_, limit)| limit),
    };
    let loss = order.oco_stop.or(order.attached.stop);
    written(&NewOrder {
        symbol: order.symbol,
        qty: order.qty,
        side: order.side,
        kind: match order.kind {
            // The kind of an exit pair is its target's.
            OrderKind::Limit { .. } if is_oco => "limit",
            kind => kind.name(),
        },
        time_in_force: order.time_in_force.name(),
        client_order_id: order.client_id,
        order_class: class(order),
        // The parent of an exit pair takes its limit from the target.
        limit_price: limit.filter(|_| !is_oco),
        stop_price: stop,
        trail_price,
        trail_percent,
        take_profit: target.map(|limit_price| TakeProfit { limit_price }),
        stop_loss: loss.map(|(_, stop_price)| StopLoss {
            stop_price,
            limit_price: None,
        }),
    })
}

/// The body of `PATCH /v2/orders/{id}`.
///
/// # Errors
/// It would change nothing, which Alpaca refuses.
pub fn replacement(change: &Replacement) -> Result<Vec<u8>, Unsendable> {
    let Replacement {
        qty,
        stop,
        limit,
        trail,
        ..
    } = *change;
    if qty.is_none() && stop.is_none() && limit.is_none() && trail.is_none() {
        return Err(Unsendable::Order {
            what: "replacement that changes nothing",
        });
    }
    if qty.is_some_and(|qty| !qty.is_whole()) {
        return Err(Unsendable::Order {
            what: "replacement for a fraction of a share",
        });
    }
    let (dollars, percent) = trail_parts(trail);
    written(&Change {
        client_order_id: change.new_client_id,
        qty,
        limit_price: limit,
        stop_price: stop,
        trail: dollars
            .map(|d| d.to_string())
            .or_else(|| percent.map(|p| p.to_string())),
    })
}

/// The body of `PATCH /v2/account/configurations`: what is `Some` is changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ConfigurationChange {
    /// Whether new orders are refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspend_trade: Option<bool>,
    /// Whether short sales are refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_shorting: Option<bool>,
    /// Whether fractions of shares may be traded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fractional_trading: Option<bool>,
    /// The most leverage: `1`, `2` or `4`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_margin_multiplier: Option<Box<str>>,
    /// Which confirmations are mailed: `all` or `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trade_confirm_email: Option<Box<str>>,
}

impl ConfigurationChange {
    /// The change as a body.
    ///
    /// # Errors
    /// It could not be written.
    pub fn body(&self) -> Result<Vec<u8>, Unsendable> {
        written(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use trader_contract::{Attached, OrderRole, TimeInForce};

    fn price(text: &str) -> Price {
        text.parse().unwrap()
    }

    fn id() -> ClientOrderId {
        "0000002a-20261120-17-e1".parse().unwrap()
    }

    fn order(kind: OrderKind) -> OrderRequest {
        OrderRequest {
            client_id: id(),
            symbol: "AAPL".parse().unwrap(),
            side: Side::Buy,
            qty: Qty::shares(12).unwrap(),
            kind,
            time_in_force: TimeInForce::Day,
            attached: Attached::NONE,
            oco_stop: None,
        }
    }

    fn sent(order: &OrderRequest) -> Value {
        serde_json::from_slice(&new_order(order).unwrap()).unwrap()
    }

    /// What every order of this test has beside what the test is about.
    fn with(more: &Value) -> Value {
        let mut all = json!({"symbol": "AAPL", "qty": "12", "side": "buy", "time_in_force": "day",
            "client_order_id": "0000002a-20261120-17-e1", "order_class": "simple"});
        let more = more.as_object().unwrap().clone();
        all.as_object_mut().unwrap().extend(more);
        all
    }

    #[test]
    fn an_order_of_every_type_goes_out_as_alpaca_writes_it() {
        let (stop, limit) = (price("218.05"), price("217.50"));
        let half: Ratio = "1.5".parse().unwrap();
        for (kind, wanted) in [
            (OrderKind::Market, json!({"type": "market"})),
            (
                OrderKind::Limit { limit },
                json!({"type": "limit", "limit_price": "217.5"}),
            ),
            (
                OrderKind::Stop { stop },
                json!({"type": "stop", "stop_price": "218.05"}),
            ),
            (
                OrderKind::StopLimit { stop, limit },
                json!({"type": "stop_limit", "stop_price": "218.05", "limit_price": "217.5"}),
            ),
            (
                OrderKind::TrailingStop {
                    trail: Trail::Percent(half),
                },
                json!({"type": "trailing_stop", "trail_percent": "1.5"}),
            ),
            (
                OrderKind::TrailingStop {
                    trail: Trail::Price(price("0.75")),
                },
                json!({"type": "trailing_stop", "trail_price": "0.75"}),
            ),
        ] {
            assert_eq!(sent(&order(kind)), with(&wanted));
        }
    }

    #[test]
    fn an_order_of_every_time_in_force_says_so() {
        for time_in_force in TimeInForce::ALL {
            let order = OrderRequest {
                time_in_force,
                ..order(OrderKind::Market)
            };
            assert_eq!(sent(&order)["time_in_force"], time_in_force.name());
        }
    }

    #[test]
    fn the_class_is_always_said_and_follows_from_the_exits() {
        let exit = |role, text| Some((id().with_role(role), price(text)));
        let stop = exit(OrderRole::Stop, "218.05");
        let target = exit(OrderRole::Target, "231.4");
        for (stop, target, class, wanted) in [
            (
                stop,
                None,
                "oto",
                json!({"stop_loss": {"stop_price": "218.05"}}),
            ),
            (
                None,
                target,
                "oto",
                json!({"take_profit": {"limit_price": "231.4"}}),
            ),
            (
                stop,
                target,
                "bracket",
                json!({"take_profit": {"limit_price": "231.4"}, "stop_loss": {"stop_price": "218.05"}}),
            ),
        ] {
            let order = OrderRequest {
                attached: Attached { stop, target },
                ..order(OrderKind::Market)
            };
            let mut wanted = with(&wanted);
            wanted["type"] = "market".into();
            wanted["order_class"] = class.into();
            assert_eq!(sent(&order), wanted);
            assert_eq!(
                legs(&order),
                usize::from(stop.is_some()) + usize::from(target.is_some())
            );
        }
    }

    #[test]
    fn an_exit_pair_takes_its_limit_from_the_target() {
        let limit = price("231.40");
        let pair = OrderRequest {
            side: Side::Sell,
            oco_stop: Some((id().with_role(OrderRole::Stop), price("218.05"))),
            ..order(OrderKind::Limit { limit })
        };
        let mut wanted = with(&json!({"type": "limit", "order_class": "oco",
            "take_profit": {"limit_price": "231.4"}, "stop_loss": {"stop_price": "218.05"}}));
        wanted["side"] = "sell".into();
        assert_eq!(sent(&pair), wanted);
        assert_eq!(legs(&pair), 1);
    }

    #[test]
    fn what_alpaca_does_not_have_is_not_sent() {
        let stop = Some((id().with_role(OrderRole::Stop), price("1")));
        let without_limit = OrderRequest {
            oco_stop: stop,
            ..order(OrderKind::Market)
        };
        let at_once = OrderRequest {
            attached: Attached { stop, target: None },
            time_in_force: TimeInForce::Ioc,
            ..order(OrderKind::Market)
        };
        for order in [without_limit, at_once] {
            assert!(matches!(new_order(&order), Err(Unsendable::Order { .. })));
        }
    }

    #[test]
    fn a_replacement_says_only_what_changes() {
        let change = Replacement {
            client_id: id(),
            new_client_id: id().next_attempt(),
            qty: None,
            stop: Some(price("219")),
            limit: None,
            trail: None,
        };
        let body: Value = serde_json::from_slice(&replacement(&change).unwrap()).unwrap();
        assert_eq!(
            body,
            json!({"client_order_id": "0000002a-20261120-17-e2", "stop_price": "219"})
        );
        let trail = Some(Trail::Percent("2".parse().unwrap()));
        let change = Replacement {
            stop: None,
            trail,
            ..change
        };
        let body: Value = serde_json::from_slice(&replacement(&change).unwrap()).unwrap();
        assert_eq!(body["trail"], "2");
        let nothing = Replacement {
            trail: None,
            ..change
        };
        assert!(replacement(&nothing).is_err());
        let qty = Some(Qty::from_nanos(1).unwrap());
        assert!(replacement(&Replacement { qty, ..nothing }).is_err());
    }

    #[test]
    fn a_change_of_the_configuration_says_only_what_changes() {
        let change = ConfigurationChange {
            no_shorting: Some(true),
            ..ConfigurationChange::default()
        };
        assert_eq!(change.body().unwrap(), br#"{"no_shorting":true}"#);
    }
}
