//! The one gate: the last step before the wire, and the only maker of what can be sent. What it
//! approves has passed every limit; what it refuses carries the rule and the numbers.
//!
//! Nothing but the gate makes an [`Approved`]:
//!
//! ```compile_fail,E0423
//! use trader_contract::BrokerRequest;
//! use trader_core::risk::gate::Approved;
//! fn forge(request: BrokerRequest) -> Approved {
//!     Approved(request)
//! }
//! ```
//! nor can one be read from outside, or come of nothing:
//!
//! ```compile_fail,E0277
//! fn read(text: &str) -> trader_core::risk::gate::Approved {
//!     serde_json::from_str(text).unwrap_or_default()
//! }
//! ```

use serde::{Deserialize, Serialize};
use trader_contract::{
    AccountFacts, BrokerRequest, ClientOrderId, Money, OrderRequest, OrderState, Price, Qty, Quote,
    Replacement, Side, TickRule, Timestamp,
};

use super::caps::Against;
use super::exposure::Exposure;
use super::limits::Limits;
use super::rate::{Recent, Sent};
use super::rules::{may_enter, not_against, note, on_tick, only_reduces, refuse, resting, shape};
use super::traffic::{self, Message, Traffic};
use super::waiver::Waivable;
use crate::book::{Book, Holding, Order};
use crate::config::{Instrument, Sides};
use crate::record::GateCheck;

/// How many checks an entry meets.
const CHECKS: usize = 40;

/// Something that passed the gate. The field is private and only the gate fills it, so holding one
/// is proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Approved(BrokerRequest);

impl Approved {
    /// What goes to the broker.
    #[must_use]
    pub fn into_request(self) -> BrokerRequest {
        self.0
    }

    /// What goes to the broker.
    #[must_use]
    pub const fn request(&self) -> &BrokerRequest {
        &self.0
    }
}

/// A refusal, as data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The rule that said no, `snake_case`.
    pub rule: &'static str,
    /// In words, with numbers.
    pub detail: String,
}

impl Refusal {
    /// Whether a hard cap on the rate was met: something sends more than anybody meant to, and nothing
    /// more is entered until a person has looked.
    #[must_use]
    pub fn is_rate_cap(&self) -> bool {
        matches!(
            self.rule,
            "entries_per_minute" | "entries_per_minute_symbol" | "messages_per_minute"
        )
    }
}

/// What the gate looks at of the account beside the order.
#[derive(Debug, Clone)]
pub struct Account<'a> {
    /// The durable state.
    pub book: &'a Book,
    /// Cash plus positions at the last prices.
    pub equity: Money,
    /// What is held and what may still fill.
    pub exposure: Exposure,
    /// What the broker last said of the account.
    pub broker: Option<&'a AccountFacts>,
    /// What the broker lets us spend, less what was sent since it said so; `None` where it does not
    /// say, or its word is too old to count with.
    pub spendable: Option<Money>,
    /// Whether the session takes entries now.
    pub entries_open: bool,
    /// Whether this account may be traded by this program under this configuration.
    pub leave: Result<(), Refusal>,
}

/// What the gate looks at of the route that asks and of the symbol.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The route's name.
    pub route: &'a str,
    /// Its strategy's name.
    pub strategy: &'a str,
    /// The sides that it may enter.
    pub sides: Sides,
    /// Whether signals are written down and nothing is sent.
    pub observe: bool,
    /// The symbol.
    pub instrument: Instrument,
    /// Its last price.
    pub last: Price,
    /// Its last quote, and how old it is in nanoseconds; `None` where no quotes come.
    pub quote: Option<(Quote, i64)>,
    /// Whether the broker has shares of it to lend.
    pub shortable: bool,
}

/// What a gate has counted: the entries and the messages of late, and the orders it has looked at.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Counted {
    recent: Recent,
    traffic: Traffic,
    checked: u64,
}

/// The gate with its counters.
#[derive(Debug)]
pub struct Gate {
    limits: Limits,
    recent: Recent,
    traffic: Traffic,
    checked: u64,
}

