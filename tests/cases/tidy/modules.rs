//! Which Rust files belong to which target: follows `mod` from every target's root, to find files
//! that nothing compiles and files that only tests compile.

use std::collections::BTreeMap;
use std::path::Path;

use cargo_metadata::TargetKind;
use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::tokens::{as_group, is_cfg_test, is_punct, is_word, parse};
use crate::tree::{self, Tree};

/// The compiled files by path, each with whether tests alone compile it.
pub(crate) type Compiled = BTreeMap<String, bool>;

/// Follows the modules of every target of the workspace.
pub(crate) fn walk(tree: &Tree) -> Compiled {
    let mut compiled = Compiled::new();
    for target in tree.packages.iter().flat_map(|package| &package.targets) {
        let test_only = target
            .kind
            .iter()
            .all(|kind| !matches!(kind, TargetKind::Lib | TargetKind::Bin));
        let root = tree::relative(target.src_path.as_std_path());
        follow_root(&tree.files, &root, test_only, &mut compiled);
    }
    compiled
}

/// Rust files that no target compiles.
pub(crate) fn forgotten(files: &BTreeMap<String, String>, compiled: &Compiled) -> Vec<String> {
    let rust = files.keys().filter(|path| tree::is_rust(path));
    rust.filter(|path| !compiled.contains_key(*path))
        .map(|path| format!("{path}: no target compiles it; declare it as a module or remove it"))
        .collect()
}

fn follow_root(
    files: &BTreeMap<String, String>,
    root: &str,
    test_only: bool,
    compiled: &mut Compiled,
) {
    let folder = parent(root).to_owned();
    follow(files, root, &folder, test_only, compiled);
}

/// Takes up one file whose modules lie in `folder`.
fn follow(
    files: &BTreeMap<String, String>,
    path: &str,
    folder: &str,
    test_only: bool,
    compiled: &mut Compiled,
) {
    let Some(text) = files.get(path) else {
        return;
    };
    // A file counts as a test's only as long as nothing else compiles it.
    let known = compiled.get(path).copied();
    if known == Some(false) || known == Some(test_only) {
        return;
    }
    compiled.insert(path.to_owned(), test_only);
    let mut modules = Vec::new();
    collect_modules(parse(path, text), folder, test_only, &mut modules);
    for module in modules {
        match &module.path {
            Some(named) => {
                let file = join(parent(path), named);
                follow_root(files, &file, module.test_only, compiled);
            }
            None => {
                let inside = join(&module.folder, &module.name);
                for file in [format!("{inside}.rs"), format!("{inside}/mod.rs")] {
                    follow(files, &file, &inside, module.test_only, compiled);
                }
            }
        }
    }
}

/// A `mod name;`.
struct Module {
    name: String,
    folder: String,
    path: Option<String>,
    test_only: bool,
}

fn collect_modules(stream: TokenStream, folder: &str, test_only: bool, modules: &mut Vec<Module>) {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    let mut for_tests = test_only;
    let mut path = None;
    for (at, token) in tokens.iter().enumerate() {
        if is_punct(Some(token), '#')
            && let Some(attribute) = as_group(tokens.get(at + 1), Delimiter::Bracket)
        {
            for_tests |= is_cfg_test(attribute);
            path = path_attribute(&attribute.stream()).or(path);
        }
        if is_word(Some(token), "mod")
            && let Some(TokenTree::Ident(name)) = tokens.get(at + 1)
        {
            let name = name.to_string();
            if let Some(body) = as_group(tokens.get(at + 2), Delimiter::Brace) {
                let inside = join(folder, &name);
                collect_modules(body.stream(), &inside, for_tests, modules);
            } else {
                modules.push(Module {
                    name,
                    folder: folder.to_owned(),
                    path: path.take(),
                    test_only: for_tests,
                });
            }
        }
        if is_punct(Some(token), ';') || as_group(Some(token), Delimiter::Brace).is_some() {
            for_tests = test_only;
            path = None;
        }
    }
}

/// The file of a `path = "…"` attribute.
fn path_attribute(attribute: &TokenStream) -> Option<String> {
    let tokens: Vec<TokenTree> = attribute.clone().into_iter().collect();
    match (is_word(tokens.first(), "path"), tokens.get(2)) {
        (true, Some(TokenTree::Literal(file))) => {
            Some(file.to_string().trim_matches('"').to_owned())
        }
        _ => None,
    }
}

fn parent(path: &str) -> &str {
    Path::new(path).parent().unwrap().to_str().unwrap()
}

/// Joins paths and takes `..` out.
fn join(folder: &str, name: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in name.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." => {}
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn sample(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
    files.iter().map(owned).collect()
}

#[test]
fn a_file_that_nothing_declares_is_found() {
    let files = sample(&[
        (
            "a/src/lib.rs",
            "mod one; pub mod two; mod six { mod seven; }",
        ),
        ("a/src/one.rs", ""),
        ("a/src/two/mod.rs", "#[path = \"../far.rs\"] mod three;"),
        ("a/src/far.rs", ""),
        ("a/src/two/three.rs", ""),
        ("a/src/six/seven.rs", ""),
        ("a/tests/forgotten.rs", ""),
    ]);
    let mut compiled = Compiled::new();
    follow_root(&files, "a/src/lib.rs", false, &mut compiled);
    let complaints = forgotten(&files, &compiled);
    assert_eq!(complaints.len(), 2, "{complaints:?}");
    assert!(complaints[0].starts_with("a/src/two/three.rs: no target"));
    assert!(complaints[1].starts_with("a/tests/forgotten.rs: no target"));
}

#[test]
fn a_file_is_a_tests_only_while_nothing_else_compiles_it() {
    let files = sample(&[
        (
            "a/src/lib.rs",
            "#[cfg(test)] mod tests; mod real; #[cfg(test)] mod m { mod n; }",
        ),
        ("a/src/tests.rs", "mod deep;"),
        ("a/src/tests/deep.rs", ""),
        ("a/src/real.rs", ""),
        ("a/src/m/n.rs", ""),
        ("a/tests/it.rs", "#[path = \"../src/real.rs\"] mod real;"),
    ]);
    let mut compiled = Compiled::new();
    follow_root(&files, "a/tests/it.rs", true, &mut compiled);
    assert!(compiled["a/src/real.rs"]);
    follow_root(&files, "a/src/lib.rs", false, &mut compiled);
    assert!(!compiled["a/src/real.rs"]);
    assert!(!compiled["a/src/lib.rs"]);
    assert!(compiled["a/src/tests/deep.rs"]);
    assert!(compiled["a/src/m/n.rs"]);
}
