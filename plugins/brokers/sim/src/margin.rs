//! What the account may hold on margin, by the rules of the day, and the day trades that the older
//! rules count. Which orders these rules refuse is said in the rules.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use trader_contract::{Money, NetQty, Qty, Ratio, Side, SymbolId, Timestamp};

use crate::broker::SimBroker;
use crate::config::{Margin, Profile};
use crate::fees;
use crate::order::{Order, Part};

/// Below this equity nobody lends money or shares.
pub(crate) const MARGIN_MINIMUM: Money = Money::dollars(2_000);
/// Below this equity the older rules allow three day trades in five sessions.
const DAY_TRADER_MINIMUM: Money = Money::dollars(25_000);
const DAY_TRADES_ALLOWED: u32 = 3;

/// Which margin rules a session is under. Both lend twice the equity overnight and nothing below
/// $2,000, where shares cannot be sold short either. House requirements by price are not modelled:
/// every position counts with its whole value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarginRegime {
    /// FINRA 4210 with pattern day traders, before 2026-06-04: four day trades in five sessions make
    /// one, who may hold four times the equity in the session from $25,000 on. Everybody else may
    /// hold twice the equity, and below $25,000 no order is taken that could become the fourth.
    Legacy4210,
    /// Intraday margin, from 2026-06-04 on: four times the equity in the session.
    Intraday2026,
}

impl MarginRegime {
    /// The rules of a date in New York.
    #[must_use]
    pub fn on(date: NaiveDate) -> Self {
        let begins = NaiveDate::from_ymd_opt(2026, 6, 4).unwrap_or(NaiveDate::MAX);
        if date < begins {
            Self::Legacy4210
        } else {
            Self::Intraday2026
        }
    }
}

/// The day trades of this session and the four before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DayTrades {
    /// The newest first.
    sessions: [u32; 5],
    /// Whether there have ever been more than allowed: that marks an account for good.
    pattern: bool,
}

impl DayTrades {
    fn count(&mut self) {
        if let Some(today) = self.sessions.first_mut() {
            *today = today.saturating_add(1);
        }
        self.pattern |= self.total() > DAY_TRADES_ALLOWED;
    }

    fn next_session(&mut self) {
        self.sessions.rotate_right(1);
        if let Some(today) = self.sessions.first_mut() {
            *today = 0;
        }
    }

    /// How many there are.
    pub(crate) fn total(&self) -> u32 {
        self.sessions.iter().copied().fold(0, u32::saturating_add)
    }
}

/// The date in New York of a moment in a session: the same as in UTC, which is four or five hours on.
pub(crate) fn date_of(at: Timestamp) -> NaiveDate {
    at.to_utc().date_naive()
}

impl SimBroker {
    /// The day trades of this session and the four before it.
    #[must_use]
    pub fn day_trades(&self) -> u32 {
        self.day_trades.total()
    }

    /// Whether there have ever been more of them than the older rules allow a small account.
    #[must_use]
    pub const fn is_pattern_day_trader(&self) -> bool {
        self.day_trades.pattern
    }

    /// Whether shares of a symbol were opened in this session that no closing execution has followed:
    /// the next one makes a day trade.
    #[must_use]
    pub fn is_opened_today(&self, symbol: SymbolId) -> bool {
        let book = self.books.get(symbol.index());
        book.is_some_and(|book| book.opened_today)
    }

    /// The date of the session, or of the clock before the first.
    pub(crate) fn date(&self) -> NaiveDate {
        date_of(self.session.map_or(self.clock, |session| session.open))
    }

