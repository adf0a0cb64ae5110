//! What companies do to their shares: splits, dividends, names, mergers.

use chrono::NaiveDate;
use trader_contract::Symbol;

use super::number::Number;
use super::tape::{Malformed, View};

/// What a company does to its shares, as far as prices and positions depend on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorporateAction {
    /// Alpaca's id of it.
    pub id: Option<Box<str>>,
    /// The list that it came in, in Alpaca's word: `cash_dividends`, `forward_splits`.
    pub kind: Box<str>,
    /// The symbol that it is about.
    pub symbol: Option<Symbol>,
    /// The symbol from then on, where that changes.
    pub new_symbol: Option<Symbol>,
    /// Shares after a split.
    pub new_rate: Option<Number>,
    /// Shares before it.
    pub old_rate: Option<Number>,
    /// Dollars a share of a dividend.
    pub rate: Option<Number>,
    /// Whether a dividend is beside the usual ones.
    pub special: bool,
    /// From which day on the shares trade without it.
    pub ex_date: Option<NaiveDate>,
    /// When Alpaca acts on it.
    pub process_date: Option<NaiveDate>,
    /// When it is paid.
    pub payable_date: Option<NaiveDate>,
}

/// One page of corporate actions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionsPage {
    /// The actions, in the order in which they came.
    pub actions: Vec<CorporateAction>,
    /// What could not be read.
    pub bad: usize,
    /// Where the next page begins.
    pub next: Option<Box<str>>,
}

impl ActionsPage {
    /// Reads a page of `GET /v1/corporate-actions`.
    ///
    /// # Errors
    /// It has no lists of actions.
    pub fn read(view: View<'_>) -> Result<Self, Malformed> {
        let lists = view.get("corporate_actions").filter(|l| l.is_object());
        let lists = lists.ok_or(Malformed::Field {
            field: "corporate_actions",
            wanted: "lists by kind",
        })?;
        let mut page = Self {
            actions: Vec::new(),
            bad: 0,
            next: view
                .boxed("next_page_token")
                .filter(|next| !next.is_empty()),
        };
        for (kind, list) in lists.pairs() {
            for item in list.items() {
                match action(&kind, item) {
                    Ok(action) => page.actions.push(action),
                    Err(_) => page.bad = page.bad.saturating_add(1),
                }
            }
        }
        Ok(page)
    }
}

fn action(kind: &str, view: View<'_>) -> Result<CorporateAction, Malformed> {
    if !view.is_object() {
        return Err(Malformed::Field {
            field: "corporate_actions",
            wanted: "an object",
        });
    }
    let symbol = |keys: [&str; 3]| {
        let texts = keys.into_iter().filter_map(|key| view.text(key));
        texts.into_iter().find_map(|text| text.parse().ok())
    };
    let day = |key: &str| view.text(key).and_then(|text| text.parse().ok());
    Ok(CorporateAction {
        id: view.boxed("id"),
        kind: kind.into(),
        symbol: symbol(["symbol", "old_symbol", "acquiree_symbol"])
            .or_else(|| symbol(["source_symbol", "initiating_symbol", "target_symbol"])),
        new_symbol: symbol(["new_symbol", "acquirer_symbol", "new_symbol"]),
        new_rate: view.number("new_rate")?,
        old_rate: view.number("old_rate")?,
        rate: view.number("rate")?,
        special: view.flag("special").unwrap_or(false),
        ex_date: day("ex_date"),
        process_date: day("process_date"),
        payable_date: day("payable_date"),
    })
}
