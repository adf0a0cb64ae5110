//! What the venue and the broker say of a symbol itself: halts, and whether it may be traded at all.

use trader_contract::{Bar, Direction, Price, Symbol, SymbolId, Timestamp};

use super::Engine;
use super::ladder::RESIDUE;
use super::reports::CONTRADICTED;
use crate::command::Commands;
use crate::planted::{Bug, is};
use crate::record::{Block, Origin, Record, Severity};

/// The alert that a price has jumped over the night, and nobody knows why.
const JUMPED: &str = "jumped";
/// The alert that the venue has halted a symbol with a position in it.
pub(super) const HALTED: &str = "halted";
/// What keeps a symbol from being entered until a person has looked: the alert that stands as long.
const JUDGED: [(&str, Block); 2] = [(JUMPED, Block::Jumped), (CONTRADICTED, Block::Contradicted)];

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
            self.clear_standing(at, HALTED, Some(symbol), out);
        } else if !self.book.net(symbol).is_flat() {
            let message = format!(
                "{symbol} is halted with a position open; its stop does not execute until it trades again"
            );
            let action = "nothing: it is closed or protected again by itself once it trades";
            let what = (Severity::Warning, HALTED, Some(symbol));
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
        if is(Bug::JumpIgnored) {
            return;
        }
        self.block(at, symbol, Block::Jumped, out);
        let message = format!(
            "{symbol} opens at {} after {before}, and no split is known that would explain it; it is not entered",
            bar.open
        );
        let action = "find out why, then `traderctl arm --symbol` it; a split of which the daemon is not told makes its stops wrong";
        let what = (Severity::Critical, JUMPED, Some(symbol));
        self.raise_standing(at, what, (message, action), out);
    }

    /// Keeps a symbol from being entered, unless something else does already: what only a person can
    /// judge has its alert standing beside it.
    pub(super) fn block(
        &mut self,
        at: Timestamp,
        symbol: Symbol,
        block: Block,
        out: &mut Commands,
    ) {
        if self.book.blocks.contains_key(&symbol) {
            return;
        }
        let origin = Origin::Engine;
        let record = Record::SymbolBlocked {
            symbol,
            block,
            origin,
        };
        self.write(at, record, out);
    }

    /// What kept a symbol from being entered has ended by itself. What came up beside it and waits for a
    /// person's look keeps it from now on.
    pub(super) fn unblock(&mut self, at: Timestamp, symbol: Symbol, out: &mut Commands) {
        let mut beside = JUDGED.iter();
        let beside = beside.find(|(kind, _)| self.book.standing(kind, Some(symbol)).is_some());
        let origin = Origin::Engine;
        let record = match beside {
            Some((_, block)) => Record::SymbolBlocked {
                symbol,
                block: block.clone(),
                origin,
            },
            None => Record::SymbolFreed { symbol, origin },
        };
        self.write(at, record, out);
    }

    /// A person has looked at the price, the contradiction or the position left over that kept a symbol
    /// from being entered. What has come of it, if one of them did.
    pub(super) fn free_by_hand(
        &mut self,
        at: Timestamp,
        symbol: Symbol,
        origin: &Origin,
        out: &mut Commands,
    ) -> Option<String> {
        let mut looked = false;
        for (kind, _) in JUDGED {
            looked |= self.book.standing(kind, Some(symbol)).is_some();
            self.clear_standing(at, kind, Some(symbol), out);
        }
        let block = self.book.blocks.get(&symbol).map(|b| b.block.clone());
        match block {
            Some(Block::Jumped | Block::Contradicted | Block::Residue) => {
                let origin = origin.clone();
                self.write(at, Record::SymbolFreed { symbol, origin }, out);
                self.clear_standing(at, RESIDUE, Some(symbol), out);
                Some(format!("{symbol} may be entered again"))
            }
            Some(block) if looked => {
                let block = block.name();
                Some(format!(
                    "what was told of {symbol} is taken as looked at; it stays blocked: {block}"
                ))
            }
            _ => None,
        }
    }
}

/// Whether two prices are more than two fifths of the first apart.
fn is_jump(before: Price, now: Price) -> bool {
    let (before, now) = (i128::from(before.micros()), i128::from(now.micros()));
    let apart = now.abs_diff(before).saturating_mul(5);
    apart > before.unsigned_abs().saturating_mul(2)
}
