//! What regulators take from a trade: a table of rates by date, and the day's sums. Pure; what the
//! account then owes is booked elsewhere.
//!
//! Each kind of fee is summed over the account's day and rounded up to the cent. An execution is
//! charged what it adds to these rounded sums, so that the fees of its executions add up to the
//! day's bill at every moment, and no booking of its own is needed at the day's end.
//!
//! Where the rows come from, and what is assumed where no row is known:
//! - Section 31: the SEC's fee rate advisories and orders. A rate begins 60 days after the year's
//!   appropriation was enacted; that of 2011-01-21 did after 30, and that of 2012-04-01 is an
//!   adjustment in mid-year. $18.40 (2015) is from general knowledge, its advisory was not seen.
//!   Assumed: the rate of 2010-04-01, $16.90 per million, for all time before; real ones since 2001
//!   went from $5.60 to $46.80. The advisories go by the charge date, mostly that of settlement,
//!   and this table by the trade's: in the last one to three sessions before a change it differs.
//! - TAF: Section 1 of Schedule A to FINRA's by-laws, as of Regulatory Notices 11-27 and 12-06 and
//!   of the schedules of SR-FINRA-2020-032 (2022 to 2024), 2024-019 (2026) and 2026-021 (the
//!   quarter without). The day on which $0.000119 began, 2012-07-01, is from general knowledge.
//!   Assumed: $0.000075, which held for over six years before 2011-07-01, for all time before, and
//!   that 2027 goes on with the rate of 2026.
//! - CAT: nothing before 2026-05-01. Figures of 2024 and 2025 are known without their dates
//!   ($0.0000265 to $0.000046 a share, so cents a day), and there was none before 2024.
//!
//! After the last row its rate goes on.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use trader_contract::{Money, Qty, Ratio, Side, Symbol};

/// Year, month and day.
type Date = (i32, u32, u32);

/// Before every date.
const EVER: Date = (0, 1, 1);

/// Section 31: billionths of what was sold for.
const SECTION_31: [(Date, i128); 18] = [
    (EVER, 16_900),
    ((2011, 1, 21), 19_200),
    ((2012, 2, 21), 18_000),
    ((2012, 4, 1), 22_400),
    ((2013, 5, 25), 17_400),
    ((2014, 3, 18), 22_100),
    ((2015, 2, 14), 18_400),
    ((2016, 2, 16), 21_800),
    ((2017, 7, 4), 23_100),
    ((2018, 5, 22), 13_000),
    ((2019, 4, 16), 20_700),
    ((2020, 2, 18), 22_100),
    ((2021, 2, 25), 5_100),
    ((2022, 5, 14), 22_900),
    ((2023, 2, 27), 8_000),
    ((2024, 5, 22), 27_800),
    ((2025, 5, 14), 0),
    ((2026, 4, 4), 20_600),
];

/// FINRA's trading activity fee: billionths of a dollar for each share sold, and the most that one
/// trade pays, in cents.
const TAF: [(Date, (i128, i128)); 10] = [
    (EVER, (75_000, 375)),
    ((2011, 7, 1), (90_000, 450)),
    ((2012, 3, 1), (95_000, 475)),
    ((2012, 7, 1), (119_000, 595)),
    ((2022, 1, 1), (130_000, 649)),
    ((2023, 1, 1), (145_000, 727)),
    ((2024, 1, 1), (166_000, 830)),
    ((2026, 1, 1), (195_000, 979)),
    ((2026, 10, 1), (0, 979)),
    ((2027, 1, 1), (195_000, 979)),
];

/// The consolidated audit trail: billionths of a dollar for each share bought or sold.
const CAT: [(Date, i128); 2] = [(EVER, 0), ((2026, 5, 1), 3_000)];

const BILLION: i128 = 1_000_000_000;
/// 1e-15 dollars in a billionth of one.
const PER_BILLIONTH: i128 = 1_000_000;
const PER_CENT: i128 = Money::FEMTOS_PER_DOLLAR.wrapping_div(100);

/// The row that holds on a date.
fn on<T: Copy>(table: &[(Date, T)], date: NaiveDate) -> Option<T> {
    let began = |(year, month, day)| {
        NaiveDate::from_ymd_opt(year, month, day).is_some_and(|start| start <= date)
    };
    let row = table.iter().rev().find(|(start, _)| began(*start));
    row.map(|(_, rate)| *rate)
}

