//! Rules about the tables of faults and of controls: every row names what tests it, and what is named
//! is there.

use std::collections::BTreeMap;

use trader_tests::sim::outcome::DEEDS;
use trader_tests::sim::plan::FaultKind;
use trader_tests::sim::world::DEATH_NAMES;

/// A table whose first column says what a row is about, and whose last one names its tests.
pub(crate) struct Table {
    /// Where it stands.
    pub(crate) path: &'static str,
    /// The names of its columns.
    pub(crate) columns: &'static [&'static str],
    /// How many rows it has.
    pub(crate) rows: usize,
}

/// The failure model, and a fault that it does not name: a recording.
pub(crate) const FAULTS: Table = Table {
    path: "tests/FAULTS.md",
    columns: &["fault", "what must come of it", "tested by"],
    rows: 48,
};
/// The controls that others ask of firms that trade by machine.
pub(crate) const CONTROLS: Table = Table {
    path: "tests/CONTROLS.md",
    columns: &["#", "control", "what holds it here", "tested by"],
    rows: 24,
};

/// Commands of `trader-sim` that may be named.
const COMMANDS: [&str; 4] = [
    "trader-sim run",
    "trader-sim eod",
    "trader-sim crashes",
    "trader-sim stress",
];

/// Complaints about a table, given the files that it may name.
pub(crate) fn complaints(
    table: &Table,
    text: &str,
    files: &BTreeMap<String, String>,
) -> Vec<String> {
    let heading = format!("| {} |", table.columns.join(" | "));
    let rows: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("| ") && *line != heading)
        .collect();
    let mut complaints = Vec::new();
    if rows.len() != table.rows {
        let (rows, wanted) = (rows.len(), table.rows);
        complaints.push(format!("{rows} rows, {} must have {wanted}", table.path));
    }
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [fault, .., tested] = cells[..] else {
            complaints.push(format!("{row}: too few cells"));
            continue;
        };
        if cells.len() != table.columns.len() {
            complaints.push(format!("{fault}: {} cells", cells.len()));
        }
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
        // Of the lab, a function of the shell.
        let defined = if path.ends_with(".sh") {
            format!("\n{test}() {{")
        } else {
            format!("fn {test}(")
        };
        return files.get(path).is_some_and(|text| text.contains(&defined));
    }
    let counted = DEATH_NAMES.contains(&name) || DEEDS.contains(&name);
    counted || COMMANDS.contains(&name) || FaultKind::named(name).is_some()
}

#[test]
fn a_row_that_names_nothing_or_what_is_not_there_is_told() {
    let files = BTreeMap::from([
        ("a.rs".to_owned(), "fn there() {}".to_owned()),
        ("b.sh".to_owned(), "# …\ntest_there() {\n}".to_owned()),
    ]);
    let told = |row: &str| {
        let complaints = complaints(&FAULTS, row, &files);
        complaints[1..].join("; ")
    };
    assert_eq!(told("| x | y | `stream_drop`, `a.rs::there` |"), "");
    assert_eq!(told("| x | y | `b.sh::test_there` |"), "");
    assert_eq!(
        told("| x | y | `b.sh::test_gone` |"),
        "x: there is no b.sh::test_gone"
    );
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
    assert_eq!(told("| x | y | z | limits: issue 7 |"), "x: 4 cells");
    assert_eq!(told("| x |"), "| x |: too few cells");
}
