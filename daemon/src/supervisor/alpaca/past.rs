//! The bars of the past that indicators warm up on: what the bar store has of Alpaca's, and only what came
//! after it from Alpaca.
//!
//! All of them are adjusted for splits up to today, as live prices are by nature: the store's by the actions
//! that are stored with them, Alpaca's by Alpaca. Whether both mean the same is not assumed but seen: the
//! first and the last stored minute are asked for again, and a symbol whose prices are others there (a split
//! that the store does not know of, another source) is asked for whole.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use tokio::runtime::Handle;
use trader_bars::adjust::{self, Actions};
use trader_bars::store::ReadError;
use trader_bars::{Kind, Range, Resolution, Series, Store};
use trader_broker_alpaca::face::history::BarsOf;
use trader_broker_alpaca::face::{Adjustment, AskError, Feed, History};
use trader_calendar::new_york;
use trader_contract::{Bar, Price, Symbol, Timestamp};

/// How long Alpaca may take to answer at all: until then nobody compares with the broker and protects.
const ANSWER: Duration = Duration::from_secs(15);
/// How long all of them may take; then indicators warm up on the bars that come.
const PATIENCE: Duration = Duration::from_secs(60);
/// The source of series that were downloaded from Alpaca.
const SOURCE: &str = "alpaca";
/// Prices that differ by less than one part of so many are the same: sources round otherwise.
const SAME: u64 = 1_000;

/// Bars by symbol, the oldest first.
type BySymbol = BTreeMap<Symbol, Vec<Bar>>;

/// What is wanted.
pub(super) struct Asked<'a> {
    pub(super) symbols: &'a [Symbol],
    /// The open of the first session.
    pub(super) from: Timestamp,
    /// The start of the newest minute.
    pub(super) until: Timestamp,
    pub(super) feed: Feed,
}

impl Asked<'_> {
    /// The bars. None where Alpaca does not answer: a past with a hole is no past.
    pub(super) fn bars(&self, history: &History, state: &Path) -> BySymbol {
        let stored = self.stored(&state.join("bars"));
        Handle::current()
            .block_on(self.within_patience(history, stored))
            .unwrap_or_else(|why| {
                tracing::error!(
                    why,
                    "there are no bars of the past; indicators warm up on those that come"
                );
                BySymbol::new()
            })
    }

    async fn within_patience(
        &self,
        history: &History,
        stored: BySymbol,
    ) -> Result<BySymbol, String> {
        let late = |_| "they did not come in time".to_owned();
        let told = |error: AskError| error.to_string();
        let one = self.symbols.get(..1).unwrap_or_default();
        let answers = tokio::time::timeout(ANSWER, history.latest_bars(one)).await;
        answers.map_err(late)?.map_err(told)?;
        let whole = tokio::time::timeout(PATIENCE, self.complete(history, stored)).await;
        whole.map_err(late)?.map_err(told)
    }

    /// What the store has from the first session on. What cannot be read is asked of Alpaca instead.
    fn stored(&self, root: &Path) -> BySymbol {
        let mut stored = BySymbol::new();
        let Ok(store) = Store::open(root) else {
            return stored;
        };
        for symbol in self.symbols {
            match self.stored_of(&store, *symbol) {
                Ok(bars) if bars.is_empty() => {}
                Ok(bars) => drop(stored.insert(*symbol, bars)),
                Err(why) => tracing::warn!(%symbol, why, "the stored bars are not used"),
            }
        }
        stored
    }

    fn stored_of(&self, store: &Store, symbol: Symbol) -> Result<Vec<Bar>, String> {
        let series = Series {
            symbol,
            kind: Kind::Bars(Resolution::Minute),
        };
        let catalogue = store.catalogue().map_err(|error| error.to_string())?;
        let fits = catalogue.series(series).is_some_and(|entry| {
            entry.source.eq_ignore_ascii_case(SOURCE) && entry.feed == self.feed.past_word()
        });
        if !fits {
            return Ok(Vec::new());
        }
        let (first, today) = (new_york::date(self.from), new_york::date(self.until));
        let range = Range {
            from: Some(first),
            to: Some(today),
        };
        let bars = match store.read_bars(symbol, Resolution::Minute, range) {
            Ok(bars) => bars,
            Err(ReadError::NoRows { .. }) => return Ok(Vec::new()),
            Err(error) => return Err(error.to_string()),
        };
        let actions = store
            .read_actions(symbol)
            .map_err(|error| error.to_string())?;
        let actions = match actions {
            None => Actions::none(),
            Some(text) => {
                let text = String::from_utf8(text).map_err(|error| error.to_string())?;
                text.parse::<Actions>().map_err(|error| error.to_string())?
            }
        };
        let split = adjust::Adjustment::Split;
        let bars = adjust::adjust(bars, &actions, split, Some(today));
        let mut bars = bars.map_err(|error| error.to_string())?;
        bars.retain(|bar| self.from <= bar.start && bar.start <= self.until);
        // One that begins later would leave a hole before it.
        let reaches_back = bars
            .first()
            .is_some_and(|bar| new_york::date(bar.start) == first);
        Ok(if reaches_back { bars } else { Vec::new() })
    }

    /// Puts what Alpaca has behind what is stored.
    async fn complete(&self, history: &History, stored: BySymbol) -> Result<BySymbol, AskError> {
        let first = |bars: &[Bar]| bars.first().map(|bar| bar.start);
        let last = |bars: &[Bar]| bars.last().map(|bar| bar.start);
        let mut heads = BySymbol::new();
        for (at, symbols) in by_moment(&stored, first) {
            add(&mut heads, self.ask(history, &symbols, (at, at)).await?);
        }
        let mut tails = BySymbol::new();
        for (at, symbols) in by_moment(&stored, last) {
            add(
                &mut tails,
                self.ask(history, &symbols, (at, self.until)).await?,
            );
        }
        let mut whole = BySymbol::new();
        let mut lacking = Vec::new();
        for symbol in self.symbols {
            let parts = (stored.get(symbol), heads.get(symbol), tails.remove(symbol));
            match parts {
                (Some(bars), Some(head), Some(tail)) => match joined(bars, head, tail) {
                    Some(bars) => drop(whole.insert(*symbol, bars)),
                    None => {
                        tracing::warn!(%symbol, "the stored bars have other prices than Alpaca's and are not used: a split that the store does not know of?");
                        lacking.push(*symbol);
                    }
                },
                _ => lacking.push(*symbol),
            }
        }
        let of_store: usize = stored
            .iter()
            .filter(|(symbol, _)| whole.contains_key(symbol))
            .map(|(_, bars)| bars.len())
            .sum();
        add(
            &mut whole,
            self.ask(history, &lacking, (self.from, self.until)).await?,
        );
        let all: usize = whole.values().map(Vec::len).sum();
        let of_alpaca = all.saturating_sub(of_store);
        tracing::info!(of_store, of_alpaca, "bars of the past");
        Ok(whole)
    }

    async fn ask(
        &self,
        history: &History,
        symbols: &[Symbol],
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Vec<(Symbol, Bar)>, AskError> {
        if symbols.is_empty() || from > to {
            return Ok(Vec::new());
        }
        let bars = history.bars(BarsOf {
            symbols,
            timeframe: "1Min",
            from,
            to,
            adjustment: Adjustment::Split,
        });
        let mut bars = bars.await?;
        bars.retain(|(_, bar)| from <= bar.start && bar.start <= to);
        Ok(bars)
    }
}

