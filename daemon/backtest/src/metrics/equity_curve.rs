//! The curve of equity at even steps of session time, few enough points to draw and to send, and the
//! deepest fall seen at every value on the way.

use trader_calendar::Session;
use trader_contract::{Money, Timestamp};
use trader_rpc::{EquityPoint, convert};

use super::drawdown::Drawdown;

/// The most points of a curve.
const MOST_POINTS: u64 = 1_500;
const MINUTES: [i64; 5] = [1, 5, 15, 30, 60];

/// How far points of a curve lie apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// So many minutes of a session, counted from its open; the last step of a session ends with it.
    Minutes(i64),
    /// So many sessions; the last point is the last session's close.
    Sessions(u64),
}

impl Step {
    /// The shortest of 1, 5, 15, 30 and 60 minutes and a session that makes at most 1,500 points of
    /// these sessions; where there are more sessions than that, as few of them as will do.
    #[must_use]
    pub fn over(sessions: &[Session]) -> Self {
        let points = |step: i64| -> u64 {
            let of = |session: &Session| steps(session.minutes(), step);
            sessions.iter().map(of).fold(0, u64::saturating_add)
        };
        let minutes = MINUTES
            .into_iter()
            .find(|step| points(*step) <= MOST_POINTS);
        let count = u64::try_from(sessions.len()).unwrap_or(u64::MAX);
        minutes.map_or_else(
            || Self::Sessions(count.div_ceil(MOST_POINTS).max(1)),
            Self::Minutes,
        )
    }
}

/// How many steps it takes to cover `minutes`.
fn steps(minutes: i64, step: i64) -> u64 {
    let minutes = u64::try_from(minutes).unwrap_or(0);
    minutes.div_ceil(u64::try_from(step).unwrap_or(1).max(1))
}

/// Follows equity through sessions and keeps a point at the end of each step: the latest value known
/// then, which is the one before if nothing came since. Allocates for points only.
#[derive(Debug, Clone)]
pub struct EquityCurve {
    step: Step,
    drawdown: Drawdown,
    latest: Money,
    /// When the next point is due, inside a session.
    due: Timestamp,
    close: Timestamp,
    /// Sessions ended since the last point.
    sessions: u64,
    points: Vec<EquityPoint>,
}

impl EquityCurve {
    /// Begins with the starting value, before the first session. The starting value is no point, but
    /// drawdowns are measured from it too.
    #[must_use]
    pub fn new(step: Step, start: Money) -> Self {
        Self {
            step,
            drawdown: Drawdown::new(start),
            latest: start,
            due: Timestamp::MAX,
            close: Timestamp::MAX,
            sessions: 0,
            points: Vec::new(),
        }
    }

    /// A session begins.
    pub fn begin_session(&mut self, session: &Session) {
        self.close = session.close;
        self.due = self.after(session.open);
    }

    /// Equity at a moment of the session; call it as often as equity is known, in the order of time.
    /// Of several values at one moment the last counts as a point, each for the drawdown.
    pub fn on_equity(&mut self, at: Timestamp, equity: Money) {
        // The point of the close waits for the end of the session, for what is booked after it.
        while self.due < at && self.due < self.close {
            self.keep_due();
        }
        self.latest = equity;
        self.drawdown.on_equity(equity);
    }

    /// The session is over, and all of it is booked.
    pub fn end_session(&mut self) {
        self.sessions = self.sessions.saturating_add(1);
        match self.step {
            Step::Minutes(_) => {
                while self.due < self.close {
                    self.keep_due();
                }
                self.keep(self.close);
            }
            Step::Sessions(every) if self.sessions >= every => self.keep(self.close),
            Step::Sessions(_) => {}
        }
    }

    /// The points, and the deepest fall at any value, as a share from -1 to 0: `None` if equity was
    /// never above zero.
    #[must_use]
    pub fn finish(mut self) -> (Vec<EquityPoint>, Option<f64>) {
        if self.sessions > 0 {
            self.keep(self.close);
        }
        (self.points, self.drawdown.deepest())
    }

    fn after(&self, at: Timestamp) -> Timestamp {
        match self.step {
            Step::Minutes(step) => at.plus_minutes(step.max(1)).min(self.close),
            Step::Sessions(_) => self.close,
        }
    }

    fn keep_due(&mut self) {
        self.keep(self.due);
        self.due = self.after(self.due);
    }

    fn keep(&mut self, at: Timestamp) {
        self.sessions = 0;
        self.points.push(EquityPoint {
            at,
            equity: convert::money(self.latest),
            drawdown: self.drawdown.current(),
        });
    }
}

