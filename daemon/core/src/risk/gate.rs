//! The one gate: the last step before the wire, and the only maker of what can be sent. What it
//! approves has passed every limit; what it refuses carries the rule and the numbers.

use std::borrow::Cow;
use std::collections::VecDeque;

use trader_contract::{
    BrokerRequest, Direction, Fact, Level, Money, OrderKind, OrderRequest, Price, Qty, Replacement,
    Side, TickRule, Timestamp,
};

use super::limits::Limits;
use crate::book::{Book, Holding};
use crate::config::Sides;
use crate::record::{GateCheck, TradingState};

/// Something that passed the gate. The field is private and only the gate fills it, so holding one
/// is proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approved(BrokerRequest);

impl Approved {
    /// What goes to the broker.
    #[must_use]
    pub fn into_request(self) -> BrokerRequest {
        self.0
    }

    /// What goes to the broker.
    #[must_use]
    pub const fn request(&self) -> &BrokerRequest {
        &self.0
    }
}

/// A refusal, as data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The rule that said no, `snake_case`.
    pub rule: &'static str,
    /// In words, with numbers.
    pub detail: String,
}

/// What the gate looks at beside the order.
#[derive(Debug, Clone, Copy)]
pub struct Account<'a> {
    /// The durable state.
    pub book: &'a Book,
    /// Cash plus positions at the last prices.
    pub equity: Money,
    /// Value of all positions at the last prices plus waiting entries at their worst prices.
    pub gross: Money,
    /// The symbol's last price.
    pub last: Price,
    /// The symbol's tick rule.
    pub tick: TickRule,
    /// Whether the session takes entries now.
    pub entries_open: bool,
    /// The sides that the route may enter.
    pub sides: Sides,
}

/// How many limits an entry is checked against.
const CHECKS: usize = 13;

/// The gate with its counters.
#[derive(Debug)]
pub struct Gate {
    limits: Limits,
    recent: VecDeque<Timestamp>,
    checked: u64,
}

impl Gate {
    /// A gate that holds `limits`.
    #[must_use]
    pub const fn new(limits: Limits) -> Self {
        Self {
            limits,
            recent: VecDeque::new(),
            checked: 0,
        }
    }

    /// Counts the entries of the run before, oldest first.
    pub fn recall(&mut self, sent: impl IntoIterator<Item = Timestamp>) {
        self.recent.extend(sent);
    }

    /// The limits it holds.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// How many orders it has looked at.
    #[must_use]
    pub const fn checked(&self) -> u64 {
        self.checked
    }

    /// Looks at an order that opens a position.
    ///
    /// # Errors
    /// The first rule that says no.
    pub fn entry(
        &mut self,
        at: Timestamp,
        route: &str,
        account: &Account<'_>,
        request: OrderRequest,
    ) -> Result<(Approved, Vec<GateCheck>), Refusal> {
        self.checked = self.checked.saturating_add(1);
        may_enter(route, account, &request)?;
        shape(account.tick, &request, Some(account.last))?;
        let mut checks = Vec::with_capacity(CHECKS);
        self.size_limits(account, &request, &mut checks)?;
        let at_stop = loss_at_stop(account, &request);
        self.risk_limit(account, at_stop, &mut checks)?;
        self.account_limits(route, account, at_stop, &mut checks)?;
        self.rate_limits(at, &mut checks)?;
        Ok((Approved(BrokerRequest::Submit(request)), checks))
    }

    fn size_limits(
        &self,
        account: &Account<'_>,
        request: &OrderRequest,
        checks: &mut Vec<GateCheck>,
    ) -> Result<(), Refusal> {
        let limits = &self.limits;
        let value = worst_price(request.kind, account.last).times(request.qty);
        let shares = |qty: Qty| Fact::Count(qty.whole_shares());
        let most = limits.order_shares;
        within(
            checks,
            "order_shares",
            request.qty <= most,
            shares(request.qty),
            shares(most),
        )?;
        let money = |checks: &mut Vec<GateCheck>, limit, value: Money, most: Money| {
            within(
                checks,
                limit,
                value <= most,
                Fact::Money(value),
                Fact::Money(most),
            )
        };
        money(checks, "order_value", value, limits.order_value)?;
        money(checks, "position_value", value, limits.position_value_max)?;
        money(
            checks,
            "position_fraction",
            value,
            account.equity.scaled_down(limits.position_fraction),
        )?;
        let gross = account.gross + value;
        money(
            checks,
            "gross_exposure",
            gross,
            account.equity.scaled_down(limits.gross_exposure),
        )?;
        let reference = Level::from(account.last);
        let away = request
            .kind
            .stop()
            .into_iter()
            .chain(request.kind.limit())
            .map(|price| (Level::from(price) - reference).abs())
            .max()
            .unwrap_or(Level::ZERO);
        let collar = reference.scaled_down(limits.price_collar);
        within(
            checks,
            "price_collar",
            away <= collar,
            Fact::Level(away),
            Fact::Level(collar),
        )
    }

