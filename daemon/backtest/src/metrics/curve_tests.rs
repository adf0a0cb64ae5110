//! The figures of a curve by hand, at their edges, and by their properties.

use chrono::NaiveDate;
use proptest::prelude::*;
use trader_rpc::CurveMetrics;

use super::curve;

/// A day in January 2011.
fn january(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2011, 1, day).unwrap()
}

/// A curve from the third of January on, a point a day.
fn points(equity: &[f64]) -> Vec<(NaiveDate, f64)> {
    let first = january(3);
    equity
        .iter()
        .zip(first.iter_days())
        .map(|(equity, day)| (day, *equity))
        .collect()
}

fn of(equity: &[f64]) -> CurveMetrics {
    curve(&points(equity))
}

fn near(figure: Option<f64>, expected: f64) {
    let found = figure.unwrap();
    let error = (found - expected).abs();
    assert!(error <= 1e-12 * expected.abs(), "{found} is not {expected}");
}

#[test]
fn figures_worked_out_by_hand() {
    let figures = of(&[100.0, 110.0, 99.0, 99.0, 118.8]);
    // Returns: 110/100 - 1 = 0.1; 99/110 - 1 = -0.1; 0; 118.8/99 - 1 = 0.2.
    // Mean: 0.2 / 4 = 0.05.
    // Squares about it: 0.05^2 + 0.15^2 + 0.05^2 + 0.15^2 = 0.0025 + 0.0225 + 0.0025 + 0.0225 = 0.05.
    // Sample deviation: sqrt(0.05 / 3).
    assert_eq!(figures.returns, 4);
    near(figures.total_return, 0.188);
    let deviation = (0.05_f64 / 3.0).sqrt();
    near(figures.volatility, deviation * 252.0_f64.sqrt());
    near(figures.sharpe, 0.05 / deviation * 252.0_f64.sqrt());
    // Downside: sqrt(0.1^2 / 4) = 0.05, as large as the mean.
    near(figures.sortino, 252.0_f64.sqrt());
    // A year of 252 sessions holds four 63 times; one of 365.25 days holds four 91.3125 times.
    near(figures.annual_return, 1.188_f64.powf(63.0) - 1.0);
    near(
        figures.annual_return_calendar,
        1.188_f64.powf(91.3125) - 1.0,
    );
    // 99 is 10 % below 110, for two of five points; then 118.8 is above.
    near(figures.max_drawdown, -0.1);
    assert_eq!(figures.max_drawdown_from, Some(january(4)));
    assert_eq!(figures.max_drawdown_at, Some(january(5)));
    assert_eq!(figures.max_drawdown_until, Some(january(7)));
    assert_eq!(figures.longest_drawdown_sessions, 2);
    assert_eq!(figures.longest_drawdown_days, 3);
    near(figures.ulcer_index, (0.02_f64 / 5.0).sqrt());
    near(figures.calmar, (1.188_f64.powf(63.0) - 1.0) / 0.1);
    // Sorted: -0.1, 0, 0.1, 0.2. The quantile lies at 0.05 * 3 = 0.15 of the way from -0.1 to 0.
    near(figures.var_95, -0.085);
    near(figures.cvar_95, -0.1);
    near(
        figures.var_95_normal,
        0.05 - 1.644_853_626_951_472_7 * deviation,
    );
    near(
        figures.cvar_95_normal,
        0.05 - 2.062_712_807_507_426 * deviation,
    );
    // Two gains of 0.3 together and one loss of 0.1.
    near(figures.daily_win_rate, 2.0 / 3.0);
    near(figures.daily_profit_factor, 3.0);
    // Cubes: 0.05^3 - 0.15^3 - 0.05^3 + 0.15^3 = 0.
    assert!(figures.skew.unwrap().abs() < 1e-12);
    // Fourth powers: 2 * 0.00000625 + 2 * 0.00050625 = 0.001025; (0.001025 / 4) / 0.0125^2 - 3.
    near(figures.excess_kurtosis, 1.64 - 3.0);
    near(figures.best_day, 0.2);
    near(figures.worst_day, -0.1);
}

#[test]
fn a_curve_without_a_start_has_no_figures() {
    for bad in [
        &[][..],
        &[0.0, 1.0],
        &[-5.0, 1.0],
        &[1.0, f64::NAN],
        &[1.0, f64::INFINITY],
    ] {
        assert_eq!(of(bad), CurveMetrics::default(), "{bad:?}");
    }
}

#[test]
fn a_start_alone_has_gained_and_lost_nothing() {
    let figures = of(&[100.0]);
    assert_eq!(
        figures,
        CurveMetrics {
            total_return: Some(0.0),
            max_drawdown: Some(0.0),
            ulcer_index: Some(0.0),
            ..CurveMetrics::default()
        }
    );
}

