//! The bars that one minute closed, in place: there are never more than two of them.

use trader_contract::Bar;

/// The bars that one minute closed, oldest first: the window before it, its own window, or both.
/// Made once and reused.
#[derive(Debug, Clone, Default)]
pub struct ClosedBars {
    first: Option<Bar>,
    second: Option<Bar>,
}

impl ClosedBars {
    /// Adds a bar behind those that are there.
    #[inline]
    pub(crate) const fn push(&mut self, bar: Bar) {
        if self.first.is_none() {
            self.first = Some(bar);
        } else {
            self.second = Some(bar);
        }
    }

    /// Takes the oldest bar out.
    #[inline]
    pub const fn take(&mut self) -> Option<Bar> {
        let oldest = self.first.take();
        self.first = self.second.take();
        oldest
    }

    /// Whether nothing was closed.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.first.is_none()
    }
}
