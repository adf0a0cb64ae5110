//! The breakers: a day that loses too much, too many losing trades in a row, an account too far below
//! its peak. They trip whatever else has stopped entries already, and by whatever the loss came: a
//! price, a fill, a fee, or the broker's word.

use trader_contract::{Money, Timestamp};

use super::Engine;
use crate::book::DRAWDOWN;
use crate::command::Commands;
use crate::planted::{Bug, is};
use crate::record::{Origin, Severity, TradingState};

impl Engine {
    /// The highest equity at which a breaker trips: that of the day or that of the drawdown. A price
    /// is compared with this one number.
    pub(super) fn find_loss_floor(&mut self) {
        self.loss_floor = self.daily_floor().max(self.drawdown_floor());
        if is(Bug::OpenLossIgnored) {
            self.loss_floor = NEVER;
        }
    }

    /// The equity at which the day has lost as much as it may.
    fn daily_floor(&self) -> Money {
        let day = self.book.day.as_ref().filter(|day| !day.closed);
        day.map_or(NEVER, |day| {
            day.equity_at_open
                - day
                    .equity_at_open
                    .scaled_down(self.gate.limits().daily_loss)
        })
    }

    /// The equity at which the account is as far below its peak as it may be.
    fn drawdown_floor(&self) -> Money {
        let most = self.gate.limits().drawdown;
        self.book
            .peak
            .map_or(NEVER, |peak| peak - peak.scaled_down(most))
    }

    /// Whether the day has lost as much as it may, so that its breaker would trip again at once.
    #[must_use]
    pub fn has_lost_the_days_most(&self) -> bool {
        self.equity <= self.daily_floor()
    }

    /// Looks at the losses where something other than a price may have changed them.
    pub(super) fn check_losses(&mut self, at: Timestamp, out: &mut Commands) {
        if self.equity <= self.loss_floor {
            self.trip_on_loss(at, out);
        }
    }

    /// The day or the account has lost as much as it may, realised and open together.
    #[cold]
    pub(super) fn trip_on_loss(&mut self, at: Timestamp, out: &mut Commands) {
        let daily = self.daily_floor();
        if self.equity <= self.drawdown_floor() {
            self.trip_drawdown(at, out);
        }
        if self.equity > daily {
            return;
        }
        let Some(day) = &self.book.day else { return };
        let lost = day.equity_at_open - self.equity;
        let most = day.equity_at_open - daily;
        let why = format!("daily loss: {lost} of at most {most}");
        self.trip(at, "daily_loss", &why, out);
    }

    /// As many losing trades in a row as the day may have.
    pub(super) fn trip_consecutive_losses(&mut self, at: Timestamp, out: &mut Commands) {
        let most = self.gate.limits().consecutive_losses;
        let streak = self.book.day.as_ref().map_or(0, |day| day.losses_in_a_row);
        if most > 0 && streak >= most {
            let why = format!("consecutive losses: {streak} of at most {most}");
            self.trip(at, "consecutive_losses", &why, out);
        }
        self.check_losses(at, out);
    }

    /// Trips the day's breaker, once until the next session or a person's resume.
    fn trip(&mut self, at: Timestamp, kind: &str, why: &str, out: &mut Commands) {
        let day = self.book.day.as_ref();
        if day.is_some_and(|day| day.tripped.is_some()) {
            return;
        }
        self.alert(
            at,
            (Severity::Warning, kind, None),
            (
                why.to_owned(),
                "nothing: entries start again with the next session",
            ),
            out,
        );
        let state = TradingState::Tripped(why.into());
        self.set_trading(at, state, Origin::Engine, out);
    }

    /// The account is as far below its peak as it may be: entries stop until a person has looked.
    fn trip_drawdown(&mut self, at: Timestamp, out: &mut Commands) {
        let Some(peak) = self.book.peak else { return };
        if self.book.standing(DRAWDOWN, None).is_some() {
            return;
        }
        let (below, most) = (peak - self.equity, peak - self.drawdown_floor());
        let why = format!("drawdown: {below} below the peak of {peak}, at most {most}");
        self.raise_standing(
            at,
            (Severity::Critical, DRAWDOWN, None),
            (
                why.clone(),
                "find out what loses; `traderctl resume` allows entries, and the peak is counted anew",
            ),
            out,
        );
        self.halt(at, &why, out);
    }
}

/// An equity that no account has.
const NEVER: Money = Money::from_femtos(i128::MIN);
