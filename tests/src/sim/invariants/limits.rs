//! INV-5: no entry leaves that breaks a limit by the broker's truth, and the broker never holds more
//! positions than are allowed.

use trader_contract::{BrokerRequest, Money, OrderKind, OrderRole, Price, Symbol};
use trader_core::Engine;

use super::{Checked, Sent, View, Watcher};

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
        if request.qty > limits.order_shares {
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
        if value > limits.order_value {
            return Err(format!(
                "{} is worth {value}, the limit is {}",
                request.client_id, limits.order_value
            ));
        }
        Ok(2)
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
        symbols.extend(view.truth.held.keys());
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
        for (symbol, held) in &view.truth.held {
            checks += 1;
            let most = limits.order_shares;
            if held.net.magnitude() > most {
                return Err(format!(
                    "{} shares of {symbol}, the limit is {most}",
                    held.net
                ));
            }
        }
        Ok(checks)
    }
}

/// The last price that the daemon has heard.
fn last(engine: &Engine, symbol: Symbol) -> Option<Price> {
    let id = engine.symbol_id(symbol)?;
    engine.symbols().get(id.index())?.last
}
