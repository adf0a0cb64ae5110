//! What an operator may change, and what is refused with which line.

#![cfg(test)]

use chrono::NaiveDate;
use trader_calendar::{Calendar, CalendarError};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Open and close in UTC of one date under overrides, or `closed`.
fn hours(overrides: &str, date: &str) -> String {
    let calendar = Calendar::nyse().with_overrides(overrides).unwrap();
    let session = calendar.session(day(date)).unwrap();
    session.map_or_else(
        || "closed".to_owned(),
        |s| format!("{} {} {}", s.open, s.close, s.half_day),
    )
}

#[test]
fn a_closure_takes_effect_and_gives_its_reason() {
    let text = "[closed]\n2026-12-02 = \"day of mourning\"\n";
    assert_eq!(hours(text, "2026-12-02"), "closed");
    let changed = Calendar::nyse().with_overrides(text).unwrap();
    assert_eq!(changed.reason(day("2026-12-02")), Some("day of mourning"));
    let next = changed.next_session_after("2026-12-01T15:00:00Z".parse().unwrap());
    assert_eq!(next.unwrap().date, day("2026-12-03"));
    let untouched = Calendar::nyse().session(day("2026-12-02")).unwrap();
    assert!(untouched.is_some(), "the shipped calendar has changed");
}

#[test]
fn closing_a_known_holiday_again_is_fine() {
    let text = "[closed]\n2026-12-25 = \"Christmas, as I noted it myself\"\n";
    assert_eq!(hours(text, "2026-12-25"), "closed");
}

#[test]
fn opens_and_closes_can_move_alone_and_together() {
    let early = "[early_close]\n2026-12-02 = { at = \"14:00\", reason = \"snow\" }\n";
    assert_eq!(
        hours(early, "2026-12-02"),
        "2026-12-02T14:30:00Z 2026-12-02T19:00:00Z true"
    );
    let late = "[late_open]\n2026-12-02 = { at = \"11:00\", reason = \"snow\" }\n";
    assert_eq!(
        hours(late, "2026-12-02"),
        "2026-12-02T16:00:00Z 2026-12-02T21:00:00Z false"
    );
    assert_eq!(
        hours(&format!("{early}{late}"), "2026-12-02"),
        "2026-12-02T16:00:00Z 2026-12-02T19:00:00Z true"
    );
}

#[test]
fn a_session_can_be_added_on_a_weekend_and_on_a_holiday() {
    let text = "[extra_session]\n\
        2026-12-05 = { open = \"09:30\", close = \"12:00\", reason = \"make-up session\" }\n\
        2026-12-25 = { open = \"09:30\", close = \"16:00\", reason = \"why not\" }\n";
    assert_eq!(
        hours(text, "2026-12-05"),
        "2026-12-05T14:30:00Z 2026-12-05T17:00:00Z true"
    );
    assert_eq!(
        hours(text, "2026-12-25"),
        "2026-12-25T14:30:00Z 2026-12-25T21:00:00Z false"
    );
}

#[test]
fn a_further_year_is_covered_once_it_is_promised_and_listed() {
    let holidays = "2029-01-01 2029-01-15 2029-02-19 2029-03-30 2029-05-28 2029-06-19 2029-07-04 \
                    2029-09-03 2029-11-22 2029-12-25";
    let list: String = holidays
        .split_whitespace()
        .map(|date| format!("{date} = \"holiday\"\n"))
        .collect();
    let promised = format!("[coverage]\nlast_year = 2029\n[closed]\n{list}");
    assert_eq!(hours(&promised, "2029-12-25"), "closed");
    assert_eq!(
        hours(&promised, "2029-12-26"),
        "2029-12-26T14:30:00Z 2029-12-26T21:00:00Z false"
    );
    assert_eq!(
        refusal(&format!("[closed]\n{list}")),
        "line 2: 2029-01-01 (Mon): is outside the covered years 1998 to 2028; a later year is \
         covered once [coverage] last_year names it and [closed] lists all its holidays"
    );
    assert_eq!(
        refusal("[coverage]\nlast_year = 2029\n[closed]\n2029-12-25 = \"Christmas\"\n"),
        "line 1: 2029 lists 1 closures; a year to be covered needs all its holidays, at least 9"
    );
}

#[test]
fn a_promise_that_the_shipped_table_has_caught_up_with_is_harmless() {
    let changed = Calendar::nyse().with_overrides("[coverage]\nlast_year = 2027\n");
    assert_eq!(changed.unwrap().last_covered(), day("2028-12-31"));
}

