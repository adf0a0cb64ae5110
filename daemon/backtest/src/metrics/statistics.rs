//! Moments and quantiles of daily returns. Knows nothing of money or dates.

use std::ops::RangeInclusive;

/// `value` if it is a number.
pub(super) fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// `numerator / denominator` if that is a number.
pub(super) fn ratio(numerator: f64, denominator: f64) -> Option<f64> {
    finite(numerator / denominator)
}

/// Mean of values; `None` of none.
pub(super) fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values.fold((0.0, 0.0), |(count, sum), value| (count + 1.0, sum + value));
    ratio(sum, count)
}

/// Central moments of a population.
pub(super) struct Moments {
    count: f64,
    /// The mean.
    pub(super) mean: f64,
    second: f64,
    third: f64,
    fourth: f64,
}

impl Moments {
    /// Takes returns; `None` of none. The mean is made first, so that the moments about it do not
    /// lose digits.
    pub(super) fn of(returns: &[f64]) -> Option<Self> {
        let mean_return = mean(returns.iter().copied())?;
        let moment = |power| mean(returns.iter().map(|r| (r - mean_return).powi(power)));
        let mut moments = Self {
            count: returns.len() as f64,
            mean: mean_return,
            second: moment(2)?,
            third: moment(3)?,
            fourth: moment(4)?,
        };
        if moments.second.sqrt() <= resolution(returns) {
            (moments.second, moments.third, moments.fourth) = (0.0, 0.0, 0.0);
        }
        Some(moments)
    }

    /// Deviation of a sample, by `n - 1`; `None` of fewer than two returns.
    pub(super) fn sample_deviation(&self) -> Option<f64> {
        ratio(self.second * self.count, self.count - 1.0).map(f64::sqrt)
    }

    /// Skewness of the population; `None` without deviation.
    pub(super) fn skew(&self) -> Option<f64> {
        ratio(self.third, self.second.powf(1.5))
    }

    /// Kurtosis of the population less that of a normal distribution; `None` without deviation.
    pub(super) fn excess_kurtosis(&self) -> Option<f64> {
        ratio(self.fourth, self.second * self.second).map(|kurtosis| kurtosis - 3.0)
    }
}

/// Root of the mean over all returns of the square of what lies below zero; `None` if none does.
pub(super) fn downside_deviation(returns: &[f64]) -> Option<f64> {
    let deviation = mean(returns.iter().map(|r| r.min(0.0).powi(2)))?.sqrt();
    (deviation > resolution(returns)).then_some(deviation)
}

/// The deviation that rounding alone can make: each equity is right to half a unit in the last place,
/// and a return is a quotient of two near one. Without this bound equal returns would have a
/// deviation of 1e-17 and a Sharpe ratio in the trillions.
fn resolution(returns: &[f64]) -> f64 {
    let largest = returns.iter().fold(0.0_f64, |most, r| most.max(r.abs()));
    8.0 * f64::EPSILON * (1.0 + largest)
}

/// The quantile at a twentieth of sorted values, by linear interpolation between the two nearest
/// (type 7 of Hyndman and Fan), and the places that hold values at or below it; `None` of none.
pub(super) fn twentieth(sorted: &[f64]) -> Option<(f64, RangeInclusive<usize>)> {
    // In whole twentieths, so that a quantile that is one of the values is exactly that value.
    let last = sorted.len().checked_sub(1)?;
    let (below, twentieths) = (last / 20, last % 20);
    let low = *sorted.get(below)?;
    let high = *sorted.get(below.saturating_add(1)).unwrap_or(&low);
    let quantile = low + (high - low) * (twentieths as f64 / 20.0);
    let ties = sorted.partition_point(|value| *value <= quantile);
    Some((quantile, 0..=ties.saturating_sub(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_that_falls_on_a_value_is_that_value() {
        let values: Vec<f64> = (0..21).map(f64::from).collect();
        assert_eq!(twentieth(&values), Some((1.0, 0..=1)));
        assert_eq!(twentieth(&[-3.0]), Some((-3.0, 0..=0)));
        assert_eq!(twentieth(&[]), None);
        // Two values: a twentieth of the way from the first to the second.
        assert_eq!(twentieth(&[0.0, 20.0]), Some((1.0, 0..=0)));
        assert_eq!(twentieth(&[5.0; 4]), Some((5.0, 0..=3)));
    }

    #[test]
    fn returns_that_differ_by_rounding_alone_have_no_deviation() {
        let growth: Vec<f64> = (0..50).map(|day| 1_000.0 * 1.01_f64.powi(day)).collect();
        let returns: Vec<f64> = growth.windows(2).map(|w| w[1] / w[0] - 1.0).collect();
        assert!(returns.iter().any(|r| r.to_bits() != returns[0].to_bits()));
        let moments = Moments::of(&returns).unwrap();
        assert_eq!(moments.sample_deviation(), Some(0.0));
        assert_eq!((moments.skew(), moments.excess_kurtosis()), (None, None));
    }

    #[test]
    fn a_cent_in_a_million_dollars_is_a_deviation() {
        let moments = Moments::of(&[0.0, 1e-8]).unwrap();
        assert!(moments.sample_deviation().unwrap() > 7e-9);
        assert!(downside_deviation(&[0.0, -1e-8]).is_some());
        assert!(downside_deviation(&[0.0, 1e-8]).is_none());
    }
}
