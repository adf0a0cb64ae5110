//! The risk gate and what it decides with: limits and sizing. The breakers are limits over counters
//! that the book keeps.

pub mod gate;
pub mod limits;
pub mod sizing;
