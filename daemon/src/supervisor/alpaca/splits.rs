//! Splits of the coming session. Alpaca counts a position in new shares before the open of the ex-date;
//! the engine must have heard of it by then, and at a start before it hears what Alpaca holds. So a start
//! asks first of all, and a daemon that runs asks shortly before the ex-date begins in New York, so that
//! the answer is there when it does, then again and again until shortly before the open.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{Days, NaiveDate, NaiveTime};
use trader_broker_alpaca::face::{AskError, History};
use trader_broker_alpaca::wire::actions::CorporateAction;
use trader_calendar::{Calendar, Session, new_york};
use trader_contract::{Symbol, Timestamp};
use trader_core::Event;

use super::super::inbox::Slot;
use crate::clock;

/// How long a start waits for an answer: until then nobody compares with the broker and protects.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long one question may take beside trading.
const ANSWER: Duration = Duration::from_secs(60);
/// Minutes before the ex-date begins at which is asked first.
const AHEAD: i64 = 5;
/// Minutes between two answers: what is announced late is heard of all the same.
const EVERY: i64 = 60;
/// Minutes after a question that was not answered.
const AGAIN: i64 = 1;
/// Minutes before the open at which is asked last.
const LAST: i64 = 10;
/// Days around the ex-date in which Alpaca may act on a split: it is asked by when it acts.
const AROUND: Days = Days::new(7);
/// The longest sleep, in the venue's time: a clock that is set is seen then.
const STEP: i64 = Timestamp::MINUTE;
/// How long a full inbox is left alone.
const PAUSE: Duration = Duration::from_millis(10);
/// The most decimals of a rate.
const DECIMALS: u32 = 18;

/// Shares after a split and before it, in the lowest terms.
type Ratio = (u32, u32);

/// What is asked, and of whom.
#[derive(Debug, Clone)]
pub(super) struct Splits {
    pub(super) history: History,
    /// What is routed or held.
    pub(super) symbols: Vec<Symbol>,
    pub(super) calendar: Calendar,
}

/// What became of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// There was an answer.
    Answered,
    /// Alpaca says no, as to a plan that has no corporate actions: it will say so again.
    Refused,
    /// There was none.
    Unanswered,
}

/// What was done so far.
#[derive(Debug, Default)]
struct Done {
    /// What the engine was told of a session.
    told: BTreeMap<(NaiveDate, Symbol), Ratio>,
    /// The last session of which there was an answer.
    known: Option<NaiveDate>,
    /// The last session of which it was said that nothing is known.
    missed: Option<NaiveDate>,
    /// Whether it was said that Alpaca refuses.
    refused: bool,
    /// What was said of actions that are not told.
    said: BTreeSet<String>,
}

/// What a session's actions come to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Chosen {
    /// One ratio a symbol: what happens on one day counts together.
    splits: BTreeMap<Symbol, Ratio>,
    /// What a person should know of what is not among them.
    left: Vec<String>,
}

impl Splits {
    /// What a start tells the engine before it hears the broker: the splits of the session that we are in,
    /// or wait for on its date. Whether it is too late for them is the engine's to decide. None where Alpaca
    /// does not answer in time: the task that watches asks again.
    pub(super) async fn at_start(&self) -> Vec<Event> {
        let now = clock::venue();
        let due = coming(&self.calendar, now).filter(|session| now >= begins(session));
        let Some(session) = due else {
            return Vec::new();
        };
        let chosen = match tokio::time::timeout(PATIENCE, self.ask(session.date)).await {
            Ok(Ok(chosen)) => chosen,
            Ok(Err(error)) => {
                tracing::warn!(%error, "today's splits are not known at the start");
                return Vec::new();
            }
            Err(_) => {
                tracing::warn!("today's splits are not known at the start: no answer in time");
                return Vec::new();
            }
        };
        let event = |(symbol, (new, old))| Event::Split { symbol, new, old };
        chosen.splits.into_iter().map(event).collect()
    }

    /// Asks until it is stopped.
    pub(super) async fn run(self, slot: &Slot) {
        let mut done = Done::default();
        loop {
            let Some(session) = coming(&self.calendar, clock::venue()) else {
                // That the calendar ends is told elsewhere.
                until(clock::venue().plus_minutes(EVERY)).await;
                continue;
            };
            let begins = begins(&session);
            until(begins.plus_minutes(-AHEAD)).await;
            let outcome = match self.ask_in_time(session.date).await {
                Ok(chosen) => {
                    // Whoever trades until then trades in old shares.
                    until(begins).await;
                    done.tell(session.date, chosen, slot).await;
                    Outcome::Answered
                }
                Err(error) => done.fail(&session, &error),
            };
            until(next_ask(&session, clock::venue(), outcome)).await;
        }
    }