    /// How many times the equity may be held now; `None` where nobody checks.
    pub(crate) fn leverage(&self, equity: Money) -> Option<u32> {
        let small = equity < MARGIN_MINIMUM;
        let in_session = self.is_open();
        Some(match self.config.margin? {
            Margin::Fixed { .. } if small && self.config.profile == Profile::Alpaca => 1,
            Margin::Fixed { intraday, .. } if in_session => intraday,
            Margin::Fixed { overnight, .. } => overnight,
            Margin::ByDate if small => 1,
            Margin::ByDate if !in_session => 2,
            Margin::ByDate => match MarginRegime::on(self.date()) {
                MarginRegime::Intraday2026 => 4,
                MarginRegime::Legacy4210 => {
                    let trader = self.day_trades.pattern && equity >= DAY_TRADER_MINIMUM;
                    if trader { 4 } else { 2 }
                }
            },
        })
    }

    /// Whether the account is too small to sell short.
    pub(crate) fn is_too_small_to_short(&self) -> bool {
        let ruled =
            self.config.profile == Profile::Alpaca || self.config.margin == Some(Margin::ByDate);
        ruled && self.equity() < MARGIN_MINIMUM
    }

    /// How much of an order would open a position rather than close one.
    pub(crate) fn opening_qty(&self, index: usize, side: Side, qty: Qty) -> Qty {
        let book = self.books.get(index);
        let position = book.map_or(NetQty::ZERO, |book| book.position);
        let closes = match side {
            Side::Buy => position.nanos() < 0,
            Side::Sell => position.nanos() > 0,
        };
        if closes {
            qty.checked_sub(position.magnitude()).unwrap_or(Qty::ZERO)
        } else {
            qty
        }
    }

    /// Whether an opening order in a symbol could become a day trade too many. Every symbol that was
    /// opened today or has an opening order could become one, since closing is never refused.
    pub(crate) fn is_one_day_trade_too_many(&self, index: usize) -> bool {
        let counts = self.config.margin == Some(Margin::ByDate)
            && MarginRegime::on(self.date()) == MarginRegime::Legacy4210
            && self.equity() < DAY_TRADER_MINIMUM;
        if !counts {
            return false;
        }
        let others = (0..self.books.len())
            .filter(|&other| other != index && self.could_day_trade(other))
            .fold(0_u32, |count, _| count.saturating_add(1));
        let made = self.day_trades.total();
        made.saturating_add(others) >= DAY_TRADES_ALLOWED
    }

    fn could_day_trade(&self, index: usize) -> bool {
        let Some(book) = self.books.get(index) else {
            return false;
        };
        let opens = |order: &Order| {
            matches!(order.part, Part::Single | Part::Entry)
                && !self
                    .opening_qty(index, order.side, order.remaining())
                    .is_zero()
        };
        let open = book.open.iter();
        book.opened_today || open.filter_map(|n| self.orders.get(n)).any(opens)
    }

    /// Counts a fill that is about to be booked: closing what was opened in the session is a day
    /// trade, once for each opening that it follows.
    pub(crate) fn count_day_trade(&mut self, index: usize, side: Side, qty: Qty) {
        let opens = self.opening_qty(index, side, qty);
        let closes = opens < qty;
        let Some(book) = self.books.get_mut(index) else {
            return;
        };
        if closes && std::mem::take(&mut book.opened_today) {
            self.day_trades.count();
        }
        if !opens.is_zero() {
            book.opened_today = true;
        }
    }

    /// Turns to the session that opens at `open`, after one that opened at `before`: day trades move
    /// on, and borrowed shares have cost the nights between, at their last price.
    pub(crate) fn turn_day(&mut self, before: Timestamp, open: Timestamp) {
        self.day_trades.next_session();
        let nights = date_of(open).signed_duration_since(date_of(before));
        let nights = nights.num_days();
        for index in 0..self.books.len() {
            let value = self.position_value(index);
            let Some(book) = self.books.get_mut(index) else {
                continue;
            };
            book.opened_today = false;
            let rate = self.charges.borrow_rates.get(&book.symbol);
            let rate = rate.copied().unwrap_or(self.config.borrow_rate);
            if book.position.nanos() < 0 && rate > Ratio::ZERO {
                let owed = self.charges.owed.entry(book.symbol);
                *owed.or_insert(Money::ZERO) += fees::borrow_cost(value.abs(), rate, nights);
            }
        }
    }
}
