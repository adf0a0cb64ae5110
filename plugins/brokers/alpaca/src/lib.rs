//! Alpaca as a broker, in four parts: its wire (pure: bytes to values and back), its protocol (state
//! machines without I/O), its sockets, and the face that the daemon sees. Beside them a bare peer and a bare
//! client that benches measure by. With the feature
//! `simulator` also the other end: a server that speaks Alpaca's language in front of the simulated
//! exchange.

pub mod face;
pub mod measure;
pub mod protocol;
#[cfg(feature = "simulator")]
pub mod simulator;
pub mod sockets;
pub mod wire;
