//! Orders as we send them, and the graph of states that an order may go through.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::ClientOrderId;
use crate::price::Price;
use crate::quantity::Qty;
use crate::side::Side;
use crate::symbol::Symbol;
use crate::trail::Trail;

/// What makes an order fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderKind {
    /// At any price, now.
    Market,
    /// At this price or better.
    Limit {
        /// The worst price it takes.
        limit: Price,
    },
    /// At the market, once traded at or through this price.
    Stop {
        /// Where it wakes.
        stop: Price,
    },
    /// A limit order, once traded at or through the stop.
    StopLimit {
        /// Where it wakes.
        stop: Price,
        /// The worst price it takes.
        limit: Price,
    },
    /// At the market, once the price comes back this far from the best one since the order went to
    /// work.
    TrailingStop {
        /// How far.
        trail: Trail,
    },
}

impl OrderKind {
    /// The price that wakes the order, if it has a fixed one.
    #[must_use]
    pub const fn stop(self) -> Option<Price> {
        match self {
            Self::Stop { stop } | Self::StopLimit { stop, .. } => Some(stop),
            Self::Market | Self::Limit { .. } | Self::TrailingStop { .. } => None,
        }
    }

    /// The worst price it takes, if it has one.
    #[must_use]
    pub const fn limit(self) -> Option<Price> {
        match self {
            Self::Limit { limit } | Self::StopLimit { limit, .. } => Some(limit),
            Self::Market | Self::Stop { .. } | Self::TrailingStop { .. } => None,
        }
    }

    /// How far it trails, if it does.
    #[must_use]
    pub const fn trail(self) -> Option<Trail> {
        match self {
            Self::TrailingStop { trail } => Some(trail),
            Self::Market | Self::Limit { .. } | Self::Stop { .. } | Self::StopLimit { .. } => None,
        }
    }

    /// Its name in the field's words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Market => "market",
            Self::Limit { .. } => "limit",
            Self::Stop { .. } => "stop",
            Self::StopLimit { .. } => "stop_limit",
            Self::TrailingStop { .. } => "trailing_stop",
        }
    }
}

/// How long an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeInForce {
    /// Until the end of the session.
    Day,
    /// Until cancelled.
    Gtc,
    /// What can be had at once; the rest is cancelled.
    Ioc,
    /// All of it at once, or nothing.
    Fok,
    /// In the opening auction only.
    Opg,
    /// In the closing auction only.
    Cls,
}

impl TimeInForce {
    /// Every one, for tables and tests.
    pub const ALL: [Self; 6] = [
        Self::Day,
        Self::Gtc,
        Self::Ioc,
        Self::Fok,
        Self::Opg,
        Self::Cls,
    ];

    /// Its name in the field's words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Gtc => "gtc",
            Self::Ioc => "ioc",
            Self::Fok => "fok",
            Self::Opg => "opg",
            Self::Cls => "cls",
        }
    }

    /// Whether the order may stand in the book and wait; the others have one moment.
    #[must_use]
    pub const fn rests(self) -> bool {
        matches!(self, Self::Day | Self::Gtc)
    }
}

impl fmt::Display for TimeInForce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Exits that go out with an entry and are held by the broker until it has filled completely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attached {
    /// The protective stop: our id for it, and where it wakes.
    pub stop: Option<(ClientOrderId, Price)>,
    /// The profit target: our id for it, and its limit.
    pub target: Option<(ClientOrderId, Price)>,
}

impl Attached {
    /// No exits: a simple order.
    pub const NONE: Self = Self {
        stop: None,
        target: None,
    };

    /// The order class in the field's words: simple, oto (one exit) or bracket (both).
    #[must_use]
    pub const fn class(&self) -> &'static str {
        match (self.stop.is_some(), self.target.is_some()) {
            (false, false) => "simple",
            (true, true) => "bracket",
            _ => "oto",
        }
    }
}

/// One order as it goes to a broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRequest {
    /// Our id, unique for ever.
    pub client_id: ClientOrderId,
    /// What is traded.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// How many; whole shares for everything that we send.
    pub qty: Qty,
    /// What makes it fill.
    pub kind: OrderKind,
    /// How long it stands.
    pub time_in_force: TimeInForce,
    /// Exits that go with it.
    pub attached: Attached,
    /// For an exit pair on a position that exists (OCO): the stop that rests beside this target.
    pub oco_stop: Option<(ClientOrderId, Price)>,
}

