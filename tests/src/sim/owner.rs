//! What of the broker's positions is the daemon's, and what its owner's, by what each has traded.
//!
//! Shares that the owner trades in a symbol in which the daemon has some become the daemon's, as far as
//! they leave its side: nobody can tell whose a share is, and the daemon protects what is there. What the
//! owner trades elsewhere, and what is left on the other side, stands apart until somebody adopts it.
//! Where orders of the daemon fill while it cannot know of the owner's trade, nobody can say what it
//! makes of them: the symbol is unclear until it is flat.

use std::collections::BTreeMap;

use trader_contract::{NetQty, Symbol, Timestamp};

/// How long after the owner's trade the daemon may not know of it, undisturbed: a comparison, another
/// one that agrees, and what lies between.
pub const UNKNOWN: i64 = 40 * Timestamp::SECOND;

/// The owner's side of one symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hand {
    /// What stands apart.
    pub apart: NetQty,
    /// When the owner last traded in it.
    pub traded_at: Timestamp,
    /// Since when something stands apart.
    pub apart_since: Timestamp,
    /// Whether nobody can say whose shares are whose.
    pub unclear: bool,
    /// Whether the daemon has written what the owner's last trade has left, or what is left since
    /// something cancelled it out.
    pub told: bool,
    /// Whether the owner has traded again before that was written: both together may have left what the
    /// journal knows.
    pub again: bool,
    /// When an execution of the daemon's orders, made or taken back, last cancelled out what stood
    /// apart: the broker holds nothing, and the daemon what it takes for its own.
    pub cancelled_out_at: Option<Timestamp>,
}

/// The owner's side of every symbol in which the owner has traded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Owner(BTreeMap<Symbol, Hand>);

impl Owner {
    /// The owner has traded in a symbol in which the broker held `before` and holds `after` now.
    pub fn traded(&mut self, symbol: Symbol, (before, after): (NetQty, NetQty), now: Timestamp) {
        let fresh = Hand {
            apart: NetQty::ZERO,
            traded_at: now,
            apart_since: now,
            unclear: false,
            told: false,
            again: false,
            cancelled_out_at: None,
        };
        let known = self.0.get(&symbol);
        let again = known.is_some_and(|hand| !hand.told);
        // Of two trades one after the other the daemon sees what both have left, and not whose it is.
        let early = known.is_some_and(|hand| !hand.told && now.since(hand.traded_at) < 2 * UNKNOWN);
        let hand = self.0.entry(symbol).or_insert(fresh);
        let daemons = minus(before, hand.apart);
        let apart = match daemons.is_flat() {
            true => after,
            false => beyond(daemons, after),
        };
        if hand.apart.is_flat() {
            hand.apart_since = now;
        }
        hand.apart = apart;
        hand.traded_at = now;
        hand.told = false;
        hand.again = again;
        hand.unclear = (hand.unclear || early) && !after.is_flat();
    }

    /// An order of the daemon has filled in a symbol, of which the broker holds `after` now, and held
    /// `before`.
    pub fn filled(&mut self, symbol: Symbol, (before, after): (NetQty, NetQty), now: Timestamp) {
        let Some(hand) = self.0.get_mut(&symbol) else {
            return;
        };
        let touches = !hand.apart.is_flat() || (!hand.told && !minus(before, hand.apart).is_flat());
        let early = !hand.told && now.since(hand.traded_at) < 2 * UNKNOWN;
        let somebodys = hand.unclear || !hand.apart.is_flat();
        hand.unclear |= touches || early;
        if after.is_flat() {
            if somebodys {
                hand.cancelled_out_at = Some(now);
                hand.told = false;
            }
            hand.unclear = false;
            hand.apart = NetQty::ZERO;
        }
    }

    /// The daemon has taken what stood apart under protection.
    pub fn adopted(&mut self, symbol: Symbol) {
        if let Some(hand) = self.0.get_mut(&symbol) {
            hand.apart = NetQty::ZERO;
            hand.told = true;
        }
    }

    /// The daemon has started with what is on its disk, and the broker holds this much of each symbol.
    /// Where the owner traded twice and nothing of it was written, the daemon may see no difference.
    pub fn started(&mut self, net: impl Fn(Symbol) -> NetQty) {
        for (symbol, hand) in &mut self.0 {
            hand.unclear |= hand.again && !hand.told && !net(*symbol).is_flat();
        }
    }

    /// The daemon has written what the broker holds in a symbol; it is that.
    pub fn told(&mut self, symbol: Symbol) {
        if let Some(hand) = self.0.get_mut(&symbol) {
            hand.told = true;
        }
    }

    /// The shares of a company count differently from now on.
    pub fn split(&mut self, symbol: Symbol, after: impl Fn(NetQty) -> NetQty) {
        if let Some(hand) = self.0.get_mut(&symbol) {
            hand.apart = after(hand.apart);
        }
    }

    /// The owner's side of a symbol, if the owner has traded in it.
    #[must_use]
    pub fn hand(&self, symbol: Symbol) -> Option<&Hand> {
        self.0.get(&symbol)
    }

