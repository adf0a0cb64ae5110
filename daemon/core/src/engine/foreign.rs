//! What the broker has and this store did not make: orders and positions of somebody else, and
//! executions that the broker takes back. Nothing of it is ever cancelled here: an order may be
//! somebody's stop. Its symbol is not entered while it is there.

use std::collections::BTreeSet;

use trader_contract::{
    BrokerOrderId, BrokerSnapshot, ClientOrderId, Direction, Execution, ExecutionId, ForeignOrder,
    Level, NetQty, OrderReport, OrderRole, Price, Symbol, SymbolId, Timestamp,
};

use super::Engine;
use super::unknown::Answer;
use crate::book::Order;
use crate::command::{Commands, Refused};
use crate::config::ForeignPolicy;
use crate::planted::{Bug, is};
use crate::record::{Block, Origin, Record, Severity};

/// The kind of the alert that stands while something foreign is there.
const ALERT: &str = "foreign";

impl Engine {
    /// The broker has an order without an id of ours.
    pub(super) fn on_foreign_order(
        &mut self,
        at: Timestamp,
        order: &ForeignOrder,
        out: &mut Commands,
    ) {
        let known = self.book.foreign.get(&order.broker_id);
        if order.status.state().is_terminal() {
            if known.is_some() {
                let broker_id = order.broker_id.clone();
                self.write(at, Record::ForeignGone { broker_id }, out);
                // What it filled, and whether anything is left, is for the broker to say.
                self.request_snapshot(out);
            }
            return;
        }
        let shape = |o: &ForeignOrder| (o.qty, o.filled, o.stop, o.limit);
        if known.is_some_and(|known| shape(known) == shape(order) || known.at > order.at) {
            return;
        }
        let order = order.clone();
        let symbol = order.symbol;
        self.write(at, Record::ForeignSeen { order }, out);
        self.surface(at, symbol, out);
        self.tend_symbol(at, symbol, out);
    }

    /// An order with an id like ours that the journal does not know: another store made it.
    pub(super) fn on_foreign(&mut self, at: Timestamp, report: &OrderReport, out: &mut Commands) {
        let order = as_foreign(report);
        self.on_foreign_order(at, &order, out);
    }

    /// Takes off what the newest answer no longer has, and tells what it has.
    pub(super) fn look_for_foreign(&mut self, answer: Answer<'_>, out: &mut Commands) {
        let (at, held) = (answer.at, answer.held);
        let listed = |id: &BrokerOrderId| {
            held.foreign.iter().any(|order| order.broker_id == *id)
                || held.orders.iter().any(|order| order.broker_id == *id)
        };
        let gone: Vec<ForeignOrder> = self
            .book
            .foreign
            .values()
            .filter(|order| order.at <= held.at && !listed(&order.broker_id))
            .cloned()
            .collect();
        for order in gone {
            let broker_id = order.broker_id;
            self.write(at, Record::ForeignGone { broker_id }, out);
        }
        let mut symbols: BTreeSet<Symbol> = self.disputed.keys().copied().collect();
        symbols.extend(self.book.blocks.keys());
        symbols.extend(self.book.foreign.values().map(|order| order.symbol));
        symbols.extend(self.standing_symbols(ALERT));
        for symbol in symbols {
            self.surface(at, symbol, out);
        }
    }

    /// The shares in a symbol that two snapshots have shown and this store did not make.
    fn foreign_net(&self, symbol: Symbol) -> NetQty {
        let dispute = self.disputed.get(&symbol).filter(|d| d.settled);
        let net = dispute.and_then(|d| d.broker.checked_add(-d.ours));
        net.unwrap_or(NetQty::ZERO)
    }

    fn foreign_orders(&self, symbol: Symbol) -> Vec<String> {
        let orders = self.book.foreign.values();
        orders
            .filter(|order| order.symbol == symbol)
            .map(|order| {
                let (side, qty, kind) = (order.side, order.qty, &order.kind);
                format!("{side} {qty} {kind} ({})", order.client_id)
            })
            .collect()
    }

