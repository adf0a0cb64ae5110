//! What an order must be, whatever the limits: allowed at all, of a sane shape, on the tick, and for
//! orders that close or protect, no more than there is to close.

use std::borrow::Cow;
use std::collections::BTreeMap;

use trader_contract::{
    ClientOrderId, Direction, Fact, Level, OrderRequest, OrderState, Price, Qty, Side, Symbol,
    TickRule,
};

use super::gate::{Account, Place, Refusal};
use crate::book::{Book, Holding, Order};
use crate::planted::{Bug, is};
use crate::record::{GateCheck, TradingState};

/// Whether entries are allowed at all, on this side, and in this symbol. Each check is added to
/// `checks` as it is made.
pub(super) fn may_enter(
    account: &Account<'_>,
    place: &Place<'_>,
    side: Side,
    checks: &mut Vec<GateCheck>,
) -> Result<(), Refusal> {
    let symbol = place.instrument.symbol;
    checks.push(GateCheck {
        limit: "side".into(),
        value: Fact::Word(opens(side).name().into()),
        allowed: Fact::Word(place.sides.name().into()),
        holds: place.sides.allow(opens(side)),
    });
    wanted_side(place, side)?;
    let active = trading(account.book);
    note(checks, "trading_state", ["stopped", "active"], active)?;
    let alive = match account.book.kill_on(symbol, place.route, place.strategy) {
        None => Ok(()),
        Some((scope, _)) => refuse(
            "killed",
            format!("{scope} is killed; `traderctl arm` allows entries again"),
        ),
    };
    note(checks, "kill", ["killed", "none"], alive)?;
    if !place.observe {
        // What is not sent needs no leave.
        note(checks, "leave", ["none", "given"], account.leave.clone())?;
    }
    note(
        checks,
        "account",
        ["closed to it", "open to it"],
        by_the_account(account, place, side),
    )?;
    let session = match account.entries_open {
        true => Ok(()),
        false => refuse("session", "the session takes no entries now".to_owned()),
    };
    note(
        checks,
        "session",
        ["takes no entries", "takes entries"],
        session,
    )?;
    let free = may_enter_symbol(account.book, symbol, side);
    note(checks, "symbol", ["not free", "free"], free)
}

