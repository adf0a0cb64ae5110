//! What operators ask for. Every request is answered; what changes anything is written down first.

use trader_contract::{ClientOrderId, OrderRole, Symbol, Timestamp};

use super::cause::Cause;
use super::overrides::Saying;
use super::traffic::MESSAGE_RATE;
use super::{Engine, Protection};
use crate::book::DRAWDOWN;
use crate::book::{Holding, Order, TradeOrders};
use crate::command::{Command, Commands, Refused};
use crate::event::OperatorCommand;
use crate::orders::{Venue, is_closing};
use crate::planted::{Bug, is};
use crate::record::{Origin, Record, Severity, TradingState};

impl Engine {
    pub(super) fn on_operator(
        &mut self,
        at: Timestamp,
        command: &OperatorCommand,
        uid: u32,
        request: &str,
        out: &mut Commands,
    ) {
        let outcome = self
            .may_ask_for(command)
            .and_then(|()| self.obey(at, command, (uid, request), out));
        let outcome =
            outcome.map(|said| self.with_what_is_not_sent(command, said).into_boxed_str());
        out.push(Command::Answer {
            request: request.into(),
            outcome,
        });
    }

    fn obey(
        &mut self,
        at: Timestamp,
        command: &OperatorCommand,
        (uid, request): (u32, &str),
        out: &mut Commands,
    ) -> Result<String, Refused> {
        let origin = Origin::Operator {
            uid,
            request: request.into(),
        };
        let saying = |intent| Saying {
            intent,
            uid,
            request,
        };
        match command {
            OperatorCommand::Pause => Ok(self.pause(at, origin, out)),
            OperatorCommand::Resume => self.resume(at, origin, out),
            OperatorCommand::Close(symbol) => self.close_symbol(at, *symbol, origin, out),
            OperatorCommand::Cancel(order) => self.cancel_order(at, *order, uid, out),
            OperatorCommand::Flatten => Ok(self.flatten(at, &origin, out)),
            OperatorCommand::Kill { scope, flatten } => {
                self.kill(at, (scope, *flatten), origin, out)
            }
            OperatorCommand::Arm { scope, account } => {
                self.arm(at, scope, account.as_deref(), origin, out)
            }
            OperatorCommand::Disarm => Ok(self.disarm(at, origin, out)),
            OperatorCommand::Reconcile => Ok(self.reconcile_now(at, out)),
            OperatorCommand::Adopt { symbol, stop } => self.adopt(at, *symbol, *stop, origin, out),
            OperatorCommand::Ignore(symbol) => self.ignore(at, *symbol, origin, out),
            OperatorCommand::Override {
                intent,
                within_nanos,
            } => self.ask_override(at, saying(*intent), *within_nanos, out),
            OperatorCommand::ConfirmOverride { intent, code } => {
                self.confirm_override(at, saying(*intent), code, origin, out)
            }
            OperatorCommand::AckAlert { number } => {
                let number = *number;
                self.write(at, Record::AlertAcknowledged { number, origin }, out);
                Ok(format!("alert {number} is acknowledged"))
            }
            OperatorCommand::Stop { flatten } => Ok(self.stop(at, *flatten, origin, out)),
        }
    }

    fn pause(&mut self, at: Timestamp, origin: Origin, out: &mut Commands) -> String {
        match &self.book.trading {
            TradingState::Reducing => "entries were paused already".to_owned(),
            TradingState::Halted(why) => format!("entries were halted already: {why}"),
            TradingState::Killed(why) => format!("entries are killed: {why}"),
            // A halt that ends by itself would take the pause with it.
            TradingState::Active | TradingState::Tripped(_) | TradingState::Unheard => {
                self.set_trading(at, TradingState::Reducing, origin, out);
                "entries are paused; positions stay protected".to_owned()
            }
        }
    }

