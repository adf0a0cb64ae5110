//! The parts of a download, one after the other: daily bars of all that is missing first, which tell who
//! is unknown and when a symbol began to trade; then bars month by month; then what companies did.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use trader_bars::adjust::Actions;
use trader_bars::csv::CsvWriter;
use trader_bars::hours::HoursCursor;
use trader_bars::{Kind, Resolution, Rows, Store};
use trader_broker_alpaca::wire::actions::CorporateAction;
use trader_calendar::{Calendar, new_york};
use trader_contract::{Bar, Price, Symbol};
use trader_rpc::{DownloadedSymbol, ErrorDetail};

use super::super::title::{self, ACTIONS};
use super::covered::by_month;
use super::past::Bars;
use super::plan::{Missing, Plan};
use super::{Download, actions, not_stored, stopped};
use crate::work::trouble;

/// So many days before the first one are looked at too, for the close before an ex-date.
const DAYS_BEFORE: Days = Days::new(14);
/// Daily bars in Alpaca's words.
const DAY: &str = "1Day";
/// Bars of a minute.
const MINUTE: &str = "1Min";

/// What a symbol closed at, session by session.
type Closes = BTreeMap<NaiveDate, Price>;

impl Download<'_> {
    /// Asks for all that is missing and takes it into the store.
    pub(super) fn fetch(&mut self, plan: &Plan) -> Result<(), ErrorDetail> {
        let Some((first, last)) = plan.span() else {
            self.result.symbols = plan.0.iter().map(nothing).collect();
            return Ok(());
        };
        self.progress("looking".to_owned(), 0, 0);
        let early = first.checked_sub_days(DAYS_BEFORE).unwrap_or(first);
        let early = early.max(self.calendar.first_covered());
        let symbols = plan.symbols();
        let mut daily = self.ask(async |past| past.bars(&symbols, DAY, (early, last)).await)?;
        self.known(plan, &daily)?;
        let total = plan.0.iter().flat_map(|missing| &missing.bars);
        let total = total.map(|range| self.sessions(*range)).sum();
        let mut done = 0;
        for missing in &plan.0 {
            let days = daily.rows.remove(&missing.symbol).unwrap_or_default();
            let mut symbol = nothing(missing);
            let came = (days.as_slice(), daily.unreadable);
            self.bars(missing, came, &mut symbol, (&mut done, total))?;
            let closes: Closes = days
                .iter()
                .map(|bar| (new_york::date(bar.start), bar.close))
                .collect();
            self.companys(missing, &closes, &mut symbol)?;
            self.result.symbols.push(symbol);
        }
        Ok(())
    }

    /// Refuses symbols that Alpaca has no bars of, before anything is stored.
    fn known(&self, plan: &Plan, daily: &Bars) -> Result<(), ErrorDetail> {
        let unknown: Vec<Symbol> = plan
            .0
            .iter()
            .filter(|missing| !missing.stored && !missing.bars.is_empty())
            .map(|missing| missing.symbol)
            .filter(|symbol| !daily.rows.contains_key(symbol))
            .collect();
        if unknown.is_empty() {
            return Ok(());
        }
        Err(trouble(
            "nothing was downloaded",
            format!(
                "Alpaca has no bars of {} on the feed {} from {} to {}",
                title::names(&unknown),
                self.feed,
                self.result.first,
                self.result.last
            ),
            "correct the symbols, or name days on which they were listed",
        ))
    }

    fn sessions(&self, (first, last): (NaiveDate, NaiveDate)) -> u64 {
        let sessions = self.calendar.sessions(first..=last).unwrap_or_default();
        u64::try_from(sessions.len()).unwrap_or(u64::MAX)
    }

    fn bars(
        &self,
        missing: &Missing,
        (daily, bad_days): (&[Bar], usize),
        symbol: &mut DownloadedSymbol,
        (done, total): (&mut u64, u64),
    ) -> Result<(), ErrorDetail> {
        let whole_days = self.kind == Kind::Bars(Resolution::Day);
        let parts = if whole_days {
            missing.bars.clone()
        } else {
            by_month(&missing.bars)
        };
        let listed = daily.first().map(|bar| new_york::date(bar.start));
        for part in parts {
            self.progress(format!("downloading {}", missing.symbol), *done, total);
            let (bars, bad) = if whole_days {
                let within = |bar: &&Bar| {
                    let date = new_york::date(bar.start);
                    part.0 <= date && date <= part.1
                };
                (daily.iter().filter(within).copied().collect(), bad_days)
            } else if listed.is_none_or(|listed| part.1 < listed) {
                // Nothing of it traded by then.
                (Vec::new(), 0)
            } else {
                let whose = [missing.symbol];
                let mut came = self.ask(async |past| past.bars(&whose, MINUTE, part).await)?;
                let rows = came.rows.remove(&missing.symbol);
                (rows.unwrap_or_default(), came.unreadable)
            };
            self.part(missing.symbol, bars, part, symbol)?;
            let sessions = self.sessions(part);
            *done = done.saturating_add(sessions);
            symbol.sessions = symbol.sessions.saturating_add(sessions);
            if bad > 0 {
                symbol.notes.push(unreadable(bad, "bars"));
            } else {
                self.remember(missing.symbol, self.kind.name(), part)?;
            }
        }
        Ok(())
    }

    /// Stores the bars of one part.
    fn part(
        &self,
        whose: Symbol,
        bars: Vec<Bar>,
        (first, last): (NaiveDate, NaiveDate),
        symbol: &mut DownloadedSymbol,
    ) -> Result<(), ErrorDetail> {
        let (bars, out) = fit(bars, &self.calendar, self.kind);
        symbol.left_out = symbol.left_out.saturating_add(count(out));
        if bars.is_empty() {
            return Ok(());
        }
        let mut file = CsvWriter::new(Vec::new(), self.kind);
        file.rows(&Rows::Bars(bars)).map_err(|e| not_stored(&e))?;
        let content = file.finish().map_err(|e| not_stored(&e))?;
        let name = format!("{whose} {} of {first} to {last} from Alpaca", self.kind);
        let data = self.kind.name();
        let counts = self.take_in(whose, data, name, &content, self.spec.replace)?;
        symbol.new = symbol.new.saturating_add(counts.new);
        symbol.already = symbol.already.saturating_add(counts.already);
        symbol.replaced = symbol.replaced.saturating_add(counts.replaced);
        Ok(())
    }

    /// Stores the splits and dividends that are not known yet.
    fn companys(
        &self,
        missing: &Missing,
        closes: &Closes,
        symbol: &mut DownloadedSymbol,
    ) -> Result<(), ErrorDetail> {
        if missing.others_actions {
            symbol.notes.push(format!(
                "its splits and dividends were imported, and stay as they are; for Alpaca's: traderctl data \
                 remove {} --timeframe {ACTIONS}",
                missing.symbol
            ));
        }
        let (Some((first, _)), Some((_, last))) = (missing.actions.first(), missing.actions.last())
        else {
            return Ok(());
        };
        let range = (*first, *last);
        let whose = [missing.symbol];
        let (given, bad) = self.ask(async |past| past.actions(&whose, range).await)?;
        let given: Vec<CorporateAction> = given
            .into_iter()
            .filter(|action| action.symbol.is_none_or(|symbol| symbol == missing.symbol))
            .collect();
        let stored = self.stored_actions(missing.symbol)?;
        let before = lines(stored.as_deref());
        let sheet = match actions::sheet(stored.as_deref(), &given, range, closes) {
            Ok(sheet) => sheet,
            Err(why) => {
                symbol.notes.push(format!(
                    "its splits and dividends were not taken, since they make no sense together: {why}"
                ));
                return Ok(());
            }
        };
        for (kind, number) in &sheet.left {
            symbol.notes.push(format!(
                "{number} of Alpaca's {kind} not taken: the store knows splits and dividends in cash"
            ));
        }
        if let Some(text) = &sheet.text {
            let name = format!("{} actions from Alpaca", missing.symbol);
            self.take_in(missing.symbol, ACTIONS, name, text.as_bytes(), true)?;
            symbol.actions = lines(Some(text)).saturating_sub(before);
        }
        if bad > 0 {
            symbol.notes.push(unreadable(bad, "splits or dividends"));
            return Ok(());
        }
        self.remember(missing.symbol, ACTIONS, range)
    }

    fn stored_actions(&self, symbol: Symbol) -> Result<Option<String>, ErrorDetail> {
        let unreadable = |error: &dyn std::fmt::Display| {
            trouble(
                format!("the splits and dividends of {symbol} cannot be read"),
                error,
                format!("remove them: traderctl data remove {symbol} --timeframe {ACTIONS}"),
            )
        };
        let store = Store::open(self.shop.shelf.root()).map_err(|e| unreadable(&e))?;
        let content = store.read_actions(symbol).map_err(|e| unreadable(&e))?;
        Ok(content.map(|content| String::from_utf8_lossy(&content).into_owned()))
    }

    fn remember(
        &self,
        symbol: Symbol,
        data: &str,
        days: (NaiveDate, NaiveDate),
    ) -> Result<(), ErrorDetail> {
        let of = (symbol, data, self.feed);
        let kept = self.shop.covered.add(of, days);
        kept.map_err(|error| not_stored(&error))?;
        if self.halt.0.is_cancelled() {
            return Err(stopped());
        }
        Ok(())
    }
}

