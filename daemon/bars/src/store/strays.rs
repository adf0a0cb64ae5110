//! Files in the store's folder that the catalogue does not name: debris of an interrupted commit,
//! which is swept, and what somebody else put there, which is left alone.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use trader_contract::Symbol;

use super::disk::Disk;
use super::error::{ChangeError, DiskError, on};
use super::{CATALOGUE, CATALOGUE_NEW, STAGING, folder, load, lock};
use crate::catalogue::Catalogue;
use crate::series::Kind;

/// What a sweep deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swept {
    /// Files that no catalogue names, and folders of imports that nobody finished.
    pub deleted: Vec<String>,
}

/// A file that the catalogue does not name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stray {
    /// From the store's folder.
    pub(super) path: PathBuf,
    /// Whether it has a name that only the store gives.
    pub(super) is_ours: bool,
}

/// Deletes what interrupted commits and imports left behind; called by the owner at start. `keep` are
/// the names of staging folders whose imports still run. Files of other names than the store gives
/// are never touched.
///
/// # Errors
/// The catalogue cannot be read: then every file might count, and nothing is deleted. Or the disk
/// refuses.
pub fn sweep(root: &Path, keep: &[&str]) -> Result<Swept, ChangeError> {
    let mut swept = Swept::default();
    if !root.is_dir() {
        return Ok(swept);
    }
    let _lock = lock(root)?;
    let catalogue = load(root)?;
    let listed = strays(root, &catalogue).map_err(on("list", root))?;
    let ours = listed.into_iter().filter(|stray| stray.is_ours);
    for Stray { path, .. } in ours {
        let file = root.join(&path);
        let deleted = Disk::REAL.delete(&file);
        deleted.map_err(on("delete", &file))?;
        swept.deleted.push(path.display().to_string());
    }
    remove_empty_folders(root).map_err(on("list", root))?;
    sweep_staging(root, keep, &mut swept)?;
    Ok(swept)
}

fn sweep_staging(root: &Path, keep: &[&str], swept: &mut Swept) -> Result<(), DiskError> {
    let staging = root.join(STAGING);
    for (name, path, is_folder) in list(&staging).map_err(on("list", &staging))? {
        if keep.contains(&name.as_str()) {
            continue;
        }
        let deleted = if is_folder {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
        deleted.map_err(on("delete", &path))?;
        swept.deleted.push(format!("{STAGING}/{name}"));
    }
    Ok(())
}

fn remove_empty_folders(root: &Path) -> io::Result<()> {
    for (name, path, is_folder) in list(root)? {
        if !is_folder || name.parse::<Symbol>().is_err() {
            continue;
        }
        for (_, inner, _) in list(&path)?.into_iter().filter(|entry| entry.2) {
            // Refused for a folder that is not empty, which is meant; the same below.
            let _ = fs::remove_dir(inner);
        }
        let _ = fs::remove_dir(path);
    }
    Ok(())
}

/// Name, path and whether it is a folder, in order; nothing for a folder that is not there.
fn list(folder: &Path) -> io::Result<Vec<(String, PathBuf, bool)>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        found.push((name, entry.path(), entry.file_type()?.is_dir()));
    }
    found.sort();
    Ok(found)
}

/// Every file that the catalogue does not name, in order. Names that begin with a point belong to
/// the store's machinery or to the system.
pub(super) fn strays(root: &Path, catalogue: &Catalogue) -> io::Result<Vec<Stray>> {
    let named = named(catalogue);
    let mut strays = Vec::new();
    for (name, path, is_folder) in list(root)? {
        if name.starts_with('.') || name == CATALOGUE {
            continue;
        }
        let symbol = is_folder.then(|| name.parse::<Symbol>().ok()).flatten();
        if symbol.is_none() {
            strays.push(Stray {
                is_ours: name == CATALOGUE_NEW && !is_folder,
                path: PathBuf::from(name),
            });
            continue;
        }
        in_symbol(Path::new(&name), &path, &named, &mut strays)?;
    }
    Ok(strays)
}

/// The files of the catalogue, from the store's folder.
fn named(catalogue: &Catalogue) -> BTreeSet<PathBuf> {
    let rows = catalogue.all().flat_map(|(series, entry)| {
        let files = entry.files.iter();
        files.map(move |file| folder(series).join(&file.file))
    });
    let actions = catalogue.symbols.iter().filter_map(|(symbol, entry)| {
        let actions = entry.actions.as_ref()?;
        Some(Path::new(symbol.as_str()).join(&actions.file))
    });
    rows.chain(actions).collect()
}

fn in_symbol(
    symbol: &Path,
    path: &Path,
    named: &BTreeSet<PathBuf>,
    strays: &mut Vec<Stray>,
) -> io::Result<()> {
    for (name, path, is_folder) in list(path)? {
        let relative = symbol.join(&name);
        if is_folder && name.parse::<Kind>().is_ok() {
            for (name, _, is_folder) in list(&path)? {
                let is_ours = !is_folder && is_rows_name(&name);
                let path = relative.join(name);
                if !named.contains(&path) {
                    strays.push(Stray { path, is_ours });
                }
            }
        } else if !named.contains(&relative) {
            strays.push(Stray {
                is_ours: !is_folder && is_actions_name(&name),
                path: relative,
            });
        }
    }
    Ok(())
}

fn is_short_sum(text: &str) -> bool {
    text.len() == 12
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'))
}

/// `2011-0123456789ab.parquet`.
fn is_rows_name(name: &str) -> bool {
    let parts = name
        .strip_suffix(".parquet")
        .and_then(|stem| stem.rsplit_once('-'));
    parts.is_some_and(|(year, sum)| year.parse::<i32>().is_ok() && is_short_sum(sum))
}

/// `actions-0123456789ab.csv`.
fn is_actions_name(name: &str) -> bool {
    let stem = name.strip_suffix(".csv");
    let sum = stem.and_then(|stem| stem.strip_prefix("actions-"));
    sum.is_some_and(is_short_sum)
}