    async fn ask_in_time(&self, date: NaiveDate) -> Result<Chosen, AskError> {
        let answer = tokio::time::timeout(ANSWER, self.ask(date)).await;
        answer.unwrap_or_else(|_| {
            Err(AskError::Unanswered {
                why: "no answer in time".into(),
            })
        })
    }

    /// The splits of a date, of all pages.
    async fn ask(&self, date: NaiveDate) -> Result<Chosen, AskError> {
        let first = date.checked_sub_days(AROUND).unwrap_or(date);
        let last = date.checked_add_days(AROUND).unwrap_or(date);
        let asked = self.history.actions(&self.symbols, (first, last), || {});
        let (actions, bad) = asked.await?;
        if bad > 0 {
            tracing::warn!(count = bad, "corporate actions that cannot be read");
        }
        Ok(choose(&actions, date, &self.symbols))
    }
}

impl Done {
    /// Tells the engine what it was not told of a session, and a person what the engine has no word for.
    async fn tell(&mut self, date: NaiveDate, chosen: Chosen, slot: &Slot) {
        self.known = Some(date);
        self.refused = false;
        self.told.retain(|(told, _), _| *told >= date);
        for why in chosen.left {
            if self.said.insert(why.clone()) {
                tracing::warn!("{why}; compare the position with the broker's");
            }
        }
        for (symbol, (new, old)) in chosen.splits {
            match self.told.get(&(date, symbol)) {
                Some(told) if *told == (new, old) => continue,
                // The engine would count the second one on top of the first.
                Some(told) => {
                    let (was_new, was_old) = *told;
                    let why = format!(
                        "{symbol}: Alpaca says now that {new} shares come of {old}, after {was_new} of {was_old}"
                    );
                    if self.said.insert(why.clone()) {
                        tracing::error!("{why}; compare the position with the broker's");
                    }
                    continue;
                }
                None => {}
            }
            tracing::info!(%symbol, new, old, %date, "a split");
            while !slot.tell_split(symbol, (new, old)) {
                tokio::time::sleep(PAUSE).await;
            }
            self.told.insert((date, symbol), (new, old));
        }
    }

    /// Says that there was no answer, each thing once.
    fn fail(&mut self, session: &Session, error: &AskError) -> Outcome {
        let date = session.date;
        let refused = matches!(error, AskError::Refused { .. });
        if !refused {
            tracing::warn!(%error, %date, "the splits of a session are not known; asking again");
        } else if !self.refused {
            self.refused = true;
            tracing::error!(%error, "Alpaca does not say which shares are split; after a split the position differs from the broker's");
        }
        let is_late = clock::venue() >= session.open.plus_minutes(-LAST);
        let unknown = self.known != Some(date) && self.missed != Some(date);
        if is_late && unknown && !refused {
            self.missed = Some(date);
            tracing::error!(%error, %date, "whether shares are split today is not known before the open");
        }
        if refused {
            Outcome::Refused
        } else {
            Outcome::Unanswered
        }
    }
}

/// The session that we are in, or the next one; `None` where the calendar ends.
fn coming(calendar: &Calendar, now: Timestamp) -> Option<Session> {
    let inside = calendar.session_at(now).ok()?;
    inside.or_else(|| calendar.next_session_after(now).ok())
}

/// When a session's date begins in New York.
fn begins(session: &Session) -> Timestamp {
    // No clock is set at midnight there.
    new_york::timestamp(session.date.and_time(NaiveTime::MIN)).unwrap_or(session.open)
}

/// When is asked next, after a question about a session that has ended `now`.
fn next_ask(session: &Session, now: Timestamp, outcome: Outcome) -> Timestamp {
    let last = session.open.plus_minutes(-LAST);
    match outcome {
        // After the open too: the engine tells a person of a split that comes late.
        Outcome::Unanswered => now.plus_minutes(AGAIN),
        Outcome::Answered | Outcome::Refused if now < last => now.plus_minutes(EVERY).min(last),
        Outcome::Answered | Outcome::Refused => session.close,
    }
}

/// Sleeps until the venue's clock shows a moment.
async fn until(at: Timestamp) {
    loop {
        let left = at.since(clock::venue());
        let Ok(step) = u64::try_from(left.min(STEP)) else {
            return;
        };
        if step == 0 {
            return;
        }
        let step = Duration::from_nanos(step);
        tokio::time::sleep(step.checked_div(clock::venue_pace()).unwrap_or(step)).await;
    }
}

