//! When to enter, where, and where to give up: pure functions of one candle and the averages.
//! All comparisons are exact.

use trader_contract::{
    Bar, Comparison, Conditions, Context, Direction, Fact, Level, Mean, Price, Ratio, Reason,
    TickRule,
};

use crate::candle::{body_at_least, body_pct, goes_with};
use crate::parameters::Parameters;

/// Percent times the billionths that a ratio counts in.
const HUNDRED_PERCENT: i128 = 100_000_000_000;

/// Both averages, with this candle and with the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Averages {
    /// The fast one.
    pub fast: Mean,
    /// The slow one.
    pub slow: Mean,
    /// The fast one, one candle ago.
    pub previous_fast: Mean,
    /// The slow one, one candle ago.
    pub previous_slow: Mean,
}

impl Averages {
    /// Reads them from the strategy's two indicators; `None` until all four exist.
    #[must_use]
    pub fn from_context(context: &Context<'_>) -> Option<Self> {
        Some(Self {
            fast: context.mean(0)?,
            slow: context.mean(1)?,
            previous_fast: context.previous_mean(0)?,
            previous_slow: context.previous_mean(1)?,
        })
    }
}

/// The first condition of the signal that a candle does not meet, in the order of the checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum FailedCondition {
    /// The averages are not known for this candle and the one before.
    #[error("the averages are not warm")]
    NotWarm,
    /// The candle does not go the way of the trade.
    #[error("the candle has the wrong colour")]
    Colour,
    /// The body is too small a part of the range.
    #[error("the candle is not strong")]
    WeakBody,
    /// The fast average is not on the side of the trade.
    #[error("the fast average is on the wrong side of the slow one")]
    WrongSide,
    /// The averages lie too far apart.
    #[error("the averages are not tight")]
    NotTight,
    /// The averages do not part.
    #[error("the averages do not part")]
    NotParting,
}

/// Looks for a signal in `direction`; the reason carries the numbers that it rests on.
///
/// # Errors
/// The first condition that is not met.
pub fn signal(
    parameters: &Parameters,
    direction: Direction,
    bar: &Bar,
    averages: &Averages,
    when: &mut Conditions,
) -> Result<Reason, FailedCondition> {
    let ahead = match direction {
        Direction::Long => Comparison::Above,
        Direction::Short => Comparison::Below,
    };
    when.of_side(Some(direction));
    if !when.check("colour", goes_with(bar, direction), || {
        (level(bar.close), ahead, level(bar.open))
    }) {
        return Err(FailedCondition::Colour);
    }
    let least = parameters.strong_body_pct;
    if !when.check("strong_body", body_at_least(bar, least), || {
        let body = Fact::Ratio(body_pct(bar));
        (body, Comparison::AtLeast, Fact::Ratio(least))
    }) {
        return Err(FailedCondition::WeakBody);
    }
    // Both distances count in the earning direction. One too large for 128 bits is no tight one.
    let distance = |fast: Mean, slow: Mean| match direction {
        Direction::Long => fast.minus(slow),
        Direction::Short => slow.minus(fast),
    };
    let gap = distance(averages.fast, averages.slow).ok_or(FailedCondition::NotTight)?;
    if !when.check("fast_average_ahead", gap.sum_micros() > 0, || {
        (Fact::Mean(averages.fast), ahead, Fact::Mean(averages.slow))
    }) {
        return Err(FailedCondition::WrongSide);
    }
    let most = parameters.tightness_pct;
    if !when.check(
        "averages_tight",
        is_below_percent(gap, most, bar.close),
        || {
            let close = Mean::from(bar.close).to_dollars();
            let percent = Fact::Float(gap.to_dollars() / close * 100.0);
            (percent, Comparison::Below, Fact::Ratio(most))
        },
    ) {
        return Err(FailedCondition::NotTight);
    }
    let previous_gap = distance(averages.previous_fast, averages.previous_slow)
        .ok_or(FailedCondition::NotParting)?;
    if !when.check("averages_parting", gap > previous_gap, || {
        let before = Fact::Mean(previous_gap);
        (Fact::Mean(gap), Comparison::Above, before)
    }) {
        return Err(FailedCondition::NotParting);
    }
    Ok(reason(parameters, bar, averages, [gap, previous_gap]))
}

