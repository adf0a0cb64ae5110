//! What to do next with the orders of an open trade. Pure planning: the engine carries it out.

mod closing;
mod plan;

pub use closing::{REFUSALS, Venue, refused_exits};
pub use plan::{Ground, Step, is_closing, is_settled, next_step, protected_qty, stop_in_force};
