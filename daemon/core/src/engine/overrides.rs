//! Overrides: a person has one refused entry sent all the same. The first call shows what would leave
//! and which limits refuse it, and answers with a code; the second one, with the code, sends exactly
//! that through the same gate, which holds it against everything else as it is then.

use trader_contract::{ClientOrderId, Level, Money, OrderKind, OrderRequest, OrderRole, Timestamp};

use super::Engine;
use super::entries::{Draft, Wanted};
use super::intents::Source;
use crate::book::{Asked, RefusedEntry};
use crate::command::{Commands, Refused};
use crate::record::{IntentId, Origin, Override, OverrideEnd, Record, Severity, Waived};
use crate::risk::exposure::{distance, worst_value};
use crate::risk::gate::{Refusal, describe};
use crate::risk::waiver::Waivable;

/// How long a refused entry can be overridden: what its strategy saw is no longer so after that.
const REFUSED_FOR: i64 = 30 * Timestamp::MINUTE;
/// The longest time in which an override is confirmed.
const CONFIRM_WITHIN_MAX: i64 = 5 * Timestamp::MINUTE;
/// So many wrong codes end it.
const MISSES_MAX: u8 = 3;
/// The alert that stands while an override waits.
const WAITS: &str = "override_waits";

/// What an operator says of an override.
#[derive(Clone, Copy)]
pub(super) struct Saying<'a> {
    pub(super) intent: IntentId,
    pub(super) uid: u32,
    /// The id of the call.
    pub(super) request: &'a str,
}

/// What a look at the gate found.
struct Look {
    order: OrderRequest,
    waived: Vec<Waived>,
    value: Money,
    at_stop: Money,
}

impl Engine {
    /// Shows what an override would send, and makes it wait for its confirmation.
    pub(super) fn ask_override(
        &mut self,
        at: Timestamp,
        saying: Saying<'_>,
        within_nanos: i64,
        out: &mut Commands,
    ) -> Result<String, Refused> {
        if !(Timestamp::SECOND..=CONFIRM_WITHIN_MAX).contains(&within_nanos) {
            let why = "an override is confirmed within 1 to 300 seconds".to_owned();
            return Err(not_now(why));
        }
        let refused = self.overridable(at, saying.intent)?.clone();
        self.no_other_waits(at, saying.intent, out)?;
        let from = self.source_of(at, &refused)?;
        let look = self
            .look(from, &refused)
            .map_err(|refusal| hard(&refusal))?;
        if look.waived.is_empty() {
            return Err(not_now(format!(
                "no limit refuses {} any more, so there is nothing to override; its strategy decides \
                 anew at its next bar",
                saying.intent
            )));
        }
        let last = self.symbols.get(from.symbol.index()).and_then(|s| s.last);
        let last = last.ok_or_else(|| not_now("the symbol has no price yet".to_owned()))?;
        let asked = Override {
            intent: saying.intent,
            order: look.order,
            route: refused.route,
            expires_after_bars: refused.expires_after_bars,
            waived: look.waived.clone(),
            last,
            until: at.plus_nanos(within_nanos),
            uid: saying.uid,
            request: saying.request.into(),
        };
        let shown = self.show(&asked, &look);
        self.tell_waiting(at, &asked, out);
        self.write(at, Record::OverrideAsked { asked }, out);
        self.find_due();
        Ok(shown)
    }

    /// Sends what an override showed, if the code is its code and the gate has nothing else against it.
    pub(super) fn confirm_override(
        &mut self,
        at: Timestamp,
        saying: Saying<'_>,
        code: &str,
        origin: Origin,
        out: &mut Commands,
    ) -> Result<String, Refused> {
        self.end_overdue(at, out);
        let Saying { intent, uid, .. } = saying;
        let asked = self.book.asked.clone().filter(|a| a.what.intent == intent);
        let Some(Asked { what, misses }) = asked else {
            return Err(not_now(format!(
                "no override of {intent} waits for a confirmation; `traderctl override {intent}` asks \
                 for one"
            )));
        };
        if what.uid != uid {
            return Err(not_now(format!(
                "uid {} asked for it and has seen what it sends; only that user confirms it",
                what.uid
            )));
        }
        if *what.request == *saying.request {
            return Err(not_now(
                "a confirmation is a call of its own, with a request id of its own".to_owned(),
            ));
        }
        if !what.is_code(code) {
            return Err(self.miss(at, intent, misses, origin, out));
        }
        let refused = self.overridable(at, intent)?.clone();
        let from = self.source_of(at, &refused)?;
        self.stands_as_shown(from, &what)?;
        let limits = what.limits();
        let passed = self.at_gate(
            from,
            Draft::Exactly(what.order),
            &mut None,
            |gate, account, place, order| {
                gate.entry(at, account, place, order, &limits, &mut Vec::new())
            },
        );
        let approved = passed.map_err(|refusal| hard(&refusal))?;
        self.end_override(at, intent, OverrideEnd::Used, origin, out);
        self.place_entry(from, what.expires_after_bars, approved, out);
        let said = format!(
            "{} is sent past {}, once",
            describe(&what.order),
            what.names()
        );
        self.alert(
            at,
            (Severity::Warning, "override_used", Some(what.order.symbol)),
            (
                format!("uid {uid} had {intent} sent: {said}"),
                "nothing, if that was meant; else `traderctl cancel` its order or `traderctl close` the symbol",
            ),
            out,
        );
        self.tell_used_up(at, &what.route, out);
        Ok(said)
    }

