//! Figures of closed trades, over all of them or over a group. Trades come in the order of closing.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use trader_contract::Timestamp;
use trader_rpc::{BacktestTrade, TradeMetrics};

use super::statistics::{mean, ratio};

/// The figures of trades in the order of closing.
///
/// - A winner has a profit above zero after fees, a loser one below. A trade at exactly zero is
///   neither: it counts among the trades, and so in the win rate and in the averages over all, but
///   it neither prolongs nor ends a streak, since it relieves no losing streak and spoils no winning
///   one.
/// - The profit factor is the gross profit over the gross loss, the payoff the average win over the
///   average loss; neither exists without a loser.
/// - A trade's multiple of risk is its profit over what its first stop put at risk: the distance from
///   the average entry to that stop, times the shares entered. Trades without a stop, or with one at
///   the entry, are left out of that mean.
/// - Sums of money are exact as long as they stay under 79 trillion dollars.
#[must_use]
pub fn trades(trades: &[BacktestTrade]) -> TradeMetrics {
    let mut tally = Tally::default();
    for trade in trades {
        tally.take(trade);
    }
    tally.figures()
}

/// Figures of trades while they are gathered.
#[derive(Debug, Default)]
pub(super) struct Tally {
    metrics: TradeMetrics,
    winning: u32,
    losing: u32,
    multiples: Vec<f64>,
    holding_nanos: Vec<i64>,
    mae: Decimal,
    mfe: Decimal,
}

impl Tally {
    /// Adds a trade that closed after all those before it.
    pub(super) fn take(&mut self, trade: &BacktestTrade) {
        let metrics = &mut self.metrics;
        metrics.trades = metrics.trades.saturating_add(1);
        metrics.profit = metrics.profit.saturating_add(trade.profit);
        metrics.fees = metrics.fees.saturating_add(trade.fees);
        self.mae = self.mae.saturating_add(trade.mae);
        self.mfe = self.mfe.saturating_add(trade.mfe);
        self.multiples.extend(multiple_of_risk(trade));
        self.holding_nanos
            .push(trade.exited_at.since(trade.entered_at));
        if trade.profit > Decimal::ZERO {
            self.take_winner(trade.profit);
        } else if trade.profit < Decimal::ZERO {
            self.take_loser(trade.profit);
        }
    }

    fn take_winner(&mut self, profit: Decimal) {
        let metrics = &mut self.metrics;
        metrics.winners = metrics.winners.saturating_add(1);
        metrics.gross_profit = metrics.gross_profit.saturating_add(profit);
        metrics.largest_win = metrics.largest_win.max(Some(profit));
        (self.winning, self.losing) = (self.winning.saturating_add(1), 0);
        metrics.longest_winning_streak = metrics.longest_winning_streak.max(self.winning);
    }

    fn take_loser(&mut self, profit: Decimal) {
        let metrics = &mut self.metrics;
        metrics.losers = metrics.losers.saturating_add(1);
        metrics.gross_loss = metrics.gross_loss.saturating_add(profit);
        metrics.largest_loss = Some(metrics.largest_loss.map_or(profit, |l| l.min(profit)));
        (self.winning, self.losing) = (0, self.losing.saturating_add(1));
        metrics.longest_losing_streak = metrics.longest_losing_streak.max(self.losing);
    }

    /// The figures of all that were taken.
    pub(super) fn figures(self) -> TradeMetrics {
        let mut metrics = self.metrics;
        let (all, winners) = (f64::from(metrics.trades), f64::from(metrics.winners));
        let average_win = ratio(float(metrics.gross_profit), winners);
        let average_loss = ratio(float(metrics.gross_loss), f64::from(metrics.losers));
        metrics.win_rate = ratio(winners, all);
        metrics.profit_factor = ratio(float(metrics.gross_profit), -float(metrics.gross_loss));
        metrics.expectancy = ratio(float(metrics.profit), all);
        metrics.expectancy_r = mean(self.multiples.into_iter());
        metrics.average_win = average_win;
        metrics.average_loss = average_loss;
        metrics.payoff = average_win
            .zip(average_loss)
            .and_then(|(w, l)| ratio(w, -l));
        metrics.average_mae = ratio(float(self.mae), all);
        metrics.average_mfe = ratio(float(self.mfe), all);
        holding_times(&mut metrics, self.holding_nanos);
        // The same amount reads the same, whatever it was added up from.
        for amount in [
            &mut metrics.profit,
            &mut metrics.gross_profit,
            &mut metrics.gross_loss,
            &mut metrics.fees,
        ] {
            *amount = amount.normalize();
        }
        metrics
    }
}

fn float(amount: Decimal) -> f64 {
    amount.to_f64().unwrap_or(f64::NAN)
}

fn multiple_of_risk(trade: &BacktestTrade) -> Option<f64> {
    let distance = trade
        .entry_average
        .saturating_sub(trade.initial_stop?)
        .abs();
    ratio(float(trade.profit), float(distance) * float(trade.qty))
}

