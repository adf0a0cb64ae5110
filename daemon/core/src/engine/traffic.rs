//! How many messages go to the broker: entries halt where there are too many, moves of a stop wait, and
//! a person is told where much is cancelled and little fills. What closes or protects always leaves.

use trader_contract::{ClientOrderId, SymbolId, Timestamp};

use super::Engine;
use crate::book::{Book, Order};
use crate::command::Commands;
use crate::record::Severity;
use crate::risk::limits::Limits;
use crate::risk::traffic::{Message, Sent};

/// The alert that stands from the first message beyond the cap to a person's resume.
pub(super) const MESSAGE_RATE: &str = "message_rate";
/// The alert that stands for the rest of a session in which too much was cancelled.
const CANCEL_RATIO: &str = "cancel_ratio";
/// Fewer cancels than this in a session say nothing.
const CANCELS_MIN: u32 = 20;

impl Engine {
    /// Counts a message that has just been put out. Whether it leaves was decided before.
    pub(super) fn count_message(&mut self, at: Timestamp, message: Message, out: &mut Commands) {
        if let Some(sent) = self.gate.count(at, message) {
            self.stop_message_flood(at, sent, out);
        }
        if message == Message::Cancel {
            self.check_cancels(at, out);
        }
    }

    /// More messages leave than anybody meant to send: nothing is entered until a person has looked.
    fn stop_message_flood(&mut self, at: Timestamp, sent: Sent, out: &mut Commands) {
        if self.book.standing(MESSAGE_RATE, None).is_some() {
            return;
        }
        let why = format!(
            "{} messages to the broker in a minute ({} orders, {} changes, {} cancels), allowed are {}",
            sent.total(),
            sent.orders,
            sent.replacements,
            sent.cancels,
            self.gate.limits().messages_per_minute
        );
        self.raise_standing(
            at,
            (Severity::Critical, MESSAGE_RATE, None),
            (
                why.clone(),
                "find out what sends so many (`traderctl logs`), then `traderctl resume`; stops and exits \
                 go on",
            ),
            out,
        );
        self.halt(at, &why, out);
    }

    /// Tells a person, once a session, where much is cancelled and little fills: an exchange may take
    /// that for quotes that were never meant.
    fn check_cancels(&mut self, at: Timestamp, out: &mut Commands) {
        let most = self.gate.limits().cancels_per_fill;
        let Some(day) = self.book.day.as_ref().filter(|_| most > 0) else {
            return;
        };
        let (cancels, fills) = (day.cancels, day.fills);
        let allowed = most.saturating_mul(fills.max(1)).max(CANCELS_MIN);
        if cancels <= allowed || self.book.standing(CANCEL_RATIO, None).is_some() {
            return;
        }
        self.raise_standing(
            at,
            (Severity::Warning, CANCEL_RATIO, None),
            (
                format!(
                    "{cancels} cancels against {fills} fills in this session, allowed are {most} for each \
                     fill"
                ),
                "see with `traderctl orders` which route cancels so much; `traderctl kill --strategy` \
                 stops it",
            ),
            out,
        );
    }

    /// A new session counts its cancels anew.
    pub(super) fn forget_cancels(&mut self, at: Timestamp, out: &mut Commands) {
        self.clear_standing(at, CANCEL_RATIO, None, out);
    }

    /// When a move of a stop may be sent, if not now. A change of its quantity protects, and never
    /// waits; nor does anything where the stop that rests does not count as protection.
    pub(super) fn stop_move_waits(
        &self,
        at: Timestamp,
        id: SymbolId,
        stop: ClientOrderId,
    ) -> Option<Timestamp> {
        let most = self.gate.limits().stop_moves_per_minute;
        let state = self.symbols.get(id.index())?;
        let holding = self.book.holdings.get(&state.instrument.symbol)?;
        let order = self.book.orders.get(&stop)?;
        let protects = order.remaining() == holding.net.magnitude()
            && self.bare_too_long_from(state).is_none();
        if most == u32::MAX || !protects {
            return None;
        }
        let mut moves: Vec<Timestamp> = (self.book.orders_for(holding))
            .filter(|order| order.planned.replaces.is_some())
            .map(|order| order.planned_at)
            .filter(|moved| at.since(*moved) < Timestamp::MINUTE)
            .collect();
        moves.sort_unstable();
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let free_after = moves.len().checked_sub(most)?;
        Some(moves.get(free_after)?.plus_nanos(Timestamp::MINUTE))
    }

    /// The limits that its gate holds. Nothing changes them while it lives.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        self.gate.limits()
    }

    /// The messages of the minute up to now; nothing where no limit counts them.
    #[must_use]
    pub fn messages(&self) -> Sent {
        self.gate.traffic(self.now)
    }
}

/// The messages that a book remembers, oldest first: what was asked for last of each order.
pub(super) fn remembered(book: &Book) -> Vec<(Timestamp, Message)> {
    let mut sent: Vec<(Timestamp, Message)> = Vec::new();
    for order in book.orders.values() {
        let own = order.planned.parent.is_none();
        let message = match order.planned.replaces {
            Some(_) => Message::Replacement,
            None => Message::Order,
        };
        sent.extend(own.then_some((order.planned_at, message)));
        sent.extend(cancelled_at(order).map(|at| (at, Message::Cancel)));
    }
    sent.sort_by_key(|(at, _)| *at);
    sent
}

fn cancelled_at(order: &Order) -> Option<Timestamp> {
    order.asked_at.filter(|_| order.cancel_asked)
}
