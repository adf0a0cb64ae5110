//! What the calendar answers: coverage, the neighbours of a session, extended hours, and
//! properties that hold for every session and every point in time.

#![cfg(test)]

use chrono::{Datelike, Days, NaiveDate, NaiveTime, Weekday};
use proptest::prelude::*;
use trader_calendar::{Calendar, CalendarError, Session, new_york};
use trader_contract::Timestamp;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn all(calendar: &Calendar) -> &[Session] {
    let dates = calendar.first_covered()..=calendar.last_covered();
    calendar.sessions(dates).unwrap()
}

#[test]
fn a_date_outside_the_covered_years_is_refused() {
    let calendar = Calendar::nyse();
    assert_eq!(calendar.first_covered(), day("1998-01-01"));
    assert_eq!(calendar.last_covered(), day("2028-12-31"));
    let refused = CalendarError::NotCovered {
        date: day("2029-01-02"),
        first_year: 1998,
        last_year: 2028,
    };
    assert_eq!(calendar.session(day("2029-01-02")), Err(refused.clone()));
    assert_eq!(
        refused.to_string(),
        "2029-01-02 is outside the years 1998 to 2028 that the exchange calendar covers; \
         update the package, or list the year in the calendar overrides"
    );
    assert!(calendar.session(day("1997-12-31")).is_err());
    assert!(
        calendar
            .sessions(day("2028-12-01")..=day("2029-01-01"))
            .is_err()
    );
    assert!(
        calendar
            .sessions(day("1997-12-31")..=day("1998-02-01"))
            .is_err()
    );
    assert!(calendar.session_at(at("2029-01-02T15:00:00Z")).is_err());
    assert!(calendar.previous_session(day("2029-01-02")).is_err());
    for far in [Timestamp::MIN, Timestamp::MAX] {
        assert!(calendar.session_at(far).is_err());
        assert!(calendar.next_session_after(far).is_err());
    }
}

#[test]
fn the_end_of_the_table_is_an_error_and_not_the_end_of_trading() {
    let calendar = Calendar::nyse();
    let last = all(&calendar).last().unwrap();
    assert_eq!(last.date, day("2028-12-29"));
    assert!(matches!(
        calendar.next_session_after(last.open),
        Err(CalendarError::NotCovered { date, .. }) if date == day("2029-01-01")
    ));
    assert!(matches!(
        calendar.previous_session(day("1998-01-02")),
        Err(CalendarError::NotCovered { date, .. }) if date == day("1997-12-31")
    ));
}

#[test]
fn a_session_contains_its_open_and_not_its_close() {
    let calendar = Calendar::nyse();
    let session = calendar.session(day("2026-11-27")).unwrap().unwrap();
    assert!(session.half_day);
    assert_eq!(session.minutes(), 210);
    assert_eq!(session.open, at("2026-11-27T14:30:00Z"));
    assert_eq!(session.close, at("2026-11-27T18:00:00Z"));
    let found = |time: Timestamp| calendar.session_at(time).unwrap();
    assert_eq!(found(session.open.plus_nanos(-1)), None);
    assert_eq!(found(session.open), Some(session));
    assert_eq!(found(session.close.plus_nanos(-1)), Some(session));
    assert_eq!(found(session.close), None);
    // Thanksgiving and the weekend.
    assert_eq!(found(at("2026-11-26T15:00:00Z")), None);
    assert_eq!(found(at("2026-11-28T15:00:00Z")), None);
}

#[test]
fn neighbours_step_over_holidays_and_weekends() {
    let calendar = Calendar::nyse();
    let next = |time: &str| calendar.next_session_after(at(time)).unwrap().date;
    assert_eq!(next("2026-11-25T21:00:00Z"), day("2026-11-27"));
    assert_eq!(next("2026-11-27T14:29:59Z"), day("2026-11-27"));
    assert_eq!(next("2026-11-27T14:30:00Z"), day("2026-11-30"));
    let previous = |date: &str| calendar.previous_session(day(date)).unwrap().date;
    assert_eq!(previous("2026-11-27"), day("2026-11-25"));
    assert_eq!(previous("2026-11-29"), day("2026-11-27"));
}

