//! Rules about the table of faults: every row names what tests it, and what is named is there.

use std::collections::BTreeMap;

use trader_tests::sim::outcome::DEEDS;
use trader_tests::sim::plan::FaultKind;
use trader_tests::sim::world::DEATH_NAMES;

/// Rows of the failure model, and those of faults that it does not name.
const ROWS: usize = 47;
/// Commands of `trader-sim` that may be named.
const COMMANDS: [&str; 3] = ["trader-sim run", "trader-sim eod", "trader-sim crashes"];

/// Complaints about the table, given the files that it may name.
pub(crate) fn table(text: &str, files: &BTreeMap<String, String>) -> Vec<String> {
    let rows: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| fault |"))
        .collect();
    let mut complaints = Vec::new();
    if rows.len() != ROWS {
        complaints.push(format!("{} rows, the failure model has {ROWS}", rows.len()));
    }
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [fault, _, tested] = cells[..] else {
            complaints.push(format!("{row}: not three cells"));
            continue;
        };
        let named: Vec<&str> = tested.split('`').skip(1).step_by(2).collect();
        if named.is_empty() && !tested.contains("issue ") {
            complaints.push(format!("{fault}: nothing is named that tests it"));
        }
        for name in named.into_iter().filter(|name| !is_there(name, files)) {
            complaints.push(format!("{fault}: there is no {name}"));
        }
    }
    complaints
}

/// Whether a kind of fault, death or deed, a command or a test of this name exists.
fn is_there(name: &str, files: &BTreeMap<String, String>) -> bool {
    if let Some((path, test)) = name.split_once("::") {
        let text = files.get(path);
        return text.is_some_and(|text| text.contains(&format!("fn {test}(")));
    }
    let counted = DEATH_NAMES.contains(&name) || DEEDS.contains(&name);
    counted || COMMANDS.contains(&name) || FaultKind::named(name).is_some()
}

#[test]
fn a_row_that_names_nothing_or_what_is_not_there_is_told() {
    let files = BTreeMap::from([("a.rs".to_owned(), "fn there() {}".to_owned())]);
    let told = |row: &str| {
        let complaints = table(row, &files);
        complaints[1..].join("; ")
    };
    assert_eq!(told("| x | y | `stream_drop`, `a.rs::there` |"), "");
    assert_eq!(told("| x | y | limits: issue 7 |"), "");
    assert_eq!(
        told("| x | y | `stream_dropp` |"),
        "x: there is no stream_dropp"
    );
    assert_eq!(
        told("| x | y | `a.rs::gone` |"),
        "x: there is no a.rs::gone"
    );
    assert_eq!(
        told("| x | y | by hand |"),
        "x: nothing is named that tests it"
    );
}
