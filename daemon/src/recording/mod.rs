//! Session recordings on the disk: what the engine's thread hands over, a thread that writes it, and the
//! folder that it lies in. The format, and what a replay does with it, are in `trader_recording`.

mod buffer;
mod describe;
mod folder;
mod pack;
mod recorder;
mod retention;
mod writer;

pub(crate) use describe::describe;
pub(crate) use folder::Recordings;
pub(crate) use recorder::{News, Recorder};
pub(crate) use retention::Keep;

#[cfg(test)]
mod tests;
