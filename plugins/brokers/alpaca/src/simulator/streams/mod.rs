//! The WebSocket streams: what is said on them, and who listens.

pub(crate) mod data;
pub(crate) mod encoding;
pub(crate) mod hub;
mod messages;
pub(crate) mod socket;
pub(crate) mod trading;
