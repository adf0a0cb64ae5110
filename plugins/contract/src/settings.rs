//! Declared parameters of a strategy, and settings checked against them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::money::Ratio;

/// One parameter that a strategy declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    /// Its name in the configuration, `snake_case`.
    pub name: &'static str,
    /// What it does, with its unit, in one sentence.
    pub help: &'static str,
    /// Its type, default and range.
    pub kind: ParameterKind,
}

/// The type, default and range of a parameter. Ranges include both ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterKind {
    /// A whole number.
    Integer {
        /// Without a setting.
        default: i64,
        /// Lowest.
        min: i64,
        /// Highest.
        max: i64,
    },
    /// A decimal number with at most nine decimals.
    Decimal {
        /// Without a setting.
        default: Ratio,
        /// Lowest.
        min: Ratio,
        /// Highest.
        max: Ratio,
    },
    /// True or false.
    Flag {
        /// Without a setting.
        default: bool,
    },
    /// One of a few words.
    Choice {
        /// Without a setting.
        default: &'static str,
        /// The words.
        options: &'static [&'static str],
    },
}

/// A value as it was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettingValue {
    /// A whole number.
    Integer(i64),
    /// A decimal number.
    Decimal(Ratio),
    /// True or false.
    Flag(bool),
    /// A word.
    Word(String),
}

/// Why settings were refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// No parameter has this name.
    #[error("there is no parameter {name:?}{}", nearest.map(|n| format!("; did you mean {n:?}?")).unwrap_or_default())]
    Unknown {
        /// What was given.
        name: String,
        /// The declared name that is closest to it.
        nearest: Option<&'static str>,
    },
    /// The value is of another type.
    #[error("{name} takes {expected}, not {given}")]
    Type {
        /// The parameter.
        name: &'static str,
        /// What it takes.
        expected: &'static str,
        /// What was given.
        given: String,
    },
    /// The value is outside the declared range.
    #[error("{name} = {given} is outside {range}")]
    Range {
        /// The parameter.
        name: &'static str,
        /// What was given.
        given: String,
        /// The declared range, or the words.
        range: String,
    },
}

/// A complete set of settings: every declared parameter has a value of its type within its range.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings(BTreeMap<&'static str, SettingValue>);

impl Settings {
    /// Checks `given` against the declared parameters and fills in the defaults.
    ///
    /// # Errors
    /// The first of: an unknown name, a wrong type, a value outside its range.
    pub fn resolve(
        parameters: &'static [Parameter],
        given: &BTreeMap<String, SettingValue>,
    ) -> Result<Self, SettingError> {
        for name in given.keys() {
            if !parameters.iter().any(|p| p.name == name) {
                let nearest = nearest(name, parameters.iter().map(|p| p.name));
                return Err(SettingError::Unknown {
                    name: name.clone(),
                    nearest,
                });
            }
        }
        let mut settings = BTreeMap::new();
        for parameter in parameters {
            let value = match given.get(parameter.name) {
                Some(value) => parameter.check(value)?,
                None => parameter.default_value(),
            };
            settings.insert(parameter.name, value);
        }
        Ok(Self(settings))
    }

    /// The whole number of a declared `Integer`; zero where none was declared by that name.
    #[must_use]
    pub fn integer(&self, name: &str) -> i64 {
        match self.0.get(name) {
            Some(SettingValue::Integer(value)) => *value,
            _ => 0,
        }
    }

    /// The value of a declared `Decimal`; zero where none was declared by that name.
    #[must_use]
    pub fn decimal(&self, name: &str) -> Ratio {
        match self.0.get(name) {
            Some(SettingValue::Decimal(value)) => *value,
            _ => Ratio::ZERO,
        }
    }

    /// The value of a declared `Flag`; false where none was declared by that name.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.0.get(name), Some(SettingValue::Flag(true)))
    }

    /// The value of a declared `Choice`; empty where none was declared by that name.
    #[must_use]
    pub fn word(&self, name: &str) -> &str {
        match self.0.get(name) {
            Some(SettingValue::Word(value)) => value,
            _ => "",
        }
    }

    /// Every parameter with its value, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &SettingValue)> {
        self.0.iter().map(|(name, value)| (*name, value))
    }
}

