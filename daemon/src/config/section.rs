//! Reads one table of the configuration key by key: types, ranges, defaults, and at the end every
//! key that nobody asked for. Collects what is wrong and reads on with the default.

use std::fmt::Display;
use std::ops::RangeInclusive;

use chrono::NaiveDate;
use trader_contract::{Money, Ratio, Symbol};

use super::layers::{Entries, Node, Value};
use super::problem::{Place, Problems};

/// A setting that takes one of a few words.
pub(super) trait Choice: Copy + 'static {
    /// The words with what they mean.
    const WORDS: &'static [(&'static str, Self)];
}

/// Declares an enum whose variants are words in the configuration.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant),+
        }
        impl $crate::config::section::Choice for $name {
            const WORDS: &'static [(&'static str, Self)] = &[$(($word, Self::$variant)),+];
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(match self { $(Self::$variant => $word),+ })
            }
        }
    };
}
pub(super) use choice;

/// One table while it is read.
pub(super) struct Section<'p> {
    path: String,
    place: Option<Place>,
    entries: Entries,
    known: Vec<&'static str>,
    problems: &'p mut Problems,
}

impl<'p> Section<'p> {
    pub(super) const fn root(entries: Entries, problems: &'p mut Problems) -> Self {
        Self {
            path: String::new(),
            place: None,
            entries,
            known: Vec::new(),
            problems,
        }
    }

    /// The full path of a key of this table.
    pub(super) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// Where the table stands, if a file has it.
    pub(super) fn place(&self) -> Option<Place> {
        self.place.clone()
    }

    /// Where the value of `key` stands, as long as it has not been taken.
    pub(super) fn place_of(&self, key: &str) -> Option<Place> {
        self.entries.get(key).map(|(_, node)| node.place.clone())
    }

    /// Notes a problem with a key of this table.
    pub(super) fn problem(&mut self, place: Option<Place>, key: &str, message: impl Into<String>) {
        let path = if key.is_empty() {
            self.path.clone()
        } else {
            self.path_of(key)
        };
        self.problems.push(place, path, message);
    }

