//! What strategies want: each intent is carried out, or written down as refused. How an entry is
//! sized and placed is in the file of entries.

use trader_contract::{Bar, Fact, Intent, Intents, Level, SymbolId, Timeframe, Timestamp};

use super::Engine;
use super::cause::Cause;
use super::entries::Wanted;
use crate::command::Commands;
use crate::record::{Decision, Origin, Record};

/// Where an intent comes from.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) at: Timestamp,
    /// The lane whose strategy wants it.
    pub(super) lane: usize,
    /// The lane's symbol.
    pub(super) symbol: SymbolId,
    /// The bar that the strategy was shown, if it was shown one.
    pub(super) bar: Option<&'a Bar>,
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
        let Some(symbol) = self.lanes.get(lane).map(|l| l.symbol) else {
            return;
        };
        let from = Source {
            at,
            lane,
            symbol,
            bar,
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
                    self.enter(from, wanted, intent, out);
                }
                Intent::MoveStop { stop, .. } => {
                    let stop = *stop;
                    self.move_stop(from, stop, intent, out);
                }
                Intent::Exit { .. } => self.exit(from, intent, out),
                Intent::CancelEntry { .. } => self.withdraw(from, intent, out),
            }
            self.tend(at, symbol, out);
        }
    }

    /// Writes down an intent with what became of it.
    pub(super) fn write_intent(
        &mut self,
        from: Source<'_>,
        intent: Intent,
        decision: Decision,
        out: &mut Commands,
    ) {
        let Some(state) = self.symbols.get(from.symbol.index()) else {
            return;
        };
        let seen = (self.lanes.get(from.lane))
            .zip(from.bar)
            .map(|(lane, bar)| Box::new(lane.seen(bar)));
        let record = Record::IntentTaken {
            id: self.book.next_intent(),
            seen,
            origin: Origin::Strategy {
                route: self.route_name(from.lane),
            },
            symbol: state.instrument.symbol,
            intent,
            bar: self.decided_on(from),
            decision,
        };
        self.write(from.at, record, out);
    }

    /// The bar that an intent was decided on, as the journal names it.
    pub(super) fn decided_on(&self, from: Source<'_>) -> Option<(Timeframe, Timestamp)> {
        let timeframe = self.lanes.get(from.lane).map(|l| l.timeframe);
        timeframe.zip(from.bar.map(|bar| bar.start))
    }

    /// Plans the protective stop elsewhere; where the market has already passed the new level, the
    /// position is closed instead.
    fn move_stop(&mut self, from: Source<'_>, level: Level, intent: Intent, out: &mut Commands) {
        let Some(state) = self.symbols.get(from.symbol.index()) else {
            return;
        };
        let symbol = state.instrument.symbol;
        let position = state
            .position
            .filter(|p| state.owner == Some(from.lane) && !p.exiting);
        let tick = state
            .last
            .map_or(1, |last| state.instrument.tick.tick_micros(last));
        let stop = position.and_then(|p| p.direction.round_stop(level, tick));
        let reason = intent.reason().clone();
        let decided = self.book.next_intent();
        self.note(from, intent, stop.is_some(), out);
        let Some(stop) = stop else { return };
        let record = Record::StopPlanned {
            symbol,
            stop,
            reason: reason.with("level", Fact::Level(level)),
            decided: Some(decided),
        };
        self.write(from.at, record, out);
    }

    fn exit(&mut self, from: Source<'_>, intent: Intent, out: &mut Commands) {
        let owns = self
            .symbols
            .get(from.symbol.index())
            .is_some_and(|s| s.owner == Some(from.lane) && s.position.is_some_and(|p| !p.exiting));
        let cause = Cause::strategy(self.route_name(from.lane), self.book.next_intent());
        self.note(from, intent, owns, out);
        if owns {
            self.plan_exit(from.at, from.symbol, cause, out);
        }
    }

    /// Cancels the waiting entry of the lane.
    fn withdraw(&mut self, from: Source<'_>, intent: Intent, out: &mut Commands) {
        let waits = self
            .symbols
            .get(from.symbol.index())
            .is_some_and(|s| s.owner == Some(from.lane) && s.pending.is_some());
        self.note(from, intent, waits, out);
        if waits {
            self.cancel_entry(from.at, from.symbol, "the strategy wants it no more", out);
        }
    }

    /// Writes down an intent about an open trade.
    fn note(&mut self, from: Source<'_>, intent: Intent, taken: bool, out: &mut Commands) {
        let Some(state) = self.symbols.get(from.symbol.index()) else {
            return;
        };
        let symbol = state.instrument.symbol;
        let decision = if taken {
            Decision::Accepted {
                order: None,
                checks: Vec::new(),
                sizing: None,
            }
        } else {
            let detail = format!("{symbol} has no open trade of this route that it could apply to");
            Decision::Refused {
                rule: "nothing_to_do".into(),
                detail: detail.into(),
                checks: Vec::new(),
                sizing: None,
            }
        };
        self.write_intent(from, intent, decision, out);
    }

    /// Plans to close the open trade of a symbol, its waiting entry included.
    pub(super) fn plan_exit(
        &mut self,
        at: Timestamp,
        id: SymbolId,
        cause: Cause,
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
            self.forget_back_off(id);
            self.write(at, cause.record(symbol), out);
        }
        self.tend(at, id, out);
    }

    /// An entry has waited for as many bars as it may.
    pub(super) fn expire_entry(&mut self, at: Timestamp, id: SymbolId, out: &mut Commands) {
        self.cancel_entry(at, id, "it did not fill within its bars", out);
        self.tend(at, id, out);
    }
}
