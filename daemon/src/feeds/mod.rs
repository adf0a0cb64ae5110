//! Where bars come from when no exchange sends them.

pub mod recorded;
