//! The deterministic shell around the engine: what is to be persisted is committed before anything is
//! sent, calls act once and are answered last, clients see views. No thread, clock, socket or disk:
//! those are behind [`Ports`].

mod asked;
mod audit;
mod authority;
mod calls;
mod diary;
mod kernel;
mod ports;
pub mod views;

pub use asked::{Asked, Call, Peer, Reply};
pub use authority::{Denied, may_call};
pub use kernel::{Kernel, Surroundings};
pub use ports::{Ports, changes_the_broker};

#[cfg(test)]
mod tests;