    fn resume(
        &mut self,
        at: Timestamp,
        origin: Origin,
        out: &mut Commands,
    ) -> Result<String, Refused> {
        if self.book.flatten.is_some() {
            return Err(Refused::NotNow(
                "a flatten is under way; resume once it is flat".into(),
            ));
        }
        let before = self.book.trading.clone();
        if is(Bug::ResumeLiftsKill) && matches!(before, TradingState::Killed(_)) {
            let scope = crate::record::Scope::All;
            self.write(at, Record::KillLifted { scope, origin }, out);
            return Ok("entries are allowed again".to_owned());
        }
        if let TradingState::Killed(why) = &before {
            let why = format!("it is killed ({why}): `traderctl arm` lifts that");
            return Err(Refused::NotNow(why.into()));
        }
        if before == TradingState::Active {
            return Ok("entries were allowed already".to_owned());
        }
        if matches!(before, TradingState::Tripped(_)) && self.has_lost_the_days_most() {
            let why = "the day has lost as much as it may; the next session allows entries again";
            return Err(Refused::NotNow(why.into()));
        }
        self.write(
            at,
            Record::TradingStateSet {
                state: TradingState::Active,
                origin,
            },
            out,
        );
        // Whoever resumes knows how far the account is below its peak.
        self.clear_standing(at, DRAWDOWN, None, out);
        self.clear_standing(at, MESSAGE_RATE, None, out);
        self.find_loss_floor();
        self.check_losses(at, out);
        if let TradingState::Tripped(why) = &self.book.trading {
            return Ok(format!("entries stay halted until the next session: {why}"));
        }
        Ok(match before.why() {
            Some(why) => format!("entries are allowed again; they had been halted: {why}"),
            None => "entries are allowed again".to_owned(),
        })
    }

    fn close_symbol(
        &mut self,
        at: Timestamp,
        symbol: Symbol,
        origin: Origin,
        out: &mut Commands,
    ) -> Result<String, Refused> {
        let id = *self
            .by_ticker
            .get(&symbol)
            .ok_or_else(|| Refused::UnknownSymbol(symbol.as_str().into()))?;
        let Some(holding) = self.book.holdings.get(&symbol) else {
            let why = format!("{symbol} has no position and no waiting entry");
            return Err(Refused::NotNow(why.into()));
        };
        let message = match &holding.exit {
            Some(why) => format!("{symbol} is being closed already ({why})"),
            None if holding.net.is_flat() => format!("cancelling the waiting entry in {symbol}"),
            None => format!("closing {} shares of {symbol}", holding.net),
        };
        self.plan_exit(at, id, Cause::asked(origin), out);
        Ok(message)
    }

    fn cancel_order(
        &mut self,
        at: Timestamp,
        order: ClientOrderId,
        uid: u32,
        out: &mut Commands,
    ) -> Result<String, Refused> {
        let found = self.book.orders.get(&order).filter(|o| o.is_live());
        let found = found.ok_or(Refused::UnknownOrder(order))?;
        if found.cancel_asked {
            return Ok(format!("a cancel of {order} is under way already"));
        }
        if found.role() == OrderRole::Entry && !found.may_be_cancelled() {
            let why = format!("uid {uid} asked for it").into();
            self.write(
                at,
                Record::CancelAsked {
                    client_id: order,
                    why,
                },
                out,
            );
            return Ok(format!(
                "{order} is cancelled as soon as the broker has acknowledged it"
            ));
        }
        if !found.state.is_acknowledged() {
            let why = format!("the broker has not acknowledged {order} yet; try again in a moment");
            return Err(Refused::NotNow(why.into()));
        }
        // A broker ends the stop with its target.
        if found.role().is_reducing() && !self.book.net(found.symbol()).is_flat() {
            let does = match found.role() {
                OrderRole::Exit => "closes",
                _ => "protects",
            };
            let why = format!(
                "{order} {does} the position in {}; close the position instead (`traderctl close {}`)",
                found.symbol(),
                found.symbol()
            );
            return Err(Refused::NotNow(why.into()));
        }
        let symbol = found.symbol();
        self.ask_cancel(at, order, &format!("uid {uid} asked for it"), out)
            .map_err(|refusal| self.why_not_sent(&refusal))?;
        if let Some(id) = self.by_ticker.get(&symbol).copied() {
            self.tend(at, id, out);
        }
        Ok(format!("cancelling {order}"))
    }

