//! The engine: a state machine without I/O, clock or randomness. Events go in, commands come out.
//! What reads the clock, opens sockets, touches disks or draws numbers lives in the shell.

pub mod bars;
pub mod record;
pub mod risk;
