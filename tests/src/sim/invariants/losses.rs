//! INV-16: losses stop entries. What is lost is added up here from the broker's own executions and its
//! cash, and from the prices that the daemon was told; the daemon's book is not asked. What stops entries
//! is read from what was written.

use std::collections::{BTreeMap, BTreeSet};

use trader_contract::{
    ClientOrderId, Execution, Money, OrderReport, Ratio, Side, Symbol, Timestamp,
};
use trader_core::Event;
use trader_core::record::{IntentId, JournalEntry, Origin, Record, Trade, TradingState};

use super::prices::Prices;
use super::trading::entry;
use super::{Checked, Sent, View, Watcher};

/// Until when a breaker must have tripped, undisturbed.
const TOLD_WITHIN: i64 = 70 * Timestamp::SECOND;
/// So long after the last change everything was told.
const SETTLED: i64 = 5 * Timestamp::SECOND;
/// What a sum may be beside another one: prices are heard one after the other.
const SLACK: Ratio = Ratio::from_billionths(400_000);

/// The watcher.
#[derive(Debug, Default)]
pub(super) struct LossesStop {
    /// What stops entries, and since when.
    stopped: Option<(String, Timestamp)>,
    /// Losing trades in a row, in the order in which the daemon learnt of their ends.
    losses: u32,
    /// A person has looked since, and allowed entries all the same.
    allowed: bool,
    /// What each trade has brought, by the broker's executions.
    flows: BTreeMap<IntentId, Money>,
    /// Symbols in which the broker has taken executions back: what is left of a trade that was over is
    /// the next one's.
    corrected: BTreeSet<Symbol>,
    prices: Prices,
    opened: Option<Money>,
    peak: Option<Money>,
    /// Cash, and when it last changed: whatever fills changes it.
    cash: Option<Money>,
    changed_at: Option<Timestamp>,
    /// Since when too much is lost, and nothing has stopped.
    low_since: Option<Timestamp>,
    looked_at: Option<Timestamp>,
}

impl LossesStop {
    fn state(&mut self, state: &TradingState, origin: &Origin, now: Timestamp) {
        match state {
            TradingState::Active => {
                self.stopped = None;
                self.allowed |= matches!(origin, Origin::Operator { .. });
            }
            other => {
                let since = self.stopped.as_ref().map_or(now, |(_, since)| *since);
                self.stopped = Some((format!("{other:?}"), since));
            }
        }
    }

    /// What the account is worth by the broker's cash and positions; `None` where something of it is
    /// the owner's, or the daemon was told no price of what is held.
    fn equity(&self, view: &View<'_>) -> Option<Money> {
        if !view.truth.owner.has_nothing() {
            return None;
        }
        let mut equity = view.truth.cash;
        for (symbol, held) in &view.truth.held {
            let last = self.prices.last(*symbol)?;
            equity += last.times_net(held.net);
        }
        Some(equity)
    }

    /// What is lost, if it is clearly more than may be: nothing is under way, and the last change is a
    /// while ago.
    fn below_the_floor(&self, view: &View<'_>) -> Option<String> {
        let settled = self
            .changed_at
            .is_some_and(|at| view.now.since(at) > SETTLED);
        if !settled || self.allowed || view.around.calm_from > view.now {
            return None;
        }
        let equity = self.equity(view)?;
        let limits = &view.plan.limits;
        let beyond = |from: Money, most: Ratio| {
            let (lost, slack) = (from - equity, from.scaled_down(SLACK));
            let most = from.scaled_down(most);
            (lost > most + slack)
                .then(|| format!("{lost} is lost since {from}, at most {most} may be"))
        };
        let day = self
            .opened
            .and_then(|opened| beyond(opened, limits.daily_loss));
        day.or_else(|| self.peak.and_then(|peak| beyond(peak, limits.drawdown)))
    }

    /// Why entries must have stopped by the broker's truth.
    fn too_much(&self, view: &View<'_>) -> Option<String> {
        let most = view.plan.limits.consecutive_losses;
        if most > 0 && self.losses >= most && !self.allowed {
            return Some(format!("{} trades in a row have lost", self.losses));
        }
        self.below_the_floor(view)
    }

