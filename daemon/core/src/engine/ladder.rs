//! The end of a day, and a flatten: an escalation that ends only when the broker says that the account
//! is flat. How each position is closed is planned elsewhere; here is when, what is told, and what is
//! taken for the broker's word.
//!
//! From `flatten` on every position and waiting entry is closed, whenever it turns up. At the deadline
//! what is still open is told, and what is closed after it is named no longer; the alert stands until a
//! snapshot that was asked for after the last report shows no position and no order. What is open at the
//! close is a residue: its symbol is not entered, it is protected over the night by its stop or by an
//! exit that waits for the open, and the next open closes it first.

use serde::{Deserialize, Serialize};
use trader_contract::{BrokerSnapshot, Symbol, SymbolId, Timestamp};

use super::cause::Cause;
use super::session::Phase;
use super::working::CHASE;
use super::{Engine, sweep};
use crate::command::Commands;
use crate::record::{Block, Origin, Record, Severity};

/// While no session is open, the broker is asked this often, in nanoseconds.
const ASK_AT_NIGHT: i64 = Timestamp::MINUTE;
/// The alert that something is open that should not be.
const NOT_FLAT: &str = "not_flat";
/// The alert that a position goes over the night that should not.
pub(super) const RESIDUE: &str = "residue";

/// How far the confirmation of flat has come.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Ladder {
    /// The broker is not asked before this whether it is flat.
    ask_at: Timestamp,
    /// Snapshots up to this number may have been taken before the last report.
    stale: u32,
    /// Whether the broker has said since the deadline that it is flat.
    confirmed: bool,
}

impl Default for Ladder {
    fn default() -> Self {
        Self {
            ask_at: Timestamp::MIN,
            stale: 0,
            confirmed: false,
        }
    }
}

impl Ladder {
    /// A report came: what was asked for before it proves nothing.
    pub(super) const fn heard(&mut self, asking: sweep::Reconciling) {
        self.stale = asking.number();
    }

    /// A new session: nothing is confirmed.
    pub(super) const fn open(&mut self) {
        self.confirmed = false;
        self.ask_at = Timestamp::MIN;
    }
}

impl Engine {
    /// Whether everything is being closed, by the day's end or because somebody asked for it.
    fn is_closing_down(&self) -> bool {
        self.book.flatten.is_some()
            || (self.must_be_flat() && self.schedule.phase >= Phase::Flattening)
    }

    /// Whether the broker still has to say that the account is flat.
    fn must_confirm(&self) -> bool {
        let by_day = self.schedule.phase == Phase::PastDeadline && !self.ladder.confirmed;
        self.book.flatten.is_some()
            || (by_day && self.must_be_flat())
            || (!self.book.alerts.is_empty() && self.book.standing(NOT_FLAT, None).is_some())
    }

    /// Begins to close everything, until the broker says that it is flat. Durable: a restart goes on.
    pub(super) fn begin_flatten(&mut self, at: Timestamp, origin: &Origin, out: &mut Commands) {
        if self.book.flatten.is_none() {
            let origin = origin.clone();
            self.write(at, Record::FlattenBegan { origin }, out);
        }
        self.ladder.ask_at = Timestamp::MIN;
        self.exit_everything(at, &Cause::asked(origin.clone()), out);
        self.climb(at, out);
    }

    /// Plans to close everything that is open.
    pub(super) fn exit_everything(&mut self, at: Timestamp, cause: &Cause, out: &mut Commands) {
        for id in self.held_symbols() {
            self.plan_exit(at, id, cause.clone(), out);
        }
    }

    /// After every event: what turned up meanwhile is closed too, the broker is asked whether it is
    /// flat once nothing of ours is open, and what was left of a session and is closed now is freed.
    pub(super) fn climb(&mut self, at: Timestamp, out: &mut Commands) {
        if !self.reconciling.is_done() {
            return;
        }
        if !self.book.blocks.is_empty() {
            self.free_residues(at, out);
        }
        if !self.book.alerts.is_empty() && self.book.standing(NOT_FLAT, None).is_some() {
            self.name_what_is_open(at, out);
        }
        if self.is_closing_down() && self.book.holdings.values().any(|h| h.exit.is_none()) {
            let cause = match self.book.flatten.clone() {
                Some(origin) => Cause::asked(origin),
                None => self.day_is_over(),
            };
            self.exit_everything(at, &cause, out);
        }
        if self.book.holdings.is_empty() && self.must_confirm() && at >= self.ladder.ask_at {
            self.request_snapshot(out);
            let pause = match self.schedule.phase {
                Phase::Closed => ASK_AT_NIGHT,
                _ => CHASE,
            };
            self.ladder.ask_at = at.plus_nanos(pause);
        }
    }

    /// When the broker is to be asked next whether it is flat.
    pub(super) fn ladder_due(&self) -> Timestamp {
        let waits = self.chase().is_some()
            && self.reconciling.is_done()
            && self.book.holdings.is_empty()
            && self.must_confirm();
        if waits {
            self.ladder.ask_at
        } else {
            Timestamp::MAX
        }
    }

    /// The deadline: what is open is told, and the broker is asked whether anything is.
    pub(super) fn reach_deadline(&mut self, at: Timestamp, out: &mut Commands) {
        self.ladder.open();
        self.name_what_is_open(at, out);
    }

    /// Tells what is open after the deadline. What has been closed since is named no longer; once nothing
    /// is left the alert stands as it is, for the broker's word.
    fn name_what_is_open(&mut self, at: Timestamp, out: &mut Commands) {
        let past = matches!(self.schedule.phase, Phase::PastDeadline | Phase::Closed);
        let open = self.book.holdings.keys();
        // By the next session only what is left of the one before; what was entered since may be open.
        let open = open.filter(|symbol| past || self.residue_since(**symbol).is_some());
        let open: Vec<String> = open.map(ToString::to_string).collect();
        if open.is_empty() {
            return;
        }
        let message = format!("not flat at the deadline: {}", open.join(", "));
        self.tell_not_flat(at, message, out);
    }

