//! The layers of a configuration: TOML texts read into trees that remember where each value stands,
//! merged table by table. What the keys mean is left to the sections.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Place, Problems};

/// The largest configuration file, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// A TOML text with its name.
#[derive(Debug, Clone)]
pub struct Layer {
    /// How messages call it: its path.
    pub name: String,
    /// The text.
    pub text: String,
    /// Whether its texts stand for whatever a key needs, as words of a command line do. Its lines are
    /// nobody's, so messages leave them out.
    pub loose: bool,
}

impl Layer {
    /// A file.
    #[must_use]
    pub const fn file(name: String, text: String) -> Self {
        Self {
            name,
            text,
            loose: false,
        }
    }
}

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) value: Value,
}

/// A TOML value. Numbers keep their digits, so that reading one never rounds.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Text(String),
    /// A word of a command line: text, until a key needs something else.
    Loose(String),
    Whole(String, Option<i64>),
    Float(String),
    Flag(bool),
    Date(String),
    List(Vec<Node>),
    Table(Entries),
}

/// The keys of a table, each with the place of the key itself.
pub(super) type Entries = BTreeMap<String, (Place, Node)>;

/// Where the value of a key stands, like `market.source`; the table that it belongs in where it is not said,
/// and nothing where that is not there either.
pub(super) fn place_of(entries: &Entries, key: &str) -> Option<Place> {
    let mut table = entries;
    let mut place = None;
    for part in key.split('.') {
        let Some((_, node)) = table.get(part) else {
            break;
        };
        place = Some(node.place.clone());
        let Value::Table(below) = &node.value else {
            break;
        };
        table = below;
    }
    place
}

impl Value {
    /// The value in words, for messages.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Text(text) | Self::Loose(text) => format!("{text:?}"),
            Self::Whole(digits, _) | Self::Float(digits) => digits.clone(),
            Self::Flag(flag) => flag.to_string(),
            Self::Date(date) => date.clone(),
            Self::List(_) => "a list".to_owned(),
            Self::Table(_) => "a table".to_owned(),
        }
    }

    /// A loose word as what `read` makes of it; as it was, if that is nothing.
    fn tightened(self, read: impl FnOnce(&str) -> Option<Self>) -> Self {
        match self {
            Self::Loose(word) => read(&word).unwrap_or(Self::Loose(word)),
            value => value,
        }
    }

    /// For a key that takes a whole number.
    pub(super) fn into_whole(self) -> Self {
        self.tightened(|word| Some(Self::Whole(word.to_owned(), Some(word.parse().ok()?))))
    }

    /// For a key that takes true or false.
    pub(super) fn into_flag(self) -> Self {
        self.tightened(|word| word.parse().ok().map(Self::Flag))
    }

    /// For a key that takes text, or a number in quotes.
    pub(super) fn into_text(self) -> Self {
        self.tightened(|word| Some(Self::Text(word.to_owned())))
    }
}

/// Reads FILE and the `conf.d/*.toml` beside it, in the order of their names.
///
/// # Errors
/// A file that cannot be read, is too large, or is no UTF-8.
pub(super) fn read(file: &Path) -> Result<Vec<Layer>, Problems> {
    let mut problems = Problems::default();
    let mut paths = vec![file.to_owned()];
    let folder = file.parent().unwrap_or(Path::new("")).join("conf.d");
    match drop_ins(&folder) {
        Ok(found) => paths.extend(found),
        Err(error) => problems.push(
            None,
            "",
            format!(
                "cannot list {}: {error}; check its permissions",
                folder.display()
            ),
        ),
    }
    let mut layers = Vec::new();
    for path in paths {
        match read_one(&path) {
            Ok(text) => layers.push(Layer::file(path.display().to_string(), text)),
            Err(error) => problems.push(
                None,
                "",
                format!(
                    "cannot read {}: {error}; name a readable TOML file",
                    path.display()
                ),
            ),
        }
    }
    problems.or(layers)
}

