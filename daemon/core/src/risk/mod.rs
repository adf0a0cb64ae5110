//! The risk gate and what it decides with: limits, what is reserved, rates, and sizing. The breakers
//! are limits over counters that the book keeps.

pub(crate) mod caps;
pub mod exposure;
pub mod gate;
pub mod limits;
pub mod rate;
mod rules;
pub mod sizing;
pub mod traffic;
pub mod waiver;
