//! Work that the daemon has done apart from trading, seen from here: submitting it, watching it,
//! and files on their way in both directions. Every call here may be sent twice without harm, so a
//! broken connection is made anew and the call repeated.

mod detach;
mod fetch;
mod line;
mod upload;
mod watch;

pub(crate) use detach::Detachable;
pub(crate) use fetch::{fetch, fetch_document, result_file};
pub(crate) use line::{Line, Patience};
pub(crate) use upload::upload;
pub(crate) use watch::{done, find, find_backtest, follow, submit, went_well};
