//! What Alpaca says that companies did, in the store's own form: splits and dividends by ex-date, with the
//! raw close of the session before. What that form has no word for is counted.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;
use trader_bars::adjust::{ActionKind, Actions};
use trader_broker_alpaca::wire::actions::CorporateAction;
use trader_broker_alpaca::wire::number::Number;
use trader_contract::Price;

const HEADER: &str = "ex_date,type,value,reference_close";
/// The most decimals of a value: a split of 1 for 3 has no end.
const DECIMALS: u32 = 10;
/// How old the close before an ex-date may be.
const CLOSE_DAYS: Days = Days::new(14);

/// Splits and dividends of a symbol as a file of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sheet {
    /// The file; `None` where there is nothing to store.
    pub(super) text: Option<String>,
    /// How many of its lines are of the days that were asked for.
    pub(super) asked: u64,
    /// What was not taken, by Alpaca's word for it.
    pub(super) left: BTreeMap<String, u32>,
}

/// What happens on one day.
#[derive(Debug, Clone, Copy, Default)]
struct Day {
    split: Option<Decimal>,
    dividend: Option<Decimal>,
}

/// Makes the file: `given` for the days from `first` to `last`, and what `stored` has of other days.
/// `closes` are raw closes by session.
pub(super) fn sheet(
    stored: Option<&str>,
    given: &[CorporateAction],
    (first, last): (NaiveDate, NaiveDate),
    closes: &BTreeMap<NaiveDate, Price>,
) -> Result<Sheet, String> {
    let mut lines: Vec<(NaiveDate, String)> = Vec::new();
    if let Some(stored) = stored {
        let kept: Actions = stored.parse().map_err(|error| format!("{error}"))?;
        for action in kept.rows() {
            if !(first..=last).contains(&action.ex_date) {
                let kind = match action.kind {
                    ActionKind::Split => "split",
                    ActionKind::Dividend => "dividend",
                };
                let close = action.reference_close.map(|close| close.to_string());
                let close = close.unwrap_or_default();
                let line = format!("{},{kind},{},{close}", action.ex_date, action.value);
                lines.push((action.ex_date, line));
            }
        }
    }
    let (days, left) = by_day(given, first, last);
    let mut asked = 0_u64;
    for (ex_date, day) in days {
        let close = close_before(closes, ex_date);
        let close = close.map(|close| close.to_string()).unwrap_or_default();
        for (kind, value) in [("split", day.split), ("dividend", day.dividend)] {
            if let Some(value) = value {
                asked = asked.saturating_add(1);
                let value = value.round_dp(DECIMALS).normalize();
                lines.push((ex_date, format!("{ex_date},{kind},{value},{close}")));
            }
        }
    }
    lines.sort_by_key(|(ex_date, _)| *ex_date);
    let mut text = format!("{HEADER}\n");
    for (_, line) in &lines {
        text.push_str(line);
        text.push('\n');
    }
    let read: Result<Actions, _> = text.parse();
    read.map_err(|error| error.to_string())?;
    Ok(Sheet {
        text: (!lines.is_empty() || stored.is_some()).then_some(text),
        asked,
        left,
    })
}

/// What is taken, day by day: what happens on one day counts together.
fn by_day(
    given: &[CorporateAction],
    first: NaiveDate,
    last: NaiveDate,
) -> (BTreeMap<NaiveDate, Day>, BTreeMap<String, u32>) {
    let mut days: BTreeMap<NaiveDate, Day> = BTreeMap::new();
    let mut left: BTreeMap<String, u32> = BTreeMap::new();
    for action in given {
        let date = action.ex_date.or(action.process_date);
        if date.is_some_and(|date| !(first..=last).contains(&date)) {
            continue;
        }
        let taken = date.filter(|_| action.ex_date.is_some()).and_then(|date| {
            let day = days.get(&date).copied().unwrap_or_default();
            Some((date, with(day, action)?))
        });
        match taken {
            Some((date, day)) => {
                days.insert(date, day);
            }
            None => {
                let count = left.entry(action.kind.to_string()).or_default();
                *count = count.saturating_add(1);
            }
        }
    }
    (days, left)
}

/// A day with one more action; `None` for one that the store has no word for.
fn with(day: Day, action: &CorporateAction) -> Option<Day> {
    let split_of = |ratio: Decimal| {
        let split = day.split.unwrap_or(Decimal::ONE).checked_mul(ratio)?;
        (ratio > Decimal::ZERO).then_some(Day {
            split: Some(split),
            ..day
        })
    };
    match &*action.kind {
        "cash_dividends" => {
            let paid = decimal(action.rate)?;
            let dividend = day.dividend.unwrap_or_default().checked_add(paid)?;
            (paid > Decimal::ZERO).then_some(Day {
                dividend: Some(dividend),
                ..day
            })
        }
        "forward_splits" | "reverse_splits" => {
            let (new, old) = (decimal(action.new_rate)?, decimal(action.old_rate)?);
            split_of(new.checked_div(old)?)
        }
        "stock_dividends" => split_of(decimal(action.rate)?.checked_add(Decimal::ONE)?),
        _ => None,
    }
}