/// `amount * billionths`, rounded up to 1e-15.
fn share(amount: i128, billionths: i128) -> i128 {
    rounded_up(amount.saturating_mul(billionths), BILLION)
        .checked_div(BILLION)
        .unwrap_or(0)
}

/// Rounds up to a multiple of `unit`.
fn rounded_up(amount: i128, unit: i128) -> i128 {
    match amount.checked_rem_euclid(unit) {
        None | Some(0) => amount,
        Some(over) => amount.saturating_sub(over).saturating_add(unit),
    }
}

/// What one kind of fee has come to in a day, exact.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Sum(i128);

impl Sum {
    /// Adds an exact amount; returns what the rounded sum grows by.
    fn add(&mut self, femtos: i128) -> i128 {
        let before = rounded_up(self.0, PER_CENT);
        self.0 = self.0.saturating_add(femtos);
        rounded_up(self.0, PER_CENT).saturating_sub(before)
    }
}

/// One execution, as far as fees go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Traded {
    pub(crate) date: NaiveDate,
    pub(crate) side: Side,
    pub(crate) qty: Qty,
    /// Price times quantity.
    pub(crate) value: Money,
}

/// The account's fees of one day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DayFees {
    date: Option<NaiveDate>,
    section_31: Sum,
    taf: Sum,
    cat: Sum,
    borrow: Sum,
}

impl DayFees {
    fn turn_to(&mut self, date: NaiveDate) {
        if self.date != Some(date) {
            *self = Self {
                date: Some(date),
                ..Self::default()
            };
        }
    }

    /// What regulators take for an execution, in whole cents.
    pub(crate) fn regulatory(&mut self, traded: &Traded) -> Money {
        let Traded {
            date,
            side,
            qty,
            value,
        } = *traded;
        self.turn_to(date);
        let shares = i128::from(qty.nanos()).saturating_mul(PER_BILLIONTH);
        let cat = share(shares, on(&CAT, date).unwrap_or(0));
        let mut femtos = self.cat.add(cat);
        if side == Side::Sell {
            let section_31 = share(value.femtos(), on(&SECTION_31, date).unwrap_or(0));
            let (rate, cap_cents) = on(&TAF, date).unwrap_or((0, 0));
            let taf = share(shares, rate).min(cap_cents.saturating_mul(PER_CENT));
            femtos = femtos
                .saturating_add(self.section_31.add(section_31))
                .saturating_add(self.taf.add(taf));
        }
        Money::from_femtos(femtos)
    }

    /// What borrowed shares have cost, in whole cents of the day's sum.
    pub(crate) fn borrow(&mut self, date: NaiveDate, owed: Money) -> Money {
        self.turn_to(date);
        Money::from_femtos(self.borrow.add(owed.femtos()))
    }
}

/// What the account is charged with besides the broker's own fees. Boxed by its owner, away from
/// what every bar touches.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Charges {
    /// The bill of the day.
    pub(crate) day: DayFees,
    /// What borrowing shares of a symbol costs in a year, where it is not the configuration's rate.
    pub(crate) borrow_rates: BTreeMap<Symbol, Ratio>,
    /// What borrowed shares have cost and no execution has been charged with.
    pub(crate) owed: BTreeMap<Symbol, Money>,
}

