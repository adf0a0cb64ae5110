//! Session recordings on the disk: what the engine's thread hands over, a thread that writes it, and the
//! folder that it lies in. The format, and what a replay does with it, are in `trader_recording`.

mod buffer;
mod folder;
mod pack;
mod recorder;
mod retention;
mod writer;

pub(crate) use folder::{Recordings, SegmentFile};
pub(crate) use recorder::{News, Recorder};
pub(crate) use retention::Keep;

#[cfg(test)]
mod tests;
