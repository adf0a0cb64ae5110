//! Cash dividends: who is owed one, and when it is paid. Who holds shares when the ex-date begins is
//! paid, and who is short of them pays. What is owed does not change with what is traded afterwards.

use chrono::NaiveDate;
use rust_decimal::{Decimal, RoundingStrategy};
use trader_contract::Timestamp;

use super::World;
use super::activities::Payment;
use crate::simulator::decimal;
use crate::simulator::market::Dividend;
use crate::simulator::request::{Fields, Refusal};
use crate::simulator::rest::data::MOST_DAYS_TO_PAYMENT;

/// A payment to come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owed {
    dividend: Dividend,
    /// What was held, with its sign.
    qty: Decimal,
}

impl World {
    /// Begins a session's date, before anything trades: shares are split, what has its ex-date is owed
    /// for what they came to, and what is payable is paid.
    pub(super) fn turn_day(&mut self, date: NaiveDate, at: Timestamp) {
        self.split_shares(date, at);
        for dividend in self.market.dividends(date, date) {
            let held = self.holdings.get(&dividend.asset);
            if let Some(holding) = held
                && (dividend.by_hand || self.switches.dividends)
            {
                let qty = holding.qty();
                self.owed.push(Owed { dividend, qty });
            }
        }
        let due = |owed: &Owed| owed.dividend.payable <= date;
        let (due, later) = std::mem::take(&mut self.owed).into_iter().partition(due);
        self.owed = later;
        let due: Vec<Owed> = due;
        for owed in due {
            self.pay(&owed, at);
        }
    }

    fn pay(&mut self, owed: &Owed, at: Timestamp) {
        let Owed { dividend, qty } = owed;
        let rounding = RoundingStrategy::MidpointAwayFromZero;
        let amount = (dividend.rate * qty).round_dp_with_strategy(2, rounding);
        self.book_cash(amount, at);
        let rate = decimal::text(dividend.rate);
        self.record_other(
            &Payment {
                kind: "DIV",
                sub_type: "CDIV",
                amount,
                words: &format!("Cash DIV @ {rate}"),
                shares: Some((dividend.asset, *qty, dividend.rate)),
            },
            at,
        );
    }

    /// Adds cash to the account, or takes it off.
    pub(super) fn book_cash(&mut self, amount: Decimal, at: Timestamp) {
        if let Some(money) = decimal::to_money(amount) {
            self.sim.book_cash(money, at);
        }
    }

    /// Takes what the owner pays in; a negative amount is paid out.
    pub(crate) fn deposit(&mut self, fields: &Fields) -> Result<(), Refusal> {
        let amount = fields.decimal("amount")?.filter(|amount| {
            let most = Decimal::from(1_000_000_000);
            !amount.is_zero() && amount.abs() <= most && amount.normalize().scale() <= 2
        });
        let words = "amount must be a number of dollars and cents";
        let amount = amount.ok_or_else(|| Refusal::invalid(words))?;
        if decimal::of_money(self.sim.cash()) + amount < Decimal::ZERO {
            return Err(Refusal::unprocessable("the account has not so much cash"));
        }
        self.book_cash(amount, self.now);
        self.paid_in += amount;
        self.books.paid_in += amount;
        let (kind, words) = if amount > Decimal::ZERO {
            ("CSD", "cash deposit")
        } else {
            ("CSW", "cash withdrawal")
        };
        let payment = Payment {
            kind,
            sub_type: "",
            amount,
            words,
            shares: None,
        };
        self.record_other(&payment, self.now);
        self.fit_margin();
        Ok(())
    }

    /// Announces a dividend of an asset that is still to come.
    pub(crate) fn announce_dividend(
        &mut self,
        asset: usize,
        fields: &Fields,
    ) -> Result<(), Refusal> {
        let rate = fields.decimal("rate")?;
        let rate = rate.filter(|rate| {
            let most = Decimal::ONE_THOUSAND;
            *rate > Decimal::ZERO && *rate <= most && rate.normalize().scale() <= 6
        });
        let words = "rate must be dollars a share, above 0 and at most 1000, with six decimals";
        let rate = rate.ok_or_else(|| Refusal::invalid(words))?;
        let ex_date = self.ex_date(fields)?;
        let known = self.market.dividends(ex_date, ex_date);
        if known.iter().any(|d| d.asset == asset && d.by_hand) {
            return Err(Refusal::unprocessable("it is announced already"));
        }
        let payable = date(fields, "payable_date")?;
        let payable = payable.unwrap_or_else(|| Dividend::usual_payment(ex_date));
        let last = ex_date.checked_add_days(chrono::Days::new(MOST_DAYS_TO_PAYMENT));
        if payable < ex_date || last.is_some_and(|last| payable > last) {
            let words = format!("payable_date must be in {MOST_DAYS_TO_PAYMENT} days from ex_date");
            return Err(Refusal::invalid(words));
        }
        self.market.announce(Dividend {
            asset,
            rate,
            ex_date,
            payable,
            by_hand: true,
        });
        Ok(())
    }

    /// The first day without something that is announced: the next session, unless another is named.
    pub(super) fn ex_date(&self, fields: &Fields) -> Result<NaiveDate, Refusal> {
        let today = trader_calendar::new_york::date(self.now);
        let soonest = today
            .succ_opt()
            .and_then(|date| self.first_session_from(date));
        let ex_date = date(fields, "ex_date")?.or(soonest).unwrap_or(today);
        if ex_date <= today || self.market.session(ex_date).is_none() {
            return Err(Refusal::invalid("ex_date must be a session to come"));
        }
        Ok(ex_date)
    }

    fn first_session_from(&self, date: NaiveDate) -> Option<NaiveDate> {
        let until = date.checked_add_days(chrono::Days::new(10))?;
        let last = self.market.calendar().last_covered();
        let sessions = self
            .market
            .calendar()
            .sessions(date..=until.min(last))
            .ok()?;
        sessions.first().map(|session| session.date)
    }
}

/// A member that is a date.
fn date(fields: &Fields, name: &str) -> Result<Option<NaiveDate>, Refusal> {
    let read = |text: &str| text.parse::<NaiveDate>();
    let read = fields.text(name).map(read).transpose();
    read.map_err(|_| Refusal::invalid(format!("{name} must be a date")))
}
