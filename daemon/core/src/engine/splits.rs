//! Splits: the book counts in new shares and new prices from then on, the orders that rest are the
//! broker's to cancel or to change, and the stop is placed anew where the broker has none on the new
//! basis. Fractions are the broker's: what it holds after the split is adopted.

use trader_contract::{Level, NetQty, Symbol, SymbolId, Timestamp};

use super::session::Phase;
use super::{Engine, SymbolState};
use crate::book::Split;
use crate::command::Commands;
use crate::planted::{Bug, is};
use crate::record::{Record, Severity};

impl Engine {
    /// Who held `old` shares holds `new` from now on. Told twice, it counts once.
    pub(super) fn on_split(
        &mut self,
        at: Timestamp,
        symbol: Symbol,
        (new, old): (u32, u32),
        out: &mut Commands,
    ) {
        let Some(id) = self.by_ticker.get(&symbol).copied() else {
            return;
        };
        let known = self.book.splits.get(&symbol);
        if is(Bug::SplitIgnored)
            || new == 0
            || old == 0
            || known.is_some_and(|s| (s.new, s.old) == (new, old))
        {
            return;
        }
        if self.schedule.phase != Phase::Closed || self.was_opened() {
            let message = format!(
                "{symbol}: told of a split of {new} for {old} after the open; what is known of it may be on the old basis"
            );
            let action = "compare the position and its stop with the broker's";
            let what = (Severity::Critical, "late_split", Some(symbol));
            return self.alert(at, what, (message, action), out);
        }
        let record = Record::SplitApplied { symbol, new, old };
        self.write(at, record, out);
        self.adjust_price(
            id,
            Split {
                new,
                old,
                used: false,
            },
        );
        self.fit_stop_to_tick(at, id, out);
        let message = format!("{symbol}: {new} shares for {old} from now on");
        let action = "nothing: stops are placed on the new basis before the open";
        let what = (Severity::Notice, "split", Some(symbol));
        self.alert(at, what, (message, action), out);
        self.cancel_entry(at, id, "its price is from before a split", out);
        // What became of the orders is for the broker to say; its answer brings the stop.
        self.request_snapshot(out);
    }

    /// Whether the session that we are in was opened by an earlier run: what is known of positions may be
    /// on the new basis already.
    fn was_opened(&self) -> bool {
        let (Some(session), Some(day)) = (self.schedule.session, &self.book.day) else {
            return false;
        };
        day.date == session.date && !day.closed
    }

    /// The last price on the new basis: what it is compared with is. That of the past which a start was
    /// shown is on it already where the start tells of the split.
    fn adjust_price(&mut self, id: SymbolId, split: Split) {
        let is_start = !self.reconciling.is_done();
        if let Some(state) = self.symbols.get_mut(id.index()) {
            if !is_start {
                state.last = state.last.and_then(|last| split.price(last));
            }
            state.quote = None;
        }
        self.refresh(id);
        self.value_account();
    }

    /// The book rounds to the usual tick; a symbol may have another.
    fn fit_stop_to_tick(&mut self, at: Timestamp, id: SymbolId, out: &mut Commands) {
        let Some(instrument) = self.symbols.get(id.index()).map(|s| s.instrument) else {
            return;
        };
        let symbol = instrument.symbol;
        let Some(holding) = self.book.holdings.get(&symbol) else {
            return;
        };
        let Some(stop) = holding.stop.filter(|stop| !instrument.tick.allows(*stop)) else {
            return;
        };
        let tick = instrument.tick.tick_micros(stop);
        let rounded = holding.direction.round_stop(Level::from(stop), tick);
        if let Some(stop) = rounded {
            let reason = trader_contract::Reason::new("split");
            let record = Record::StopPlanned {
                symbol,
                stop,
                reason,
                decided: None,
            };
            self.write(at, record, out);
        }
    }

    /// Whether a split waits for its first session: the broker may not be done with it.
    pub(super) fn is_splitting(&self, state: &SymbolState) -> bool {
        self.waiting_split(state.instrument.symbol).is_some()
    }

    /// Whether a position has a fraction that the broker has yet to take away.
    pub(super) fn awaits_fraction(&self, id: SymbolId) -> bool {
        let Some(state) = self.symbols.get(id.index()) else {
            return false;
        };
        let net = self.book.net(state.instrument.symbol);
        !net.magnitude().is_whole() && self.is_splitting(state)
    }

    fn waiting_split(&self, symbol: Symbol) -> Option<Split> {
        let split = self.book.splits.get(&symbol).copied()?;
        (!split.used && self.schedule.phase == Phase::Closed).then_some(split)
    }

    /// Whether a position differs from the broker's because of a split: the broker is not done with
    /// it, or it has taken a fraction away, and that is adopted here.
    pub(super) fn explains_by_split(
        &mut self,
        at: Timestamp,
        symbol: Symbol,
        (ours, broker): (NetQty, NetQty),
        out: &mut Commands,
    ) -> bool {
        let Some(split) = self.waiting_split(symbol) else {
            return false;
        };
        let share = NetQty::from_nanos(1_000_000_000).map_or(1, NetQty::nanos);
        let taken = ours.nanos().abs_diff(broker.nanos());
        let is_fraction = taken < share.unsigned_abs()
            && broker.magnitude() < ours.magnitude()
            && broker.magnitude().is_whole();
        // Where both could be, as with 3 for 2 and one share, both come to what the broker holds now.
        if !is_fraction {
            return split.shares(broker) == Some(ours);
        }
        if let Some(id) = self.by_ticker.get(&symbol) {
            self.forget_back_off(*id);
        }
        let record = Record::Discrepancy {
            symbol,
            ours,
            broker,
            price: None,
        };
        self.write(at, record, out);
        let message = format!(
            "{symbol}: the broker holds {broker} shares after the split, of {ours}; it pays for the fraction"
        );
        let action = "nothing: the trade's profit is left out of the figures";
        let what = (Severity::Notice, "split_fraction", Some(symbol));
        self.alert(at, what, (message, action), out);
        true
    }
}