/// A change of a working order: the broker ends the old one and makes a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replacement {
    /// The order that is changed.
    pub client_id: ClientOrderId,
    /// Our id for the order that takes its place.
    pub new_client_id: ClientOrderId,
    /// The new total quantity, what already filled included.
    pub qty: Option<Qty>,
    /// The new stop price.
    pub stop: Option<Price>,
    /// The new limit price.
    pub limit: Option<Price>,
    /// The new distance of a trailing stop, in the unit that it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trail: Option<Trail>,
}

/// How an order ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Filled completely.
    Filled,
    /// Cancelled, perhaps after a part had filled.
    Cancelled,
    /// Its time in force ran out, perhaps after a part had filled.
    Expired,
    /// The broker refused it.
    Rejected,
    /// Another order took its place.
    Replaced,
    /// The broker's records lack it: it never reached the broker, or has ended there unheard.
    Dropped,
}

/// Where an order is, as far as the broker's evidence goes. What has filled is counted beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Committed to the journal, not sent.
    Planned,
    /// Sent; no answer yet.
    Sent,
    /// The answer was lost or ambiguous: the broker may or may not have it.
    Unknown,
    /// The broker has it, and it is not yet working at a venue.
    Accepted,
    /// An attached exit that waits for its entry.
    Held,
    /// Working; may be filled in part.
    Working,
    /// A cancel was asked for; a fill may still win the race.
    Cancelling,
    /// A replacement was asked for; a fill may still win the race.
    Replacing,
    /// The end.
    Done(Outcome),
}

/// A change of state that the graph does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an order cannot go from {from} to {to}")]
pub struct UnexpectedTransition {
    /// Where it was.
    pub from: OrderState,
    /// Where it was said to be.
    pub to: OrderState,
}

impl OrderState {
    /// Every state, for tables and tests.
    pub const ALL: [Self; 14] = [
        Self::Planned,
        Self::Sent,
        Self::Unknown,
        Self::Accepted,
        Self::Held,
        Self::Working,
        Self::Cancelling,
        Self::Replacing,
        Self::Done(Outcome::Filled),
        Self::Done(Outcome::Cancelled),
        Self::Done(Outcome::Expired),
        Self::Done(Outcome::Rejected),
        Self::Done(Outcome::Replaced),
        Self::Done(Outcome::Dropped),
    ];

    /// Whether nothing more can happen to the order.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Done(_))
    }

    /// Whether the broker has said that it has the order and that it is alive.
    #[must_use]
    pub const fn is_acknowledged(self) -> bool {
        matches!(
            self,
            Self::Accepted | Self::Held | Self::Working | Self::Cancelling | Self::Replacing
        )
    }

    /// Goes to `to`.
    ///
    /// # Errors
    /// The graph has no such edge. A terminal state has none but to itself; staying is always one.
    pub fn transition(self, to: Self) -> Result<Self, UnexpectedTransition> {
        if self == to || self.may_become(to) {
            Ok(to)
        } else {
            Err(UnexpectedTransition { from: self, to })
        }
    }

    /// The state that a report meets. An end that was only inferred gives way to the broker's word: that
    /// the broker's records lack the order, or that a submit was refused of one that the broker had
    /// not `named` before.
    #[must_use]
    pub const fn overruled(self, named: bool) -> Self {
        match self {
            Self::Done(Outcome::Dropped) => Self::Unknown,
            Self::Done(Outcome::Rejected) if !named => Self::Unknown,
            state => state,
        }
    }

    fn may_become(self, to: Self) -> bool {
        match self {
            // After a crash the broker may prove any fate of what we only meant to send.
            Self::Planned | Self::Unknown => to != Self::Planned,
            Self::Sent => to != Self::Planned,
            Self::Accepted | Self::Held | Self::Working | Self::Cancelling | Self::Replacing => {
                !matches!(to, Self::Planned | Self::Sent | Self::Unknown)
            }
            Self::Done(_) => false,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Filled => "filled",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Rejected => "rejected",
            Self::Replaced => "replaced",
            Self::Dropped => "dropped",
        })
    }
}