    /// The risk of one trade, however it was sized.
    fn risk_limit(
        &self,
        account: &Account<'_>,
        at_stop: Money,
        checks: &mut Vec<GateCheck>,
    ) -> Result<(), Refusal> {
        let share = account.equity.scaled_down(self.limits.risk_per_trade);
        let most = share.min(self.limits.risk_per_trade_max);
        let (value, allowed) = (Fact::Money(at_stop), Fact::Money(most));
        within(checks, "risk_per_trade", at_stop <= most, value, allowed)
    }

    fn account_limits(
        &self,
        route: &str,
        account: &Account<'_>,
        at_stop: Money,
        checks: &mut Vec<GateCheck>,
    ) -> Result<(), Refusal> {
        let limits = &self.limits;
        let book = account.book;
        let count = |value: u32| Fact::Count(i64::from(value));
        let mut at_most = |limit, value: u32, most: u32| {
            within(checks, limit, value <= most, count(value), count(most))
        };
        let open = u32::try_from(book.holdings.len())
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        at_most("open_positions", open, limits.open_positions)?;
        let Some(day) = &book.day else { return Ok(()) };
        let entries = day
            .entries
            .get(route)
            .copied()
            .unwrap_or(0)
            .saturating_add(1);
        at_most("entries_per_route", entries, limits.entries_per_route)?;
        if limits.consecutive_losses > 0 {
            let streak = day.losses_in_a_row.saturating_add(1);
            at_most("consecutive_losses", streak, limits.consecutive_losses)?;
        }
        let loss = day.equity_at_open - account.equity;
        let most = day.equity_at_open.scaled_down(limits.daily_loss);
        within(
            checks,
            "daily_loss",
            loss < most,
            Fact::Money(loss),
            Fact::Money(most),
        )?;
        // What this trade may lose at its stop must fit into what the day may still lose.
        within(
            checks,
            "daily_loss_at_stop",
            loss + at_stop <= most,
            Fact::Money(loss + at_stop),
            Fact::Money(most),
        )
    }

    fn rate_limits(&mut self, at: Timestamp, checks: &mut Vec<GateCheck>) -> Result<(), Refusal> {
        let most = self.limits.entries_per_minute;
        if most == u32::MAX {
            return Ok(());
        }
        while self
            .recent
            .front()
            .is_some_and(|sent| at.since(*sent) >= Timestamp::MINUTE)
        {
            self.recent.pop_front();
        }
        let sent = u32::try_from(self.recent.len())
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        let count = |value: u32| Fact::Count(i64::from(value));
        within(
            checks,
            "entries_per_minute",
            sent <= most,
            count(sent),
            count(most),
        )?;
        self.recent.push_back(at);
        Ok(())
    }

    /// Looks at an order that closes or protects a position. `resting` is what other live orders of
    /// the closing side may still take, those that the broker cancels with this one left out.
    ///
    /// # Errors
    /// It could open or turn a position, or it is off the tick.
    pub fn reducing(
        &mut self,
        holding: &Holding,
        resting: Qty,
        tick: TickRule,
        request: OrderRequest,
    ) -> Result<Approved, Refusal> {
        self.checked = self.checked.saturating_add(1);
        shape(tick, &request, None)?;
        only_reduces(holding, resting, request.side, request.qty)?;
        Ok(Approved(BrokerRequest::Submit(request)))
    }

