//! Rules about the plain text of files. Words that must not occur are put together at run time, so
//! that this file obeys them too.

const LINES_MAX: usize = 500;

/// Every Rust file opens by saying what it is.
pub(crate) fn opening(path: &str, text: &str) -> Vec<String> {
    let says = text
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("//! "));
    match says {
        Some(line) if line.len() >= 10 => Vec::new(),
        _ => vec![format!(
            "{path}: open with `//!` and what the file is and leaves to others"
        )],
    }
}

/// No Rust file is longer than the limit.
pub(crate) fn length(path: &str, text: &str) -> Vec<String> {
    let lines = text.lines().count();
    if lines <= LINES_MAX {
        return Vec::new();
    }
    vec![format!(
        "{path}: {lines} lines; split it by subject, {LINES_MAX} is the limit"
    )]
}

/// No note to come back later.
pub(crate) fn unfinished(path: &str, text: &str) -> Vec<String> {
    let marks = [["TO", "DO"].concat(), ["FIX", "ME"].concat()];
    lines_with(text, |line| {
        marks.iter().find(|mark| line.contains(*mark)).cloned()
    })
    .map(|(line, mark)| format!("{path}:{line}: finish it or open an issue: {mark}"))
    .collect()
}

/// No path of somebody's machine, and no registry but the one that cargo knows by itself.
pub(crate) fn foreign(path: &str, text: &str) -> Vec<String> {
    if path == "Cargo.lock" {
        return foreign_sources(path, text);
    }
    let folders = ["home", "work", "root", "tmp", "Users"].map(|name| format!("/{name}/"));
    let hosts = [
        ["crates", ".io"].concat(),
        ["pypi", ".org"].concat(),
        ["npmjs", ".org"].concat(),
        ["npmjs", ".com"].concat(),
        ["proxy.golang", ".org"].concat(),
        ["sparse", "+http"].concat(),
        ["registry", "+http"].concat(),
        ["arti", "factory"].concat(),
    ];
    lines_with(text, |line| {
        let host = hosts.iter().find(|host| line.contains(*host));
        let folder = folders.iter().find(|folder| starts_a_path(line, folder));
        host.or(folder).cloned()
    })
    .map(|(line, word)| {
        format!(
            "{path}:{line}: {word:?} names a machine or a registry; use a relative path or none"
        )
    })
    .collect()
}

/// Every locked package comes from the default registry, never from a mirror.
fn foreign_sources(path: &str, text: &str) -> Vec<String> {
    let usual = format!(
        "source = \"{}https://github.com/rust-lang/{}-index\"",
        "registry+",
        ["crates", ".io"].concat()
    );
    lines_with(text, |line| {
        (line.starts_with("source = ") && line != usual).then(|| line.to_owned())
    })
    .map(|(line, source)| format!("{path}:{line}: {source} is not the default registry"))
    .collect()
}

/// Whether `folder` occurs as the beginning of a path and not inside one.
fn starts_a_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || "._-/}*".contains(c))
    })
}

fn lines_with<'a>(
    text: &'a str,
    find: impl Fn(&str) -> Option<String> + 'a,
) -> impl Iterator<Item = (usize, String)> + 'a {
    let numbered = (1..).zip(text.lines());
    numbered.filter_map(move |(number, line)| Some((number, find(line)?)))
}

#[test]
fn a_file_that_does_not_say_what_it_is_is_found() {
    assert_eq!(opening("a.rs", "//! Sizes of orders.\n").len(), 0);
    for bad in [
        "",
        "fn a() {}",
        "\n//! Sizes of orders.\n",
        "//!\nfn a() {}",
    ] {
        assert_eq!(opening("a.rs", bad).len(), 1, "{bad:?}");
    }
}

#[test]
fn a_long_file_is_found() {
    assert_eq!(length("a.rs", &"x\n".repeat(LINES_MAX)).len(), 0);
    assert_eq!(length("a.rs", &"x\n".repeat(LINES_MAX + 1)).len(), 1);
}

#[test]
fn a_note_to_come_back_is_found_with_its_line() {
    let text = format!("a\n// {}{}: sort this out\n", "TO", "DO");
    let complaints = unfinished("a.rs", &text);
    assert_eq!(complaints.len(), 1);
    assert!(complaints[0].starts_with("a.rs:2:"), "{complaints:?}");
}

#[test]
fn a_path_of_a_machine_and_a_registry_are_found() {
    for (start, end) in [
        ("see /ho", "me/me/notes"),
        ("\"/tm", "p/x\""),
        ("index = \"https://index.crates", ".io/\""),
        ("pip install -i https://py", "pi.org/simple"),
    ] {
        let text = format!("{start}{end}");
        assert_eq!(foreign("README.md", &text).len(), 1, "{text}");
    }
    for fine in [
        "/var/lib/traderd",
        "$HOME/work/x",
        "a/tmp/b",
        "/home",
        "%t/root/",
    ] {
        let complaints = foreign("README.md", fine);
        assert_eq!(complaints, Vec::<String>::new(), "{fine}");
    }
}

#[test]
fn a_locked_package_from_a_mirror_is_found() {
    let text = format!(
        "[[package]]\nsource = \"{}+https://mirror.example/\"\n",
        "registry"
    );
    assert_eq!(foreign("Cargo.lock", &text).len(), 1);
}