impl fmt::Display for OrderState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Planned => f.pad("planned"),
            Self::Sent => f.pad("sent"),
            Self::Unknown => f.pad("unknown"),
            Self::Accepted => f.pad("accepted"),
            Self::Held => f.pad("held"),
            Self::Working => f.pad("working"),
            Self::Cancelling => f.pad("cancelling"),
            Self::Replacing => f.pad("replacing"),
            Self::Done(outcome) => fmt::Display::fmt(outcome, f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_edge_of_the_graph_is_the_one_written_here() {
        let broker_states = ["accepted", "held", "working", "cancelling", "replacing"];
        let ends = [
            "filled",
            "cancelled",
            "expired",
            "rejected",
            "replaced",
            "dropped",
        ];
        for from in OrderState::ALL {
            for to in OrderState::ALL {
                let (a, b) = (from.to_string(), to.to_string());
                let known = broker_states.contains(&b.as_str()) || ends.contains(&b.as_str());
                let legal = match a.as_str() {
                    _ if a == b => true,
                    "planned" => known || b == "sent" || b == "unknown",
                    "sent" => known || b == "unknown",
                    "unknown" => known || b == "sent",
                    _ if broker_states.contains(&a.as_str()) => known,
                    _ => false,
                };
                assert_eq!(from.transition(to).is_ok(), legal, "{a} -> {b}");
            }
        }
    }

    #[test]
    fn only_an_end_that_was_inferred_gives_way_to_the_brokers_word() {
        for state in OrderState::ALL {
            let (dropped, rejected) = (
                state == OrderState::Done(Outcome::Dropped),
                state == OrderState::Done(Outcome::Rejected),
            );
            let gives_way = |named| state.overruled(named) != state;
            assert_eq!(gives_way(true), dropped, "{state}");
            assert_eq!(gives_way(false), dropped || rejected, "{state}");
        }
    }

    #[test]
    fn an_order_names_its_kind_its_prices_and_its_class() {
        let price = |text: &str| text.parse::<Price>().unwrap();
        let (stop, limit) = (price("10"), price("11"));
        let trail = Trail::Percent(Trail::PERCENT_MIN);
        let kinds = [
            (OrderKind::Market, "market", None, None, None),
            (OrderKind::Limit { limit }, "limit", None, Some(limit), None),
            (OrderKind::Stop { stop }, "stop", Some(stop), None, None),
            (
                OrderKind::StopLimit { stop, limit },
                "stop_limit",
                Some(stop),
                Some(limit),
                None,
            ),
            (
                OrderKind::TrailingStop { trail },
                "trailing_stop",
                None,
                None,
                Some(trail),
            ),
        ];
        for (kind, name, stop, limit, trail) in kinds {
            let said = (kind.name(), kind.stop(), kind.limit(), kind.trail());
            assert_eq!(said, (name, stop, limit, trail));
        }
        let id: ClientOrderId = "00000001-20110110-1-s1".parse().unwrap();
        let exit = Some((id, stop));
        for (stop, target, class) in [
            (None, None, "simple"),
            (exit, None, "oto"),
            (None, exit, "oto"),
            (exit, exit, "bracket"),
        ] {
            assert_eq!(Attached { stop, target }.class(), class);
        }
        let resting = TimeInForce::ALL.into_iter().filter(|t| t.rests());
        assert!(resting.eq([TimeInForce::Day, TimeInForce::Gtc]));
    }

    #[test]
    fn names_are_the_words_in_which_they_are_stored() {
        for time_in_force in TimeInForce::ALL {
            let stored = serde_json::to_string(&time_in_force).unwrap();
            assert_eq!(stored, format!("\"{time_in_force}\""));
        }
        let kind = OrderKind::TrailingStop {
            trail: Trail::Percent(Trail::PERCENT_MIN),
        };
        let stored = serde_json::to_string(&kind).unwrap();
        assert_eq!(stored, r#"{"trailing_stop":{"trail":{"percent":"0.1"}}}"#);
        assert_eq!(serde_json::from_str::<OrderKind>(&stored).unwrap(), kind);
        assert_eq!(kind.name(), "trailing_stop");
    }

    #[test]
    fn a_replacement_without_a_trail_reads_and_writes_as_it_always_has() {
        let text = r#"{"client_id":"00000001-20110110-1-s1","new_client_id":"00000001-20110110-1-s2","qty":null,"stop":"9","limit":null}"#;
        let replacement: Replacement = serde_json::from_str(text).unwrap();
        assert_eq!(replacement.trail, None);
        assert_eq!(serde_json::to_string(&replacement).unwrap(), text);
    }

    #[test]
    fn a_terminal_order_stays_where_it_is() {
        let filled = OrderState::Done(Outcome::Filled);
        assert_eq!(filled.transition(filled), Ok(filled));
        let error = filled.transition(OrderState::Working).unwrap_err();
        assert_eq!(
            error.to_string(),
            "an order cannot go from filled to working"
        );
    }
}