    /// Every symbol in which the owner has traded.
    pub fn hands(&self) -> impl Iterator<Item = (Symbol, &Hand)> {
        self.0.iter().map(|(symbol, hand)| (*symbol, hand))
    }

    /// Whether the owner has never traded.
    #[must_use]
    pub fn has_never_traded(&self) -> bool {
        self.0.is_empty()
    }

    /// When the owner last traded anywhere.
    #[must_use]
    pub fn last_traded_at(&self) -> Option<Timestamp> {
        self.0.values().map(|hand| hand.traded_at).max()
    }

    /// What of a position is the daemon's; `None` where nobody can say.
    #[must_use]
    pub fn daemons(&self, symbol: Symbol, net: NetQty) -> Option<NetQty> {
        match self.0.get(&symbol) {
            None => Some(net),
            Some(hand) if hand.unclear => None,
            Some(hand) => Some(minus(net, hand.apart)),
        }
    }

    /// Whether everything at the broker is the daemon's, and known to be.
    #[must_use]
    pub fn has_nothing(&self) -> bool {
        let mut hands = self.0.values();
        hands.all(|hand| hand.apart.is_flat() && !hand.unclear)
    }

    /// Until when the daemon need not know of what the owner has done in a symbol, if nothing disturbs
    /// it from `clear` on.
    #[must_use]
    pub fn unknown_until(&self, symbol: Symbol, clear: Timestamp) -> Timestamp {
        let traded = self.0.get(&symbol).map(|hand| hand.traded_at);
        traded.map_or(Timestamp::MIN, |at| at.max(clear).plus_nanos(UNKNOWN))
    }
}

fn minus(one: NetQty, other: NetQty) -> NetQty {
    one.checked_add(-other).unwrap_or(one)
}

/// What of `after` is not on the side of `daemons`.
fn beyond(daemons: NetQty, after: NetQty) -> NetQty {
    match daemons.nanos().signum() == after.nanos().signum() {
        true => NetQty::ZERO,
        false => after,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn net(shares: i64) -> NetQty {
        NetQty::from_nanos(shares * 1_000_000_000).unwrap_or(NetQty::ZERO)
    }

    #[test]
    fn what_the_owner_trades_beside_the_daemon_becomes_the_daemons_as_far_as_it_is_on_its_side() {
        let (symbol, now) = ("AAA".parse().unwrap(), Timestamp::from_seconds(100));
        for (before, after, daemons) in [
            (0, 30, 0),
            (0, -30, 0),
            (100, 60, 60),
            (100, 130, 130),
            (100, 0, 0),
            (100, -100, 0),
            (-50, -20, -20),
        ] {
            let mut owner = Owner::default();
            owner.traded(symbol, (net(before), net(after)), now);
            let found = owner.daemons(symbol, net(after));
            assert_eq!(found, Some(net(daemons)), "{before} to {after}");
        }
    }

    #[test]
    fn a_fill_before_the_daemon_can_know_leaves_a_symbol_unclear_until_it_is_flat() {
        let (symbol, now) = ("AAA".parse().unwrap(), Timestamp::from_seconds(100));
        let mut owner = Owner::default();
        owner.traded(symbol, (net(100), net(0)), now);
        owner.filled(symbol, (net(0), net(-100)), now.plus_seconds(1));
        assert_eq!(owner.daemons(symbol, net(-100)), None);
        owner.filled(symbol, (net(-100), net(0)), now.plus_seconds(90));
        assert_eq!(owner.daemons(symbol, net(0)), Some(net(0)));
    }

    #[test]
    fn what_cancels_out_what_stood_apart_is_still_to_be_told() {
        let (symbol, now) = ("AAA".parse().unwrap(), Timestamp::from_seconds(100));
        let mut owner = Owner::default();
        owner.traded(symbol, (net(0), net(-100)), now);
        owner.told(symbol);
        let later = now.plus_seconds(600);
        owner.filled(symbol, (net(-100), net(0)), later);
        let hand = owner.hand(symbol).unwrap();
        assert_eq!((hand.told, hand.cancelled_out_at), (false, Some(later)));
        owner.told(symbol);
        // What is the daemon's alone cancels out nothing.
        owner.filled(symbol, (net(100), net(0)), later.plus_seconds(600));
        let hand = owner.hand(symbol).unwrap();
        assert_eq!((hand.told, hand.cancelled_out_at), (true, Some(later)));
    }

    #[test]
    fn what_the_owner_undoes_before_it_is_written_may_show_no_difference_after_a_start() {
        let (symbol, now) = ("AAA".parse().unwrap(), Timestamp::from_seconds(100));
        let undone = |told: bool| {
            let mut owner = Owner::default();
            owner.traded(symbol, (net(50), net(-50)), now);
            if told {
                owner.told(symbol);
            }
            owner.traded(symbol, (net(-50), net(50)), now.plus_seconds(1_000));
            owner.started(|_| net(50));
            owner.daemons(symbol, net(50))
        };
        assert_eq!(undone(false), None);
        assert_eq!(undone(true), Some(net(0)));
    }
}
