//! Entries: each is priced, sized, gated and placed, or refused with the reason written down.

use std::borrow::Cow;

use trader_contract::{
    Attached, BrokerRequest, Channel, ClientOrderId, Direction, EntryPrice, EntrySize, Intent,
    Level, OrderKind, OrderRequest, OrderRole, Price, Qty, Quote, Symbol, SymbolId, TimeInForce,
    Timestamp,
};

use super::Engine;
use super::intents::Source;
use super::pricing::{Priced, price};
use super::sending::Leaving;
use crate::book::Holding;
use crate::command::Commands;
use crate::config::Instrument;
use crate::planted::{Bug, is};
use crate::record::{Decision, GateCheck, PlannedOrder, Record, Severity, Sizing, TradingState};
use crate::risk::caps::{WORST_FILL, affordable, entries_of};
use crate::risk::exposure::Exposure;
use crate::risk::gate::{Account, Approved, Gate, Place, Refusal};
use crate::risk::sizing::{ROOM, SizingInputs, SizingRules, size_by_steps};

/// The parts of an [`Intent::Enter`].
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    pub(super) direction: Direction,
    pub(super) entry: EntryPrice,
    pub(super) stop: Option<Level>,
    pub(super) target: Option<Level>,
    pub(super) size: EntrySize,
    pub(super) expires_after_bars: Option<u16>,
}

/// What was computed on the way to a decision, as the journal keeps it.
#[derive(Default)]
struct Considered {
    sizing: Option<Box<Sizing>>,
    checks: Vec<GateCheck>,
}

/// An entry on its way to the gate.
#[derive(Clone, Copy)]
pub(super) enum Draft<'a> {
    /// Still to be priced and sized, and sent under this id.
    Wanted(&'a Wanted, ClientOrderId),
    /// As a person has seen it, to the share and the cent.
    Exactly(OrderRequest),
}

impl Engine {
    /// Sizes, gates and places an entry, or writes down why not.
    pub(super) fn enter(
        &mut self,
        from: Source<'_>,
        wanted: Wanted,
        intent: Intent,
        out: &mut Commands,
    ) {
        let id = self.book.next_intent();
        let entry_id = ClientOrderId {
            epoch: self.epoch,
            session: id.session,
            intent: crate::planted::number(id.number, from.at),
            role: OrderRole::Entry,
            attempt: 1,
        };
        let mut flood = None;
        let mut considered = Considered::default();
        let planned = self.plan_entry(from, wanted, entry_id, &mut considered);
        let Considered { sizing, checks } = considered;
        let (approved, decision) = match planned {
            Ok(approved) => {
                let decision = Decision::Accepted {
                    order: Some(entry_id),
                    checks,
                    sizing,
                };
                (Some(approved), decision)
            }
            Err(refusal) => {
                flood = refusal.is_rate_cap().then(|| refusal.detail.clone());
                let decision = Decision::Refused {
                    rule: refusal.rule.into(),
                    detail: refusal.detail.into(),
                    checks,
                    sizing,
                };
                (None, decision)
            }
        };
        let flood = flood.map(|why| (self.symbol_of(from), why));
        self.write_intent(from, intent, decision, out);
        if let Some(approved) = approved {
            self.place_entry(from, wanted.expires_after_bars, approved, out);
            let route = self.route_name(from.lane);
            self.tell_used_up(from.at, &route, out);
        }
        if let Some((Some(symbol), why)) = flood {
            self.stop_flood(from.at, symbol, &why, out);
        }
    }