/// The signal as data.
fn reason(
    parameters: &Parameters,
    bar: &Bar,
    averages: &Averages,
    [gap, previous_gap]: [Mean; 2],
) -> Reason {
    let reason = Reason {
        // Room for these facts and the two levels that an entry adds.
        facts: Vec::with_capacity(10),
        ..Reason::new("velez_signal")
    };
    reason
        .with("close", level(bar.close))
        .with("body_pct", Fact::Ratio(body_pct(bar)))
        .with("strong_body_pct", Fact::Ratio(parameters.strong_body_pct))
        .with("sma_fast", Fact::Mean(averages.fast))
        .with("sma_slow", Fact::Mean(averages.slow))
        .with("gap", Fact::Mean(gap))
        .with("gap_before", Fact::Mean(previous_gap))
        .with("tightness_pct", Fact::Ratio(parameters.tightness_pct))
}

fn level(price: Price) -> Fact {
    Fact::Level(price.into())
}

/// Whether `gap / close * 100 < percent`, without dividing. What overflows is not below.
fn is_below_percent(gap: Mean, percent: Ratio, close: Price) -> bool {
    let left = gap.sum_micros().checked_mul(HUNDRED_PERCENT);
    let right = i128::from(percent.billionths())
        .checked_mul(i128::from(close.micros()))
        .and_then(|limit| limit.checked_mul(i128::from(gap.count())));
    match (left, right) {
        (Some(left), Some(right)) => left < right,
        _ => false,
    }
}

/// Where the entry triggers: beyond the candle's extreme by the offset.
#[must_use]
pub fn entry_level(parameters: &Parameters, direction: Direction, bar: &Bar) -> Level {
    let extreme = match direction {
        Direction::Long => bar.high,
        Direction::Short => bar.low,
    };
    let offset_micros = i64::saturating_mul(
        parameters.entry_offset_ticks,
        TickRule::Rule612.tick_micros(extreme),
    );
    direction.advance(extreme.into(), micros(offset_micros))
}

/// Where the protective stop belongs: behind the candle's other extreme by the buffer. Exact; the
/// order manager rounds it to the tick.
#[must_use]
pub fn planned_stop(parameters: &Parameters, direction: Direction, bar: &Bar) -> Level {
    let extreme = Level::from(match direction {
        Direction::Long => bar.low,
        Direction::Short => bar.high,
    });
    let buffer = extreme
        .scaled_down(parameters.stop_buffer)
        .max(parameters.stop_buffer_min);
    direction.opposite().advance(extreme, buffer)
}

fn micros(micros: i64) -> Level {
    Level::from_femtos(i128::from(micros).wrapping_mul(1_000_000_000))
}