#[cfg(test)]
mod tests {
    #![expect(
        clippy::arithmetic_side_effects,
        reason = "small numbers; an overflow would panic and fail the test"
    )]

    use proptest::prelude::*;
    use trader_calendar::Calendar;

    use super::*;

    fn sessions(first: &str, last: &str) -> Vec<Session> {
        let range = first.parse().unwrap()..=last.parse().unwrap();
        Calendar::nyse().sessions(range).unwrap().to_vec()
    }

    /// The curve with equity of `value(minute)` dollars at the end of each minute.
    fn curve(step: Step, sessions: &[Session], value: impl Fn(i64) -> i64) -> Vec<EquityPoint> {
        let mut curve = EquityCurve::new(step, Money::dollars(value(0)));
        let mut minute = 0;
        for session in sessions {
            curve.begin_session(session);
            for inside in 1..=session.minutes() {
                minute += 1;
                let at = session.open.plus_minutes(inside);
                curve.on_equity(at, Money::dollars(value(minute)));
            }
            curve.end_session();
        }
        curve.finish().0
    }

    #[test]
    fn the_step_is_the_shortest_with_at_most_1500_points() {
        let step = |first, last| Step::over(&sessions(first, last));
        assert_eq!(step("2011-01-03", "2011-01-03"), Step::Minutes(1));
        assert_eq!(step("2011-01-03", "2011-01-05"), Step::Minutes(1));
        assert_eq!(step("2011-01-03", "2011-01-06"), Step::Minutes(5));
        assert_eq!(step("2011-01-01", "2011-01-31"), Step::Minutes(15));
        assert_eq!(step("2011-01-01", "2011-03-31"), Step::Minutes(30));
        assert_eq!(step("2011-01-01", "2011-10-31"), Step::Minutes(60));
        assert_eq!(step("2011-01-01", "2011-12-31"), Step::Sessions(1));
        assert_eq!(step("2015-01-01", "2020-12-31"), Step::Sessions(2));
        assert_eq!(Step::over(&[]), Step::Minutes(1));
    }

    #[test]
    fn exactly_1500_points_are_not_too_many() {
        let day = |minutes| {
            let open: Timestamp = "2011-01-03T14:30:00Z".parse().unwrap();
            let (date, close) = ("2011-01-03".parse().unwrap(), open.plus_minutes(minutes));
            Session {
                date,
                open,
                close,
                half_day: false,
            }
        };
        assert_eq!(Step::over(&[day(1_000), day(500)]), Step::Minutes(1));
        assert_eq!(Step::over(&[day(1_000), day(501)]), Step::Minutes(5));
        assert_eq!(Step::over(&[day(390); 1_500]), Step::Sessions(1));
        assert_eq!(Step::over(&[day(390); 1_501]), Step::Sessions(2));
    }

    #[test]
    fn a_half_day_ends_its_last_step_early() {
        // Friday 2020-11-27 had 210 minutes: three hours and a half.
        let day = sessions("2020-11-27", "2020-11-27");
        let points = curve(Step::Minutes(60), &day, |minute| 1_000 + minute);
        let seen: Vec<_> = points.iter().map(|p| p.equity.to_string()).collect();
        assert_eq!(seen, ["1060", "1120", "1180", "1210"]);
        assert_eq!(points.last().unwrap().at, day[0].close);
    }

    #[test]
    fn a_step_without_news_keeps_the_last_value_and_several_at_once_the_last() {
        let day = sessions("2011-01-03", "2011-01-03");
        let mut curve = EquityCurve::new(Step::Minutes(60), Money::dollars(100));
        curve.begin_session(&day[0]);
        let at = |minutes| day[0].open.plus_minutes(minutes);
        curve.on_equity(at(120), Money::dollars(50));
        curve.on_equity(at(120), Money::dollars(90));
        curve.on_equity(at(121), Money::dollars(95));
        curve.on_equity(day[0].close, Money::dollars(96));
        curve.on_equity(day[0].close.plus_seconds(1), Money::dollars(80));
        curve.end_session();
        let (points, deepest) = curve.finish();
        let seen: Vec<_> = points.iter().map(|p| p.equity.to_string()).collect();
        assert_eq!(seen, ["100", "90", "95", "95", "95", "95", "80"]);
        let falls: Vec<_> = points.iter().map(|p| p.drawdown).collect();
        assert_eq!(falls, [0.0, -0.1, -0.05, -0.05, -0.05, -0.05, -0.2]);
        assert_eq!(points[6].at, day[0].close);
        // Half was gone for a moment, at no step's end in the end.
        assert_eq!(deepest, Some(-0.5));
    }

    #[test]
    fn a_curve_of_every_other_session_ends_with_the_last_one() {
        let days = sessions("2011-01-03", "2011-01-07");
        let points = curve(Step::Sessions(2), &days, |minute| minute + 1);
        let seen: Vec<_> = points.iter().map(|p| p.at).collect();
        assert_eq!(seen, [days[1].close, days[3].close, days[4].close]);
        assert_eq!(curve(Step::Sessions(2), &[], |_| 1), []);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn points_are_few_in_order_and_end_with_the_close(first in 0_usize..1_000, count in 1_usize..900) {
            let all = sessions("2015-01-01", "2022-12-31");
            let some = &all[first..first + count];
            let points = curve(Step::over(some), some, |minute| 1_000_000 - minute);
            prop_assert!(points.len() <= 1_500, "{}", points.len());
            prop_assert!(points.windows(2).all(|pair| pair[0].at < pair[1].at));
            prop_assert_eq!(points.last().unwrap().at, some[count - 1].close);
            let minutes: i64 = some.iter().map(Session::minutes).sum();
            prop_assert_eq!(points.last().unwrap().equity, rust_decimal::Decimal::from(1_000_000 - minutes));
        }
    }
}
