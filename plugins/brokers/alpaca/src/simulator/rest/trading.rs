//! The trading API: `/v2/...` without the market data.

use serde_json::Value;

use super::reference;
use crate::simulator::request::{Method, Refusal, Reply, Request};
use crate::simulator::world::{Which, World};

/// Whether a request may change the account.
pub(crate) fn changes(request: &Request) -> bool {
    request.method != Method::Get
}

/// Answers a request to the trading API.
pub(crate) fn trade(world: &mut World, request: &Request) -> Reply {
    answer(world, request).unwrap_or_else(Reply::from)
}

fn answer(world: &mut World, request: &Request) -> Result<Reply, Refusal> {
    let parts = request.parts();
    let Some((version, rest)) = parts.split_first() else {
        return Err(no_such_path());
    };
    match (*version, rest.first().copied().unwrap_or_default()) {
        ("v2", "account") => account(world, request, rest),
        ("v2", "orders" | "orders:by_client_order_id") => orders(world, request, rest),
        ("v2", "positions") => positions(world, request, rest),
        ("v2", "watchlists" | "watchlists:by_name") => watchlists(world, request, rest),
        (_, _) if request.method == Method::Get => reference::answer(world, request, &parts),
        _ => Err(no_such_path()),
    }
}

pub(super) fn no_such_path() -> Refusal {
    Refusal::not_found("endpoint not found.")
}

fn wrong_method() -> Refusal {
    Refusal::new(405, 40_510_000, "method not allowed")
}

fn account(world: &mut World, request: &Request, rest: &[&str]) -> Result<Reply, Refusal> {
    match (request.method, rest) {
        (Method::Get, ["account"]) => Ok(Reply::ok(world.account_json())),
        (Method::Get, ["account", "configurations"]) => Ok(Reply::ok(world.settings_json())),
        (Method::Patch, ["account", "configurations"]) => {
            world.set(&request.fields()?)?;
            Ok(Reply::ok(world.settings_json()))
        }
        (Method::Get, ["account", "activities"]) => {
            world.list_activities(request, None).map(Reply::ok)
        }
        (Method::Get, ["account", "activities", kind]) => {
            world.list_activities(request, Some(kind)).map(Reply::ok)
        }
        (Method::Get, ["account", "portfolio", "history"]) => {
            world.portfolio_history(request).map(Reply::ok)
        }
        _ => Err(no_such_path()),
    }
}

fn orders(world: &mut World, request: &Request, rest: &[&str]) -> Result<Reply, Refusal> {
    let nested = request.flag("nested");
    match (request.method, rest) {
        (Method::Post, ["orders"]) => {
            let place = world.place(&request.fields()?)?;
            Ok(Reply::ok(world.order_json(place, true)))
        }
        (Method::Get, ["orders"]) => world.list_orders(request).map(Reply::ok),
        (Method::Delete, ["orders"]) => Ok(Reply::with_status(207, world.cancel_all())),
        (Method::Patch, ["orders"]) => Err(Refusal::invalid("order_id is missing")),
        (Method::Get, ["orders:by_client_order_id"]) => {
            let id = request.asked("client_order_id").unwrap_or_default();
            let place = world.place_of_client(id);
            let place =
                place.ok_or_else(|| Refusal::not_found(format!("order not found for {id}")))?;
            Ok(Reply::ok(world.order_json(place, nested)))
        }
        (Method::Get, ["orders", id]) => {
            let place = order_place(world, id)?;
            Ok(Reply::ok(world.order_json(place, nested)))
        }
        (Method::Patch, ["orders", id]) => {
            let place = order_place(world, id)?;
            let new = world.replace(place, &request.fields()?)?;
            Ok(Reply::ok(world.order_json(new, true)))
        }
        (Method::Delete, ["orders", id]) => {
            let place = order_place(world, id)?;
            world.cancel(place)?;
            Ok(Reply::empty())
        }
        _ => Err(wrong_method()),
    }
}

fn order_place(world: &World, id: &str) -> Result<usize, Refusal> {
    let place = world.place_of(id);
    if place.is_none() && !is_uuid(id) {
        return Err(Refusal::invalid("order_id is not a valid UUID"));
    }
    place.ok_or_else(|| Refusal::not_found(format!("order not found for {id}")))
}

fn is_uuid(id: &str) -> bool {
    let shape = |(place, letter): (usize, char)| match place {
        8 | 13 | 18 | 23 => letter == '-',
        _ => letter.is_ascii_hexdigit(),
    };
    id.len() == 36 && id.chars().enumerate().all(shape)
}

fn positions(world: &mut World, request: &Request, rest: &[&str]) -> Result<Reply, Refusal> {
    match (request.method, rest) {
        (Method::Get, ["positions"]) => Ok(Reply::ok(world.positions_json())),
        (Method::Delete, ["positions"]) => {
            let told = world.close_all(request.flag("cancel_orders"));
            Ok(Reply::with_status(207, told))
        }
        (Method::Get, ["positions", name]) => {
            let asset = asset_place(world, name)?;
            let position = world.position_json(asset);
            let missing = || Refusal::not_found("position does not exist");
            position.map(Reply::ok).ok_or_else(missing)
        }
        (Method::Delete, ["positions", name]) => {
            let asset = asset_place(world, name)?;
            let number = |name: &str| match request.asked(name) {
                None => Ok(None),
                Some(text) => text
                    .parse()
                    .map(Some)
                    .map_err(|_| Refusal::invalid(format!("{name} is not a valid number"))),
            };
            let (qty, percentage) = (number("qty")?, number("percentage")?);
            let place = world.close_position(asset, qty, percentage)?;
            Ok(Reply::ok(world.order_json(place, false)))
        }
        _ => Err(wrong_method()),
    }
}

fn asset_place(world: &World, name: &str) -> Result<usize, Refusal> {
    let found = world.market.find(name);
    found.ok_or_else(|| Refusal::not_found(format!("symbol not found: {name}")))
}

fn watchlists(world: &mut World, request: &Request, rest: &[&str]) -> Result<Reply, Refusal> {
    let ok = |shown: Value| Ok(Reply::ok(shown));
    let which = match rest {
        ["watchlists", id, ..] => Which::Id(id),
        _ => Which::Name(request.asked("name").unwrap_or_default()),
    };
    match (request.method, rest) {
        (Method::Get, ["watchlists"]) => ok(world.watchlists_json()),
        (Method::Post, ["watchlists"]) => ok(world.make_watchlist(&request.fields()?)?),
        (Method::Get, ["watchlists", _] | ["watchlists:by_name"]) => {
            ok(world.watchlist_json(which)?)
        }
        (Method::Put, ["watchlists", _] | ["watchlists:by_name"]) => {
            ok(world.change_watchlist(which, &request.fields()?)?)
        }
        (Method::Post, ["watchlists", _] | ["watchlists:by_name"]) => {
            ok(world.watch(which, &request.fields()?)?)
        }
        (Method::Delete, ["watchlists", _] | ["watchlists:by_name"]) => {
            world.drop_watchlist(which)?;
            Ok(Reply::empty())
        }
        (Method::Delete, ["watchlists", _, symbol] | ["watchlists:by_name", symbol]) => {
            ok(world.unwatch(which, symbol)?)
        }
        _ => Err(wrong_method()),
    }
}