/// What the actions of a date come to, of these symbols.
fn choose(actions: &[CorporateAction], date: NaiveDate, symbols: &[Symbol]) -> Chosen {
    let mut chosen = Chosen::default();
    let mut seen = BTreeSet::new();
    for action in actions {
        let Some(symbol) = action.symbol.filter(|symbol| symbols.contains(symbol)) else {
            continue;
        };
        let again = action.id.as_ref().is_some_and(|id| !seen.insert(id));
        if action.ex_date.or(action.process_date) != Some(date) || again {
            continue;
        }
        let ratio = match &*action.kind {
            "forward_splits" | "reverse_splits" => ratio(action),
            "unit_splits" | "stock_dividends" => Err("the daemon has no word for that"),
            _ => continue,
        };
        let before = chosen.splits.get(&symbol).copied().unwrap_or((1, 1));
        match ratio.and_then(|ratio| together(before, ratio)) {
            Ok(both) => drop(chosen.splits.insert(symbol, both)),
            Err(why) => {
                let kind = &action.kind;
                let why = format!("{symbol}: one of the {kind} of {date} is not counted: {why}");
                chosen.left.push(why);
            }
        }
    }
    chosen.splits.retain(|_, (new, old)| new != old);
    chosen
}

/// A split's rates as whole shares.
///
/// # Errors
/// Why they are none.
fn ratio(action: &CorporateAction) -> Result<Ratio, &'static str> {
    let (Some(new), Some(old)) = (action.new_rate, action.old_rate) else {
        return Err("it has no rates");
    };
    let scaled = |decimals| Some((new.scaled(decimals)?, old.scaled(decimals)?));
    let both = (0..=DECIMALS).find_map(scaled);
    let (new, old) = both.ok_or("its rates have too many decimals")?;
    match (u128::try_from(new), u128::try_from(old)) {
        (Ok(new), Ok(old)) if new > 0 && old > 0 => lowest(new, old),
        _ => Err("a rate is not above nothing"),
    }
}

/// One split after another.
///
/// # Errors
/// It does not fit.
fn together(first: Ratio, second: Ratio) -> Result<Ratio, &'static str> {
    let product = |one: u32, other: u32| u128::from(one).saturating_mul(u128::from(other));
    lowest(product(first.0, second.0), product(first.1, second.1))
}

/// The lowest terms of two numbers above nothing.
///
/// # Errors
/// They do not fit.
fn lowest(new: u128, old: u128) -> Result<Ratio, &'static str> {
    let (mut divisor, mut rest) = (new, old);
    while let Some(next) = divisor.checked_rem(rest) {
        (divisor, rest) = (rest, next);
    }
    let part = |number: u128| u32::try_from(number.checked_div(divisor)?).ok();
    let both = part(new).zip(part(old));
    both.ok_or("its rates are no numbers of shares that can be counted")
}

#[cfg(test)]
mod tests {
    use trader_broker_alpaca::wire::actions::ActionsPage;
    use trader_broker_alpaca::wire::{Format, Reader};

    use super::super::super::inbox::{Inbox, Message, inbox};
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn symbol(text: &str) -> Symbol {
        text.parse().unwrap()
    }

    fn given(json: &str) -> Vec<CorporateAction> {
        let text = format!("{{\"corporate_actions\":{json},\"next_page_token\":null}}");
        let mut reader = Reader::new();
        let view = reader.read(Format::Json, text.as_bytes()).unwrap();
        ActionsPage::read(view).unwrap().actions
    }

    fn chosen(json: &str) -> Chosen {
        let symbols = ["AAPL", "MSFT", "SPY"].map(symbol);
        choose(&given(json), day("2026-11-25"), &symbols)
    }