    /// Tells what is foreign in a symbol and keeps it from being entered, as the configuration says;
    /// frees it when nothing is left.
    fn surface(&mut self, at: Timestamp, symbol: Symbol, out: &mut Commands) {
        let (net, orders) = (self.foreign_net(symbol), self.foreign_orders(symbol));
        if net.is_flat() && orders.is_empty() {
            return self.free_of_foreign(at, symbol, out);
        }
        let origin = Origin::Engine;
        if !self.book.blocks.contains_key(&symbol) {
            match self.authority.foreign {
                ForeignPolicy::Surface | ForeignPolicy::Adopt => {
                    self.block(at, symbol, Block::Foreign, out);
                }
                ForeignPolicy::Ignore => {
                    self.block(at, symbol, Block::Ignored { net }, out);
                    let what = foreign_words(net, &orders);
                    self.alert(
                        at,
                        (Severity::Notice, "foreign_ignored", Some(symbol)),
                        (
                            format!("{symbol}: the broker has {what} that this store did not make"),
                            "nothing: it is left to its owner, and the symbol is not entered",
                        ),
                        out,
                    );
                }
            }
        }
        let block = self.book.blocks.get(&symbol).map(|b| &b.block);
        if matches!(block, Some(Block::Ignored { .. })) {
            return;
        }
        let mut why_not = String::new();
        if self.authority.foreign == ForeignPolicy::Adopt && !net.is_flat() {
            match self.adopt(at, symbol, None, origin, out) {
                Ok(_) => return,
                Err(why) => why_not = format!("; it cannot be adopted now: {why}"),
            }
        }
        let what = foreign_words(net, &orders);
        let action = match self.by_ticker.contains_key(&symbol) {
            true => {
                "`traderctl adopt` protects a position and closes it with the day, `traderctl ignore` leaves it to you"
            }
            false => {
                "look after it at the broker: no route trades the symbol; `traderctl ignore` ends the alert"
            }
        };
        self.raise_standing(
            at,
            (Severity::Critical, ALERT, Some(symbol)),
            (
                format!(
                    "{symbol}: the broker has {what} that this store did not make{why_not}; nothing of it is touched, and the symbol is not entered"
                ),
                action,
            ),
            out,
        );
    }

    /// Nothing foreign is left in a symbol, as far as two snapshots can tell.
    fn free_of_foreign(&mut self, at: Timestamp, symbol: Symbol, out: &mut Commands) {
        if self.disputed.contains_key(&symbol) {
            return;
        }
        self.clear_standing(at, ALERT, Some(symbol), out);
        let adopted = self.book.holdings.get(&symbol).is_some_and(|h| h.adopted);
        let block = self.book.blocks.get(&symbol).map(|b| &b.block);
        if matches!(block, Some(Block::Foreign | Block::Ignored { .. })) && !adopted {
            self.unblock(at, symbol, out);
        }
    }

    fn tend_symbol(&mut self, at: Timestamp, symbol: Symbol, out: &mut Commands) {
        if let Some(id) = self.by_ticker.get(&symbol).copied() {
            self.tend(at, id, out);
        }
    }