/// The bars that the store takes, in order and each once, and how many lie where nothing trades.
fn fit(mut bars: Vec<Bar>, calendar: &Calendar, kind: Kind) -> (Vec<Bar>, usize) {
    bars.sort_by_key(|bar| bar.start);
    bars.dedup();
    let came = bars.len();
    let mut hours = HoursCursor::new(calendar.clone(), kind);
    bars.retain(|bar| hours.hours(bar.start).is_ok());
    let out = came.saturating_sub(bars.len());
    (bars, out)
}

fn nothing(missing: &Missing) -> DownloadedSymbol {
    DownloadedSymbol {
        symbol: missing.symbol,
        sessions: 0,
        new: 0,
        already: 0,
        replaced: 0,
        left_out: 0,
        actions: 0,
        notes: Vec::new(),
    }
}

fn unreadable(number: usize, what: &str) -> String {
    format!("{number} {what} could not be read; the next download asks for those days again")
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// How many splits and dividends a file has.
fn lines(text: Option<&str>) -> u64 {
    let read = text.and_then(|text| text.parse::<Actions>().ok());
    read.map_or(0, |actions| count(actions.rows().len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extended_hours_are_taken_and_what_trades_at_no_time_is_left_out() {
        let price: Price = "10".parse().unwrap();
        let bar = |at: &str| Bar::new(at.parse().unwrap(), [price; 4], 5).unwrap();
        // Noon, before the open, after the close, the night, Thanksgiving and a Saturday.
        let noon = bar("2026-11-25T17:00:00Z");
        let early = bar("2026-11-25T09:00:00Z");
        let late = bar("2026-11-26T00:59:00Z");
        let out = [
            "2026-11-25T08:59:00Z",
            "2026-11-26T17:00:00Z",
            "2026-11-28T17:00:00Z",
        ];
        let mut came: Vec<Bar> = out.map(bar).into();
        came.extend([late, noon, early, noon]);
        let minute = Kind::Bars(Resolution::Minute);
        let (taken, left_out) = fit(came, &Calendar::nyse(), minute);
        assert_eq!((taken, left_out), (vec![early, noon, late], 3));

        // Days are stamped with their midnight in New York.
        let day = bar("2026-11-25T05:00:00Z");
        let kind = Kind::Bars(Resolution::Day);
        let (taken, left_out) = fit(vec![noon, day], &Calendar::nyse(), kind);
        assert_eq!((taken, left_out), (vec![day], 1));
    }
}