/// What holding borrowed shares for so many calendar days costs: `annual` is the share of their value
/// at the close that a year of 360 days costs.
pub(crate) fn borrow_cost(value: Money, annual: Ratio, days: i64) -> Money {
    const YEAR: i128 = 360;
    let annual = share(
        value.femtos().max(0),
        i128::from(annual.billionths().max(0)),
    );
    let owed = rounded_up(annual.saturating_mul(i128::from(days.max(0))), YEAR);
    Money::from_femtos(owed.checked_div(YEAR).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use trader_contract::Price;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn sale(day: &str, shares: u32, price: &str) -> Traded {
        let qty = Qty::shares(shares).unwrap();
        let price: Price = price.parse().unwrap();
        Traded {
            date: date(day),
            side: Side::Sell,
            qty,
            value: price.times(qty),
        }
    }

    fn fee(traded: &Traded) -> String {
        DayFees::default().regulatory(traded).to_string()
    }

    #[test]
    fn a_thousand_shares_at_fifty_cost_what_the_worked_example_says() {
        assert_eq!(fee(&sale("2026-09-15", 1_000, "50")), "1.24");
        assert_eq!(fee(&sale("2026-10-15", 1_000, "50")), "1.04");
    }

    /// Days, and what a sale of 20,000 shares at 50 costs on them: its value is a million, so
    /// Section 31 takes the published rate, and the other fees stay below their caps. A comment tells
    /// what the rows under it begin with.
    const SALES: [(&str, &str); 44] = [
        // Section 31 16.90, TAF 1.50.
        ("2004-01-02", "18.4"),
        ("2010-04-01", "18.4"),
        ("2011-01-20", "18.4"),
        // 19.20, then TAF 1.80.
        ("2011-01-21", "20.7"),
        ("2011-06-30", "20.7"),
        ("2011-07-01", "21"),
        ("2012-02-20", "21"),
        // 18.00, then TAF 1.90.
        ("2012-02-21", "19.8"),
        ("2012-02-29", "19.8"),
        ("2012-03-01", "19.9"),
        ("2012-03-31", "19.9"),
        // 22.40, then TAF 2.38.
        ("2012-04-01", "24.3"),
        ("2012-06-30", "24.3"),
        ("2012-07-01", "24.78"),
        ("2013-05-24", "24.78"),
        // 17.40.
        ("2013-05-25", "19.78"),
        ("2014-03-17", "19.78"),
        // 22.10.
        ("2014-03-18", "24.48"),
        ("2015-02-13", "24.48"),
        // 18.40.
        ("2015-02-14", "20.78"),
        ("2016-02-15", "20.78"),
        // 21.80.
        ("2016-02-16", "24.18"),
        ("2017-07-03", "24.18"),
        // 23.10.
        ("2017-07-04", "25.48"),
        ("2018-05-21", "25.48"),
        // 13.00.
        ("2018-05-22", "15.38"),
        ("2019-04-15", "15.38"),
        // 20.70.
        ("2019-04-16", "23.08"),
        ("2020-02-17", "23.08"),
        // 22.10.
        ("2020-02-18", "24.48"),
        ("2021-02-24", "24.48"),
        // 5.10, then TAF 2.60.
        ("2021-02-25", "7.48"),
        ("2021-12-31", "7.48"),
        ("2022-01-01", "7.7"),
        ("2022-05-13", "7.7"),
        // 22.90, then TAF 2.90.
        ("2022-05-14", "25.5"),
        ("2022-12-31", "25.5"),
        ("2023-01-01", "25.8"),
        ("2023-02-26", "25.8"),
        // 8.00, then TAF 3.32.
        ("2023-02-27", "10.9"),
        ("2023-12-31", "10.9"),
        ("2024-01-01", "11.32"),
        ("2024-05-21", "11.32"),
        // 27.80.
        ("2024-05-22", "31.12"),
    ];

    /// The same from 2025 on, where a rate of nothing has to be told from a missing row.
    const LATER_SALES: [(&str, &str); 11] = [
        ("2025-05-13", "31.12"),
        // Nothing for Section 31, then TAF 3.90.
        ("2025-05-14", "3.32"),
        ("2025-12-31", "3.32"),
        ("2026-01-01", "3.9"),
        ("2026-04-03", "3.9"),
        // 20.60, then 0.06 for the audit trail.
        ("2026-04-04", "24.5"),
        ("2026-04-30", "24.5"),
        ("2026-05-01", "24.56"),
        // No TAF for a quarter.
        ("2026-09-30", "24.56"),
        ("2026-10-01", "20.66"),
        ("2027-01-01", "24.56"),
    ];

    #[test]
    fn a_sale_pays_the_rates_of_its_day_on_both_sides_of_every_change() {
        for (day, expected) in SALES.iter().chain(&LATER_SALES) {
            assert_eq!(fee(&sale(day, 20_000, "50")), *expected, "{day}");
        }
    }

    #[test]
    fn the_cap_of_one_trade_is_that_of_its_year() {
        // A million shares at a cent: all but the cap is Section 31 on 10,000 and the audit trail.
        let caps = [
            ("2011-06-30", "3.95"),
            ("2011-07-01", "4.7"),
            ("2012-03-01", "4.93"),
            ("2012-07-01", "6.18"),
            ("2021-12-31", "6.01"),
            ("2022-01-03", "6.55"),
            ("2023-01-03", "7.5"),
            ("2024-01-02", "8.38"),
            ("2025-12-31", "8.3"),
            ("2026-01-02", "9.79"),
            ("2026-09-30", "13"),
            ("2026-10-01", "3.21"),
            ("2027-01-04", "13"),
        ];
        for (day, expected) in caps {
            assert_eq!(fee(&sale(day, 1_000_000, "0.01")), expected, "{day}");
        }
    }

    #[test]
    fn the_rows_of_a_table_follow_each_other_in_time() {
        fn dates<T>(table: &[(Date, T)]) -> Vec<NaiveDate> {
            let date = |&((year, month, day), _): &(Date, T)| {
                NaiveDate::from_ymd_opt(year, month, day).unwrap()
            };
            table.iter().map(date).collect()
        }
        for dates in [dates(&SECTION_31), dates(&TAF), dates(&CAT)] {
            assert!(dates.windows(2).all(|pair| pair[0] < pair[1]), "{dates:?}");
        }
    }

    #[test]
    fn a_purchase_pays_for_the_audit_trail_alone() {
        let bought = Traded {
            side: Side::Buy,
            ..sale("2026-09-15", 100_000, "50")
        };
        assert_eq!(fee(&bought), "0.3");
    }

    #[test]
    fn one_trade_pays_no_more_than_the_cap_and_two_pay_it_twice() {
        // 0.000195 * 100,000 = 19.50, capped at 9.79; 2.06 for Section 31 and 0.30 for the trail.
        let large = sale("2026-09-15", 100_000, "1");
        assert_eq!(fee(&large), "12.15");
        let mut day = DayFees::default();
        let both = day.regulatory(&large) + day.regulatory(&large);
        assert_eq!(both.to_string(), "24.3");
    }

    #[test]
    fn a_new_day_is_a_new_bill() {
        let mut day = DayFees::default();
        let small = |day: &str| sale(day, 1, "1");
        assert_eq!(day.regulatory(&small("2026-09-15")).to_string(), "0.03");
        assert_eq!(day.regulatory(&small("2026-09-15")), Money::ZERO);
        assert_eq!(day.regulatory(&small("2026-09-16")).to_string(), "0.03");
    }

    #[test]
    fn a_borrowed_share_costs_a_360th_of_its_rate_for_each_calendar_day() {
        // 36,000 at 10 % a year: 10 a day, 30 over a weekend.
        let value = Money::dollars(36_000);
        let tenth = Ratio::from_billionths(100_000_000);
        assert_eq!(borrow_cost(value, tenth, 1), Money::dollars(10));
        assert_eq!(borrow_cost(value, tenth, 3), Money::dollars(30));
        assert_eq!(borrow_cost(value, Ratio::ZERO, 3), Money::ZERO);
    }

    proptest! {
        #[test]
        fn the_fees_of_a_day_are_its_sums_rounded_up_however_it_was_split(
            sales in prop::collection::vec((1_u32..5_000, 1_i64..100_000), 1..30),
        ) {
            let mut day = DayFees::default();
            let (mut charged, mut value, mut shares) = (Money::ZERO, 0_i128, 0_i128);
            for (qty, cents) in sales {
                let price = Price::from_cents(cents).unwrap().to_string();
                let sold = sale("2026-09-15", qty, &price);
                let fee = day.regulatory(&sold);
                prop_assert!(fee >= Money::ZERO);
                charged += fee;
                value = value.checked_add(sold.value.femtos()).unwrap();
                shares = shares.checked_add(i128::from(qty)).unwrap();
            }
            // In 1e-15 dollars: a dollar pays 20.6e-6 of itself, a share 195e-6 and 3e-6 dollars.
            let sums = [
                value.checked_mul(206).unwrap().checked_div(10_000_000).unwrap(),
                shares.checked_mul(195_000_000_000).unwrap(),
                shares.checked_mul(3_000_000_000).unwrap(),
            ];
            let bill: i128 = sums.iter().map(|sum| rounded_up(*sum, PER_CENT)).sum();
            prop_assert_eq!(charged.femtos(), bill);
        }
    }
}