    /// Takes a position of somebody else's making under protection, and closes it with the day. Its stop
    /// is for the next event: by then it is known that the adoption is on the disk.
    pub(super) fn adopt(
        &mut self,
        at: Timestamp,
        symbol: Symbol,
        stop: Option<Price>,
        origin: Origin,
        out: &mut Commands,
    ) -> Result<String, Refused> {
        let not_now = |why: String| Err(Refused::NotNow(why.into()));
        let Some(id) = self.by_ticker.get(&symbol).copied() else {
            return Err(self.why_unrouted(symbol));
        };
        if !self.heard.is_kept() {
            let why = "the journal cannot be written, and a restart would not know that it is looked after";
            return not_now(why.to_owned());
        }
        if self.book.holdings.contains_key(&symbol) {
            return not_now(format!("{symbol} has a trade of this store already"));
        }
        let net = self.foreign_net(symbol);
        let Some(direction) = Direction::of(net) else {
            return not_now(format!(
                "{symbol} has nothing to adopt: no position that two comparisons with the broker have shown"
            ));
        };
        let orders = self.foreign_orders(symbol);
        if !orders.is_empty() {
            return not_now(format!(
                "{symbol} has orders of somebody else, which may hold its shares: {}; cancel them at the broker first",
                orders.join(", ")
            ));
        }
        if !net.magnitude().is_whole() {
            return not_now(format!(
                "{net} shares of {symbol} are no whole number, and no stop can rest for a fraction"
            ));
        }
        let (stop, price) = self.stop_for(id, direction, stop)?;
        let intent = self.book.next_intent();
        let client_id = ClientOrderId {
            epoch: self.epoch,
            session: intent.session,
            intent: intent.number,
            role: OrderRole::Entry,
            attempt: 1,
        };
        let record = Record::PositionAdopted {
            symbol,
            net,
            client_id,
            stop: Some(stop),
            price,
            origin,
        };
        self.write(at, record, out);
        let shown_at = self.disputed.remove(&symbol).map(|d| d.asked_at);
        let worth = price.unwrap_or(stop).times_net(net);
        self.adopt_cash_apart((at, shown_at.unwrap_or(at)), (symbol, worth), out);
        self.value_account();
        self.clear_standing(at, ALERT, Some(symbol), out);
        self.block(at, symbol, Block::Foreign, out);
        self.wake(id, Some(at.plus_nanos(1)));
        Ok(format!(
            "{net} shares of {symbol} are looked after from now on: a stop at {stop}, closed with the day"
        ))
    }

    /// Why a symbol that no route trades cannot be adopted.
    fn why_unrouted(&self, symbol: Symbol) -> Refused {
        if self.foreign_net(symbol).is_flat() {
            return Refused::UnknownSymbol(symbol.as_str().into());
        }
        let why = format!(
            "no route trades {symbol}, so nothing here would have its price or look after its stop; close it at \
             the broker, or leave it to yourself with `traderctl ignore {symbol}`"
        );
        Refused::NotNow(why.into())
    }

    /// Where the stop of an adopted position rests: where it was told to, or so far from the last price
    /// as the configuration says; and the last price.
    fn stop_for(
        &self,
        id: SymbolId,
        direction: Direction,
        wanted: Option<Price>,
    ) -> Result<(Price, Option<Price>), Refused> {
        let not_now = |why: String| Refused::NotNow(why.into());
        let Some(state) = self.symbols.get(id.index()) else {
            return Err(not_now("the symbol is not in the table".to_owned()));
        };
        let (symbol, tick, last) = (state.instrument.symbol, state.instrument.tick, state.last);
        if let Some(stop) = wanted {
            if !tick.allows(stop) {
                return Err(not_now(format!("{stop} is not on the tick of {symbol}")));
            }
            let loses =
                last.is_none_or(|last| direction.is_better(Level::from(last), Level::from(stop)));
            if !loses {
                let why = format!("a stop at {stop} is not on the losing side of the last price");
                return Err(not_now(why));
            }
            return Ok((stop, last));
        }
        let Some(last) = last else {
            let why = format!("{symbol} has no price yet: name where the stop is to rest");
            return Err(not_now(why));
        };
        let base = Level::from(last);
        let away = base.scaled_down(self.authority.adopted_stop);
        let level = match direction {
            Direction::Long => base - away,
            Direction::Short => base + away,
        };
        let stop = direction.round_stop(level, tick.tick_micros(last));
        let why = || not_now(format!("no stop for {symbol} fits below {last}: name one"));
        stop.map(|stop| (stop, Some(last))).ok_or_else(why)
    }

    /// Leaves what is in a symbol to its owner.
    pub(super) fn ignore(
        &mut self,
        at: Timestamp,
        symbol: Symbol,
        origin: Origin,
        out: &mut Commands,
    ) -> Result<String, Refused> {
        let (net, orders) = (self.foreign_net(symbol), self.foreign_orders(symbol));
        if net.is_flat() && orders.is_empty() {
            let why = format!(
                "{symbol} has nothing to ignore: neither an order nor a position of somebody else"
            );
            return Err(Refused::NotNow(why.into()));
        }
        let block = Block::Ignored { net };
        let record = Record::SymbolBlocked {
            symbol,
            block,
            origin,
        };
        self.write(at, record, out);
        self.clear_standing(at, ALERT, Some(symbol), out);
        self.tend_symbol(at, symbol, out);
        let what = foreign_words(net, &orders);
        Ok(format!(
            "{symbol}: {what} left to you; the symbol is not entered while it is there"
        ))
    }

