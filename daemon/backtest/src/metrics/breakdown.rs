//! Trades taken apart by what they share. Each trade is in exactly one group of each kind, so that
//! the groups of a kind add up to the whole.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDateTime, Timelike};
use trader_calendar::new_york;
use trader_rpc::{BacktestTrade, Breakdown, TradeGroup};

use super::trades::Tally;

const WEEKDAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// A trade and what New York's clocks showed at its first entry fill.
type Clocked<'a> = (&'a BacktestTrade, NaiveDateTime);

/// Trades in the order of closing, taken apart. Groups without a trade are left out; the others stand
/// in the order of what they share: names by the alphabet, days, hours and months by time.
#[must_use]
pub fn breakdown(trades: &[BacktestTrade]) -> Breakdown {
    let trades: Vec<Clocked<'_>> = trades
        .iter()
        .map(|trade| (trade, new_york::wall_clock(trade.entered_at)))
        .collect();
    Breakdown {
        symbol: grouped(&trades, |(trade, _)| trade.symbol, ToString::to_string),
        route: grouped(&trades, |(trade, _)| &trade.route, |route| (*route).clone()),
        side: grouped(&trades, |(trade, _)| trade.direction, ToString::to_string),
        weekday: grouped(
            &trades,
            |(_, clock)| clock.weekday().num_days_from_monday(),
            |day| weekday(*day).to_owned(),
        ),
        hour: grouped(
            &trades,
            |(_, clock)| clock.hour(),
            |hour| format!("{hour:02}"),
        ),
        month: grouped(
            &trades,
            |(_, clock)| (clock.year(), clock.month()),
            |(year, month)| format!("{year:04}-{month:02}"),
        ),
        exit: grouped(
            &trades,
            |(trade, _)| trade.exit_reason.to_string(),
            Clone::clone,
        ),
    }
}

fn weekday(days_from_monday: u32) -> &'static str {
    let place = usize::try_from(days_from_monday).unwrap_or(usize::MAX);
    WEEKDAYS.get(place).copied().unwrap_or_default()
}

fn grouped<'a, K: Ord>(
    trades: &'a [Clocked<'a>],
    shared: impl Fn(&'a Clocked<'a>) -> K,
    name: impl Fn(&K) -> String,
) -> Vec<TradeGroup> {
    let mut groups: BTreeMap<K, Tally> = BTreeMap::new();
    for trade in trades {
        groups.entry(shared(trade)).or_default().take(trade.0);
    }
    groups
        .into_iter()
        .map(|(key, tally)| TradeGroup {
            key: name(&key),
            metrics: tally.figures(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::Decimal;
    use trader_contract::{Direction, Timestamp};
    use trader_rpc::{ExitReason, TradeMetrics};

    use super::super::sample::trade;
    use super::*;

    fn keys(groups: &[TradeGroup]) -> Vec<&str> {
        groups.iter().map(|group| group.key.as_str()).collect()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn groups_are_named_and_ordered_by_what_they_share() {
        let mut all = vec![trade("1"), trade("2"), trade("-3")];
        all[0].symbol = "QQQ".parse().unwrap();
        all[1].route = "another".to_owned();
        all[1].direction = Direction::Short;
        all[2].exit_reason = ExitReason::EndOfDay;
        let parts = breakdown(&all);
        assert_eq!(keys(&parts.symbol), ["QQQ", "SPY"]);
        assert_eq!(keys(&parts.route), ["another", "first"]);
        assert_eq!(keys(&parts.side), ["long", "short"]);
        assert_eq!(keys(&parts.exit), ["end_of_day", "stop_loss"]);
        assert_eq!(keys(&parts.weekday), ["monday"]);
        assert_eq!(keys(&parts.hour), ["09"]);
        assert_eq!(keys(&parts.month), ["2011-01"]);
        assert_eq!(parts.symbol[1].metrics.profit, Decimal::from(-1));
        assert_eq!(parts.symbol[1].metrics.trades, 2);
    }

    #[test]
    fn days_and_hours_are_new_yorks_of_the_first_entry_fill() {
        // Evening there is the next day in UTC; summer time is an hour off; Friday comes after Monday.
        let mut all = vec![trade("1"), trade("1"), trade("1")];
        all[0].entered_at = at("2011-02-01T00:30:00Z");
        all[1].entered_at = at("2011-07-01T13:30:00Z");
        all[2].entered_at = at("2010-12-31T14:59:59Z");
        let parts = breakdown(&all);
        assert_eq!(keys(&parts.weekday), ["monday", "friday"]);
        assert_eq!(keys(&parts.hour), ["09", "19"]);
        assert_eq!(keys(&parts.month), ["2010-12", "2011-01", "2011-07"]);
        assert_eq!(parts.hour[0].metrics.trades, 2);
    }

    #[test]
    fn no_trade_makes_no_group() {
        assert_eq!(breakdown(&[]), Breakdown::default());
    }

    prop_compose! {
        fn any_trade()(
            cents in -10_000_i64..10_000,
            fee in 0_i64..100,
            symbol in prop::sample::select(vec!["A", "BRK.B", "SPY"]),
            route in prop::sample::select(vec!["x", "y"]),
            long: bool,
            exit in prop::sample::select(vec![ExitReason::Target, ExitReason::StopLoss, ExitReason::Strategy]),
            entered in 1_300_000_000_i64..1_400_000_000,
        ) -> BacktestTrade {
            let mut one = trade("0");
            one.profit = Decimal::new(cents, 2);
            one.fees = Decimal::new(fee, 2);
            one.symbol = symbol.parse().unwrap();
            one.route = route.to_owned();
            one.direction = if long { Direction::Long } else { Direction::Short };
            one.exit_reason = exit;
            one.entered_at = Timestamp::from_seconds(entered);
            one.exited_at = one.entered_at.plus_seconds(60);
            one
        }
    }

    proptest! {
        #[test]
        fn the_groups_of_a_kind_add_up_to_the_whole(all in prop::collection::vec(any_trade(), 0..60)) {
            let whole = super::super::trades(&all);
            let parts = breakdown(&all);
            for kind in [
                &parts.symbol, &parts.route, &parts.side, &parts.weekday, &parts.hour, &parts.month,
                &parts.exit,
            ] {
                let count = |of: fn(&TradeMetrics) -> u32| kind.iter().map(|g| of(&g.metrics)).sum::<u32>();
                let money = |of: fn(&TradeMetrics) -> Decimal| kind.iter().map(|g| of(&g.metrics)).sum::<Decimal>();
                prop_assert_eq!(count(|m| m.trades), whole.trades);
                prop_assert_eq!(count(|m| m.winners), whole.winners);
                prop_assert_eq!(count(|m| m.losers), whole.losers);
                prop_assert_eq!(money(|m| m.profit), whole.profit);
                prop_assert_eq!(money(|m| m.gross_profit), whole.gross_profit);
                prop_assert_eq!(money(|m| m.gross_loss), whole.gross_loss);
                prop_assert_eq!(money(|m| m.fees), whole.fees);
                let largest = kind.iter().filter_map(|g| g.metrics.largest_win).max();
                prop_assert_eq!(largest, whole.largest_win);
                prop_assert!(kind.iter().all(|g| g.metrics.trades > 0));
                let mut names = keys(kind);
                names.dedup();
                prop_assert_eq!(names.len(), kind.len());
            }
        }
    }
}
