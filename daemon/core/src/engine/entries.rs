//! Entries: each is priced, sized, gated and placed, or refused with the reason written down.

use trader_contract::{
    Attached, BrokerRequest, ClientOrderId, Direction, EntryPrice, EntrySize, Intent, Level, Money,
    OrderKind, OrderRequest, OrderRole, Price, Qty, Symbol, SymbolId, TimeInForce,
};

use super::Engine;
use super::intents::Source;
use super::pricing::{Priced, price};
use crate::command::{Command, Commands};
use crate::config::{Instrument, Sides};
use crate::record::{Decision, GateCheck, PlannedOrder, Record};
use crate::risk::gate::{Account, Approved, Refusal, reserved};
use crate::risk::sizing::{SizingInputs, SizingRules, size};

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
            intent: id.number,
            role: OrderRole::Entry,
            attempt: 1,
        };
        let (approved, decision) = match self.plan_entry(from, wanted, entry_id) {
            Ok((approved, checks)) => {
                let order = Some(entry_id);
                (Some(approved), Decision::Accepted { order, checks })
            }
            Err(refusal) => {
                let (rule, detail) = (refusal.rule.into(), refusal.detail.into());
                (None, Decision::Refused { rule, detail })
            }
        };
        self.write_intent(from, intent, decision, out);
        if let Some(approved) = approved {
            self.place_entry(from, wanted.expires_after_bars, approved, out);
        }
    }

    /// Writes down an entry with the exits that go out with it, and sends it.
    fn place_entry(
        &mut self,
        from: Source<'_>,
        expires_after_bars: Option<u16>,
        approved: Approved,
        out: &mut Commands,
    ) {
        let BrokerRequest::Submit(request) = *approved.request() else {
            return;
        };
        let entry = PlannedOrder {
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
        });
        let legs: Vec<PlannedOrder> = legs.collect();
        for order in std::iter::once(entry).chain(legs) {
            self.write(from.at, Record::OrderPlanned { order }, out);
        }
        if let Some(lane) = self.lanes.get_mut(from.lane) {
            lane.entry_age = 0;
        }
        if let Some(state) = self.symbols.get_mut(from.symbol.index()) {
            state.entry_since = None;
        }
        out.push(Command::Send(approved));
    }

    fn plan_entry(
        &mut self,
        from: Source<'_>,
        wanted: Wanted,
        entry_id: ClientOrderId,
    ) -> Result<(Approved, Vec<GateCheck>), Refusal> {
        let (instrument, last) = self.tradable(from.symbol)?;
        let priced = price(instrument.tick, last, &wanted)?;
        let lane = self.lanes.get(from.lane);
        let route = lane.and_then(|lane| self.routes.get(usize::from(lane.route.0)));
        if priced.stop.is_none() && route.is_none_or(|route| route.require_stop) {
            return Err(refusal(
                "no_stop",
                "an entry of this route needs a protective stop",
            ));
        }
        let gross = self.gross_exposure();
        let qty = self.entry_qty(&wanted, &priced, gross)?;
        let request = request(entry_id, instrument.symbol, wanted.direction, qty, &priced);
        let account = Account {
            book: &self.book,
            equity: self.equity,
            gross,
            last,
            tick: instrument.tick,
            entries_open: self.takes_entries(),
            sides: route.map_or(Sides::Both, |route| route.sides),
        };
        self.gate
            .entry(from.at, route.map_or("", |r| &r.name), &account, request)
    }

    /// A symbol that can be entered now, with its last price.
    fn tradable(&self, id: SymbolId) -> Result<(Instrument, Price), Refusal> {
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
        if let Some(blocked) = self.book.blocks.get(&state.instrument.symbol) {
            let (symbol, block) = (state.instrument.symbol, blocked.block.name());
            return Err(refusal(
                "symbol_blocked",
                format!("{symbol} is not entered: {block}"),
            ));
        }
        if state.halted {
            return Err(refusal("symbol_halted", "the venue has halted the symbol"));
        }
        Ok((state.instrument, last))
    }

    fn entry_qty(&self, wanted: &Wanted, priced: &Priced, gross: Money) -> Result<Qty, Refusal> {
        let stop = match (wanted.size, priced.stop) {
            (EntrySize::Shares(qty), _) => return Ok(qty),
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
            slippage_allowance: limits.slippage_allowance,
        };
        let room = self.equity.scaled_down(limits.gross_exposure) - gross;
        let power = room.min(limits.position_value_max).min(limits.order_value);
        let inputs = SizingInputs {
            equity: self.equity,
            buying_power: power,
            entry: priced.opens_at,
            stop: Level::from(stop),
        };
        let qty = size(&rules, &inputs).map_err(|why| refusal("size", why.to_string()))?;
        Ok(qty.min(limits.order_shares))
    }

    /// Positions at the last prices, plus what waiting entries may still cost.
    pub(super) fn gross_exposure(&self) -> Money {
        let of = |h: &crate::book::Holding| {
            let last = self.price_of(h)?;
            let waiting: Money = self
                .book
                .orders_for(h)
                .filter(|o| o.role() == OrderRole::Entry)
                .map(|o| reserved(o.planned.request.kind, o.remaining(), last))
                .sum();
            Some(last.times(h.net.magnitude()) + waiting)
        };
        self.book.holdings.values().filter_map(of).sum()
    }
}

fn refusal(rule: &'static str, detail: impl Into<String>) -> Refusal {
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