    pub(super) fn flatten(&mut self, at: Timestamp, origin: &Origin, out: &mut Commands) -> String {
        self.pause(at, origin.clone(), out);
        let open = self.book.holdings.len();
        self.begin_flatten(at, origin, out);
        match open {
            0 => "nothing is open; asking the broker to confirm; entries are paused".to_owned(),
            1 => "closing one position or entry; entries are paused until `traderctl resume`"
                .to_owned(),
            n => format!(
                "closing {n} positions and entries; entries are paused until `traderctl resume`"
            ),
        }
    }

    /// Ends the run. At another account it ends as one that leaves everything where it is: nothing can be
    /// closed there, and a wait for it would have no end.
    fn stop(&mut self, at: Timestamp, flatten: bool, origin: Origin, out: &mut Commands) -> String {
        let flatten = flatten && !self.is_at_another_account();
        self.stopping = Some(flatten);
        self.tend_all(at, out);
        if flatten {
            self.exit_everything(at, &Cause::asked(origin), out);
        }
        let open = self.book.holdings.len();
        match (flatten, open) {
            (_, 0) => "stopping; nothing is open".to_owned(),
            (true, n) => format!("stopping once {n} positions and entries are closed"),
            (false, n) => format!("stopping once the stops of {n} open positions rest"),
        }
    }

    /// Says so once everything that a stop waits for has happened.
    pub(super) fn check_finished(&mut self, out: &mut Commands) {
        let Some(flatten) = self.stopping.filter(|_| !self.finished) else {
            return;
        };
        let settled = self.book.holdings.values().all(|holding| {
            // Whatever it is that was asked for may still take out what protects.
            if self.has_open_request(holding) {
                return false;
            }
            if self.is_queued_for_the_open(holding) {
                return true;
            }
            !flatten
                && holding.exit.is_none()
                && self.protection(holding).is_protected()
                && !self.awaits_stop(holding.symbol)
        });
        if settled {
            self.finished = true;
            if flatten {
                self.tell_left_open(out);
            }
            self.end_run(self.now, out);
            out.push(Command::Finished);
        }
    }

    /// Whether something was asked for in a trade that nobody has answered. A cancel that failed may act yet,
    /// as far as the broker has not been heard since.
    fn has_open_request(&self, holding: &Holding) -> bool {
        let lost = |order: &Order| {
            let asked = order.asked_at.filter(|_| order.unwanted);
            asked.is_some_and(|asked| !self.reconciling.has_proof_after(asked))
        };
        let open = |order: &Order| {
            order.cancel_asked || order.replace_asked || order.is_unheard() || lost(order)
        };
        let mut orders = self.book.orders_for(holding);
        orders.any(|order| order.is_live() && open(order))
    }

    /// Tells what a stop that flattens leaves behind: the venue has halted it, or is closed.
    fn tell_left_open(&mut self, out: &mut Commands) {
        let open = self.book.holdings.values().filter(|h| !h.net.is_flat());
        let open: Vec<String> = open.map(|h| format!("{} {}", h.net, h.symbol)).collect();
        if open.is_empty() {
            return;
        }
        let message = format!(
            "the run ends with {} open: nothing could be closed, since the venue is closed or has halted it; a stop \
             rests at the broker, or an exit for the open",
            open.join(", ")
        );
        let action = "close it at the broker once it trades, or start the daemon before then";
        let what = (Severity::Critical, "left_open", None);
        self.alert(self.now, what, (message, action), out);
    }

    /// Whether nothing more can be done for a position before the venue opens: its exit is queued
    /// there, or its stop rests.
    fn is_queued_for_the_open(&self, holding: &Holding) -> bool {
        let id = self.by_ticker.get(&holding.symbol);
        let Some(state) = id.and_then(|id| self.symbols.get(id.index())) else {
            return false;
        };
        if matches!(self.venue(state, self.now), Venue::Open { .. }) || holding.exit.is_none() {
            return false;
        }
        let orders: TradeOrders<'_> = self.book.orders_for(holding).collect();
        is_closing(&orders) || self.protection(holding) == Protection::Protected
    }
}
