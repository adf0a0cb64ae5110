//! INV-5: no entry leaves that breaks a limit by the broker's truth, and the broker never holds more
//! positions than are allowed.

use trader_contract::{BrokerRequest, Money, OrderKind, OrderRole, Price, Symbol};
use trader_core::Engine;
use trader_core::risk::waiver::Waivable;

use super::ledger::is_after_a_split;
use super::{Checked, Sent, View, Watcher};
use crate::sim::truth::remaining;

/// The watcher.
#[derive(Debug, Default)]
pub(super) struct InsideLimits {
    looked_at: u64,
}

impl Watcher for InsideLimits {
    fn invariant(&self) -> &'static str {
        "INV-5"
    }

    fn sent(&mut self, sent: &Sent<'_>, view: &View<'_>) -> Checked {
        let BrokerRequest::Submit(request) = sent.request else {
            return Ok(0);
        };
        if request.client_id.role != OrderRole::Entry {
            return Ok(0);
        }
        let limits = &view.plan.limits;
        let waives = |limit| view.truth.waives(request.client_id, limit);
        if request.qty > limits.order_shares && !waives(Waivable::OrderShares) {
            return Err(format!(
                "{} is for {} shares, the limit is {}",
                request.client_id, request.qty, limits.order_shares
            ));
        }
        let last = view.engine.and_then(|engine| last(engine, request.symbol));
        let price = match request.kind {
            OrderKind::Limit { limit } | OrderKind::StopLimit { limit, .. } => Some(limit),
            OrderKind::Stop { stop } => Some(stop),
            OrderKind::Market | OrderKind::TrailingStop { .. } => last,
        };
        let value = price.map_or(Money::ZERO, |price| price.times(request.qty));
        if value > limits.order_value && !waives(Waivable::OrderValue) {
            return Err(format!(
                "{} is worth {value}, the limit is {}",
                request.client_id, limits.order_value
            ));
        }
        let gross = gross(view, value).filter(|_| !waives(Waivable::GrossExposure));
        if let Some(why) = gross {
            return Err(format!("{} left although {why}", request.client_id));
        }
        Ok(3)
    }

    fn after(&mut self, view: &View<'_>) -> Checked {
        if self.looked_at == view.truth.version {
            return Ok(0);
        }
        self.looked_at = view.truth.version;
        let limits = &view.plan.limits;
        let open = view.truth.open.values();
        let entries = open.filter(|report| report.client_id.role == OrderRole::Entry);
        let mut symbols: Vec<Symbol> = entries.map(|report| report.symbol).collect();
        // What was adopted was not entered, nor was what an execution taken back has left.
        let alone = |symbol: &Symbol| view.truth.is_alone(*symbol);
        symbols.extend(view.truth.held.keys().filter(|symbol| alone(symbol)));
        let waived = |symbol: &Symbol, limit| view.truth.waives_in(*symbol, limit);
        symbols.retain(|symbol| !waived(symbol, Waivable::OpenPositions));
        symbols.sort_unstable();
        symbols.dedup();
        let most = usize::try_from(limits.open_positions).unwrap_or(usize::MAX);
        if symbols.len() > most {
            return Err(format!(
                "the broker has positions and entries in {} symbols, the limit is {most}",
                symbols.len(),
            ));
        }
        let mut checks = 1;
        let held = view.truth.held.iter();
        for (symbol, held) in held.filter(|(symbol, _)| alone(symbol)) {
            checks += 1;
            let most = limits.order_shares;
            let more = waived(symbol, Waivable::OrderShares) || is_after_a_split(view);
            if held.net.magnitude() > most && !more {
                return Err(format!(
                    "{} shares of {symbol}, the limit is {most}",
                    held.net
                ));
            }
        }
        Ok(checks)
    }
}

/// Whether an entry of this value would make more than is allowed of what is held and what waits at the
/// broker, and clearly so: prices and equity move between the daemon's sum and this one.
fn gross(view: &View<'_>, value: Money) -> Option<String> {
    let engine = view.engine?;
    let mut equity = view.truth.cash;
    let mut gross = value;
    if !view.truth.owner.has_nothing() {
        // Nobody can say what the owner's positions are worth to the daemon.
        return None;
    }
    for (symbol, held) in &view.truth.held {
        if view
            .truth
            .owner
            .unknown_until(*symbol, view.around.calm_from)
            > view.now
        {
            // What the owner has just added is not known to the daemon yet.
            return None;
        }
        let last = last(engine, *symbol)?;
        equity += last.times_net(held.net);
        gross += last.times(held.net.magnitude());
    }
    for report in view.truth.open.values() {
        if report.client_id.role == OrderRole::Entry {
            let price = report
                .limit
                .or(report.stop)
                .or(last(engine, report.symbol))?;
            gross += price.times(remaining(report));
        }
    }
    let most = equity.scaled_down(view.plan.limits.gross_exposure);
    let slack = most.scaled_down(trader_contract::Ratio::from_billionths(20_000_000));
    (gross > most + slack).then(|| format!("{gross} would be held or wait, at most {most} may"))
}

/// The last price that the daemon has heard.
fn last(engine: &Engine, symbol: Symbol) -> Option<Price> {
    let id = engine.symbol_id(symbol)?;
    engine.symbols().get(id.index())?.last
}
