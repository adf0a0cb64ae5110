//! Made-up bars: seeded walks with calm and wild stretches, so that stops, targets and the end of
//! the day all have their turn. Dates lie in New York's winter.

use std::fmt::Write;
use std::path::Path;

const HEADER: &str = "timestamp,open,high,low,close,volume\n";

/// Two weeks with a holiday (28) and a half day (29).
pub(super) const DAYS: [&str; 9] = [
    "2024-11-20",
    "2024-11-21",
    "2024-11-22",
    "2024-11-25",
    "2024-11-26",
    "2024-11-27",
    "2024-11-29",
    "2024-12-02",
    "2024-12-03",
];
/// The one of [`DAYS`] that ends at one o'clock.
pub(super) const HALF_DAY: &str = "2024-11-29";
/// Minutes from midnight UTC to the open.
const OPEN: u32 = 14 * 60 + 30;

/// A seeded walk in cents.
pub(super) struct Walk {
    state: u64,
    cents: f64,
    drift: f64,
}

/// A minute of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) minute: u32,
    pub(super) prices: [f64; 4],
    pub(super) volume: u64,
}

impl Walk {
    pub(super) fn new(seed: u64, dollars: u32) -> Self {
        Self {
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            cents: f64::from(dollars) * 100.0,
            drift: 0.0,
        }
    }

    /// 31 bits.
    fn bits(&mut self) -> u32 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        u32::try_from(self.state >> 33).unwrap()
    }

    /// A number from -1 to 1.
    fn draw(&mut self) -> f64 {
        f64::from(self.bits()) / f64::from(1_u32 << 30) - 1.0
    }

    /// The minutes of one session; about one in forty is missing.
    pub(super) fn session(&mut self, minutes: u32) -> Vec<Row> {
        let mut rows = Vec::new();
        // The night moves it too.
        self.cents += self.draw() * self.cents * 0.01;
        for minute in 0..minutes {
            if minute % 45 == 0 {
                self.drift = self.draw() * self.cents * 0.000_35;
            }
            let open = self.cents;
            let wild = if (minute / 60) % 3 == 0 { 2.5 } else { 1.0 };
            let close = open + self.drift + self.draw() * self.cents * 0.000_8 * wild;
            let high = open.max(close) + self.draw().abs() * self.cents * 0.000_4 * wild;
            let low = open.min(close) - self.draw().abs() * self.cents * 0.000_4 * wild;
            self.cents = close;
            let volume = 300 + u64::from(self.bits() % 2_500);
            let missing = self.draw() > 0.95 && minute > 0;
            if !missing {
                let prices = [open, high.ceil(), low.floor(), close].map(f64::round);
                rows.push(Row {
                    minute,
                    prices,
                    volume,
                });
            }
        }
        rows
    }
}

/// Minutes of the sessions of `days`, as a file.
pub(super) fn minutes(seed: u64, dollars: u32, days: &[&str]) -> String {
    let mut walk = Walk::new(seed, dollars);
    let mut text = HEADER.to_owned();
    for day in days {
        let length = if *day == HALF_DAY { 210 } else { 390 };
        for row in walk.session(length) {
            put(&mut text, day, OPEN + row.minute, row);
        }
    }
    text
}

/// Hours of the sessions of `days`, as a file: stamped with the clock hour, as feeds do.
pub(super) fn hours(seed: u64, dollars: u32, days: &[&str]) -> String {
    let mut walk = Walk::new(seed, dollars);
    let mut text = HEADER.to_owned();
    for day in days {
        let length = if *day == HALF_DAY { 210 } else { 390 };
        let rows = walk.session(length);
        let hours = rows.chunk_by(|a, b| (a.minute + 30) / 60 == (b.minute + 30) / 60);
        for hour in hours {
            let row = merge(hour);
            put(&mut text, day, (OPEN + row.minute) / 60 * 60, row);
        }
    }
    text
}

/// Whole sessions, as a file: stamped with midnight in New York.
pub(super) fn sessions(seed: u64, dollars: u32, days: &[&str]) -> String {
    let mut walk = Walk::new(seed, dollars);
    let mut text = HEADER.to_owned();
    for day in days {
        put(&mut text, day, 5 * 60, merge(&walk.session(390)));
    }
    text
}

fn merge(rows: &[Row]) -> Row {
    let top = rows.iter().map(|row| row.prices[1]).fold(0.0, f64::max);
    let bottom = rows.iter().map(|row| row.prices[2]);
    let bottom = bottom.fold(f64::MAX, f64::min);
    Row {
        minute: rows[0].minute,
        prices: [
            rows[0].prices[0],
            top,
            bottom,
            rows[rows.len() - 1].prices[3],
        ],
        volume: rows.iter().map(|row| row.volume).sum(),
    }
}

fn put(text: &mut String, day: &str, minute: u32, row: Row) {
    let (hour, of_hour) = (minute / 60, minute % 60);
    let [open, high, low, close] = row.prices.map(|cents| cents / 100.0);
    let row = writeln!(
        text,
        "{day}T{hour:02}:{of_hour:02}:00Z,{open:.2},{high:.2},{low:.2},{close:.2},{}",
        row.volume
    );
    row.unwrap();
}

/// Writes a file where a daemon with recorded bars looks for it.
pub(super) fn write(folder: &Path, symbol: &str, rows: &str) {
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join(format!("{symbol}.csv")), rows).unwrap();
}

/// The days without one of them.
pub(super) fn without<'d>(days: &[&'d str], gap: &str) -> Vec<&'d str> {
    days.iter().copied().filter(|day| *day != gap).collect()
}

/// The rows of a file without those of a day.
pub(super) fn cut(rows: &str, day: &str) -> String {
    let kept = rows.lines().filter(|row| !row.starts_with(day));
    kept.map(|row| format!("{row}\n")).collect()
}

/// The rows of a file without the last ten minutes of whole days.
pub(super) fn without_last_minutes(rows: &str) -> String {
    let kept = rows.lines().filter(|row| !row.contains("T20:5"));
    kept.map(|row| format!("{row}\n")).collect()
}

/// A year of quiet minutes, every one the same.
pub(super) fn quiet_year(year: i32) -> String {
    let [first, last] = [(1, 1), (12, 31)]
        .map(|(month, day)| chrono::NaiveDate::from_ymd_opt(year, month, day).unwrap());
    let calendar = trader_calendar::Calendar::nyse();
    let mut text = HEADER.to_owned();
    for session in calendar.sessions(first..=last).unwrap() {
        for minute in 0..session.minutes() {
            let start = session.open.plus_minutes(minute);
            writeln!(text, "{start},50.00,50.05,49.95,50.00,900").unwrap();
        }
    }
    text
}
