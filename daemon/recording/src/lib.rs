//! A session's recording: what the engine consumed, in order, with the commands that came of it, so that
//! a fresh engine can be shown to decide the same. Bytes in, bytes out: files, threads and compression are
//! the shell's.
//!
//! A session is a row of segments. Each begins with [`MAGIC`] and an [`Opening`]; what follows are frames
//! with a length and a checksum, so that a tail that was torn off is cut at the last intact one. One life
//! of the program opens with everything that its engine started from; a life that went on from the
//! session before opens with the engine's state; a segment that took over from a full one goes on where
//! that one ended.

mod bars;
mod bytes;
mod decode;
mod difference;
mod encode;
mod frame;
mod opening;
mod replay;
mod scope;

pub use decode::{Item, ReadError, Segment, Tail};
pub use difference::{Difference, IndicatorView, LaneView};
pub use encode::{EncodeError, Encoder};
pub use frame::MAGIC;
pub use opening::{Beginning, FORMAT, Opening};
pub use replay::{Outcome, ReplayError, Replayer, Tracer, replay};
pub use scope::Scope;

#[cfg(test)]
mod tests;