/// The symbols by a moment of their bars: those with the same one are asked for together.
fn by_moment(
    stored: &BySymbol,
    moment: impl Fn(&[Bar]) -> Option<Timestamp>,
) -> BTreeMap<Timestamp, Vec<Symbol>> {
    let mut groups: BTreeMap<Timestamp, Vec<Symbol>> = BTreeMap::new();
    for (symbol, bars) in stored {
        if let Some(at) = moment(bars) {
            groups.entry(at).or_default().push(*symbol);
        }
    }
    groups
}

fn add(to: &mut BySymbol, bars: Vec<(Symbol, Bar)>) {
    for (symbol, bar) in bars {
        to.entry(symbol).or_default().push(bar);
    }
}

/// The stored bars with Alpaca's behind them, where both have the same prices at the first stored minute
/// (`head`) and at the last one (the first of `tail`).
fn joined(stored: &[Bar], head: &[Bar], tail: Vec<Bar>) -> Option<Vec<Bar>> {
    let (first, last) = (stored.first()?, stored.last()?);
    let agree = same(first, head.first()?) && same(last, tail.first()?);
    agree.then(|| {
        stored
            .iter()
            .copied()
            .chain(tail.into_iter().skip(1))
            .collect()
    })
}

/// Whether two bars are of the same minute and of the same prices, but for rounding.
fn same(one: &Bar, other: &Bar) -> bool {
    let near = |one: Price, other: Price| {
        let apart = one.micros().abs_diff(other.micros());
        apart.saturating_mul(SAME) <= other.micros().unsigned_abs()
    };
    one.start == other.start && near(one.open, other.open) && near(one.close, other.close)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(minute: i64, cents: i64) -> Bar {
        let price = Price::from_cents(cents).unwrap();
        Bar {
            start: Timestamp::from_seconds(1_764_000_000).plus_minutes(minute),
            open: price,
            high: price,
            low: price,
            close: price,
            volume: 100,
        }
    }

    fn run(minutes: std::ops::Range<i64>, cents: i64) -> Vec<Bar> {
        minutes.map(|minute| bar(minute, cents)).collect()
    }

    #[test]
    fn what_came_after_the_stored_bars_is_put_behind_them_once() {
        let whole = joined(&run(0..5, 10_000), &run(0..1, 10_000), run(4..9, 10_001)).unwrap();
        let starts: Vec<_> = whole.iter().map(|bar| bar.start).collect();
        let expected: Vec<_> = run(0..9, 1).iter().map(|bar| bar.start).collect();
        assert_eq!(starts, expected);
    }

    #[test]
    fn stored_bars_from_before_a_split_are_not_used() {
        let stored = run(0..5, 10_000);
        let halved = joined(&stored, &run(0..1, 5_000), run(4..9, 5_000));
        assert_eq!(halved, None);
        let only_the_first = joined(&stored, &run(0..1, 5_000), run(4..9, 10_000));
        assert_eq!(only_the_first, None);
        let only_the_last = joined(&stored, &run(0..1, 10_000), run(4..9, 9_900));
        assert_eq!(only_the_last, None);
    }

    #[test]
    fn a_minute_that_alpaca_does_not_have_is_no_proof() {
        let stored = run(0..5, 10_000);
        assert_eq!(joined(&stored, &[], run(4..9, 10_000)), None);
        assert_eq!(joined(&stored, &run(0..1, 10_000), run(5..9, 10_000)), None);
    }
}
