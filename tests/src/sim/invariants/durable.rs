//! INV-19: nothing is sent before the record that explains it is on the disk, and the broker holds
//! nothing that was not sent.

use std::collections::BTreeSet;

use trader_contract::{BrokerRequest, ClientOrderId};

use super::{Checked, Sent, View, Watcher};

/// The watcher.
#[derive(Debug, Default)]
pub(super) struct DurableBeforeVisible {
    sent: BTreeSet<ClientOrderId>,
    looked_at: u64,
}

impl Watcher for DurableBeforeVisible {
    fn invariant(&self) -> &'static str {
        "INV-19"
    }

    fn sent(&mut self, sent: &Sent<'_>, _view: &View<'_>) -> Checked {
        let (id, reducing) = match sent.request {
            BrokerRequest::Submit(request) => {
                let attached = request.attached;
                let legs = [attached.stop, attached.target, request.oco_stop];
                let legs = legs.into_iter().flatten().map(|(id, _)| id);
                self.sent.extend(legs);
                (request.client_id, request.client_id.role.is_reducing())
            }
            BrokerRequest::Replace(change) => (change.new_client_id, true),
            BrokerRequest::Cancel(id) => (*id, true),
            BrokerRequest::Snapshot { .. } => return Ok(0),
        };
        self.sent.insert(id);
        if sent.explained || (sent.journal_failed && reducing) {
            return Ok(1);
        }
        Err(format!("{id} left before its plan was on the disk"))
    }

    fn after(&mut self, view: &View<'_>) -> Checked {
        if self.looked_at == view.truth.version {
            return Ok(0);
        }
        self.looked_at = view.truth.version;
        let mut checks = 0;
        for id in view.truth.open.keys() {
            checks += 1;
            if !self.sent.contains(id) {
                return Err(format!("the broker has {id}, which was never sent"));
            }
        }
        Ok(checks)
    }
}
