//! The history of what the account was worth: `/v2/account/portfolio/history`.
//!
//! Profit is counted from the first point that is told, also where `pnl_reset` speaks of days: the
//! reference leaves open what that changes. Money that its owner pays in is no profit.

use serde_json::{Value, json};
use trader_calendar::new_york;
use trader_contract::Timestamp;

use super::{World, Worth};
use crate::simulator::decimal;
use crate::simulator::market::Timeframe;
use crate::simulator::request::{Refusal, Request};
use crate::simulator::times;

const MINUTES_PER_DAY: i64 = 24 * 60;

/// What is asked for.
struct Asked {
    from: Timestamp,
    to: Timestamp,
    timeframe: Timeframe,
    name: &'static str,
    /// Whether only the sessions count.
    market_hours: bool,
}

impl World {
    /// The answer of `GET /v2/account/portfolio/history`.
    pub(crate) fn portfolio_history(&self, request: &Request) -> Result<Value, Refusal> {
        let asked = asked(request, self.now)?;
        let mut points: Vec<Worth> = Vec::new();
        let now = self.worth(self.now);
        for worth in self.worth_by_minute.iter().chain([&now]) {
            if worth.at < asked.from || worth.at > asked.to {
                continue;
            }
            let Some(at) = self.label(worth.at, &asked) else {
                continue;
            };
            let point = Worth { at, ..*worth };
            match points.last_mut().filter(|last| last.at == at) {
                Some(last) => *last = point,
                None => points.push(point),
            }
        }
        Ok(self.history_json(&points, asked.name))
    }

    /// Where the window begins that a moment belongs to: a day's at the open, and the close is still
    /// in the session's last one. None outside the session, where that is not asked for.
    fn label(&self, at: Timestamp, asked: &Asked) -> Option<Timestamp> {
        let session = self.market.session(new_york::date(at));
        let session = session.filter(|session| session.open <= at && at <= session.close);
        let inside = match &session {
            Some(session) if at == session.close => at.plus_nanos(-1),
            None if asked.market_hours => return None,
            _ => at,
        };
        Some(match (asked.timeframe, session) {
            (Timeframe::Day, Some(session)) => session.open,
            (timeframe, _) => timeframe.start_of(inside),
        })
    }

    fn history_json(&self, points: &[Worth], timeframe: &str) -> Value {
        let now = self.worth(self.now);
        let first = points.first().unwrap_or(&now);
        let base = first.equity;
        let gain = |point: &Worth| point.equity - point.paid_in - (base - first.paid_in);
        let gains = points.iter().map(gain);
        let shares = points.iter().map(|point| decimal::ratio(gain(point), base));
        let equity = points.iter().map(|point| point.equity);
        json!({
            "timestamp": points.iter().map(|point| point.at.seconds()).collect::<Vec<_>>(),
            "equity": equity.map(|d| decimal::number(d.round_dp(2))).collect::<Vec<_>>(),
            "profit_loss": gains.map(|d| decimal::number(d.round_dp(2))).collect::<Vec<_>>(),
            "profit_loss_pct": shares.map(decimal::number).collect::<Vec<_>>(),
            "base_value": decimal::number(base.round_dp(2)),
            "base_value_asof": new_york::date(first.at).to_string(),
            "timeframe": timeframe,
            "cashflow": {},
        })
    }
}

fn asked(request: &Request, now: Timestamp) -> Result<Asked, Refusal> {
    let (from, to) = range(request, now)?;
    let minutes = to.since(from).div_euclid(Timestamp::MINUTE);
    let days = minutes.div_euclid(MINUTES_PER_DAY);
    let name = match (request.asked("timeframe"), days) {
        (None, ..7) => "1Min",
        (None, 7..30) => "15Min",
        (None, _) => "1D",
        (Some(name), _) => name,
    };
    let known = [
        ("1Min", Timeframe::Minutes(1)),
        ("5Min", Timeframe::Minutes(5)),
        ("15Min", Timeframe::Minutes(15)),
        ("1H", Timeframe::Hours(1)),
        ("1D", Timeframe::Day),
    ];
    let found = known.into_iter().find(|(known, _)| *known == name);
    let (name, timeframe) = found.ok_or_else(|| Refusal::invalid("invalid timeframe"))?;
    if minutes > MINUTES_PER_DAY.saturating_mul(30) && timeframe != Timeframe::Day {
        return Err(Refusal::invalid(
            "periods above 30 days take only timeframe 1D",
        ));
    }
    one_of(request, "pnl_reset", &["per_day", "no_reset"])?;
    let reporting = ["market_hours", "extended_hours", "continuous"];
    let reporting = one_of(request, "intraday_reporting", &reporting)?;
    // What came before the other; for days it says nothing.
    let older = request.flag("extended_hours");
    Ok(Asked {
        from,
        to,
        timeframe,
        name,
        market_hours: matches!(reporting, None | Some("market_hours")) && !older,
    })
}

/// From when until when: two of start, end and period say it, or one, or none.
fn range(request: &Request, now: Timestamp) -> Result<(Timestamp, Timestamp), Refusal> {
    let (start, end) = (times::read(request, "start")?, times::read(request, "end")?);
    let period = request.asked("period");
    if start.is_some() && end.is_some() && period.is_some() {
        let words = "at most two of start, end and period are accepted";
        return Err(Refusal::invalid(words));
    }
    let days = days_of(period.unwrap_or("1M"));
    let days = days.ok_or_else(|| Refusal::invalid("invalid period"))?;
    let minutes = days.saturating_mul(MINUTES_PER_DAY);
    Ok(match (start, end) {
        (Some(start), Some(end)) => (start, end),
        (Some(start), None) if period.is_some() => (start, start.plus_minutes(minutes)),
        (Some(start), None) => (start, now),
        (None, end) => {
            let end = end.unwrap_or(now);
            (end.plus_minutes(minutes.saturating_neg()), end)
        }
    })
}

/// A parameter that is one of a few words, if it was given.
fn one_of<'a>(
    request: &'a Request,
    name: &str,
    words: &[&str],
) -> Result<Option<&'a str>, Refusal> {
    let given = request.asked(name);
    if given.is_some_and(|given| !words.contains(&given)) {
        let words = words.join(", ");
        return Err(Refusal::invalid(format!("{name} must be one of {words}")));
    }
    Ok(given)
}

/// How many days a period has.
fn days_of(period: &str) -> Option<i64> {
    let digits = period.bytes().take_while(u8::is_ascii_digit).count();
    let (count, unit) = period.split_at_checked(digits)?;
    let count: i64 = count.parse().ok()?;
    let days = match unit {
        "D" => 1,
        "W" => 7,
        "M" => 30,
        "A" => 365,
        _ => return None,
    };
    count.checked_mul(days).filter(|days| *days > 0)
}