    /// What comes of one forward split with these rates.
    fn scaled(new: &str, old: &str) -> Result<Ratio, &'static str> {
        let json = format!(
            r#"{{"forward_splits":[{{"symbol":"AAPL","new_rate":{new},"old_rate":{old},"ex_date":"2026-11-25"}}]}}"#
        );
        ratio(given(&json).first().unwrap())
    }

    #[test]
    fn rates_become_whole_shares_in_the_lowest_terms_or_are_refused() {
        assert_eq!(scaled("4", "1"), Ok((4, 1)));
        assert_eq!(scaled("1", "25"), Ok((1, 25)));
        assert_eq!(scaled("1.5", "1"), Ok((3, 2)));
        assert_eq!(scaled("10", "4"), Ok((5, 2)));
        assert_eq!(scaled("1.0125", "1"), Ok((81, 80)));
        assert_eq!(scaled("0.05", "1"), Ok((1, 20)));
        assert!(scaled("0", "1").is_err());
        assert!(scaled("-2", "1").is_err());
        assert!(scaled("2", "null").is_err());
        assert!(scaled("1.23456789012345", "1").is_err());
        assert_eq!(together((2, 1), (1, 4)), Ok((1, 2)));
        assert!(together((u32::MAX, 1), (2, 1)).is_err());
    }

    #[test]
    fn the_splits_of_the_date_are_taken_and_what_has_no_word_is_named() {
        let chosen = chosen(
            r#"{"forward_splits":[
                {"id":"1","symbol":"AAPL","new_rate":4,"old_rate":1,"ex_date":"2026-11-25","process_date":"2026-11-24"},
                {"id":"1","symbol":"AAPL","new_rate":4,"old_rate":1,"ex_date":"2026-11-25","process_date":"2026-11-24"},
                {"id":"2","symbol":"MSFT","new_rate":2,"old_rate":1,"ex_date":"2026-11-24","process_date":"2026-11-25"},
                {"id":"3","symbol":"QQQ","new_rate":2,"old_rate":1,"ex_date":"2026-11-25"}],
              "reverse_splits":[{"id":"4","symbol":"SPY","new_rate":1,"old_rate":10,"ex_date":"2026-11-25"}],
              "cash_dividends":[{"id":"5","symbol":"SPY","rate":1,"ex_date":"2026-11-25"}],
              "stock_dividends":[{"id":"6","symbol":"MSFT","rate":0.05,"ex_date":"2026-11-25"}]}"#,
        );
        let expected = [(symbol("AAPL"), (4, 1)), (symbol("SPY"), (1, 10))];
        assert_eq!(chosen.splits, expected.into());
        assert_eq!(chosen.left.len(), 1);
        assert!(chosen.left[0].starts_with("MSFT: one of the stock_dividends"));
    }

    #[test]
    fn the_session_we_are_in_or_the_next_one_is_asked_for() {
        let calendar = Calendar::nyse();
        let of = |now: &str| coming(&calendar, at(now)).unwrap().date;
        assert_eq!(of("2026-11-25T14:00:00Z"), day("2026-11-25"));
        assert_eq!(of("2026-11-25T20:59:59Z"), day("2026-11-25"));
        // Thanksgiving is passed over.
        assert_eq!(of("2026-11-25T21:00:00Z"), day("2026-11-27"));
        let session = coming(&calendar, at("2026-11-25T21:00:00Z")).unwrap();
        assert_eq!(begins(&session), at("2026-11-27T05:00:00Z"));
    }

    #[test]
    fn an_answer_is_asked_for_again_each_hour_and_last_before_the_open() {
        let session = coming(&Calendar::nyse(), at("2026-11-25T06:00:00Z")).unwrap();
        let next = |now: &str, outcome| next_ask(&session, at(now), outcome);
        for outcome in [Outcome::Answered, Outcome::Refused] {
            assert_eq!(
                next("2026-11-25T05:00:00Z", outcome),
                at("2026-11-25T06:00:00Z")
            );
            assert_eq!(
                next("2026-11-25T14:00:00Z", outcome),
                at("2026-11-25T14:20:00Z")
            );
            assert_eq!(next("2026-11-25T14:20:00Z", outcome), session.close);
            assert_eq!(next("2026-11-25T16:00:00Z", outcome), session.close);
        }
        for now in ["2026-11-25T04:55:00Z", "2026-11-25T16:00:00Z"] {
            let again = next(now, Outcome::Unanswered);
            assert_eq!(again, at(now).plus_minutes(1));
        }
    }

    /// What has come into the inbox.
    fn heard(inbox: &mut Inbox) -> Vec<(Symbol, u32, u32)> {
        let split = |message| match message {
            Message::Split { symbol, new, old } => (symbol, new, old),
            other => panic!("{other:?}"),
        };
        std::iter::from_fn(|| inbox.next()).map(split).collect()
    }

    #[tokio::test]
    async fn the_engine_is_told_once_and_never_another_ratio_of_the_same_day() {
        let (slot, mut inbox) = inbox();
        let mut done = Done::default();
        let of = |ratio| Chosen {
            splits: [(symbol("AAPL"), ratio)].into(),
            left: Vec::new(),
        };
        let date = day("2026-11-25");
        done.tell(date, of((4, 1)), &slot).await;
        assert_eq!(heard(&mut inbox), [(symbol("AAPL"), 4, 1)]);
        done.tell(date, of((4, 1)), &slot).await;
        done.tell(date, of((5, 1)), &slot).await;
        assert!(heard(&mut inbox).is_empty());
        done.tell(day("2026-11-27"), of((4, 1)), &slot).await;
        assert_eq!(heard(&mut inbox), [(symbol("AAPL"), 4, 1)]);
    }
}
