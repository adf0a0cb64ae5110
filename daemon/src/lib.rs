//! The shell around the engine: configuration, plugins, feeds, sockets, logs and systemd. It reads
//! the clock, touches disks and opens sockets, so that the engine need not.

pub mod config;
pub mod feeds;
pub mod journal_log;
pub mod plugins;
pub mod views;