#[test]
fn one_return_has_a_size_and_no_deviation() {
    let figures = of(&[100.0, 90.0]);
    assert_eq!(figures.returns, 1);
    near(figures.total_return, -0.1);
    near(figures.annual_return, 0.9_f64.powf(252.0) - 1.0);
    for figure in [
        figures.var_95,
        figures.cvar_95,
        figures.best_day,
        figures.worst_day,
    ] {
        near(figure, -0.1);
    }
    for figure in [
        figures.volatility,
        figures.sharpe,
        figures.sortino,
        figures.var_95_normal,
        figures.cvar_95_normal,
        figures.skew,
        figures.excess_kurtosis,
    ] {
        assert_eq!(figure, None);
    }
}

#[test]
fn a_flat_curve_has_zeros_where_nothing_is_divided_by_them() {
    let zero = Some(0.0);
    assert_eq!(
        of(&[100.0, 100.0, 100.0]),
        CurveMetrics {
            returns: 2,
            total_return: zero,
            annual_return: zero,
            annual_return_calendar: zero,
            volatility: zero,
            max_drawdown: zero,
            ulcer_index: zero,
            var_95: zero,
            cvar_95: zero,
            var_95_normal: zero,
            cvar_95_normal: zero,
            best_day: zero,
            worst_day: zero,
            ..CurveMetrics::default()
        }
    );
}

#[test]
fn steady_growth_has_no_sharpe_rather_than_a_huge_one() {
    let steady: Vec<f64> = (0..30).map(|day| 25_000.0 * 1.001_f64.powi(day)).collect();
    let figures = of(&steady);
    assert_eq!((figures.volatility, figures.sharpe), (Some(0.0), None));
    assert_eq!((figures.skew, figures.excess_kurtosis), (None, None));
}

#[test]
fn without_a_losing_day_there_is_no_sortino_calmar_or_profit_factor() {
    let figures = of(&[100.0, 101.0, 101.0, 103.0]);
    assert!(figures.sharpe.is_some());
    assert_eq!((figures.sortino, figures.calmar), (None, None));
    assert_eq!(figures.daily_profit_factor, None);
    assert_eq!(figures.daily_win_rate, Some(1.0));
    assert_eq!(
        (figures.max_drawdown_from, figures.max_drawdown_at),
        (None, None)
    );
}

#[test]
fn all_lost_on_the_last_day_is_a_return_like_others() {
    let figures = of(&[100.0, 120.0, 0.0]);
    assert_eq!(figures.returns, 2);
    assert_eq!(
        (figures.total_return, figures.annual_return),
        (Some(-1.0), Some(-1.0))
    );
    assert_eq!(
        (figures.max_drawdown, figures.worst_day),
        (Some(-1.0), Some(-1.0))
    );
    assert_eq!(figures.calmar, Some(-1.0));
}

#[test]
fn a_debt_at_the_end_has_no_annual_return_and_no_deeper_fall_than_all() {
    let figures = of(&[100.0, 120.0, -20.0]);
    near(figures.total_return, -1.2);
    near(figures.worst_day, -20.0 / 120.0 - 1.0);
    assert_eq!(
        (figures.annual_return, figures.annual_return_calendar),
        (None, None)
    );
    assert_eq!((figures.max_drawdown, figures.calmar), (Some(-1.0), None));
}

#[test]
fn after_equity_of_zero_there_are_no_returns_though_there_is_a_curve() {
    for low in [0.0, -30.0] {
        let figures = of(&[100.0, 120.0, low, 60.0, 150.0]);
        assert_eq!(figures.returns, 0);
        for figure in [
            figures.volatility,
            figures.sharpe,
            figures.sortino,
            figures.var_95,
            figures.cvar_95,
            figures.var_95_normal,
            figures.daily_win_rate,
            figures.skew,
            figures.best_day,
        ] {
            assert_eq!(figure, None);
        }
        near(figures.total_return, 0.5);
        assert!(figures.annual_return.is_some());
        assert_eq!(figures.max_drawdown, Some(-1.0));
        assert_eq!(figures.max_drawdown_until, Some(january(7)));
        near(figures.ulcer_index, ((1.0 + 0.25) / 5.0_f64).sqrt());
    }
}

#[test]
fn a_fall_that_lasts_has_no_end() {
    let figures = of(&[100.0, 90.0, 95.0, 80.0, 99.0]);
    near(figures.max_drawdown, -0.2);
    assert_eq!(figures.max_drawdown_from, Some(january(3)));
    assert_eq!(figures.max_drawdown_at, Some(january(6)));
    assert_eq!(figures.max_drawdown_until, None);
    assert_eq!(
        (
            figures.longest_drawdown_sessions,
            figures.longest_drawdown_days
        ),
        (4, 4)
    );
}

#[test]
fn of_equal_peaks_the_last_is_where_the_fall_began() {
    let figures = of(&[100.0, 120.0, 110.0, 120.0, 120.0, 90.0, 120.0, 130.0]);
    near(figures.max_drawdown, -0.25);
    assert_eq!(figures.max_drawdown_from, Some(january(7)));
    // Reaching the peak is enough; passing it is not asked.
    assert_eq!(figures.max_drawdown_until, Some(january(9)));
    assert_eq!(figures.longest_drawdown_sessions, 1);
}

