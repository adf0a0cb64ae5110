//! What companies pay out: made-up cash dividends, the same for everybody and for all time, and those
//! that were announced by hand.

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;

use super::Market;

/// Who pays dividends: symbol, cents a share, the months of the ex-dates, the day from which on the
/// next session is one.
const PAYERS: [(&str, i64, [u32; 4], u32); 5] = [
    ("AAPL", 26, [2, 5, 8, 11], 10),
    ("F", 15, [2, 5, 8, 11], 12),
    ("KO", 51, [3, 6, 9, 12], 1),
    ("MSFT", 91, [2, 5, 8, 11], 20),
    ("SPY", 178, [3, 6, 9, 12], 18),
];
/// From the ex-date to the day of payment.
const DAYS_TO_PAYMENT: u64 = 14;

/// One cash dividend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dividend {
    pub(crate) asset: usize,
    /// Dollars a share.
    pub(crate) rate: Decimal,
    /// Who holds shares when this day begins is paid.
    pub(crate) ex_date: NaiveDate,
    pub(crate) payable: NaiveDate,
    /// Whether it was announced by hand.
    pub(crate) by_hand: bool,
}

impl Dividend {
    /// When a dividend with this ex-date is paid, unless something else is said.
    pub(crate) fn usual_payment(ex_date: NaiveDate) -> NaiveDate {
        let days = chrono::Days::new(DAYS_TO_PAYMENT);
        ex_date.checked_add_days(days).unwrap_or(ex_date)
    }
}

impl Market {
    /// Adds a dividend to those that the market has by itself.
    pub(crate) fn announce(&mut self, dividend: Dividend) {
        self.announced.push(dividend);
    }

    /// The dividends with an ex-date in a range, in order.
    pub(crate) fn dividends(&self, first: NaiveDate, last: NaiveDate) -> Vec<Dividend> {
        let calendar = &self.calendar;
        let first = first.max(calendar.first_covered());
        let last = last.min(calendar.last_covered());
        let in_range = |ex_date: NaiveDate| first <= ex_date && ex_date <= last;
        let by_hand = self.announced.iter().filter(|d| in_range(d.ex_date));
        let mut found: Vec<Dividend> = by_hand.copied().collect();
        for (symbol, cents, months, day) in PAYERS {
            let Some(asset) = self.find(symbol) else {
                continue;
            };
            for year in first.year().saturating_sub(1)..=last.year() {
                for month in months {
                    let Some(from) = NaiveDate::from_ymd_opt(year, month, day) else {
                        continue;
                    };
                    let until = from.checked_add_days(chrono::Days::new(10)).unwrap_or(from);
                    let session = calendar.sessions(from..=until).unwrap_or_default().first();
                    let Some(ex_date) = session.map(|session| session.date) else {
                        continue;
                    };
                    if in_range(ex_date) {
                        found.push(Dividend {
                            asset,
                            rate: Decimal::new(cents, 2),
                            ex_date,
                            payable: Dividend::usual_payment(ex_date),
                            by_hand: false,
                        });
                    }
                }
            }
        }
        found.sort_by_key(|dividend| (dividend.ex_date, dividend.asset));
        found
    }
}
