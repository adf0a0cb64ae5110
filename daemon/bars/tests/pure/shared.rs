//! Where the shared data are, and what to say where they are not.

use std::io::Write;
use std::path::{Path, PathBuf};

/// A folder or file of the shared data; `None`, with a word about it, where there is none.
pub(crate) fn path(name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let data = std::env::var_os("TRADER_DATA").map_or_else(|| "../shared".into(), PathBuf::from);
    let path = root.join(data).join(name);
    if path.exists() {
        return Some(path);
    }
    // Past the test harness, which swallows the output of tests that pass.
    let _ = writeln!(
        std::io::stderr(),
        "SKIPPED: there is no {}; point TRADER_DATA at the shared data",
        path.display()
    );
    None
}

/// The text of a shared file.
pub(crate) fn text(name: &str) -> Option<String> {
    path(name).map(|path| std::fs::read_to_string(path).unwrap())
}

/// The names of the files in a shared folder, in order.
pub(crate) fn names(folder: &str) -> Vec<String> {
    let Some(path) = path(folder) else {
        return Vec::new();
    };
    let entries = std::fs::read_dir(path).unwrap();
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.unwrap().file_name().into_string().unwrap()
    };
    let mut names: Vec<_> = entries.map(name).collect();
    names.sort();
    names
}