fn decimal(number: Option<Number>) -> Option<Decimal> {
    number?.to_string().parse().ok()
}

fn close_before(closes: &BTreeMap<NaiveDate, Price>, ex_date: NaiveDate) -> Option<Price> {
    let oldest = ex_date.checked_sub_days(CLOSE_DAYS)?;
    let (_, close) = closes.range(oldest..ex_date).next_back()?;
    Some(*close)
}

#[cfg(test)]
mod tests {
    use trader_broker_alpaca::wire::actions::ActionsPage;
    use trader_broker_alpaca::wire::{Format, Reader};

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn given(json: &str) -> Vec<CorporateAction> {
        let text = format!("{{\"corporate_actions\":{json},\"next_page_token\":null}}");
        let mut reader = Reader::new();
        let view = reader.read(Format::Json, text.as_bytes()).unwrap();
        ActionsPage::read(view).unwrap().actions
    }

    fn closes() -> BTreeMap<NaiveDate, Price> {
        [("2024-02-08", "184.5"), ("2024-06-07", "1208.88")]
            .map(|(date, close)| (day(date), close.parse().unwrap()))
            .into()
    }

    const YEAR: (&str, &str) = ("2024-01-01", "2024-12-31");

    fn made(stored: Option<&str>, json: &str) -> Sheet {
        let range = (day(YEAR.0), day(YEAR.1));
        sheet(stored, &given(json), range, &closes()).unwrap()
    }

    #[test]
    fn splits_and_dividends_become_lines_of_the_store() {
        let made = made(
            None,
            r#"{"cash_dividends":[
                {"symbol":"X","rate":0.24,"ex_date":"2024-02-09","process_date":"2024-02-15"},
                {"symbol":"X","rate":0.01,"special":true,"ex_date":"2024-02-09"},
                {"symbol":"X","rate":0.5,"ex_date":"2023-11-10","process_date":"2024-01-02"}],
              "forward_splits":[{"symbol":"X","new_rate":10,"old_rate":1,"ex_date":"2024-06-10"}],
              "reverse_splits":[{"symbol":"X","new_rate":1,"old_rate":3,"ex_date":"2024-09-02"}],
              "stock_dividends":[{"symbol":"X","rate":0.05,"ex_date":"2024-10-01"}],
              "spin_offs":[{"source_symbol":"X","new_symbol":"Y","new_rate":1,"ex_date":"2024-11-01"}]}"#,
        );
        assert_eq!(
            made.text.unwrap(),
            "ex_date,type,value,reference_close\n\
             2024-02-09,dividend,0.25,184.5\n\
             2024-06-10,split,10,1208.88\n\
             2024-09-02,split,0.3333333333,\n\
             2024-10-01,split,1.05,\n"
        );
        assert_eq!(made.asked, 4);
        assert_eq!(made.left, [("spin_offs".to_owned(), 1)].into());
    }

    #[test]
    fn what_is_stored_of_other_days_stays_and_of_these_goes() {
        let stored = "ex_date,type,value,reference_close\n2023-11-10,dividend,0.24,182\n\
                      2024-02-09,dividend,0.3,184.5\n2025-02-10,split,2,\n";
        let made = made(Some(stored), "{}");
        assert_eq!(
            made.text.unwrap(),
            "ex_date,type,value,reference_close\n2023-11-10,dividend,0.24,182\n2025-02-10,split,2,\n"
        );
        assert_eq!(made.asked, 0);
    }

    #[test]
    fn nothing_is_no_file_and_nonsense_is_told() {
        assert_eq!(made(None, "{}").text, None);
        let worthless = r#"{"cash_dividends":[{"rate":200,"ex_date":"2024-02-09"}]}"#;
        let range = (day(YEAR.0), day(YEAR.1));
        let error = sheet(None, &given(worthless), range, &closes()).unwrap_err();
        assert!(error.contains("leaves nothing of a close"), "{error}");
        let odd = made(
            None,
            r#"{"cash_dividends":[{"rate":0,"ex_date":"2024-02-09"},{"rate":1}],
               "forward_splits":[{"new_rate":2,"old_rate":0,"ex_date":"2024-02-09"}]}"#,
        );
        assert_eq!(odd.text, None);
        let left: Vec<u32> = odd.left.values().copied().collect();
        assert_eq!(left, [2, 1]);
    }
}
