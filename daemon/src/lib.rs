//! The shell around the engine: configuration, plugins, feeds, sockets, logs and systemd. It reads
//! the clock, touches disks and opens sockets, so that the engine need not.

pub mod clock;
pub mod config;
pub mod events;
pub mod feeds;
pub mod logging;
pub mod plugins;
pub mod server;
pub mod state;
pub mod systemd;
