//! What strategies want: sizing and gating entries, moving stops, planning exits.

use trader_contract::{
    Attached, Bar, ClientOrderId, Direction, EntryPrice, EntrySize, Fact, Intent, Intents, Level,
    Money, OrderKind, OrderRequest, OrderRole, Price, Qty, Reason, SymbolId, TimeInForce,
    Timestamp,
};

use super::{Engine, SymbolState};
use crate::command::{Command, Commands};
use crate::record::{Decision, ExitReason, GateCheck, Origin, PlannedOrder, Record};
use crate::risk::gate::{Account, Approved, Refusal, reserved};
use crate::risk::sizing::{SizingInputs, SizingRules, size};

/// The prices of an entry on the tick.
struct Priced {
    kind: OrderKind,
    /// Where the position is expected to open.
    opens_at: Level,
    stop: Option<Price>,
    target: Option<Price>,
}

/// The parts of an [`Intent::Enter`].
#[derive(Clone, Copy)]
struct Wanted {
    direction: Direction,
    entry: EntryPrice,
    stop: Option<Level>,
    target: Option<Level>,
    size: EntrySize,
    expires_after_bars: Option<u16>,
}

impl Engine {
    /// Carries out what the strategy of a lane wants, in order.
    pub(super) fn carry_out(
        &mut self,
        at: Timestamp,
        lane: usize,
        bar: Option<&Bar>,
        intents: &mut Intents,
        out: &mut Commands,
    ) {
        let Some(id) = self.lanes.get(lane).map(|l| l.symbol) else {
            return;
        };
        for intent in intents.drain() {
            match &intent {
                Intent::Enter {
                    direction,
                    entry,
                    stop,
                    target,
                    size,
                    expires_after_bars,
                    ..
                } => {
                    let wanted = Wanted {
                        direction: *direction,
                        entry: *entry,
                        stop: *stop,
                        target: *target,
                        size: *size,
                        expires_after_bars: *expires_after_bars,
                    };
                    self.enter(at, lane, id, wanted, intent, bar, out);
                }
                Intent::MoveStop { stop, .. } => {
                    let stop = *stop;
                    self.move_stop(at, lane, id, stop, intent, bar, out);
                }
                Intent::Exit { .. } => self.exit(at, lane, id, intent, bar, out),
                Intent::CancelEntry { .. } => {
                    let done = self
                        .symbols
                        .get(id.index())
                        .is_some_and(|s| s.owner == Some(lane) && s.pending.is_some());
                    self.note(at, lane, id, intent, bar, done, out);
                    if done {
                        self.cancel_entry(at, id, "the strategy wants it no more", out);
                    }
                }
            }
            self.tend(at, id, out);
        }
    }

    /// Sizes, gates and places an entry, or writes down why not.
    #[expect(clippy::too_many_arguments, reason = "one call, in one place")]
    fn enter(
        &mut self,
        at: Timestamp,
        lane: usize,
        symbol: SymbolId,
        wanted: Wanted,
        intent: Intent,
        bar: Option<&Bar>,
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
        let route = self.route_name(lane);
        let timeframe = self.lanes.get(lane).map(|l| l.timeframe);
        let decided_on = timeframe.zip(bar.map(|bar| bar.start));
        let passed = self.plan_entry(at, lane, symbol, wanted, entry_id);
        let decision = match &passed {
            Ok((_, checks)) => Decision::Accepted {
                order: Some(entry_id),
                checks: checks.clone(),
            },
            Err(refusal) => Decision::Refused {
                rule: refusal.rule.into(),
                detail: refusal.detail.as_str().into(),
            },
        };
        let Some(ticker) = self
            .symbols
            .get(symbol.index())
            .map(|s| s.instrument.symbol)
        else {
            return;
        };
        let origin = Origin::Strategy {
            route: route.clone(),
        };
        self.write(
            at,
            Record::IntentTaken {
                id,
                origin,
                symbol: ticker,
                intent,
                bar: decided_on,
                decision,
            },
            out,
        );
        let Ok((approved, _)) = passed else { return };
        let trader_contract::BrokerRequest::Submit(request) = *approved.request() else {
            return;
        };
        let plan = |request: OrderRequest, parent: Option<ClientOrderId>| PlannedOrder {
            request,
            route: route.clone(),
            parent,
            replaces: None,
            exit_reason: None,
            expires_after_bars: wanted.expires_after_bars.filter(|_| parent.is_none()),
            decided_on: decided_on.filter(|_| parent.is_none()),
        };
        self.write(
            at,
            Record::OrderPlanned {
                order: plan(request, None),
            },
            out,
        );
        for leg in legs(&request) {
            self.write(
                at,
                Record::OrderPlanned {
                    order: plan(leg, Some(entry_id)),
                },
                out,
            );
        }
        if let Some(lane) = self.lanes.get_mut(lane) {
            lane.entry_age = 0;
        }
        out.push(Command::Send(approved));
    }

