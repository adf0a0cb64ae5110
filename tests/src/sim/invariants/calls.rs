//! INV-22: a call that changes something is on the disk before it is answered, and acts once however
//! often it is sent.

use super::{Called, Checked, View, Watcher};

/// The watcher.
#[derive(Debug, Default)]
pub(super) struct ActsOnce;

impl Watcher for ActsOnce {
    fn invariant(&self) -> &'static str {
        "INV-22"
    }

    fn called(&mut self, called: &Called<'_>, _view: &View<'_>) -> Checked {
        if called.early {
            return Err(format!(
                "{} was answered before what it did was on the disk",
                called.deed
            ));
        }
        if let [Ok(_), Ok(second), ..] = called.answers
            && !second.repeated
        {
            return Err(format!("{} was sent twice and acted twice", called.deed));
        }
        Ok(1)
    }
}