/// Adds a check without numbers: what was found, in a word for no and one for yes.
pub(super) fn note(
    checks: &mut Vec<GateCheck>,
    limit: &'static str,
    [no, yes]: [&'static str; 2],
    verdict: Result<(), Refusal>,
) -> Result<(), Refusal> {
    let holds = verdict.is_ok();
    checks.push(GateCheck {
        limit: Cow::Borrowed(limit),
        value: Fact::Word(Cow::Borrowed(if holds { yes } else { no })),
        allowed: Fact::Word(Cow::Borrowed(yes)),
        holds,
    });
    verdict
}

fn wanted_side(place: &Place<'_>, side: Side) -> Result<(), Refusal> {
    let direction = opens(side);
    if place.sides.allow(direction) {
        return Ok(());
    }
    let (route, sides) = (place.route, place.sides.name());
    refuse(
        "sides",
        format!("route {route} enters {sides} only, and this entry is {direction}"),
    )
}

/// Whether the broker lets the account open a position on this side.
fn by_the_account(account: &Account<'_>, place: &Place<'_>, side: Side) -> Result<(), Refusal> {
    let short = opens(side) == Direction::Short;
    if let Some(why) = account.broker.and_then(|facts| facts.blocked.as_ref()) {
        return refuse(
            "account_blocked",
            format!("the broker lets the account not trade: {why}"),
        );
    }
    if short && account.broker.is_some_and(|facts| !facts.shorting) {
        return refuse(
            "shorting",
            "the broker lets the account not sell short".to_owned(),
        );
    }
    if short && !place.shortable {
        let symbol = place.instrument.symbol;
        return refuse(
            "not_shortable",
            format!("{symbol} may not be sold short now"),
        );
    }
    Ok(())
}

fn trading(book: &Book) -> Result<(), Refusal> {
    match &book.trading {
        TradingState::Active => Ok(()),
        _ if is(Bug::HaltedEnters) => Ok(()),
        TradingState::Reducing => refuse(
            "paused",
            "entries are paused; `traderctl resume` allows them".to_owned(),
        ),
        TradingState::Killed(why) => refuse(
            "killed",
            format!("entries are killed: {why}; `traderctl arm` allows them"),
        ),
        halted @ (TradingState::Tripped(_) | TradingState::Halted(_) | TradingState::Unheard) => {
            let why = halted.why().unwrap_or_default();
            refuse("halted", format!("entries are halted: {why}"))
        }
    }
}

fn may_enter_symbol(book: &Book, symbol: Symbol, side: Side) -> Result<(), Refusal> {
    if let Some(blocked) = book.blocks.get(&symbol) {
        let why = blocked.block.name();
        return refuse("symbol_blocked", format!("{symbol} is not entered: {why}"));
    }
    if let Some(holding) = book.holdings.get(&symbol) {
        return refuse(
            "symbol_taken",
            format!(
                "{symbol} has a position or a waiting entry of route {}",
                holding.route
            ),
        );
    }
    not_against(book, symbol, side)
}

/// No order of ours rests on the other side of the symbol: the two could trade with each other.
pub(super) fn not_against(book: &Book, symbol: Symbol, side: Side) -> Result<(), Refusal> {
    let forgotten = |o: &Order| is(Bug::EnterableWhileUnknown) && o.state == OrderState::Unknown;
    let other =
        |o: &&Order| o.is_live() && o.symbol() == symbol && o.side() != side && !forgotten(o);
    match book.orders.unsettled().find(other) {
        None => Ok(()),
        Some(order) => {
            let (id, rests) = (order.id(), order.side());
            let detail = format!("{id} rests on the other side of {symbol} ({rests})");
            refuse("self_cross", detail)
        }
    }
}

/// Whole shares, on the tick, and exits on the losing and the winning side of the entry.
pub(super) fn shape(
    tick: TickRule,
    request: &OrderRequest,
    last: Option<Price>,
) -> Result<(), Refusal> {
    if request.qty.is_zero() || !request.qty.is_whole() {
        return refuse(
            "whole_shares",
            format!("{} is no whole number of shares", request.qty),
        );
    }
    let attached = &request.attached;
    let exits = attached
        .stop
        .into_iter()
        .chain(attached.target)
        .map(|(_, price)| price);
    for price in request
        .kind
        .stop()
        .into_iter()
        .chain(request.kind.limit())
        .chain(exits)
    {
        on_tick(tick, price)?;
    }
    let direction = opens(request.side);
    let base = request.kind.limit().or(request.kind.stop()).or(last);
    let better = |a: Price, b: Price| direction.is_better(Level::from(a), Level::from(b));
    match (base, attached.stop, attached.target) {
        (Some(base), Some((_, stop)), _) if !better(base, stop) => refuse(
            "stop_side",
            format!("the stop {stop} is not on the losing side of {base}"),
        ),
        (Some(base), _, Some((_, target))) if !better(target, base) => refuse(
            "target_side",
            format!("the target {target} is not on the winning side of {base}"),
        ),
        _ => Ok(()),
    }
}

/// The direction that an entry on this side opens.
pub(super) const fn opens(side: Side) -> Direction {
    match side {
        Side::Buy => Direction::Long,
        Side::Sell => Direction::Short,
    }
}

pub(super) fn on_tick(tick: TickRule, price: Price) -> Result<(), Refusal> {
    if tick.allows(price) {
        Ok(())
    } else {
        refuse("tick", format!("{price} is not on the tick"))
    }
}

/// Whether an order of so many shares makes less of a position, and no more than is free of it.
pub(super) fn only_reduces(
    holding: &Holding,
    resting: Qty,
    side: Side,
    qty: Qty,
) -> Result<(), Refusal> {
    let closes = Direction::of(holding.net).is_some_and(|net| net.exit_side() == side);
    let free = holding
        .net
        .magnitude()
        .checked_sub(resting)
        .unwrap_or(Qty::ZERO);
    let unchecked = is(Bug::ExitWhileStopRests) || is(Bug::StopForPlannedQty);
    if closes && (qty <= free || unchecked) {
        return Ok(());
    }
    refuse(
        "reduce_only",
        format!(
            "{qty} shares against a position of {}, {resting} of them spoken for",
            holding.net
        ),
    )
}

/// How many shares the live orders on a side of a symbol may still take. Of orders that end each
/// other (a stop and its target, an order and the one that is to take its place) the larger counts,
/// and those of the group of `beside` are left out.
pub(super) fn resting(
    book: &Book,
    symbol: Symbol,
    side: Side,
    beside: Option<ClientOrderId>,
) -> Qty {
    let left_out = beside.and_then(|id| Some(group(book, book.orders.get(&id)?)));
    let mut groups: BTreeMap<ClientOrderId, Qty> = BTreeMap::new();
    for order in book.orders.unsettled() {
        if !order.is_live() || order.symbol() != symbol || order.side() != side {
            continue;
        }
        let group = group(book, order);
        if Some(group) != left_out {
            let most = groups.entry(group).or_insert(Qty::ZERO);
            *most = order.remaining().max(*most);
        }
    }
    groups.values().fold(Qty::ZERO, |sum, qty| {
        // More than the largest quantity leaves nothing free either.
        sum.checked_add(*qty).unwrap_or(sum)
    })
}

/// The order that stands for all that end each other.
fn group(book: &Book, order: &Order) -> ClientOrderId {
    let mut first = order;
    // Each replacement was planned after what it replaces, so this ends.
    while let Some(before) = (first.planned.replaces).and_then(|id| book.orders.get(&id)) {
        first = before;
    }
    first.planned.parent.unwrap_or_else(|| first.id())
}

pub(super) const fn refuse<T>(rule: &'static str, detail: String) -> Result<T, Refusal> {
    Err(Refusal { rule, detail })
}