    /// A trade has ended: what it has brought is for the broker's executions to say.
    fn closed(&mut self, trade: &Trade, view: &View<'_>) -> Checked {
        let (intent, told) = (trade.intent, trade.profit);
        let flow = self.flows.remove(&intent).unwrap_or(Money::ZERO);
        let owner = view.truth.owner.hand(trade.symbol);
        let alone = !self.corrected.contains(&trade.symbol) && owner.is_none();
        if alone && flow != told {
            return Err(format!(
                "the trade of {intent} is said to have brought {told}, the broker's executions say {flow}"
            ));
        }
        let profit = if alone { flow } else { told };
        if profit < Money::ZERO {
            self.losses += 1;
        } else if profit > Money::ZERO {
            self.losses = 0;
        }
        Ok(2)
    }
}

/// What an execution brings.
fn brings(side: Side, execution: &Execution) -> Money {
    let value = execution.price.times(execution.qty);
    match side {
        Side::Buy => -value - execution.fee,
        Side::Sell => value - execution.fee,
    }
}

impl Watcher for LossesStop {
    fn invariant(&self) -> &'static str {
        "INV-16"
    }

    fn told(&mut self, event: &Event, _at: Timestamp, view: &View<'_>) -> Checked {
        self.prices.told(event, view);
        Ok(0)
    }

    fn reported(&mut self, report: &OrderReport, _view: &View<'_>) -> Checked {
        if let Some(execution) = &report.execution {
            let flow = self.flows.entry(IntentId::from(report.client_id));
            *flow.or_insert(Money::ZERO) += brings(report.side, execution);
        }
        Ok(0)
    }

    fn corrected(
        &mut self,
        (_, symbol): (ClientOrderId, Symbol),
        _executions: (&Execution, Option<&Execution>),
        _view: &View<'_>,
    ) -> Checked {
        self.corrected.insert(symbol);
        Ok(0)
    }

    fn wrote(&mut self, entry: &JournalEntry, durable: bool, view: &View<'_>) -> Checked {
        if !durable {
            return Ok(0);
        }
        match &entry.record {
            Record::TradingStateSet { state, origin } => self.state(state, origin, view.now),
            Record::SessionOpened { equity, .. } => {
                self.losses = 0;
                self.allowed = false;
                let flat = view.truth.held.is_empty();
                self.opened = Some(if flat { view.truth.cash } else { *equity });
                let tripped = |what: &(String, Timestamp)| what.0.starts_with("Tripped");
                self.stopped = self.stopped.take().filter(|what| !tripped(what));
            }
            Record::SessionClosed { summary } => {
                let equity = match view.truth.held.is_empty() {
                    true => view.truth.cash,
                    false => summary.equity_at_close,
                };
                self.peak = Some(self.peak.map_or(equity, |peak| peak.max(equity)));
                self.opened = None;
            }
            // A person's trades beside the daemon's bring their own losses; that nothing else is called
            // paid in or out is looked at with the ledger.
            Record::CashAdopted {
                ours,
                broker,
                transfer: true,
            } => {
                for mark in [&mut self.opened, &mut self.peak].into_iter().flatten() {
                    *mark += *broker - *ours;
                }
            }
            Record::TradeClosed { trade } => return self.closed(trade, view),
            _ => return Ok(0),
        }
        Ok(1)
    }

    fn sent(&mut self, sent: &Sent<'_>, view: &View<'_>) -> Checked {
        let Some(request) = entry(sent) else {
            return Ok(0);
        };
        let id = request.client_id;
        if let Some((what, since)) = &self.stopped
            && *since < view.now
        {
            return Err(format!(
                "{id} left although entries are stopped since {since}: {what}"
            ));
        }
        match self.too_much(view) {
            Some(why) => Err(format!("{id} left although {why}")),
            None => Ok(1),
        }
    }

    fn after(&mut self, view: &View<'_>) -> Checked {
        if self.cash != Some(view.truth.cash) {
            self.cash = Some(view.truth.cash);
            self.changed_at = Some(view.now);
        }
        // Over a minute it does not matter when in a second something began.
        if self
            .looked_at
            .is_some_and(|at| view.now.since(at) < Timestamp::SECOND)
        {
            return Ok(0);
        }
        self.looked_at = Some(view.now);
        let up = view
            .around
            .up_since
            .is_some_and(|since| view.now.since(since) > TOLD_WITHIN);
        let open = view.around.open_since.is_some() && up && !view.around.journal_failed;
        if !open || self.stopped.is_some() {
            self.low_since = None;
            return Ok(0);
        }
        let Some(why) = self.too_much(view) else {
            self.low_since = None;
            return Ok(1);
        };
        let since = *self.low_since.get_or_insert(view.now);
        if view.now.since(since) > TOLD_WITHIN {
            return Err(format!("{why}, since {since}, and nothing has stopped"));
        }
        Ok(1)
    }
}
