//! Aggregates one-minute bars into the bars of a timeframe, on session windows.
//! What subscribes to timeframes, sets timers and feeds the strategies is the engine.
//!
//! The rules, each with a test in `aggregator`:
//!
//! 1. Windows of n minutes are counted from that day's official open; the session's close cuts the
//!    last one. A bar carries the start of its window, whichever minute traded first in it.
//! 2. A bar outside the official session is ignored, and so is one that starts off the minute.
//! 3. One-minute bars pass through.
//! 4. A window closes as soon as all its minutes have arrived. With minutes missing it closes by
//!    the engine's timer, at its end plus a grace ([`Aggregator::close_due`]), or by the first bar of
//!    a later window of the session, which then starts that window. Whatever comes first.
//! 5. A window in which nothing traded gives no bar.
//! 6. A window that is still open when a bar of a later session arrives is dropped: a strategy
//!    never hears today of what it missed yesterday.
//! 7. While a window is open, a late minute is merged in its place, an identical one is ignored, and
//!    another content for the same minute replaces the first.
//! 8. A closed bar never changes. Minutes that come for it afterwards, late or corrected, are
//!    counted and reported.

mod aggregator;
mod closed;
mod window;

pub use aggregator::{Aggregator, Counts, Taken};
pub use closed::ClosedBars;
pub use window::SessionWindow;