fn holding_times(metrics: &mut TradeMetrics, mut nanos: Vec<i64>) {
    let seconds = |nanos: i64| nanos as f64 / Timestamp::SECOND as f64;
    nanos.sort_unstable();
    // Two in the middle of an even number, the same one twice of an odd number.
    let upper = nanos.get(nanos.len() / 2).copied();
    let lower = nanos.get(nanos.len().saturating_sub(1) / 2).copied();
    metrics.average_holding_seconds = mean(nanos.iter().map(|n| seconds(*n)));
    metrics.median_holding_seconds = lower
        .zip(upper)
        .map(|(lower, upper)| f64::midpoint(seconds(lower), seconds(upper)));
    metrics.longest_holding_seconds = nanos.last().map(|n| seconds(*n));
}

#[cfg(test)]
mod tests {
    use super::super::sample::{decimal, trade};
    use super::*;

    fn of(profits: &[&str]) -> TradeMetrics {
        trades(&profits.iter().map(|p| trade(p)).collect::<Vec<_>>())
    }

    #[test]
    fn figures_worked_out_by_hand() {
        let figures = of(&["30", "-10", "0", "15.50", "-5.25"]);
        assert_eq!((figures.trades, figures.winners, figures.losers), (5, 2, 2));
        assert_eq!(figures.win_rate, Some(0.4));
        // 30 + 15.50 = 45.50; -10 - 5.25 = -15.25; both: 30.25.
        assert_eq!(figures.gross_profit.to_string(), "45.5");
        assert_eq!(figures.gross_loss.to_string(), "-15.25");
        assert_eq!(figures.profit.to_string(), "30.25");
        assert_eq!(figures.profit_factor, Some(45.5 / 15.25));
        assert_eq!(figures.expectancy, Some(6.05));
        assert_eq!(figures.average_win, Some(22.75));
        assert_eq!(figures.average_loss, Some(-7.625));
        assert_eq!(figures.payoff, Some(22.75 / 7.625));
        assert_eq!(figures.largest_win, Some(decimal("30")));
        assert_eq!(figures.largest_loss, Some(decimal("-10")));
    }

    #[test]
    fn no_trade_has_no_ratio() {
        assert_eq!(of(&[]), TradeMetrics::default());
    }

    #[test]
    fn without_a_loser_there_is_no_profit_factor() {
        let figures = of(&["1", "0"]);
        assert_eq!((figures.profit_factor, figures.payoff), (None, None));
        assert_eq!((figures.average_loss, figures.largest_loss), (None, None));
        let figures = of(&["-1"]);
        assert_eq!(figures.profit_factor, Some(0.0));
        assert_eq!((figures.payoff, figures.largest_win), (None, None));
    }

    #[test]
    fn a_break_even_trade_neither_prolongs_nor_ends_a_streak() {
        let figures = of(&["-1", "-1", "0", "-1", "1", "0", "1", "-1", "1"]);
        assert_eq!(figures.longest_losing_streak, 3);
        assert_eq!(figures.longest_winning_streak, 2);
    }

    #[test]
    fn cents_add_up_exactly() {
        let figures = of(&["0.1"; 30]);
        assert_eq!(figures.profit, decimal("3"));
        assert_eq!(figures.profit.to_string(), "3");
    }

    #[test]
    fn a_multiple_of_risk_takes_trades_with_a_stop_only() {
        // Ten shares risk a dollar each: 20 is two risks, -10 one; the mean of 2 and -1 is 0.5.
        let mut all = vec![trade("20"), trade("-10"), trade("1000"), trade("1000")];
        all[2].initial_stop = None;
        all[3].initial_stop = Some(all[3].entry_average);
        assert_eq!(trades(&all).expectancy_r, Some(0.5));
        // A short's stop lies above its entry: 20 is half a risk here, -10 one.
        all[0].initial_stop = Some(decimal("104"));
        all[1].initial_stop = Some(decimal("101"));
        assert_eq!(trades(&all).expectancy_r, Some(-0.25));
        assert_eq!(trades(&all[2..]).expectancy_r, None);
    }

    #[test]
    fn holding_times_have_a_mean_a_middle_and_an_end() {
        let held = |minutes: i64| {
            let mut one = trade("1");
            one.exited_at = one.entered_at.plus_minutes(minutes);
            one
        };
        let odd = trades(&[held(30), held(1), held(2)]);
        assert_eq!(odd.average_holding_seconds, Some(660.0));
        assert_eq!(odd.median_holding_seconds, Some(120.0));
        assert_eq!(odd.longest_holding_seconds, Some(1800.0));
        let even = trades(&[held(30), held(1), held(2), held(4)]);
        assert_eq!(even.median_holding_seconds, Some(180.0));
    }

    #[test]
    fn fees_and_excursions_are_added_up_and_averaged() {
        let mut all = [trade("1"), trade("2")];
        (all[0].fees, all[1].fees) = (decimal("0.35"), decimal("0.15"));
        (all[0].mae, all[1].mae) = (decimal("-3"), decimal("0"));
        (all[0].mfe, all[1].mfe) = (decimal("4"), decimal("2"));
        let figures = trades(&all);
        assert_eq!(figures.fees.to_string(), "0.5");
        assert_eq!(figures.average_mae, Some(-1.5));
        assert_eq!(figures.average_mfe, Some(3.0));
    }
}
