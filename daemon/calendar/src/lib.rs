//! The trading sessions of the New York Stock Exchange: hours, holidays, half days and unscheduled
//! closures, from a table in the crate and an operator's overrides. Reads no clock and no file.
//!
//! Overrides are TOML; one refused line refuses them all:
//!
//! ```
//! let overrides = r#"
//!     [closed]
//!     2026-12-02 = "day of mourning"
//!     [early_close]
//!     2026-12-03 = { at = "13:00", reason = "snow" }
//!     [late_open]
//!     2026-12-04 = { at = "11:00", reason = "snow" }
//!     [extra_session]
//!     2026-12-05 = { open = "09:30", close = "16:00", reason = "make-up session" }
//!     ## A year past the shipped table, once [closed] lists all its holidays:
//!     ## [coverage]
//!     ## last_year = 2029
//! "#;
//! let calendar = trader_calendar::Calendar::nyse().with_overrides(overrides)?;
//! # Ok::<(), trader_calendar::CalendarError>(())
//! ```

mod calendar;
mod error;
pub mod new_york;
mod plan;
mod session;
mod table;

pub use calendar::Calendar;
pub use error::CalendarError;
pub use session::Session;
