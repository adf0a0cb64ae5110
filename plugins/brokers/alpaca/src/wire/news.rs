//! Articles, and what moves most.

use trader_contract::{Symbol, Timestamp};

use super::number::Number;
use super::tape::{Malformed, View};

/// An article. Its text is from outside: it is shown as text, and obeyed by nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    /// Its number.
    pub id: i64,
    /// Its headline.
    pub headline: Box<str>,
    /// A few sentences of it.
    pub summary: Box<str>,
    /// Who wrote it.
    pub author: Box<str>,
    /// Where it is from.
    pub source: Box<str>,
    /// Where it can be read.
    pub url: Box<str>,
    /// All of it, where it was asked for.
    pub content: Box<str>,
    /// What it is about; symbols that are none of ours are left out.
    pub symbols: Vec<Symbol>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// One page of articles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewsPage {
    /// The articles, in the order in which they came.
    pub articles: Vec<Article>,
    /// How many could not be read.
    pub bad: usize,
    /// Where the next page begins.
    pub next: Option<Box<str>>,
}

impl Article {
    /// Reads an article.
    ///
    /// # Errors
    /// It has no number or no time.
    pub fn read(view: View<'_>) -> Result<Self, Malformed> {
        let id = view.needs_number("id")?.integer();
        let created_at = view.needs_time("created_at")?;
        let text = |key: &str| view.boxed(key).unwrap_or_default();
        let symbols = view.texts("symbols");
        Ok(Self {
            id: id.ok_or(Malformed::Field {
                field: "id",
                wanted: "a whole number",
            })?,
            headline: text("headline"),
            summary: text("summary"),
            author: text("author"),
            source: text("source"),
            url: text("url"),
            content: text("content"),
            symbols: symbols.iter().filter_map(|s| s.parse().ok()).collect(),
            created_at,
            updated_at: view.time("updated_at")?.unwrap_or(created_at),
        })
    }

    /// Reads a page of `GET /v1beta1/news`.
    ///
    /// # Errors
    /// It has no list of articles.
    pub fn read_page(view: View<'_>) -> Result<NewsPage, Malformed> {
        let list = view.get("news").filter(|list| list.is_list());
        let list = list.ok_or(Malformed::Field {
            field: "news",
            wanted: "a list",
        })?;
        let (read, bad): (Vec<_>, Vec<_>) = list.items().map(Self::read).partition(Result::is_ok);
        Ok(NewsPage {
            articles: read.into_iter().flatten().collect(),
            bad: bad.len(),
            next: view
                .boxed("next_page_token")
                .filter(|next| !next.is_empty()),
        })
    }
}

/// A symbol that moves or is traded much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mover {
    /// The symbol.
    pub symbol: Symbol,
    /// By how much it has moved since the close before, in percent.
    pub percent: Option<Number>,
    /// The same in dollars.
    pub change: Option<Number>,
    /// Its price.
    pub price: Option<Number>,
    /// Shares traded today.
    pub volume: Option<Number>,
    /// Trades today.
    pub trades: Option<Number>,
}

impl Mover {
    /// Reads the lists of a screener that lie under `key`. What cannot be read is left out.
    ///
    /// # Errors
    /// There is no such list.
    pub fn read_list(view: View<'_>, key: &'static str) -> Result<Vec<Self>, Malformed> {
        let list = view.get(key).filter(|list| list.is_list());
        let list = list.ok_or(Malformed::Field {
            field: key,
            wanted: "a list",
        })?;
        let one = |item: View<'_>| {
            let number = |key: &'static str| item.number(key).ok().flatten();
            Some(Self {
                symbol: item.needs_symbol("symbol").ok()?,
                percent: number("percent_change"),
                change: number("change"),
                price: number("price"),
                volume: number("volume"),
                trades: number("trade_count"),
            })
        };
        Ok(list.items().filter_map(one).collect())
    }
}