    fn plan_entry(
        &mut self,
        at: Timestamp,
        lane: usize,
        symbol: SymbolId,
        wanted: Wanted,
        entry_id: ClientOrderId,
    ) -> Result<(Approved, Vec<GateCheck>), Refusal> {
        let refuse = |rule, detail: String| Err(Refusal { rule, detail });
        if !self.reconciling.is_done() {
            return refuse(
                "not_reconciled",
                "the broker has not been heard yet".to_owned(),
            );
        }
        let Some(state) = self.symbols.get(symbol.index()) else {
            return refuse(
                "unknown_symbol",
                "the symbol is not in the table".to_owned(),
            );
        };
        let Some(last) = state.last else {
            return refuse("no_price", "the symbol has no price yet".to_owned());
        };
        if state.halted {
            return refuse(
                "symbol_halted",
                "the venue has halted the symbol".to_owned(),
            );
        }
        let instrument = state.instrument;
        let priced = price(state, last, &wanted)?;
        let needs_stop = self.route_of(lane).is_none_or(|route| route.require_stop);
        if needs_stop && priced.stop.is_none() {
            return refuse(
                "no_stop",
                "an entry of this route needs a protective stop".to_owned(),
            );
        }
        let gross = self.gross_exposure();
        let qty = self.entry_qty(&wanted, &priced, gross)?;
        let attach = |role, price: Option<Price>| price.map(|p| (entry_id.with_role(role), p));
        let attached = Attached {
            stop: attach(OrderRole::Stop, priced.stop),
            target: attach(OrderRole::Target, priced.target),
        };
        let simple = attached == Attached::NONE;
        let request = OrderRequest {
            client_id: entry_id,
            symbol: instrument.symbol,
            side: wanted.direction.entry_side(),
            qty,
            kind: priced.kind,
            time_in_force: if simple {
                TimeInForce::Day
            } else {
                TimeInForce::Gtc
            },
            attached,
            oco_stop: None,
        };
        let route = self
            .routes
            .get(self.lanes.get(lane).map_or(0, |l| usize::from(l.route.0)));
        let account = Account {
            book: &self.book,
            equity: self.equity,
            gross,
            last,
            tick: instrument.tick,
            entries_open: self.takes_entries(),
        };
        self.gate
            .entry(at, route.map_or("", |r| &r.name), &account, request)
    }

    fn entry_qty(&self, wanted: &Wanted, priced: &Priced, gross: Money) -> Result<Qty, Refusal> {
        let refuse = |detail: String| Refusal {
            rule: "size",
            detail,
        };
        match (wanted.size, priced.stop) {
            (EntrySize::Shares(qty), _) => Ok(qty),
            (EntrySize::ByRisk, None) => Err(refuse(
                "a size by risk needs a stop to measure the risk to".to_owned(),
            )),
            (EntrySize::ByRisk, Some(stop)) => {
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
                let qty = size(&rules, &inputs).map_err(|refusal| refuse(refusal.to_string()))?;
                Ok(qty.min(limits.order_shares))
            }
        }
    }