    /// Writes down an entry with the exits that go out with it, and sends it.
    pub(super) fn place_entry(
        &mut self,
        from: Source<'_>,
        expires_after_bars: Option<u16>,
        approved: Approved,
        out: &mut Commands,
    ) {
        let BrokerRequest::Submit(request) = *approved.request() else {
            return;
        };
        let last = (self.symbols.get(from.symbol.index())).and_then(|state| state.last);
        let entry = PlannedOrder {
            last,
            request,
            route: self.route_name(from.lane),
            parent: None,
            replaces: None,
            exit_reason: None,
            expires_after_bars,
            decided_on: self.decided_on(from),
        };
        let legs = legs(&request).map(|request| PlannedOrder {
            request,
            route: entry.route.clone(),
            parent: Some(entry.request.client_id),
            replaces: None,
            exit_reason: None,
            expires_after_bars: None,
            decided_on: None,
            last,
        });
        let legs: Vec<PlannedOrder> = legs.collect();
        let orders = std::iter::once(entry).chain(legs);
        let records = orders.map(|order| Record::OrderPlanned { order });
        let sent = self.dispatch(from.at, records, Leaving::Approved(approved), out);
        if sent.is_err() {
            // The gate has asked the same of the account, in this step.
            return;
        }
        if let Some(lane) = self.lanes.get_mut(from.lane) {
            lane.entry_age = 0;
        }
        if let Some(state) = self.symbols.get_mut(from.symbol.index()) {
            state.entry_since = None;
        }
    }

    fn plan_entry(
        &mut self,
        from: Source<'_>,
        wanted: Wanted,
        entry_id: ClientOrderId,
        considered: &mut Considered,
    ) -> Result<Approved, Refusal> {
        let Considered { sizing, checks } = considered;
        self.at_gate(
            from,
            Draft::Wanted(&wanted, entry_id),
            sizing,
            |gate, account, place, order| gate.entry(from.at, account, place, order, &[], checks),
        )
    }

    /// Prices and sizes an entry, unless that was done before, and takes it to the gate with
    /// everything that the gate looks at. The one way there, for strategies and for overrides.
    pub(super) fn at_gate<T>(
        &mut self,
        from: Source<'_>,
        draft: Draft<'_>,
        sizing: &mut Option<Box<Sizing>>,
        then: impl FnOnce(&mut Gate, &Account<'_>, &Place<'_>, OrderRequest) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let (instrument, last) = self.ready(from)?;
        let priced = match draft {
            Draft::Wanted(wanted, _) => Some(price(instrument.tick, last, wanted)?),
            Draft::Exactly(_) => None,
        };
        let lane = self.lanes.get(from.lane);
        let route = lane
            .and_then(|lane| self.routes.get(usize::from(lane.route.0)))
            .ok_or_else(|| refusal("unknown_route", "the lane has no route"))?;
        let has_stop = match (&priced, draft) {
            (Some(priced), _) => priced.stop.is_some(),
            (None, Draft::Exactly(order)) => order.attached.stop.is_some(),
            (None, Draft::Wanted(..)) => false,
        };
        if !has_stop && route.require_stop {
            return Err(refusal(
                "no_stop",
                "an entry of this route needs a protective stop",
            ));
        }
        let place = Place {
            route: &route.name,
            strategy: &route.strategy,
            sides: route.sides,
            observe: route.observe || self.authority.observe,
            instrument,
            last,
            quote: self.quote_of(from),
            shortable: (self.symbols.get(from.symbol.index())).is_some_and(|s| s.shortable),
        };
        let account = Account {
            book: &self.book,
            equity: self.equity,
            exposure: self.exposure(&route.name),
            broker: self.heard.account(),
            spendable: self.spendable(),
            entries_open: self.takes_entries(),
            leave: self.leave(),
        };
        let order = match (draft, priced) {
            (Draft::Wanted(wanted, id), Some(priced)) => {
                let qty = self.entry_qty(wanted, &priced, &account, &place, sizing)?;
                request(id, instrument.symbol, wanted.direction, qty, &priced)
            }
            (Draft::Exactly(order), _) => order,
            (Draft::Wanted(..), None) => return Err(refusal("price", "the entry has no price")),
        };
        then(&mut self.gate, &account, &place, order)
    }

    /// What must be known before an entry is thought of: the symbol with its last price.
    pub(super) fn ready(&self, from: Source<'_>) -> Result<(Instrument, Price), Refusal> {
        let (instrument, last) = self.tradable(from.symbol)?;
        self.freshness(instrument.symbol)?;
        self.came_in_time(from)?;
        Ok((instrument, last))
    }

