//! INV-5 where a person overrides a limit: what leaves is exactly what was shown, once, after a call of
//! its own with the code of what was shown, within its time; and no override goes past the ceilings.

use std::collections::BTreeSet;

use trader_contract::{ClientOrderId, Money, OrderRequest, Qty, Timestamp};
use trader_core::record::{IntentId, JournalEntry, Override, OverrideEnd, Record};
use trader_core::risk::waiver::ceilings;
use trader_core::{Event, OperatorCommand};

use super::trading::entry;
use super::{Checked, Sent, View, Watcher};

/// The longest time in which an override is confirmed.
const CONFIRM_WITHIN: i64 = 5 * Timestamp::MINUTE;

/// What a person has said.
#[derive(Debug)]
struct Confirmation {
    intent: IntentId,
    code: Box<str>,
    request: Box<str>,
    uid: u32,
}

/// The watcher.
#[derive(Debug, Default)]
pub(super) struct Overridden {
    shown: Option<Override>,
    said: Option<Confirmation>,
    /// What may leave now: it was confirmed in this event.
    free: Option<OrderRequest>,
    used: BTreeSet<ClientOrderId>,
}

impl Overridden {
    /// Whether the override that waits was confirmed as it must be.
    fn confirmed(&self, intent: IntentId, at: Timestamp) -> Result<OrderRequest, String> {
        let shown = self.shown.as_ref().filter(|shown| shown.intent == intent);
        let shown = shown.ok_or_else(|| format!("{intent} was overridden, and never shown"))?;
        let said = self.said.as_ref().filter(|said| said.intent == intent);
        let said =
            said.ok_or_else(|| format!("{intent} was overridden, and nobody confirmed it"))?;
        if !shown.is_code(&said.code) || said.uid != shown.uid || said.request == shown.request {
            return Err(format!(
                "{intent} was overridden on another code, by another user or in the same call"
            ));
        }
        if at >= shown.until {
            return Err(format!("{intent} was overridden after {}", shown.until));
        }
        Ok(shown.order)
    }
}

impl Watcher for Overridden {
    fn invariant(&self) -> &'static str {
        "INV-5"
    }

    fn told(&mut self, event: &Event, _at: Timestamp, _view: &View<'_>) -> Checked {
        self.free = None;
        self.said = match event {
            Event::Operator {
                command: OperatorCommand::ConfirmOverride { intent, code },
                uid,
                request,
            } => Some(Confirmation {
                intent: *intent,
                code: code.clone(),
                request: request.clone(),
                uid: *uid,
            }),
            _ => None,
        };
        Ok(0)
    }

    fn wrote(&mut self, entry: &JournalEntry, durable: bool, _view: &View<'_>) -> Checked {
        match &entry.record {
            Record::OverrideAsked { asked } if durable => {
                if asked.waived.is_empty() || asked.until.since(entry.at) > CONFIRM_WITHIN {
                    return Err(format!(
                        "{} may be overridden until {}",
                        asked.intent, asked.until
                    ));
                }
                self.shown = Some(asked.clone());
            }
            Record::OverrideEnded { intent, end, .. } if durable => {
                if *end == OverrideEnd::Used {
                    self.free = Some(self.confirmed(*intent, entry.at)?);
                }
                self.shown = None;
            }
            _ => return Ok(0),
        }
        Ok(1)
    }

    fn sent(&mut self, sent: &Sent<'_>, view: &View<'_>) -> Checked {
        let Some(request) = entry(sent) else {
            return Ok(0);
        };
        let id = request.client_id;
        if !view.truth.is_overridden(id) {
            return Ok(0);
        }
        if self.free.take().as_ref() != Some(request) || !self.used.insert(id) {
            return Err(format!("{id} left past limits as nobody has confirmed it"));
        }
        let most = Qty::shares(ceilings::ORDER_SHARES).unwrap_or(Qty::ZERO);
        let price = request.kind.limit().or(request.kind.stop());
        let value = price.map_or(Money::ZERO, |price| price.times(request.qty));
        if request.qty > most || value > ceilings::VALUE {
            return Err(format!("{id} left past the ceilings"));
        }
        Ok(2)
    }
}
