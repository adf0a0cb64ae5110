//! The rules that no compiler checks: sizes, layout, directions of dependencies, purity. Each rule
//! is a function from what it looks at to a list of complaints, and is shown to complain.

#![cfg(test)]
#![expect(
    clippy::arithmetic_side_effects,
    reason = "positions in a text; an overflow would panic and fail the test"
)]

mod manifests;
mod modules;
mod tables;
mod text;
mod tokens;
mod tree;

use std::collections::BTreeMap;

use tree::Tree;

/// Fails with one complaint a line.
fn none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

/// All complaints of a rule about the Rust files of the real tree.
fn about_rust(rule: fn(&str, &str) -> Vec<String>) -> Vec<String> {
    let tree = Tree::of_workspace();
    let rust = tree.files.iter().filter(|(path, _)| tree::is_rust(path));
    rust.flat_map(|(path, text)| rule(path, text)).collect()
}

#[test]
fn files_are_short_and_say_what_they_are() {
    none(&about_rust(text::opening));
    none(&about_rust(text::length));
}

#[test]
fn functions_fit_a_screen() {
    none(&about_rust(tokens::long_functions));
}

#[test]
fn nothing_is_left_undone_or_ignored() {
    none(&about_rust(tokens::unfinished));
    none(&about_rust(text::unfinished));
}

#[test]
fn every_rust_file_is_compiled() {
    let tree = Tree::of_workspace();
    none(&modules::forgotten(&tree.files, &modules::walk(&tree)));
}

#[test]
fn pure_crates_reach_for_no_clock_chance_or_outside_world() {
    let tree = Tree::of_workspace();
    let mut complaints = Vec::new();
    for (path, test_only) in modules::walk(&tree) {
        if test_only || !manifests::is_pure(&path) {
            continue;
        }
        complaints.extend(tokens::impure(&path, &tree.files[&path]));
    }
    none(&complaints);
    none(&manifests::impure_dependencies(&tree.packages));
}

#[test]
fn every_fault_and_every_control_names_what_tests_it() {
    let tree = Tree::of_workspace();
    for table in [tables::FAULTS, tables::CONTROLS] {
        none(&tables::complaints(
            &table,
            &tree.files[table.path],
            &tree.files,
        ));
    }
}

#[test]
fn dependencies_point_one_way() {
    none(&manifests::wrong_arrows(&Tree::of_workspace().packages));
}

#[test]
fn each_plugin_is_one_feature_and_on_by_default() {
    none(&manifests::wrong_features(&Tree::of_workspace().packages));
}

#[test]
fn every_member_takes_the_lints_of_the_workspace() {
    let tree = Tree::of_workspace();
    let manifests: BTreeMap<&String, &String> = tree
        .files
        .iter()
        .filter(|(path, _)| path.ends_with("/Cargo.toml"))
        .collect();
    assert!(manifests.len() >= 10, "{manifests:?}");
    let complaints = manifests
        .into_iter()
        .flat_map(|(path, text)| manifests::missing_lints(path, text));
    none(&complaints.collect::<Vec<_>>());
}

#[test]
fn the_top_level_is_the_agreed_one() {
    let entries = Tree::of_workspace().top_level;
    none(&manifests::unexpected_top_level(&entries));
}

#[test]
fn no_file_names_a_machine_or_a_registry() {
    let tree = Tree::of_workspace();
    let every = tree.files.iter();
    let complaints = every.flat_map(|(path, text)| text::foreign(path, text));
    none(&complaints.collect::<Vec<_>>());
}
