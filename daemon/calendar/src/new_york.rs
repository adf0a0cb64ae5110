//! New York's wall clock and points in time, daylight saving included.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use chrono_tz::America::New_York;
use trader_contract::Timestamp;

/// What the clocks in New York show at this point in time.
#[must_use]
pub fn wall_clock(at: Timestamp) -> NaiveDateTime {
    at.to_utc().with_timezone(&New_York).naive_local()
}

/// The date in New York at this point in time.
#[must_use]
pub fn date(at: Timestamp) -> NaiveDate {
    wall_clock(at).date()
}

/// The point in time at which the clocks in New York show `wall_clock`. `None` for the hour that
/// spring skips; the earlier of two for the hour that autumn repeats.
#[must_use]
pub fn timestamp(wall_clock: NaiveDateTime) -> Option<Timestamp> {
    let local = wall_clock.and_local_timezone(New_York).earliest()?;
    let utc: DateTime<Utc> = local.with_timezone(&Utc);
    utc.timestamp_nanos_opt().map(Timestamp::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR: i64 = 60 * 60;

    /// Whether New York shows the hour of `at` for the second time.
    fn repeats_an_hour(at: Timestamp) -> bool {
        wall_clock(at.plus_seconds(-HOUR)) == wall_clock(at)
    }

    fn comes_back(at: Timestamp) {
        let again = timestamp(wall_clock(at)).unwrap();
        if repeats_an_hour(at) {
            assert_eq!(again, at.plus_seconds(-HOUR), "{at}");
        } else {
            assert_eq!(again, at, "{at}");
        }
    }

    #[test]
    fn every_minute_of_both_changeover_weeks_converts_there_and_back() {
        for sunday in ["2024-03-10", "2024-11-03", "2006-04-02", "2006-10-29"] {
            let midnight: Timestamp = format!("{sunday}T05:00:00Z").parse().unwrap();
            for minute in -4 * 24 * 60..4 * 24 * 60 {
                comes_back(midnight.plus_minutes(minute));
            }
        }
    }

    #[test]
    fn the_hour_that_spring_skips_has_no_time_and_the_one_autumn_repeats_has_the_earlier() {
        let at = |text: &str| timestamp(text.parse().unwrap());
        assert_eq!(at("2024-03-10T02:00:00"), None);
        assert_eq!(at("2024-03-10T02:59:59"), None);
        let twice = at("2024-11-03T01:30:00").unwrap();
        assert_eq!(twice.to_string(), "2024-11-03T05:30:00Z");
    }

    #[test]
    fn the_evening_in_utc_is_still_the_same_day_in_new_york() {
        let at: Timestamp = "2011-01-11T00:30:00Z".parse().unwrap();
        assert_eq!(date(at).to_string(), "2011-01-10");
    }

    proptest! {
        #[test]
        fn any_time_converts_there_and_back(seconds in 883_612_800_i64..1_861_920_000) {
            comes_back(Timestamp::from_seconds(seconds));
        }
    }
}