    fn tell_not_flat(&mut self, at: Timestamp, message: String, out: &mut Commands) {
        let action = "closing goes on by itself; close at the broker what is still there at the close; this stands until \
             the broker confirms that nothing is";
        let what = (Severity::Critical, NOT_FLAT, None);
        self.raise_standing(at, what, (message, action), out);
    }

    /// Takes the broker's word that nothing is open, if this snapshot was asked for after everything
    /// else that was heard. What its owner looks after is not ours to close.
    pub(super) fn confirm_flat(
        &mut self,
        at: Timestamp,
        held: &BrokerSnapshot,
        out: &mut Commands,
    ) {
        if !self.book.holdings.is_empty() || !self.must_confirm() {
            return;
        }
        if held.number <= self.ladder.stale {
            self.ladder.ask_at = at;
            return;
        }
        let positions = held
            .positions
            .iter()
            .filter(|(symbol, net)| !net.is_flat() && !self.is_left_to_its_owner(*symbol));
        let orders = held.orders.iter();
        let orders = orders.filter(|order| !order.status.state().is_terminal());
        let left: Vec<String> = positions
            .map(|(symbol, net)| format!("{net} {symbol}"))
            .chain(orders.map(|order| format!("order {}", order.client_id)))
            .collect();
        if !left.is_empty() {
            let message = format!("the broker still holds {}", left.join(", "));
            return self.tell_not_flat(at, message, out);
        }
        self.ladder.confirmed = true;
        self.clear_standing(at, NOT_FLAT, None, out);
        if self.book.flatten.is_some() {
            let flat = held.positions.iter().all(|(_, net)| net.is_flat());
            self.write(at, Record::FlattenEnded { flat }, out);
            let message = if flat {
                "the account is flat; the broker confirms it"
            } else {
                "everything of ours is closed; the broker confirms it, and holds what its owner looks after"
            };
            let what = (Severity::Notice, "flat", None);
            self.alert(at, what, (message.to_owned(), "nothing"), out);
        }
    }

    fn is_left_to_its_owner(&self, symbol: Symbol) -> bool {
        let blocked = self.book.blocks.get(&symbol);
        blocked.is_some_and(|b| matches!(b.block, Block::Foreign | Block::Ignored { .. }))
    }

    /// The session is over: what is still open goes over the night under its name.
    pub(super) fn name_residues(&mut self, at: Timestamp, out: &mut Commands) {
        if !self.must_be_flat() {
            return;
        }
        for id in self.held_symbols() {
            let Some(symbol) = self.symbols.get(id.index()).map(|s| s.instrument.symbol) else {
                continue;
            };
            let net = self.book.net(symbol);
            let halted = self.symbols.get(id.index()).is_some_and(|s| s.halted);
            self.block(at, symbol, Block::Residue, out);
            let cause = Cause::left_over("not_flat_at_the_close", net);
            self.plan_exit(at, id, cause, out);
            if net.is_flat() {
                // An order of it may be at the broker still, and no share.
                continue;
            }
            let why = if halted {
                "the venue has halted it"
            } else {
                "the broker did not close it in time"
            };
            let message = format!(
                "{symbol}: {net} shares go over the night: {why}; the next open closes them first"
            );
            let action = "look at the position at the broker; `traderctl positions` shows its stop";
            let what = (Severity::Critical, RESIDUE, Some(symbol));
            self.raise_standing(at, what, (message, action), out);
        }
    }

    /// Since when a symbol has a position that is left of a session.
    pub(super) fn residue_since(&self, symbol: Symbol) -> Option<Timestamp> {
        let blocked = self.book.blocks.get(&symbol)?;
        (blocked.block == Block::Residue).then_some(blocked.at)
    }

    /// What was left of a session and is closed now may be entered again.
    fn free_residues(&mut self, at: Timestamp, out: &mut Commands) {
        let held = &self.book.holdings;
        let over = self
            .book
            .blocks
            .iter()
            .filter(|(symbol, _)| !held.contains_key(symbol));
        let over: Vec<(Symbol, bool)> = over
            .map(|(symbol, blocked)| (*symbol, blocked.block == Block::Residue))
            .collect();
        for (symbol, is_residue) in over {
            if is_residue {
                self.unblock(at, symbol, out);
            }
            // It stands beside another block, too.
            self.clear_standing(at, RESIDUE, Some(symbol), out);
        }
    }

    /// A position of an earlier session is closed at the open, before anything else.
    pub(super) fn close_left_over(&mut self, at: Timestamp, out: &mut Commands) {
        for id in self.held_symbols() {
            self.close_carried(at, id, out);
        }
    }

    fn close_carried(&mut self, at: Timestamp, id: SymbolId, out: &mut Commands) {
        let Some(symbol) = self.symbols.get(id.index()).map(|s| s.instrument.symbol) else {
            return;
        };
        let holding = self.book.holdings.get(&symbol);
        let Some(net) = holding.filter(|h| h.exit.is_none()).map(|h| h.net) else {
            return;
        };
        if net.is_flat() {
            return;
        }
        let message =
            format!("{symbol}: {net} shares were held since an earlier session; closing them");
        let action = "nothing, if `traderctl positions` shows the symbol flat soon";
        let what = (Severity::Critical, "carried_overnight", Some(symbol));
        self.alert(at, what, (message, action), out);
        let cause = Cause::left_over("held_since_an_earlier_session", net);
        self.plan_exit(at, id, cause, out);
    }
}
