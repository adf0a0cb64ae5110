//! How far back indicators are warmed up: one rule for the daemon and for backtests, so that both
//! begin with the same numbers.

use trader_calendar::{Calendar, Session};

/// How many more sessions than needed are looked at, since rows may be missing, and since an average
/// that never forgets its first value is the better the longer ago that was.
const SPARE_SESSIONS: usize = 5;

/// The sessions before `first` whose rows warm up what needs `rows` of them, the oldest first: none if
/// nothing does, else enough for as many at `a_session` each, and a few more.
pub(crate) fn sessions(
    calendar: &Calendar,
    first: &Session,
    rows: usize,
    a_session: usize,
) -> Vec<Session> {
    if rows == 0 {
        return Vec::new();
    }
    let wanted = rows
        .div_ceil(a_session.max(1))
        .saturating_add(SPARE_SESSIONS);
    let mut sessions = Vec::new();
    let mut date = first.date;
    while sessions.len() < wanted {
        let Ok(session) = calendar.previous_session(date) else {
            break;
        };
        date = session.date;
        sessions.push(session);
    }
    sessions.reverse();
    sessions
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dates(rows: usize, a_session: usize) -> Vec<String> {
        let calendar = Calendar::nyse();
        let first = calendar.session("2024-12-02".parse().unwrap()).unwrap();
        let sessions = sessions(&calendar, &first.unwrap(), rows, a_session);
        sessions.iter().map(|s| s.date.to_string()).collect()
    }

    #[test]
    fn what_needs_nothing_reads_nothing() {
        assert!(dates(0, 390).is_empty());
    }

    #[test]
    fn enough_sessions_and_five_more_end_the_day_before() {
        let six = dates(390, 390);
        assert_eq!(six.len(), 6);
        assert_eq!(six.first().unwrap(), "2024-11-21");
        assert_eq!(six.last().unwrap(), "2024-11-29");
        assert_eq!(dates(391, 390).len(), 7);
        assert_eq!(dates(3, 1).len(), 8);
    }
}
