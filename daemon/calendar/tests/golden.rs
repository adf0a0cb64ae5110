//! The shipped table against an independently made one: all of it where the golden files are at
//! hand, a checksum of every year anywhere. Later years are checked against the exchange's own
//! announcements, typed in here by hand.

#![cfg(test)]

use std::io::Write;
use std::path::{Path, PathBuf};

use chrono::{Datelike, NaiveDate, Weekday};
use trader_calendar::{Calendar, Session};

const EXTRACT: &str = include_str!("data/xnys.txt");

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn year(calendar: &Calendar, year: i32) -> &[Session] {
    let dates = day(&format!("{year}-01-01"))..=day(&format!("{year}-12-31"));
    calendar.sessions(dates).unwrap()
}

/// A file of the shared data; `None`, with a word about it, where there is none.
fn shared(name: &str) -> Option<csv::Reader<std::fs::File>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let data = std::env::var_os("TRADER_DATA").map_or_else(|| "../shared".into(), PathBuf::from);
    let path = root.join(data).join(name);
    match csv::Reader::from_path(&path) {
        Ok(reader) => Some(reader),
        Err(error) => {
            // Past the test harness, which swallows the output of tests that pass.
            let _ = writeln!(
                std::io::stderr(),
                "skipped: {} cannot be read ({error}); point TRADER_DATA at the shared data",
                path.display()
            );
            None
        }
    }
}

fn row(session: &Session) -> String {
    let half_day = i32::from(session.half_day);
    format!(
        "{},{},{},{half_day}\n",
        session.date, session.open, session.close
    )
}

fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[test]
fn every_year_has_the_sum_of_the_independent_table() {
    let calendar = Calendar::nyse();
    let mut years = 0;
    for line in EXTRACT.lines().filter(|line| line.starts_with("year ")) {
        let fields: Vec<&str> = line.split(' ').collect();
        let sessions = year(&calendar, fields[1].parse().unwrap());
        let half_days = sessions.iter().filter(|s| s.half_day).count();
        let minutes: i64 = sessions.iter().map(Session::minutes).sum();
        let text: String = sessions.iter().map(row).collect();
        let ours = format!(
            "year {} {} {half_days} {minutes} {:016x}",
            fields[1],
            sessions.len(),
            fnv1a(&text)
        );
        assert_eq!(ours, line);
        years += 1;
    }
    assert_eq!(years, 22);
}

#[test]
fn unscheduled_closures_are_closed_and_say_why() {
    let calendar = Calendar::nyse();
    let listed = EXTRACT
        .lines()
        .filter_map(|l| l.strip_prefix("unscheduled "));
    let all: Vec<&str> = listed.chain(["2025-01-09"]).collect();
    assert_eq!(all.len(), 10);
    for date in all {
        assert_eq!(calendar.session(day(date)).unwrap(), None, "{date}");
        let reason = calendar.reason(day(date)).unwrap();
        let expected = ["attacks", "mourning", "Hurricane"];
        assert!(expected.iter().any(|word| reason.contains(word)), "{date}");
    }
}

#[test]
fn every_session_equals_the_golden_one() {
    let Some(mut golden) = shared("golden/calendar/xnys_sessions.csv") else {
        return;
    };
    let calendar = Calendar::nyse();
    let mut expected = String::new();
    for record in golden.records().map(Result::unwrap) {
        expected += &format!(
            "{},{},{},{}\n",
            &record[0], &record[1], &record[2], &record[6]
        );
    }
    let dates = day("2000-01-01")..=day("2021-12-31");
    let ours: String = calendar.sessions(dates).unwrap().iter().map(row).collect();
    for (ours, expected) in ours.lines().zip(expected.lines()) {
        assert_eq!(ours, expected);
    }
    assert_eq!(ours.lines().count(), expected.lines().count());
    assert_eq!(ours.lines().count(), 5536);
}

#[test]
fn every_weekday_without_a_session_is_a_golden_closure() {
    let Some(mut golden) = shared("golden/calendar/xnys_weekday_closures.csv") else {
        return;
    };
    let calendar = Calendar::nyse();
    let expected: Vec<NaiveDate> = golden.records().map(|r| day(&r.unwrap()[0])).collect();
    let weekday = |date: &NaiveDate| !matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
    let ours: Vec<NaiveDate> = day("2000-01-01")
        .iter_days()
        .take_while(|date| *date <= day("2021-12-31"))
        .filter(|date| weekday(date) && calendar.session(*date).unwrap().is_none())
        .collect();
    assert_eq!(ours, expected);
}

#[test]
fn the_list_that_comes_with_the_bars_agrees_from_1998_to_2025() {
    let Some(mut list) = shared("data/half_days_and_holidays.csv") else {
        return;
    };
    let calendar = Calendar::nyse();
    for record in list.records().map(Result::unwrap) {
        let session = calendar.session(day(&record[0])).unwrap();
        let kind = match session {
            None => "closed",
            Some(session) if session.half_day && session.minutes() == 210 => "half_day",
            Some(_) => "full",
        };
        assert_eq!(kind, &record[1], "{}", &record[0]);
    }
}

/// Closed weekdays and 13:00 closes of the exchange's announcements.
const ANNOUNCED: [(i32, &str, &str); 7] = [
    (
        2022,
        "01-17 02-21 04-15 05-30 06-20 07-04 09-05 11-24 12-26",
        "11-25",
    ),
    (
        2023,
        "01-02 01-16 02-20 04-07 05-29 06-19 07-04 09-04 11-23 12-25",
        "07-03 11-24",
    ),
    (
        2024,
        "01-01 01-15 02-19 03-29 05-27 06-19 07-04 09-02 11-28 12-25",
        "07-03 11-29 12-24",
    ),
    (
        2025,
        "01-01 01-09 01-20 02-17 04-18 05-26 06-19 07-04 09-01 11-27 12-25",
        "07-03 11-28 12-24",
    ),
    (
        2026,
        "01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25",
        "11-27 12-24",
    ),
    (
        2027,
        "01-01 01-18 02-15 03-26 05-31 06-18 07-05 09-06 11-25 12-24",
        "11-26",
    ),
    (
        2028,
        "01-17 02-21 04-14 05-29 06-19 07-04 09-04 11-23 12-25",
        "07-03 11-24",
    ),
];

#[test]
fn the_years_since_2022_are_the_announced_ones() {
    let calendar = Calendar::nyse();
    for (year_number, closed, half_days) in ANNOUNCED {
        let first = day(&format!("{year_number}-01-01"));
        let mut ours = (Vec::new(), Vec::new());
        for date in first.iter_days().take_while(|d| d.year() == year_number) {
            let weekend = matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
            match calendar.session(date).unwrap() {
                None if !weekend => ours.0.push(date.format("%m-%d").to_string()),
                Some(s) if s.half_day => {
                    assert_eq!(s.minutes(), 210);
                    ours.1.push(date.format("%m-%d").to_string());
                }
                Some(session) => assert_eq!(session.minutes(), 390),
                None => {}
            }
        }
        assert_eq!(ours.0.join(" "), closed, "closed in {year_number}");
        assert_eq!(ours.1.join(" "), half_days, "half days of {year_number}");
    }
}
