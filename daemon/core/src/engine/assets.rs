//! What the venue and the broker say of a symbol itself: halts, and whether it may be traded at all.

use trader_contract::{Bar, Direction, Price, Symbol, SymbolId, Timestamp};

use super::Engine;
use crate::command::Commands;
use crate::planted::{Bug, is};
use crate::record::{Block, Origin, Record, Severity};

impl Engine {
    /// Trading in a symbol stopped or went on. While it is halted no stop executes: the time that one
    /// is given to fill stands still, and exits wait.
    pub(super) fn on_halt(
        &mut self,
        at: Timestamp,
        symbol: Symbol,
        halted: bool,
        out: &mut Commands,
    ) {
        let Some(id) = self.by_ticker.get(&symbol).copied() else {
            return;
        };
        if let Some(state) = self.symbols.get_mut(id.index())
            && state.halted != halted
        {
            state.halted = halted;
            state.look |= halted;
            if halted {
                state.halted_at = at;
            } else {
                state.resumed_at = at;
            }
        }
        if !halted {
            self.forget_back_off(id);
            self.clear_standing(at, "halted", Some(symbol), out);
        } else if !self.book.net(symbol).is_flat() {
            let message = format!(
                "{symbol} is halted with a position open; its stop does not execute until it trades again"
            );
            let action = "nothing: it is closed or protected again by itself once it trades";
            let what = (Severity::Warning, "halted", Some(symbol));
            self.raise_standing(at, what, (message, action), out);
        }
        self.tend(at, id, out);
    }

    /// What may be done with a symbol has changed.
    pub(super) fn on_asset(
        &mut self,
        at: Timestamp,
        symbol: Symbol,
        (tradable, shortable): (bool, bool),
        out: &mut Commands,
    ) {
        let Some(id) = self.by_ticker.get(&symbol).copied() else {
            return;
        };
        if let Some(state) = self.symbols.get_mut(id.index()) {
            state.tradable = tradable;
            state.shortable = shortable || is(Bug::BorrowIgnored);
        }
        let direction = Direction::of(self.book.net(symbol));
        let cases = [
            (
                "not_tradable",
                !tradable && direction.is_some(),
                format!("{symbol} may not be traded any more, and a position in it is open"),
            ),
            (
                "not_shortable",
                !shortable && direction == Some(Direction::Short),
                format!(
                    "{symbol} may not be sold short any more: its short position may be bought in"
                ),
            ),
        ];
        for (kind, holds, message) in cases {
            if holds {
                let action =
                    "close the position (`traderctl close`), or ask the broker what it will do";
                let what = (Severity::Critical, kind, Some(symbol));
                self.raise_standing(at, what, (message, action), out);
            } else {
                self.clear_standing(at, kind, Some(symbol), out);
            }
        }
    }

    /// A session opens: the first bar of each symbol is compared with the close before. In a backtest
    /// the stored bars are what they are.
    pub(super) fn look_at_opens(&mut self) {
        if self.chase().is_none() {
            return;
        }
        for state in &mut self.symbols {
            state.first = state.last.is_some();
            state.look |= state.first;
        }
    }

    /// Looks at a bar that is the first of its session, or comes while the symbol counts as halted.
    #[cold]
    pub(super) fn look_at(
        &mut self,
        at: Timestamp,
        id: SymbolId,
        bar: &Bar,
        before: Option<Price>,
        out: &mut Commands,
    ) {
        let Some(state) = self.symbols.get_mut(id.index()) else {
            return;
        };
        let symbol = state.instrument.symbol;
        let first = std::mem::take(&mut state.first);
        // A bar that began after the halt has trades of after it, whatever we were told.
        let trades_again = state.halted && bar.start >= state.halted_at;
        state.look = state.halted && !trades_again;
        if trades_again {
            self.on_halt(at, symbol, false, out);
        }
        let Some(before) = before.filter(|before| first && is_jump(*before, bar.open)) else {
            return;
        };
        if self.book.blocks.contains_key(&symbol) || is(Bug::JumpIgnored) {
            return;
        }
        let record = Record::SymbolBlocked {
            symbol,
            block: Block::Jumped,
            origin: Origin::Engine,
        };
        self.write(at, record, out);
        let message = format!(
            "{symbol} opens at {} after {before}, and no split is known that would explain it; it is not entered",
            bar.open
        );
        let action = "find out why, then `traderctl arm --symbol` it; a split of which the daemon is not told makes its stops wrong";
        let what = (Severity::Critical, "jumped", Some(symbol));
        self.raise_standing(at, what, (message, action), out);
    }

    /// A person lets a symbol be entered again that its price, a position left over or a
    /// contradiction had blocked.
    /// Says so, if it was blocked for such a reason.
    pub(super) fn free_by_hand(
        &mut self,
        at: Timestamp,
        symbol: Symbol,
        origin: &Origin,
        out: &mut Commands,
    ) -> bool {
        let kind = match self.book.blocks.get(&symbol).map(|b| &b.block) {
            Some(Block::Jumped) => "jumped",
            Some(Block::Residue) => "residue",
            Some(Block::Contradicted) => "contradicting_report",
            _ => return false,
        };
        let origin = origin.clone();
        self.write(at, Record::SymbolFreed { symbol, origin }, out);
        self.clear_standing(at, kind, Some(symbol), out);
        true
    }
}

/// Whether two prices are more than two fifths of the first apart.
fn is_jump(before: Price, now: Price) -> bool {
    let (before, now) = (i128::from(before.micros()), i128::from(now.micros()));
    let apart = now.abs_diff(before).saturating_mul(5);
    apart > before.unsigned_abs().saturating_mul(2)
}