    /// Looks at a change of a protective order.
    ///
    /// # Errors
    /// It could open or turn a position, or it is off the tick.
    pub fn replacement(
        &mut self,
        holding: &Holding,
        qty: Qty,
        tick: TickRule,
        replacement: Replacement,
    ) -> Result<Approved, Refusal> {
        self.checked = self.checked.saturating_add(1);
        for price in replacement.stop.into_iter().chain(replacement.limit) {
            on_tick(tick, price)?;
        }
        let side = holding.direction.exit_side();
        only_reduces(holding, Qty::ZERO, side, replacement.qty.unwrap_or(qty))?;
        Ok(Approved(BrokerRequest::Replace(replacement)))
    }
}

/// Whether entries are allowed at all, on this side, and in this symbol.
fn may_enter(route: &str, account: &Account<'_>, request: &OrderRequest) -> Result<(), Refusal> {
    let direction = opens(request.side);
    if !account.sides.allow(direction) {
        let sides = account.sides.name();
        return refuse(
            "sides",
            format!("route {route} enters {sides} only, and this entry is {direction}"),
        );
    }
    match &account.book.trading {
        TradingState::Active => {}
        TradingState::Reducing => {
            return refuse(
                "paused",
                "entries are paused; `traderctl resume` allows them".to_owned(),
            );
        }
        TradingState::Tripped(why) | TradingState::Halted(why) => {
            return refuse("halted", format!("entries are halted: {why}"));
        }
        TradingState::Killed(why) => {
            return refuse(
                "killed",
                format!("entries are killed: {why}; `traderctl arm` allows them"),
            );
        }
    }
    if !account.entries_open {
        return refuse("session", "the session takes no entries now".to_owned());
    }
    match account.book.holdings.get(&request.symbol) {
        Some(holding) => refuse(
            "symbol_taken",
            format!(
                "{} has a position or a waiting entry of route {}",
                request.symbol, holding.route
            ),
        ),
        None => Ok(()),
    }
}

/// Whole shares, on the tick, and exits on the losing and the winning side of the entry.
fn shape(tick: TickRule, request: &OrderRequest, last: Option<Price>) -> Result<(), Refusal> {
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
const fn opens(side: Side) -> Direction {
    match side {
        Side::Buy => Direction::Long,
        Side::Sell => Direction::Short,
    }
}

fn on_tick(tick: TickRule, price: Price) -> Result<(), Refusal> {
    if tick.allows(price) {
        Ok(())
    } else {
        refuse("tick", format!("{price} is not on the tick"))
    }
}

fn only_reduces(holding: &Holding, resting: Qty, side: Side, qty: Qty) -> Result<(), Refusal> {
    let closes = Direction::of(holding.net).is_some_and(|net| net.exit_side() == side);
    let free = holding
        .net
        .magnitude()
        .checked_sub(resting)
        .unwrap_or(Qty::ZERO);
    if closes && qty <= free {
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

/// The worst price that an entry pays for a share, as far as its own terms bound it.
fn worst_price(kind: OrderKind, last: Price) -> Price {
    kind.limit().or(kind.stop()).unwrap_or(last)
}

/// What an entry loses at its stop; nothing is known of one without.
fn loss_at_stop(account: &Account<'_>, request: &OrderRequest) -> Money {
    request.attached.stop.map_or(Money::ZERO, |(_, stop)| {
        let entry = worst_price(request.kind, account.last).times(request.qty);
        (entry - stop.times(request.qty)).abs()
    })
}

/// What a waiting entry reserves: what may still fill, at its worst price.
#[must_use]
pub fn reserved(kind: OrderKind, remaining: Qty, last: Price) -> Money {
    worst_price(kind, last).times(remaining)
}

fn within(
    checks: &mut Vec<GateCheck>,
    limit: &'static str,
    holds: bool,
    value: Fact,
    allowed: Fact,
) -> Result<(), Refusal> {
    if holds {
        checks.push(GateCheck {
            limit: Cow::Borrowed(limit),
            value,
            allowed,
        });
        return Ok(());
    }
    refuse(
        limit,
        format!("{limit} would be {value}, allowed is {allowed}"),
    )
}

const fn refuse<T>(rule: &'static str, detail: String) -> Result<T, Refusal> {
    Err(Refusal { rule, detail })
}
