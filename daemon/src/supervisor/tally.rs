//! What a run came to, counted from its journal.

use serde::Serialize;
use trader_contract::{Direction, Money, OrderRole, ReportStatus};
use trader_core::record::{DaySummary, ExitReason, Record, Severity};

/// Counts of one run.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Tally {
    /// Entries that were sent.
    pub entries: u32,
    /// Orders planned, attached ones included.
    pub orders: u32,
    /// Executions.
    pub fills: u32,
    /// Fills that left a part of their order open.
    pub partial_fills: u32,
    /// Trades from flat to flat, long.
    pub long_round_trips: u32,
    /// Trades from flat to flat, short.
    pub short_round_trips: u32,
    /// Trades that the protective stop ended.
    pub stop_outs: u32,
    /// Trades that the end of the day ended.
    pub end_of_day_closes: u32,
    /// Trades that ended in any other way.
    pub other_exits: u32,
    /// Times a resting stop was replaced.
    pub stop_moves: u32,
    /// Intents that were refused.
    pub refusals: u32,
    /// Alerts worth a look: warnings and worse.
    pub alerts: u32,
    /// The days that ended.
    #[serde(skip)]
    pub days: Vec<DaySummary>,
}

impl Tally {
    /// Counts a record.
    pub fn take(&mut self, record: &Record) {
        let count = |n: &mut u32| *n = n.saturating_add(1);
        match record {
            Record::OrderPlanned { order } => {
                count(&mut self.orders);
                if order.role() == OrderRole::Entry {
                    count(&mut self.entries);
                }
                if order.replaces.is_some() {
                    count(&mut self.stop_moves);
                }
            }
            Record::OrderReported { report } if report.execution.is_some() => {
                count(&mut self.fills);
                if report.status == ReportStatus::PartiallyFilled {
                    count(&mut self.partial_fills);
                }
            }
            Record::IntentTaken { decision, .. } => {
                if matches!(decision, trader_core::record::Decision::Refused { .. }) {
                    count(&mut self.refusals);
                }
            }
            Record::TradeClosed { trade } => {
                count(match trade.direction {
                    Direction::Long => &mut self.long_round_trips,
                    Direction::Short => &mut self.short_round_trips,
                });
                count(match trade.exit_reason {
                    ExitReason::StopLoss => &mut self.stop_outs,
                    ExitReason::EndOfDay => &mut self.end_of_day_closes,
                    _ => &mut self.other_exits,
                });
            }
            Record::Alerted { alert } if alert.severity >= Severity::Warning => {
                count(&mut self.alerts);
            }
            Record::SessionClosed { summary } => self.days.push(summary.clone()),
            _ => {}
        }
    }

    /// What a demonstration on made-up data must have shown and did not.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        [
            (self.long_round_trips, "a long round trip"),
            (self.short_round_trips, "a short round trip"),
            (self.partial_fills, "a partial fill"),
            (self.stop_outs, "a stop-out"),
            (self.end_of_day_closes, "an end-of-day close"),
        ]
        .into_iter()
        .filter_map(|(count, name)| (count == 0).then_some(name))
        .collect()
    }

    /// Profit or loss of all days, at the close.
    #[must_use]
    pub fn profit(&self) -> Money {
        self.days
            .iter()
            .map(|day| day.equity_at_close - day.equity_at_open)
            .sum()
    }
}