    /// Takes a key out of the table.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Node> {
        self.known.push(key);
        self.entries.remove(key).map(|(_, node)| node)
    }

    /// The same, with a loose word as what the key needs.
    fn taken(&mut self, key: &'static str, tighten: fn(Value) -> Value) -> Option<Node> {
        let node = self.take(key)?;
        Some(Node {
            place: node.place,
            value: tighten(node.value),
        })
    }

    /// Takes everything that is left, for tables whose keys are declared elsewhere.
    pub(super) fn take_all(&mut self) -> Vec<(String, Node)> {
        std::mem::take(&mut self.entries)
            .into_iter()
            .map(|(key, (_, node))| (key, node))
            .collect()
    }

    fn wrong(&mut self, key: &str, node: &Node, expected: &str) {
        let message = format!("takes {expected}, not {}", node.value.describe());
        self.problem(Some(node.place.clone()), key, message);
    }

    fn checked<T: PartialOrd + Display>(
        &mut self,
        key: &str,
        place: Place,
        value: T,
        range: &RangeInclusive<T>,
        default: T,
    ) -> T {
        if range.contains(&value) {
            return value;
        }
        let message = format!(
            "{value} is outside the {} to {} that this program allows; choose a value between",
            range.start(),
            range.end()
        );
        self.problem(Some(place), key, message);
        default
    }

    /// A whole number.
    pub(super) fn integer<T>(
        &mut self,
        key: &'static str,
        default: T,
        range: RangeInclusive<T>,
    ) -> T
    where
        T: TryFrom<i64> + PartialOrd + Display,
    {
        let Some(node) = self.taken(key, Value::into_whole) else {
            return default;
        };
        match &node.value {
            Value::Whole(digits, number) => match number.and_then(|n| T::try_from(n).ok()) {
                Some(value) => self.checked(key, node.place, value, &range, default),
                None => {
                    let message = format!(
                        "{digits} is outside the {} to {} that this program allows; choose a value between",
                        range.start(),
                        range.end()
                    );
                    self.problem(Some(node.place), key, message);
                    default
                }
            },
            _ => {
                self.wrong(key, &node, "a whole number without quotes");
                default
            }
        }
    }

    /// Dollars: a string or a whole number; a TOML float is refused.
    pub(super) fn money(
        &mut self,
        key: &'static str,
        default: Money,
        range: RangeInclusive<Money>,
    ) -> Money {
        let Some(node) = self.taken(key, Value::into_text) else {
            return default;
        };
        let digits = match &node.value {
            Value::Text(text) => text.clone(),
            Value::Whole(_, Some(number)) => number.to_string(),
            Value::Float(digits) => {
                let message = format!(
                    "money is never a floating-point number; write it as a string: \"{digits}\""
                );
                self.problem(Some(node.place), key, message);
                return default;
            }
            _ => {
                self.wrong(key, &node, "dollars as a string or a whole number");
                return default;
            }
        };
        match digits.parse() {
            Ok(value) => self.checked(key, node.place, value, &range, default),
            Err(error) => {
                self.problem(
                    Some(node.place),
                    key,
                    format!("{error}; write dollars like \"2500.50\""),
                );
                default
            }
        }
    }

    /// Dollars from 0 to `max` in whole millionths, for what is added to prices.
    pub(super) fn micros(&mut self, key: &'static str, default: Money, max: Money) -> Money {
        let place = self.place_of(key);
        let value = self.money(key, default, Money::ZERO..=max);
        if value.exact_micros().is_some() {
            return value;
        }
        let message =
            format!("{value} has more than 6 decimals; prices are in millionths of a dollar");
        self.problem(place, key, message);
        default
    }

    /// A plain number, exact: a string, a whole number, or a decimal number as it is written.
    pub(super) fn ratio(
        &mut self,
        key: &'static str,
        default: Ratio,
        range: RangeInclusive<Ratio>,
    ) -> Ratio {
        let Some(node) = self.taken(key, Value::into_text) else {
            return default;
        };
        match exact(&node.value) {
            Some(Ok(value)) => self.checked(key, node.place, value, &range, default),
            Some(Err(error)) => {
                let message = format!("{error}; write a plain number like 0.005");
                self.problem(Some(node.place), key, message);
                default
            }
            None => {
                self.wrong(key, &node, "a number");
                default
            }
        }
    }

    /// A list of symbols, sorted, none twice; empty if the key is not there.
    pub(super) fn symbols(&mut self, key: &'static str) -> Vec<Symbol> {
        let Some(node) = self.take(key) else {
            return Vec::new();
        };
        let Value::List(list) = node.value else {
            self.wrong(key, &node, "a list like [\"SPY\"]");
            return Vec::new();
        };
        let mut symbols = Vec::new();
        for item in list {
            let parsed = match &item.value {
                Value::Text(text) | Value::Loose(text) => text.parse::<Symbol>().ok(),
                _ => None,
            };
            match parsed {
                Some(symbol) => symbols.push(symbol),
                None => self.wrong(key, &item, "symbols in quotes, like [\"SPY\"]"),
            }
        }
        symbols.sort();
        symbols.dedup();
        symbols
    }

    /// True or false.
    pub(super) fn flag(&mut self, key: &'static str, default: bool) -> bool {
        match self.taken(key, Value::into_flag) {
            None => default,
            Some(Node {
                value: Value::Flag(flag),
                ..
            }) => flag,
            Some(node) => {
                self.wrong(key, &node, "true or false, without quotes");
                default
            }
        }
    }

    /// Text that is not empty.
    pub(super) fn text(&mut self, key: &'static str) -> Option<(Place, String)> {
        let node = self.taken(key, Value::into_text)?;
        match node.value {
            Value::Text(text) if !text.is_empty() => Some((node.place, text)),
            _ => {
                self.wrong(key, &node, "a text in quotes");
                None
            }
        }
    }

    /// A date, with or without quotes.
    pub(super) fn date(&mut self, key: &'static str) -> Option<NaiveDate> {
        let node = self.taken(key, Value::into_text)?;
        let parsed = match &node.value {
            Value::Text(text) | Value::Date(text) => text.parse().ok(),
            _ => None,
        };
        if parsed.is_none() {
            self.wrong(key, &node, "a date like 2024-03-15");
        }
        parsed
    }

    /// One of a few words.
    pub(super) fn word<T: Choice>(&mut self, key: &'static str, default: T) -> T {
        let Some(node) = self.taken(key, Value::into_text) else {
            return default;
        };
        if let Value::Text(text) = &node.value {
            let found = T::WORDS.iter().find(|(word, _)| word == text);
            if let Some((_, value)) = found {
                return *value;
            }
        }
        let words: Vec<String> = T::WORDS
            .iter()
            .map(|(word, _)| format!("{word:?}"))
            .collect();
        self.wrong(key, &node, &words.join(" or "));
        default
    }

    /// A table below this one; empty if no file has it.
    pub(super) fn section(&mut self, key: &'static str) -> Section<'_> {
        let node = self.take(key);
        let path = self.path_of(key);
        let (place, entries) = match node {
            None => (None, Entries::new()),
            Some(Node {
                place,
                value: Value::Table(entries),
            }) => (Some(place), entries),
            Some(node) => {
                self.wrong(key, &node, &format!("a table, [{path}]"));
                (None, Entries::new())
            }
        };
        Section {
            path,
            place,
            entries,
            known: Vec::new(),
            problems: self.problems,
        }
    }

    /// The list that collects what is wrong.
    pub(super) const fn problems(&mut self) -> &mut Problems {
        self.problems
    }

    /// A list of tables below this one; each is called `key[number]`, counted from 1.
    pub(super) fn sections(&mut self, key: &'static str, mut each: impl FnMut(Section<'_>)) {
        let Some(node) = self.take(key) else { return };
        let Value::List(list) = node.value else {
            let hint = format!("a list of tables, [[{}]]", self.path_of(key));
            return self.wrong(key, &node, &hint);
        };
        for (index, item) in list.into_iter().enumerate() {
            let path = format!("{}[{}]", self.path_of(key), index.saturating_add(1));
            match item.value {
                Value::Table(entries) => each(Section {
                    path,
                    place: Some(item.place),
                    entries,
                    known: Vec::new(),
                    problems: self.problems,
                }),
                _ => self
                    .problems
                    .push(Some(item.place), path, "must be a table"),
            }
        }
    }

    /// Notes every key that was not asked for, with the nearest one that would have been.
    pub(super) fn finish(self) {
        for (key, (place, _)) in &self.entries {
            let hint = match trader_contract::settings::nearest(key, self.known.iter().copied()) {
                Some(nearest) => format!("did you mean {nearest:?}?"),
                None => format!("the keys here are: {}", self.known.join(", ")),
            };
            let path = self.path_of(key);
            self.problems.push(
                Some(place.clone()),
                path,
                format!("there is no such key; {hint}"),
            );
        }
    }
}

/// The exact number behind a value; `None` if it is no number.
pub(super) fn exact(value: &Value) -> Option<Result<Ratio, trader_contract::NumberError>> {
    match value {
        Value::Text(digits) | Value::Float(digits) => Some(digits.parse()),
        Value::Whole(_, Some(number)) => Some(number.to_string().parse()),
        _ => None,
    }
}