/// FILE and its drop-ins, as far as they can be listed.
pub(super) fn paths(file: &Path) -> Vec<PathBuf> {
    let folder = file.parent().unwrap_or(Path::new("")).join("conf.d");
    let mut paths = vec![file.to_owned()];
    paths.extend(drop_ins(&folder).unwrap_or_default());
    paths
}

fn drop_ins(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let listing = match std::fs::read_dir(folder) {
        Ok(listing) => listing,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut paths = Vec::new();
    for entry in listing {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn read_one(path: &Path) -> std::io::Result<String> {
    let size = std::fs::metadata(path)?.len();
    if size > FILE_BYTES_MAX {
        return Err(std::io::Error::other(format!(
            "it has {size} bytes, more than the {FILE_BYTES_MAX} that a configuration may have"
        )));
    }
    std::fs::read_to_string(path)
}

/// Parses the layers and merges them in order: a later value takes the place of an earlier one,
/// tables are merged key by key, lists of tables (`[[route]]`) are added up.
pub(super) fn merge(layers: &[Layer], problems: &mut Problems) -> Entries {
    let mut merged = Entries::new();
    for (number, layer) in layers.iter().enumerate() {
        let reader = TreeReader {
            layer: number,
            file: Arc::from(layer.name.as_str()),
            text: &layer.text,
            loose: layer.loose,
        };
        let (document, errors) = DeTable::parse_recoverable(&layer.text);
        if errors.is_empty() {
            overlay(&mut merged, reader.entries(document.into_inner()));
        }
        for error in errors {
            let place = error.span().map(|span| reader.place(span.start));
            problems.push(place, "", format!("this is no TOML: {}", error.message()));
        }
    }
    merged
}

fn overlay(under: &mut Entries, over: Entries) {
    for (key, (place, node)) in over {
        match (
            under.get_mut(&key).map(|(_, node)| &mut node.value),
            node.value,
        ) {
            (Some(Value::Table(below)), Value::Table(above)) => overlay(below, above),
            (Some(Value::List(below)), Value::List(above))
                if is_tables(below) && is_tables(&above) =>
            {
                below.extend(above);
            }
            (_, value) => {
                let node = Node {
                    place: node.place,
                    value,
                };
                under.insert(key, (place, node));
            }
        }
    }
}

fn is_tables(list: &[Node]) -> bool {
    list.iter()
        .all(|node| matches!(node.value, Value::Table(_)))
}

struct TreeReader<'t> {
    layer: usize,
    file: Arc<str>,
    text: &'t str,
    loose: bool,
}

impl TreeReader<'_> {
    fn place(&self, offset: usize) -> Place {
        if self.loose {
            return Place {
                layer: self.layer,
                line: 0,
                column: 0,
                file: Arc::clone(&self.file),
            };
        }
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at.saturating_add(1));
        Place {
            layer: self.layer,
            line: before.matches('\n').count().saturating_add(1),
            column: before
                .get(line_start..)
                .map_or(1, |line| line.chars().count().saturating_add(1)),
            file: Arc::clone(&self.file),
        }
    }

    fn entries(&self, table: DeTable<'_>) -> Entries {
        table
            .into_iter()
            .map(|(key, value)| {
                let place = self.place(key.span().start);
                (key.into_inner().into_owned(), (place, self.node(value)))
            })
            .collect()
    }

    fn node(&self, value: Spanned<DeValue<'_>>) -> Node {
        let place = self.place(value.span().start);
        let value = match value.into_inner() {
            DeValue::String(text) if self.loose => Value::Loose(text.into_owned()),
            DeValue::String(text) => Value::Text(text.into_owned()),
            DeValue::Integer(digits) => {
                let number = i64::from_str_radix(digits.as_str(), digits.radix()).ok();
                Value::Whole(digits.to_string(), number)
            }
            DeValue::Float(digits) => Value::Float(digits.as_str().to_owned()),
            DeValue::Boolean(flag) => Value::Flag(flag),
            DeValue::Datetime(date) => Value::Date(date.to_string()),
            DeValue::Array(list) => {
                Value::List(list.into_iter().map(|item| self.node(item)).collect())
            }
            DeValue::Table(table) => Value::Table(self.entries(table)),
        };
        Node { place, value }
    }
}
