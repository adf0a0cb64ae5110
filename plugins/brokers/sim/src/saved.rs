//! The broker's whole state as text, so that a daemon that restarts finds the same broker.

use std::collections::{BTreeMap, BTreeSet};

use trader_contract::Symbol;

use crate::book::Book;
use crate::broker::SimBroker;
use crate::config::SimConfig;

/// Why a saved state was not restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The text is no saved state of this version.
    #[error("the saved broker state cannot be read ({0}); start with a new simulated account")]
    Unreadable(#[from] serde_json::Error),
}

impl SimBroker {
    /// The whole state as JSON, queues and randomness included.
    ///
    /// # Errors
    /// The state cannot be written as JSON, which no state that this crate makes causes.
    pub fn save(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// Takes up a saved state under `config` for `symbols`, whose ids may have changed. The seed and
    /// the opening cash of `config` do not matter: both go on where they stood. Symbols that are no
    /// longer in the list are kept behind it as long as they have a position or an open order.
    ///
    /// # Errors
    /// The text is no saved state of this version.
    pub fn restore(
        text: &str,
        config: SimConfig,
        symbols: &[Symbol],
    ) -> Result<Self, RestoreError> {
        let mut broker: Self = serde_json::from_str(text)?;
        broker.config = config;
        broker.move_books(symbols);
        broker.rebuild();
        Ok(broker)
    }

    fn move_books(&mut self, symbols: &[Symbol]) {
        let saved = std::mem::take(&mut self.books);
        let mut saved: BTreeMap<Symbol, Book> =
            saved.into_iter().map(|book| (book.symbol, book)).collect();
        let mut books: Vec<Book> = symbols
            .iter()
            .map(|symbol| saved.remove(symbol).unwrap_or_else(|| Book::new(*symbol)))
            .collect();
        let needed = |book: &Book| !book.position.is_flat() || !book.open.is_empty();
        books.extend(saved.into_values().filter(needed));
        self.books = books;
        let named = self.books.iter().enumerate();
        let places: BTreeMap<Symbol, usize> =
            named.map(|(place, book)| (book.symbol, place)).collect();
        self.orders
            .retain(|_, order| places.contains_key(&order.symbol));
        for order in self.orders.values_mut() {
            order.book = places.get(&order.symbol).copied().unwrap_or(order.book);
        }
        let wakes = self.books.iter().enumerate();
        self.wakes = wakes
            .filter_map(|(place, book)| Some((book.wake?, place)))
            .collect::<BTreeSet<_>>();
    }
}