impl Gate {
    /// A gate that holds `limits`.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            recent: Recent::default(),
            traffic: Traffic::default(),
            checked: 0,
        }
    }

    /// Counts the entries of the run before, oldest first.
    pub fn recall(&mut self, sent: impl IntoIterator<Item = Sent>) {
        self.recent.recall(sent);
    }

    /// What it counts with beside its limits.
    pub(crate) fn snapshot(&self) -> Counted {
        Counted {
            recent: self.recent.clone(),
            traffic: self.traffic.clone(),
            checked: self.checked,
        }
    }

    /// Goes on counting from there.
    pub(crate) fn resume(&mut self, counted: Counted) {
        self.recent = counted.recent;
        self.traffic = counted.traffic;
        self.checked = counted.checked;
    }

    /// The limits it holds.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// How many orders it has looked at.
    #[must_use]
    pub const fn checked(&self) -> u64 {
        self.checked
    }

    /// Looks at an order that opens a position, and adds each check to `checks` as it is made. Of the
    /// limits that a person may override, those in `waived` hold at their ceilings only.
    ///
    /// # Errors
    /// The first rule that says no.
    pub fn entry(
        &mut self,
        at: Timestamp,
        account: &Account<'_>,
        place: &Place<'_>,
        request: OrderRequest,
        waived: &[Waivable],
        checks: &mut Vec<GateCheck>,
    ) -> Result<Approved, Refusal> {
        self.checked = self.checked.saturating_add(1);
        self.preview(at, account, place, &request, waived, checks)?;
        self.recent.forget(&self.limits, at);
        self.recent.note(&self.limits, Sent::new(at, &request));
        Ok(Approved(BrokerRequest::Submit(request)))
    }

    /// The same look, with nothing sent and nothing counted.
    ///
    /// # Errors
    /// The first rule that says no.
    pub fn preview(
        &self,
        at: Timestamp,
        account: &Account<'_>,
        place: &Place<'_>,
        request: &OrderRequest,
        waived: &[Waivable],
        checks: &mut Vec<GateCheck>,
    ) -> Result<(), Refusal> {
        checks.reserve(CHECKS);
        self.open_to(account, place, request.side, checks)?;
        let sound = shape(place.instrument.tick, request, Some(place.last));
        note(checks, "shape", ["unsound", "sound"], sound)?;
        let wider = (!waived.is_empty()).then(|| self.limits.waiving(waived));
        let limits = wider.as_ref().unwrap_or(&self.limits);
        let against = Against {
            limits,
            daily_loss_at_stop: limits.daily_loss_at_stop(waived),
            entries: &self.recent,
            messages: &self.traffic,
        };
        let sent = Sent::new(at, request);
        super::caps::check(&against, account, place, request, sent, checks)?;
        if place.observe {
            return refuse("observe", format!("only observed: {}", describe(request)));
        }
        Ok(())
    }

    /// Counts a message that goes to the broker; whether there were too many in the last minute.
    pub(crate) fn count(&mut self, at: Timestamp, message: Message) -> Option<traffic::Sent> {
        let most = self.limits.messages_per_minute;
        if most == u32::MAX {
            return None;
        }
        self.traffic.note(at, message);
        let too_many = self.traffic.total_in_a_minute(at) > most;
        too_many.then(|| self.traffic.in_a_minute(at))
    }

    /// The messages of the minute up to `at`; nothing where they are not counted.
    #[must_use]
    pub fn traffic(&self, at: Timestamp) -> traffic::Sent {
        self.traffic.in_a_minute(at)
    }

    /// Counts the messages of the run before, oldest first.
    pub fn recall_messages(&mut self, sent: impl IntoIterator<Item = (Timestamp, Message)>) {
        for (at, message) in sent {
            self.traffic.note(at, message);
        }
    }

    /// Whether any entry on this side would be looked at: what does not depend on its size and price.
    ///
    /// # Errors
    /// The first rule that says no.
    pub(crate) fn open_to(
        &self,
        account: &Account<'_>,
        place: &Place<'_>,
        side: Side,
        checks: &mut Vec<GateCheck>,
    ) -> Result<(), Refusal> {
        let symbol = place.instrument.symbol;
        may_enter(account, place, side, checks)?;
        let listed = match self.limits.restricted.contains(&symbol) {
            true => refuse("restricted", format!("{symbol} is on the restricted list")),
            false => Ok(()),
        };
        note(checks, "restricted", ["listed", "not listed"], listed)
    }

    /// Looks at an order that closes or protects a position. Such orders meet no cap: none is ever
    /// kept from leaving because of how many have left.
    ///
    /// # Errors
    /// It could open or turn a position, it could trade with an order of ours, or it is off the tick.
    pub fn reducing(
        &mut self,
        book: &Book,
        holding: &Holding,
        tick: TickRule,
        request: OrderRequest,
    ) -> Result<Approved, Refusal> {
        self.checked = self.checked.saturating_add(1);
        shape(tick, &request, None)?;
        not_against(book, request.symbol, request.side)?;
        let spoken_for = resting(book, request.symbol, request.side, None);
        only_reduces(holding, spoken_for, request.side, request.qty)?;
        Ok(Approved(BrokerRequest::Submit(request)))
    }

    /// Looks at an order that closes or protects a position and of which nobody knows whether it
    /// arrived: it may be sent once more, as it was and under its id, as long as it still only reduces.
    ///
    /// # Errors
    /// It opens a position, its fate is known, it goes out with another order or in the place of one,
    /// or the position has become smaller meanwhile.
    pub fn repeat(
        &mut self,
        order: &Order,
        book: &Book,
        tick: TickRule,
    ) -> Result<Approved, Refusal> {
        self.checked = self.checked.saturating_add(1);
        let (id, request) = (order.id(), order.planned.request);
        let unheard = matches!(
            order.state,
            OrderState::Planned | OrderState::Sent | OrderState::Unknown
        );
        if !order.role().is_reducing() || !unheard {
            let detail = format!("{id} is {} and opens or was heard of", order.state);
            return refuse("not_repeatable", detail);
        }
        if order.planned.parent.is_some() || order.planned.replaces.is_some() {
            let detail = format!("{id} does not go out by itself");
            return refuse("not_repeatable", detail);
        }
        let Some(holding) = book.holdings.get(&request.symbol) else {
            let detail = format!("{} has no position any more", request.symbol);
            return refuse("reduce_only", detail);
        };
        shape(tick, &request, None)?;
        not_against(book, request.symbol, request.side)?;
        let spoken_for = resting(book, request.symbol, request.side, Some(id));
        only_reduces(holding, spoken_for, request.side, request.qty)?;
        Ok(Approved(BrokerRequest::Submit(request)))
    }

    /// Looks at a change of a protective order to `qty` shares that are still to fill.
    ///
    /// # Errors
    /// It could open or turn a position, or it is off the tick.
    pub fn replacement(
        &mut self,
        book: &Book,
        holding: &Holding,
        qty: Qty,
        tick: TickRule,
        replacement: Replacement,
    ) -> Result<Approved, Refusal> {
        self.checked = self.checked.saturating_add(1);
        for price in replacement.stop.into_iter().chain(replacement.limit) {
            on_tick(tick, price)?;
        }
        let side = holding.direction.exit_side();
        not_against(book, holding.symbol, side)?;
        let old: ClientOrderId = replacement.client_id;
        let spoken_for = resting(book, holding.symbol, side, Some(old));
        only_reduces(holding, spoken_for, side, qty)?;
        Ok(Approved(BrokerRequest::Replace(replacement)))
    }
}

/// An order in words, as it would have left.
pub(crate) fn describe(request: &OrderRequest) -> String {
    let price = |name, price: Option<Price>| {
        price.map_or_else(String::new, |price| format!(" {name} {price}"))
    };
    let exit = |name, exit: Option<(ClientOrderId, Price)>| {
        exit.map_or_else(String::new, |(_, price)| format!(", {name} {price}"))
    };
    format!(
        "{} {} {} {}{}{} {}{}{}",
        request.side,
        request.qty,
        request.symbol,
        request.kind.name(),
        price("stop", request.kind.stop()),
        price("limit", request.kind.limit()),
        request.time_in_force,
        exit("its stop", request.attached.stop),
        exit("its target", request.attached.target),
    )
}