    /// A bar that comes so late that the one after it should be there as well is nothing to enter on.
    fn came_in_time(&self, from: Source<'_>) -> Result<(), Refusal> {
        let Some((timeframe, start)) = self.decided_on(from) else {
            return Ok(());
        };
        let length = timeframe.nanos();
        let age = from.at.since(start.plus_nanos(length));
        let most = length.saturating_add(self.watch.bar_late_nanos);
        if self.watch.data_alive_nanos.is_none() || age <= most {
            return Ok(());
        }
        let seconds = age.checked_div(Timestamp::SECOND).unwrap_or(0);
        Err(refusal(
            "stale_data",
            format!("the bar came {seconds} s after its end"),
        ))
    }

    /// The last quote of a symbol with its age. One that still stands is as old as the last sign of life
    /// of the quotes: a quiet symbol is not a stale one.
    fn quote_of(&self, from: Source<'_>) -> Option<(Quote, i64)> {
        let quote = self.symbols.get(from.symbol.index())?.quote?;
        let heard_at = quote.at.max(self.data_link(Channel::Quotes).heard_at);
        Some((quote, from.at.since(heard_at)))
    }

    fn symbol_of(&self, from: Source<'_>) -> Option<Symbol> {
        Some(self.symbols.get(from.symbol.index())?.instrument.symbol)
    }

    /// A symbol that can be entered now, with its last price.
    fn tradable(&self, id: SymbolId) -> Result<(Instrument, Price), Refusal> {
        self.is_our_account()?;
        if !self.reconciling.is_done() {
            return Err(refusal(
                "not_reconciled",
                "the broker has not been heard yet",
            ));
        }
        let state = self
            .symbols
            .get(id.index())
            .ok_or_else(|| refusal("unknown_symbol", "the symbol is not in the table"))?;
        let last = state
            .last
            .ok_or_else(|| refusal("no_price", "the symbol has no price yet"))?;
        if state.halted && !is(Bug::HaltIgnored) {
            return Err(refusal("symbol_halted", "the venue has halted the symbol"));
        }
        Ok((state.instrument, last))
    }

    fn entry_qty(
        &self,
        wanted: &Wanted,
        priced: &Priced,
        account: &Account<'_>,
        place: &Place<'_>,
        sizing: &mut Option<Box<Sizing>>,
    ) -> Result<Qty, Refusal> {
        let slippage = self.gate.limits().slippage_allowance;
        let sized = sizing.insert(Box::new(Sizing {
            equity: self.equity,
            opens_at: priced.opens_at,
            stop: priced.stop,
            slippage,
            bounds: Vec::new(),
            decided_by: Cow::Borrowed("asked_for"),
            shares: Qty::ZERO,
        }));
        let stop = match (wanted.size, priced.stop) {
            (EntrySize::Shares(qty), _) => {
                sized.shares = qty;
                return Ok(qty);
            }
            (EntrySize::ByRisk, Some(stop)) => stop,
            (EntrySize::ByRisk, None) => {
                return Err(refusal(
                    "size",
                    "a size by risk needs a stop to measure the risk to",
                ));
            }
        };
        let limits = self.gate.limits();
        let rules = SizingRules {
            risk_fraction: limits.risk_per_trade,
            risk_cap: limits.risk_per_trade_max,
            position_fraction: limits.position_fraction,
            slippage_allowance: slippage,
        };
        let room = affordable(limits, account, place, wanted.direction, priced.kind);
        let inputs = SizingInputs {
            equity: self.equity,
            buying_power: room.amount,
            entry: priced.opens_at,
            stop: Level::from(stop),
        };
        sized.bounds.reserve(6);
        let by_size = size_by_steps(&rules, &inputs, &mut |bound, shares, amount, per_share| {
            // Room for values is named by the limit that leaves the least of it.
            let bound = if bound == ROOM { room.limit } else { bound };
            sized.bound(bound, shares, Some((amount, per_share)));
        });
        let by_size = by_size.map_err(|why| refusal("size", why.to_string()))?;
        for (bound, shares) in room.bounds.into_iter().flatten() {
            let amounts = (bound == WORST_FILL).then(|| (room.amount, room.share_level()));
            sized.bound(bound, shares.whole_shares().into(), amounts);
        }
        let qty = by_size.min(room.shares());
        if qty.is_zero() {
            let room = room.amount;
            let detail =
                format!("the limits leave room for {room}, less than one share at its worst");
            return Err(refusal("size", detail));
        }
        sized.decide(qty);
        Ok(qty)
    }

