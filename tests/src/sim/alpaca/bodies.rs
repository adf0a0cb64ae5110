//! What the client sends, read back and held against what the daemon has asked for: the same order goes
//! out that was decided, once for each time that it was.

use serde_json::Value;
use trader_contract::{
    Attached, BrokerOrderId, BrokerRequest, ClientOrderId, OrderKind, OrderRequest, Price, Qty,
    Ratio, Replacement, Side, TimeInForce, Trail,
};

use super::row::Origin;
use super::{Venue, Wrong};

/// One body.
struct Body(Value);

impl Body {
    fn read(bytes: Option<&[u8]>) -> Result<Self, Wrong> {
        let bytes = bytes.ok_or("a request without a body")?;
        let read = serde_json::from_slice(bytes);
        read.map(Self).map_err(|error| format!("a body: {error}"))
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.as_str()
    }

    fn parsed<T: std::str::FromStr>(&self, key: &str) -> Result<Option<T>, Wrong> {
        let Some(text) = self.text(key) else {
            return Ok(None);
        };
        let read = text.parse().map(Some);
        read.map_err(|_| format!("{key} is {text}"))
    }

    fn needs<T: std::str::FromStr>(&self, key: &str) -> Result<T, Wrong> {
        self.parsed(key)?
            .ok_or_else(|| format!("a body lacks {key}"))
    }

    /// A price inside of another object.
    fn inner(&self, object: &str, key: &str) -> Result<Option<Price>, Wrong> {
        match self.0.get(object) {
            Some(inner) => Self(inner.clone()).parsed(key),
            None => Ok(None),
        }
    }
}

impl Venue {
    /// An order of the client's.
    ///
    /// # Errors
    /// It is not what the daemon has asked for, or was sent too often.
    pub fn read_order(&mut self, body: Option<&[u8]>) -> Result<BrokerRequest, Wrong> {
        let body = Body::read(body)?;
        let id: ClientOrderId = body.needs("client_order_id")?;
        let Some(asked) = self.asked.get(&id).copied() else {
            return Err(format!("{id} was sent, and nobody asked for it"));
        };
        let read = order(&body, &asked)?;
        if read != asked {
            return Err(format!("{asked:?} was asked for, {read:?} was sent"));
        }
        let class = class(&body)?;
        self.sent(id)?;
        // One that is refused as a duplicate changes nothing of the one that is there.
        if !self.by_client.contains_key(&id) {
            self.origins.extend(Origin::of(&read, class));
        }
        Ok(BrokerRequest::Submit(read))
    }

    /// A replacement of the client's, for the order with Alpaca's id.
    ///
    /// # Errors
    /// It is not what the daemon has asked for, or was sent too often.
    pub fn read_change(
        &mut self,
        order: &str,
        body: Option<&[u8]>,
    ) -> Result<BrokerRequest, Wrong> {
        let body = Body::read(body)?;
        let new_client_id: ClientOrderId = body.needs("client_order_id")?;
        let Some(asked) = self.changes.get(&new_client_id).copied() else {
            return Err(format!("{new_client_id} was sent, and nobody asked for it"));
        };
        let client_id = self
            .client_id(order)
            .ok_or_else(|| format!("there is no order {order} to replace"))?;
        let trail = match (body.text("trail"), asked.trail) {
            (None, _) => None,
            (Some(_), Some(Trail::Percent(_))) => {
                body.parsed::<Ratio>("trail")?.map(Trail::Percent)
            }
            (Some(_), _) => body.parsed::<Price>("trail")?.map(Trail::Price),
        };
        let read = Replacement {
            client_id,
            new_client_id,
            qty: body.parsed("qty")?,
            stop: body.parsed("stop_price")?,
            limit: body.parsed("limit_price")?,
            trail,
        };
        if read != asked {
            return Err(format!("{asked:?} was asked for, {read:?} was sent"));
        }
        self.sent(new_client_id)?;
        if let Some(origin) = self.origins.get(&client_id)
            && !self.by_client.contains_key(&new_client_id)
        {
            let changed = origin.changed(&read);
            self.origins.insert(new_client_id, changed);
        }
        Ok(BrokerRequest::Replace(read))
    }

    /// Our name of the order with Alpaca's id.
    #[must_use]
    pub fn client_id(&self, order: &str) -> Option<ClientOrderId> {
        let row = self.rows.get(&BrokerOrderId(order.into()))?;
        Some(row.report.client_id)
    }
}

fn class(body: &Body) -> Result<&'static str, Wrong> {
    let classes = ["simple", "oto", "bracket", "oco"];
    let said = body.text("order_class").unwrap_or_default();
    let known = classes.into_iter().find(|class| *class == said);
    known.ok_or_else(|| format!("an order of class {said}"))
}

/// An order out of its body; what its exits are called is not in there.
fn order(body: &Body, asked: &OrderRequest) -> Result<OrderRequest, Wrong> {
    let is_pair = class(body)? == "oco";
    let target = body.inner("take_profit", "limit_price")?;
    let loss = body.inner("stop_loss", "stop_price")?;
    let named = |asked: Option<(ClientOrderId, Price)>, said: Option<Price>| {
        said.and_then(|price| asked.map(|(id, _)| (id, price)))
    };
    let kind = match is_pair {
        true => OrderKind::Limit {
            limit: target.ok_or("an exit pair without a target")?,
        },
        false => kind(body)?,
    };
    Ok(OrderRequest {
        client_id: asked.client_id,
        symbol: body.needs("symbol")?,
        side: match body.text("side") {
            Some("buy") => Side::Buy,
            Some("sell") => Side::Sell,
            side => return Err(format!("an order to {side:?}")),
        },
        qty: body.needs::<Qty>("qty")?,
        kind,
        time_in_force: TimeInForce::ALL
            .into_iter()
            .find(|stands| Some(stands.name()) == body.text("time_in_force"))
            .ok_or("an order without a time in force")?,
        attached: match is_pair {
            true => Attached::NONE,
            false => Attached {
                stop: named(asked.attached.stop, loss),
                target: named(asked.attached.target, target),
            },
        },
        oco_stop: named(asked.oco_stop, loss),
    })
}

fn kind(body: &Body) -> Result<OrderKind, Wrong> {
    Ok(match body.text("type") {
        Some("market") => OrderKind::Market,
        Some("limit") => OrderKind::Limit {
            limit: body.needs("limit_price")?,
        },
        Some("stop") => OrderKind::Stop {
            stop: body.needs("stop_price")?,
        },
        Some("stop_limit") => OrderKind::StopLimit {
            stop: body.needs("stop_price")?,
            limit: body.needs("limit_price")?,
        },
        Some("trailing_stop") => OrderKind::TrailingStop {
            trail: match body.parsed("trail_price")? {
                Some(dollars) => Trail::Price(dollars),
                None => Trail::Percent(body.needs("trail_percent")?),
            },
        },
        kind => return Err(format!("an order of type {kind:?}")),
    })
}
