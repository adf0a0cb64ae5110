//! The gaps of the shared files equal the inventories that came with them.

use std::collections::BTreeMap;

use trader_bars::Rows;
use trader_bars::gaps::{GapSurvey, Gaps, MissingSessions, SessionGaps};
use trader_calendar::Calendar;

use crate::csv_shared::read_shared;
use crate::shared;

fn gaps_of(folder: &str, kind: &str, symbol: &str) -> (Rows, Gaps) {
    let name = format!("{symbol}.csv.gz");
    let rows = read_shared(folder, kind, &name).unwrap().rows;
    let mut survey = GapSurvey::new(Calendar::nyse(), kind.parse().unwrap());
    survey.add_rows(&rows);
    (rows, survey.finish(None).unwrap().unwrap())
}

/// The rows of an inventory, each as its fields.
fn inventory(name: &str) -> Vec<Vec<String>> {
    let text = shared::text(name).unwrap_or_default();
    let fields = |line: &str| line.split(',').map(str::to_owned).collect();
    text.lines().skip(1).map(fields).collect()
}

#[test]
fn the_minutes_of_every_session_are_those_of_the_inventory() {
    let mut known: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for mut row in inventory("data/inventory_1min.csv") {
        let columns = row.split_off(2);
        let [kind, symbol] = row.try_into().unwrap();
        // The last two, broken prices and source, are not about gaps.
        let columns = columns[..columns.len() - 2].join(",");
        known.entry((kind, symbol)).or_default().push(columns);
    }
    for ((kind, symbol), rows) in known {
        let (folder, kind) = match kind.as_str() {
            "trade" => ("data/bars/1min", "1min"),
            _ => ("data/quotes/1min", "quotes-1min"),
        };
        let (_, gaps) = gaps_of(folder, kind, &symbol);
        let found: Vec<_> = gaps
            .sessions
            .iter()
            .map(|session| {
                let all = session.regular_rows + session.extended_rows;
                format!(
                    "{},{},{},{all},{},{},{},{},{}",
                    session.date,
                    u8::from(session.half_day),
                    session.windows,
                    session.regular_rows,
                    session.missing_windows(),
                    session.extended_rows,
                    session.first,
                    session.last,
                )
            })
            .collect();
        assert_eq!(found, rows, "{folder}/{symbol}");
    }
}

#[test]
fn the_sessions_of_daily_bars_are_those_of_the_inventory() {
    for row in inventory("data/inventory_1day.csv") {
        let (rows, gaps) = gaps_of("data/bars/1day", "1day", &row[0]);
        let missing: u32 = gaps
            .missing_sessions
            .iter()
            .map(|range| range.sessions)
            .sum();
        let run = |range: &MissingSessions| format!("{}..{}", range.first, range.last);
        let runs: Vec<_> = gaps.missing_sessions.iter().map(run).collect();
        let half_days = gaps
            .sessions
            .iter()
            .filter(|session| session.half_day)
            .count();
        let found = [
            row[0].clone(),
            gaps.first.to_string(),
            gaps.last.to_string(),
            rows.len().to_string(),
            missing.to_string(),
            runs.join(" "),
            // Rows dropped and rows with broken prices: the reader refuses both.
            "0".to_owned(),
            "0".to_owned(),
            half_days.to_string(),
        ];
        assert_eq!(found[..], row[..]);
        assert_eq!(gaps.total.sessions - missing, gaps.total.sessions_present);
    }
}

#[test]
fn the_hours_of_eleven_years_are_complete_but_for_a_known_halt() {
    for name in shared::names("data/bars/1hour") {
        let symbol = name.split('.').next().unwrap();
        let (_, gaps) = gaps_of("data/bars/1hour", "1hour", symbol);
        assert_eq!(gaps.missing_sessions, [], "{symbol}");
        let lacking: Vec<_> = gaps
            .sessions
            .iter()
            .filter(|session| !session.missing.is_empty())
            .map(|session| format!("{} {}", session.date, session.missing_windows()))
            .collect();
        // Nasdaq stood still for three hours that day.
        let known: &[&str] = if symbol == "AAPL" {
            &["2013-08-22 2"]
        } else {
            &[]
        };
        assert_eq!(lacking, known, "{symbol}");
    }
}

#[test]
fn the_regular_session_of_the_one_second_days_has_every_minute() {
    for symbol in ["AIG", "IBM", "SPY"] {
        if shared::path("data/bars/1s").is_none() {
            return;
        }
        let (_, gaps) = gaps_of("data/bars/1s", "1s", symbol);
        let lacking: Vec<_> = gaps
            .sessions
            .iter()
            .map(SessionGaps::missing_windows)
            .collect();
        assert!(
            lacking.iter().all(|windows| *windows <= 1),
            "{symbol}: {lacking:?}"
        );
    }
}
