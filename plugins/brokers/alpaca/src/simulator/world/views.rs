//! Lists out of the account: orders and activities.

use serde_json::Value;
use trader_contract::{Side, Timestamp};

use super::World;
use super::order::Order;
use crate::simulator::request::{Refusal, Request};
use crate::simulator::times;

/// Which orders are wanted.
struct Wanted {
    status: Status,
    after: Option<Timestamp>,
    until: Option<Timestamp>,
    past: (Option<usize>, Option<usize>),
    symbols: Vec<usize>,
    side: Option<Side>,
    nested: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    Open,
    Closed,
    All,
}

impl World {
    /// The answer of `GET /v2/orders`.
    pub(crate) fn list_orders(&self, request: &Request) -> Result<Value, Refusal> {
        let limit = match request.asked("limit") {
            None => 50,
            Some(text) => match text.parse::<usize>() {
                Ok(limit @ 1..=500) => limit,
                _ => return Err(Refusal::invalid("limit must be between 1 and 500")),
            },
        };
        let classes = request.list("asset_class");
        if !classes.is_empty() && !classes.iter().any(|class| class == "us_equity") {
            return Ok(Value::Array(Vec::new()));
        }
        let wanted = self.wanted(request)?;
        let ascending = ascending(request)?;
        let fits = |place: &usize| {
            let order = self.orders.get(*place);
            order.is_some_and(|order| wanted.fits(*place, order, self.has_open_leg(*place)))
        };
        let places = 0..self.orders.len();
        let places: Vec<usize> = if ascending {
            places.filter(fits).take(limit).collect()
        } else {
            places.rev().filter(fits).take(limit).collect()
        };
        let shown = places.into_iter();
        Ok(shown
            .map(|place| self.order_json(place, wanted.nested))
            .collect())
    }

    fn wanted(&self, request: &Request) -> Result<Wanted, Refusal> {
        let status = match request.asked("status").unwrap_or("open") {
            "open" => Status::Open,
            "closed" => Status::Closed,
            "all" => Status::All,
            _ => return Err(Refusal::invalid("status must be open, closed or all")),
        };
        let side = match request.asked("side") {
            None => None,
            Some("buy") => Some(Side::Buy),
            Some("sell") => Some(Side::Sell),
            Some(_) => return Err(Refusal::invalid("side must be buy or sell")),
        };
        let place = |name: &str| match request.asked(name) {
            None => Ok(None),
            Some(id) => match self.place_of(id) {
                Some(place) => Ok(Some(place)),
                None => Err(Refusal::not_found(format!("order not found for {id}"))),
            },
        };
        let symbols = request.list("symbols");
        // A symbol that nobody knows matches no order, and does not match all of them.
        let unknown = self.market.assets().len();
        let found = |symbol: &String| self.market.find(symbol).unwrap_or(unknown);
        Ok(Wanted {
            status,
            after: times::read(request, "after")?,
            until: times::read(request, "until")?,
            past: (place("after_order_id")?, place("before_order_id")?),
            symbols: symbols.iter().map(found).collect(),
            side,
            nested: request.flag("nested"),
        })
    }

    /// The answer of `GET /v2/account/activities`, of one type or of those that the query names.
    pub(crate) fn list_activities(
        &self,
        request: &Request,
        kind: Option<&str>,
    ) -> Result<Value, Refusal> {
        let size = match request.asked("page_size") {
            None => 100,
            Some(text) => match text.parse::<usize>() {
                Ok(size @ 1..=100) => size,
                _ => return Err(Refusal::invalid("page_size must be between 1 and 100")),
            },
        };
        let mut kinds = request.list("activity_types");
        kinds.extend(kind.map(str::to_owned));
        let category = request.asked("category");
        if category.is_some() && !kinds.is_empty() {
            let words = "only one of activity_types and category is accepted";
            return Err(Refusal::invalid(words));
        }
        let (mut after, mut until) = (
            times::read(request, "after")?,
            times::read(request, "until")?,
        );
        if let Some(date) = times::read(request, "date")? {
            after = Some(date.plus_nanos(-1));
            until = Some(date.plus_minutes(24 * 60));
        }
        let of_order = request.asked("order_id");
        let mut rows: Vec<_> = (self.activities.iter())
            .filter(|row| kinds.is_empty() || kinds.iter().any(|kind| kind == row.kind))
            .filter(|row| match category {
                Some("trade_activity") => row.is_trade(),
                Some("non_trade_activity") => !row.is_trade(),
                _ => true,
            })
            .filter(|row| after.is_none_or(|after| row.at > after))
            .filter(|row| until.is_none_or(|until| row.at < until))
            .filter(|row| of_order.is_none() || row.order_id.as_deref() == of_order)
            .collect();
        if !ascending(request)? {
            rows.reverse();
        }
        let begin = match request.asked("page_token") {
            None => 0,
            Some(token) => match rows.iter().position(|row| row.id == token) {
                Some(place) => place.saturating_add(1),
                None => return Err(Refusal::invalid("page_token is not the id of an activity")),
            },
        };
        Ok(rows
            .into_iter()
            .skip(begin)
            .take(size)
            .map(|row| row.row.clone())
            .collect())
    }
}

impl Wanted {
    fn fits(&self, place: usize, order: &Order, has_open_leg: bool) -> bool {
        let open = order.is_open() || (self.nested && has_open_leg);
        let status = match self.status {
            Status::Open => open,
            Status::Closed => !open,
            Status::All => true,
        };
        let (after, before) = self.past;
        status
            && self.after.is_none_or(|after| order.created_at > after)
            && self.until.is_none_or(|until| order.created_at < until)
            && after.is_none_or(|after| place > after)
            && before.is_none_or(|before| place < before)
            && (self.symbols.is_empty() || self.symbols.contains(&order.asset))
            && self.side.is_none_or(|side| order.side == side)
            && !(self.nested && order.parent.is_some())
    }
}

impl World {
    /// Whether a leg keeps its parent in the nested list of open orders.
    fn has_open_leg(&self, place: usize) -> bool {
        self.legs_of(place).any(|leg| self.open.contains(&leg))
    }
}

fn ascending(request: &Request) -> Result<bool, Refusal> {
    match request.asked("direction") {
        None | Some("desc") => Ok(false),
        Some("asc") => Ok(true),
        Some(_) => Err(Refusal::invalid("direction must be asc or desc")),
    }
}