    /// The refused entry of an intent, while it may be overridden.
    fn overridable(&self, at: Timestamp, intent: IntentId) -> Result<&RefusedEntry, Refused> {
        let mut refused = self.book.refused.iter();
        let found = refused.find(|refused| refused.intent == intent).ok_or_else(|| {
            not_now(format!(
                "{intent} is no entry of this session that a limit refused and that is not sent yet; \
                 `traderctl logs --intent {intent}` shows what became of it"
            ))
        })?;
        let age = at.since(found.at);
        if age >= REFUSED_FOR {
            let minutes = age.checked_div(Timestamp::MINUTE).unwrap_or(0);
            return Err(not_now(format!(
                "{intent} was refused {minutes} minutes ago, and after 30 nobody overrides it: what its \
                 strategy saw is no longer so"
            )));
        }
        Ok(found)
    }

    fn no_other_waits(
        &mut self,
        at: Timestamp,
        intent: IntentId,
        out: &mut Commands,
    ) -> Result<(), Refused> {
        self.end_overdue(at, out);
        match &self.book.asked {
            Some(other) if other.what.intent != intent => Err(not_now(format!(
                "an override of {} waits until {}; one at a time",
                other.what.intent, other.what.until
            ))),
            _ => Ok(()),
        }
    }

    /// The lane that a refused entry came from.
    fn source_of(&self, at: Timestamp, refused: &RefusedEntry) -> Result<Source<'static>, Refused> {
        let symbol = self.by_ticker.get(&refused.symbol).copied();
        let symbol =
            symbol.ok_or_else(|| Refused::UnknownSymbol(refused.symbol.as_str().into()))?;
        let lane = (self.lanes.iter().enumerate()).find(|(index, lane)| {
            lane.symbol == symbol && self.route_name(*index) == refused.route
        });
        let Some((lane, _)) = lane else {
            return Err(not_now(format!(
                "route {} does not trade {} any more",
                refused.route, refused.symbol
            )));
        };
        Ok(Source {
            at,
            lane,
            symbol,
            bar: None,
        })
    }

    /// What would leave, and every limit that refuses it. Another rule's refusal ends the look.
    fn look(&mut self, from: Source<'_>, refused: &RefusedEntry) -> Result<Look, Refusal> {
        let id = ClientOrderId {
            epoch: self.epoch,
            session: refused.intent.session,
            intent: refused.intent.number,
            role: OrderRole::Entry,
            attempt: 1,
        };
        let wanted = Wanted {
            direction: refused.direction,
            entry: refused.entry,
            stop: refused.stop,
            target: refused.target,
            size: refused.size,
            expires_after_bars: refused.expires_after_bars,
        };
        self.at_gate(
            from,
            Draft::Wanted(&wanted, id),
            &mut None,
            |gate, account, place, order| {
                let mut waived: Vec<Waived> = Vec::new();
                // Each turn adds a limit that was not waived before, so this ends.
                for _ in Waivable::ALL {
                    let limits: Vec<Waivable> = waived.iter().map(|waived| waived.limit).collect();
                    let checks = &mut Vec::new();
                    let look = gate.preview(from.at, account, place, &order, &limits, checks);
                    let Err(refusal) = look else {
                        break;
                    };
                    match Waivable::of_rule(refusal.rule).filter(|limit| !limits.contains(limit)) {
                        Some(limit) => waived.push(Waived {
                            limit,
                            detail: refusal.detail.into(),
                        }),
                        None => return Err(refusal),
                    }
                }
                let collar = gate.limits().fill_collar;
                let (kind, qty) = (order.kind, order.qty);
                let stop = order.attached.stop;
                Ok(Look {
                    order,
                    waived,
                    value: worst_value(order.side, kind, place.last, qty, collar),
                    at_stop: stop.map_or(Money::ZERO, |(_, stop)| {
                        distance(kind, place.last, stop, qty)
                    }),
                })
            },
        )
    }

    /// An order at the market was shown at a price: once the market has left it, it is another order.
    fn stands_as_shown(&self, from: Source<'_>, what: &Override) -> Result<(), Refused> {
        let last = self.symbols.get(from.symbol.index()).and_then(|s| s.last);
        let (Some(last), OrderKind::Market) = (last, what.order.kind) else {
            return Ok(());
        };
        let shown = Level::from(what.last);
        let away = (Level::from(last) - shown).abs();
        if away <= shown.scaled_down(self.gate.limits().price_collar) {
            return Ok(());
        }
        Err(not_now(format!(
            "the price was {} when it was shown and is {last} now; ask anew",
            what.last
        )))
    }

    /// A wrong code: counted, and the third one ends the override.
    fn miss(
        &mut self,
        at: Timestamp,
        intent: IntentId,
        misses: u8,
        origin: Origin,
        out: &mut Commands,
    ) -> Refused {
        let record = Record::OverrideMissed {
            intent,
            origin: origin.clone(),
        };
        self.write(at, record, out);
        let left = MISSES_MAX.saturating_sub(misses.saturating_add(1));
        if left > 0 {
            return not_now(format!(
                "that is not the code of the override of {intent}; {left} more wrong ones end it"
            ));
        }
        self.end_override(at, intent, OverrideEnd::Voided, origin, out);
        not_now(format!(
            "that is not the code of the override of {intent}, and the third wrong one ended it; ask anew"
        ))
    }

    /// When the override that waits can be confirmed no longer.
    pub(super) fn override_ends(&self) -> Timestamp {
        (self.book.asked.as_ref()).map_or(Timestamp::MAX, |asked| asked.what.until)
    }

    /// Ends an override that nobody confirmed in time.
    pub(super) fn end_overdue(&mut self, at: Timestamp, out: &mut Commands) {
        if at < self.override_ends() {
            return;
        }
        if let Some(intent) = self.book.asked.as_ref().map(|asked| asked.what.intent) {
            self.end_override(at, intent, OverrideEnd::Expired, Origin::Engine, out);
        }
    }

    fn end_override(
        &mut self,
        at: Timestamp,
        intent: IntentId,
        end: OverrideEnd,
        origin: Origin,
        out: &mut Commands,
    ) {
        let symbol = self
            .book
            .asked
            .as_ref()
            .map(|asked| asked.what.order.symbol);
        let record = Record::OverrideEnded {
            intent,
            end,
            origin,
        };
        self.write(at, record, out);
        self.clear_standing(at, WAITS, symbol, out);
        self.find_due();
    }

    fn tell_waiting(&mut self, at: Timestamp, asked: &Override, out: &mut Commands) {
        let message = format!(
            "uid {} may have {} sent past {} until {}",
            asked.uid,
            asked.intent,
            asked.names(),
            asked.until
        );
        self.raise_standing(
            at,
            (Severity::Warning, WAITS, Some(asked.order.symbol)),
            (
                message,
                "nothing: it ends by itself; `traderctl pause` keeps it from being sent",
            ),
            out,
        );
    }

    /// Everything that a person must know before the code is typed.
    fn show(&self, asked: &Override, look: &Look) -> String {
        let account = self.account().map_or("unknown", |account| &account.id);
        let kind = match self.authority.live {
            Some(_) => "live",
            None => "not live",
        };
        let stop = match asked.order.attached.stop {
            Some(_) => format!("{} at its stop", look.at_stop),
            None => "everything: it has no stop".to_owned(),
        };
        let mut lines = vec![
            format!(
                "nothing was sent; an override of {} would send, once:",
                asked.intent
            ),
            format!("  {}", describe(&asked.order)),
            format!("  for route {}, account {account} ({kind})", asked.route),
            format!("  worth at most {}, losing {stop}", look.value),
        ];
        let refusals = asked.waived.iter();
        lines.extend(
            refusals.map(|waived| format!("  past {}: {}", waived.limit.name(), waived.detail)),
        );
        lines.push(format!(
            "`traderctl override {} --confirm {}` sends it, before {}",
            asked.intent,
            asked.code(),
            asked.until
        ));
        lines.join("\n")
    }
}

/// What no person overrides.
fn hard(refusal: &Refusal) -> Refused {
    not_now(format!(
        "{} refuses it, and that is not among the limits to be overridden here: {}",
        refusal.rule, refusal.detail
    ))
}

fn not_now(why: String) -> Refused {
    Refused::NotNow(why.into())
}