/// The candidate closest to `name` in spelling, if one is close enough to be a slip.
#[must_use]
pub fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().max(6).div_euclid(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

impl Parameter {
    /// The value without a setting.
    #[must_use]
    pub fn default_value(&self) -> SettingValue {
        match self.kind {
            ParameterKind::Integer { default, .. } => SettingValue::Integer(default),
            ParameterKind::Decimal { default, .. } => SettingValue::Decimal(default),
            ParameterKind::Flag { default } => SettingValue::Flag(default),
            ParameterKind::Choice { default, .. } => SettingValue::Word(default.to_owned()),
        }
    }

    fn check(&self, value: &SettingValue) -> Result<SettingValue, SettingError> {
        let outside = |given: String, range: String| {
            Err(SettingError::Range {
                name: self.name,
                given,
                range,
            })
        };
        let (expected, checked) = match (self.kind, value) {
            (ParameterKind::Integer { min, max, .. }, SettingValue::Integer(given)) => {
                if !(min..=max).contains(given) {
                    return outside(given.to_string(), format!("{min}..={max}"));
                }
                return Ok(value.clone());
            }
            (ParameterKind::Decimal { min, max, .. }, SettingValue::Decimal(given)) => {
                if !(min..=max).contains(given) {
                    return outside(given.to_string(), format!("{min}..={max}"));
                }
                return Ok(value.clone());
            }
            (ParameterKind::Decimal { .. }, SettingValue::Integer(given)) => {
                let billionths = given.checked_mul(Ratio::ONE.billionths());
                ("a decimal number", billionths.map(Ratio::from_billionths))
            }
            (ParameterKind::Flag { .. }, SettingValue::Flag(_)) => return Ok(value.clone()),
            (ParameterKind::Choice { options, .. }, SettingValue::Word(given)) => {
                if !options.contains(&given.as_str()) {
                    return outside(format!("{given:?}"), format!("{options:?}"));
                }
                return Ok(value.clone());
            }
            (ParameterKind::Integer { .. }, _) => ("a whole number", None),
            (ParameterKind::Decimal { .. }, _) => ("a decimal number", None),
            (ParameterKind::Flag { .. }, _) => ("true or false", None),
            (ParameterKind::Choice { .. }, _) => ("a word in quotes", None),
        };
        match checked {
            Some(ratio) => self.check(&SettingValue::Decimal(ratio)),
            None => Err(SettingError::Type {
                name: self.name,
                expected,
                given: match value {
                    SettingValue::Integer(v) => v.to_string(),
                    SettingValue::Decimal(v) => v.to_string(),
                    SettingValue::Flag(v) => v.to_string(),
                    SettingValue::Word(v) => format!("{v:?}"),
                },
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARAMETERS: &[Parameter] = &[
        Parameter {
            name: "sma_fast",
            help: "Bars in the fast average.",
            kind: ParameterKind::Integer {
                default: 20,
                min: 1,
                max: 500,
            },
        },
        Parameter {
            name: "buffer_pct",
            help: "Percent.",
            kind: ParameterKind::Decimal {
                default: Ratio::ONE,
                min: Ratio::ZERO,
                max: Ratio::from_billionths(5_000_000_000),
            },
        },
    ];

    fn resolve(name: &str, value: SettingValue) -> Result<Settings, SettingError> {
        Settings::resolve(PARAMETERS, &BTreeMap::from([(name.to_owned(), value)]))
    }

    #[test]
    fn what_is_not_given_has_its_default() {
        let settings = resolve("buffer_pct", SettingValue::Integer(2)).unwrap();
        assert_eq!(settings.integer("sma_fast"), 20);
        assert_eq!(settings.decimal("buffer_pct").to_string(), "2");
    }

    #[test]
    fn a_misspelt_name_is_refused_with_the_nearest_one() {
        let error = resolve("sma_fats", SettingValue::Integer(5)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no parameter \"sma_fats\"; did you mean \"sma_fast\"?"
        );
    }

    #[test]
    fn a_wrong_type_and_a_value_outside_the_range_are_refused() {
        let error = resolve("sma_fast", SettingValue::Word("ten".into())).unwrap_err();
        assert_eq!(
            error.to_string(),
            "sma_fast takes a whole number, not \"ten\""
        );
        let error = resolve("sma_fast", SettingValue::Integer(0)).unwrap_err();
        assert_eq!(error.to_string(), "sma_fast = 0 is outside 1..=500");
        assert!(resolve("buffer_pct", SettingValue::Integer(6)).is_err());
    }
}