    /// The broker has cancelled or changed an execution.
    pub(super) fn on_corrected(
        &mut self,
        at: Timestamp,
        (client_id, execution, now): (ClientOrderId, &ExecutionId, Option<&Execution>),
        out: &mut Commands,
    ) {
        if is(Bug::CorrectionIgnored) {
            return;
        }
        let Some(order) = self.book.orders.get(&client_id) else {
            // What it means for a position is for the broker to say.
            self.request_snapshot(out);
            return self.tell_correction(at, (client_id, execution, now), None, out);
        };
        let symbol = order.symbol();
        if !is_news(order, execution, now) {
            return;
        }
        let was_over = !self.book.holdings.contains_key(&symbol);
        let record = Record::FillCorrected {
            client_id,
            execution: execution.clone(),
            now: now.cloned(),
        };
        self.write(at, record, out);
        if was_over && self.book.holdings.contains_key(&symbol) {
            self.reopen(symbol, out);
        } else {
            self.request_snapshot(out);
        }
        self.value_account();
        self.tell_correction(at, (client_id, execution, now), Some(symbol), out);
        self.tend_symbol(at, symbol, out);
    }

    /// What the broker's records have of executions that were taken back counts, whether it was heard
    /// of or not; of orders that the book has no more, nothing can be made any more.
    pub(super) fn catch_up_corrections(
        &mut self,
        at: Timestamp,
        held: &BrokerSnapshot,
        out: &mut Commands,
    ) {
        for (client_id, execution, now) in &held.corrected {
            if self.book.orders.contains_key(client_id) {
                self.on_corrected(at, (*client_id, execution, now.as_ref()), out);
            }
        }
    }

    fn tell_correction(
        &mut self,
        at: Timestamp,
        (client_id, execution, now): (ClientOrderId, &ExecutionId, Option<&Execution>),
        symbol: Option<Symbol>,
        out: &mut Commands,
    ) {
        let what = now.map_or_else(
            || "cancelled".to_owned(),
            |now| format!("changed to {} at {}", now.qty, now.price),
        );
        self.alert(
            at,
            (Severity::Critical, "fill_corrected", symbol),
            (
                format!("the broker has {what} execution {execution} of order {client_id}"),
                "compare the day's fills with the broker's statement",
            ),
            out,
        );
    }
}

/// Whether a correction of an order's execution is not counted yet. What stands in the place of a void
/// one may be void itself by now: it was known, and does not come back.
fn is_news(order: &Order, void: &ExecutionId, now: Option<&Execution>) -> bool {
    if let Some(counts) = order.fills.iter().find(|fill| fill.id == *void) {
        return now != Some(counts);
    }
    let known = |id: &ExecutionId| order.executions.contains(id);
    !known(void) || now.is_some_and(|now| now.id != *void && !known(&now.id))
}

/// What is foreign, in words.
fn foreign_words(net: NetQty, orders: &[String]) -> String {
    match (net.is_flat(), orders) {
        (true, orders) => format!("orders ({})", orders.join(", ")),
        (false, []) => format!("{net} shares"),
        (false, orders) => format!("{net} shares and orders ({})", orders.join(", ")),
    }
}

/// A report of another store's order as what it is to this one.
fn as_foreign(report: &OrderReport) -> ForeignOrder {
    let kind = match (report.stop, report.limit) {
        (Some(_), Some(_)) => "stop_limit",
        (Some(_), None) => "stop",
        (None, Some(_)) => "limit",
        (None, None) => "market",
    };
    ForeignOrder {
        broker_id: report.broker_id.clone(),
        client_id: report.client_id.to_string().into(),
        symbol: report.symbol,
        side: report.side,
        qty: report.qty,
        filled: report.filled,
        kind: kind.into(),
        stop: report.stop,
        limit: report.limit,
        status: report.status,
        at: report.at,
    }
}
