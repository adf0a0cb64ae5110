//! Why a position is closed, as the journal keeps it: for whom, by which rule, with its numbers.

use trader_contract::{Fact, NetQty, Reason, Timestamp};

use super::Engine;
use crate::book::Holding;
use crate::record::{ExitReason, IntentId, Origin, Record};

/// Why a position is closed.
#[derive(Debug, Clone)]
pub(super) struct Cause {
    why: ExitReason,
    origin: Origin,
    reason: Option<Reason>,
    decided: Option<IntentId>,
}

impl Cause {
    /// A person asked for it.
    pub(super) const fn asked(origin: Origin) -> Self {
        Self {
            why: ExitReason::Operator,
            origin,
            reason: None,
            decided: None,
        }
    }

    /// A rule of the engine asks for it.
    pub(super) const fn rule(why: ExitReason, reason: Reason) -> Self {
        Self {
            why,
            origin: Origin::Engine,
            reason: Some(reason),
            decided: None,
        }
    }

    /// A strategy wanted it.
    pub(super) const fn strategy(route: Box<str>, decided: IntentId) -> Self {
        Self {
            why: ExitReason::Strategy,
            origin: Origin::Strategy { route },
            reason: None,
            decided: Some(decided),
        }
    }

    /// The position has no stop that works, since `since`; or it was turned by its own exits.
    pub(super) fn unprotected(
        kind: &'static str,
        holding: &Holding,
        since: Option<Timestamp>,
        at: Timestamp,
    ) -> Self {
        let mut reason = with_shares(Reason::new(kind), holding.net);
        if let Some(stop) = holding.stop {
            reason = reason.with("stop", Fact::Level(stop.into()));
        }
        if let Some(since) = since {
            let nanos = at.since(since).max(0);
            let milliseconds = nanos.checked_div(1_000_000).unwrap_or(0);
            reason = reason.with("milliseconds_without", Fact::Count(milliseconds));
        }
        Self::rule(ExitReason::Unprotected, reason)
    }

    /// The position was not closed by the end of its session.
    pub(super) fn left_over(rule: &'static str, net: NetQty) -> Self {
        Self::rule(ExitReason::EndOfDay, with_shares(Reason::new(rule), net))
    }

    /// The line of the journal.
    pub(super) fn record(self, symbol: trader_contract::Symbol) -> Record {
        Record::ExitPlanned {
            symbol,
            why: self.why,
            origin: self.origin,
            reason: self.reason,
            decided: self.decided,
        }
    }
}

fn with_shares(reason: Reason, net: NetQty) -> Reason {
    reason.with("shares", Fact::Word(net.to_string().into()))
}

impl Engine {
    /// The session ends: so many minutes before its close everything is closed.
    pub(super) fn day_is_over(&self) -> Cause {
        let before_close = self.day_rules().map_or(0, |rules| rules.flatten_nanos);
        let minutes = before_close.checked_div(Timestamp::MINUTE).unwrap_or(0);
        let reason =
            Reason::new("flatten_before_close").with("minutes_before_close", Fact::Count(minutes));
        Cause::rule(ExitReason::EndOfDay, reason)
    }
}
