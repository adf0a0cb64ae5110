//! What the rules look at: the files of the workspace and what cargo knows of its packages.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{MetadataCommand, Package};

/// The workspace as committed, as far as a folder can tell: build output and git's own are left out.
pub(crate) struct Tree {
    /// The text files by their path from the root, with slashes.
    pub(crate) files: BTreeMap<String, String>,
    /// Names at the top level that are no dotfiles.
    pub(crate) top_level: Vec<String>,
    /// The members of the workspace.
    pub(crate) packages: Vec<Package>,
}

impl Tree {
    /// Reads the workspace that this test belongs to.
    pub(crate) fn of_workspace() -> Self {
        let root = root();
        let mut files = BTreeMap::new();
        read_folder(&root, &mut files);
        let names = names(&root).into_iter();
        let manifest = root.join("Cargo.toml");
        let metadata = MetadataCommand::new()
            .manifest_path(manifest)
            .no_deps()
            .exec();
        Self {
            files,
            top_level: names.filter(|n| !n.starts_with('.')).collect(),
            packages: metadata.unwrap().packages,
        }
    }
}

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap().to_owned()
}

/// A path from the root, with slashes.
pub(crate) fn relative(path: &Path) -> String {
    let inside = path.strip_prefix(root()).unwrap();
    inside.to_str().unwrap().replace('\\', "/")
}

pub(crate) fn is_rust(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|e| e == "rs")
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let names = entries.map(|entry| entry.file_name().into_string().unwrap());
    let mut names: Vec<String> = names
        .filter(|name| !["target", ".git"].contains(&name.as_str()))
        .collect();
    names.sort();
    names
}

fn read_folder(folder: &Path, files: &mut BTreeMap<String, String>) {
    for name in names(folder) {
        let path = folder.join(name);
        if path.is_dir() {
            read_folder(&path, files);
        } else if let Ok(text) = fs::read_to_string(&path) {
            files.insert(relative(&path), text);
        }
    }
}
