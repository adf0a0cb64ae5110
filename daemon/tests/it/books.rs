//! What a daemon left on the disk: the journal's book and the simulated broker's, held against each
//! other.

use std::collections::BTreeSet;

use trader_broker_sim::SimBroker;
use trader_contract::{Money, NetQty, OrderRole, ReportStatus, Symbol, Timestamp};
use trader_core::book::Book;
use trader_core::record::{JournalEntry, Record};
use trader_store::{EntryFilter, MAX_ROWS, Page, Reader, Store};

use crate::daemon::Place;

/// Both sides after the daemon has ended.
pub(crate) struct Books {
    pub(crate) book: Book,
    pub(crate) broker: trader_broker_sim::AccountView,
    pub(crate) entries: Vec<JournalEntry>,
}

impl Books {
    /// Reads them, and checks what must hold whenever a daemon has ended, in whatever way: the chain
    /// is whole, no client order id was planned twice, and the venue never saw one twice.
    pub(crate) fn read(place: &Place) -> Self {
        let books = Self::read_gaps_and_all(place);
        for entry in &books.entries {
            let text = format!("{:?}", entry.record);
            assert!(
                !text.contains("must be unique"),
                "the venue saw an id twice: {text}"
            );
        }
        books
    }

    /// The same where the journal could not be written for a while: what was sent from memory then
    /// left no trace, so its id may be tried again, and the venue refuses it.
    pub(crate) fn read_gaps_and_all(place: &Place) -> Self {
        let mut store = Store::open(&place.store(), Timestamp::from_seconds(0), 0).unwrap();
        store.verify_chain().unwrap();
        drop(store);
        let mut reader = Reader::open(&place.store()).unwrap();
        let mut entries = Vec::new();
        loop {
            let page = Page {
                limit: MAX_ROWS,
                before: entries.last().map(|entry: &JournalEntry| entry.seq),
            };
            let more = reader.entries(&EntryFilter::default(), page).unwrap();
            if more.is_empty() {
                break;
            }
            entries.extend(more);
        }
        entries.sort_by_key(|entry| entry.seq);
        let mut book = Book::default();
        let mut planned = BTreeSet::new();
        for entry in &entries {
            book.apply(entry.at, &entry.record);
            if let Record::OrderPlanned { order } = &entry.record {
                let id = order.request.client_id;
                assert!(planned.insert(id), "{id} was planned twice");
            }
        }
        Self {
            book,
            broker: broker(place),
            entries,
        }
    }

    /// Positions of the ledger.
    pub(crate) fn held(&self) -> Vec<(Symbol, NetQty)> {
        let held = self.book.holdings.values().filter(|h| !h.net.is_flat());
        held.map(|h| (h.symbol, h.net)).collect()
    }

    /// Fails unless cash and positions are the same on both sides.
    pub(crate) fn assert_equal(&self) {
        let mut theirs: Vec<(Symbol, NetQty)> = self
            .broker
            .positions
            .iter()
            .map(|(symbol, net, _)| (*symbol, *net))
            .collect();
        theirs.sort();
        assert_eq!(self.held(), theirs);
        assert_eq!(self.book.cash, self.broker.cash);
    }

    /// Fails unless both sides are flat, with nothing left at the broker, and agree.
    pub(crate) fn assert_flat_and_equal(&self) {
        self.assert_equal();
        assert_eq!(self.held(), Vec::new());
        assert_eq!(self.broker.open_orders, Vec::new());
    }

    /// Fails unless every position has a stop working at the broker for all of it.
    pub(crate) fn assert_protected(&self) {
        for (symbol, net) in self.held() {
            let rests = self.broker.open_orders.iter().any(|order| {
                order.symbol == symbol
                    && order.client_id.role == OrderRole::Stop
                    && order.status == ReportStatus::New
                    && order.qty == net.magnitude()
            });
            assert!(
                rests,
                "{symbol} {net} has no stop: {:#?}",
                self.broker.open_orders
            );
        }
    }

    /// How many journal entries are like this.
    pub(crate) fn count(&self, wanted: impl Fn(&Record) -> bool) -> usize {
        let entries = self.entries.iter();
        entries.filter(|entry| wanted(&entry.record)).count()
    }
}

fn broker(place: &Place) -> trader_broker_sim::AccountView {
    let text = std::fs::read_to_string(place.state().join("sim-broker.json")).unwrap();
    let symbols = ["AAA", "BBB", "CCC", "DDD"].map(|symbol| symbol.parse().unwrap());
    let config = trader_broker_sim::SimConfig::plain(Money::ZERO);
    SimBroker::restore(&text, config, &symbols)
        .unwrap()
        .account()
}