#[test]
fn of_equal_falls_the_first_counts() {
    let figures = of(&[100.0, 80.0, 100.0, 80.0, 200.0, 160.0]);
    assert_eq!(figures.max_drawdown_at, Some(january(4)));
    assert_eq!(figures.max_drawdown_until, Some(january(5)));
}

#[test]
fn the_longest_fall_need_not_be_the_deepest_and_days_are_the_calendars() {
    let days = [3, 4, 5, 7, 10, 11, 12].map(january);
    let equity = [100.0, 99.0, 98.0, 99.0, 100.0, 50.0, 101.0];
    let curve_points: Vec<_> = days.into_iter().zip(equity).collect();
    let figures = curve(&curve_points);
    near(figures.max_drawdown, -0.5);
    assert_eq!(figures.max_drawdown_from, Some(january(10)));
    // Three sessions below, from the third of January to the tenth.
    assert_eq!(
        (
            figures.longest_drawdown_sessions,
            figures.longest_drawdown_days
        ),
        (3, 7)
    );
}

#[test]
fn a_mean_of_equal_losses_is_not_rounded_above_them() {
    // Three times the same loss; their sum over three is a unit in the last place too high.
    let figures = of(&[100.0, 57.0, 100.0, 57.0, 100.0, 57.0]);
    assert_eq!(figures.var_95, figures.worst_day);
    assert_eq!(figures.cvar_95, figures.worst_day);
}

fn any_curve() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(
        (1_i32..1_000_000).prop_map(|cents| f64::from(cents) / 100.0),
        1..60,
    )
}

/// The deepest fall of all pairs of points.
fn deepest(equity: &[f64]) -> f64 {
    let pairs = equity.iter().enumerate().flat_map(|(place, peak)| {
        equity
            .iter()
            .skip(place)
            .map(move |later| later / peak - 1.0)
    });
    pairs.fold(0.0, f64::min)
}

proptest! {
    #[test]
    fn figures_do_not_depend_on_the_unit_of_money(equity in any_curve(), doublings in -20_i32..20) {
        // A power of two changes no digit, so that nothing may change at all.
        let scaled: Vec<f64> = equity.iter().map(|value| value * 2.0_f64.powi(doublings)).collect();
        prop_assert_eq!(of(&scaled), of(&equity));
    }

    #[test]
    fn figures_stay_in_their_bounds(equity in any_curve()) {
        let figures = of(&equity);
        let drawdown = figures.max_drawdown.unwrap();
        prop_assert!((-1.0..=0.0).contains(&drawdown));
        prop_assert_eq!(drawdown < 0.0, figures.max_drawdown_from.is_some());
        prop_assert!(figures.ulcer_index.unwrap() <= -drawdown + 1e-15);
        prop_assert!(figures.longest_drawdown_sessions <= figures.returns);
        prop_assert!(figures.longest_drawdown_days >= figures.longest_drawdown_sessions);
        if let (Some(var), Some(cvar)) = (figures.var_95, figures.cvar_95) {
            prop_assert!(cvar <= var);
            prop_assert!(figures.worst_day.unwrap() <= cvar + 1e-15);
            prop_assert!(var <= figures.best_day.unwrap());
        }
        if let (Some(var), Some(cvar)) = (figures.var_95_normal, figures.cvar_95_normal) {
            prop_assert!(cvar <= var);
        }
        if let Some(rate) = figures.daily_win_rate {
            prop_assert!((0.0..=1.0).contains(&rate));
        }
        // The downside of all returns is no more than their deviation from zero.
        if let (Some(sharpe), Some(sortino)) = (figures.sharpe, figures.sortino) {
            prop_assert!(sharpe.is_sign_positive() == sortino.is_sign_positive());
        }
    }

    #[test]
    fn the_deepest_fall_is_that_of_all_pairs_forwards_and_backwards(equity in any_curve()) {
        let forwards = of(&equity).max_drawdown.unwrap();
        prop_assert!((forwards - deepest(&equity)).abs() < 1e-15);
        // Read backwards, one over each value falls as deep from as high.
        let backwards: Vec<f64> = equity.iter().rev().map(|value| 1.0 / value).collect();
        prop_assert!((of(&backwards).max_drawdown.unwrap() - forwards).abs() < 1e-12);
    }

    #[test]
    fn a_day_more_without_change_moves_no_extreme(equity in any_curve()) {
        let mut longer = equity.clone();
        longer.push(*equity.last().unwrap());
        let (figures, more) = (of(&equity), of(&longer));
        prop_assert_eq!(more.max_drawdown, figures.max_drawdown);
        prop_assert_eq!(more.max_drawdown_at, figures.max_drawdown_at);
        prop_assert_eq!(more.total_return, figures.total_return);
        prop_assert_eq!(more.daily_win_rate, figures.daily_win_rate);
        prop_assert_eq!(more.daily_profit_factor, figures.daily_profit_factor);
    }
}
