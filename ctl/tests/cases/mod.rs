//! One module per subject; `fake` is the daemon, `program` runs the binary.

mod acting;
mod config;
mod fake;
mod looking;
mod program;
mod reference;
mod trouble;