    /// What is held and what may still fill.
    fn exposure(&self, route: &str) -> Exposure {
        Exposure::of_book(
            &self.book,
            route,
            self.gate.limits().fill_collar,
            self.counted_until(),
            |holding| self.price_of(holding),
        )
    }

    /// Whether the waiting entry of a trade is still wanted: a new one would be allowed at all.
    pub(super) fn wants_entry(&self, holding: &Holding) -> bool {
        let route = (self.routes.iter()).find(|route| route.name == holding.route);
        let strategy = route.map_or("", |route| &route.strategy);
        let observed = self.authority.observe || route.is_some_and(|route| route.observe);
        let killed = matches!(self.book.trading, TradingState::Killed(_));
        if is(Bug::KillLeavesEntries) && (killed || !self.book.kills.is_empty()) {
            return true;
        }
        // Nobody would manage what the entry of a route opens that is there no more.
        route.is_some()
            && self.takes_entries()
            && self.book.trading == TradingState::Active
            && !observed
            && self.leave().is_ok()
            && !self.book.blocks.contains_key(&holding.symbol)
            && (self.book.kill_on(holding.symbol, &holding.route, strategy)).is_none()
    }

    /// A route that has used up its entries of the session enters no more in it; whoever looks is told.
    pub(super) fn tell_used_up(&mut self, at: Timestamp, route: &str, out: &mut Commands) {
        let most = self.gate.limits().entries_per_route;
        let day = self.book.day.as_ref();
        if day.is_none_or(|day| entries_of(day, route) < most) {
            return;
        }
        self.alert(
            at,
            (Severity::Warning, "route_used_up", None),
            (
                format!(
                    "route {route} has made its {most} entries of the session and makes no more"
                ),
                "see whether so many were meant; the route enters again in the next session",
            ),
            out,
        );
    }

    /// Something sends entries faster than anybody meant to: none leaves until a person has looked.
    fn stop_flood(&mut self, at: Timestamp, symbol: Symbol, why: &str, out: &mut Commands) {
        self.alert(
            at,
            (Severity::Critical, "entry_rate", Some(symbol)),
            (
                format!("entries came too fast: {why}"),
                "find out which route sends so many, then `traderctl resume`",
            ),
            out,
        );
        self.halt(at, &format!("entries came too fast: {why}"), out);
    }
}

pub(super) fn refusal(rule: &'static str, detail: impl Into<String>) -> Refusal {
    Refusal {
        rule,
        detail: detail.into(),
    }
}

/// The order of an entry with the exits attached that it asks for.
fn request(
    client_id: ClientOrderId,
    symbol: Symbol,
    direction: Direction,
    qty: Qty,
    priced: &Priced,
) -> OrderRequest {
    let attach = |role, price: Option<Price>| price.map(|p| (client_id.with_role(role), p));
    let attached = Attached {
        stop: attach(OrderRole::Stop, priced.stop),
        target: attach(OrderRole::Target, priced.target),
    };
    OrderRequest {
        client_id,
        symbol,
        side: direction.entry_side(),
        qty,
        kind: priced.kind,
        time_in_force: if attached == Attached::NONE {
            TimeInForce::Day
        } else {
            TimeInForce::Gtc
        },
        attached,
        oco_stop: None,
    }
}

/// The exits that go out with an entry, as orders of their own.
fn legs(entry: &OrderRequest) -> impl Iterator<Item = OrderRequest> + use<> {
    let leg = |(client_id, kind)| OrderRequest {
        client_id,
        side: entry.side.opposite(),
        kind,
        attached: Attached::NONE,
        ..*entry
    };
    let stop = entry
        .attached
        .stop
        .map(|(id, stop)| leg((id, OrderKind::Stop { stop })));
    let target = entry
        .attached
        .target
        .map(|(id, limit)| leg((id, OrderKind::Limit { limit })));
    stop.into_iter().chain(target)
}
