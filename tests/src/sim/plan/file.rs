//! A plan as a file: what a seed draws changes with the generator, a plan that is written down does not.

use std::fs;
use std::path::Path;

use serde_json::Value;
use trader_core::risk::limits::Limits;

use super::Plan;

impl Plan {
    /// The plan as text, one line for each of its values.
    ///
    /// # Errors
    /// Where a value has no text, which none of a plan is without.
    pub fn to_text(&self) -> Result<String, String> {
        let text = serde_json::to_string_pretty(self);
        text.map(|text| text + "\n")
            .map_err(|error| format!("the plan of seed {} has no text: {error}", self.seed))
    }

    /// The plan that a text is of. A limit that is younger than the plan does not bind it.
    ///
    /// # Errors
    /// Where it is of none: a value is missing, unknown or wrong.
    pub fn from_text(text: &str) -> Result<Self, String> {
        let words = |error: serde_json::Error| error.to_string();
        let mut plan: Value = serde_json::from_str(text).map_err(words)?;
        let unbounded = serde_json::to_value(Limits::unbounded()).map_err(words)?;
        if let (Some(Value::Object(limits)), Value::Object(unbounded)) =
            (plan.get_mut("limits"), unbounded)
        {
            for (name, limit) in unbounded {
                limits.entry(name).or_insert(limit);
            }
        }
        serde_json::from_value(plan).map_err(words)
    }

    /// Writes the plan into a new file, or over an old one.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), String> {
        let text = self.to_text()?;
        fs::write(path, text)
            .map_err(|error| format!("{} cannot be written: {error}", path.display()))
    }

    /// Reads a plan from a file.
    ///
    /// # Errors
    /// Where the file cannot be read or is no plan of this version.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(path)
            .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
        Self::from_text(&text).map_err(|error| {
            format!(
                "{} is no plan: {error}; a field that the generator has got since needs a default, \
                 or the plan has to be found anew",
                path.display()
            )
        })
    }
}
