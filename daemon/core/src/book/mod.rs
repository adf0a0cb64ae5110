//! The book: the durable state of the account, a fold over the journal's records. It neither decides
//! nor sends; the engine changes it only by writing a record.

mod apply;
mod authority;
mod day;
mod holding;
mod order;
mod orders;
mod overrides;
mod reports;
mod split;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use trader_contract::{
    BrokerOrderId, ClientOrderId, Epoch, ForeignOrder, IntentNo, Money, NetQty, OrderRole, Symbol,
    Timestamp,
};

pub use authority::{Blocked, DRAWDOWN, Kill, RECORDING_OFF, StandingAlert, Starts};
pub use day::Day;
pub use holding::Holding;
pub use order::Order;
pub use orders::{Changing, Orders};
pub use overrides::{Asked, RefusedEntry};
pub use split::Split;

use crate::record::{Arming, IntentId, Origin, Scope, TradingState};

/// The orders of one trade, gathered for a look at all of them. Hardly any trade has more than fit in
/// place, and every report looks at them more than once.
pub type TradeOrders<'a> = SmallVec<[&'a Order; 8]>;

/// Cash that is at the broker and not the ledger's: what positions of somebody else were paid with, or
/// brought.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CashApart {
    /// What the broker has beyond the ledger; negative where they were bought.
    pub amount: Money,
    /// What of each symbol is somebody else's.
    pub positions: BTreeMap<Symbol, NetQty>,
}

/// The durable state of the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    /// Cash, unsettled sales included; negative when shares were bought on margin.
    pub cash: Money,
    /// What the broker has in cash beyond that, as long as it holds positions of somebody else.
    #[serde(default)]
    pub apart: CashApart,
    /// Whether the account's first cash is known.
    pub opened: bool,
    /// The account that this store belongs to; `None` before the broker has said it.
    #[serde(default)]
    pub account: Option<Box<str>>,
    /// Everything the broker has charged.
    pub fees: Money,
    /// The session that is open, or the last one that was.
    pub day: Option<Day>,
    /// Intents taken in this session; without sessions, since the beginning.
    pub intents: u32,
    /// Orders of open trades, and those that ended in this session.
    pub orders: Orders,
    /// Open trades by symbol, from the entry's planning until flat with every order ended.
    pub holdings: BTreeMap<Symbol, Holding>,
    /// Whether entries are allowed.
    pub trading: TradingState,
    /// While everything is killed: what holds once that is lifted.
    #[serde(default)]
    pub beneath: Option<TradingState>,
    /// The highest equity at a session's close, which a drawdown is counted from; `None` before the
    /// first one, and from the day on which a person resumed after a drawdown until its close.
    #[serde(default)]
    pub peak: Option<Money>,
    /// Since when; `None` before it was first set.
    pub trading_since: Option<Timestamp>,
    /// States of strategies that had a position or a waiting entry, by route and symbol.
    pub strategies: BTreeMap<Box<str>, BTreeMap<Symbol, Box<str>>>,
    /// What is killed, beside the whole account: see [`TradingState::Killed`].
    #[serde(default, with = "authority::kills")]
    pub kills: BTreeMap<Scope, Kill>,
    /// The leave to trade a live account.
    #[serde(default)]
    pub arming: Option<Arming>,
    /// Symbols that are not entered.
    #[serde(default)]
    pub blocks: BTreeMap<Symbol, Blocked>,
    /// Orders at the broker that this store did not make.
    #[serde(default)]
    pub foreign: BTreeMap<BrokerOrderId, ForeignOrder>,
    /// Alerts whose cause has not gone.
    #[serde(default)]
    pub alerts: Vec<StandingAlert>,
    /// Who asked for the flatten that is under way.
    #[serde(default)]
    pub flatten: Option<Origin>,
    /// Splits that wait for their first session, or have had it.
    #[serde(default)]
    pub splits: BTreeMap<Symbol, Split>,
    /// When the program began lately, and whether it ended in good order.
    #[serde(default)]
    pub starts: Starts,
    /// Entries of this session that a person may still override, oldest first.
    #[serde(default)]
    pub refused: Vec<RefusedEntry>,
    /// The override that waits for its confirmation.
    #[serde(default)]
    pub asked: Option<Asked>,
}

impl Default for Book {
    fn default() -> Self {
        Self {
            cash: Money::ZERO,
            apart: CashApart::default(),
            opened: false,
            account: None,
            fees: Money::ZERO,
            day: None,
            intents: 0,
            orders: Orders::default(),
            holdings: BTreeMap::new(),
            trading: TradingState::Active,
            beneath: None,
            peak: None,
            trading_since: None,
            strategies: BTreeMap::new(),
            kills: BTreeMap::new(),
            arming: None,
            blocks: BTreeMap::new(),
            foreign: BTreeMap::new(),
            alerts: Vec::new(),
            flatten: None,
            splits: BTreeMap::new(),
            starts: Starts::default(),
            refused: Vec::new(),
            asked: None,
        }
    }
}

impl Book {
    /// The session as it stands in ids, `yyyymmdd`; zero without sessions.
    #[must_use]
    pub fn session_number(&self) -> u32 {
        self.day.as_ref().map_or(0, Day::number)
    }

    /// The id that the next intent gets.
    #[must_use]
    pub fn next_intent(&self) -> IntentId {
        IntentId {
            session: self.session_number(),
            number: IntentNo(self.intents.saturating_add(1)),
        }
    }

    /// Our net position in a symbol.
    #[must_use]
    pub fn net(&self, symbol: Symbol) -> NetQty {
        self.holdings
            .get(&symbol)
            .map_or(NetQty::ZERO, |holding| holding.net)
    }

    /// The orders that serve an intent, by role and attempt.
    pub fn orders_of(&self, epoch: Epoch, intent: IntentId) -> impl Iterator<Item = &Order> {
        let bound = |role, attempt| ClientOrderId {
            epoch,
            session: intent.session,
            intent: intent.number,
            role,
            attempt,
        };
        self.orders
            .range(bound(OrderRole::Entry, 0)..=bound(OrderRole::Exit, u16::MAX))
            .map(|(_, order)| order)
    }

    /// The orders of an open trade.
    pub fn orders_for<'a>(
        &'a self,
        holding: &Holding,
    ) -> impl Iterator<Item = &'a Order> + use<'a> {
        self.orders_of(holding.entry.epoch, holding.intent())
    }
}
