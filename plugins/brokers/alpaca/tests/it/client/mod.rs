//! Tests of the client over real sockets, against the simulator: two readings of Alpaca's language that
//! were written apart.
mod harness;
mod account;
mod data;
mod faults;
mod orders;
mod paper;
