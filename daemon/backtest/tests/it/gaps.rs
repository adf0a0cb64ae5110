//! Prices that jump over a stop. Under Alpaca's rules a sell stop fills wherever the market is, but a
//! buy stop becomes a limit that a gap can leave behind.

use trader_backtest::{ClosedTrade, Outcome, RowLength};
use trader_broker_sim::SimConfig;
use trader_contract::{Direction, Money, Timestamp};
use trader_core::record::ExitReason;

use crate::once::{flat_minutes, play, row, sessions};

fn cash() -> Money {
    Money::dollars(100_000)
}

/// A short from 98 with its stop at 101, and an open of the second day at 110.
fn short_over_night(broker: SimConfig) -> Outcome {
    let days = sessions(2);
    let mut rows = flat_minutes(&days[0], "98");
    rows.extend(flat_minutes(&days[1], "110"));
    play(
        (Direction::Short, "101"),
        broker,
        RowLength::Minute,
        (days, rows),
    )
}

/// The mirror image: a long from 102 with its stop at 99, and an open at 90.
fn long_over_night(broker: SimConfig) -> Outcome {
    let days = sessions(2);
    let mut rows = flat_minutes(&days[0], "102");
    rows.extend(flat_minutes(&days[1], "90"));
    play(
        (Direction::Long, "99"),
        broker,
        RowLength::Minute,
        (days, rows),
    )
}

fn the_trade(outcome: &Outcome) -> &ClosedTrade {
    assert!(outcome.open.is_empty(), "still open: {:?}", outcome.open);
    assert_eq!(outcome.trades.len(), 1);
    &outcome.trades[0]
}

/// How many seconds after the second day's open a trade ended, why, and what it came to.
fn end(outcome: &Outcome) -> (i64, ExitReason, Money) {
    let trade = &the_trade(outcome).trade;
    let open = sessions(2)[1].open;
    let after = trade.exited_at.since(open) / Timestamp::SECOND;
    (after, trade.exit_reason, trade.profit)
}

fn unprotected(outcome: &Outcome) -> Vec<u64> {
    let days = outcome.days.iter();
    days.map(|day| day.unprotected_share_seconds).collect()
}

#[test]
fn a_short_whose_stop_a_gap_leaves_behind_is_closed_five_seconds_after_the_first_bar() {
    let outcome = short_over_night(SimConfig::alpaca(cash()));
    assert_eq!(
        end(&outcome),
        (65, ExitReason::Unprotected, Money::dollars(-1_200))
    );
    assert_eq!(unprotected(&outcome), [0, 500]);
    let alerts = outcome.alerts.get("unprotected");
    assert_eq!(alerts.map(|(number, _)| *number), Some(1));
    assert_eq!(outcome.final_equity, Money::dollars(100_000 - 1_200));
}

#[test]
fn its_mirror_image_and_a_stop_without_a_collar_fill_at_the_open() {
    let runs = [
        long_over_night(SimConfig::alpaca(cash())),
        long_over_night(SimConfig::plain(cash())),
        short_over_night(SimConfig::plain(cash())),
    ];
    for outcome in runs {
        assert_eq!(
            end(&outcome),
            (0, ExitReason::StopLoss, Money::dollars(-1_200))
        );
        assert_eq!(unprotected(&outcome), [0, 0]);
        assert!(outcome.alerts.is_empty(), "{:?}", outcome.alerts);
    }
}

#[test]
fn with_the_delays_of_a_paper_account_it_is_closed_a_moment_later() {
    let outcome = short_over_night(SimConfig::alpaca_paper(cash(), 7));
    let (after, why, _) = end(&outcome);
    assert_eq!(why, ExitReason::Unprotected);
    assert!((65..75).contains(&after), "closed after {after} s");
    let alerts = outcome.alerts.get("unprotected");
    assert_eq!(alerts.map(|(number, _)| *number), Some(1));
}

#[test]
fn a_stop_that_fills_with_the_delays_of_a_paper_account_is_left_to_fill() {
    let days = sessions(1);
    for (direction, stop, to) in [
        (Direction::Short, "101", "101"),
        (Direction::Short, "101", "102"),
        (Direction::Long, "99", "99"),
        (Direction::Long, "99", "98"),
    ] {
        let mut rows = flat_minutes(&days[0], "100");
        rows[60] = row(&days[0], 60, ("100", to));
        let broker = SimConfig {
            split: SimConfig::alpaca(cash()).split,
            ..SimConfig::alpaca_paper(cash(), 7)
        };
        let played = (days.clone(), rows);
        let outcome = play((direction, stop), broker, RowLength::Minute, played);
        let trade = &the_trade(&outcome).trade;
        assert_eq!(
            trade.exit_reason,
            ExitReason::StopLoss,
            "{direction:?} to {to}"
        );
        assert!(outcome.alerts.is_empty(), "{:?}", outcome.alerts);
    }
}

#[test]
fn with_a_bar_a_day_it_is_closed_at_the_open_after_the_gap() {
    let days = sessions(4);
    let rows: Vec<_> = ["98", "98", "110", "112"]
        .iter()
        .zip(&days)
        .map(|(at, session)| row(session, 0, (at, at)))
        .collect();
    let broker = SimConfig::alpaca(cash());
    let played = (days.clone(), rows);
    let outcome = play(
        (Direction::Short, "101"),
        broker,
        RowLength::Session,
        played,
    );
    let trade = &the_trade(&outcome).trade;
    assert_eq!(trade.exit_reason, ExitReason::Unprotected);
    let after = trade.exited_at.since(days[3].open) / Timestamp::SECOND;
    assert_eq!((after, trade.profit), (5, Money::dollars(-1_400)));
    assert_eq!(unprotected(&outcome), [0, 0, 0, 500]);
}