    /// Positions at the last prices, plus what waiting entries may still cost.
    pub(super) fn gross_exposure(&self) -> Money {
        let of = |h: &crate::book::Holding| {
            let last = self.last_of(h.symbol)?;
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

    /// Rests the protective stop elsewhere; where the market has already passed the new level, the
    /// position is closed instead.
    #[expect(clippy::too_many_arguments, reason = "one call, in one place")]
    fn move_stop(
        &mut self,
        at: Timestamp,
        lane: usize,
        id: SymbolId,
        level: Level,
        intent: Intent,
        bar: Option<&Bar>,
        out: &mut Commands,
    ) {
        let Some(state) = self.symbols.get(id.index()) else {
            return;
        };
        let ticker = state.instrument.symbol;
        let position = state
            .position
            .filter(|p| state.owner == Some(lane) && !p.exiting);
        let tick = state
            .last
            .map_or(1, |last| state.instrument.tick.tick_micros(last));
        let stop = position.and_then(|p| p.direction.round_stop(level, tick));
        let reason = intent.reason().clone();
        self.note(at, lane, id, intent, bar, stop.is_some(), out);
        let Some(stop) = stop else { return };
        let reason = reason.with("level", Fact::Level(level));
        self.write(
            at,
            Record::StopPlanned {
                symbol: ticker,
                stop,
                reason,
            },
            out,
        );
    }

    fn exit(
        &mut self,
        at: Timestamp,
        lane: usize,
        id: SymbolId,
        intent: Intent,
        bar: Option<&Bar>,
        out: &mut Commands,
    ) {
        let owns = self
            .symbols
            .get(id.index())
            .is_some_and(|s| s.owner == Some(lane) && s.position.is_some_and(|p| !p.exiting));
        let route = self.route_name(lane);
        self.note(at, lane, id, intent, bar, owns, out);
        if owns {
            self.plan_exit(
                at,
                id,
                ExitReason::Strategy,
                Origin::Strategy { route },
                out,
            );
        }
    }

    /// Plans to close the open trade of a symbol, its waiting entry included.
    pub(super) fn plan_exit(
        &mut self,
        at: Timestamp,
        id: SymbolId,
        why: ExitReason,
        origin: Origin,
        out: &mut Commands,
    ) {
        let Some(symbol) = self.symbols.get(id.index()).map(|s| s.instrument.symbol) else {
            return;
        };
        if self
            .book
            .holdings
            .get(&symbol)
            .is_some_and(|h| h.exit.is_none())
        {
            self.write(
                at,
                Record::ExitPlanned {
                    symbol,
                    why,
                    origin,
                },
                out,
            );
        }
        self.tend(at, id, out);
    }

    /// Writes down an intent about an open trade.
    #[expect(clippy::too_many_arguments, reason = "one record with its parts")]
    fn note(
        &mut self,
        at: Timestamp,
        lane: usize,
        id: SymbolId,
        intent: Intent,
        bar: Option<&Bar>,
        taken: bool,
        out: &mut Commands,
    ) {
        let Some(symbol) = self.symbols.get(id.index()).map(|s| s.instrument.symbol) else {
            return;
        };
        let decision = if taken {
            Decision::Accepted {
                order: None,
                checks: Vec::new(),
            }
        } else {
            let detail = format!("{symbol} has no open trade of this route that it could apply to");
            Decision::Refused {
                rule: "nothing_to_do".into(),
                detail: detail.into(),
            }
        };
        let origin = Origin::Strategy {
            route: self.route_name(lane),
        };
        let timeframe = self.lanes.get(lane).map(|l| l.timeframe);
        let record = Record::IntentTaken {
            id: self.book.next_intent(),
            origin,
            symbol,
            intent,
            bar: timeframe.zip(bar.map(|bar| bar.start)),
            decision,
        };
        self.write(at, record, out);
    }

    /// An entry has waited for as many bars as it may.
    pub(super) fn expire_entry(&mut self, at: Timestamp, id: SymbolId, out: &mut Commands) {
        self.cancel_entry(at, id, "it did not fill within its bars", out);
        self.tend(at, id, out);
    }
}

/// Rounds the levels of an entry to the tick, each to its safe side.
fn price(state: &SymbolState, last: Price, wanted: &Wanted) -> Result<Priced, Refusal> {
    let tick = state.instrument.tick.tick_micros(last);
    let direction = wanted.direction;
    let bad = |name: &str, level: Level| Refusal {
        rule: "price",
        detail: format!("the {name} {level} is no valid price"),
    };
    let trigger = |level| {
        direction
            .round_trigger(level, tick)
            .ok_or_else(|| bad("trigger", level))
    };
    let limit = |level| {
        direction
            .round_entry_limit(level, tick)
            .ok_or_else(|| bad("limit", level))
    };
    let passed = |price: Price| {
        let better = direction.is_better(Level::from(price), Level::from(last));
        if better {
            return Ok(());
        }
        let detail = format!("the last price {last} has already reached the trigger {price}");
        Err(Refusal {
            rule: "trigger_passed",
            detail,
        })
    };
    let kind = match wanted.entry {
        EntryPrice::Market => OrderKind::Market,
        EntryPrice::Limit(level) => OrderKind::Limit {
            limit: limit(level)?,
        },
        EntryPrice::Stop(level) => OrderKind::Stop {
            stop: trigger(level)?,
        },
        EntryPrice::StopLimit {
            trigger: wakes,
            limit: worst,
        } => OrderKind::StopLimit {
            stop: trigger(wakes)?,
            limit: limit(worst)?,
        },
    };
    if let Some(stop) = kind.stop() {
        passed(stop)?;
    }
    let stop = wanted.stop.map(|level| {
        direction
            .round_stop(level, tick)
            .ok_or_else(|| bad("stop", level))
    });
    let target = wanted.target.map(|level| {
        direction
            .round_target(level, tick)
            .ok_or_else(|| bad("target", level))
    });
    Ok(Priced {
        kind,
        opens_at: Level::from(kind.limit().or(kind.stop()).unwrap_or(last)),
        stop: stop.transpose()?,
        target: target.transpose()?,
    })
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

/// The reason of a step that the engine takes by its own rules.
pub(super) const fn rule(name: &'static str) -> Reason {
    Reason::new(name)
}