#[cfg(test)]
mod tests {
    #![expect(
        clippy::arithmetic_side_effects,
        reason = "small numbers; an overflow would panic"
    )]

    use std::collections::BTreeMap;

    use super::*;
    use crate::parameters::PARAMETERS;
    use trader_contract::{Settings, Timestamp};

    fn parameters() -> Parameters {
        Parameters::from_settings(&Settings::resolve(PARAMETERS, &BTreeMap::new()).unwrap())
            .unwrap()
    }

    fn candle(cents: [i64; 4]) -> Bar {
        let prices = cents.map(|c| Price::from_cents(c).unwrap());
        Bar::new(Timestamp::from_seconds(0), prices, 1).unwrap()
    }

    /// Means of 20 and 200 prices, given in cents.
    fn averages(fast: i128, slow: i128, previous_fast: i128, previous_slow: i128) -> Averages {
        let mean =
            |cents: i128, count: i64| Mean::new(cents * 10_000 * i128::from(count), count).unwrap();
        Averages {
            fast: mean(fast, 20),
            slow: mean(slow, 200),
            previous_fast: mean(previous_fast, 20),
            previous_slow: mean(previous_slow, 200),
        }
    }

    fn long(cents: [i64; 4], averages: &Averages) -> Result<Reason, FailedCondition> {
        ask(Direction::Long, &candle(cents), averages).0
    }

    /// The answer, and the names of the conditions that were looked at, the last of them the one that
    /// was not met.
    fn ask(
        direction: Direction,
        bar: &Bar,
        averages: &Averages,
    ) -> (Result<Reason, FailedCondition>, Vec<String>) {
        let mut when = Conditions::default();
        when.keep();
        let answer = signal(&parameters(), direction, bar, averages, &mut when);
        let stated = when.take();
        let failed = stated.iter().position(|condition| !condition.holds);
        assert_eq!(failed.is_some(), answer.is_err());
        assert!(failed.is_none_or(|n| n + 1 == stated.len()), "{stated:?}");
        let names = stated.iter().map(|c| {
            format!(
                "{} {} {} {}",
                c.name,
                c.value,
                c.comparison.words(),
                c.bound
            )
        });
        (answer, names.collect())
    }

    #[test]
    fn the_conditions_are_stated_up_to_the_one_that_is_not_met() {
        let good = averages(10_100, 10_000, 10_090, 10_000);
        let stated = ask(Direction::Long, &candle(GREEN), &good).1;
        assert_eq!(
            stated,
            [
                "colour 100.15 above 100",
                "strong_body 50 at least 50",
                "fast_average_ahead 101.000000 above 100.000000",
                "averages_tight 0.998502 below 2",
                "averages_parting 1.000000 above 0.900000",
            ]
        );
        let stated = ask(Direction::Short, &candle(GREEN), &good).1;
        assert_eq!(stated, ["colour 100.15 below 100"]);
    }

    const GREEN: [i64; 4] = [10_000, 10_020, 9_990, 10_015];

    #[test]
    fn each_condition_is_named_when_it_fails() {
        let good = averages(10_100, 10_000, 10_090, 10_000);
        assert!(long(GREEN, &good).is_ok());
        let failed = |cents, averages: &Averages| long(cents, averages).unwrap_err();
        assert_eq!(
            failed([10_015, 10_020, 9_990, 10_000], &good),
            FailedCondition::Colour
        );
        assert_eq!(
            failed([10_000, 10_020, 9_990, 10_014], &good),
            FailedCondition::WeakBody
        );
        let under = averages(10_000, 10_000, 9_990, 10_000);
        assert_eq!(failed(GREEN, &under), FailedCondition::WrongSide);
        let wide = averages(10_300, 10_000, 10_090, 10_000);
        assert_eq!(failed(GREEN, &wide), FailedCondition::NotTight);
        let steady = averages(10_100, 10_000, 10_090, 9_990);
        assert_eq!(failed(GREEN, &steady), FailedCondition::NotParting);
    }

    #[test]
    fn a_gap_of_exactly_the_limit_is_not_tight() {
        let close_10_000 = [9_980, 10_005, 9_975, 10_000];
        let at_limit = averages(10_200, 10_000, 10_100, 10_000);
        assert_eq!(
            long(close_10_000, &at_limit),
            Err(FailedCondition::NotTight)
        );
        let inside = averages(10_199, 10_000, 10_100, 10_000);
        assert!(long(close_10_000, &inside).is_ok());
    }

    #[test]
    fn a_short_signal_is_the_mirror_image() {
        let red = candle([10_015, 10_020, 9_990, 10_000]);
        let good = averages(9_900, 10_000, 9_910, 10_000);
        assert!(ask(Direction::Short, &red, &good).0.is_ok());
        let wrong = ask(Direction::Long, &red, &good).0;
        assert_eq!(wrong, Err(FailedCondition::Colour));
    }

    #[test]
    fn the_entry_lies_one_cent_beyond_and_the_stop_behind_the_larger_buffer() {
        let bar = candle([10_000, 10_020, 9_990, 10_015]);
        let level = |text: &str| text.parse::<Level>().unwrap();
        let parameters = parameters();
        assert_eq!(
            entry_level(&parameters, Direction::Long, &bar),
            level("100.21")
        );
        assert_eq!(
            entry_level(&parameters, Direction::Short, &bar),
            level("99.89")
        );
        // A tenth of a percent of 99.90 is more than two cents.
        assert_eq!(
            planned_stop(&parameters, Direction::Long, &bar),
            level("99.8001")
        );
        assert_eq!(
            planned_stop(&parameters, Direction::Short, &bar),
            level("100.3002")
        );
        let cheap = candle([500, 510, 495, 508]);
        assert_eq!(
            planned_stop(&parameters, Direction::Long, &cheap),
            level("4.93")
        );
    }
}