/// The message of a refusal, without its first words.
fn refusal(text: &str) -> String {
    match Calendar::nyse().with_overrides(text) {
        Err(error @ CalendarError::Override { .. }) => error
            .to_string()
            .strip_prefix("calendar overrides, ")
            .unwrap()
            .to_owned(),
        other => panic!("accepted {text:?}: {other:?}"),
    }
}

/// Every text of the table is refused with a message that begins as expected.
fn refused_with(table: &[(&str, &str)]) {
    for (text, expected) in table {
        let refused = refusal(text);
        assert!(refused.starts_with(expected), "{text:?} gave {refused:?}");
    }
}

#[test]
fn what_is_no_entry_is_refused_with_its_line() {
    refused_with(&[
        ("\n[closd]\n", "line 2: unknown field `closd`"),
        ("[closed]\n2026-12-02 = 5\n", "line 2: invalid type"),
        (
            "[closed]\n2026-12-2 = \"x\"\n",
            "line 2: \"2026-12-2\" is no date",
        ),
        (
            "[closed]\n2026-02-30 = \"x\"\n",
            "line 2: \"2026-02-30\" is no date",
        ),
        (
            "[closed]\n2026-12-02 = \"x\"\n2026-12-02 = \"y\"\n",
            "line 3: duplicate key",
        ),
        ("[closed\n", "line 1: "),
        (
            "[closed]\n2026-12-02 = \" \"\n",
            "line 2: 2026-12-02 (Wed): needs a reason",
        ),
        (
            "[closed]\n2026-12-05 = \"x\"\n",
            "line 2: 2026-12-05 (Sat): the exchange is closed on weekends",
        ),
    ]);
}

#[test]
fn an_entry_that_makes_no_sense_for_its_day_is_refused_with_its_line() {
    refused_with(&[
        (
            "[early_close]\n2026-12-25 = { at = \"13:00\", reason = \"x\" }\n",
            "line 2: 2026-12-25 (Fri): the exchange is closed that day",
        ),
        (
            "[early_close]\n\n2026-12-02 = { at = \"1pm\", reason = \"x\" }\n",
            "line 3: \"1pm\" is no time of day",
        ),
        (
            "[early_close]\n2026-12-02 = { at = \"16:00\", reason = \"x\" }\n",
            "line 2: 2026-12-02 (Wed): a close at 16:00 is not before the usual 16:00",
        ),
        (
            "[early_close]\n2026-12-02 = { at = \"09:30\", reason = \"x\" }\n",
            "line 2: 2026-12-02 (Wed): a session from 09:30 to 09:30 does not run forward",
        ),
        (
            "[late_open]\n2026-12-02 = { at = \"09:00\", reason = \"x\" }\n",
            "line 2: 2026-12-02 (Wed): an open at 09:00 is not after the usual 09:30",
        ),
        (
            "[late_open]\n2026-11-27 = { at = \"13:00\", reason = \"x\" }\n",
            "line 2: 2026-11-27 (Fri): a session from 13:00 to 13:00 does not run forward",
        ),
        (
            "[extra_session]\n2026-12-02 = { open = \"09:30\", close = \"16:00\", reason = \"x\" }\n",
            "line 2: 2026-12-02 (Wed): has a session already",
        ),
        (
            "[extra_session]\n2026-12-05 = { open = \"02:00\", close = \"03:00\", reason = \"x\" }\n",
            "line 2: 2026-12-05 (Sat): a session from 02:00 to 03:00 does not run forward between 04:00 and 20:00",
        ),
        (
            "[closed]\n2026-12-02 = \"x\"\n[extra_session]\n\
             2026-12-02 = { open = \"09:30\", close = \"16:00\", reason = \"x\" }\n",
            "line 4: 2026-12-02 (Wed): is listed under [closed] as well",
        ),
        (
            "[early_close]\n2026-12-02 = { at = \"13:00\", reason = \"x\", half = true }\n",
            "line 2: unknown field `half`",
        ),
        (
            "[coverage]\nlast_year = 2100\n",
            "line 1: last_year = 2100 is past 2099",
        ),
        (
            "[hours]\nopen = \"08:00\"\n",
            "line 1: unknown field `hours`",
        ),
    ]);
}

#[test]
fn an_empty_text_changes_nothing() {
    let same = Calendar::nyse().with_overrides("# nothing yet\n").unwrap();
    let dates = same.first_covered()..=same.last_covered();
    let shipped = Calendar::nyse();
    assert_eq!(
        same.sessions(dates.clone()).unwrap(),
        shipped.sessions(dates).unwrap()
    );
}