#[test]
fn extended_hours_run_from_four_to_eight_and_to_five_on_half_days() {
    let calendar = Calendar::nyse();
    let hours = |date: &str| {
        let session = calendar.session(day(date)).unwrap().unwrap();
        (
            calendar.extended_open(&session).to_string(),
            calendar.extended_close(&session).to_string(),
        )
    };
    let expect = |open: &str, close: &str| (open.to_owned(), close.to_owned());
    assert_eq!(
        hours("2026-07-06"),
        expect("2026-07-06T08:00:00Z", "2026-07-07T00:00:00Z")
    );
    assert_eq!(
        hours("2026-12-24"),
        expect("2026-12-24T09:00:00Z", "2026-12-24T22:00:00Z")
    );
}

#[test]
fn closed_and_short_days_say_why() {
    let calendar = Calendar::nyse();
    let reason = |date: &str| calendar.reason(day(date));
    assert_eq!(reason("2026-07-03"), Some("Independence Day, observed"));
    assert_eq!(reason("2026-11-27"), Some("day after Thanksgiving"));
    assert_eq!(reason("2026-11-24"), None);
}

#[test]
fn sessions_are_in_order_open_at_half_past_nine_and_never_on_a_weekend() {
    let calendar = Calendar::nyse();
    let open = NaiveTime::from_hms_opt(9, 30, 0).unwrap();
    for session in all(&calendar) {
        assert_eq!(
            new_york::wall_clock(session.open),
            session.date.and_time(open)
        );
        assert_eq!(new_york::date(session.close), session.date);
        assert!(!matches!(
            session.date.weekday(),
            Weekday::Sat | Weekday::Sun
        ));
        assert!([210, 390].contains(&session.minutes()), "{session:?}");
        assert_eq!(session.half_day, session.minutes() == 210);
        assert_eq!(calendar.session(session.date).unwrap(), Some(*session));
        assert!(calendar.extended_open(session) < session.open);
        assert!(session.close < calendar.extended_close(session));
    }
    let mut pairs = all(&calendar).windows(2);
    assert!(pairs.all(|pair| pair[0].date < pair[1].date && pair[0].close < pair[1].open));
}

#[test]
fn the_open_moves_by_an_hour_in_utc_when_the_clocks_change() {
    let calendar = Calendar::nyse();
    let open = |date: &str| calendar.session(day(date)).unwrap().unwrap().open;
    assert_eq!(open("2026-03-06"), at("2026-03-06T14:30:00Z"));
    assert_eq!(open("2026-03-09"), at("2026-03-09T13:30:00Z"));
    assert_eq!(open("2026-10-30"), at("2026-10-30T13:30:00Z"));
    assert_eq!(open("2026-11-02"), at("2026-11-02T14:30:00Z"));
}

/// Points in time inside the covered years.
fn covered_times() -> impl Strategy<Value = Timestamp> {
    (883_700_000_i64..1_861_900_000).prop_map(Timestamp::from_seconds)
}

proptest! {
    #[test]
    fn a_point_in_time_is_in_the_session_of_its_date_or_in_none(time in covered_times()) {
        let calendar = Calendar::nyse();
        let of_date = calendar.session(new_york::date(time)).unwrap();
        let expected = of_date.filter(|session| session.contains(time));
        prop_assert_eq!(calendar.session_at(time).unwrap(), expected);
    }

    #[test]
    fn the_next_session_is_the_first_to_open_later(time in covered_times()) {
        let calendar = Calendar::nyse();
        let expected = all(&calendar).iter().find(|session| session.open > time);
        prop_assert_eq!(calendar.next_session_after(time).ok(), expected.copied());
    }

    #[test]
    fn the_previous_session_is_the_last_of_an_earlier_date(offset in 0_u64..11_300) {
        let calendar = Calendar::nyse();
        let date = calendar.first_covered().checked_add_days(Days::new(offset)).unwrap();
        let expected = all(&calendar).iter().rfind(|session| session.date < date);
        prop_assert_eq!(calendar.previous_session(date).ok(), expected.copied());
    }

    #[test]
    fn a_range_holds_exactly_the_sessions_of_its_dates(offset in 0_u64..11_000, length in 0_u64..300) {
        let calendar = Calendar::nyse();
        let first = calendar.first_covered().checked_add_days(Days::new(offset)).unwrap();
        let last = first.checked_add_days(Days::new(length)).unwrap();
        let singly: Vec<Session> = first
            .iter_days()
            .take_while(|date| *date <= last)
            .filter_map(|date| calendar.session(date).unwrap())
            .collect();
        prop_assert_eq!(calendar.sessions(first..=last).unwrap(), singly);
    }
}
