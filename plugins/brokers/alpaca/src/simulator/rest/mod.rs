//! The two REST APIs: which path is answered with what.

mod actions;
pub(crate) mod data;
mod facts;
mod reference;
mod series;
mod trading;

pub(crate) use trading::{changes, trade};
